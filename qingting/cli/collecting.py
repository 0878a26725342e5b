"""Commands at the edge: import, crawl, sources."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from contracts.errors import Rejected, reason_of
from crawlers.mapping import FIELDS, require_mapping
from qingting.cli.printing import as_json, beijing, print_json, progress
from qingting.home import Home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.standing import Standing
    from qingting.wiring import House


@click.command(
    help="导入 CSV、JSONL（可为 .gz，UTF-8 或 GBK）、Excel（.xlsx）或网页存档（.warc、.warc.gz）文件。"
    "坏行进死信，写明文件、行号和原因。中断的导入再运行一次就接着做。"
)
@click.argument("file", type=click.Path(path_type=Path), metavar="文件")
@click.option("--source", required=True, metavar="信源", help="记在帖子上的信源编号")
@click.option("--map", "pairs", multiple=True, metavar="字段=列名", help=f"可多次；字段：{'、'.join(FIELDS)}")
@click.option("--map-file", type=click.Path(path_type=Path), metavar="YAML", help="把对应关系写在 YAML 文件里")
@click.option("--date-format", default="", metavar="格式", help="如 %d/%m/%Y %H:%M；不写则按 ISO 8601 识别")
@click.option("--zone", default="Asia/Shanghai", show_default=True, help="没写时区的时间属于哪个时区")
@as_json
@click.pass_obj
def import_(
    home: Home, file: Path, source: str, pairs: tuple[str, ...], map_file: Path | None,
    date_format: str, zone: str, *, as_json: bool,
) -> None:  # fmt: skip
    from crawlers.archives import is_archive
    from crawlers.importing import import_file
    from qingting.wiring import House

    with House.at(home) as house, progress("已读") as show:
        columns = {} if is_archive(file) else _columns(house, source, pairs, map_file)
        counts = import_file(
            file, source=source, columns=columns, edge=house.edge, log=house.log, clock=house.clock,
            date_format=date_format, zone=zone, progress=show, crawl_state=house.crawl_state,
        )  # fmt: skip
    if as_json:
        print_json(counts)
    else:
        click.echo(
            f"读 {counts.read:,}：收下 {counts.accepted:,}，重复 {counts.duplicates:,}，拒收 {counts.rejected:,}；"
            f"{counts.masked:,} 帖遮盖了个人信息。"
        )


def _columns(house: "House", source: str, pairs: tuple[str, ...], map_file: Path | None) -> dict[str, str]:
    """Return the columns by field: those of the source's own entry, then of the file, then of the command line."""
    fields = [known.fields for known in house.sources if known.id == source and known.kind == "import"]
    columns = {name: column for one in fields for name, column in msgspec.structs.asdict(one).items() if column}
    columns |= _read_map(map_file) if map_file else {}
    for pair in pairs:
        field, sign, column = pair.partition("=")
        if not sign or not column:
            raise click.UsageError(
                f"--map {pair} 写法不对，应为 字段=列名，如 --map text=content。", click.get_current_context()
            )
        columns[field] = column
    try:
        require_mapping(columns)
    except Rejected as wrong:
        raise click.UsageError(str(wrong), click.get_current_context()) from wrong
    return columns


def _read_map(path: Path) -> dict[str, str]:
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=dict[str, str])
    except OSError as failed:
        raise Rejected(f"对应关系文件 {path} 读不了：{reason_of(failed)}。") from failed
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as broken:
        raise Rejected(f"对应关系文件 {path} 不是“字段: 列名”的 YAML：{str(broken).splitlines()[0]}。") from broken


@click.command(help="采集一个信源一次，然后停。")
@click.argument("source", metavar="信源")
@click.option("--once", is_flag=True, help="只采一次（目前总是如此；持续采集用 up）")
@as_json
@click.pass_obj
def crawl_(home: Home, source: str, *, once: bool, as_json: bool) -> int:
    from functools import partial

    from crawlers.crawling import crawl
    from qingting.forgetting import forget_deleted
    from qingting.hot_standings import standings
    from qingting.wiring import House

    del once
    with House.at(home) as house:
        chosen = [known for known in house.sources if known.id == source]
        if not chosen:
            known = "、".join(known.id for known in house.sources) or "（空）"
            raise Rejected(f"{home.sources_file} 里没有信源 {source}；现有：{known}。")
        if not chosen[0].is_crawled:
            raise Rejected(
                f"信源 {source} 的 kind 是 {chosen[0].kind}，不是采来的：导入请用 qingting import，推送由对方发来。"
            )
        outcomes = crawl(
            chosen, edge=house.edge, log=house.log, crawl_state=house.crawl_state, clock=house.clock,
            forget=partial(forget_deleted, house), once=True, should_stop=lambda: False, settings=house.settings.crawl,
            crawl_book=house.crawl_book,
        )  # fmt: skip
        entries = standings(house, source)
    for outcome in outcomes:
        if as_json:
            print_json(outcome)
        else:
            click.echo(
                f"{outcome.source}：收下 {outcome.accepted}，重复 {outcome.duplicates}，拒收 {outcome.rejected}"
                f"{_on_list(entries)}{f'；{outcome.failure}' if outcome.failure else ''}"
            )
    return 1 if any(outcome.failure for outcome in outcomes) else 0


