"""Every scorer keeps the promises of the scorer port."""

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest

from contracts.errors import NotConfigured
from contracts.ports.scorer import Scorer
from contracts.testing.scorer_suite import PLAIN, ScorerSuite
from pipeline import labelled, scorers
from pipeline.scorers import ngram
from pipeline.scorers.encoder import Source
from pipeline.scorers.features import hashed
from tools import build_encoder

load = cache(scorers.load)


class TestNgramScorer(ScorerSuite):
    def open(self) -> Scorer:
        return load("ngram")


class TestSnowNlpScorer(ScorerSuite):
    judges_topics_and_marks = False

    def open(self) -> Scorer:
        pytest.importorskip("snownlp")
        return load("snownlp")


def tiny(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Stand in for an encoder: how often each of 32 groups of n-grams occurs. It refuses what real ones refuse."""
    assert all(text and "\0" not in text for text in texts)
    counts = [np.bincount(hashed([text])[0] % 32, minlength=32) / np.sqrt(len(text)) for text in texts]
    return np.array(counts, dtype=np.float32)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sys.modules["tiny_encoder"] = module = ModuleType("tiny_encoder")
    module.encode = tiny  # type: ignore[attr-defined]
    folder = tmp_path_factory.mktemp("encoder")
    posts = [post for post in labelled.own_posts() if not labelled.is_held_out(post)][::12]
    source = Source(name="encoder-tiny", module="tiny_encoder", function="encode")
    build_encoder.write(folder, source, posts, Path("/nowhere"))
    return folder


class TestEncoderScorer(ScorerSuite):
    @pytest.fixture(autouse=True)
    def _folder(self, tiny_folder: Path) -> None:
        self.folder = tiny_folder

    def open(self) -> Scorer:
        return scorers.load(f"encoder:{self.folder}")


def test_an_encoder_that_is_not_installed_is_named(tiny_folder: Path, tmp_path: Path) -> None:
    for file in tiny_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "encoder.json").write_text('{"name":"gone","module":"no_such_encoder","function":"encode"}')
    with pytest.raises(NotConfigured, match=r"no_such_encoder.*ngram"):
        scorers.load(f"encoder:{tmp_path}")


def test_a_folder_without_an_encoder_says_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match=r"encoder\.json.*heads\.npz.*build_encoder"):
        scorers.load(f"encoder:{tmp_path}")


def test_traditional_characters_count_as_simplified_ones() -> None:
    assert np.array_equal(hashed(["離婚後撫養費一直不給"])[0], hashed(["离婚后抚养费一直不给"])[0])


def test_honest_probabilities_undo_the_shift_of_the_marks() -> None:
    model = ngram.read(ngram.MODEL)
    (judgement,) = ngram.NgramScorer(model).score([PLAIN[0]])
    (chances,) = ngram.honest(model, [PLAIN[0]])
    help_ = ngram.HEADS.index("help")
    shown = np.log(judgement.help / (1 - judgement.help))
    assert np.log(chances[help_] / (1 - chances[help_])) == pytest.approx(shown - model.shifts[0], abs=1e-4)
    assert chances[:3].sum() == pytest.approx(1.0)


def test_an_unknown_scorer_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(NotConfigured, match=r"ngram.*snownlp"):
        scorers.load("bert")


def test_the_baseline_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "snownlp", None)
    with pytest.raises(NotConfigured, match=r'pip install "qingting\[baseline\]"'):
        scorers.load("snownlp")


def test_a_missing_model_names_its_file_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match=r"gone\.npz.*make model"):
        ngram.NgramScorer.load(tmp_path / "gone.npz")


def test_a_broken_model_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "ngram.npz"
    broken.write_bytes(b"not a model")
    with pytest.raises(NotConfigured, match="make model"):
        ngram.NgramScorer.load(broken)


def test_a_model_for_another_hashing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ngram.npz"
    ngram.write(ngram.read(ngram.MODEL), path)
    with np.load(path) as file:
        parts = dict(file)
    parts["probe"] = parts["probe"] + 1
    np.savez(path, **parts)
    with pytest.raises(NotConfigured, match="不相配"):
        ngram.NgramScorer.load(path)


def test_a_model_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "ngram.npz"
    ngram.write(ngram.read(ngram.MODEL), path)
    assert ngram.NgramScorer.load(path).score(PLAIN) == scorers.load("ngram").score(PLAIN)


def test_the_model_file_stays_under_eight_megabytes() -> None:
    assert ngram.MODEL.stat().st_size < 8_000_000


@pytest.mark.parametrize("text", ["", "a", "ab", "今天", "她说：「没事」", "\ud800😀"])
def test_a_text_has_as_many_grams_as_promised_wherever_it_stands(text: str) -> None:
    alone, _ = hashed([text])
    among, starts = hashed(["前面的话", text, "后面的话"])
    assert len(alone) == 3 * len(text) + 1
    assert np.array_equal(among[starts[1] : starts[2]], alone)


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("谢谢社区的大姐，跑了三趟帮我把事情办好了，太感动了", 2),
        ("推来推去没有一个人管，太让人寒心了，垃圾", 0),
        ("县妇联将于本周五举办法律知识讲座，地点在二楼会议室。", 1),
    ],
)
def test_plain_cases_get_the_plain_sentiment(text: str, sentiment: int) -> None:
    (judgement,) = load("ngram").score([text])
    spread = (judgement.sentiment.negative, judgement.sentiment.neutral, judgement.sentiment.positive)
    assert spread.index(max(spread)) == sentiment


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("公司知道我怀孕以后就把我辞退了，工资也没结清", "employment"),
        ("村里征地分红，外嫁女一分钱都没有，村委说这是村规民约", "rural_rights"),
        ("两癌筛查什么时候开始，宫颈和乳腺都查吗", "health"),
        ("丈夫长期家暴，申请了人身安全保护令", "domestic_violence"),
        ("婚姻家庭：离婚后抚养费一直不给，彩礼也要退", "marriage_family"),
    ],
)
def test_plain_cases_get_the_plain_topic(text: str, topic: str) -> None:
    (judgement,) = load("ngram").score([text])
    assert topic in [code for code, _ in judgement.topics]
