"""`replay`: feed dead letters back to the stream that they came from."""

from typing import Final

import msgspec

from contracts.events import POSTS_FETCHED, POSTS_REJECTED, POSTS_SCORED, PostFetched, PostRejected, PostScored
from qingting.wiring import House

GROUP: Final = "replay"
_BATCH: Final = 1000


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """Dead letters read, fed back, and those of the edge, which hold no post."""

    dead_letters: int
    replayed: int
    without_event: int


def replay(house: House) -> Replayed:
    """Append every new dead letter's event to its stream again, then commit: after a crash some may come twice, none is lost."""
    consumer = house.log.consumer(GROUP, [POSTS_REJECTED])
    read = fed = 0
    try:
        while records := consumer.poll(_BATCH, timeout_s=0.2):
            letters = [record.event for record in records if isinstance(record.event, PostRejected)]
            events = [letter.event for letter in letters if letter.event is not None]
            for stream, kind in ((POSTS_FETCHED, PostFetched), (POSTS_SCORED, PostScored)):
                if chosen := [event for event in events if isinstance(event, kind)]:
                    house.log.append(stream, chosen)
            consumer.commit({record.partition: record.offset + 1 for record in records})
            read, fed = read + len(letters), fed + len(events)
    finally:
        consumer.close()
    return Replayed(dead_letters=read, replayed=fed, without_event=read - fed)
