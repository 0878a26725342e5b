"""The cluster path, fetched → scored in Celery → indexed → watched, on the cores that it shares with all four servers."""

import time
from collections.abc import Mapping
from typing import Final

from contracts.events import POSTS_FETCHED
from qingting.bench import figure, memory, trial, workload
from qingting.bench.figure import Figure
from qingting.bench.full_path import watched
from qingting.wiring import House
from tools.cluster_bench import peers, town
from tools.servers.server import Server

ROLES: Final = ("score", "worker", "index", "watch")
_BATCH: Final = 1_000
_CALM_S: Final = 10.0


def figures(at: Mapping[str, Server], bodies: list[str], runs: int) -> list[Figure]:
    """Measure posts/s of the path and of each server alone in turns, and what each part costs."""
    alone: dict[str, list[float]] = {"kafka": [], "celery": [], "bulk": []}
    path, costs = [], []
    events = workload.fetched(bodies)
    # one run more, first, is not counted: the servers' virtual machines compile what they do often
    for run in range(runs + 1):  # taken in turns, so that a slow minute of the machine slows all
        alone["kafka"].append(peers.kafka_alone(at, events, f"alone{run}"))
        with town.home(at, f"bench{run}") as made:
            alone["bulk"].append(peers.bulk_alone(at, made, events, f"alone{run}"))
            with town.running(made, ["worker"]):
                alone["celery"].append(peers.celery_alone(made, events))
            rate, cost = _path(at, made, bodies)
        path.append(rate)
        costs.append(cost)
    alone = {part: rates[1:] for part, rates in alone.items()}
    path, costs = path[1:], costs[1:]
    names = {
        "kafka": "kafka-python alone: written and read once", "celery": "Celery alone: scored by one worker",
        "bulk": "`helpers.bulk` alone: the same mapping, nothing scored, folded or announced",
    }  # fmt: skip
    bulk = figure.of(names["bulk"], alone["bulk"], "posts/s")
    return [
        figure.of("cluster path, fetched → scored → indexed → watched, default rules", path, "posts/s", goal="≥ 1,500",
                  at_least=1500, peer="`helpers.bulk` alone", peer_value=bulk.value),
        bulk,
        *(figure.of(names[part], alone[part], "posts/s") for part in ("kafka", "celery")),
        *(
            figure.of(f"processor time of {part} in the path", [cost[part] for cost in costs], "µs/post")
            for part in costs[0]
        ),
    ]  # fmt: skip


def _path(at: Mapping[str, Server], made: "town.Home", bodies: list[str]) -> tuple[float, dict[str, float]]:
    """Return posts/s, and the processor time of each role and server in µs a post."""
    with town.running(made, ROLES) as children, House.at(made) as house:
        warm = workload.fetched(bodies[:200], now=house.clock.now(), tag="warm")
        house.log.append(POSTS_FETCHED, warm)
        trial.until(lambda: watched(house) == len(warm), "the first posts to be watched")
        parts = {f"`{role}`": [child.pid] for role, child in children.items()}
        events = workload.fetched(bodies, now=house.clock.now())
        before = _spent_s(parts, at)
        started_s = time.perf_counter()
        for start in range(0, len(events), _BATCH):
            house.log.append(POSTS_FETCHED, events[start : start + _BATCH])
        trial.until(lambda: watched(house) == len(warm) + len(events), "all posts to be watched", 600)
        rate = len(events) / (time.perf_counter() - started_s)
        spent = {part: (after - before[part]) / len(events) * 1e6 for part, after in _spent_s(parts, at).items()}
        return rate, spent


def _spent_s(parts: Mapping[str, list[int]], at: Mapping[str, Server]) -> dict[str, float]:
    """Return the processor time of each part so far, with all that it has started."""
    roots = {**parts, **{name: server.processes() for name, server in at.items()}}
    return {
        part: town.processor_s({process for root in processes for process in memory.family(root)})
        for part, processes in roots.items()
    }


def one_more(at: Mapping[str, Server]) -> list[Figure]:
    """Measure what each role process holds at rest, and what a second one of it costs while nothing happens."""
    found = []
    with town.home(at, "rest") as made, town.running(made, [*ROLES, "notify", "crawl", "desk"]) as children:
        before = {role: town.processor_s([child.pid]) for role, child in children.items()}
        time.sleep(_CALM_S)  # a measurement of idle time, not a wait for something
        for role, child in children.items():
            busy = (town.processor_s([child.pid]) - before[role]) / _CALM_S * 100
            found.append(figure.of(f"memory of `{role}` at rest", [memory.resident_mb(child.pid)], "MB",
                                   peer="processor time at rest, % of a core", peer_value=busy))  # fmt: skip
    with town.home(at, "more") as made, town.running(made, ["index", "index", "score", "score"]) as children:
        before = {role: town.processor_s([child.pid]) for role, child in children.items()}
        time.sleep(_CALM_S)
        for role in ("index 2", "score 2"):
            busy = (town.processor_s([children[role].pid]) - before[role]) / _CALM_S * 100
            what = "a stand-by of `index`" if role.startswith("index") else "a second `score`"
            found.append(figure.of(f"one more process, {what}: memory", [memory.resident_mb(children[role].pid)], "MB",
                                   peer="processor time at rest, % of a core", peer_value=busy))  # fmt: skip
    return found
