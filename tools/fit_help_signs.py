"""Fits the points of `pipeline.help_signs` anew, after a new scorer: prints them, and what the lane reaches by writer.

`python tools/fit_help_signs.py [--write]` needs scikit-learn and some minutes: for each writer of own posts it scores them
by heads that saw none of that writer, fits the points on own posts alone, `readings/pleas.jsonl` among them (real ones
hold hardly a plea), and tells what points fitted without a writer do on that writer. Held-out posts are never read.
`--write` puts the points into the file.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - the tree is not installed on a bare machine

from contracts.lane import DANGEROUS  # noqa: E402
from pipeline import help_signs, labelled, lane, training  # noqa: E402
from pipeline.help_points import signs  # noqa: E402
from pipeline.help_signs import BY_FORM, SIGNS  # noqa: E402
from pipeline.labelled import LabelledPost  # noqa: E402
from pipeline.training import ASIDE  # noqa: E402
from text.normalise import normalise  # noqa: E402
from tools import build_model  # noqa: E402

STRENGTH = {"help": 0.1, "danger": 0.2}
"""Inverse regularisation, chosen by leaving one writer out."""
BY_HAND = {"像广告": (-2.5, 0.0), "求推荐好物": (-2.5, 0.0)}
"""Points that are not fitted: hardly an advert of a law firm, hardly a wish for a hair dryer stands among own posts, and none of
them is a plea for an office."""
_FARTHEST = 6.9
"""The lane bounds log-odds so."""
SIGN = re.compile(r'    Sign\(name="(?P<name>[^"]+)", pattern=(?P<pattern>r?"(?:[^"\\]|\\.)*")[^\n]*\),\n')
"""A sign as it stands in the file."""
NAMES = [sign.name for sign in (*SIGNS, *BY_FORM)]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with labels/ and data/")
    asked.add_argument("--scores", type=Path, help="JSONL of key and logits: read if it is there, else written")
    asked.add_argument("--write", action="store_true", help="put the points into pipeline/help_signs.py")
    options = asked.parse_args()
    scores = unseen_scores(options.shared, options.scores)
    own = (*labelled.own_posts(), *labelled.read_labelled(labelled.PLEAS))
    posts = [post for post in own if post.key in scores and not labelled.is_held_out(post)]
    texts = [lane.in_ascii(normalise(post.text)) for post in posts]
    found = [lane.rules_find(text) for text in texts]
    seen = np.array(
        [[name in held for name in NAMES] for held in ({sign.name for sign in signs(text)} for text in texts)]
    )
    writers = np.array([post.writer for post in posts])
    fits = []
    for column, head in enumerate(ASIDE):
        truth = np.array([post.says(head) for post in posts])
        certain = np.array([hit is not None and (head == "help" or hit[0] in DANGEROUS) for hit in found])
        logits = np.clip([scores[post.key][column] for post in posts], -_FARTHEST, _FARTHEST)
        wide = np.column_stack([logits, seen])
        unseen = np.zeros(len(posts))
        for writer in np.unique(writers):
            inside = writers == writer
            unseen[inside] = fit(wide[~inside], truth[~inside], head).predict_proba(wide[inside])[:, 1]
        fits.append(fit(wide, truth, head))
        tell(head, fits[-1], np.where(certain, 1.0, unseen), truth, writers)
    if options.write:
        write(fits)


def unseen_scores(shared: Path, file: Path | None) -> dict[str, tuple[float, ...]]:
    """Return by key the log-odds of a plea and of danger, by heads that have not seen the post's writer."""
    if file and file.exists():
        return {row["key"]: tuple(row["logits"][head] for head in ASIDE) for row in map(json.loads, file.open("rb"))}
    posts, helpers, asides = build_model.lessons(shared)
    logits = training.unseen_marks(
        posts, build_model.second_readings(), stranger, helpers, asides, normalise, ASIDE
    ).round(3)
    found = {post.key: tuple(row) for post, row in zip((*posts, *asides), logits.tolist(), strict=True) if post.key}
    if file:
        lines = (json.dumps({"key": key, "logits": dict(zip(ASIDE, row, strict=True))}) for key, row in found.items())
        file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return found


def stranger(post: LabelledPost) -> str:
    """Return what a post must share its fold with: all that its writer wrote; real posts are one more writer's."""
    return post.writer or "real"


def fit(wide: Any, truth: Any, head: str) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=STRENGTH[head], max_iter=5000).fit(wide, truth)


def tell(head: str, fitted: Any, chances: Any, truth: Any, writers: Any) -> None:
    print(f"{head}: score × {fitted.coef_[0][0]:.2f}, start {fitted.intercept_[0]:.2f}")
    print("  " + "  ".join(f"{name} {value:.1f}" for name, value in zip(NAMES, fitted.coef_[0][1:], strict=True)))
    for floor in (0.5, 0.4, 0.35, 0.3, 0.25, 0.2, 0.1, 0.07, 0.05, 0.03, 0.02):
        said = chances >= floor
        hits = (said & truth).sum()
        by_writer = (
            f"{writer} {2 * (said & truth & here).sum() / max((said & here).sum() + (truth & here).sum(), 1):.3f}"
            for writer in np.unique(writers)
            if (here := writers == writer).any()
        )
        print(
            f"  ≥ {floor}: precision {hits / max(said.sum(), 1):.3f}  recall {hits / max(truth.sum(), 1):.3f}"
            f"  F1 {2 * hits / max(said.sum() + truth.sum(), 1):.3f}  by writer {'  '.join(by_writer)}"
        )


def write(fits: Sequence[Any]) -> None:
    """Write the points, rounded to a tenth, behind each sign's pattern, and the weight and start of the score."""
    file = Path(help_signs.__file__)
    points = (
        dict(zip(NAMES, zip(*(one.coef_[0][1:].round(1).tolist() for one in fits), strict=True), strict=True)) | BY_HAND
    )
    text = SIGN.sub(lambda sign: line(sign["name"], sign["pattern"], *points[sign["name"]]), file.read_text("utf-8"))
    for name, values in (
        ("SCORE_WEIGHT", [one.coef_[0][0] for one in fits]),
        ("START", [one.intercept_[0] for one in fits]),
    ):
        text = re.sub(
            rf"^{name}: Final = .*$", f"{name}: Final = ({values[0]:.2f}, {values[1]:.2f})", text, flags=re.MULTILINE
        )
    file.write_text(text, "utf-8")


def line(name: str, pattern: str, plea: float, danger: float) -> str:
    """Return a sign's line of the file; points of 0 are left out."""
    points = "".join(f", {head}={value:g}" for head, value in (("plea", plea), ("danger", danger)) if value)
    return f'    Sign(name="{name}", pattern={pattern}{points}),\n'


if __name__ == "__main__":
    main()
