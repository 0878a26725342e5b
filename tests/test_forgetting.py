"""What must go leaves index, desk and log for good: by the clock, at once when asked, and again after a kill."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts import store
from alerts.tables import historic_pleas
from backends.database.forget_list import DatabaseForgetList
from contracts.alert import Alert, Reason
from contracts.document import Document
from contracts.events import POSTS_FETCHED, POSTS_INDEXED, POSTS_SCORED, STREAMS, PostScored
from contracts.identity import plea_alert_id, post_id, task_id
from contracts.ports.log import read_all
from contracts.testing.builders import NOON, make_document, make_fetched, make_post, make_score
from contracts.testing.clock import FakeClock
from crawlers.raw_post import RawPost
from qingting import roles
from qingting.forgetting import forget, forget_due
from qingting.wiring import House
from response import forgetting, helping, units
from response.access import Officer
from response.opening import open_work
from tests.desk_world import PLEA_WORDS, make_world, served, unmarked
from tests.house import opened, step_until

OFFICER = Officer(id="a", name="甲", unit=units.PROVINCE, roles=("officer", "hotline"))
WORDS = "他又打我了，我不敢出门"


class Hit(BaseException):
    """Stands for kill -9."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def house(tmp_path: Path, clock: FakeClock) -> Iterator[House]:
    with opened(tmp_path, clock) as house:
        yield house


def plea(house: House, native_id: str = "1", **fields: Any) -> Document:
    """Put a plea into the index and open its alert and its task."""
    post = make_post(
        WORDS, id=post_id("town", native_id=native_id), source="town", platform="town", url=f"https://a.example/{native_id}",
        author="voice", **fields,
    )  # fmt: skip
    document = make_document(post, make_score(-1, lane="critical", marks=("打我", "不敢出门"), regions=("430104",)))
    house.index.put([document])
    alert = Alert(
        id=plea_alert_id("plea", post.id), rule="plea", key=f"post={post.id}", state="open", opened_at=NOON,
        reason=Reason(rule_type="plea", sentence="一条公开帖求助（危急）", count=1, marks=document.score.marks),
        lane="critical", region="430104", count=1, posts=(post.id,),
    )  # fmt: skip
    with house.database.writing() as connection:
        store.open_alert(connection, alert, opening=1, active_at=NOON, escalate_at=None, now=NOON)
        open_work(connection, alert, NOON)
    return document


def task_of(document: Document) -> str:
    return task_id(plea_alert_id("plea", document.post.id), "help")


def closed(house: House, document: Document) -> None:
    with house.database.writing() as connection:
        helping.close(connection, OFFICER, task_of(document), outcome="已联系派出所", now=house.clock.now())


def run_notify(house: House, until: Callable[[], object]) -> None:
    role = roles.notify_role(house)
    try:
        step_until(role, until)
    finally:
        role.close()


def traces(house: House, document: Document) -> list[object]:
    """Return what still leads to the post or says its words."""
    post, alert_id = document.post.id, plea_alert_id("plea", document.post.id)
    with house.database.reading() as connection:
        alert, task = store.get(connection, alert_id), helping.of_alert(connection, alert_id)
        handed = helping.hand_overs_of(connection, task_of(document))
        late = [one.post for one in store.historic_pleas(connection) if one.post == post]
    assert alert is not None
    assert task is not None
    assert (alert.lane, alert.opened_at, alert.count) == ("critical", NOON, 1)
    said = msgspec.json.encode(
        [alert.key, alert.posts, alert.region, alert.reason, task.post, task.marks, handed]
    ).decode()
    left = [word for word in (post, "打我", "不敢出门", "430104", "https://a.example") if word in said]
    return [*left, *late, *house.index.get([post])]


def test_seven_days_after_closing_nothing_leads_to_the_post_any_more(house: House, clock: FakeClock) -> None:
    document, other = plea(house, "1"), plea(house, "2")
    closed(house, document)
    clock.advance(timedelta(days=6, hours=23))
    assert forget_due(house) == 0
    assert traces(house, document)
    clock.advance(timedelta(hours=1))
    run_notify(house, until=lambda: not house.index.get([document.post.id]))
    run_notify(house, until=lambda: not traces(house, document))
    assert traces(house, other), "the open one stays"
    with house.database.reading() as connection:
        task = helping.get(connection, task_of(document))
    assert task is not None
    assert (task.state, task.outcome) == ("closed", "已联系派出所")


