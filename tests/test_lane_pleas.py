"""What the lane promises: danger is seen in many wordings, talk about danger is none, and no score undoes a rule."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.lane import BY_MODEL, LANES
from contracts.ports.scorer import Judgement
from contracts.score import Sentiment
from pipeline import lane, scorers
from text.normalise import normalise

NEUTRAL = Sentiment(0.1, 0.8, 0.1)
CALM = Judgement(NEUTRAL)
ALARMED = Judgement(NEUTRAL, help=1.0, danger=1.0)

DANGER_NOW = (
    "他现在就在门外拿锤子砸锁，我和女儿缩在浴室里，谁能帮我们叫警察",
    "姐夫喝醉了正掐着我姐，我拉不开，快来人啊，锦绣苑十二栋",
    "我被前夫关在他的车里，他说要开进水库一块儿死，我偷偷发的",
    "吞了三十多粒药，现在头很晕，不想死了，怎么办",
    "我在楼顶，风很大，我就是想跟人说一声再见",
    "有个男的跟了我三条街，我跑进药店了，他就在对面站着，我不敢出去",
    "老公又在打我了，他拿着菜刀，我躲在厕所里，求求帮我报警",
)
DANGER_LIKELY = (
    "丈夫把我的证件和电话卡全拿走了，不许我跟娘家联系，我是趁买菜借别人手机发的，该怎么办",
    "我舅妈身上总是青一块紫一块，昨天我去看她，她说再不走就没命了，请问怎么帮她",
    "我真的撑不下去了，每天都在想从阳台跳下去是什么感觉",
    "表妹去打工说是电子厂，结果进去就联系不上了，最后一条短信是“别来找我，救我”",
    "前男友说如果我敢交新男朋友就泼我硫酸，他知道我住哪里也知道我几点下班，我很怕",
    "我是一名小学老师，班上有个孩子今天不肯换体育服，我看见她背上全是鞭痕，她说不能告诉别人",
)
DAYS = (
    "结婚五年他动手三次，我有照片有病历，想申请保护令，第一步去哪",
    "怀孕六个月被公司强制调到仓库夜班，不去就算旷工，求助",
    "主管老是半夜给我发暧昧消息，还在电梯里搂我的腰，我该怎么办",
    "孩子被他爸抢走两个月了，法院判给我的，他就是不给，执行局说再等等，怎么办啊",
)
COUNSEL = (
    "请问哺乳期可以申请每天晚到一小时吗，单位说没有这个政策",
    "想咨询一下，农村户口的妇女怎么申请创业贷款，需要抵押吗",
    "青石巷的公厕女厕没有门，反映好几次了没人修，希望相关部门尽快解决",
)
NO_PLEAS = (
    "",
    "新闻里那个被丈夫泼汽油的主播最后还是没救回来，太痛心了",
    "昨天看了一部电影，女孩被关在地下室十年，最后自己逃出来了，震撼",
    "男人打女人就是孬种，没有任何借口",
    "救命，这个奶茶三分糖都甜到齁",
    "某地法院通报：男子长期殴打妻子被判刑三年",
    "女性遭遇跟踪时应尽量走向人多明亮处并及时拨打110",
    "多亏了社工小李，我和孩子现在很安全，谢谢大家的关心",
    "拐卖妇女的量刑太轻了，建议买卖同罪",
    "妇联今天进社区讲反家暴，发了很多小册子",
    "律师团队免费咨询，丈夫打人怎么离婚，扫码加微信",
    "求一个好用的吹风机，预算三百",
    "小说第十二章她被锁在阁楼里，拿着刀的男人就在门外，好紧张",
)


@pytest.fixture(scope="module")
def judged() -> dict[str, lane.LaneVerdict]:
    texts = [normalise(text) for text in (*DANGER_NOW, *DANGER_LIKELY, *DAYS, *COUNSEL, *NO_PLEAS)]
    return {
        text: lane.judge(text, judgement)
        for text, judgement in zip(texts, scorers.load("ngram").score(texts), strict=True)
    }


@pytest.mark.parametrize("text", DANGER_NOW)
def test_danger_now_is_critical_by_rule_alone(text: str) -> None:
    verdict = lane.judge(normalise(text), CALM)
    assert verdict.lane == "critical"
    assert verdict.marks
    assert all(mark in normalise(text) for mark in verdict.marks)


@pytest.mark.parametrize("text", DANGER_LIKELY)
def test_likely_danger_is_at_least_suspected(text: str, judged: dict[str, lane.LaneVerdict]) -> None:
    assert judged[normalise(text)].lane in {"critical", "suspected"}


@pytest.mark.parametrize("text", DAYS)
def test_harm_that_asks_for_help_within_days_is_urgent(text: str, judged: dict[str, lane.LaneVerdict]) -> None:
    assert judged[normalise(text)].lane == "urgent"


@pytest.mark.parametrize("text", COUNSEL)
def test_a_question_to_an_office_is_ordinary(text: str, judged: dict[str, lane.LaneVerdict]) -> None:
    assert judged[normalise(text)].lane == "ordinary"


@pytest.mark.parametrize("text", NO_PLEAS)
def test_talk_about_danger_is_no_plea(text: str, judged: dict[str, lane.LaneVerdict]) -> None:
    assert judged[normalise(text)].lane is None


@given(
    text=st.sampled_from((*DANGER_NOW, *DANGER_LIKELY, *DAYS, *COUNSEL, *NO_PLEAS)),
    help_=st.floats(0, 1),
    danger=st.floats(0, 1),
)
def test_no_score_can_lower_what_a_rule_found(text: str, help_: float, danger: float) -> None:
    by_rule = lane.judge(text, CALM).lane
    verdict = lane.judge(text, Judgement(NEUTRAL, help=help_, danger=danger))
    if by_rule is not None:
        assert verdict.lane is not None
        assert LANES.index(verdict.lane) <= LANES.index(by_rule)
        assert verdict.help >= 0.8
        assert BY_MODEL not in verdict.marks


@given(text=st.text(alphabet=st.characters(exclude_categories=()), max_size=200), help_=st.floats(0, 1))
def test_without_a_sound_of_danger_a_lane_is_a_plea_and_a_plea_has_a_lane(text: str, help_: float) -> None:
    verdict = lane.judge(text, Judgement(NEUTRAL, help=help_))
    assert verdict.lane is None or verdict.lane in LANES
    assert (verdict.lane is not None) == (verdict.help >= 0.5) == bool(verdict.marks)


def test_danger_that_asks_for_nothing_is_suspected_and_no_plea() -> None:
    """An officer looks at it, but it is not counted as somebody's request."""
    verdict = lane.judge("她说洗了四遍还在洗，水都红了，我在门外面，她不开", Judgement(NEUTRAL, help=0.05, danger=0.6))
    assert verdict.lane == "suspected"
    assert verdict.marks[0] == BY_MODEL
    assert verdict.help < 0.5 <= verdict.danger


