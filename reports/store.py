"""Reports in the desk database: one a week and unit; figures as JSON, people's words beside them."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from contracts.errors import Conflict
from contracts.report import Figure, Report
from reports.tables import reports
from response.access import Officer, owned


def save(connection: Connection, report: Report) -> Report:
    """Keep a freshly built draft and return what now stands: a former draft's words stay, its figures are replaced.

    Raises Conflict when the week's report is signed: it is never replaced.
    """
    former = get(connection, report.id, to_change=True)
    if former is None:
        connection.execute(insert(reports), _values(report))
        return report
    if former.state != "draft":
        raise Conflict(f"{report.week} 的周报已经签发，不能重新生成；请直接使用签发的那一份。")
    kept = msgspec.structs.replace(
        report, assessment=former.assessment, advice=former.advice, written_by=former.written_by
    )
    connection.execute(update(reports).where(reports.c.id == report.id).values(**_values(kept)))
    return kept


def get(connection: Connection, report: str, *, to_change: bool = False) -> Report | None:
    """Return one report by its id; `to_change` locks it until the caller's transaction ends."""
    asked = select(reports).where(reports.c.id == report)
    row = connection.execute(asked.with_for_update() if to_change else asked).first()
    return _report(row) if row else None


def listing(connection: Connection, officer: Officer, limit: int = 200) -> tuple[Report, ...]:
    """Return the reports of the officer's unit and those below it, newest week first."""
    asked = select(reports).where(owned(officer, reports.c.unit))
    asked = asked.order_by(reports.c.since.desc(), reports.c.unit).limit(limit)
    return tuple(_report(row) for row in connection.execute(asked))


def _values(report: Report) -> dict[str, Any]:
    return msgspec.structs.asdict(report) | {"figures": msgspec.json.encode(report.figures).decode()}


def _report(row: Row[Any]) -> Report:
    values = dict(row._mapping)  # noqa: SLF001 - the documented way to a mapping
    return Report(**values | {"figures": msgspec.json.decode(row.figures, type=tuple[Figure, ...])})
