"""What the edge remembers, in memory and in the desk database, passes the suites of its ports."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.database import open_database
from backends.database.crawl_book import DatabaseCrawlBook
from backends.database.crawl_state import DatabaseCrawlState
from backends.database.forget_list import DatabaseForgetList
from backends.database.tables import metadata
from contracts.ports.crawl_book import CrawlBook
from contracts.ports.crawl_state import CrawlState
from contracts.testing.clock import FakeClock
from contracts.testing.crawl_book_suite import CrawlBookSuite
from contracts.testing.crawl_state_suite import CrawlStateSuite
from contracts.testing.forget_list_suite import ForgetListSuite
from contracts.testing.memory_crawl_book import MemoryCrawlBook
from contracts.testing.memory_crawl_state import MemoryCrawlState
from contracts.testing.memory_forget_list import MemoryForgetList


class _OnSqlite:
    @pytest.fixture(autouse=True)
    def _database(self, tmp_path: Path) -> Iterator[None]:
        self.database = open_database(f"sqlite:///{tmp_path / 'desk.db'}")
        yield
        self.database.close()

    def emptied(self) -> None:
        metadata.drop_all(self.database.engine)
        metadata.create_all(self.database.engine)


class TestMemoryCrawlState(CrawlStateSuite):
    def open(self) -> MemoryCrawlState:
        return MemoryCrawlState()


class TestMemoryCrawlBook(CrawlBookSuite):
    def open(self) -> tuple[CrawlBook, CrawlState]:
        state = MemoryCrawlState()
        return MemoryCrawlBook(state), state


class TestDatabaseCrawlBook(_OnSqlite, CrawlBookSuite):
    def open(self) -> tuple[CrawlBook, CrawlState]:
        self.emptied()
        return DatabaseCrawlBook(self.database), DatabaseCrawlState(self.database)


class TestMemoryForgetList(ForgetListSuite):
    def open(self) -> MemoryForgetList:
        return MemoryForgetList()


class TestDatabaseCrawlState(_OnSqlite, CrawlStateSuite):
    def open(self) -> DatabaseCrawlState:
        self.emptied()
        return DatabaseCrawlState(self.database)


class TestDatabaseForgetList(_OnSqlite, ForgetListSuite):
    def open(self) -> DatabaseForgetList:
        self.emptied()
        return DatabaseForgetList(self.database, FakeClock())
