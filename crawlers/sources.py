"""sources.yaml: read strictly, and every fault of the file told in one run with line, key and nearest name."""

import difflib
import ipaddress
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import yaml

from contracts.errors import Rejected
from crawlers.source import GAP_S_MIN, INTERVAL_S_MIN, PostShape, Source, Thread, ThreadList, is_loopback

_PARTS: Mapping[str, type[msgspec.Struct]] = {"list": ThreadList, "thread": Thread, "post": PostShape}
_PLAIN = {"row", "url", "pages_max", "threads_max"}
_POSITIVE = ("pages_max", "threads_max", "requests_max")


class Fault(msgspec.Struct, frozen=True, order=True):
    """One fault of the file: line (from 1), key path such as `sources[2].post.row`, and a Chinese sentence."""

    line: int
    key: str
    sentence: str


def load_sources(path: Path) -> tuple[Source, ...]:
    """Return the sources in the file's order, those switched off included. Raises Rejected naming every fault."""
    sources, faults = _read(Path(path))
    if faults:
        listed = "\n".join(f"  第 {fault.line} 行 {fault.key}：{fault.sentence}" for fault in faults)
        raise Rejected(f"{path} 有 {len(faults)} 处要改：\n{listed}")
    return sources


def check_sources(path: Path) -> tuple[Fault, ...]:
    """Return every fault of the file, by line; none means that it can be loaded. Raises Rejected if it cannot be read."""
    return _read(Path(path))[1]


def _read(path: Path) -> tuple[tuple[Source, ...], tuple[Fault, ...]]:
    root = _compose(path)
    if isinstance(root, Fault):
        return (), (root,)
    faults: list[Fault] = []
    sources: list[Source] = []
    lines: dict[str, int] = {}
    for number, node in enumerate(_entries(root, faults), 1):
        key = f"sources[{number}]"
        source = _struct(Source, node, key, faults)
        if isinstance(source, Source):
            told = {fault.key for fault in faults}
            faults.extend(fault for fault in _judge(source, node, key) if fault.key not in told)
            if source.id in lines:
                sentence = f"信源编号“{source.id}”在第 {lines[source.id]} 行已经用过：每个信源要有自己的编号。"
                faults.append(Fault(_line(node, "id"), f"{key}.id", sentence))
            lines.setdefault(source.id, _line(node, "id"))
            sources.append(source)
    return tuple(sources), tuple(sorted(faults))


def _compose(path: Path) -> yaml.Node | Fault | None:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise Rejected(f"找不到信源文件 {path}：请先运行 qingting init，或检查路径。") from error
    except IsADirectoryError as error:
        raise Rejected(f"{path} 是一个目录：请给出 sources.yaml 文件的路径。") from error
    except UnicodeDecodeError as error:
        raise Rejected(f"{path} 不是 UTF-8 编码：请用 UTF-8 另存后重试。") from error
    except OSError as error:
        raise Rejected(f"读不了信源文件 {path}（{error.strerror or error}）：请检查权限。") from error
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return Fault(mark.line + 1 if mark else 1, "", "YAML 写法有误：请检查缩进、冒号后的空格和引号。")
    except (yaml.YAMLError, RecursionError):
        return Fault(1, "", "不是 YAML 文本：请检查文件里是否混入了控制字符。")


def _entries(root: yaml.Node | None, faults: list[Fault]) -> list[yaml.Node]:
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        faults.append(Fault(_line(root), "", "最外层应是“sources:”，下面每个信源以“- id:”开头。"))
        return []
    found: list[yaml.Node] = []
    for name, value in root.value:
        if name.value != "sources":
            faults.append(Fault(_line(name), str(name.value), f"不认识“{name.value}”；最外层只有“sources”。"))
        elif isinstance(value, yaml.SequenceNode):
            found = value.value
        elif value.tag != "tag:yaml.org,2002:null":
            faults.append(Fault(_line(value), "sources", "“sources”下面应是一列信源，每个以“- ”开头。"))
    return found


