"""任务: from the claim to the published answer and its effect; draft and review beside the facts they rest on."""

import difflib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Self

import msgspec
from markupsafe import Markup, escape
from sqlalchemy import Connection
from starlette.responses import HTMLResponse, Response

from alerts import store
from contracts.account import Account
from contracts.alert import Alert
from contracts.document import Query
from contracts.errors import QingtingError, Rejected
from contracts.task import RESPONSE_WORDS, ResponseTask
from desk import names
from desk.pages.alerts import title as alert_title
from desk.visit import NotFound, Visit
from response import accounts, answering, audit, facts
from response.access import may, sees

_COURSE: Final = timedelta(hours=24)
ACTS: Final = {
    "claimed": "认领", "drafted": "起草", "in_review": "送审", "returned": "退回", "approved": "通过", "published": "发布",
    "effect": "记录效果", "closed": "办结", "withdrawn": "撤回", "first approval": "第一位审核人通过", "level": "级别改变", "fact expired": "口径过期，退回",
}  # fmt: skip


def tasks(visit: Visit) -> Response:
    """Show response tasks by deadline."""
    open_only = visit.asked("show") != "all"
    with visit.desk.database.reading() as connection:
        found = answering.listing(connection, officer=visit.officer, open_only=open_only)
        alerts = {task.id: store.get(connection, task.alert) for task in found}
        people = names.of(connection)
    if visit.wants_json:
        return visit.json({"tasks": msgspec.to_builtins(found), "csrf": visit.csrf})
    return visit.page(
        "tasks.html", tasks=found, alerts=alerts, people=people, states=RESPONSE_WORDS, open_only=open_only
    )


def task(visit: Visit) -> Response:
    """Show the card with the one thing to do next."""
    identity = visit.part("id")
    with visit.desk.database.reading() as connection:
        found = _found(visit, connection)
        alert = store.get(connection, found.alert)
        versions = answering.versions(connection, identity)
        reviews = answering.reviews_of(connection, identity)
        effect = answering.effect(connection, identity)
        library = facts.listing(connection, valid_at=visit.now)
        cited = [
            fact for version in (versions[0].facts if versions else ()) if (fact := facts.get(connection, version))
        ]
        register, speaker = accounts.for_unit(accounts.listing(connection), found.unit)
        why = answering.why(connection, identity)
        history = audit.listing(connection, subject=identity, limit=100)
        people = names.of(connection)
        problems = (
            answering.faults(
                connection, identity, posts=() if found.state == "approved" else _texts(visit, found), now=visit.now
            )
            if versions and found.state in ("drafted", "returned", "in_review", "approved") else ()
        )  # fmt: skip
    if visit.wants_json:
        return visit.json({
            "task": msgspec.to_builtins(found), "facts": msgspec.to_builtins(library), "faults": problems,
            "accounts": msgspec.to_builtins(register), "csrf": visit.csrf,
        })  # fmt: skip
    mine = found.assignee == visit.officer.id
    wrote = visit.officer.id in {version.author for version in versions}
    newest = versions[0] if versions else None
    return visit.page(
        "task.html", task=found, alert=alert, alert_title=alert_title(alert) if alert else "预警已不在库中",
        versions=versions, newest=newest, previous=versions[1] if len(versions) > 1 else None,
        changes=difference(versions[1].text, versions[0].text) if len(versions) > 1 else None,
        reviews=reviews, effect=effect, library=library, cited=cited, register=register, why=why, history=history,
        people=people, problems=problems, states=RESPONSE_WORDS, mine=mine, acts=ACTS,
        writing=mine and may(visit.officer, "draft") and found.state in ("claimed", "drafted", "returned"),
        judging=found.state == "in_review" and may(visit.officer, "review") and not mine and not wrote,
        reviewed={review.reviewer for review in reviews if newest and review.draft == newest.id and not review.void_reason},
        reviewers=answering.REVIEWERS.get(found.level, 1), account=_by_id(register, newest.account if newest else ""),
        chosen=newest.account if newest else speaker.id if speaker else "",
    )  # fmt: skip


def claim(visit: Visit) -> Response:
    """认领."""
    with visit.desk.database.writing() as connection:
        answering.claim(connection, visit.officer, _found(visit, connection).id, now=visit.now)
    return _done(visit, "claimed")


def check(visit: Visit) -> Response:
    """Say what a text, as typed so far, would be sent back for; nothing is kept."""
    problems: tuple[str, ...] = ()
    with _Undone() as undone, visit.desk.database.writing() as connection:
        found = _found(visit, connection)
        if visit.text("text"):
            _write(visit, connection)
            problems = answering.faults(connection, found.id, posts=_texts(visit, found), now=visit.now)
        undone.now()
    length = len(visit.text("text"))
    lines = [Markup('<li class="bad">✗ {}</li>').format(problem) for problem in problems]
    if length and not problems:
        lines.append(Markup("<li>✓ 可以送审</li>"))
    lines.append(Markup('<li class="soft number">{} 字</li>').format(length))
    return HTMLResponse(Markup("").join(lines))


def draft(visit: Visit) -> Response:
    """Keep a version; with the button 送审 it goes on to review in the same step."""
    with visit.desk.database.writing() as connection:
        _found(visit, connection)
        _write(visit, connection)
    if visit.field("then") == "submit":
        return submit(visit)
    return _done(visit, "drafted")


def submit(visit: Visit) -> Response:
    """送审."""
    with visit.desk.database.writing() as connection:
        found = _found(visit, connection)
        answering.submit(connection, visit.officer, found.id, posts=_texts(visit, found), now=visit.now)
    return _done(visit, "submitted")


