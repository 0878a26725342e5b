"""MariaDB from the Debian package, without its service and on a socket alone: the database of WordPress."""

import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from tools.servers.server import Server, need, need_user

_PROTOCOL: Final = b"\x0a"
"""What its first packet begins with, after four bytes of length and number."""


class MariaDb(Server):
    """See the module. Whoever may open the socket may do anything: it holds nothing but what the tests write."""

    name = "mariadb"
    user = "mysql"

    @property
    def port(self) -> int:
        return 0

    @property
    def address(self) -> str:
        return str(self.folder / "socket")

    def fetch(self) -> None:
        need("mariadbd", "mariadb-server-core")
        need("my_print_defaults", "mariadb-client-core")
        need_user(self.user)

    def start(self) -> None:
        if not (self.is_running() and self.is_ready()):
            self.launch()
            self.wait()

    def prepare(self) -> None:
        if (self.folder / "data").exists():
            return
        self.own()
        unfinished = self.folder / "unfinished"
        make = [
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={unfinished}",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ]
        subprocess.run(self.as_user(make), check=True, capture_output=True, cwd=self.folder)
        (self.folder / "init.sql").write_text("CREATE DATABASE IF NOT EXISTS wordpress CHARACTER SET utf8mb4;\n")
        unfinished.rename(self.folder / "data")

    def command(self) -> Sequence[str]:
        settings = {
            "datadir": self.folder / "data", "socket": self.address, "pid-file": self.folder / "pid",
            "tmpdir": self.folder, "init-file": self.folder / "init.sql", "innodb-buffer-pool-size": "32M", "innodb-flush-log-at-trx-commit": 0,
        }  # fmt: skip
        program = need("mariadbd", "mariadb-server-core")
        given = [f"--{name}={value}" for name, value in settings.items()]
        return [program, "--no-defaults", "--skip-networking", "--skip-grant-tables", *given]

    def is_ready(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(self.address)
            return connection.recv(5)[4:] == _PROTOCOL
        return False
