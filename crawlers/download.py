"""The way onto the wire: every request, robots.txt and redirects included, waits for its host's turn here.

This is the last gate: whatever a spider, a source or a setting asked for, a request leaves under our one name, without
cookies, from a counted turn, and to an address judged in that very moment.
"""

import re
from typing import Any

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.utils.httpobj import urlparse_cached

from crawlers.heads import BoundedHeads
from crawlers.limits import count
from crawlers.refused import NotNow, Refused
from crawlers.source_crawl import SourceCrawl

_OTHER_WAYS = ("proxy", "bindaddress", "download_maxsize", "download_timeout", "download_fail_on_dataloss")
"""Words to Scrapy by which a request could leave another way or with other limits."""
_CONTACT = re.compile(r"(?:https?://|mailto:)?[!-'*-~]*[@./][!-'*-~]+")


class PoliteDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's HTTP handler behind the politeness of `crawlers.politeness`; connections are not kept open."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self._pool.persistent = False  # an idle connection of one crawl would be a second one beside another crawl's
        self._pool._factory = BoundedHeads  # noqa: SLF001 - Scrapy sets its own the same way

    async def download_request(self, request: Any) -> Any:
        spider: Any = self._crawler.spider
        crawl: SourceCrawl = spider.crawl
        shared = crawl.shared
        host = host_of(request)
        is_loopback = shared.names.is_loopback(host)
        if not is_loopback:
            require_contact(shared.settings.contact)
        _identify(request, shared.settings.user_agent, shared.settings.timeout_s)
        async with shared.hosts.turn(host, crawl.source.request_gap_s, is_loopback=is_loopback):
            if crawl.requests >= crawl.source.requests_max:
                raise NotNow(f"一次采集已请求 {crawl.requests} 页，到了 requests_max 的上限，其余下次再采。")
            await shared.names.admit(host, crawl.source.allow_private)
            if is_loopback and not shared.names.is_loopback(host):
                raise Refused(f"{host} 刚才还是本机，现在指向别处：请检查域名解析。")
            count(shared.crawl_state, host, shared.clock, is_loopback=is_loopback)
            crawl.requests += 1
            response = await super().download_request(request)
            # Still within the turn: the next request of the host must not slip through before the door is closed.
            request.meta["pause_s"] = shared.hosts.answered(
                host,
                response.status,
                response.headers.get("Retry-After"),
                response.headers.get("Date"),
                shared.clock.now(),
            )
            return response


def host_of(request: Any) -> str:
    """Return the host that a request goes to, one spelling for each: turns and counts go by it."""
    return (urlparse_cached(request).hostname or "").lower().rstrip(".")


def require_contact(contact: str) -> None:
    """Raise Refused unless a site's owner could reach us."""
    if not _CONTACT.fullmatch(contact):
        raise Refused("采集公网前要留下联系方式：请在 qingting.toml 的 [crawl] 写 contact（网址或邮箱，不含空格）。")


def _identify(request: Any, agent: str, timeout_s: float) -> None:
    request.headers["User-Agent"] = agent
    for name in ("Cookie", "Referer", "From"):
        request.headers.pop(name, None)
    for word in _OTHER_WAYS:
        request.meta.pop(word, None)
    request.meta["download_timeout"] = timeout_s
