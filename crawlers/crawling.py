"""Crawls sources with Scrapy on the asyncio reactor, once or by their intervals until told to stop.

Twisted's reactor runs once in a process and in its main thread: call `crawl` once, in a process of its own.
"""

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from scrapy import Spider, signals
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.utils.reactor import install_reactor

from contracts.errors import Retryable
from contracts.ports.clock import Clock
from contracts.ports.crawl_book import CrawlBook
from contracts.ports.crawl_state import CrawlState
from contracts.ports.log import Log
from crawlers.addresses import Names, PinnedResolver
from crawlers.agenda import Agenda
from crawlers.edge import Edge
from crawlers.extraction_pool import ExtractionPool
from crawlers.limits import bounded
from crawlers.politeness import Hosts
from crawlers.robots import RobotsBook
from crawlers.settings import CrawlSettings
from crawlers.share import Everything, Share
from crawlers.source import Source
from crawlers.source_crawl import CrawlOutcome, Forget, OnPage, Shared, SourceCrawl

AT_ONCE_MAX = 64
"""Sources crawled side by side; each asks one page at a time, so this bounds memory, not politeness."""
AT_ONCE_MAX_A_HOST = 4
"""A host answers one at a time: more of its sources at once would only take the places of others."""
_STOP_POLL_S = 0.2
_STOP_EVERY_S = 0.05
_ELSEWHERE_S = 1.0
"""Until a source that is not ours, or whose state cannot be asked, is looked at again."""
_log = logging.getLogger(__name__)


