"""Crawls a forum: list pages → threads → pages of posts.

A page is asked for conditionally only when nothing further has to be followed from it: a 304 has no links. A list
page is remembered at the end only, when all that it led to is safe.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from parsel import Selector
from scrapy import Request
from scrapy.http import Response

from contracts.identity import post_id
from contracts.ports.crawl_state import PageState
from crawlers.edge import address
from crawlers.forum import read_list, read_thread
from crawlers.source import PostShape, ThreadList
from crawlers.source_crawl import SourceCrawl
from crawlers.spiders.source_spider import SourceSpider
from crawlers.vanished import NamedByList


class ForumSpider(SourceSpider):
    """Follows a thread again only when its mark has changed, if the source has one."""

    def __init__(self, crawl: SourceCrawl) -> None:
        super().__init__(crawl)
        assert crawl.source.list is not None
        assert crawl.source.post is not None
        self._list: ThreadList = crawl.source.list
        self._post: PostShape = crawl.source.post
        self._threads = 0
        self._has_left_out = False
        self._named = NamedByList(crawl, crawl.source.url)

    def first(self) -> Request:
        return self._ask_list(self.crawl.source.url, 1)

    def _ask_list(self, url: str, page: int) -> Request:
        self._asked.add(url)
        return self.ask(url, self.read_list, is_conditional=bool(self._list.changed_by), page=page, leads_only=True)

    def read_list(self, response: Response) -> Iterator[Request]:
        if response.status == 304:
            self.crawl.unchanged += 1
            yield from self._second_looks()
            return
        if not self.is_page(response, is_list=True):
            return
        found = read_list(_selector(response), self._list, response.url, self.crawl.source)
        if not found.rows:
            self.misread(
                response, f"{response.url} 上没有一处符合 list.row“{self._list.row}”：页面可能改版了，请检查选择器。"
            )
            return
        yield from self._second_looks()
        known = self.crawl.shared.crawl_state.pages([thread.url for thread in found.threads])
        self._named.add({thread.url: thread.mark for thread in found.threads})
        for thread in found.threads:
            if thread.url in self._asked:
                continue
            state = known.get(thread.url)
            if thread.mark and state and state.body_digest == thread.mark:
                self.crawl.unchanged += 1
                continue
            if self._threads == self._list.threads_max:
                self._has_left_out = True
                break
            self._threads += 1
            self._asked.add(thread.url)
            yield self.ask(
                thread.url, self.read_thread, is_conditional=True, page=1, thread=thread.url, mark=thread.mark
            )
        page: int = response.meta["page"]
        if found.next and page < self._list.pages_max and not self._has_left_out and found.next not in self._asked:
            yield self._ask_list(found.next, page + 1)
            return
        if self._list.changed_by and not self._has_left_out:
            self.crawl.keep_at_end(self.state(response))
        yield from self._look_again(is_whole=not found.next)

    def _look_again(self, *, is_whole: bool) -> Iterator[Request]:
        """Ask once more for threads that the list does not name any longer although it should."""
        missed = self._named.missed(is_whole=is_whole)
        for thread in self.unasked(missed):
            yield self.ask(
                thread, self.read_thread, is_conditional=True, page=1, thread=thread, mark=missed[thread].body_digest,
                is_last_look=True,
            )  # fmt: skip

    def _second_looks(self) -> Iterator[Request]:
        """Ask again for what answered 404; only once the list has come: a site that is broken says nothing by a 404."""
        due = {one.url: one.mark for one in self.crawl.missing.due(self.crawl.shared.clock.now())}
        for thread in self.unasked(due):
            yield self.ask(thread, self.read_thread, page=1, thread=thread, mark=due[thread])

    def read_thread(self, response: Response) -> Iterator[Request]:
        meta: dict[str, Any] = response.meta
        thread: str = meta["thread"]
        mark: str = meta["mark"]
        is_last_look = "is_last_look" in meta
        if response.status == 304:
            self.crawl.unchanged += 1
            self.crawl.missing.is_there(thread)
            state = self.crawl.page(thread)
            if state and mark:
                self.crawl.take((), (msgspec.structs.replace(state, body_digest=mark),))
            return
        if response.status in {404, 410}:
            self.crawl.gone += 1
            # not asked for again until the list says that it has changed
            states = (self.state(response, url=thread, mark=mark, has_validators=False),) if mark else ()
            # a later page alone may be gone because its posts moved to an earlier one
            is_gone = meta["page"] == 1 and self.crawl.missing.is_gone(
                thread, response.status, mark, self.crawl.shared.clock.now(), is_named=not is_last_look
            )
            self.crawl.lose(self._addresses(thread) if is_gone else (), states)
            return
        if is_last_look and (response.status != 200 or "redirect_urls" in meta):
            return  # it went where the public does not come; no list shows it, so nothing is amiss
        if meta["page"] == 1:
            self.crawl.missing.is_there(thread)
        if not self.is_page(response):
            return
        now = self.crawl.shared.clock.now()
        found = read_thread(
            _selector(response), self._post, url=response.url, thread=thread, source=self.crawl.source, now=now
        )
        page: int = meta["page"]
        self.crawl.lose_posts([self._post_id(native_id) for native_id in found.removed])
        if not found.posts and not found.removed and page == 1:
            if is_last_look:
                return
            self.misread(
                response,
                f"{response.url} 上没有一处符合 post.row“{self._post.row}”且有正文：页面可能改版了，请检查选择器。",
            )
            return
        follows = bool(found.next) and page < self.crawl.source.thread.pages_max and found.next not in self._asked
        here = self._at(response, thread, page)
        if follows:
            self.crawl.take(found.posts, (here,))
            self._asked.add(found.next)
            yield self.ask(found.next, self.read_thread, page=page + 1, thread=thread, mark=mark)
        else:
            state = self.state(response, url=thread, mark=mark, has_validators=page == 1)
            self.crawl.take(found.posts, (here, state))

    def _post_id(self, native_id: str) -> str:
        source = self.crawl.source
        return post_id(source.platform or source.id, native_id=native_id)

    def _at(self, response: Response, thread: str, page: int) -> PageState:
        """Remember under which address the posts of a page stand: its number alone is known once the thread is gone."""
        return PageState(
            url=_numbered(thread, page), body_digest=address(response.url), fetched_at=self.crawl.shared.clock.now()
        )

    def _addresses(self, thread: str) -> tuple[str, ...]:
        """Return the addresses under which posts of the thread were taken in; none for one that was never read."""
        pages = [_numbered(thread, page) for page in range(1, self.crawl.source.thread.pages_max + 1)]
        known = self.crawl.shared.crawl_state.pages([thread, *pages])
        return tuple({thread, *(known[page].body_digest for page in pages if page in known)}) if known else ()


def _numbered(thread: str, page: int) -> str:
    return f"{thread}#{page}"


def _selector(response: Response) -> Selector:
    """Read as HTML whatever the page calls itself: XHTML would put every element into a namespace."""
    return Selector(text=response.text, type="html")
