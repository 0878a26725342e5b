"""Signing in: what is kept, what is refused, where it leads."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from desk.pages import routes
from response import people
from response.tables import sessions
from tests.desk_world import EVERYBODY, PASSWORD, World, make_world, served


@pytest.fixture
def world(tmp_path: object) -> Iterator[World]:
    world = make_world(tmp_path)  # type: ignore[arg-type]
    with served(world):
        yield world
    world.close()


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    client = world.client()
    token = client._visitor_token()
    answer = client.http.post("/sign-in", data={"name": EVERYBODY["officer"][0], "password": PASSWORD, "csrf": token})
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("qingting_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_a_wrong_password_is_refused_without_saying_which_part_was_wrong(world: World) -> None:
    client = world.client()
    token = client._visitor_token()
    words = set()
    for name in (EVERYBODY["officer"][0], "没有这个人"):
        answer = client.http.post("/sign-in", data={"name": name, "password": "wrong-wrong", "csrf": token})
        assert answer.status_code == 401
        words.add(answer.text.split('class="error"')[1].split("</p>")[0])
    assert len(words) == 1


def test_guessing_is_slowed_down(world: World) -> None:
    client = world.client()
    token = client._visitor_token()
    for _ in range(8):
        answer = client.http.post(
            "/sign-in", data={"name": EVERYBODY["lead"][0], "password": "no-such-word", "csrf": token}
        )
    assert answer.status_code == 403
    assert "秒后再试" in answer.text


@pytest.mark.parametrize(
    "onward", ["//evil.example", "https://evil.example/x", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(world: World, onward: str) -> None:
    client = world.client()
    token = client._visitor_token()
    answer = client.http.post(
        "/sign-in", data={"name": EVERYBODY["officer"][0], "password": PASSWORD, "csrf": token, "next": onward}
    )
    assert answer.headers["location"] == "/inbox"


def test_whoever_came_for_a_page_gets_there(world: World) -> None:
    client = world.client()
    assert (
        client.get("/search?q=托育").headers["location"] == "/sign-in?next=/search%3Fq%3D%25E6%2589%2598%25E8%2582%25B2"
    )


def test_signing_out_ends_the_session_for_good(world: World) -> None:
    client = world.client("officer")
    cookie = client.http.cookies["qingting_session"]
    assert client.act("/sign-out").status_code == 200
    client.http.cookies.set("qingting_session", cookie)
    assert client.get("/inbox").status_code == 303


@pytest.mark.parametrize(("mode", "noted"), [("navigate", True), ("cors", False)])
def test_a_hand_keeps_a_session_awake_and_a_page_that_refreshes_itself_does_not(
    world: World, mode: str, noted: bool
) -> None:
    client = world.client("officer")
    long_ago = world.clock.now() - timedelta(minutes=30)
    with world.database.writing() as connection:
        connection.execute(update(sessions).values(seen_at=long_ago))
    client.http.get("/inbox", headers={"sec-fetch-mode": mode})
    with world.database.reading() as connection:
        assert (connection.execute(select(sessions.c.seen_at)).scalar_one() > long_ago) is noted


def test_a_changed_password_ends_every_other_session(world: World) -> None:
    here, elsewhere = world.client("officer"), world.client("officer")
    new = "another-long-word"
    assert here.act("/password", password="wrong", new=new, again=new).status_code == 400
    assert here.act("/password", password=PASSWORD, new=new, again="different").status_code == 400
    here.done("/password", password=PASSWORD, new=new, again=new)
    assert here.get("/inbox").status_code == 200
    assert elsewhere.get("/inbox").status_code == 303


def test_an_admin_adds_a_person_whose_one_time_password_is_shown_once(world: World) -> None:
    admin = world.client("admin")
    page = admin.act("/users", name="新来的", unit="430100", roles="commentator").text
    password = page.split("<code>")[1].split("</code>")[0]
    assert password not in admin.get("/users").text
    client = world.client()
    answer = client.http.post(
        "/sign-in", data={"name": "新来的", "password": password, "csrf": client._visitor_token()}
    )
    assert answer.headers["location"] == "/password"


def test_whoever_holds_a_one_time_password_gets_nothing_before_it_is_changed(world: World) -> None:
    once, own = "given-once-only", "chosen-by-myself"
    with world.database.writing() as connection:
        people.set_password(
            connection, world.ids["officer"], password=once, one_time=True, by="test", now=world.clock.now()
        )
    client = world.client()
    name = EVERYBODY["officer"][0]
    client.http.post("/sign-in", data={"name": name, "password": once, "csrf": client._visitor_token()})
    page = client.get("/password")
    assert page.status_code == 200
    assert 'href="/alerts"' not in page.text
    assert client.get("/static/desk.css").status_code == 200
    client.token = page.text.split('data-csrf="')[1].split('"')[0]
    json = {"accept": "application/json"}
    for route in routes():
        if route.path in {"/password", "/sign-in", "/sign-out"}:
            continue
        if route.posts:
            assert client.act(route.path).status_code == 403, route.path
            continue
        answer = client.get(route.path)
        assert (answer.status_code, answer.headers.get("location")) == (303, "/password"), route.path
        assert "/password" in client.http.get(route.path, headers=json).json()["error"], route.path
    assert client.http.get("/events", headers=json).status_code == 403
    assert client.get("/nowhere").headers["location"] == "/password"
    assert client.act("/password", password=once, new=once, again=once).status_code == 400
    client.done("/password", password=once, new=own, again=own)
    assert client.get("/inbox").status_code == 200
