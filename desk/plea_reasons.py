"""为什么判为求助, and why what sounds like a plea was not judged one: rules and guards by name, with their words."""

from collections.abc import Iterable

import msgspec

from contracts.explanation import Explanation, PleaVerdict
from contracts.lane import BY_MODEL, BY_MODEL_WORDS, DANGER_BY_MODEL, LANE_WORDS
from contracts.post import Post
from contracts.score import Score
from desk.said import Said


class PleaWhy(msgspec.Struct, frozen=True, kw_only=True):
    """The reasons of one plea, and where their words stand in the shown text."""

    word: str
    lines: tuple[Said, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


def why_plea(post: Post, score: Score, reasons: Explanation | None) -> PleaWhy:
    """Return why a post was judged a plea when it came: the stored names, with their words as today's rules find them."""
    text = f"{post.title}\n{post.text}" if post.title else post.text
    today = reasons.plea if reasons else PleaVerdict()
    spans = {one.name: one.spans for one in today.reasons if not one.guard}
    names = [name for name in score.reasons or tuple(spans) if name != BY_MODEL]
    by_model = BY_MODEL in (*score.reasons, *score.marks)
    lines = [
        Said(what=_kind(name, by_model=by_model), word=_plain(name), reasons=_words(text, spans.get(name, ())))
        for name in names
    ]
    places = [place for found in spans.values() for place in found]
    if not places:  # no model here can tell: the stored words, where they stand as they are
        places = [(at, at + len(mark)) for mark in score.marks if mark != BY_MODEL and (at := text.find(mark)) >= 0]
    rules = [name for name in names if name != DANGER_BY_MODEL]
    word = BY_MODEL_WORDS if by_model else f"命中{_count(rules)}" if rules else ""
    if word and len(rules) < len(names):
        word += f"，{DANGER_BY_MODEL}"
    if not word:
        word = f"帖中说到{'、'.join(f'「{mark}」' for mark in score.marks)}" if score.marks else "收到时没有留下依据"
    if reasons is not None and today.lane != score.lane:
        now = LANE_WORDS[today.lane] if today.lane else "不是求助"
        lines.append(Said(what="注意", word=f"按现在的规则会判为「{now}」，与收到时不同；以收到时的为准，请核对"))
    return PleaWhy(word=word, lines=tuple(lines), spans=tuple(places))


def not_a_plea(text: str, today: PleaVerdict) -> list[Said]:
    """Return why what sounds like a plea was not judged one; empty for a text that does not sound like one."""
    if today.lane is not None:
        word = f"收到时未判为求助；按现在的规则会判为「{LANE_WORDS[today.lane]}」，请核对，需要时点“改正”"
        return [Said(what="求助", word=word)]
    found: dict[str, list[str]] = {}
    for one in today.reasons:
        words = found.setdefault(one.guard, [])
        words += [word for word in _words(text, one.spans[-1:]) if word not in words]
    lines = []
    for guard, words in found.items():
        heard = _longest(
            word for one in today.reasons if one.guard == guard and one.name for word in _words(text, one.spans[:1])
        )
        note = f"{''.join(f'「{word}」' for word in heard)}没有算作求助的话" if heard else ""
        lines.append(Said(what="求助", word=f"未判为求助：属于「{_plain(guard)}」", reasons=tuple(words), note=note))
    return lines


def _kind(name: str, *, by_model: bool) -> str:
    return "模型" if name == DANGER_BY_MODEL else "迹象" if by_model else "规则"


def _count(names: list[str]) -> str:
    first = f"「{_plain(names[0])}」"
    return f"规则{first}" if len(names) == 1 else f" {len(names)} 条规则，最要紧的是{first}"


def _plain(name: str) -> str:
    """Return a rule's name with the punctuation of a Chinese sentence."""
    return name.replace(", ", "，")


def _longest(words: Iterable[str]) -> tuple[str, ...]:
    """Return the words without those that stand inside another one, two at most."""
    distinct = tuple(dict.fromkeys(words))
    return tuple(word for word in distinct if not any(word != other and word in other for other in distinct))[:2]


def _words(text: str, spans: tuple[tuple[int, int], ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text[begin:end] for begin, end in spans if end > begin))
