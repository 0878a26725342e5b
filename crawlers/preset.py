"""`preset: NAME` in sources.yaml: whatever the entry does not say itself is filled in from crawlers/presets/NAME.yaml."""

from functools import cache
from importlib import resources

import yaml

from contracts.typed_yaml import Fault, line_of, nearest

_PARTS = ("list", "thread", "post", "links", "article", "replies", "json", "fields", "token")
"""Parts in which entry and preset are merged key by key."""


@cache
def names() -> tuple[str, ...]:
    """Return the presets that are there."""
    files = resources.files("crawlers.presets").iterdir()
    return tuple(sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml")))


def fill_in(entries: list[yaml.Node]) -> tuple[Fault, ...]:
    """Fill the presets into the entries' nodes, in place; what is filled in stands on the line of `preset`."""
    faults: list[Fault] = []
    for number, entry in enumerate(entries, 1):
        name = _child(entry, "preset")
        if name is None:
            continue
        key = f"sources[{number}].preset"
        if not isinstance(name, yaml.ScalarNode) or name.value not in names():
            word = name.value if isinstance(name, yaml.ScalarNode) else "…"
            faults.append(Fault(line_of(name), key, f"没有预设“{word}”{nearest(str(word), names())}。"))
            continue
        preset = _read(name.value)
        _move(preset, name.start_mark, name.end_mark)
        kind, own = _child(preset, "kind"), _child(entry, "kind")
        if own is not None and kind is not None and own.value != kind.value:
            faults.append(
                Fault(
                    line_of(own),
                    f"sources[{number}].kind",
                    f"预设 {name.value} 的 kind 是 {kind.value}：请删去这一行。",
                )
            )
            continue
        _merge(entry, preset, _PARTS)
    return tuple(faults)


def _read(name: str) -> yaml.MappingNode:
    text = (resources.files("crawlers.presets") / f"{name}.yaml").read_text("utf-8")
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(node, yaml.MappingNode), f"preset {name} is no mapping"
    return node


def _merge(entry: yaml.Node, preset: yaml.Node, parts: tuple[str, ...]) -> None:
    if not (isinstance(entry, yaml.MappingNode) and isinstance(preset, yaml.MappingNode)):
        return
    own = {key.value: value for key, value in entry.value}
    for key, value in preset.value:
        if key.value not in own:
            entry.value.append((key, value))
        elif key.value in parts:
            _merge(own[key.value], value, ())


def _child(node: yaml.Node, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if key.value == name), None)


def _move(node: yaml.Node, start: yaml.Mark, end: yaml.Mark) -> None:
    node.start_mark, node.end_mark = start, end
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _move(key, start, end)
            _move(value, start, end)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _move(value, start, end)
