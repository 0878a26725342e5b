"""Measures the finding of events: own happenings and own threads among everyday posts, and hashtags taken out of real posts.

B-cubed (Bagga & Baldwin 1998): for every post how pure its event is and how much of its story the event holds. Every
post goes the pipeline's own way: what it takes for a plea has no event here either and is counted as missed.
"""

import csv
import random
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from contracts.post import Post
from contracts.score import Score
from pipeline import scorers, understanding
from pipeline.event import Belonging, Events, Features, words_of
from pipeline.fold import Folds
from pipeline.labelled import CORPUS, held_out_keys, own_posts

SEED: Final = 20261124
DAYS: Final = 14
"""Over which the stories of a run begin."""
LEAST_TAGGED: Final = 5
STORYLINES: Final = CORPUS / "readings" / "storylines.jsonl"
_SPREAD_H: Final = 12.0
"""Mean hours from a thread's beginning to a post of it."""
_BEGINNING: Final = datetime(2026, 11, 1, tzinfo=UTC)
_TAG: Final = re.compile(r"#([^#\n]{2,30})#")
_BATCH: Final = 250


class Arriving(msgspec.Struct, frozen=True):
    """A post on its way to the events, and the story it belongs to."""

    post: Post
    story: str


class Told(msgspec.Struct, frozen=True):
    """One post of an own happening: `hour` counts from the happening's beginning."""

    story: int
    hour: float
    text: str


class EventFigures(msgspec.Struct, frozen=True):
    """B-cubed over the posts that belong to a story of at least two posts, with the 95 % interval over stories."""

    posts: int
    """In all; those without a story lie in between and count against purity only."""
    measured: int
    stories: int
    precision: float
    recall: float
    f: float
    low: float
    high: float
    merged: int


def happenings() -> list[Arriving]:
    """Return own happenings, CC0, of which every post tells which one it is about, among the training writers' everyday posts.

    Thirty stories, twelve of them in pairs alike in matter and apart in place. No threshold was fitted to them; how candidates
    are found was chosen with them in view.
    """
    rows = [msgspec.json.decode(line, type=Told) for line in STORYLINES.read_text("utf-8").splitlines()]
    chance = random.Random(SEED)
    begins = {story: chance.uniform(0, DAYS * 24) for story in sorted({row.story for row in rows})}
    told = [
        _arriving(f"storyline/{number}", row.text, begins[row.story] + row.hour, f"storyline/{row.story}")
        for number, row in enumerate(rows)
    ]
    return _in_order(told + _everyday("abcde", chance))


def threads(writers: str) -> list[Arriving]:
    """Return these writers' own threads, a post and its answers, among everyday posts of theirs and of the training writers.

    An answer often says nothing of what it answers: for a reader of the text alone some belong nowhere.
    """
    chance = random.Random(SEED)
    posts = [post for post in own_posts() if post.writer in set(writers) and not post.help and post.story]
    begins = {story: chance.uniform(0, DAYS * 24) for story in sorted({post.story for post in posts})}
    told = [
        _arriving(post.key, post.text, begins[post.story] + chance.expovariate(1 / _SPREAD_H), post.story)
        for post in posts
    ]
    return _in_order(told + _everyday(f"abcde{writers}", chance))


def hashtags(shared: Path) -> list[Arriving]:
    """Return the real weibos under a hashtag that five or more have, without it, one a minute; none where absent.

    A stand-in: a hashtag is a subject rather than a happening, and may run for years, so times are taken away. Reserved and
    held-out posts are left out. Of several tags the one that most posts have names the story.
    """
    file, reserved = shared / "data" / "swsr" / "SexWeibo.csv", shared / "labels" / "reserved.txt"
    if not file.exists():
        return []
    left_out = set(reserved.read_text("ascii").split()) | held_out_keys()
    with file.open(encoding="utf-8-sig", newline="") as rows:
        texts = [(f"SWSR/weibo/{number}", row["weibo_text"]) for number, row in enumerate(csv.DictReader(rows))]
    tagged = [
        (key, text, {tag.lower().replace("[超话]", "") for tag in _TAG.findall(text)})
        for key, text in texts
        if key not in left_out
    ]
    often = Counter(tag for _, _, tags in tagged for tag in tags)
    found: list[Arriving] = []
    for key, text, tags in tagged:
        kept = sorted((tag for tag in tags if often[tag] >= LEAST_TAGGED), key=lambda tag: (-often[tag], tag))
        if kept:
            found.append(_arriving(key, _TAG.sub("", text), len(found) / 60, kept[0]))
    return found


