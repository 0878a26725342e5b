"""Serves routes that a test writes down, and remembers every request with its time."""

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Answer:
    """One answer; `etag` and a Last-Modified header make it answer 304 to a request that knows them.

    `slow_s` holds the body back. `raw` sends pieces as they are, head included, with `drip_s` between two of them, and
    then hangs up.
    """

    body: bytes | str = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""
    slow_s: float = 0.0
    raw: Callable[[], Iterable[bytes]] | None = None
    drip_s: float = 0.0


@dataclass
class Asked:
    """One request as the site saw it."""

    path: str
    at_s: float
    headers: Mapping[str, str]
    in_flight: int
    status: int = 0
    sent_bytes: int = 0
    """Of a `raw` answer: what the operating system took."""


Route = Answer | Callable[[int], Answer]
"""An answer, or a function of how often the path was asked before."""


class Site:
    """Routes by path with query; anything else answers 404."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.asked: list[Asked] = []
        self.url = ""
        self._lock = threading.Lock()
        self._in_flight = 0
        self.stop = threading.Event()

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def gaps_s(self) -> list[float]:
        return [after.at_s - before.at_s for before, after in zip(self.asked, self.asked[1:], strict=False)]

    def answer(self, path: str, headers: Mapping[str, str]) -> tuple[Answer, Asked]:
        with self._lock:
            route = self.routes.get(path, Answer("没有这一页", 404))
            answer = route if isinstance(route, Answer) else route(self.paths().count(path))
            knows_tag = answer.etag and headers.get("If-None-Match") == answer.etag
            modified = answer.headers.get("Last-Modified")
            if knows_tag or (modified and headers.get("If-Modified-Since") == modified):
                answer = Answer(b"", 304, answer.headers, answer.etag)
            self._in_flight += 1
            asked = Asked(path, time.monotonic(), headers, self._in_flight, answer.status)
            self.asked.append(asked)
            return answer, asked

    def done(self) -> None:
        with self._lock:
            self._in_flight -= 1


class _Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        answer, asked = self.site.answer(self.path, dict(self.headers.items()))
        try:
            if answer.raw:
                self._send_raw(answer, answer.raw(), asked)
                return
            body = answer.body.encode() if isinstance(answer.body, str) else answer.body
            if answer.slow_s:
                self.site.stop.wait(answer.slow_s)
            if "Date" in answer.headers:
                self.send_response_only(answer.status)
            else:
                self.send_response(answer.status)
            headers = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
            for name, value in (
                headers | dict(answer.headers) | ({"ETag": answer.etag} if answer.etag else {})
            ).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the crawler hung up: that is what some tests are about
        finally:
            self.site.done()

    def _send_raw(self, answer: Answer, pieces: Iterable[bytes], asked: Asked) -> None:
        self.close_connection = True
        for piece in pieces:
            if self.site.stop.is_set():
                return
            self.wfile.write(piece)
            asked.sent_bytes += len(piece)
            if answer.drip_s:
                self.site.stop.wait(answer.drip_s)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    allow_reuse_port = True  # one address of a port may be this site's, all others a listener's that must stay silent

    def handle_error(self, *_: Any) -> None:
        """A connection that the crawler cut off is no fault of the test."""


@contextmanager
def serving(identity: Path | None = None, host: str = "127.0.0.1", port: int = 0) -> Iterator[Site]:
    """Serve on loopback; with `identity` (a PEM file of key and certificate) by HTTPS."""
    site = Site()
    handler = type("Handler", (_Handler,), {"site": site})
    server = _Server((host, port), handler)
    if identity:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    site.url = f"{'https' if identity else 'http'}://{host}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.stop.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
