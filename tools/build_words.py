"""Writes pipeline/models/words.txt: words, their kind, how rare they are in Chinese and how telling among posts.

    python tools/build_words.py --jieba jieba-0.42.1.tar.gz --shared /work/shared

The dictionary of jieba 0.42.1 (MIT) gives words, kinds and frequencies; the posts of COLD and SWSR that nothing reserves
and the own posts of the training part give how many posts have a word. The same inputs give the same bytes.
"""

import argparse
import math
import sys
import tarfile
from collections import Counter
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from contracts import region  # noqa: E402
from pipeline import labelled, words  # noqa: E402
from text.normalise import normalise  # noqa: E402

DIGEST = "055ca12f62674fafed09427f176506079bc135638a14e23e25be909131928db2"
LEAST = 10
"""Words used less often in jieba's corpus are left out, unless the own lexicon has them."""
OWN = 400
"""The frequency that a word of the own lexicon has at least."""
NOUNS = {"n", "nz", "nt", "j"}
VERBS = {"v", "vn", "an", "vd", "vi", "vq", "a", "ad", "l", "i", "z", "b"}


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--jieba", type=Path, required=True)
    asked.add_argument("--shared", type=Path, required=True)
    given = asked.parse_args()
    if sha256(given.jieba.read_bytes()).hexdigest() != DIGEST:
        raise SystemExit("this is not jieba-0.42.1.tar.gz")
    with tarfile.open(given.jieba) as archive:
        member = archive.extractfile("jieba-0.42.1/jieba/dict.txt")
        assert member
        rows = [line.split(" ") for line in member.read().decode("utf-8").splitlines()]
    kept: dict[str, tuple[str, int]] = {}
    for word, used, tag in rows:
        if (int(used) >= LEAST or len(word) == 1) and len(word) <= words.LONGEST and is_han(word):
            kept[word] = (kind_of(tag), max(1, int(used)))
    for kind, found in own_words():
        for word in found:
            if 1 < len(word) <= words.LONGEST and is_han(word):
                kept[word] = (kind, max(OWN, kept.get(word, ("", 0))[1]))
    total = sum(used for _, used in kept.values())
    rarity = {word: round(-10 * math.log(used / total)) for word, (_, used) in kept.items()}
    words.write([(word, kind, rarity[word], 0) for word, (kind, _) in kept.items()])
    counted, posts = count(texts(given.shared))
    words.write([
        (word, kind, rarity[word], round(10 * min(words.RAREST, math.log((posts + 1) / (counted[words.hash_of(word)] + 1)))))
        for word, (kind, _) in kept.items()
    ])  # fmt: skip
    print(f"{len(kept)} words, {posts} posts counted")


def own_words() -> list[tuple[str, list[str]]]:
    """Kinds with their words; a later kind wins."""
    places = []
    for name in region.names().values():
        places += [name, name.removesuffix("市").removesuffix("县").removesuffix("区") if len(name) > 2 else name]
    more, lexicon, bodies = (
        (ROOT / "pipeline" / file).read_text("utf-8").split()
        for file in ("more_words.txt", "lexicon.txt", "bodies.txt")
    )
    return [("s", places), ("n", more), ("m", lexicon), ("b", bodies)]


def is_han(word: str) -> bool:
    return all("\u4e00" <= letter <= "\u9fff" for letter in word)


def kind_of(tag: str) -> str:
    if tag.startswith("ns"):
        return "s"
    if tag.startswith("nr"):
        return "p"
    return "n" if tag in NOUNS else "v" if tag in VERBS else "x"


def texts(shared: Path) -> list[str]:
    left_out = set((shared / "labels" / "reserved.txt").read_text("ascii").split()) | labelled.held_out_keys()
    found = [
        text
        for key, text in labelled.public_texts(shared / "data").items()
        if key not in left_out and not key.startswith("COLD/test/")
    ]
    return found + [post.text for post in labelled.own_posts() if not labelled.is_held_out(post)]


def count(posts: list[str]) -> tuple[Counter[int], int]:
    counted: Counter[int] = Counter()
    for start in range(0, len(posts), 500):
        cut = words.cut([normalise(text) for text in posts[start : start + 500]])
        counted.update(hash_ for _, hash_ in set(zip(cut.text.tolist(), cut.hash.tolist(), strict=True)))
    return counted, len(posts)


if __name__ == "__main__":
    main()
