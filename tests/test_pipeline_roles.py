"""The score and index roles on the embedded backends: order, completion, failure, standby, forgetting."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

import backends.database.tables
from backends.celery.eager import EagerJobs
from backends.database import open_database
from backends.database.forget_list import DatabaseForgetList
from backends.database.lease import DatabaseLease
from backends.sqlite.index import SqliteIndex
from backends.sqlite.log import SqliteLog
from contracts.document import Document, Query
from contracts.errors import Retryable
from contracts.events import (
    POSTS_FETCHED,
    POSTS_INDEXED,
    POSTS_REJECTED,
    POSTS_SCORED,
    PostFetched,
    PostIndexed,
    PostRejected,
    PostScored,
)  # fmt: skip
from contracts.ports.forget_list import Forgotten
from contracts.ports.jobs import Completed
from contracts.post import Post
from contracts.score import Score
from contracts.testing.builders import NOON, make_fetched, make_post, make_score, make_scored
from contracts.testing.clock import FakeClock
from pipeline.index_role import IndexRole
from pipeline.keywords import told
from pipeline.score_role import ScoreRole
from text.sketch import sketch

STORY = "星辰电子厂让怀孕的女工自己写辞职报告，不写就调去搬货，产假工资也一直拖着没有发"


class World:
    """The embedded ports in one folder."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.log = SqliteLog(folder / "log.db", self.clock, partitions=4)
        self.index = SqliteIndex(folder / "index.db")
        self.database = open_database(f"sqlite:///{folder / 'desk.db'}")
        backends.database.tables.metadata.create_all(self.database.engine)
        self.forget_list = DatabaseForgetList(self.database, self.clock)

    def score_role(self, score: Callable[[Sequence[Post]], Sequence[Score]], **options: int) -> ScoreRole:
        return ScoreRole(self.log, EagerJobs(score), self.clock, **options)

    def index_role(self, holder: str = "one", **options: int) -> IndexRole:
        lease = DatabaseLease(self.database, "index", holder)
        return IndexRole(self.log, self.index, self.forget_list, lease, self.clock, **options)

    def events(self, stream: str) -> list[object]:
        reader = self.log.reader([stream], {})
        try:
            return [record.event for record in reader.poll(10_000)]
        finally:
            reader.close()

    def close(self) -> None:
        self.index.close()
        self.log.close()
        self.database.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def flat(posts: Sequence[Post]) -> list[Score]:
    return [make_score(grams=sketch(post.text), keywords=("产假",)) for post in posts]


def run(role: ScoreRole | IndexRole, most: int = 50) -> None:
    idle = 0
    for _ in range(most):
        idle = 0 if role.step(0.0) else idle + 1
        if idle == 12:  # halving a batch takes turns in which nothing is complete
            return


def test_every_fetched_post_is_scored_once_and_positions_follow(world: World) -> None:
    events = [make_fetched(f"第 {number} 条帖子") for number in range(57)]
    world.log.append(POSTS_FETCHED, events)
    role = world.score_role(flat, batch=10, in_flight=3)
    run(role)
    role.close()
    scored = [event for event in world.events(POSTS_SCORED) if isinstance(event, PostScored)]
    assert sorted(event.key for event in scored) == sorted(event.key for event in events)
    assert dict(world.log.committed("score", [POSTS_FETCHED])) == dict(world.log.end_offsets([POSTS_FETCHED]))


class LateJobs:
    """Jobs that end in the order that a test says, and are away when it says so."""

    def __init__(self) -> None:
        self.waiting: dict[str, Sequence[Post]] = {}
        self.is_away = False
        self.number = 0

    def submit(self, batch: Sequence[Post]) -> str:
        if self.is_away:
            raise Retryable("away")
        self.number += 1
        self.waiting[str(self.number)] = batch
        return str(self.number)

    def completed(self, timeout_s: float = 0.0) -> Sequence[Completed]:
        if not self.waiting:
            return ()
        last = max(self.waiting, key=int)
        return (Completed(last, scores=tuple(flat(self.waiting.pop(last)))),)


