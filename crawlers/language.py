"""Which language a text is in, told by its script and its function characters; what a page says of itself is not asked.

Cheap on purpose (a count over a few thousand characters): it only decides which reader a post is for.
"""

import re
from collections import Counter
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
_SCRIPTS: Final = (
    ("han", re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f]")),
    ("ja", re.compile(r"[\u3041-\u30fa]")),
    ("ko", re.compile(r"[\uac00-\ud7a3]")),
    ("bo", re.compile(r"[\u0f40-\u0fbc]")),
    ("mn-Mong", re.compile(r"[\u1820-\u18aa]")),
    ("arabic", re.compile(r"[\u0620-\u06ff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("latin", re.compile(r"[A-Za-z\u00c0-\u024f]+")),
)
_UYGHUR: Final = frozenset("ېۈۆەڭۋۇ")
_ENGLISH: Final = frozenset("the of and to in is that for it was on with as are by this be at from have not".split())  # noqa: SIM905 - reads as words


def text_language(text: str) -> str:
    """Return a BCP 47 tag: zh-Hans, zh-Hant, en, ja, ko, bo, ug, mn-Mong, ru, und-Latn, und-Arab; "" for no language."""
    sample = text[:_SAMPLE]
    found = {script: pattern.findall(sample) for script, pattern in _SCRIPTS}
    weights = Counter({script: len(hits) for script, hits in found.items()})
    if sum(weights.values()) < _LETTERS_MIN:
        return ""
    # Japanese writes with Han characters too: a tenth of kana makes it Japanese.
    if weights["ja"] * 10 > weights["han"] and weights["ja"] > weights["latin"]:
        return "ja"
    script = weights.most_common(1)[0][0]
    if script == "han":
        traditional = sum(character in _HANT for character in sample if character not in _HANS)
        simplified = sum(character in _HANS for character in sample if character not in _HANT)
        return "zh-Hant" if traditional > simplified else "zh-Hans"
    if script == "arabic":
        return "ug" if _UYGHUR & set(sample) else "und-Arab"
    if script == "latin":
        words = [word.lower() for word in found["latin"]]
        return "en" if sum(word in _ENGLISH for word in words) >= max(len(words) * 0.08, 1) else "und-Latn"
    return script
