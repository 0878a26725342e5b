"""A running role shows itself to the others, with what it has in hand."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from contracts.errors import Retryable
from contracts.ports.presence import Presence

_SIGN_S: Final = 2.0

_logger = logging.getLogger(__name__)


@contextmanager
def shown(presence: Presence, in_flight: Callable[[], int]) -> Iterator[None]:
    """Show the process for as long as the block runs; a place that is away delays nothing."""
    ended = threading.Event()

    def sign() -> None:
        while True:
            try:
                presence.show(in_flight())
            except Retryable as away:
                _logger.warning("cannot be seen by the other processes for now: %s", away)
            if ended.wait(_SIGN_S):
                return

    with suppress(Retryable):
        presence.show()
    signing = threading.Thread(target=sign, name="presence", daemon=True)
    signing.start()
    try:
        yield
    finally:
        ended.set()
        signing.join()
        with suppress(Retryable):
            presence.leave()
