"""One parse of a page for all who read it, harmless whatever the page is, and without what nobody sees.

Limits, so that a hostile page costs no more than a long one: bytes, elements and depth; no network, no entities, no
code of the page is ever run.
"""

import re
from typing import Any, Final

import lxml.html  # type: ignore[import-untyped]
from lxml import etree

HTML_CHARACTERS_MAX: Final = 3_000_000
"""The longest honest pages (a law with its annexes in tables) have one million; the rest is cut off."""
ELEMENTS_MAX: Final = 20_000
"""Extractors compare elements with elements: beyond this they would need minutes."""
DEPTH_MAX: Final = 200
"""Extractors and copies recurse; a page of honest layout nests 40 deep, libxml2 itself stops at 256 or 2,048."""
_UNSEEN: Final = (
    "script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "math", "canvas", "audio", "video",
    "button", "select", "textarea", "input", "link", "map", "frameset",
)  # fmt: skip
_HIDING: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?:\.0*)?(?:px|em|pt|rem|%)?\s*(?:;|!|$)"
    r"|opacity\s*:\s*0(?:\.0*)?\s*(?:;|!|$)|text-indent\s*:\s*-\d{3,}|(?<![-\w])(?:left|top|right)\s*:\s*-\d{4,}"
    r"|(?:^|[;\s])(?:max-)?(?:height|width)\s*:\s*[01](?:px)?\s*;.*overflow\s*:\s*hidden"
    r"|overflow\s*:\s*hidden.*[;\s](?:max-)?(?:height|width)\s*:\s*[01](?:px)?\s*(?:;|!|$)"
    r"|clip\s*:\s*rect\(\s*0|transform\s*:\s*scale\(\s*0\s*\)",
    re.IGNORECASE | re.DOTALL,
)
_RULE: Final = re.compile(
    r"(?:^|(?<=[{},]))\s*([.#])([\w-]{1,80})\s*\{[^{}]{0,400}?(?:display\s*:\s*none|visibility\s*:\s*hidden)[^{}]{0,400}\}"
)
"""A rule of a page's own style sheet that hides one class or id; found in text, no style sheet is run."""
_MEDIA: Final = re.compile(r"@media[^{}]{0,400}\{(?:[^{}]{0,2000}\{[^{}]{0,4000}\})*[^{}]{0,2000}\}")
"""What a page hides on paper or on a telephone only."""
_LATER_SHOWN: Final = frozenset({"js_content", "img-content", "js_article"})
"""WeChat hides the body of every article and lets a script show it."""
_CSS_MAX: Final = 200_000
_COUNT: Final = etree.XPath("count(//*)")
_TOO_DEEP: Final = etree.XPath(f"//*[count(ancestor::*) = {DEPTH_MAX}]")
_ELEMENT_WITH_STYLE: Final = etree.XPath("//*[@style or @hidden or @aria-hidden]")
_LONG_TAG: Final = re.compile(r"<([a-zA-Z][\w:-]{0,40})\s[^<>]{20000,}>")
_ATTRIBUTES_MAX: Final = 1000
"""libxml2 compares every attribute of a tag with every other."""
_VOID: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_XML_DECLARATION: Final = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")


def parse_page(html: str) -> Any:
    """Return the root element of a page with scripts and all, None where there is no element at all. Never raises."""
    html = _VOID.sub("", _XML_DECLARATION.sub("", html[:HTML_CHARACTERS_MAX]))
    html = _LONG_TAG.sub(_bare_tag, html)
    parser = lxml.html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=False, recover=True
    )
    try:
        root = etree.fromstring(html.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    return root if root is not None and isinstance(root.tag, str) else None


def _bare_tag(tag: re.Match[str]) -> str:
    is_swollen = tag[0].count("=") > _ATTRIBUTES_MAX or len(tag[0].split()) > 2 * _ATTRIBUTES_MAX
    return f"<{tag[1]}>" if is_swollen else tag[0]


def is_small(root: Any) -> bool:
    """Whether extractors can read the tree in bounded time. Cuts off what nests too deep."""
    if _COUNT(root) > ELEMENTS_MAX:
        return False
    for element in _TOO_DEEP(root):
        for child in list(element):
            element.remove(child)
    return True


def drop_unseen(root: Any) -> None:
    """Take out of the tree what a reader of the page does not see: code, controls and hidden elements."""
    hidden = _hidden_by_rules(root)
    for element in list(root.iter(*_UNSEEN)):
        _drop(element)
    for element in _ELEMENT_WITH_STYLE(root):
        if (
            "hidden" in element.attrib
            or element.get("aria-hidden", "").lower() == "true"
            or _HIDING.search(element.get("style", "")[:2000])
        ):
            _drop_unless_shown_later(element)
    if hidden:
        classes = {name for mark, name in hidden if mark == "."}
        ids = {name for mark, name in hidden if mark == "#"}
        for element in root.xpath("//*[@class or @id]"):
            if element.get("id") in ids or not classes.isdisjoint(element.get("class", "").split()):
                _drop_unless_shown_later(element)


def _hidden_by_rules(root: Any) -> set[tuple[str, str]]:
    css = "\n".join(style.text or "" for style in root.iter("style"))[:_CSS_MAX]
    return set(_RULE.findall(_MEDIA.sub("", css))) if "none" in css or "hidden" in css else set()


def _drop_unless_shown_later(element: Any) -> None:
    if element.get("id") not in _LATER_SHOWN and element.tag not in {"html", "body"}:
        _drop(element)


def _drop(element: Any) -> None:
    if element.getparent() is not None:
        element.drop_tree()
