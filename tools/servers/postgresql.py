"""PostgreSQL from the Debian package, without its service."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.servers.server import Server, ServerError, is_open


class PostgreSql(Server):
    """See the module."""

    name = "postgresql"
    user = "postgres"

    @property
    def port(self) -> int:
        return 15432 + self.shift

    @property
    def address(self) -> str:
        return f"postgresql+psycopg://qingting@127.0.0.1:{self.port}/postgres"

    def fetch(self) -> None:
        self._programs()

    def prepare(self) -> None:
        if (self.folder / "data" / "PG_VERSION").exists():
            # nobody runs (or `launch` would not be here): after kill -9 a dead process may still seem alive to it
            (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
            return
        self.own()
        make = [str(self._programs() / "initdb"), "-D", str(self.folder / "data"), "-U", "qingting", "-A", "trust"]
        subprocess.run(
            self.as_user([*make, "--encoding=UTF8", "--locale=C.UTF-8"]),
            check=True,
            capture_output=True,
            cwd=self.folder,
        )

    def command(self) -> Sequence[str]:
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.folder)}
        given = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [str(self._programs() / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), *given]

    def is_ready(self) -> bool:
        if not is_open(self.port):
            return False
        import psycopg

        try:
            with psycopg.connect(self.address.replace("+psycopg", ""), connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    @staticmethod
    def _programs() -> Path:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not found or not (found[-1] / "postgres").exists():
            raise ServerError(
                "postgresql is missing: run tools/install_packages as root, or apt-get install postgresql"
            )
        return found[-1]
