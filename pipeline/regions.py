"""Which places a text is about: Hunan to county, elsewhere to city.

Names are found by their first two characters, longest first. A name that is also an ordinary word, or that two places
share, counts only with support: its own suffix, its prefecture in the same text, or a word of place before it.
"""

import re
from functools import cache
from typing import Final

import msgspec

from contracts.region import HUNAN, names, parent, prefix

MOST: Final = 3
_READ: Final = 2000
"""Characters that are read: a place named later than that is not what a post is about."""

_SUFFIX: Final = re.compile(
    r"(?:特别行政区|(?:壮族|回族|维吾尔|土家族苗族|苗族侗族|[\u4e00-\u9fff]{1,4}族)*自治[区州县]|[省市县区盟]|地区)$"
)
_ROAD_AFTER: Final = re.compile(r"[东南西北中]?(?:[一二三四五六]?)(?:路|街|大道|巷|桥|话|人民公社|菜|米粉|臭豆腐|石化)")
_PLACE_BEFORE: Final = ("在", "到", "去", "回", "从", "于", "住", "湖南", "来自", "位于", "我是", "我们", "本人")
_SHARED: Final = frozenset({"长沙", "湘潭", "衡阳", "邵阳", "岳阳"})
"""City and county of one name: the short form means the city."""
_WORDS: Final = frozenset(
    {"凤凰", "会同", "津市", "南县", "天心", "中方", "华容", "永定", "资阳", "东安", "龙山", "桃源", "新田", "安化", "新化", "平江", "永兴", "安仁",
     "常宁", "双峰", "石门", "宁远", "道县", "洞口", "新宁", "资兴", "临湘", "桂东", "永顺", "嘉禾", "安乡", "双牌", "通道", "保靖", "江华",
     "中山", "东方", "大同", "白银", "黄山", "安康", "开封", "日照", "通化", "大理", "海东", "海北", "海南", "临沧", "和田", "昌都", "巴中",
     "吉安", "崇左", "黄石", "武威", "太原", "南通", "安阳", "河源", "德阳", "金昌", "来宾", "贵港", "百色", "保山", "大庆", "吉林", "朝阳",
     "本溪", "三明", "宿州", "台州", "福州路", "宜春", "玉树", "固原", "北海", "阳江", "云浮", "红河", "文山", "四平", "松原", "平凉"}
)  # fmt: skip
"""Short names that are ordinary words, names of streets, dishes or people, or places elsewhere too."""


class _Name(msgspec.Struct, frozen=True):
    text: str
    code: str
    weak: bool


def regions(text: str, place: str = "") -> tuple[str, ...]:
    """Return up to three division codes, most certain first; `(place,)` where the text names none.

    A division is left out when a smaller one within it is named.
    """
    strong: dict[str, int] = {}
    weak: dict[str, int] = {}
    table = _table()
    read = text[:_READ]
    end = 0
    for start in range(len(read) - 1):
        if start < end or read[start : start + 2] not in table:
            continue
        for name in table[read[start : start + 2]]:
            if read.startswith(name.text, start):
                after = start + len(name.text)
                if not _ROAD_AFTER.match(read, after):
                    supported = not name.weak or read[max(0, start - 2) : start].endswith(_PLACE_BEFORE)
                    (strong if supported else weak).setdefault(name.code, start)
                    end = after
                break
    if not strong and not weak:
        return (place,) if place else ()
    for code, start in weak.items():
        if parent(code) in strong or (prefix(code) == code[:4] and code[:2] + "0000" in strong):
            strong.setdefault(code, start)
    return _deepest(strong) or ((place,) if place else ())


def _deepest(found: dict[str, int]) -> tuple[str, ...]:
    holders = {holder for code in found for holder in (parent(code), parent(parent(code))) if holder}
    kept = [code for code in found if code not in holders]
    # a county whose city is named too is surer than one that stands alone; Hunan comes before elsewhere
    kept.sort(key=lambda code: (parent(code) not in found, not code.startswith(prefix(HUNAN)), found[code]))
    return tuple(kept[:MOST])


@cache
def _table() -> dict[str, list[_Name]]:
    """Return the names by their first two characters, longest first."""
    found: dict[str, _Name] = {}
    taken: set[str] = set()
    for code, full in names().items():
        found.setdefault(full, _Name(full, code, weak=full in _WORDS))
    for code, full in names().items():
        short = _SUFFIX.sub("", full)
        if short == full or len(short) < 2 or short in found:
            continue
        county = code.startswith(prefix(HUNAN)) and not code.endswith("00")
        if county and short in _SHARED:
            continue
        if county and full.endswith("区"):  # 天心, 芙蓉, 雨花: words first, districts second
            found[short] = _Name(short, code, weak=True)
        elif short in taken:
            found[short] = _Name(short, found[short].code, weak=True)
        else:
            found[short] = _Name(short, code, weak=short in _WORDS)
        taken.add(short)
    table: dict[str, list[_Name]] = {}
    for name in sorted(found.values(), key=lambda name: -len(name.text)):
        table.setdefault(name.text[:2], []).append(name)
    return table
