"""What is masked in every script form, what stays, and what holds for any text at all."""

import random
import re
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.planted import FORMS, KINDS, Kind, all_planted, digits_of, look_alikes, planted
from text.alternatives import any_of
from text.check_digits import has_resident_check, is_card, is_hong_kong_id, is_resident_id
from text.mask import HOTLINES, KIND_WORDS, mask, placeholder
from text.script_forms import plain_digits, shadow

LOOK_ALIKES = 2_500
FALSE_SHARE_MOST = 0.005


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_no_planted_piece_survives_in_any_form_and_its_kind_is_named(kind: Kind) -> None:
    rng = random.Random(20261125)
    missed = []
    for form in FORMS if kind.is_number else ("plain",):
        for _ in range(25):
            one = planted(rng, kind, form)
            text, kinds = mask(one.sentence)
            left = one.raw in text or (kind.is_number and digits_of(one.raw) in digits_of(text))
            if left or one.kind not in kinds or placeholder(one.kind) not in text:
                missed.append((one.form, one.sentence, text))
    assert not missed


def test_at_least_twenty_kinds_are_planted_and_every_kind_has_a_word() -> None:
    found = {one.kind for one in all_planted(1)}
    assert len(found) >= 20
    assert found <= KIND_WORDS.keys()
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_what_only_looks_personal_stays() -> None:
    sentences = list(look_alikes(7, LOOK_ALIKES))
    assert len(sentences) >= 2_000
    harmed = [(sentence, mask(sentence).text) for sentence in sentences if mask(sentence).kinds]
    assert len(harmed) <= FALSE_SHARE_MOST * len(sentences), harmed[:20]


@pytest.mark.parametrize("number", sorted(HOTLINES))
@pytest.mark.parametrize(
    "sentence", ["请拨打{}。", "热线：{}", "电话{}", "微信同号{}", "加V {}", "QQ：{}", "联系电话 {}"]
)
def test_a_public_number_stays_wherever_it_stands(number: str, sentence: str) -> None:
    text = sentence.replace("{}", number)
    assert mask(text) == (text, ())


@pytest.mark.parametrize(
    "text",
    [
        "市妇联权益部部长李某介绍", "受害人家属向法院起诉", "当事人应当到场", "孩子高兴地上学", "学生安全第一", "我是张家界人", "我叫她别去",
        "@平安长沙 @湖南日报 请看", "@所有人 @群主 帮帮我", "@我", "邻居王婶来了", "孩子黄疸住院", "女子高小毕业", "联系人：王主任", "姓名：保密", "受害人张女士说", "举报人向纪委反映", "我叫了110", "她叫我滚",
        "联系电话：见公告", "湘江路2号线开通", "五一路12路公交", "这条路12号通车", "人民路12号起封闭", "全村三组数据", "县里有12个村",
        "企鹅很可爱，球球也可爱", "薇娅直播", "加油，加V认证", "微信支付500元", "微信群里说", "QQ音乐", "密码忘了", "ip属地湖南",
        "验证码收不到", "通行证办好了", "快递到了", "湖南省妇联 维权热线 12338", "男孩女孩都一样", "孩子王卫东小学", "微博热搜第1",
        "他在信中写道：我走了", "鲁迅写道：", "原文 发表于 2026-11-20", "湖南日报 发表于 2026-11-20", "这篇文章发表于 2026-11-20", "我回复了她的帖子", "回复大家的帖子",
        "留言人：匿名", "留言人：张女士", "https://s.weibo.com/weibo?q=%23x%23 看",
        "书记王建国调研", "民警李强、张伟赶到现场", "校长周海燕致辞", "被告湖南某公司", "原告公司认为", "我是何等愤怒", "本人方便的时候",
    ],
)  # fmt: skip
def test_ordinary_words_stay(text: str) -> None:
    assert mask(text) == (text, ())


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我电话13812345678，急", f"我电话{placeholder('phone')}，急"),
        ("住在长沙市岳麓区枫林三路128号3栋502室", f"住在长沙市岳麓区{placeholder('address')}"),
        ("微信号：abc12345", f"微信号：{placeholder('wechat')}"),
        ("我叫李小棠今年8岁", f"我叫{placeholder('name')}今年8岁"),
        ("受害人王芷兰被打", f"受害人{placeholder('name')}被打"),
        ("@小王救命他打我", f"@{placeholder('username')}救命他打我"),
        ("2024-10-15 13812345678 来电", f"2024-10-15 {placeholder('phone')} 来电"),
        ("13812345678,13912345678", f"{placeholder('phone')},{placeholder('phone')}"),
        ("第一13812345678", f"第一{placeholder('phone')}"),
        ("+86-138-1234-5678", placeholder("phone")),
        ("微\u200b信：a\u200bbc12345", f"微信：{placeholder('wechat')}"),
        ("電話：84412345，護照E12345678", f"電話：{placeholder('phone')}，護照{placeholder('passport')}"),
        ("湘A·一二三四五", placeholder("plate")),
    ],
)
def test_the_rest_of_the_sentence_stays_as_it_was(text: str, masked: str) -> None:
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "piece",
    [
        "1 ",
        "1-",
        "一",
        "138 1234 ",
        "村1",
        "路1",
        "@a",
        "微信a",
        "我叫李",
        "湘A1",
        "1.1.",
        "62",
        "a@a.",
        "受害人",
        "岁",
        "（",
        "号栋",
    ],
)
def test_a_hostile_text_is_masked_in_time_that_grows_with_its_length(piece: str) -> None:
    def seconds(characters: int) -> float:
        text = (piece * characters)[:characters]
        began_s = time.process_time()
        mask(text)
        return time.process_time() - began_s

    seconds(100)
    assert seconds(50_000) < 10 * max(seconds(12_500), 0.02), (
        "four times the text may cost four times the time, not sixteen"
    )


