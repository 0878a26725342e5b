"""sources.yaml: read strictly, and every fault of the file told in one run with line, key and remedy."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from contracts.typed_yaml import Fault, build, compose, entries, line_of, refuse
from crawlers import preset
from crawlers.judging import judge, said_plainly
from crawlers.source import Source


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
    nodes = entries(root, "sources")
    faults = list(preset.fill_in(nodes))
    built = build(_File, root, "", faults)
    if not isinstance(built, _File):
        return (), tuple(faults)
    faults = [said_plainly(fault) for fault in faults]
    told = {fault.key for fault in faults}
    lines: dict[str, int] = {}
    urls: dict[str, int] = {}
    """Pages are remembered by their address: a second source would find each one known."""
    for number, (source, node) in enumerate(zip(built.sources, nodes, strict=False), 1):
        key = f"sources[{number}]"
        faults.extend(_untold(judge(source, node, key), told))
        if source.id in lines:
            sentence = f"信源编号“{source.id}”在第 {lines[source.id]} 行已经用过：每个信源要有自己的编号。"
            faults.append(Fault(line_of(node, "id"), f"{key}.id", sentence))
        lines.setdefault(source.id, line_of(node, "id"))
        if source.url in urls:
            sentence = f"这个网址在第 {urls[source.url]} 行已经有信源在采：一个网址只写一个信源，请删去一个。"
            faults.append(Fault(line_of(node, "url"), f"{key}.url", sentence))
        elif source.url:
            urls[source.url] = line_of(node, "url")
    return built.sources, tuple(sorted(faults))


def _untold(faults: Iterable[Fault], told: set[str]) -> Iterable[Fault]:
    """Leave out what follows from a fault that was told already: of the same key, or of a part of it."""
    return (fault for fault in faults if not any(key == fault.key or key.startswith(f"{fault.key}.") for key in told))
