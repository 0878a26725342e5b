"""What learning promises: corrections take effect, nothing else moves, what fell is named, and there is a way back."""

import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest

from contracts.document import Document
from contracts.errors import Conflict, NotConfigured, Rejected
from contracts.testing.builders import make_post, make_score
from pipeline import evaluation, labelled, learning
from pipeline.explaining import probabilities
from pipeline.labelled import LabelledPost
from pipeline.scorers import ngram
from pipeline.scorers.ngram import HEADS, Model
from qingting import learning as home_learning
from qingting.home import Home
from qingting.wiring import House
from response import audit, correcting, people, units
from response.access import Officer
from response.correcting import Labels
from tests.program import answered, done, refused
from text.normalise import normalise

QUOTING = "“女司机就是马路杀手”，这话我听了二十年，听够了"
PLAIN = "今天菜市场搬到河东去了，公交改走二桥"


@cache
def shipped() -> Model:
    return ngram.read(ngram.MODEL)


@cache
def rehearsal() -> tuple[LabelledPost, ...]:
    return tuple(post for post in labelled.own_posts() if not labelled.is_held_out(post))[::4]


def chances(model: Model, text: str) -> dict[str, float]:
    return dict(zip(HEADS, probabilities(model, [normalise(text)])[0].tolist(), strict=True))


def otherwise(text: str) -> LabelledPost:
    """Return a correction that contradicts the shipped model on attack or counter-speech and agrees on all else."""
    said = chances(shipped(), text)
    sentiment = int(np.argmax([said["negative"], said["neutral"], said["positive"]])) - 1
    floors = dict(zip(HEADS[3:15], shipped().floors.tolist(), strict=True))
    topics = tuple(topic for topic, floor in floors.items() if said[topic] >= floor)
    return LabelledPost(
        text=text, sentiment=sentiment, topics=topics,  # type: ignore[arg-type]
        help=said["help"] >= 0.5, danger=said["danger"] >= 0.5,
        attack=said["attack"] >= 0.5, counter=not said["counter"] >= 0.5,
    )  # fmt: skip


@cache
def learned() -> Model:
    return learning.learn(shipped(), [otherwise(QUOTING)], rehearsal())


def test_a_correction_takes_effect() -> None:
    wanted = otherwise(QUOTING).counter
    assert (chances(shipped(), QUOTING)["counter"] >= 0.5) is not wanted
    assert (chances(learned(), QUOTING)["counter"] >= 0.5) is wanted


def test_heads_that_no_correction_contradicts_stay_as_they_are() -> None:
    assert learning.contradicted(shipped(), [otherwise(QUOTING)]) == ("counter",)
    for text in (QUOTING, PLAIN, ""):
        before, after = chances(shipped(), text), chances(learned(), text)
        for head in HEADS:
            if head != "counter":
                assert after[head] == pytest.approx(before[head], abs=1e-5)


def test_what_is_said_of_other_posts_hardly_moves() -> None:
    assert abs(chances(learned(), PLAIN)["counter"] - chances(shipped(), PLAIN)["counter"]) < 0.05
    texts = [normalise(post.text) for post in rehearsal()[:300]]
    column = HEADS.index("counter")
    moved = probabilities(learned(), texts)[:, column] - probabilities(shipped(), texts)[:, column]
    assert np.abs(moved).mean() < 0.01


def test_what_agrees_changes_nothing_at_all() -> None:
    agreeing = msgspec.structs.replace(otherwise(QUOTING), counter=not otherwise(QUOTING).counter)
    assert learning.contradicted(shipped(), [agreeing]) == ()
    assert learning.learn(shipped(), [agreeing], rehearsal()) is shipped()


