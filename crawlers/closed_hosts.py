"""Hosts that cannot be collected honestly by a crawler: why, and what is honest instead.

From third parties' dated audits of robots.txt and of the interfaces (state 2026-08 to 2026-11, research page §1.2 and
§1.4). A host that opens itself is taken off this list by a change of code, with the date.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

_IMPORT: Final = "改用购买或导出的数据：kind: import（qingting import）或 kind: push"


class Closed(msgspec.Struct, frozen=True):
    """Why a host is closed to us, and the honest way."""

    reason: str
    instead: str


_HOSTS: Final[Mapping[str, Closed]] = {
    "weibo.com": Closed("微博的 robots.txt 不许采集，搜索和热搜要登录或 Cookie", "申请微博开放平台的高级接口，用 kind: json、api.weibo.com 和自己的令牌（token）；或导入"),
    "weibo.cn": Closed("微博的 robots.txt 不许采集，要登录或 Cookie", "申请微博开放平台的高级接口，用 kind: json、api.weibo.com 和自己的令牌（token）；或导入"),
    "zhihu.com": Closed("知乎的 robots.txt 不许采集，要登录", _IMPORT),
    "xiaohongshu.com": Closed("小红书的 robots.txt 不许采集，要登录和签名", "由值班员在值班台“直报”里录入单条链接，或" + _IMPORT),
    "xhslink.com": Closed("小红书的 robots.txt 不许采集，要登录和签名", "由值班员在值班台“直报”里录入单条链接，或" + _IMPORT),
    "douyin.com": Closed("抖音要签名和访客 Cookie", "申请抖音开放平台的榜单接口，用 kind: json、open.douyin.com 和自己的令牌（token）；或导入视频字幕"),
    "iesdouyin.com": Closed("抖音要签名和访客 Cookie", "申请抖音开放平台的榜单接口，用 kind: json、open.douyin.com 和自己的令牌（token）；或导入视频字幕"),
    "kuaishou.com": Closed("快手的 robots.txt 不许采集，要登录", _IMPORT),
    "gifshow.com": Closed("快手的 robots.txt 不许采集，要登录", _IMPORT),
    "mp.weixin.qq.com": Closed("微信公众号的 robots.txt 不许采集，要验证码", "请发文单位提供订阅源，或" + _IMPORT),
    "weixin.qq.com": Closed("微信不许采集，要登录", _IMPORT),
    "weixin.sogou.com": Closed("搜狗微信搜索要验证码", "请发文单位提供订阅源，或" + _IMPORT),
    "channels.weixin.qq.com": Closed("视频号要登录", "导入视频字幕：" + _IMPORT),
    "api.bilibili.com": Closed("B 站的热搜和列表要 WBI 签名", _IMPORT),
    "bilibili.com": Closed("B 站的热搜和列表要 WBI 签名", _IMPORT),
    "tieba.baidu.com": Closed("贴吧的帖子页要 Cookie 和验证码", _IMPORT),
    "facebook.com": Closed("要登录", _IMPORT),
    "instagram.com": Closed("要登录", _IMPORT),
    "x.com": Closed("要登录", _IMPORT),
    "twitter.com": Closed("要登录", _IMPORT),
}  # fmt: skip
_OFFICIAL: Final = frozenset({"api.weibo.com", "open.douyin.com"})
"""Interfaces that are open to whoever has been given a token of their own."""
SIGNED: Final[Mapping[str, str]] = {
    "w_rid": "签名", "wts": "签名", "a_bogus": "签名", "x-bogus": "签名", "_signature": "签名", "mstoken": "签名",
    "sign": "签名", "sig": "签名", "signature": "签名", "cookie": "Cookie", "sessionid": "登录口令", "session": "登录口令",
    "sid": "登录口令", "password": "登录口令", "passwd": "登录口令", "access_token": "令牌", "token": "令牌", "api_key": "令牌",
    "apikey": "令牌", "appkey": "令牌", "secret": "令牌",
}  # fmt: skip
"""Query parameters, in lower case, that say by their name that a page is not open to everybody."""


def closed(host: str, *, has_token: bool) -> Closed | None:
    """Return why a host is closed; an official interface is open to a source with a token of its own."""
    if has_token and host in _OFFICIAL:
        return None
    name = host
    while name:
        if name in _HOSTS:
            return _HOSTS[name]
        name = name.partition(".")[2]
    return None
