"""Looking for pairs of characters in a batch of texts: nothing is missed, and a batch is read as its texts are."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.ports.scorer import Judgement
from contracts.score import Sentiment
from pipeline.help_gate import Sieve
from pipeline.lane import judge, judge_all
from pipeline.pairs import Pairs
from pipeline.regions import regions, regions_of

WORDS = ("救我", "长沙市", "岳麓", "他打我", "想死", "报警", "IP属地：", "我", "\ud800", "😀", "a", "。", "")
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map("".join), max_size=8)
PAIRS = ("救我", "长沙", "我。", "😀a")


@given(TEXTS)
def test_every_place_of_a_pair_is_found_and_none_outside_its_text(texts: list[str]) -> None:
    for text, places in zip(texts, Pairs(PAIRS).places(texts), strict=True):
        held = [at for at in range(len(text)) if text[at : at + 2] in PAIRS]
        assert [at for at in places if text[at : at + 2] in PAIRS] == held
        assert all(0 <= at < len(text) for at in places)


@given(TEXTS)
def test_a_batch_is_read_as_its_texts_are(texts: list[str]) -> None:
    sieve = Sieve(["救我", "长.{0,3}麓", "[打死]", "想死|报警"])
    assert sieve.candidates_of(texts) == [sieve.candidates(text) for text in texts]
    judgement = Judgement(sentiment=Sentiment(negative=0.4, neutral=0.3, positive=0.3), help=0.4, danger=0.2)
    assert judge_all(texts, [judgement] * len(texts)) == [judge(text, judgement) for text in texts]
    assert regions_of(texts, ["430100"] * len(texts)) == [regions(text, "430100") for text in texts]
