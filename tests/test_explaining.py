"""What an explanation promises: it is the model itself, and its spans stand where the text was written."""

import json
from functools import cache

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pipeline.explaining import SPANS, character_weights, explain, probabilities
from pipeline.scorers import ngram
from pipeline.scorers.ngram import HEADS, Model, NgramScorer
from qingting.cli.understanding import score_
from text.aligned import aligned
from text.normalise import normalise

ANY = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)
"""Surrogates, NUL and all."""


@cache
def model() -> Model:
    return ngram.read(ngram.MODEL)


@given(text=ANY)
def test_the_characters_and_the_bias_add_up_to_the_log_odds(text: str) -> None:
    clean = normalise(text)
    if clean:
        added = character_weights(model(), clean).sum(axis=0) + model().bias
        assert np.allclose(added, ngram.logits(model(), [clean])[0], atol=1e-3)


@given(text=ANY)
def test_any_text_is_explained_with_spans_inside_it_that_do_not_overlap(text: str) -> None:
    found = explain(model(), text)
    assert [one.head for one in found.heads] == list(HEADS)
    for one in found.heads:
        assert 0 <= one.p <= 1
        assert len(one.spans) <= SPANS
        taken: set[int] = set()
        for span in one.spans:
            assert 0 <= span.start < span.end <= len(text)
            assert not taken & set(range(span.start, span.end))
            taken |= set(range(span.start, span.end))


@pytest.mark.parametrize("text", ["", "\ud800", "\0", "😀😀", "家" * 100_000, "\n\n", "\u200b" * 300 + "好"])
def test_odd_texts_have_an_explanation_too(text: str) -> None:
    assert len(explain(model(), text).heads) == len(HEADS)


@given(text=ANY)
def test_every_character_of_the_normalised_text_has_its_place(text: str) -> None:
    clean, places = aligned(text)
    assert clean == normalise(text)
    assert len(places) == len(clean) + 1
    assert places == sorted(places)
    assert all(0 <= place < len(text) for place in places[: len(clean)])
    assert places[-1] <= len(text)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("  他　又打我 ", "打我"),
        ("ＨＥＬＰ！他打我", "打我"),
        ("打\u200b我了", "打\u200b我"),
        ("一\r\n\r\n 二打我", "打我"),
        ("①㎏打我", "打我"),
        ("e\u0301打我", "打我"),
    ],
)
def test_a_find_is_shown_where_it_was_written(raw: str, found: str) -> None:
    clean, places = aligned(raw)
    at = clean.index("打我")
    assert raw[places[at] : places[at + 1] + 1] == found


def test_the_words_that_an_officer_would_name_weigh_most() -> None:
    text = "公司知道我怀孕以后就把我辞退了，工资也没结清"
    spans = explain(model(), text).of("employment").spans
    assert any(word in "".join(text[span.start : span.end] for span in spans) for word in ("辞退", "工资"))
    assert spans[0].weight > 0


def test_the_probabilities_are_the_scorers_own() -> None:
    text = "谢谢社区的大姐，太感动了"
    (judgement,) = NgramScorer(model()).score([text])
    found = dict(zip(HEADS, probabilities(model(), [text])[0], strict=True))
    assert found["positive"] == pytest.approx(judgement.sentiment.positive)
    assert found["counter"] == pytest.approx(judgement.counter)


def _scored(text: str, *options: str) -> dict[str, object]:
    answer = CliRunner().invoke(score_, ["-", *options], input=json.dumps({"text": text}))
    assert answer.exit_code == 0, answer.output
    line: dict[str, object] = json.loads(answer.stdout)
    return line


def test_the_command_explains_in_places_of_the_masked_text_and_only_when_asked() -> None:
    text = "电话13812345678，丈夫长期家暴，太可怕了"
    assert "explanation" not in _scored(text)
    found = _scored(text, "--explain")
    masked, reasons = str(found["masked_text"]), found["explanation"]
    assert isinstance(reasons, dict)
    assert reasons["scorer"] == model().name
    assert set(reasons["heads"]) == set(HEADS)
    spans = reasons["heads"]["domestic_violence"]["spans"]
    assert any("家暴" in masked[start:end] for start, end, _ in spans)


def test_the_command_shows_no_attack_of_a_supporter_not_even_in_the_reasons() -> None:
    text = "说“女人就该在家带娃”的人，请先自己带三天再说话，凭什么"
    found = _scored(text, "--explain")
    assert float(str(found["counter"])) >= 0.5
    assert float(str(found["attack"])) < 0.5
    reasons = found["explanation"]
    assert isinstance(reasons, dict)
    assert reasons["heads"]["attack"] == {"p": found["attack"], "spans": []}


def test_a_scorer_without_weights_says_that_it_cannot_explain() -> None:
    pytest.importorskip("snownlp")
    answer = CliRunner().invoke(score_, ["-", "--explain", "--scorer", "snownlp"], input="好")
    assert "说不出依据" in str(answer.exception)
