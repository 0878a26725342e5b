"""A small world for the desk's tests: one home with database, index and log, people of each role, and ways to make things happen."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from argon2 import PasswordHasher

from alerts import outbox, store
from alerts.tables import metadata as alert_tables
from backends.clock import SystemClock
from backends.database import SqlDatabase, open_database
from backends.sqlite.index import SqliteIndex
from backends.sqlite.log import SqliteLog
from contracts.alert import Alert, Reason
from contracts.document import Document
from contracts.events import POSTS_FETCHED, POSTS_INDEXED, PostFetched, PostIndexed
from contracts.identity import alert_id, plea_alert_id, post_id, task_id
from contracts.lane import Lane
from contracts.level import Level
from contracts.ports.crawl_state import SourceHealth
from contracts.post import Post
from contracts.score import Score, Sentiment
from desk.app import Desk, SourceCard, build
from desk.settings import DeskSettings
from reports.tables import metadata as report_tables
from response import accounts, facts, opening, people, units
from response.settings import ResponseSettings
from response.tables import metadata as response_tables

_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "long-enough-word"
PROVINCE, CHANGSHA, XIANGTAN = "430000", "430100", "430300"
EVERYBODY = {
    "officer": ("值班员甲", PROVINCE, ("officer",)),
    "deputy": ("值班员壬", PROVINCE, ("officer",)),
    "commentator": ("网评员乙", PROVINCE, ("commentator",)),
    "reviewer": ("审核员丙", PROVINCE, ("reviewer",)),
    "lead": ("带班领导丁", PROVINCE, ("lead",)),
    "admin": ("管理员戊", PROVINCE, ("admin",)),
    "auditor": ("审计员己", PROVINCE, ("auditor",)),
    "hotline": ("坐席庚", PROVINCE, ("hotline",)),
    "writer": ("撰写辛", PROVINCE, ("writer",)),
    "county": ("湘潭值班员", XIANGTAN, ("officer",)),
}
PLEA_WORDS = "他又打我了，孩子在哭，我不敢出门，谁能帮帮我们母女"
PLEA_MARKS = ("打我", "不敢出门")
PLACEHOLDER = "〔电话已遮盖〕"


@dataclass
class World:
    """One desk with everything it stands on."""

    folder: Path
    database: SqlDatabase
    index: SqliteIndex
    log: SqliteLog
    desk: Desk
    clock: SystemClock = field(default_factory=SystemClock)
    ids: dict[str, str] = field(default_factory=dict)
    address: str = ""
    """Where the desk listens, once `served`."""
    _clients: list[httpx.Client] = field(default_factory=list)
    _serial: "itertools.count[int]" = field(default_factory=itertools.count)

    def client(self, who: str = "") -> "Client":
        client = Client(httpx.Client(base_url=self.address, follow_redirects=False, trust_env=False, timeout=20))
        self._clients.append(client.http)
        if who:
            client.sign_in(who)
        return client

    def post(
        self, text: str, *, minutes_ago: float = 5, lane: Lane | None = None, sentiment: int = -1, topic: str = "domestic_violence",
        region: str = CHANGSHA, source: str = "town-forum", fold_of: str = "", event: str = "", title: str = "",
        marks: tuple[str, ...] = PLEA_MARKS,
    ) -> Document:  # fmt: skip
        """Put one post into the index and announce it."""
        now = self.clock.now()
        number = next(self._serial)
        post = Post(
            id=post_id(source, native_id=str(number)), source=source, platform="forum", text=text, title=title,
            published_at=now - timedelta(minutes=minutes_ago), fetched_at=now, author=f"voice-{number}",
            url=f"https://forum.example/t/{number}", sample=True,
        )  # fmt: skip
        likely = {-1: Sentiment(0.8, 0.1, 0.1), 0: Sentiment(0.1, 0.8, 0.1), 1: Sentiment(0.1, 0.1, 0.8)}[sentiment]
        score = Score(
            sentiment=sentiment, sentiment_p=likely, certain=True, topics=(topic,) if topic else (), lane=lane,
            marks=marks if lane else (), help=0.9 if lane else 0.0, regions=(region,) if region else (),
            keywords=("家暴", "派出所"), scorer="test",
        )  # fmt: skip
        document = Document(post=post, score=score, fold_of=fold_of, event=event)
        self.index.put([document])
        self.log.append(POSTS_FETCHED, [PostFetched(post)])
        indexed = PostIndexed(
            id=post.id, source=source, published_at=post.published_at, fetched_at=now, indexed_at=now, author=post.author,
            lane=lane, topics=score.topics, regions=score.regions,
        )  # fmt: skip
        self.log.append(POSTS_INDEXED, [indexed])
        return document

    def opinion(self, level: Level = "orange", *, region: str = CHANGSHA, opening_number: int = 1) -> Alert:
        """Open an opinion alert with posts behind it."""
        now = self.clock.now()
        first = self.post(
            "小区里有人动手打妻子，报警后没有下文，大家都在问",
            minutes_ago=40,
            region=region,
            event="e1",
            title="报警之后呢",
        )
        copies = [
            self.post(
                f"转发：小区里有人动手打妻子 {n}", minutes_ago=30 - n, region=region, fold_of=first.post.id, event="e1"
            )
            for n in range(3)
        ]
        last = self.post("希望尽快有个说法，家暴不是家务事", minutes_ago=2, region=region, event="e1")
        posts = tuple(one.post.id for one in (first, *copies, last))
        key = f"topic=domestic_violence,region={region}"
        reason = Reason(
            rule_type="burst", sentence="30 分钟 86 帖，平时约 9 帖（9.6 倍），负面 71%", window_minutes=30, count=86, expected=9.0,
            ratio=9.6, surprise=12.3, distinct_authors=24, negative_share=0.71, thresholds={"ratio": 3.0, "min_posts": 10},
            baseline_hours=336,
        )  # fmt: skip
        alert = Alert(
            id=alert_id("violence", key, opening_number), rule="violence", key=key, state="open", opened_at=now, reason=reason,
            level=level, topic="domestic_violence", region=region, count=86, baseline=9.0, posts=posts, sample=True,
        )  # fmt: skip
        self._open(alert, opening_number)
        return alert

    def plea(
        self, lane: Lane = "critical", *, region: str = CHANGSHA, text: str = PLEA_WORDS,
        marks: tuple[str, ...] = PLEA_MARKS,
    ) -> Alert:  # fmt: skip
        """Open a plea's alert with its post."""
        now = self.clock.now()
        document = self.post(f"{text}，电话{PLACEHOLDER}", minutes_ago=3, lane=lane, region=region, marks=marks)
        alert = Alert(
            id=plea_alert_id("plea", document.post.id), rule="plea", key=f"post={document.post.id}", state="open",
            opened_at=now, reason=Reason(rule_type="plea", sentence="一条公开帖疑似正受侵害", marks=document.score.marks),
            lane=lane, topic="domestic_violence", region=region, count=1, posts=(document.post.id,), sample=True,
        )  # fmt: skip
        self._open(alert, 1)
        return alert

    def _open(self, alert: Alert, ordinal: int) -> None:
        now = alert.opened_at
        with self.database.writing() as connection:
            store.open_alert(connection, alert, opening=ordinal, active_at=now, escalate_at=None, now=now)
            opening.open_work(connection, alert, now)

    def announce(self) -> int:
        """Do the notify role's part: bring what waits in the outbox to the log."""
        with self.database.writing() as connection:
            waiting = outbox.unpublished(connection, 1000)
            for _, stream, event in waiting:
                self.log.append(stream, [event])
            outbox.mark_published(connection, [number for number, _, _ in waiting])
        return len(waiting)

    @staticmethod
    def judgement(alert: Alert) -> str:
        return task_id(alert.id, "judgement")

    @staticmethod
    def task(alert: Alert) -> str:
        return task_id(alert.id, "response")

    @staticmethod
    def help(alert: Alert) -> str:
        return task_id(alert.id, "help")

    def close(self) -> None:
        for client in self._clients:
            client.close()
        for one in (self.log, self.index, self.database):
            close = getattr(one, "close", None)
            if close:
                close()


