"""Ten thousand posts full of personal data come in through every adapter: not a byte of it is anywhere in the home."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import pytest
import yaml

from contracts.events import POSTS_FETCHED, PostFetched
from contracts.ports.log import read_all
from crawlers.push import SIGNATURE, TIMESTAMP, sign
from qingting.demonstrating import free_port
from qingting.home import Home
from qingting.wiring import House
from response import people
from tests.byte_scan import Pieces
from tests.planted import FORMS, KINDS, Planted, digits_of, planted
from tests.planted_sources import COLUMNS, FILES, Seeded, pushed, routes, sources
from tests.program import call, done
from tests.site.serving import serving

POSTS: Final = 10_000
KINDS_LEAST: Final = 20
SHARES: Final = {
    "feed": 300, "forum": 300, "list": 50, "sitemap": 50, "json": 400, "hotlist": 100, "push": 1000, "zhibao": 50,
    "c": 1000, "d": 50, "a": 3350, "b": 3350,
}  # fmt: skip
"""How many of the posts come from which source: six that are crawled, a push, the desk's form, and four files."""
DEADLINE_S: Final = 120.0
OFFICERS: Final = {"值班员甲": "430000", "值班员乙": "430300"}
PASSWORD: Final = "long-enough-word"
SECRET: Final = b"a secret of this test, long enough."
CONTEXT: Final = 3
"""A short number alone may stand anywhere by chance; with so many characters before it, it may not."""
TALK: Final = (
    "今天的事让人难受。", "村里有人议论。", "大家帮忙看看，", "社区开了会，", "听说要发补贴，", "厂里又裁人了，",
)  # fmt: skip


def seeded(count: int, now: datetime) -> Iterator[Seeded]:
    rng = random.Random(20261125)
    for number in range(count):
        kind, other = KINDS[number % len(KINDS)], rng.choice(KINDS)
        first, second = (
            planted(rng, one, rng.choice(tuple(FORMS)) if one.is_number else "plain") for one in (kind, other)
        )
        title = planted(rng, rng.choice(KINDS), "plain") if number % 3 == 0 else None
        author, account = f"夜行的栗子{number:05d}", f"7{rng.randint(10**8, 10**9 - 1)}"
        age = timedelta(minutes=number % 60) if number % 50 == 0 else timedelta(days=3 + number % 20)
        yield Seeded(
            number, (kind.name, other.name), author, account,
            title.sentence.strip() if title else f"日常{number}",
            f"{rng.choice(TALK)}{first.sentence}{rng.choice(TALK)}{second.sentence}", now - age,
            (author, account, *_pieces(first), *_pieces(second), *(_pieces(title) if title else ())),
        )  # fmt: skip


def _pieces(one: Planted) -> Iterator[str]:
    at = one.sentence.index(one.raw)
    yield one.sentence[max(0, at - CONTEXT) : at + len(one.raw)] if len(one.raw) < 11 else one.raw
    if one.form != "plain" and len(digits := digits_of(one.raw)) >= 11:
        yield digits


def shared_out(posts: Sequence[Seeded]) -> dict[str, Sequence[Seeded]]:
    shown: dict[str, Sequence[Seeded]] = {}
    start = 0
    for name, share in SHARES.items():
        shown[name] = posts[start : start + share]
        start += share
    return shown


class Said:
    """What the program said on all its channels; it may say nothing personal either."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.words: list[str] = []

    def of(self, *arguments: str) -> str:
        """Call and keep what was said; what fails is told by the caller's own check of the answer."""
        answer = call(self.home, *arguments)
        self.words += [answer.stdout.decode(), answer.stderr.decode()]
        return answer.stdout.decode()


@contextmanager
def running(home: Path, port: int, log: Path) -> Iterator[str]:
    """Run the crawler and the desk; yield the desk's address."""
    with log.open("wb") as heard:
        roles = subprocess.Popen(
            [sys.executable, "-m", "qingting", "--home", str(home), "run", "crawl", "desk"], stdout=heard, stderr=heard
        )
        try:
            address = f"http://127.0.0.1:{port}"
            until(lambda: roles.poll() is not None or _listens(address), log.read_text)
            yield address
        finally:
            roles.terminate()
            roles.wait(30)


def until(holds: Callable[[], bool], what: Callable[[], str]) -> None:
    end_s = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end_s, what()
        time.sleep(0.1)


def taken_in(house: House) -> dict[str, int]:
    """Return how many posts of each source passed the edge."""
    events = (record.event for record in read_all(house.log, [POSTS_FETCHED], {}))
    return Counter(
        source for _, source in {(one.post.id, one.post.source) for one in events if isinstance(one, PostFetched)}
    )


