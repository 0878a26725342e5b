"""An encoder from an ONNX file: the port's suite over stand-ins for the two packages, and a remedy for whatever is missing."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from contracts.errors import NotConfigured
from contracts.ports.scorer import Judgement, Scorer
from contracts.testing.scorer_suite import ScorerSuite
from contracts.topic import TOPICS
from pipeline import labelled, scorers
from pipeline.scorers import ngram
from pipeline.scorers.encoder import Source
from pipeline.scorers.ngram import HEADS, MARKS
from pipeline.scorers.onnx_encoder import TOKENS, OnnxEncoder
from tools import build_encoder

SIZE = 16


class FakeOptions:
    """Takes what is set."""


class FakeInput:
    def __init__(self, name: str) -> None:
        self.name = name


class FakeSession:
    """Reads a file of JSON: the names of its inputs, and whether it pools itself.

    Its vector of a token depends on token, place and mask alone.
    """

    def __init__(self, path: str, options: FakeOptions, providers: list[str]) -> None:
        assert vars(options) == {"intra_op_num_threads": 1, "inter_op_num_threads": 1}
        assert providers == ["CPUExecutionProvider"]
        described = json.loads(Path(path).read_text("utf-8"))
        self.inputs, self.pools = described["inputs"], described.get("pools", False)

    def get_inputs(self) -> list[FakeInput]:
        return [FakeInput(name) for name in self.inputs]

    def run(self, _outputs: None, given: dict[str, npt.NDArray[np.int64]]) -> list[npt.NDArray[np.float32]]:
        assert set(given) == set(self.inputs)
        ids = given["input_ids"]
        assert ids.shape[0] == 1
        assert ids.shape[1] <= TOKENS
        total = np.cos(ids.sum() * np.arange(1, SIZE + 1))  # the first token has seen all others, as in a real encoder
        rows = np.stack([np.sin(token * np.arange(1, SIZE + 1)) for token in ids[0]])
        rows[0] += total
        return [(rows.mean(axis=0) * 3 if self.pools else rows)[None].astype(np.float32)]


class FakeEncoding:
    def __init__(self, ids: list[int]) -> None:
        self.ids, self.attention_mask, self.type_ids = ids, [1] * len(ids), [0] * len(ids)


class FakeTokenizer:
    """One token a character, between two of its own."""

    longest = 10**9

    @classmethod
    def from_file(cls, path: str) -> "FakeTokenizer":
        json.loads(Path(path).read_text("utf-8"))
        return cls()

    def no_padding(self) -> None:
        self.padded = False

    def enable_truncation(self, longest: int) -> None:
        self.longest = longest

    def encode(self, text: str) -> FakeEncoding:
        text.encode()  # a real one refuses lone surrogates
        return FakeEncoding([101, *(ord(character) % 997 for character in text[: self.longest - 2]), 102])


@pytest.fixture(scope="module")
def packages() -> Iterator[None]:
    onnxruntime: Any = ModuleType("onnxruntime")
    onnxruntime.SessionOptions, onnxruntime.InferenceSession = FakeOptions, FakeSession
    tokenizers: Any = ModuleType("tokenizers")
    tokenizers.Tokenizer = FakeTokenizer
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "onnxruntime", onnxruntime)
        patch.setitem(sys.modules, "tokenizers", tokenizers)
        yield


def files(folder: Path, *inputs: str, pools: bool = False) -> Path:
    described = {"inputs": inputs or ["input_ids", "attention_mask"], "pools": pools}
    (folder / "model.onnx").write_text(json.dumps(described), "utf-8")
    (folder / "tokenizer.json").write_text("{}", "utf-8")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, packages: None) -> Path:
    folder = files(tmp_path_factory.mktemp("encoder"))
    posts = [post for post in labelled.own_posts() if not labelled.is_held_out(post)][::24]
    build_encoder.write(folder, Source(name="encoder-fake", onnx="model.onnx"), posts, Path("/nowhere"))
    return folder


class TestOnnxScorer(ScorerSuite):
    @pytest.fixture(autouse=True)
    def _folder(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> Scorer:
        return scorers.load(f"encoder:{self.folder}")


def mixed(folder: Path, **said: Any) -> Path:
    """Write a folder whose encoder pools itself and whose heads are random."""
    files(folder, pools=True)
    random = np.random.default_rng(0)
    np.savez(
        folder / "heads.npz",
        weights=random.normal(size=(SIZE, len(HEADS))),
        bias=random.normal(size=len(HEADS)),
        floors=np.full(len(TOPICS), 0.4, dtype=np.float32),
    )
    source = Source(name="careful", onnx="model.onnx", pooling="given", **said)
    (folder / "encoder.json").write_bytes(msgspec.json.encode(source))
    return folder


@pytest.fixture(scope="module")
def careful(tmp_path_factory: pytest.TempPathFactory, packages: None) -> Path:
    return mixed(tmp_path_factory.mktemp("careful"), first=20, last=10, beside=0.3)


class TestMixedScorer(ScorerSuite):
    @pytest.fixture(autouse=True)
    def _folder(self, careful: Path) -> None:
        self.folder = careful

    def open(self) -> Scorer:
        return scorers.load(f"encoder:{self.folder}")


@pytest.mark.usefixtures("packages")
def test_each_log_odds_is_the_share_of_one_and_the_share_of_the_other(careful: Path, tmp_path: Path) -> None:
    def log_odds(judgement: Judgement) -> npt.NDArray[np.float64]:
        spread, marks = judgement.sentiment, [getattr(judgement, mark) for mark in MARKS]
        sentiment = np.log([spread.negative / spread.neutral, spread.positive / spread.neutral])
        return np.append(sentiment, [np.log(chance / (1 - chance)) for chance in marks])

    text = "他又打我，我该怎么办？"
    alone, both = (scorers.load(f"encoder:{folder}").score([text])[0] for folder in (mixed(tmp_path), careful))
    beside = ngram.log_odds(ngram.read(ngram.MODEL), [text])[0]
    expected = np.append(beside[[0, 2]] - beside[1], beside[-len(MARKS) :])
    assert log_odds(both) == pytest.approx(0.7 * log_odds(alone) + 0.3 * expected, abs=1e-6)


def test_a_mixed_score_names_both_models(careful: Path) -> None:
    assert scorers.load(f"encoder:{careful}").name == f"careful+{ngram.read(ngram.MODEL).name}"


@pytest.mark.usefixtures("packages")
def test_a_longer_post_is_read_from_both_ends(tmp_path: Path) -> None:
    first, last = "一二三四五六七八九十" * 2, "请问该找哪个部门呢？"
    scorer = scorers.load(f"encoder:{mixed(tmp_path, first=20, last=10)}")
    short, long, other = scorer.score([first + last, first + "中间" * 40 + last, first + "中间" * 40])
    assert short == long
    assert other != long


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_outside_its_bounds_is_refused(tmp_path: Path, share: float) -> None:
    mixed(tmp_path)
    told = {"name": "careful", "onnx": "model.onnx", "pooling": "given", "beside": share}
    (tmp_path / "encoder.json").write_text(json.dumps(told), "utf-8")
    with pytest.raises(NotConfigured, match=r"encoder\.json"):
        scorers.load(f"encoder:{tmp_path}")


@pytest.mark.usefixtures("packages")
def test_a_vector_that_is_given_is_taken_as_it_is(tmp_path: Path) -> None:
    files(tmp_path, pools=True)
    plain = OnnxEncoder(tmp_path / "model.onnx", tmp_path / "tokenizer.json", "given")(["好"])
    files(tmp_path)
    mean = OnnxEncoder(tmp_path / "model.onnx", tmp_path / "tokenizer.json", "mean")(["好"])
    assert np.linalg.norm(plain) != pytest.approx(1.0)
    assert plain.shape == (1, SIZE)
    assert mean.shape == (1, SIZE)


@pytest.mark.usefixtures("packages")
def test_a_vector_has_length_one_and_pooling_says_which(tmp_path: Path) -> None:
    files(tmp_path, "input_ids", "attention_mask", "token_type_ids")
    first, mean = (
        OnnxEncoder(tmp_path / "model.onnx", tmp_path / "tokenizer.json", pooling)(["他又打我", "好"])
        for pooling in ("cls", "mean")
    )
    assert first.shape == mean.shape == (2, SIZE)
    assert np.allclose(np.linalg.norm(first, axis=1), 1.0)
    assert np.allclose(np.linalg.norm(mean, axis=1), 1.0)
    assert not np.allclose(first, mean)


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("model.onnx", None, r"找不到编码器文件 .*model\.onnx"),
        ("tokenizer.json", None, r"找不到编码器文件 .*tokenizer\.json"),
        ("model.onnx", "no model", "不是能用的 ONNX 模型"),
        ("tokenizer.json", "no tokenizer", r"不是 tokenizer\.json"),
        ("model.onnx", '{"inputs": ["input_ids", "pixel_values"]}', "pixel_values"),
    ],
)
def test_a_missing_or_foreign_file_is_named_with_the_remedy(
    tmp_path: Path, file: str, content: str | None, said: str
) -> None:
    files(tmp_path)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_text(content, "utf-8")
    with pytest.raises(NotConfigured, match=rf"{said}.*ngram"):
        OnnxEncoder(tmp_path / "model.onnx", tmp_path / "tokenizer.json")


@pytest.mark.parametrize("package", ["onnxruntime", "tokenizers"])
def test_a_missing_package_says_what_to_install(folder: Path, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(NotConfigured, match=rf"没有安装 {package}；请运行 pip install .qingting\[encoder\]"):
        scorers.load(f"encoder:{folder}")


def test_the_tool_takes_a_file_or_a_module_and_copies_the_files(
    tmp_path: Path, packages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, target = tmp_path / "given", tmp_path / "made"
    given.mkdir()
    files(given)
    monkeypatch.setattr(
        sys, "argv",
        ["build_encoder.py", str(target), "--onnx", str(given / "model.onnx"), "--every", "20", "--shared", str(tmp_path)],
    )  # fmt: skip
    build_encoder.main()
    assert scorers.load(f"encoder:{target}").name == "encoder-model"
    assert (target / "model.onnx").read_bytes() == (given / "model.onnx").read_bytes()