def _on_list(entries: "Sequence[Standing]") -> str:
    """Return what changed on a hot list since the last look, "" for any other source."""
    counts = Counter(entry.change for entry in entries)
    on = sum(counts.values()) - counts["off"]
    return (
        f"；榜上 {on} 条：新 {counts['new']}，升 {counts['up']}，降 {counts['down']}，一天内下榜 {counts['off']}"
        if entries
        else ""
    )


@click.group(help="检查信源文件，查看信源状况。")
def sources_() -> None: ...


@sources_.command(
    "check",
    help="检查信源文件，一次列出全部问题。给出文件或 --live 时再到网上各问一次：能不能采、采到什么、会存什么；什么也不存。",
)
@click.argument("file", type=click.Path(path_type=Path), metavar="[文件]", required=False)
@click.option("--live/--offline", default=None, help="是否到网上各问一次（给出文件时默认问，否则默认不问）")
@click.option("--source", "only", multiple=True, metavar="信源", help="只问这一个（可多次）；停用的也问")
@click.option("--seconds", default=10.0, show_default=True, help="到网上问，总共最多等多少秒")
@as_json
@click.pass_obj
def sources_check(
    home: Home, file: Path | None, *, live: bool | None, only: tuple[str, ...], seconds: float, as_json: bool
) -> int:
    from crawlers.sources import load_sources
    from qingting.trying_sources import asked_once

    if file is None:
        home.require()
    path = file or home.sources_file
    sources = load_sources(path)
    if not as_json:
        click.echo(f"{path} 没有问题，共 {len(sources)} 个信源。")
    if missing := set(only) - {source.id for source in sources}:
        raise Rejected(f"{path} 里没有信源 {'、'.join(sorted(missing))}。")
    is_live = live if live is not None else bool(file or only)
    found = asked_once(home, [one for one in sources if not only or one.id in only], seconds) if is_live else ()
    if as_json:
        print_json({"file": str(path), "sources": len(sources), "tried": found})
    else:
        from qingting.cli.tried import told

        known = {source.id: source for source in sources}
        for tried in found:
            click.echo(told(known[tried.source], tried))
        if wrong := [tried.source for tried in found if tried.failure]:
            click.echo(
                f"问了 {len(found)} 个，可以 {len(found) - len(wrong)} 个，不行 {len(wrong)} 个：{'、'.join(wrong)}。"
            )
        elif found:
            click.echo(f"问了 {len(found)} 个，都可以。")
    return 1 if any(tried.failure for tried in found) else 0


@sources_.command("health", help="每个信源上次成功的时间、最新一帖、失败原因；七天来向每台主机请求的次数。")
@as_json
@click.pass_obj
def sources_health(home: Home, *, as_json: bool) -> None:
    from datetime import timedelta

    from contracts.diagnosis import TROUBLE_WORDS
    from contracts.zone import BEIJING
    from qingting.watching_sources import diagnoses
    from qingting.wiring import House

    with House.at(home) as house:
        found = [msgspec.structs.replace(health, rhythm="") for health in house.crawl_state.health()]
        troubles = diagnoses(house, house.clock.now())
        today = house.clock.now().astimezone(BEIJING).date()
        requests = house.crawl_state.requests(today - timedelta(days=6))
    if as_json:
        print_json({"sources": found, "troubles": troubles, "hosts": requests})
        return
    for trouble in troubles:
        click.echo(f"{TROUBLE_WORDS[trouble.kind]} {trouble.source}：{trouble.reason}")
    for health in found:
        when = beijing(health.succeeded_at, "%Y-%m-%d %H:%M") if health.succeeded_at else "从未成功"
        click.echo(
            f"{health.source:<20} 上次成功 {when}，收下 {health.posts} 帖{f'；{health.failure}' if health.failure else ''}"
        )
    for counted in requests:
        if counted.day == today:
            click.echo(f"{counted.host:<20} 今天请求 {counted.requests} 次")
    if not found:
        click.echo("还没有采集过任何信源。")
