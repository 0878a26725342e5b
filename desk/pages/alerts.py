"""预警: the live feed, the card with its reason, curve and posts, and what an officer may decide about it."""

from datetime import datetime, timedelta
from typing import Any, Final, cast

import msgspec
from starlette.responses import RedirectResponse, Response

from alerts import store
from contracts.alert import Alert
from contracts.document import Document, Hit, Query
from contracts.errors import Rejected
from contracts.identity import task_id
from contracts.level import LEVEL_MEANINGS, LEVEL_WORDS, Level, level_word
from contracts.region import region_name
from contracts.task import OUTCOME_WORDS, RESPONSE_WORDS, Outcome
from contracts.topic import TOPIC_WORDS
from desk import curves, links, names, wording
from desk.visit import NotFound, Visit
from response import answering, judging
from response.access import may, of_opinion, sees_alert

FEED_MAX: Final = 100
SILENCE_HOURS_MAX: Final = 168
_SHOWN: Final = 3


def alerts(visit: Visit) -> Response:
    """Show opinion alerts, newest first; pleas have a lane of their own."""
    open_only = visit.asked("show") != "all"
    with visit.desk.database.reading() as connection:
        found = store.listing(
            connection, open_only=open_only, pleas=False, limit=FEED_MAX, only=of_opinion(visit.officer)
        )
        judgements = {one.id: judging.of_alert(connection, one.id) for one in found}
    if visit.wants_json:
        return visit.json({"alerts": [as_json(one) for one in found], "csrf": visit.csrf})
    return visit.page(
        "alerts.html", alerts=found, judgements=judgements, open_only=open_only, title_of=title, states=store.STATE_WORDS,
        outcomes=OUTCOME_WORDS,
    )  # fmt: skip


def as_json(alert: Alert) -> dict[str, Any]:
    """Return the alert as the desk's JSON shows it, with the ids of the work it opened."""
    kind = "help" if alert.lane else "judgement"
    fields: dict[str, Any] = msgspec.to_builtins(alert)
    return fields | {
        "title": title(alert), "judgement": "" if alert.lane else task_id(alert.id, "judgement"),
        "work": task_id(alert.id, kind),
    }  # fmt: skip


def title(alert: Alert) -> str:
    """Return the alert in one line: level, place, topic."""
    parts = [level_word(alert.level, confirmed=alert.level_confirmed) if alert.level else "求助"]
    if alert.region:
        parts.append(region_name(alert.region))
    if alert.topic:
        parts.append(TOPIC_WORDS.get(alert.topic, alert.topic))
    return " · ".join(parts)


def alert(visit: Visit) -> Response:
    """Show the card of an opinion alert; a plea's alert leads those who may see it to its own card."""
    found = _seen(visit)
    if found.lane is not None:
        return RedirectResponse(f"/help/{task_id(found.id, 'help')}", 303)
    now = visit.now
    with visit.desk.database.reading() as connection:
        history = store.history(connection, found.id)
        deliveries = store.deliveries(connection, found.id)
        judgement = judging.of_alert(connection, found.id)
        task = answering.get(connection, task_id(found.id, "response"))
        others = tuple(
            other
            for other in store.listing(connection, open_only=True, pleas=False, only=of_opinion(visit.officer))
            if other.id != found.id
        ) if may(visit.officer, "judge") else ()  # fmt: skip
        people = names.of(connection)
    since, until = _window(found, now)
    documents = _documents(visit, found)
    around = visit.desk.index.search(_query(found, since, until, limit=200))
    copied = sorted((hit for hit in around.hits if hit.copies), key=lambda hit: -hit.copies)[:_SHOWN]
    return visit.page(
        "alert.html",
        alert=found, title=title(found), history=history, deliveries=deliveries, judgement=judgement, task=task,
        others=others, people=people, title_of=title, earliest=documents[:_SHOWN], newest=documents[: -_SHOWN - 1 : -1],
        copied=copied, folded=_folded(around.hits), first=documents[0] if documents else None,
        curve=curves.volume(visit.desk.index, _query(found, since, until), since, until, expected_per_hour(found)),
        posts_link=links.search(
            topic=found.topic, region=found.region, event=found.event, since=since, until=until
        ),
        outcomes=OUTCOME_WORDS, levels=LEVEL_WORDS, meanings=LEVEL_MEANINGS, states=store.STATE_WORDS,
        task_states=RESPONSE_WORDS, channels=wording.CHANNELS, delivery_states=wording.DELIVERY_STATES,
        notice_kinds=wording.NOTICE_KINDS, change_kinds=wording.CHANGE_KINDS, thresholds=_THRESHOLDS,
    )  # fmt: skip


