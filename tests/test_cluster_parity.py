"""The same posts through both modes: the same ids, counts, orders, folds, events, alerts and tasks."""

import csv
import itertools
import json
import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts import store
from contracts.document import Field, Interval, Query
from contracts.ports.index import Index
from crawlers.importing import import_file
from pipeline import labelled
from qingting.draining import drain
from qingting.home import Home
from qingting.wiring import House
from tests.cluster_home import Servers, home_of, working

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parent.parent
POSTS = 3_000
"""From each of two sources."""
RULES = """
rules:
  - {id: many, type: frequency, group_by: [topic], window_minutes: 60, min_posts: 40, min_authors: 3}
  - {id: places, type: frequency, group_by: [topic, region], window_minutes: 30, min_posts: 10, min_authors: 3}
"""
EXTRAS = (
    "", "热线12338", "涨了3.5%", "补了3 5次", "ＡＢＣ１２３３８", "见 example.com", "iPhone15 Pro", "！！！", "😀", "产假98天",
    "12345转12338", "1,000元", "“引号”", "C++", "３．５折",
)  # fmt: skip


def texts() -> list[str]:
    """Return the sample town's posts and, where the public sets stand beside the checkout, SWSR's; else our own labelled ones."""
    town = [
        line
        for file in (ROOT / "qingting" / "demo" / "posts").glob("*.txt")
        for line in file.read_text("utf-8").splitlines()
        if line.strip()
    ]
    swsr = []
    for name, column in (("SexWeibo", "weibo_text"), ("SexComment", "comment_text")):
        file = ROOT.parent / "shared" / "data" / "swsr" / f"{name}.csv"
        if file.exists():
            with file.open(encoding="utf-8-sig", newline="") as rows:
                swsr += [row[column] for row in csv.DictReader(rows)]
    return [*town, *(swsr[: POSTS - len(town)] or [post.text for post in labelled.own_posts()])]


