"""The one settings object: defaults < qingting.toml < environment < flag, built once at start.

Every room owns the struct of its section; an empty file is embedded mode.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec

from alerts.settings import AlertSettings
from backends.settings import (
    CelerySettings,
    DatabaseSettings,
    ElasticsearchSettings,
    IndexSettings,
    JobsSettings,
    KafkaSettings,
    LogSettings,
    WebhookSettings,
)
from contracts.errors import NotConfigured, reason_of
from crawlers.settings import CrawlSettings
from desk.settings import DeskSettings
from pipeline.settings import PipelineSettings
from qingting.retention import RetentionSettings
from response.settings import ResponseSettings

ENVIRONMENT_PREFIX = "QINGTING__"
_TAG = "backend"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a home; each section's meaning stands in its room."""

    log: LogSettings | KafkaSettings = msgspec.field(default_factory=LogSettings)
    jobs: JobsSettings | CelerySettings = msgspec.field(default_factory=JobsSettings)
    index: IndexSettings | ElasticsearchSettings = msgspec.field(default_factory=IndexSettings)
    database: DatabaseSettings = msgspec.field(default_factory=DatabaseSettings)
    webhook: WebhookSettings = msgspec.field(default_factory=WebhookSettings)
    crawl: CrawlSettings = msgspec.field(default_factory=CrawlSettings)
    pipeline: PipelineSettings = msgspec.field(default_factory=PipelineSettings)
    alerts: AlertSettings = msgspec.field(default_factory=AlertSettings)
    response: ResponseSettings = msgspec.field(default_factory=ResponseSettings)
    desk: DeskSettings = msgspec.field(default_factory=DeskSettings)
    retention: RetentionSettings = msgspec.field(default_factory=RetentionSettings)


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
        raise NotConfigured(f"设置文件 {path} 读不了：{reason_of(broken)}。") from broken
    given = _with_embedded(_with_environment(written, environment))
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
    kinds = _structs(kind)
    struct = (
        kinds.get(given.get(_TAG)) if len(kinds) > 1 and isinstance(given, dict) else next(iter(kinds.values()), None)
    )
    if struct is None and kinds:
        yield f"键 {at}.{_TAG} 现值 {given[_TAG]!r}，可用值：{'、'.join(map(repr, kinds))}"
        return
    if struct is None or not isinstance(given, dict):
        try:
            msgspec.convert(given, kind)
        except msgspec.ValidationError as fault:
            yield f"键 {at} 的值不合要求（{fault}），现值 {given!r}"
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for key, value in given.items():
        where = f"{at}.{key}" if at else key
        if key == _TAG and len(kinds) > 1:
            continue
        if key not in fields:
            near = get_close_matches(key, fields, n=1, cutoff=0.5)
            remedy = f"，是不是想写 {near[0]}" if near else f"，可用的键：{'、'.join(sorted(fields))}"
            yield f"不认识的键 {where}{remedy}"
        else:
            yield from _faults(fields[key].type, value, where)


def _structs(kind: Any) -> dict[Any, type[msgspec.Struct]]:
    """Return the structs that a value may fit, by their tag; none for what is no struct."""
    among = get_args(kind) if get_origin(kind) is not None or isinstance(kind, UnionType) else (kind,)
    found = [one for one in among if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    return {one.__struct_config__.tag: one for one in found}


def _with_embedded(given: dict[str, Any]) -> dict[str, Any]:
    """Fill in the embedded backend where a section names none."""
    for field in msgspec.structs.fields(Settings):
        section, kinds = given.get(field.name), _structs(field.type)
        if len(kinds) > 1 and isinstance(section, dict):
            section.setdefault(_TAG, next(iter(kinds)))
    return given