def _struct(shape: type[msgspec.Struct], node: yaml.Node, key: str, faults: list[Fault]) -> msgspec.Struct | None:
    """Build what can be built, so that the rest is judged in the same run: a required value that is missing is ""."""
    if not isinstance(node, yaml.MappingNode):
        faults.append(Fault(_line(node), key, "这里应是“键: 值”的写法。"))
        return None
    fields = {field.name: field for field in msgspec.structs.fields(shape)}
    values: dict[str, Any] = {}
    faulty = object()
    for name_node, value_node in node.value:
        name = str(name_node.value)
        place = f"{key}.{name}"
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1, cutoff=0.5)
            hint = f"，是不是“{near[0]}”" if near else f"；可用的有：{'、'.join(fields)}"
            faults.append(Fault(_line(name_node), place, f"不认识这个键{hint}。"))
        elif name in values:
            faults.append(Fault(_line(name_node), place, "这个键写了两次：请只留一个。"))
        elif shape is Source and name in _PARTS:
            part = _struct(_PARTS[name], value_node, place, faults)
            values[name] = faulty if part is None else part
        else:
            value = _value(fields[name].type, value_node, place, faults)
            values[name] = faulty if value is None else value
    for name, field in fields.items():
        if field.required and name not in values:
            faults.append(Fault(_line(node), f"{key}.{name}", f"缺少“{name}”：这个键必须写。"))
        if field.required and values.get(name, faulty) is faulty:
            values[name] = ""
    return shape(**{name: value for name, value in values.items() if value is not faulty})


def _value(kind: Any, node: yaml.Node, key: str, faults: list[Fault]) -> Any:
    """Convert one value; a text may be written without quotes even where it looks like a number (430100)."""
    loader = yaml.SafeLoader("")
    try:
        if kind is str and isinstance(node, yaml.ScalarNode) and node.tag != "tag:yaml.org,2002:null":
            return node.value.strip()
        value = loader.construct_object(node, deep=True)
        return msgspec.convert(value, kind, strict=True)
    except (msgspec.ValidationError, yaml.YAMLError, ValueError, RecursionError):
        faults.append(Fault(_line(node), key, f"值不对：应是{_wanted(kind)}。"))
        return None
    finally:
        loader.dispose()


def _wanted(kind: Any) -> str:
    names = {str: "一段文字", bool: "true 或 false", int: "整数", float: "数字"}
    if kind in names:
        return names[kind]
    literals = getattr(kind, "__args__", ())
    if literals and all(isinstance(literal, str) for literal in literals):
        return "以下之一：" + "、".join(literals)
    return "一列文字，如 [127.0.0.1]"


def _line(node: yaml.Node, name: str = "") -> int:
    """Return the line of a node, or of one of its keys."""
    if name and isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == name:
                return _line(value)
    return int(node.start_mark.line) + 1


def _judge(source: Source, node: yaml.Node, key: str) -> Iterator[Fault]:
    """Yield what the types cannot say."""

    def fault(name: str, sentence: str) -> Fault:
        return Fault(_line(node, name), f"{key}.{name}", sentence)

    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", source.id):
        yield fault("id", "编号只用小写字母、数字、- 和 _，最多 40 个，例如 changsha-forum。")
    if not _is_address(source.url):
        yield fault("url", "网址要以 http:// 或 https:// 开头并写全主机名，且不能带用户名和密码。")
        return
    if source.place and not re.fullmatch(r"\d{6}", source.place):
        yield fault("place", "地区要写六位行政区划代码，例如长沙市是 430100。")
    loopback = is_loopback(source.host)
    if source.interval_s < (1 if loopback else INTERVAL_S_MIN):
        yield fault("interval_s", f"两次采集至少相隔 {INTERVAL_S_MIN:.0f} 秒（只有本机地址可以更短，不少于 1 秒）。")
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
            yield Fault(_line(parts[name]), f"{key}.{name}", "kind 是 feed 的信源不用写这一段：请删去。")
        elif source.kind == "forum" and name in {"list", "post"} and name not in parts:
            yield Fault(_line(node), f"{key}.{name}", f"kind 是 forum 的信源必须写“{name}”这一段。")
        elif name in parts:
            part = getattr(source, name)
            for field in msgspec.structs.fields(part) if part else ():
                yield from _judge_part(getattr(part, field.name), parts[name], f"{key}.{name}", field.name)


def _judge_part(value: object, node: yaml.Node, key: str, name: str) -> Iterator[Fault]:
    if isinstance(value, int):
        if value < 1:
            yield Fault(_line(node, name), f"{key}.{name}", "要是 1 以上的整数。")
    elif isinstance(value, str) and value and not _is_selector(value):
        yield Fault(_line(node, name), f"{key}.{name}", f"“{value}”不是有效的 CSS 选择器。")


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
