"""The register of official accounts (账号矩阵): named, of a unit, with no credential anywhere."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select, update

from contracts.account import Account
from contracts.errors import Conflict, Rejected
from response import audit, units
from response.access import Officer, require, require_unit
from response.tables import accounts

_LONGEST: Final = {"微博": 2_000, "微信": 20_000, "抖音": 1_000, "小红书": 1_000}
_LONGEST_ELSEWHERE: Final = 5_000


def add(
    connection: Connection, officer: Officer, *, name: str, platform: str, url: str, responsible: str, unit: str,
    now: datetime,
) -> str:  # fmt: skip
    """Register an account and return its id. Raises Rejected for a gap, Conflict for one that is registered already."""
    require(officer, "manage_accounts")
    require_unit(officer, unit)
    for word, value in (("名称", name), ("平台", platform), ("责任部门", responsible)):
        if not value.strip():
            raise Rejected(f"账号缺少{word}。")
    if not url.startswith(("https://", "http://")):
        raise Rejected("账号主页要以 https:// 或 http:// 开头。")
    if units.get(connection, unit) is None:
        raise Rejected(f"没有单位 {unit}。")
    taken = select(accounts.c.id).where(accounts.c.platform == platform.strip(), accounts.c.name == name.strip())
    if connection.execute(taken).first():
        raise Conflict(f"{platform} 上的 {name} 已经登记过。")
    identity = secrets.token_hex(8)
    connection.execute(
        insert(accounts),
        {
            "id": identity, "unit": unit, "name": name.strip(), "platform": platform.strip(), "url": url.strip(),
            "responsible": responsible.strip(), "active": True,
        },
    )  # fmt: skip
    audit.append(connection, by=officer.id, act="add account", subject=identity, detail=name, now=now)
    return identity


def set_active(connection: Connection, officer: Officer, account: str, *, active: bool, now: datetime) -> None:
    """Let an account speak, or no more. Raises Denied for one of another unit."""
    require(officer, "manage_accounts")
    found = get(connection, account)
    if found is None:
        raise Rejected("没有这个账号。")
    require_unit(officer, found.unit)
    connection.execute(update(accounts).where(accounts.c.id == account).values(active=active))
    act = "activate account" if active else "deactivate account"
    audit.append(connection, by=officer.id, act=act, subject=account, now=now)


def get(connection: Connection, account: str) -> Account | None:
    """Return one account."""
    row = connection.execute(select(accounts).where(accounts.c.id == account)).first()
    return Account(**row._mapping) if row else None  # noqa: SLF001 - the documented way to a mapping


def listing(connection: Connection, *, active_only: bool = False) -> tuple[Account, ...]:
    """Return the register, by platform and name."""
    rows = connection.execute(select(accounts).order_by(accounts.c.platform, accounts.c.name))
    found = tuple(Account(**row._mapping) for row in rows)  # noqa: SLF001
    return tuple(account for account in found if account.active) if active_only else found


def for_unit(register: Sequence[Account], unit: str) -> tuple[tuple[Account, ...], Account | None]:
    """Return the register with the unit's own accounts first, and the one that speaks for it unless somebody chooses another.

    None where the unit has no active account of its own, or several: then a person chooses.
    """
    own = [account for account in register if account.unit == unit]
    active = [account for account in own if account.active]
    others = [account for account in register if account.unit != unit]
    return (*own, *others), active[0] if len(active) == 1 else None


def longest(account: Account) -> int:
    """Return how many characters one post of the account may have on its platform."""
    return next((most for name, most in _LONGEST.items() if name in account.platform), _LONGEST_ELSEWHERE)
