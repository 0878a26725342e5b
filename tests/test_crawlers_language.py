"""A text's language is told by its script and its function characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.language import text_language


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("厂里让怀孕的女工自己写辞职报告，这合法吗？", "zh-Hans"),
        ("廠裡讓懷孕的女工自己寫辭職報告，這合法嗎？", "zh-Hant"),
        ("今天去体检 today HR 说 OK，我们问了 boss", "zh-Hans"),
        ("The women of the county have asked for a shelter that is open at night.", "en"),
        ("Les femmes du comté demandent un refuge ouvert la nuit.", "und-Latn"),
        ("妊娠した女性に退職届を書かせるのは違法ですか。", "ja"),
        ("임신한 여성에게 사직서를 쓰게 하는 것은 불법입니다.", "ko"),
        ("Женщины просят открыть приют ночью.", "ru"),
        ("བོད་ཡིག་ནི་སྐད་ཡིག་ཅིག་ཡིན།", "bo"),
        ("ئاياللار ھوقۇقىنى قوغداش", "ug"),
        ("", ""),
        ("12338", ""),
        ("😀😀😀😀", ""),
    ],
)
def test_languages(text: str, tag: str) -> None:
    assert text_language(text) == tag


@given(st.text(max_size=200))
def test_any_text_has_a_language_or_none(text: str) -> None:
    assert isinstance(text_language(text), str)
