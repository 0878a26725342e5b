"""Bytes decide which charset a page is in, whatever header and meta element say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.charset import decode_page

HANS = "长沙市妇联的工作人员说，这里的女工可以拨打电话求助，我们会在三天内回复。"
HANT = "長沙市婦聯的工作人員說，這裡的女工可以撥打電話求助，我們會在三天內回覆。"


def page(text: str, charset: str = "") -> str:
    meta = f'<meta charset="{charset}">' if charset else ""
    return f"<!DOCTYPE html><html><head>{meta}<title>{text[:8]}</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize("said_in_meta", ["", "utf-8", "gb2312", "gbk", "big5", "iso-8859-1", "rot13", "utf-7"])
@pytest.mark.parametrize(
    "said_in_header", ["", "text/html; charset=utf-8", "text/html; charset=GBK", "text/html; charset=big5"]
)
@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (HANS, "utf-8"),
        (HANS, "gbk"),
        (HANS, "gb18030"),
        (HANT, "big5"),
        (HANT, "utf-8"),
        (HANT, "gbk"),
        (HANS, "utf-8-sig"),
    ],
)
def test_the_bytes_win_over_every_label(text: str, codec: str, said_in_header: str, said_in_meta: str) -> None:
    html = page(text, said_in_meta)
    assert decode_page(html.encode(codec), said_in_header).text == html


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_known_by_its_mark_or_its_zeros(codec: str) -> None:
    html = page(HANS * 3, "utf-8")
    assert decode_page(html.encode(codec), "text/html; charset=gbk").text == html


def test_gb18030_holds_what_gbk_does_not() -> None:
    html = page(HANS + "㐂𠮷")
    assert decode_page(html.encode("gb18030"), "text/html; charset=gb2312").text == html


def test_a_page_cut_within_a_character_and_one_with_a_broken_description_stay_utf_8() -> None:
    whole = page(HANS).encode()
    cut = whole[: whole.rindex("复".encode()) + 1]
    assert HANS[:20] in decode_page(cut).text
    broken = whole.replace(b"<title>", b'<meta name="description" content="' + "妇".encode()[:2] + b'"><title>')
    decoded = decode_page(broken, "text/html; charset=gbk")
    assert decoded.charset == "utf-8"
    assert HANS in decoded.text


def test_gbk_that_happens_to_be_valid_utf_8_is_told_from_cyrillic() -> None:
    assert decode_page(page("一一一一").encode("gbk")).text == page("一一一一")
    for russian in ("Это обычная страница на русском языке.", "Совет", "Ελληνικά", "déjà vu"):
        assert decode_page(page(russian).encode(), "text/html; charset=gbk").text == page(russian)


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("Это обычная страница на русском языке.", "windows-1251", "windows-1251"),
        ("これは日本語のページです。", "shift_jis", "Shift_JIS"),
        ("이것은 한국어 페이지입니다.", "euc-kr", "euc-kr"),
        ("Une page française, déjà vue.", "cp1252", "iso-8859-1"),
    ],
)
def test_other_languages_are_read_as_their_page_says(text: str, codec: str, label: str) -> None:
    html = page(text, label)
    assert decode_page(html.encode(codec)).text == html


def test_plain_ascii_and_nothing_are_utf_8() -> None:
    assert decode_page(b"<p>plain</p>", "text/html; charset=gbk").text == "<p>plain</p>"
    assert decode_page(b"").text == ""


@given(st.binary(max_size=400), st.text(max_size=40))
def test_any_bytes_have_a_text(body: bytes, content_type: str) -> None:
    decode_page(body, content_type).text.encode("utf-8")


@given(
    st.text("的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会", min_size=8, max_size=200)
)
def test_common_chinese_survives_any_of_its_charsets(text: str) -> None:
    for codec in ("utf-8", "gbk", "gb18030"):
        assert decode_page(page(text).encode(codec)).text == page(text)
