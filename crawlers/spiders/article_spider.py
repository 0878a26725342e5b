"""What the spiders of list, sitemap and json share: a page of an article, read again when its mark changes or in time."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

import msgspec
from parsel import Selector
from scrapy import Request
from scrapy.http import Response

from contracts.identity import digest
from contracts.ports.crawl_state import PageState
from crawlers.article import Unreadable
from crawlers.article_page import Hint, article_post
from crawlers.doors import door_for_text
from crawlers.replies import replies_on
from crawlers.source_crawl import SourceCrawl
from crawlers.spiders.source_spider import SourceSpider
from crawlers.vanished import NamedByList

AGAIN_AFTER: Final = timedelta(days=1)
"""An article that is still led to is asked for again after a day: an edit seldom changes the words of its link."""
AGAIN_MAX: Final = 20
"""So many a crawl at most: what is new goes first, and a list of hundreds is gone through over the day."""


class Lead(Hint, frozen=True):
    """An article to be read: its address, and the words that say whether it has changed since ("" = never)."""

    url: str = ""
    changed: str = ""
    tells_edits: bool = False
    """Whether those words change with every edit (`lastmod`): then nothing is asked again without cause."""


class ArticleSpider(SourceSpider):
    """Asks for the articles that are not known yet; `left_out` says whether some wait for the next crawl."""

    def __init__(self, crawl: SourceCrawl) -> None:
        super().__init__(crawl)
        self.left_out = False
        self._again = 0

    def ask_articles(self, leads: Iterable[Lead]) -> Iterator[Request]:
        """Ask for the new and changed ones, up to the source's articles_max a crawl, then for some that were read long ago."""
        yield from self.second_looks()
        fresh = [lead for lead in leads if lead.url not in self._asked]
        known = self.crawl.shared.crawl_state.pages([lead.url for lead in fresh])
        aged: list[Lead] = []
        for lead in fresh:
            state = known.get(lead.url)
            if state and state.body_digest == _mark(lead):
                if not lead.tells_edits and self.crawl.shared.clock.now() - state.fetched_at >= AGAIN_AFTER:
                    aged.append(lead)
                else:
                    self.crawl.unchanged += 1
                continue
            if len(self._asked) >= self.crawl.source.links.articles_max:
                self.left_out = True
                return
            yield self._ask_article(lead)
        room = self.crawl.source.links.articles_max - len(self._asked)
        aged.sort(key=lambda lead: known[lead.url].fetched_at)
        for lead in aged[: max(0, min(AGAIN_MAX - self._again, room))]:
            self._again += 1
            yield self._ask_article(lead)

    def _ask_article(self, lead: Lead) -> Request:
        self._asked.add(lead.url)
        request = self.ask(lead.url, self.read_article, is_conditional=True, lead=lead, mark=_mark(lead))
        # in the order of the leads: the newest of them must not be what requests_max leaves out
        return request.replace(priority=-len(self._asked))

    def second_looks(self) -> Iterator[Request]:
        """Ask again for what answered 404, now that what leads to the articles has come."""
        due = {one.url: one.mark for one in self.crawl.missing.due(self.crawl.shared.clock.now())}
        for url in self.unasked(due):
            yield self.ask(url, self.read_article, lead=Lead(url=url), mark=due[url])

    def look_again(self, list_: NamedByList, *, is_whole: bool) -> Iterator[Request]:
        """Ask once more for articles that a list does not name any longer although it should."""
        missed = list_.missed(is_whole=is_whole)
        for url in self.unasked(missed):
            yield self.ask(url, self.look, is_conditional=True, mark=missed[url].body_digest)

    def look(self, response: Response) -> Iterator[Request]:
        """See whether an article that no list names is gone; what still stands there has been read."""
        yield from ()
        if response.status in {404, 410}:
            url = response.request.url if response.request else response.url
            self.crawl.gone += 1
            self.crawl.missing.is_there(url)
            self.crawl.lose((url,), (self.state(response, url=url, mark=response.meta["mark"], has_validators=False),))

    async def read_article(self, response: Response) -> None:
        """Take one article in. A coroutine, so that the reading may be awaited from another process."""
        lead: Lead = response.meta["lead"]
        mark: str = response.meta["mark"]
        if response.status in {404, 410}:
            self.crawl.gone += 1
            is_gone = self.crawl.missing.is_gone(lead.url, response.status, mark, self.crawl.shared.clock.now())
            is_known = self.crawl.page(lead.url) is not None
            state = self.state(response, url=lead.url, mark=mark, has_validators=False)
            self.crawl.lose((lead.url,) if is_gone and is_known else (), (state,))
            return
        self.crawl.missing.is_there(lead.url)
        if response.status == 304:
            self.crawl.unchanged += 1
            if known := self.crawl.page(lead.url):
                seen_at = self.crawl.shared.clock.now()
                self.crawl.take((), (msgspec.structs.replace(known, body_digest=mark, fetched_at=seen_at),))
            return
        state = self.state(response, url=lead.url, mark=mark, has_validators=response.url == lead.url)
        if not self.is_page(response):
            return
        now = self.crawl.shared.clock.now()
        kind = (response.headers.get("Content-Type") or b"").decode("latin-1")
        article = await self.crawl.shared.extraction.read(
            response.body, response.url, content_type=kind, first_seen=now
        )
        page = Selector(text=response.text, type="html")
        post = article_post(article, page, url=response.url, source=self.crawl.source, hint=lead, now=now)
        if isinstance(post, Unreadable):
            self.misread(
                response,
                f"{response.url} 上没有读到正文（{post.reason}）请检查 article.text 选择器，或用 links.pattern 排除这类页面。",
            )
            return
        if said := door_for_text(post.title, post.text, response.url):
            self.crawl.fail(said, "blocked")
            return
        replies = replies_on(page, response.url, self.crawl.source, now)
        self.crawl.take((post, *replies), (state,))

    def remember_declined(self, request: Request) -> None:
        """Leave an article that is not to be kept alone until what leads to it changes."""
        lead: Lead | None = request.meta.get("lead")
        if lead:
            now = self.crawl.shared.clock.now()
            self.crawl.take((), (PageState(url=lead.url, body_digest=_mark(lead), fetched_at=now),))


def marks_of(leads: Iterable[Lead]) -> dict[str, str]:
    """Return what is remembered of each article when it has been read, by its address."""
    return {lead.url: _mark(lead) for lead in leads}


def _mark(lead: Lead) -> str:
    return digest("article", lead.changed)
