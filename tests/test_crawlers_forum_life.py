"""A forum that lives between crawls, some of which break off: in the end every floor is there in its last words."""

import random
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.site.crawled import crawled, forum
from tests.site.serving import Answer, Site, serving
from tests.test_crawlers_site import listing, thread

THREADS_A_PAGE = 4
FLOORS_A_PAGE = 3


class Forum:
    """Threads by their last reply, newest first; every page has an ETag of its own."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._number = 0
        self.threads: dict[str, dict[str, str]] = {}
        self._order: list[str] = []
        self._changes: dict[str, int] = {}

    def live(self) -> None:
        """Let something happen: a new thread, a reply, an edit with a reply, or a deletion."""
        act = self._chance.choice(["thread", "reply", "reply", "edit", "delete"])
        if act == "thread" or not self._order:
            self._number += 1
            name = f"t{self._number}"
            self.threads[name], self._changes[name] = {}, 0
            self._reply(name)
        elif act == "delete" and len(self._order) > 2:
            name = self._chance.choice(self._order)
            self._order.remove(name)
            del self.threads[name]
        else:
            name = self._chance.choice(self._order)
            if act == "edit":
                floor = self._chance.choice(list(self.threads[name]))
                self.threads[name][floor] += "改过。"
            self._reply(name)

    def _reply(self, name: str) -> None:
        self._number += 1
        self.threads[name][str(self._number)] = f"第{self._number}句话。"
        self._changes[name] += 1
        self._order = [name, *(other for other in self._order if other != name)]

    def routes(self) -> Iterator[tuple[str, str]]:
        rows = [(name, self._changes[name]) for name in self._order]
        for page, first in enumerate(range(0, len(rows), THREADS_A_PAGE)):
            is_last = first + THREADS_A_PAGE >= len(rows)
            part = rows[first : first + THREADS_A_PAGE]
            yield f"/b?p={page}", listing(*part, following="" if is_last else f"/b?p={page + 1}")
        for name, floors in self.threads.items():
            every = list(floors.items())
            for page, first in enumerate(range(0, len(every), FLOORS_A_PAGE)):
                is_last = first + FLOORS_A_PAGE >= len(every)
                address = f"/t/{name}" + (f"?p={page}" if page else "")
                shown = every[first : first + FLOORS_A_PAGE]
                yield address, thread(*shown, following="" if is_last else f"/t/{name}?p={page + 1}")


def show(forum_: Forum, site: Site) -> None:
    site.routes = {
        path: Answer(page, etag=f'"{sha256(page.encode()).hexdigest()[:12]}"') for path, page in forum_.routes()
    }


@pytest.mark.parametrize("seed", [1])
def test_nothing_is_lost_whatever_happens_between_and_within_crawls(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    alive = Forum(chance)
    texts: dict[str, str] = {}
    with serving() as site:
        source = forum(site.url + "/b?p=0")
        source["list"] |= {"pages_max": 50}
        for turn in range(7):
            for _ in range(chance.randrange(1, 9)):
                alive.live()
            show(alive, site)
            if turn % 3 == 1:  # a crawl that breaks off, then one whose log is full
                broken = crawled(source | {"request_gap_s": 0.03}, state=tmp_path, stop_after_s=0.3)
                texts |= {post.id: post.text for post in broken.posts}
                crawled(source, state=tmp_path, log_is_full=True)
            found = crawled(source, state=tmp_path)
            assert found.outcome.failure == ""
            texts |= {post.id: post.text for post in found.posts}
            standing = {text for floors in alive.threads.values() for text in floors.values()}
            assert standing <= set(texts.values())
        site.asked.clear()
        calm = crawled(source, state=tmp_path)
        assert (calm.outcome.accepted, [asked for asked in site.asked if asked.path.startswith("/t/")]) == (0, [])


def test_a_stop_that_comes_while_a_crawl_is_opening_ends_it(tmp_path: Path) -> None:
    alive = Forum(random.Random(2))
    alive.live()
    with serving() as site:
        show(alive, site)
        source = forum(site.url + "/b?p=0")
        broken = crawled(source, state=tmp_path, stop_after_s=0.2, opens_after_s=0.6)  # it returns at all
        assert {*broken.texts, *crawled(source, state=tmp_path).texts} == {"第2句话。"}
