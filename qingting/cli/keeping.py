"""Commands on what is kept: replay, forget, retain, backup."""

import sys
from pathlib import Path

import click

from qingting.cli.printing import as_json, print_json
from qingting.home import Home


@click.command(help="把死信里还带着帖子的事件送回原来的流再处理一遍；采集边界拒收的行没有原文，须从来源重来。")
@as_json
@click.pass_obj
def replay_(home: Home, *, as_json: bool) -> None:
    from qingting.replaying import replay
    from qingting.wiring import House

    with House.at(home) as house:
        done = replay(house)
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"死信 {done.dead_letters:,} 条，送回 {done.replayed:,} 条；{done.without_event:,} 条没有原文，未送。"
        )


@click.command(help="永久遗忘：从索引和值班台立即删除，并记入遗忘名单，今后不再收。至少给一个选项。")
@click.option("--url", "urls", multiple=True, metavar="网址")
@click.option(
    "--name", "names", multiple=True, metavar="账号名",
    help="要求删除的人自己报的账号名或编号；写 - 就从标准输入读，不留在命令历史里。名字本身不保存",
)  # fmt: skip
@click.option("--platform", "platforms", multiple=True, metavar="平台", help="账号在哪个平台；不写就是所有已知平台")
@click.option("--author", "authors", multiple=True, metavar="假名", help="一个季度的加密假名（不是姓名）")
@click.option("--post", "posts", multiple=True, metavar="编号", help="帖子编号")
@as_json
@click.pass_obj
def forget_(
    home: Home, urls: tuple[str, ...], names: tuple[str, ...], platforms: tuple[str, ...], authors: tuple[str, ...],
    posts: tuple[str, ...], *, as_json: bool,
) -> None:  # fmt: skip
    from qingting.forgetting import forget, forget_name
    from qingting.wiring import House

    usage = click.get_current_context()
    if not (urls or names or authors or posts):
        raise click.UsageError("要遗忘什么？请给 --url、--name、--author 或 --post。", usage)
    if platforms and not names:
        raise click.UsageError("--platform 只和 --name 一起用：请再给 --name。", usage)
    asked = [sys.stdin.readline().strip() if name == "-" else name.strip() for name in names]
    if not all(asked):
        raise click.UsageError("--name 是空的：请写账号名或编号。", usage)
    with House.at(home) as house:
        removed = forget(house, urls=urls, authors=authors, posts=posts) if urls or authors or posts else 0
        removed += sum(forget_name(house, name, platforms) for name in asked)
    if as_json:
        print_json({"removed": removed})
    else:
        click.echo(f"已遗忘，从索引删除 {removed} 帖；日志里的副本在保存期内自动清除。")


@click.command(help="删除过了保存期的：日志里的记录，索引里的帖子（按话题的保存天数）。")
@as_json
@click.pass_obj
def retain_(home: Home, *, as_json: bool) -> None:
    from qingting.retaining import expire, retain
    from qingting.wiring import House

    with House.at(home) as house:
        dropped, expired = retain(house), expire(house)
    if as_json:
        print_json({"dropped": dropped, "expired": expired})
    else:
        click.echo(f"从日志删除 {dropped:,} 条过期记录，从索引删除 {expired:,} 帖过了保存期的。")


@click.command(help="把整个 home 一致地备份成一个 .tar 文件；up 运行时也可以。备份含密钥，请妥善保管。")
@click.argument("file", type=click.Path(path_type=Path), metavar="文件.tar")
@click.pass_obj
def backup_(home: Home, file: Path) -> None:
    from qingting.backup import backup

    home.require()
    click.echo(f"已备份到 {file}（{backup(home, file):,} 字节）。恢复：解开到空文件夹，用 --home 指向它。")
