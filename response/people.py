"""People who work here: names, roles, passwords and sessions. Nothing else about them is kept."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Final

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, func, insert, select, update

from contracts.errors import Conflict, Rejected
from contracts.identity import digest
from response import audit, units
from response.access import ROLES, Denied, Officer
from response.settings import ResponseSettings
from response.tables import sessions, sign_in_failures, user_roles, users

PASSWORD_MIN: Final = 10
NAME_MAX: Final = 64
_NOTED_EVERY: Final = timedelta(minutes=5)
_FIRST_WAIT_S: Final = 2.0
_LONGEST_WAIT_S: Final = 900.0


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One person, as the list of users shows it."""

    id: str
    name: str
    unit: str
    roles: tuple[str, ...]
    active: bool
    one_time: bool

    @property
    def officer(self) -> Officer:
        return Officer(id=self.id, name=self.name, unit=self.unit, roles=self.roles)


def add(
    connection: Connection, *, name: str, unit: str, roles: Sequence[str], password: str, one_time: bool = True,
    by: str, now: datetime,
) -> str:  # fmt: skip
    """Add a person and return the id. Raises Rejected for a bad name, unit, role or password, Conflict for a taken name."""
    name = name.strip()
    if not 0 < len(name) <= NAME_MAX:
        raise Rejected(f"姓名应为 1 至 {NAME_MAX} 个字。")
    if units.get(connection, unit) is None:
        raise Rejected(f"没有单位 {unit}。请用湖南的行政区划代码，如 430000、430100。")
    if not roles or (unknown := [role for role in roles if role not in ROLES]):
        raise Rejected(f"角色不对：{'、'.join(unknown) if roles else '至少要有一个'}；可用：{'、'.join(ROLES)}。")
    if by_name(connection, name):
        raise Conflict(f"已有叫 {name} 的人员。")
    person = secrets.token_hex(8)
    connection.execute(
        insert(users),
        {
            "id": person, "name": name, "unit": unit, "password_hash": _hashed(password), "one_time": one_time,
            "active": True, "created_at": now,
        },
    )  # fmt: skip
    connection.execute(insert(user_roles), [{"user": person, "role": role} for role in dict.fromkeys(roles)])
    audit.append(connection, by=by, act="add user", subject=person, detail=f"{unit} {' '.join(roles)}", now=now)
    return person


def get(connection: Connection, person: str) -> Person | None:
    """Return one person."""
    return _person(connection, users.c.id == person)


def by_name(connection: Connection, name: str) -> Person | None:
    """Return the person of this name."""
    return _person(connection, users.c.name == name.strip())


def listing(connection: Connection) -> tuple[Person, ...]:
    """Return everybody, by name."""
    held: dict[str, list[str]] = {}
    for row in connection.execute(select(user_roles).order_by(user_roles.c.role)):
        held.setdefault(row.user, []).append(row.role)
    return tuple(
        Person(
            id=row.id, name=row.name, unit=row.unit, roles=tuple(held.get(row.id, ())), active=row.active,
            one_time=row.one_time,
        )
        for row in connection.execute(select(users).order_by(users.c.name))
    )  # fmt: skip


def set_password(
    connection: Connection, person: str, *, password: str, one_time: bool = False, by: str, now: datetime
) -> None:
    """Change a password; every session of the person ends. Raises Rejected for a password that is too short."""
    connection.execute(
        update(users).where(users.c.id == person).values(password_hash=_hashed(password), one_time=one_time)
    )
    connection.execute(delete(sessions).where(sessions.c.user == person))
    audit.append(connection, by=by, act="set password", subject=person, now=now)


def set_active(connection: Connection, person: str, *, active: bool, by: str, now: datetime) -> None:
    """Let a person in again, or no more."""
    connection.execute(update(users).where(users.c.id == person).values(active=active))
    if not active:
        connection.execute(delete(sessions).where(sessions.c.user == person))
    audit.append(connection, by=by, act="activate" if active else "deactivate", subject=person, now=now)


