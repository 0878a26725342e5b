"""The live wire: changes within a tenth of a second, to those whom they concern, and nothing lost over a broken line."""

import json
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.desk_world import World, make_world, served, wait_for


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = make_world(tmp_path_factory.mktemp("desk"))
    with served(world):
        yield world
    world.close()


class Wire:
    """One open event stream, read in a thread."""

    def __init__(self, world: World, who: str, after: str = "") -> None:
        self.told: list[tuple[str, str, dict[str, object], float]] = []
        self._client = world.client(who).http
        headers = {"last-event-id": after} if after else {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(headers,), daemon=True)
        self._thread.start()
        wait_for(lambda: bool(self.told))

    def _read(self, headers: dict[str, str]) -> None:
        kind = identity = ""
        try:
            with self._client.stream("GET", "/events", headers=headers, timeout=30) as answer:
                for line in answer.iter_lines():
                    if self._stop.is_set():
                        return
                    name, _, value = line.partition(": ")
                    if name == "event":
                        kind = value
                    elif name == "id":
                        identity = value
                    elif name == "data":
                        self.told.append((kind, identity, json.loads(value), time.monotonic()))
        except httpx.HTTPError:
            return

    def kinds(self) -> list[str]:
        return [kind for kind, _, _, _ in self.told]

    def of(self, alert: str) -> list[tuple[str, str, dict[str, object], float]]:
        return [told for told in self.told if told[2].get("id") == alert]

    def await_one(self, alert: str) -> None:
        wait_for(lambda: bool(self.of(alert)))

    def close(self) -> None:
        self._stop.set()


def test_an_alert_is_told_within_a_tenth_of_a_second(world: World) -> None:
    wire = Wire(world, "officer")
    waits = []
    for number in range(10, 15):
        alert = world.opinion("yellow", opening_number=number, region=f"4301{number:02d}")
        begun = time.monotonic()
        world.announce()
        wire.await_one(alert.id)
        waits.append(wire.of(alert.id)[0][3] - begun)
    wire.close()
    assert min(waits) < 0.1, waits


def test_a_plea_is_told_to_those_whom_it_concerns_alone(world: World) -> None:
    wires = {who: Wire(world, who) for who in ("officer", "hotline", "commentator", "lead", "county")}
    plea = world.plea("critical")
    opinion = world.opinion("blue", region="430200")
    world.announce()
    for who in ("officer", "commentator", "lead"):
        wires[who].await_one(opinion.id)
    wait_for(lambda: bool(wires["hotline"].of(plea.id)) and bool(wires["officer"].of(plea.id)))
    task = world.help(plea)
    wait_for(lambda: bool(wires["officer"].of(task)))
    for who in ("commentator", "lead", "county"):
        assert not wires[who].of(plea.id), who
        assert not wires[who].of(task), who
        assert plea.posts[0] not in str(wires[who].told), who
    for wire in wires.values():
        wire.close()


def test_what_was_missed_is_told_on_return(world: World) -> None:
    first = Wire(world, "officer")
    seen = world.opinion("blue", region="430600")
    world.announce()
    wait_for(lambda: bool(first.of(seen.id)))
    last = first.told[-1][1] or first.of(seen.id)[-1][1]
    first.close()
    missed = world.opinion("blue", region="430900")
    world.announce()
    probe = Wire(world, "lead")  # the server has told it once another desk could hear of what follows
    again = Wire(world, "officer", after=last)
    wait_for(lambda: bool(again.of(missed.id)))
    assert not again.of(seen.id)
    probe.close()
    again.close()


def test_a_desk_from_before_a_restart_is_told_to_look_anew(world: World) -> None:
    wire = Wire(world, "officer", after="00000000-7")
    wait_for(lambda: "refresh" in wire.kinds())
    wire.close()


def test_the_pulse_says_how_fresh_the_picture_is(world: World) -> None:
    world.post("新的一条")
    wire = Wire(world, "officer")
    kind, _, pulse, _ = wire.told[0]
    wire.close()
    assert kind == "pulse"
    assert pulse["reading"] is True
    assert pulse["sources"] == 2
    assert pulse["silent_sources"] == 1
    assert "lane" not in str(pulse)
