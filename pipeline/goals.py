"""What the understanding must reach, and how each goal is read from an evaluation."""

from collections.abc import Callable
from typing import Final

import msgspec

from pipeline.evaluation import BASELINE, Evaluation
from pipeline.figures import Figures, Measured

Reading = Callable[[Evaluation], Measured | None]


class Goal(msgspec.Struct, frozen=True):
    """One line of the table. `at_most`: less is better. `read` is None for what another command measures."""

    key: str
    what: str
    bound: float
    at_most: bool = False
    read: Reading | None = None

    def holds(self, value: float) -> bool:
        """Whether a figure reaches the goal."""
        return value <= self.bound if self.at_most else value >= self.bound


class Elsewhere(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A figure that a command of its own measured: a row of `docs/figures/*.json`."""

    goal: str
    value: float
    on: str
    command: str
    low: float | None = None
    high: float | None = None


def _of(read: Callable[[Figures], Measured | None]) -> Reading:
    return lambda result: read(result.figures[0])


def _ahead(result: Evaluation) -> Measured | None:
    return next((one.sentiment_macro_f1 for one in result.differences if one.against == BASELINE), None)


def _worst_calibration(found: Figures) -> Measured | None:
    worst = max(found.calibration_errors.values(), default=None)
    return None if worst is None else Measured(worst, worst, worst)


GOALS: Final = (
    Goal("sentiment_macro_f1", "sentiment macro-F1, three classes", 0.80, read=_of(lambda found: found.sentiment_macro_f1)),
    Goal("sentiment_ahead", "sentiment macro-F1 ahead of SnowNLP", 0.35, read=_ahead),
    Goal("help_f1", "help F1", 0.90, read=_of(lambda found: found.mark_f1.get("help"))),
    Goal("help_recall", "help recall", 0.95, read=_of(lambda found: found.mark_recall.get("help"))),
    Goal("danger_recall", "danger: recall of 危急 and 疑似危急 together", 0.98, read=_of(lambda found: found.mark_recall.get("danger"))),
    Goal("false_critical", "false 危急 on 10,000 ordinary posts", 2.0, at_most=True),
    Goal("attack_f1", "attack F1", 0.65, read=_of(lambda found: found.mark_f1.get("attack"))),
    Goal("counter_f1", "counter-speech F1", 0.75, read=_of(lambda found: found.mark_f1.get("counter"))),
    Goal("supporters", "supporters shown as attackers", 0.05, at_most=True, read=_of(lambda found: found.supporters_as_attackers)),
    Goal("topics_micro_f1", "topics micro-F1 (12)", 0.78, read=_of(lambda found: found.topics_micro_f1)),
    Goal("topics_macro_f1", "topics macro-F1 (12)", 0.70, read=_of(lambda found: found.topics_macro_f1)),
    Goal("cold_gender", "COLD gender part, macro-F1 (official split)", 0.81),
    Goal("swsr", "SWSR comments, macro-F1 (thread-wise split)", 0.77),
    Goal("calibration", "calibration: the worst head's ECE", 0.05, at_most=True, read=_of(_worst_calibration)),
    Goal("regions", "regions on own sentences with traps", 0.97),
    Goal("fold_recall", "fold recall, 3,000 posts and 7 edits", 0.99),
    Goal("fold_precision", "fold precision, 3,000 posts and 7 edits", 0.99),
    Goal("events_hashtags", "events, B-cubed F on the hashtag stand-in", 0.70),
    Goal("events_own", "events, B-cubed F on the own storylines", 0.70),
    Goal("speed_batch", "sentiment in batches: times SnowNLP", 500),
    Goal("speed_single", "sentiment one at a time: times SnowNLP", 50),
    Goal("speed_one_core", "full analysis on one core, posts/s", 8_000),
    Goal("speed_two_cores", "full analysis on two cores, posts/s", 15_000),
    Goal("import_s", "import, s", 0.5, at_most=True),
    Goal("worker_mb", "memory of a worker, MB", 150, at_most=True),
    Goal("models_mb", "models in the wheel, MB", 8, at_most=True),
)  # fmt: skip