def test_invisible_characters_stay_where_nothing_is_masked() -> None:
    assert mask("没\u200b事") == ("没\u200b事", ())


def test_no_placeholder_holds_anything_to_mask() -> None:
    for kind in KIND_WORDS:
        for text in (placeholder(kind), placeholder(kind) * 2, f"我{placeholder(kind)}，{placeholder(kind)}。"):
            assert mask(text) == (text, ())


ODD = st.text(
    "我叫李小花姓名：受害人孩子打求救电话微信号加薇扣扣一三八〇零幺1380①⑨０９ -—.@aAvVxXqQ湘路街号栋组小区村岁女，。、/\\+()（）〔〕:\n\u200b🔥", max_size=80
)  # fmt: skip


@given(ODD | st.text(st.characters(codec=None), max_size=120))
def test_masking_is_total_and_twice_is_once(text: str) -> None:
    once = mask(text)
    assert mask(once.text) == (once.text, ())
    assert all(kind in KIND_WORDS for kind in once.kinds)
    if not once.kinds:
        assert once.text == text


@given(st.text(st.characters(codec=None), max_size=80))
def test_a_shadow_is_as_long_as_its_text_and_its_own_shadow(text: str) -> None:
    assert len(shadow(text)) == len(text)
    assert shadow(shadow(text)) == shadow(text)


def test_check_digits() -> None:
    assert is_resident_id("11010519491231002X")
    assert has_resident_check("11010519491231002X")
    assert not has_resident_check("110105194912310021")
    assert not is_resident_id("430102199013071234"), "there is no thirteenth month"
    assert not is_resident_id("990102199003071234"), "there is no such province"
    assert is_resident_id("130503670401001")
    assert is_card("4111111111111111")
    assert not is_card("4111111111111112")
    assert is_hong_kong_id("A", "123456", "3")
    assert not is_hong_kong_id("A", "123456", "4")


def test_one_pattern_finds_the_words_that_many_would() -> None:
    words = ("女儿", "女孩", "女", "儿子", "a.b", "a+")
    pattern = re.compile(any_of(words, "(?=1)"))
    for word in words:
        assert pattern.search(f"x{word}1") is not None
    assert pattern.search("aXb1") is None
    assert plain_digits("幺三八") == "138"


def test_every_kind_is_found_in_a_long_text_too() -> None:
    told = Counter(one.kind for one in all_planted(3))
    whole = "\n".join(one.sentence for one in all_planted(3))
    text, kinds = mask(whole)
    assert set(kinds) >= set(told)
    assert [one.sentence for one in all_planted(3) if one.raw in text] == []
