"""Measures pleas and danger on posts by writers who knew neither the rules nor the corpus: what a stranger's post meets.

The rules were written with the whole own corpus in view, its held-out part too; nobody who writes rules has read these.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from contracts.lane import DANGEROUS
from contracts.ports.scorer import Scorer
from pipeline import lane
from pipeline.figures import Measured, measured, resamples, share
from text.normalise import normalise

POSTS: Final = Path(__file__).parent / "corpus" / "readings" / "strangers.jsonl"


class Stranger(msgspec.Struct, frozen=True):
    """A post, scenes of danger and their look-alikes among them; `help` is None where the writer did not say."""

    key: str
    """`strangers/WRITER/NUMBER`."""
    text: str
    danger: int
    help: int | None = None

    @property
    def writer(self) -> str:
        """A letter: i and j wrote to be hard to tell, k and l after the page that the writers of `readings/pleas.jsonl` had."""
        return self.key.split("/")[1]


class StrangerFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Shares with 95 % intervals over posts."""

    posts: int
    dangerous: int
    danger_recall: Measured
    danger_imagined: Measured
    """Of the posts without danger, those that ring as 危急 or 疑似危急: most were written to sound so."""
    pleas: int
    help_recall: Measured
    help_imagined: Measured
    """Of the posts that ask for nothing and are in no danger."""


def strangers(writers: str = "ijkl") -> tuple[Stranger, ...]:
    """Return the posts of some writers, CC0, written for this measure."""
    posts = (msgspec.json.decode(line, type=Stranger) for line in POSTS.read_text("utf-8").splitlines())
    return tuple(post for post in posts if post.writer in writers)


def measure(scorer: Scorer, posts: Sequence[Stranger]) -> StrangerFigures:
    """Judge every post as the program does, rules and signs included."""
    clean = [normalise(post.text) for post in posts]
    verdicts = lane.judge_all(clean, scorer.score(clean))
    rows = resamples(len(posts))
    danger = np.array([bool(post.danger) for post in posts], dtype=bool)
    plea = np.array([bool(post.help) for post in posts], dtype=bool)
    quiet = np.array([post.help == 0 and not post.danger for post in posts], dtype=bool)
    rings = np.array([verdict.lane in DANGEROUS for verdict in verdicts], dtype=bool)
    heard = np.array([verdict.lane is not None for verdict in verdicts], dtype=bool)
    return StrangerFigures(
        posts=len(posts), dangerous=int(danger.sum()), pleas=int(plea.sum()),
        danger_recall=measured(share(rings, danger, rows)), danger_imagined=measured(share(rings, ~danger, rows)),
        help_recall=measured(share(heard, plea, rows)), help_imagined=measured(share(heard, quiet, rows)),
    )  # fmt: skip
