"""The command line. Exit codes: 0 done, 1 failed, 2 wrong usage. Commands are imported when called, not before."""

import importlib
import os
import sys
from pathlib import Path
from typing import Any, Final

import click

from contracts.errors import QingtingError, reason_of
from qingting.cli.usage import sentence

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "init": ("home", "新建 home：设置、信源、规则、密钥和第一位管理员"),
    "up": ("running", "按设置启动全部角色；死掉的自动重启"),
    "demo": ("demo", "样例镇：在本机真实采集、报警、办理一遍"),
    "run": ("running", "单独运行某几个角色（crawl score index watch notify desk）"),
    "status": ("running", "各角色是否在运行、落后多少、还有什么未办"),
    "drain": ("running", "把日志里的帖子全部处理完再停"),
    "import": ("collecting", "导入 CSV 或 JSONL 文件（可为 .gz）"),
    "crawl": ("collecting", "采集一个信源一次"),
    "sources": ("collecting", "检查信源文件，查看信源状况"),
    "score": ("understanding", "给文本打分：情感、话题、求助、攻击、地区"),
    "evaluate": ("understanding", "在未参与训练的数据上评测打分器"),
    "learn": ("understanding", "用值班员的改正重训模型；--rollback 退回"),
    "search": ("looking", "检索帖子（以省级值班员身份，写入审计）"),
    "alerts": ("looking", "列出预警和求助警报"),
    "tasks": ("looking", "列出回应任务和求助任务"),
    "rules": ("rules", "检查预警规则"),
    "report": ("reporting", "生成舆情周报"),
    "replay": ("keeping", "把死信里的帖子再送一遍"),
    "forget": ("keeping", "按网址、账号名、作者假名或帖子编号永久遗忘"),
    "retain": ("keeping", "清除过了保存期的日志和帖子"),
    "backup": ("keeping", "一致地备份整个 home"),
    "user": ("people", "添加人员，重置口令"),
    "audit": ("people", "核验审计链"),
    "config": ("home", "检查、查看设置"),
    "migrate": ("home", "把数据库结构升到最新"),
    "doctor": ("home", "逐项检查这台机器和这个 home"),
    "bench": ("measuring", "测量速度和内存"),
}
"""Command → the module of `qingting.cli` that holds it, and its line in the help."""

_EXTRAS: Final = {
    "kafka": "cluster",
    "lz4": "cluster",
    "elasticsearch": "cluster",
    "psycopg": "cluster",
    "redis": "cluster",
}
"""Modules that only some settings need → the extra that brings them."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"qingting.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("命令"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=_Lazy,
    help="倾听：听公众说妇女生活，几秒内提醒值班员，把一份核实过的答复以官方名义送出门。",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="先运行 qingting init，再运行 qingting up。每个命令都有 --help。",
)
@click.option(
    "--home", "folder", default=lambda: os.environ.get("QINGTING_HOME", "./qingting-home"), show_default="./qingting-home",
    help="home 文件夹（或环境变量 QINGTING_HOME）",
)  # fmt: skip
@click.version_option(package_name="qingting", prog_name="qingting", message="%(prog)s %(version)s")
@click.pass_context
def program(ctx: click.Context, folder: str) -> None:
    from qingting.home import Home

    ctx.obj = Home(Path(folder))


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit; whatever goes wrong ends in one clear sentence on standard error."""
    try:
        done: Any = program.main(arguments, prog_name="qingting", standalone_mode=False)
    except click.UsageError as wrong:
        _fail(sentence(wrong), 2)
    except click.Abort:
        _fail("已中断。", 1)
    except QingtingError as failed:
        _fail(str(failed), 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        _fail("已中断。", 1)
    except ModuleNotFoundError as missing:
        extra = _EXTRAS.get((missing.name or "").partition(".")[0])
        if extra is None:
            raise
        _fail(f'设置需要没有安装的 {missing.name}；请运行 pip install "qingting[{extra}]"。', 1)
    except OSError as failed:
        _fail(
            f"{reason_of(failed)}{f'：{failed.filename}' if failed.filename else ''}。请检查路径、权限和磁盘空间。",
            1,
        )
    sys.exit(done if isinstance(done, int) else 0)


def _fail(text: str, code: int) -> None:
    click.echo(f"错误：{text}", err=True)
    sys.exit(code)
