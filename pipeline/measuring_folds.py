"""Measures folding: of real posts, seven kinds of copies each, and posts that are copies of nothing.

Every edit is drawn with a fixed seed: the same posts give the same figures.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from pipeline.fold import Folds
from pipeline.labelled import held_out_keys, public_texts
from text.normalise import normalise
from text.sketch import sketches

SEED: Final = 20261124
POSTS: Final = 3000
LEAST: Final = 30
"""Characters of a post that is measured."""
_PREFIXES: Final = (
    "说得太对了，", "大家都来看看这个：", "刚刚看到的，不知道真假，", "气死我了！！", "转给群里的姐妹：", "来源见水印，", "哈哈哈哈笑死，",
    "【转】", "帮朋友转一下，", "今天又刷到这个了 ", "这条怎么没人管？", "我想说的是，", "同意楼上。", "现在的人啊，唉，",
)  # fmt: skip
_COMMENTS: Final = (
    "转发微博",
    "太过分了",
    "支持",
    "说得好[赞]",
    "这也行？？",
    "mark一下，回头看",
    "[泪][泪]",
    "姐妹们都看看",
)
_NAMES: Final = ("小雨天", "湘江边的猫", "user_3391", "不想上班", "青石板", "LilyLi", "今天吃什么")
_EMOJI: Final = ("😡", "😭😭", "[怒]", "[doge]", "❤️", "👍", "🙏🏻", "[允悲]")
_LETTERS: Final = "的一是不了人我在有他这中大来上个们到说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如"


def _cut(text: str, chance: random.Random) -> str:
    length = int(len(text) * chance.uniform(0.5, 0.8))
    start = chance.choice((0, 0, chance.randint(0, len(text) - length)))
    return text[start : start + length]


def _edited(part: float) -> Callable[[str, random.Random], str]:
    def edit(text: str, chance: random.Random) -> str:
        letters = list(text)
        for _ in range(round(len(text) * part)):
            place = chance.randrange(len(letters))
            kind = chance.random()
            if kind < 1 / 3:
                del letters[place]
            elif kind < 2 / 3:
                letters.insert(place, chance.choice(_LETTERS))
            else:
                letters[place] = chance.choice(_LETTERS)
        return "".join(letters)

    return edit


def _prefixed(text: str, chance: random.Random) -> str:
    return chance.choice(_PREFIXES) + text


def _forwarded(text: str, chance: random.Random) -> str:
    chain = "".join(
        f"{chance.choice(_COMMENTS)}//@{chance.choice(_NAMES)}:" for _ in range(chance.randint(1, 3))
    )  # fmt: skip
    return chain + text


def _with_emoji(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 5)):
        place = chance.randint(0, len(text))
        text = text[:place] + chance.choice(_EMOJI) + text[place:]
    return text


def _quoted(text: str, chance: random.Random) -> str:
    swapped = text.translate(str.maketrans("，。！？", chance.choice((",.!?", " 。! ", "、！。…", "    "))))
    return chance.choice(("“{}”", "「{}」", "『{}』！！！", "——{}……")).format(swapped)


EDITS: Final[Mapping[str, Callable[[str, random.Random], str]]] = {
    "cut to 50-80 %": _cut, "5 % of letters": _edited(0.05), "10 % of letters": _edited(0.10), "prefix": _prefixed,
    "repost chain": _forwarded, "emoji": _with_emoji, "quote marks": _quoted,
}  # fmt: skip


class FoldFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How copies and unrelated posts fared."""

    originals: int
    unrelated: int
    right: int
    """Copies that folded onto their own original."""
    folded: int
    """All that folded, copies and unrelated alike."""
    recall: float
    """Right of all copies."""
    precision: float
    """Right of all that folded."""
    recall_by_edit: dict[str, float]
    unrelated_folded: int


def real_posts(shared: Path) -> list[str]:
    """Return the real posts of 30 and more characters, normalised, each once, in a fixed order; none where they are absent.

    Left out: what is reserved for outside tests, COLD's test split, and what is held out.
    """
    reserved = shared / "labels" / "reserved.txt"
    left_out = set(reserved.read_text("ascii").split()) if reserved.exists() else set()
    left_out |= held_out_keys()
    texts = public_texts(shared / "data")
    kept = [normalise(text) for key, text in texts.items() if key not in left_out and not key.startswith("COLD/test/")]
    once: dict[str, str] = {}
    for text in kept:
        if len(text) >= LEAST:
            once.setdefault("".join(filter(str.isalnum, text)), text)
    found = sorted(once.values())
    random.Random(SEED).shuffle(found)
    return found


def measure(posts: Sequence[str], count: int = POSTS) -> FoldFigures:
    """Fold seven edits of each of `count` posts, and the posts after them, against those `count` and nothing else."""
    originals, unrelated = posts[:count], posts[count:]
    folds = Folds()
    for number, sketch in enumerate(sketches(originals)):
        folds.add(str(number), sketch, "")
    chance = random.Random(SEED)
    right, wrong, recall = 0, 0, {}
    for name, edit in EDITS.items():
        copies = [normalise(edit(text, chance)) for text in originals]
        found = [folds.original_of(sketch) for sketch in sketches(copies)]
        hits = sum(original == str(number) for number, original in enumerate(found))
        recall[name] = round(hits / len(originals), 4)
        right += hits
        wrong += sum(bool(original) for original in found) - hits
    strangers = sum(bool(folds.original_of(sketch)) for sketch in sketches(unrelated))
    return FoldFigures(
        originals=len(originals), unrelated=len(unrelated), right=right, folded=right + wrong + strangers, recall=round(right / len(originals) / len(EDITS), 4),
        precision=round(right / max(1, right + wrong + strangers), 4), recall_by_edit=recall, unrelated_folded=strangers,
    )  # fmt: skip
