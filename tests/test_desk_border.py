"""The border of the desk: headers, hosts, sizes, and every kind of bad input answered by a sentence."""

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.desk_world import World, make_world, served


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = make_world(tmp_path_factory.mktemp("desk"))
    with served(world):
        yield world
    world.close()


def test_every_answer_forbids_foreign_and_inline_content(world: World) -> None:
    client = world.client("officer")
    for path in ("/inbox", "/nowhere", "/static/desk.js", "/sign-in"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
    assert client.get("/inbox").headers["cache-control"] == "no-store"


def test_pages_hold_no_inline_script_or_style(world: World) -> None:
    client = world.client("officer")
    alert = world.opinion()
    for path in ("/inbox", "/alerts", f"/alerts/{alert.id}", "/situation", "/search", "/tasks", "/help", "/sources"):
        page = client.get(path).text
        assert " style=" not in page
        assert "<style" not in page
        assert "<script>" not in page
        assert " onclick" not in page
        assert "http://cdn" not in page


def test_a_foreign_host_name_is_refused(world: World) -> None:
    answer = httpx.get(world.address + "/sign-in", headers={"host": "evil.example"}, trust_env=False)
    assert answer.status_code == 400
    assert "不是值班台的地址" in answer.text


def test_hostile_text_is_shown_as_text(world: World) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }} 钓鱼网页"
    document = world.post(hostile, title="<b>标题</b>", source="<i>x</i>")
    client = world.client("officer")
    for path in ("/search?q=钓鱼", f"/posts/{document.post.id}", '/search?q="><script>alert(3)</script>'):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>标题" not in page
        assert "49 钓鱼" not in page


@pytest.mark.parametrize(
    "query",
    [
        "page=0", "page=x", "page=99999999999", "topic=nope", "region=999999", "sentiment=5", "since=yesterday",
        "since=2026-11-24&until=2026-11-23", "q=" + "长" * 301, "q=%22", "q=(((", "since=9999-99-99",
    ],
)  # fmt: skip
def test_a_bad_question_gets_a_sentence(world: World, query: str) -> None:
    answer = world.client("officer").get(f"/search?{query}")
    assert answer.status_code in {200, 400}
    if answer.status_code == 400:
        assert "。" in answer.text
    if not query.startswith(("q=%22", "q=(")):
        assert answer.status_code == 400


@pytest.mark.parametrize("raw", ["q=%ED%A0%80", "q=%FF%FE", "q=%00%01", "topic=%ED%A0%80", "done=%ED%A0%80"])
def test_broken_encodings_break_nothing(world: World, raw: str) -> None:
    assert world.client("officer").get(f"/search?{raw}").status_code in {200, 400}


def test_what_is_too_large_is_refused(world: World) -> None:
    client = world.client("officer")
    assert client.get("/search?q=" + "a" * 20_000).status_code == 414
    assert client.act("/shift", note="长" * 300_000).status_code == 413
    assert client.act("/shift", note="长" * 30_000).status_code == 400


def test_a_form_of_the_wrong_kind_is_refused(world: World) -> None:
    client = world.client("officer")
    answer = client.http.post("/shift", content=b'{"note": 1}', headers={"content-type": "application/json"})
    assert answer.status_code == 400
    answer = client.http.post(
        "/shift", content=b"--x\r\nbroken", headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 400


def test_an_unknown_thing_is_not_found_in_the_shape_asked_for(world: World) -> None:
    client = world.client("officer")
    assert client.get("/alerts/none").status_code == 404
    answer = client.http.get("/help/none", headers={"accept": "application/json"})
    assert answer.status_code == 404
    assert answer.json()["ok"] is False


def test_an_export_runs_no_formula(world: World) -> None:
    world.post("=HYPERLINK(1) 公式测试")
    lines = world.client("officer").get("/search.csv?q=公式测试").text.splitlines()
    assert "'=HYPERLINK(1) 公式测试" in lines[1]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["/search", "/search.csv", "/situation", "/alerts", "/tasks", "/help", "/reports", "/sign-in"]),
    st.dictionaries(
        st.sampled_from(["q", "page", "since", "until", "topic", "region", "sentiment", "source", "event", "hours", "show"]),
        st.text(max_size=20), max_size=5,
    ),
)  # fmt: skip
def test_no_query_makes_the_desk_fail(world: World, path: str, query: dict[str, str]) -> None:
    client = world.client()
    client.http.cookies.set("qingting_session", _session(world))
    cleaned = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
    assert client.http.get(path, params=cleaned).status_code < 500


def _session(world: World) -> str:
    if "session" not in world.ids:
        world.ids["session"] = world.client("officer").http.cookies["qingting_session"]
    return world.ids["session"]
