"""The alphabet of an encoder that reads single characters, and its tokenizer.json in the format of `tokenizers`.

Characters are read as the n-gram model reads them (`pipeline.scorers.features`): half-width, lower-case, simplified, one
digit for all; signs that look alike are one, blanks are none. The file says so by aliases in its vocabulary, so that the
program needs no code for it.
"""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from functools import cache
from typing import Any, Final

import numpy as np

from pipeline.scorers.features import folding

PAD: Final = 0
UNKNOWN: Final = 1
_FIRST: Final = 2
"""Identifier of the alphabet's first character."""
_ALIKE: Final = str.maketrans(dict(zip("“”…—―–’‘`", "\"\".---'''", strict=True)))
_ENOUGH: Final = 8
"""Times a character must occur to be learned anew; one that the given encoder knows already needs `_FEW`."""
_FEW: Final = 3


def characters(text: str) -> list[str]:
    """Return the characters of a text as they are read."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    folded = "".join(map(chr, folding().take(points).tolist())).translate(_ALIKE)
    return [character for character in folded if not character.isspace()]


def alphabet(texts: Iterable[str], known: Container[str]) -> list[str]:
    """Return the characters that occur often enough, the most frequent first."""
    counted = Counter(character for text in texts for character in characters(text))
    return [one for one, times in counted.most_common() if times >= (_FEW if one in known else _ENOUGH)]


def marks(letters: Sequence[str]) -> tuple[int, int, int]:
    """Return the identifiers of [CLS], [SEP] and [MASK]: they stand after the alphabet."""
    after = _FIRST + len(letters)
    return after, after + 1, after + 2


def identified(text: str, letters: Sequence[str], first: int, last: int) -> list[int]:
    """Return a text's identifiers, marks aside: of a longer one the `first` characters and the `last` ones."""
    known = _identifiers(tuple(letters))
    found = characters(text)
    if len(found) > first + last:
        found = found[:first] + found[len(found) - last :]
    return [known.get(character, UNKNOWN) for character in found]


def tokenizer_json(letters: Sequence[str]) -> dict[str, Any]:
    """Return the content of tokenizer.json: every character that is read as one of the alphabet has its identifier."""
    known = _identifiers(tuple(letters))
    aliases = {
        chr(point): known[read[0]]
        for point in range(0x110000)
        if not 0xD800 <= point < 0xE000 and (read := characters(chr(point))) and read[0] in known
    }
    cls, sep, mask = marks(letters)
    special = {"[PAD]": PAD, "[UNK]": UNKNOWN, "[CLS]": cls, "[SEP]": sep, "[MASK]": mask}
    ends = [{"SpecialToken": {"id": name, "type_id": 0}} for name in ("[CLS]", "[SEP]")]
    text = {"Sequence": {"id": "A", "type_id": 0}}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "decoder": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {"type": "Split", "pattern": {"Regex": "."}, "behavior": "Isolated", "invert": False},
            ],
        },
        "post_processor": {
            "type": "TemplateProcessing", "single": [ends[0], text, ends[1]], "pair": [ends[0], text, ends[1]],
            "special_tokens": {
                name: {"id": name, "ids": [special[name]], "tokens": [name]} for name in ("[CLS]", "[SEP]")
            },
        },
        "model": {"type": "WordLevel", "vocab": special | aliases, "unk_token": "[UNK]"},
    }  # fmt: skip


@cache
def _identifiers(letters: tuple[str, ...]) -> dict[str, int]:
    return {letter: number for number, letter in enumerate(letters, _FIRST)}
