"""Addresses down to house, flat or village group; city, county and township stay readable."""

import re
from collections.abc import Iterator
from typing import Final

from text.number_runs import Span
from text.script_forms import SPELT

_NUMBER: Final = rf"[0-9{SPELT}十百]"
_UNIT_OF_TIME: Final = r"(?![0-9]|年|元|人|块|万|个|次|月|多|余|名|平|米|户|斤|天)"
_ROOM: Final = (
    rf"(?:[\s,，\-]?[A-Za-z0-9{SPELT}十]{{1,3}}(?:号楼|栋|幢|座))?(?:[\s,，\-]?{_NUMBER}{{1,2}}(?:单元|门))?(?:[\s,，]?{_NUMBER}{{1,3}}[楼层])?"
    rf"(?:[\s,，\-]?[0-9{SPELT}]{{3,4}}[室号房户]?{_UNIT_OF_TIME})?"
)
_ESTATE: Final = "小区|花园|公寓|家园|新村|宿舍|安置房|公馆|华庭|大厦|苑"
_STREET: Final = re.compile(
    rf"(?:大道|路|街|巷|弄|胡同|大街)(?:[东西南北中一二三四五]段)?\s?({_NUMBER}{{1,5}})(?:附?[\-之附]{_NUMBER}{{1,4}})?[号弄](?!线|车|公交|文|令|台风|提案|标段|工程|院士|选手|议案|楼盘|店员)"
    rf"((?:[\s,，]?[\u4e00-\u9fffA-Za-z0-9]{{1,8}}?(?:{_ESTATE}))?{_ROOM})"
)
_IN_ESTATE: Final = re.compile(
    rf"(?:小区|花园|公寓|家园|苑|新村|宿舍|安置房|公馆|华庭|大厦|[\u4e00-\u9fff]城|[\u4e00-\u9fff]府|[\u4e00-\u9fff]湾)[\s,，]?"
    rf"(?:(?:[A-Za-z0-9{SPELT}十]{{1,3}}(?:号楼|栋|幢|座|期)[\s,，]?)+(?:{_NUMBER}{{1,2}}(?:单元|门))?[\s,，]?(?:[0-9{SPELT}]{{3,4}}[室号房户]?{_UNIT_OF_TIME})?|[0-9]{{1,2}}-[0-9]{{1,2}}-[0-9]{{3,4}}[室号房]?)"
)
_FLAT: Final = re.compile(
    rf"(?<![A-Za-z0-9])[A-Za-z0-9{SPELT}十]{{1,3}}(?:号楼|栋|幢)[\s,，]?(?:{_NUMBER}{{1,2}}(?:单元|门))?[\s,，]?[0-9{SPELT}]{{3,4}}[室号房]?{_UNIT_OF_TIME}"
    rf"|(?<![0-9]){_NUMBER}{{1,2}}单元[\s,，]?[0-9{SPELT}]{{3,4}}[室号房]?{_UNIT_OF_TIME}"
)
_VILLAGE: Final = re.compile(
    rf"村(?![民委里干支])[^\W分共成每第有A-Za-z0-9]{{0,4}}?{_NUMBER}{{1,3}}(?:组|队)(?:{_NUMBER}{{1,4}}号)?"
)
_ANY_VILLAGE: Final = re.compile(r"(?:全|各|本|该|每|几|两|三|同|外|进|回|出|农)?个?")
"""Before 村: no name, but how many or which."""
_NO_STREET: Final = re.compile(
    r"(?:[公铁网道线电思出这那条半走上回过修铺绕]路|[条这那逛上]街|[小一]巷|[公这那]里|.路.路)$"
)
_DAY: Final = re.compile(r"[前后起开上下晚早凌到至之日停放通恢]")
"""After the number of a street: it was the day of a month."""
_LEFT: Final = re.compile(r"[\u4e00-\u9fff]{1,6}$")
_LEFT_ENDS: Final = re.compile(r"[住在到于往去从是为的了我你他她它们址省市县区镇乡州近经过与及和或](?![平谐顺谷义])")


def address_spans(shadow: str) -> Iterator[Span]:
    """Yield addresses, from the name of street, estate or village on."""
    for match in _STREET.finditer(shadow):
        start = _named_from(shadow, match.start())
        name = shadow[start : match.start()]
        suffix = shadow[match.start() : match.start() + 1]
        if not name or _NO_STREET.search(name[-1:] + suffix):
            continue
        if len(match.group(1)) <= 2 and not match.group(2) and _DAY.match(shadow, match.end()):
            continue
        yield Span(start, match.end(), "address")
    for pattern in (_IN_ESTATE, _VILLAGE):
        for match in pattern.finditer(shadow):
            start = _named_from(shadow, match.start())
            if pattern is _IN_ESTATE or not _ANY_VILLAGE.fullmatch(shadow[start : match.start()]):
                yield Span(start, match.end(), "address")
    for match in _FLAT.finditer(shadow):
        yield Span(match.start(), match.end(), "address")


def _named_from(shadow: str, end: int) -> int:
    """Return where the name before the suffix begins: after the last word that belongs to the sentence or the district."""
    name = _LEFT.search(shadow, max(0, end - 6), end)
    if name is None:
        return end
    start = name.start()
    for word in _LEFT_ENDS.finditer(shadow, start, end):
        start = word.end()
    return start
