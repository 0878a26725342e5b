"""rules.yaml: read strictly, and every fault of the file told in one run with line, key and nearest name."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import yaml

from alerts.rule import PLEA, QuietHours, Routes, Rule
from contracts.level import LEVELS
from contracts.topic import TOPICS
from contracts.typed_yaml import Fault, build, compose, entries, line_of, nearest, refuse

__all__ = ["Fault", "Rule", "check_rules", "load_rules"]

WINDOW_MINUTES_MAX: Final = 1440


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
    refuse(path, faults)
    return rules


def check_rules(path: Path) -> tuple[Fault, ...]:
    """Return every fault of the file, by line; none means that it can be loaded. Raises Rejected if it cannot be read."""
    return _read(Path(path))[1]


def _read(path: Path) -> tuple[tuple[Rule, ...], tuple[Fault, ...]]:
    root = compose(path, "规则")
    if isinstance(root, Fault):
        return (), (root,)
    faults: list[Fault] = []
    file = _File()
    if root is not None:
        built = build(_File, root, "", faults)
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


def _judged(file: _File, root: yaml.Node) -> Iterator[Fault]:
    """Yield what the types cannot say."""
    if file.quiet_hours:
        yield from _judged_hours(file.quiet_hours, root, "")
    nodes = entries(root, "rules")
    known = {rule.id for rule in file.rules}
    lines: dict[str, int] = {}
    for number, (rule, node) in enumerate(zip(file.rules, nodes, strict=False), 1):
        key = f"rules[{number}]"
        if rule.id and rule.id in lines:
            yield Fault(line_of(node, "id"), f"{key}.id", f"编号“{rule.id}”在第 {lines[rule.id]} 行已经用过。")
        lines.setdefault(rule.id, line_of(node, "id"))
        yield from _judged_rule(rule, node, key)
        for other in rule.inhibited_by:
            if other not in known - {rule.id}:
                yield Fault(
                    line_of(node, "inhibited_by"), f"{key}.inhibited_by", f"没有另一条叫“{other}”的规则。"
                )  # fmt: skip


def _judged_rule(rule: Rule, node: yaml.Node, key: str) -> Iterator[Fault]:
    def fault(sentence: str, *names: str) -> Fault:
        return Fault(line_of(node, *names), ".".join((key, *names)), sentence)

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
            yield fault(f"不认识话题“{topic}”{nearest(topic, TOPICS)}。", "where", "topics")
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
                line_of(node, "quiet_hours", name), f"{prefix}quiet_hours.{name}", '时间写作 "22:00"（带引号）。'
            )  # fmt: skip
    if "red" in hours.levels:
        yield Fault(
            line_of(node, "quiet_hours", "levels"), f"{prefix}quiet_hours.levels", "红色预警不能等：请删去 red。"
        )
