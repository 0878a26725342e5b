"""The roles by name, and the loop that runs one until it is told to stop."""

import gc
import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from backends.settings import CelerySettings
from contracts.errors import Conflict, NotConfigured, Retryable
from contracts.ports.presence import Presence
from contracts.role import Role
from qingting.settings import Settings
from qingting.showing import shown
from qingting.wiring import House

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from alerts.notify import NotifyRole
    from alerts.watch import WatchRole
    from contracts.alert import Alert
    from pipeline.index_role import IndexRole
    from pipeline.score_role import ScoreRole

ROLES: Final = ("crawl", "score", "index", "watch", "notify", "desk")
"""In the order of a post's way; `worker` joins them in the cluster only."""
WORKER: Final = "worker"
TURN_S: Final = 0.5
_HOST_LEASE_S: Final = 20.0
"""How long nobody crawls the hosts of a crawl process that died."""
_FORGET_EVERY: Final = timedelta(minutes=1)
_SOURCES_EVERY: Final = timedelta(minutes=1)
_RETAIN_EVERY: Final = timedelta(hours=1)
_EXPIRE_EVERY: Final = timedelta(days=1)
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0
_COLLECTED_AFTER: Final = (50_000, 20, 50)
"""A batch makes thousands of containers that die by themselves; looking for cycles after every 700 costs a tenth."""

_logger = logging.getLogger(__name__)


def score_role(house: House) -> "ScoreRole":
    from pipeline.score_role import ScoreRole

    pipeline = house.settings.pipeline
    return ScoreRole(house.log, house.jobs, house.clock, batch=pipeline.score_batch, in_flight=pipeline.in_flight)


def index_role(house: House) -> "IndexRole":
    from pipeline.index_role import IndexRole

    return IndexRole(
        house.log, house.index, house.forget_list, house.lease("index"), house.clock,
        batch=house.settings.pipeline.index_batch,
    )  # fmt: skip


def watch_role(house: House) -> "WatchRole":
    from alerts.watch import WatchRole
    from response.opening import open_work

    settings = house.settings.response

    def open_with_settings(connection: "Connection", alert: "Alert", now: datetime) -> None:
        open_work(connection, alert, now, settings)

    return WatchRole(
        house.log, house.database, house.lease("watch"), house.clock, house.rules, open_with_settings,
        settings=house.settings.alerts,
    )  # fmt: skip


def notify_role(house: House) -> "NotifyRole":
    from alerts.notify import Chore, NotifyRole
    from qingting.forgetting import forget_due
    from qingting.retaining import expire, retain
    from qingting.watching_sources import watch_sources
    from response import judging, shifts, timers

    settings = house.settings.response

    def run_timers(connection: "Connection", now: datetime) -> None:
        timers.run(connection, now, settings)

    def awaited(connection: "Connection") -> frozenset[str]:
        return frozenset(judgement.alert for judgement in judging.awaiting(connection))

    return NotifyRole(
        house.log, house.database, house.lease("notify"), house.clock, house.notifiers, timers=(run_timers,),
        roster=shifts.rung_in_turn, awaited=awaited, settings=house.settings.alerts,
        chores=(
            Chore(partial(forget_due, house), _FORGET_EVERY), Chore(partial(retain, house), _RETAIN_EVERY),
            Chore(partial(expire, house), _EXPIRE_EVERY),
            Chore(partial(watch_sources, house), _SOURCES_EVERY),
        ),
    )  # fmt: skip


STEPPING: Final[dict[str, Callable[[House], Role]]] = {
    "score": score_role, "index": index_role, "watch": watch_role, "notify": notify_role
}  # fmt: skip


def of(settings: Settings) -> tuple[str, ...]:
    """Return the processes that `up` starts, by role."""
    workers = settings.jobs.workers if isinstance(settings.jobs, CelerySettings) else 0
    return (*ROLES, *[WORKER] * workers)


def run(name: str, house: House, stop: threading.Event) -> None:
    """Run one role until `stop` is set; it then finishes what it took. Raises NotConfigured for an unknown name."""
    if name not in {*ROLES, WORKER}:
        raise NotConfigured(f"没有叫 {name} 的角色。可用：{'、'.join(ROLES)}。")
    if name in STEPPING:
        role = STEPPING[name](house)
        with shown(house.presence(name), lambda: role.in_flight):
            _turns(name, role, stop)
        return
    presence = house.presence(name)
    with shown(presence, lambda: 0):
        if name == "crawl":
            _crawl(house, presence, stop)
        elif name == "desk":
            _serve(house, stop)
        else:
            _work(house, stop)


def _turns(name: str, role: Role, stop: threading.Event) -> None:
    gc.freeze()
    gc.set_threshold(*_COLLECTED_AFTER)
    pause_s = _FIRST_PAUSE_S
    try:
        while not stop.is_set():
            try:
                role.step(TURN_S)
                pause_s = _FIRST_PAUSE_S
            except (Retryable, Conflict) as decision:
                _logger.warning("%s: %s; next try in %.1f s", name, decision, pause_s)
                stop.wait(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
    finally:
        role.close()


def _crawl(house: House, presence: Presence, stop: threading.Event) -> None:
    from crawlers.crawling import crawl
    from crawlers.share import HostShare
    from qingting.forgetting import forget_deleted

    crawl(
        house.sources, edge=house.edge, log=house.log, crawl_state=house.crawl_state, clock=house.clock,
        forget=partial(forget_deleted, house), once=False, should_stop=stop.is_set, settings=house.settings.crawl,
        share=HostShare(presence, lambda host: house.lease(host, _HOST_LEASE_S)), crawl_book=house.crawl_book,
    )  # fmt: skip


def _work(house: House, stop: threading.Event) -> None:
    settings = house.settings.jobs
    if not isinstance(settings, CelerySettings):
        raise NotConfigured("角色 worker 只在集群模式下存在；内置模式由 score 自己计算，请去掉 worker。")
    from backends.celery.worker import work

    work(settings, house.home.secrets, house.score, stop)


def _serve(house: House, stop: threading.Event) -> None:
    from qingting.serving import serve

    serve(house, stop)
