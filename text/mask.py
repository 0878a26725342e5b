"""Personal data in a text is replaced by a word that says what stood there; public hotlines stay.

Rules only, with check digits where the data has them (GB 11643 resident ids carry a birthday, Luhn for bank cards): what a rule cannot
see, such as a person's name in running text, is not masked here.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final, NamedTuple


class Masked(NamedTuple):
    """The text with placeholders, and the kinds of data that were replaced, in a fixed order."""

    text: str
    kinds: tuple[str, ...]


_D: Final = "[0-9\uff10-\uff19]"
_SPELT: Final = "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_DIGITS: Final = str.maketrans(
    "０１２３４５６７８９〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "0123456789001234567891123456789"
)
_GAP: Final = r"[\s\-—–_.·*\u200b]{0,2}"
_NOT_BEFORE: Final = rf"(?<!{_D})(?<!{_D}[.,])"

# one cheap look decides for most posts that there is nothing to mask
_SUSPECT: Final = re.compile(
    rf"(?:{_D}[\s\-—–_.·*]{{0,2}}){{5}}|@|＠|[{_SPELT}]{{7}}|微信|薇信|威信|卫星号|徽信|[vVｖＶ][xX信]|[wW]ei?[xX]in|[加➕+＋][vVｖＶ]|[qQｑＱ]{{2}}|扣扣|企鹅号"
    r"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Za-z]|[路街道巷弄][^\n]{0,12}[号弄]|[号栋幢]楼?[^\n]{0,8}[室单]|村[^\n]{1,12}[组号]|小区"
)

_EMAIL: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}\s?[@＠]\s?(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62})[.．。]){1,4}[A-Za-z]{2,12}"
)
_RESIDENT_ID: Final = re.compile(
    rf"{_NOT_BEFORE}(?:{_D}{_GAP}){{17}}[0-9０-９xXｘＸ](?!{_D})|{_NOT_BEFORE}{_D}{{15}}(?!{_D})"
)
_CARD: Final = re.compile(rf"{_NOT_BEFORE}(?:{_D}[\s\-]?){{15,18}}{_D}(?!{_D})")
_MOBILE: Final = re.compile(rf"{_NOT_BEFORE}(?:(?:\+|＋|00)?86{_GAP})?[1１]{_GAP}[3-9３-９](?:{_GAP}{_D}){{9}}(?!{_D})")
_SPELT_MOBILE: Final = re.compile(rf"[一幺壹1１](?:[\s\-—]?[{_SPELT}0-9０-９]){{10}}(?![{_SPELT}0-9０-９])")
_LANDLINE: Final = re.compile(
    rf"{_NOT_BEFORE}[(（]?[0０](?:[1１][0０]|[2２]{_D}|[3-9３-９]{_D}{{2}})[)）]?[\s\-—–]{{0,2}}[2-8２-８](?:[\s\-]?{_D}){{6,7}}(?!{_D})"
)
_LOCAL_NUMBER: Final = re.compile(rf"(?<=电话)([是为:：\s]{{0,3}})([2-8２-８]{_D}{{6,7}})(?!{_D})")
_CHAT_WORD: Final = r"(?:微信(?:号码|号)?|薇信|威信号?|徽信|卫星号|[vVｖＶ][xXｘＸ]|[vVｖＶ]信|[wW][eE]?[iI]?[xX]in|[加➕+＋]\s?[vVｖＶ]|[qQｑＱ]{2}(?:号码|群|号)?|扣扣(?:号|群)?|企鹅号?)"
_CHAT: Final = re.compile(
    rf"({_CHAT_WORD}(?:同号|同步)?[\s:：是为,，()（）【】\[\]「」\"“”'+＋加➕:]{{0,4}})([A-Za-z][A-Za-z0-9_\-]{{4,19}}|{_D}{{5,12}})(?![A-Za-z0-9])"
)
_PLATE: Final = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Za-hj-np-z][\s·•.\-]?"
    r"(?:[DFdf][A-HJ-NP-Za-hj-np-z0-9][0-9]{4}|[0-9]{5}[DFdf]|(?=[A-Za-z0-9]*[0-9])[A-HJ-NP-Za-hj-np-z0-9]{4}[A-HJ-NP-Za-hj-np-z0-9挂学警])(?![A-Za-z0-9])"
)
_NUMBER: Final = r"[0-9０-９一二三四五六七八九十百]"
_ADDRESS: Final = re.compile(
    rf"[\u4e00-\u9fff]{{1,8}}?(?:大道|路|街|巷|弄|里|胡同){_NUMBER}{{1,5}}(?:[\-之]{_NUMBER}{{1,4}})?[号弄](?!线|车|公交|文件)"
    rf"(?:[\s,，]?[\u4e00-\u9fffA-Za-z0-9]{{0,10}}?(?:小区|花园|公寓|大厦|家园|苑|城|里))?"
    rf"(?:[\s,，]?[A-Za-z0-9]{{1,3}}(?:号楼|栋|幢|座))?(?:[\s,，]?{_NUMBER}{{1,2}}单元)?(?:[\s,，]?{_NUMBER}{{1,2}}[楼层])?(?:[\s,，]?[0-9０-９]{{3,4}}[室号房]?(?!{_D}|年|元|人|块|万|个|次|月))?"
    rf"|[\u4e00-\u9fff]{{1,8}}?(?:小区|花园|公寓|家园|苑|新村|宿舍|安置房)[\s,，]?(?:[A-Za-z0-9一二三四五六七八九十]{{1,3}}(?:号楼|栋|幢|座|期)[\s,，]?)+(?:{_NUMBER}{{1,2}}单元)?[\s,，]?(?:[0-9０-９]{{3,4}}[室号房]?(?!{_D}|年|元|人|块|万|个|次|月))?"
    rf"|(?<=[\u4e00-\u9fff])[A-Za-z0-9]{{1,3}}(?:号楼|栋|幢)[\s,，]?(?:{_NUMBER}{{1,2}}单元)?[\s,，]?[0-9０-９]{{3,4}}[室号房]?(?!{_D}|年|元|人|块|万|个|次|月)"
    rf"|[\u4e00-\u9fff]{{1,6}}村[\u4e00-\u9fff]{{0,6}}?{_NUMBER}{{1,3}}组(?:{_NUMBER}{{1,4}}号)?"
)

HOTLINES: Final = frozenset(
    {"110", "119", "120", "122", "12338", "12345", "12348", "12355", "12309", "12333", "12351", "12356", "12368",
     "12110", "12320", "12388", "12315", "12317", "114", "95598"}
)  # fmt: skip
"""Public numbers that stay. All are shorter than what the rules above match, except behind a chat word."""


def mask(text: str) -> Masked:
    """Return the text with personal data replaced. Idempotent; never raises, whatever the characters are."""
    if not _SUSPECT.search(text):
        return Masked(text, ())
    kinds: list[str] = []
    for kind, pattern, replace in _RULES:
        changed = pattern.sub(replace, text)
        if changed != text:
            kinds.append(kind)
            text = changed
    return Masked(text, tuple(kinds))


def _plain_digits(raw: str) -> str:
    return "".join(letter for letter in raw.translate(_DIGITS) if letter in "0123456789")


def _resident_id(match: re.Match[str]) -> str:
    raw = unicodedata.normalize("NFKC", match.group()).upper()
    digits = [letter for letter in raw if letter in "0123456789X"]
    if len(digits) == 15:
        well = _is_birthday("19" + "".join(digits[6:12]))
    else:
        body = digits[:17]
        well = "X" not in body and _is_birthday("".join(body[6:14]))
        # a wrong check digit is a typing error, not a licence to print the rest of a birthday
    return "〔证件号已遮盖〕" if well else match.group()


def _is_birthday(digits: str) -> bool:
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    return 1900 <= year <= 2099 and 1 <= month <= 12 and 1 <= day <= 31


def _card(match: re.Match[str]) -> str:
    digits = _plain_digits(match.group())
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return "〔银行卡号已遮盖〕" if (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0 else match.group()


def _spelt(match: re.Match[str]) -> str:
    digits = _plain_digits(match.group())
    return "〔电话已遮盖〕" if re.fullmatch(r"1[3-9][0-9]{9}", digits) else match.group()


def _after_word(word: str) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        return match.group() if match.group(2) in HOTLINES else f"{match.group(1)}{word}"

    return replace


_RULES: Final[tuple[tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = (
    ("email", _EMAIL, "〔邮箱已遮盖〕"),
    ("chat", _CHAT, _after_word("〔微信QQ已遮盖〕")),
    ("resident_id", _RESIDENT_ID, _resident_id),
    ("phone", _MOBILE, "〔电话已遮盖〕"),
    ("card", _CARD, _card),
    ("phone", _SPELT_MOBILE, _spelt),
    ("phone", _LANDLINE, "〔电话已遮盖〕"),
    ("phone", _LOCAL_NUMBER, _after_word("〔电话已遮盖〕")),
    ("plate", _PLATE, "〔车牌已遮盖〕"),
    ("address", _ADDRESS, "〔地址已遮盖〕"),
)
