"""The live wire: one thread reads the log and fans changes out to every open desk by server-sent events."""

import asyncio
import contextlib
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from alerts import source_troubles
from contracts.errors import QingtingError
from contracts.events import (
    ALERTS_CHANGED,
    POSTS_FETCHED,
    POSTS_INDEXED,
    POSTS_REJECTED,
    TASKS_CHANGED,
    AlertChanged,
    TaskChanged,
)  # fmt: skip
from contracts.ports.log import Partition, Record, read_all
from desk import faults, sessions, sight
from response.access import Officer

if TYPE_CHECKING:
    from desk.app import Desk

KEPT_EVENTS: Final = 512
"""How many events a desk that lost its connection may have missed and still be told of one by one."""
QUEUE_MAX: Final = 256
"""A desk that reads no longer is told to look anew instead of filling memory."""
PULSE_S: Final = 5.0
SESSION_CHECK_S: Final = 60.0
_POLL_S: Final = 0.5
_LOG: Final = logging.getLogger(__name__)


class Pulse(msgspec.Struct, frozen=True, kw_only=True):
    """How fresh the picture is. Ages are seconds; `newest_at` is None for an empty index."""

    newest_at: datetime | None = None
    lag_s: float = 0.0
    reading: bool = True
    silent_sources: int = 0
    sources: int = 0
    failed_messages: int = 0


@dataclass(frozen=True)
class Told:
    """One event as it goes over the wire, and who may have it; its id tells nothing of the events between."""

    id: str
    kind: str
    data: bytes
    visible: Callable[[Officer], bool]


@dataclass(eq=False)
class Listener:
    """One open desk; its queue belongs to the server's loop, None tells it to look anew."""

    officer: Officer
    queue: "asyncio.Queue[Told | None]"
    loop: asyncio.AbstractEventLoop


