"""Where other systems send posts to: signed requests without session or cookie, so there is nothing to forge."""

import logging
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.errors import QingtingError
from contracts.ports.intake import Intake, Receipt, Refused
from desk.headers import TooLargeError

if TYPE_CHECKING:
    from desk.app import Desk

_AGAIN_S: Final = 5
_LOG: Final = logging.getLogger(__name__)


class _Fault(msgspec.Struct, frozen=True):
    fault: str


def routes(desk: "Desk") -> tuple[Route, ...]:
    """Return `POST /push/SOURCE`: 200 with the counts, else a sentence in `fault`; the same again is a duplicate."""

    async def push(request: Request) -> Response:
        if desk.intake is None:
            return _answer(404, _Fault("这里不接收推送。"))
        source = str(request.path_params["source"])
        body = await _body(request, await run_in_threadpool(_size_max, desk.intake, source))
        if body is None:
            return _answer(413, _Fault("一次推送的内容太大：请分几次发。"))
        return await run_in_threadpool(_push, desk.intake, source, request, body)

    return (Route("/push/{source}", push, methods=["POST"]),)


async def _body(request: Request, size_max: int) -> bytes | None:
    """Return the body, None where it goes on beyond its limit: the rest is not read."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if size_max and len(body) > size_max:
                return None
    except (TooLargeError, ClientDisconnect):
        return None
    return bytes(body)


def _size_max(intake: Intake, source: str) -> int:
    try:
        return intake.size_max(source)
    except QingtingError:
        return 0  # the push itself is then answered with the reason


def _push(intake: Intake, source: str, request: Request, body: bytes) -> Response:
    try:
        found = intake.push(source, dict(request.headers), body)
    except QingtingError as away:  # whatever it is, the sender can do nothing about it but come again
        _LOG.warning("push of %s not taken in: %s", source, type(away).__name__)
        return _answer(503, _Fault("暂时存不下，什么也没有收：请稍后原样再发。"), retry_after_s=_AGAIN_S)
    if isinstance(found, Refused):
        return _answer(found.status, _Fault(found.sentence), retry_after_s=found.retry_after_s)
    return _answer(200, found)


def _answer(status: int, said: Receipt | _Fault, *, retry_after_s: int = 0) -> Response:
    headers = {"retry-after": str(retry_after_s)} if retry_after_s else {}
    return Response(msgspec.json.encode(said), status, headers, media_type="application/json")
