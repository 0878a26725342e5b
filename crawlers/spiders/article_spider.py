"""What the spiders of list, sitemap and json share: a page of an article, read once and again only when its mark changes."""

from collections.abc import Iterable, Iterator

import msgspec
from parsel import Selector
from scrapy import Request
from scrapy.http import Response

from contracts.identity import digest
from contracts.ports.crawl_state import PageState
from crawlers.article import Unreadable
from crawlers.article_page import Hint, article_post
from crawlers.source_crawl import SourceCrawl
from crawlers.spiders.source_spider import SourceSpider
from crawlers.vanished import NamedByList


class Lead(Hint, frozen=True):
    """An article to be read: its address, and the words that say whether it has changed since ("" = never)."""

    url: str = ""
    changed: str = ""


class ArticleSpider(SourceSpider):
    """Asks for the articles that are not known yet; `left_out` says whether some wait for the next crawl."""

    def __init__(self, crawl: SourceCrawl) -> None:
        super().__init__(crawl)
        self.left_out = False
        self._asked: set[str] = set()

    def ask_articles(self, leads: Iterable[Lead]) -> Iterator[Request]:
        """Ask for the new and changed ones, up to the source's articles_max a crawl."""
        fresh = [lead for lead in leads if lead.url not in self._asked]
        known = self.crawl.shared.crawl_state.pages([lead.url for lead in fresh])
        for lead in fresh:
            state = known.get(lead.url)
            if state and state.body_digest == _mark(lead):
                self.crawl.unchanged += 1
                continue
            if len(self._asked) == self.crawl.source.links.articles_max:
                self.left_out = True
                return
            self._asked.add(lead.url)
            request = self.ask(lead.url, self.read_article, is_conditional=True, lead=lead)
            # in the order of the leads: the newest of them must not be what requests_max leaves out
            yield request.replace(priority=-len(self._asked))

    def look_again(self, list_: NamedByList, *, is_whole: bool) -> Iterator[Request]:
        """Ask once more for articles that a list does not name any longer although it should."""
        for url, state in list_.missed(is_whole=is_whole).items():
            if url not in self._asked:
                self._asked.add(url)
                yield self.ask(url, self.look, is_conditional=True, mark=state.body_digest)

    def look(self, response: Response) -> Iterator[Request]:
        """See whether an article that no list names is gone; what still stands there has been read."""
        yield from ()
        if response.status in {404, 410}:
            url = response.request.url if response.request else response.url
            self.crawl.gone += 1
            self.crawl.lose((url,), (self.state(response, url=url, mark=response.meta["mark"], has_validators=False),))

    async def read_article(self, response: Response) -> None:
        """Take one article in. A coroutine, so that the reading may be awaited from another process."""
        lead: Lead = response.meta["lead"]
        if response.status == 304:
            self.crawl.unchanged += 1
            if state := self.crawl.page(lead.url):
                self.crawl.take((), (msgspec.structs.replace(state, body_digest=_mark(lead)),))
            return
        state = self.state(response, url=lead.url, mark=_mark(lead), has_validators=response.url == lead.url)
        if response.status in {404, 410}:
            self.crawl.gone += 1
            self.crawl.lose((lead.url,) if self.crawl.page(lead.url) else (), (state,))
            return
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
            self.crawl.fail(
                f"{response.url} 上没有读到正文（{post.reason}）请检查 article.text 选择器，或用 links.pattern 排除这类页面。",
                "changed",
            )
            return
        self.crawl.take((post,), (state,))

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
