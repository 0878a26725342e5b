"""What every scorer promises; an adapter proves itself by inheriting this and giving `open`."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ports.scorer import Judgement, Scorer
from contracts.topic import TOPICS

ODD = (
    "",
    " ",
    "\n",
    "\ud800",
    "a\udfffb",
    "😀😭👍",
    "\x00",
    "\u200b",
    "12338",
    "。。。！！！",
    "é́́́",
    "\U0010ffff",
    "[泪][泪]",
)
PLAIN = ("谢谢社区的姐姐，帮了大忙。", "今天上午开会。", "他又打我，我该怎么办？")
TEXTS = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)


class ScorerSuite:
    """Order, determinism, totality and honest probabilities, for any text whatever."""

    judges_topics_and_marks = True
    """False for a scorer of sentiment only: its topics stay empty and its marks 0."""

    def open(self) -> Scorer:
        """Return the scorer; called once a test, so keep what is slow to load."""
        raise NotImplementedError

    @pytest.fixture
    def scorer(self) -> Scorer:
        return self.open()

    def test_no_texts_get_no_judgements(self, scorer: Scorer) -> None:
        assert list(scorer.score([])) == []

    def test_judgements_come_in_the_order_of_the_texts(self, scorer: Scorer) -> None:
        forward, backward = scorer.score(PLAIN), scorer.score(PLAIN[::-1])
        assert list(forward) == list(backward)[::-1]

    def test_every_odd_text_gets_an_honest_judgement(self, scorer: Scorer) -> None:
        judged = scorer.score(ODD)
        assert len(judged) == len(ODD)
        for judgement in judged:
            self.assert_honest(judgement)

    def test_a_text_of_a_hundred_thousand_characters_is_judged(self, scorer: Scorer) -> None:
        (judgement,) = scorer.score(["她很勇敢。" * 20_000])
        self.assert_honest(judgement)

    def test_a_batch_and_single_calls_agree(self, scorer: Scorer) -> None:
        texts = [*PLAIN, *ODD, "长" * 5000, *PLAIN]
        assert list(scorer.score(texts)) == [scorer.score([text])[0] for text in texts]

    def test_any_texts_are_judged_alike_again_and_one_by_one(self, scorer: Scorer) -> None:
        @given(texts=st.lists(TEXTS, max_size=8))
        def check(texts: list[str]) -> None:
            judged = list(scorer.score(texts))
            assert judged == list(scorer.score(texts))
            assert judged == [scorer.score([text])[0] for text in texts]
            for judgement in judged:
                self.assert_honest(judgement)

        check()

    def test_the_name_is_one_short_word(self, scorer: Scorer) -> None:
        assert scorer.name
        assert len(scorer.name) <= 40
        assert scorer.name.split() == [scorer.name]

    def assert_honest(self, judgement: Judgement) -> None:
        three = msgspec.structs.astuple(judgement.sentiment)
        assert all(0 <= value <= 1 for value in three)
        assert math.isclose(sum(three), 1.0, abs_tol=1e-6)
        marks = (judgement.help, judgement.attack, judgement.counter, judgement.danger)
        assert all(0 <= value <= 1 for value in marks)
        codes = [code for code, _ in judgement.topics]
        assert set(codes) <= set(TOPICS)
        assert len(set(codes)) == len(codes)
        values = [value for _, value in judgement.topics]
        assert values == sorted(values, reverse=True)
        assert all(0 <= value <= 1 for value in values)
        if not self.judges_topics_and_marks:
            assert not codes
            assert marks == (0, 0, 0, 0)
