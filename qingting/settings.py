"""The one settings object: defaults < qingting.toml < environment < flag, built once at start.

Every room owns the struct of its section; an empty file is embedded mode.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec

from alerts.settings import AlertSettings
from backends.settings import DatabaseSettings, IndexSettings, JobsSettings, LogSettings, WebhookSettings
from contracts.errors import NotConfigured
from crawlers.settings import CrawlSettings
from desk.settings import DeskSettings
from pipeline.settings import PipelineSettings
from response.settings import ResponseSettings

ENVIRONMENT_PREFIX = "QINGTING__"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a home; each section's meaning stands in its room."""

    log: LogSettings = msgspec.field(default_factory=LogSettings)
    jobs: JobsSettings = msgspec.field(default_factory=JobsSettings)
    index: IndexSettings = msgspec.field(default_factory=IndexSettings)
    database: DatabaseSettings = msgspec.field(default_factory=DatabaseSettings)
    webhook: WebhookSettings = msgspec.field(default_factory=WebhookSettings)
    crawl: CrawlSettings = msgspec.field(default_factory=CrawlSettings)
    pipeline: PipelineSettings = msgspec.field(default_factory=PipelineSettings)
    alerts: AlertSettings = msgspec.field(default_factory=AlertSettings)
    response: ResponseSettings = msgspec.field(default_factory=ResponseSettings)
    desk: DeskSettings = msgspec.field(default_factory=DeskSettings)


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of a home. Raises NotConfigured naming every fault: file, key path, what was expected."""
    try:
        written = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as missing:
        raise NotConfigured(f"找不到设置文件 {path}。请先运行 qingting --home {path.parent} init。") from missing
    except UnicodeDecodeError as broken:
        raise NotConfigured(f"设置文件 {path} 不是 UTF-8 文本，请另存为 UTF-8。") from broken
    except tomllib.TOMLDecodeError as broken:
        raise NotConfigured(f"设置文件 {path} 不是合法的 TOML：{broken}。请按该行该列改正。") from broken
    except OSError as broken:
        raise NotConfigured(f"设置文件 {path} 读不了：{broken.strerror}。") from broken
    given = _with_environment(written, environment)
    faults = [f"{path}：{fault}" for fault in _faults(Settings, given, "")]
    if faults:
        raise NotConfigured("\n".join(faults))
    return msgspec.convert(given, Settings)


def _with_environment(written: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    given = {section: dict(keys) if isinstance(keys, dict) else keys for section, keys in written.items()}
    for name, text in environment.items():
        if name.startswith(ENVIRONMENT_PREFIX):
            section, _, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
            keys = given.setdefault(section, {})
            if key and isinstance(keys, dict):
                keys[key] = _value(text)
    return given


def _value(text: str) -> Any:
    """Read an environment value as TOML would, so that numbers, lists and booleans need no quoting; else as text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _faults(kind: Any, given: Any, at: str) -> Iterator[str]:
    if get_origin(kind) is dict and isinstance(given, dict):
        for key, value in given.items():
            yield from _faults(get_args(kind)[1], value, f"{at}.{key}")
        return
    struct = _struct(kind)
    if struct is None or not isinstance(given, dict):
        try:
            msgspec.convert(given, kind)
        except msgspec.ValidationError as fault:
            yield f"键 {at} 的值不合要求（{fault}），现值 {given!r}"
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    tag_field = struct.__struct_config__.tag_field
    for key, value in given.items():
        where = f"{at}.{key}" if at else key
        if key == tag_field:
            if value != struct.__struct_config__.tag:
                yield f"键 {where} 现值 {value!r}，可用值：{struct.__struct_config__.tag!r}"
        elif key not in fields:
            near = get_close_matches(key, fields, n=1, cutoff=0.5)
            remedy = f"，是不是想写 {near[0]}" if near else f"，可用的键：{'、'.join(sorted(fields))}"
            yield f"不认识的键 {where}{remedy}"
        else:
            yield from _faults(fields[key].type, value, where)


def _struct(kind: Any) -> type[msgspec.Struct] | None:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    if get_origin(kind) is not None:
        found = [argument for argument in get_args(kind) if isinstance(argument, type)]
        structs = [argument for argument in found if issubclass(argument, msgspec.Struct)]
        return structs[0] if len(structs) == 1 else None
    return None
