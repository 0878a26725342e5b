"""What the spiders share: the first request, requests with their failures, and the state of a page."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from parsel import Selector
from scrapy import Request, Spider
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.http import Response, TextResponse

from contracts.diagnosis import FailureKind
from contracts.identity import digest
from contracts.ports.crawl_state import PageState
from crawlers.doors import door, door_in_answer, refusal
from crawlers.refused import Declined, NotNow, Refused, Stopped
from crawlers.settings import CrawlSettings
from crawlers.source_crawl import SourceCrawl
from crawlers.times import read_time

_NO = frozenset({401, 402, 403, 407, 429, 451})
"""Answers that mean us."""

_SECOND = timedelta(seconds=1)

Callback = Callable[[Response], Iterator[Request] | Awaitable[None]]


class SourceSpider(Spider):
    """Crawls one source; posts go straight to `crawl.take`, so that no page is remembered before its posts are safe."""

    def __init__(self, crawl: SourceCrawl) -> None:
        super().__init__(name=crawl.source.id)
        self.crawl = crawl
        self._asked: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        yield self.first()

    def first(self) -> Request:
        raise NotImplementedError

    def ask(self, url: str, callback: Callback, *, is_conditional: bool = False, **meta: Any) -> Request:
        meta["is_conditional"] = is_conditional
        return Request(url, callback=callback, errback=self.failed, dont_filter=True, meta=meta)

    def unasked(self, urls: Iterable[str]) -> Iterator[str]:
        """Yield the addresses that this crawl has not asked for, each counted as asked from here on."""
        for url in urls:
            if url not in self._asked:
                self._asked.add(url)
                yield url

    def failed(self, failure: Any) -> None:
        error = failure.value
        if isinstance(error, Stopped):
            self.crawl.was_stopped = True
        elif isinstance(error, Declined):
            self.crawl.decline(str(error))
            self.remember_declined(failure.request)
        else:
            if isinstance(error, NotNow) and error.later_s:
                self.crawl.ask_later(error.later_s)
            self.crawl.fail(explain(error, failure.request.url, self.crawl.shared.settings), kind_of(error))

    def remember_declined(self, request: Request) -> None:
        """Leave a page that is not to be kept alone until it changes, where a list would say so."""
        mark, url = request.meta.get("mark"), request.meta.get("thread")
        if mark and url:
            now = self.crawl.shared.clock.now()
            self.crawl.take((), (PageState(url=url, body_digest=mark, fetched_at=now),))

    def is_page(self, response: Response, *, is_list: bool = False) -> bool:
        """Whether there is a text to read; says why not. A list holds no posts of its own."""
        if said := refusal(response.url, response.status, was_redirected="redirect_urls" in response.meta):
            self.crawl.fail(said, "blocked")
        elif response.status != 200:
            self.crawl.fail(f"{response.url} 回应 {response.status}，没有采到。", kind_of_status(response.status))
        elif not isinstance(response, TextResponse):
            self.crawl.fail(f"{response.url} 不是网页或订阅源，没有采到。", "changed")
        else:
            self.crawl.came(headers_of(response), response.body, is_list=is_list)
            return True
        return False

    def misread(self, response: Response, sentence: str) -> None:
        """Say that a page has not the shape we know, or that it is a door before one."""
        said = ""
        if response.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
            said = door_in_answer(response.body, response.url)
        elif isinstance(response, TextResponse):
            said = door(Selector(text=response.text, type="html"), response.url)
        self.crawl.fail(said or sentence, "blocked" if said else "changed")

    def state(self, response: Response, *, url: str = "", mark: str = "", has_validators: bool = True) -> PageState:
        """Return what to remember of a page: its validators, and a digest (of the body unless `mark` is given)."""
        now = self.crawl.shared.clock.now()
        is_own = has_validators and url in {"", response.url} and _is_settled(response, now)
        return PageState(
            url=url or response.url,
            etag=_header(response, "ETag") if is_own else "",
            last_modified=_header(response, "Last-Modified") if is_own else "",
            body_digest=mark or digest("body", response.body.decode("latin-1")),
            fetched_at=now,
        )


def headers_of(response: Response) -> dict[str, str]:
    """Return the headers as text."""
    return {str(name): str(value) for name, value in response.headers.to_unicode_dict().items()}


def kind_of_status(status: int) -> FailureKind:
    """Return what an answer without a page means for the health of its source."""
    return "blocked" if status in _NO else "down"


def kind_of(error: BaseException) -> FailureKind:
    """Return what a failed request means for the health of its source."""
    if isinstance(error, Refused):
        return error.kind
    return "slow" if isinstance(error, DownloadTimeoutError) else "down"


def explain(error: BaseException, url: str, settings: CrawlSettings) -> str:
    """Return one Chinese sentence for a page that could not be had."""
    size = f"{settings.page_bytes_max / 1024 / 1024:.0f} MB"
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, DownloadTimeoutError):
        return f"{url} 在 {settings.timeout_s:.0f} 秒内没有回应：稍后会自动再试。"
    if isinstance(error, (DownloadCancelledError, IgnoreRequest)):
        return f"{url} 超过 {size}，没有读：请换一个小一些的页面。"
    if isinstance(error, DownloadConnectionRefusedError):
        return f"连不上 {url}：对方没有开着，稍后会自动再试。"
    if isinstance(error, CannotResolveHostError):
        return f"找不到 {url} 的主机：请检查网址和网络。"
    return f"没有取到 {url}（{type(error).__name__}）：稍后会自动再试。"


def _is_settled(response: Response, now: datetime) -> bool:
    """Whether the page's validators tell its next change: one within the same second would keep Last-Modified as it is.

    RFC 9110, 8.8.2.2; many servers make the ETag of the same time (WordPress does), so that neither is to be trusted.
    """
    changed, said = (read_time(_header(response, name), now) for name in ("Last-Modified", "Date"))
    return not changed or not said or said - changed >= _SECOND


def _header(response: Response, name: str) -> str:
    return (response.headers.get(name) or b"").decode("latin-1")[:500]
