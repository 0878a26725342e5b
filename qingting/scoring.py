"""`score`: lines of text or JSONL in, one object a line out; no home, no log."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import msgspec

from contracts.errors import NotConfigured, Rejected
from contracts.explanation import Explain, Explanation
from contracts.identity import post_id
from contracts.lane import BY_MODEL, BY_MODEL_WORDS
from contracts.post import Post
from contracts.score import Score

if TYPE_CHECKING:
    from contracts.ports.scorer import Scorer

_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Scores do not depend on time."""
_BATCH: Final = 500
_LONGEST_BYTES: Final = 4 * 1024 * 1024


def score_lines(lines: Iterable[bytes], name: str, scorer: str, *, explain: bool = False) -> Iterator[bytes]:
    """Yield one JSON object for each non-empty line, in order.

    With `explain` each carries `explanation`: for every head its probability and its spans in `masked_text`, and for
    the plea verdict the rules and signs by name, or the guards that held back what sounds like one. Raises
    Rejected with `name` and line for bytes that are no text, for a line over 4 MiB, and for an object without `text`;
    NotConfigured for a scorer that cannot explain itself.
    """
    from pipeline import scorers, understanding
    from text.mask import mask

    loaded = scorers.load(scorer)
    reasons = explainer(loaded) if explain else None
    score = understanding.build(loaded)
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    while batch := list(islice(numbered, _BATCH)):
        given = [_read(line, name, number) for number, line in batch]
        masked = [mask(row["text"]).text for row in given]
        for row, text, found in zip(given, masked, score([_post(text) for text in masked]), strict=True):
            extra = {"explanation": _reasons(reasons(text), found)} if reasons else {}
            yield msgspec.json.encode(row | _shape(found) | {"masked_text": text} | extra)


def explainer(scorer: "Scorer") -> Explain:
    """Return the function that explains this scorer. Raises NotConfigured where it has no weights to show."""
    from pipeline.explaining import explain
    from pipeline.scorers.ngram import NgramScorer

    if not isinstance(scorer, NgramScorer):
        raise NotConfigured(f"打分器 {scorer.name} 说不出依据；--explain 只对 ngram 有用。")
    model = scorer.model
    return lambda text: explain(model, text)


def _reasons(reasons: Explanation, score: Score) -> dict[str, Any]:
    heads = {
        one.head: {"p": one.p, "spans": [list(msgspec.structs.astuple(span)) for span in one.spans]}
        for one in reasons.heads
    }
    if score.may_support:  # what a supporter quotes is no attack, not even behind the scenes
        heads["attack"] = {"p": score.attack, "spans": []}
    plea = reasons.plea
    why = [
        {
            "name": BY_MODEL_WORDS if one.name == BY_MODEL else one.name,
            "guard": one.guard,
            "spans": [list(span) for span in one.spans],
        }
        for one in plea.reasons
    ]  # a guard's name says why what sounds like a plea is none
    return {
        "scorer": reasons.scorer, "heads": heads,
        "plea": {"lane": plea.lane, "by_model": plea.by_model, "reasons": why},
    }  # fmt: skip


def _read(line: bytes, name: str, number: int) -> dict[str, Any]:
    if len(line) > _LONGEST_BYTES:
        raise Rejected(f"{name} 第 {number} 行有 {len(line):,} 字节，上限 4 MiB。请拆开或删去这一行。")
    try:
        text = line.decode("utf-8-sig").strip()
    except UnicodeDecodeError as broken:
        raise Rejected(f"{name} 第 {number} 行不是 UTF-8 文本。请先转码，或确认文件不是二进制。") from broken
    if "\0" in text:
        raise Rejected(f"{name} 第 {number} 行含空字节，像是二进制文件。请给文本或 JSONL。")
    if not text.startswith("{"):
        return {"text": text}
    try:
        row: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as broken:
        raise Rejected(f"{name} 第 {number} 行不是合法的 JSON：{broken}。") from broken
    if not isinstance(row.get("text"), str):
        raise Rejected(f"{name} 第 {number} 行缺少文字字段 text；这一行有：{'、'.join(row) or '（空）'}。")
    return row


def _post(text: str) -> Post:
    return Post(
        id=post_id("score", text=text),
        source="score",
        platform="score",
        text=text,
        published_at=_ANY_TIME,
        fetched_at=_ANY_TIME,
    )


def _shape(score: Score) -> dict[str, Any]:
    return {
        "sentiment": score.sentiment,
        "sentiment_p": {
            "negative": score.sentiment_p.negative, "neutral": score.sentiment_p.neutral,
            "positive": score.sentiment_p.positive,
        },
        "certain": score.certain, "topics": list(score.topics), "help": score.help, "attack": score.attack,
        "counter": score.counter, "danger": score.danger, "lane": score.lane, "regions": list(score.regions),
        "keywords": list(score.keywords), "target": score.target,
    }  # fmt: skip
