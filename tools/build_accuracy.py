"""`make accuracy`: measures the shipped model on held-out posts and writes docs/accuracy.md with its reliability curves.

What other commands measure comes from `docs/figures/*.json`: lists of {"goal", "value", "low", "high", "on", "command"}
with `goal` a key of `pipeline.goals`. The errors that are told come from `docs/accuracy-errors.md`, written by hand.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from contracts.ports.scorer import Scorer  # noqa: E402 - the tree is not installed on a bare machine
from contracts.topic import TOPIC_WORDS, TOPICS  # noqa: E402
from pipeline import evaluation, goals, labelled, lane, measuring_strangers, reliability, scorers, training  # noqa: E402
from pipeline.evaluation import Evaluation  # noqa: E402
from pipeline.figures import MARKS, RESAMPLES, SEED, Figures, Measured  # noqa: E402
from pipeline.labelled import LabelledPost  # noqa: E402
from pipeline.scorers import ngram  # noqa: E402
from text.normalise import normalise  # noqa: E402

PAGE = ROOT / "docs" / "accuracy.md"
CURVES = ROOT / "docs" / "accuracy-reliability.svg"
ERRORS = ROOT / "docs" / "accuracy-errors.md"
ELSEWHERE = ROOT / "docs" / "figures"
LAST = "last model"
BATCH = 500


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with labels/ and data/")
    shared = asked.parse_args().shared
    posts = evaluation.held_out(None, shared=shared)
    with tempfile.TemporaryDirectory() as folder:
        last = last_model(Path(folder))
        result = evaluation.evaluate(("ngram",), posts, models={LAST: last} if last else {})
        last_name = ngram.read(last).name if last else ""
    measured = [*elsewhere(), *strangers(), *alarms(shared), size()]
    first = result.figures[0]
    CURVES.write_text(
        reliability.svg(first.reliability, first.calibration_errors, f"{model_name()}: reliability on {first.posts} held-out posts"),
        "utf-8",
    )  # fmt: skip
    page = "\n".join(lines(result, posts, measured, last_name))
    PAGE.write_text(page + "\n", "utf-8")
    print(page)


def model_name() -> str:
    return ngram.read(ngram.MODEL).name


def last_model(folder: Path) -> Path | None:
    """Return the newest committed model that differs from the present one, None where git knows none."""
    name = ngram.MODEL.relative_to(ROOT).as_posix()
    commits = subprocess.run(
        ["git", "log", "--format=%H", "--", name], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    for commit in commits:
        data = subprocess.run(["git", "show", f"{commit}:{name}"], cwd=ROOT, capture_output=True, check=False).stdout
        if data and data != ngram.MODEL.read_bytes():
            target = folder / "last.npz"
            target.write_bytes(data)
            return target if usable(target) else None
    return None


def usable(model: Path) -> bool:
    """Whether this version of the program can read the file at all."""
    from contracts.errors import NotConfigured

    try:
        ngram.read(model)
    except NotConfigured:
        return False
    return True


def elsewhere() -> list[goals.Elsewhere]:
    known = {goal.key for goal in goals.GOALS}
    found = [
        one
        for file in sorted(ELSEWHERE.glob("*.json"))
        for one in msgspec.json.decode(file.read_bytes(), type=list[goals.Elsewhere])
    ]
    if unknown := [one.goal for one in found if one.goal not in known]:
        sys.exit(f"docs/figures names goals that there are not: {', '.join(unknown)}")
    return found


def strangers() -> list[goals.Elsewhere]:
    """Return what pleas and danger meet where the writer knew neither rules nor corpus."""
    scorer, rows = scorers.load("ngram"), []
    for writers, told in (
        ("ij", "two writers who knew neither rules nor corpus and wrote to be hard to tell"),
        ("kl", "two more, of everything at once, told what the writers of `readings/pleas.jsonl` were told"),
    ):
        found = measuring_strangers.measure(scorer, measuring_strangers.strangers(writers))
        both = (
            ("help_recall", found.help_recall, f"{found.pleas} pleas among {found.posts} posts by {told}; {found.help_imagined.value:.0%} of those that ask for nothing are taken for pleas"),
            ("danger_recall", found.danger_recall, f"{found.dangerous} dangerous ones among {found.posts} posts by {told}; {found.danger_imagined.value:.0%} of the look-alikes ring, too"),
        )  # fmt: skip
        rows += [
            goals.Elsewhere(
                goal=goal, value=value.value, low=value.low, high=value.high, on=on, command="make accuracy"
            )
            for goal, value, on in both
        ]
    return rows


def alarms(shared: Path) -> list[goals.Elsewhere]:
    """Return how often an ordinary real post is called critical: every public text that is neither reserved nor held out."""
    texts = labelled.public_texts(shared / "data")
    if not texts:
        return []
    reserved = set((shared / "labels" / "reserved.txt").read_text("utf-8").split())
    dangerous = {post.key for post in labelled.real_posts(shared / "data") if post.danger}
    barred = reserved | dangerous | labelled.held_out_keys()
    ordinary = {key: text for key, text in texts.items() if key not in barred and not key.startswith("COLD/test/")}
    critical = [key for key, found in judged(scorers.load("ngram"), ordinary) if found.lane == "critical"]
    print(
        f"critical among {len(ordinary)} ordinary posts, to be looked through by hand: {' '.join(critical) or 'none'}"
    )
    return [
        goals.Elsewhere(
            goal="false_critical", value=round(len(critical) / len(ordinary) * 10_000, 2), command="make accuracy",
            on=f"{len(ordinary):,} real posts of COLD and SWSR, {len(critical)} called 危急 (every one counted as false)",
        )
    ]  # fmt: skip


def judged(scorer: Scorer, texts: dict[str, str]) -> Iterator[tuple[str, lane.LaneVerdict]]:
    keys = sorted(texts)
    for start in range(0, len(keys), BATCH):
        clean = [normalise(texts[key]) for key in keys[start : start + BATCH]]
        yield from zip(keys[start : start + BATCH], lane.judge_all(clean, scorer.score(clean)), strict=True)


def size() -> goals.Elsewhere:
    total = sum(file.stat().st_size for file in ngram.MODEL.parent.iterdir() if file.suffix in {".npz", ".txt"})
    return goals.Elsewhere(goal="models_mb", value=round(total / 1e6, 2), on="pipeline/models", command="make accuracy")


def lines(
    result: Evaluation, posts: Sequence[LabelledPost], measured: Sequence[goals.Elsewhere], last: str
) -> Iterator[str]:
    yield "# How right it is"
    yield ""
    yield "Written by `make accuracy`; do not edit. One command repeats it on a fresh clone, beside a checkout of `shared/` for the real posts:"
    yield ""
    yield "```\nmake accuracy\n```"
    yield ""
    yield f"Model `{model_name()}`, {RESAMPLES} bootstrap resamples over posts, seed {SEED}; brackets are 95 % intervals."
    yield ""
    yield from data(posts)
    shared = on_shared_labels()
    yield from against_goals(result, measured, shared)
    yield from in_detail(result.figures[0])
    yield from by_origin([one for one in result.figures if one.scorer == "ngram"])
    yield from cross_validated(shared)
    yield from side_by_side(result, last)
    yield from errors()


def data(posts: Sequence[LabelledPost]) -> Iterator[str]:
    yield "## Data"
    yield ""
    origins = Counter(post.origin for post in posts)
    yield f"Held out: {len(posts):,} posts ({', '.join(f'{count} {origin}' for origin, count in sorted(origins.items()))}). No training, tuning or rule saw them: own ones are one writer's, real ones are of threads and splits of their own."
    yield ""
    yield "| file | digest (blake2b, 128 bits) |"
    yield "|---|---|"
    for file in (
        *sorted(labelled.CORPUS.glob("*.jsonl")),
        labelled.PLEAS,
        labelled.REAL,
        labelled.HELD_OUT,
        measuring_strangers.POSTS,
        ngram.MODEL,
    ):
        digest = hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest()
        yield f"| `{file.relative_to(ROOT)}` | `{digest}` |"
    yield ""


TOO_FEW = "too few to say"
LEAST = 30
"""Posts of a kind below which a figure says nothing against a goal."""


def on_shared_labels() -> Evaluation | None:
    """Return what `make model` wrote on the shared labels into the model's card, None where it wrote nothing."""
    card = msgspec.json.decode(ngram.MODEL.with_suffix(".json").read_bytes())
    found = card.get("shared_labels")
    return msgspec.convert(found, Evaluation) if found else None


