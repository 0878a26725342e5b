"""Crawls a feed: one page, many posts."""

from collections.abc import Iterator

from scrapy import Request
from scrapy.http import Response

from contracts.errors import Rejected
from crawlers.feed import read_feed
from crawlers.hints import read_hints
from crawlers.spiders.source_spider import SourceSpider, headers_of


class FeedSpider(SourceSpider):
    """One conditional request an interval."""

    def first(self) -> Request:
        return self.ask(self.crawl.source.url, self.read, is_conditional=True)

    def read(self, response: Response) -> Iterator[Request]:
        yield from ()
        if response.status == 304:
            self.crawl.unchanged += 1
            return
        if not self.is_page(response):
            return
        state = self.state(response)
        known = self.crawl.page(state.url)
        if known and known.body_digest == state.body_digest:
            self.crawl.unchanged += 1
            self.crawl.take((), (state,))
            return
        content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
        try:
            posts = read_feed(
                response.body,
                content_type=content_type,
                url=response.url,
                source=self.crawl.source,
                now=self.crawl.shared.clock.now(),
            )
        except Rejected as error:
            self.misread(response, str(error))
            return
        self.crawl.shows_window(read_hints(headers_of(response), response.body))
        self.crawl.take(posts, (state,))
