"""Who gets in: default deny on every address, and a plea that only officers and the hotline of its area can find."""

import re
from collections.abc import Iterator

import pytest

from desk.pages import routes
from desk.routes import Guarded
from response import audit, people
from response.access import Officer, may
from tests.desk_world import EVERYBODY, PLEA_WORDS, World, make_world, served, unmarked

PARTS = {"id": "0" * 32, "post": "0" * 32, "kind": "docx", "figure": "x"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = make_world(tmp_path_factory.mktemp("desk"))
    with served(world):
        world.ids["opinion"] = world.opinion().id
        plea = world.plea()
        world.ids |= {"plea": plea.id, "plea_post": plea.posts[0], "plea_task": world.help(plea)}
        world.announce()
        yield world
    world.close()


def _address(route: Guarded) -> str:
    return re.sub(r"{(\w+)}", lambda match: PARTS[match[1]], route.path)


def test_nobody_gets_anything_but_the_sign_in_form(world: World) -> None:
    client = world.client()
    for route in routes():
        if route.public:
            continue
        answer = client.act(_address(route)) if route.posts else client.get(_address(route))
        assert answer.status_code in {303, 401}, route.path
        assert answer.status_code == 401 or answer.headers["location"].startswith("/sign-in")
    assert client.get("/events").status_code == 401


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_role_gets_the_pages_of_its_acts_and_404_elsewhere(world: World, who: str) -> None:
    """The menu, the guards and the matrix say the same."""
    client = world.client(who)
    officer = _officer(world, who)
    menu = client.get("/inbox").text
    for route in routes():
        if route.public or route.posts or "{" in route.path:
            continue
        allowed = route.everyone or any(may(officer, act) for act in route.acts)
        answer = client.get(route.path)
        assert (answer.status_code != 404) == allowed, route.path
        assert answer.status_code < 500, route.path
        if route.path.count("/") == 1 and route.path not in {"/", "/more", "/password", "/search.csv"}:
            assert (f'href="{route.path}"' in menu) == allowed, route.path


@pytest.mark.parametrize("who", EVERYBODY)
def test_an_act_that_a_role_may_not_do_does_not_exist_for_it(world: World, who: str) -> None:
    client = world.client(who)
    officer = _officer(world, who)
    for route in routes():
        if route.posts and not route.public and not route.everyone and not any(may(officer, act) for act in route.acts):
            assert client.act(_address(route)).status_code == 404, route.path


@pytest.mark.parametrize("who", [key for key in EVERYBODY if key not in {"officer", "deputy", "hotline"}])
def test_a_plea_is_nowhere_for_those_it_does_not_concern(world: World, who: str) -> None:
    """Every page, search, export and address that this role can open, and all that these link to.

    Who may read the audit sees ids in it (that somebody opened something), never a word.
    """
    client = world.client(who)
    reads_audit = may(_officer(world, who), "verify_audit")
    ids = world.ids
    direct = [
        f"/help/{ids['plea_task']}", f"/help/post/{ids['plea_post']}", f"/posts/{ids['plea_post']}", f"/alerts/{ids['plea']}",
        f"/tasks/{ids['plea_task']}",
    ]  # fmt: skip
    for address in direct:
        assert client.get(address).status_code == 404, address
    searches = [
        "",
        "?q=打我",
        "?q=母女",
        "?region=430100",
        "?topic=domestic_violence",
        "?sentiment=-1",
        "?source=town-forum",
    ]
    queue = [route.path for route in routes() if not route.posts and not route.public and "{" not in route.path]
    queue += [f"/search{query}" for query in searches] + [f"/search.csv{query}" for query in searches]
    queue += ["/alerts?show=all", "/tasks?show=all", "/situation?hours=168"]
    seen: set[str] = set()
    while queue:
        address = queue.pop()
        if address in seen or len(seen) > 150:
            continue
        seen.add(address)
        for headers in ({}, {"accept": "application/json"}):
            text = unmarked(client.http.get(address, headers=headers).text)
            assert PLEA_WORDS not in text, address
            assert who == "county" or "不敢出门" not in text, address  # a county has pleas of its own
            assert reads_audit or not any(ids[key] in text for key in ("plea", "plea_post", "plea_task")), address
            queue += [link.replace("&amp;", "&") for link in re.findall(r'(?:href|hx-get)="(/[^"]*)"', text)]


def test_an_export_holds_no_plea_even_for_an_officer(world: World) -> None:
    answer = world.client("officer").get("/search.csv?q=打我")
    assert answer.status_code == 200
    assert PLEA_WORDS not in answer.text
    assert "妻子" in world.client("officer").get("/search.csv?q=妻子").text


def test_an_officer_is_led_to_the_card_and_each_opening_is_audited(world: World) -> None:
    client = world.client("officer")
    page = client.get("/search?q=打我").text
    assert PLEA_WORDS not in page
    card = client.get(f"/help/post/{world.ids['plea_post']}").headers["location"]
    before = _openings(world)
    assert PLEA_WORDS in unmarked(client.get(card).text)
    assert _openings(world) == before + 1


def test_a_county_sees_its_own_pleas_only(world: World) -> None:
    client = world.client("county")
    own = world.plea("urgent", region="430300", text="湘潭这边有人需要帮助")
    listed = client.json("/help")["help"]
    assert [task["id"] for task in listed] == [world.help(own)]


def test_a_form_of_another_session_does_nothing(world: World) -> None:
    client = world.client("officer")
    client.token = "0" * 32
    answer = client.act(f"/alerts/{world.ids['opinion']}/acknowledge")
    assert answer.status_code == 400
    assert "刷新" in answer.json()["error"]


def _officer(world: World, who: str) -> Officer:
    with world.database.reading() as connection:
        person = people.get(connection, world.ids[who])
    assert person
    return person.officer


def _openings(world: World) -> int:
    with world.database.reading() as connection:
        return sum(row.act == "open plea" for row in audit.listing(connection, subject=world.ids["plea_task"]))
