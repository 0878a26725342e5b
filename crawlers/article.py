"""What a page says: its text, title, time, language and address, out of the bytes that came over the wire.

Any bytes give an Article or a stated reason, never an exception. The name of an author is not read: a post of the press
needs none, and what is not read cannot leak.
"""

import re
from datetime import datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from contracts.provenance import DateSource
from crawlers.article_vote import Block, page_blocks, vote
from crawlers.charset import decode_page
from crawlers.language import text_language
from crawlers.page_tree import drop_unseen, is_small, parse_page
from crawlers.published import head_times, published
from text.url import canonical_url

TEXT_CHARACTERS_MAX: Final = 50_000
"""The edge refuses more; a page that hides 150,000 characters of link spam is told by nothing else."""
TITLE_CHARACTERS_MAX: Final = 200
_TEXT_CHARACTERS_MIN: Final = 2
_MAGIC: Final = (
    b"%PDF",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"RIFF",
    b"\x00\x00\x00",
    b"Rar!",
    b"OggS",
    b"ID3",
)
"""How files begin that are no page."""
_SEPARATORS: Final = re.compile(r"\s*(?:[_|｜–]|(?<!—)—(?!—)|\s-\s|-{2,}|\s·\s|\s»\s|::)\s*")
_HYPHEN: Final = re.compile(r"\s*-\s*")
_SITE_NAME: Final = re.compile(r"(?:网|网站|报|政府|数字版|平台|门户|首页|客户端|系统|频道|信箱)$")
_NO_TITLE: Final = re.compile(r"\d{4}[年/.-]\d|[:：]|^[□■◎【]|记者|通讯员|来源|>|»")
_TITLE_META: Final = ("articletitle", "og:title", "twitter:title", "title")
_ROBOTS: Final = frozenset({"robots", "googlebot", "baiduspider", "bytespider"})
_HOST_VARIANT: Final = re.compile(r"^(?:www|m|wap|mobile|3g)\.")


OUT_OF_MEMORY: Final = "读这一页要的内存太多，已放弃这一页。"


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """What one page says. `published_at` is aware UTC and never later than a day after the page was first seen."""

    title: str
    text: str
    """A line for each block; at most 50,000 characters."""
    published_at: datetime
    date_source: DateSource
    language: str
    """BCP 47; "" where it cannot be told."""
    canonical_url: str
    is_indexable: bool = True
    """False where the page asks not to be kept by search engines."""
    is_cut: bool = False
    """The text was longer than is kept."""
    extractor: str = ""
    """Who won the vote: readability, trafilatura or justext."""
    charset: str = ""


class Unreadable(msgspec.Struct, frozen=True):
    """Why a page gives no article: one Chinese sentence, without a word of the page."""

    reason: str


def read_article(body: bytes, url: str, *, content_type: str = "", first_seen: datetime) -> Article | Unreadable:
    """Return what the page at `url` says, or why it says nothing. `first_seen` is aware; nothing is fetched or run."""
    try:
        return _read(body, url, content_type, first_seen)
    except MemoryError:
        return Unreadable(OUT_OF_MEMORY)
    except (
        etree.LxmlError,
        ValueError,
        TypeError,
        AttributeError,
        LookupError,
        RecursionError,
        OverflowError,
        AssertionError,
    ) as error:
        # Three foreign readers and a tree that a stranger wrote: whatever they stumble over is a fault of this page.
        return Unreadable(f"页面结构异常（{type(error).__name__}），没有读出正文。")


def _read(body: bytes, url: str, content_type: str, first_seen: datetime) -> Article | Unreadable:
    if not body.strip():
        return Unreadable("页面是空的：请检查网址。")
    if body.startswith(_MAGIC):
        return Unreadable("这是文件，不是网页：请改用列出这些文件的页面，或用导入。")
    decoded = decode_page(body, content_type)
    root = parse_page(decoded.text)
    if root is None:
        return Unreadable("没有可读的 HTML：请检查网址是不是网页。")
    if not is_small(root):
        return Unreadable("页面的元素太多，没有读：请换成单篇文章的页面。")
    elements = list(root.iter())  # held, or lxml makes each anew whenever it is passed by: a third of all time
    meta = _meta(root)
    times = head_times(root)
    page_title = _page_title(root)
    link = _canonical_link(root)
    drop_unseen(root)
    for element in list(root.iter("head", "title", "nav")):  # a menu is no word of the article
        if element.getparent() is not None:
            element.drop_tree()
    blocks = page_blocks(root)
    voted = vote(root, blocks)
    elements.clear()
    title = _title(meta, page_title, blocks, voted.text)
    text = _without_title(voted.text, title)
    if len(text) < _TEXT_CHARACTERS_MIN:
        return Unreadable("页面上没有正文：可能要运行脚本才显示，或者已经删除。")
    date = published(times, blocks, title, url, first_seen)
    return Article(
        title=title,
        text=text[:TEXT_CHARACTERS_MAX],
        published_at=date.at,
        date_source=date.said_by,
        language=text_language(f"{title}\n{text}"),
        canonical_url=_address(link or meta.get("og:url", ""), url),
        is_indexable=not any(
            {"noindex", "none"} & set(re.split(r"[\s,，]+", content.lower()))
            for name, content in meta.items()
            if name in _ROBOTS
        ),
        is_cut=len(text) > TEXT_CHARACTERS_MAX,
        extractor=voted.winner,
        charset=decoded.charset,
    )


