"""How Elasticsearch is reached, and what its errors mean for the caller."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    Elasticsearch,
    NotFoundError,
    TransportError,
    UnsupportedProductError,
)

from backends.secrets import read_secret
from backends.settings import ElasticsearchSettings
from contracts.errors import NotConfigured, Retryable

_PASSING = frozenset({408, 429, 502, 503, 504})

# a server that is away is said once by the role that waits for it
logging.getLogger("elastic_transport").setLevel(logging.ERROR)


def connect(settings: ElasticsearchSettings, secrets: Path) -> Elasticsearch:
    """Return a client; nothing is connected yet. Raises NotConfigured where the password's file cannot be read."""
    given: dict[str, Any] = {"request_timeout": 30, "max_retries": 2, "retry_on_timeout": True}
    if settings.user:
        password = read_secret(secrets, settings.password_file, "index.password_file")
        given["basic_auth"] = (settings.user, password)
    if settings.ca_file:
        given["ca_certs"] = settings.ca_file
    try:
        return Elasticsearch(list(settings.urls), **given)
    except (ValueError, OSError) as broken:
        raise NotConfigured(
            f"index.urls 或 index.ca_file 不能用（{broken}）；地址应写成 http(s)://主机:端口。"
        ) from broken


@contextmanager
def deciding(settings: ElasticsearchSettings) -> Iterator[None]:
    """Turn the client's errors into decisions; a fault of ours stays what it is."""
    urls = "、".join(settings.urls)
    try:
        yield
    except UnsupportedProductError as other:
        raise NotConfigured(
            f"{urls} 不是 Elasticsearch（可能是 OpenSearch）；请改 index.urls，需要 Elasticsearch 8。"
        ) from other
    except AuthenticationException as refused:
        raise NotConfigured(
            f"Elasticsearch {urls} 不接受这个用户或口令；请核对 index.user 和 index.password_file。"
        ) from refused
    except AuthorizationException as refused:
        raise NotConfigured(
            f"这个用户在 Elasticsearch {urls} 上权限不足，或磁盘已到水位而索引被锁为只读；请按 docs/operate.md 授权或腾出磁盘。"
        ) from refused
    except NotFoundError as missing:
        raise NotConfigured(
            f"Elasticsearch {urls} 上没有名为 {settings.prefix}posts 的索引；请先运行 qingting migrate。"
        ) from missing
    except TransportError as away:
        raise Retryable(
            f"Elasticsearch {urls} 连不上或没有按时答复；请检查服务和 index.urls，程序会自动重试。"
        ) from away
    except ApiError as fault:
        if fault.status_code in _PASSING:
            raise Retryable(f"Elasticsearch {urls} 正忙（HTTP {fault.status_code}）；程序会自动重试。") from fault
        raise
