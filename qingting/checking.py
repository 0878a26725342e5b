"""`config check` and `doctor`: every fault of a home in one run, each with its remedy."""

import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

import msgspec

from backends.settings import CelerySettings, ElasticsearchSettings, KafkaSettings
from contracts.errors import NotConfigured, QingtingError, Rejected
from qingting.home import Home
from qingting.settings import load
from qingting.wiring import House

_ENOUGH_BYTES: Final = 1 << 30


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    what: str
    well: bool
    sentence: str


def check_files(home: Home) -> None:
    """Raise Rejected with the faults of all three files together."""
    from alerts.rules import load_rules
    from crawlers.sources import load_sources

    home.require()
    faults = []
    checks: tuple[tuple[Callable[[Path], object], Path], ...] = (
        (load, home.settings_file), (load_sources, home.sources_file), (load_rules, home.rules_file),
    )  # fmt: skip
    for check, path in checks:
        try:
            check(path)
        except QingtingError as fault:
            faults.append(str(fault))
    if faults:
        raise Rejected("\n".join(faults))


def examine(home: Home) -> tuple[Finding, ...]:
    """Look at files, keys, disk, databases, port and index engine of a home."""
    return tuple(_findings(home))


def _findings(home: Home) -> Iterator[Finding]:
    yield _finding("设置、信源、规则", lambda: check_files(home))
    if not home.exists():
        return
    yield _finding("密钥", lambda: home.secret("pseudonym.key"))
    free = shutil.disk_usage(home.folder).free
    yield Finding(
        "磁盘",
        free >= _ENOUGH_BYTES,
        f"剩余 {free / (1 << 30):.1f} GiB" + ("" if free >= _ENOUGH_BYTES else "，请腾出至少 1 GiB"),
    )
    yield from _servers(home)
    yield _finding("数据库、日志、索引", lambda: _open_all(home))
    yield _finding("打分模型", lambda: _model(home))
    if not home.is_up():
        yield _finding("端口", lambda: _port(home))


def _finding(what: str, look: Callable[[], object]) -> Finding:
    """Look; what is returned is a sentence, or anything else where all is well."""
    try:
        said = look()
    except QingtingError as fault:
        return Finding(what, well=False, sentence=str(fault))
    return Finding(what, well=True, sentence=said if isinstance(said, str) else "正常")


def _servers(home: Home) -> Iterator[Finding]:
    """Prove each server that the settings name with a real round trip."""
    try:
        house = House.at(home)
    except QingtingError:
        return  # said already, with all its faults
    log, jobs, index = house.settings.log, house.settings.jobs, house.settings.index
    if isinstance(log, KafkaSettings):
        yield _finding("Kafka", lambda: _ask("kafka", log, home))
    if isinstance(jobs, CelerySettings):
        yield _finding("任务队列", lambda: _ask("celery", jobs, home))
    if isinstance(index, ElasticsearchSettings):
        yield _finding("Elasticsearch", lambda: _ask("elasticsearch", index, home))
    if house.settings.database.url:
        yield _finding("PostgreSQL", lambda: _ask_database(house))


def _ask(backend: str, settings: object, home: Home) -> str:
    doctor = import_module(f"backends.{backend}.doctor")
    return str(doctor.examine(settings, home.secrets))


def _ask_database(house: House) -> str:
    from backends.database import open_database
    from backends.database.doctor import examine

    database = open_database(house.database_url)
    try:
        return examine(database, house.clock)
    finally:
        database.close()


def _open_all(home: Home) -> None:
    from qingting.status import status

    with House.at(home) as house:
        found = status(house)
        stalled = [name for name, role in found.roles.items() if role.lag and not role.alive]
    if stalled:
        raise NotConfigured(f"{'、'.join(stalled)} 有积压但没有运行，请运行 qingting up 或 qingting drain。")


def _model(home: Home) -> str:
    with House.at(home) as house:
        return house.scorer.name


def _port(home: Home) -> None:
    from qingting.serving import require_free_port

    desk = load(home.settings_file).desk
    require_free_port(desk.host, desk.port)
