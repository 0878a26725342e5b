"""`qingting doctor` on the broker: a real round trip through a queue of its own, and whether workers listen."""

import time
from pathlib import Path
from typing import Final
from uuid import uuid4

from kombu.entity import Queue
from kombu.messaging import Producer

from backends.celery.app import application, broker_of
from backends.celery.jobs import CeleryJobs
from backends.settings import CelerySettings
from contracts.errors import Retryable

_WAIT_S: Final = 10.0


def examine(settings: CelerySettings, secrets: Path) -> str:
    """Publish a message and take it back. Returns what was found; raises NotConfigured or Retryable with what is wrong."""
    CeleryJobs(settings, secrets).close()
    app = application(settings, broker_of(settings, secrets))
    said, started_s = uuid4().hex, time.monotonic()
    with app.connection_for_write() as connection, connection.channel() as channel:
        queue = Queue(f"{settings.queue}.doctor.{said}", exclusive=True, auto_delete=True)(channel)
        queue.declare()
        Producer(channel).publish(said, routing_key=queue.name)
        while (found := queue.get(no_ack=True)) is None:
            if time.monotonic() - started_s > _WAIT_S:
                raise Retryable("交给 RabbitMQ 的消息 10 秒内没有取回来；请检查它的日志、内存和磁盘水位。")
            time.sleep(0.02)
        took_s = time.monotonic() - started_s
        assert found.payload == said
        declared = channel.queue_declare(settings.queue, passive=True)
    return (
        f"交出并取回一条消息用时 {took_s * 1000:.0f} 毫秒；"
        f"排队 {declared.message_count} 批，worker {declared.consumer_count} 个"
    )
