"""A hot list against the look before: what is new, up, down, off."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.identity import post_id
from crawlers.hotlist import HotEntry, Snapshot, difference, heat_of, keep, kept
from crawlers.raw_post import RawPost

NOW = datetime(2026, 11, 25, tzinfo=UTC)
HOUR = timedelta(hours=1)


def look(*ids: str) -> list[HotEntry]:
    return [HotEntry(one, rank, 100 - rank, RawPost(source="hot", text=one)) for rank, one in enumerate(ids, 1)]


def test_each_entry_has_its_change() -> None:
    first = difference(None, look("a", "b", "c"), NOW)
    assert first.ids("new") == ("a", "b", "c")
    second = difference(first, look("b", "a", "d"), NOW + HOUR)
    assert (second.ids("up"), second.ids("down"), second.ids("new"), second.ids("off")) == (
        ("b",),
        ("a",),
        ("d",),
        ("c",),
    )
    a = next(standing for standing in second.standings if standing.id == "a")
    assert (a.rank, a.best, a.heat, a.since) == (2, 1, 98, NOW)


def test_an_entry_names_the_post_that_it_became_and_older_snapshots_are_read() -> None:
    post = RawPost(source="hot", native_id="7", text="托育补贴")
    (standing,) = difference(None, [HotEntry("a", 1, 9, post)], NOW).standings
    assert standing.post == post_id("hot", native_id="7")
    older = kept(keep(difference(None, look("a"), NOW)).replace('"post":"', '"former":"'))
    assert older is not None
    assert older.standings[0].post == ""


def test_an_entry_that_comes_back_within_a_day_is_not_new() -> None:
    gone = difference(difference(None, look("a", "b"), NOW), look("a"), NOW + HOUR)
    assert gone.ids("off") == ("b",)
    assert difference(gone, look("a", "b"), NOW + 2 * HOUR).ids("up") == ("b",)
    later = difference(gone, look("a"), NOW + 26 * HOUR)
    assert later.ids("off") == ()
    assert difference(later, look("a", "b"), NOW + 27 * HOUR).ids("new") == ("b",)


@pytest.mark.parametrize(
    ("text", "heat"),
    [("1234567", 1234567), ("1,234", 1234), ("123.4万", 1234000), ("1.2亿", 120_000_000), ("热度 88w", 880_000), ("", 0), ("热", 0), ("9" * 40, 2**53)],
)  # fmt: skip
def test_heat_is_read_as_lists_write_it(text: str, heat: int) -> None:
    assert heat_of(text) == heat


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True), max_size=12))
def test_every_entry_has_one_change_and_is_new_once_a_day(looks: list[list[str]]) -> None:
    before: Snapshot | None = None
    new: list[str] = []
    for number, ids in enumerate(looks):
        after = kept(keep(difference(before, look(*ids), NOW + number * HOUR)))
        assert after
        on = after.ids("new", "up", "down", "same")
        assert on == tuple(ids)
        assert not set(after.ids("off")) & set(ids)
        new += after.ids("new")
        before = after
    assert len(new) == len(set(new))


def test_a_broken_snapshot_is_none() -> None:
    assert kept("") is None
    assert kept('{"taken_at": 1}') is None
