"""Every verdict says why, in an officer's words and in the right place of the text: a plea, and what only sounds like one."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from contracts.explanation import Explanation, PleaReason, PleaVerdict
from contracts.lane import BY_MODEL, BY_MODEL_WORDS, DANGER_BY_MODEL
from contracts.ports.scorer import Judgement
from contracts.score import Score, Sentiment
from contracts.testing.builders import make_post, make_score
from desk.plea_reasons import not_a_plea, why_plea
from pipeline import lane
from pipeline.explaining import explain
from pipeline.help_guards import GUARDS, Guard
from pipeline.lane_reasons import plea_verdict
from pipeline.scorers import ngram
from pipeline.scorers.ngram import Model, NgramScorer
from pipeline.understanding import build
from qingting.cli.understanding import score_
from qingting.scoring import _reasons
from tests.desk_world import World, make_world, served
from text.aligned import aligned

EVEN = Sentiment(0.4, 0.3, 0.3)
NOTHING = Judgement(EVEN)
CRITICAL = "他现在又在打我，我不敢出去，求求帮我报警"
PAST = "当年他拿着刀追我，现在想起还发抖"


@cache
def model() -> Model:
    return ngram.read(ngram.MODEL)


def verdict(text: str, judgement: Judgement = NOTHING) -> PleaVerdict:
    return plea_verdict(*aligned(text), judgement)


def words(text: str, reason: PleaReason) -> list[str]:
    return [text[begin:end] for begin, end in reason.spans]


def test_a_rules_name_and_its_words_where_they_were_written() -> None:
    text = f"　　{CRITICAL}！！"
    found = verdict(text)
    assert (found.lane, found.by_model) == ("critical", False)
    assert found.reasons[0].name == "正在动手"
    assert words(text, found.reasons[0]) == ["现在又在打我"]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_every_guard_says_its_name_where_it_holds_something_back(guard: Guard) -> None:
    """Of the posts that a guard keeps silent at least one names it; the words shown are its own."""
    told = [
        (text, one) for text in guard.holds for one in verdict(text, NOTHING).reasons if one.guard == guard.name
    ]  # fmt: skip
    assert told, guard.holds
    for text, one in told:
        assert re.search(guard.pattern, lane.in_ascii(words(text, one)[-1]))


def test_what_the_score_alone_heard_is_held_back_by_a_named_kind_of_text() -> None:
    heard = Judgement(EVEN, help=0.5)
    assert verdict("离婚抚养费怎么算，有谁知道", heard).by_model
    found = verdict("社区讲座：离婚抚养费怎么算，欢迎报名", heard)
    assert found.lane is None
    assert [(one.name, one.guard) for one in found.reasons] == [("", "问答与办事公告")]


def test_signs_that_speak_against_a_plea_are_named_where_they_decided() -> None:
    found = verdict("她问我产检报告怎么看，感谢医生，后来解决了", Judgement(EVEN, help=0.6))
    assert found.lane is None
    assert [one.name for one in found.reasons] == ["", "", ""]
    assert [one.guard for one in found.reasons] == ["像已经过去", "转述别人的问", "替人讲话的问"]


def test_plain_talk_needs_no_reason() -> None:
    assert verdict("今天菜市场搬到河东去了") == PleaVerdict()


def test_a_danger_that_only_the_score_heard_beside_a_rule_says_so() -> None:
    text = "丈夫不给抚养费，他还跟着我，我该找哪个部门"
    assert verdict(text).lane == "ordinary"
    urged = verdict(text, Judgement(EVEN, help=0.9, danger=0.9))
    assert (urged.lane, urged.reasons[0].name) == ("suspected", DANGER_BY_MODEL)


@given(
    text=st.text(st.sampled_from("他又在打我现门外砸救命电影当年，。求帮报警怎么办谢谢 \ud800①")),
    help_=st.floats(0, 1),
    danger=st.floats(0, 1),
)
def test_reasons_never_disagree_with_the_verdict(text: str, help_: float, danger: float) -> None:
    judgement = Judgement(EVEN, help=help_, danger=danger)
    clean, places = aligned(text)
    judged, found = lane.judge(clean, judgement), plea_verdict(clean, places, judgement)
    assert found.lane == judged.lane
    assert bool(found.reasons) or found.lane is None
    assert all(bool(one.guard) is (found.lane is None) for one in found.reasons)
    assert all(0 <= begin < end <= len(text) for one in found.reasons for begin, end in one.spans)


def test_the_names_stay_with_the_score_and_older_scores_have_none() -> None:
    (score,) = build(NgramScorer(model()))([make_post(CRITICAL)])
    assert score.reasons[0] == "正在动手"
    (other,) = build(NgramScorer(model()))([make_post("今天天气好")])
    assert other.reasons == ()
    older = msgspec.json.decode(
        b'{"sentiment":0,"sentiment_p":[0.1,0.8,0.1],"certain":true,"lane":"urgent"}', type=Score
    )
    assert older.reasons == ()


def test_the_command_says_the_same() -> None:
    for text, lane_, name, guard in ((CRITICAL, "critical", "正在动手", ""), (PAST, None, "他拿着凶器", "往事")):
        answer = CliRunner().invoke(score_, ["-", "--explain"], input=json.dumps({"text": text}))
        line = json.loads(answer.stdout)
        plea = line["explanation"]["plea"]
        assert plea["lane"] == line["lane"] == lane_
        (reason,) = [one for one in plea["reasons"] if one["name"] == name]
        assert reason["guard"] == guard
        begin, end = reason["spans"][0]
        assert line["masked_text"][begin:end] == ("现在又在打我" if lane_ else "他拿着刀")


def test_the_command_says_in_plain_words_that_no_rule_found_it() -> None:
    told = _reasons(
        Explanation("built", (), verdict("离婚抚养费怎么算，有谁知道", Judgement(EVEN, help=0.5))), make_score(0)
    )
    assert told["plea"]["by_model"] is True
    names = [one["name"] for one in told["plea"]["reasons"]]
    assert names[0] == BY_MODEL_WORDS
    assert BY_MODEL not in names


def test_an_officer_reads_why_it_is_none() -> None:
    (line,) = not_a_plea(PAST, verdict(PAST))
    assert line.word == "未判为求助：属于「往事」"
    assert line.note == "「拿着刀追我，现在」「他拿着刀」没有算作求助的话"
    assert line.reasons == ("当年",)
    (line,) = not_a_plea(CRITICAL, verdict(CRITICAL))
    assert "按现在的规则会判为「危急」" in line.word
    assert not_a_plea("好", PleaVerdict()) == []


def test_an_older_plea_without_names_shows_todays_and_where_no_model_can_tell_the_stored_words() -> None:
    post = make_post(CRITICAL)
    reasons = Explanation("built", (), verdict(CRITICAL))
    older = make_score(-1, lane="critical", marks=("又在打我",))
    assert why_plea(post, older, reasons).word == "命中 4 条规则，最要紧的是「正在动手」"
    blind = why_plea(post, older, None)
    assert blind.word == "帖中说到「又在打我」"
    assert [CRITICAL[begin:end] for begin, end in blind.spans] == ["又在打我"]
    changed = why_plea(post, msgspec.structs.replace(older, lane="urgent", reasons=("旧规则",)), reasons)
    assert changed.word == "命中规则「旧规则」"
    assert "按现在的规则会判为「危急」" in changed.lines[-1].word
    by_model = why_plea(post, msgspec.structs.replace(older, reasons=(BY_MODEL, "有一句在问")), None)
    assert by_model.word == BY_MODEL_WORDS
    assert [line.word for line in by_model.lines] == ["有一句在问"]


def test_what_the_model_adds_to_a_rule_is_counted_among_the_rules_by_nobody() -> None:
    post = make_post("丈夫不给抚养费，他还跟着我，我该找哪个部门")
    why = why_plea(post, make_score(-1, lane="suspected", reasons=(DANGER_BY_MODEL, "求问办法")), None)
    assert why.word == "命中规则「求问办法」，模型判断有危险"
    assert [(line.what, line.word) for line in why.lines] == [("模型", "模型判断有危险"), ("规则", "求问办法")]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = make_world(tmp_path_factory.mktemp("desk"))
    world.desk = replace(world.desk, explain=lambda text: explain(model(), text))
    with served(world):
        yield world
    world.close()


def test_the_plea_card_says_why_and_marks_the_words(world: World) -> None:
    alert = world.plea("critical", text=CRITICAL)
    page = world.client("officer").get(f"/help/{world.help(alert)}").text
    assert "为什么判为求助：命中 4 条规则，最要紧的是「正在动手」" in page
    assert "<mark>他现在又在打我，我不敢出去，求求帮我报警</mark>" in page


def test_a_plea_that_only_the_model_found_is_never_told_as_the_posts_words(world: World) -> None:
    """On the first screen, in the lane's list and on the card; a rule's words read as before."""
    by_rule, by_model = world.plea("suspected"), world.plea("suspected", marks=(BY_MODEL, "有谁知道"))
    for who in ("officer", "hotline"):
        client = world.client(who)
        rows = {row["id"]: row["sentence"] for group in client.json("/inbox")["groups"] for row in group["rows"]}
        assert rows[world.help(by_model)] == f"长沙市：待研判，{BY_MODEL_WORDS}，帖中说到“有谁知道”"
        assert rows[world.help(by_rule)] == "长沙市：待研判，帖中说到“打我”、“不敢出门”"
        page = client.get("/help").text
        assert f"· {BY_MODEL_WORDS} · 帖中说到「有谁知道」" in page
        assert "· 帖中说到「打我」「不敢出门」" in page
        assert f"为什么判为求助：{BY_MODEL_WORDS}。" in client.get(f"/help/{world.help(by_model)}").text
        assert f"「{BY_MODEL}」" not in page


def test_the_post_card_says_why_it_is_no_plea(world: World) -> None:
    post = world.post(PAST).post.id
    page = world.client("officer").get(f"/posts/{post}").text
    assert "未判为求助：属于「往事」" in page
    assert "<mark>当年</mark>" in page
