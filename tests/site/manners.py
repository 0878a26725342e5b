"""What a case of manners is, and how it is crawled by ours and by plain Scrapy.

A case says what a site does and what must be seen of the crawler: on the wire, in its posts, in its health.
"""

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from contracts.testing.memory_crawl_state import MemoryCrawlState
from crawlers.limits import day_of
from crawlers.settings import AGENT_NAME
from tests.site.crawled import crawled, feed, forum
from tests.site.identity import self_signed
from tests.site.plain_scrapy import plainly_crawled
from tests.site.serving import Asked, Site, serving

CONTACT: Final = "https://example.org/kontakt"
ELSEWHERE: Final = "127.0.0.2"
"""A second host, on loopback too."""
_PLAIN_DEADLINE_S: Final = 20.0


@dataclass
class Stage:
    """Where a case plays: the site that is crawled, another one, and which crawl of the case is next (0, 1, …)."""

    site: Site
    other: Site
    agent: str
    folder: Path
    crawl: int = 0


@dataclass
class Seen:
    """What was seen of a crawler."""

    asked: Sequence[Asked]
    elsewhere: Sequence[Asked]
    kept: Sequence[Sequence[str]]
    """The texts that each crawl of the case brought."""
    ended: bool
    """Whether each crawl ended by itself."""
    seconds: float
    """Of processor time."""
    memory_mib: float
    failure: str | None = None
    """What the health of the source says, None for a crawler without health."""
    later_s: float | None = None
    """Until the next crawl is due."""
    posts: Sequence[Any] = ()
    counted: int = 0
    """Requests in the book of hosts and days."""

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    @property
    def texts(self) -> list[str]:
        return [text for crawl in self.kept for text in crawl]

    @property
    def gaps_s(self) -> list[float]:
        return [after.at_s - before.at_s for before, after in zip(self.asked, self.asked[1:], strict=False)]

    @property
    def only_robots(self) -> bool:
        """Whether robots.txt was asked for and nothing else was."""
        return set(self.paths) == {"/robots.txt"}


@dataclass(frozen=True)
class Case:
    """One named behaviour of a site and what must be seen of a crawler."""

    name: str
    site: str
    """What the site does."""
    promise: str
    """What must be seen."""
    plays: Callable[[Stage], None]
    holds: Callable[[Seen], bool]
    kind: Literal["feed", "forum"] = "feed"
    crawls: int = 1
    timeout_s: float = 1.0
    source: Mapping[str, Any] = field(default_factory=dict)
    counted: int = 0
    """Requests already made today."""
    tls: bool = False
    is_comparable: bool = True
    """Whether plain Scrapy has such a notion at all."""


def ours(case: Case, folder: Path) -> Seen:
    """Play a case with our crawler."""
    with _stage(case, AGENT_NAME, folder) as stage:
        host = stage.site.url.split("//")[1].partition(":")[0]
        if case.counted:
            state = MemoryCrawlState()
            state._requests[host, day_of(datetime.now(UTC))] = case.counted
            (folder / "crawl_state.pickle").write_bytes(pickle.dumps(state))
        source = feed(stage.site.url + "/rss", **case.source)
        if case.kind == "forum":
            source = forum(stage.site.url + "/b", **case.source)
        runs = []
        for stage.crawl in range(case.crawls):
            case.plays(stage)
            runs.append(crawled(source, state=folder, timeout_s=case.timeout_s))
        last = runs[-1]
        (health,) = last.health
        due = health.next_due_at
        return Seen(
            asked=stage.site.asked,
            elsewhere=stage.other.asked,
            kept=[run.texts for run in runs],
            ended=True,
            seconds=max(run.seconds for run in runs),
            memory_mib=max(run.memory_mib for run in runs),
            failure=last.outcome.failure,
            later_s=(due - health.checked_at).total_seconds() if due else None,
            posts=[post for run in runs for post in run.posts],
            counted=sum(requests.requests for requests in last.requests) - case.counted,
        )


def plain(case: Case, folder: Path) -> Seen:
    """Play a case with plain Scrapy."""
    with _stage(case, "Scrapy", folder) as stage:
        runs = []
        for stage.crawl in range(case.crawls):
            case.plays(stage)
            path = "/rss" if case.kind == "feed" else "/b"
            runs.append(plainly_crawled(stage.site.url + path, timeout_s=case.timeout_s, deadline_s=_PLAIN_DEADLINE_S))
        return Seen(
            asked=stage.site.asked,
            elsewhere=stage.other.asked,
            kept=[list(run.texts) for run in runs],
            ended=all(run.ended for run in runs),
            seconds=max(run.seconds for run in runs),
            memory_mib=max(run.memory_mib for run in runs),
        )


@contextmanager
def _stage(case: Case, agent: str, folder: Path) -> Iterator[Stage]:
    identity = self_signed(folder) if case.tls else None
    with serving(identity) as site, serving(host=ELSEWHERE) as other:
        yield Stage(site, other, agent, folder)