class Live:
    """Starts with the server. `_lock` guards who listens and what is kept."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        start = Told(_new_id(), "start", b"{}", lambda _officer: False)
        self._kept: deque[Told] = deque((start,), maxlen=KEPT_EVENTS)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.pulse = Pulse()
        self.source_names: Mapping[str, str] = {}

    def start(self) -> None:
        """Begin to read the log at its present end."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="desk-live", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and every open stream."""
        self._stopping.set()
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            self._hand(listener, None)
        if self._thread is not None:
            self._thread.join(timeout=5)

    @property
    def listening(self) -> int:
        """How many desks are open."""
        with self._lock:
            return len(self._listeners)

    async def events(self, request: Request) -> Response:
        """Answer `GET /events`: changes as they happen, a pulse every few seconds, resumed by `Last-Event-ID`."""
        try:
            session = await run_in_threadpool(sessions.of, self._desk, request, self._desk.clock.now())
        except sessions.PasswordOwed:
            return faults.to_password(request)
        if session is None:
            return faults.sentence_page(request, 401, "登录已过期。请重新登录。")
        after = request.headers.get("last-event-id", "")
        return StreamingResponse(
            self._stream(request, session.officer, after),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    async def _stream(self, request: Request, officer: Officer, after: str) -> AsyncIterator[bytes]:
        listener = Listener(officer, asyncio.Queue(QUEUE_MAX), asyncio.get_running_loop())
        with self._lock:
            self._listeners.add(listener)
            missed = self._missed(after)
        try:
            yield b"retry: 2000\n\n"
            yield self._pulse_bytes()
            if missed is None:
                yield self._refresh()
            for told in missed or ():
                if told.visible(officer):
                    yield _bytes(told)
            checked = time.monotonic()
            while not self._stopping.is_set():
                try:
                    told_now = await asyncio.wait_for(listener.queue.get(), PULSE_S)
                except TimeoutError:
                    yield self._pulse_bytes()
                else:
                    yield self._refresh() if told_now is None else _bytes(told_now)
                if time.monotonic() - checked > SESSION_CHECK_S:
                    checked = time.monotonic()
                    if await run_in_threadpool(sessions.of, self._desk, request, self._desk.clock.now()) is None:
                        yield b"event: signed-out\ndata: {}\n\n"
                        return
        finally:
            with self._lock:
                self._listeners.discard(listener)

    def _missed(self, after: str) -> list[Told] | None:
        """Return what a returning desk missed; None when it must look anew; [] for one that comes first."""
        if not after:
            return []
        kept = list(self._kept)
        seen = next((place for place, told in enumerate(kept) if told.id == after), None)
        return None if seen is None else kept[seen + 1 :]

    def _refresh(self) -> bytes:
        with self._lock:
            newest = self._kept[-1]
        return _bytes(Told(newest.id, "refresh", b"{}", newest.visible))

    def _pulse_bytes(self) -> bytes:
        now = self._desk.clock.now()
        data = msgspec.to_builtins(self.pulse) | {"now": now.isoformat()}
        return b"event: pulse\ndata: %s\n\n" % msgspec.json.encode(data)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except QingtingError as away:
                self._stumble(away)
            except Exception as failed:  # noqa: BLE001 - a dead thread would show an old picture as a fresh one
                _LOG.exception("the live wire failed; it starts again")
                self._stumble(failed)

    def _stumble(self, fault: Exception) -> None:
        self.pulse = msgspec.structs.replace(self.pulse, reading=False)
        _LOG.warning("the live wire cannot read: %s", fault)
        self._tell("refresh", b"{}", lambda _officer: True)
        self._stopping.wait(1.0)

    def _follow(self) -> None:
        log = self._desk.log
        streams = (ALERTS_CHANGED, TASKS_CHANGED)
        reader = log.reader(streams, log.end_offsets(streams))
        try:
            self._measure()
            measured = time.monotonic()
            while not self._stopping.is_set():
                for record in reader.poll(200, _POLL_S):
                    self._tell_record(record)
                if time.monotonic() - measured > PULSE_S:
                    self._measure()
                    measured = time.monotonic()
        finally:
            reader.close()

    def _tell_record(self, record: Record) -> None:
        event = record.event
        if isinstance(event, AlertChanged):
            told = {"id": event.id, "state": event.state, "lane": event.lane, "level": event.level}
            kind, visible = "alert", sight.of_alert_event(self._desk, event)
        elif isinstance(event, TaskChanged):
            told = {"id": event.id, "state": event.state, "kind": event.kind}
            kind, visible = "task", sight.of_task_event(self._desk, event)
        else:
            return
        fresh: dict[str, Any] = told | {"change": event.change, "changed_at": event.changed_at}
        self._tell(kind, msgspec.json.encode(fresh), visible)

    def _tell(self, kind: str, data: bytes, visible: Callable[[Officer], bool]) -> None:
        with self._lock:
            told = Told(_new_id(), kind, data, visible)
            self._kept.append(told)
            # what somebody may not see wakes nothing of theirs either: not even a pulse comes later for it
            listeners = [listener for listener in self._listeners if visible(listener.officer)]
        for listener in listeners:
            self._hand(listener, told)

    @staticmethod
    def _hand(listener: Listener, told: Told | None) -> None:
        def put() -> None:
            if listener.queue.full():
                while not listener.queue.empty():
                    listener.queue.get_nowait()
                listener.queue.put_nowait(None)
            else:
                listener.queue.put_nowait(told)

        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody listens there any more
            listener.loop.call_soon_threadsafe(put)

    def _measure(self) -> None:
        desk = self._desk
        now = desk.clock.now()
        newest, fetched = _last(desk, POSTS_INDEXED), _last(desk, POSTS_FETCHED)
        settled = max((at for at in (newest, _last(desk, POSTS_REJECTED)) if at is not None), default=None)
        lag_s = 0.0
        if fetched is not None and (settled is None or fetched > settled + timedelta(seconds=1)):
            lag_s = (now - (settled or fetched)).total_seconds()
        cards = desk.sources()
        self.source_names = {card.id: card.name for card in cards if card.name}
        sources = [card for card in cards if card.enabled]
        healths = {health.source: health for health in desk.health()}
        with desk.database.reading() as connection:
            troubled = {trouble.source for trouble in source_troubles.unmended(connection)}
            silent = sum(1 for one in sources if one.id in troubled or (one.id in healths and healths[one.id].failure))
            failed = sight.failed_messages(connection, now - timedelta(days=1))
        self.pulse = Pulse(
            newest_at=newest, lag_s=max(0.0, lag_s), reading=True, silent_sources=silent, sources=len(sources),
            failed_messages=failed,
        )  # fmt: skip


def _new_id() -> str:
    return secrets.token_hex(8)


def _bytes(told: Told) -> bytes:
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (told.id.encode(), told.kind.encode(), told.data)


def _last(desk: "Desk", stream: str) -> datetime | None:
    """Return when the newest event of the stream was appended."""
    ends = desk.log.end_offsets((stream,))
    positions: dict[Partition, int] = {partition: max(0, end - 1) for partition, end in ends.items()}
    return max((record.appended_at for record in read_all(desk.log, (stream,), positions)), default=None)
