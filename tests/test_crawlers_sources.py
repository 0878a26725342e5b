"""sources.yaml is judged strictly, and all its faults are told in one run."""

from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import Rejected
from crawlers.settings import CrawlSettings
from crawlers.source import (
    ArticleLinks,
    ArticleShape,
    Fields,
    Items,
    Kind,
    PostShape,
    Source,
    Thread,
    ThreadList,
    Token,
)
from crawlers.sources import check_sources, load_sources

EXAMPLE = Path(__file__).resolve().parents[1] / "examples/sources.yaml"
RECORD = {"basis": "网站公开的条款", "contact": "webmaster@example.com", "licence": "仅内部研判"}
SAID = ", ".join(f"{name}: {value}" for name, value in RECORD.items())
FORUM = RECORD | {
    "id": "forum", "kind": "forum", "url": "https://bbs.example.com/",
    "list": {"row": "li"}, "post": {"row": "article", "text": "p"},
}  # fmt: skip


def written(folder: Path, text: str) -> Path:
    path = folder / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, *sources: dict[str, Any]) -> list[tuple[str, str]]:
    path = written(folder, yaml.safe_dump({"sources": list(sources)}, allow_unicode=True))
    return [(fault.key, fault.sentence) for fault in check_sources(path)]


def test_the_example_is_sound_and_names_every_key() -> None:
    sources = load_sources(EXAMPLE)
    assert {source.kind for source in sources} == set(get_args(Kind))
    assert not any(source.enabled for source in sources)
    text = EXAMPLE.read_text(encoding="utf-8")
    for struct in (Source, ThreadList, Thread, PostShape, ArticleLinks, ArticleShape, Items, Fields, Token):
        for field in msgspec.structs.fields(struct):
            assert field.name in text


def test_numbers_without_quotes_are_texts_where_a_text_is_wanted(tmp_path: Path) -> None:
    path = written(
        tmp_path, f"sources:\n- {{id: 12338, kind: feed, url: 'https://a.example/', place: 430100, {SAID}}}\n"
    )
    (source,) = load_sources(path)
    assert (source.id, source.place) == ("12338", "430100")


def test_an_empty_file_means_no_sources(tmp_path: Path) -> None:
    for text in ("", "# nur Kommentar\n", "sources:\n", "sources: []\n"):
        assert load_sources(written(tmp_path, text)) == ()


def test_all_faults_are_told_with_line_key_and_nearest_name(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """sources:
  - id: A B
    kind: feeed
    url: ftp://x
    intervall_s: 3
    basis: 公开条款
    contact: webmaster@example.com
    licence: 仅内部研判
  - id: b
    kind: forum
    url: https://news.example.com/
    interval_s: zehn
    post: {row: "a[[", text: p, pages: 3}
    basis: 公开条款
    licence: 仅内部研判
  - id: b
    kind: feed
    url: https://paper.example.com/
    basis: 公开条款
    contact: webmaster@example.com
    licence: 仅内部研判
    list: {row: x}
""",
    )
    told = check_sources(path)
    assert [(fault.line, fault.key) for fault in told] == [
        (2, "sources[1].id"),
        (3, "sources[1].kind"),
        (4, "sources[1].url"),
        (5, "sources[1].intervall_s"),
        (9, "sources[2].contact"),
        (9, "sources[2].list"),
        (12, "sources[2].interval_s"),
        (13, "sources[2].post.pages"),
        (13, "sources[2].post.row"),
        (16, "sources[3].id"),
        (22, "sources[3].list"),
    ]
    assert "是不是“interval_s”" in told[3].sentence
    with pytest.raises(Rejected) as caught:
        load_sources(path)
    assert str(caught.value).startswith(f"{path} 有 11 处要改：")


@pytest.mark.parametrize("url", ["https://bbs.example.com/", "http://10.0.0.7/", "http://127.0.0.1.example.com/"])
def test_only_loopback_may_be_asked_faster(tmp_path: Path, url: str) -> None:
    told = dict(faults(tmp_path, FORUM | {"url": url, "request_gap_s": 1.9, "interval_s": 59}))
    assert set(told) == {"sources[1].request_gap_s", "sources[1].interval_s"}
    for loopback in ("http://127.0.0.1:8101/", "http://localhost/", "http://[::1]:80/"):
        assert not faults(tmp_path, FORUM | {"url": loopback, "request_gap_s": 0, "interval_s": 1})


@pytest.mark.parametrize("host", ["169.254.169.254", "fe80::1", "10.0.0.0/8", "*", "intern:80", ""])
def test_private_hosts_are_listed_one_by_one(tmp_path: Path, host: str) -> None:
    assert [key for key, _ in faults(tmp_path, FORUM | {"allow_private": [host]})] == ["sources[1].allow_private"]
    assert not faults(tmp_path, FORUM | {"allow_private": ["10.0.0.7", "::1", "intern.example"]})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources: [", "YAML"),
        ("- id: a", "最外层"),
        ("quellen: []", "不认识“quellen”"),
        ("sources: 3", "应是一列"),
        ("sources:\n- nur Text", "键: 值"),
        ("sources:\n- {id: a, id: b, kind: feed, url: 'https://a.example/'}", "两次"),
        ("sources:\n- {kind: feed}", "缺少“id”"),
        ("sources:\n- {id: a, kind: feed, url: 'https://a.example/', enabled: 3}", "true 或 false"),
        ("sources:\n- {id: a, kind: feed, url: 'https://u:p@a.example/'}", "用户名和密码"),
        ("\x00", "YAML"),
        ("sources: &a [*a]", "键: 值"),
        ("sources: [&a {id: a, kind: feed, url: *a}]", "一段文字"),
    ],
)
def test_a_broken_file_is_told(tmp_path: Path, text: str, said: str) -> None:
    assert said in "".join(fault.sentence for fault in check_sources(written(tmp_path, text)))


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="找不到信源文件"):
        load_sources(tmp_path / "missing.yaml")
    with pytest.raises(Rejected, match="目录"):
        load_sources(tmp_path)
    (tmp_path / "gbk.yaml").write_bytes("sources: # 信源".encode("gbk"))
    with pytest.raises(Rejected, match="UTF-8"):
        load_sources(tmp_path / "gbk.yaml")


@given(st.text(max_size=120))
def test_any_text_gives_sources_or_faults(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "sources.yaml"
    path.write_bytes(text.encode("utf-8", "replace"))
    with suppress(Rejected):
        check_sources(path)


def test_the_agent_names_itself_and_its_contact() -> None:
    assert CrawlSettings().user_agent == "Qingting/0.1"
    assert CrawlSettings(contact="https://a.example/").user_agent == "Qingting/0.1 (+https://a.example/)"
