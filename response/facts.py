"""The fact library (口径库): agreed facts in versions, each with source, verifier and an end."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, insert, select

from contracts.errors import Conflict, Rejected
from contracts.fact import Fact
from response import audit
from response.access import Officer, require
from response.tables import facts

HOLDING_VALID: Final = timedelta(hours=24)


def write(
    connection: Connection, officer: Officer, *, title: str, text: str, source: str, valid_until: datetime,
    fact: str = "", topic: str = "", now: datetime,
) -> str:  # fmt: skip
    """Write a fact, or a new version of `fact`; it may be cited once somebody else has verified it. Returns the version's id."""
    require(officer, "write_fact")
    return _write(connection, officer, title, text, source, valid_until, fact, topic, now, holding=False)


def write_holding(connection: Connection, officer: Officer, *, text: str, now: datetime, topic: str = "") -> str:
    """Approve 「已收到、核实中」 as a lead: it carries a 首次回应 alone and ends after 24 h. Returns the version's id."""
    require(officer, "approve_holding")
    identity = _write(
        connection, officer, "已收到、核实中", text, "带班领导批准", now + HOLDING_VALID, "", topic, now, holding=True
    )
    connection.execute(facts.update().where(facts.c.id == identity).values(verifier=officer.id, verified_at=now))
    return identity


def verify(connection: Connection, officer: Officer, version: str, *, now: datetime) -> None:
    """Verify a version that somebody else wrote. Raises Denied, Rejected for an unknown one, Conflict for one's own."""
    require(officer, "verify_fact")
    row = connection.execute(select(facts).where(facts.c.id == version)).first()
    if row is None:
        raise Rejected("没有这条口径。")
    if row.author == officer.id:
        raise Conflict("口径要由写的人以外的人核实。")
    if row.verifier:
        raise Conflict("这条口径已经核实过。")
    if row.withdrawn:
        raise Conflict("这条口径已经停用，不能再核实。请写一个新版本。")
    connection.execute(facts.update().where(facts.c.id == version).values(verifier=officer.id, verified_at=now))
    audit.append(connection, by=officer.id, act="verify fact", subject=version, now=now)


def withdraw(connection: Connection, officer: Officer, version: str, *, reason: str, now: datetime) -> None:
    """Stop a version, and the versions before one that was verified, at once; drafts that cite them lose their approval.

    Raises Denied, Rejected for an unknown version or without a reason, Conflict for one that is stopped already.
    """
    require(officer, "verify_fact")
    row = connection.execute(select(facts).where(facts.c.id == version)).first()
    if row is None:
        raise Rejected("没有这条口径。")
    if not reason.strip():
        raise Rejected("停用口径要写原因。")
    if row.withdrawn:
        raise Conflict("这条口径已经停用。")
    wrong = (facts.c.fact == row.fact) & (facts.c.version <= row.version) if row.verifier else facts.c.id == version
    connection.execute(facts.update().where(wrong, facts.c.withdrawn == "").values(withdrawn=reason.strip()))
    audit.append(connection, by=officer.id, act="withdraw fact", subject=version, detail=reason.strip(), now=now)


def get(connection: Connection, version: str) -> Fact | None:
    """Return one version."""
    row = connection.execute(select(facts).where(facts.c.id == version)).first()
    return _fact(row) if row else None


def listing(connection: Connection, *, valid_at: datetime | None = None, limit: int = 500) -> tuple[Fact, ...]:
    """Return the newest version of every fact, or only those that may be cited at a time."""
    newest = select(facts.c.fact, func.max(facts.c.version).label("version")).group_by(facts.c.fact).subquery()
    asked = (
        select(facts)
        .join(newest, (facts.c.fact == newest.c.fact) & (facts.c.version == newest.c.version))
        .order_by(facts.c.verified_at.desc(), facts.c.id)
        .limit(limit)
    )
    found = tuple(_fact(row) for row in connection.execute(asked))
    return tuple(fact for fact in found if is_valid(fact, valid_at)) if valid_at else found


def versions(connection: Connection, fact: str) -> tuple[Fact, ...]:
    """Return all versions of a fact, newest first."""
    rows = connection.execute(select(facts).where(facts.c.fact == fact).order_by(facts.c.version.desc()))
    return tuple(map(_fact, rows))


def is_valid(fact: Fact, at: datetime) -> bool:
    """Whether a version may be cited: verified by somebody, not stopped and not at its end."""
    return bool(fact.verifier) and not fact.withdrawn and fact.valid_until > at


def _write(
    connection: Connection, officer: Officer, title: str, text: str, source: str, valid_until: datetime, fact: str,
    topic: str, now: datetime, *, holding: bool,
) -> str:  # fmt: skip
    for word, value in (("标题", title), ("内容", text), ("来源", source)):
        if not value.strip():
            raise Rejected(f"口径缺少{word}。")
    if valid_until <= now:
        raise Rejected("口径的有效期要在现在之后。")
    identity, fact = secrets.token_hex(8), fact or secrets.token_hex(8)
    last = connection.execute(select(func.max(facts.c.version)).where(facts.c.fact == fact)).scalar() or 0
    connection.execute(
        insert(facts),
        {
            "id": identity, "fact": fact, "version": last + 1, "unit": officer.unit, "title": title.strip(),
            "text": text.strip(), "source": source.strip(), "author": officer.id, "verifier": "", "verified_at": now,
            "valid_until": valid_until, "holding": holding, "topic": topic, "withdrawn": "",
        },
    )  # fmt: skip
    audit.append(connection, by=officer.id, act="write fact", subject=identity, detail=title, now=now)
    return identity


def _fact(row: object) -> Fact:
    return Fact(**{name: getattr(row, name) for name in Fact.__struct_fields__})
