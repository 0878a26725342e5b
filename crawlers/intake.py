"""Pushes and officers' own reports, through the edge into the log: the intake port as the edge fulfils it."""

import threading
from collections.abc import Callable, Mapping, Sequence

from contracts.errors import NotConfigured, Rejected
from contracts.events import POSTS_FETCHED, POSTS_REJECTED
from contracts.ports.clock import Clock
from contracts.ports.intake import Receipt, Refused, Report
from contracts.ports.log import Log
from crawlers import push
from crawlers.edge import TEXT_CHARACTERS_MAX, Edge, address
from crawlers.judging import REPORTED
from crawlers.raw_post import RawPost
from crawlers.source import Source


class EdgeIntake:
    """One process's intake.

    needs: an edge and a log · configuration: sources of kind push, and a secret for each · delivery: durable when the
    call returns; the same again is a duplicate · limits: `per_minute` is counted in this process.
    """

    def __init__(
        self,
        *,
        sources: Callable[[], Sequence[Source]],
        secret: Callable[[str], bytes],
        edge: Callable[[], Edge],
        log: Log,
        clock: Clock,
    ) -> None:
        """`secret` gives the secret of a source by its id, or raises NotConfigured; all are asked when first needed."""
        self._sources = sources
        self._secret = secret
        self._edge = edge
        self._log = log
        self._clock = clock
        self._rate = push.Rate()
        self._lock = threading.Lock()
        """The edge asks what it knows, then remembers: two at once would let the same post in twice."""

    def size_max(self, source: str) -> int:
        known = self._source(source)
        return known.size_max_kib * 1024 if known else 0

    def push(self, source: str, headers: Mapping[str, str], body: bytes) -> Receipt | Refused:
        known = self._source(source)
        if known is None:
            return Refused(status=404, sentence="没有这个推送信源，或它已停用：请向对方要准确的网址。")
        now = self._clock.now()
        try:
            push.require_size(body, known)
            push.verify(self._secret_of(known), headers, body, now)
            with self._lock:  # only whoever holds the secret uses up the source's share
                self._rate.admit(known, now)
            raws = push.parse(body, known, now)
        except push.Refusal as refusal:
            return Refused(status=refusal.status, sentence=str(refusal), retry_after_s=refusal.retry_after_s)
        return self._take(raws)

    def report(self, report: Report, *, unit: str) -> Receipt:
        if not report.text.strip():
            raise Rejected("没有写内容。请把网上那条的原话，或来电来访说的话，写在“内容”里。")
        if len(report.text) > TEXT_CHARACTERS_MAX:
            raise Rejected(f"内容超过 {TEXT_CHARACTERS_MAX} 字。请只写一条。")
        if report.url and not address(report.url):
            if report.url.strip().lower().startswith(("http://", "https://")):
                raise Rejected("这个链接指向一个人的主页，或者不是完整的网址。请给那一条内容自己的链接，或空着。")
            raise Rejected("链接要以 http:// 或 https:// 开头。没有链接就空着。")
        raw = RawPost(
            source=REPORTED,
            native_id=f"{unit}:{report.id}",
            text=report.text,
            title=report.title,
            url=report.url,
            published_at=report.happened_at or self._clock.now(),
            date_source="given",
            place=report.place or unit,
        )
        return self._take([raw])

    def _source(self, name: str) -> Source | None:
        pushed = (one for one in self._sources() if one.kind == "push" and one.enabled)
        return next((one for one in pushed if one.id == name), None)

    def _secret_of(self, source: Source) -> bytes:
        try:
            return self._secret(source.id)
        except NotConfigured as missing:
            raise push.Refusal(503, "这个信源还没有推送密钥：请管理员在 secrets/ 里建好。") from missing

    def _take(self, raws: Sequence[RawPost]) -> Receipt:
        with self._lock:
            edge = self._edge()
            admitted = edge.admit(raws)
            if admitted.fetched:
                self._log.append(POSTS_FETCHED, admitted.fetched)
            if admitted.rejected:
                self._log.append(POSTS_REJECTED, admitted.rejected)
            edge.keep(admitted)
        return Receipt(
            accepted=len(admitted.fetched),
            duplicates=admitted.duplicates,
            rejected=len(admitted.rejected),
            masked=admitted.masked,
        )
