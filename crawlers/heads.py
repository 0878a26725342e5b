"""The head of an answer is bounded: Twisted bounds each line of it, but not their number."""

from typing import Any

from scrapy.core.downloader.handlers.http11 import _LenientHTTP11ClientFactory, _LenientHTTP11ClientProtocol
from twisted.web._newclient import BODY, DONE

HEAD_BYTES_MAX = 256 * 1024
"""Browsers stop at about as much; a head without end would fill the memory within the time-out."""


class _BoundedHead(_LenientHTTP11ClientProtocol):
    """Hangs up on a head beyond the limit."""

    _head_bytes = 0

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        if self._parser is not None and self._parser.state not in {BODY, DONE}:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX + len(data):  # what came with the last piece may be body already
                assert self.transport is not None
                self.transport.abortConnection()
                return
        super().dataReceived(data)  # type: ignore[no-untyped-call]


class BoundedHeads(_LenientHTTP11ClientFactory):
    """Builds such protocols."""

    def buildProtocol(self, addr: Any) -> _BoundedHead:  # noqa: N802 - Twisted's name
        del addr
        return _BoundedHead(self._quiescentCallback)  # type: ignore[no-untyped-call]