def _meta(root: Any) -> dict[str, str]:
    """Return the meta elements by lower-case name; the first of a name counts."""
    found: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = (meta.get("name") or meta.get("property") or "").strip().lower()
        if name:
            found.setdefault(name, " ".join((meta.get("content") or "").split())[:2000])
    return found


def _page_title(root: Any) -> str:
    for element in root.iter("title"):
        if words := " ".join("".join(element.itertext()).split()):
            return words[:500]
    return ""


def _canonical_link(root: Any) -> str:
    return next(
        (
            link.get("href") or ""
            for link in root.iter("link")
            if "canonical" in (link.get("rel") or "").lower().split()
        ),
        "",
    )


def _title(meta: dict[str, str], page_title: str, blocks: list[Block], text: str) -> str:
    """Return the title: the heading that the page's title repeats, else what the page's title says before the site."""
    said = next((meta[name] for name in _TITLE_META if meta.get(name)), "")
    squeezed = {"".join(words.split()) for words in (page_title, said)}
    headings = [block.text for block in blocks if block.is_heading and 2 <= len(block.text) <= TITLE_CHARACTERS_MAX]
    repeated = [
        words
        for words in headings
        if any((short := "".join(words.split())) == whole or (len(short) >= 4 and short in whole) for whole in squeezed)
    ]
    title = _before_site(said or page_title)
    longest = max(repeated, key=len, default="")
    if longest and len(longest) >= 0.6 * len(title):  # a shorter one names the channel
        title = longest
    elif not said and (not title or _SITE_NAME.search(title)):
        title = _heading_of(text, headings, blocks) or title
    return title[:TITLE_CHARACTERS_MAX]


def _heading_of(text: str, headings: list[str], blocks: list[Block]) -> str:
    """Return what stands over the text like a title on a page that names only its site."""
    named = [words for words in headings if not _SITE_NAME.search(words)]
    if named:
        return max(named, key=len)
    first = text[:20]
    begins = next((place for place, block in enumerate(blocks) if first and block.text.startswith(first)), 0)
    over = [
        block.text
        for block in blocks[max(begins - 4, 0) : begins]
        if 4 <= len(block.text) <= 60 and not block.chars_count_in_links and not _NO_TITLE.search(block.text)
    ]
    return over[0] if over else ""


def _before_site(title: str) -> str:
    """Return 标题 of 标题_频道_站名 and 标题-站名: the first part, unless it is too short to be one."""
    parts = [part for part in _SEPARATORS.split(title) if part]
    first = parts[0] if parts else title
    if len(parts) > 1 and len(first) < 5:
        first = max(parts, key=len)
    if len(parts) == 1:
        head, *rest = _HYPHEN.split(title)
        # 标题-站名 without spaces: the site's name is short, and a hyphen within a title stands between figures
        if rest and len(head) >= 6 and len(rest[-1]) <= 12 and not rest[-1][:1].isdigit():
            first = title[: len(title) - len(rest[-1])].rstrip(" -")
    return first.strip()


def _without_title(text: str, title: str) -> str:
    """Return the text without a first line that only repeats the title: a post keeps both apart."""
    first, _, rest = text.partition("\n")
    return rest if title and rest and "".join(first.split()) == "".join(title.split()) else text


def _address(said: str, url: str) -> str:
    """Return the canonical address that a page gives itself, if it is on its own host: another's would be a theft."""
    own = canonical_url(url)
    if not said:
        return own
    try:
        address = canonical_url(urljoin(url, said.strip()[:2000]))
        one, other = urlsplit(address), urlsplit(own)
        is_own = _HOST_VARIANT.sub("", one.hostname or "") == _HOST_VARIANT.sub("", other.hostname or "")
        # A template that names the home page on every page would make one post of all.
        is_home = one.path in {"", "/"} and not one.query and other.path not in {"", "/"}
    except ValueError:
        return own
    return address if one.scheme in {"http", "https"} and is_own and not is_home else own
