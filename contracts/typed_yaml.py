"""YAML files that people type, read into frozen structs: every fault of a file in one run, with line, key and nearest name."""

import difflib
from collections.abc import Iterable
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, get_args, get_origin

import msgspec
import yaml

from contracts.errors import Rejected, reason_of

MISSING: Final = object()
"""What a faulty value becomes: the field then keeps its default, so that the rest is judged in the same run."""
_NULL: Final = "tag:yaml.org,2002:null"


class Fault(msgspec.Struct, frozen=True, order=True):
    """One fault of a file: line (from 1), key path such as `rules[2].where.topics`, and a Chinese sentence."""

    line: int
    key: str
    sentence: str


def refuse(path: Path, faults: tuple[Fault, ...]) -> None:
    """Raise Rejected naming every fault, if there is one."""
    if faults:
        listed = "\n".join(f"  第 {fault.line} 行 {fault.key}：{fault.sentence}" for fault in faults)
        raise Rejected(f"{path} 有 {len(faults)} 处要改：\n{listed}")


def compose(path: Path, what: str) -> yaml.Node | Fault | None:
    """Return the file's root node, None for an empty file. Raises Rejected where it cannot be read; `what` names it."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise Rejected(f"找不到{what}文件 {path}：请先运行 qingting init，或检查路径。") from error
    except IsADirectoryError as error:
        raise Rejected(f"{path} 是一个目录：请给出{what}文件的路径。") from error
    except UnicodeDecodeError as error:
        raise Rejected(f"{path} 不是 UTF-8 编码：请用 UTF-8 另存后重试。") from error
    except OSError as error:
        raise Rejected(f"读不了{what}文件 {path}（{reason_of(error)}）：请检查权限。") from error
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return Fault(mark.line + 1 if mark else 1, "", "YAML 写法有误：请检查缩进、冒号后的空格和引号。")
    except (yaml.YAMLError, RecursionError):
        return Fault(1, "", "不是 YAML 文本：请检查文件里是否混入了控制字符。")


def build(shape: type[msgspec.Struct], node: yaml.Node, key: str, faults: list[Fault]) -> Any:
    """Build the struct as far as it can be built; a required value that is missing is "". MISSING for what is no mapping."""
    if not isinstance(node, yaml.MappingNode):
        faults.append(Fault(line_of(node), key, f"{'这里' if key else '最外层'}应是“键: 值”的写法。"))
        return MISSING
    fields = {field.name: field for field in msgspec.structs.fields(shape)}
    values: dict[str, Any] = {}
    seen: set[str] = set()
    for name_node, value_node in node.value:
        name = str(name_node.value)
        place = f"{key}.{name}".lstrip(".")
        if name not in fields:
            faults.append(Fault(line_of(name_node), place, f"不认识“{name}”{nearest(name, fields)}。"))
        elif name in seen:
            faults.append(Fault(line_of(name_node), place, "这个键写了两次：请只留一个。"))
        else:
            value = _value(fields[name].type, value_node, place, faults)
            if value is not MISSING:
                values[name] = value
        seen.add(name)
    for name, field in fields.items():
        if field.required and name not in values:
            if name not in seen:
                faults.append(Fault(line_of(node), f"{key}.{name}", f"缺少“{name}”：这个键必须写。"))
            values[name] = ""
    return shape(**values)


def line_of(node: yaml.Node, *names: str) -> int:
    """Return the line of a node, or of the value at a path of keys within it."""
    for name in names:
        if not isinstance(node, yaml.MappingNode):
            break
        node = next((value for key, value in node.value if key.value == name), node)
    return int(node.start_mark.line) + 1


def entries(root: yaml.Node, name: str) -> list[yaml.Node]:
    """Return the mappings in the list under an outermost key."""
    children = root.value if isinstance(root, yaml.MappingNode) else []
    found: list[yaml.Node] = next(
        (value.value for key, value in children if key.value == name and isinstance(value, yaml.SequenceNode)), []
    )
    return [node for node in found if isinstance(node, yaml.MappingNode)]


def _value(kind: Any, node: yaml.Node, key: str, faults: list[Fault]) -> Any:
    """Convert one value; a text may be written without quotes even where it looks like a number (430100)."""
    options = get_args(kind) if get_origin(kind) is UnionType else (kind,)
    kind = next(option for option in options if option is not NoneType)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return build(kind, node, key, faults)
    if get_origin(kind) is tuple:
        return _list(get_args(kind)[0], node, key, faults)
    if not isinstance(node, yaml.ScalarNode) or (kind is str and node.tag == _NULL):
        faults.append(Fault(line_of(node), key, f"值不对：应是{_wanted(kind)}。"))
        return MISSING
    if get_origin(kind) is Literal:
        if node.value in get_args(kind):
            return node.value
        known = get_args(kind)
        faults.append(Fault(line_of(node), key, f"不认识“{node.value}”{nearest(str(node.value), known)}。"))
        return MISSING
    if kind is str:
        return node.value.strip()
    loader = yaml.SafeLoader("")
    try:
        value = msgspec.convert(loader.construct_object(node), kind, strict=True)
    except (msgspec.ValidationError, yaml.YAMLError, ValueError):
        faults.append(Fault(line_of(node), key, f"值不对：应是{_wanted(kind)}。"))
        return MISSING
    finally:
        loader.dispose()
    if isinstance(value, (int, float)) and not 0 <= value < float("inf"):
        faults.append(Fault(line_of(node), key, "值不对：应是 0 或更大的数。"))
        return MISSING
    return value


def _list(kind: Any, node: yaml.Node, key: str, faults: list[Fault]) -> Any:
    if node.tag == _NULL:
        return ()
    if not isinstance(node, yaml.SequenceNode):
        whole = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        wanted = "一列，每项以“- ”开头" if whole else "一列，如 [a, b]"
        faults.append(Fault(line_of(node), key, f"值不对：应是{wanted}。"))
        return MISSING
    values = [_value(kind, child, f"{key}[{number}]", faults) for number, child in enumerate(node.value, 1)]
    return tuple(value for value in values if value is not MISSING)


def _wanted(kind: Any) -> str:
    return {bool: "true 或 false", int: "整数", float: "数字"}.get(kind, "一段文字")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown name: the nearest that is known, else all of them."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"，是不是“{near[0]}”" if near else f"；可用的有：{'、'.join(known)}"