def test_scores_are_appended_in_the_order_of_the_log_whichever_batch_ends_first(world: World) -> None:
    events = [make_fetched(f"第 {number:02} 条", id="one") for number in range(40)]
    world.log.append(POSTS_FETCHED, events)
    role = ScoreRole(world.log, LateJobs(), world.clock, batch=10, in_flight=4)
    assert [role.step(0.0) for _ in range(4)] == [0, 0, 0, 40]
    role.close()
    assert [event.post.text for event in world.events(POSTS_SCORED) if isinstance(event, PostScored)] == [
        event.post.text for event in events
    ]


def test_jobs_and_log_that_are_away_cost_no_post(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.log.append(POSTS_FETCHED, [make_fetched(f"第 {number} 条") for number in range(20)])
    jobs = LateJobs()
    role = ScoreRole(world.log, jobs, world.clock, batch=10, in_flight=2)
    jobs.is_away = True
    for _ in range(3):
        with pytest.raises(Retryable):
            role.step(0.0)
    assert role.in_flight == 20
    jobs.is_away = False

    def full(*_: object) -> None:
        raise Retryable("磁盘已满")

    with monkeypatch.context() as patched:
        patched.setattr(world.log, "append", full)
        role.step(0.0)
        for _ in range(3):
            with pytest.raises(Retryable):
                role.step(0.0)
    run(role)
    role.close()
    assert len({event.key for event in world.events(POSTS_SCORED) if isinstance(event, PostScored)}) == 20
    assert dict(world.log.committed("score", [POSTS_FETCHED])) == dict(world.log.end_offsets([POSTS_FETCHED]))
    assert not world.events(POSTS_REJECTED)


def test_what_the_index_refuses_goes_to_the_dead_letters_and_is_never_announced(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [make_fetched(f"第 {number} 条") for number in range(5)]
    world.log.append(POSTS_FETCHED, events)
    put = world.index.put

    def picky(documents: Sequence[Document]) -> Mapping[str, str]:
        put([document for document in documents if document.post.id != events[2].key])
        return {events[2].key: "immense term"}

    monkeypatch.setattr(world.index, "put", picky)
    run(world.score_role(flat))
    role = world.index_role()
    run(role)
    role.close()
    (letter,) = world.events(POSTS_REJECTED)
    assert isinstance(letter, PostRejected)
    assert (letter.id, letter.stage) == (events[2].key, "index")
    assert "immense term" in letter.reason
    assert isinstance(letter.event, PostScored)
    assert {event.id for event in world.events(POSTS_INDEXED) if isinstance(event, PostIndexed)} == {
        event.key for event in events if event.key != letter.id
    }


def test_one_poisonous_post_goes_to_the_dead_letters_and_the_rest_goes_on(world: World) -> None:
    def score(posts: Sequence[Post]) -> list[Score]:
        if any("毒" in post.text for post in posts):
            raise RuntimeError("broken")
        return flat(posts)

    events = [make_fetched(f"第 {number} 条{'毒' if number == 13 else ''}帖子") for number in range(40)]
    world.log.append(POSTS_FETCHED, events)
    role = world.score_role(score, batch=16)
    run(role)
    role.close()
    assert len(world.events(POSTS_SCORED)) == 39
    (letter,) = world.events(POSTS_REJECTED)
    assert isinstance(letter, PostRejected)
    assert (letter.id, letter.stage, letter.event) == (events[13].key, "score", events[13])
    assert dict(world.log.committed("score", [POSTS_FETCHED])) == dict(world.log.end_offsets([POSTS_FETCHED]))


class SlowJobs:
    """Jobs that answer only when told, in the order they are told."""

    def __init__(self) -> None:
        self.out: dict[str, list[Post]] = {}
        self.ended: list[Completed] = []

    def submit(self, batch: Sequence[Post]) -> str:
        handle = str(len(self.out))
        self.out[handle] = list(batch)
        return handle

    def finish(self, handle: str) -> None:
        self.ended.append(Completed(handle, tuple(flat(self.out[handle]))))

    def completed(self, timeout_s: float = 0.0) -> Sequence[Completed]:
        del timeout_s
        ended, self.ended = self.ended, []
        return ended


def test_nothing_is_committed_before_everything_older_is_complete(world: World) -> None:
    world.log.append(POSTS_FETCHED, [make_fetched(f"第 {number} 条帖子") for number in range(30)])
    jobs = SlowJobs()
    role = ScoreRole(world.log, jobs, world.clock, batch=10, in_flight=2)
    role.step(0.0)
    assert len(jobs.out) == 2  # back-pressure: the third batch waits
    jobs.finish("1")
    assert role.step(0.0) == 0
    assert sum(world.log.committed("score", [POSTS_FETCHED]).values()) == 0
    jobs.finish("0")
    assert role.step(0.0) == 20
    role.close()


def test_a_post_is_indexed_before_it_is_announced_and_only_once(world: World) -> None:
    posts = [make_post(f"第 {number} 条不一样的帖子，说的是第 {number * 7} 件事情") for number in range(20)]
    world.log.append(POSTS_SCORED, [make_scored(post) for post in posts] * 2)
    role = world.index_role()
    run(role)
    role.close()
    assert world.index.search(Query(limit=0)).total == 20
    announced = [event for event in world.events(POSTS_INDEXED) if isinstance(event, PostIndexed)]
    assert {event.id for event in announced} == set(world.index.get([post.id for post in posts]))


def test_a_copy_folds_and_a_plea_never_does(world: World) -> None:
    original, copy = make_post(STORY, native_id="1"), make_post("转发：" + STORY, native_id="2")
    plea, same = (
        make_post("他又打我，救救我，我在家不敢出去了", native_id="3"),
        make_post("他又打我，救救我，我在家不敢出去了", native_id="4"),
    )
    scored = [make_scored(post, make_score(grams=sketch(post.text))) for post in (original, copy)]
    pleas = [make_scored(post, make_score(grams=sketch(post.text), lane="critical")) for post in (plea, same)]
    for event in scored:  # one at a time: partitions keep no order among themselves
        world.log.append(POSTS_SCORED, [event])
        role = world.index_role()
        run(role)
        role.close()
    world.log.append(POSTS_SCORED, pleas)
    role = world.index_role()
    run(role)
    role.close()
    found = world.index.get([post.id for post in (original, copy, plea, same)])
    assert found[copy.id].fold_of == original.id  # also after a restart, from the announcements alone
    assert not found[original.id].fold_of
    assert not found[plea.id].fold_of
    assert not found[same.id].fold_of
    assert found[original.id].event == found[copy.id].event
    assert not found[plea.id].event


def test_a_post_that_comes_again_changed_keeps_its_fold_and_event(world: World) -> None:
    original, copy = make_post(STORY, native_id="1"), make_post("转发：" + STORY, native_id="2")
    for post in (original, copy):
        world.log.append(POSTS_SCORED, [make_scored(post, make_score(grams=sketch(post.text)))])
        role = world.index_role()
        run(role)
        role.close()
    changed = make_post("已编辑：" + STORY[:10], native_id="2", fetched_at=copy.fetched_at + timedelta(hours=1))
    world.log.append(POSTS_SCORED, [make_scored(changed, make_score(grams=sketch(changed.text)))])
    role = world.index_role()
    run(role)
    role.close()
    kept = world.index.get([copy.id])[copy.id]
    assert kept.post.text == changed.text
    assert kept.fold_of == original.id


@pytest.mark.parametrize("restart", [False, True])
def test_a_post_edited_into_a_plea_loses_fold_and_event_and_no_copy_finds_it(world: World, restart: bool) -> None:
    original, copy = make_post(STORY, native_id="1"), make_post("转发：" + STORY, native_id="2")
    later = original.fetched_at + timedelta(hours=1)
    plea_of_copy, plea_of_original = (
        make_post("他又打我，救救我，我在家不敢出去了", native_id=number, fetched_at=later) for number in "21"
    )
    another = make_post("再转：" + STORY, native_id="3")
    role = world.index_role()
    for post, lane in (
        (original, None),
        (copy, None),
        (plea_of_copy, "critical"),
        (plea_of_original, "urgent"),
        (another, None),
    ):
        score = make_score(
            grams=sketch(post.text),
            lane=lane,
            topics=("domestic_violence",),
            terms=b"" if lane else told([post.text])[0].terms,
        )
        world.log.append(POSTS_SCORED, [make_scored(post, score)])
        run(role)
        if post is copy:
            before = world.index.get([copy.id])[copy.id]
            assert (before.fold_of, bool(before.event)) == (original.id, True)
        if restart:
            role.close()
            role = world.index_role()
    role.close()
    found = world.index.get([original.id, copy.id, another.id])
    for post in (copy, original):
        assert (found[post.id].fold_of, found[post.id].event) == ("", "")
    assert found[another.id].fold_of == "", "nothing is a copy of a plea"
    announced = {event.id: event for event in world.events(POSTS_INDEXED) if isinstance(event, PostIndexed)}
    assert (announced[copy.id].fold_of, announced[copy.id].event) == ("", "")


def test_pleas_of_different_authors_never_fold_whatever_they_share(world: World) -> None:
    text = "他又打我，救救我，我带着孩子在家不敢出去了，求求你们快来人，地址在长沙岳麓"
    posts = [make_post(text + "！" * number, native_id=str(number), author=f"{number:032d}") for number in range(6)]
    scores = [
        make_score(grams=sketch(post.text), lane="critical" if number % 2 else None)
        for number, post in enumerate(posts)
    ]
    for post, score in zip(posts, scores, strict=True):
        world.log.append(POSTS_SCORED, [make_scored(post, score)])
        role = world.index_role()
        run(role)
        role.close()
    found = world.index.get([post.id for post in posts])
    pleas = {post.id for post, score in zip(posts, scores, strict=True) if score.lane}
    assert len(pleas) == 3
    assert not any(found[plea].fold_of or found[plea].event for plea in pleas)
    assert not any(document.fold_of in pleas for document in found.values())


def test_a_copy_belongs_to_the_event_of_its_original_also_when_cut(world: World) -> None:
    original, copy = make_post(STORY, native_id="1"), make_post(STORY[: len(STORY) // 2], native_id="2")
    words = told([STORY])[0].terms
    for post, terms in ((original, words), (copy, b"")):
        score = make_score(grams=sketch(post.text), topics=("employment",), terms=terms)
        world.log.append(POSTS_SCORED, [make_scored(post, score)])
        role = world.index_role()
        run(role)
        role.close()
    found = world.index.get([original.id, copy.id])
    assert found[copy.id].fold_of == original.id
    assert found[copy.id].event == found[original.id].event != ""


@pytest.mark.parametrize("restart", [False, True])
def test_a_merge_of_two_events_is_announced_and_outlives_a_restart(world: World, restart: bool) -> None:
    """The second post is two days later and of another topic; the third is near both."""
    text, role = "星辰电子厂劝退怀孕女工", world.index_role()
    terms = told([text])[0].terms
    for number, (hours, topics) in enumerate(
        [(0, ("employment",)), (60, ("health",)), (61, ("employment", "health")), (62, ("health",))]
    ):
        post = make_post(text, native_id=str(number), published_at=NOON + timedelta(hours=hours))
        score = make_score(topics=topics, regions=("430100",), terms=terms)
        world.log.append(POSTS_SCORED, [make_scored(post, score)])
        run(role)
        world.clock.advance(timedelta(minutes=1))  # the memory is built again in the order of the announcements
        if restart:
            role.close()
            role = world.index_role()
    role.close()
    announced = [event for event in world.events(POSTS_INDEXED) if isinstance(event, PostIndexed)]
    first, second, third, fourth = sorted(announced, key=lambda event: event.published_at)
    assert second.event not in {first.event, ""}
    assert (third.event, third.absorbed) == (first.event, second.event)
    assert (fourth.event, fourth.absorbed) == (first.event, "")
    ids = {event.id for event in announced}
    for asked in (first.event, second.event):
        hits = world.index.search(Query(events=(asked,))).hits
        assert {hit.document.post.id for hit in hits} == ids
        assert {hit.document.event for hit in hits} == {first.event}
    assert world.index.count(Query(), by="event") == {(first.event, ""): 4}


def test_a_merge_is_announced_also_where_the_process_died_after_writing_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, role = "星辰电子厂劝退怀孕女工", world.index_role()
    terms = told([text])[0].terms
    for number, (hours, topics) in enumerate([(0, ("employment",)), (60, ("health",)), (61, ("employment", "health"))]):
        post = make_post(text, native_id=str(number), published_at=NOON + timedelta(hours=hours))
        score = make_score(topics=topics, regions=("430100",), terms=terms)
        world.log.append(POSTS_SCORED, [make_scored(post, score)])
        if number == 2:
            monkeypatch.setattr(world.log, "append", dying)
            with pytest.raises(SystemExit):
                role.step(0.0)
            monkeypatch.undo()
            role.close()
            role = world.index_role()
        run(role)
        world.clock.advance(timedelta(minutes=1))
    role.close()
    announced = [event for event in world.events(POSTS_INDEXED) if isinstance(event, PostIndexed)]
    first, second, third = sorted(announced, key=lambda event: event.published_at)
    assert (third.event, third.absorbed) == (first.event, second.event)
    assert world.index.count(Query(), by="event") == {(first.event, ""): 3}


def dying(stream: str, events: object) -> None:
    raise SystemExit(137)


def test_only_one_of_two_processes_indexes(world: World) -> None:
    world.log.append(POSTS_SCORED, [make_scored(make_post(f"第 {number} 条")) for number in range(5)])
    one, other = world.index_role("one"), world.index_role("other")
    assert one.step(0.0) > 0
    assert other.step(0.0) == 0
    one.close()
    world.log.append(POSTS_SCORED, [make_scored(make_post("后来的一条"))])
    assert other.step(0.0) == 1
    other.close()


def test_a_forgotten_post_is_neither_written_nor_announced(world: World) -> None:
    post = make_post("请删掉我", author="a" * 32)
    world.forget_list.add([Forgotten(author=post.author)])
    world.log.append(POSTS_SCORED, [make_scored(post)])
    role = world.index_role()
    run(role)
    role.close()
    assert world.index.get([post.id]) == {}
    assert world.events(POSTS_INDEXED) == []


def test_a_batch_that_failed_is_taken_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.log.append(POSTS_SCORED, [make_scored(make_post(f"第 {number} 条")) for number in range(5)])
    role = world.index_role()
    append = world.log.append

    def full(stream: str, events: object) -> None:
        raise Retryable("磁盘已满")

    monkeypatch.setattr(world.log, "append", full)
    with pytest.raises(Retryable):
        role.step(0.0)
    monkeypatch.setattr(world.log, "append", append)
    run(role)
    role.close()
    assert len(world.events(POSTS_INDEXED)) == 5
    assert world.index.search(Query(limit=0)).total == 5


def test_scores_keep_the_post_as_it_was(world: World) -> None:
    event = make_fetched("原文")
    world.log.append(POSTS_FETCHED, [event])
    role = world.score_role(flat)
    run(role)
    role.close()
    (scored,) = world.events(POSTS_SCORED)
    assert isinstance(scored, PostScored)
    assert isinstance(event, PostFetched)
    assert scored.post == event.post
