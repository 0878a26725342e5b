"""The text that a person sees in a piece of HTML."""

import re
from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

_UNSEEN = frozenset({
    "script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "math", "head", "title", "button",
    "select", "textarea", "input",
})  # fmt: skip
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure", "footer", "form",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "td",
    "th", "tr", "ul",
})  # fmt: skip
_QUOTING: Final = frozenset({"aside", "blockquote", "div"})
_QUOTED: Final = frozenset({"quote", "quotecontent", "bbcode_quote", "quote-container"})
"""Classes under which forums (Discuz, Discourse, MyBB) repeat what another said, under that one's name."""
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def element_text(element: Any, *, without_links: bool = False) -> str:
    """Return the visible text of an lxml element, a line for each block.

    Left out are hidden elements, and what a forum repeats of another's words: they are that one's, and so is the name
    over them. Walks without recursion: pages nest as deep as they like.
    """
    unseen = _UNSEEN | {"a"} if without_links else _UNSEEN
    pieces: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, node in walk:
        if event in {"comment", "pi"}:
            if node is not element:
                pieces.append(node.tail or "")
            continue
        is_block = node.tag in _BLOCKS
        if event == "start":
            if (
                node.tag in unseen
                or "hidden" in node.attrib
                or _HIDING.search(node.get("style", ""))
                or (node.tag in _QUOTING and _repeats(node))
            ):
                walk.skip_subtree()
                continue
            pieces.append(("\n" if is_block else "") + (node.text or ""))
        else:
            pieces.append(("\n" if is_block else "") + ((node.tail or "") if node is not element else ""))
    lines = ("".join(pieces)).split("\n")
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


def _repeats(node: Any) -> bool:
    """Whether this holds the words of another: by its class, or as phpBB sets a name over a quotation."""
    return not _QUOTED.isdisjoint(node.get("class", "").split()) or (
        node.tag == "blockquote" and node.find("div/cite") is not None
    )


def fragment_text(html: str) -> str:
    """Return the visible text of a piece of HTML, such as the content of a feed entry."""
    if "<" not in html and "&" not in html:
        return html.strip()
    parser = etree.HTMLParser(recover=True, no_network=True, huge_tree=False, encoding="utf-8")
    try:
        root = etree.fromstring(f"<html><body>{html}</body></html>".encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return ""
    return "" if root is None else element_text(root)
