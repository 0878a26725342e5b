"""Crawls a list page of articles: list pages → articles."""

from collections.abc import Iterator

from parsel import Selector
from scrapy import Request
from scrapy.http import Response

from crawlers.article_links import read_links
from crawlers.source_crawl import SourceCrawl
from crawlers.spiders.article_spider import ArticleSpider, Lead, marks_of
from crawlers.vanished import NamedByList


class ListSpider(ArticleSpider):
    """An article is read again when the words of its link change, and after a day; the list is remembered when all it led to is safe."""

    def __init__(self, crawl: SourceCrawl) -> None:
        super().__init__(crawl)
        self._named = NamedByList(crawl, crawl.source.url)

    def first(self) -> Request:
        return self._ask_list(self.crawl.source.url, 1)

    def _ask_list(self, url: str, page: int) -> Request:
        # with further pages a 304 would hide them: it has no links
        return self.ask(url, self.read_list, is_conditional=not self.crawl.source.links.next, page=page)

    def read_list(self, response: Response) -> Iterator[Request]:
        if response.status == 304:
            self.crawl.unchanged += 1
            yield from self.second_looks()
            return
        if not self.is_page(response, is_list=True):
            return
        links = self.crawl.source.links
        found = read_links(Selector(text=response.text, type="html"), response.url, self.crawl.source)
        if not found.articles:
            asked = f"links.pattern“{links.pattern}”" if links.pattern else f"links.link“{links.link}”"
            self.misread(
                response,
                f"{response.url} 上的 {found.found} 个链接没有一个符合 {asked}：页面可能改版了，请检查这个键。",
            )
            return
        leads = [Lead(url=one.url, title=one.words, changed=one.words) for one in found.articles]
        self._named.add(marks_of(leads))
        yield from self.ask_articles(leads)
        page: int = response.meta["page"]
        if found.next and page < links.pages_max and not self.left_out:
            yield self._ask_list(found.next, page + 1)
            return
        if not links.next and not self.left_out:
            self.crawl.keep_at_end(self.state(response))
        yield from self.look_again(self._named, is_whole=False)
