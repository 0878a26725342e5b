"""Telephone, identity and card numbers in running text, however their digits are spaced, mixed or spelt.

A run is what stands between two words: digits of any script with up to three signs between them. Within a run every
row of whole pieces is tried, so that a number is found beside a date as well as cut into single digits by emoji.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from text.check_digits import has_resident_check, is_card, is_resident_id
from text.script_forms import DIGITS, SPELT, plain_digits


class Span(NamedTuple):
    """A piece of the text to be replaced, and the kind of data that it is."""

    start: int
    end: int
    kind: str


_PUBLIC: Final = (
    "110 112 114 119 120 122 999 12110 12119 12305 12308 12309 12310 12313 12314 12315 12316 12317 12318 12319 12320"
    " 12321 12323 12325 12326 12327 12328 12329 12331 12333 12336 12337 12338 12339 12340 12345 12348 12350 12351 12353"
    " 12355 12356 12358 12360 12361 12363 12365 12366 12367 12368 12369 12371 12377 12378 12379 12380 12381 12385 12386"
    " 12388 12389 12393 12395 95598 95566 95588 95599 95533 95518 95519 10086 10010 10000 11183 11185 962338 96110"
)
HOTLINES: Final = frozenset(_PUBLIC.split())
"""Public numbers that stay; 400 and 800 lines and every other short number stay because no kind is like them."""

GAP: Final = r"[^0-9A-Za-z\u3007\u3400-\u9fff。；！？…\n〔〕“”‘’《》]{0,3}"
"""Between two digits: blanks, strokes, dots, emoji; neither letters nor what ends a clause."""
_RUN: Final = re.compile(rf"[{DIGITS}](?:{GAP}[{DIGITS}]){{6,}}")
_ATOM: Final = re.compile(rf"[0-9]+|[{SPELT}]+")
_STRONG: Final = re.compile(r"[,，、/\\:：+=%<>&;?!\"'^]")
"""Signs that mostly part two numbers rather than the digits of one."""
_ID_END: Final = re.compile(rf"{GAP}[xX×]")
_UNIT: Final = re.compile(r"亿|万元|元|美元|人次|吨|％|%|字节")
_DATE: Final = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}[^0-9]{1,3}[0-9]{1,2}(?![0-9])")
_MONEY: Final = re.compile(r"[¥￥$€]\s?$")

_MOBILE: Final = re.compile(r"(0086|86|0)?(1[3-9][0-9]{9})")
_LANDLINE: Final = re.compile(r"(?:(?:0086|86)0?|0)(?:10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}")
_OVERSEAS: Final = re.compile(r"(?:00)?(?:852[2-9][0-9]{7}|853[2-9][0-9]{7}|886[2-9][0-9]{7,8})")
_LOCAL: Final = re.compile(r"[2-8][0-9]{6,7}")

_MOBILE_SIZES: Final = frozenset(
    {(11,), (3, 4, 4), (3, 8), (7, 4), (4, 7), (3, 3, 5), (4, 4, 3), (4, 3, 4), (5, 6), (6, 5), (1, 10), (3, 4, 2, 2),
     (3, 2, 2, 2, 2), (3, 3, 3, 2), (2, 3, 3, 3)}
)  # fmt: skip
_LANDLINE_SIZES: Final = frozenset(
    {(length,) for length in (10, 11, 12)}
    | {(area, *local) for area in (3, 4) for local in ((8,), (7,), (4, 4), (3, 4), (4, 3))}
)
_ID_SIZES: Final = frozenset({(18,), (6, 8, 4), (6, 4, 4, 4), (3, 3, 4, 4, 4), (6, 4, 2, 2, 4), (6, 12), (14, 4)})
_CARD_SIZES: Final = frozenset({(4, 4, 4, 4, last) for last in (1, 2, 3)} | {(4, 4, 4, 4), (6, 13), (6, 10), (4, 4, 8)})

_ID_LABEL: Final = re.compile(r"(?:身份证|身份证明|证件|公民身份)(?:号码|号)?[是为:：\s(（]{0,3}$")
_CARD_LABEL: Final = re.compile(r"(?:卡号|卡|账号|账户|打款|转账到|汇到|存折)[是为:：\s(（]{0,3}$")
_CALL_LABEL: Final = re.compile(
    r"(?:电话|座机|固话|手机|联系方式|tel|Tel|TEL|拨打|致电)(?:号码|号)?[是为:：\s.(（]{0,3}$"
)
_PUBLIC_LABEL: Final = re.compile(r"(?:热线|举报电话|监督电话|值班电话|总机|投诉电话)(?:号码)?[是为:：\s(（]{0,3}$")
_LABEL_REACH: Final = 14


class _Candidate(NamedTuple):
    """A row of pieces of one run: digits as 0-9, lengths of the pieces that signs part, and where it stands."""

    digits: str
    sizes: tuple[int, ...]
    is_strong: bool
    is_whole: bool
    start: int
    end: int


def number_spans(shadow: str) -> Iterator[Span]:
    """Yield the telephone, identity and card numbers of a shadow, from left to right; none overlap."""
    for run in _RUN.finditer(shadow):
        yield from _in_run(shadow, run.start(), run.end())


def _in_run(shadow: str, start: int, end: int) -> Iterator[Span]:
    atoms = [(atom.start(), atom.end()) for atom in _ATOM.finditer(shadow, start, end)]
    begun = first = 0
    while first < len(atoms):
        found = _from(shadow, atoms, begun, first)
        if found is None:
            first += 1
            continue
        span, last = found
        yield span
        begun = first = last + 1


def _from(shadow: str, atoms: list[tuple[int, int]], begun: int, first: int) -> tuple[Span, int] | None:
    """Return the longest number that begins with this piece, and its last piece; `begun`: the first that is still free."""
    best: tuple[Span, int] | None = None
    digits = ""
    sizes: tuple[int, ...] = ()
    is_strong = False
    for last in range(first, len(atoms)):
        start, end = atoms[last]
        gap = shadow[atoms[last - 1][1] : start] if last > first else ""
        piece = plain_digits(shadow[start:end])
        digits += piece
        if len(digits) > 21:
            break
        is_strong = is_strong or bool(_STRONG.search(gap))
        sizes = (*sizes[:-1], sizes[-1] + len(piece)) if sizes and not gap else (*sizes, len(piece))
        if len(digits) < 7:
            continue
        is_whole = first == begun and last == len(atoms) - 1
        candidate = _Candidate(digits, sizes, is_strong, is_whole, atoms[first][0], end)
        before = shadow[atoms[first - 1][1] : atoms[first][0]] if first > begun else ""
        span = _span(shadow, candidate, before, atoms[first - 1] if first > begun else None)
        if span is not None:
            best = (span, last)
    return best


def _span(shadow: str, found: _Candidate, before: str, previous: tuple[int, int] | None) -> Span | None:
    if previous is not None and before == "." and previous[1] - previous[0] <= 3:
        return None  # the digits after a decimal point
    label = shadow[max(0, found.start - _LABEL_REACH) : found.start]
    if not found.is_strong and (span := _identity(shadow, found, label)):
        return span
    if (not found.is_strong and _is_card_number(found)) or (
        12 <= len(found.digits) <= 21 and not found.is_strong and _CARD_LABEL.search(label)
    ):
        return Span(found.start, found.end, "card")
    if _is_call(shadow, found, label):
        return Span(_with_sign(shadow, found), found.end, "phone")
    return None


def _identity(shadow: str, found: _Candidate, label: str) -> Span | None:
    digits, end = found.digits, found.end
    sizes = found.sizes
    if len(digits) == 17 and (x := _ID_END.match(shadow, end)):
        digits, end = digits + "X", x.end()
        sizes = (*sizes[:-1], sizes[-1] + 1)
    if len(digits) not in {15, 18}:
        return None
    is_labelled = bool(_ID_LABEL.search(label))
    if not is_labelled and not is_resident_id(digits):
        return None
    is_shaped = sizes in _ID_SIZES or sizes in {(15,), (6, 6, 3)} or len(sizes) >= len(digits) - 1
    # a row of pieces that merely adds up to 18 digits must also have the check digit of one
    if is_labelled or is_shaped or (found.is_whole and len(digits) == 18) or has_resident_check(digits):
        return Span(found.start, end, "resident_id")
    return None


def _is_card_number(found: _Candidate) -> bool:
    is_shaped = len(found.sizes) == 1 or found.sizes in _CARD_SIZES or len(found.sizes) >= len(found.digits) - 1
    return (is_shaped or found.is_whole) and is_card(found.digits)


def _is_call(shadow: str, found: _Candidate, label: str) -> bool:
    digits, sizes = found.digits, found.sizes
    is_split = len(sizes) >= len(digits) - 1
    if mobile := _MOBILE.fullmatch(digits):
        if len(sizes) == 1 and (_UNIT.match(shadow, found.end) or _MONEY.search(label) or _is_amount(shadow, found)):
            return False
        core = _without(sizes, len(mobile.group(1) or ""))
        if found.is_strong:
            return core == (3, 4, 4) or (core == (11,) and len(sizes) == 2)
        return core in _MOBILE_SIZES or is_split or (found.is_whole and not _holds_a_date(shadow, found))
    if _LANDLINE.fullmatch(digits):
        is_shaped = _without(sizes, 2 if digits.startswith("86") else 0) in _LANDLINE_SIZES or is_split
        return (is_shaped or (found.is_whole and not found.is_strong)) and not _PUBLIC_LABEL.search(label)
    if _OVERSEAS.fullmatch(digits):
        return digits.startswith("00") or label.endswith(("+", "+ ", "(+"))
    if _LOCAL.fullmatch(digits) and not found.is_strong and (len(sizes) <= 2 or is_split):
        return bool(_CALL_LABEL.search(label)) and not _PUBLIC_LABEL.search(label)
    return False


def _without(sizes: tuple[int, ...], prefix: int) -> tuple[int, ...]:
    """Return the sizes after a country code or a leading zero of `prefix` digits."""
    if not prefix:
        return sizes
    if sizes[0] <= prefix:
        return sizes[1:] if sizes[0] == prefix else ()
    return (sizes[0] - prefix, *sizes[1:])


def _is_amount(shadow: str, found: _Candidate) -> bool:
    """Whether a decimal point and one or two digits follow."""
    return re.match(r"\.[0-9]{1,2}(?![0-9])", shadow[found.end : found.end + 4]) is not None


def _holds_a_date(shadow: str, found: _Candidate) -> bool:
    return _DATE.search(shadow, found.start, found.end) is not None


def _with_sign(shadow: str, found: _Candidate) -> int:
    """Return where the number begins, with the plus or the bracket that belongs to it."""
    start = found.start
    if start and shadow[start - 1] in "(（" and re.search("[)）]", shadow[start : found.end]):
        start -= 1
    if start and shadow[start - 1] == "+":
        start -= 1
    return start
