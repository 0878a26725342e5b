"""The audit: append-only, each row bound to the one before by its digest."""

from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, func, insert, select

from contracts.identity import digest
from response.tables import audit

_FIRST: Final = "0" * 32
_READ: Final = 5000


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One act: who, when, what, on what."""

    seq: int
    at: datetime
    by: str
    act: str
    subject: str
    detail: str


class AuditVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the chain holds; `first_bad` is the first row that does not, 0 when all do."""

    ok: bool
    rows: int
    first_bad: int = 0


def append(connection: Connection, *, by: str, act: str, subject: str, detail: str = "", now: datetime) -> None:
    """Write one row in the caller's transaction: the act and its trace stand or fall together."""
    last = connection.execute(
        select(audit.c.seq, audit.c.digest).order_by(audit.c.seq.desc()).limit(1).with_for_update()
    ).first()
    seq, previous = (last.seq + 1, last.digest) if last else (1, _FIRST)
    row = {"seq": seq, "at": now, "by": by, "act": act, "subject": subject, "detail": detail, "previous": previous}
    bound = _digest(previous, seq=seq, at=now, by=by, act=act, subject=subject, detail=detail)
    connection.execute(insert(audit), row | {"digest": bound})


def verify(connection: Connection) -> AuditVerdict:
    """Walk the chain from its first row."""
    previous, expected = _FIRST, 1
    rows = connection.execution_options(yield_per=_READ).execute(select(audit).order_by(audit.c.seq))
    for row in rows:
        computed = _digest(
            previous, seq=row.seq, at=row.at, by=row.by, act=row.act, subject=row.subject, detail=row.detail
        )
        if row.seq != expected or row.previous != previous or row.digest != computed:
            rows.close()
            return AuditVerdict(ok=False, rows=_count(connection), first_bad=expected)
        previous, expected = row.digest, expected + 1
    return AuditVerdict(ok=True, rows=expected - 1)


def listing(connection: Connection, *, subject: str = "", limit: int = 200) -> tuple[AuditRow, ...]:
    """Return rows, newest first, of one subject or of all."""
    asked = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    if subject:
        asked = asked.where(audit.c.subject == subject)
    return tuple(
        AuditRow(seq=row.seq, at=row.at, by=row.by, act=row.act, subject=row.subject, detail=row.detail)
        for row in connection.execute(asked)
    )


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(audit)).scalar_one()


def _digest(previous: str, *, seq: int, at: datetime, by: str, act: str, subject: str, detail: str) -> str:
    return digest("audit", previous, str(seq), at.isoformat(), by, act, subject, detail)
