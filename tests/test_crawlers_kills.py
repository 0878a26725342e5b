"""A fetcher that dies at any moment loses no post and its schedule; what it brings twice is told by its id."""

import multiprocessing
import os
import random
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from backends.database import open_database
from backends.database.crawl_state import DatabaseCrawlState
from backends.database.forget_list import DatabaseForgetList
from backends.database.tables import metadata
from backends.sqlite.log import SqliteLog
from crawlers.crawling import crawl
from crawlers.edge import Edge
from crawlers.source import Source
from tests.desk_world import wait_for
from tests.site.crawled import feed
from tests.site.pages import rss
from tests.site.serving import Answer, serving
from tests.site.system_clock import SystemClock
from tools.fetcher_faults import under_fire

_CHILDREN = multiprocessing.get_context("forkserver")


def test_ten_fetchers_killed_while_they_crawl_lose_nothing(tmp_path: Path) -> None:
    ledger = under_fire(tmp_path, 10, random.Random(20261123))
    assert ledger.kills == 10
    assert ledger.published > 60, "the feed went on growing"
    assert ledger.is_clean, ledger


def fetch_on(folder: str, url: str, seconds: float) -> None:
    """Crawl by the schedule that the home's database keeps, until killed or told to stop."""
    clock = SystemClock()
    database = open_database(f"sqlite:///{folder}/desk.db")
    state = DatabaseCrawlState(database)
    until = clock.now() + timedelta(seconds=seconds)
    crawl(
        (msgspec.convert(feed(url, interval_s=3600.0), Source),),
        edge=Edge(b"a secret of the tests only", DatabaseForgetList(database, clock), state, clock),
        log=SqliteLog(Path(folder) / "log.db", clock), crawl_state=state, clock=clock, forget=lambda _addresses, _posts: None, once=False,
        should_stop=lambda: clock.now() > until,
    )  # fmt: skip


@pytest.mark.slow
def test_a_source_at_which_the_fetcher_dies_is_asked_once_and_not_at_every_start(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'desk.db'}")
    metadata.create_all(database.engine)
    with serving() as site:
        site.routes |= {"/robots.txt": Answer("", 404), "/rss": Answer(rss(("1", "体检车进村了。")), slow_s=30)}
        first = _CHILDREN.Process(target=fetch_on, args=(str(tmp_path), site.url + "/rss", 60.0))
        first.start()
        wait_for(lambda: "/rss" in site.paths(), 60.0)
        assert first.pid
        os.kill(first.pid, signal.SIGKILL)
        first.join()
        (left,) = DatabaseCrawlState(database).health(["news"])
        assert left.next_due_at is not None
        assert left.next_due_at > datetime.now(UTC) + timedelta(minutes=3), "kept before it was asked, so it survived"
        for _ in range(3):
            again = _CHILDREN.Process(target=fetch_on, args=(str(tmp_path), site.url + "/rss", 3.0))
            again.start()
            again.join(60)
            assert again.exitcode == 0
        assert site.paths().count("/rss") == 1
        site.routes["/rss"] = Answer(rss(("1", "体检车进村了。")))
        DatabaseCrawlState(database).keep_health(msgspec.structs.replace(left, next_due_at=datetime.now(UTC)))
        last = _CHILDREN.Process(target=fetch_on, args=(str(tmp_path), site.url + "/rss", 6.0))
        last.start()
        last.join(60)
        assert site.paths().count("/rss") == 2, "when its time has come it is asked again, once"
    (after,) = DatabaseCrawlState(database).health(["news"])
    database.close()
    assert (after.failure, after.posts) == ("", 1)
