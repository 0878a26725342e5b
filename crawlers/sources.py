"""sources.yaml: read strictly, and every fault of the file told in one run with line, key and nearest name."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import yaml

from contracts.typed_yaml import Fault, build, compose, entries, line_of, refuse
from crawlers.source import GAP_S_MIN, INTERVAL_S_MIN, PostShape, Source, Thread, ThreadList, is_loopback

_PARTS: Mapping[str, type[msgspec.Struct]] = {"list": ThreadList, "thread": Thread, "post": PostShape}
_PLAIN = {"row", "url", "pages_max", "threads_max"}
_POSITIVE = ("pages_max", "threads_max", "requests_max")


class _File(msgspec.Struct, frozen=True, kw_only=True):
    sources: tuple[Source, ...] = ()


def load_sources(path: Path) -> tuple[Source, ...]:
    """Return the sources in the file's order, those switched off included. Raises Rejected naming every fault."""
    sources, faults = _read(Path(path))
    refuse(path, faults)
    return sources


def check_sources(path: Path) -> tuple[Fault, ...]:
    """Return every fault of the file, by line; none means that it can be loaded. Raises Rejected if it cannot be read."""
    return _read(Path(path))[1]


def _read(path: Path) -> tuple[tuple[Source, ...], tuple[Fault, ...]]:
    root = compose(path, "信源")
    if isinstance(root, Fault):
        return (), (root,)
    if root is None:
        return (), ()
    faults: list[Fault] = []
    built = build(_File, root, "", faults)
    if not isinstance(built, _File):
        return (), tuple(faults)
    told = {fault.key for fault in faults}
    lines: dict[str, int] = {}
    for number, (source, node) in enumerate(zip(built.sources, entries(root, "sources"), strict=False), 1):
        key = f"sources[{number}]"
        faults.extend(fault for fault in _judge(source, node, key) if fault.key not in told)
        if source.id in lines:
            sentence = f"信源编号“{source.id}”在第 {lines[source.id]} 行已经用过：每个信源要有自己的编号。"
            faults.append(Fault(line_of(node, "id"), f"{key}.id", sentence))
        lines.setdefault(source.id, line_of(node, "id"))
    return built.sources, tuple(sorted(faults))


def _judge(source: Source, node: yaml.Node, key: str) -> Iterator[Fault]:
    """Yield what the types cannot say."""

    def fault(name: str, sentence: str) -> Fault:
        return Fault(line_of(node, name), f"{key}.{name}", sentence)

    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", source.id):
        yield fault("id", "编号只用小写字母、数字、- 和 _，最多 40 个，例如 changsha-forum。")
    if not _is_address(source.url):
        yield fault("url", "网址要以 http:// 或 https:// 开头并写全主机名，且不能带用户名和密码。")
        return
    if source.place and not re.fullmatch(r"\d{6}", source.place):
        yield fault("place", "地区要写六位行政区划代码，例如长沙市是 430100。")
    loopback = is_loopback(source.host)
    shortest_s = 1 if loopback else INTERVAL_S_MIN
    sentence = f"两次采集至少相隔 {INTERVAL_S_MIN:.0f} 秒（只有本机地址可以更短，不少于 1 秒）。"
    if source.interval_s is not None and source.interval_s < shortest_s:
        yield fault("interval_s", sentence)
    if source.interval_min_s < shortest_s:
        yield fault("interval_min_s", sentence)
    if source.request_gap_s < 0 or (source.request_gap_s < GAP_S_MIN and not loopback):
        yield fault("request_gap_s", f"同一主机两次请求至少相隔 {GAP_S_MIN:.0f} 秒；只有本机地址可以更短。")
    for host in source.allow_private:
        if not _may_be_private(host):
            yield fault(
                "allow_private", f"“{host}”不能放行：这里写内网主机名或地址（不带端口），链路本地地址一律不采。"
            )
    if source.requests_max < 1:
        yield fault("requests_max", "要是 1 以上的整数。")
    yield from _judge_shape(source, node, key)


def _judge_shape(source: Source, node: yaml.Node, key: str) -> Iterator[Fault]:
    parts = {child.value: value for child, value in node.value} if isinstance(node, yaml.MappingNode) else {}
    for name in _PARTS:
        if source.kind == "feed" and name in parts:
            yield Fault(line_of(parts[name]), f"{key}.{name}", "kind 是 feed 的信源不用写这一段：请删去。")
        elif source.kind == "forum" and name in {"list", "post"} and name not in parts:
            yield Fault(line_of(node), f"{key}.{name}", f"kind 是 forum 的信源必须写“{name}”这一段。")
        elif name in parts:
            part = getattr(source, name)
            for field in msgspec.structs.fields(part) if part else ():
                yield from _judge_part(getattr(part, field.name), parts[name], f"{key}.{name}", field.name)


def _judge_part(value: object, node: yaml.Node, key: str, name: str) -> Iterator[Fault]:
    if isinstance(value, int):
        if value < 1:
            yield Fault(line_of(node, name), f"{key}.{name}", "要是 1 以上的整数。")
    elif isinstance(value, str) and value and not _is_selector(value):
        yield Fault(line_of(node, name), f"{key}.{name}", f"“{value}”不是有效的 CSS 选择器。")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
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


def _is_selector(value: str) -> bool:
    from cssselect import SelectorError
    from parsel.csstranslator import HTMLTranslator

    try:
        HTMLTranslator().css_to_xpath(value)
    except SelectorError:
        return False
    return True
