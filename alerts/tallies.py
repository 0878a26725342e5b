"""What the watch role remembers of the posts: windows by minute per rule and key, and volumes by hour for bursts.

Memory mirrors the tables: `load` rebuilds it, `save` writes only what a batch touched, in the caller's transaction.
After any failure the whole memory is thrown away and loaded again, so it never runs ahead of the tables.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from alerts import store
from alerts.baseline import ZONE_HOURS, Baseline, learn, listening
from alerts.matching import Matcher, event_of, matcher, under
from alerts.rule import Rule
from alerts.stages import Episode
from alerts.tables import counted_posts, event_merges, rule_starts, volumes, windows
from alerts.windows import Bucket
from contracts.events import PostIndexed
from contracts.identity import digest
from contracts.merging import merged

_ASKED_AT_ONCE: Final = 2000
_MARK_BYTES: Final = 8
_PLEA_MARK: Final = b"pleaplea"
_encode = msgspec.msgpack.Encoder().encode
_bucket: msgspec.msgpack.Decoder[Bucket] = msgspec.msgpack.Decoder(Bucket)
_hours: msgspec.msgpack.Decoder[list[int]] = msgspec.msgpack.Decoder(list[int])


class Tally:
    """The posts of one rule and key."""

    __slots__ = (
        "_baseline", "_baseline_hour", "absorbed", "buckets", "dirty_days", "dirty_minutes", "first", "is_learning", "key",
        "last", "mark", "past", "rule", "stored_days", "stored_minutes", "volume",
    )  # fmt: skip

    def __init__(self, rule: str, key: str, *, is_learning: bool) -> None:
        self.rule = rule
        self.key = key
        self.is_learning = is_learning
        """Whether the rule asks what was usual; the volumes of others would be written for nobody."""
        self.mark = _mark(rule, key)
        self.absorbed: frozenset[bytes] = frozenset()
        """Marks of the keys whose posts are counted here since their events became part of this one."""
        self.buckets: dict[int, Bucket] = {}
        self.volume: dict[int, int] = {}
        self.stored_minutes: set[int] = set()
        self.stored_days: set[int] = set()
        self.dirty_minutes: set[int] = set()
        self.dirty_days: set[int] = set()
        self.first, self.last = 1 << 60, -1
        self.past: Sequence[Episode] = ()
        """Episodes before the last opening: see `stages.is_past`."""
        self._baseline: Baseline | None = None
        self._baseline_hour = 0

    def count(self, post: PostIndexed, second: int, *, in_window: bool) -> None:
        if self.is_learning:
            hour = second // 3600
            self.volume[hour] = self.volume.get(hour, 0) + 1
            self.dirty_days.add((hour + ZONE_HOURS) // 24)
            if hour < self._baseline_hour:
                self._baseline = None
        if in_window:
            minute = second // 60
            bucket = self.buckets.get(minute)
            if bucket is None:
                bucket = self.buckets[minute] = Bucket()
            bucket.add(post, second)
            self.dirty_minutes.add(minute)
            self.first = min(self.first, minute)
            self.last = max(self.last, minute)

    def has(self, marks: Collection[bytes]) -> bool:
        """Whether a post of these marks is counted here."""
        return self.mark in marks or (bool(self.absorbed) and not self.absorbed.isdisjoint(marks))

    def join(self, other: "Tally") -> None:
        """Take in another tally, none of whose posts is counted here, and ask for every window of it to be judged again."""
        for minute, bucket in other.buckets.items():
            self.buckets.setdefault(minute, Bucket()).join(bucket)
            self.dirty_minutes.add(minute)
            self.first, self.last = min(self.first, minute), max(self.last, minute)
        for hour, posts in other.volume.items():
            self.volume[hour] = self.volume.get(hour, 0) + posts
            self.dirty_days.add((hour + ZONE_HOURS) // 24)
        self._baseline = None

    def touch(self) -> None:
        """Ask for every window to be judged again."""
        if self.buckets:
            self.first, self.last = min(self.buckets), max(self.buckets)

    def baseline(self, hour: int, hours: tuple[int, ...]) -> Baseline:
        """Return what was learnt from the hours before `hour`; `hours` are those in which the house was listening."""
        if self._baseline is None or self._baseline_hour != hour:
            self._baseline, self._baseline_hour = learn(self.volume, hours), hour
        return self._baseline

    def forget_baseline(self) -> None:
        self._baseline = None


class Tallies:
    """All tallies of a rule set; tally ("", "") holds all opinion posts: the hours in which the house was listening."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = {rule.id: rule for rule in rules if rule.enabled and rule.type != "plea"}
        self._order = {rule: place for place, rule in enumerate(self.rules)}
        self._matchers: list[tuple[str, Matcher]] = [(rule.id, matcher(rule)) for rule in self.rules.values()]
        self._learning = frozenset({"", *(rule.id for rule in self.rules.values() if rule.type == "burst")})
        self._since: dict[str, int] = {}
        """The hour in which a learning rule joined, 0 where it was there first: before it, silence of a key means nothing."""
        self._is_since_stored = True
        self._by_event = frozenset(rule.id for rule in self.rules.values() if "event" in rule.group_by)
        self._standing: dict[str, str] = {}
        self._parts: dict[str, list[str]] = {}
        self._of_event: dict[str, list[Tally]] = {}
        self._tallies: dict[tuple[str, str], Tally] = {}
        self.all = self._tally("", "")
        self._touched: dict[Tally, None] = {}
        self._unsaved: dict[Tally, None] = {}
        self._counted: dict[int, tuple[int, bytes, bool]] = {}
        self._listening: dict[int, tuple[int, ...]] = {}

    def load(self, connection: Connection) -> None:
        """Rebuild from the tables; every window is to be judged again."""
        self._stand(_merges(connection))
        for row in connection.execute(select(volumes)):
            if row.rule in self._learning:
                tally = self._tally(row.rule, row.key)
                start = row.day * 24 - ZONE_HOURS
                tally.volume.update(
                    {start + place: posts for place, posts in enumerate(_hours.decode(row.hours)) if posts}
                )
                tally.stored_days.add(row.day)
        for row in connection.execute(select(windows)):
            if row.rule in self.rules:
                tally = self._tally(row.rule, row.key)
                tally.buckets[row.minute] = _bucket.decode(row.bucket)
                tally.stored_minutes.add(row.minute)
                self._touched[tally] = None
        for tally in self._touched:
            tally.touch()
        self.recall(store.pasts(connection))
        self._join({row.rule: row.hour for row in connection.execute(select(rule_starts))})

    def recall(self, pasts: Mapping[tuple[str, str], Sequence[Episode]]) -> None:
        """Remember the earlier episodes of some rules and keys."""
        for at, past in pasts.items():
            if tally := self._tallies.get(at):
                tally.past = past

    def count(
        self, connection: Connection, posts: Iterable[PostIndexed], pleas: Iterable[PostIndexed], *, first_hour: int,
        first_minute: int, last_second: int,
    ) -> int:  # fmt: skip
        """Count posts under their keys, each once per key; return how many were older than `first_minute`.

        Pleas are only remembered, so that they never count should they come again as anything else. Posts before
        `first_hour` are too old for any baseline; before `first_minute` they count in baselines but in no window.
        """
        self._counted = {}
        timely = [
            (_number(post.id), second, post)
            for post in posts
            if (second := int(post.published_at.timestamp())) <= last_second and second >= first_hour * 3600
        ]
        asking = [
            (_number(plea.id), int(plea.published_at.timestamp()) // 3600)
            for plea in pleas
        ]  # fmt: skip
        asking = [(number, hour) for number, hour in asking if hour >= first_hour]
        known = _known(connection, [number for number, _, _ in timely] + [number for number, _ in asking])
        for number, hour in asking:
            marks = known.get(number)
            if marks is None or _PLEA_MARK not in _marks(marks):
                self._counted[number] = (hour, (marks or b"") + _PLEA_MARK, marks is None)
                known[number] = (marks or b"") + _PLEA_MARK
        late = 0
        everything = self.all
        first_second = first_minute * 60
        for number, second, post in timely:
            if post.event in self._standing:
                post = msgspec.structs.replace(post, event=self._standing[post.event])  # noqa: PLW2901
            before = known.get(number)
            counted = _marks(before) if before else ()
            if _PLEA_MARK in counted:
                continue
            fresh = []
            in_window = second >= first_second
            if everything.mark not in counted:
                everything.count(post, second, in_window=False)
                self._unsaved[everything] = None
                fresh.append(everything.mark)
                late += not in_window
            for rule, match in self._matchers:
                for key in match(post):
                    tally = self._tally(rule, key)
                    if not tally.has(counted):
                        tally.count(post, second, in_window=in_window)
                        self._touched[tally] = self._unsaved[tally] = None
                        fresh.append(tally.mark)
            if fresh:
                marks = (before or b"") + b"".join(fresh)
                is_new = self._counted[number][2] if number in self._counted else before is None
                self._counted[number] = (second // 3600, marks, is_new)
                known[number] = marks
        if late:
            self._listening.clear()
            for tally in self._tallies.values():
                tally.forget_baseline()
        return late

    def merge(self, connection: Connection, pairs: Sequence[tuple[str, str]], *, hour: int) -> Mapping[str, str]:
        """Count absorbed events under those that they are part of from now on (`contracts.merging`).

        Return the events that have moved, and whereto. Later posts of an absorbed event count where it went.
        """
        moved = merged(pairs, self._standing)
        if not moved:
            return moved
        old = [event for event in moved if event in self._standing]
        new = [
            {"event": event, "standing": moved[event], "hour": hour} for event in moved if event not in self._standing
        ]
        if old:
            statement = update(event_merges).where(event_merges.c.event == bindparam("b_event"))
            connection.execute(
                statement.values(standing=bindparam("b_standing"), hour=hour),
                [{"b_event": event, "b_standing": moved[event]} for event in old],
            )
        if new:
            connection.execute(insert(event_merges), new)
        self._stand(self._standing | moved)
        for event, standing in moved.items():
            for tally in self._of_event.pop(event, ()):
                self._move(connection, tally, under(tally.key, standing))
        for standing in {*moved.values()}:
            for tally in self._of_event.get(standing, ()):
                self._absorb(tally)
        return moved

    def touched(self) -> Iterator[tuple[Rule, Tally]]:
        """Yield the tallies to be judged, in an order that does not depend on the batch."""
        for tally in sorted(self._touched, key=lambda tally: (self._order[tally.rule], tally.key)):
            yield self.rules[tally.rule], tally

    def judged(self, tally: Tally) -> None:
        """Take a tally off the list of those to be judged."""
        tally.first, tally.last = 1 << 60, -1
        self._touched.pop(tally, None)

    @property
    def is_unjudged(self) -> bool:
        return bool(self._touched)

    def baseline(self, tally: Tally, hour: int) -> Baseline:
        """Return the tally's baseline from the hours before `hour`."""
        hours = self._listening.get(hour)
        if hours is None:
            hours = self._listening[hour] = listening(self.all.volume, hour)
        return tally.baseline(hour, hours[bisect_left(hours, self._since[tally.rule]) :])

    def save(self, connection: Connection) -> None:
        """Write what was touched since the last save."""
        new = [(number, kept) for number, kept in self._counted.items() if kept[2]]
        old = [(number, kept) for number, kept in self._counted.items() if not kept[2]]
        if new:
            connection.execute(
                insert(counted_posts),
                [{"post": number, "hour": hour, "keys": marks} for number, (hour, marks, _) in new],
            )
        if old:
            statement = update(counted_posts).where(counted_posts.c.post == bindparam("b_post"))
            connection.execute(
                statement.values(keys=bindparam("b_keys")),
                [{"b_post": number, "b_keys": marks} for number, (_, marks, _) in old],
            )
        self._counted = {}
        if not self._is_since_stored:
            connection.execute(delete(rule_starts))
            connection.execute(
                insert(rule_starts), [{"rule": rule, "hour": hour} for rule, hour in self._since.items()]
            )
            self._is_since_stored = True
        changed_windows: list[dict[str, Any]] = []
        changed_days: list[dict[str, Any]] = []
        new_windows: list[dict[str, Any]] = []
        new_days: list[dict[str, Any]] = []
        for tally in self._unsaved:
            for minute in tally.dirty_minutes:
                row = {"rule": tally.rule, "key": tally.key, "minute": minute, "bucket": _encode(tally.buckets[minute])}
                (changed_windows if minute in tally.stored_minutes else new_windows).append(row)
            for day in tally.dirty_days:
                start = day * 24 - ZONE_HOURS
                hours = _encode([tally.volume.get(start + place, 0) for place in range(24)])
                row = {"rule": tally.rule, "key": tally.key, "day": day, "hours": hours}
                (changed_days if day in tally.stored_days else new_days).append(row)
            tally.stored_minutes |= tally.dirty_minutes
            tally.stored_days |= tally.dirty_days
            tally.dirty_minutes.clear()
            tally.dirty_days.clear()
        self._unsaved = {}
        _write(connection, windows, "minute", "bucket", new_windows, changed_windows)
        _write(connection, volumes, "day", "hours", new_days, changed_days)

    def prune(self, connection: Connection, *, first_hour: int, first_minute: int) -> None:
        """Drop what no window and no baseline can need any more."""
        self._listening.clear()
        first_day = (first_hour + ZONE_HOURS) // 24
        connection.execute(delete(windows).where(windows.c.minute < first_minute))
        connection.execute(delete(volumes).where(volumes.c.day < first_day))
        connection.execute(delete(counted_posts).where(counted_posts.c.hour < first_hour))
        if connection.execute(delete(event_merges).where(event_merges.c.hour < first_hour)).rowcount:
            self._stand(_merges(connection))
        for tally in list(self._tallies.values()):
            for minute in [minute for minute in tally.buckets if minute < first_minute]:
                del tally.buckets[minute]
                tally.stored_minutes.discard(minute)
            start = first_day * 24 - ZONE_HOURS
            for hour in [hour for hour in tally.volume if hour < start]:
                del tally.volume[hour]
            tally.stored_days = {day for day in tally.stored_days if day >= first_day}
            if not tally.volume and not tally.buckets and tally is not self.all:
                self._drop(tally)

    def _join(self, stored: Mapping[str, int]) -> None:
        """Let the learning rules that are not stored join now; one that went and comes back joins anew.

        In a home that has stored none yet, what has volumes was there from the first.
        """
        there = {tally.rule for tally in self._tallies.values() if tally.volume} if not stored else frozenset()
        joining = max(self.all.volume) + 1 if self.all.volume else 0
        self._since = {
            rule: stored.get(rule, 0 if rule in there else joining) for rule in sorted(self._learning)
        }  # fmt: skip
        self._is_since_stored = self._since == stored

    def _tally(self, rule: str, key: str) -> Tally:
        tally = self._tallies.get((rule, key))
        if tally is None:
            tally = self._tallies[(rule, key)] = Tally(rule, key, is_learning=rule in self._learning)
            if rule in self._by_event:
                self._of_event.setdefault(event_of(key), []).append(tally)
                self._absorb(tally)
        return tally

    def _drop(self, tally: Tally) -> None:
        del self._tallies[tally.rule, tally.key]
        event = event_of(tally.key)
        if others := [other for other in self._of_event.pop(event, ()) if other is not tally]:
            self._of_event[event] = others

    def _stand(self, standing: dict[str, str]) -> None:
        self._standing = standing
        self._parts = {}
        for event, stands in standing.items():
            self._parts.setdefault(stands, []).append(event)

    def _absorb(self, tally: Tally) -> None:
        """Let a tally know the posts that were counted under the parts of its event."""
        parts = self._parts.get(event_of(tally.key), ())
        tally.absorbed = frozenset(_mark(tally.rule, under(tally.key, part)) for part in parts)

    def _move(self, connection: Connection, tally: Tally, key: str) -> None:
        """Count a tally's posts under another key of its rule."""
        self._touched.pop(tally, None)
        self._unsaved.pop(tally, None)
        del self._tallies[tally.rule, tally.key]
        for table in (windows, volumes):
            connection.execute(delete(table).where(table.c.rule == tally.rule, table.c.key == tally.key))
        into = self._tally(tally.rule, key)
        into.join(tally)
        self._unsaved[into] = None
        if into.buckets:
            self._touched[into] = None


def _number(post: str) -> int:
    """Return the 63 bits under which a post is known here: one integer column instead of a text one."""
    try:
        return int(post[:16], 16) >> 1
    except ValueError:
        return int(digest("post", post)[:16], 16) >> 1


def _merges(connection: Connection) -> dict[str, str]:
    return {row.event: row.standing for row in connection.execute(select(event_merges))}


def _mark(rule: str, key: str) -> bytes:
    return blake2b(f"{rule}|{key}".encode(), digest_size=_MARK_BYTES).digest()


def _marks(keys: bytes) -> list[bytes]:
    return [keys[start : start + _MARK_BYTES] for start in range(0, len(keys), _MARK_BYTES)]


def _known(connection: Connection, numbers: list[int]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for start in range(0, len(numbers), _ASKED_AT_ONCE):
        some = numbers[start : start + _ASKED_AT_ONCE]
        query = select(counted_posts.c.post, counted_posts.c["keys"]).where(counted_posts.c.post.in_(some))
        found.update({row[0]: bytes(row[1]) for row in connection.execute(query)})
    return found


def _write(
    connection: Connection, table: Table, place: str, value: str, new: list[dict[str, Any]],
    changed: list[Mapping[str, Any]] | list[dict[str, Any]],
) -> None:  # fmt: skip
    if new:
        connection.execute(insert(table), new)
    if changed:
        statement = (
            update(table)
            .where(
                table.c.rule == bindparam("b_rule"), table.c.key == bindparam("b_key"), table.c[place] == bindparam("b_at")
            )
            .values({value: bindparam("b_value")})
        )  # fmt: skip
        rows = [
            {"b_rule": row["rule"], "b_key": row["key"], "b_at": row[place], "b_value": row[value]} for row in changed
        ]  # fmt: skip
        connection.execute(statement, rows)
