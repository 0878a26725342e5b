"""A sentence encoder from an ONNX file and its tokenizer.json, as encoders of BERT's kind are published.

Needs: `pip install "qingting[encoder]"`: onnxruntime and tokenizers. Reads what the model gives first, one vector
a token: the first token's (`cls`, as the BGE family is trained) or the mean over all (`mean`), scaled to length 1; or one
vector a text, taken as it is (`given`). One thread, one text at a time: a post gets the same vector whatever stands
beside it.
"""

import importlib
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from contracts.errors import NotConfigured

Pooling = Literal["cls", "mean", "given"]

TOKENS: Final = 512
"""Tokens of a text that are read: what encoders of this kind were trained for."""
_REMEDY: Final = "或在 qingting.toml 把 [pipeline] scorer 改为 ngram"


class OnnxEncoder:
    """From texts to vectors, (texts, size); use it as a function."""

    def __init__(self, model: Path, tokenizer: Path, pooling: Pooling = "cls") -> None:
        """Open both files. Raises NotConfigured for a package or a file that is missing, and for a file that is none of its kind."""
        for file in (model, tokenizer):
            if not file.is_file():
                raise NotConfigured(f"找不到编码器文件 {file}；请把它放到那里，{_REMEDY}。")
        onnxruntime, tokenizers = _package("onnxruntime"), _package("tokenizers")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session: Any = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as broken:  # the package raises kinds of its own that share no base
            raise NotConfigured(f"{model} 不是能用的 ONNX 模型（{broken}）；请换一个文件，{_REMEDY}。") from broken
        try:
            self._tokenizer: Any = tokenizers.Tokenizer.from_file(str(tokenizer))
        except Exception as broken:  # plain Exception is what the package raises
            raise NotConfigured(f"{tokenizer} 不是 tokenizer.json（{broken}）；请换一个文件，{_REMEDY}。") from broken
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(TOKENS)
        self._inputs = frozenset(one.name for one in self._session.get_inputs())
        if unknown := self._inputs - {"input_ids", "attention_mask", "token_type_ids"}:
            raise NotConfigured(
                f"{model} 要的输入 {'、'.join(sorted(unknown))} 本程序不会给；请换一个 BERT 类的编码器，{_REMEDY}。"
            )
        self._pooling = pooling

    def __call__(self, texts: list[str]) -> npt.NDArray[np.float32]:
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> npt.NDArray[np.float32]:
        encoded = self._tokenizer.encode(text)
        given = {
            "input_ids": encoded.ids, "attention_mask": encoded.attention_mask, "token_type_ids": encoded.type_ids,
        }  # fmt: skip
        rows = {name: np.array([given[name]], dtype=np.int64) for name in self._inputs}
        tokens: npt.NDArray[np.float32] = np.asarray(self._session.run(None, rows)[0][0], dtype=np.float32)
        if self._pooling == "given":
            return tokens
        found = tokens[0] if self._pooling == "cls" else tokens.mean(axis=0)
        return np.asarray(found / max(float(np.linalg.norm(found)), 1e-12), dtype=np.float32)


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as missing:
        raise NotConfigured(f'没有安装 {name}；请运行 pip install "qingting[encoder]"，{_REMEDY}。') from missing
