"""The edge of the text room: what is masked, what stays, and what holds for any text at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from text.mask import mask, placeholder
from text.normalise import normalise
from text.overlap import nearly_identical, repeated_runs
from text.sketch import KEYS, PAIRS, held, sketch, sketches
from text.split import for_search, sentences, tokens
from text.url import canonical_url

ANY_TEXT = st.text(st.characters(codec=None), max_size=200)
CHINESE = st.text(
    "妇女孩子打求救电话微信号一二三四五六七八九十0123456789１３８ -—.@aAvVxXqQ路街号栋小区\n", max_size=120
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("我电话是13812345678，救救我", "phone"), ("打 138 1234 5678", "phone"), ("打１３８１２３４５６７８", "phone"),
        ("+86-138-1234-5678", "phone"), ("一三八一二三四五六七八", "phone"), ("幺三八 1234 5678", "phone"),
        ("座机0731-84412345", "phone"), ("（0731）8441 2345", "phone"), ("电话：84412345", "phone"),
        ("身份证430102199003071234", "resident_id"), ("证件43010219900307123X", "resident_id"),
        ("卡号6222 0212 3456 7890 128", "card"), ("邮箱 abc.d@qq.com", "email"), ("加V：abc12345", "wechat"),
        ("微信号wxid_abcdef", "wechat"), ("vx：hnlm2020", "wechat"), ("QQ 12345678", "qq"), ("扣扣群：87654321", "qq"),
        ("湘A12345", "plate"), ("湘A·D12345", "plate"), ("住在芙蓉中路128号3栋502室", "address"),
        ("阳光小区3栋2单元501", "address"), ("桃花村六组12号", "address"),
    ],
)  # fmt: skip
def test_personal_data_is_replaced_and_named(text: str, kind: str) -> None:
    masked = mask(text)
    assert kind in masked.kinds
    assert placeholder(kind) in masked.text


@pytest.mark.parametrize(
    "text",
    [
        "请拨打12338、12345、110、120、12355、12348", "微信同号12338", "加V 12338", "2024年10月15日共收到12345678条",
        "订单20241015123456789012", "公交12路", "人民路有12条", "价格13800元", "今天 1380000人", "第 20000 条",
        "湘A 类企业", "三栋楼都停电了", "〔电话已遮盖〕",
    ],
)  # fmt: skip
def test_what_is_public_stays(text: str) -> None:
    assert mask(text) == (text, ())


@given(CHINESE | ANY_TEXT)
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask(text).text
    assert mask(once).text == once


@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.text("打我电话吧，。！ ", max_size=10),
    st.text("救命啊。", max_size=10),
)
def test_no_mobile_number_survives(number: str, before: str, after: str) -> None:
    assert number not in mask(before + number + after).text


@given(st.text("ab1甲，。！～…—|[]（）“” \n\r\t\u3000\u200bＡ½』", max_size=12))
def test_text_that_is_let_through_as_plain_would_not_have_changed(text: str) -> None:
    marked = "\u200b" + text + "\u200b"  # an invisible character sends it the long way
    assert normalise(text) == normalise(marked)


@given(ANY_TEXT)
def test_normalising_is_total_and_idempotent(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    once.encode("utf-8")


@given(ANY_TEXT)
def test_search_tokens_and_their_places_agree(text: str) -> None:
    found = tokens(text)
    assert for_search(text).split() == " ".join(token for token, _, _ in found).split()
    assert all(0 <= start < end <= len(text) for _, start, end in found)


def test_han_stands_alone_and_words_and_numbers_stand_whole() -> None:
    assert for_search("长沙GDP增长2024年，12338热线") == "长 沙 gdp 增 长 2024 年 12338 热 线"


def test_sentences_keep_their_marks() -> None:
    assert sentences("他打我。怎么办？\n救救我") == ["他打我。", "怎么办？", "救救我"]


@given(st.lists(ANY_TEXT, max_size=8))
def test_a_sketch_does_not_depend_on_its_batch(texts: list[str]) -> None:
    assert sketches(texts) == [sketch(text) for text in texts]


def test_a_sketch_knows_how_much_of_one_text_another_holds() -> None:
    original = "我怀孕五个月，公司突然说我不胜任工作要辞退我，孕期还能被辞退吗，请问该怎么办"
    assert held(sketch(original), sketch("转发：" + original + "！")) == 1
    assert held(sketch(original), sketch(original[:20])) == 1
    assert held(sketch(original), sketch("社区组织免费两癌筛查，名额两百个，周一上午开始报名，带身份证")) < 0.1
    assert held(sketch(original), b"") == 0
    assert sketch("好") == b""
    assert len(sketch(original * 50)) <= 1 + 4 * KEYS + 2 * PAIRS


@given(st.text(max_size=40), st.text(min_size=500, max_size=3000))
def test_any_two_texts_can_be_compared(short: str, long: str) -> None:
    """A long text's sketch may tell nothing of a short one: that is no fault, and no copy."""
    assert 0 <= held(sketch(short), sketch(long)) <= 1


