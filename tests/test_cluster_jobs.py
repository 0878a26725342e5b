"""The jobs in Celery workers pass the suite of their port on a real RabbitMQ, whatever dies."""

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from backends.celery.jobs import CeleryJobs
from backends.settings import CelerySettings
from contracts.errors import NotConfigured, Retryable
from contracts.ports.jobs import Completed, Jobs
from contracts.testing.builders import make_post
from contracts.testing.jobs_suite import JobsSuite, ends, score
from tests.servers import SHIFT
from tools.servers.every import FOLDER
from tools.servers.rabbitmq import RabbitMq
from tools.servers.redis import Redis

pytestmark = pytest.mark.servers

WORKER = """
import os, sys, threading
from pathlib import Path
import msgspec
from backends.celery.worker import work
from backends.settings import CelerySettings
from contracts.testing.jobs_suite import score
def scoring(posts):
    for post in posts:
        if post.text == "kill":
            os.kill(os.getpid(), 9)
        if post.text.startswith("slow"):
            threading.Event().wait(float(post.text[4:]))
    return score(posts)
work(msgspec.json.decode(sys.argv[1], type=CelerySettings), Path("/nowhere"), scoring, threading.Event())
"""


class Town:
    """One queue of its own, with workers that can be killed."""

    def __init__(self, settings: CelerySettings) -> None:
        self.settings = settings
        self.workers: list[subprocess.Popen[bytes]] = []
        self._opened: list[CeleryJobs] = []

    def work(self) -> subprocess.Popen[bytes]:
        import msgspec

        given = msgspec.json.encode(self.settings).decode()
        self.workers.append(subprocess.Popen([sys.executable, "-c", WORKER, given], start_new_session=True))
        return self.workers[-1]

    def jobs(self) -> CeleryJobs:
        self._opened.append(CeleryJobs(self.settings, Path("/nowhere")))
        return self._opened[-1]

    def close(self) -> None:
        for worker in self.workers:
            kill(worker)
        for jobs in self._opened:
            jobs.close()


def kill(worker: subprocess.Popen[bytes]) -> None:
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


@pytest.fixture(scope="module")
def shared(rabbitmq: RabbitMq) -> Iterator[Town]:
    """A town with one worker, for the tests in which nobody dies."""
    town = Town(CelerySettings(broker=rabbitmq.address, queue=f"t.{uuid.uuid4().hex}", deadline_s=20))
    town.work()
    yield town
    town.close()


@pytest.fixture
def found(rabbitmq: RabbitMq) -> Iterator[Callable[..., Town]]:
    towns: list[Town] = []

    def build(**fields: object) -> Town:
        given = {"broker": rabbitmq.address, "queue": f"t.{uuid.uuid4().hex}", "deadline_s": 3} | fields
        towns.append(Town(CelerySettings(**given)))  # type: ignore[arg-type]
        return towns[-1]

    yield build
    for town in towns:
        town.close()


class TestCeleryJobs(JobsSuite):
    @pytest.fixture(autouse=True)
    def _town(self, shared: Town) -> None:
        self._shared = shared

    def open(self) -> Jobs:
        return self._shared.jobs()


def test_answers_that_were_heard_are_kept_nowhere(found: Callable[..., Town]) -> None:
    town = found(deadline_s=30)
    jobs = town.jobs()
    town.work()
    for length in range(1, 21):
        jobs.submit([make_post("甲" * length)])
    ends(jobs, 20)
    backend = jobs._app.backend
    assert (jobs._batches, jobs._handles, backend._pending_results.concrete) == ({}, {}, {})
    assert sum(len(waiting) for waiting in backend._pending_messages.values()) <= 1


def test_a_killed_workers_batches_go_to_the_next_one(found: Callable[..., Town]) -> None:
    town = found(deadline_s=30)
    jobs = town.jobs()
    first = town.work()
    slow = jobs.submit([make_post("slow1")])
    others = [jobs.submit([make_post("甲" * length)]) for length in range(1, 9)]
    until_s = time.monotonic() + 30
    while jobs._batches[slow].began_s is None:
        assert time.monotonic() < until_s, "nobody began"
        assert jobs.completed(0.1) == ()
    kill(first)
    town.work()
    done = ends(jobs, 9)
    assert done.keys() == {slow, *others}
    assert all(end.failure == "" for end in done.values())


def test_a_batch_without_workers_waits_and_is_not_missed(found: Callable[..., Town]) -> None:
    town = found(deadline_s=1)
    jobs = town.jobs()
    handle = jobs.submit([make_post("甲")])
    until_s = time.monotonic() + 4
    while time.monotonic() < until_s:
        assert jobs.completed(0.5) == ()
    town.work()
    assert ends(jobs, 1)[handle].failure == ""


def test_a_batch_that_kills_its_worker_ends_with_a_failure_and_others_pass(found: Callable[..., Town]) -> None:
    town = found(deliveries=2)
    town.work()
    jobs = town.jobs()
    bad, good = jobs.submit([make_post("kill")]), jobs.submit([make_post("甲")])
    done = ends(jobs, 2)
    assert done[bad].failure
    assert done[good].failure == ""


