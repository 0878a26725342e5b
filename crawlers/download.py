"""The way onto the wire: every request, robots.txt and redirects included, waits for its host's turn here."""

from typing import Any

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.utils.httpobj import urlparse_cached

from crawlers.politeness import pause_asked
from crawlers.refused import Refused
from crawlers.source_crawl import SourceCrawl


class PoliteDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's HTTP handler behind the politeness of `crawlers.politeness`; connections are not kept open."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self._pool.persistent = False  # an idle connection of one crawl would be a second one beside another crawl's

    async def download_request(self, request: Any) -> Any:
        spider: Any = self._crawler.spider
        crawl: SourceCrawl = spider.crawl
        host = urlparse_cached(request).hostname or ""
        is_loopback = crawl.shared.names.is_loopback(host)
        async with crawl.shared.hosts.turn(host, crawl.source.request_gap_s, is_loopback=is_loopback):
            if crawl.requests >= crawl.source.requests_max:
                raise Refused(f"一次采集已请求 {crawl.requests} 页，到了 requests_max 的上限，其余下次再采。")
            crawl.requests += 1
            response = await super().download_request(request)
            # Still within the turn: the next request of the host must not slip through before the door is closed.
            asked = pause_asked(response.status, response.headers.get("Retry-After"), crawl.shared.clock.now())
            if asked is not None:
                crawl.shared.hosts.close(host, asked)
            return response
