"""An encoder from an ONNX file: the port's suite over stand-ins for the two packages, and a remedy for whatever is missing."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from contracts.errors import NotConfigured
from contracts.ports.scorer import Scorer
from contracts.testing.scorer_suite import ScorerSuite
from pipeline import labelled, scorers
from pipeline.scorers.encoder import Source
from pipeline.scorers.onnx_encoder import TOKENS, OnnxEncoder
from tools import build_encoder

SIZE = 16


class FakeOptions:
    """Takes what is set."""


class FakeInput:
    def __init__(self, name: str) -> None:
        self.name = name


class FakeSession:
    """Reads a file of JSON: the names of its inputs. Its vector of a token depends on token, place and mask alone."""

    def __init__(self, path: str, options: FakeOptions, providers: list[str]) -> None:
        assert vars(options) == {"intra_op_num_threads": 1, "inter_op_num_threads": 1}
        assert providers == ["CPUExecutionProvider"]
        self.inputs = json.loads(Path(path).read_text("utf-8"))["inputs"]

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
        return [rows[None].astype(np.float32)]


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


def files(folder: Path, *inputs: str) -> Path:
    (folder / "model.onnx").write_text(json.dumps({"inputs": inputs or ["input_ids", "attention_mask"]}), "utf-8")
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
    with pytest.raises(NotConfigured, match=rf"没有安装 {package}；请运行 pip install onnxruntime tokenizers"):
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
