"""Shifts: who is on duty (主班, 副班, 带班领导), the note at hand-over, and the signature that takes over."""

import secrets
from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, select, update

from contracts.errors import Conflict, Rejected
from response import audit, people
from response.access import Officer, require, require_unit
from response.tables import shift_notes, shifts


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """One shift of a unit; persons by id."""

    id: str
    unit: str
    starts_at: datetime
    ends_at: datetime
    main: str
    deputy: str
    leader: str


class ShiftNote(msgspec.Struct, frozen=True, kw_only=True):
    """A hand-over note; both shifts ring until it is signed."""

    id: str
    unit: str
    note: str
    written_by: str
    written_at: datetime
    signed_by: str
    signed_at: datetime | None


def roster(
    connection: Connection, *, unit: str, starts_at: datetime, ends_at: datetime, main: str, deputy: str = "",
    leader: str = "", by: str, now: datetime,
) -> str:  # fmt: skip
    """Put a shift on the roster and return its id. Raises Rejected for an empty span or unknown people."""
    if ends_at <= starts_at:
        raise Rejected("班次的结束时间要在开始之后。")
    for person in (main, deputy, leader):
        if person and people.get(connection, person) is None:
            raise Rejected("班次里有不认识的人员。")
    if not main:
        raise Rejected("班次要有主班。")
    identity = secrets.token_hex(8)
    connection.execute(
        insert(shifts),
        {
            "id": identity, "unit": unit, "starts_at": starts_at, "ends_at": ends_at, "main": main, "deputy": deputy,
            "leader": leader,
        },
    )  # fmt: skip
    audit.append(connection, by=by, act="roster", subject=identity, now=now)
    return identity


def current(connection: Connection, unit: str, now: datetime) -> Shift | None:
    """Return the shift that is on duty; None when nobody is rostered, which the desk says in a banner."""
    row = connection.execute(
        select(shifts)
        .where(shifts.c.unit == unit, shifts.c.starts_at <= now, shifts.c.ends_at > now)
        .order_by(shifts.c.starts_at.desc())
        .limit(1)
    ).first()
    return Shift(**row._mapping) if row else None  # noqa: SLF001 - the documented way to a mapping


def next_after(connection: Connection, unit: str, now: datetime) -> Shift | None:
    """Return the next shift that has not begun."""
    row = connection.execute(
        select(shifts).where(shifts.c.unit == unit, shifts.c.starts_at > now).order_by(shifts.c.starts_at).limit(1)
    ).first()
    return Shift(**row._mapping) if row else None  # noqa: SLF001


def leave_note(connection: Connection, officer: Officer, *, note: str, now: datetime) -> str:
    """Leave a note for the next shift and return its id."""
    require(officer, "hand_shift")
    identity = secrets.token_hex(8)
    connection.execute(
        insert(shift_notes),
        {
            "id": identity, "unit": officer.unit, "note": note.strip(), "written_by": officer.id, "written_at": now,
            "signed_by": "", "signed_at": None,
        },
    )  # fmt: skip
    audit.append(connection, by=officer.id, act="leave shift note", subject=identity, now=now)
    return identity


def sign(connection: Connection, officer: Officer, note: str, *, now: datetime) -> None:
    """接班签收: another person takes over. Raises Conflict for one's own note or one that is signed."""
    require(officer, "hand_shift")
    row = connection.execute(select(shift_notes).where(shift_notes.c.id == note)).first()
    if row is None:
        raise Rejected("没有这份交接班记录。")
    require_unit(officer, row.unit)
    if row.signed_by:
        raise Conflict("这份交接班记录已经签收。")
    if row.written_by == officer.id:
        raise Conflict("接班签收要由接班的人来做。")
    connection.execute(update(shift_notes).where(shift_notes.c.id == note).values(signed_by=officer.id, signed_at=now))
    audit.append(connection, by=officer.id, act="sign shift note", subject=note, now=now)


def notes(connection: Connection, unit: str, limit: int = 20) -> tuple[ShiftNote, ...]:
    """Return the latest notes of a unit, newest first."""
    rows = connection.execute(
        select(shift_notes).where(shift_notes.c.unit == unit).order_by(shift_notes.c.written_at.desc()).limit(limit)
    )
    return tuple(ShiftNote(**row._mapping) for row in rows)  # noqa: SLF001
