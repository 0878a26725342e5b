"""Labelled posts: one set of labels a post, after the label guideline, and which of them no model may see."""

import csv
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from contracts.errors import Rejected
from contracts.topic import TOPICS, Topic

CORPUS: Final = Path(__file__).parent / "corpus"
"""Own invented posts with their labels, CC0: one file a main topic."""
REAL: Final = CORPUS / "readings" / "real.jsonl"
"""Labels of real posts by key; their texts stand in the public sets alone."""
MORE: Final = CORPUS / "readings" / "real_more.jsonl"
"""The same of further real posts, read once, that the n-gram model does not learn from."""
PLEAS: Final = CORPUS / "readings" / "pleas.jsonl"
"""Pleas, dangers and what sounds like them by more writers than the corpus has, CC0: help and danger alone learn from them."""
HELD_OUT: Final = CORPUS / "readings" / "held_out.txt"
"""Keys that no training, tuning or pattern may see: one writer's posts, and real posts of threads and splits of their own."""


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
    target: str = ""
    """Whom the sentiment is directed at where a desk cares: `federation`, `institution`, "" for neither."""
    key: str = ""
    """Where it comes from: `COLD/train/5`, `SWSR/weibo/7`, `own/health/12`."""
    writer: str = ""
    """Of an own post: a letter; writer f is held out."""
    story: str = ""
    """Own posts of one invented happening share it."""

    @property
    def origin(self) -> str:
        """`COLD`, `SWSR` or `own`."""
        return self.key.partition("/")[0]

    def says(self, head: str) -> bool:
        """Whether the reader gave it this topic or mark."""
        return head in self.topics if head in TOPICS else bool(getattr(self, head))


class _Row(msgspec.Struct):
    text: str
    sentiment: int
    key: str = ""
    origin: str = ""
    """Where the post comes from, for figures by origin: `weibo`, `mailbox`; else what the key begins with."""
    topics: tuple[Topic, ...] = ()
    help: int = 0
    attack: int = 0
    counter: int = 0
    danger: int = 0
    target: str = ""
    writer: str = ""
    story: str = ""


class _Reading(msgspec.Struct):
    key: str
    sentiment: int
    topics: tuple[Topic, ...] = ()
    help: int = 0
    attack: int = 0
    counter: int = 0
    danger: int = 0
    target: str = ""


_readings: Final = msgspec.json.Decoder(_Reading)
_decoder = msgspec.json.Decoder(_Row)


def digest(text: str) -> int:
    """64 bits that stand for a text, blanks aside."""
    squeezed = "".join(text.split()).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(squeezed, digest_size=8).digest(), "big")


@cache
def held_out_keys() -> frozenset[str]:
    """Return the keys of every post that is kept from training; the list is frozen, a test holds its digest."""
    return frozenset(HELD_OUT.read_text("ascii").split())


def is_held_out(post: LabelledPost) -> bool:
    """Say whether a post is kept from training."""
    return post.key in held_out_keys()


def real_posts(data: Path, file: Path = REAL) -> tuple[LabelledPost, ...]:
    """Return the real posts that this project labelled, with their texts from the public sets; none where these are absent.

    `data` holds `cold/` and `swsr/` as published: a key names a set, a file and a data row, counted from 0.
    """
    texts = public_texts(data)
    readings = [_readings.decode(line) for line in file.read_text("utf-8").splitlines()]
    return tuple(
        LabelledPost(
            text=texts[one.key], sentiment=one.sentiment, topics=one.topics, help=bool(one.help), attack=bool(one.attack),
            counter=bool(one.counter), danger=bool(one.danger), target=one.target, key=one.key,
        )
        for one in readings if one.key in texts
    )  # fmt: skip


def public_texts(data: Path) -> dict[str, str]:
    """Return every text of COLD and SWSR by key, an empty dictionary where the sets are absent."""
    files = [(f"COLD/{split}", data / "cold" / f"{split}.csv", "TEXT") for split in ("train", "dev", "test")]
    files += [
        ("SWSR/weibo", data / "swsr" / "SexWeibo.csv", "weibo_text"),
        ("SWSR/comment", data / "swsr" / "SexComment.csv", "comment_text"),
    ]
    found: dict[str, str] = {}
    for origin, file, column in files:
        if file.exists():
            with file.open(encoding="utf-8-sig", newline="") as rows:
                found |= {f"{origin}/{number}": row[column] for number, row in enumerate(csv.DictReader(rows))}
    return found


def own_posts() -> tuple[LabelledPost, ...]:
    """Return the posts that the project wrote itself."""
    return tuple(post for file in sorted(CORPUS.glob("*.jsonl")) for post in read_labelled(file))


def read_labelled(path: Path) -> tuple[LabelledPost, ...]:
    """Read JSONL; a row without a key gets `<origin>/<file>/<line>`, one with `origin` a key that begins with it.

    Raises Rejected with file, line and remedy.
    """
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
        origin = row.origin.replace("/", "·") or ("own" if path.parent == CORPUS else "file")
        key = row.key or f"{origin}/{path.stem}/{number}"
        if row.origin and not key.startswith(f"{origin}/"):
            key = f"{origin}/{key}"
        posts.append(
            LabelledPost(
                text=row.text, sentiment=row.sentiment, topics=row.topics, help=bool(row.help),
                attack=bool(row.attack), counter=bool(row.counter), danger=bool(row.danger),
                key=key, target=row.target, writer=row.writer, story=row.story,
            )
        )  # fmt: skip
    return tuple(posts)
