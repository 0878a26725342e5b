"""Labelled posts: one set of labels a post, after the label guideline, and which of them no model may see."""

from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from contracts.errors import Rejected
from contracts.topic import Topic

CORPUS: Final = Path(__file__).parent / "corpus"
"""Own invented posts with their labels, CC0."""
_HELD_OUT_OF: Final = 5
"""One post in five is held out."""


class LabelledPost(msgspec.Struct, frozen=True, kw_only=True):
    """One post as a reader judged it."""

    text: str
    sentiment: int
    topics: tuple[Topic, ...] = ()
    """At most three, most central first."""
    help: bool = False
    attack: bool = False
    counter: bool = False
    danger: bool = False
    key: str = ""
    """Where it comes from: `COLD/train/5`, `SWSR/weibo/7`, `own/pleas/12`."""

    @property
    def origin(self) -> str:
        """`COLD`, `SWSR` or `own`."""
        return self.key.partition("/")[0]


class _Row(msgspec.Struct):
    text: str
    sentiment: int
    key: str = ""
    topics: tuple[Topic, ...] = ()
    help: int = 0
    attack: int = 0
    counter: int = 0
    danger: int = 0


_decoder = msgspec.json.Decoder(_Row)


def digest(text: str) -> int:
    """64 bits that stand for a text, blanks aside."""
    squeezed = "".join(text.split()).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(squeezed, digest_size=8).digest(), "big")


def is_held_out(post: LabelledPost) -> bool:
    """Say whether a post is kept from training. Its text alone decides: no list to keep, no chance to leak."""
    return digest(post.text) % _HELD_OUT_OF == 0


def own_posts() -> tuple[LabelledPost, ...]:
    """Return the posts that the project wrote itself."""
    return tuple(post for file in sorted(CORPUS.glob("*.jsonl")) for post in read_labelled(file))


def read_labelled(path: Path) -> tuple[LabelledPost, ...]:
    """Read JSONL; a row without a key gets `<origin of the file>/<line>`. Raises Rejected with file, line and remedy."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as missing:
        raise Rejected(f"找不到标注文件 {path}；请检查路径。") from missing
    except (OSError, UnicodeDecodeError) as broken:
        raise Rejected(f"读不了标注文件 {path}；它应是 UTF-8 的 JSONL。") from broken
    posts = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = _decoder.decode(line)
        except msgspec.DecodeError as broken:
            raise Rejected(
                f"{path} 第 {number} 行不合标注格式：{broken}；每行要有 text、sentiment，可有 topics、help 等。"
            ) from broken
        if row.sentiment not in {-1, 0, 1}:
            raise Rejected(f"{path} 第 {number} 行 sentiment 是 {row.sentiment}；只能是 -1、0 或 1。")
        origin = "own" if path.parent == CORPUS else "file"
        posts.append(
            LabelledPost(
                text=row.text, sentiment=row.sentiment, topics=row.topics, help=bool(row.help),
                attack=bool(row.attack), counter=bool(row.counter), danger=bool(row.danger),
                key=row.key or f"{origin}/{path.stem}/{number}",
            )
        )  # fmt: skip
    return tuple(posts)
