"""直报: one link or one spoken report, entered by an officer; it passes the same edge as whatever is collected."""

import re
import secrets

from starlette.responses import Response

from contracts.errors import NotConfigured, Rejected
from contracts.ports.intake import Report
from contracts.region import names, region_name
from desk.visit import Visit
from response import audit


def show(visit: Visit) -> Response:
    """Show the form."""
    return visit.page("direct_report.html", once=secrets.token_hex(8), unit=visit.officer.unit)


def report(visit: Visit) -> Response:
    """Take in one report; the form sent twice is one report."""
    if visit.desk.intake is None:
        raise NotConfigured("这个值班台没有接上采集。请管理员用 qingting up 启动后再录入。")
    once = visit.field("once")
    if not re.fullmatch(r"[0-9a-f]{16}", once):
        raise Rejected("这个页面放得太久。请刷新页面，再录入一次。")
    place = visit.field("place")
    if place and place not in names():
        raise Rejected(
            f"地区“{place}”不是省内的六位行政区划代码。请改正，或空着表示{region_name(visit.officer.unit)}。"
        )
    receipt = visit.desk.intake.report(
        Report(
            id=once, text=visit.text("text"), url=visit.field("url", longest=2000), title=visit.field("title"), place=place,
            happened_at=visit.field_time("happened_at"),
        ),
        unit=visit.officer.unit,
    )  # fmt: skip
    with visit.desk.database.writing() as connection:
        audit.append(connection, by=visit.officer.id, act="direct report", subject=once, now=visit.now)
    if receipt.rejected:
        raise Rejected("这一条没有收下：它在遗忘名单里，或遮盖个人信息后没有剩下正文。")
    word = "reported_again" if receipt.duplicates else "reported_masked" if receipt.masked else "reported"
    return visit.done("/direct-report", word)
