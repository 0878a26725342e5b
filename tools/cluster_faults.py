"""The cluster under fire: every process and every server killed at random, then every server away for a while.

Posts are imported into a home on servers of its own (`--shift`), and undisturbed into an embedded one. The script prints
its seed and a ledger, and ends with 0 only when nothing is lost, nothing doubled, both homes raised the same alerts, and
after every outage the work was done in time without memory piling up.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from contracts.errors import Conflict, Retryable
from crawlers.importing import import_file
from qingting.home import Home
from qingting.status import left
from qingting.wiring import House
from tools.faults import IMPORT, RULES, call, command, compare, ledger, write_posts
from tools.servers.every import FOLDER, every
from tools.servers.server import Server

ROLES: Final = ("score", "worker", "index", "watch", "notify")
COLUMNS: Final = {"id": "id", "text": "text", "published_at": "at", "author": "author"}
DEADLINE_S: Final = 2_400.0
_SERVER_SHARE: Final = 0.08
"""Of the kills: a server takes up to 20 s to come back, a role one."""
_RESTART_S: Final = 0.5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=50_000, help="imported under kills")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--stop-s", type=float, default=120.0, help="how long each server is away, in turn")
    parser.add_argument("--rate", type=int, default=200, help="posts a second while servers are away")
    parser.add_argument("--drained-s", type=float, default=120.0, help="time allowed after each outage")
    parser.add_argument(
        "--grow-mb", type=float, default=100.0, help="memory that all roles together may gain meanwhile"
    )
    parser.add_argument("--shift", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=None)
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}: {asked.posts} posts under {asked.kills} kills, then outages of {asked.stop_s:g} s", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="qingting-faults-"))
    servers = every(FOLDER, asked.shift)
    try:
        for server in servers:
            server.fetch()
            shutil.rmtree(server.folder, ignore_errors=True)
            server.start()
        return _run(folder, servers, asked, random.Random(seed))
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, servers: Sequence[Server], asked: argparse.Namespace, chance: random.Random) -> int:
    during = int(asked.rate * asked.stop_s * len(servers))
    slices = max(20, (asked.posts + during) // max(1, asked.rate))
    files = write_posts(folder, asked.posts + during, chance, slices)
    first = next((n for n in range(len(files)) if n * (asked.posts + during) / slices >= asked.posts), len(files))
    calm, fire = Home(folder / "calm"), Home(folder / "fire")
    call(calm, "init")
    settings = folder / "cluster.toml"
    settings.write_text(_settings(servers), "utf-8")
    call(fire, "init", "--settings", str(settings))
    shutil.copytree(calm.secrets, fire.secrets, dirs_exist_ok=True)
    for home in (calm, fire):
        home.rules_file.write_text(RULES, "utf-8")
    whole = folder / "posts.jsonl"
    whole.write_text("".join(file.read_text("utf-8") for file in files), "utf-8")
    call(calm, "import", str(whole), *IMPORT)
    call(calm, "drain")
    town = _Town(fire, servers)
    with town.running():
        town.under_kills(files[:first], asked.kills, chance)
        outages = [town.outage(server, files, first, asked) for server in servers]
        town.feed(files[first:], 0)
        town.until_done(600)
    _refresh(fire)
    code = compare(ledger(calm), ledger(fire), asked.posts + during)
    return code if all(outages) else 1


def _settings(servers: Sequence[Server]) -> str:
    at = {server.name: server.address for server in servers}
    return f"""
