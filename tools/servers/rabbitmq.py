"""RabbitMQ from the Debian package, without its service."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tools.servers.server import Server, ServerError, is_open

_PROGRAM: Final = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class RabbitMq(Server):
    """See the module."""

    name = "rabbitmq"
    user = "rabbitmq"

    @property
    def port(self) -> int:
        return 15672 + self.shift

    @property
    def address(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def fetch(self) -> None:
        if not _PROGRAM.exists():
            raise ServerError("rabbitmq-server is missing: run tools/install_packages as root, or apt-get install it")

    def prepare(self) -> None:
        (self.folder / "plugins").write_text("[].\n")

    def command(self) -> Sequence[str]:
        return [str(_PROGRAM)]

    def environment(self) -> Mapping[str, str]:
        return {
            "RABBITMQ_NODENAME": f"qingting{self.shift}@localhost", "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port), "RABBITMQ_DIST_PORT": str(self.port + 10_000),
            "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(14369 + self.shift),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"), "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"), "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "HOME": str(self.folder),
        }  # fmt: skip

    def is_ready(self) -> bool:
        if not is_open(self.port):
            return False
        import kombu

        try:
            with kombu.Connection(self.address, connect_timeout=2) as connection:  # type: ignore[attr-defined,no-untyped-call]
                connection.ensure_connection(max_retries=1, timeout=2)
        except (OSError, kombu.exceptions.OperationalError):
            return False
        return True
