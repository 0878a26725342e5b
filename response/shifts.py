"""Shifts: who is on duty (主班, 副班, 带班领导), the note at hand-over, and the signature that takes over."""

import secrets
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from alerts.escalation import Next
from contracts.alert import Alert
from contracts.errors import Conflict, Rejected
from contracts.region import parent, within
from response import audit, people
from response.access import Officer, may, require, require_unit, unit_of_alert
from response.tables import shift_notes, shifts

SHIFT_MAX: Final = timedelta(hours=24)
"""So long a shift may be, and so long a 接班签收 stands when nobody signs after it."""
DUTIES: Final[dict[str, str]] = {"main": "主班", "deputy": "副班", "leader": "带班领导"}
_ROLES: Final[dict[str, str]] = {"main": "officer", "deputy": "officer", "leader": "lead"}
"""Duty → the role that its person must hold."""


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
    connection: Connection, officer: Officer, *, starts_at: datetime, ends_at: datetime, main: str, deputy: str = "",
    leader: str = "", now: datetime,
) -> str:  # fmt: skip
    """Put a shift on the roster of the officer's unit and return its id.

    Raises Denied, Rejected for a span or people that do not fit, Conflict where a shift stands already.
    """
    require(officer, "keep_roster")
    if ends_at <= starts_at or ends_at - starts_at > SHIFT_MAX:
        raise Rejected("班次的结束时间要在开始之后，一班最长 24 小时。")
    if ends_at <= now:
        raise Rejected("这一班已经过去，不用再排。")
    if not main:
        raise Rejected("班次要有主班。")
    chosen = {duty: person for duty, person in (("main", main), ("deputy", deputy), ("leader", leader)) if person}
    if len(set(chosen.values())) < len(chosen):
        raise Rejected("主班、副班、带班领导要是不同的人：升级通知才有下一个人可找。")
    for duty, person in chosen.items():
        if person not in {one.id for one in candidates(connection, officer.unit, duty)}:
            raise Rejected(f"这个人不能当{DUTIES[duty]}：要在本单位或上级单位、没有停用，并有相应角色。")
    overlapping = select(shifts).where(
        shifts.c.unit == officer.unit, shifts.c.starts_at < ends_at, shifts.c.ends_at > starts_at
    )
    if connection.execute(overlapping).first():
        raise Conflict("这段时间已经排了班。请先撤下原来的班次，再排新的。")
    identity = secrets.token_hex(8)
    connection.execute(
        insert(shifts),
        {
            "id": identity, "unit": officer.unit, "starts_at": starts_at, "ends_at": ends_at, "main": main,
            "deputy": deputy, "leader": leader,
        },
    )  # fmt: skip
    audit.append(connection, by=officer.id, act="roster", subject=identity, now=now)
    return identity


def strike(connection: Connection, officer: Officer, shift: str, *, now: datetime) -> None:
    """Take a shift that has not ended off the roster. Raises Denied, Rejected, Conflict."""
    require(officer, "keep_roster")
    row = connection.execute(select(shifts).where(shifts.c.id == shift, shifts.c.unit == officer.unit)).first()
    if row is None:
        raise Rejected("值班表上没有这一班，可能已被别人撤下。")
    if row.ends_at <= now:
        raise Conflict("这一班已经结束，留作记录，不能撤下。")
    connection.execute(delete(shifts).where(shifts.c.id == shift))
    people_of = " ".join(person for person in (row.main, row.deputy, row.leader) if person)
    audit.append(connection, by=officer.id, act="strike roster", subject=shift, detail=people_of, now=now)


def candidates(connection: Connection, unit: str, duty: str) -> tuple[people.Person, ...]:
    """Return who may be rostered for a duty of `DUTIES`: people of the unit or of one above it, by name."""
    return tuple(
        person for person in people.listing(connection)
        if person.active and within(unit, person.unit) and _ROLES[duty] in person.roles
    )  # fmt: skip


def keepers(connection: Connection, unit: str) -> tuple[str, ...]:
    """Return the names of who may fill the roster of a unit, its own people before those of the units above it."""
    may_keep = [
        person for person in people.listing(connection)
        if person.active and within(unit, person.unit) and may(person.officer, "keep_roster")
    ]  # fmt: skip
    return tuple(person.name for person in sorted(may_keep, key=lambda person: person.unit != unit))


def upcoming(connection: Connection, unit: str, now: datetime, limit: int = 62) -> tuple[Shift, ...]:
    """Return the shifts of a unit that have not ended, soonest first."""
    rows = connection.execute(
        select(shifts).where(shifts.c.unit == unit, shifts.c.ends_at > now).order_by(shifts.c.starts_at).limit(limit)
    )
    return tuple(Shift(**row._mapping) for row in rows)  # noqa: SLF001 - the documented way to a mapping


def rung_in_turn(connection: Connection, alert: Alert, now: datetime) -> tuple[Next, ...]:
    """Return who is rung about an alert that nobody signed: 副班, then 带班领导, 主班 again where there is neither.

    Empty where nobody is rostered.
    """
    shift = covering(connection, unit_of_alert(connection, alert), now)
    if shift is None:
        return ()
    turn = (("deputy", shift.deputy), ("leader", shift.leader))
    found = [Next(person=person, duty=DUTIES[duty]) for duty, person in turn if person]
    return tuple(found or [Next(person=shift.main, duty=DUTIES["main"])])


def covering(connection: Connection, unit: str, now: datetime) -> Shift | None:
    """Return the shift that answers for a unit: its own, else that of the nearest unit above which has one."""
    while unit:
        if shift := current(connection, unit, now):
            return shift
        unit = parent(unit)
    return None


def holder(connection: Connection, unit: str, now: datetime) -> str:
    """Return whose the open items of a unit are: who last signed 接班签收, else 主班; "" where there is neither.

    A signature stands for `SHIFT_MAX`: whoever never handed over does not own the work for ever.
    """
    while unit:
        signed = connection.execute(
            select(shift_notes.c.signed_by)
            .where(shift_notes.c.unit == unit, shift_notes.c.signed_at > now - SHIFT_MAX)
            .order_by(shift_notes.c.signed_at.desc())
            .limit(1)
        ).scalar()
        if signed:
            return str(signed)
        if shift := current(connection, unit, now):
            return shift.main
        unit = parent(unit)
    return ""


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
    """接班签收: another person takes over all that is open, pleas too, so it has to be one who may see them.

    Raises Denied, Rejected for a note of another unit, Conflict for one's own note or one that is signed.
    """
    require(officer, "take_shift")
    row = connection.execute(select(shift_notes).where(shift_notes.c.id == note)).first()
    if row is None:
        raise Rejected("没有这份交接班记录。")
    require_unit(officer, row.unit)
    if row.unit != officer.unit:
        raise Rejected("这是别的单位的交接班记录，由那个单位的值班员签收。")
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