[log]
backend = "kafka"
servers = ["{at["kafka"]}"]
partitions = 4
[jobs]
backend = "celery"
broker = "{at["rabbitmq"]}"
deadline_s = 20
[index]
backend = "elasticsearch"
urls = ["{at["elasticsearch"]}"]
[database]
url = "{at["postgresql"]}"
"""


@dataclass
class _Process:
    """A role that is started again whenever it has ended."""

    home: Home
    role: str
    process: subprocess.Popen[bytes] | None = None
    ended_s: float = 0.0

    def keep(self) -> None:
        if self.process and self.process.poll() is None:
            return
        if self.process and not self.ended_s:
            self.ended_s = time.monotonic()
        if time.monotonic() - self.ended_s > _RESTART_S:
            arguments = command(self.home, "run", "--quiet", self.role)
            self.process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            )
            self.ended_s = 0.0

    def kill(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            return False
        with suppress(ProcessLookupError):
            # a worker's own child is left to find that its parent is gone, as after a real crash
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        return True

    def end(self) -> None:
        if self.process:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def memory_mb(self) -> float:
        if self.process is None or self.process.poll() is not None:
            return 0.0
        with suppress(OSError):
            lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
            return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
        return 0.0


@dataclass
class _Town:
    """The home under fire, its processes, and what was done to them."""

    home: Home
    servers: Sequence[Server]
    processes: list[_Process] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)
    fed: int = 0
    """Slices that were imported after the kills."""

    @contextmanager
    def running(self) -> Iterator[None]:
        self.processes = [_Process(self.home, role) for role in ROLES]
        stop = threading.Event()

        def keep() -> None:
            while not stop.wait(0.05):
                for process in self.processes:
                    process.keep()

        keeping = threading.Thread(target=keep)
        keeping.start()
        try:
            yield
        finally:
            stop.set()
            keeping.join()
            for process in self.processes:
                process.end()

    def under_kills(self, files: Sequence[Path], kills: int, chance: random.Random) -> None:
        """Import slice by slice, and kill until both are done; a killed server is started again at once."""
        started_s = time.monotonic()
        busy = 0
        feeding = threading.Thread(target=self.feed, args=(files, 0))
        feeding.start()
        away: Server | None = None
        while feeding.is_alive() or sum(self.killed.values()) < kills:
            if time.monotonic() - started_s > DEADLINE_S:
                sys.exit(f"not done within {DEADLINE_S:.0f} s, killed {dict(self.killed)}")
            if away:
                away.launch()
                away = None if away.is_ready() else away
            if sum(self.killed.values()) < kills:
                if away is None and chance.random() < _SERVER_SHARE:
                    away = chance.choice(self.servers)
                    away.kill()
                    away.launch()
                    self.killed[away.name] += 1
                else:
                    process = chance.choice(self.processes)
                    self.killed[process.role] += process.kill()
                busy += feeding.is_alive()
            time.sleep(chance.uniform(0.1, 0.9))
        feeding.join()
        for server in self.servers:
            server.wait()
        took_s = time.monotonic() - started_s
        self.until_done(600)
        print(
            f"killed {sum(self.killed.values())} in {took_s:.0f} s, {busy} while posts came in: {dict(self.killed)}",
            flush=True,
        )

    def outage(self, server: Server, files: Sequence[Path], first: int, asked: argparse.Namespace) -> bool:
        """Take a server away while posts come in; return whether memory and the time to recover were within bounds."""
        before, most = self._memory_mb(), 0.0
        count = max(1, int(asked.stop_s))
        mine = files[first + self.fed : first + self.fed + count]
        self.fed += len(mine)
        server.stop()
        feeding = threading.Thread(target=self.feed, args=(mine, 1.0))
        feeding.start()
        until_s = time.monotonic() + asked.stop_s
        while time.monotonic() < until_s:
            most = max(most, self._memory_mb())
            time.sleep(0.2)
        server.start()
        back_s = time.monotonic()
        feeding.join()
        self.until_done(600)
        took_s = time.monotonic() - back_s
        grown = max(0.0, most - before)
        well = took_s <= asked.drained_s and grown <= asked.grow_mb
        print(
            f"{'ok  ' if well else 'FAIL'} {server.name} away {asked.stop_s:g} s under {asked.rate} posts/s: "
            f"all done {took_s:.1f} s after it was back, memory of all roles {before:.0f} MB, at most {grown:.0f} MB more",
            flush=True,
        )
        return well

    def feed(self, files: Sequence[Path], every_s: float) -> None:
        """Import the slices, one every so often, each again until it went in whole, as an operator would."""
        next_s = time.monotonic()
        for file in files:
            while True:
                try:
                    with House.at(self.home) as house:
                        import_file(
                            file, source="faults", columns=COLUMNS, edge=house.edge, log=house.log, clock=house.clock
                        )
                    break
                except (Retryable, Conflict):
                    time.sleep(0.5)
            next_s += every_s
            time.sleep(max(0.0, next_s - time.monotonic()))

    def until_done(self, deadline_s: float) -> None:
        until_s = time.monotonic() + deadline_s
        while time.monotonic() < until_s:
            with suppress(Retryable, Conflict), House.at(self.home) as house:
                if not left(house):
                    return
            time.sleep(0.3)
        sys.exit(f"the work was not done within {deadline_s:.0f} s")

    def _memory_mb(self) -> float:
        return sum(process.memory_mb() for process in self.processes)


def _refresh(home: Home) -> None:
    with House.at(home) as house:
        refresh = getattr(house.index, "refresh", None)
        if refresh:
            refresh()


if __name__ == "__main__":
    sys.exit(main())
