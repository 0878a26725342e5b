"""Fine-tunes a BERT-like encoder on the labelled posts: a folder for `[pipeline] scorer = "encoder:FOLDER"`.

Needs `pip install torch onnx onnxruntime` (no part of the lock), the ONNX file of an encoder with its tokenizer.json, and
two JSONL of logits by models that had not seen the post (`--unseen`, `--pleas`). A GPU makes it bearable: all steps took about five minutes
on an NVIDIA H200; on a CPU they take days, so only `--steps` and `--every` (a trial run) are of use there. Not bit for
bit repeatable: `encoders/bge-small-zh-women` was made by this recipe and exported by this file.

Steps: an alphabet of single characters takes the place of the vocabulary; the encoder guesses hidden characters of all
texts at hand (masked language modelling, Devlin et al. 2019); then all layers learn the labels, each batch twice under
different dropout, with the two answers drawn together (R-Drop, Liang et al. 2021) and the weights averaged over the
steps. That is done without fold 0, whose posts calibrate and choose the operating points, and again on all. WORK keeps
alphabet.json, weights.npz and unseen.npz; the export makes the folder from them, with weights of a byte. Help and danger,
of which the n-gram model learned more (`readings/pleas.jsonl`), are mixed in shares of their own, fitted on those posts.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from hashlib import blake2b
from pathlib import Path
from typing import Final

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import msgspec  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402, N812 - torch's own name for it
from torch import Tensor, nn  # noqa: E402

from pipeline import labelled, training  # noqa: E402 - the tree is not installed on a bare machine
from pipeline.labelled import LabelledPost  # noqa: E402
from pipeline.scorers import ngram  # noqa: E402
from pipeline.scorers.encoder import Source, encoder, vector  # noqa: E402
from pipeline.scorers.ngram import HEADS  # noqa: E402
from pipeline.training import ASIDE  # noqa: E402
from text.normalise import normalise  # noqa: E402
from tools import build_model  # noqa: E402
from tools.character_tokenizer import alphabet, identified, marks, tokenizer_json  # noqa: E402
from tools.mixed_heads import BESIDE, Asides, mixed  # noqa: E402

FIRST, LAST = 190, 64
"""Characters that are read of a post's beginning and, of a longer one, of its end."""
MASKED_EPOCHS, MASKED_BATCH, MASKED_RATE = 10, 256, 3e-4
EPOCHS, BATCH, RATE, HEAD_RATE = 4, 32, 6e-5, 1e-3
AGREE: Final = 0.5
"""Weight of the two answers' disagreement in the loss."""
MARKS_WEIGHT: Final = 0.25
"""Weight of a topic or mark in the loss beside the sentiment."""
KEPT: Final = 0.998
"""How much of the averaged weights each step keeps."""
DROPOUT: Final = 0.1
ATTENTION_SIZE: Final = 64
"""Of each attention head, as in all of BERT's kind."""
DEVICE: Final = "cuda" if torch.cuda.is_available() else "cpu"

Rows = list[list[int]]


class Layer(nn.Module):
    def __init__(self, size: int, inner: int) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.inner, self.outer = nn.Linear(size, inner), nn.Linear(inner, size)
        self.norm1, self.norm2 = nn.LayerNorm(size, eps=1e-12), nn.LayerNorm(size, eps=1e-12)
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, hidden: Tensor, seen: Tensor) -> Tensor:
        texts, length, size = hidden.shape
        query, key, value = self.qkv(hidden).view(texts, length, 3, -1, ATTENTION_SIZE).permute(2, 0, 3, 1, 4).unbind(0)
        found = F.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        hidden = self.norm1(hidden + self.drop(self.out(found.transpose(1, 2).reshape(texts, length, size))))
        return self.norm2(hidden + self.drop(self.outer(F.gelu(self.inner(hidden)))))


