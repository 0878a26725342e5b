"""What every request passes on its way out, in this order: address, host, robots.txt, validators; and what answers pass."""

from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.utils.httpobj import urlparse_cached

from contracts.diagnosis import FailureKind
from contracts.errors import Retryable
from crawlers.download import host_of
from crawlers.refused import Declined, NotNow, Refused
from crawlers.robots import Robots, judge_answer, unreachable
from crawlers.source import ascii_host
from crawlers.source_crawl import SourceCrawl
from crawlers.true_charset import in_true_charset
from crawlers.wishes import wishes

_CRAWL_DELAY_S_MAX = 600.0
"""Beyond ten minutes between two pages a crawl would never end: then it is not begun."""
_CODINGS_MAX = 2
"""Gzip within gzip is a mistake; within a hundred it is a bomb that no limit of bytes sees early."""


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
        await self.crawl.shared.names.look(host_of(request), self.crawl.source.allow_private)


class HostGuard(_Middleware):
    """Keeps a crawl on the hosts of its source: a redirect leads away without anybody's having looked."""

    def process_request(self, request: Request) -> None:
        host, source = host_of(request), self.crawl.source
        own = {_bare(known) for known in (source.host, *map(ascii_host, source.hosts))}
        if not request.meta.get("is_robots") and _bare(host) not in own:
            raise Refused(f"{request.url} 已不在该信源的主机上：确认无误请把 {host} 写进该信源的 hosts。")


def _bare(host: str) -> str:
    return host.rstrip(".").removeprefix("www.")


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
        self.crawl.shared.hosts.crawl_delay(host_of(request), robots.crawl_delay_s)
        if not robots.allows(request.url):
            raise Refused(f"{request.url} 被对方的 robots.txt 禁止采集：请换网址或停用该信源。", "blocked")
        self.crawl.is_allowed = True

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
        except (NotNow, Retryable):
            raise  # a limit or a fault of ours, not the site's answer
        except Refused as refused:
            return unreachable(origin, f"读不到（{str(refused).rstrip('。')}）")
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


class Codings(_Middleware):
    """Refuses an answer that is packed again and again, before it is unpacked."""

    def process_response(self, request: Request, response: Response) -> Response:
        del request
        if b",".join(response.headers.getlist("Content-Encoding")).count(b",") >= _CODINGS_MAX:
            raise Refused(f"{response.url} 的内容层层压缩，没有读：请换一个页面。")
        return response


class WishesOfPages(_Middleware):
    """Keeps no page that asks not to be kept. A page of links only (`leads_only`) may say noindex, but not nofollow."""

    def process_response(self, request: Request, response: Response) -> Response:
        if response.status != 200 or request.meta.get("is_robots"):
            return response
        headers = [value.decode("latin-1") for value in response.headers.getlist("X-Robots-Tag")]
        page = response.body if isinstance(response, HtmlResponse) else b""
        wish = wishes(headers, page, self.crawl.shared.clock.now())
        if request.meta.get("leads_only"):
            if not wish.follow:
                raise Declined(f"{response.url} 写明链接不许跟随（nofollow），已照办。")
        elif not wish.keep:
            raise Declined(f"{response.url} 写明不许收录（noindex），已照办，没有保存。")
        return response


class TrueCharset(_Middleware):
    """Reads a page in the charset that its bytes are in."""

    def process_response(self, request: Request, response: Response) -> Response:
        del request
        return in_true_charset(response) if isinstance(response, TextResponse) else response


class RetryAfter(_Middleware):
    """Waits as long as a host asks for: a short while within the crawl, a long one until the next."""

    def process_response(self, request: Request, response: Response) -> Request | Response:
        asked = request.meta.pop("pause_s", None)
        if asked is None:
            return response
        if asked <= self.crawl.shared.settings.retry_after_wait_s and not request.meta.get("has_waited"):
            return request.replace(meta={**request.meta, "has_waited": True}, dont_filter=True)
        kind: FailureKind = "blocked" if response.status == 429 else "slow"
        raise NotNow(f"{host_of(request)} 要求 {asked:.0f} 秒后再来，已照办。", asked, kind)