@dataclass
class Client:
    """A test client that signs in and knows its form token."""

    http: httpx.Client
    token: str = ""

    def sign_in(self, who: str, password: str = PASSWORD) -> None:
        self.http.get("/sign-in")
        name = EVERYBODY[who][0]
        answer = self.http.post("/sign-in", data={"name": name, "password": password, "csrf": self._visitor_token()})
        assert answer.status_code == 303, answer.text
        self.token = self.http.get("/inbox", headers={"accept": "application/json"}).json()["csrf"]

    def _visitor_token(self) -> str:
        page = self.http.get("/sign-in").text
        return page.split('name="csrf" value="')[1].split('"')[0]

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path)

    def json(self, path: str) -> Any:
        return self.http.get(path, headers={"accept": "application/json"}).json()

    def act(self, path: str, **fields: object) -> httpx.Response:
        """Post a form as the page's script does; the answer is JSON."""
        return self.http.post(path, data={"csrf": self.token} | fields, headers={"accept": "application/json"})

    def done(self, path: str, **fields: object) -> str:
        answer = self.act(path, **fields)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["location"])


def make_world(folder: Path) -> World:
    """Return a fresh desk in a folder; its passwords are hashed at the lowest cost."""
    people._hasher = lambda: _CHEAP  # type: ignore[assignment]
    clock = SystemClock()
    database = open_database(f"sqlite:///{folder / 'desk.db'}")
    from backends.database.tables import metadata as backend_tables

    for metadata in (alert_tables, response_tables, report_tables, backend_tables):
        metadata.create_all(database.engine)
    health = [
        SourceHealth(source="town-forum", checked_at=clock.now(), succeeded_at=clock.now(), posts=12),
        SourceHealth(
            source="town-paper", checked_at=clock.now(), failure="网站 2 小时没有回应（连接超时），仍会自动再试。"
        ),
    ]
    cards = [
        SourceCard(id="town-forum", name="样例城市论坛", kind="forum", url="http://127.0.0.1:9001/", enabled=True, interval_s=60, sample=True, basis="样例"),
        SourceCard(id="town-paper", name="样例日报", kind="feed", url="http://127.0.0.1:9002/feed", enabled=True, interval_s=300, sample=True),
    ]  # fmt: skip
    log = SqliteLog(folder / "log.db", clock)
    index = SqliteIndex(folder / "index.db")
    desk = Desk(
        database=database, index=index, log=log, clock=clock, settings=DeskSettings(), response=ResponseSettings(),
        reports=folder / "reports", sources=lambda: cards, health=lambda: health,
    )  # fmt: skip
    world = World(folder, database, index, log, desk, clock)
    now = clock.now()
    with database.writing() as connection:
        units.seed(connection)
        for key, (name, unit, roles) in EVERYBODY.items():
            world.ids[key] = people.add(
                connection, name=name, unit=unit, roles=roles, password=PASSWORD, one_time=False, by="test", now=now
            )
        admin, commentator = (people.get(connection, world.ids[key]) for key in ("admin", "commentator"))
        reviewer = people.get(connection, world.ids["reviewer"])
        assert admin
        assert commentator
        assert reviewer
        world.ids["account"] = accounts.add(
            connection, admin.officer, name="湘江女声", platform="微博", url="https://weibo.example/xjns", responsible="宣传部",
            unit=PROVINCE, now=now,
        )  # fmt: skip
        world.ids["fact"] = facts.write(
            connection, commentator.officer, title="人身安全保护令可以当天受理", text="遭受家庭暴力或面临现实危险的，可以向法院申请人身安全保护令。",
            source="《反家庭暴力法》第二十三条", valid_until=now + timedelta(days=90), now=now,
        )  # fmt: skip
        facts.verify(connection, reviewer.officer, world.ids["fact"], now=now)
    return world


@contextmanager
def served(world: World) -> Iterator[str]:
    """Serve the desk on a free loopback port; yields its address."""
    app = build(world.desk)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    world.address = f"http://127.0.0.1:{port}"
    try:
        yield world.address
    finally:
        app.state.live.stop()
        server.should_exit = True
        thread.join(timeout=10)


def unmarked(page: str) -> str:
    """Return a page without the marks inside its sentences."""
    return page.replace("<mark>", "").replace("</mark>", "")


def wait_for(condition: Callable[[], object], deadline_s: float = 10.0) -> None:
    """Poll until the condition holds."""
    until = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < until, "what was waited for did not happen"
        time.sleep(0.01)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
