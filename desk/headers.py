"""What every answer carries and every request must keep to: security headers, the host's name, size."""

import ipaddress
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "img-src 'self' data:"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), camera=(), microphone=(), payment=()",
}


class Headed:
    """ASGI middleware: adds the security headers; nothing but static files may be kept by a cache."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = _HEADERS | ({"strict-transport-security": "max-age=31536000"} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                if "cache-control" not in headers:
                    static = scope["path"].startswith("/static/")
                    headers["cache-control"] = "no-cache" if static else "no-store"
            await send(message)

        await self._app(scope, receive, send_headed)


class Bounded:
    """ASGI middleware: refuses foreign host names (DNS rebinding) and requests that are too large."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str], request_max: int) -> None:
        self._app = app
        self._hosts = {"localhost", "testserver", *(host.lower() for host in hosts)}
        self._request_max = request_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._knows(headers.get("host", "")):
            refusal = "这个网址不是值班台的地址。请用管理员给的地址打开，或在 qingting.toml 的 [desk] hosts 中加上它。"
            await PlainTextResponse(refusal, 400)(scope, receive, send)
            return
        length = headers.get("content-length", "0")
        too_long = len(scope.get("query_string", b"")) > 16_384 or len(scope.get("raw_path") or b"") > 4_096
        if too_long or not length.isdecimal() or int(length) > self._request_max:
            await PlainTextResponse("提交的内容太大。请缩短后再试。", 414 if too_long else 413)(scope, receive, send)
            return
        taken = 0

        async def receive_bounded() -> Message:
            nonlocal taken
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > self._request_max:
                    raise TooLargeError
            return message

        await self._app(scope, receive_bounded, send)

    def _knows(self, host: str) -> bool:
        name = host.rsplit(":", 1)[0] if not host.endswith("]") and ":" in host else host
        if name.lower() in self._hosts:
            return True
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True


class TooLargeError(Exception):
    """The body went on beyond what is allowed."""