_THRESHOLDS: Final = {
    "min_posts": "至少帖数", "min_authors": "至少作者数", "ratio": "至少倍数", "surprise": "意外程度（-log10 p）",
    "negative_share": "负面占比",
}  # fmt: skip


def acknowledge(visit: Visit) -> Response:
    """签收."""
    found = _seen(visit)
    with visit.desk.database.writing() as connection:
        judging.acknowledge(connection, visit.officer, found.id, now=visit.now)
    return visit.done(_back(visit, found), "acknowledged")


def confirm_level(visit: Visit) -> Response:
    """定级."""
    found = _seen(visit)
    with visit.desk.database.writing() as connection:
        judging.confirm_level(
            connection, visit.officer, found.id, level=_level(visit) or cast("Level", ""), reason=visit.text("reason"),
            now=visit.now, settings=visit.desk.response,
        )  # fmt: skip
    return visit.done(f"/alerts/{found.id}", "confirmed")


def merge(visit: Visit) -> Response:
    """并入已有事件."""
    found = _seen(visit)
    with visit.desk.database.writing() as connection:
        judging.merge(
            connection, visit.officer, found.id, into=visit.field("into"), reason=visit.text("reason"), now=visit.now
        )
    return visit.done(f"/alerts/{found.id}", "decided")


def silence(visit: Visit) -> Response:
    """静默."""
    found = _seen(visit)
    hours = visit.field("hours")
    if not (hours.isascii() and hours.isdigit() and len(hours) < 4 and 0 < int(hours) <= SILENCE_HOURS_MAX):
        raise Rejected(f"静默时长应是 1 到 {SILENCE_HOURS_MAX} 小时之间的整数。")
    with visit.desk.database.writing() as connection:
        judging.silence(
            connection, visit.officer, found.id, hours=int(hours), reason=visit.text("reason"), now=visit.now
        )
    return visit.done(f"/alerts/{found.id}", "silenced")


def end_silence(visit: Visit) -> Response:
    """End a silence early."""
    with visit.desk.database.writing() as connection:
        judging.end_silence(connection, visit.officer, visit.part("id"), now=visit.now)
    return visit.done("/rules", "unsilenced")


def decide(visit: Visit) -> Response:
    """研判, with the level where the officer confirms it in the same step."""
    with visit.desk.database.writing() as connection:
        decided = judging.decide(
            connection, visit.officer, visit.part("id"), outcome=cast("Outcome", visit.field("outcome")),
            reason=visit.text("reason"), level=_level(visit), now=visit.now, settings=visit.desk.response,
        )  # fmt: skip
    if decided.outcome == "respond":
        return visit.done(f"/tasks/{task_id(decided.alert, 'response')}", "task")
    return visit.done(f"/alerts/{decided.alert}", "false_alarm" if decided.outcome == "false_alarm" else "decided")


def expected_per_hour(alert: Alert) -> float:
    """Return the expected posts an hour, from the expectation of the alert's own window."""
    minutes = alert.reason.window_minutes
    return alert.reason.expected * 60 / minutes if minutes else 0.0


def _seen(visit: Visit) -> Alert:
    with visit.desk.database.reading() as connection:
        found = store.get(connection, visit.part("id"))
        seen = found is not None and sees_alert(connection, visit.officer, found)
    if found is None or not seen:
        raise NotFound(visit.part("id"))
    return found


def _level(visit: Visit) -> Level | None:
    given = visit.field("level")
    return cast("Level", given) if given else None


def _back(visit: Visit, alert: Alert) -> str:
    return "/inbox" if visit.field("from") == "inbox" else f"/alerts/{alert.id}"


def _window(alert: Alert, now: datetime) -> tuple[datetime, datetime]:
    """Return the hours shown around an alert: a day before it, and what came since, at most two days."""
    since = (alert.opened_at - timedelta(hours=24)).replace(minute=0, second=0, microsecond=0)
    return since, min(now, alert.opened_at + timedelta(hours=48)) + timedelta(minutes=1)


def _query(alert: Alert, since: datetime, until: datetime, *, limit: int = 50) -> Query:
    return Query(
        topics=(alert.topic,) if alert.topic else (), regions=(alert.region,) if alert.region else (),
        events=(alert.event,) if alert.event else (), since=since, until=until, limit=limit,
    )  # fmt: skip


def _documents(visit: Visit, alert: Alert) -> list[Document]:
    """Return the posts behind the alert, earliest first, never a plea."""
    known = visit.desk.index.get(alert.posts).values()
    return sorted(
        (one for one in known if one.score.lane is None), key=lambda one: (one.post.published_at, one.post.id)
    )


def _folded(hits: tuple[Hit, ...]) -> int:
    return sum(hit.copies for hit in hits if not hit.document.fold_of)
