"""What the careful scorer's folder is made with: its alphabet, its tokenizer, its operating points, and the folder itself."""

import json
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from contracts.ports.scorer import Scorer
from contracts.testing.scorer_suite import ScorerSuite
from contracts.topic import TOPICS
from pipeline import scorers
from pipeline.scorers.encoder import Source
from pipeline.scorers.ngram import HEADS, MARKS
from pipeline.training import ASIDE, Floats
from tools.character_tokenizer import UNKNOWN, alphabet, characters, identified, marks, tokenizer_json
from tools.mixed_heads import Asides, mixed

FOLDER: Final = Path(__file__).parent.parent / "encoders/bge-small-zh-women"
LETTERS: Final = list("她妇女后离婚a0，。-\"'")
TOKENIZER: Final = tokenizer_json(LETTERS)
SHIFTS: Final = np.array([0.9, 1.2, 1.4, 0.6], dtype=np.float32)


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]) | st.sampled_from("婦後離Ａ９３“—\n她a 婚"), max_size=40)
)
def test_the_vocabulary_reads_every_text_as_it_was_learned(text: str) -> None:
    vocabulary = TOKENIZER["model"]["vocab"]
    read = [vocabulary.get(character, UNKNOWN) for character in text if not character.isspace()]
    assert read == identified(text, LETTERS, 100, 0)


def test_the_tokenizer_file_does_the_same_in_the_package_that_reads_it(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps(TOKENIZER), "utf-8")
    read = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    cls, sep, _ = marks(LETTERS)
    for text in ("離婚後，她\n說 ９8", "[CLS]", "", "“A”——B", "😀女"):
        assert read.encode(text).ids == [cls, *identified(text, LETTERS, 100, 0), sep]


def test_what_is_written_otherwise_is_read_alike() -> None:
    assert characters("離婚後 Ａ9\n“—") == list('离婚后a0"-')


def test_a_longer_text_keeps_both_of_its_ends() -> None:
    assert identified("她妇女后离婚", LETTERS, 2, 1) == identified("她妇婚", LETTERS, 9, 0)


def test_a_rare_character_must_be_known_to_be_learned() -> None:
    assert alphabet(["她她她她", "鑫鑫鑫", "鑫鑫鑫鑫"], known="她") == ["她"]
    assert alphabet(["鑫" * 8], known="") == ["鑫"]


def unseen(posts: int = 4000) -> tuple[Floats, Floats, np.ndarray[tuple[int, int], np.dtype[np.bool_]]]:
    """Return logits of an overconfident encoder, of an honest linear model, and what is so."""
    random = np.random.default_rng(1)
    log_odds = random.normal(-1.5, 1.5, size=(posts, len(HEADS)))
    truth = random.random(log_odds.shape) < 1 / (1 + np.exp(-log_odds))
    chances = np.exp(log_odds[:, :3]) / np.exp(log_odds[:, :3]).sum(axis=1, keepdims=True)
    truth[:, :3] = np.eye(3, dtype=bool)[(random.random((posts, 1)) > chances.cumsum(axis=1)[:, :2]).sum(axis=1)]
    return 2.0 * log_odds + 0.5, log_odds, truth


def test_an_overconfident_encoder_is_made_honest() -> None:
    encoder, linear, truth = unseen()
    heads = mixed(encoder, linear, truth, SHIFTS, beside=0.25)
    assert np.array_equal(heads.weights, np.diag(heads.weights.diagonal()))
    assert heads.weights.diagonal() == pytest.approx(0.5, abs=0.08)
    topics = slice(3, 3 + len(TOPICS))
    assert heads.bias[topics] == pytest.approx(-0.25, abs=0.15)
    for mark in ("help", "danger"):  # the share of the encoder carries the whole shift
        column = HEADS.index(mark)
        assert heads.bias[column] == pytest.approx(-0.25 + SHIFTS[MARKS.index(mark)] / 0.75, abs=0.15)


def test_the_floor_of_a_topic_gives_the_best_f1_on_the_unseen_posts() -> None:
    encoder, linear, truth = unseen()
    heads = mixed(encoder, linear, truth, SHIFTS)
    both = 0.7 * (encoder @ heads.weights + heads.bias) + 0.3 * linear

    def f1(column: int, floor: float) -> float:
        said, so = 1 / (1 + np.exp(-both[:, column])) >= floor, truth[:, column]
        return float(2 * (said & so).sum() / (said.sum() + so.sum()))

    for number, floor in enumerate(heads.floors.tolist()):
        assert f1(3 + number, floor) >= max(f1(3 + number, other) for other in (0.1, 0.2, 0.4, 0.5, 0.7)) - 0.005


def test_a_head_of_which_no_post_is_so_is_named() -> None:
    encoder, linear, truth = unseen(200)
    truth[:, HEADS.index("danger")] = False
    with pytest.raises(ValueError, match="danger"):
        mixed(encoder, linear, truth, SHIFTS)


def test_the_folder_in_the_checkout_is_whole_and_small() -> None:
    source = msgspec.json.decode((FOLDER / "encoder.json").read_bytes(), type=Source)
    with np.load(FOLDER / "heads.npz", allow_pickle=False) as file:
        assert file["weights"].shape == (len(HEADS), len(HEADS))
    vocabulary = json.loads((FOLDER / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    assert vocabulary["婦"] == vocabulary["妇"]
    assert (source.pooling, source.first, source.last) == ("given", 190, 64)
    assert (FOLDER / source.onnx).stat().st_size < 17_000_000
    assert source.name in (FOLDER / "README.md").read_text("utf-8")


class TestCarefulScorer(ScorerSuite):
    """The folder itself."""

    def open(self) -> Scorer:
        return scorers.load(f"encoder:{FOLDER}")

    def test_a_post_in_traditional_characters_says_the_same(self, scorer: Scorer) -> None:
        one, other = scorer.score(["离婚后抚养费一直不给", "離婚後撫養費一直不給"])
        assert one == other


def test_help_and_danger_lean_on_whoever_knows_more_of_the_further_posts() -> None:
    encoder, linear, truth = unseen()
    random = np.random.default_rng(2)
    columns = [HEADS.index(head) for head in ASIDE]
    noise = random.normal(size=(2000, len(ASIDE)))
    deaf = Asides(encoder=noise, linear=linear[:2000, columns], truth=truth[:2000, columns])
    shares = [mixed(encoder, linear, truth, SHIFTS, asides=one).beside for one in (None, deaf)]
    assert set(shares[0]) == {0.3}
    assert all(shares[1][column] > 0.6 for column in columns)
    assert {share for column, share in enumerate(shares[1].tolist()) if column not in columns} == {0.3}
