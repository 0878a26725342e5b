"""One entry of sources.yaml judged for what its types cannot say; every fault with line, key and remedy."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec
import yaml

from contracts.typed_yaml import Fault, line_of
from crawlers.closed_hosts import SIGNED, closed
from crawlers.doors import is_door_address
from crawlers.json_items import PLACEHOLDERS, placeholders
from crawlers.source import GAP_S_MIN, INTERVAL_S_MIN, Source, ascii_host, is_loopback

REPORTED: Final = "zhibao"
"""The source of what officers enter at the desk themselves: no entry of the file may take its name."""
_SECTIONS: Final[Mapping[str, frozenset[str]]] = {
    "feed": frozenset(),
    "forum": frozenset({"list", "thread", "post"}),
    "list": frozenset({"links", "article", "replies"}),
    "sitemap": frozenset({"links", "article", "replies"}),
    "json": frozenset({"json", "fields", "token", "links", "article", "replies"}),
    "hotlist": frozenset({"json", "fields", "row", "token"}),
    "push": frozenset({"size_max_kib", "per_minute"}),
    "import": frozenset({"fields"}),
}
_Tell = Callable[..., Fault]
"""Makes a fault of a sentence and the keys that lead to it."""
_KINDED: Final = frozenset().union(*_SECTIONS.values())
_DEMANDED: Final[Mapping[str, tuple[str, ...]]] = {
    "forum": ("list", "post"), "list": ("links",), "json": ("fields",), "hotlist": ("fields",),
}  # fmt: skip
_RECORD: Final = {
    "basis": "采集依据（协议、授权或公开条款）",
    "contact": "对方的联系方式（出了问题找谁）",
    "licence": "内容的使用条件（许可证、条款或“仅内部研判”）",
}
_SAYS_NOTHING: Final = frozenset(
    {"", "无", "暂无", "没有", "不详", "待定", "todo", "tbd", "n/a", "none", "-", "xx", "xxx"}
)
_BEHIND_DOORS: Final = frozenset({
    "cookie", "cookies", "login", "log_in", "username", "user", "password", "passwd", "captcha", "signature", "sign",
    "session", "session_id", "sessionid", "account", "headers", "access_token", "api_key", "key", "secret", "auth",
    "authorization", "authentication", "credentials", "cookie_file", "cookies_file", "login_url", "qrcode", "sms",
    "登录", "密码", "验证码", "签名", "账号",
})  # fmt: skip
_MANNERS: Final = frozenset({
    "robots", "ignore_robots", "obey_robots", "user_agent", "agent", "ua", "proxy", "proxies", "referer", "concurrency",
    "delay", "javascript", "js", "browser", "render",
})  # fmt: skip
_PUSH_MAX: Final = {"size_max_kib": 512, "per_minute": 6000}
_NO_HEADERS: Final = frozenset({"cookie", "host", "referer", "user-agent", "content-length", "connection"})


def judge(source: Source, node: yaml.Node, key: str) -> Iterator[Fault]:
    """Yield every fault of one entry; `key` is its place in the file, such as sources[2]."""

    def fault(sentence: str, *path: str) -> Fault:
        return Fault(line_of(node, *path), ".".join((key, *path)), sentence)

    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", source.id):
        yield fault("编号只用小写字母、数字、- 和 _，最多 40 个，例如 changsha-forum。", "id")
    elif source.id == REPORTED:
        yield fault(f"“{REPORTED}”留给值班台的直报：请换一个编号。", "id")
    if source.place and not re.fullmatch(r"\d{6}", source.place):
        yield fault("地区要写六位行政区划代码，例如长沙市是 430100。", "place")
    if source.requests_max < 1:
        yield fault("要是 1 以上的整数。", "requests_max")
    yield from _sections(source, node, fault)
    yield from _record(source, fault)
    if source.is_crawled:
        yield from _way(source, fault)
    elif source.url:
        yield fault(f"kind 是 {source.kind} 的信源没有网址：请删去。", "url")
    yield from _parts(source, node, fault)


def said_plainly(fault: Fault) -> Fault:
    """Return the fault of an unknown key with the reason, where the key asks for something that is never done."""
    name = fault.key.rpartition(".")[2].lower()
    if not fault.sentence.startswith("不认识"):
        return fault
    if name in _BEHIND_DOORS:
        sentence = (
            f"不能写“{name}”：要登录、Cookie、验证码或签名的页面一律不采。请改用官方接口"
            "（kind: json，令牌放在环境变量里，用 token.env 写变量名），或改用 kind: import、kind: push。"
        )
    elif name in _MANNERS:
        sentence = f"不能写“{name}”：robots.txt、单一身份、单连接和间隔是写死的规矩，改不了。请删去这一行。"
    else:
        return fault
    return Fault(fault.line, fault.key, sentence)


def _record(source: Source, fault: _Tell) -> Iterator[Fault]:
    if source.is_crawled and is_loopback(source.host):
        return
    for name, meaning in _RECORD.items():
        if getattr(source, name).strip().lower() in _SAYS_NOTHING:
            yield fault(f"要写明{meaning}：没有它不采。", name)


def _way(source: Source, fault: _Tell) -> Iterator[Fault]:
    if not source.url:
        yield fault("缺少“url”：请写从哪一页开始。", "url")
        return
    if not is_address(source.url):
        yield fault("网址要以 http:// 或 https:// 开头并写全主机名，且不能带用户名和密码。", "url")
        return
    loopback = is_loopback(source.host)
    shortest_s = 1 if loopback else INTERVAL_S_MIN
    for name in ("interval_s", "interval_min_s"):
        interval_s = getattr(source, name)
        if interval_s is not None and interval_s < shortest_s:
            yield fault(f"两次采集至少相隔 {INTERVAL_S_MIN:.0f} 秒（只有本机地址可以更短，不少于 1 秒）。", name)
    if source.request_gap_s < 0 or (source.request_gap_s < GAP_S_MIN and not loopback):
        yield fault(f"同一主机两次请求至少相隔 {GAP_S_MIN:.0f} 秒；只有本机地址可以更短。", "request_gap_s")
    for host in source.allow_private:
        if not _may_be_private(host):
            yield fault(
                f"“{host}”不能放行：这里写内网主机名或地址（不带端口），链路本地地址一律不采。", "allow_private"
            )
    yield from _doors(source, fault)
    yield from _template(source, fault)


def _doors(source: Source, fault: _Tell) -> Iterator[Fault]:
    """Yield what stands behind a log-in, a cookie, a captcha or a signature: it is refused with the honest way."""
    if shut := closed(source.host, has_token=source.token is not None):
        yield fault(f"{source.host} 不采：{shut.reason}。请{shut.instead}。", "url")
    elif is_door_address(source.url):
        yield fault(
            "这是登录或验证页的网址：要登录的页面不采。请写公开的栏目页或订阅源；没有的，改用官方接口（kind: json）、"
            "kind: import 或 kind: push。",
            "url",
        )
    for host in source.hosts:
        if not re.fullmatch(r"[^\s/:@*?#]+", host):
            yield fault(f"“{host}”不是主机名：只写主机名，如 www.example.com，不带 http://、端口和路径。", "hosts")
        elif shut := closed(ascii_host(host), has_token=False):
            yield fault(f"{host} 不采：{shut.reason}。请{shut.instead}。", "hosts")
    signed = (name for name, _ in parse_qsl(urlsplit(source.url).query, keep_blank_values=True))
    if name := next((name for name in signed if name.lower() in SIGNED), ""):
        what = SIGNED[name.lower()]
        yield fault(
            f"网址里的“{name}”是{what}：带{what}才能看的页面不采。自己的令牌请放进环境变量，用 token.env 写变量名。",
            "url",
        )
    if source.token and source.host and not is_loopback(source.host) and source.url.startswith("http://"):
        yield fault("带令牌的网址要用 https://，否则令牌会在网上明文传送。", "url")


def _template(source: Source, fault: _Tell) -> Iterator[Fault]:
    named = placeholders(source.url)
    if named and source.kind not in {"json", "hotlist"}:
        yield fault("只有 kind 是 json 的网址可以写 {…}：请写成一个完整的网址。", "url")
        return
    for name in sorted(named - set(PLACEHOLDERS)):
        yield fault(f"网址里的 {{{name}}} 不认识；可用的有：{{cursor}}、{{since}}、{{page}}。", "url")
    if len(named & {"cursor", "page"}) == 2:
        yield fault("{cursor} 和 {page} 只能写一个：请看接口是按游标还是按页码翻页。", "url")
    for name in ("cursor", "since"):
        if name in named and not getattr(source.json, name):
            yield fault(f"网址里有 {{{name}}}，却没有写 json.{name}：请写明到哪里取它（JMESPath）。", "url")
        elif getattr(source.json, name) and name not in named:
            yield fault(f"写了 json.{name}，网址里却没有 {{{name}}}：请在网址里写上它，或删去这个键。", "json", name)


def _sections(source: Source, node: yaml.Node, fault: _Tell) -> Iterator[Fault]:
    allowed = _SECTIONS.get(source.kind)
    if allowed is None:
        return
    written = {str(name.value): value for name, value in node.value} if isinstance(node, yaml.MappingNode) else {}
    for name in written:
        if name in _KINDED and name not in allowed:
            yield fault(f"kind 是 {source.kind} 的信源不用写这一段：请删去。", name)
    for name in _DEMANDED.get(source.kind, ()):
        if name not in written:
            yield fault(f"kind 是 {source.kind} 的信源必须写“{name}”这一段。", name)
    if source.kind == "list" and "links" in written and not (source.links.link or source.links.pattern):
        yield fault("要写 links.link（链接的 CSS 选择器）或 links.pattern（文章网址的正则表达式），至少一个。", "links")
    if source.kind in {"json", "hotlist"} and "fields" in written and not source.fields.text:
        yield fault("要写 fields.text：正文在每一项的哪里。", "fields")
    if source.kind == "json" and not source.json.follow:
        for name in ("article", "replies"):
            if name in written:
                yield fault("没有写 json.follow: true，不会去读文章页：请写上它，或删去这一段。", name)
    if source.json.changed and not source.json.follow:
        yield fault("写了 json.changed，却没有写 follow: true：请写上 follow，或删去这个键。", "json", "changed")
    if source.row and "json" in written:
        yield fault("row（网页）和 json（接口）只能写一个：请删去这一段。", "json")
    if source.kind != "hotlist" and "fields" in written:
        for name in ("rank", "heat"):
            if getattr(source.fields, name):
                yield fault(f"只有 kind 是 hotlist 的信源才有 {name}：请删去。", "fields", name)


def _parts(source: Source, node: yaml.Node, fault: _Tell) -> Iterator[Fault]:
    written = {str(name.value) for name, _ in node.value} if isinstance(node, yaml.MappingNode) else set()
    allowed = _SECTIONS.get(source.kind, frozenset()) & written
    for name in ("list", "thread", "post", "article", "replies"):
        if name in allowed:
            yield from _part(getattr(source, name), name, _selector_fault, fault)
    if "links" in allowed:
        yield from _part(source.links, "links", _selector_fault, fault, leave_out=("pattern",))
        if source.links.pattern and (said := _pattern_fault(source.links.pattern)):
            yield fault(said, "links", "pattern")
    if "json" in allowed:
        yield from _part(source.json, "json", _expression_fault, fault)
    if "fields" in allowed and source.kind != "import":
        wrong = _selector_fault if source.row else _expression_fault
        yield from _part(source.fields, "fields", wrong, fault)
    if "row" in allowed and (said := _selector_fault(source.row)):
        yield fault(said, "row")
    for name in ("size_max_kib", "per_minute"):
        if name in allowed and not 1 <= getattr(source, name) <= _PUSH_MAX[name]:
            yield fault(f"要是 1 到 {_PUSH_MAX[name]} 的整数。", name)
    if source.token and "token" in allowed:
        yield from _token(source, fault)


def _token(source: Source, fault: _Tell) -> Iterator[Fault]:
    token = source.token
    assert token is not None
    if token.env and not re.fullmatch(r"[A-Z][A-Z0-9_]{1,63}", token.env):
        # what stands here may be the token itself: it is not said again
        yield fault("这里写环境变量的名字（大写字母、数字和 _，如 WEIBO_TOKEN），不写令牌本身。", "token", "env")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", token.header):
        yield fault("请求头的名字只用字母、数字和 -，例如 Authorization。", "token", "header")
    elif token.header.lower() in _NO_HEADERS:
        yield fault(
            f"令牌不能放在 {token.header} 里：不登录，不带 Cookie，也不冒充别人。请看接口文档用哪个请求头。",
            "token",
            "header",
        )
    if not re.fullmatch(r"[A-Za-z0-9]{0,20}", token.scheme):
        yield fault("令牌前的词只用字母和数字，例如 Bearer、OAuth2；没有就写 ''。", "token", "scheme")


def _part(
    part: msgspec.Struct | None,
    name: str,
    wrong: Callable[[str], str],
    fault: _Tell,
    *,
    leave_out: tuple[str, ...] = (),
) -> Iterator[Fault]:
    for field in msgspec.structs.fields(part) if part else ():
        value = getattr(part, field.name)
        if isinstance(value, bool) or field.name in leave_out:
            continue
        if isinstance(value, int):
            if value < (0 if field.name == "page_first" else 1):
                yield fault("要是 1 以上的整数。", name, field.name)
        elif isinstance(value, str) and value and (said := wrong(value)):
            yield fault(said, name, field.name)


def is_address(url: str) -> bool:
    """Whether this is a web address without user and password, its host written out."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and not set("@{} \\") & set(parts.netloc)
            and parts.port != 0
        )
    except ValueError:
        return False


def _may_be_private(host: str) -> bool:
    if not host or "/" in host or "*" in host or "@" in host:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ":" not in host
    return not address.is_link_local


def _selector_fault(value: str) -> str:
    from cssselect import SelectorError
    from parsel.csstranslator import HTMLTranslator

    try:
        HTMLTranslator().css_to_xpath(value)
    except SelectorError:
        return f"“{value}”不是有效的 CSS 选择器：请在浏览器里试好再写；要属性就写 ::attr(名称)。"
    return ""


def _pattern_fault(value: str) -> str:
    try:
        re.compile(value)
    except re.error:
        return f"“{value}”不是有效的正则表达式：请检查括号和转义，例如 /\\d{{4}}/\\d+\\.html。"
    if re.search(r"[*+}]\)[*+{]", value):
        return f"“{value}”里一层重复套着另一层，遇到长网址会卡住：请写得简单些。"
    return ""


def _expression_fault(value: str) -> str:
    import jmespath  # type: ignore[import-untyped]
    from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped]

    try:
        jmespath.compile(value)
    except JMESPathError:
        return f"“{value}”不是有效的 JMESPath：请按 jmespath.org 的写法改，例如 data.items、account.acct。"
    return ""
