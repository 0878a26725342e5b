"""Crawls a hot list: one request, a snapshot, and a post for each entry that is new on it."""

from collections.abc import Iterator

from parsel import Selector
from scrapy import Request
from scrapy.http import Response

from contracts.ports.crawl_state import PageState
from crawlers.hotlist import HotEntry, difference, entries_of, entries_on, keep, kept, snapshot_mark
from crawlers.json_items import JsonPage
from crawlers.spiders.json_spider import JsonSpider


class HotlistSpider(JsonSpider):
    """A list in JSON is read by `json` and `fields`, one on a web page by `row` and `fields`."""

    def read(self, response: Response) -> Iterator[Request]:
        if not self.crawl.source.row:
            yield from super().read(response)
        elif response.status == 304:
            self.crawl.unchanged += 1
        elif self.is_page(response):
            now = self.crawl.shared.clock.now()
            page = Selector(text=response.text, type="html")
            self._take(entries_on(page, response.url, self.crawl.source, now), response)

    def take_page(self, found: JsonPage, response: Response) -> Iterator[Request]:
        yield from ()
        self._take(entries_of(found, response.url, self.crawl.source, self.crawl.shared.clock.now()), response)

    def _take(self, entries: tuple[HotEntry, ...], response: Response) -> None:
        if not entries:
            key = "row" if self.crawl.source.row else "json.items"
            self.misread(
                response, f"{response.url} 上没有读到一条热榜：页面或接口可能变了，请检查 {key} 和 fields.text。"
            )
            return
        mark = snapshot_mark(self.crawl.source)
        state = self.crawl.page(mark)
        snapshot = difference(kept(state.body_digest) if state else None, entries, self.crawl.shared.clock.now())
        new = set(snapshot.ids("new"))
        self.crawl.unchanged += len(snapshot.ids("same"))
        self.crawl.take(
            [entry.post for entry in entries if entry.id in new],
            (self.state(response), PageState(url=mark, body_digest=keep(snapshot), fetched_at=snapshot.taken_at)),
        )
