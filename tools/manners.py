"""Play every case of manners with our crawler and with plain Scrapy, and print both side by side.

    python -m tools.manners [--only NAME …] [--write docs/manners.md]

Ends with 0 only when all cases hold for ours.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import scrapy

from tests.site.cases import CASES
from tests.site.manners import Case, Seen, ours, plain

_INTRODUCTION = """# Manners, measured

How a crawler behaves is seen by the site, not read from its documentation.
Each line is a site on loopback that does one thing, and what must be seen of a crawler there.
The cases stand in `tests/site/cases.py`; `python -m tools.manners --write docs/manners.md` plays them and writes this page.
The peer is plain Scrapy {version} with its default settings, `ROBOTSTXT_OBEY` on and the same time-out,
and the spider of its tutorial; "–" where it has no such notion.
Scrapy is a framework: most of what it lacks here can be added to it, and ours is what was added.

"""


class Result(msgspec.Struct, frozen=True):
    """How one case went: True and False where it was played, None where it does not apply."""

    case: str
    site: str
    promise: str
    ours: bool
    plain: bool | None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--write", type=Path, metavar="FILE", help="a Markdown page instead of a table on the screen")
    asked = parser.parse_args()
    started_s = time.monotonic()
    results = [_played(case) for case in CASES if not asked.only or case.name in asked.only]
    if asked.write:
        asked.write.write_text(page(results), "utf-8")
    else:
        for result in results:
            print(f"{result.case:<32} {_mark(result.ours):<5} {_mark(result.plain):<5} {result.promise}")
    print(f"{summary(results)} ({time.monotonic() - started_s:.0f} s)", file=sys.stderr)
    return 0 if all(result.ours for result in results) else 1


def page(results: Sequence[Result]) -> str:
    """Return the results as a page in Markdown."""
    rows = "".join(
        f"| {one.case} | {one.site} | {one.promise} | {_mark(one.ours)} | {_mark(one.plain)} |\n" for one in results
    )
    head = "| case | what the site does | what must be seen | Qingting | plain Scrapy |\n|---|---|---|---|---|\n"
    return _INTRODUCTION.format(version=scrapy.__version__) + head + rows + f"\n{summary(results)}\n"


def summary(results: Sequence[Result]) -> str:
    """Return one sentence: how many cases hold for each."""
    compared = [one.plain for one in results if one.plain is not None]
    held = sum(one.ours for one in results)
    return f"Qingting {held} of {len(results)} cases, plain Scrapy {sum(compared)} of {len(compared)}."


def _played(case: Case) -> Result:
    return Result(
        case=case.name,
        site=case.site,
        promise=case.promise,
        ours=_holds(case, ours),
        plain=_holds(case, plain) if case.is_comparable else None,
    )


def _holds(case: Case, play: Callable[[Case, Path], Seen]) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        return case.holds(play(case, Path(folder)))


def _mark(held: bool | None) -> str:
    return "–" if held is None else "yes" if held else "no"


if __name__ == "__main__":
    raise SystemExit(main())
