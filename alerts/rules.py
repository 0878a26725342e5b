"""rules.yaml: read strictly, and every fault of the file told in one run with line, key and nearest name."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, get_args, get_origin

import msgspec
import yaml

from alerts.rule import PLEA, QuietHours, Routes, Rule
from contracts.errors import Rejected
from contracts.level import LEVELS
from contracts.topic import TOPICS

__all__ = ["Fault", "Rule", "check_rules", "load_rules"]

WINDOW_MINUTES_MAX: Final = 1440
_MISSING: Final = object()


class Fault(msgspec.Struct, frozen=True, order=True):
    """One fault of the file: line (from 1), key path such as `rules[2].where.topics`, and a Chinese sentence."""

    line: int
    key: str
    sentence: str


class _File(msgspec.Struct, frozen=True, kw_only=True):
    """The outermost keys: `quiet_hours` and `routes` hold for every rule that has none of its own."""

    rules: tuple[Rule, ...] = ()
    quiet_hours: QuietHours | None = None
    routes: Routes | None = None


def load_rules(path: Path) -> tuple[Rule, ...]:
    """Return the rules in the file's order, those switched off included, and always the plea rule.

    Raises Rejected naming every fault.
    """
    rules, faults = _read(Path(path))
    if faults:
        listed = "\n".join(f"  第 {fault.line} 行 {fault.key}：{fault.sentence}" for fault in faults)
        raise Rejected(f"{path} 有 {len(faults)} 处要改：\n{listed}")
    return rules


def check_rules(path: Path) -> tuple[Fault, ...]:
    """Return every fault of the file, by line; none means that it can be loaded. Raises Rejected if it cannot be read."""
    return _read(Path(path))[1]


def _read(path: Path) -> tuple[tuple[Rule, ...], tuple[Fault, ...]]:
    root = _compose(path)
    if isinstance(root, Fault):
        return (), (root,)
    faults: list[Fault] = []
    file = _File()
    if root is not None:
        built = _struct(_File, root, "", faults)
        file = built if isinstance(built, _File) else file
        faults.extend(_judged(file, root))
    rules = tuple(
        msgspec.structs.replace(
            rule, quiet_hours=rule.quiet_hours or file.quiet_hours, routes=rule.routes or file.routes
        )
        for rule in file.rules
    )
    if not any(rule.type == "plea" for rule in rules):
        rules += (msgspec.structs.replace(PLEA, routes=file.routes),)
    return rules, tuple(sorted(set(faults)))


def _compose(path: Path) -> yaml.Node | Fault | None:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise Rejected(f"找不到规则文件 {path}：请先运行 qingting init，或检查路径。") from error
    except IsADirectoryError as error:
        raise Rejected(f"{path} 是一个目录：请给出 rules.yaml 文件的路径。") from error
    except UnicodeDecodeError as error:
        raise Rejected(f"{path} 不是 UTF-8 编码：请用 UTF-8 另存后重试。") from error
    except OSError as error:
        raise Rejected(f"读不了规则文件 {path}（{error.strerror or error}）：请检查权限。") from error
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return Fault(mark.line + 1 if mark else 1, "", "YAML 写法有误：请检查缩进、冒号后的空格和引号。")
    except (yaml.YAMLError, RecursionError):
        return Fault(1, "", "不是 YAML 文本：请检查文件里是否混入了控制字符。")


def _struct(shape: type[msgspec.Struct], node: yaml.Node, key: str, faults: list[Fault]) -> Any:
    """Build what can be built, so that the rest is judged in the same run; a faulty part keeps its default."""
    if not isinstance(node, yaml.MappingNode):
        faults.append(Fault(_line(node), key, "这里应是“键: 值”的写法。"))
        return _MISSING
    fields = {field.name: field for field in msgspec.structs.fields(shape)}
    values: dict[str, Any] = {}
    seen: set[str] = set()
    for name_node, value_node in node.value:
        name = str(name_node.value)
        place = f"{key}.{name}".lstrip(".")
        if name not in fields:
            faults.append(Fault(_line(name_node), place, f"不认识这个键{_near(name, fields)}。"))
        elif name in seen:
            faults.append(Fault(_line(name_node), place, "这个键写了两次：请只留一个。"))
        else:
            value = _value(fields[name].type, value_node, place, faults)
            if value is not _MISSING:
                values[name] = value
        seen.add(name)
    for name, field in fields.items():
        if field.required and name not in values:
            if name not in seen:
                faults.append(Fault(_line(node), f"{key}.{name}", f"缺少“{name}”：这个键必须写。"))
            values[name] = ""
    return shape(**values)


def _value(kind: Any, node: yaml.Node, key: str, faults: list[Fault]) -> Any:
    """Convert one value; `_MISSING` after a fault."""
    options = get_args(kind) if get_origin(kind) is UnionType else (kind,)
    kind = next(option for option in options if option is not NoneType)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(kind, node, key, faults)
    if get_origin(kind) is tuple:
        return _list(get_args(kind)[0], node, key, faults)
    if not isinstance(node, yaml.ScalarNode):
        faults.append(Fault(_line(node), key, f"值不对：应是{_wanted(kind)}。"))
        return _MISSING
    if get_origin(kind) is Literal:
        if node.value in get_args(kind):
            return node.value
        known = get_args(kind)
        faults.append(Fault(_line(node), key, f"不认识“{node.value}”{_near(str(node.value), known)}。"))
        return _MISSING
    if kind is str:
        return node.value.strip()
    loader = yaml.SafeLoader("")
    try:
        value = msgspec.convert(loader.construct_object(node), kind, strict=True)
    except (msgspec.ValidationError, yaml.YAMLError, ValueError):
        faults.append(Fault(_line(node), key, f"值不对：应是{_wanted(kind)}。"))
        return _MISSING
    finally:
        loader.dispose()
    if isinstance(value, (int, float)) and not 0 <= value < float("inf"):
        faults.append(Fault(_line(node), key, "值不对：应是 0 或更大的数。"))
        return _MISSING
    return value


def _list(kind: Any, node: yaml.Node, key: str, faults: list[Fault]) -> Any:
    if not isinstance(node, yaml.SequenceNode):
        wanted = "一列规则，每条以“- ”开头" if key == "rules" else "一列，如 [a, b]"
        faults.append(Fault(_line(node), key, f"值不对：应是{wanted}。"))
        return _MISSING
    values = [_value(kind, child, f"{key}[{number}]", faults) for number, child in enumerate(node.value, 1)]
    return tuple(value for value in values if value is not _MISSING)


def _wanted(kind: Any) -> str:
    return {bool: "true 或 false", int: "整数", float: "数字"}.get(kind, "一段文字")


def _near(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"，是不是“{near[0]}”" if near else f"；可用的有：{'、'.join(known)}"


def _line(node: yaml.Node, *names: str) -> int:
    """Return the line of a node, or of the value at a path of keys within it."""
    for name in names:
        if not isinstance(node, yaml.MappingNode):
            break
        node = next((value for key, value in node.value if key.value == name), node)
    return int(node.start_mark.line) + 1


def _judged(file: _File, root: yaml.Node) -> Iterator[Fault]:
    """Yield what the types cannot say."""
    if file.quiet_hours:
        yield from _judged_hours(file.quiet_hours, root, "")
    entries: list[yaml.Node] = next((value.value for key, value in root.value if key.value == "rules"), [])
    nodes = [node for node in entries if isinstance(node, yaml.MappingNode)]
    known = {rule.id for rule in file.rules}
    lines: dict[str, int] = {}
    for number, (rule, node) in enumerate(zip(file.rules, nodes, strict=False), 1):
        key = f"rules[{number}]"
        if rule.id and rule.id in lines:
            yield Fault(_line(node, "id"), f"{key}.id", f"编号“{rule.id}”在第 {lines[rule.id]} 行已经用过。")
        lines.setdefault(rule.id, _line(node, "id"))
        yield from _judged_rule(rule, node, key)
        for other in rule.inhibited_by:
            if other not in known - {rule.id}:
                yield Fault(
                    _line(node, "inhibited_by"), f"{key}.inhibited_by", f"没有另一条叫“{other}”的规则。"
                )  # fmt: skip


def _judged_rule(rule: Rule, node: yaml.Node, key: str) -> Iterator[Fault]:
    def fault(sentence: str, *names: str) -> Fault:
        return Fault(_line(node, *names), ".".join((key, *names)), sentence)

    if rule.id and not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", rule.id):
        yield fault("编号只用小写字母、数字、- 和 _，最多 40 个，例如 violence-burst。", "id")
    if rule.type == "plea":
        if rule.id != PLEA.id:
            yield fault("求助规则只有一条，编号必须是 plea。", "id")
        if not rule.enabled:
            yield fault("求助规则不能关闭：请删去这一行。", "enabled")
        written = {name.value for name, _ in node.value} if isinstance(node, yaml.MappingNode) else set()
        for name in sorted(written & set(Rule.__struct_fields__) - {"id", "type", "title", "enabled", "routes"}):
            yield fault("求助规则一帖即报，只能写 title 和 routes：请删去这个键。", name)
        return
    if rule.id == PLEA.id:
        yield fault("编号 plea 留给求助规则：请换一个。", "id")
    for topic in rule.where.topics:
        if topic not in TOPICS:
            yield fault(f"不认识话题“{topic}”{_near(topic, TOPICS)}。", "where", "topics")
    for region in rule.where.regions:
        if not re.fullmatch(r"[1-9]\d{5}", region):
            yield fault(f"“{region}”不是六位行政区划代码，例如长沙市是 430100。", "where", "regions")
    if not 1 <= rule.window_minutes <= WINDOW_MINUTES_MAX:
        yield fault(f"窗口要在 1 到 {WINDOW_MINUTES_MAX} 分钟之间。", "window_minutes")
    if rule.min_posts < 1:
        yield fault("至少要 1 帖。", "min_posts")
    shares = [((), rule.negative_share)]
    shares += [(("levels", level), threshold.negative_share) for level, threshold in rule.levels.rising()]  # type: ignore[misc]
    for names, share in shares:
        if share > 1:
            yield fault("负面占比是 0 到 1 之间的数，例如 0.6。", *names, "negative_share")
    for level, threshold in rule.levels.rising():
        if rule.type == "frequency" and (threshold.ratio or threshold.surprise):
            yield fault("type 是 frequency 的规则不看倍数：请删去 ratio 和 surprise，或改用 burst。", "levels", level)
        if LEVELS.index(level) < LEVELS.index(rule.level):
            yield fault(f"比这条规则的起始级别 level: {rule.level} 还低：请删去或改 level。", "levels", level)
    if rule.type == "burst" and rule.ratio < 1:
        yield fault("倍数要不小于 1。", "ratio")
    if rule.quiet_hours:
        yield from _judged_hours(rule.quiet_hours, node, f"{key}.")


def _judged_hours(hours: QuietHours, node: yaml.Node, prefix: str) -> Iterator[Fault]:
    for name in ("start", "until"):
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", getattr(hours, name)):
            yield Fault(
                _line(node, "quiet_hours", name), f"{prefix}quiet_hours.{name}", '时间写作 "22:00"（带引号）。'
            )  # fmt: skip
    if "red" in hours.levels:
        yield Fault(_line(node, "quiet_hours", "levels"), f"{prefix}quiet_hours.levels", "红色预警不能等：请删去 red。")
