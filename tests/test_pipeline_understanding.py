"""The stages of understanding and their checked order."""

from collections.abc import Sequence

import pytest

from contracts.ports.scorer import Judgement
from contracts.score import Sentiment
from contracts.testing.builders import make_post
from pipeline.understanding import build, checked, stages


class Flat:
    """Judges every text alike."""

    name = "flat 1"

    def score(self, texts: Sequence[str]) -> Sequence[Judgement]:
        return [Judgement(Sentiment(0.5, 0.3, 0.2), (("employment", 0.9),)) for _ in texts]


def test_a_score_carries_what_every_stage_found() -> None:
    (score,) = build(Flat())([make_post("长沙的星辰电子厂劝退怀孕女工，大家怎么看这件事情")])
    assert (score.sentiment, score.certain, score.topics) == (-1, False, ("employment",))
    assert score.regions == ("430100",)
    assert "星辰电子厂" in score.keywords
    assert score.grams
    assert score.terms
    assert score.scorer == "flat 1"
    assert score.lane is None


def test_a_plea_lends_its_words_to_nothing() -> None:
    (score,) = build(Flat())([make_post("他现在拿刀要杀我，我被锁在家里，求求你们救救我")])
    assert score.lane == "critical"
    assert score.marks
    assert score.keywords == ()


def test_an_order_that_cannot_run_fails_when_it_is_built() -> None:
    order = stages(Flat())
    with pytest.raises(ValueError, match="lanes reads judgements"):
        checked([stage for stage in order if stage.makes != "judgements"])
    with pytest.raises(ValueError, match="twice"):
        checked([*order, order[0]])


def test_order_and_number_are_kept() -> None:
    posts = [make_post(text) for text in ("长沙", "", "株洲市" * 100)]
    assert [score.regions for score in build(Flat())(posts)] == [("430100",), (), ("430200",)]
