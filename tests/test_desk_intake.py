"""What comes to the desk by itself: signed pushes, and what an officer enters; both pass the edge."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from backends.database.crawl_state import DatabaseCrawlState
from backends.database.forget_list import DatabaseForgetList
from contracts.errors import NotConfigured, Retryable
from contracts.events import POSTS_FETCHED, PostFetched
from contracts.ports.log import read_all
from contracts.post import Post
from crawlers.edge import Edge
from crawlers.intake import EdgeIntake
from crawlers.push import SIGNATURE, TIMESTAMP, sign
from crawlers.source import Source
from tests.desk_world import World, make_world, served

SECRET = b"a secret of these tests, long enough"
SOURCES = (
    Source(id="vendor", kind="push", size_max_kib=8, per_minute=50),
    Source(id="off", kind="push", enabled=False),
    Source(id="keyless", kind="push"),
    Source(id="news", kind="feed", url="https://a.example/"),
)


class Desk:
    """A world whose desk takes things in."""

    def __init__(self, folder: Path) -> None:
        self.world: World = make_world(folder)
        world = self.world
        edge = Edge(
            b"pseudonyms of these tests only", DatabaseForgetList(world.database, world.clock),
            DatabaseCrawlState(world.database), world.clock,
        )  # fmt: skip
        self.is_full = False
        self.intake = EdgeIntake(
            sources=lambda: SOURCES, secret=self._secret, edge=lambda: edge, log=self, clock=world.clock,  # type: ignore[arg-type]
        )  # fmt: skip
        world.desk = dataclasses.replace(world.desk, intake=self.intake)

    def append(self, stream: str, events: list[PostFetched]) -> None:
        if self.is_full:
            raise Retryable("磁盘已满")
        self.world.log.append(stream, events)

    @staticmethod
    def _secret(source: str) -> bytes:
        if source == "keyless":
            raise NotConfigured("没有")
        return SECRET

    @property
    def posts(self) -> list[Post]:
        records = read_all(self.world.log, [POSTS_FETCHED], {})
        return [record.event.post for record in records if isinstance(record.event, PostFetched)]

    def push(
        self, source: str, *posts: Mapping[str, object], data: bytes = b"", secret: bytes = SECRET
    ) -> httpx.Response:
        data = data or json.dumps({"posts": posts}).encode()
        stamp = str(int(self.world.clock.now().timestamp()))
        return httpx.post(
            f"{self.world.address}/push/{source}", content=data, trust_env=False,
            headers={TIMESTAMP: stamp, SIGNATURE: sign(secret, stamp, data), "content-type": "application/json"},
        )  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    with served(desk.world):
        yield desk
    desk.world.close()


def test_a_push_is_taken_in_once_masked_and_without_its_author(desk: Desk) -> None:
    post = {"id": "p1", "text": "托育点停办，电话 13812345678。", "author": "小雨甲"}
    first = desk.push("vendor", post)
    assert (first.status_code, first.json()) == (200, {"accepted": 1, "duplicates": 0, "rejected": 0, "masked": 1})
    assert desk.push("vendor", post).json()["duplicates"] == 1
    (found,) = [one for one in desk.posts if one.source == "vendor" and "托育点停办" in one.text]
    assert "13812345678" not in found.text
    assert found.author
    assert "小雨甲" not in str(found)


def test_the_same_push_many_times_at_once_is_one_post(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: desk.push("vendor", {"id": "same", "text": "同一条同时来。"}), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert sum(answer.json()["accepted"] for answer in answers) == 1
    assert len([one for one in desk.posts if one.text == "同一条同时来。"]) == 1


@pytest.mark.parametrize(("source", "status"), [("nobody", 404), ("off", 404), ("news", 404), ("keyless", 503)])
def test_who_is_no_push_source_is_told_so(desk: Desk, source: str, status: int) -> None:
    answer = desk.push(source, {"id": "1", "text": "x"})
    assert answer.status_code == status
    assert answer.json()["fault"].endswith("。")


def test_a_wrong_signature_a_large_body_and_a_full_disk_are_told_and_nothing_is_kept(desk: Desk) -> None:
    before = len(desk.posts)
    assert (
        desk.push("vendor", {"id": "2", "text": "伪造"}, secret=b"another secret, also long enough").status_code == 401
    )
    assert desk.push("vendor", data=b'{"posts":[{"id":"3","text":"' + b"x" * 9000 + b'"}]}').status_code == 413
    desk.is_full = True
    full = desk.push("vendor", {"id": "4", "text": "存不下的一条。"})
    desk.is_full = False
    assert (full.status_code, "retry-after" in full.headers) == (503, True)
    assert len(desk.posts) == before
    assert desk.push("vendor", {"id": "4", "text": "存不下的一条。"}).json()["accepted"] == 1
    assert httpx.get(f"{desk.world.address}/push/vendor", trust_env=False).status_code in {303, 404, 405}


def test_an_officer_enters_a_report_that_passes_the_edge_once(desk: Desk) -> None:
    county = desk.world.client("county")
    page = county.get("/direct-report").text
    once = page.split('name="once" value="')[1].split('"')[0]
    form = {"once": once, "text": "来访人说村里体检漏了人，电话 13987654321", "happened_at": "2026-11-20T08:30"}
    assert "reported_masked" in county.done("/direct-report", **form)
    assert "reported_again" in county.done("/direct-report", **form)
    (post,) = [one for one in desk.posts if one.source == "zhibao" and "体检漏了人" in one.text]
    assert (post.place, post.author, "13987654321" in post.text) == ("430300", "", False)
    assert post.published_at.isoformat() == "2026-11-20T00:30:00+00:00"


def test_an_officer_enters_a_link(desk: Desk) -> None:
    officer = desk.world.client("officer")
    form = {
        "once": "00000000000000aa",
        "text": "有人说夜班公交绕路。",
        "url": "https://bbs.example/t/1",
        "place": "430100",
    }
    assert "done=reported" in officer.done("/direct-report", **form)
    (post,) = [one for one in desk.posts if one.text == "有人说夜班公交绕路。"]
    assert (post.url, post.place) == ("https://bbs.example/t/1", "430100")
    for wrong, said in (
        ({"text": " "}, "没有写内容"), ({"url": "javascript:alert(1)"}, "http://"), ({"place": "999999"}, "行政区划代码"),
        ({"once": ""}, "刷新"), ({"happened_at": "昨天"}, "时间"),
    ):  # fmt: skip
        answer = officer.act("/direct-report", **(form | wrong))
        assert answer.status_code == 400
        assert said in answer.text


def test_only_who_may_report_sees_the_form_and_a_foreign_form_does_nothing(desk: Desk) -> None:
    assert desk.world.client("writer").get("/direct-report").status_code == 404
    client = desk.world.client("officer")
    before = len(desk.posts)
    form = {"once": "00000000000000bb", "text": "伪造的表单"}
    assert client.http.post("/direct-report", data=form | {"csrf": "wrong"}).status_code == 400
    assert len(desk.posts) == before