def test_a_danger_needs_no_word_of_harm_where_the_score_is_sure_and_more_of_it_where_a_tale_is_told() -> None:
    sure = Judgement(NEUTRAL, help=0.05, danger=0.75)
    assert lane.judge("阿婆的灯三天没有亮过", sure).lane == "suspected"
    assert lane.judge("阿婆的灯三天没有亮过", Judgement(NEUTRAL, help=0.05, danger=0.1)).lane is None
    assert lane.judge("小说第三章，阿婆的灯三天没有亮过", Judgement(NEUTRAL, help=0.05, danger=0.5)).lane is None


def test_a_score_alone_makes_a_plea_marked_as_such_but_never_a_critical_one() -> None:
    verdict = lane.judge("我很害怕，这边的事情说不清楚", ALARMED)
    assert verdict.lane == "suspected"
    assert verdict.marks[0] == verdict.reasons[0] == BY_MODEL
    assert verdict.danger >= 0.5
    asking = lane.judge("这边的事情说不清楚", Judgement(NEUTRAL, help=1.0))
    assert asking.lane == "ordinary"
    assert asking.danger < 0.5


def test_a_better_score_only_adds_pleas() -> None:
    text = "村里的鱼塘钱只发到户主，我离了婚没有户主"
    probabilities = [lane.judge(text, Judgement(NEUTRAL, help=score / 20)).help for score in range(21)]
    assert probabilities == sorted(probabilities)


@pytest.mark.parametrize("text", ["今天天气好", "今天", "长沙今天下雨了", "昨天晚上在菜市场门口见过，蹲在鱼摊下面。"])
def test_a_short_everyday_text_rings_for_nothing(text: str) -> None:
    (judgement,) = scorers.load("ngram").score([text])
    assert lane.judge(text, judgement).lane is None


def test_dangerous_pleas_carry_a_danger_above_one_half() -> None:
    assert lane.judge(DANGER_NOW[0], CALM).danger >= 0.5
    assert lane.judge(DAYS[0], CALM).danger < 0.5


def test_marks_are_shown_as_written_with_chinese_punctuation() -> None:
    verdict = lane.judge("他又在打我！我躲在厕所里，求求你们帮我报警！", CALM)
    assert any("帮我报警" in mark for mark in verdict.marks)


@pytest.mark.parametrize("judgement", [CALM, ALARMED], ids=["calm", "alarmed"])
@pytest.mark.parametrize(
    "text",
    [
        "今天我在门口等她，" * 12_000,
        "【" * 100_000,
        "楼上" * 50_000,
        "怀孕" * 50_000,
        "来电:1、" * 20_000,
        "他女儿被打我要" * 15_000,
    ],
    ids=["sentence", "bracket", "upstairs", "pregnant", "turns", "crowd"],
)
def test_a_hundred_thousand_characters_are_judged_in_a_moment(text: str, judgement: Judgement) -> None:
    started_s = time.process_time()
    lane.judge(text, judgement)
    assert time.process_time() - started_s < 3


def test_marks_stand_where_the_spans_say() -> None:
    for text in (*DANGER_NOW, *DANGER_LIKELY, *DAYS, *COUNSEL):
        clean = normalise(text)
        verdict = lane.judge(clean, ALARMED)
        shown = tuple(dict.fromkeys(clean[begin:end].strip() for begin, end in verdict.spans))
        assert tuple(mark for mark in verdict.marks if mark != BY_MODEL) == shown[: len(verdict.marks)]
        assert verdict.reasons
