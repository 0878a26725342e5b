"""Which language a text is in, told by its script and its function characters; what a page says of itself is not asked.

Cheap on purpose (a count over a few thousand characters): it only decides which reader a post is for.
"""

import re
from typing import Final

_SAMPLE: Final = 4000
_LETTERS_MIN: Final = 4
# Characters of running text that exist in one of the two Chinese scripts only.
_HANS: Final = frozenset(
    "这个们来时说为国会对过后发还没么当开无经头动长现将点与进实从间话机给业问门东书员报关应种样让请选题区县妇联权护"
)
_HANT: Final = frozenset(
    "這個們來時說為國會對過後發還沒麼當開無經頭動長現將點與進實從間話機給業問門東書員報關應種樣讓請選題區縣婦聯權護"
)
_HANS_ALONE: Final = re.compile(f"[{''.join(sorted(_HANS - _HANT))}]")
_HANT_ALONE: Final = re.compile(f"[{''.join(sorted(_HANT - _HANS))}]")
_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f]+")
_KANA: Final = re.compile(r"[\u3041-\u30fa]+")
_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_OTHERS: Final = (
    ("ko", re.compile(r"[\uac00-\ud7a3]+")),
    ("bo", re.compile(r"[\u0f40-\u0fbc]+")),
    ("mn-Mong", re.compile(r"[\u1820-\u18aa]+")),
    ("arabic", re.compile(r"[\u0620-\u06ff]+")),
    ("ru", re.compile(r"[\u0400-\u04ff]+")),
)
_UYGHUR: Final = frozenset("ېۈۆەڭۋۇ")
_ENGLISH: Final = frozenset("the of and to in is that for it was on with as are by this be at from have not".split())  # noqa: SIM905 - reads as words


def text_language(text: str) -> str:
    """Return a BCP 47 tag: zh-Hans, zh-Hant, en, ja, ko, bo, ug, mn-Mong, ru, und-Latn, und-Arab; "" for no language."""
    sample = text[:_SAMPLE]
    han = _length(_HAN, sample)
    if han * 2 > len(sample) and han >= _LETTERS_MIN and not _KANA.search(sample):
        return _chinese(sample)  # nearly every post; no other script can outweigh it
    words = [word.lower() for word in _LATIN.findall(sample)]
    weights = {"han": han, "ja": _length(_KANA, sample)}
    weights |= {script: _length(pattern, sample) for script, pattern in _OTHERS} | {"latin": len(words)}
    if sum(weights.values()) < _LETTERS_MIN:
        return ""
    # Japanese writes with Han characters too: a tenth of kana makes it Japanese.
    if weights["ja"] * 10 > han and weights["ja"] > weights["latin"]:
        return "ja"
    script = max(weights, key=weights.__getitem__)
    if script == "han":
        return _chinese(sample)
    if script == "arabic":
        return "ug" if _UYGHUR & set(sample) else "und-Arab"
    if script == "latin":
        return "en" if sum(word in _ENGLISH for word in words) >= max(len(words) * 0.08, 1) else "und-Latn"
    return script


def _length(pattern: re.Pattern[str], text: str) -> int:
    return sum(map(len, pattern.findall(text)))


def _chinese(text: str) -> str:
    is_traditional = len(_HANT_ALONE.findall(text)) > len(_HANS_ALONE.findall(text))
    return "zh-Hant" if is_traditional else "zh-Hans"
