"""Commands on reports."""

import click

from contracts.errors import Rejected
from qingting.cli.printing import as_json, print_json
from qingting.home import Home


@click.group(help="生成舆情周报。")
def report_() -> None: ...


@report_.command("weekly", help="生成一周的舆情周报（HTML 与 DOCX）草稿，放进 home 的 reports/；署名在值班台完成。")
@click.option("--week", default="", metavar="年-W周", help="如 2026-W47；不写则为上一个完整的周")
@click.option("--unit", default="430000", show_default=True, help="单位的行政区划代码")
@as_json
@click.pass_obj
def report_weekly(home: Home, week: str, unit: str, *, as_json: bool) -> None:
    from qingting.reporting import weekly
    from qingting.wiring import House

    with House.at(home) as house:
        done = weekly(house, week, unit)
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"{done.week} 周报：{'、'.join(done.files)}；{done.figures} 个数字，{done.figures_resolved} 个可按查询复算。"
        )
    if done.figures != done.figures_resolved:
        raise Rejected(f"有 {done.figures - done.figures_resolved} 个数字按其查询复算不符，周报不可署名。")
