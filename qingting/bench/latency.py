"""From the append of a plea's `PostFetched` to its alert's event at an open desk, under load; and memory of `up`."""

import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from alerts.rule import PLEA
from contracts.events import POSTS_FETCHED, POSTS_INDEXED
from contracts.identity import plea_alert_id
from qingting.bench import figure, memory, trial, workload
from qingting.demo import seed
from qingting.demo.check import answers
from qingting.demonstrating import free_port
from qingting.home import Home
from qingting.starting_up import found
from qingting.visitor import Visitor
from qingting.wiring import House

RATES = (100, 500)
"""Posts a second of everyday load."""
_SECONDS = 40
_TICK_S = 0.05
_PLEA_EVERY_S = 0.5
_PLEA = "他又在打我，我和孩子被反锁在家里，求求你们救救我们，第 {} 次。"
_PERSON = "样例值班员"


def figures(bodies: list[str]) -> list[figure.Figure]:
    """Run `up` once: memory at rest, then each rate with a plea twice a second, then memory under the last load."""
    with tempfile.TemporaryDirectory(prefix="qingting-bench-") as folder:
        home, port = Home(Path(folder) / "home"), free_port()
        found(home)
        home.settings_file.write_text(f"[desk]\nport = {port}\n", "utf-8")
        with House.at(home) as house:
            with house.database.writing() as connection:
                passwords = seed.seed(connection, house.clock.now())
            with trial.up(home) as program:
                return _measured(house, f"http://127.0.0.1:{port}", passwords[_PERSON], program.pid, bodies)


def _measured(house: House, address: str, password: str, pid: int, bodies: list[str]) -> list[figure.Figure]:
    trial.until(lambda: answers(address), "the desk to answer")
    at_rest = [memory.resident_mb(pid)]
    listener = Listener(Visitor(address, _PERSON, password))
    results, loaded = [], 0.0
    for rate in RATES:
        sent, loaded = _load(house, rate, bodies, pid)
        trial.until(lambda sent=sent: len(listener.heard.keys() & sent.keys()) == len(sent), "every alert", 60)  # type: ignore[misc]
        delays = sorted(listener.heard[alert] - at for alert, at in sent.items())
        for share, name in ((0.5, "p50"), (0.95, "p95")):
            value = delays[min(len(delays) - 1, int(share * len(delays)))]
            results.append(
                figure.of(f"append to the alert at an open desk, {name} of {len(delays)} at {rate} posts/s", [value], "s",
                          goal="p95 ≤ 1" if name == "p95" else "", at_most=1.0 if name == "p95" else None)
            )  # fmt: skip
    listener.stop()
    return [
        *results,
        figure.of("memory of `up`, all roles, at rest", at_rest, "MB", goal="≤ 900", at_most=900),
        figure.of(f"memory of `up`, all roles, at {RATES[-1]} posts/s", [loaded], "MB", goal="≤ 900", at_most=900),
    ]


def _load(house: House, rate: int, bodies: Sequence[str], pid: int) -> tuple[dict[str, float], float]:
    """Append at a rate; return when each plea was appended, by alert id, and the most memory that was seen."""
    sent: dict[str, float] = {}
    most, number, plea = 0.0, 0, 0
    began = time.monotonic()
    ahead = began + _PLEA_EVERY_S
    while (passed := time.monotonic() - began) < _SECONDS:
        due = int(passed * rate)
        if due > number:
            texts = [bodies[place % len(bodies)] for place in range(number, due)]
            house.log.append(POSTS_FETCHED, workload.fetched(texts, spread_s=1, tag=f"{rate}-{number}-"))
            number = due
        if time.monotonic() >= ahead:
            ahead += _PLEA_EVERY_S
            plea += 1
            event = workload.fetched([_PLEA.format(f"{rate}-{plea}")], spread_s=1, tag=f"plea{rate}-{plea}")
            sent[plea_alert_id(PLEA.id, event[0].post.id)] = time.monotonic()
            house.log.append(POSTS_FETCHED, event)
        if number % 50 == 0:
            most = max(most, memory.resident_mb(pid))
        time.sleep(_TICK_S)
    trial.until(lambda: _lag(house) == 0, "the load to be worked off", 60)
    return sent, max(most, memory.resident_mb(pid))


def _lag(house: House) -> int:
    ends = house.log.end_offsets([POSTS_FETCHED, POSTS_INDEXED])
    totals = dict.fromkeys((POSTS_FETCHED, POSTS_INDEXED), 0)
    for partition, end in ends.items():
        totals[partition.stream] += end
    return totals[POSTS_FETCHED] - totals[POSTS_INDEXED]


class Listener:
    """An open desk: notes when it first heard of each alert."""

    def __init__(self, visitor: Visitor) -> None:
        self.heard: dict[str, float] = {}
        self._visitor = visitor
        self._stopped = False
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True

    def _listen(self) -> None:
        with self._visitor.events() as stream:
            kind = ""
            for line in stream.iter_lines():
                if self._stopped:
                    return
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: ") and kind == "alert":
                    alert = msgspec.json.decode(line.removeprefix("data: "))["id"]
                    self.heard.setdefault(alert, time.monotonic())
