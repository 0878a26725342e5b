"""What people do to a report: write 研判 and 建议, then, another person, sign. Figures have no way in here."""

from datetime import datetime
from hashlib import sha256
from typing import Final

import msgspec
from sqlalchemy import Connection, update

from alerts import outbox
from contracts.errors import Conflict, Rejected
from contracts.events import ReportPublished
from contracts.report import Report
from reports import store
from reports.tables import reports
from response import audit
from response.access import Denied, Officer, require, require_unit

WORDS_MAX: Final = 20_000


def edit(
    connection: Connection, officer: Officer, report_id: str, *, assessment: str, advice: str, now: datetime
) -> Report:
    """Replace the words of a draft. Raises Denied, Conflict (signed), Rejected (too long, no such report)."""
    require(officer, "write_report")
    found = _draft(connection, officer, report_id)
    if max(len(assessment), len(advice)) > WORDS_MAX:
        raise Rejected(f"研判和建议各不超过 {WORDS_MAX} 字；请缩短后再保存。")
    words = {"assessment": assessment.strip(), "advice": advice.strip(), "written_by": officer.id}
    connection.execute(update(reports).where(reports.c.id == found.id).values(**words))
    audit.append(connection, by=officer.id, act="write_report", subject=found.id, detail=found.week, now=now)
    return _kept(connection, found.id)


def fingerprint(report: Report) -> str:
    """Return the digest of everything that a signature stands for."""
    return sha256(msgspec.json.encode(report)).hexdigest()


def sign(connection: Connection, officer: Officer, report_id: str, *, seen: str, now: datetime) -> Report:
    """Sign a finished week's draft that somebody else wrote, as `seen` (its fingerprint) by the signer.

    Raises Denied, Conflict (signed, or changed since it was seen), Rejected (not ready).
    """
    require(officer, "sign_report")
    found = _draft(connection, officer, report_id)
    if fingerprint(found) != seen:
        raise Conflict("这份周报在您打开之后又改过；请刷新、重新看过，再签发。")
    if found.built_at < found.until:
        raise Rejected(f"{found.week} 的数字只到生成的那一刻；请在这一周结束后重新生成，再签发。")
    if not (found.written_by and found.assessment):
        raise Rejected("还没有人写研判；请先由撰写人写好研判和建议，再由另一人签发。")
    writers = {row.by for row in audit.listing(connection, subject=found.id) if row.act == "write_report"}
    if officer.id in writers | {found.written_by}:
        raise Denied("您写过这份周报，不能由您签发；请另一位带班领导签发。")
    signed = {"state": "signed", "signed_by": officer.id, "signed_at": now}
    connection.execute(update(reports).where(reports.c.id == found.id).values(**signed))
    audit.append(connection, by=officer.id, act="sign_report", subject=found.id, detail=found.week, now=now)
    outbox.announce(connection, ReportPublished(id=found.id, week=found.week, published_at=now))
    return _kept(connection, found.id)


def _draft(connection: Connection, officer: Officer, report_id: str) -> Report:
    found = store.get(connection, report_id, to_change=True)
    if found is None:
        raise Rejected("没有这份周报；请从周报列表里打开。")
    require_unit(officer, found.unit)
    if found.state != "draft":
        raise Conflict(f"{found.week} 的周报已经签发，不能再改。")
    return found


def _kept(connection: Connection, report_id: str) -> Report:
    kept = store.get(connection, report_id)
    assert kept is not None
    return kept
