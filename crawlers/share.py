"""Which hosts this process crawls, among several crawl processes.

Every host falls to one of the living processes by rendezvous hashing (Thaler and Ravishankar 1998), so that few change
hands when a process comes or goes; a lease for each host keeps two from asking it at once meanwhile.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Protocol
from urllib.parse import urlsplit

from contracts.ports.lease import Lease
from contracts.ports.presence import Presence
from crawlers.source import Source

ROLE: Final = "crawl"
_LOOK_S: Final = 2.0


class Share(Protocol):
    """What one crawl process may ask for now."""

    def take(self, source: Source) -> bool:
        """Begin to crawl the source, if it is ours. Raises Retryable where that cannot be told."""
        ...

    def give(self, source: Source) -> None:
        """End to crawl a source that was taken."""
        ...

    def renew(self) -> None:
        """Keep what is being crawled; to be called every second."""
        ...

    def close(self) -> None:
        """Leave the hosts to others at once."""
        ...


class Everything:
    """The share of somebody who is alone."""

    def take(self, source: Source) -> bool:  # noqa: ARG002 - that of the protocol
        return True

    def give(self, source: Source) -> None:
        pass

    def renew(self) -> None:
        pass

    def close(self) -> None:
        pass


class HostShare:
    """The share of one crawl process among the living. `lease` opens the lease of a name."""

    def __init__(self, presence: Presence, lease: Callable[[str], Lease]) -> None:
        self._presence = presence
        self._lease = lease
        self._leases: dict[str, Lease] = {}
        self._busy: Counter[str] = Counter()
        """Sources being crawled, by host: a host changes hands only between crawls."""
        self._living: Sequence[str] = ()
        self._looked_s = float("-inf")

    def take(self, source: Source) -> bool:
        host = _host(source)
        if not self._busy[host] and chosen(host, self._names()) != self._presence.name:
            if lease := self._leases.pop(host, None):
                lease.release()
            return False
        lease = self._leases.get(host)
        if lease is None:
            lease = self._leases[host] = self._lease(f"crawl {host}")
        if not lease.acquire():
            return False
        self._busy[host] += 1
        return True

    def give(self, source: Source) -> None:
        self._busy[_host(source)] -= 1

    def renew(self) -> None:
        for host, count in self._busy.items():
            if count:
                self._leases[host].acquire()

    def close(self) -> None:
        while self._leases:
            self._leases.popitem()[1].release()

    def _names(self) -> Sequence[str]:
        """Return the names of the living crawl processes, this one always among them."""
        if time.monotonic() - self._looked_s > _LOOK_S:
            names = {process.name for process in self._presence.living() if process.role == ROLE}
            self._living = sorted(names | {self._presence.name})
            self._looked_s = time.monotonic()
        return self._living


def chosen(host: str, processes: Sequence[str]) -> str:
    """Return the process that a host falls to; the same for whoever asks, in whatever order."""
    return max(processes, key=lambda name: hashlib.blake2b(f"{name} {host}".encode()).digest())


def _host(source: Source) -> str:
    return urlsplit(source.url).netloc.lower()
