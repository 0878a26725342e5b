"""Commands that look: search, alerts, tasks. They act as a provincial duty officer and leave a row in the audit."""

from datetime import datetime

import click

from contracts.errors import Rejected
from contracts.zone import BEIJING
from qingting.cli.printing import as_json, beijing, print_json
from qingting.home import Home


@click.command(help='检索帖子。词之间空一格表示都要有；"…" 为整句；可用 OR、NOT、括号。')
@click.argument("query", default="", metavar="检索式")
@click.option(
    "--from", "since", default="", metavar="时间", help="起（含），如 2026-11-23 或 2026-11-23T08:00，北京时间"
)
@click.option("--to", "until", default="", metavar="时间", help="止（不含）")
@click.option("--topic", "topics", multiple=True, help="话题代码，可多次")
@click.option("--region", "regions", multiple=True, help="行政区划代码，可多次；430000 为全省")
@click.option("--sentiment", "sentiments", multiple=True, type=click.Choice(["-1", "0", "1"]), help="可多次")
@click.option("--source", "sources", multiple=True, help="信源，可多次")
@click.option("--advice", "advice_only", is_flag=True, help="只要意见建议：说妇联工作不好的，应当答复")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(0, 10_000))
@click.option("--count", "only_count", is_flag=True, help="只要数目")
@as_json
@click.pass_obj
def search_(
    home: Home, query: str, since: str, until: str, topics: tuple[str, ...], regions: tuple[str, ...],
    sentiments: tuple[str, ...], sources: tuple[str, ...], limit: int, *, advice_only: bool, only_count: bool, as_json: bool,
) -> None:  # fmt: skip
    from contracts.document import Query
    from contracts.topic import TOPICS
    from qingting.looking import search
    from qingting.wiring import House

    if unknown := [topic for topic in topics if topic not in TOPICS]:
        raise Rejected(f"没有话题 {'、'.join(unknown)}；可用：{'、'.join(TOPICS)}。")
    asked = Query(
        text=query, since=_instant(since, "--from"), until=_instant(until, "--to"), topics=topics, regions=regions,
        sentiments=tuple(map(int, sentiments)), sources=sources, advice_only=advice_only,
        limit=0 if only_count else limit,
    )  # fmt: skip
    with House.at(home) as house:
        found = search(house, asked)
    if as_json:
        print_json(found)
        return
    click.echo(f"共 {found.total:,} 帖。")
    for post in found.posts:
        click.echo(
            f"{beijing(post.published_at, '%Y-%m-%d %H:%M')} {post.source} {post.title or post.text[:60]!s}  {post.url}"
        )


def _instant(text: str, option: str) -> datetime | None:
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError as broken:
        raise Rejected(f"{option} {text} 不是时间。请写 2026-11-23 或 2026-11-23T08:00。") from broken
    return read if read.tzinfo else read.replace(tzinfo=BEIJING)


@click.command(help="列出预警和求助警报，附理由与通知情况。")
@click.option("--open", "open_only", is_flag=True, help="只要未结的")
@as_json
@click.pass_obj
def alerts_(home: Home, *, open_only: bool, as_json: bool) -> None:
    from alerts.store import STATE_WORDS
    from contracts.lane import LANE_WORDS
    from contracts.level import level_word
    from qingting.looking import alerts
    from qingting.wiring import House

    with House.at(home) as house:
        found = alerts(house, open_only=open_only)
    if as_json:
        print_json({"alerts": found})
        return
    for alert in found:
        level = level_word(alert.level, confirmed=alert.level_confirmed) if alert.level else ""
        word = LANE_WORDS[alert.lane] if alert.lane else level
        click.echo(f"{beijing(alert.opened_at)} {word} {STATE_WORDS[alert.state]} {alert.reason}  {alert.id}")
    if not found:
        click.echo("没有预警。")


@click.command(help="列出回应任务和求助任务。")
@click.option("--open", "open_only", is_flag=True, help="只要未办结的")
@as_json
@click.pass_obj
def tasks_(home: Home, *, open_only: bool, as_json: bool) -> None:
    from contracts.task import HELP_WORDS, RESPONSE_WORDS
    from qingting.looking import tasks
    from qingting.wiring import House

    with House.at(home) as house:
        found = tasks(house, open_only=open_only)
    if as_json:
        print_json({"tasks": found})
        return
    for task in found:
        due = f"{beijing(task.due_at)} 前" if task.due_at else "无时限"
        state = (HELP_WORDS if task.kind == "help" else RESPONSE_WORDS)[task.state]
        click.echo(
            f"{'求助' if task.kind == 'help' else '回应'} {state} {due}{' 已超时' if task.overdue else ''}  {task.id}"
        )
    if not found:
        click.echo("没有任务。")
