"""Who is meant: supporters are not shown as attackers, criticism of the federation is advice, and an attack opens nothing."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rule import Rule, Threshold, Where
from contracts.document import Query
from contracts.ports.scorer import Judgement
from contracts.score import MARKED, Sentiment
from contracts.testing.builders import make_post, make_score
from pipeline.meant import settle, target_of
from pipeline.understanding import build
from tests.scenarios.timeline import Scenario, only

NEGATIVE = Sentiment(0.8, 0.1, 0.1)
chance = st.floats(0, 1)


class Says:
    """Judges every text as it was told to."""

    name = "says 1"

    def __init__(self, *, attack: float, counter: float) -> None:
        self.judgement = Judgement(NEGATIVE, attack=attack, counter=counter)

    def score(self, texts: Sequence[str]) -> Sequence[Judgement]:
        return [self.judgement for _ in texts]


def test_a_supporter_is_never_shown_as_an_attacker() -> None:
    (score,) = build(Says(attack=0.97, counter=0.8))([make_post("说“女司机就是马路杀手”的人，请先看看事故统计")])
    assert score.may_support
    assert not score.may_attack
    assert score.attack < MARKED
    assert score.counter == 0.8


def test_an_attack_without_support_is_marked() -> None:
    (score,) = build(Says(attack=0.97, counter=0.2))([make_post("女司机就是马路杀手")])
    assert score.may_attack
    assert score.attack == 0.97


def test_an_older_score_with_both_marks_is_read_as_support_too() -> None:
    assert not make_score(-1, attack=0.9, counter=0.9).may_attack


@given(attack=chance, counter=chance, text=st.text(max_size=40), sentiment=st.sampled_from([-1, 0, 1]))
def test_words_and_numbers_never_disagree(attack: float, counter: float, text: str, sentiment: int) -> None:
    found = settle(text, Judgement(NEGATIVE, attack=attack, counter=counter), sentiment)
    assert not (found.attack >= MARKED and found.counter >= MARKED)
    assert found.counter == counter
    assert found.attack <= attack
    assert sentiment or not found.target


def test_nothing_can_be_asked_by_attack() -> None:
    """Neither a question to the index nor a rule has a place for it: an attack alone opens, lists and counts nothing."""
    for kind in (Query, Rule, Where, Threshold):
        assert not [field.name for field in msgspec.structs.fields(kind) if "attack" in field.name]


def test_an_attack_alone_opens_nothing_and_hastens_nothing() -> None:
    """Whatever the attack's probability, a rule counts the same posts at the same moment."""
    rule = Rule(id="ten", type="frequency", group_by=("topic", "region"), min_posts=10, min_authors=3)
    reasons = []
    for attack in (0.0, 0.99):
        with Scenario(rule) as town:
            town.posts(9, attack=attack)
            assert town.alerts() == ()
            town.posts(1, attack=attack)
            reasons.append(only(town.alerts()).reason)
    assert reasons[0] == reasons[1]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("妇联除了发传单还会干啥", "federation"),
        ("12338打了五遍都占线", "federation"),
        ("派出所和社区互相推来推去，没人管", "institution"),
        ("今天在社区门口碰到卖花的，香得很", ""),
        ("市妇联领导：我们厂拖欠女工工资三个月了，公司一直敷衍", "institution"),
        ("这部电影太难看了", ""),
    ],
)
def test_the_target_is_read_from_the_words(text: str, target: str) -> None:
    assert target_of(text) == target


def test_criticism_of_the_federation_is_advice_owed_an_answer_and_a_plea_stays_a_plea() -> None:
    assert make_score(-1, target="federation").is_advice
    assert not make_score(1, target="federation").is_advice
    assert not make_score(-1, target="institution").is_advice
    assert not make_score(-1, target="federation", lane="urgent").is_advice


def test_a_text_without_attitude_has_no_target() -> None:
    assert settle("县妇联将于周五举办讲座", Judgement(Sentiment(0.1, 0.8, 0.1)), 0).target == ""
