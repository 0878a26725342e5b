"""What machines ask the desk: whether it lives, whether it can serve, and how the house is doing. No posts, no names."""

import hmac
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from contracts.document import Query
from contracts.errors import NotConfigured, Retryable
from contracts.events import ALERTS_CHANGED

if TYPE_CHECKING:
    from desk.app import Desk

_FORMAT: Final = "text/plain; version=0.0.4; charset=utf-8"
_LOG: Final = logging.getLogger(__name__)


def routes(desk: "Desk") -> tuple[Route, ...]:
    """Return `/healthz` (this process answers), `/readyz` (so do database, index and log) and `/metrics` (Prometheus)."""

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        found = await run_in_threadpool(_ready, desk)
        return JSONResponse(found, 200 if all(found.values()) else 503)

    async def metrics(request: Request) -> Response:
        return await run_in_threadpool(_metrics, desk, request)

    return (Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics))


def _ready(desk: "Desk") -> Mapping[str, bool]:
    def ask_database() -> None:
        with desk.database.reading() as connection:
            connection.execute(select(1))

    asked: dict[str, Callable[[], object]] = {
        "database": ask_database,
        "index": lambda: desk.index.search(Query(limit=0)),
        "log": lambda: desk.log.end_offsets([ALERTS_CHANGED]),
    }
    return {part: _answers(part, ask) for part, ask in asked.items()}


def _answers(part: str, ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (Retryable, NotConfigured) as away:
        _LOG.warning("not ready: %s: %s", part, away)
        return False
    return True


def _metrics(desk: "Desk", request: Request) -> Response:
    if desk.metrics is None:
        return PlainTextResponse(
            "没有打开指标。请在 secrets/ 放一个口令文件，在 [desk] metrics_token_file 写明文件名，再重启 desk。\n", 404
        )
    given = request.headers.get("authorization", "").encode()
    if not hmac.compare_digest(given, b"Bearer " + desk.metrics_token.encode()):
        return PlainTextResponse("要看指标，请带上 Authorization: Bearer 口令。\n", 401, {"WWW-Authenticate": "Bearer"})
    try:
        return Response(desk.metrics(), media_type=_FORMAT)
    except (Retryable, NotConfigured) as away:
        return PlainTextResponse(f"{away}\n", 503)
