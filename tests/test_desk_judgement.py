"""What an officer sees of a judgement, and what a correction of it leaves behind."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from contracts.document import Document
from contracts.errors import NotConfigured, Rejected
from contracts.explanation import Explanation, HeadReason, Span
from contracts.score import Score
from contracts.testing.builders import make_post, make_score
from desk.judged import judged
from pipeline.scorers.ngram import HEADS
from response import access, audit, correcting
from response.correcting import Labels
from tests.desk_world import World, make_world, served

ATTACK, SUPPORT, ADVICE = "疑似攻击", "可能为声援", "意见建议"


def reasons(**spans: tuple[Span, ...]) -> Explanation:
    return Explanation("built 1", tuple(HeadReason(head, 0.7, spans.get(head, ())) for head in HEADS))


def explain(text: str) -> Explanation:
    """Say that the first two characters and the last two weighed most for everything."""
    ends = (Span(0, 2, 1.5), Span(max(2, len(text) - 2), len(text), 0.8))
    return reasons(**dict.fromkeys(HEADS, ends))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = make_world(tmp_path_factory.mktemp("desk"))
    world.desk = replace(world.desk, explain=explain)
    with served(world):
        yield world
    world.close()


def put(world: World, text: str, **fields: object) -> str:
    document = world.post(text)
    score = msgspec.structs.replace(document.score, **fields)
    world.index.put([msgspec.structs.replace(document, score=score)])
    return document.post.id


def card(world: World, post: str, who: str = "officer") -> str:
    return world.client(who).get(f"/posts/{post}").text


def test_the_card_says_what_how_sure_and_why_with_the_words_marked(world: World) -> None:
    page = card(world, put(world, "家暴不是家务事，太可怕"))
    assert "模型判断" in page
    assert "把握 0.80" in page
    assert "依据" in page
    assert "<mark>家暴</mark>不是家务事，太<mark>可怕</mark>" in page
    assert "改正" in page
    assert page.index("详情") < page.index("<dt>模型</dt><dd>test</dd>")


def test_what_the_model_is_unsure_of_says_so(world: World) -> None:
    page = card(world, put(world, "看看再说吧", certain=False, sentiment=0))
    assert "拿不准（最可能中性）" in page


def test_a_topic_below_an_even_chance_is_named_as_unsure() -> None:
    unsure = Explanation("built 1", tuple(HeadReason(head, 0.2) for head in HEADS))
    score = make_score(-1, topics=("health", "a_topic_of_older_days"))
    words = [line.word for line in judged(make_post("好"), score, unsure).lines]
    assert words == ["负面", "女性健康（拿不准）", "a_topic_of_older_days"]


def test_a_supporter_is_shown_as_such_and_never_as_an_attacker(world: World) -> None:
    post = put(world, "说女司机是杀手的人先看看统计", attack=0.97, counter=0.8)
    client = world.client("officer")
    for page in (
        card(world, post),
        client.get("/search?q=女司机是杀手").text,
        client.get("/search.csv?q=女司机是杀手").text,
    ):
        assert SUPPORT in page
        assert ATTACK not in page


def test_an_attack_is_named_on_the_text_and_exported_by_nothing(world: World) -> None:
    post = put(world, "这些娘们就该闭嘴", attack=0.97)
    assert f"{ATTACK}（指这段文字，不指人）" in card(world, post)
    answer = world.client("officer").get("/search.csv?q=娘们就该闭嘴").text
    assert "娘们就该闭嘴" in answer
    assert "攻击" not in answer


def test_no_address_lists_attacks(world: World) -> None:
    put(world, "这些娘们都该闭嘴", attack=0.97)
    client = world.client("officer")
    plain, asked = (client.get(f"/search?q=娘们都该闭嘴{more}").text for more in ("", "&attack=1&mark=attack"))
    other = client.get("/search?q=家暴&attack=1").text
    assert plain.count('class="post"') == asked.count('class="post"') == 1
    assert "疑似攻击</option>" not in other
    assert ATTACK not in plain, "named on the post's own page alone: a list of attackers grows from any list"


def test_criticism_of_the_federation_is_advice_owed_an_answer(world: World) -> None:
    page = card(world, put(world, "妇联只会发传单", target="federation"))
    assert f"{ADVICE}：说的是妇联的工作，应当答复" in page
    assert "敏感" not in page


def test_a_correction_is_kept_by_id_audited_and_shown(world: World) -> None:
    post = put(world, "这部片子讲透了她们的难处", attack=0.9)
    client = world.client("officer")
    where = client.done(
        f"/posts/{post}/correct", sentiment="1", topics="development,gender_discourse", counter="1", target=""
    )
    page = client.get(where).text
    assert "改正已记录" in page
    assert "值班员甲" in page
    assert "声援女性" in page
    assert ATTACK not in page.split('id="judged"')[0]
    with world.database.reading() as connection:
        (found,) = correcting.of_post(connection, post)
        rows = audit.listing(connection, subject=post)
    assert found.labels == Labels(sentiment=1, topics=("development", "gender_discourse"), counter=True)
    assert (found.by, found.scorer) == (world.ids["officer"], "test")
    assert [row.act for row in rows] == ["correct"]


def test_the_last_correction_of_a_post_counts(world: World) -> None:
    post = put(world, "改了又改的一帖")
    client = world.client("officer")
    for sentiment in ("1", "0"):
        client.done(f"/posts/{post}/correct", sentiment=sentiment, target="")
    with world.database.reading() as connection:
        assert len(correcting.of_post(connection, post)) == 2
        counting = [one for one in correcting.latest(connection) if one.post == post]
    assert [one.labels.sentiment for one in counting] == [0]


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"sentiment": "2"}, "情感"),
        ({}, "情感"),
        ({"sentiment": "0", "topics": "weather"}, "weather"),
        ({"sentiment": "0", "topics": "health,minors,employment,development"}, "最多选 3 个"),
        ({"sentiment": "0", "target": "somebody"}, "对象"),
        ({"sentiment": "-1", "danger": "1"}, "求助"),
    ],
)
def test_labels_that_cannot_be_are_refused_in_a_sentence(world: World, fields: dict[str, str], word: str) -> None:
    post = put(world, "一帖")
    answer = world.client("officer").act(f"/posts/{post}/correct", **fields)
    assert answer.status_code == 400
    assert word in answer.json()["error"]


@pytest.mark.parametrize("who", ["commentator", "reviewer", "writer"])
def test_who_may_not_correct_sees_no_form_and_finds_no_address(world: World, who: str) -> None:
    post = put(world, "只看的一帖")
    assert "记录改正" not in card(world, post, who)
    assert world.client(who).act(f"/posts/{post}/correct", sentiment="0").status_code == 404


def test_the_room_refuses_them_too(world: World) -> None:
    reader = access.Officer(id="x", name="x", unit="430000", roles=("writer",))
    with pytest.raises(access.Denied), world.database.writing() as connection:
        correcting.correct(connection, reader, "p", Labels(sentiment=0), scorer="", now=world.clock.now())


def test_a_plea_cannot_be_corrected_where_it_cannot_be_seen(world: World) -> None:
    plea = world.plea()
    assert world.client("lead").act(f"/posts/{plea.posts[0]}/correct", sentiment="0").status_code == 404


def test_a_plea_is_corrected_on_its_card_and_stands_until_a_person_closes_it(world: World) -> None:
    plea = world.plea()
    client = world.client("officer")
    (task,) = [one for one in client.json("/help")["help"] if one["post"] == plea.posts[0]]
    page = client.get(f"/help/{task['id']}").text
    assert 'name="help" value="1" checked' in page
    where = client.done(f"/help/{task['id']}/correct", sentiment="0", topics="safety_trafficking", target="")
    page = client.get(where).text
    assert "改正已记录" in page
    assert "改正为" in page
    with world.database.reading() as connection:
        (found,) = correcting.of_post(connection, plea.posts[0])
    assert found.labels == Labels(sentiment=0, topics=("safety_trafficking",))
    assert [one["state"] for one in client.json("/help")["help"] if one["id"] == task["id"]] == ["pending"]
    assert world.client("hotline").act(f"/help/{task['id']}/correct", sentiment="0").status_code == 404


def test_what_is_forgotten_leaves_no_correction(world: World) -> None:
    post = put(world, "要被遗忘的一帖")
    world.client("officer").done(f"/posts/{post}/correct", sentiment="0", target="")
    with world.database.writing() as connection:
        correcting.forget(connection, [post])
    with world.database.reading() as connection:
        assert correcting.of_post(connection, post) == ()


def test_a_post_is_shown_even_where_no_model_can_say_why(tmp_path: Path) -> None:
    def fail(_text: str) -> Explanation:
        raise NotConfigured("这台机器上没有模型。")

    world = make_world(tmp_path)
    world.desk = replace(world.desk, explain=fail)
    with served(world):
        page = card(world, put(world, "家暴不是家务事"))
    world.close()
    assert "把握 0.80" in page
    assert "家暴不是家务事" in page
    assert "依据" not in page.split('id="judged"')[1].split("<p")[0]


def test_spans_are_split_between_title_and_text_and_joined_where_they_touch() -> None:
    post = make_post("正文两句话", title="标题")
    found = judged(
        post, _score(), reasons(negative=(Span(0, 2, 1.0), Span(3, 5, 0.9), Span(5, 6, 0.8), Span(7, 8, -2.0)))
    )
    assert found.title_spans == ((0, 2),)
    assert found.text_spans == ((0, 3),)
    assert found.lines[0].reasons == ("标题", "正文", "两")


def _score() -> Score:
    return make_score(-1)


def test_broken_labels_are_refused_without_a_row(world: World) -> None:
    officer = access.Officer(id="x", name="x", unit="430000", roles=("officer",))
    with pytest.raises(Rejected), world.database.writing() as connection:
        correcting.correct(connection, officer, "nowhere", Labels(sentiment=7), scorer="", now=world.clock.now())
    with world.database.reading() as connection:
        assert correcting.of_post(connection, "nowhere") == ()


def test_documents_of_older_versions_have_no_target() -> None:
    older = msgspec.json.decode(b'{"sentiment":0,"sentiment_p":[0.1,0.8,0.1],"certain":true}', type=Score)
    assert older.target == ""
    assert Document(post=make_post(), score=older).score.is_advice is False
