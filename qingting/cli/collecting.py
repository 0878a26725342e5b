"""Commands at the edge: import, crawl, sources."""

from pathlib import Path

import click
import msgspec

from contracts.errors import Rejected
from crawlers.mapping import FIELDS, require_mapping
from qingting.cli.printing import as_json, beijing, print_json, progress
from qingting.home import Home


@click.command(help="导入 CSV 或 JSONL 文件（可为 .gz，UTF-8 或 GBK）。坏行进死信，写明文件、行号和原因。")
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
    from crawlers.importing import import_file
    from qingting.wiring import House

    columns = _columns(pairs, map_file)
    with House.at(home) as house, progress("已读") as show:
        counts = import_file(
            file, source=source, columns=columns, edge=house.edge, log=house.log, clock=house.clock,
            date_format=date_format, zone=zone, progress=show,
        )  # fmt: skip
    if as_json:
        print_json(counts)
    else:
        click.echo(
            f"读 {counts.read:,}：收下 {counts.accepted:,}，重复 {counts.duplicates:,}，拒收 {counts.rejected:,}；"
            f"{counts.masked:,} 帖遮盖了个人信息。"
        )


def _columns(pairs: tuple[str, ...], map_file: Path | None) -> dict[str, str]:
    columns = _read_map(map_file) if map_file else {}
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
        raise Rejected(f"对应关系文件 {path} 读不了：{failed.strerror}。") from failed
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
    from qingting.wiring import House

    del once
    with House.at(home) as house:
        chosen = [known for known in house.sources if known.id == source]
        if not chosen:
            known = "、".join(known.id for known in house.sources) or "（空）"
            raise Rejected(f"{home.sources_file} 里没有信源 {source}；现有：{known}。")
        outcomes = crawl(
            chosen, edge=house.edge, log=house.log, crawl_state=house.crawl_state, clock=house.clock,
            forget=partial(forget_deleted, house), once=True, should_stop=lambda: False, settings=house.settings.crawl,
            crawl_book=house.crawl_book,
        )  # fmt: skip
    for outcome in outcomes:
        if as_json:
            print_json(outcome)
        else:
            click.echo(
                f"{outcome.source}：收下 {outcome.accepted}，重复 {outcome.duplicates}，拒收 {outcome.rejected}"
                f"{f'；{outcome.failure}' if outcome.failure else ''}"
            )
    return 1 if any(outcome.failure for outcome in outcomes) else 0


@click.group(help="检查信源文件，查看信源状况。")
def sources_() -> None: ...


@sources_.command("check", help="检查 sources.yaml，一次列出全部问题。")
@click.pass_obj
def sources_check(home: Home) -> None:
    from crawlers.sources import load_sources

    home.require()
    click.echo(f"{home.sources_file} 没有问题，共 {len(load_sources(home.sources_file))} 个信源。")


@sources_.command("health", help="每个信源上次成功的时间、最新一帖、失败原因。")
@as_json
@click.pass_obj
def sources_health(home: Home, *, as_json: bool) -> None:
    from qingting.wiring import House

    with House.at(home) as house:
        found = house.crawl_state.health()
    if as_json:
        print_json({"sources": found})
        return
    for health in found:
        when = beijing(health.succeeded_at, "%Y-%m-%d %H:%M") if health.succeeded_at else "从未成功"
        click.echo(
            f"{health.source:<20} 上次成功 {when}，收下 {health.posts} 帖{f'；{health.failure}' if health.failure else ''}"
        )
    if not found:
        click.echo("还没有采集过任何信源。")
