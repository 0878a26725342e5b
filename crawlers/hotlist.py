"""A hot list: its entries with rank and heat, and what changed since it was last looked at.

A hot list holds no personal data: what many people look at, in a platform's own words.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from parsel import Selector

from contracts.identity import digest, post_id
from contracts.standing import Change, Standing
from crawlers.json_items import JsonPage, at, read_item, string
from crawlers.raw_post import RawPost
from crawlers.selected import first_link, first_text
from crawlers.source import Source
from crawlers.times import read_time

ENTRIES_MAX: Final = 200
_OFF_KEPT: Final = timedelta(hours=24)
"""An entry that comes back within a day is the same one again, and no news."""
_HEAT: Final = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(亿|万|[wWkK])?")
_FACTORS: Final = {"亿": 100_000_000, "万": 10_000, "w": 10_000, "k": 1_000, "": 1}


class HotEntry(msgspec.Struct, frozen=True):
    """One entry as the list shows it now; rank from 1, heat in the list's own unit, 0 where it says none."""

    id: str
    rank: int
    heat: int
    post: RawPost


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The list at one look, those included that left it within the last day."""

    taken_at: datetime
    standings: tuple[Standing, ...] = ()

    def ids(self, *changes: Change) -> tuple[str, ...]:
        """Return the ids of the entries with one of these changes, in the order of the list."""
        return tuple(standing.id for standing in self.standings if standing.change in changes)


def difference(before: Snapshot | None, entries: Sequence[HotEntry], now: datetime) -> Snapshot:
    """Return the list as it stands now, each entry with its change against the look before."""
    known = {standing.id: standing for standing in before.standings} if before else {}
    standings: dict[str, Standing] = {}
    for entry in entries:
        if entry.id in standings:
            continue
        old = known.get(entry.id)
        standings[entry.id] = Standing(
            id=entry.id,
            rank=entry.rank,
            heat=entry.heat,
            best=min(entry.rank, old.best) if old else entry.rank,
            since=old.since if old and old.change != "off" else now,
            change=_change(old, entry.rank),
            post=post_id(entry.post.platform or entry.post.source, native_id=entry.post.native_id),
        )
    for old in known.values():
        left_at = old.since if old.change == "off" else now
        if old.id not in standings and now - left_at < _OFF_KEPT:
            standings[old.id] = msgspec.structs.replace(old, change="off", since=left_at)
    return Snapshot(taken_at=now, standings=tuple(standings.values()))


def _change(old: Standing | None, rank: int) -> Change:
    if old is None:
        return "new"
    if old.change == "off" or rank < old.rank:
        return "up"
    return "down" if rank > old.rank else "same"


def entries_of(page: JsonPage, url: str, source: Source, now: datetime) -> tuple[HotEntry, ...]:
    """Return the entries of a list in JSON, such as newsnow and DailyHotApi give."""
    found: list[HotEntry] = []
    for item in page.items[:ENTRIES_MAX]:
        post = read_item(item, url, source, now)
        if post.text:
            rank = string(at(item, source.fields.rank)) if source.fields.rank else ""
            heat = string(at(item, source.fields.heat)) if source.fields.heat else ""
            found.append(_entry(post, rank, heat, len(found) + 1))
    return tuple(found)


def entries_on(page: Selector, url: str, source: Source, now: datetime) -> tuple[HotEntry, ...]:
    """Return the entries of a list on a web page: `row` an entry, `fields` selectors within it."""
    fields = source.fields
    found: list[HotEntry] = []
    for row in page.css(source.row)[:ENTRIES_MAX]:
        post = RawPost(
            source=source.id,
            platform=source.platform,
            native_id=first_text(row, fields.id),
            url=first_link(row, fields.url, url, source),
            title=first_text(row, fields.title),
            text=first_text(row, fields.text),
            author_kind=source.author_kind,
            published_at=read_time(first_text(row, fields.published_at), now),
            date_source="text",
            place=source.place,
            sample=source.sample,
        )
        if post.text:
            found.append(_entry(post, first_text(row, fields.rank), first_text(row, fields.heat), len(found) + 1))
    return tuple(found)


def _entry(post: RawPost, rank: str, heat: str, place: int) -> HotEntry:
    number = re.search(r"\d{1,4}", rank)
    identity = post.native_id.strip() or post.url or digest("hot", post.text)
    post = msgspec.structs.replace(post, native_id=identity)
    return HotEntry(digest("hot", identity), int(number[0]) if number else place, heat_of(heat), post)


def heat_of(text: str) -> int:
    """Return a heat such as 1234567, 1,234 or 123.4万 as a number, 0 for none."""
    found = _HEAT.search(text)
    if not found:
        return 0
    return min(round(float(found[1].replace(",", "")) * _FACTORS[(found[2] or "").lower()]), 2**53)


def snapshot_mark(source: Source) -> str:
    """Return under which address the crawl state keeps the snapshot of a source."""
    return f"{source.url}#snapshot"


def keep(snapshot: Snapshot) -> str:
    """Return the snapshot as the crawl state keeps it."""
    return msgspec.json.encode(snapshot).decode()


def kept(text: str) -> Snapshot | None:
    """Return a kept snapshot, None for anything else: then every entry is new again."""
    try:
        return msgspec.json.decode(text, type=Snapshot)
    except msgspec.MsgspecError:
        return None
