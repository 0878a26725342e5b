"""The log on Kafka passes the suite of its port against a real broker."""

import hashlib
import threading
import time
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from backends.kafka.connection import deciding, open_client, options
from backends.kafka.log import KafkaLog
from backends.kafka.streams import migrate_streams
from backends.settings import KafkaSettings
from contracts.errors import Retryable
from contracts.events import POSTS_FETCHED
from contracts.ports.log import Log
from contracts.testing.builders import make_fetched
from contracts.testing.clock import FakeClock
from contracts.testing.log_suite import LogSuite
from tools.servers.kafka import Kafka

pytestmark = pytest.mark.servers


def settings_of(kafka: Kafka, folder: Path, **fields: object) -> KafkaSettings:
    """Return settings under whose names nobody else writes; the same folder has the same streams."""
    prefix = f"t{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}."
    given = {"servers": (kafka.address,), "prefix": prefix, "partitions": 3, "keep_days": 36_500} | fields
    return KafkaSettings(**given)  # type: ignore[arg-type]


class TestKafkaLog(LogSuite):
    examples = 6
    steps = 15

    @pytest.fixture(autouse=True)
    def _broker(self, kafka: Kafka) -> None:
        self._kafka = kafka

    def open(self, folder: Path, clock: FakeClock) -> Log:
        settings = settings_of(self._kafka, folder)
        migrate_streams(settings, folder)
        return KafkaLog(settings, clock, folder, silence_s=self.lease.total_seconds())

    def shut(self, log: Log) -> None:
        assert isinstance(log, KafkaLog)
        log.close()

    def fall_silent(self, clock: FakeClock) -> None:
        """The broker's clock is real: the heir polls until the silent member was given up."""


def test_a_broker_that_is_away_leaves_no_thread_behind() -> None:
    """A role asks again for as long as Kafka is away: whatever one try leaves would pile up."""
    given = options(KafkaSettings(servers=("127.0.0.1:1",)), Path("/nowhere")) | {"bootstrap_timeout_ms": 300}
    before = threading.active_count()
    for kind in (KafkaAdminClient, KafkaProducer, KafkaConsumer):
        with pytest.raises(Retryable, match="连不上"), deciding(given):
            open_client(kind, **given)
    assert threading.active_count() == before


def test_who_joins_at_once_is_given_its_partitions(kafka: Kafka, tmp_path: Path) -> None:
    """A client that joins before it knows the stream would be assigned none, and stay so for minutes: met one time in three."""
    for number in range(6):
        settings = settings_of(kafka, tmp_path / str(number), partitions=4)
        migrate_streams(settings, tmp_path)
        log = KafkaLog(settings, FakeClock(), tmp_path)
        log.append(POSTS_FETCHED, [make_fetched(f"第 {count} 帖") for count in range(20)])
        consumer = log.consumer("score", [POSTS_FETCHED])
        until_s, read = time.monotonic() + 20, 0
        while read < 20:
            assert time.monotonic() < until_s, f"round {number}: nothing was assigned"
            read += len(consumer.poll(20, 0.02))
        consumer.close()
        log.close()
