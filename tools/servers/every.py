"""All four servers."""

from pathlib import Path
from typing import Final

from tools.servers.elasticsearch import Elasticsearch
from tools.servers.kafka import Kafka
from tools.servers.postgresql import PostgreSql
from tools.servers.rabbitmq import RabbitMq
from tools.servers.server import Server

FOLDER: Final = Path(__file__).resolve().parent.parent.parent / ".servers"


def every(folder: Path, shift: int = 0) -> tuple[Server, ...]:
    """Return the servers of a folder, the slowest to start first."""
    return tuple(kind(folder, shift) for kind in (Elasticsearch, Kafka, RabbitMq, PostgreSql))
