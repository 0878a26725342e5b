"""How commands print: JSON for machines on one line, a progress bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import click
import msgspec

from contracts.zone import BEIJING

as_json = click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序读")
_PLAIN_LINE_S: Final = 10.0


def beijing(at: datetime, shape: str = "%m-%d %H:%M") -> str:
    """Return a time as the clock on the duty room's wall shows it."""
    return at.astimezone(BEIJING).strftime(shape)


def print_json(value: Any) -> None:
    """Print one value as one line of JSON; lone surrogates cannot occur past the edge."""
    click.echo(msgspec.json.encode(value).decode())


@contextmanager
def progress(what: str) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the count so far; draws at most ten times a second, to standard error."""
    terminal, shown_s = sys.stderr.isatty(), time.monotonic()

    def show(count: int) -> None:
        nonlocal shown_s
        now = time.monotonic()
        if now - shown_s < (0.1 if terminal else _PLAIN_LINE_S):
            return
        shown_s = now
        click.echo(f"\r{what} {count:,}\x1b[K" if terminal else f"{what} {count:,}", nl=not terminal, err=True)

    try:
        yield show
    finally:
        if terminal:
            click.echo("\r\x1b[K", nl=False, err=True)