class Net(nn.Module):
    """BERT with heads on the first token's vector and the mean of all; shaped after the weights that it takes."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        letters, size = weights["words"].shape
        self.words, self.places = nn.Parameter(torch.zeros(letters, size)), nn.Parameter(weights["places"].clone())
        self.norm, self.drop = nn.LayerNorm(size, eps=1e-12), nn.Dropout(DROPOUT)
        count = sum(name.endswith(".qkv.weight") for name in weights)
        self.layers = nn.ModuleList(Layer(size, len(weights["layers.0.inner.bias"])) for _ in range(count))
        self.head = nn.Linear(2 * size, len(HEADS))
        self.guess = nn.Sequential(nn.Linear(size, size), nn.GELU(), nn.LayerNorm(size))
        self.guess[0].weight.data += torch.eye(size)
        self.guess_bias = nn.Parameter(torch.zeros(letters))
        self.load_state_dict(dict(weights), strict=False)

    def hidden(self, ids: Tensor, mask: Tensor) -> Tensor:
        found = self.drop(self.norm(self.words[ids] + self.places[: ids.shape[1]]))
        for layer in self.layers:
            found = layer(found, mask.bool()[:, None, None, :])
        return found

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        found, real = self.hidden(ids, mask).float(), mask[:, :, None].float()
        mean = (found * real).sum(1) / real.sum(1)
        return self.head(self.drop(torch.cat([found[:, 0], mean], 1)))

    def guessed(self, hidden: Tensor) -> Tensor:
        return F.linear(self.guess(hidden), self.words, self.guess_bias)


def given_weights(model: Path, known: Mapping[str, int], letters: list[str]) -> dict[str, Tensor]:
    """Return the weights of an encoder as exported by PyTorch, its words cut down to the alphabet; new ones start as [UNK]."""
    import onnx

    read = {one.name: torch.tensor(onnx.numpy_helper.to_array(one)) for one in onnx.load(model).graph.initializer}
    products = sorted((n for n in read if n.startswith("onnx::MatMul")), key=lambda name: int(name.split("_")[1]))
    rows = [known[mark] for mark in ("[PAD]", "[UNK]")] + [known.get(one, known["[UNK]"]) for one in letters]
    words = read["embeddings.word_embeddings.weight"][[*rows, *(known[m] for m in ("[CLS]", "[SEP]", "[MASK]"))]]
    new = [number for number, one in enumerate(letters, 2) if one not in known]
    words[new] += 0.02 * torch.randn(len(new), words.shape[1])
    places = read["embeddings.position_embeddings.weight"] + read["embeddings.token_type_embeddings.weight"][0]
    found = {"words": words, "places": places}
    found |= {f"norm.{kind}": read[f"embeddings.LayerNorm.{kind}"] for kind in ("weight", "bias")}
    for number in range(len(products) // 6):
        theirs, ours = f"encoder.layer.{number}.", f"layers.{number}."
        six = [read[name].t().contiguous() for name in products[6 * number : 6 * number + 6]]
        biases = [read[f"{theirs}attention.self.{part}.bias"] for part in ("query", "key", "value")]
        found |= {f"{ours}qkv.weight": torch.cat(six[:3]), f"{ours}qkv.bias": torch.cat(biases)}
        names = ("attention.output.dense", "intermediate.dense", "output.dense")
        for name, their, weight in zip(("out", "inner", "outer"), names, six[3:], strict=True):
            found |= {f"{ours}{name}.weight": weight, f"{ours}{name}.bias": read[f"{theirs}{their}.bias"]}
        for name, their in (("norm1", "attention.output.LayerNorm"), ("norm2", "output.LayerNorm")):
            found |= {f"{ours}{name}.{kind}": read[f"{theirs}{their}.{kind}"] for kind in ("weight", "bias")}
    return found


def batches(rows: Rows, chosen: np.ndarray, size: int, steps: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield so many batches of the chosen numbers, each of like length, every number once before any comes again."""
    waiting: list[np.ndarray] = []
    for _ in range(steps):
        if not waiting:
            mixed_up = rng.permutation(chosen)
            for start in range(0, len(chosen), 50 * size):
                part = np.array(sorted(mixed_up[start : start + 50 * size], key=lambda number: len(rows[number])))
                waiting += [part[begin : begin + size] for begin in range(0, len(part), size)]
            waiting = [waiting[number] for number in rng.permutation(len(waiting))]
        yield waiting.pop()


