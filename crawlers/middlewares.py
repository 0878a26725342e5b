"""What every request passes on its way out, in this order: address, robots.txt, validators; and what answers pass."""

from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from crawlers.politeness import pause_asked
from crawlers.refused import Refused
from crawlers.robots import Robots, judge_answer, unreachable
from crawlers.source_crawl import SourceCrawl

_CRAWL_DELAY_S_MAX = 600.0
"""Beyond ten minutes between two pages a crawl would never end: then it is not begun."""


class _Middleware:
    def __init__(self, crawler: Any) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Any) -> "_Middleware":
        return cls(crawler)

    @property
    def crawl(self) -> SourceCrawl:
        crawl: SourceCrawl = self.crawler.spider.crawl
        return crawl


class AddressGuard(_Middleware):
    """Refuses private networks, on every hop."""

    async def process_request(self, request: Request) -> None:
        host = (urlparse_cached(request).hostname or "").lower()
        await self.crawl.shared.names.admit(host, self.crawl.source.allow_private)


class RobotsGuard(_Middleware):
    """Reads robots.txt first, and takes no answer for a no."""

    async def process_request(self, request: Request) -> None:
        if request.meta.get("is_robots"):
            return
        parts = urlparse_cached(request)
        origin = f"{parts.scheme}://{parts.netloc}"
        robots = await self._robots(origin)
        if robots.failure:
            raise Refused(robots.failure, robots.kind)
        if robots.crawl_delay_s > _CRAWL_DELAY_S_MAX:
            raise Refused(
                f"{origin} 要求两次请求相隔 {robots.crawl_delay_s:.0f} 秒，采不过来：请停用该信源。", "blocked"
            )
        self.crawl.shared.hosts.crawl_delay(parts.hostname or "", robots.crawl_delay_s)
        if not robots.allows(request.url):
            raise Refused(f"{request.url} 被对方的 robots.txt 禁止采集：请换网址或停用该信源。", "blocked")

    async def _robots(self, origin: str) -> Robots:
        shared = self.crawl.shared
        async with shared.robots.lock(origin):
            known = shared.robots.get(origin, shared.clock.now())
            if known is None:
                known = await self._fetch(origin)
                shared.robots.keep(origin, known, shared.clock.now())
            return known

    async def _fetch(self, origin: str) -> Robots:
        request = Request(f"{origin}/robots.txt", meta={"is_robots": True}, dont_filter=True)
        try:
            response = await self.crawler.engine.download_async(request)
        except Refused:
            raise  # our own decision about this one request, not the site's answer
        except Exception:  # noqa: BLE001 - whatever went wrong, no answer means no
            return unreachable(origin)
        return judge_answer(response.status, response.body, origin)


class Validators(_Middleware):
    """Asks whether a page has changed, by what our own store knows of it."""

    def process_request(self, request: Request) -> None:
        # A redirect carries the headers of the hop before it.
        request.headers.pop("If-None-Match", None)
        request.headers.pop("If-Modified-Since", None)
        state = self.crawl.page(request.url) if request.meta.get("is_conditional") else None
        if state and state.etag:
            request.headers["If-None-Match"] = state.etag
        if state and state.last_modified:
            request.headers["If-Modified-Since"] = state.last_modified


class Redirects(RedirectMiddleware):
    """Scrapy's, without a Referer, and with a sentence at its limit."""

    def handle_referer(self, request: Request, response: Response) -> None:
        del response
        request.headers.pop("Referer", None)

    def _redirect(self, redirected: Request, request: Request, reason: Any) -> Request:
        try:
            return super()._redirect(redirected, request, reason)
        except IgnoreRequest as error:
            raise Refused(f"{request.url} 转来转去超过 {self.max_redirect_times} 次：请检查网址。") from error


class RetryAfter(_Middleware):
    """Waits as long as a host asks for: a short while within the crawl, a long one until the next."""

    def process_response(self, request: Request, response: Response) -> Request | Response:
        shared = self.crawl.shared
        asked = pause_asked(response.status, response.headers.get("Retry-After"), shared.clock.now())
        if asked is None:
            return response
        host = urlparse_cached(request).hostname or ""
        if asked <= shared.settings.retry_after_wait_s and not request.meta.get("has_waited"):
            return request.replace(meta={**request.meta, "has_waited": True}, dont_filter=True)
        self.crawl.ask_later(asked)
        raise Refused(f"{host} 要求 {asked:.0f} 秒后再来，已照办。", "blocked" if response.status == 429 else "slow")
