"""Commands on understanding: score, evaluate, learn."""

import errno
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import click

from contracts.errors import Rejected
from qingting.cli.printing import as_json, print_json
from qingting.home import Home

_NO_FILE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})
_SHOWN: Final = 60
"""Characters of what was given that are said again: it may be a whole post."""


@click.command(
    help="给文本打分，每行一个 JSON。输入为 JSONL（要有 text）或一行一帖的纯文本；- 表示标准输入。不需要 home。"
)
@click.argument("file", metavar="文件|-")
@click.option(
    "--scorer", default="ngram", show_default=True, help="ngram、snownlp（对照基线）或 encoder:目录（更细、更慢）"
)
@click.option(
    "--explain",
    is_flag=True,
    help="附上每项判断的依据：概率和最有分量的字段（在 masked_text 里的起止位置），判为求助或未判为求助的规则名",
)
@click.option("--json", "as_json", is_flag=True, help="（输出总是 JSON）")
def score_(file: str, scorer: str, *, explain: bool, as_json: bool) -> None:
    from qingting.scoring import score_lines

    del as_json
    name = "标准输入" if file == "-" else file
    with _opened(file) as stream:
        for line in score_lines(_lines(stream), name, scorer, explain=explain):
            sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _opened(file: str) -> BinaryIO:
    """Return the file, open. Raises UsageError where there can be no such file: most likely the text itself was given."""
    if file == "-":
        return sys.stdin.buffer
    try:
        return Path(file).open("rb")
    except OSError as failed:
        if file and failed.errno not in _NO_FILE:
            raise
        shown = file if len(file) <= _SHOWN else f"{file[:_SHOWN]}…"
        raise click.UsageError(
            f"参数 文件 应是文件路径或 -，找不到“{shown}”这个文件。要给一句话打分，请从标准输入给："
            "echo '要打分的话' | qingting score -；或写进 UTF-8 文本文件（一行一帖），再给出它的路径。",
            click.get_current_context(),
        ) from failed


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    yield from stream


@click.command(
    help="在未参与训练的数据上评测打分器：准确率、F1、混淆、校准，总体和分来源，附 95% 区间，与对照基线同场比较。"
)
@click.option(
    "--scorer",
    "scorers",
    multiple=True,
    default=("ngram",),
    show_default=True,
    help="可多次：ngram、snownlp 或 encoder:目录",
)
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    default=None,
    help="标注文件（JSONL，每行 text、sentiment，可有 topics、help、attack、counter、danger、origin）；不写则用自带的留出部分",
)
@click.option(
    "--model", "models", multiple=True, type=click.Path(path_type=Path), help="同场比较的模型文件（.npz），如上一版"
)
@click.option("--svg", type=click.Path(path_type=Path), default=None, help="把可靠性曲线写成这个 SVG 文件")
@as_json
def evaluate_(
    scorers: tuple[str, ...], labels: Path | None, models: tuple[Path, ...], svg: Path | None, *, as_json: bool
) -> None:
    from pipeline import evaluation, evaluation_text, reliability

    beside = {model.name: model for model in models}
    posts, left_out = evaluation.held_out(labels), evaluation.left_out(labels)
    if labels and not posts:
        raise Rejected(f"{labels} 里没有可评测的帖子：{left_out} 帖模型训练时都见过。请换一个没有参与训练的标注文件。")
    result = evaluation.evaluate(scorers, posts, models=beside, left_out=left_out)
    if svg:
        first = result.figures[0]
        title = f"{result.models.get(first.scorer, first.scorer)}：可靠性曲线（{first.posts} 帖）"
        svg.write_text(reliability.svg(first.reliability, first.calibration_errors, title), "utf-8")
    if as_json:
        print_json(result)
    else:
        click.echo(evaluation_text.table(result))


@click.command(
    help="用值班员的改正在本单位重训打分模型（一分钟内），在留出帖上与现用模型比较；没有一项下降才启用，重启后生效。"
)
@click.option("--rollback", is_flag=True, help="退回上一个模型（最早退到随程序的模型）")
@as_json
@click.pass_obj
def learn_(home: Home, *, rollback: bool, as_json: bool) -> int:
    from qingting import learning
    from qingting.wiring import House

    with House.at(home) as house:
        if rollback:
            name = learning.roll_back(house)
            if as_json:
                print_json({"in_use": name})
            else:
                click.echo(f"已退回模型 {name}；重启 qingting up 后生效。")
            return 0
        done = learning.learn(house, lambda line: click.echo(line, err=True))
    if as_json:
        print_json(done)
    if done.fallen:
        raise Rejected(learning.sentence(done))
    if not as_json:
        click.echo(learning.sentence(done))
    return 0
