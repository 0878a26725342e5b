"""The demo: `up` with the bundled sample town."""

from pathlib import Path

import click

from qingting.cli.printing import as_json, print_json
from qingting.home import Home


@click.command(help="样例镇：本机起三个虚构网站，真实采集、打分、报警、办理一遍。数据都是编的，标有“样例”。")
@click.option("--check", is_flag=True, help="不用浏览器，由程序以样例人员身份走完全程后自己结束；成功返回 0")
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="值班台端口；不写则 8420，--check 时任选空闲端口"
)
@click.option(
    "--settings",
    type=click.Path(path_type=Path),
    help="用这些服务器，例如 examples/cluster.toml；不写则什么服务器都不用",
)
@as_json
@click.pass_context
def demo_(ctx: click.Context, *, check: bool, port: int, settings: Path | None, as_json: bool) -> int:
    from qingting.cli.running import log_to_stderr, stop_on_signals
    from qingting.demonstrating import demonstrate

    home: Home | None = (
        ctx.obj if ctx.find_root().get_parameter_source("folder") != click.core.ParameterSource.DEFAULT else None
    )
    log_to_stderr(warnings_only=True)
    result = demonstrate(
        Path(home.folder) if home else None, port=port, checked=check, stop=stop_on_signals(), say=lambda text: click.echo(text, err=as_json),
        backends_file=settings,
    )  # fmt: skip
    if result is None:
        return 0
    if as_json:
        print_json(result)
    return 0 if result.ok else 1
