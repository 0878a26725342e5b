"""Redis from the Debian package: the other broker that the jobs may run on. Not one of the four of `make servers`."""

import shutil
import socket
from collections.abc import Sequence
from contextlib import suppress

from tools.servers.server import Server, need


class Redis(Server):
    """See the module."""

    name = "redis"
    user = "redis"

    @property
    def port(self) -> int:
        return 16379 + self.shift

    @property
    def address(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def fetch(self) -> None:
        need("redis-server", "redis-server")

    def command(self) -> Sequence[str]:
        program = shutil.which("redis-server") or "redis-server"
        return [
            program,
            "--bind",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--dir",
            str(self.folder),
            "--appendonly",
            "yes",
        ]

    def is_ready(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
        return False
