"""The channels to people: the suite of their port, and what the webhook proves, expects and survives."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest

from backends.notifiers.desk import DeskNotifier
from backends.notifiers.webhook import WebhookNotifier, signature
from contracts.errors import NotConfigured
from contracts.testing.builders import NOON
from contracts.testing.clock import FakeClock
from contracts.testing.notifier_suite import NotifierSuite, message

SECRET = b"between the desk and the receiver"


class Receiver:
    """A receiver on loopback that keeps whom it agreed with and answers as told."""

    def __init__(self) -> None:
        self.status, self.body = 200, b'{"ok": true}'
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.agreed: list[str] = []
        self.trickles = False
        self.ended = threading.Event()
        self.url = ""

    def open(self, *, timeout_s: float = 5.0) -> WebhookNotifier:
        return WebhookNotifier(f"{self.url}/hook", SECRET, timeout_s=timeout_s, clock=FakeClock())

    def seen(self) -> list[str]:
        return self.agreed

    def refuse(self, *, for_good: bool) -> None:
        self.status, self.body = (403, b"no") if for_good else (200, b'{"errcode": 45009}')

    def accept(self) -> None:
        self.status, self.body = 200, b'{"ok": true}'


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.asked.append((dict(self.headers.items()), body))
            if receiver.body == b'{"ok": true}':
                receiver.agreed.append(unquote(self.headers["Qingting-Id"]))
            self.send_response(receiver.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            try:
                self.wfile.write(receiver.body)
                while receiver.trickles and not receiver.ended.wait(0.02):
                    self.wfile.write(b" ")
            except OSError:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.ended.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


class TestWebhookNotifier(NotifierSuite):
    @pytest.fixture
    def channel(self, receiver: Receiver) -> Receiver:
        return receiver


class _Desk:
    def open(self) -> DeskNotifier:
        return DeskNotifier()

    def seen(self) -> None:
        return None

    def refuse(self, *, for_good: bool) -> None:
        """Nobody stands between the desk and its own outbox."""

    def accept(self) -> None:
        """As ever."""


class TestDeskNotifier(NotifierSuite):
    @pytest.fixture
    def channel(self) -> _Desk:
        return _Desk()


def test_the_signature_covers_time_and_body_and_the_body_is_the_message(receiver: Receiver) -> None:
    assert receiver.open().send(message()).delivered
    ((headers, body),) = receiver.asked
    stamp = headers["Qingting-Timestamp"]
    assert stamp == str(int(NOON.timestamp()))
    assert headers["Qingting-Signature"] == f"v1={signature(SECRET, stamp, body)}"
    assert signature(SECRET, stamp, body + b" ") != signature(SECRET, stamp, body)
    assert signature(SECRET, stamp + "0", body) != signature(SECRET, stamp, body)
    assert signature(b"another", stamp, body) != signature(SECRET, stamp, body)
    assert json.loads(body)["text"] == message().text


@pytest.mark.parametrize(
    ("body", "agreed"),
    [
        (b'{"ok": true}', True),
        (b'{"success": true, "data": {}}', True),
        (b'{"errcode": 0, "errmsg": "ok"}', True),
        (b'{"code": 0}', True),
        (b'{"errcode": 45009, "errmsg": "api freq out of limit"}', False),
        (b'{"ok": true, "errcode": 1}', False),
        (b'{"ok": "true"}', False),
        (b'{"code": false}', False),
        (b"{}", False),
        (b"[0]", False),
        (b"<html>200 OK</html>", False),
        (b"", False),
        (b'{"ok": true}' + b" " * 100_000, False),
    ],
)
def test_two_hundred_is_not_yet_success(receiver: Receiver, body: bytes, agreed: bool) -> None:
    receiver.body = body
    receipt = receiver.open().send(message())
    assert receipt.delivered is agreed or len(body) > 65_536
    assert receipt.retryable is not receipt.delivered


@pytest.mark.parametrize(
    ("status", "again"), [(301, False), (400, False), (404, False), (408, True), (429, True), (500, True), (503, True)]
)
def test_what_http_refuses_is_tried_again_only_where_that_can_help(
    receiver: Receiver, status: int, again: bool
) -> None:
    receiver.status = status
    receipt = receiver.open().send(message())
    assert (receipt.delivered, receipt.retryable) == (False, again)
    assert str(status) in receipt.detail
    assert len(receiver.asked) == 1  # a redirect is never followed


def test_an_answer_that_never_ends_is_given_up_in_time(receiver: Receiver) -> None:
    receiver.trickles = True
    began_s = time.monotonic()
    receipt = receiver.open(timeout_s=0.3).send(message())
    assert (receipt.delivered, receipt.retryable) == (False, True)
    assert time.monotonic() - began_s < 3


def test_nobody_there_is_a_receipt_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    receipt = WebhookNotifier(f"http://127.0.0.1:{port}/", SECRET).send(message())
    assert (receipt.delivered, receipt.retryable) == (False, True)
    assert "连不上" in receipt.detail


@pytest.mark.parametrize(("url", "secret"), [("hook", SECRET), ("ftp://a.example/", SECRET), ("http://a.example", b"")])
def test_a_webhook_that_cannot_work_is_refused_at_start(url: str, secret: bytes) -> None:
    with pytest.raises(NotConfigured, match="webhook"):
        WebhookNotifier(url, secret)