def written(folder: Path) -> Path:
    """Write the posts: real shapes, many of the same second, copies, edits, and every kind of letter."""
    chance = random.Random(20261124)
    bodies = texts()
    chance.shuffle(bodies)
    start = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=100)
    path = folder / "posts.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(POSTS):
            body = bodies[number % len(bodies)]
            extra = "" if chance.random() < 0.3 else chance.choice(EXTRAS)
            row = {
                "id": str(number if chance.random() > 0.02 else max(0, number - 7)),
                "text": f"{body} {extra} {number if number % 3 else ''}".strip(),
                "title": chance.choice(["", "", "今日话题", "Re: 3.5"]),
                "url": f"https://forum.example/{number}" if number % 2 else "",
                "at": (start + timedelta(minutes=chance.randint(0, 80))).isoformat(),
                "who": f"user{chance.randint(0, 900)}",
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


class Run:
    """One mode's outcome."""

    def __init__(self, house: House, path: Path) -> None:
        columns = {"id": "id", "text": "text", "title": "title", "url": "url", "published_at": "at", "author": "who"}
        for source in ("forum", "paper"):
            import_file(path, source=source, columns=columns, edge=house.edge, log=house.log, clock=house.clock)
        drain(house)
        if hasattr(house.index, "refresh"):
            house.index.refresh()
        self.index: Index = house.index
        with house.database.reading() as connection:
            self.alerts = store.listing(connection, limit=10_000)


def homes(folder: Path, settings: str, keys: Path | None = None) -> Home:
    home = home_of(folder, settings)
    if keys:
        shutil.copytree(keys, home.secrets, dirs_exist_ok=True)
    home.rules_file.write_text(RULES, "utf-8")
    return home


@pytest.fixture(scope="module")
def runs(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """The outcomes: embedded, and on the servers with one partition and with four."""
    folder = tmp_path_factory.mktemp("parity")
    path = written(folder)
    embedded = homes(folder / "embedded", "[log]\npartitions = 1\n")
    with House.at(embedded) as own, servers.names() as one, servers.names() as four:
        found = {"embedded": Run(own, path)}
        single = homes(folder / "one", servers.settings(one), embedded.secrets)
        shared = homes(folder / "four", servers.settings(four, partitions=4), embedded.secrets)
        with House.at(single) as house, House.at(shared) as wide:
            for name, home, part in (("one", single, house), ("four", shared, wide)):
                with working(home):
                    found[name] = Run(part, path)
            yield found


def questions() -> Iterator[tuple[Query, Field | None, Interval | None]]:
    """Yield 300 questions of every kind."""
    texts = [
        "产", "假", "女", "12338", "3.5", "３．５", "３", "5", "ABC", "ａｂｃ", "ＡＢＣ１２３３８", "example.com", "com", "iphone15",
        "pro", "C", "98", "1,000", "000", "家暴", "怀孕 辞退", '"怀孕"', "产假 OR 陪产", "公司 -怀孕", "(工资 OR 社保) NOT 老板",
        "怎么办", "孩子 学校", "转12338", "话题", "今日话题", "re", "😀产假", "妇联", "求助", "救", "不让", "打", "老公", "我",
        "的", "单位 怀孕 -工资", "女职工 OR 女工", '"产假98天"', "天", "涨了3.5", "补了3 5", "热线", "见 example", "Pro -iPhone15",
    ]  # fmt: skip
    start = datetime.now(UTC) - timedelta(hours=1)
    filters: list[dict[str, Any]] = [
        {}, {"sentiments": (-1,)}, {"topics": ("employment", "family")}, {"regions": ("430000",)}, {"sources": ("forum",)},
        {"since": start}, {"until": start}, {"originals_only": True}, {"pleas": "with"}, {"pleas": "only"},
    ]  # fmt: skip
    shapes: list[dict[str, Any]] = [
        {}, {"limit": 7, "offset": 13}, {"oldest_first": True, "limit": 200}, {"limit": 500}, {"limit": 25, "offset": 400},
    ]  # fmt: skip
    fields: list[Field | None] = [None, "topic", "region", "sentiment", "source", "event", "keyword"]
    intervals: list[Interval | None] = [None, "hour", "day"]
    chance = random.Random(7)
    plain = [Query(text=text, **chance.choice(filters), **shape) for text, shape in itertools.product(texts, shapes)]
    for number, query in enumerate(plain[:270]):
        yield query, fields[number % 7], intervals[number % 3]
    for given in itertools.islice(itertools.cycle(filters), 30):
        yield (
            Query(**given, limit=300, offset=chance.randint(0, 5_000)),
            chance.choice(fields),
            chance.choice(intervals),
        )


def answers(run: Run, query: Query, by: Field | None, interval: Interval | None) -> Any:
    page = run.index.search(query)
    hits = [(hit.document.post.id, hit.copies, hit.highlights) for hit in page.hits]
    return page.total, hits, dict(run.index.count(query, by, interval))


def test_three_hundred_questions_have_the_same_answers(runs: dict[str, Run]) -> None:
    asked = list(questions())
    assert len(asked) >= 270
    found = 0
    for query, by, interval in asked:
        wanted = answers(runs["embedded"], query, by, interval)
        assert answers(runs["one"], query, by, interval) == wanted, query
        found += wanted[0] > 0
    assert found > 200  # else nothing was compared


def test_one_partition_gives_the_same_folds_and_events(runs: dict[str, Run]) -> None:
    def placed(run: Run) -> dict[str, tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}
        for offset in range(0, 40_000, 5_000):
            for hit in run.index.search(Query(pleas="with", limit=5_000, offset=offset)).hits:
                found[hit.document.post.id] = (hit.document.fold_of, hit.document.event)
        return found

    wanted = placed(runs["embedded"])
    assert len(wanted) == runs["embedded"].index.search(Query(pleas="with", limit=0)).total > 1.8 * POSTS
    assert placed(runs["one"]) == wanted


def test_one_partition_gives_the_same_alerts_and_tasks(runs: dict[str, Run]) -> None:
    def opened(run: Run) -> set[tuple[str, str, str]]:
        return {(alert.id, alert.rule, alert.key) for alert in run.alerts}

    assert len(opened(runs["embedded"])) > 5
    assert opened(runs["one"]) == opened(runs["embedded"])


def test_four_partitions_find_the_same_posts_and_open_the_same_rules(runs: dict[str, Run]) -> None:
    def openings(run: Run) -> dict[tuple[str, str], int]:
        return {
            key: len(list(group))
            for key, group in itertools.groupby(sorted((alert.rule, alert.key) for alert in run.alerts))
        }

    assert openings(runs["four"]) == openings(runs["embedded"])
    for query, by, interval in itertools.islice(questions(), 100):
        if not (query.originals_only or by == "event"):  # folds and events follow the order of arrival
            totals = [answers(runs[name], query, by, interval) for name in ("embedded", "four")]
            assert totals[0][0] == totals[1][0], query
            assert [post for post, _, _ in totals[0][1]] == [post for post, _, _ in totals[1][1]], query
            assert totals[0][2] == totals[1][2], query


def test_documents_are_the_same_but_for_when_they_were_fetched(runs: dict[str, Run]) -> None:
    ids = [hit.document.post.id for hit in runs["embedded"].index.search(Query(pleas="with", limit=2_000)).hits]
    wanted, found = (runs[name].index.get(ids) for name in ("embedded", "one"))
    for post, document in wanted.items():
        other = found[post]
        same = msgspec.structs.replace(other.post, fetched_at=document.post.fetched_at)
        assert (same, other.score) == (document.post, document.score)