def _listens(address: str) -> bool:
    try:
        return httpx.get(f"{address}/sign-in", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def signed_in(address: str, name: str) -> Iterator[tuple[httpx.Client, str]]:
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
        client.get("/sign-in")
        token = client.get("/sign-in").text.split('name="csrf" value="')[1].split('"')[0]
        assert client.post("/sign-in", data={"name": name, "password": PASSWORD, "csrf": token}).status_code == 303
        yield client, client.get("/inbox", headers={"accept": "application/json"}).json()["csrf"]


def push_all(address: str, posts: Sequence[Seeded]) -> None:
    for start in range(0, len(posts), 100):
        body, stamp = pushed(posts[start : start + 100]), str(int(time.time()))
        headers = {TIMESTAMP: stamp, SIGNATURE: sign(SECRET, stamp, body), "content-type": "application/json"}
        answer = httpx.post(f"{address}/push/push", content=body, headers=headers, trust_env=False, timeout=30)
        assert answer.status_code == 200, answer.text
    body = pushed(posts[:1]).replace(b'"id"', b'"wrong"')
    stamp = str(int(time.time()))
    headers = {TIMESTAMP: stamp, SIGNATURE: sign(SECRET, stamp, body)}
    refused = httpx.post(f"{address}/push/push", content=body, headers=headers, trust_env=False)
    assert refused.status_code == 422


def report_all(address: str, posts: Sequence[Seeded]) -> None:
    """Enter links and spoken reports at the province's desk, 直报 at a city's."""
    for place, name in enumerate(OFFICERS):
        with signed_in(address, name) as (client, token):
            for post in posts[place :: len(OFFICERS)]:
                form = {"csrf": token, "once": f"{post.number:016x}", "text": post.text, "title": post.title}
                if not post.address.startswith("https://weibo.com/u/"):
                    form["url"] = post.address
                answer = client.post("/direct-report", data=form, headers={"accept": "application/json"})
                assert answer.status_code == 200, answer.text
            refused = client.post(
                "/direct-report", data={"csrf": token, "once": "f" * 16, "text": posts[0].text, "url": "https://weibo.com/u/1234567"},
                headers={"accept": "application/json"},
            )  # fmt: skip
            assert "主页" in refused.json()["error"]


def handed_out(address: str, folder: Path) -> int:
    """Keep what the desk shows and hands out; return the lines of its table."""
    folder.mkdir()
    with signed_in(address, "值班员甲") as (client, token):
        week = client.get("/reports").text.split("<option>")[1].split("<")[0]
        built = client.post("/reports", data={"csrf": token, "week": week}, headers={"accept": "application/json"})
        report = built.json()["location"].partition("?")[0]
        post = client.get("/search").text.split('href="/posts/')[1].split('"')[0]
        paths = [
            "/inbox", "/search", "/search.csv?q=13812345678", "/search.csv", f"/posts/{post}", "/sources", "/sources/list", "/situation",
            "/help", report, f"{report}/file/html", f"{report}/file/docx",
        ]  # fmt: skip
        for number, path in enumerate(paths):
            answer = client.get(path)
            assert answer.status_code == 200, path
            (folder / str(number)).write_bytes(answer.content)
        return (folder / str(paths.index("/search.csv"))).read_bytes().count(b"\r\n")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nothing_personal_passes_the_edge_through_any_adapter(tmp_path: Path) -> None:
    posts = list(seeded(POSTS, datetime.now(UTC).replace(microsecond=0)))
    shown = shared_out(posts)
    assert sum(SHARES.values()) == POSTS
    for name, part in shown.items():
        assert len({kind for post in part for kind in post.kinds}) >= KINDS_LEAST, name
    home, given, port = tmp_path / "home", tmp_path / "given", free_port()
    given.mkdir()
    said = Said(home)
    said.of("init")
    (home / "qingting.toml").write_text(f"[desk]\nport = {port}\n")
    (home / "secrets" / "push-push.key").write_bytes(SECRET)
    with serving() as site, House.at(Home(home)) as house, ExitStack() as stack:
        with house.database.writing() as connection:
            for name, unit in OFFICERS.items():
                people.add(
                    connection, name=name, unit=unit, roles=("officer", "lead", "writer"), password=PASSWORD, one_time=False,
                    by="test", now=house.clock.now(),
                )  # fmt: skip
        site.routes |= routes(shown, site.url)
        (home / "sources.yaml").write_text(yaml.safe_dump(sources(site.url), allow_unicode=True), "utf-8")
        address = stack.enter_context(running(home, port, home / "roles.log"))
        push_all(address, shown["push"])
        report_all(address, shown["zhibao"])
        for name, write in FILES.items():
            write(given / name, shown[name[0]])
            columns = () if "warc" in name else tuple(f"--map={field}={column}" for field, column in COLUMNS.items())
            told = json.loads(said.of("import", str(given / name), "--source", name[0], *columns, "--json"))
            assert told["rejected"] == (name != "c.xlsx"), (name, told)
        until(lambda: taken_in(house) == SHARES, lambda: str((taken_in(house), house.crawl_state.health())))
        drained = json.loads(said.of("drain", "--json"))
        assert drained["indexed"] + drained["rejected"] >= POSTS
        said.of("sources", "check", "--live", "--json")
        said.of("search", "", "--limit", "10000", "--json")
        said.of("forget", "--name", posts[0].author, "--json")
        assert handed_out(address, home / "exports") > POSTS / 2
    done(home, "backup", str(home / "backup.tar"))

    pieces = Pieces(piece for post in posts for piece in post.pieces)
    seen = pieces.within((given / "a.csv").read_bytes())
    assert {post.author for post in shown["a"]} <= seen, "the scan finds what is there"
    assert {post.account for post in shown["c"]} <= {found.piece for found in pieces.in_files(given)}
    control = home / "control"
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
        control.write_bytes(b"\0\1\2" + posts[7].author.encode(encoding) + b"\3")
        assert posts[7].author in pieces.within(control.read_bytes())
    control.unlink()
    left = pieces.in_files(home)  # databases, WAL, reports, settings, keys, exports and the back-up of it all
    assert not left, (len(left), left[:10])
    assert not (told := [(piece, words[:300]) for words in said.words for piece in pieces.within(words.encode())]), told
