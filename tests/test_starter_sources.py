"""The starter set: all off, each with its reason, and nowhere that closes its door to visitors."""

from pathlib import Path
from typing import Any, Final, get_args, get_type_hints
from urllib.parse import urlsplit

import pytest
import yaml

from contracts.region import names
from crawlers.source import Source
from crawlers.sources import check_sources

FILE: Final = Path(__file__).parent.parent / "examples/sources.hunan.yaml"
KINDS: Final = {"feed", "list", "sitemap", "json", "hotlist", "forum"}
CLOSED: Final = (
    "weibo.com", "weibo.cn", "zhihu.com", "xiaohongshu.com", "xhslink.com", "kuaishou.com", "weixin.qq.com", "mp.weixin.qq.com",
    "douyin.com", "iesdouyin.com", "toutiao.com", "bilibili.com", "tieba.baidu.com", "liuyan.people.com.cn",
)  # fmt: skip
"""Hosts that deny every visitor in robots.txt, or show nothing without log-in, cookie or signature."""
PREFECTURES: Final = {f"43{number:02d}00" for number in range(1, 14)} | {"433100"}


def entries() -> list[dict[str, Any]]:
    return list(yaml.safe_load(FILE.read_text("utf-8"))["sources"])


def test_every_source_is_off_and_says_why_whom_to_ask_and_on_what_terms() -> None:
    for source in entries():
        assert source["enabled"] is False, source["id"]
        for key in ("basis", "contact", "licence", "name"):
            assert source[key].strip(), (source["id"], key)
        assert source["kind"] in KINDS, source["id"]
    assert len({source["id"] for source in entries()}) == len(entries()) >= 40


def test_no_source_asks_a_host_that_closes_its_door() -> None:
    for source in entries():
        host = urlsplit(source["url"]).hostname or ""
        assert not [closed for closed in CLOSED if host == closed or host.endswith(f".{closed}")], source["id"]


def test_the_province_is_covered() -> None:
    government = {source["place"] for source in entries() if source["id"].startswith("gov-")}
    assert government == PREFECTURES | {"430000"}
    assert {source["place"] for source in entries() if source["id"].startswith("mail-")} == PREFECTURES
    known = names()
    assert all(source["place"] in known for source in entries() if "place" in source)
    wanted = {"红网", "中国妇女报", "全国妇联", "湖南省妇联", "湖南日报", "华声在线"}
    told = " ".join(source["name"] for source in entries())
    assert [name for name in wanted if name not in told] == []
    assert "领导留言板" in FILE.read_text("utf-8")


def test_the_kinds_that_exist_load_without_a_fault(tmp_path: Path) -> None:
    kinds = set(get_args(get_type_hints(Source)["kind"]))
    kept = [source for source in entries() if source["kind"] in kinds]
    if kinds >= KINDS:
        assert check_sources(FILE) == ()
    path = tmp_path / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": kept}, allow_unicode=True), "utf-8")
    assert [str(fault) for fault in check_sources(path)] == []


@pytest.mark.parametrize("key", ["basis", "contact", "licence"])
def test_a_source_can_carry_its_reason_contact_and_terms(key: str) -> None:
    assert key in Source.__struct_fields__
