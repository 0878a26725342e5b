"""Homes on the four real servers: settings under names of their own, and a way to clean up after them."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from elasticsearch import Elasticsearch as Client
from kafka import KafkaAdminClient
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from qingting.home import Home
from qingting.starting_up import found
from tools.servers.elasticsearch import Elasticsearch
from tools.servers.kafka import Kafka
from tools.servers.postgresql import PostgreSql
from tools.servers.rabbitmq import RabbitMq


@dataclass(frozen=True)
class Servers:
    """All four."""

    kafka: Kafka
    rabbitmq: RabbitMq
    elasticsearch: Elasticsearch
    postgresql: PostgreSql

    @contextmanager
    def names(self) -> Iterator[str]:
        """Yield a name under which nobody else keeps anything; what was kept under it goes at the end."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self._do(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            self._do(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            client = Client(self.elasticsearch.address)
            for index in client.indices.get(index=f"{name}-*").body:
                client.indices.delete(index=index)
            client.close()
            admin = KafkaAdminClient(bootstrap_servers=self.kafka.address)
            admin.delete_topics([topic for topic in admin.list_topics() if topic.startswith(f"{name}.")])
            admin.close()

    def settings(self, name: str, *, partitions: int = 1, workers: int = 0) -> str:
        """Return the backends' part of qingting.toml."""
        database = make_url(self.postgresql.address).set(database=name).render_as_string()
        return f"""
[log]
backend = "kafka"
servers = ["{self.kafka.address}"]
prefix = "{name}."
partitions = {partitions}
[jobs]
backend = "celery"
broker = "{self.rabbitmq.address}"
queue = "{name}.score"
workers = {workers}
deadline_s = 30
[index]
backend = "elasticsearch"
urls = ["{self.elasticsearch.address}"]
prefix = "{name}-"
[database]
url = "{database}"
"""

    def _do(self, statement: str) -> None:
        engine = create_engine(self.postgresql.address, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


def home_of(folder: Path, settings: str) -> Home:
    """Make a home with these settings."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "settings.toml"
    file.write_text(settings, "utf-8")
    home = Home(folder / "home")
    found(home, file)
    return home


@contextmanager
def working(home: Home, workers: int = 1) -> Iterator[None]:
    """Run worker processes for the home."""
    command = [sys.executable, "-m", "qingting", "--home", str(home.folder), "run", "--quiet", "worker"]
    children = [subprocess.Popen(command) for _ in range(workers)]
    try:
        yield
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(30)