def test_a_batch_that_never_ends_is_missed_by_the_hard_limit(found: Callable[..., Town]) -> None:
    town = found(deadline_s=2)
    town.work()
    jobs = town.jobs()
    slow, good = jobs.submit([make_post("slow600")]), jobs.submit([make_post("甲")])
    done = ends(jobs, 2)
    assert "甲" not in done[slow].failure
    assert done[slow].failure
    assert list(done[good].scores) == list(score([make_post("甲")]))


def test_a_full_queue_takes_no_more_and_says_so(found: Callable[..., Town]) -> None:
    town = found(queue_limit=3)
    jobs = town.jobs()
    handles: list[str] = []

    def fill() -> None:
        while len(handles) < 50:
            handles.append(jobs.submit([make_post("甲")]))

    with pytest.raises(Retryable, match="已满"):
        fill()
    with pytest.raises(Retryable, match="已满"):
        town.jobs()
    town.work()
    assert ends(jobs, len(handles)).keys() == set(handles)


@pytest.mark.parametrize(
    ("broker", "kind", "said"),
    [
        ("amqp://guest:wrong@127.0.0.1:{port}//", NotConfigured, "口令"),
        ("amqp://guest:guest@127.0.0.1:{port}/nowhere", NotConfigured, "虚拟主机"),
        ("amqp://guest:guest@127.0.0.1:1//", Retryable, "连不上"),
        ("amqp://guest:guest@mq.example.org//", NotConfigured, "guest"),
        ("http://127.0.0.1/", NotConfigured, "amqp"),
    ],
)
def test_a_broker_that_cannot_be_used_is_said_in_one_sentence(
    rabbitmq: RabbitMq, broker: str, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        CeleryJobs(CelerySettings(broker=broker.format(port=rabbitmq.port)), Path("/nowhere"))


def test_a_queue_of_another_shape_is_refused(found: Callable[..., Town]) -> None:
    town = found()
    town.jobs()
    town.settings = CelerySettings(broker=town.settings.broker, queue=town.settings.queue, deliveries=99)
    with pytest.raises(NotConfigured, match="属性"):
        town.jobs()


def test_a_broker_that_dies_costs_nothing() -> None:
    broker = RabbitMq(FOLDER, SHIFT + 1)
    broker.kill()
    shutil.rmtree(broker.folder, ignore_errors=True)
    broker.start()
    town = Town(CelerySettings(broker=broker.address, deadline_s=5))
    try:
        town.work()
        jobs = town.jobs()
        first = jobs.submit([make_post("甲")])
        assert ends(jobs, 1)[first].failure == ""
        handles = {jobs.submit([make_post("slow1"), make_post("乙" * length)]): length for length in range(1, 5)}
        broker.kill()
        with pytest.raises(Retryable):
            hear(jobs)
        broker.start()
        done: dict[str, Completed] = {}
        until_s = time.monotonic() + 60
        while len(done) < 4:
            assert time.monotonic() < until_s, f"{4 - len(done)} batches never ended"
            with suppress(Retryable):
                done |= {end.handle: end for end in jobs.completed(0.5)}
        assert {handle: end.scores[1].sketch for handle, end in done.items()} == handles
    finally:
        town.close()
        broker.stop()


def hear(jobs: CeleryJobs) -> None:
    until_s = time.monotonic() + 30
    while time.monotonic() < until_s:
        jobs.completed(0.2)


def test_redis_gives_a_lost_workers_batches_to_the_next_one(redis: Redis) -> None:
    town = Town(CelerySettings(broker=redis.address, queue=f"t.{uuid.uuid4().hex}", deadline_s=4))
    try:
        worker, jobs = town.work(), town.jobs()
        first = jobs.submit([make_post("甲")])
        assert ends(jobs, 1)[first].failure == ""
        texts = ["slow1", "乙", "丙丙"]
        waiting = {jobs.submit([make_post(text)]): text for text in texts}
        kill(worker)
        town.work()
        scored: list[str] = []
        until_s = time.monotonic() + 60
        while len(scored) < len(texts):
            assert time.monotonic() < until_s, scored
            for end in jobs.completed(0.5):
                text = waiting.pop(end.handle)
                if end.failure:  # missed: submitted again, as the score role does
                    waiting[jobs.submit([make_post(text)])] = text
                else:
                    scored.append(text)
        assert sorted(scored) == sorted(texts)
    finally:
        town.close()


def test_redis_is_told_to_redeliver() -> None:
    from backends.celery.app import application

    options = application(CelerySettings(deadline_s=30), "redis://127.0.0.1:6379/0").conf.broker_transport_options
    assert options["visibility_timeout"] > 30
    assert (options["unacked_restore_interval"], options["unacked_restore_throttle"]) == (5, 1)