def measure(posts: Sequence[Arriving]) -> EventFigures:
    """Give the posts to the folds and the events one by one and hold what comes out against their stories."""
    return bcubed([one.story for one in posts], *found(posts, scored(posts)))


def scored(posts: Sequence[Arriving]) -> list[Score]:
    """Return the scores of the posts by the default scorer."""
    understand = understanding.build(scorers.load("ngram"))
    return [
        score
        for start in range(0, len(posts), _BATCH)
        for score in understand([one.post for one in posts[start : start + _BATCH]])
    ]


def found(posts: Sequence[Arriving], scores: Sequence[Score]) -> tuple[list[str], int]:
    """Return the event of each post, its own id where it has none, and how many events were merged."""
    folds, events = Folds(), Events()
    named: list[str] = []
    for one, score in zip(posts, scores, strict=True):
        belonging, post = Belonging(), one.post
        if score.lane is None:
            features = Features(post.published_at, score.topics, score.regions, score.terms)
            original = folds.original_of(score.grams)
            event = folds.event_of(original)
            belonging = Belonging(events.standing(event)) if event else events.belonging(post.id, features)
            folds.add(post.id, score.grams, original, belonging.event)
            events.add(post.id, belonging, features, is_copy=bool(original))
        named.append(belonging.event or post.id)
    return [events.standing(event) for event in named], len(events.aliases)


def within_reach(posts: Sequence[Arriving], scores: Sequence[Score]) -> EventFigures:
    """Return what a reader of telling words alone could reach who knew the stories: posts of one story that share any are together."""
    events = [one.post.id for one in posts]
    of_story: defaultdict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(posts):
        of_story[one.story].append(number)
    for members in of_story.values():
        groups: list[tuple[set[int], list[int]]] = []
        for number in members:
            words, mine = set(words_of(scores[number].terms)), [number]
            apart = []
            for group in groups:
                if words & group[0]:
                    words, mine = words | group[0], mine + group[1]
                else:
                    apart.append(group)
            groups = [*apart, (words, mine)]
        for _, mine in groups:
            for number in mine:
                events[number] = posts[min(mine)].post.id
    return bcubed([one.story for one in posts], events)


def bcubed(stories: Sequence[str], events: Sequence[str], merged: int = 0) -> EventFigures:
    """Return B-cubed precision, recall and F of the posts whose story has two posts and more."""
    of_story: defaultdict[str, set[int]] = defaultdict(set)
    of_event: defaultdict[str, set[int]] = defaultdict(set)
    for number, (story, event) in enumerate(zip(stories, events, strict=True)):
        of_story[story].add(number)
        of_event[event].add(number)
    sums: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for story, event in zip(stories, events, strict=True):
        told_of, held = of_story[story], of_event[event]
        if len(told_of) > 1:
            both = len(told_of & held)
            for place, value in enumerate((1.0, both / len(held), both / len(told_of))):
                sums[story][place] += value
    rows = [sums[story] for story in sorted(sums)]
    chance = random.Random(SEED)
    drawn = sorted(_f(chance.choices(rows, k=len(rows)))[2] for _ in range(500)) if rows else [0.0]
    precision, recall, f = _f(rows)
    return EventFigures(
        posts=len(stories), measured=int(sum(row[0] for row in rows)), stories=len(rows), precision=round(precision, 4),
        recall=round(recall, 4), f=round(f, 4), low=round(drawn[int(0.025 * len(drawn))], 4),
        high=round(drawn[int(0.975 * len(drawn))], 4), merged=merged,
    )  # fmt: skip


def _f(rows: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    count, pure, whole = (sum(row[place] for row in rows) for place in range(3))
    precision, recall = pure / max(1.0, count), whole / max(1.0, count)
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _everyday(writers: str, chance: random.Random) -> list[Arriving]:
    """Return the writers' posts that belong to no story, at any time of the run."""
    return [
        _arriving(post.key, post.text, chance.uniform(0, DAYS * 24), post.key)
        for post in own_posts()
        if post.writer in set(writers) and not post.story and not post.help
    ]


def _arriving(key: str, text: str, hour: float, story: str) -> Arriving:
    at = _BEGINNING + timedelta(hours=hour)
    return Arriving(Post(id=key, source="s", platform="p", text=text, published_at=at, fetched_at=at), story)


def _in_order(posts: list[Arriving]) -> list[Arriving]:
    return sorted(posts, key=lambda one: (one.post.published_at, one.post.id))
