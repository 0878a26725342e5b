"""What the crawlers remember of a hot list, for people: rank, heat and change of its entries."""

from collections.abc import Sequence

from contracts.standing import Standing
from qingting.wiring import House


def standings(house: House, source: str) -> Sequence[Standing]:
    """Return the entries of a hot list as of its last look; nothing for any other source. Raises Retryable."""
    from crawlers.hotlist import kept, snapshot_mark

    for known in house.sources:
        if known.id == source and known.kind == "hotlist":
            mark = snapshot_mark(known)
            state = house.crawl_state.pages([mark]).get(mark)
            snapshot = kept(state.body_digest) if state else None
            return snapshot.standings if snapshot else ()
    return ()