def against_goals(result: Evaluation, measured: Sequence[goals.Elsewhere], shared: Evaluation | None) -> Iterator[str]:
    yield "## Against the goals"
    yield ""
    yield "| measure | goal | reached | on | |"
    yield "|---|---|---|---|---|"
    missed: list[str] = []
    unmeasured: list[str] = []
    for goal in goals.GOALS:
        wanted = f"{'≤' if goal.at_most else '≥'} {goal.bound:g}"
        rows = [
            row
            for row in (
                _row(goal, result),
                _shared_row(goal, shared),
                *map(_foreign, (one for one in measured if one.goal == goal.key)),
            )
            if row
        ]
        if not rows:
            yield f"| {goal.what} | {wanted} | not measured for this page | | |"
            unmeasured.append(goal.what)
        for value, shown, on in rows:
            held = goal.holds(value)
            if TOO_FEW in on:
                yield f"| {goal.what} | {wanted} | {shown} | {on} | |"
                continue
            yield f"| {goal.what} | {wanted} | {shown} | {on} | {'held' if held else '**missed**'} |"
            if not held:
                missed.append(f"{goal.what} ({shown})")
    yield ""
    yield f"**Missed:** {'; '.join(missed)}." if missed else "No goal that was measured is missed."
    if unmeasured:
        yield ""
        yield f"**Not measured for this page** (no file of `docs/figures/` says it): {'; '.join(unmeasured)}."
    yield ""


