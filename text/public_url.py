"""The address of a post without the account of whoever wrote it.

On some platforms the address of a post contains its author's number or name. Where the same post is known to open
without it, it goes; the address of a mere profile goes as a whole, since it leads to a person and to no post.
"""

import re
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from text.labelled_data import PROFILE
from text.url import canonical_url

_PERSON: Final = frozenset({
    "uid", "userid", "user_id", "user", "username", "user_name", "nickname", "nick", "screen_name", "realname",
    "author", "authorid", "author_id", "member", "memberid", "member_id", "account", "openid", "open_id", "unionid",
    "sec_uid", "sec_user_id", "qq", "wechat", "weixin", "phone", "mobile", "tel", "telephone", "email", "mail",
    "idcard", "id_card",
})  # fmt: skip
"""Parameters that name a person, in lower case."""
_WEIBO: Final = frozenset({"weibo.com", "www.weibo.com", "m.weibo.cn", "weibo.cn", "www.weibo.cn"})
_WEIBO_POST: Final = re.compile(r"/[0-9]{5,12}/([A-Za-z0-9]{8,20})/?")
_MASTODON_POST: Final = re.compile(r"/(?:@[^/]+|users/[^/]+/statuses)/([0-9]{5,20})/?")
_PROFILE_PATH: Final = re.compile(r"/(?:@[^/]+|(?:u|n|user|users|people|member|members|profile)/[^/]+)/?")
_WITHIN: Final = re.compile(r"https?://[!-~]+")
_QZONE: Final = re.compile(r"(?:[0-9]{5,12}\.qzone|user\.qzone)\.qq\.com")


def public_url(url: str) -> str:
    """Return the canonical address without what names its author, "" for a profile's. Idempotent."""
    address = canonical_url(url)
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    host, path = parts.hostname or "", parts.path
    if host in _WEIBO and (post := _WEIBO_POST.fullmatch(path)):
        return f"https://m.weibo.cn/status/{post[1]}"
    if post := _MASTODON_POST.fullmatch(path):
        path = f"/statuses/{post[1]}"
    elif _PROFILE_PATH.fullmatch(path) or _QZONE.fullmatch(host) or PROFILE.match(address):
        return ""
    asked = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
    kept = [(name, value) for name, value in asked if name.lower() not in _PERSON]
    if len(kept) == len(asked) and path == parts.path:
        return address
    return urlunsplit(parts._replace(path=path, query=urlencode(kept, errors="surrogateescape")))


def names_nobody(url: str) -> bool:
    """Whether an address may be kept as it is: nothing in it names an author."""
    return public_url(url) == canonical_url(url)


def told_publicly(sentence: str) -> str:
    """Return a sentence about addresses in which none names an author."""
    return _WITHIN.sub(_told, sentence)


def _told(found: re.Match[str]) -> str:
    if names_nobody(found[0]):
        return found[0]
    return public_url(found[0]) or f"{urlsplit(found[0]).hostname} 上的一个主页"
