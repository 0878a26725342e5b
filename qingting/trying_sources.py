"""`sources check` on the wire: the sources are asked once, in a process of their own that is ended at the deadline."""

import multiprocessing
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from qingting.home import Home

if TYPE_CHECKING:
    from crawlers.source import Source
    from crawlers.trying import Tried

_ENDS_S: Final = 0.5
"""Kept back of the deadline for ending the child and printing."""


def asked_once(home: Home, sources: "Sequence[Source]", seconds: float) -> "Sequence[Tried]":
    """Return what each source answered within `seconds`, in their order; who did not is told so. Nothing is kept."""
    from crawlers.settings import CrawlSettings
    from crawlers.trying import Tried, try_sources
    from qingting.settings import load

    until_s = time.monotonic() + seconds - _ENDS_S
    settings = load(home.settings_file).crawl if home.exists() else CrawlSettings()
    # a process of its own: Twisted's reactor runs once in one, and a name server that hangs can only be left behind
    processes = multiprocessing.get_context("spawn")
    receiver, sender = processes.Pipe(duplex=False)
    child = processes.Process(target=try_sources, args=(sources, settings, sender), daemon=True)
    child.start()
    sender.close()
    found: dict[str, Tried] = {}
    try:
        while len(found) < len(sources) and receiver.poll(max(until_s - time.monotonic(), 0.0)):
            tried = msgspec.json.decode(receiver.recv_bytes(), type=Tried)
            found[tried.source] = tried
    except EOFError:
        pass  # the child has ended; who is missing is told below
    finally:
        child.kill()
        child.join()
        receiver.close()
    late = f"{seconds:.0f} 秒内没有等到结果（对方没有回应，或同一主机的信源要排队）：请加 --seconds 60，或用 --source 单独再试。"
    return [found.get(source.id, Tried(source=source.id, failure=late)) for source in sources]
