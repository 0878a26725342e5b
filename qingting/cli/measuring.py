"""The bench."""

from pathlib import Path

import click

from qingting.cli.printing import as_json, print_json


@click.command(help="测量速度和内存：全程、分析、对照 SnowNLP、报警时延、各角色内存。约十分钟；机器应空闲。")
@click.option(
    "--texts",
    type=click.Path(path_type=Path),
    default=Path("../shared/data/cold"),
    show_default=True,
    help="COLD 的文件夹",
)
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1, 20), help="每项测几次，取中位数")
@click.option("--page", type=click.Path(path_type=Path), default=None, help="同时写出的 Markdown 页")
@as_json
def bench_(texts: Path, runs: int, page: Path | None, *, as_json: bool) -> int:
    from qingting.bench import running

    result = running.run(texts, runs, lambda line: click.echo(line, err=True))
    if page:
        page.write_text(result.page, "utf-8")
    if as_json:
        print_json({"machine": result.machine, "figures": result.figures})
    else:
        click.echo(result.page)
    return 0
