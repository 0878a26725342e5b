"""What each named rule hears and each named guard holds back: the examples stand beside the rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.lane import LANES
from contracts.ports.scorer import Judgement
from contracts.score import Sentiment
from pipeline import help_points, help_signs, lane
from pipeline.help_guards import GUARDS, Guard
from pipeline.help_rules import RULES, Rule
from text.normalise import normalise

CALM = Judgement(Sentiment(0.1, 0.8, 0.1))
PIECES = [
    piece
    for text in (*(hit for rule in RULES for hit in rule.hits), *(held for guard in GUARDS for held in guard.frees))
    for piece in text.split("，")
]
any_rule = pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
any_guard = pytest.mark.parametrize("guard", GUARDS, ids=[guard.name for guard in GUARDS])


def test_every_lane_has_rules_and_every_rule_and_guard_a_name_of_its_own() -> None:
    assert {rule.lane for rule in RULES} == set(LANES)
    names = [rule.name for rule in RULES] + [guard.name for guard in GUARDS]
    names += [sign.name for sign in (*help_signs.SIGNS, *help_signs.BY_FORM)]
    assert len(names) == len(set(names))


@any_rule
def test_a_rule_hears_its_posts_and_says_so(rule: Rule) -> None:
    assert rule.hits
    for text in rule.hits:
        assert rule.name in lane.rules_named(normalise(text)), text
        verdict = lane.judge(normalise(text), CALM)
        assert verdict.lane is not None
        assert LANES.index(verdict.lane) <= LANES.index(rule.lane)
        assert verdict.reasons
        assert verdict.spans


@any_rule
def test_a_look_alike_is_no_plea(rule: Rule) -> None:
    assert rule.misses
    for text in rule.misses:
        assert lane.rules_named(normalise(text)) == (), text
        assert lane.judge(normalise(text), CALM).lane is None


@any_guard
def test_a_guard_holds_back_what_would_ring_without_it(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [normalise(text) for text in guard.holds]
    for text in texts:
        assert guard.name in lane.guards_named(text)
        assert lane.judge(text, CALM).lane is None, text
    others = {
        scope: tuple(one for one in lane._keepers(scope) if one.guard.name != guard.name)
        for scope in ("text", "sentence")
    }
    monkeypatch.setattr(lane, "_keepers", others.__getitem__)
    assert any(lane.judge(text, CALM).lane for text in texts)


@any_guard
def test_no_guard_silences_a_present_danger_in_the_authors_own_voice(guard: Guard) -> None:
    assert guard.frees
    for text in guard.frees:
        assert guard.name in lane.guards_named(normalise(text))
        assert lane.judge(normalise(text), CALM).lane == "critical", text


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=8), st.sampled_from(["", "，", "。", "\n"]))
def test_the_sieve_never_loses_a_hit(pieces: list[str], between: str) -> None:
    plain = lane.in_ascii(normalise(between.join(pieces)))
    candidates = lane._sieve.candidates(plain)
    for number, rule in enumerate(RULES):
        if lane._reader(number).core.search(plain):
            assert candidates >> number & 1, rule.name
    signs = help_points._sieve.candidates(plain)
    for number, sign in enumerate(help_signs.SIGNS):
        if help_points._pattern(number).search(plain):
            assert signs >> number & 1, sign.name


@given(
    st.text(alphabet=st.characters(exclude_categories=()), max_size=300)
    | st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_any_text_gets_the_same_verdict_twice_and_numbers_that_agree_with_it(
    text: str, help_: float, danger: float
) -> None:
    judgement = Judgement(CALM.sentiment, help=help_, danger=danger)
    verdict = lane.judge(text, judgement)
    assert verdict == lane.judge(text, judgement)
    assert (verdict.lane is not None) == (max(verdict.help, verdict.danger) >= 0.5) == bool(verdict.reasons)
    assert (verdict.lane in {"critical", "suspected"}) == (verdict.danger >= 0.5)
    assert verdict.lane not in {"critical", "urgent", "ordinary"} or verdict.help >= 0.5
    assert all(0 <= begin < end <= len(text) for begin, end in verdict.spans)
    if not any(rule for rule in lane.rules_named(text)):
        assert verdict.lane != "critical"


def test_no_pattern_repeats_without_bound_over_any_character() -> None:
    for pattern in [*(rule.core for rule in RULES), *(guard.pattern for guard in GUARDS)]:
        assert not any(endless in pattern for endless in (".*", ".+"))
