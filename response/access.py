"""Who may do what and see what: one matrix, default deny, and the unit that bounds it."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, select

from alerts.tables import alerts
from contracts.alert import Alert
from contracts.document import Query
from contracts.errors import QingtingError
from contracts.region import HUNAN, names, parent, prefix, within
from response.tables import help_tasks, judgements

Role = Literal["officer", "commentator", "reviewer", "lead", "admin", "auditor", "hotline", "writer"]

ROLES: Final[dict[str, str]] = {
    "officer": "值班员", "commentator": "网评员", "reviewer": "审核员", "lead": "带班领导", "admin": "管理员",
    "auditor": "审计员", "hotline": "12338 坐席", "writer": "周报撰写",
}  # fmt: skip

_DESK: Final = frozenset({"officer", "commentator", "reviewer", "lead", "writer"})

MATRIX: Final[dict[str, frozenset[str]]] = {
    "see_inbox": frozenset(ROLES),
    "see_alerts": _DESK | {"auditor"},
    "judge": frozenset({"officer", "lead"}),
    "silence": frozenset({"officer", "lead"}),
    "see_pleas": frozenset({"officer", "hotline"}),
    "hand_over": frozenset({"officer"}),
    "receive": frozenset({"officer", "hotline"}),
    "close_help": frozenset({"officer", "hotline"}),
    "see_tasks": _DESK | {"auditor"},
    "claim": frozenset({"commentator"}),
    "draft": frozenset({"commentator"}),
    "publish": frozenset({"commentator"}),
    "review": frozenset({"reviewer", "lead"}),
    "record_effect": frozenset({"commentator", "officer"}),
    "close_task": frozenset({"officer", "lead"}),
    "withdraw": frozenset({"officer", "lead"}),
    "search": _DESK,
    "export": frozenset({"officer", "lead", "writer"}),
    "correct": frozenset({"officer", "lead"}),
    "see_advice": _DESK,
    "answer_advice": frozenset({"officer", "lead", "commentator"}),
    "see_situation": _DESK | {"auditor"},
    "see_sources": frozenset({"officer", "lead", "admin", "auditor"}),
    "report_in": frozenset({"officer", "lead", "hotline"}),
    "try_source": frozenset({"officer", "lead", "admin"}),
    "see_facts": _DESK,
    "write_fact": frozenset({"officer", "commentator", "lead"}),
    "verify_fact": frozenset({"reviewer", "lead"}),
    "approve_holding": frozenset({"lead"}),
    "see_accounts": _DESK | {"admin", "auditor"},
    "manage_accounts": frozenset({"admin", "lead"}),
    "manage_users": frozenset({"admin"}),
    "see_reports": _DESK | {"auditor"},
    "write_report": frozenset({"writer", "lead"}),
    "sign_report": frozenset({"lead"}),
    "see_shift": frozenset({"officer", "lead", "admin"}),
    "take_shift": frozenset({"officer"}),
    "keep_roster": frozenset({"lead", "admin"}),
    "hand_shift": frozenset({"officer", "lead"}),
    "see_system": frozenset({"admin", "auditor", "lead"}),
    "see_rules": frozenset({"officer", "lead", "admin", "auditor"}),
    "verify_audit": frozenset({"auditor", "admin"}),
    "read_audit": frozenset({"auditor"}),
}
"""Act → the roles that may do it. An act that is not here may nobody do."""


class Denied(QingtingError):  # noqa: N818 - the word names the decision
    """This person may not do this. Where even knowing of it would tell too much, the desk shows 404."""


class Officer(msgspec.Struct, frozen=True, kw_only=True):
    """A person at work: who, of which unit, in which roles."""

    id: str
    name: str
    unit: str
    roles: tuple[str, ...]


def may(officer: Officer, act: str) -> bool:
    """Whether one of the officer's roles allows the act."""
    return not MATRIX.get(act, frozenset()).isdisjoint(officer.roles)


def require(officer: Officer, act: str) -> None:
    """Raise Denied unless the officer may."""
    if not may(officer, act):
        held = "、".join(ROLES.get(role, role) for role in officer.roles) or "无"
        raise Denied(f"您的角色（{held}）不能做这件事。需要时请联系本单位管理员。")


def unit_of(region: str) -> str:
    """Return the unit that is answerable for a place: its own, else the one above; the province's for any other or none."""
    while region:
        if within(region, HUNAN) and region in names():
            return region
        region = parent(region)
    return HUNAN


def unit_of_alert(connection: Connection, alert: Alert) -> str:
    """Return the unit whose alert it is: that of the work it opened."""
    work = help_tasks if alert.lane else judgements
    unit = connection.execute(select(work.c.unit).where(work.c.alert == alert.id)).scalar()
    return unit or unit_of(alert.region)


def sees(officer: Officer, act: str, unit: str) -> bool:
    """Whether the officer's role allows the act and the thing belongs to the officer's unit or below it."""
    return may(officer, act) and within(unit, officer.unit)


def owned(officer: Officer, unit: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the same about a column of units, as a condition for lists."""
    return unit.startswith(prefix(officer.unit), autoescape=True)


def require_unit(officer: Officer, unit: str) -> None:
    """Raise Denied unless the thing belongs to the officer's unit or below it."""
    if not within(unit, officer.unit):
        raise Denied("这件事不属于您的单位。")


def sees_alert(connection: Connection, officer: Officer, alert: Alert) -> bool:
    """Whether the officer may know of the alert."""
    return sees(officer, "see_pleas" if alert.lane else "see_alerts", unit_of_alert(connection, alert))


def of_opinion(officer: Officer) -> ColumnElement[bool]:
    """Return the condition for the opinion alerts of the officer's unit."""
    return alerts.c.id.in_(select(judgements.c.alert).where(owned(officer, judgements.c.unit)))


def sees_plea(officer: Officer, unit: str) -> bool:
    """Whether the officer may see a plea of this unit: the one rule, wherever a plea might show."""
    return sees(officer, "see_pleas", unit)


def unit_of_plea(connection: Connection, post: str, regions: Sequence[str]) -> str:
    """Return the unit whose plea it is: that of its help task, else of the first place that it names."""
    unit = connection.execute(select(help_tasks.c.unit).where(help_tasks.c.post == post)).scalar()
    return unit or unit_of(regions[0] if regions else "")


def narrowed(officer: Officer, query: Query) -> Query:
    """Return the query as this officer may ask it: without pleas, or with those that name a place of the own area.

    A plea that names the area only beside another place is another unit's: the caller asks `sees_plea` of each hit.
    """
    if not may(officer, "see_pleas"):
        # a query for pleas alone must find nothing, not everything else
        return msgspec.structs.replace(
            query, pleas="none", pleas_within=(), sources=("-",) if query.pleas == "only" else query.sources
        )
    area = () if officer.unit == HUNAN else (prefix(officer.unit),)
    return msgspec.structs.replace(query, pleas="only" if query.pleas == "only" else "with", pleas_within=area)
