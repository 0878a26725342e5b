"""Commands on rules."""

from pathlib import Path

import click

from contracts.errors import Rejected
from qingting.home import Home


@click.group(help="检查预警规则。")
def rules_() -> None: ...


@rules_.command("check", help="检查 rules.yaml，一次列出全部问题：行号、键、最相近的名字。")
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[文件]")
@click.pass_obj
def rules_check(home: Home, file: Path | None) -> None:
    from alerts.rules import check_rules, load_rules

    if file is None:
        home.require()
    path = file or home.rules_file
    if faults := check_rules(path):
        raise Rejected("\n".join(f"{path} 第 {fault.line} 行 {fault.key}：{fault.sentence}" for fault in faults))
    click.echo(f"{path} 没有问题，共 {len(load_rules(path))} 条规则。")
