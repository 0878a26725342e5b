"""Four fresh servers on ports of their own, and homes on them whose roles run one process each."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from qingting.bench import trial
from qingting.home import Home
from qingting.starting_up import found
from qingting.wiring import House
from tools.servers.every import FOLDER, every
from tools.servers.server import Server

SHIFT: Final = 3_000


@contextmanager
def servers() -> Iterator[Mapping[str, Server]]:
    """Start all four, empty; stop them at the end."""
    started = {server.name: server for server in every(FOLDER, SHIFT)}
    try:
        for server in started.values():
            server.fetch()
            shutil.rmtree(server.folder, ignore_errors=True)
            server.start()
        yield started
    finally:
        for server in started.values():
            server.stop()


@contextmanager
def home(at: Mapping[str, Server], name: str, extra: str = "") -> Iterator[Home]:
    """Make a home on the servers, with streams, index and queue under a name of its own."""
    with tempfile.TemporaryDirectory(prefix="qingting-bench-") as folder:
        settings = Path(folder) / "cluster.toml"
        settings.write_text(
            f'[log]\nbackend = "kafka"\nservers = ["{at["kafka"].address}"]\nprefix = "{name}."\npartitions = 4\n'
            f'[jobs]\nbackend = "celery"\nbroker = "{at["rabbitmq"].address}"\nqueue = "{name}.score"\n'
            f'[index]\nbackend = "elasticsearch"\nurls = ["{at["elasticsearch"].address}"]\nprefix = "{name}-"\n'
            f'[database]\nurl = "{at["postgresql"].address.replace("/postgres", f"/{name}")}"\n{extra}',
            "utf-8",
        )
        _make_database(at["postgresql"].address, name)
        made = Home(Path(folder) / "home")
        found(made, settings)
        yield made


@contextmanager
def running(made: Home, roles: Sequence[str]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Run roles, one process each (a role may be named twice: its second process is called `role 2`)."""
    children: dict[str, subprocess.Popen[bytes]] = {}
    for role in roles:
        command = [sys.executable, "-m", "qingting", "--home", str(made.folder), "run", "--quiet", role]
        name = role if role not in children else f"{role} 2"
        children[name] = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        with House.at(made) as house:
            shown = house.presence("bench")
            trial.until(lambda: len(shown.living()) >= len(roles), "the roles to start")
        yield children
    finally:
        for child in children.values():
            child.terminate()
        for child in children.values():
            child.wait(30)


def processor_s(processes: Iterable[int]) -> float:
    """Return the processor time of processes and of the children that they have waited for, in seconds."""
    ticks = 0
    for process in processes:
        with suppress(OSError):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _make_database(address: str, name: str) -> None:
    import psycopg

    with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
