"""People who write in the Spirit forum by its own forms, with a log-in, as no crawler of ours ever would.

They keep the ledger: what stands in the forum, and every wording that ever stood there.
"""

import re
from dataclasses import dataclass, field

import httpx
from parsel import Selector

from contracts.identity import post_id
from tools.servers.spirit import MODERATOR, PASSWORD


@dataclass
class Comment:
    """One comment: every wording it had, and whether a moderator took it down."""

    topic: "Topic"
    number: int
    wordings: list[str]
    is_removed: bool = False

    def id_in(self, source: str) -> str:
        """Return the id of the post that a crawl of this source makes of it."""
        return post_id(source, native_id=f"{self.topic.url}#{self.number}")


@dataclass
class Topic:
    """One topic: its comments in their order."""

    number: int
    title: str
    url: str
    comments: list[Comment] = field(default_factory=list)
    is_removed: bool = False


class People:
    """One member who is also a moderator, as small forums have them."""

    def __init__(self, address: str) -> None:
        self.topics: list[Topic] = []
        self._http = httpx.Client(base_url=address, timeout=30)
        self._submit("/user/login/", username=MODERATOR, password=PASSWORD)
        self.board = ""
        self._category = ""

    def close(self) -> None:
        self._http.close()

    def set_up(self, *, topics_per_page: int, comments_per_page: int) -> None:
        """Set how much a page holds, by the administrator's own form."""
        self._submit(
            "/st/admin/config/",
            site_name="样例论坛",
            topics_per_page=topics_per_page,
            comments_per_page=comments_per_page,
        )

    def opens_board(self, title: str) -> None:
        """Open a board of topics; what is opened from now on stands there."""
        self._submit("/st/admin/category/create/", title=title, is_global="on")
        for option in Selector(self._http.get("/topic/publish/").text).css("#id_category option"):
            if title in (option.css("::text").get() or ""):
                self._category = option.attrib["value"]
        self.board = f"{self._http.base_url}/category/{self._category}/{title}/"

    def opens(self, title: str, text: str) -> Topic:
        place = self._submit("/topic/publish/", title=title, category=self._category, comment=text)
        number = int(_numbers(place)[0])
        topic = Topic(number, title, str(self._http.base_url.join(place)))
        self.topics.append(topic)
        page = Selector(self._http.get(place).text)
        topic.comments.append(Comment(topic, int(page.css("[data-pk]::attr(data-pk)").get() or 0), [text]))
        return topic

    def replies(self, topic: Topic, text: str) -> Comment:
        place = self._submit(f"/comment/{topic.number}/publish/", comment=text)
        comment = Comment(topic, int(_numbers(place)[0]), [text])
        topic.comments.append(comment)
        return comment

    def edits(self, comment: Comment, text: str) -> None:
        self._submit(f"/comment/{comment.number}/update/", comment=text)
        comment.wordings.append(text)

    def takes_down(self, comment: Comment) -> None:
        self._submit(f"/comment/{comment.number}/delete/")
        comment.is_removed = True

    def takes_down_topic(self, topic: Topic) -> None:
        self._submit(f"/topic/moderate/delete/{topic.number}/")
        topic.is_removed = True

    def comments(self) -> list[Comment]:
        """Return all that was ever written."""
        return [comment for topic in self.topics for comment in topic.comments]

    def standing(self) -> list[Comment]:
        """Return what a visitor can read now."""
        return [one for one in self.comments() if not one.is_removed and not one.topic.is_removed]

    def _submit(self, path: str, **fields: object) -> str:
        """Fill in a form and return where it leads."""
        page = Selector(self._http.get(path).text)
        token = page.css("input[name=csrfmiddlewaretoken]::attr(value)").get() or ""
        answer = self._http.post(path, data={"csrfmiddlewaretoken": token} | {k: str(v) for k, v in fields.items()})
        assert answer.status_code == 302, (
            f"{path}: {answer.status_code} {Selector(answer.text).css('.errorlist').getall()}"
        )
        return answer.headers["Location"]


def _numbers(place: str) -> list[str]:
    return re.findall(r"/(\d+)/", place)
