"""Run it all: `python -m tools.cluster_bench --page docs/performance-cluster.md`; the machine should be idle."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from qingting.bench import page, workload
from qingting.bench.figure import Figure, this_machine
from tools.cluster_bench import path, seen, town

POSTS = 20_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.cluster_bench", description=__doc__)
    parser.add_argument("--texts", type=Path, default=Path("../shared/data/cold"), help="COLD's folder")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--page", type=Path, default=None)
    asked = parser.parse_args()
    machine, bodies = this_machine(), workload.texts(asked.texts)[:POSTS]
    figures: list[Figure] = []
    text = ""
    with town.servers() as at:
        for name, measure in (
            ("the path", lambda: path.figures(at, bodies, asked.runs)),
            ("one more process", lambda: path.one_more(at)),
            ("what people see", lambda: seen.figures(at, bodies)),
        ):
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            for found in measure():  # type: ignore[no-untyped-call]
                figures.append(found)
                print(f"  {found.name}: {found.value:,.4g} {found.unit}  {found.goal}", file=sys.stderr, flush=True)
            when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            text = page.render(figures, machine, len(bodies), when, title="Performance of the cluster")
            if asked.page:
                asked.page.write_text(text, "utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
