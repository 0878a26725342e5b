"""A machine's judgement as an officer reads it: what it says, how sure it is, which words made it say so."""

from collections.abc import Iterable, Sequence

import msgspec

from contracts.explanation import Explanation
from contracts.post import Post
from contracts.score import MARKED, Score
from contracts.topic import TOPIC_WORDS
from desk import wording
from desk.plea_reasons import not_a_plea
from desk.said import Said

_WORDS_MOST = 3
_HEADS = {-1: "negative", 0: "neutral", 1: "positive"}


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """All lines, and where their words stand in title and text."""

    lines: tuple[Said, ...]
    title_spans: tuple[tuple[int, int], ...] = ()
    text_spans: tuple[tuple[int, int], ...] = ()


def shown_text(post: Post) -> str:
    """Return what the model read: title and text, as the post shows them."""
    return f"{post.title}\n{post.text}" if post.title else post.text


def judged(post: Post, score: Score, reasons: Explanation | None) -> Judged:
    """Return the lines of a post's card. An attack is named only where nothing speaks for counter-speech."""
    text = shown_text(post)
    spans: list[tuple[int, int]] = []

    def why(head: str) -> tuple[str, ...]:
        if reasons is None or head not in _known(reasons):
            return ()
        found = [(one.start, one.end) for one in reasons.of(head).spans if one.weight > 0][:_WORDS_MOST]
        spans.extend(found)
        return tuple(text[start:end] for start, end in found)

    def topic(code: str) -> Said:
        p = reasons.of(code).p if reasons and code in _known(reasons) else None
        unsure = p is not None and p < MARKED  # a topic is named for recall: from far below an even chance on
        word = TOPIC_WORDS.get(code, code)
        return Said(what="话题", word=f"{word}（拿不准）" if unsure else word, p=p, unsure=unsure, reasons=why(code))

    likeliest = max(score.sentiment_p.negative, score.sentiment_p.neutral, score.sentiment_p.positive)
    word = wording.SENTIMENTS[score.sentiment]
    lines = [
        Said(
            what="情感", word=word if score.certain else f"拿不准（最可能{word}）", p=likeliest, unsure=not score.certain,
            reasons=why(_HEADS[score.sentiment]),
        )
    ]  # fmt: skip
    lines += [topic(code) for code in score.topics]
    if score.target:
        lines.append(Said(what="针对", word=wording.TARGETS[score.target]))
    if score.is_advice:
        lines.append(Said(what="性质", word="意见建议：说的是妇联的工作，应当答复"))
    if score.may_support:
        lines.append(Said(what="性质", word="可能为声援", p=score.counter, reasons=why("counter")))
    elif score.may_attack:
        lines.append(Said(what="性质", word="疑似攻击（指这段文字，不指人）", p=score.attack, reasons=why("attack")))
    if reasons is not None and score.lane is None:
        lines += not_a_plea(text, reasons.plea)
        spans += [span for one in reasons.plea.reasons if one.guard for span in one.spans[-1:]]
    title_spans, text_spans = apart(post, spans)
    return Judged(lines=tuple(lines), title_spans=title_spans, text_spans=text_spans)


def apart(
    post: Post, spans: Sequence[tuple[int, int]]
) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:  # fmt: skip
    """Return spans of the shown text as those of the title and those of the text."""
    before = len(post.title) + 1 if post.title else 0
    return _within(spans, 0, len(post.title)), _within(spans, before, before + len(post.text))


def _known(reasons: Explanation) -> frozenset[str]:
    return frozenset(one.head for one in reasons.heads)


def _within(spans: Iterable[tuple[int, int]], start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Return the spans between two places, counted from the first, joined where they touch."""
    inside = sorted((max(begin, start) - start, min(stop, end) - start) for begin, stop in spans)
    return _joined([(begin, stop) for begin, stop in inside if begin < stop])


def _joined(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for begin, stop in spans:
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(stop, found[-1][1])
        else:
            found.append((begin, stop))
    return tuple(found)
