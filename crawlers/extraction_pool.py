"""Reads pages in processes of its own, so that no page ever stalls the reactor that fetches.

A lane is one child that reads one page at a time. A child that dies (kill -9, out of memory, a fault in a parser) is
replaced and the page is read again, by another child; one that does not finish in time is killed and replaced. A page
whose children keep failing of themselves ends as a stated failure; one that was hit by a kill -9 from outside does not.
So every page that was handed in comes back exactly once.
"""

import asyncio
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from multiprocessing.process import BaseProcess
from typing import Final

from crawlers.article import OUT_OF_MEMORY, Article, Unreadable, read_article

DEADLINE_S: Final = 20.0
"""A page takes 20 ms; one that takes a thousand times that is built to."""
_START_S: Final = 60.0
"""Until a child has loaded its libraries, on a machine that is busy with other things."""
_FAULTS_MAX: Final = 3
"""A page at which so many children failed of themselves is the reason for it."""
_KILLS_MAX: Final = 50
"""Whoever kills so many children in a row, be it the kernel for want of memory, wants no page to be read."""
_PAGES_PER_CHILD: Final = 1000
"""libxml2 gives memory back slowly: a child is let go before it has grown."""
_MEMORY_BYTES: Final = 2 * 1024**3
_KILLED: Final = (-signal.SIGKILL, 255, None)
"""255 and None: two threads asked the fork server for the same end, and the other one was told."""
Read = Callable[..., Article | Unreadable]


class ExtractionPool:
    """Children that read pages; belongs to one running asyncio loop. Close it, or its children live on."""

    def __init__(self, lanes: int = 1, *, deadline_s: float = DEADLINE_S, read: Read = read_article) -> None:
        """Start no child yet: each lane starts its own when it is first needed. `read` must be importable by name."""
        if lanes < 1:
            raise ValueError("a pool needs a lane")
        self._lanes = [_Lane(read, deadline_s) for _ in range(lanes)]
        self._free: asyncio.LifoQueue[_Lane] = asyncio.LifoQueue()
        for lane in self._lanes:
            self._free.put_nowait(lane)  # the last one used is asked first: a quiet source wakes no second child

    @property
    def pids(self) -> tuple[int, ...]:
        """The children that live now."""
        return tuple(lane.process.pid for lane in self._lanes if lane.process and lane.process.pid)

    async def read(
        self, body: bytes, url: str, *, content_type: str = "", first_seen: datetime
    ) -> Article | Unreadable:
        """Return what `read_article` says of the page, or that it could not be read in time. Waits for a free lane.

        From Twisted on the asyncio reactor: `Deferred.fromFuture(asyncio.ensure_future(pool.read(...)))`.
        """
        faults = kills = 0
        while faults < _FAULTS_MAX and kills < _KILLS_MAX:
            lane = await self._free.get()
            try:
                return await lane.read(body, url, content_type, first_seen)
            except BrokenProcessPool:
                if await lane.was_killed():
                    kills += 1
                else:
                    faults += 1
                lane.replace()
            except MemoryError:
                lane.replace()
                return Unreadable(OUT_OF_MEMORY)
            except TimeoutError:
                lane.replace()
                return Unreadable(f"读了 {lane.deadline_s:g} 秒还没有读完，已放弃这一页。")
            except asyncio.CancelledError:
                lane.replace()  # its child still reads a page that nobody waits for
                raise
            finally:
                self._free.put_nowait(lane)
        return Unreadable(f"读这一页的进程接连 {faults + kills} 次中止，已放弃这一页。")

    def close(self) -> None:
        """Kill the children at once; pages under way are the caller's to hand in again."""
        for lane in self._lanes:
            lane.replace()


class _Lane:
    """One child at a time, in an executor of its own: when a child dies, no other lane's page is lost with it."""

    def __init__(self, read: Read, deadline_s: float) -> None:
        self._read = read
        self.deadline_s = deadline_s
        self.process: BaseProcess | None = None
        self._executor: ProcessPoolExecutor | None = None
        self._pages = 0

    async def read(self, body: bytes, url: str, content_type: str, first_seen: datetime) -> Article | Unreadable:
        """Raise BrokenProcessPool where the child died, TimeoutError where it is still at it."""
        if self._pages >= _PAGES_PER_CHILD:
            self.replace()
        executor = self._executor or await self._start()
        self._pages += 1
        reading = executor.submit(self._read, body, url, content_type=content_type, first_seen=first_seen)
        async with asyncio.timeout(self.deadline_s):  # wait_for of 3.11 loses a cancellation that meets the end
            return await asyncio.wrap_future(reading)

    async def _start(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("forkserver")
        # Loaded once in the server: a new child is there in milliseconds.
        context.set_forkserver_preload([__name__])
        others = set(multiprocessing.active_children())
        self._executor = ProcessPoolExecutor(1, mp_context=context, initializer=_confine)
        started = self._executor.submit(os.getpid)
        self.process = next(iter(set(multiprocessing.active_children()) - others), None)
        try:
            # apart from the page, whose time runs only once its child is there
            async with asyncio.timeout(_START_S):
                await asyncio.wrap_future(started)
        except TimeoutError as error:
            self.replace()
            raise BrokenProcessPool("the child did not start") from error
        return self._executor

    async def was_killed(self) -> bool:
        """Whether the child ended by a kill -9, and not by a fault of its own. Waits for its end."""
        if self._executor is None:
            return False
        await asyncio.to_thread(self._executor.shutdown)
        return self.process is None or self.process.exitcode in _KILLED

    def replace(self) -> None:
        """Let the child go, whatever it does; the next page starts another."""
        if self.process:
            self.process.kill()
        if self._executor:
            self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor, self.process, self._pages = None, None, 0


def _confine() -> None:
    """Bound what a page can take from the machine, and let the child end with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the page
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
