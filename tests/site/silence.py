"""Address forms that must never be connected to, and a crawl that tells every connection it tried."""

import multiprocessing
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.site.crawl_child import run
from tests.site.crawled import Crawled

SITE: Final = "127.0.0.5"
"""The one address that the crawls may ask: it is none of the forms below."""

FORMS: Final = (
    # this machine, as people and attackers write it
    "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "127.000.000.001", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1",
    "0X7F.0X0.0X0.0X1", "017700000001", "0177.0.0.1", "0177.1", "127.8.8.8", "127.255.255.254", "127.65535", "localhost",
    "LocalHost", "localhost.", "１２７.０.０.１", "127。0。0。1", "①②⑦.⓪.⓪.①", "0", "0.0.0.0", "00.0.0.0", "0x0", "0.1.2.3",  # noqa: S104
    # private and shared networks
    "10.0.0.1", "10.1", "10.255.255.255", "167772161", "0x0a000001", "012.0.0.1", "172.16.0.1", "172.31.255.254",
    "172.16.1", "0254.020.0.1", "192.168.0.1", "192.168.1", "192.168.257", "3232235521", "0xc0a80001", "0300.0250.0.1",
    "100.64.0.1", "100.64.1", "100.127.255.254", "1681915905",
    # metadata services and link-local
    "169.254.169.254", "169.254.43518", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "0xa9.254.0251.254",
    "169.254.0.1", "169.254.255.255", "168.63.129.16", "100.100.100.200", "192.0.0.192",
    # set aside by IANA
    "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255",
    # IPv6
    "[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000::0001]", "[::]", "[::2]", "[fe80::1]", "[febf::1]", "[fec0::1]", "[fc00::1]",
    "[fd00::1]", "[fdff:ffff::1]", "[fd00:ec2::254]", "[fd20:ce::254]", "[ff01::1]", "[ff02::1]", "[ff0e::1]", "[100::1]",
    "[2001:db8::1]", "[3fff::1]", "[5f00::1]", "[4000::1]", "[8000::1]", "[2001::1]", "[2001:2::1]", "[2001:10::1]",
    # IPv4 within IPv6: mapped, translated, compatible, NAT64, 6to4, Teredo
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:127.0.0.1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::ffff:10.0.0.1]",
    "[::ffff:192.168.0.1]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[::ffff:100.64.0.1]", "[::ffff:0.0.0.0]",
    "[::ffff:224.0.0.1]", "[::ffff:0:127.0.0.1]", "[::127.0.0.1]", "[::7f00:1]", "[::10.0.0.1]", "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[64:ff9b::169.254.169.254]", "[64:ff9b:1::1]", "[64:ff9b:1::127.0.0.1]",
    "[2002:7f00:1::]", "[2002:7f00:1::1]", "[2002:a00:1::]", "[2002:c0a8:1::1]", "[2002:a9fe:a9fe::]", "[2002:6440:1::]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[2001:0:4136:e378:8000:63bf:f5ff:fffe]",
)  # fmt: skip
"""Hosts of web addresses, none of which is in the public network."""


class Silent(msgspec.Struct, frozen=True):
    """A crawl, and where it tried to connect to besides the site."""

    crawled: Crawled
    connects: tuple[str, ...]


def crawled_in_silence(
    sources: Sequence[dict[str, Any]], names: Mapping[str, Sequence[Sequence[str]]], state: Path
) -> Silent:
    """Crawl with every connection on record.

    `names` answers lookups of made-up names in turn, the last answer for good; other names are asked for as always.
    Connections beyond this machine are recorded, and stopped before a packet leaves.
    """
    order = {
        "sources": sources, "settings": {"timeout_s": 3.0, "contact": "https://example.org/kontakt"},
        "state": str(state / "crawl_state.pickle"), "once": True, "stop_after_s": 100.0, "log_is_full": False, "trusted": "",
        "opens_after_s": 0.0, "ahead_s": 0.0, "environment": {},
    }  # fmt: skip
    children = multiprocessing.get_context("forkserver")
    receiver, sender = children.Pipe(duplex=False)
    child = children.Process(target=_run, args=(order, dict(names), sender))
    child.start()
    sender.close()
    try:
        assert receiver.poll(110), "the crawls did not end"
        found = msgspec.json.decode(receiver.recv_bytes(), type=Crawled)
        return Silent(found, msgspec.json.decode(receiver.recv_bytes(), type=tuple[str, ...]))
    finally:
        child.kill()
        child.join()
        receiver.close()


@contextmanager
def silent_port() -> Iterator[tuple[int, list[str]]]:
    """Listen on every address of this machine; yield the port and who connected to it."""
    heard: list[str] = []
    stop = threading.Event()
    first = socket.socket()
    first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    first.bind(("0.0.0.0", 0))  # noqa: S104 - so that no form of an address of this machine is missed
    port = first.getsockname()[1]
    listeners = [first]
    if socket.has_ipv6:
        second = socket.socket(socket.AF_INET6)
        second.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            second.bind(("::", port))
            listeners.append(second)
        except OSError:
            second.close()  # a machine without IPv6

    def listen(listener: socket.socket) -> None:
        listener.settimeout(0.05)
        while not stop.is_set():
            try:
                connection, peer = listener.accept()
            except TimeoutError:
                continue
            heard.append(str(peer))
            connection.close()

    for listener in listeners:
        listener.listen(64)
    threads = [threading.Thread(target=listen, args=(listener,), daemon=True) for listener in listeners]
    for thread in threads:
        thread.start()
    try:
        yield port, heard
    finally:
        stop.set()
        for thread in threads:
            thread.join(5)
        for listener in listeners:
            listener.close()


def _run(order: dict[str, Any], names: dict[str, Sequence[Sequence[str]]], answer: Connection) -> None:
    connects: list[str] = []
    asked: dict[str, int] = {}
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        answers = names.get(str(host))
        if answers is None:
            return real(host, port, *arguments, **named)
        turn = asked[host] = asked.get(host, 0) + 1
        given = answers[min(turn, len(answers)) - 1]
        if not given:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in given
        ]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "socket.connect" or not isinstance(arguments[1], tuple):
            return
        host = str(arguments[1][0])
        if host != SITE:
            connects.append(host)
            if not host.startswith("127.") and host != "::1":
                raise ConnectionRefusedError(host)

    socket.getaddrinfo = getaddrinfo
    sys.addaudithook(watch)
    run(order, answer)
    answer.send_bytes(msgspec.json.encode(connects))
