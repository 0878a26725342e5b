"""Crawls an answer in JSON: page after page by cursor or number, from where the last crawl ended."""

import os
from collections.abc import AsyncIterator, Iterator

from scrapy import Request
from scrapy.http import Response

from contracts.errors import NotConfigured, Rejected
from contracts.ports.crawl_state import PageState
from crawlers.json_items import JsonPage, fill, higher, placeholders, read_json
from crawlers.links import own_address
from crawlers.raw_post import RawPost
from crawlers.source_crawl import SourceCrawl
from crawlers.spiders.article_spider import ArticleSpider, Lead, marks_of
from crawlers.token import token_header
from crawlers.vanished import NamedByList


class JsonSpider(ArticleSpider):
    """A request that carries a token follows no redirect: the token is for this host alone."""

    def __init__(self, crawl: SourceCrawl) -> None:
        super().__init__(crawl)
        self._names = placeholders(crawl.source.url)
        self._mark = f"{crawl.source.url}#since"
        state = crawl.page(self._mark)
        self._since = self._highest = state.body_digest if state else ""
        self._named = NamedByList(crawl, crawl.source.url)

    async def start(self) -> AsyncIterator[Request]:
        try:
            yield self.first()
        except NotConfigured as missing:
            self.crawl.fail(str(missing))

    def first(self) -> Request:
        return self._ask(self.crawl.source.json.page_first, 1)

    def _ask(self, page: int, count: int, cursor: str = "") -> Request:
        source = self.crawl.source
        url = fill(source.url, {"since": self._since, "cursor": cursor, "page": str(page)})
        # what has to be followed further must not be hidden by a 304
        request = self.ask(
            url, self.read, is_conditional=not self._names, page=page, count=count, leads_only=source.json.follow
        )
        if source.token:
            name, value = token_header(source.token, os.environ)
            request.headers[name] = value
            request.meta["dont_redirect"] = True
        return request

    def read(self, response: Response) -> Iterator[Request]:
        if response.status == 304:
            self.crawl.unchanged += 1
            yield from self.second_looks()
            return
        if response.status in {401, 403} and self.crawl.source.token:
            self.crawl.fail(
                f"{response.url} 不认这个令牌（{response.status}）：请检查环境变量 {self.crawl.source.token.env}。",
                "blocked",
            )
            return
        if response.status in {400, 404} and "page" in self._names and response.meta["count"] > 1:
            # a page beyond the last: WordPress answers 400, others 404
            yield from self._end(is_whole=True)
            return
        if not self.is_page(response):
            return
        try:
            found = read_json(response.body, response.url, self.crawl.source, self.crawl.shared.clock.now())
        except Rejected as error:
            self.misread(response, str(error))
            return
        yield from self.take_page(found, response)
        self._highest = higher(self._highest, found.since)
        meta = response.meta
        goes_on = meta["count"] < self.crawl.source.json.pages_max and bool(found.items)
        if goes_on and ("page" in self._names or ("cursor" in self._names and found.cursor)):
            yield self._ask(meta["page"] + 1, meta["count"] + 1, found.cursor)
        else:
            yield from self._end(is_whole=not found.items)

    def _end(self, *, is_whole: bool) -> Iterator[Request]:
        """Keep how far the walk came; `is_whole` where it came to its end."""
        if self._highest:
            now = self.crawl.shared.clock.now()
            self.crawl.keep_at_end(PageState(url=self._mark, body_digest=self._highest, fetched_at=now))
        if self.crawl.source.json.follow and not self._since:
            yield from self.look_again(self._named, is_whole=is_whole)

    def take_page(self, found: JsonPage, response: Response) -> Iterator[Request]:
        """Take the posts in; those whose article is to be read are asked for instead."""
        if found.items and not found.posts:
            text = self.crawl.source.fields.text
            self.misread(
                response,
                f"{response.url} 有 {len(found.items)} 项，fields.text“{text}”一处也没有取到字：请检查这个键。",
            )
            return
        leads: dict[str, Lead] = {}
        rest: list[RawPost] = []
        for post, changed in zip(found.posts, found.changed, strict=True):
            address = own_address(post.url, response.url, self.crawl.source) if self.crawl.source.json.follow else ""
            if address:
                lead = Lead(url=address, title=post.text, published_at=post.published_at, changed=changed)
                leads.setdefault(address, lead)
            else:
                rest.append(post)
        states = () if self._names or leads else (self.state(response),)
        self.crawl.take(rest, states)
        if not self._since:  # else the answer names what is new, and all the rest is missing
            self._named.add(marks_of(leads.values()))
        yield from self.ask_articles(leads.values())
