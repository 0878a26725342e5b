"""A pseudonym leads nowhere but into oblivion: nobody can ask for one, and a name forgotten stays forgotten."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest

from alerts.rule import Where
from contracts import document
from contracts.document import Document, Query
from contracts.events import POSTS_FETCHED, POSTS_SCORED, PostFetched, PostScored
from contracts.testing.builders import NOON, make_document, make_score
from contracts.testing.clock import FakeClock
from crawlers.raw_post import RawPost
from qingting import roles
from qingting.cli import program
from qingting.forgetting import forget_name
from qingting.wiring import House
from tests.house import opened
from tests.program import answered, call, done

ROOT = Path(__file__).parent.parent
NAME = "夜行的栗子00042"


def test_no_query_filter_or_grouping_knows_authors() -> None:
    for kind in (Query, Where):
        assert not [name for name in kind.__struct_fields__ if "author" in name and name != "author_kinds"], kind
    assert "author" not in str(document.Field)


def test_only_forget_takes_an_author_on_the_command_line() -> None:
    def options(command: click.Command, path: str) -> Iterator[tuple[str, str]]:
        for parameter in command.params:
            yield path, parameter.name or ""
        if isinstance(command, click.Group):
            inside = click.Context(command)
            for name in command.list_commands(inside):
                inner = command.get_command(inside, name)
                assert inner is not None
                yield from options(inner, f"{path} {name}")

    told = list(options(program, "qingting"))
    assert len({path for path, _ in told}) > 20
    taken = {path for path, name in told if "author" in name or "pseudonym" in name}
    assert taken == {"qingting forget"}


def test_no_page_of_the_desk_reads_an_author_from_its_address_or_form() -> None:
    named = re.compile(r"""["'{](?:post_)?(?:authors?|pseudonyms?)["'}:]""")
    asked = re.compile(r"""name=["'](?:post_)?(?:authors?|pseudonyms?)["']""")
    told = [path.name for path in (ROOT / "desk").rglob("*.py") if named.search(path.read_text("utf-8"))]
    told += [path.name for path in (ROOT / "desk/templates").rglob("*.html") if asked.search(path.read_text("utf-8"))]
    assert told == []


def test_a_pseudonym_is_no_word_that_a_search_finds(house: House) -> None:
    (document,) = taken_in(house, spoken(0))
    assert document.post.author
    assert house.index.search(Query(text=document.post.author, pleas="with")).total == 0
    assert house.index.search(Query(text="今天 OR 说的话", pleas="with")).total == 1


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def house(tmp_path: Path, clock: FakeClock) -> Iterator[House]:
    with opened(tmp_path, clock) as house:
        (house.home.folder / "sources.yaml").write_text(
            "sources:\n- {id: town, kind: feed, url: https://a.example/rss, enabled: false, basis: 样例,"
            " contact: 样例, licence: 样例}\n",
            "utf-8",
        )
        yield house


def spoken(days_ago: int, author: str = NAME, source: str = "town") -> RawPost:
    return RawPost(
        source=source, native_id=f"{author}{days_ago}", text=f"第 {days_ago} 天说的话。", author=author,
        url=f"https://a.example/{source}/{days_ago}", published_at=NOON - timedelta(days=days_ago),
    )  # fmt: skip


def taken_in(house: House, *raws: RawPost) -> list[Document]:
    admitted = house.edge.admit(raws)
    house.log.append(POSTS_FETCHED, admitted.fetched)
    house.edge.keep(admitted)
    documents = [make_document(event.post, make_score()) for event in admitted.fetched]
    house.index.put(documents)
    return documents


def test_a_name_is_forgotten_in_every_quarter_and_source_and_stays_away(house: House, clock: FakeClock) -> None:
    documents = taken_in(house, *[spoken(days) for days in (0, 100, 300, 900)], spoken(5, source="imported"))
    other = taken_in(house, spoken(3, author="别人"))
    assert len({one.post.author for one in documents}) >= 4
    assert forget_name(house, NAME) == 5
    assert not house.index.get([one.post.id for one in documents])
    assert house.index.get([one.post.id for one in other])
    # neither a replay …
    house.log.append(POSTS_SCORED, [PostScored(one.post, one.score) for one in documents])
    role = roles.index_role(house)
    while role.step(0.0):
        pass
    role.close()
    assert not house.index.get([one.post.id for one in documents])
    # … nor another crawl with a new text, nor what the same author writes years later
    clock.advance(timedelta(days=365 * 9))
    later = RawPost(source="town", native_id="new", text="多年以后的话。", author=NAME, published_at=clock.now())
    edited = RawPost(source="town", native_id=f"{NAME}0", text="改过的话。", author=NAME, published_at=NOON)
    admitted = house.edge.admit([later, edited])
    assert not admitted.fetched
    assert len(admitted.rejected) == 2


def test_a_name_can_be_forgotten_on_one_platform_alone(house: House) -> None:
    here, there = taken_in(house, spoken(1)), taken_in(house, spoken(1, source="other"))
    assert forget_name(house, NAME, ["other"]) == 1
    assert house.index.get([here[0].post.id])
    assert not house.index.get([there[0].post.id])


def test_the_forgotten_name_itself_is_written_nowhere(house: House) -> None:
    taken_in(house, spoken(1))
    forget_name(house, NAME)
    for path in house.home.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert NAME.encode() not in data
            assert NAME.encode("utf-16-le") not in data


@pytest.mark.slow
def test_the_command_takes_the_name_from_standard_input_too(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done(home, "init")
    rows = tmp_path / "a.csv"
    rows.write_text(f"text,user,time\n今天开会。,{NAME},2026-11-20\n明天开会。,{NAME},2026-05-20\n", "utf-8")
    columns = ("--map", "text=text", "--map", "author=user", "--map", "published_at=time")
    answered(home, "import", str(rows), "--source", "old", *columns)
    answered(home, "drain")
    assert answered(home, "forget", "--name", "-", given=f"{NAME}\n".encode()) == {"removed": 2}
    assert answered(home, "search", "开会")["total"] == 0
    assert call(home, "forget", "--platform", "old").returncode == 2


def test_events_hold_nothing_from_which_two_quarters_can_be_linked(house: House) -> None:
    first, second = (PostFetched(one.post) for one in taken_in(house, spoken(0), spoken(200)))
    shared = {
        name for name in first.post.__struct_fields__
        if (value := getattr(first.post, name)) == getattr(second.post, name) and isinstance(value, str) and value
    }  # fmt: skip
    assert shared == {"source", "platform", "author_kind", "language"}
