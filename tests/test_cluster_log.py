"""The log on Kafka passes the suite of its port against a real broker."""

import hashlib
import threading
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from backends.kafka.connection import deciding, open_client, options
from backends.kafka.log import KafkaLog
from backends.kafka.streams import migrate_streams
from backends.settings import KafkaSettings
from contracts.errors import Retryable
from contracts.ports.log import Log
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
