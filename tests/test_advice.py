"""意见建议: listed until an answer is out, whoever gave it; corrected by officers; never a plea, never an attack."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from contracts.errors import Conflict, Rejected
from contracts.identity import task_id
from response import advice, answering, audit, correcting, forgetting, judging, people
from response.access import Denied
from response.correcting import Labels
from tests.desk_world import World as DeskWorld
from tests.desk_world import make_world, served
from tests.response_world import CHEAP, World, later

PLACE = "https://hotline.example/answers/7"


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(people, "_hasher", lambda: CHEAP)
    world = World(tmp_path)
    yield world
    world.close()


def test_a_recorded_answer_stands_for_its_posts_once_and_is_audited(room: World) -> None:
    officer = room.officers["officer"]
    room.do(lambda c: advice.record(c, officer, ["a", "b", "a"], place=f" {PLACE} ", now=later()))
    found = room.do(lambda c: advice.answers(c, ["a", "b", "c"]))
    assert found == dict.fromkeys("ab", advice.Answer(place=PLACE, at=later(), by=officer.id))
    assert found["a"].is_link
    rows = room.do(lambda c: audit.listing(c, subject="a"))
    assert [(row.act, row.detail) for row in rows] == [("answer advice", PLACE)]
    with pytest.raises(Conflict, match="已经答复"):
        room.do(lambda c: advice.record(c, officer, ["c", "a"], place=PLACE, now=later()))
    assert "c" not in room.do(lambda c: advice.answers(c, ["c"]))


@pytest.mark.parametrize(
    ("posts", "place", "fault"),
    [
        ([], PLACE, "勾选"),
        (["a"], "  ", "答复在哪里"),
        (["a"], "长" * 301, "最多 300 字"),
        (["a"], "已电话答复 13812345678", "个人信息"),
    ],
)
def test_an_answer_needs_posts_and_a_place_without_personal_data(
    room: World, posts: list[str], place: str, fault: str
) -> None:
    with pytest.raises(Rejected, match=fault):
        room.do(lambda c: advice.record(c, room.officers["officer"], posts, place=place, now=later()))


@pytest.mark.parametrize("role", ["reviewer", "writer", "hotline", "admin", "auditor"])
def test_others_do_not_record_answers(room: World, role: str) -> None:
    with pytest.raises(Denied):
        room.do(lambda c: advice.record(c, room.officers[role], ["a"], place=PLACE, now=later()))


def test_a_published_task_answers_its_posts_and_a_running_one_is_under_way(room: World) -> None:
    officers = room.officers
    alert = room.alert(posts=("p1", "p2"))
    task = task_id(alert, "response")
    room.do(
        lambda c: judging.decide(
            c, officers["officer"], task_id(alert, "judgement"), outcome="respond", reason="说的是我们的工作", level="yellow",
            now=later(minutes=5),
        )
    )  # fmt: skip
    assert room.do(advice.under_way) == {"p1": task, "p2": task}
    assert room.do(lambda c: advice.answers(c, ["p1", "p2"])) == {}
    writer, text = officers["commentator"], "用人单位不得因女职工怀孕予以辞退，遇到这种情况可以拨打 12333 投诉。"
    room.do(lambda c: answering.claim(c, writer, task, now=later(minutes=6)))
    room.do(
        lambda c: answering.write_draft(
            c, writer, task, text=text, facts=(room.fact,), account=room.account, now=later(minutes=7)
        )
    )
    room.do(lambda c: answering.submit(c, writer, task, now=later(minutes=8)))
    room.do(lambda c: answering.review(c, officers["reviewer"], task, verdict="approve", now=later(minutes=9)))
    assert room.do(lambda c: advice.answers(c, ["p1"])) == {}, "approved is not yet out"
    room.do(
        lambda c: answering.publish(c, writer, task, url=PLACE, published_at=later(minutes=10), now=later(minutes=10))
    )
    found = room.do(lambda c: advice.answers(c, ["p1", "p2", "p3"]))
    assert found == dict.fromkeys(
        ("p1", "p2"), advice.Answer(place=PLACE, at=later(minutes=10), by=writer.id, task=task)
    )
    assert room.do(advice.under_way) == {}


def test_corrections_take_off_the_list_and_put_on_it(room: World) -> None:
    given = {
        "praise": Labels(sentiment=1, target="federation"),
        "other": Labels(sentiment=-1, target="institution"),
        "plea": Labels(sentiment=-1, target="federation", help=True),
        "attack": Labels(sentiment=-1, target="federation", attack=True),
        "missed": Labels(sentiment=-1, target="federation"),
    }
    with room.database.writing() as c:
        for post, labels in given.items():
            correcting.correct(c, room.officers["officer"], post, labels, scorer="built", now=later())
    found = room.do(advice.corrected)
    assert found == advice.Corrected(away=frozenset({"praise", "other", "plea", "attack"}), added=frozenset({"missed"}))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[DeskWorld]:
    world = make_world(tmp_path)
    with served(world):
        yield world
    world.close()


def said(world: DeskWorld, text: str, *, region: str = "430100", minutes_ago: float = 5, **fields: object) -> str:
    document = world.post(text, region=region, minutes_ago=minutes_ago)
    score = msgspec.structs.replace(document.score, **({"target": "federation"} | fields))
    world.index.put([msgspec.structs.replace(document, score=score)])
    return document.post.id


def owed(world: DeskWorld, who: str = "officer", query: str = "") -> list[str]:
    return [row["post"] for row in world.client(who).json(f"/advice{query}")["advice"]]


def test_advice_is_owed_from_the_longest_waiting_on_until_an_answer_is_recorded(world: DeskWorld) -> None:
    newer = said(world, "妇联的热线打了三次没人接", minutes_ago=20)
    older = said(world, "妇联只会发传单，来了也不管", minutes_ago=90)
    said(world, "妇联上门回访，谢谢", sentiment=1)
    said(world, "这家单位踢皮球", target="institution")
    said(world, "那些女的就该闭嘴，妇联也是", attack=0.9)
    said(world, "妇联在吗，他又打我了", lane="critical")
    client = world.client("officer")
    assert owed(world) == [older, newer]
    page = client.get("/advice").text
    assert "2</span> 条待答复" in page
    assert "他又打我" not in page
    assert "已等 1 小时 30 分" in page
    assert "意见建议 2 条待答复" in client.get("/inbox").text
    assert "已等 20 分" in client.get(f"/posts/{newer}").text
    where = client.done("/advice/answer", post=[older, newer], place="省妇联信箱回复")
    assert "已记为已答复" in client.get(where).text
    assert owed(world) == []
    assert owed(world, query="?show=all") == [newer, older]
    assert "条待答复" not in client.get("/inbox").text
    card = client.get(f"/posts/{older}").text
    assert "意见建议，已答复" in card
    assert "省妇联信箱回复" in card
    answer = client.act("/advice/answer", post=older, place="再答一次")
    assert answer.status_code == 409
    assert "已经答复" in answer.json()["error"]


def test_an_officers_correction_settles_what_is_owed(world: DeskWorld) -> None:
    wrong, missed = said(world, "妇联活动通知写得不清楚"), said(world, "娘家人就这样当的", target="")
    client = world.client("officer")
    assert wrong in owed(world)
    assert missed not in owed(world)
    client.done(f"/posts/{wrong}/correct", sentiment="0", target="")
    client.done(f"/posts/{missed}/correct", sentiment="-1", target="federation")
    assert wrong not in owed(world)
    assert missed in owed(world)
    assert "意见建议，待答复" in client.get(f"/posts/{missed}").text
    assert "待答复" not in client.get(f"/posts/{wrong}").text


def test_a_city_sees_its_own_and_may_look_further(world: DeskWorld) -> None:
    here, there = said(world, "湘潭妇联没下文", region="430300"), said(world, "长沙妇联没下文")
    assert here in owed(world, "county")
    assert there not in owed(world, "county")
    assert there in owed(world, "county", "?area=all")


def test_those_who_do_not_answer_see_no_form_and_the_search_filters(world: DeskWorld) -> None:
    post = said(world, "妇联答非所问，失望")
    page = world.client("reviewer").get("/advice").text
    assert post in page
    assert "记为已答复" not in page
    assert "条待答复" not in world.client("reviewer").get("/inbox").text
    client = world.client("officer")
    world.post("答非所问的电影，失望")
    found = client.get("/search?q=答非所问&advice=1").text
    assert found.count('class="post"') == 1
    assert post in found
    rows = client.get("/search.csv?q=答非所问&advice=1").text.splitlines()
    assert len(rows) == 2
    assert rows[1].endswith(",妇联")


def test_what_is_forgotten_is_owed_nothing_and_leaves_no_note(world: DeskWorld) -> None:
    from backends.database.forget_list import DatabaseForgetList

    post = said(world, "妇联把我的信弄丢了")
    world.client("officer").done("/advice/answer", post=post, place=PLACE)
    forgetting.forget(
        world.database, world.index, DatabaseForgetList(world.database, world.clock), posts=[post], by="test",
        now=world.clock.now(),
    )  # fmt: skip
    with world.database.reading() as connection:
        assert advice.answers(connection, [post]) == {}
    assert post not in owed(world, query="?show=all")
