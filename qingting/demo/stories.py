"""What the town says and when: two weeks of history behind the start, a story and two pleas after it."""

import random
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from contracts.zone import BEIJING

HISTORY_DAYS: Final = 14
STORY_AFTER_S: Final = 4.0
STORY_EVERY_S: Final = 0.4
PLEAS_AFTER_S: Final = 9.0
_SEED: Final = 20261124
_WAKING_HOURS: Final = (7, 8, 9, 10, 11, 12, 12, 13, 15, 17, 18, 19, 20, 20, 21, 21, 22, 23)
_STORY_THREADS: Final = 3


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One post of the town."""

    id: str
    author: str
    at: datetime
    text: str


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """A thread of the forum, a letter of the mailbox or an item of the paper."""

    id: str
    title: str
    entries: tuple[Entry, ...]

    def until(self, now: datetime) -> "Thread | None":
        """Return the thread as far as it has been written by `now`; None before its first entry."""
        written = tuple(entry for entry in self.entries if entry.at <= now)
        return msgspec.structs.replace(self, entries=written) if written else None


class Stories(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the three sites will ever show."""

    forum: tuple[Thread, ...]
    daily: tuple[Thread, ...]
    mailbox: tuple[Thread, ...]


def write(start: datetime) -> Stories:
    """Return the town's stories around its start; the same start gives the same stories."""
    chance = random.Random(_SEED)
    voices = iter(range(1, 10_000))
    return Stories(
        forum=(*_story(start, voices), *_history(start, chance, voices)),
        daily=_items("daily", start, chance),
        mailbox=(*_pleas(start), *_items("mailbox", start, chance)),
    )


def _history(start: datetime, chance: random.Random, voices: Iterator[int]) -> list[Thread]:
    threads: list[Thread] = []
    for block in _lines("forum", "\n# "):
        title, *posts = block.removeprefix("# ").splitlines()
        at = _waking(start, chance)
        entries = []
        number = len(threads)
        for place, text in enumerate(posts):
            entries.append(Entry(id=f"t{number}-{place}", author=f"样例网友{next(voices)}", at=at, text=text))
            at = min(at + timedelta(minutes=chance.randint(9, 600)), start - timedelta(minutes=chance.randint(45, 90)))
        threads.append(Thread(id=f"t{number}", title=title, entries=tuple(entries)))
    return threads


def _story(start: datetime, voices: Iterator[int]) -> list[Thread]:
    titles = ("星澜电子厂劝退怀孕女工，有人知道吗", "厂门口现在什么情况", "孕期被辞退该怎么办")
    lines = _lines("story")
    copies = _lines("copies")
    entries: list[list[Entry]] = [[] for _ in titles]
    for number, text in enumerate([*lines[:18], *copies, *lines[18:]]):
        at = start + timedelta(seconds=STORY_AFTER_S + STORY_EVERY_S * number)
        thread = number % _STORY_THREADS
        entries[thread].append(Entry(id=f"s{number}", author=f"样例网友{next(voices)}", at=at, text=text))
    return [
        Thread(id=f"story{place}", title=title, entries=tuple(found))
        for place, (title, found) in enumerate(zip(titles, entries, strict=True))
    ]


def _pleas(start: datetime) -> list[Thread]:
    threads = []
    for number, line in enumerate(_lines("pleas")):
        _, _, text = line.partition("|")
        at = start + timedelta(seconds=PLEAS_AFTER_S + 3 * number)
        entry = Entry(id=f"plea{number}", author="", at=at, text=text)
        threads.append(Thread(id=f"plea{number}", title="求助", entries=(entry,)))
    return threads


def _items(name: str, start: datetime, chance: random.Random) -> tuple[Thread, ...]:
    threads = []
    for number, line in enumerate(_lines(name)):
        title, _, text = line.partition("|")
        identity = f"{name}{number}"
        entry = Entry(id=identity, author="", at=_waking(start, chance), text=text)
        threads.append(Thread(id=identity, title=title, entries=(entry,)))
    return tuple(threads)


def _waking(start: datetime, chance: random.Random) -> datetime:
    """Return a moment of the last two weeks at which people write."""
    day = (start - timedelta(days=chance.randint(1, HISTORY_DAYS))).astimezone(BEIJING).date()
    at = time(chance.choice(_WAKING_HOURS), chance.randrange(60), chance.randrange(60))
    return datetime.combine(day, at, BEIJING)


@cache
def _lines(name: str, between: str = "\n") -> tuple[str, ...]:
    text = (resources.files("qingting.demo") / "posts" / f"{name}.txt").read_text("utf-8")
    return tuple(part.strip() for part in text.split(between) if part.strip())
