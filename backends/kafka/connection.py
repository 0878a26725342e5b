"""How every client reaches Kafka, and what its errors mean for the caller."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from kafka import errors
from kafka.net.compat import KafkaNetClient

from backends.secrets import read_secret
from backends.settings import KafkaSettings
from contracts.errors import NotConfigured, Rejected, Retryable

Client = TypeVar("Client")

_REFUSED: Final = (
    errors.AuthorizationError,
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
)

# a broker that is away is said once by the role that waits for it, not by every client ten times a second
logging.getLogger("kafka").setLevel(logging.CRITICAL)


def options(settings: KafkaSettings, secrets: Path) -> dict[str, Any]:
    """Return what every client is opened with. Raises NotConfigured where the password's file cannot be read."""
    given: dict[str, Any] = {
        "bootstrap_servers": list(settings.servers), "client_id": "qingting", "request_timeout_ms": 15_000,
        "reconnect_backoff_ms": 100, "reconnect_backoff_max_ms": 2_000, "bootstrap_timeout_ms": 5_000,
    }  # fmt: skip
    if settings.user:
        given |= {
            "security_protocol": "SASL_SSL" if settings.tls else "SASL_PLAINTEXT",
            "sasl_mechanism": settings.mechanism, "sasl_plain_username": settings.user,
            "sasl_plain_password": read_secret(secrets, settings.password_file, "log.password_file"),
        }  # fmt: skip
    elif settings.tls:
        given["security_protocol"] = "SSL"
    if settings.ca_file:
        given["ssl_cafile"] = settings.ca_file
    return given


def open_client(kind: Callable[..., Client], **given: Any) -> Client:
    """Open a client of this kind; where the broker is away, end the thread and sockets that kafka-python leaves behind."""
    nets: list[KafkaNetClient] = []

    def net(**config: Any) -> KafkaNetClient:
        nets.append(KafkaNetClient(**config))
        return nets[-1]

    try:
        return kind(**given, kafka_client=net)
    except BaseException:
        for opened in nets:
            opened.close()
        raise


@contextmanager
def deciding(given: Mapping[str, Any]) -> Iterator[None]:
    """Turn the client's errors into decisions: Retryable, NotConfigured or Rejected."""
    servers = "、".join(given["bootstrap_servers"])
    try:
        yield
    except _REFUSED as refused:
        raise NotConfigured(
            f"Kafka {servers} 不接受这个用户（{type(refused).__name__}）；请核对 log.user、log.password_file 和它的权限。"
        ) from refused
    except (errors.MessageSizeTooLargeError, errors.RecordListTooLargeError) as long:
        raise Rejected("这一条超过 Kafka 允许的长度，写不进日志。") from long
    except (errors.KafkaError, OSError) as fault:
        raise Retryable(
            f"Kafka {servers} 连不上或没有按时答复（{type(fault).__name__}）；请检查服务和 log.servers，程序会自动重试。"
        ) from fault
