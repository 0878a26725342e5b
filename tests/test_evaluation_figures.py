"""What an evaluation promises: unseen posts only, exact figures with intervals, the baseline on the same posts."""

import json
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import Rejected
from contracts.ports.scorer import Judgement
from contracts.score import Sentiment
from contracts.topic import TOPICS
from pipeline import evaluation, evaluation_text, figures, labelled, reliability
from pipeline.evaluation import Evaluation
from pipeline.figures import Bin, Decided, Figures, Measured
from pipeline.labelled import LabelledPost
from pipeline.lane import judge
from pipeline.meant import settle
from pipeline.scorers import ngram
from qingting.cli.understanding import evaluate_

SPREADS = {-1: Sentiment(0.8, 0.1, 0.1), 0: Sentiment(0.1, 0.8, 0.1), 1: Sentiment(0.1, 0.1, 0.8)}


@cache
def trained() -> frozenset[int]:
    return frozenset(ngram.read(ngram.MODEL).trained.tolist())


@cache
def on_own_posts() -> Evaluation:
    own = tuple(post for post in evaluation.held_out() if post.origin == "own")
    return evaluation.evaluate(("ngram",), own)


def reached(name: str) -> Figures:
    return next(found for found in on_own_posts().figures if found.scorer == name and found.split == "all")


def decided(sentiment: int, topics: tuple[str, ...] = (), attack: float = 0.0, counter: float = 0.0) -> Decided:
    found = Judgement(SPREADS[sentiment], tuple((topic, 0.9) for topic in topics), attack=attack, counter=counter)
    return Decided(found, judge("好", found), settle("好", found, sentiment))


def test_danger_that_asks_for_nothing_counts_as_danger_and_not_as_help() -> None:
    text = "她说洗了四遍还在洗，水都红了，我在门外面，她不开"
    found = Judgement(SPREADS[0], help=0.05, danger=0.6)
    said = figures.answers(
        [LabelledPost(text=text, sentiment=0, danger=True)],
        [Decided(found, judge(text, found), settle(text, found, 0))],
    )
    assert said["danger"][1].tolist() == [True]
    assert said["help"][1].tolist() == [False]


def test_the_corpus_is_large_whole_and_varied() -> None:
    own = labelled.own_posts()
    assert len(own) >= 900
    assert len({post.text for post in own}) == len(own)
    assert {topic for post in own for topic in post.topics} == set(TOPICS)
    for mark in ngram.MARKS:
        assert sum(getattr(post, mark) for post in own) >= 40
    assert {post.sentiment for post in own} == {-1, 0, 1}
    assert all(len(post.topics) <= 3 for post in own)
    assert (labelled.CORPUS / "LICENSE").read_text(encoding="utf-8").count("CC0")


def test_no_held_out_post_was_trained_on() -> None:
    held = evaluation.held_out()
    assert len(held) >= 150
    assert not {labelled.digest(post.text) for post in held} & trained()
    assert all(labelled.is_held_out(post) for post in held)


def test_the_scorer_beats_the_baseline_by_far_on_the_same_posts() -> None:
    pytest.importorskip("snownlp")
    ours, baseline = reached("ngram"), reached("snownlp")
    assert ours.posts == baseline.posts
    assert ours.sentiment_macro_f1.value >= baseline.sentiment_macro_f1.value + 0.2
    assert ours.sentiment_macro_f1.low > baseline.sentiment_macro_f1.high


def test_an_evaluation_is_the_same_again_and_survives_json() -> None:
    result = on_own_posts()
    posts = evaluation.held_out()[:40]
    assert evaluation.evaluate(("ngram",), posts) == evaluation.evaluate(("ngram",), posts)
    assert msgspec.json.decode(evaluation.as_json(result), type=Evaluation) == result
    assert "宏平均 F1" in evaluation_text.table(result)


def test_perfect_answers_score_one_and_wrong_ones_nothing() -> None:
    posts = [
        LabelledPost(text=str(number), sentiment=number % 3 - 1, topics=("health",), attack=number % 2 == 0)
        for number in range(12)
    ]
    right = figures.measure(
        "ngram", "all", posts, [decided(post.sentiment, ("health",), float(post.attack)) for post in posts]
    )
    assert right.sentiment_accuracy == right.sentiment_macro_f1 == Measured(1.0, 1.0, 1.0)
    assert right.topic_f1["health"].value == right.mark_f1["attack"].value == 1.0
    wrong = figures.measure(
        "ngram", "all", posts, [decided((post.sentiment + 2) % 3 - 1, ("rural_rights",)) for post in posts]
    )
    assert wrong.sentiment_accuracy.value == wrong.topic_f1["health"].value == 0.0


