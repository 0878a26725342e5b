"""The real servers of the cluster tests: started when the first test asks for one, stopped when the last has run.

`SERVERS_SHIFT=0` uses (and leaves running) what `make servers` started, which saves time at a desk.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from typing import TypeVar

import pytest

from tests.cluster_home import Servers
from tools.servers.elasticsearch import Elasticsearch
from tools.servers.every import FOLDER, every
from tools.servers.kafka import Kafka
from tools.servers.postgresql import PostgreSql
from tools.servers.rabbitmq import RabbitMq
from tools.servers.redis import Redis
from tools.servers.server import Server, ServerError
from tools.servers.spirit import Spirit
from tools.servers.wordpress import WordPress

SHIFT = int(os.environ.get("SERVERS_SHIFT", "1000"))


def missing() -> str:
    """Return what this machine lacks to run the servers, "" where it lacks nothing."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        with (FOLDER / "fetching").open("w") as lock:  # two processes share the tests, one fetches
            fcntl.flock(lock, fcntl.LOCK_EX)
            for server in (
                *every(FOLDER, SHIFT), Redis(FOLDER, SHIFT), Spirit(FOLDER, SHIFT), WordPress(FOLDER, SHIFT),
            ):  # fmt: skip
                server.fetch()
    except (ServerError, OSError) as fault:
        return str(fault)
    return ""


Kind = TypeVar("Kind", bound=Server)


def running(kind: type[Kind]) -> Iterator[Kind]:
    server = kind(FOLDER, SHIFT)
    if server.is_running():
        server.start()
        yield server
        return
    shutil.rmtree(server.folder, ignore_errors=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    yield from running(Kafka)


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[Elasticsearch]:
    yield from running(Elasticsearch)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMq]:
    yield from running(RabbitMq)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    yield from running(PostgreSql)


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    yield from running(Redis)


@pytest.fixture(scope="session")
def spirit() -> Iterator[Spirit]:
    yield from running(Spirit)


@pytest.fixture(scope="session")
def wordpress() -> Iterator[WordPress]:
    yield from running(WordPress)


@pytest.fixture(scope="session")
def servers(kafka: Kafka, rabbitmq: RabbitMq, elasticsearch: Elasticsearch, postgresql: PostgreSql) -> Servers:
    return Servers(kafka, rabbitmq, elasticsearch, postgresql)
