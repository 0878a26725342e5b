"""A home learns from its officers, within a minute, on its own machine, and finds the way back."""

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from contracts.document import Document
from contracts.errors import Conflict, NotConfigured, Rejected
from contracts.testing.builders import make_post, make_score
from pipeline import learning
from pipeline.labelled import LabelledPost
from pipeline.scorers import ngram
from qingting import learning as home_learning
from qingting.home import Home
from qingting.wiring import House
from response import audit, correcting, people, units
from response.access import Officer
from response.correcting import Labels
from tests.program import answered, done, refused
from tests.test_learning import QUOTING, otherwise, shipped

pytestmark = pytest.mark.slow


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
    (file,) = house.home.models.glob("*.npz")
    card = msgspec.json.decode(file.with_suffix(".json").read_bytes())
    assert (card["name"], card["started_from"]) == (found["model"], shipped().name)
    assert (card["corrections"], card["changed"], card["held_out"]) == (1, ["counter"], found["held_out"])
    assert {one["head"] for one in card["heads"]} >= {"sentiment", "help", "counter"}
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
    (file,) = house.home.models.glob("*.npz")
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
