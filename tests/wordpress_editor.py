"""An editor who writes in WordPress by its own interface, with a password for programs, as no crawler of ours ever would.

She keeps the ledger: what stands on the site, and every wording that ever stood there.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from contracts.identity import post_id
from contracts.zone import BEIJING
from crawlers.times import read_time
from text.url import canonical_url
from tools.servers.wordpress import EDITOR, WordPress


@dataclass
class Comment:
    """A reader's comment."""

    number: int
    guid: str
    wordings: list[str]
    is_removed: bool = False


@dataclass
class Article:
    """One article: every wording it had, and whether it is still to be read."""

    number: int
    title: str
    url: str
    guid: str
    wordings: list[str]
    is_removed: bool = False
    comments: list[Comment] = field(default_factory=list)

    def id_in_feed(self, platform: str) -> str:
        """Return the id of the post that a crawl of the feed makes of it."""
        return post_id(platform, native_id=self.guid)

    @property
    def id_on_page(self) -> str:
        """The id of the post that its page makes."""
        return post_id("", canonical_url=canonical_url(self.url))


class Editor:
    """See the module."""

    def __init__(self, site: WordPress) -> None:
        self.articles: list[Article] = []
        self._http = httpx.Client(base_url=f"{site.address}/wp-json/wp/v2", auth=(EDITOR, site.password), timeout=30)
        self._site = site.address

    def close(self) -> None:
        """Leave an empty site."""
        for article in self.articles:
            self._http.delete(f"/posts/{article.number}", params={"force": "true"})
        self._http.close()

    def publishes(self, title: str, text: str) -> Article:
        said = self._send("/posts", title=title, content=_html(text), status="publish")
        article = Article(said["id"], title, said["link"], said["guid"]["raw"], [text])
        self.articles.append(article)
        return article

    def edits(self, article: Article, text: str) -> None:
        self._send(f"/posts/{article.number}", content=_html(text))
        article.wordings.append(text)

    def withdraws(self, article: Article) -> None:
        """Make a draft of it again."""
        self._send(f"/posts/{article.number}", status="draft")
        article.is_removed = True

    def deletes(self, article: Article) -> None:
        self._http.delete(f"/posts/{article.number}", params={"force": "true"}).raise_for_status()
        article.is_removed = True

    def comments(self, article: Article, text: str, *, on: Comment | None = None) -> Comment:
        said = self._send("/comments", post=article.number, content=text, parent=on.number if on else 0)
        comment = Comment(said["id"], said["link"], [text])
        article.comments.append(comment)
        return comment

    def edits_comment(self, comment: Comment, text: str) -> None:
        self._send(f"/comments/{comment.number}", content=text)
        comment.wordings.append(text)

    def entitles(self, article: Article, title: str) -> None:
        self._send(f"/posts/{article.number}", title=title)
        article.title = title

    def standing(self) -> list[Article]:
        """Return what a visitor can read now."""
        return [article for article in self.articles if not article.is_removed]

    def settles(self) -> None:
        """Wait until the feed's time of change is a second ago: before, no crawler may trust it."""
        until_s = time.monotonic() + 20
        while time.monotonic() < until_s:
            headers = httpx.get(f"{self._site}/feed/").headers
            now = datetime.now(BEIJING)
            changed, said = (read_time(headers[name], now) for name in ("Last-Modified", "Date"))
            if changed and said and (said - changed).total_seconds() >= 1:
                return
            time.sleep(0.1)
        raise AssertionError("the feed changes all the time")

    def _send(self, path: str, **fields: object) -> Any:
        answer = self._http.post(path, json=fields)
        assert answer.is_success, answer.text
        return answer.json()


def _html(text: str) -> str:
    return "".join(f"<p>{line}</p>" for line in text.splitlines())
