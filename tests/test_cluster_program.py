"""The whole program on the four real servers: stand-bys, several desks, the doctor, and faults that stop a start."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, text

import backends.database.doctor
from backends.database.tables import leases
from backends.elasticsearch.connection import connect
from backends.elasticsearch.mapping import VERSION
from contracts.errors import Retryable
from contracts.testing.clock import FakeClock
from qingting.demo import seed
from qingting.demonstrating import free_port
from qingting.home import Home
from qingting.visitor import Visitor
from qingting.wiring import House
from tests.cluster_home import Servers, home_of, working
from tests.program import answered, done, refused
from tests.test_cluster_jobs import Town

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(600)]
DEADLINE_S = 60.0
TAKE_OVER_S = 10.0
ALONE = ("index", "watch", "notify")
PLEA = "他又在打我，我和孩子被反锁在家里，求求你们救救我们，第 {} 次。"


def until(holds: Callable[[], object], what: str, deadline_s: float = DEADLINE_S) -> float:
    """Poll until it holds; return the seconds that took."""
    started_s = time.monotonic()
    while not holds():
        assert time.monotonic() - started_s < deadline_s, what
        time.sleep(0.05)
    return time.monotonic() - started_s


@contextlib.contextmanager
def roles(home: Home, *names: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "qingting", "--home", str(home.folder), "run", "--quiet", *names]
    child = subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.DEVNULL)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        child.wait(30)


def holders(house: House) -> dict[str, int]:
    """Return the process that holds each lease now."""
    with house.database.reading() as connection:
        rows = connection.execute(select(leases.c.name, leases.c.holder).where(leases.c.name.in_(ALONE))).all()
    return {name: int(holder.rpartition(":")[2]) for name, holder in rows}


def indexed(home: Home) -> int:
    return int(answered(home.folder, "status")["index"]["posts"])


def append(home: Home, folder: Path, first: int, count: int, words: str = "第 {} 条帖子，说的是菜市场搬迁的事") -> None:
    path = folder / f"posts-{first}.jsonl"
    path.write_text(
        "".join(json.dumps({"id": str(n), "text": words.format(n)}) + "\n" for n in range(first, first + count))
    )
    done(home.folder, "import", str(path), "--source", "s", "--map", "text=text", "--map", "id=id")


@pytest.fixture
def home(servers: Servers, tmp_path: Path) -> Iterator[Home]:
    with servers.names() as name:
        yield home_of(tmp_path, servers.settings(name, partitions=2) + "\n[desk]\nmetrics_token_file = 'metrics'\n")


def test_a_standby_takes_over_and_two_of_each_role_harm_nothing(home: Home, tmp_path: Path) -> None:
    with House.at(home) as house, working(home), roles(home, "score"), roles(home, "score"):
        with roles(home, *ALONE) as one, roles(home, *ALONE) as other:
            by_pid = {one.pid: one, other.pid: other}
            until(lambda: set(holders(house)) == set(ALONE), "every lease is held")
            append(home, tmp_path, 0, 300)
            until(lambda: indexed(home) == 300, "posts to be indexed")
            state = answered(home.folder, "status")["roles"]
            assert {state[role]["processes"] for role in ALONE} == {2}
            victim = by_pid.pop(holders(house)["index"])
            victim.kill()
            victim.wait()
            append(home, tmp_path, 300, 300)
            (survivor,) = by_pid
            assert until(lambda: set(holders(house).values()) == {survivor}, "to be taken over") <= TAKE_OVER_S
        until(lambda: set(holders(house)) == set(ALONE), "the rows stay")
        with roles(home, *ALONE):
            until(lambda: indexed(home) == 600, "all posts to be indexed")
            until(lambda: token(house) >= 3, "a higher token for each taking-over")


def token(house: House) -> int:
    with house.database.reading() as connection:
        found: int = connection.execute(select(leases.c.token).where(leases.c.name == "index")).scalar_one()
        return found


def test_two_desks_show_the_same_news_and_probes_say_how_it_goes(home: Home, tmp_path: Path) -> None:
    (home.secrets / "metrics").write_text("oeffne-dich")
    with House.at(home) as house:
        with house.database.writing() as connection:
            passwords = seed.seed(connection, house.clock.now())
        ports = [free_port(), free_port()]
        addresses = [f"http://127.0.0.1:{port}" for port in ports]
        with (
            working(home), roles(home, "score", *ALONE),
            roles(home, "desk", QINGTING__DESK__PORT=str(ports[0])),
            roles(home, "desk", QINGTING__DESK__PORT=str(ports[1])),
        ):  # fmt: skip
            until(lambda: all(answers(address, "/readyz") == 200 for address in addresses), "both desks to be ready")
            heard: list[set[str]] = [set(), set()]
            listening = [threading.Event(), threading.Event()]
            for address, opened, mine in zip(addresses, listening, heard, strict=True):
                visitor = Visitor(address, "样例值班员", passwords["样例值班员"])
                threading.Thread(target=listen, args=(visitor, opened, mine), daemon=True).start()
            assert all(opened.wait(DEADLINE_S) for opened in listening)  # a wire tells what happens while it is open
            append(home, tmp_path, 0, 1, PLEA)
            until(lambda: heard[0] and heard[1], "both desks to hear of the plea")
            assert heard[0] == heard[1]
            assert answers(addresses[1], "/healthz") == 200
            assert answers(addresses[1], "/metrics") == 401
            until(
                lambda: figures(addresses[1], "oeffne-dich").get("qingting_index_posts") == "1.0",
                "the post to be counted in the index",
            )
            found = figures(addresses[1], "oeffne-dich")
            assert found['qingting_role_processes{role="desk"}'] == "2.0"


def figures(address: str, secret: str) -> dict[str, str]:
    """Return what /metrics says, by name and labels."""
    page = httpx.get(f"{address}/metrics", headers={"Authorization": f"Bearer {secret}"}).text
    return dict(re.findall(r"^(qingting_\w+(?:\{[^}]*\})?) (\S+)$", page, re.MULTILINE))


def answers(address: str, path: str) -> int:
    try:
        return httpx.get(address + path, timeout=5).status_code
    except httpx.TransportError:
        return 0


def listen(visitor: Visitor, opened: threading.Event, heard: set[str]) -> None:
    with visitor.events() as stream:
        for line in stream.iter_lines():
            opened.set()
            if line.startswith("data: ") and '"id"' in line:
                heard.add(json.loads(line.removeprefix("data: "))["id"])
                break
    visitor.close()


def test_the_doctor_proves_every_server(home: Home) -> None:
    with working(home):
        said = done(home.folder, "doctor")
    for server, proof in (
        ("Kafka", "写入并读回"), ("任务队列", "交出并取回"), ("Elasticsearch", "写入、读回并删除"), ("PostgreSQL", "写入并读回一行"),
    ):  # fmt: skip
        assert re.search(f"{server}.*{proof}", said), said


def test_a_clock_that_differs_from_the_databases_is_said(home: Home) -> None:
    with House.at(home) as house:
        database = house.database
        with pytest.raises(Retryable, match="对时"):
            backends.database.doctor.examine(database, FakeClock())  # type: ignore[arg-type]


class _Stranger(BaseHTTPRequestHandler):
    """Something that speaks HTTP and JSON where Elasticsearch should: OpenSearch sends no product header."""

    def do_GET(self) -> None:
        body = b"{}"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Stranger)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def with_settings(home: Home, old: str, new: str) -> None:
    given = home.settings_file.read_text("utf-8")
    assert old in given
    home.settings_file.write_text(given.replace(old, new), "utf-8")


def test_the_doctor_tells_opensearch_and_a_server_that_is_away(home: Home, servers: Servers, stranger: str) -> None:
    with_settings(home, servers.elasticsearch.address, stranger)
    with_settings(home, servers.kafka.address, "127.0.0.1:1")
    code, said = refused_doctor(home)
    assert code == 1
    assert re.search("Elasticsearch.*OpenSearch", said)
    assert re.search("Kafka.*连不上", said)
    assert re.search("PostgreSQL.*写入并读回一行", said)  # the others are looked at all the same


def refused_doctor(home: Home) -> tuple[int, str]:
    command = [sys.executable, "-m", "qingting", "--home", str(home.folder), "doctor"]
    answer = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert b"Traceback" not in answer.stderr, answer.stderr.decode()
    return answer.returncode, answer.stdout.decode() + answer.stderr.decode()


def test_each_fault_at_start_stops_its_role_with_one_sentence_and_loses_nothing(
    home: Home, servers: Servers, tmp_path: Path
) -> None:
    append(home, tmp_path, 0, 50)
    good = home.settings_file.read_text("utf-8")
    broker = servers.rabbitmq.address
    for role, old, new, sentence in (
        ("score", servers.kafka.address, "127.0.0.1:1", "Kafka .*连不上"),
        ("score", "partitions = 2", "partitions = 4", "只有 2 个分区.*migrate"),
        ("score", broker, broker.replace("guest:guest", "guest:wrong"), "口令"),
        ("score", broker, broker.replace("127.0.0.1", "[::1]"), "连不上"),
        ("worker", broker, broker.replace("guest:guest", "guest:wrong"), "口令|不接受"),
        ("index", servers.elasticsearch.address, "http://127.0.0.1:1", "Elasticsearch .*连不上"),
        ("watch", "qingting@127.0.0.1", "nobody@127.0.0.1", "nobody"),
        ("notify", servers.postgresql.address.rpartition(":")[2].partition("/")[0], "1", "连不上"),
    ):
        with_settings(home, old, new)
        code, said = refused(home.folder, "run", role)
        assert code == 1
        assert re.search(sentence, said.splitlines()[0]), said
        assert len(said.splitlines()) == 1, said
        home.settings_file.write_text(good, "utf-8")
    client = connect(House.at(home).settings.index, home.secrets)  # type: ignore[arg-type]
    prefix = House.at(home).settings.index.prefix  # type: ignore[union-attr]
    client.indices.delete(index=f"{prefix}posts-v{VERSION}")
    client.indices.delete_index_template(name=f"{prefix}posts")
    client.indices.create(
        index=f"{prefix}posts-v{VERSION}", mappings={"properties": {"words": {"type": "keyword"}}},
        aliases={f"{prefix}posts-read": {}, f"{prefix}posts-write": {}},
    )  # fmt: skip
    code, said = refused(home.folder, "run", "index")
    assert (code, "不是本程序这一版的结构" in said) == (1, True), said
    client.indices.delete(index=f"{prefix}posts-v{VERSION}")
    client.close()
    with House.at(home) as house, house.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    code, said = refused(home.folder, "run", "watch")
    assert (code, "比这个程序新" in said) == (1, True), said
    from backends.database import open_database

    database = open_database(House.at(home).database_url)
    with database.writing() as connection:
        newest = re.findall(r"程序新（(\w+)）", said)[0]
        connection.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest})
    database.close()
    done(home.folder, "migrate")
    with working(home):
        assert answered(home.folder, "drain")["indexed"] == 50


def test_a_poison_post_ends_in_the_dead_letters_and_comes_back_by_replay(home: Home, tmp_path: Path) -> None:
    with_settings(home, "deadline_s = 30", "deadline_s = 5")
    path = tmp_path / "posts.jsonl"
    texts = ["第一条帖子，说的是菜市场搬迁", "kill"]
    path.write_text("".join(json.dumps({"id": str(n), "text": one}) + "\n" for n, one in enumerate(texts)))
    done(home.folder, "import", str(path), "--source", "s", "--map", "text=text", "--map", "id=id")
    with House.at(home) as house:
        town = Town(house.settings.jobs)  # type: ignore[arg-type]
    with roles(home, "score", "index"):
        try:
            town.work()
            until(lambda: answered(home.folder, "status")["dead_letters"] == 1, "a dead letter", 180)
        finally:
            town.close()
        until(lambda: indexed(home) == 1, "its neighbour to be indexed")
        with working(home):
            assert answered(home.folder, "replay")["replayed"] == 1
            until(lambda: indexed(home) == 2, "it to come back")
