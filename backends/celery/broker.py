"""The broker's queues, and what its errors mean for the caller."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from amqp.exceptions import AccessRefused, AMQPError, MessageNacked, NotAllowed, NotFound, PreconditionFailed
from celery import Celery
from kombu.entity import Queue
from kombu.exceptions import KombuError

from backends.celery.app import DEAD, queues
from backends.settings import CelerySettings
from contracts.errors import NotConfigured, QingtingError, Retryable

LOST: Final = (OSError, RuntimeError, KombuError, AMQPError)
"""What a broker that is away makes kombu and Celery raise."""
_CONNECT_S: Final = 4


def declare_queues(app: Celery, settings: CelerySettings, broker: str) -> None:
    """Make the queues where they are missing. Raises NotConfigured or Retryable with the reason in one sentence."""
    dead = [Queue(settings.queue + DEAD, queue_arguments={"x-queue-type": "quorum"})]
    with deciding(settings), app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=0, timeout=_CONNECT_S)
        for queue in (*queues(settings, broker), *(dead if broker.startswith("amqp") else ())):
            queue(connection.default_channel).declare()


def depth(app: Celery, settings: CelerySettings) -> int:
    """Return how many jobs wait in the queue; raises what `LOST` names."""
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        # Redis knows no empty queue, and would say that it is missing
        has_empty_queues = connection.transport.driver_type == "amqp"
        return int(channel.queue_declare(settings.queue, passive=has_empty_queues).message_count)


@contextmanager
def deciding(settings: CelerySettings) -> Iterator[None]:
    """Turn the broker's errors into decisions."""
    try:
        yield
    except LOST as fault:
        raise decision(fault, settings) from fault


def decision(fault: BaseException, settings: CelerySettings) -> QingtingError:
    """Return what a fault of `LOST` means."""
    for cause in causes(fault):
        if isinstance(cause, AccessRefused):
            return NotConfigured("RabbitMQ 不接受这个用户或口令；请核对 jobs.broker 或 jobs.broker_file。")
        if isinstance(cause, PreconditionFailed):
            return NotConfigured(
                f"队列 {settings.queue} 已存在，但属性与设置不同；请换一个 jobs.queue，或停下各角色后删去旧队列。"
            )
        if isinstance(cause, (NotAllowed, NotFound)):
            return NotConfigured("RabbitMQ 上没有 jobs.broker 写的虚拟主机或队列；请核对地址最后一段。")
        if isinstance(cause, MessageNacked):
            return Retryable(f"队列 {settings.queue} 已满，这一批没有交出去；程序会自动重试。")
    return Retryable("任务队列的服务器连不上；请检查服务和 jobs.broker，程序会自动重试。")


def is_full(fault: BaseException) -> bool:
    """Whether the broker is there, but takes no more."""
    return any(isinstance(cause, MessageNacked) for cause in causes(fault))


def causes(fault: BaseException) -> Iterator[BaseException]:
    """Yield a fault and what led to it."""
    cause: BaseException | None = fault
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
