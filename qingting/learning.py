"""`learn`: a home's own model from its officers' corrections, and the way back."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from contracts.errors import NotConfigured, Rejected
from qingting.home import Home
from qingting.wiring import House

if TYPE_CHECKING:
    from pipeline.labelled import LabelledPost
    from pipeline.learning import Held
    from response.correcting import Correction

_AT_ONCE: Final = 500
_ENOUGH: Final = 1


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a learned model is, beside its file: the name on every score leads to it."""

    name: str
    started_from: str
    digest: str
    taken_at: datetime
    corrections: int
    changed: tuple[str, ...]
    held_out: int
    heads: tuple["Held", ...]
    """Figures on held-out posts of the program's own model and of this one."""
    calibration: tuple["Held", ...]


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: figures on held-out posts before (the model in use) and after."""

    taken: bool
    model: str
    """The name that stands on every score from now on; of the model in use where nothing was taken."""
    corrections: int
    without_text: int
    """Corrections of posts that are forgotten or no longer in the index."""
    held_out: int
    seconds: float
    changed: tuple[str, ...]
    """Heads that a correction contradicted; the others are as they were."""
    heads: tuple["Held", ...] = ()
    fallen: tuple["Held", ...] = ()


def learn(house: House, say: Callable[[str], None] = lambda _: None) -> Learned:
    """Retrain, compare, and take the model where no head fell. Raises Rejected where there is nothing to learn from."""
    from pipeline import evaluation, labelled, learning
    from pipeline.scorers import ngram
    from response import correcting, learned

    started_s = time.monotonic()
    _require_ngram(house)
    with house.database.reading() as connection:
        given = correcting.latest(connection)
    posts = _with_texts(house, given)
    if len(posts) < _ENOUGH:
        raise Rejected("还没有可学的改正。请先在值班台的帖子卡片上点“改正”，再运行 qingting learn。")
    shipped = ngram.read(ngram.MODEL)
    present = ngram.read(house.model_file)
    changed = learning.contradicted(shipped, posts)
    rehearsal = [post for post in labelled.own_posts() if not labelled.is_held_out(post)]
    say(f"改正 {len(posts)} 帖，温习 {len(rehearsal)} 帖")
    model = learning.learn(shipped, posts, rehearsal, say)
    compared = learning.compare(shipped, model, evaluation.own_held_out())
    taken = not compared.fallen and model.name != present.name
    if taken:
        identity, now = write(house.home, model), house.clock.now()
        card = Card(
            name=model.name, started_from=shipped.name, digest=identity, taken_at=now, corrections=len(posts), changed=changed,
            held_out=compared.posts, heads=compared.heads, calibration=compared.calibration,
        )  # fmt: skip
        card_of(house.home, identity).write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n")
        with house.database.writing() as connection:
            learned.take(
                connection, digest=identity, name=model.name, started_from=shipped.name, corrections=len(posts),
                now=now,
            )  # fmt: skip
    return Learned(
        taken=taken, model=model.name if taken else present.name, corrections=len(posts),
        without_text=len(given) - len(posts), held_out=compared.posts, seconds=round(time.monotonic() - started_s, 1),
        changed=changed, heads=compared.heads, fallen=compared.fallen,
    )  # fmt: skip


def roll_back(house: House) -> str:
    """Use the model before the present one; return its name. Raises Conflict where there is none."""
    from pipeline.scorers import ngram
    from response import learned

    _require_ngram(house)
    with house.database.writing() as connection:
        return learned.roll_back(connection, ngram.read(ngram.MODEL).name, now=house.clock.now())


def sentence(done: Learned) -> str:
    """Return what an operator has to know, in one or two lines."""
    size = f"改正 {done.corrections} 帖，留出 {done.held_out} 帖，用时 {done.seconds:.0f} 秒"
    if done.taken:
        moved = [one for one in done.heads if one.after != one.before]
        rest = "、".join(f"{one.word} {one.before:.3f}→{one.after:.3f}" for one in moved) or "各项与原来一样"
        return f"已启用新模型 {done.model}（{size}）。留出帖上：{rest}。重启 qingting up 后生效；退回：qingting learn --rollback。"
    if done.fallen:
        rest = "、".join(f"{one.word} {one.before:.3f}→{one.after:.3f}" for one in done.fallen)
        return f"没有启用新模型：{rest} 变差（{size}）。仍用 {done.model}。请核对这些改正，或再积累一些后重试。"
    return f"没有启用新模型：这些改正与现用模型 {done.model} 的判断一致，没有要改的（{size}）。"


def file_of(home: Home, identity: str) -> Path:
    """Return where a learned model lies."""
    return home.models / f"ngram-{identity}.npz"


def card_of(home: Home, identity: str) -> Path:
    """Return where the card of a learned model lies."""
    return file_of(home, identity).with_suffix(".json")


def write(home: Home, model: object) -> str:
    """Write a model into the home, whole or not at all; return its digest."""
    from pipeline.learning import digest_of
    from pipeline.scorers import ngram

    assert isinstance(model, ngram.Model)
    identity = digest_of(model)
    home.models.mkdir(exist_ok=True)
    target = file_of(home, identity)
    part = target.with_name(f"part-{target.name}")
    ngram.write(model, part)
    part.replace(target)
    return identity


def model_file(house: House) -> Path:
    """Return the file of the model that this home uses.

    Raises NotConfigured where the home took a model whose file this machine lacks, or holds another one under its name.
    """
    from pipeline.scorers import ngram
    from response import learned

    if house.settings.pipeline.scorer != "ngram":
        return ngram.MODEL
    with house.database.reading() as connection:
        own = learned.in_use(connection, ngram.read(ngram.MODEL).name)
    if own is None:
        return ngram.MODEL
    path = file_of(house.home, own.digest)
    if not path.is_file():
        raise NotConfigured(
            f"本单位在用模型 {own.name}，但这台机器上没有 {path}。请从运行 learn 的机器复制这个文件，或运行 qingting learn --rollback。"
        )
    from pipeline.learning import digest_of

    if digest_of(ngram.read(path)) != own.digest:
        raise NotConfigured(f"模型文件 {path} 与登记的不符。请重新复制，或运行 qingting learn --rollback。")
    return path


def _require_ngram(house: House) -> None:
    if house.settings.pipeline.scorer != "ngram":
        raise NotConfigured(
            f"打分器 {house.settings.pipeline.scorer} 不能学；qingting.toml 的 [pipeline] scorer 应为 ngram。"
        )


def _with_texts(house: House, given: Sequence["Correction"]) -> list["LabelledPost"]:
    from pipeline.labelled import LabelledPost

    found = []
    for start in range(0, len(given), _AT_ONCE):
        part = given[start : start + _AT_ONCE]
        documents = house.index.get([one.post for one in part])
        for one in part:
            if document := documents.get(one.post):
                post = document.post
                text = f"{post.title}\n{post.text}" if post.title else post.text
                found.append(LabelledPost(text=text, key=f"home/{one.post}", **msgspec.structs.asdict(one.labels)))
    return found
