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
        return f"缺少 {_name(wrong.param)}。"
    if isinstance(wrong, click.BadParameter):
        name = _name(wrong.param)
        return f"{name} 的值不对：{_wanted(wrong.param.type if wrong.param else None, wrong.message)}"
    if isinstance(wrong, click.BadOptionUsage):
        return f"选项 {wrong.option_name} 用得不对（是否少了值？）。"
    if wrong.message.startswith("No such command"):
        from qingting.cli import COMMANDS

        word = wrong.message.split("'")[1]
        return f"没有命令 {word}{_near(word, COMMANDS)}。"
    if wrong.message.startswith("Got unexpected extra argument"):
        return f"多出了参数 {wrong.message.partition('(')[2].rstrip('.').rstrip(')')}。"
    return wrong.message


def _name(of: click.Parameter | None) -> str:
    """Return what people write on the command line: an option with its dashes."""
    if isinstance(of, click.Option):
        return of.opts[0]
    return of.human_readable_name if of else "参数"


def _wanted(kind: object, message: str) -> str:
    """Return what was given and what is wanted; Click's own words where it is another kind of value than commands have."""
    given = message.partition(" is not ")[0].strip("'")
    if isinstance(kind, click.IntRange) and None not in {kind.min, kind.max}:
        return f"{given} 不行，应是 {kind.min} 到 {kind.max} 的整数。"
    if isinstance(kind, click.Choice):
        return f"{given} 不行，应是 {'、'.join(str(choice) for choice in kind.choices)} 之一。"
    return message


def _near(word: str, known: object) -> str:
    near = get_close_matches(word, list(known), n=1)  # type: ignore[call-overload]
    return f"，是不是 {near[0]}" if near else ""
