"""Commands on understanding: score, evaluate."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from qingting.cli.printing import as_json, print_json


@click.command(
    help="给文本打分，每行一个 JSON。输入为 JSONL（要有 text）或一行一帖的纯文本；- 表示标准输入。不需要 home。"
)
@click.argument("file", metavar="文件|-")
@click.option("--scorer", default="ngram", show_default=True, help="ngram 或 snownlp（对照基线）")
@click.option("--json", "as_json", is_flag=True, help="（输出总是 JSON）")
def score_(file: str, scorer: str, *, as_json: bool) -> None:
    from qingting.scoring import score_lines

    del as_json
    name = "标准输入" if file == "-" else file
    with _opened(file) as stream:
        for line in score_lines(_lines(stream), name, scorer):
            sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _opened(file: str) -> BinaryIO:
    return sys.stdin.buffer if file == "-" else Path(file).open("rb")


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    yield from stream


@click.command(help="在未参与训练的数据上评测打分器：准确率、宏平均 F1、各类 F1，附 95% 区间和对照基线。")
@click.option("--scorer", "scorers", multiple=True, default=("ngram",), show_default=True)
@click.option(
    "--labels", type=click.Path(path_type=Path), default=None, help="标注文件（JSONL）；不写则用自带的留出部分"
)
@as_json
def evaluate_(scorers: tuple[str, ...], labels: Path | None, *, as_json: bool) -> None:
    from pipeline import evaluation

    result = evaluation.evaluate(scorers, evaluation.held_out(labels))
    if as_json:
        print_json(result)
    else:
        click.echo(evaluation.table(result))