def test_f1_is_counted_as_in_the_books() -> None:
    truth = [True, True, True, False, False]
    said = [0.9, 0.9, 0.1, 0.9, 0.1]
    posts = [LabelledPost(text=str(number), sentiment=0, attack=attack) for number, attack in enumerate(truth)]
    found = figures.measure("ngram", "all", posts, [decided(0, attack=value) for value in said])
    assert found.mark_f1["attack"].value == pytest.approx(2 / 3, abs=1e-4)


@given(pairs=st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.sampled_from([-1, 0, 1])), min_size=1, max_size=30))
def test_a_figure_lies_within_its_interval_and_between_none_and_all(pairs: list[tuple[int, int]]) -> None:
    posts = [LabelledPost(text=str(number), sentiment=truth) for number, (truth, _) in enumerate(pairs)]
    found = figures.measure("ngram", "all", posts, [decided(said) for _, said in pairs])
    value = found.sentiment_accuracy
    assert 0 <= value.low <= value.high <= 1
    assert value.value == pytest.approx(sum(truth == said for truth, said in pairs) / len(pairs), abs=1e-4)


def test_no_posts_give_an_evaluation_without_figures_to_boast_of() -> None:
    assert evaluation.evaluate(("ngram",), []).posts == 0


def test_a_file_of_labels_is_measured_without_what_the_model_knows(tmp_path: Path) -> None:
    known = next(post for post in labelled.own_posts() if labelled.digest(post.text) in trained())
    file = tmp_path / "labels.jsonl"
    rows = [{"text": known.text, "sentiment": 0}, {"text": "这一帖没有人见过", "sentiment": 0, "topics": ["health"]}]
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    assert [post.text for post in evaluation.held_out(file)] == ["这一帖没有人见过"]


def test_what_the_model_knows_is_counted_as_left_out_and_a_file_of_nothing_else_is_refused(tmp_path: Path) -> None:
    known = next(post for post in labelled.own_posts() if labelled.digest(post.text) in trained())
    file = tmp_path / "labels.jsonl"
    file.write_text(json.dumps({"text": known.text, "sentiment": 0}), encoding="utf-8")
    assert evaluation.left_out(file) == 1
    assert evaluation.left_out(None) == 0
    answer = CliRunner().invoke(evaluate_, ["--labels", str(file)])
    assert "训练时都见过" in str(answer.exception)


def test_an_origin_in_the_file_parts_the_figures_whatever_the_keys_are(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    rows = [
        {"text": "一", "sentiment": 0, "origin": "mailbox"},
        {"text": "二", "sentiment": 0, "origin": "mailbox", "key": "x/7"},
        {"text": "三", "sentiment": 0, "origin": "微博/评论", "key": "微博·评论/1"},
        {"text": "四", "sentiment": 0},
    ]
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    posts = labelled.read_labelled(file)
    assert [post.origin for post in posts] == ["mailbox", "mailbox", "微博·评论", "file"]
    assert [post.key for post in posts] == ["mailbox/labels/1", "mailbox/x/7", "微博·评论/1", "file/labels/4"]


def test_what_a_file_does_not_label_has_no_figure_rather_than_a_false_one() -> None:
    posts = [LabelledPost(text=str(number), sentiment=0) for number in range(4)]
    said = [decided(0, topics=("health",), attack=0.9) for _ in posts]
    found = figures.measure("ngram", "all", posts, said, {"health": np.full(4, 0.9), "attack": np.full(4, 0.9)})
    assert (found.topics_micro_f1, found.topics_macro_f1, found.mark_f1) == (None, None, {})
    assert set(found.calibration_errors) == {"sentiment"}


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('{"text": "好", "sentiment": 5}', "第 1 行 sentiment"),
        ('{"text": "好"}', "第 1 行"),
        ('{"text": "好", "sentiment": 0, "topics": ["weather"]}', "第 1 行"),
        ("not json", "第 1 行"),
    ],
)
def test_a_broken_label_is_refused_with_file_and_line(tmp_path: Path, line: str, word: str) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text(line, encoding="utf-8")
    with pytest.raises(Rejected, match=word):
        evaluation.held_out(file)


def test_a_missing_file_of_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"gone\.jsonl"):
        evaluation.held_out(tmp_path / "gone.jsonl")


