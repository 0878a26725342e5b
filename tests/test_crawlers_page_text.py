"""The text of HTML is what a person sees, whatever the HTML is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.page_text import fragment_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("没有标记", "没有标记"),
        ("一&amp;二 &lt;3", "一&二 <3"),
        ("<p>一</p><p>二<br>三</p>", "一\n二\n三"),
        ("前<b hidden>藏</b>尾", "前尾"),
        ("前<span style='Display : NONE'>藏<b>更深</b></span>尾<!-- 注 -->末", "前尾末"),
        ("<script>x</script><style>y</style><textarea>z</textarea>留", "留"),
        ("<p>  多   空\n\n白 </p>", "多 空\n白"),
        ("<div><p>没关<div>也没关", "没关\n也没关"),
        ('<div class="quote"><blockquote>某人 发表于 2026-11-20<br>旧话</blockquote></div>新话', "新话"),
        ("<blockquote class=x><div><cite>某人 写了：</cite>旧话</div></blockquote>新话", "新话"),
        (
            '<aside class="quote no-group" data-username="某人"><div class="title">某人:</div></aside><p>新话</p>',
            "新话",
        ),
        ("<blockquote>自己引的一句</blockquote>新话", "自己引的一句\n新话"),
        ("", ""),
        ("<>", "<>"),
    ],
)
def test_visible_text(html: str, text: str) -> None:
    assert fragment_text(html) == text


def test_depth_is_no_danger() -> None:
    assert "底" in fragment_text("<div>" * 200 + "底" + "</div>" * 200)
    fragment_text("<div>" * 100_000 + "底")


@given(st.text(alphabet="<>/&;\"'= abp!-\u4e2d\0\ud800div", max_size=80))
def test_any_html_has_a_text_without_its_markup_breaking_out(html: str) -> None:
    fragment_text(html).encode("utf-8", "surrogatepass")
