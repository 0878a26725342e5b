"""A local sentence encoder behind the scorer port: slower and deeper than n-grams, for those who have one.

Needs: a folder named in the settings (`[pipeline] scorer = "encoder:FOLDER"`) with `encoder.json`, which names the
encoder, and `heads.npz`, which `tools/build_encoder.py` trains on the labelled posts. The encoder is an ONNX file with
its tokenizer.json in that folder (`pipeline.scorers.onnx_encoder`), or the function from texts to vectors of an
installed module. Where the folder says so (`beside`), the n-gram model's log-odds are mixed in: the two err on different
posts. Speed: some ten to a hundred posts a second. Limits: reads the first 1,000 characters of a post, or what the folder
says; one text at a time, so that a post is judged alike whatever stands beside it; gives no reasons (`--explain`) and
learns no corrections.
"""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Final, Self

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.errors import NotConfigured
from contracts.ports.scorer import Judgement
from pipeline.scorers import ngram
from pipeline.scorers.ngram import HEADS, MODEL, judged
from pipeline.scorers.onnx_encoder import OnnxEncoder, Pooling

LONGEST: Final = 1000
"""Characters of a post that are read where the folder says nothing else."""
_NOTHING: Final = "无"
"""Read in the place of an empty text: not every encoder takes one."""

Encode = Callable[[list[str]], npt.NDArray[np.float32]]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`encoder.json`: where the vectors come from: an ONNX file of the folder, or a module that is installed."""

    name: str
    """Name and version, kept with every score; without blanks."""
    module: str = ""
    function: str = "encode"
    onnx: str = ""
    """File name of the model in the folder; "" for a module."""
    tokenizer: str = "tokenizer.json"
    pooling: Pooling = "cls"
    first: Annotated[int, msgspec.Meta(ge=1)] = LONGEST
    """Characters that are read from the beginning of a post."""
    last: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Characters that are read from the end of a longer one: how a letter ends says what it wants."""
    beside: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0
    """Share of the n-gram model in the log-odds, where `heads.npz` says no other; the heads have the rest."""


class EncoderHeads(msgspec.Struct, frozen=True):
    """`heads.npz`: a logit is `vector @ weights + bias`, columns as in HEADS.

    Beside an n-gram model a mark's bias carries its operating point too: what is mixed in is not shifted to its own.
    """

    weights: npt.NDArray[np.float64]
    bias: npt.NDArray[np.float64]
    floors: npt.NDArray[np.float32]
    """Operating point of each topic, in the order of TOPICS."""
    beside: npt.NDArray[np.float64]
    """Share of the n-gram model in each head, in the order of HEADS."""


class EncoderScorer:
    """Linear heads over an encoder's vectors, with or without an n-gram model beside them."""

    def __init__(self, source: Source, encode: Encode, heads: EncoderHeads, model: ngram.Model | None = None) -> None:
        self._source = source
        self._encode = encode
        self._heads = heads
        self._model = model

    @classmethod
    def load(cls, folder: Path, model: Path = MODEL) -> Self:
        """Read a folder, and the n-gram model where it asks for one.

        Raises NotConfigured for a missing or broken file and a package that is not installed.
        """
        try:
            source = msgspec.json.decode((folder / "encoder.json").read_bytes(), type=Source)
            with np.load(folder / "heads.npz", allow_pickle=False) as file:
                beside = file["beside"] if "beside" in file else np.full(len(HEADS), source.beside)
                heads = EncoderHeads(file["weights"], file["bias"], file["floors"], beside)
        except (OSError, KeyError, ValueError, msgspec.DecodeError) as broken:
            raise NotConfigured(
                f"打不开编码器目录 {folder}：要有 encoder.json 和 heads.npz；请用 tools/build_encoder.py 生成，或改用 ngram。"
            ) from broken
        if heads.weights.ndim != 2 or heads.weights.shape[1] != len(HEADS):
            raise NotConfigured(f"编码器目录 {folder} 与这一版程序不相配；请用 tools/build_encoder.py 重新生成。")
        return cls(source, encoder(source, folder), heads, ngram.read(model) if source.beside else None)

    @property
    def name(self) -> str:
        return f"{self._source.name}+{self._model.name}" if self._model else self._source.name

    def score(self, texts: Sequence[str]) -> Sequence[Judgement]:
        if not texts:
            return []
        vectors = np.stack([vector(self._encode, text, self._source) for text in texts])
        # summed row by row: a matrix product may round differently with the number of rows
        logits = np.stack([(row[:, None] * self._heads.weights).sum(axis=0) for row in vectors]) + self._heads.bias
        if self._model:
            beside = self._heads.beside
            logits = (1 - beside) * logits + beside * ngram.log_odds(self._model, texts)
        return judged(logits, self._heads.floors)


def encoder(source: Source, folder: Path) -> Encode:
    """Return the function that the source names; raises NotConfigured for what is missing: a file, a package, a function."""
    if source.onnx:
        return OnnxEncoder(folder / source.onnx, folder / source.tokenizer, source.pooling)
    try:
        found = getattr(importlib.import_module(source.module), source.function)
    except (ImportError, AttributeError) as missing:
        raise NotConfigured(
            f"没有安装编码器 {source.module}（要用其中的 {source.function}）；请先安装它，或把 [pipeline] scorer 改为 ngram。"
        ) from missing
    return found  # type: ignore[no-any-return]


def vector(encode: Encode, text: str, source: Source) -> npt.NDArray[np.float64]:
    """Return the vector of one text, lone surrogates aside."""
    if len(text) > source.first + source.last:
        text = text[: source.first] + text[len(text) - source.last :]
    readable = text.encode("utf-8", "ignore").decode("utf-8").replace("\0", " ").strip()
    return np.asarray(encode([readable or _NOTHING])[0], dtype=np.float64)
