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
from dataclasses import asdict, dataclass, field
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
_KILL_S: Final = 1.2
"""What a kill takes at the least, servers among them: posts come in for as long as there is killing."""


@dataclass(frozen=True)
class Plan:
    """How much of it."""

    posts: int = 50_000
    """Imported while processes and servers are killed."""
    kills: int = 200
    rate: int = 200
    """Posts a second around the outage of each server."""
    warm_s: float = 10.0
    """Posts come in for so long before an outage: memory is compared with that of roles at work."""
    stop_s: float = 120.0
    drained_s: float = 120.0
    """All must be done so long after the server is back."""
    grow_mb: float = 100.0
    """What all roles together may gain in an outage."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in asdict(Plan()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--shift", type=int, default=2_000, help="of the servers' ports: a set of their own")
    parser.add_argument("--seed", type=int, default=None)
    asked = vars(parser.parse_args())
    shift, seed = asked.pop("shift"), asked.pop("seed")
    seed = seed if seed is not None else random.SystemRandom().randrange(1 << 32)
    plan = Plan(**asked)
    print(f"seed {seed}: {plan}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="qingting-faults-"))
    servers = every(FOLDER, shift)
    try:
        for server in servers:
            server.fetch()
            shutil.rmtree(server.folder, ignore_errors=True)
            server.start()
        return run(folder, servers, _settings(servers), plan, random.Random(seed))
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def run(folder: Path, servers: Sequence[Server], settings: str, plan: Plan, chance: random.Random) -> int:
    """Return 0 when the ledger is in order. `settings` is the qingting.toml of a home on these servers."""
    during = int(plan.rate * (plan.stop_s + plan.warm_s) * len(servers))
    slices = max(20, (plan.posts + during) // max(1, plan.rate))
    files = write_posts(folder, plan.posts + during, chance, slices)
    first = next((n for n in range(len(files)) if n * (plan.posts + during) / slices >= plan.posts), len(files))
    calm, fire = Home(folder / "calm"), Home(folder / "fire")
    call(calm, "init")
    (folder / "cluster.toml").write_text(settings, "utf-8")
    call(fire, "init", "--settings", str(folder / "cluster.toml"))
    shutil.copytree(calm.secrets, fire.secrets, dirs_exist_ok=True)
    for home in (calm, fire):
        home.rules_file.write_text(RULES, "utf-8")
    whole = folder / "posts.jsonl"
    whole.write_text("".join(file.read_text("utf-8") for file in files), "utf-8")
    call(calm, "import", str(whole), *IMPORT)
    call(calm, "drain")
    town = _Town(fire, servers)
    with town.running():
        town.under_kills(files[:first], plan.kills, chance)
        outages = [town.outage(server, files, first, plan) for server in servers]
        town.feed(files[first:], 0)
        town.until_done(600)
    _refresh(fire)
    code = compare(ledger(calm), ledger(fire), plan.posts + during)
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
        victims = _victims(kills, self.servers, self.processes, chance)
        feeding = threading.Thread(target=self.feed, args=(files, _KILL_S * kills / len(files)))
        feeding.start()
        away: Server | None = None
        while feeding.is_alive() or victims or away:
            if time.monotonic() - started_s > DEADLINE_S:
                sys.exit(f"not done within {DEADLINE_S:.0f} s, killed {dict(self.killed)}")
            if away:
                away.launch()
                away = None if away.is_ready() else away
            victim = victims[-1] if victims else None
            if isinstance(victim, Server):
                if away is None:
                    victims.pop()
                    victim.kill()
                    victim.launch()
                    away = victim
                    self.killed[victim.name] += 1
                    busy += feeding.is_alive()
            elif victim is not None and victim.kill():
                victims.pop()
                self.killed[victim.role] += 1
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

    def outage(self, server: Server, files: Sequence[Path], first: int, plan: Plan) -> bool:
        """Take a server away while posts come in; return whether memory and the time to recover were within bounds."""
        count = max(1, int(plan.stop_s + plan.warm_s))
        mine = files[first + self.fed : first + self.fed + count]
        self.fed += len(mine)
        feeding = threading.Thread(target=self.feed, args=(mine, 1.0))
        feeding.start()
        before = self._most_memory(plan.warm_s)
        server.stop()
        during = self._most_memory(plan.stop_s)
        server.start()
        back_s = time.monotonic()
        feeding.join()
        self.until_done(600)
        took_s = time.monotonic() - back_s
        after = self._most_memory(1.0)
        grown = sum(max(during[role], after[role]) for role in before) - sum(before.values())
        well = took_s <= plan.drained_s and grown <= plan.grow_mb
        print(
            f"{'ok  ' if well else 'FAIL'} {server.name} away {plan.stop_s:g} s under {plan.rate} posts/s: "
            f"all done {took_s:.1f} s after it was back; memory {_megabytes(before)}, grew by {grown:.0f} MB "
            f"to {_megabytes(during)} while it was away, {_megabytes(after)} after",
            flush=True,
        )
        return well

    def _most_memory(self, seconds: float) -> dict[str, float]:
        """Return the most that each role held within the next seconds, in MB."""
        most = dict.fromkeys(ROLES, 0.0)
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            for process in self.processes:
                most[process.role] = max(most[process.role], process.memory_mb())
            time.sleep(0.2)
        return most

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


def _megabytes(memory: dict[str, float]) -> str:
    return " ".join(f"{role} {held:.0f}" for role, held in memory.items())


def _victims(
    kills: int, servers: Sequence[Server], processes: Sequence[_Process], chance: random.Random
) -> list[Server | _Process]:
    """Return whom to kill, last first: every server and every role gets its share."""
    hit = max(1, round(kills * _SERVER_SHARE / len(servers)))
    found: list[Server | _Process] = [server for server in servers for _ in range(hit)]
    found += [processes[number % len(processes)] for number in range(kills - len(found))]
    chance.shuffle(found)
    return found


def _refresh(home: Home) -> None:
    with House.at(home) as house:
        refresh = getattr(house.index, "refresh", None)
        if refresh:
            refresh()


if __name__ == "__main__":
    sys.exit(main())