def test_neither_replay_nor_a_new_crawl_brings_it_back(house: House, clock: FakeClock) -> None:
    document = plea(house)
    closed(house, document)
    clock.advance(timedelta(days=7))
    forget_due(house)
    house.log.append(POSTS_SCORED, [PostScored(document.post, document.score)])
    role = roles.index_role(house)
    while role.step(0.0):
        pass
    role.close()
    assert not house.index.get([document.post.id])
    assert sum(house.log.end_offsets([POSTS_INDEXED]).values()) == 0
    raw = RawPost(source="town", platform="town", native_id="1", url="https://a.example/1", text=WORDS)
    admitted = house.edge.admit([raw])
    assert not admitted.fetched
    assert [letter.id for letter in admitted.rejected] == [document.post.id]


@pytest.mark.parametrize("by", ["posts", "authors", "urls"])
def test_forgetting_is_at_once(house: House, by: str) -> None:
    document = plea(house)
    with house.database.writing() as connection:
        connection.execute(
            historic_pleas.insert(),
            {"post": document.post.id, "lane": "critical", "region": "", "source": "town", "published_at": NOON, "listed_at": NOON, "sample": False},
        )  # fmt: skip
    asked = {"posts": document.post.id, "authors": "voice", "urls": "https://A.example/1#floor"}
    assert forget(house, **{by: [asked[by]]}) == 1  # type: ignore[arg-type]
    assert traces(house, document) == []


class Mortal:
    """An index that dies before or after it has forgotten."""

    def __init__(self, inner: Any, dies: str) -> None:
        self._inner = inner
        self._dies = dies

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def forget(self, *asked: Sequence[str]) -> Sequence[str]:
        if self._dies == "before":
            raise Hit
        self._inner.forget(*asked)
        raise Hit


@pytest.mark.parametrize("dies", ["before", "after"])
@pytest.mark.parametrize("by", ["closing", "authors", "posts"])
def test_a_kill_in_the_middle_is_made_good_by_the_clock(house: House, clock: FakeClock, dies: str, by: str) -> None:
    document = plea(house)
    inner = house.index
    house.__dict__["index"] = Mortal(inner, dies)
    if by == "closing":
        closed(house, document)
        clock.advance(timedelta(days=7))
    asked = {"authors": ["voice"], "posts": [document.post.id]}
    with pytest.raises(Hit):
        forget_due(house) if by == "closing" else forget(house, **{by: asked[by]})  # type: ignore[arg-type]
    house.__dict__["index"] = inner
    assert traces(house, document)
    forget_due(house)
    assert traces(house, document) == []
    assert forget_due(house) == 0


def test_what_older_versions_stripped_by_half_is_finished(house: House, clock: FakeClock) -> None:
    """They emptied the help task alone: alert and index still led to the words."""
    document = plea(house)
    closed(house, document)
    with house.database.writing() as connection:
        helping._strip(connection, task_of(document))
    forget_due(house)
    assert traces(house, document) == []


def test_the_address_of_a_forgotten_plea_is_not_found(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with served(world):
        alert = world.plea()
        client, post = world.client("officer"), alert.posts[0]
        card = client.get(f"/help/post/{post}").headers["location"]
        assert PLEA_WORDS in unmarked(client.get(card).text)
        forgetting.forget(
            world.database, world.index, DatabaseForgetList(world.database, world.clock), posts=[post], by="cli",
            now=world.clock.now(),
        )  # fmt: skip
        assert client.get(f"/help/post/{post}").status_code == 404
        assert client.get(f"/posts/{post}").status_code == 404
        text = client.get(card).text
        assert PLEA_WORDS not in text
        assert "打我" not in text
    world.close()


def test_every_hour_the_log_drops_what_is_older_than_its_days(house: House, clock: FakeClock) -> None:
    def kept() -> list[str]:
        return sorted(
            record.event.key for stream in STREAMS for record in read_all(house.log, [stream], {})
        )  # fmt: skip

    old, new = make_fetched("一周前的帖子"), make_fetched("今天的帖子")
    house.log.append(POSTS_FETCHED, [old])
    house.log.append(POSTS_SCORED, [PostScored(old.post, make_score())])
    role = roles.notify_role(house)
    try:
        step_until(role, lambda: len(role._begun_at) == 4 and not role._chore)
        clock.advance(timedelta(days=7))
        house.log.append(POSTS_FETCHED, [new])
        clock.advance(timedelta(minutes=1))
        step_until(role, lambda: kept() == [new.key])
    finally:
        role.close()