def test_a_draft_that_repeats_a_post_is_found_out_unless_it_cites() -> None:
    post = "厂里让怀孕的女工自己写辞职报告，不写就调去搬货。"
    draft = "我们注意到“厂里让怀孕的女工自己写辞职报告”的反映，正在核实。"
    assert repeated_runs(draft, post) == ("厂里让怀孕的女工自己写辞职报告",)
    assert repeated_runs(draft, post, cited=[post]) == ()
    assert repeated_runs("正在核实。", post) == ()


def test_two_answers_of_the_same_words_are_nearly_identical() -> None:
    assert nearly_identical("您反映的情况已转市人社局核实，感谢监督。", "您反映的情况，已转市人社局核实。感谢监督！")
    assert not nearly_identical("您反映的情况已转市人社局核实。", "体检报名从周一开始，名额两百个。")


@pytest.mark.parametrize(
    ("given_url", "canonical"),
    [
        ("HTTP://Example.COM:80/a?utm_source=x&b=2&a=1#f", "http://example.com/a?a=1&b=2"),
        ("https://example.com", "https://example.com/"),
        (" weibo 123 ", "weibo 123"),
        (
            "https://mp.example.cn/s?__biz=A&mid=1&idx=2&sn=b&chksm=c&scene=21&isappinstalled=0#wechat_redirect",
            "https://mp.example.cn/s?__biz=A&idx=2&mid=1&sn=b",
        ),
        ("https://b.example.cn/s?id=17&wfr=spider&for=pc", "https://b.example.cn/s?id=17"),
        ("https://b.example.cn/s?id=17&for=women", "https://b.example.cn/s?for=women&id=17"),
        ("https://n.example.cn/a.html?spm=a2.b&spm_id_from=333", "https://n.example.cn/a.html"),
        (
            "https://n.example.cn/a.html?from=singlemessage&share_token=x&timestamp=17&use_new_style=1",
            "https://n.example.cn/a.html",
        ),
        (
            "https://n.example.cn/list?from_date=2026-03-04&scenery=1&page=2",
            "https://n.example.cn/list?from_date=2026-03-04&page=2&scenery=1",
        ),
        ("https://v.example.cn/v/1?vd_source=a&share_source=copy_web&p=2", "https://v.example.cn/v/1?p=2"),
        ("https://b.example.cn/d/1?depth_1-utm_source=x&ops_request_misc=y&request_id=z", "https://b.example.cn/d/1"),
        ("https://x.example.cn/e/1?xsec_token=AB%3D&xsec_source=pc", "https://x.example.cn/e/1"),
        ("https://f.example.cn/thread.php?tid=5&fromuid=9&_=1709605230000", "https://f.example.cn/thread.php?tid=5"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_one_page_has_one_address(given_url: str, canonical: str) -> None:
    assert canonical_url(given_url) == canonical
    assert canonical_url(canonical) == canonical


@given(ANY_TEXT)
def test_addresses_are_total(text: str) -> None:
    once = canonical_url(text)
    assert canonical_url(once) == once
