"""What every log keeps, told as examples and as one machine held against plain lists."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from contracts.errors import Conflict
from contracts.events import POSTS_FETCHED, POSTS_INDEXED, POSTS_SCORED, PostFetched
from contracts.ports.log import Consumer, Log, Partition, Reader, Record
from contracts.testing.builders import make_fetched
from contracts.testing.clock import FakeClock

Open = Callable[[Path, FakeClock], Log]
DEADLINE_S = 60.0


def fetched(key: str, number: int = 0) -> PostFetched:
    return make_fetched(f"{key} 的第 {number} 帖", id=key)


def gather(source: Consumer | Reader, wanted: int, limit: int = 1000) -> list[Record]:
    """Poll until `wanted` records came, then once more, which must bring nothing."""
    found: list[Record] = []
    until_s = time.monotonic() + DEADLINE_S
    while len(found) < wanted:
        assert time.monotonic() < until_s, f"{len(found)} of {wanted} records came"
        records = source.poll(limit, timeout_s=0.2)
        assert len(records) <= limit
        found += records
    assert source.poll(limit) == []
    assert len(found) == wanted
    return found


def everything(log: Log, stream: str, wanted: int) -> list[Record]:
    """Read the records of one stream, of which `wanted` are kept, from its beginning to its end."""
    reader = log.reader([stream], {})
    try:
        return gather(reader, wanted)
    finally:
        reader.close()


def following(records: Sequence[Record]) -> dict[Partition, int]:
    """Return the positions after `records`."""
    return {record.partition: record.offset + 1 for record in records}


class LogSuite:
    """Inherit, say how to open a log, and how its members are lost."""

    lease = timedelta(seconds=2)
    """After this silence a member's partitions go to the others."""
    examples = 40
    steps = 30
    """Of the state machine: fewer where every step costs a round trip to a server."""

    def open(self, folder: Path, clock: FakeClock) -> Log:
        raise NotImplementedError

    def shut(self, log: Log) -> None:
        raise NotImplementedError

    def fall_silent(self, clock: FakeClock) -> None:
        """Let so much time pass that a member that does not poll is given up; nothing to do where that is real time."""
        clock.advance(self.lease * 1.5)

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def log(self, tmp_path: Path, clock: FakeClock) -> Iterator[Log]:
        log = self.open(tmp_path, clock)
        yield log
        self.shut(log)

    def test_what_was_appended_is_read_back_with_its_time(self, log: Log, clock: FakeClock) -> None:
        log.append(POSTS_FETCHED, [fetched("甲"), fetched("乙")])
        records = everything(log, POSTS_FETCHED, 2)
        assert {record.event.key for record in records} == {"甲", "乙"}
        assert all(record.appended_at == clock.now() for record in records)

    def test_order_holds_within_a_key_and_offsets_have_no_gaps(self, log: Log) -> None:
        for number in range(5):
            log.append(POSTS_FETCHED, [fetched(key, number) for key in "甲乙丙丁戊己"])
        numbers: dict[str, list[str]] = defaultdict(list)
        offsets: dict[Partition, list[int]] = defaultdict(list)
        for record in everything(log, POSTS_FETCHED, 30):
            assert isinstance(record.event, PostFetched)
            numbers[record.event.key].append(record.event.post.text)
            offsets[record.partition].append(record.offset)
        assert all(texts == sorted(texts) and len(texts) == 5 for texts in numbers.values())
        assert all(found == list(range(len(found))) for found in offsets.values())

    def test_end_offsets_count_every_partition_also_of_an_empty_stream(self, log: Log) -> None:
        assert set(log.end_offsets([POSTS_SCORED]).values()) == {0}
        log.append(POSTS_FETCHED, [fetched(str(number)) for number in range(50)])
        ends = log.end_offsets([POSTS_FETCHED, POSTS_SCORED])
        assert sum(ends.values()) == 50
        assert {partition.stream for partition in ends} == {POSTS_FETCHED, POSTS_SCORED}

    def test_an_empty_append_changes_nothing(self, log: Log) -> None:
        log.append(POSTS_FETCHED, [])
        assert everything(log, POSTS_FETCHED, 0) == []

    def test_a_group_goes_on_where_it_committed(self, log: Log) -> None:
        log.append(POSTS_FETCHED, [fetched("甲", number) for number in range(10)])
        first = log.consumer("score", [POSTS_FETCHED])
        done = first.poll(4, timeout_s=DEADLINE_S)
        assert 1 <= len(done) <= 4
        first.commit(following(done))
        first.poll(3, timeout_s=DEADLINE_S)
        first.close()
        second = log.consumer("score", [POSTS_FETCHED])
        left = list(range(len(done), 10))
        assert [record.offset for record in gather(second, len(left))] == left
        assert sum(log.committed("score", [POSTS_FETCHED]).values()) == len(done)
        second.close()

    def test_groups_do_not_know_each_other(self, log: Log) -> None:
        log.append(POSTS_FETCHED, [fetched("甲")])
        for group in ("score", "archive"):
            consumer = log.consumer(group, [POSTS_FETCHED])
            gather(consumer, 1)
            consumer.close()

    def test_a_poll_never_gives_more_than_asked_and_loses_nothing(self, log: Log) -> None:
        log.append(POSTS_FETCHED, [fetched(str(number)) for number in range(40)])
        consumer = log.consumer("score", [POSTS_FETCHED])
        found = gather(consumer, 40, limit=7)
        consumer.close()
        assert {record.event.key for record in found} == {str(number) for number in range(40)}

    def test_a_poll_for_nothing_takes_nothing(self, log: Log) -> None:
        log.append(POSTS_FETCHED, [fetched(str(number)) for number in range(20)])
        consumer = log.consumer("score", [POSTS_FETCHED])
        for _ in range(20):
            assert consumer.poll(0) == []
        assert len({record.event.key for record in gather(consumer, 20)}) == 20
        consumer.close()

    def test_two_members_share_the_partitions(self, log: Log) -> None:
        one, other = members = log.consumer("score", [POSTS_FETCHED]), log.consumer("score", [POSTS_FETCHED])
        until_s = time.monotonic() + DEADLINE_S
        number, shares = 0, [set[Partition](), set[Partition]()]
        while not all(shares) or shares[0] & shares[1]:  # until both know of each other
            assert time.monotonic() < until_s, "the members never shared the partitions"
            log.append(POSTS_FETCHED, [fetched(str(number + more)) for more in range(50)])
            number += 50
            for share, member in zip(shares, members, strict=True):
                share.clear()
                records = member.poll(1000, timeout_s=0.3)
                share.update(following(records))
                with suppress(Conflict):
                    member.commit(following(records))
        one.close()
        other.close()

    def test_a_member_that_leaves_hands_its_uncommitted_records_on(self, log: Log) -> None:
        one, other = log.consumer("score", [POSTS_FETCHED]), log.consumer("score", [POSTS_FETCHED])
        log.append(POSTS_FETCHED, [fetched(str(number)) for number in range(50)])
        lost = one.poll(1000, timeout_s=1)
        seen = {record.event.key for record in other.poll(1000)}
        one.close()
        until_s = time.monotonic() + DEADLINE_S
        while len(seen) < 50:
            assert time.monotonic() < until_s, f"{50 - len(seen)} records never came again"
            seen |= {record.event.key for record in other.poll(1000, timeout_s=0.2)}
        other.close()
        assert {record.event.key for record in lost} <= seen

    def test_a_silent_member_is_replaced_and_can_no_longer_commit(self, log: Log, clock: FakeClock) -> None:
        silent = log.consumer("score", [POSTS_FETCHED])
        log.append(POSTS_FETCHED, [fetched("甲"), fetched("乙")])
        taken = gather(silent, 2)
        heir = log.consumer("score", [POSTS_FETCHED])
        again = {record.event.key: record for record in heir.poll(10)}
        self.fall_silent(clock)
        until_s = time.monotonic() + DEADLINE_S
        while len(again) < 2:
            assert time.monotonic() < until_s, "the heir never got the records"
            again |= {record.event.key: record for record in heir.poll(10, timeout_s=0.2)}
        with pytest.raises(Conflict):
            silent.commit(following(taken))
        heir.commit(following(list(again.values())))
        heir.close()
        silent.close()

    def test_after_a_conflict_it_goes_on_from_what_is_committed(self, log: Log, clock: FakeClock) -> None:
        first = log.consumer("score", [POSTS_FETCHED])
        log.append(POSTS_FETCHED, [fetched(str(number)) for number in range(30)])
        taken = gather(first, 30)
        self.fall_silent(clock)
        second = log.consumer("score", [POSTS_FETCHED])
        until_s = time.monotonic() + DEADLINE_S
        done: set[str] = set()
        while len(done) < 30:  # both work in turns, and what the first took before counts for nothing
            assert time.monotonic() < until_s, f"{30 - len(done)} records are in nobody's hands"
            if done and taken:
                with pytest.raises(Conflict):
                    first.commit(following(taken))
                taken = []
            for member in (second, first):
                with suppress(Conflict):
                    records = member.poll(5, timeout_s=0.2)
                    member.commit(following(records))
                    done |= {record.event.key for record in records}
        first.close()
        second.close()

    def test_a_reader_goes_by_its_own_positions(self, log: Log) -> None:
        log.append(POSTS_FETCHED, [fetched("甲", number) for number in range(6)])
        (partition,) = following(everything(log, POSTS_FETCHED, 6))
        reader = log.reader([POSTS_FETCHED], {partition: 4})
        assert [record.offset for record in gather(reader, 2, limit=10)] == [4, 5]
        log.append(POSTS_FETCHED, [fetched("甲", 6)])
        assert [record.offset for record in reader.poll(10, timeout_s=DEADLINE_S)] == [6]
        reader.close()

    def test_retention_drops_the_old_and_moves_expired_positions(self, log: Log, clock: FakeClock) -> None:
        log.append(POSTS_FETCHED, [fetched("甲", number) for number in range(3)])
        clock.advance(timedelta(days=1))
        log.append(POSTS_FETCHED, [fetched("甲", 3)])
        assert log.retain(POSTS_FETCHED, clock.now() - timedelta(hours=1)) == 3
        assert [record.offset for record in everything(log, POSTS_FETCHED, 1)] == [3]
        assert sum(log.end_offsets([POSTS_FETCHED]).values()) == 4
        consumer = log.consumer("score", [POSTS_FETCHED])
        assert [record.offset for record in gather(consumer, 1, limit=10)] == [3]
        consumer.close()

    def test_offsets_are_never_given_twice_even_when_all_is_dropped(self, log: Log, clock: FakeClock) -> None:
        log.append(POSTS_FETCHED, [fetched("甲"), fetched("甲")])
        clock.advance(timedelta(days=1))
        assert log.retain(POSTS_FETCHED, clock.now()) == 2
        log.append(POSTS_FETCHED, [fetched("甲")])
        assert [record.offset for record in everything(log, POSTS_FETCHED, 1)] == [2]

    def test_the_log_is_the_same_after_it_was_shut(self, tmp_path: Path, clock: FakeClock) -> None:
        log = self.open(tmp_path, clock)
        log.append(POSTS_FETCHED, [fetched("甲"), fetched("乙")])
        before = everything(log, POSTS_FETCHED, 2)
        self.shut(log)
        log = self.open(tmp_path, clock)
        again = everything(log, POSTS_FETCHED, 2)
        assert _places(again) == _places(before)
        self.shut(log)

    def test_any_history_equals_the_model(self) -> None:
        run_state_machine_as_test(
            lambda: LogMachine(self.open, self.shut),  # type: ignore[arg-type] # a factory will do
            settings=settings(
                max_examples=self.examples,
                stateful_step_count=self.steps,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


def _places(records: Sequence[Record]) -> dict[tuple[Partition, int], Record]:
    return {(record.partition, record.offset): record for record in records}


_STREAMS = st.sampled_from([POSTS_FETCHED, POSTS_INDEXED])
_SLOTS = st.sampled_from(["first", "second"])
_GROUP = "group"


class LogMachine(RuleBasedStateMachine):
    """One log, one group with up to two members, and the lists that say what they must show."""

    def __init__(self, open_log: Open, shut: Callable[[Log], None]) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._open, self._shut = open_log, shut
        self.clock = FakeClock()
        self.log = open_log(Path(self._folder.name), self.clock)
        self.records: dict[str, dict[tuple[Partition, int], Record]] = {POSTS_FETCHED: {}, POSTS_INDEXED: {}}
        self.committed: dict[Partition, int] = {}
        self.members: dict[str, Consumer] = {}
        self.polled: dict[str, dict[Partition, int]] = {}
        self.holder: dict[Partition, str] = {}
        self.number = 0

    def teardown(self) -> None:
        for member in self.members.values():
            member.close()
        self._shut(self.log)
        self._folder.cleanup()

    @rule(stream=_STREAMS, keys=st.lists(st.sampled_from("甲乙丙丁戊"), max_size=8))
    def append(self, stream: str, keys: list[str]) -> None:
        ends = self.log.end_offsets([stream])
        events = [fetched(key, self.number + place) for place, key in enumerate(keys)]
        self.number += len(keys)
        self.log.append(stream, events)
        reader = self.log.reader([stream], ends)
        new = gather(reader, len(events))
        reader.close()
        assert sorted(record.event.post.text for record in new) == sorted(event.post.text for event in events)  # type: ignore[union-attr]
        for key in set(keys):
            mine = [record.event for record in new if record.event.key == key]
            assert mine == [event for event in events if event.key == key]
        for record in new:
            assert record.offset == ends[record.partition] + sum(
                1 for other in new if other.partition == record.partition and other.offset < record.offset
            )
            self.records[stream][record.partition, record.offset] = record

    @rule(stream=_STREAMS)
    def read_all(self, stream: str) -> None:
        found = everything(self.log, stream, len(self.records[stream]))
        assert _places(found) == self.records[stream]

    @rule(slot=_SLOTS)
    def join(self, slot: str) -> None:
        if slot not in self.members:
            self.members[slot] = self.log.consumer(_GROUP, [POSTS_FETCHED, POSTS_INDEXED])
            self.polled[slot] = {}

    @precondition(lambda self: self.members)
    @rule(slot=_SLOTS)
    def leave(self, slot: str) -> None:
        if slot in self.members:
            self.members.pop(slot).close()
            del self.polled[slot]

    @rule(slot=_SLOTS, limit=st.integers(1, 20))
    def poll(self, slot: str, limit: int) -> None:
        if slot not in self.members:
            return
        found = self.members[slot].poll(limit)
        assert len(found) <= limit
        for record in found:
            assert record == self.records[record.partition.stream][record.partition, record.offset]
            self.polled[slot][record.partition] = record.offset + 1
            self.holder[record.partition] = slot

    @rule(slot=_SLOTS)
    def commit(self, slot: str) -> None:
        positions = {
            partition: offset
            for partition, offset in self.polled.get(slot, {}).items()
            if offset >= self.committed.get(partition, 0)
        }
        if not positions:
            return
        try:
            self.members[slot].commit(positions)
        except Conflict:
            self.polled[slot] = {}
        else:
            assert all(self.holder[partition] == slot for partition in positions), "somebody else polled it since"
            self.committed |= positions

    @rule(tenths=st.integers(1, 40))
    def pass_time(self, tenths: int) -> None:
        self.clock.advance(timedelta(seconds=tenths / 10))

    @rule(stream=_STREAMS, back=st.just(0) | st.integers(0, 60))
    def retain(self, stream: str, back: int) -> None:
        before = self.clock.now() - timedelta(seconds=back / 10)
        old = [place for place, record in self.records[stream].items() if record.appended_at < before]
        assert self.log.retain(stream, before) == len(old)
        for place in old:
            del self.records[stream][place]

    @rule()
    def positions_are_kept(self) -> None:
        kept = self.log.committed(_GROUP, [POSTS_FETCHED, POSTS_INDEXED])
        assert {partition: offset for partition, offset in kept.items() if offset} == self.committed

    @rule()
    def reopen(self) -> None:
        for slot in list(self.members):
            self.leave(slot)
        self._shut(self.log)
        self.log = self._open(Path(self._folder.name), self.clock)

    @rule()
    def a_fresh_member_gets_all_that_was_not_committed(self) -> None:
        for slot in list(self.members):
            self.leave(slot)
        wanted = {
            place: record
            for records in self.records.values()
            for place, record in records.items()
            if place[1] >= self.committed.get(place[0], 0)
        }
        fresh = self.log.consumer(_GROUP, [POSTS_FETCHED, POSTS_INDEXED])
        assert _places(gather(fresh, len(wanted), limit=50)) == wanted
        fresh.close()