def verify(visit: Visit) -> Response:
    """核实 of words that repeat a post."""
    with visit.desk.database.writing() as connection:
        found = _found(visit, connection)
        answering.record_verification(connection, visit.officer, found.id, note=visit.text("note"), now=visit.now)
    return _done(visit, "drafted")


def review(visit: Visit) -> Response:
    """通过 or 退回."""
    verdict = visit.field("verdict")
    with visit.desk.database.writing() as connection:
        found = _found(visit, connection)
        answering.review(
            connection, visit.officer, found.id, verdict=verdict, reason=visit.text("reason"), now=visit.now
        )
    return _done(visit, "approved" if verdict == "approve" else "returned")


def publish(visit: Visit) -> Response:
    """Record where and when a person published."""
    published_at = visit.field_time("published_at") or visit.now
    with visit.desk.database.writing() as connection:
        found = _found(visit, connection)
        answering.publish(
            connection, visit.officer, found.id, url=visit.field("url"), published_at=published_at, now=visit.now
        )
    return _done(visit, "published")


def effect(visit: Visit) -> Response:
    """Record what came of it."""
    given = {name: visit.field(name) for name in ("送达", "关注数", "阅读", "点赞", "数据来源")}
    figures: dict[str, float | str] = {name: _figure(name, value) for name, value in given.items() if value}
    with visit.desk.database.reading() as connection:
        found = _found(visit, connection)
        alert = store.get(connection, found.alert)
    figures |= _course(visit, alert, found.published_at) if alert and found.published_at else {}
    with visit.desk.database.writing() as connection:
        answering.record_effect(
            connection, visit.officer, found.id, answered=visit.field("answered") == "1",
            corrected=visit.text("corrected"), figures=figures, now=visit.now,
        )  # fmt: skip
    return _done(visit, "effect")


def close(visit: Visit) -> Response:
    """办结."""
    with visit.desk.database.writing() as connection:
        answering.close(connection, visit.officer, _found(visit, connection).id, now=visit.now)
    return _done(visit, "closed")


def withdraw(visit: Visit) -> Response:
    """撤回."""
    with visit.desk.database.writing() as connection:
        found = _found(visit, connection)
        answering.withdraw(connection, visit.officer, found.id, reason=visit.text("reason"), now=visit.now)
    return _done(visit, "withdrawn")


def difference(old: str, new: str) -> Markup:
    """Return the new text with what was added and what was removed, character by character."""
    return Markup("").join(_pieces(old, new))


def _pieces(old: str, new: str) -> Iterator[Markup]:
    for kind, begin, end, start, stop in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield escape(new[start:stop])
            continue
        if end > begin:
            yield Markup("<del>{}</del>").format(old[begin:end])
        if stop > start:
            yield Markup("<ins>{}</ins>").format(new[start:stop])


def _found(visit: Visit, connection: Connection) -> ResponseTask:
    identity = visit.part("id")
    found = answering.get(connection, identity)
    if found is None or not sees(visit.officer, "see_tasks", found.unit):
        raise NotFound(identity)
    return found


def _write(visit: Visit, connection: Connection) -> None:
    answering.write_draft(
        connection, visit.officer, visit.part("id"), text=visit.text("text"), facts=visit.fields("facts"),
        account=visit.field("account"), first_response=visit.field("first_response") == "1", now=visit.now,
    )  # fmt: skip


def _texts(visit: Visit, found: ResponseTask) -> Sequence[str]:
    """Return the texts of the posts behind the task's alert, for the stop on repeating them; never a plea's."""
    with visit.desk.database.reading() as connection:
        alert = store.get(connection, found.alert)
    known = visit.desk.index.get(alert.posts).values() if alert else ()
    return [one.post.text for one in known if one.score.lane is None]


def _by_id(register: Sequence[Account], identity: str) -> Account | None:
    return next((account for account in register if account.id == identity), None)


def _figure(name: str, value: str) -> float | str:
    if name == "数据来源":
        return value
    if not (value.isascii() and value.isdigit() and len(value) < 13):
        raise Rejected(f"{name}应是整数，不知道就留空。")
    return float(value)


def _course(visit: Visit, alert: Alert, published_at: datetime) -> dict[str, float | str]:
    """Return volume and share of negative for the same span before and after publication, as the index has them now."""
    span = min(_COURSE, max(visit.now - published_at, timedelta()))
    words = f"{span.total_seconds() / 3600:.0f} 小时" if span >= timedelta(hours=1) else "不足 1 小时"
    course: dict[str, float | str] = {}
    for word, since, until in (
        ("发布前", published_at - span, published_at), ("发布后", published_at, published_at + span)
    ):  # fmt: skip
        asked = Query(
            since=since, until=until, topics=(alert.topic,) if alert.topic else (),
            regions=(alert.region,) if alert.region else (),
        )  # fmt: skip
        counts = visit.desk.index.count(asked, by="sentiment")
        total = sum(counts.values())
        course[f"{word}{words}帖数"] = float(total)
        course[f"{word}{words}负面"] = f"{counts.get(('-1', ''), 0) / total:.0%}" if total else "—"
    return course


def _done(visit: Visit, word: str) -> Response:
    return visit.done(f"/tasks/{visit.part('id')}", word)


class _Undone:
    """Rolls the transaction inside it back on purpose, and lets any other exception through."""

    class _Rollback(QingtingError):  # noqa: N818 - the word names the decision
        pass

    def __enter__(self) -> Self:
        return self

    def now(self) -> None:
        raise self._Rollback

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> bool:
        return kind is self._Rollback