def authenticate(
    connection: Connection, *, name: str, password: str, address: str, now: datetime, settings: ResponseSettings
) -> Person | None:
    """Return the person whose password this is, or None; failures are counted in the same transaction.

    Raises Denied, with the time left, while name or address is throttled.
    """
    keys = [digest("name", name.strip()), digest("address", address)]
    blocked = connection.execute(
        select(func.max(sign_in_failures.c.blocked_until)).where(sign_in_failures.c.key.in_(keys))
    ).scalar()
    if blocked is not None and blocked > now:
        raise Denied(f"登录失败次数太多，请 {max(1, round((blocked - now).total_seconds()))} 秒后再试。")
    row = connection.execute(select(users).where(users.c.name == name.strip())).first()
    # an unknown name costs as much time as a wrong password
    well = _verified(row.password_hash if row else _decoy(), password)
    if row is None or not well or not row.active:
        _count_failure(connection, keys, now, settings)
        audit.append(connection, by="-", act="sign-in failed", subject=row.id if row else "-", now=now)
        return None
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.key.in_(keys)))
    audit.append(connection, by=row.id, act="sign-in", subject=row.id, now=now)
    return get(connection, row.id)


def open_session(connection: Connection, person: str, *, now: datetime, settings: ResponseSettings) -> str:
    """Return a fresh token; only its digest is kept."""
    token = secrets.token_urlsafe(32)
    connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
    connection.execute(
        insert(sessions),
        {
            "token_digest": digest("session", token), "user": person, "opened_at": now, "seen_at": now,
            "expires_at": now + timedelta(hours=settings.session_hours),
        },
    )  # fmt: skip
    return token


def officer_of_session(
    connection: Connection, token: str, *, now: datetime, settings: ResponseSettings | None = None
) -> Officer | None:
    """Return who holds the token, or None when it is unknown, idle for too long or over."""
    row = _session(connection, token, now, settings or ResponseSettings())
    person = get(connection, row) if row else None
    return person.officer if person and person.active else None


def must_change_password(connection: Connection, person: str) -> bool:
    """Whether the password is a one-time one."""
    found = get(connection, person)
    return bool(found and found.one_time)


def is_resting(connection: Connection, token: str, *, now: datetime) -> bool:
    """Whether the session's last noted use is some minutes ago, so that noting this one is worth a write."""
    seen_at = connection.execute(
        select(sessions.c.seen_at).where(sessions.c.token_digest == digest("session", token))
    ).scalar()
    return seen_at is not None and now - seen_at > _NOTED_EVERY


def touch_session(connection: Connection, token: str, *, now: datetime) -> None:
    """Note that the session was used."""
    connection.execute(update(sessions).where(sessions.c.token_digest == digest("session", token)).values(seen_at=now))


def end_session(connection: Connection, token: str) -> None:
    """Sign out."""
    connection.execute(delete(sessions).where(sessions.c.token_digest == digest("session", token)))


def _session(connection: Connection, token: str, now: datetime, settings: ResponseSettings) -> str | None:
    row = connection.execute(select(sessions).where(sessions.c.token_digest == digest("session", token))).first()
    if row is None or row.expires_at <= now:
        return None
    return None if now - row.seen_at > timedelta(minutes=settings.session_idle_minutes) else str(row.user)


def _person(connection: Connection, where: object) -> Person | None:
    row = connection.execute(select(users).where(where)).first()  # type: ignore[arg-type]
    if row is None:
        return None
    roles = connection.execute(
        select(user_roles.c.role).where(user_roles.c.user == row.id).order_by(user_roles.c.role)
    ).scalars()
    return Person(id=row.id, name=row.name, unit=row.unit, roles=tuple(roles), active=row.active, one_time=row.one_time)


def _count_failure(connection: Connection, keys: Sequence[str], now: datetime, settings: ResponseSettings) -> None:
    for key in keys:
        known = connection.execute(select(sign_in_failures).where(sign_in_failures.c.key == key)).first()
        failures = (known.failures if known else 0) + 1
        over = failures - settings.sign_in_failures
        wait_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**over) if over >= 0 else 0.0
        values = {"failures": failures, "blocked_until": now + timedelta(seconds=wait_s)}
        if known:
            connection.execute(update(sign_in_failures).where(sign_in_failures.c.key == key).values(**values))
        else:
            connection.execute(insert(sign_in_failures), {"key": key} | values)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _decoy() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def _hashed(password: str) -> str:
    if len(password) < PASSWORD_MIN:
        raise Rejected(f"口令至少 {PASSWORD_MIN} 个字符。")
    return _hasher().hash(password)


def _verified(hashed: str, password: str) -> bool:
    try:
        return _hasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
