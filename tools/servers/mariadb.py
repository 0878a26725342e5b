"""MariaDB from the Debian package, without its service and on a socket alone: the database of WordPress."""

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tools.servers.server import Server, need, need_user


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
        need("mariadb-admin", "mariadb-client-core")
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
        unfinished.rename(self.folder / "data")

    def command(self) -> Sequence[str]:
        settings = {
            "datadir": self.folder / "data", "socket": self.address, "pid-file": self.folder / "pid",
            "tmpdir": self.folder, "innodb-buffer-pool-size": "32M", "innodb-flush-log-at-trx-commit": 0,
        }  # fmt: skip
        program = need("mariadbd", "mariadb-server-core")
        given = [f"--{name}={value}" for name, value in settings.items()]
        return [program, "--no-defaults", "--skip-networking", "--skip-grant-tables", *given]

    def is_ready(self) -> bool:
        if not Path(self.address).exists():
            return False
        return self._admin("ping") == 0

    def makes(self, database: str) -> None:
        """Make an empty database unless it is there."""
        self._admin("create", database)

    def _admin(self, *command: str) -> int:
        admin = ["mariadb-admin", "--no-defaults", f"--socket={self.address}", "--user=root", *command]
        with suppress(subprocess.TimeoutExpired):
            return subprocess.run(admin, check=False, capture_output=True, timeout=10).returncode
        return 1
