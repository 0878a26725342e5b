"""Commands on the home itself: init, config, migrate, doctor."""

from pathlib import Path

import click
import msgspec

from qingting.cli.printing import as_json, print_json
from qingting.home import STARTING_FILES, Home


@click.command(help="新建 home：写好带注释的设置、信源和规则，生成密钥，显示第一位管理员的一次性口令（只显示一次）。")
@click.option("--settings", type=click.Path(path_type=Path), help="用这个设置文件，例如 examples/cluster.toml")
@click.pass_obj
def init_(home: Home, *, settings: Path | None) -> None:
    from qingting.starting_up import found

    name, password = found(home, settings)
    click.echo(f"已在 {home.folder} 建好 home：{'、'.join(STARTING_FILES)}、data/、secrets/、reports/。")
    click.echo(f"第一位管理员：{name}    一次性口令：{password}")
    click.echo("口令只显示这一次，首次登录后须修改。下一步：编辑 sources.yaml，再运行 qingting up。")


@click.group(help="检查、查看设置。")
def config_() -> None: ...


@config_.command("check", help="检查 qingting.toml、sources.yaml、rules.yaml，一次列出全部问题。")
@click.pass_obj
def config_check(home: Home) -> None:
    from qingting.checking import check_files

    check_files(home)
    click.echo("设置、信源、规则都没有问题。")


@config_.command("show", help="显示当前生效的全部设置（含默认值与环境变量；密钥不在其中）。")
@as_json
@click.pass_obj
def config_show(home: Home, *, as_json: bool) -> None:
    from qingting.settings import load

    home.require()
    settings = load(home.settings_file)
    if as_json:
        print_json(settings)
    else:
        click.echo(msgspec.toml.encode(settings).decode())


@click.command(help="把数据库结构升到最新；集群模式下还建好 Kafka 的流和 Elasticsearch 的索引。升级前请先备份。")
@click.pass_obj
def migrate_(home: Home) -> None:
    from qingting.preparing import prepare
    from qingting.wiring import House

    with House.at(home) as house:
        done = prepare(home, house.settings, house.database_url)
    click.echo(f"{'、'.join(done)}已是最新。")


@click.command(
    help="逐项检查这台机器和这个 home：文件、密钥、磁盘、数据库、日志、索引、端口；集群模式下还有各台服务器和它们的时钟。"
)
@click.pass_obj
def doctor_(home: Home) -> int:
    from qingting.checking import examine

    findings = examine(home)
    for finding in findings:
        click.echo(f"{'通过' if finding.well else '问题'}  {finding.what}：{finding.sentence}")
    return 0 if all(finding.well for finding in findings) else 1
