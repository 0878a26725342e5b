"""Commands that run roles: up, run, status, drain."""

import logging
import os
import signal
import sys
import threading
from typing import Final

import click

from qingting.cli.printing import as_json, print_json, progress
from qingting.home import Home

_CHATTY: Final = ("alembic", "httpx", "httpcore", "asyncio", "matplotlib")


@click.command(
    help="按设置启动全部角色，每个一个进程；死掉的自动重启。Ctrl-C 或 SIGTERM 停止：各角色做完手里的一批再退。"
)
@click.pass_obj
def up_(home: Home) -> None:
    from qingting import roles
    from qingting.serving import require_free_port
    from qingting.supervisor import supervise
    from qingting.wiring import House

    log_to_stderr()
    with House.at(home) as house:
        house.rules, house.sources, house.database  # noqa: B018 - faults must show before anything starts
        address = f"http://{house.settings.desk.host}:{house.settings.desk.port}/"
        with home.only_one("up", f"{home.folder} 上已有一个 up 在运行。请先停下它，或用 --home 指定另一个 home。"):
            require_free_port(house.settings.desk.host, house.settings.desk.port)
            supervise(
                home, roles.of(house.settings), stop_on_signals(), on_start=lambda: click.echo(f"值班台：{address}")
            )


@click.command(
    help="单独运行角色：crawl 采集、score 打分、index 建索引、watch 报警、notify 通知、desk 值班台；集群里还有 worker。"
)
@click.argument("roles", nargs=-1, required=True, metavar="角色…")
@click.option("--supervised", is_flag=True, hidden=True)
@click.option("--quiet", is_flag=True, help="日志只写警告")
@click.pass_obj
def run_(home: Home, roles: tuple[str, ...], *, supervised: bool, quiet: bool) -> None:
    from contracts.errors import NotConfigured
    from qingting.roles import ROLES, WORKER, run
    from qingting.wiring import House

    for name in roles:
        if name not in ROLES and name != WORKER:
            raise NotConfigured(f"没有叫 {name} 的角色。可用：{'、'.join(ROLES)}。")
    log_to_stderr(warnings_only=quiet)
    stop = stop_on_signals()
    if supervised:
        threading.Thread(target=_stop_with_parent, args=(stop,), daemon=True).start()
    failures: list[BaseException] = []

    # once, before there are threads: two that make msgspec learn the same struct at once crash the process
    settings = House.at(home).settings

    def alone(name: str) -> None:
        # every role has its own house: connections and leases are never shared between roles
        try:
            with House(home, settings) as house:
                run(name, house, stop)
        except BaseException as failure:  # noqa: BLE001 - handed to the main thread, which ends the process with it
            failures.append(failure)
            stop.set()

    # Twisted wants the main thread for `crawl`; the others do not mind
    ordered = sorted(roles, key=lambda name: name != "crawl")
    threads = [threading.Thread(target=alone, args=(name,)) for name in ordered[1:]]
    for thread in threads:
        thread.start()
    alone(ordered[0])
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@click.command(help="各角色是否在运行、落后多少、日志和索引有多少帖、还有什么未办。")
@as_json
@click.pass_obj
def status_(home: Home, *, as_json: bool) -> None:
    from qingting.status import status
    from qingting.wiring import House

    with House.at(home) as house:
        found = status(house)
    if as_json:
        print_json(found)
        return
    for name, role in found.roles.items():
        behind = f"落后 {role.lag:,} 条，最早的已等 {role.oldest_s:.0f} 秒" if role.lag else "没有积压"
        alive = f"在运行 {role.processes}" if role.alive else "未运行"
        further = (f"，手上 {role.in_flight:,} 条" if role.in_flight else "") + (
            f"，死信 {role.dead_letters:,} 条" if role.dead_letters else ""
        )
        click.echo(f"{name:<7} {alive:<6} {behind}{further}")
    click.echo(f"索引 {found.index['posts']:,} 帖；死信 {found.dead_letters:,} 条。")
    tasks = found.tasks
    click.echo(f"未结预警 {found.alerts['open']} 个；未办任务 {tasks['open']} 个，其中超时 {tasks['overdue']} 个。")


@click.command(help="把日志里的帖子全部打分、入索引、过规则、发通知，做完即停；up 正在运行时只等它做完。")
@as_json
@click.pass_obj
def drain_(home: Home, *, as_json: bool) -> None:
    from qingting.draining import drain
    from qingting.wiring import House

    with House.at(home) as house, progress("还在处理") as show:
        done = drain(house, show)
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"完成：打分 {done.scored:,}，入索引 {done.indexed:,}，死信 {done.rejected:,}，"
            f"新预警 {done.alerts_opened}，新任务 {done.tasks_opened}，用时 {done.seconds:.1f} 秒。"
        )


def stop_on_signals() -> threading.Event:
    stop = threading.Event()

    def set_stop(_number: int, _frame: object) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, set_stop)
    return stop


def _stop_with_parent(stop: threading.Event) -> None:
    # not sys.stdin.read(): a thread blocked in a buffered reader breaks the interpreter's shutdown
    while os.read(sys.stdin.fileno(), 1):
        pass
    stop.set()


def log_to_stderr(*, warnings_only: bool = False) -> None:
    """Send log lines (English, one event a line) to standard error."""
    logging.basicConfig(
        level=logging.WARNING if warnings_only else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
