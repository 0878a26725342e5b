"""Sitemaps (sitemaps.org 0.9), indexes of sitemaps, news sitemaps, and the Sitemap lines of robots.txt."""

import re
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from contracts.errors import Rejected
from crawlers.links import own_address
from crawlers.source import Source
from crawlers.times import read_time

BYTES_MAX = 8 * 1024 * 1024
"""After decompression. The protocol allows 50 MB; what a newsroom changes in a month needs a hundredth of it."""
ENTRIES_MAX = 50_000
"""As the protocol says."""
_GZIP_MAGIC = b"\x1f\x8b"


class Entry(msgspec.Struct, frozen=True):
    """One <url> or <sitemap>: `changed` is lastmod as written (a mark), `at` the time that it or the news part says."""

    url: str
    changed: str = ""
    at: datetime | None = None
    title: str = ""


class Sitemap(msgspec.Struct, frozen=True):
    """What one file says: pages, and further sitemaps."""

    pages: tuple[Entry, ...] = ()
    sitemaps: tuple[Entry, ...] = ()


def read_sitemap(body: bytes, url: str, source: Source, now: datetime) -> Sitemap:
    """Return pages and sitemaps on the hosts of the source. Raises Rejected for anything that is no sitemap."""
    body = _unpacked(body, url)
    if url.partition("?")[0].endswith("/robots.txt"):
        lines = re.findall(rb"(?im)^\s*sitemap\s*:\s*(\S+)", body)
        named = (own_address(line.decode("utf-8", "replace"), url, source) for line in lines)
        return Sitemap(sitemaps=tuple(Entry(address) for address in dict.fromkeys(named) if address))
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, recover=True, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    kind = etree.QName(root).localname if root is not None else ""
    if kind not in {"urlset", "sitemapindex"}:
        raise Rejected(f"{url} 不是站点地图（sitemap）：请检查网址，或改用 kind: list。")
    entries = tuple(_entries(root, url, source, now))
    return Sitemap(pages=entries) if kind == "urlset" else Sitemap(sitemaps=entries)


def _entries(root: Any, url: str, source: Source, now: datetime) -> Iterator[Entry]:
    for number, node in enumerate(root):
        if number == ENTRIES_MAX:
            return
        said = dict(_texts(node))
        address = own_address(said.get("loc", ""), url, source)
        if address:
            changed = said.get("lastmod", "")
            at = read_time(said.get("publication_date", "") or changed, now)
            yield Entry(address, changed, at, " ".join(said.get("title", "").split()))


def _texts(node: Any) -> Iterator[tuple[str, str]]:
    """Yield name and text of what an entry says, its news part included; a picture's own address is not the page's."""
    for child in node:
        if not isinstance(child.tag, str):
            continue
        name = etree.QName(child).localname
        if name == "news":
            yield from (
                (etree.QName(part).localname, (part.text or "").strip()) for part in child if isinstance(part.tag, str)
            )
        elif not len(child):
            yield name, (child.text or "").strip()


def _unpacked(body: bytes, url: str) -> bytes:
    if not body.startswith(_GZIP_MAGIC):
        return body
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        found = unpacker.decompress(body, BYTES_MAX)
    except zlib.error as error:
        raise Rejected(f"{url} 的压缩内容已损坏：请检查网址。") from error
    if unpacker.unconsumed_tail:
        raise Rejected(f"{url} 解压后超过 {BYTES_MAX // 1024 // 1024} MB，没有读：请改用按月或按栏目分开的站点地图。")
    return found
