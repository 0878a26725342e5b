"""The intake of a house: pushes and officers' own reports, through the edge into the log."""

import threading
from collections.abc import Mapping, Sequence

from contracts.errors import NotConfigured, Rejected
from contracts.events import POSTS_FETCHED, POSTS_REJECTED
from contracts.ports.intake import Receipt, Refused, Report
from crawlers import push
from crawlers.edge import TEXT_CHARACTERS_MAX, address
from crawlers.judging import REPORTED
from crawlers.raw_post import RawPost
from crawlers.source import Source
from qingting.wiring import House


class HouseIntake:
    """One process's intake. needs: the sources of the home, and `secrets/push-ID.key` for each source of kind push."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._rate = push.Rate()
        self._lock = threading.Lock()
        """The edge asks what it knows, then remembers: two at once would let the same post in twice."""

    def size_max(self, source: str) -> int:
        known = self._source(source)
        return known.size_max_kib * 1024 if known else 0

    def push(self, source: str, headers: Mapping[str, str], body: bytes) -> Receipt | Refused:
        known = self._source(source)
        now = self._house.clock.now()
        try:
            if known is None:
                raise push.Refusal(404, "没有这个推送信源，或它已停用：请向对方要准确的网址。")
            push.require_size(body, known)
            push.verify(self._secret(known), headers, body, now)
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
            raise Rejected("链接要以 http:// 或 https:// 开头。没有链接就空着。")
        return self._take([
            RawPost(
                source=REPORTED, native_id=f"{unit}:{report.id}", text=report.text, title=report.title, url=report.url,
                published_at=report.happened_at or self._house.clock.now(), place=report.place or unit,
            )
        ])  # fmt: skip

    def _source(self, name: str) -> Source | None:
        return next(
            (one for one in self._house.sources if one.id == name and one.kind == "push" and one.enabled), None
        )

    def _secret(self, source: Source) -> bytes:
        try:
            return self._house.home.secret(f"push-{source.id}.key")
        except NotConfigured as missing:
            raise push.Refusal(503, "这个信源还没有推送密钥：请管理员在 secrets/ 里建好。") from missing

    def _take(self, raws: Sequence[RawPost]) -> Receipt:
        house = self._house
        with self._lock:
            admitted = house.edge.admit(raws)
            if admitted.fetched:
                house.log.append(POSTS_FETCHED, admitted.fetched)
            if admitted.rejected:
                house.log.append(POSTS_REJECTED, admitted.rejected)
            house.edge.keep(admitted)
        return Receipt(
            accepted=len(admitted.fetched), duplicates=admitted.duplicates, rejected=len(admitted.rejected),
            masked=admitted.masked,
        )  # fmt: skip
