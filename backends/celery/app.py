"""The Celery application of the cluster: one durable queue, late acknowledgement, JSON only."""

import logging
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from celery import Celery
from kombu.entity import Exchange, Queue

from backends.secrets import read_secret
from backends.settings import CelerySettings
from contracts.errors import NotConfigured

DEAD: Final = ".dead"
"""Ends the name of the queue that takes what killed its worker too often."""
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_REDIS_LOST_AFTER: Final = 2
"""Times the deadline until Redis gives a job to another worker."""


def broker_of(settings: CelerySettings, secrets: Path) -> str:
    """Return the broker's address. Raises NotConfigured for a default password beyond this machine."""
    address = (
        read_secret(secrets, settings.broker_file, "jobs.broker_file") if settings.broker_file else settings.broker
    )
    parts = urlsplit(address)
    if parts.scheme not in {"amqp", "amqps", "redis", "rediss"}:
        raise NotConfigured("jobs.broker 应写成 amqp://主机:端口/虚拟主机 或 redis://主机:端口/库号。")
    if parts.hostname not in _LOOPBACK and parts.username in {None, "guest"} and parts.scheme.startswith("amqp"):
        raise NotConfigured(
            "jobs.broker 用的是 RabbitMQ 的默认用户 guest；请在 RabbitMQ 上建一个用户，把带口令的地址写进 secrets/ 的文件，"
            "再在 jobs.broker_file 写明文件名。"
        )
    return address


def application(settings: CelerySettings, broker: str) -> Celery:
    """Return a fresh application; nothing is connected yet."""
    # Celery would log every result, and a result holds words of pleas
    logging.getLogger("celery.app.trace").setLevel(logging.WARNING)
    app = Celery("qingting", broker=broker, backend="rpc://", set_as_current=False)
    app.conf.update(
        task_serializer="json", result_serializer="json", accept_content=["json"], task_queues=queues(settings, broker),
        task_default_queue=settings.queue, task_default_exchange="", task_default_routing_key=settings.queue,
        task_create_missing_queues=False, task_acks_late=True, task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1, task_track_started=True, task_time_limit=settings.deadline_s,
        worker_send_task_events=False, worker_enable_remote_control=False, worker_hijack_root_logger=False,
        broker_connection_timeout=4, broker_connection_retry_on_startup=True, broker_connection_max_retries=None,
        worker_cancel_long_running_tasks_on_connection_loss=True, result_persistent=False, task_publish_retry=False,
        broker_transport_options=_transport(settings, broker),
    )  # fmt: skip
    return app


def queues(settings: CelerySettings, broker: str) -> tuple[Queue, ...]:
    """Return the queue of the jobs."""
    given: dict[str, Any] = {}
    if broker.startswith("amqp"):
        given["queue_arguments"] = {
            "x-queue-type": "quorum", "x-delivery-limit": settings.deliveries, "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": settings.queue + DEAD, "x-max-length": settings.queue_limit,
            "x-overflow": "reject-publish",
        }  # fmt: skip
    return (Queue(settings.queue, exchange=Exchange(""), routing_key=settings.queue, **given),)


def _transport(settings: CelerySettings, broker: str) -> dict[str, Any]:
    if broker.startswith("amqp"):
        return {"confirm_publish": True, "read_timeout": 15, "write_timeout": 15}
    # without the last two, Redis looks for lost jobs only every 100 s whatever the timeout says
    return {
        "visibility_timeout": _REDIS_LOST_AFTER * settings.deadline_s, "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
    }  # fmt: skip
