"""Kill the fetcher with -9 while it crawls, again and again, and count every post: lost, doubled, asked for again.

    python -m tools.fetcher_faults [--kills 100] [--seed N]

A feed that goes on growing, a forum and a list of articles (read by extractors of the fetcher's own, that must end with
it) are crawled on loopback into the embedded log and database. Ends with 0 only when no post is lost and the doubled
ones are told by their ids.
"""

import argparse
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import msgspec

from backends.database import open_database
from backends.database.crawl_state import DatabaseCrawlState
from backends.database.forget_list import DatabaseForgetList
from backends.database.tables import metadata
from backends.sqlite.log import SqliteLog
from contracts.events import POSTS_FETCHED, PostFetched
from contracts.ports.log import read_all
from crawlers.crawling import crawl
from crawlers.edge import Edge
from crawlers.source import Source
from tests.site.crawled import feed, forum
from tests.site.pages import listing, rss, thread
from tests.site.serving import Answer, Site, serving
from tests.site.system_clock import SystemClock

_THREADS: Final = 12
_FLOORS: Final = 4
_ARTICLES: Final = 8
_ITEMS_FIRST: Final = 10
_ITEMS_MAX: Final = 400
_LIFE_S: Final = 0.8
"""The longest life of a fetcher; a crawl of all takes about as long, so that kills strike anywhere in it."""
_CHILDREN = multiprocessing.get_context("forkserver")
_CHILDREN.set_forkserver_preload(
    ["tests.site.crawl_child", "backends.database.forget_list", "backends.sqlite.log", "crawlers.extraction_pool"]
)


class Ledger(msgspec.Struct, frozen=True):
    """What became of every post."""

    kills: int
    """Of fetchers that were crawling."""
    published: int
    lost: int
    doubled: int
    """Events beyond the first of the same post; their ids tell them."""
    strangers: int
    """Posts left after taking doubled ids away that nobody published."""
    requests: int

    @property
    def is_clean(self) -> bool:
        return self.lost == self.strangers == 0


def under_fire(folder: Path, kills: int, chance: random.Random) -> Ledger:
    """Kill so many fetchers, let the last ones live, and count."""
    database = open_database(f"sqlite:///{folder / 'desk.db'}")
    metadata.create_all(database.engine)
    database.close()
    with serving() as site:
        _publish(site)
        sources = (
            feed(site.url + "/rss", interval_s=1.0),
            forum(site.url + "/b", interval_s=1.0),
            feed(
                site.url + "/l", id="paper", kind="list", interval_s=1.0, links={"link": "li a"}, article={"text": "p"}
            ),
        )
        killed = 0
        while killed < kills:
            before = len(site.asked)
            child = _fetcher(folder, sources)
            _wait_until_it_asks(site, before, child)
            time.sleep(chance.uniform(0, _LIFE_S))
            if child.is_alive() and child.pid:
                os.kill(child.pid, signal.SIGKILL)
                killed += 1
            child.join()
        for _ in range(2):  # what a killed crawl had begun, and what grew meanwhile
            child = _fetcher(folder, sources)
            child.join()
        return _ledger(folder, site, killed)


def _publish(site: Site) -> None:
    def growing(times: int) -> Answer:
        count = min(_ITEMS_FIRST + 2 * times, _ITEMS_MAX)
        return Answer(rss(*((str(number), _item(number)) for number in range(count))), etag=f'"{count}"')

    names = [str(number) for number in range(_THREADS)]
    site.routes = {"/rss": growing, "/b": Answer(listing(names), etag='"b"')}
    for name in names:
        floors = ((f"{name}{floor}", _floor(name, floor)) for floor in range(_FLOORS))
        site.routes[f"/t/{name}"] = Answer(thread(*floors), etag=f'"{name}"')

    links = "".join(f'<li><a href="/a/{number}">样例报道第{number}篇</a></li>' for number in range(_ARTICLES))
    site.routes["/l"] = Answer(f"<html><body><ul>{links}</ul></body></html>", etag='"l"')
    for number in range(_ARTICLES):
        page = f"<html><body><h1>样例报道第{number}篇</h1><p>{_article(number)}</p></body></html>"
        site.routes[f"/a/{number}"] = Answer(page, etag=f'"a{number}"')


def _item(number: int) -> str:
    return f"样例新闻第{number}条。"


def _article(number: int) -> str:
    return f"样例报道第{number}篇说，" + "社区请来律师讲怀孕的女工怎样保护自己，来了许多人。" * 6


def _floor(name: str, floor: int) -> str:
    return f"样例话题{name}的第{floor}楼。"


def _fetcher(folder: Path, sources: tuple[dict[str, Any], ...]) -> Any:
    # no daemon: one may not have children, and extractors are its children
    child = _CHILDREN.Process(target=_fetch, args=(str(folder), sources))
    child.start()
    return child


def _fetch(folder: str, sources: tuple[dict[str, Any], ...]) -> None:
    clock = SystemClock()
    database = open_database(f"sqlite:///{folder}/desk.db")
    log = SqliteLog(Path(folder) / "log.db", clock)
    state = DatabaseCrawlState(database)
    crawl(
        msgspec.convert(sources, tuple[Source, ...]),
        edge=Edge(b"a secret of the tests only", DatabaseForgetList(database, clock), state, clock),
        log=log,
        crawl_state=state,
        clock=clock,
        forget=lambda _addresses, _posts: None,
        once=True,
        should_stop=lambda: False,
    )


def _wait_until_it_asks(site: Site, before: int, child: Any) -> None:
    deadline_s = time.monotonic() + 30
    while len(site.asked) == before and child.is_alive() and time.monotonic() < deadline_s:
        time.sleep(0.002)


def _ledger(folder: Path, site: Site, kills: int) -> Ledger:
    shown = min(_ITEMS_FIRST + 2 * (site.paths().count("/rss") - 1), _ITEMS_MAX)
    published = {_item(number) for number in range(shown)}
    published |= {_article(number) for number in range(_ARTICLES)}
    published |= {_floor(str(name), floor) for name in range(_THREADS) for floor in range(_FLOORS)}
    log = SqliteLog(folder / "log.db", SystemClock())
    events_kept = (record.event for record in read_all(log, [POSTS_FETCHED], {}))
    posts = [event.post for event in events_kept if isinstance(event, PostFetched)]
    log.close()
    events = Counter(post.id for post in posts)
    texts = Counter({post.id: post.text for post in posts}.values())
    return Ledger(
        kills=kills,
        published=len(published),
        lost=len(published - set(texts)),
        doubled=sum(count - 1 for count in events.values()),
        strangers=sum(texts.values()) - len(published & set(texts)),
        requests=len(site.asked),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="qingting-fetcher-") as folder:
        ledger = under_fire(Path(folder), asked.kills, random.Random(seed))
    print(
        f"{ledger.kills} kills in {time.monotonic() - started_s:.0f} s, {ledger.requests} requests: {ledger.published} published, "
        f"{ledger.lost} lost, {ledger.doubled} doubled and told by their ids, {ledger.strangers} strangers"
    )
    return 0 if ledger.is_clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