def test_the_card_names_data_licences_seed_and_operating_points() -> None:
    card = json.loads(ngram.MODEL.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["name"] == ngram.read(ngram.MODEL).name
    assert card["seed"]
    assert {"MIT", "Apache-2.0", "CC0-1.0"} <= {entry.get("licence") for entry in card["data"]}
    assert set(card["operating_points"]["topics"]) == set(TOPICS)
    assert 0.5 <= card["operating_points"]["certain"] <= 0.9


def test_a_supporter_shown_as_an_attacker_is_counted_and_one_with_the_counter_mark_is_none() -> None:
    posts = [LabelledPost(text=str(number), sentiment=-1, counter=True) for number in range(4)]
    said = [decided(-1, attack=0.9), decided(-1, attack=0.9, counter=0.9), decided(-1, counter=0.9), decided(-1)]
    found = figures.measure("ngram", "all", posts, said)
    assert found.supporters_as_attackers is not None
    assert found.supporters_as_attackers.value == 0.25
    assert found.confusion["attack"].false_alarms == 1


def test_the_confusion_counts_every_post_once() -> None:
    posts = [LabelledPost(text=str(number), sentiment=truth) for number, truth in enumerate((-1, -1, 0, 1))]
    found = figures.measure("ngram", "all", posts, [decided(said) for said in (-1, 0, 0, -1)])
    assert found.sentiment_confusion["negative"] == {"negative": 1, "neutral": 1, "positive": 0}
    assert sum(sum(row.values()) for row in found.sentiment_confusion.values()) == 4


def test_calibration_is_the_gap_between_said_and_so() -> None:
    said = np.array([0.9, 0.9, 0.9, 0.9, 0.1, 0.1])
    so = np.array([True, True, False, False, False, False])
    assert figures.calibration_error(said, so) == pytest.approx((4 * 0.4 + 2 * 0.1) / 6, abs=1e-3)
    assert figures.curve(said, so) == (Bin(0.1, 0.0, 2), Bin(0.9, 0.5, 4))
    assert figures.calibration_error(np.array([]), np.array([], dtype=bool)) == 0.0


def test_every_head_has_its_calibration_and_its_curve_in_the_svg() -> None:
    ours = reached("ngram")
    heads = {"sentiment", *TOPICS, *figures.MARKS}
    assert set(ours.calibration_errors) == set(ours.reliability) == heads
    drawn = reliability.svg(ours.reliability, ours.calibration_errors, "曲线 <1>")
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    assert len(root.findall("{http://www.w3.org/2000/svg}g")) == len(heads)
    assert "script" not in drawn


def test_the_model_before_is_held_against_this_one_on_posts_that_it_has_not_seen(tmp_path: Path) -> None:
    posts = evaluation.own_held_out()[:60]
    before = ngram.read(ngram.MODEL)
    seen = np.array([labelled.digest(post.text) for post in posts[:10]], dtype=np.uint64)
    path = tmp_path / "before.npz"
    ngram.write(msgspec.structs.replace(before, trained=np.union1d(before.trained, seen)), path)
    result = evaluation.evaluate(("ngram",), posts, models={"before": path})
    found = next(one for one in result.differences if one.against == "before")
    assert found.posts == 50
    assert found.sentiment_macro_f1 == Measured(0.0, 0.0, 0.0)
    assert next(one for one in result.figures if one.scorer == "before").posts == 50


def test_a_difference_is_positive_where_the_first_is_right_more_often() -> None:
    posts = [LabelledPost(text=str(number), sentiment=number % 3 - 1) for number in range(90)]
    right = [decided(post.sentiment) for post in posts]
    wrong = [decided(0) for _ in posts]
    found = evaluation.difference("other", posts, right, wrong, sentiment_only=True)
    assert found.sentiment_macro_f1.low > 0.5
    assert found.f1 == {}


def test_the_command_writes_the_curves_and_holds_a_model_file_beside(tmp_path: Path) -> None:
    pytest.importorskip("snownlp")
    rows = [
        {"text": f"{number} 县妇联的大姐帮了我，谢谢", "sentiment": 1, "topics": ["federation_service"], "counter": 1, "key": f"{origin}/{number}"}
        for number, origin in enumerate(("letters", "letters", "forum"))
    ]  # fmt: skip
    file, curves, before = tmp_path / "labels.jsonl", tmp_path / "curves.svg", tmp_path / "before.npz"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    ngram.write(ngram.read(ngram.MODEL), before)
    options = ["--labels", str(file), "--svg", str(curves), "--model", str(before)]
    answer = CliRunner().invoke(evaluate_, [*options, "--json"])
    assert answer.exit_code == 0, answer.output
    result = msgspec.json.decode(answer.stdout, type=Evaluation)
    assert {(one.scorer, one.split) for one in result.figures} >= {
        ("ngram", "all"), ("ngram", "letters"), ("ngram", "forum"), ("before.npz", "all"), ("snownlp", "all"),
    }  # fmt: skip
    assert {one.against for one in result.differences} == {"before.npz", "snownlp"}
    assert curves.read_text("utf-8").startswith("<svg")
    said = CliRunner().invoke(evaluate_, options).stdout
    for word in ("混淆", "校准误差", "查全", "成对区间", result.models["ngram"], result.labels_digest):
        assert word in said
