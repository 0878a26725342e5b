"""Doors that a page puts before itself: a log-in, a captcha, a refusal. None of them is ever opened.

A door answers with a status that says so, by a redirect to itself, or with 200 and a page that holds nothing but the
door. The last is told by what a person sees: its title, or a short page that asks for a password, a log-in or a captcha.
A site's ordinary pages have a log-in in their head too: so a page is asked only where no post was found on it.
"""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from parsel import Selector

from crawlers.page_text import element_text

_DOOR: Final = re.compile(
    r"(?:^|[/._-])(?:log-?in|sign-?in|passport|captcha|verify|sso|oauth2?|antispider)(?:[/._-]|$)",
    re.IGNORECASE,
)
_LOGIN: Final = re.compile(r"(?:^|[/._-])(?:log-?in|sign-?in|passport|captcha)(?:[/._-]|$)", re.IGNORECASE)
"""Of them the words that no honest column bears: /verify/ may be one of checked facts."""
_TITLE: Final = re.compile(
    r"(?:用户|会员|账号|帐号|统一|单点|请先?)?(?:登录|登陆|登入)(?:页面?|验证|认证|提示|系统)?"
    r"|(?:统一)?身份(?:认证|验证)(?:平台|系统)?|(?:请?输入|图形|滑动)?验证码|(?:安全|人机|访问|滑动|滑块)验证|真人验证|访问(?:受限|被拒绝|异常)"
    r"|(?:please )?(?:log|sign)[ -]?in|just a moment\W*|attention required\W*.*|access denied|are you (?:a )?(?:human|robot)\W*"
    r"|(?:security|human) (?:check|verification)|captcha",
    re.IGNORECASE,
)
"""A whole title, before the name of the site."""
_ASKS: Final = re.compile(
    r"(?:先|须|必须|尚未|还没有?|[您你]未)(?:登录|登陆|登入)|(?:请|需要?)[您你]?(?:登录|登陆|登入)(?=后|以|之后|再|才|方|继续|查看|账号|帐号|[。！!.，,])"
    r"|(?:登录|登陆|登入)(?:后|以后|之后)?(?:才|方|即可|可以|继续|查看|浏览|阅读|访问)"
    r"|(?:输入|填写|拖动|滑动|点击|完成)[^。]{0,12}(?:验证|滑块)|(?:人机|安全|滑动|滑块)验证|不是机器人"
    r"|访问(?:过于|太)频繁|(?:访问|请求|操作)(?:行为)?(?:存在|出现)?异常|异常(?:访问|流量)|无权(?:限)?(?:查看|访问|浏览|进行当前操作)"
    r"|(?:please|must|needto)(?:log|sign)in|verify(?:that)?youare(?:a)?human|unusualtraffic|enablejavascriptandcookies",
    re.IGNORECASE,
)
"""What a door asks for; blanks are taken out before, since the words are often links of their own."""
_SITE: Final = re.compile(r"\s*[-_|｜–—·»]+\s*")
_WORDS_MAX: Final = 400
"""Letters outside of links on a page that is a door: its menu does not count, its text is a sentence or two."""
_SENTENCE_MAX: Final = 100
"""Letters of an article or an answer that is nothing but the sentence of a door."""
_ANSWER_BYTES_MAX: Final = 4000
_INSTEAD: Final = "要登录或验证的页面不采，请停用该信源，改用官方接口（kind: json 加自己的令牌）、导入或推送。"


def refusal(url: str, status: int, *, was_redirected: bool) -> str:
    """Return why an answer is a door and what is honest instead, one Chinese sentence; "" for any other answer."""
    if status in {401, 407, 511}:
        return f"{url} 要求登录（{status}）：{_INSTEAD}"
    if status in {403, 451}:
        return f"{url} 不许采集（{status}）：请停用该信源，或向对方要订阅源、接口或授权；不要换身份再试。"
    parts = urlsplit(url)
    if was_redirected and _DOOR.search(_named(url)):
        return f"页面转到了登录或验证页 {parts.scheme}://{parts.netloc}{parts.path}：{_INSTEAD}"
    return ""


def is_door_address(url: str) -> bool:
    """Whether an address that somebody wrote down is plainly that of a log-in or a captcha."""
    return bool(_LOGIN.search(_named(url)))


def _named(url: str) -> str:
    parts = urlsplit(url)
    return f"{(parts.hostname or '').partition('.')[0]}/{parts.path}"


def door(page: Selector, url: str) -> str:
    """Return why a page that shows no post is a log-in or a captcha, one Chinese sentence; "" for any other page."""
    title = " ".join(page.css("title::text").get("").split())
    if any(_TITLE.fullmatch(part) for part in (title, _SITE.split(title)[0]) if part):
        return f"{url} 是登录或验证页（标题：{title[:40]}）：{_INSTEAD}"
    body = page.css("body")
    if not body or len(element_text(body[0].root, without_links=True)) > _WORDS_MAX:
        return ""
    if said := _ASKS.search("".join(element_text(body[0].root).split())):
        return f"{url} 要登录或验证才看得到（页面写着“{said[0]}”）：{_INSTEAD}"
    return f"{url} 只有一个登录框：{_INSTEAD}" if page.css("input[type=password]") else ""


def door_for_text(title: str, text: str, url: str) -> str:
    """Return why what was read as an article is a door's own sentence, "" for an article.

    Much stricter than `door`: a short notice may well say where to log in.
    """
    said = _ASKS.search("".join(text.split())) if len(text) <= _SENTENCE_MAX else None
    if said or _TITLE.fullmatch(title.strip()):
        return f"{url} 要登录或验证才看得到（页面写着“{said[0] if said else title.strip()[:40]}”）：{_INSTEAD}"
    return ""


def door_in_answer(body: bytes, url: str) -> str:
    """Return why an answer in JSON that holds no items asks for a log-in or a captcha, "" for any other."""
    if len(body) > _ANSWER_BYTES_MAX:
        return ""
    try:
        texts = list(_texts(msgspec.json.decode(body)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    said = next((said for text in texts if (said := _ASKS.search("".join(text.split())))), None)
    return f"{url} 要登录或验证（回应写着“{said[0]}”）：{_INSTEAD}" if said else ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for child in value.values():
            yield from _texts(child)
    elif isinstance(value, list):
        for child in value:
            yield from _texts(child)
