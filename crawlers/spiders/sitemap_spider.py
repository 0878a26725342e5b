"""Crawls a sitemap: index → sitemaps → articles, the newest first."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from scrapy import Request
from scrapy.http import Response

from contracts.errors import Rejected
from crawlers.sitemap import Entry, read_sitemap
from crawlers.source_crawl import SourceCrawl
from crawlers.spiders.article_spider import ArticleSpider, Lead, marks_of
from crawlers.spiders.source_spider import headers_of, kind_of_status
from crawlers.vanished import NamedByList

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class SitemapSpider(ArticleSpider):
    """Reads `links.pages_max` sitemaps at most; an article is read again when its lastmod changes."""

    def __init__(self, crawl: SourceCrawl) -> None:
        super().__init__(crawl)
        self._sitemaps: set[str] = set()
        self._unread = 1
        """Sitemaps asked for and not yet read."""
        self._is_fitting = False
        """Whether the pattern fitted anywhere: an index also leads to sitemaps of other things than articles."""
        self._pattern = re.compile(crawl.source.links.pattern)
        self._oldest = crawl.shared.clock.now() - timedelta(days=crawl.source.links.days_max)

    def first(self) -> Request:
        return self.ask(self.crawl.source.url, self.read_sitemap, is_conditional=True)

    def read_sitemap(self, response: Response) -> Iterator[Request]:
        self._unread -= 1
        if response.status == 304:
            self.crawl.unchanged += 1
            self._is_fitting = True
            yield from self.second_looks()
            return
        if response.status != 200:
            self.crawl.fail(f"{response.url} 回应 {response.status}，没有采到。", kind_of_status(response.status))
            return
        self.crawl.came(headers_of(response), response.body, is_list=True)
        try:
            found = read_sitemap(response.body, response.url, self.crawl.source, self.crawl.shared.clock.now())
        except Rejected as error:
            self.misread(response, str(error))
            return
        if not found.pages and not found.sitemaps:
            self.misread(response, f"{response.url} 里没有通往本信源主机的网址：请检查网址，或用 hosts 写明别的主机。")
            return
        for entry in self._newest_first(found.sitemaps):
            if len(self._sitemaps) == self.crawl.source.links.pages_max:
                break
            if entry.url not in self._sitemaps:
                self._sitemaps.add(entry.url)
                self._unread += 1
                yield self.ask(entry.url, self.read_sitemap, is_conditional=True)
        wanted = [entry for entry in found.pages if self._pattern.search(entry.url)]
        self._is_fitting |= bool(wanted)
        if found.pages and not self._unread and not self._is_fitting:
            self.misread(
                response, f"{response.url} 里没有一个网址符合 links.pattern“{self._pattern.pattern}”：请检查。"
            )
        yield from self.ask_articles(
            Lead(
                url=entry.url,
                title=entry.title,
                published_at=entry.at,
                changed=entry.changed,
                tells_edits=bool(entry.changed),
            )
            for entry in self._newest_first(wanted)
        )
        if found.pages:
            leads = [Lead(url=entry.url, changed=entry.changed) for entry in self._newest_first(wanted)]
            listed = NamedByList(self.crawl, response.url)
            listed.add(marks_of(leads))
            # what is dated leaves a sitemap with age; one without dates names all that there is
            yield from self.look_again(listed, is_whole=not any(entry.at for entry in wanted))
        if not self.left_out and not found.sitemaps:
            # An index is asked anew each time: what it names may have changed without it.
            self.crawl.keep_at_end(self.state(response))

    def _newest_first(self, entries: Sequence[Entry]) -> list[Entry]:
        recent = [entry for entry in entries if entry.at is None or entry.at >= self._oldest]
        return sorted(recent, key=lambda entry: entry.at or _LONG_AGO, reverse=True)