def test_the_same_corrections_give_the_same_bytes_and_a_name_of_their_own(tmp_path: Path) -> None:
    again = learning.learn(shipped(), [otherwise(QUOTING)], rehearsal())
    paths = [tmp_path / "one.npz", tmp_path / "two.npz"]
    for path, model in zip(paths, (learned(), again), strict=True):
        ngram.write(model, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert again.name == learned().name
    assert again.name.startswith(f"{shipped().name}+")
    assert ngram.read(paths[0]).name == again.name


def test_a_model_that_says_the_contrary_has_fallen_and_the_heads_are_named() -> None:
    column = HEADS.index("help")
    scale = shipped().scale.copy()
    scale[0] = -scale[0]
    bias = shipped().bias.copy()
    bias[column] -= 20
    worse = msgspec.structs.replace(shipped(), scale=scale, bias=bias)
    found = learning.compare(shipped(), worse, evaluation.own_held_out()[:200])
    assert "sentiment" in {one.head for one in found.fallen}
    assert all(one.after < one.before for one in found.heads if one.fell)


def test_a_model_has_not_fallen_behind_itself() -> None:
    found = learning.compare(shipped(), shipped(), evaluation.own_held_out()[:100])
    assert found.fallen == ()
    assert found.posts == 100


def test_the_posts_that_were_corrected_do_not_judge_the_model() -> None:
    posts = evaluation.own_held_out()[:20]
    seen = np.array([labelled.digest(posts[0].text)], dtype=np.uint64)
    model = msgspec.structs.replace(shipped(), trained=np.union1d(shipped().trained, seen))
    assert learning.compare(shipped(), model, posts).posts == 19


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    home = tmp_path / "home"
    done(home, "init")
    with House.at(Home(home)) as house:
        yield house


def correct(house: House, *posts: LabelledPost) -> None:
    with house.database.writing() as connection:
        units.seed(connection)
        known = [person for person in people.listing(connection) if person.name == "值班员甲"]
        identity = known[0].officer.id if known else people.add(
            connection, name="值班员甲", unit="430000", roles=("officer",), password="long-enough-word", one_time=False, by="test",
            now=house.clock.now(),
        )  # fmt: skip
        officer = Officer(id=identity, name="值班员甲", unit="430000", roles=("officer",))
        for one in posts:
            post = make_post(one.text)
            house.index.put([Document(post=post, score=make_score(one.sentiment))])
            labels = Labels(
                sentiment=one.sentiment, topics=one.topics, help=one.help, attack=one.attack, counter=one.counter,
                danger=one.danger,
            )  # fmt: skip
            correcting.correct(connection, officer, post.id, labels, scorer="built", now=house.clock.now())


def test_a_home_learns_within_a_minute_uses_what_it_learned_and_goes_back(house: House) -> None:
    folder = house.home.folder
    correct(house, otherwise(QUOTING))
    started_s = time.process_time()
    found = answered(folder, "learn")
    assert time.process_time() - started_s < 60
    assert found["seconds"] < 60
    assert found["taken"] is True
    assert found["corrections"] == 1
    assert found["changed"] == ["counter"]
    assert found["fallen"] == []
    (file,) = house.home.models.iterdir()
    with House.at(house.home) as after:
        assert after.scorer.name == found["model"] == ngram.read(file).name
        (score,) = after.score([make_post(QUOTING)])
        assert score.scorer == found["model"]
        assert score.may_support is otherwise(QUOTING).counter
    assert answered(folder, "learn", "--rollback") == {"in_use": shipped().name}
    with House.at(house.home) as after:
        assert after.scorer.name == shipped().name
    assert "没有更早的可退" in refused(folder, "learn", "--rollback")[1]
    with house.database.reading() as connection:
        assert [row.act for row in audit.listing(connection)][:2] == ["roll back model", "take model"]


def test_the_way_back_leads_through_every_model_that_was_taken(house: House) -> None:
    correct(house, otherwise(QUOTING))
    first = home_learning.learn(house).model
    other = "她们的难处你们谁看见了，别再怪受害者穿什么了"
    correct(house, otherwise(other))
    with House.at(house.home) as again:
        second = home_learning.learn(again).model
    assert first != second
    with House.at(house.home) as again:
        assert home_learning.roll_back(again) == first
    with House.at(house.home) as again:
        assert again.scorer.name == first
        assert home_learning.roll_back(again) == shipped().name
        with pytest.raises(Conflict):
            home_learning.roll_back(again)


def test_a_model_is_not_taken_where_a_head_fell(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    correct(house, otherwise(QUOTING))
    fallen = learning.Held("help", "求助", 0.9, 0.7, fell=True)
    monkeypatch.setattr(learning, "compare", lambda *_: learning.Comparison(posts=9, heads=(fallen,), calibration=()))
    found = home_learning.learn(house)
    assert found.taken is False
    assert found.fallen == (fallen,)
    assert "求助 0.900→0.700 变差" in home_learning.sentence(found)
    assert not house.home.models.exists()
    assert house.model_file == ngram.MODEL


def test_learning_the_same_twice_takes_nothing_the_second_time(house: House) -> None:
    correct(house, otherwise(QUOTING))
    assert home_learning.learn(house).taken
    with House.at(house.home) as again:
        found = home_learning.learn(again)
    assert not found.taken
    assert "判断一致" in home_learning.sentence(found)


def test_nothing_to_learn_from_is_said_with_the_remedy(house: House) -> None:
    assert "改正" in refused(house.home.folder, "learn")[1]
    correct(house, otherwise(QUOTING))
    house.index.forget([make_post(QUOTING).id], [], [])
    with pytest.raises(Rejected, match="改正"):
        home_learning.learn(house)


def test_a_machine_without_the_file_refuses_in_one_sentence(house: House) -> None:
    correct(house, otherwise(QUOTING))
    home_learning.learn(house)
    (file,) = house.home.models.iterdir()
    data = file.read_bytes()
    file.unlink()
    with House.at(house.home) as other, pytest.raises(NotConfigured, match=r"没有 .*npz.*--rollback"):
        _ = other.scorer
    assert "没有" in refused(house.home.folder, "drain")[1]
    ngram.write(shipped(), file)
    with House.at(house.home) as other, pytest.raises(NotConfigured, match="与登记的不符"):
        _ = other.scorer
    file.write_bytes(data)
    with House.at(house.home) as other:
        assert "+" in other.scorer.name


def test_after_an_upgrade_the_programs_own_model_stands(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    correct(house, otherwise(QUOTING))
    home_learning.learn(house)
    newer = house.home.folder / "newer.npz"
    ngram.write(msgspec.structs.replace(shipped(), name="ngram-newer"), newer)
    monkeypatch.setattr(ngram, "MODEL", newer)
    with House.at(house.home) as upgraded:
        assert upgraded.scorer.name == "ngram-newer"


def test_the_baseline_cannot_learn(house: House) -> None:
    house.home.settings_file.write_text('[pipeline]\nscorer = "snownlp"\n', "utf-8")
    assert "不能学" in refused(house.home.folder, "learn")[1]