def _row(goal: goals.Goal, result: Evaluation) -> tuple[float, str, str] | None:
    value = goal.read(result) if goal.read else None
    return (value.value, shown(value), f"{result.posts:,} held-out posts") if value else None


def _shared_row(goal: goals.Goal, shared: Evaluation | None) -> tuple[float, str, str] | None:
    value = goal.read(shared) if goal.read and shared else None
    if not value or not shared:
        return None
    on = f"{shared.posts:,} shared labels, cross-validated"
    positives = shared.figures[0].positives.get(goal.key.partition("_")[0], LEAST)
    return value.value, shown(value), on if positives >= LEAST else f"{on}; {TOO_FEW}: {positives} such posts"


def _foreign(one: goals.Elsewhere) -> tuple[float, str, str]:
    interval = f" [{one.low:g}, {one.high:g}]" if one.low is not None and one.high is not None else ""
    return one.value, f"{one.value:g}{interval}", f"{one.on} (`{one.command}`)"


def in_detail(found: Figures) -> Iterator[str]:
    yield "## Every head"
    yield ""
    yield from heads_table(found)
    yield ""
    yield "Help and danger are counted as the lane decides (rules included), attack and counter-speech as an officer sees them; their ECE is the model's own."
    yield ""
    yield from confusion_table(found)
    yield ""
    yield f"Reliability of each head (sentiment ECE {found.calibration_error:.3f}):"
    yield ""
    yield f"![reliability curves]({CURVES.name})"
    yield ""


