"""The understanding of a batch of posts, stage by stage, in an order that is checked when it is built.

Every stage is a pure function over the whole batch: it reads columns that earlier stages made and adds its own.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from contracts.ports.scorer import Judgement, Scorer
from contracts.post import Post
from contracts.score import Score
from pipeline.keywords import Told, told
from pipeline.lane import LaneVerdict, judge_all
from pipeline.meant import Meant, settle
from pipeline.regions import regions_of
from text.normalise import normalise
from text.sketch import sketches

CERTAIN: Final = 0.6
"""From this probability on the likeliest sentiment is called certain; below it the desk says 拿不准."""
TOPICS_MOST: Final = 3
_SENTIMENTS: Final = (-1, 0, 1)

Columns = Mapping[str, Sequence[Any]]


class Stage(msgspec.Struct, frozen=True):
    """One step: what it reads, the one column that it makes, and how."""

    makes: str
    reads: tuple[str, ...]
    work: Callable[..., Sequence[Any]]


def stages(scorer: Scorer) -> tuple[Stage, ...]:
    """Return the stages in their order; `posts` is what every run begins with."""
    return (
        Stage("texts", ("posts",), _texts),
        Stage("sketches", ("texts",), sketches),
        Stage("judgements", ("texts",), scorer.score),
        Stage("lanes", ("texts", "judgements"), _lanes),
        Stage("meant", ("texts", "judgements"), _meant),
        Stage("regions", ("texts", "posts"), _regions),
        Stage("words", ("texts", "lanes"), _words),
        Stage("scores", ("judgements", "sketches", "lanes", "meant", "regions", "words"), _scores(scorer.name)),
    )


def build(scorer: Scorer) -> Callable[[Sequence[Post]], list[Score]]:
    """Return the function from posts to their scores, in order. Raises ValueError for an order that cannot run."""
    order = checked(stages(scorer))

    def understand(posts: Sequence[Post]) -> list[Score]:
        columns: dict[str, Sequence[Any]] = {"posts": posts}
        for stage in order:
            columns[stage.makes] = stage.work(*(columns[name] for name in stage.reads))
        return list(columns["scores"])

    return understand


def checked(order: Sequence[Stage]) -> Sequence[Stage]:
    """Return the order when every stage reads only what stands before it. Raises ValueError naming the first that does not."""
    made = {"posts"}
    for stage in order:
        if missing := set(stage.reads) - made:
            raise ValueError(f"stage {stage.makes} reads {', '.join(sorted(missing))}, which no earlier stage makes")
        if stage.makes in made:
            raise ValueError(f"stage {stage.makes} is made twice")
        made.add(stage.makes)
    return order


def _texts(posts: Sequence[Post]) -> list[str]:
    return [normalise(f"{post.title}\n{post.text}" if post.title else post.text) for post in posts]


def _lanes(texts: Sequence[str], judgements: Sequence[Judgement]) -> list[LaneVerdict]:
    return judge_all(texts, judgements)


def _meant(texts: Sequence[str], judgements: Sequence[Judgement]) -> list[Meant]:
    return [settle(text, judgement, likeliest(judgement)) for text, judgement in zip(texts, judgements, strict=True)]


def likeliest(judgement: Judgement) -> int:
    """Return -1, 0 or 1: the sentiment with the greatest probability, the first of equal ones."""
    spread = msgspec.structs.astuple(judgement.sentiment)
    return _SENTIMENTS[spread.index(max(spread))]


def _regions(texts: Sequence[str], posts: Sequence[Post]) -> list[tuple[str, ...]]:
    return regions_of(texts, [post.place for post in posts])


def _words(texts: Sequence[str], lanes: Sequence[LaneVerdict]) -> list[Told]:
    # a plea lends its words to nothing: no event is named after it, no list of words shows it
    lent = iter(told([text for text, lane in zip(texts, lanes, strict=True) if not lane.lane]))
    return [Told() if lane.lane else next(lent) for lane in lanes]


def _scores(scorer: str) -> Callable[..., list[Score]]:
    def together(
        judgements: Sequence[Judgement], sketched: Sequence[bytes], lanes: Sequence[LaneVerdict], meant: Sequence[Meant],
        places: Sequence[tuple[str, ...]], words: Sequence[Told],
    ) -> list[Score]:  # fmt: skip
        found = []
        for judgement, sketch, lane, who, place, word in zip(
            judgements, sketched, lanes, meant, places, words, strict=True
        ):
            sentiment = judgement.sentiment
            found.append(
                Score(
                    sentiment=likeliest(judgement), sentiment_p=sentiment,
                    certain=max(msgspec.structs.astuple(sentiment)) >= CERTAIN, topics=tuple([code for code, _ in judgement.topics[:TOPICS_MOST]]),
                    help=lane.help, attack=who.attack, counter=who.counter, danger=lane.danger,
                    lane=lane.lane, marks=lane.marks, reasons=lane.reasons, regions=place, keywords=word.keywords, grams=sketch,
                    terms=word.terms, scorer=scorer,
                    target=who.target,
                )
            )  # fmt: skip
        return found

    return together