def padded(rows: Rows, chosen: np.ndarray) -> tuple[Tensor, Tensor]:
    ids = nn.utils.rnn.pad_sequence([torch.tensor(rows[number]) for number in chosen], batch_first=True).to(DEVICE)
    return ids, (ids > 0).long()


def half() -> AbstractContextManager[None]:
    return torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=DEVICE == "cuda")


class Steps:
    """AdamW with a warm-up and a linear way down, gradients clipped."""

    def __init__(self, net: Net, groups: list[dict[str, object]], total: int, warm: int) -> None:
        self._net, self._adam = net, torch.optim.AdamW(groups, weight_decay=0.01)
        self._way = torch.optim.lr_scheduler.LambdaLR(
            self._adam, lambda step: min((step + 1) / warm, max(0.0, 1 - step / total))
        )

    def step(self, loss: Tensor) -> None:
        self._adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._net.parameters(), 1.0)
        self._adam.step()
        self._way.step()


def learn_to_guess(net: Net, rows: Rows, mask: int, most: int, rng: np.random.Generator) -> None:
    """Let the net guess a fifth of all characters: eight in ten are hidden, one is replaced, one stands as it is."""
    net.train()
    total = min(MASKED_EPOCHS * -(-len(rows) // MASKED_BATCH), most)
    steps = Steps(net, [{"params": list(net.parameters()), "lr": MASKED_RATE}], total, total // 15 + 1)
    for part in batches(rows, np.arange(len(rows)), MASKED_BATCH, total, rng):
        ids, seen = padded(rows, part)
        inner = (ids > 0) & (ids < mask - 2)
        picked, chance = inner & (torch.rand(ids.shape, device=DEVICE) < 0.2), torch.rand(ids.shape, device=DEVICE)
        hidden = torch.where(picked & (chance < 0.8), mask, ids)
        hidden = torch.where(picked & (chance > 0.9), torch.randint_like(ids, 2, mask - 2), hidden)
        with half():
            guessed = net.guessed(net.hidden(hidden, seen)[picked])
        steps.step(F.cross_entropy(guessed.float(), ids[picked]))


def loss_of(logits: Tensor, wanted: Tensor) -> Tensor:
    sentiment = -(wanted[:, :3] * F.log_softmax(logits[:, :3], 1)).sum(1).mean()
    rest = F.binary_cross_entropy_with_logits(logits[:, 3:], wanted[:, 3:], reduction="none").sum(1).mean()
    return sentiment + MARKS_WEIGHT * rest


def disagreement(one: Tensor, other: Tensor) -> Tensor:
    """Return the symmetric Kullback-Leibler divergence of two answers, weighted as in the loss."""
    first, second = one[:, :3].log_softmax(1), other[:, :3].log_softmax(1)
    sentiment = ((first.exp() - second.exp()) * (first - second)).sum(1).mean()
    rest = ((one[:, 3:].sigmoid() - other[:, 3:].sigmoid()) * (one[:, 3:] - other[:, 3:])).sum(1).mean()
    return sentiment + MARKS_WEIGHT * rest


def teach(net: Net, rows: Rows, wanted: np.ndarray, chosen: np.ndarray, most: int, rng: np.random.Generator) -> None:
    """Let all layers learn the labels of the chosen posts; leaves the net with the averaged weights."""
    net.train()
    body = [weight for name, weight in net.named_parameters() if not name.startswith("head")]
    total = min(EPOCHS * -(-len(chosen) // BATCH), most)
    heads = {"params": list(net.head.parameters()), "lr": HEAD_RATE}
    steps = Steps(net, [{"params": body, "lr": RATE}, heads], total, min(200, total))
    average = [weight.detach().clone() for weight in net.parameters()]
    for part in batches(rows, chosen, BATCH, total, rng):
        ids, seen = padded(rows, part)
        labels = torch.tensor(wanted[part], dtype=torch.float32, device=DEVICE)
        with half():
            one, other = net(ids, seen).float(), net(ids, seen).float()
        steps.step((loss_of(one, labels) + loss_of(other, labels)) / 2 + AGREE * disagreement(one, other))
        torch._foreach_lerp_(average, [weight.detach() for weight in net.parameters()], 1 - KEPT)
    for weight, mean in zip(net.parameters(), average, strict=True):
        weight.data.copy_(mean)


def logits_of(net: Net, rows: Rows, chosen: np.ndarray) -> np.ndarray:
    net.eval()
    with torch.no_grad():
        return np.concatenate([net(*padded(rows, np.array([number]))).float().cpu().numpy() for number in chosen])


def train(work: Path, asked: argparse.Namespace) -> None:
    """Write alphabet.json, weights.npz and unseen.npz into `work`."""
    rng = np.random.default_rng(training.SEED)
    torch.manual_seed(training.SEED)
    posts, helpers, _ = build_model.lessons(asked.shared)
    linear = unseen_logits(asked.unseen, HEADS)
    threads, main = build_model.read_threads(asked.shared), {post.key for post in posts}
    more = labelled.real_posts(asked.shared / "data", labelled.MORE)
    posts += [post for post in more if post.key not in main and not labelled.is_held_out(post)]
    posts = posts[:: asked.every]
    texts = [normalise(post.text) for post in posts]
    others = sorted({normalise(text) for helper in helpers for text in helper.texts} - set(texts))[:: asked.every]
    known = json.loads(asked.tokenizer.read_text("utf-8"))["model"]["vocab"]
    letters = alphabet([*texts, *others], known)
    cls, sep, mask = marks(letters)
    rows = [[cls, *identified(text, letters, FIRST, LAST), sep] for text in (*texts, *others)]
    wanted = truths(posts, build_model.second_readings())
    fold = training.folds_of([build_model.group(post, threads) for post in posts])
    unseen = np.array([row for row, post in enumerate(posts) if fold[row] == 0 and post.key in linear])
    start = Net(given_weights(asked.onnx, known, letters)).to(DEVICE)
    learn_to_guess(start, rows, mask, asked.steps, rng)
    adapted = {name: weight.clone() for name, weight in start.state_dict().items()}
    without, whole = Net(adapted).to(DEVICE), Net(adapted).to(DEVICE)
    teach(without, rows, wanted, np.flatnonzero(fold != 0), asked.steps, rng)
    teach(whole, rows, wanted, np.arange(len(posts)), asked.steps, rng)
    work.mkdir(parents=True, exist_ok=True)
    (work / "alphabet.json").write_text(json.dumps(letters, ensure_ascii=False), encoding="utf-8")
    kept = {name: weight for name, weight in whole.state_dict().items() if not name.startswith("guess")}
    np.savez(work / "weights.npz", **{name: weight.half().cpu().numpy() for name, weight in kept.items()})
    np.savez(
        work / "unseen.npz",
        encoder=logits_of(without, rows, unseen),
        keys=np.array([posts[row].key for row in unseen]),
        truth=truths([posts[row] for row in unseen], {}) > 0.5,
    )


def unseen_logits(file: Path, heads: Sequence[str]) -> dict[str, list[float]]:
    """Return by key what n-gram models said that had not seen the post."""
    return {row["key"]: [row["logits"][head] for head in heads] for row in map(json.loads, file.open())}


def truths(posts: list[LabelledPost], second: Mapping[str, LabelledPost]) -> np.ndarray:
    """Return (posts, heads): 1 for yes, half where a second reader said otherwise."""
    return np.array([np.mean([_answer(one) for one in (post, second.get(post.key)) if one], axis=0) for post in posts])


def _answer(post: LabelledPost) -> list[float]:
    rest = (post.says(head) for head in HEADS[3:])
    return [float(value) for value in (*(post.sentiment + 1 == column for column in range(3)), *rest)]


def export(folder: Path, work: Path) -> None:
    """Write what `train` left: one ONNX model from identifiers to logits, and its tokenizer."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    folder.mkdir(parents=True, exist_ok=True)
    letters = json.loads((work / "alphabet.json").read_text("utf-8"))
    with np.load(work / "weights.npz") as file:
        net = Net({key: torch.tensor(file[key]).float() for key in file}).eval()
    sample, inputs = torch.ones(1, 7, dtype=torch.long), ["input_ids", "attention_mask"]
    torch.onnx.export(
        net, (sample, sample), str(work / "model32.onnx"), input_names=inputs, output_names=["logits"], dynamo=False,
        opset_version=17, dynamic_axes={one: {0: "texts", 1: "tokens"} for one in inputs},
    )  # fmt: skip
    # seven bits a weight: with eight, sums overflow on processors without VNNI, and 5 % of the sentiments change
    quantize_dynamic(
        work / "model32.onnx", folder / "model.onnx", weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
    )
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json(letters), ensure_ascii=False), encoding="utf-8")


def write_heads(folder: Path, asked: argparse.Namespace) -> None:
    """Mix the folder's model with the n-gram model of this checkout: heads.npz and encoder.json."""
    said = unseen_logits(asked.unseen, HEADS)
    with np.load(asked.work / "unseen.npz") as file:
        ours, truth = file["encoder"].astype(float), file["truth"]
        linear = np.array([said[key] for key in file["keys"].tolist()])
    source = Source(name=asked.name, onnx="model.onnx", pooling="given", first=FIRST, last=LAST, beside=BESIDE)
    asides = pleas(folder, source, asked.pleas)
    heads = mixed(ours, linear, truth, ngram.read(ngram.MODEL).shifts, asides=asides)
    np.savez_compressed(
        folder / "heads.npz", weights=heads.weights, bias=heads.bias, floors=heads.floors, beside=heads.beside
    )
    digest = blake2b((folder / "model.onnx").read_bytes() + (folder / "heads.npz").read_bytes(), digest_size=4)
    source = msgspec.structs.replace(source, name=f"{asked.name}-{digest.hexdigest()}")
    (folder / "encoder.json").write_bytes(msgspec.json.format(msgspec.json.encode(source), indent=1) + b"\n")


def pleas(folder: Path, source: Source, scores: Path) -> Asides:
    """Return what the folder's model, and n-gram models that had not seen the writer, say of `readings/pleas.jsonl`."""
    said, posts = unseen_logits(scores, ASIDE), labelled.read_labelled(labelled.PLEAS)
    encode = encoder(source, folder)
    logits = np.stack([vector(encode, normalise(post.text), source) for post in posts])
    return Asides(
        encoder=logits[:, [HEADS.index(head) for head in ASIDE]],
        linear=np.array([said[post.key] for post in posts]),
        truth=np.array([[post.says(head) for head in ASIDE] for post in posts]),
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--work", type=Path, required=True, help="folder for weights and unseen logits")
    asked.add_argument("--unseen", type=Path, required=True, help="JSONL that tools/build_model.py --unseen wrote")
    asked.add_argument("--pleas", type=Path, required=True, help="JSONL that tools/fit_help_signs.py --scores wrote")
    asked.add_argument("--from-work", action="store_true", help="make the folder from an earlier run's WORK")
    asked.add_argument("--heads-only", action="store_true", help="the folder stands: mix it with a new n-gram model")
    asked.add_argument("--onnx", type=Path)
    asked.add_argument("--tokenizer", type=Path)
    asked.add_argument("--name", default="careful", help="stands on every score, before a digest")
    asked.add_argument("--every", type=int, default=1, help="learn from each N-th post only")
    asked.add_argument("--steps", type=int, default=10**9, help="steps of each training at most")
    asked.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with labels/ and data/")
    options = asked.parse_args()
    if not (options.from_work or options.heads_only):
        if not (options.onnx and options.tokenizer):
            asked.error("--onnx and --tokenizer are needed, or --from-work, or --heads-only")
        train(options.work, options)
    if not options.heads_only:
        export(options.folder, options.work)
    write_heads(options.folder, options)


if __name__ == "__main__":
    main()
