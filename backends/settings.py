"""Which adapter stands behind each port. An empty file is embedded mode; tables are tagged by `backend`.

A password never stands in the settings: it comes from the environment or from a file of `secrets/` that is named here.
"""

import msgspec


class LogSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="backend", tag="sqlite"
):
    """The log: one SQLite file in the home."""

    partitions: int = 8
    keep_days: int = 7


class KafkaSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="backend", tag="kafka"
):
    """The log on Kafka; `qingting migrate` makes the streams."""

    servers: tuple[str, ...] = ("127.0.0.1:9092",)
    prefix: str = "qingting."
    """Stands before the name of every stream and group: several homes may share one Kafka."""
    partitions: int = 8
    replicas: int = 1
    keep_days: int = 7
    user: str = ""
    """Empty: no sign-in. Else SASL by `mechanism`."""
    password_file: str = ""
    mechanism: str = "SCRAM-SHA-512"
    tls: bool = False
    ca_file: str = ""


class JobsSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="backend", tag="eager"
):
    """The jobs: the Celery job's body, run in the score process."""


class CelerySettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="backend", tag="celery"
):
    """The jobs in Celery workers, on RabbitMQ (`amqp://`) or Redis (`redis://`)."""

    broker: str = "amqp://127.0.0.1:5672//"
    """Without password; user and password may come by `broker_file`."""
    broker_file: str = ""
    """A file of `secrets/` that holds the whole address with its password."""
    queue: str = "qingting.score"
    workers: int = 1
    """Worker processes that `up` starts; more may run elsewhere."""
    deadline_s: int = 60
    """A batch that a worker began and did not end within this time is missed; the worker's hard limit."""
    queue_limit: int = 1_000
    """Batches that may wait; a fuller queue refuses more."""
    deliveries: int = 3
    """A batch that killed its worker so often goes to RabbitMQ's dead letters."""


class IndexSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="backend", tag="sqlite"
):
    """The index: one SQLite FTS5 file in the home."""


class ElasticsearchSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="backend", tag="elasticsearch"
):
    """The index on Elasticsearch; `qingting migrate` makes template, index and aliases."""

    urls: tuple[str, ...] = ("http://127.0.0.1:9200",)
    prefix: str = "qingting-"
    """Stands before the name of every index and alias: several homes may share one Elasticsearch."""
    shards: int = 1
    replicas: int = 0
    user: str = ""
    password_file: str = ""
    ca_file: str = ""


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The desk database; empty = SQLite in the home."""

    url: str = ""
    """`postgresql+psycopg://user@host/name`, without password."""
    password_file: str = ""


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The signed webhook; off while `url` is empty. The secret comes by file, never in the settings themselves."""

    url: str = ""
    secret_file: str = ""
    timeout_s: float = 5.0
