"""Windows of event time: posts by minute of publication, in buckets of bounded size.

A bucket does not depend on the order in which its posts came: counts are sums, the kept voices and posts are the
smallest of all. So whatever the interleaving of partitions or the cut of batches, the same posts make the same window.
"""

from bisect import insort
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final
from zlib import crc32

import msgspec

from contracts.events import PostIndexed

POSTS_KEPT: Final = 50
"""As many ids as an alert shows."""
AUTHORS_KEPT: Final = 256
"""Voices told apart within one minute: far above any sensible `min_authors`, and it bounds a bucket to a few KB."""


class Bucket(msgspec.Struct, array_like=True, gc=False):
    """The posts of one minute of one key; voices are 32-bit digests of pseudonyms, good for counting and nothing else."""

    count: int = 0
    negatives: int = 0
    samples: int = 0
    authors: list[int] = []
    posts: list[tuple[int, str]] = []
    """(second since 1970, post id), earliest first."""

    def add(self, post: PostIndexed, second: int) -> None:
        self.count += 1
        if post.sentiment < 0:
            self.negatives += 1
        if post.sample:
            self.samples += 1
        voice = crc32((post.author or f"source:{post.source}").encode())
        authors = self.authors
        if (len(authors) < AUTHORS_KEPT or voice < authors[-1]) and voice not in authors:
            insort(authors, voice)
            del authors[AUTHORS_KEPT:]
        posts = self.posts
        entry = (second, post.id)
        if len(posts) < POSTS_KEPT or entry < posts[-1]:
            insort(posts, entry)
            del posts[POSTS_KEPT:]

    def join(self, other: "Bucket") -> None:
        """Take in the posts of another bucket, none of which is in this one."""
        self.count += other.count
        self.negatives += other.negatives
        self.samples += other.samples
        self.authors = sorted({*self.authors, *other.authors})[:AUTHORS_KEPT]
        self.posts = sorted({*self.posts, *other.posts})[:POSTS_KEPT]


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """The posts of the minutes (end - window, end], minutes since 1970."""

    end: int
    minutes: int
    count: int
    authors: int
    negatives: int
    posts: tuple[str, ...]
    sample: bool

    @property
    def negative_share(self) -> float:
        return self.negatives / self.count if self.count else 0.0


def full_ends(
    buckets: Mapping[int, Bucket], first: int, last: int, minutes: int, at_least: int
) -> Iterator[int]:  # fmt: skip
    """Yield, rising, the ends of the windows of `at_least` posts that hold a minute of first..last and end with a post.

    A later end without a post of its own only loses posts, so nothing that could hold is left out.
    """
    inside: deque[tuple[int, int]] = deque()
    total = 0
    reach = range(first - minutes + 1, last + minutes)
    # an event has posts in few of its hours' minutes, a busy rule in nearly all
    few = len(buckets) < len(reach)
    for minute in sorted(held for held in buckets if held in reach) if few else reach:
        bucket = buckets.get(minute)
        if bucket is None:
            continue
        inside.append((minute, bucket.count))
        total += bucket.count
        while inside[0][0] <= minute - minutes:
            total -= inside.popleft()[1]
        if minute >= first and total >= at_least:
            yield minute


def window(buckets: Mapping[int, Bucket], end: int, minutes: int) -> Window:
    """Return the window that ends with minute `end`."""
    inside = [bucket for minute in range(end - minutes + 1, end + 1) if (bucket := buckets.get(minute)) is not None]
    count = negatives = samples = 0
    posts: list[tuple[int, str]] = []
    for bucket in inside:
        count += bucket.count
        negatives += bucket.negatives
        samples += bucket.samples
        if len(posts) < POSTS_KEPT:
            posts += bucket.posts
    return Window(
        end=end,
        minutes=minutes,
        count=count,
        authors=len(set().union(*(bucket.authors for bucket in inside))),
        negatives=negatives,
        posts=tuple(post for _, post in posts[:POSTS_KEPT]),
        sample=0 < count == samples,
    )
