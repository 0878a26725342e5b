"""One written form for the many ways in which people write a digit, a letter or a key word to slip past a filter.

`shadow` maps character to character, so that a place in the shadow is the same place in the text. The forms beyond the
basic plane (mathematical digits and the like) are left to `text.normalise`: a set of letters that holds them is ten
times slower to look for.
"""

import re
from typing import Final

SPELT: Final = "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖貳參陸两兩洞拐勾"
"""Numerals written as words, the radio forms (幺 1, 洞 0, 拐 7, 勾 9) among them."""
_SPELT_DIGITS: Final = str.maketrans(SPELT, "00123456789112345678923622079")

_ZEROS: Final = (0xFF10, 0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0x2080)
_ONES: Final = (0x2460, 0x2474, 0x2488, 0x24F5, 0x2776, 0x2780, 0x278A, 0x3220, 0x3280)
"""Where the digits 0 to 9, and the circled, bracketed and dotted 1 to 9, begin."""
_OTHER_DIGITS: Final = {"⓪": "0", "⓿": "0", "⁰": "0", "¹": "1", "²": "2", "³": "3"} | {
    chr(0x2070 + number): str(number) for number in range(4, 10)
}
_DIGIT_FORMS: Final = (
    {chr(zero + number): str(number) for zero in _ZEROS for number in range(10)}
    | {chr(one + number): str(number + 1) for one in _ONES for number in range(9)}
    | _OTHER_DIGITS
)
_TRADITIONAL: Final = dict(
    zip(
        "電話號證車門樓棟單組區鎮鄉縣戶銀賬帳護駕駛學歲報舉當機聯係繫郵產權貝誌員編碼獎碼額爾衛鵝圍寶釘釦頁務會費儲醫療險運遞點掛",
        "电话号证车门楼栋单组区镇乡县户银账账护驾驶学岁报举当机联系系邮产权贝志员编码奖码额尔卫鹅围宝钉扣页务会费储医疗险运递点挂",
        strict=True,
    )
)
_LETTERS: Final = {
    chr(0xFEE0 + ord(letter)): letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz@+-._"
}
_TO_TRADITIONAL: Final = str.maketrans({simple: old for old, simple in _TRADITIONAL.items()})
_TO_WIDE: Final = str.maketrans({letter: wide for wide, letter in _LETTERS.items()})
_SHADOW: Final = str.maketrans(_DIGIT_FORMS | _TRADITIONAL | _LETTERS)

DIGITS: Final = f"0-9{SPELT}"
"""Inside a character class: a digit of a shadow."""
FIGURES_AS_WRITTEN: Final = f"0-9{''.join(_DIGIT_FORMS)}"
"""Inside a character class: a digit of any text, other than one written as a word."""

INVISIBLE: Final = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]+"
)


def shadow(text: str) -> str:
    """Return `text` with digits, Latin letters and some traditional characters in one form; of the same length."""
    return text.translate(_SHADOW)


def plain_digits(raw: str) -> str:
    """Return the digits of a piece of a shadow as 0-9, everything else left out."""
    return "".join(letter for letter in raw.translate(_SPELT_DIGITS) if letter in "0123456789")


def written_forms(*words: str) -> frozenset[str]:
    """Return the forms in which words of a shadow may stand in a text: as they are, traditional, full-width."""
    return frozenset(
        form for word in words for form in (word, word.translate(_TO_TRADITIONAL), word.translate(_TO_WIDE))
    )
