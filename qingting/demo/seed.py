"""The demo's people, facts, accounts and roster: one person of every role, each with a password of its own."""

import os
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Connection

from response import accounts, facts, people, shifts, units
from response.access import Officer

PEOPLE: Final[Mapping[str, tuple[str, ...]]] = {
    "样例值班员": ("officer",), "样例坐席": ("hotline",), "样例网评员": ("commentator",), "样例审核员": ("reviewer",),
    "样例领导": ("lead",), "样例撰写": ("writer",), "样例管理员": ("admin",), "样例审计": ("auditor",),
}  # fmt: skip
_BY: Final = "qingting demo"
_SHIFT: Final = timedelta(hours=12)


def seed(connection: Connection, now: datetime) -> dict[str, str]:
    """Write the demo's people and library; return name → password."""
    passwords = {name: f"yangli-{secrets.token_hex(4)}" for name in PEOPLE}
    identities = {
        name: people.add(
            connection, name=name, unit=units.PROVINCE, roles=roles, password=passwords[name], one_time=False, by=_BY,
            now=now,
        )
        for name, roles in PEOPLE.items()
    }  # fmt: skip
    officer, commentator, reviewer, lead = (
        Officer(id=identities[name], name=name, unit=units.PROVINCE, roles=PEOPLE[name])
        for name in ("样例值班员", "样例网评员", "样例审核员", "样例领导")
    )
    for title, text, source in _FACTS:
        version = facts.write(
            connection, commentator, title=title, text=text, source=source, valid_until=now + timedelta(days=30),
            topic="employment", now=now,
        )  # fmt: skip
        facts.verify(connection, reviewer, version, now=now)
    facts.write_holding(connection, lead, text="相关反映已收到，正在核实，核实结果将第一时间公布。", now=now)
    for name, platform in (("样例妇联发布", "微博"), ("样例妇联", "样例镇论坛")):
        accounts.add(
            connection, lead, name=name, platform=platform, url="https://federation.example/", responsible="宣传部（样例）",
            unit=units.PROVINCE, now=now,
        )  # fmt: skip
    shifts.roster(
        connection, lead, starts_at=now - timedelta(hours=1), ends_at=now + _SHIFT, main=officer.id, leader=lead.id,
        now=now,
    )  # fmt: skip
    return passwords


_FACTS: Final = (
    (
        "孕期、产期、哺乳期女职工的劳动合同（样例）",
        "用人单位不得因女职工怀孕、生育、哺乳降低其工资、予以辞退或者与其解除劳动合同。",
        "《女职工劳动保护特别规定》第五条",
    ),
    (
        "孕期被辞退可以怎样做（样例）",
        "可拨打 12333 或到当地劳动保障监察机构投诉，也可申请劳动人事争议仲裁；需要帮助可拨打 12338 妇女维权热线。",
        "样例镇法律服务指引（虚构）",
    ),
)


def keep(path: Path, passwords: Mapping[str, str]) -> None:
    """Keep the passwords where only this user can read them."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(dict(passwords)), indent=2))
