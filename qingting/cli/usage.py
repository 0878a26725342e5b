"""Click's complaints about the command line, as one Chinese sentence with the remedy."""

from difflib import get_close_matches

import click


def sentence(wrong: click.UsageError) -> str:
    """Return what was wrong with the call and where to read how it is meant."""
    path = wrong.ctx.command_path if wrong.ctx else "qingting"
    return f"{_what(wrong)}用法见 {path} --help。"


def _what(wrong: click.UsageError) -> str:
    if isinstance(wrong, click.NoSuchOption):
        return f"没有选项 {wrong.option_name}{_near(wrong.option_name, wrong.possibilities or ())}。"
    if isinstance(wrong, click.MissingParameter):
        name = wrong.param.human_readable_name if wrong.param else "参数"
        return f"缺少 {name}。"
    if isinstance(wrong, click.BadParameter):
        name = wrong.param.human_readable_name if wrong.param else "参数"
        return f"{name} 的值不对：{wrong.message}"
    if isinstance(wrong, click.BadOptionUsage):
        return f"选项 {wrong.option_name} 用得不对（是否少了值？）。"
    if wrong.message.startswith("No such command"):
        from qingting.cli import COMMANDS

        word = wrong.message.split("'")[1]
        return f"没有命令 {word}{_near(word, COMMANDS)}。"
    if wrong.message.startswith("Got unexpected extra argument"):
        return f"多出了参数 {wrong.message.partition('(')[2].rstrip('.').rstrip(')')}。"
    return wrong.message


def _near(word: str, known: object) -> str:
    near = get_close_matches(word, list(known), n=1)  # type: ignore[call-overload]
    return f"，是不是 {near[0]}" if near else ""
