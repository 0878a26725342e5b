"""Fits the points of `pipeline.help_signs` anew, after a new scorer: prints them, and what they reach by writer.

Needs scikit-learn and the JSONL that `tools/build_model.py --unseen FILE` writes: log-odds of models that had not seen the post. Only posts
that no rule made a plea are fitted on; held-out posts are never read. `python tools/fit_help_signs.py FILE`
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - the tree is not installed on a bare machine

from contracts.lane import DANGEROUS  # noqa: E402
from pipeline import labelled, lane  # noqa: E402
from pipeline.help_points import signs  # noqa: E402
from pipeline.help_signs import BY_FORM, SIGNS  # noqa: E402
from text.normalise import normalise  # noqa: E402

STRENGTH = {"help": 0.1, "danger": 0.05}
"""Inverse regularisation: few dangerous posts are left without a rule."""
_FARTHEST = 6.9
"""The lane bounds log-odds so."""
NAMES = [sign.name for sign in (*SIGNS, *BY_FORM)]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("scores", type=Path)
    asked.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with data/")
    options = asked.parse_args()
    scores = {row["key"]: row for row in map(json.loads, options.scores.read_text("utf-8").splitlines())}
    every = (*labelled.own_posts(), *labelled.real_posts(options.shared / "data"))
    posts = [post for post in every if post.key in scores and not labelled.is_held_out(post)]
    texts = [lane.in_ascii(normalise(post.text)) for post in posts]
    found = [lane.rules_find(text) for text in texts]
    seen = np.array(
        [[name in held for name in NAMES] for held in ({sign.name for sign in signs(text)} for text in texts)]
    )
    writers = np.array([post.writer or "real" for post in posts])
    for head in ("help", "danger"):
        truth = np.array([getattr(post, head) for post in posts])
        certain = np.array([hit is not None and (head == "help" or hit[0] in DANGEROUS) for hit in found])
        logits = np.clip([scores[post.key]["logits"][head] for post in posts], -_FARTHEST, _FARTHEST)
        wide = np.column_stack([logits, seen])
        unseen = np.where(certain, 1.0, 0.0)
        for writer in np.unique(writers):
            inside = writers == writer
            fitted = fit(wide[~inside & ~certain], truth[~inside & ~certain], head)
            unseen[inside & ~certain] = fitted.predict_proba(wide[inside & ~certain])[:, 1]
        fitted = fit(wide[~certain], truth[~certain], head)
        print(f"{head}: score × {fitted.coef_[0][0]:.2f}, start {fitted.intercept_[0]:.2f}")
        print("  " + "  ".join(f"{name} {value:.1f}" for name, value in zip(NAMES, fitted.coef_[0][1:], strict=True)))
        for floor in (0.5, 0.4, 0.3, 0.28, 0.2, 0.1, 0.09, 0.05, 0.025):
            said = unseen >= floor
            hits = (said & truth).sum()
            print(f"  ≥ {floor}: precision {hits / max(said.sum(), 1):.3f}  recall {hits / max(truth.sum(), 1):.3f}")


def fit(wide: Any, truth: Any, head: str) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=STRENGTH[head], max_iter=5000).fit(wide, truth)


if __name__ == "__main__":
    main()
