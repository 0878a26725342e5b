"""Cutting texts into words."""

import pytest

from pipeline import words

LISTED = ["产假", "电子厂", "家庭暴力", "人身安全保护令"]


@pytest.mark.parametrize("word", LISTED)
def test_a_listed_word_of_any_length_is_found_whole(word: str) -> None:
    """However long it is, and wherever it stands: what no longer word begins with is looked at no further."""
    for before in ("", "，", "abc "):
        cut = words.cut(["没有", f"{before}{word}。"])
        found = [(int(t), int(s), int(n)) for t, s, n in zip(cut.text, cut.start, cut.size, strict=True)]
        assert (1, len(before), len(word)) in found


def test_the_cut_of_a_text_depends_on_no_other_text() -> None:
    texts = ["电子厂的产假", "工会", "", "Abc 家庭暴力"]
    together = words.cut(texts)
    for number, text in enumerate(texts):
        alone = words.cut([text])
        assert together.hash[together.text == number].tolist() == alone.hash.tolist()
