"""Places and words of a post."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.region import names, parent, prefix, region_name, within
from pipeline import measuring_places
from pipeline.keywords import MOST, keywords, told
from pipeline.regions import regions


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("我在长沙岳麓区上班", ("430104",)), ("浏阳的烟花", ("430181",)), ("株洲路堵车", ()), ("凤凰古城真美", ()),
        ("住在凤凰的朋友", ("433123",)), ("益阳南县的朋友", ("430921",)), ("广州到长沙的高铁", ("430100", "440100")),
        ("湖南省长沙市长沙县星沙", ("430121",)), ("全湖南的姐妹", ("430000",)), ("朝阳区", ()), ("长沙臭豆腐", ()),
        ("我是永州的，被公司辞退", ("431100",)), ("北京下雪了", ("110000",)),
    ],
)  # fmt: skip
def test_a_place_is_found_to_its_depth_and_words_are_no_places(text: str, codes: tuple[str, ...]) -> None:
    assert regions(text) == codes


def test_the_source_place_stands_in_where_the_text_names_none() -> None:
    assert regions("厂里不发产假工资", "430900") == ("430900",)
    assert regions("长沙的厂里不发产假工资", "430900") == ("430100",)


def test_every_full_name_in_hunan_is_found() -> None:
    for code, name in names().items():
        if code.startswith("43"):
            assert regions(f"事情发生在{name}，请关注") == (code,), name


@given(st.text(max_size=200))
def test_places_and_words_are_total_and_bounded(text: str) -> None:
    assert len(regions(text)) <= 3
    assert len(keywords(text)) <= MOST


def test_divisions_know_what_holds_them() -> None:
    assert (parent("430104"), parent("430100"), parent("430000"), parent("")) == ("430100", "430000", "", "")
    assert (prefix("430000"), prefix("430100"), prefix("430104")) == ("43", "4301", "430104")
    assert within("430104", "430100")
    assert not within("430200", "430100")
    assert not within("430104", "")
    assert (region_name("430104"), region_name("")) == ("岳麓区", "地点不明")


def test_names_come_before_matter() -> None:
    found = keywords("听说星辰电子厂怀孕女工被劝退，产假工资没发 #生育友好#")
    assert found[:2] == ("生育友好", "星辰电子厂")
    assert {"怀孕", "劝退", "产假"} <= set(found)


@pytest.mark.parametrize(
    ("text", "not_among"),
    [
        ("他拨打了电话，很快有人来看", {"拨", "很", "打", "看", "拨打"}),
        ("黑人并不反对，只是反对自己被歧视", {"反对", "只是", "自己"}),
        ("#张某某# #刘晓燕# 王女士说她要起诉", {"张某某", "刘晓燕", "王女士"}),
        ("中医院不收她", {"医院"}), ("在长沙和株洲之间来回跑", {"长沙", "株洲", "之间"}),
        ("橘子洲头的风很大", {"橘子"}), ("她排队等了半天，最后骂娘走了", {"排队", "骂娘"}), ("喝了一杯柠檬水", {"柠檬"}),
    ],
)  # fmt: skip
def test_no_verbs_no_fragments_no_persons_no_places(text: str, not_among: set[str]) -> None:
    assert not set(keywords(text)) & not_among


def test_words_do_not_depend_on_the_batch() -> None:
    texts = ["长沙的产假工资", "", "星辰电子厂劝退怀孕女工", "😀", "HPV疫苗打了两针"]
    assert told(texts) == [told([text])[0] for text in texts]


@pytest.mark.parametrize(
    "text", ["", "\ud800\udc00长沙\ud83d", "\0\0产假\0", "😀😭🙏", "长沙产假" * 25_000, "मुंबई में महिला", "#" * 50 + "《》", "長沙婦聯"]
)  # fmt: skip
def test_any_text_at_all_gets_its_words(text: str) -> None:
    assert len(told([text, "长沙的产假", text])) == 3
    assert told([text, "产假"])[1] == told(["产假"])[0]


def test_own_sentences_find_their_places() -> None:
    figures = measuring_places.measure()
    print(figures.sentences, figures.right, figures.right_without_place)  # noqa: T201 - shown where it fails
    assert figures.sentences >= 1000
    assert figures.right >= 0.97
    assert figures.right_without_place >= 0.95