def heads_table(found: Figures) -> Iterator[str]:
    yield "| head | posts | F1 | precision | recall | false alarms | missed | ECE |"
    yield "|---|---|---|---|---|---|---|---|"
    for head in (*TOPICS, *MARKS):
        value = found.topic_f1.get(head) or found.mark_f1.get(head)
        if value is None:
            continue
        wrong = found.confusion[head]
        precision, recall = (
            wrong.hits / max(wrong.hits + wrong.false_alarms, 1),
            wrong.hits / max(wrong.hits + wrong.misses, 1),
        )
        yield f"| {head} {TOPIC_WORDS.get(head, '')} | {found.positives[head]} | {shown(value)} | {precision:.3f} | {recall:.3f} | {wrong.false_alarms} | {wrong.misses} | {found.calibration_errors[head]:.3f} |"


def confusion_table(found: Figures) -> Iterator[str]:
    yield "| true sentiment | said negative | neutral | positive |"
    yield "|---|---|---|---|"
    for truth, said in found.sentiment_confusion.items():
        yield f"| {truth} | {' | '.join(str(count) for count in said.values())} |"


def by_origin(figures: Sequence[Figures]) -> Iterator[str]:
    yield "## By origin"
    yield ""
    yield from origins_table(figures)
    yield ""


def origins_table(figures: Sequence[Figures]) -> Iterator[str]:
    yield "| origin | posts | sentiment macro-F1 | topics micro | topics macro | help F1 | attack F1 | counter F1 | danger F1 |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for one in figures:
        marks = " | ".join(shown(one.mark_f1.get(mark)) for mark in ("help", "attack", "counter", "danger"))
        yield f"| {one.split} | {one.posts} | {shown(one.sentiment_macro_f1)} | {shown(one.topics_micro_f1)} | {shown(one.topics_macro_f1)} | {marks} |"


def cross_validated(shared: Evaluation | None) -> Iterator[str]:
    yield "## On the shared labels, cross-validated"
    yield ""
    if shared is None:
        yield "The model's card says nothing of them: they are measured by the next `make model` beside a checkout of `shared/`."
        yield ""
        return
    first = shared.figures[0]
    yield f"{shared.posts:,} posts of `shared/labels` (those that are not held out), each judged by a model that has not seen its thread ({training.FOLDS} folds); written into the model's card by `make model`. Rules as shipped. Calibration and operating points were chosen over the same folds, and the signs for pleas on the training part: that flatters a little. Few of these posts ask for help, so those intervals are wide."
    yield ""
    yield from origins_table(shared.figures)
    yield ""
    yield from heads_table(first)
    yield ""
    yield f"Supporters shown as attackers: {shown(first.supporters_as_attackers)}. Sentiment ECE {first.calibration_error:.3f}."
    for one in shared.differences:
        yield f"Sentiment macro-F1 ahead of {one.against} on the same posts: {shown(one.sentiment_macro_f1, signed=True)}."
    yield ""


def side_by_side(result: Evaluation, last: str) -> Iterator[str]:
    yield "## Side by side"
    yield ""
    yield "Difference to others on the same posts (paired intervals; above 0: this model is ahead). Posts that a model was trained on are left out of its comparison."
    yield ""
    yield "| against | posts | sentiment macro-F1 | " + " | ".join(MARKS) + " |"
    yield "|---|---|---|" + "---|" * len(MARKS)
    for one in result.differences:
        name = f"{LAST} (`{last}`)" if one.against == LAST else one.against
        marks = " | ".join(shown(one.f1.get(mark), signed=True) for mark in MARKS)
        yield f"| {name} | {one.posts} | {shown(one.sentiment_macro_f1, signed=True)} | {marks} |"
    if not last:
        yield ""
        yield "No earlier model that this version can read is in the history."
    yield ""


def errors() -> Iterator[str]:
    told = ERRORS.read_text("utf-8").strip()
    yield "## What the errors are"
    yield ""
    if model_name() not in told:
        yield "**These were read with an earlier model than the one above.**"
        yield ""
    yield told


def shown(value: Measured | None, *, signed: bool = False) -> str:
    if value is None:
        return "—"
    sign = "+" if signed else ""
    return f"{value.value:{sign}.3f} [{value.low:{sign}.3f}, {value.high:{sign}.3f}]"


if __name__ == "__main__":
    main()
