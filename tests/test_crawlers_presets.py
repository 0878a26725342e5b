"""Every preset reads its saved page. A new preset is a file in crawlers/presets and one in tests/presets, and no code."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from parsel import Selector

from crawlers import preset
from crawlers.forum import read_list, read_thread
from crawlers.hotlist import entries_of
from crawlers.json_items import read_json
from crawlers.raw_post import RawPost
from crawlers.source import Source
from crawlers.sources import load_sources

SAVED = Path(__file__).parent / "presets"
NOW = datetime.fromisoformat("2026-11-21T12:00:00+08:00")


def opened(name: str, folder: Path) -> tuple[Source, dict[str, Any]]:
    """Return the preset as six lines of sources.yaml make it a source, and its saved page."""
    saved = yaml.safe_load((SAVED / f"{name}.yaml").read_text("utf-8"))
    record = {"basis": "样例", "contact": "样例", "licence": "样例"}
    path = folder / "sources.yaml"
    entry = {"id": name, "preset": name, "url": saved["url"]} | record
    assert len(entry) <= 8
    path.write_text(yaml.safe_dump({"sources": [entry]}, allow_unicode=True), "utf-8")
    (source,) = load_sources(path)
    return source, saved


def agrees(post: RawPost, expected: dict[str, Any], native_id: str) -> None:
    assert (post.text, post.title, post.author) == (
        expected["text"], expected.get("title", ""), expected.get("author", ""),
    )  # fmt: skip
    assert native_id == expected["id"]
    at = expected.get("published_at")
    assert post.published_at == (datetime.fromisoformat(at) if at else None)
    for name in ("likes", "reposts", "comments"):
        assert getattr(post, name) == expected.get(name, 0)
    if "url" in expected:
        assert post.url == expected["url"]


def test_every_preset_has_a_saved_page_of_our_own() -> None:
    assert set(preset.names()) == {path.stem for path in SAVED.glob("*.yaml")}
    assert all("样例" in path.read_text("utf-8") for path in SAVED.glob("*.yaml"))


@pytest.mark.parametrize("name", preset.names())
def test_a_preset_reads_its_saved_page(name: str, tmp_path: Path) -> None:
    source, saved = opened(name, tmp_path)
    if source.kind == "forum":
        assert source.list
        assert source.post
        found = read_list(Selector(text=saved["list"], type="html"), source.list, source.url, source)
        assert [thread.url for thread in found.threads] == saved["threads"]
        assert found.next == saved["next_list"]
        assert all(thread.mark for thread in found.threads)
        assert len({thread.mark for thread in found.threads}) == len(found.threads)
        url = saved["threads"][0]
        page = read_thread(
            Selector(text=saved["page"], type="html"), source.post, url=url, thread=url, source=source, now=NOW
        )
        assert page.next == saved["next"]
        assert [native_id.partition("#")[2] for native_id in page.removed] == saved.get("removed", [])
        posts = page.posts
        ids = [post.native_id.partition("#")[2] for post in posts]
    else:
        answer = read_json(saved["page"].encode(), source.url, source, NOW)
        posts = answer.posts
        ids = [post.native_id for post in posts]
        assert answer.since == saved.get("since", "")
        if source.kind == "hotlist":
            hot = entries_of(answer, source.url, source, NOW)
            assert [(entry.rank, entry.heat) for entry in hot] == [(one["rank"], one["heat"]) for one in saved["posts"]]
    assert len(posts) == len(saved["posts"])
    for post, expected, native_id in zip(posts, saved["posts"], ids, strict=True):
        agrees(post, expected, native_id)
