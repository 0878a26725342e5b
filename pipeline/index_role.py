"""The index role: fold, assign the event, write, then announce; one process at a time.

What a post was folded onto and which event it joined are kept with it in the index. After a crash the memory is built
again from the tail of `posts.indexed.v1`, and a post that comes again keeps what the index says, so a run with crashes
ends with the same folds as it had announced.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from contracts.document import Document
from contracts.errors import Conflict, Retryable
from contracts.events import POSTS_INDEXED, POSTS_REJECTED, POSTS_SCORED, PostIndexed, PostRejected, PostScored
from contracts.ports.clock import Clock
from contracts.ports.forget_list import ForgetList
from contracts.ports.index import Index
from contracts.ports.lease import Lease
from contracts.ports.log import Consumer, Log, Partition, Record, read_all
from pipeline.event import Belonging, Events, Features
from pipeline.fold import CAPACITY, Folds

GROUP: Final = "index"
_STANDBY_S: Final = 0.5
_TICK: Final = timedelta(microseconds=1)


class _Batch(msgspec.Struct, eq=False):
    """What was taken and is not yet committed."""

    records: Sequence[Record]
    placed: Sequence[tuple[Document, PostIndexed]] | None = None
    """What is to be written; folds and events know of it already."""

    @property
    def scored(self) -> list[PostScored]:
        return [record.event for record in self.records if isinstance(record.event, PostScored)]


class IndexRole:
    """Alone by its lease; another process stands by and takes over when the lease runs out."""

    def __init__(
        self, log: Log, index: Index, forget_list: ForgetList, lease: Lease, clock: Clock, *, batch: int = 1000
    ) -> None:
        self._log = log
        self._index = index
        self._forget_list = forget_list
        self._lease = lease
        self._clock = clock
        self._size = batch
        self._consumer: Consumer | None = None
        self._folds = Folds()
        self._events = Events()
        self._batch: _Batch | None = None

    @property
    def in_flight(self) -> int:
        batch = self._batch
        return len(batch.records) if batch else 0

    def step(self, timeout_s: float) -> int:
        """Index one batch. Raises Retryable when a port is away; the batch stays in hand and is written by a later step."""
        if not self._lease.acquire():
            self._stand_down()
            time.sleep(min(timeout_s, _STANDBY_S))
            return 0
        try:
            return self._turn(timeout_s)
        except Retryable:
            raise
        except BaseException:
            # what was taken but not committed is read again, into a memory that knows only what was announced
            self._stand_down()
            raise

    def _turn(self, timeout_s: float) -> int:
        if self._consumer is None:
            self._remember()
            self._consumer = self._log.consumer(GROUP, [POSTS_SCORED])
        if self._batch is None:
            records = self._consumer.poll(self._size, timeout_s)
            if not records:
                return 0
            self._batch = _Batch(records)
        batch = self._batch
        if batch.placed is None:
            batch.placed = self._place(batch.scored)
        if batch.placed:
            self._write(batch)
        self._consumer.commit({record.partition: record.offset + 1 for record in batch.records})
        self._batch = None
        return len(batch.records)

    def close(self) -> None:
        self._stand_down()
        self._lease.release()

    def _stand_down(self) -> None:
        self._batch = None
        if self._consumer:
            self._consumer.close()
            self._consumer = None

    def _remember(self) -> None:
        """Build folds and events from the announcements that still matter, oldest first."""
        self._folds, self._events = Folds(), Events()
        ends = self._log.end_offsets([POSTS_INDEXED])
        share = 2 * CAPACITY // max(1, len(ends))
        positions = {part: max(0, end - share) for part, end in ends.items()}
        read: list[tuple[int, Partition, int, PostIndexed]] = [
            (_micros(record.event), record.partition, record.offset, record.event)
            for record in read_all(self._log, [POSTS_INDEXED], positions)
            if isinstance(record.event, PostIndexed)
        ]
        read.sort(key=lambda entry: entry[:3])
        for *_, event in read:
            self._keep(event)

    def _place(self, scored: Sequence[PostScored]) -> Sequence[tuple[Document, PostIndexed]]:
        forgotten = self._forget_list.forgets([event.post for event in scored])
        kept = [event for event in scored if event.key not in forgotten]
        before = dict(self._index.get([event.key for event in kept])) if kept else {}
        # every version has its turn, also within a batch: folds must not depend on where batches end;
        # each a microsecond later, so that the memory can be built again in the very order
        now = self._clock.now()
        return [self._placed(event, before, now + place * _TICK) for place, event in enumerate(kept)]

    def _write(self, batch: _Batch) -> None:
        pairs = batch.placed or ()
        if not self._lease.acquire():
            raise Conflict("索引角色的租约已被另一个进程接管，本批由它处理。")
        refused = self._index.put([document for document, _ in pairs])
        if refused:
            self._reject([event for event in batch.scored if event.key in refused], refused)
        # a post that became forgotten meanwhile goes again at once, and is not announced
        late = self._forget_list.forgets([document.post for document, _ in pairs])
        if late:
            self._index.forget(sorted(late))
        announced = [announcement for _, announcement in pairs if announcement.id not in {*late, *refused}]
        if announced:
            self._log.append(POSTS_INDEXED, announced)

    def _reject(self, events: Sequence[PostScored], reasons: Mapping[str, str]) -> None:
        letters = [
            PostRejected(
                id=event.key, stage="index", reason=f"索引不收：{reasons[event.key]}。改正后运行 qingting replay。",
                rejected_at=self._clock.now(), source=event.post.source, event=event,
            )
            for event in events
        ]  # fmt: skip
        self._log.append(POSTS_REJECTED, letters)

    def _placed(
        self, event: PostScored, before: dict[str, Document], at: datetime
    ) -> tuple[Document, PostIndexed]:  # fmt: skip
        """Return the document with its fold and event, and its announcement; the next post already knows of it."""
        document = self._document(event, before.get(event.key))
        before[event.key] = document
        announcement = _announcement(document, at)
        self._keep(announcement)
        return document, announcement

    def _document(self, event: PostScored, known: Document | None) -> Document:
        """Return the document with its fold and event; one that is known keeps them, and what it merged is told again."""
        post, score = event.post, event.score
        if known:
            if known.post.fetched_at > post.fetched_at:
                return known
            if score.lane is not None:  # whatever it said before: a plea is no copy and belongs to no event
                return Document(post=post, score=score)
            return msgspec.structs.replace(known, post=post, score=score)
        if score.lane is not None:  # a plea is never folded and joins no event
            return Document(post=post, score=score)
        original = self._folds.original_of(score.grams, post.repost_of)
        fold_of = original if original != post.id else ""
        if same := self._folds.event_of(fold_of):  # a copy tells of what its original tells of
            belonging = Belonging(self._events.standing(same))
        else:
            features = Features(post.published_at, score.topics, score.regions, score.terms)
            belonging = self._events.belonging(post.id, features)
        return Document(
            post=post, score=score, fold_of=fold_of, event=belonging.event, absorbed=belonging.absorbed
        )  # fmt: skip

    def _keep(self, event: PostIndexed) -> None:
        if event.lane is None:
            self._folds.add(event.id, event.grams, event.fold_of, event.event)
            features = Features(event.published_at, event.topics, event.regions, event.terms)
            belonging = Belonging(event.event, event.absorbed)
            self._events.add(event.id, belonging, features, is_copy=bool(event.fold_of))
        else:
            self._folds.drop(event.id)


def _announcement(document: Document, at: datetime) -> PostIndexed:
    post, score = document.post, document.score
    return PostIndexed(
        id=post.id, source=post.source, published_at=post.published_at, fetched_at=post.fetched_at,
        indexed_at=at, author=post.author, time_is_doubtful=post.time_is_doubtful,
        sentiment=score.sentiment, certain=score.certain, topics=score.topics, regions=score.regions,
        keywords=score.keywords, lane=score.lane, marks=score.marks, attack=score.attack, grams=score.grams,
        terms=score.terms, fold_of=document.fold_of, event=document.event, absorbed=document.absorbed, sample=post.sample,
    )  # fmt: skip


def _micros(event: PostIndexed) -> int:
    return int(event.indexed_at.timestamp() * 1_000_000)