def crawl(
    sources: Sequence[Source],
    *,
    edge: Edge,
    log: Log,
    crawl_state: CrawlState,
    clock: Clock,
    forget: Forget,
    once: bool,
    should_stop: Callable[[], bool],
    settings: CrawlSettings | None = None,
    share: Share | None = None,
    crawl_book: CrawlBook | None = None,
    on_page: OnPage | None = None,
    on_outcome: Callable[[CrawlOutcome], None] | None = None,
) -> tuple[CrawlOutcome, ...]:
    """Crawl and return the last outcome of each source, in their order; blocks.

    What a source answers to be gone is handed to `forget`, by the addresses of its posts or by their ids. With `once` each source is crawled now, once, even one that is switched off: somebody named it. Otherwise each
    enabled source of this process's `share` (default: all) is crawled when it is due (a restart keeps the schedule)
    until `should_stop`; a crawl under way is then broken off and goes on next time.
    """
    settings = bounded(settings or CrawlSettings())
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    reactor = _reactor()
    wanted = [source for source in sources if source.is_crawled and (once or source.enabled)]
    agenda = Agenda(wanted, crawl_state, clock, polls_a_day=settings.polls_a_day)
    names = Names()
    reactor.installNameResolver(PinnedResolver(names.pinned))
    extraction = ExtractionPool(os.cpu_count() or 1)
    shared = Shared(
        edge=edge,
        log=log,
        crawl_state=crawl_state,
        clock=clock,
        settings=settings,
        hosts=Hosts(should_stop, settings.retry_after_wait_s),
        names=names,
        robots=RobotsBook(timedelta(minutes=settings.robots_minutes)),
        forget=forget,
        extraction=extraction,
        agenda=agenda,
        crawl_book=crawl_book,
        on_page=on_page,
    )
    round_ = _Round(wanted, shared, share or Everything(), should_stop, on_outcome)
    failures: list[BaseException] = []

    def start() -> None:
        asyncio.ensure_future(round_.run(once=once)).add_done_callback(end)

    def end(task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            failures.append(error)
        reactor.stop()

    reactor.callWhenRunning(start)
    try:
        reactor.run(installSignalHandlers=False)
    finally:
        extraction.close()
    if failures:
        raise failures[0]
    return round_.outcomes()


def _unsaved(error: Retryable) -> str:
    return f"采到的帖子没能存下（{error}）：没有丢，下次重新采。"


def _reactor() -> Any:
    from twisted.internet import reactor  # only now: importing it installs the default one

    return reactor


class _Round:
    def __init__(
        self,
        sources: Sequence[Source],
        shared: Shared,
        share: Share,
        should_stop: Callable[[], bool],
        on_outcome: Callable[[CrawlOutcome], None] | None,
    ) -> None:
        self._sources = sources
        self._shared = shared
        self._share = share
        self._should_stop = should_stop
        self._on_outcome = on_outcome
        self._outcomes: dict[str, CrawlOutcome] = {}
        self._runner = AsyncCrawlerRunner(scrapy_settings(shared.settings))
        self._places = asyncio.Semaphore(AT_ONCE_MAX)
        self._hosts = {source.id: source.host for source in sources}
        logging.getLogger("scrapy").setLevel(logging.CRITICAL)  # our own line says how a crawl ended
        logging.getLogger("twisted").setLevel(logging.CRITICAL)

    def outcomes(self) -> tuple[CrawlOutcome, ...]:
        return tuple(self._outcomes[source.id] for source in self._sources if source.id in self._outcomes)

    async def run(self, *, once: bool) -> None:
        stopper = asyncio.ensure_future(self._stop_when_asked())
        try:
            if once:
                self._shared.agenda.look(self._shared.clock.now())
                await asyncio.gather(*(self._once(source) for source in self._sources))
            else:
                await self._keep_on()
                await stopper
        finally:
            stopper.cancel()
            with suppress(Retryable):
                self._share.close()

    async def _stop_when_asked(self) -> None:
        while not self._should_stop():
            await asyncio.sleep(_STOP_POLL_S)  # a signal handler sets a flag, it cannot set an asyncio event
            with suppress(Retryable):
                self._share.renew()
        # Scrapy 2.19 forgets a stop that comes while an engine is opening, and such a crawl never ends: each is stopped
        # once it runs
        while crawlers := tuple(self._runner.crawlers):
            for crawler in crawlers:
                if crawler.crawling and crawler.engine is not None and crawler.engine.running:
                    await crawler.stop_async()
            await asyncio.sleep(_STOP_EVERY_S)

    async def _keep_on(self) -> None:
        """Crawl what is due, the longest overdue first, until told to stop."""
        agenda = self._shared.agenda
        visits: dict[str, asyncio.Task[None]] = {}
        while not self._should_stop():
            for source in [source for source, visit in visits.items() if visit.done()]:
                visits.pop(source).result()
            hosts = Counter(self._hosts[source] for source in visits)
            try:
                ready = agenda.ready(busy=visits)
            except Retryable as away:
                _log.warning("sources not crawled now: %s", away)
                await asyncio.sleep(_ELSEWHERE_S)
                continue
            for one in ready:
                if len(visits) >= AT_ONCE_MAX:
                    break
                host = self._hosts[one.id]
                if hosts[host] < AT_ONCE_MAX_A_HOST:
                    hosts[host] += 1
                    visits[one.id] = asyncio.ensure_future(self._visit(one))
            await asyncio.sleep(_STOP_POLL_S)
        await asyncio.gather(*visits.values())

    async def _visit(self, source: Source) -> None:
        agenda = self._shared.agenda
        try:
            if not self._share.take(source):
                agenda.put_off(source, _ELSEWHERE_S)
                return
            try:
                if agenda.begin(source):  # another process may have crawled it last
                    await self._once(source)
                    agenda.ended(source)
            finally:
                self._share.give(source)
        except Retryable as away:
            _log.warning("source %s not crawled now: %s", source.id, away)
            agenda.put_off(source, _ELSEWHERE_S)

    async def _crawl(self, crawl: SourceCrawl) -> None:
        def note(failure: Any, response: Any) -> None:
            error = failure.value
            if isinstance(error, Retryable):
                crawl.fail(_unsaved(error))
            else:
                crawl.fail(f"{response.url} 读不懂（{type(error).__name__}），已跳过。")
                _log.error("unreadable page of source %s", crawl.source.id, exc_info=error)

        crawler = Crawler(_spider(crawl.source), self._runner.settings)
        crawler.signals.connect(note, signal=signals.spider_error, weak=False)
        try:
            await self._runner.crawl(crawler, crawl=crawl)
        except Exception:  # noqa: BLE001 - one source must not end the crawls of all others
            _log.exception("crawl of source %s broke off", crawl.source.id)
            crawl.fail("采集程序出错，详情见日志：请把日志发给维护人员。")

    async def _once(self, source: Source) -> None:
        async with self._places:
            if self._should_stop():
                return
            started_s = time.monotonic()
            crawl = SourceCrawl(source, self._shared)
            await self._crawl(crawl)
            crawl.was_stopped = crawl.was_stopped or self._should_stop()
            try:
                outcome = crawl.finish()
            except Retryable as error:
                _log.warning("health of source %s not kept: %s", source.id, error)
                outcome = CrawlOutcome(source=source.id, requests=crawl.requests, failure=_unsaved(error))
        self._outcomes[source.id] = outcome
        _log.info(
            "crawled source=%s accepted=%d duplicates=%d rejected=%d requests=%d unchanged=%d gone=%d seconds=%.1f failure=%s",
            outcome.source, outcome.accepted, outcome.duplicates, outcome.rejected, outcome.requests, outcome.unchanged,
            outcome.gone, time.monotonic() - started_s, outcome.failure or "-",
        )  # fmt: skip
        if self._on_outcome:
            self._on_outcome(outcome)


def _spider(source: Source) -> type[Spider]:
    from crawlers.spiders.feed_spider import FeedSpider
    from crawlers.spiders.forum_spider import ForumSpider
    from crawlers.spiders.hotlist_spider import HotlistSpider
    from crawlers.spiders.json_spider import JsonSpider
    from crawlers.spiders.list_spider import ListSpider
    from crawlers.spiders.sitemap_spider import SitemapSpider

    return {
        "feed": FeedSpider, "forum": ForumSpider, "list": ListSpider, "sitemap": SitemapSpider, "json": JsonSpider,
        "hotlist": HotlistSpider,
    }[source.kind]  # fmt: skip


def scrapy_settings(settings: CrawlSettings) -> dict[str, Any]:
    """Return all that Scrapy is told: its own defaults for components are replaced, not added to."""
    settings = bounded(settings)
    return {
        "DOWNLOADER_MIDDLEWARES_BASE": {
            "crawlers.middlewares.AddressGuard": 100,
            "crawlers.middlewares.HostGuard": 150,
            "crawlers.middlewares.RobotsGuard": 200,
            "crawlers.middlewares.Validators": 300,
            "crawlers.middlewares.TrueCharset": 390,
            "crawlers.middlewares.WishesOfPages": 400,
            "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 420,
            "crawlers.middlewares.Redirects": 500,
            "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": 600,
            "crawlers.middlewares.Codings": 650,
            "crawlers.middlewares.RetryAfter": 700,
        },
        "SPIDER_MIDDLEWARES_BASE": {"scrapy.spidermiddlewares.start.StartSpiderMiddleware": 25},
        "DOWNLOAD_HANDLERS_BASE": {
            "http": "crawlers.download.PoliteDownloadHandler",
            "https": "crawlers.download.PoliteDownloadHandler",
        },
        "EXTENSIONS_BASE": {},
        "ITEM_PIPELINES_BASE": {},
        # what a page gives is taken in its order; as many workers as Scrapy would start for each page cost a third of it
        "CONCURRENT_ITEMS": 1,
        "WARN_ON_GENERATOR_RETURN_VALUE": False,  # reads each callback's source at every page
        "USER_AGENT": settings.user_agent,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,application/json;q=0.9",
            "Accept-Language": "zh-CN,zh;q=0.9",
        },
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": 0,  # pauses are kept across crawls, by crawlers.politeness
        "DOWNLOAD_TIMEOUT": settings.timeout_s,
        "DOWNLOAD_MAXSIZE": settings.page_bytes_max,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "REDIRECT_MAX_TIMES": settings.redirects_max,
        "COOKIES_ENABLED": False,
        "HTTPPROXY_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "LOG_ENABLED": False,
        "STATS_DUMP": False,
    }
