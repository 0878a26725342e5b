"""Opening, raising and extending alerts, with what each tells people; all within the caller's transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from alerts import outbox, stages, store, wording
from alerts.matching import labels
from alerts.rule import Rule
from alerts.settings import AlertSettings
from alerts.signal import Signal
from alerts.silences import Silence
from alerts.silences import active as active_silences
from alerts.stages import Episode, Grouped, Opening
from alerts.tables import alerts, historic_pleas, notifications, openings
from contracts.alert import Alert
from contracts.events import PostIndexed
from contracts.identity import alert_id, plea_alert_id
from contracts.lane import DANGEROUS, LANES, Lane
from contracts.level import LEVELS, Level
from contracts.notification import Notification

OpenWork = Callable[[Connection, Alert, datetime], None]
"""Opens the 研判 or the help task of a new alert, or brings the task of a raised plea up to it, in the same transaction."""
_BY: Final = "watch"


def take(
    connection: Connection, signals: Sequence[Signal], settings: AlertSettings, open_work: OpenWork, now: datetime
) -> Mapping[tuple[str, str], Sequence[Episode]]:
    """Carry the signals of one judgement through the stages, at most one of a rule and key.

    Return the past of each rule and key that has got more of it.

    What stands is read, and what is only brought up to date is written, for all of them at once: when many events grow,
    nearly every signal extends an alert that is open already.
    """
    standings = store.standing(connection, [store.open_key(signal.rule.id, signal.key) for signal in signals])
    lasts = _last_openings(connection, signals)
    kept: list[tuple[Signal, Opening, Opening | None]] = []
    grown: list[store.Grown] = []
    for signal in signals:
        standing = standings.get(store.open_key(signal.rule.id, signal.key))
        last = lasts.get((signal.rule.id, signal.key))
        grouped = stages.group(signal, standing, last)
        kept.append((signal, stages.kept(signal, grouped, last), last))
        if grouped.act == "open":
            _open(connection, signal, grouped, settings, open_work, now)
        elif standing is not None and grouped.act == "raise":
            _raise(connection, signal, grouped, standing, settings, now)
        elif standing is not None:
            grown.append(_grown(signal, standing, grouped))
    store.refresh(connection, grown)
    _keep_openings(connection, kept)
    return {
        (signal.rule.id, signal.key): opening.past
        for signal, opening, last in kept
        if last is not None and opening.past != last.past
    }


def _open(
    connection: Connection,
    signal: Signal,
    grouped: Grouped,
    settings: AlertSettings,
    open_work: OpenWork,
    now: datetime,
) -> None:
    alert = _opened(signal, grouped.opening, now)
    if store.get(connection, alert.id) is not None:
        return
    store.open_alert(
        connection, alert, opening=grouped.opening, active_at=signal.held_at,
        escalate_at=sign_before(alert, settings, now), now=now,
    )  # fmt: skip
    open_work(connection, alert, now)
    _tell(connection, signal.rule, alert, grouped, settings, now)


def _raise(
    connection: Connection, signal: Signal, grouped: Grouped, standing: Alert, settings: AlertSettings, now: datetime
) -> None:
    store.refresh(connection, [_grown(signal, standing, grouped)])  # what is told about the alert counts these posts
    alert = store.note(
        connection, store.row_of(connection, standing.id), "raised", by=_BY, reason=f"{grouped.reason}：{signal.reason.sentence}",
        now=now, level=signal.level, escalate_at=_rung(standing, signal.level, settings, now),
    )  # fmt: skip
    _tell(connection, signal.rule, alert, grouped, settings, now)


def _grown(signal: Signal, standing: Alert, grouped: Grouped) -> store.Grown:
    """Return the standing alert's figures and posts: those of the window that counts more, or that raised it."""
    newer: Signal | Alert = signal if grouped.act == "raise" or signal.reason.count >= standing.count else standing
    return store.Grown(alert=standing.id, active_at=signal.held_at, reason=newer.reason, posts=newer.posts)


def sign_before(alert: Alert, settings: AlertSettings, now: datetime) -> datetime | None:
    """Return until when an alert has to be acknowledged before the next on duty is rung; None = it rings nobody."""
    if alert.level == "red" or alert.lane in DANGEROUS:
        return now + timedelta(minutes=settings.escalate_red_minutes)
    if alert.level == "orange" or alert.lane == "urgent":
        return now + timedelta(minutes=settings.escalate_orange_minutes)
    return None


def _rung(standing: Alert, level: Level, settings: AlertSettings, now: datetime) -> datetime | None:
    if standing.state == "acknowledged":
        return None
    return sign_before(msgspec.structs.replace(standing, level=level), settings, now)


def take_pleas(
    connection: Connection, rule: Rule, pleas: Sequence[PostIndexed], settings: AlertSettings, open_work: OpenWork,
    now: datetime,
) -> int:  # fmt: skip
    """Open an alert for every new plea, the most pressing first; list those that come too late. Return how many opened."""
    opened = 0
    listed: list[PostIndexed] = []
    standings = store.of(connection, [plea_alert_id(rule.id, plea.id) for plea in pleas])
    for plea in _pressing_first(pleas):
        standing = standings.get(plea_alert_id(rule.id, plea.id))
        if standing is not None:
            _press(connection, rule, standing, plea, settings, open_work, now)
        elif now - plea.published_at > timedelta(days=settings.plea_age_days):
            listed.append(plea)
        else:
            _open_plea(connection, rule, plea, settings, open_work, now)
            opened += 1
    if listed:
        _list(connection, listed, now)
    return opened


def _pressing_first(pleas: Iterable[PostIndexed]) -> list[PostIndexed]:
    ranked = sorted(pleas, key=lambda plea: (_rank(plea), plea.published_at, plea.id))
    return list({plea.id: plea for plea in reversed(ranked)}.values())[::-1]


def _rank(plea: PostIndexed) -> int:
    return LANES.index(lane_of(plea))


def lane_of(plea: PostIndexed) -> Lane:
    """Return the lane; one that this version does not know is treated as the most pressing."""
    return next((lane for lane in LANES if lane == plea.lane), LANES[0])


def _open_plea(
    connection: Connection, rule: Rule, plea: PostIndexed, settings: AlertSettings, open_work: OpenWork, now: datetime
) -> None:
    lane = lane_of(plea)
    late_days = max(0, (now - plea.published_at).days)
    alert = Alert(
        id=plea_alert_id(rule.id, plea.id), rule=rule.id, key=f"post={plea.id}", state="open", opened_at=now,
        reason=wording.plea_reason(lane, plea.marks, late_days), lane=lane, region=plea.regions[0] if plea.regions else "",
        count=1, posts=(plea.id,), late_days=late_days, sample=plea.sample,
    )  # fmt: skip
    store.open_alert(
        connection, alert, opening=1, active_at=plea.published_at, escalate_at=sign_before(alert, settings, now), now=now,
        told=_told_plea(rule),
    )  # fmt: skip
    open_work(connection, alert, now)
    _tell_plea(connection, rule, alert, plea, now)


def _press(
    connection: Connection, rule: Rule, standing: Alert, plea: PostIndexed, settings: AlertSettings, open_work: OpenWork,
    now: datetime,
) -> None:  # fmt: skip
    """Raise the lane of an open plea whose changed text is more pressing; it never becomes less so by itself."""
    lane = lane_of(plea)
    if (
        standing.lane is None
        or not standing.posts  # forgotten meanwhile: its words must not come back
        or LANES.index(lane) >= LANES.index(standing.lane)
        or standing.state not in store.OPEN_STATES
    ):
        return
    pressing = msgspec.structs.replace(standing, lane=lane)
    reason = wording.plea_reason(lane, plea.marks, standing.late_days)
    pressed = store.Grown(alert=standing.id, active_at=plea.published_at, reason=reason, posts=standing.posts)
    store.refresh(connection, [pressed])
    alert = store.note(
        connection, store.row_of(connection, standing.id), "raised", by=_BY, reason="原帖有变，更加紧急", now=now, lane=lane,
        escalate_at=sign_before(pressing, settings, now),
    )  # fmt: skip
    open_work(connection, alert, now)
    _tell_plea(connection, rule, alert, plea, now)
    store.remember(connection, alert.id, "told", by=_BY, reason=_told_plea(rule), now=now)


def _tell_plea(connection: Connection, rule: Rule, alert: Alert, plea: PostIndexed, now: datetime) -> None:
    assert alert.lane is not None
    for channel in stages.route(rule, "plea") or ("",):
        message = Notification(
            id=outbox.notification_id(alert.id, "opened", LANES.index(alert.lane) + 1, channel), alert=alert.id,
            channel=channel, kind="opened", text=wording.plea_text(alert, plea.published_at), link=wording.link(alert),
            created_at=now, urgent=alert.lane in DANGEROUS,
        )  # fmt: skip
        outbox.notify(connection, message)


def _told_plea(rule: Rule) -> str:
    return f"求助一帖即报；通知 {'、'.join(stages.route(rule, 'plea')) or '全部通道'}。"


def _list(connection: Connection, pleas: Sequence[PostIndexed], now: datetime) -> None:
    ids = [plea.id for plea in pleas]
    known = set(connection.execute(select(historic_pleas.c.post).where(historic_pleas.c.post.in_(ids))).scalars())
    rows = [
        {
            "post": plea.id, "lane": lane_of(plea), "region": plea.regions[0] if plea.regions else "",
            "source": plea.source, "published_at": plea.published_at, "listed_at": now, "sample": plea.sample,
        }
        for plea in pleas if plea.id not in known
    ]  # fmt: skip
    if rows:
        connection.execute(insert(historic_pleas), rows)


def _opened(signal: Signal, opening: int, now: datetime) -> Alert:
    parts = labels(signal.key)
    return Alert(
        id=alert_id(signal.rule.id, signal.key, opening), rule=signal.rule.id, key=signal.key, state="open",
        opened_at=now, reason=signal.reason, level=signal.level, topic=parts.get("topic", "") or _only(signal.rule.where.topics),
        region=parts.get("region", "") or _only(signal.rule.where.regions), event=parts.get("event", ""),
        count=signal.reason.count, baseline=signal.reason.expected, posts=signal.posts, sample=signal.sample,
    )  # fmt: skip


def _only(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else ""


def _tell(
    connection: Connection, rule: Rule, alert: Alert, grouped: Grouped, settings: AlertSettings, now: datetime
) -> None:
    assert alert.level is not None
    ordinal = LEVELS.index(alert.level) + 1
    channels = stages.route(rule, alert.level) or ("",)
    decision = stages.decide(
        rule, alert, grouped=grouped, message=outbox.notification_id(alert.id, "opened", ordinal, channels[0]),
        standing=_neighbours(connection, rule, alert), silences=_silences(connection, now),
        is_told=lambda message: _is_told(connection, message), now=now,
    )  # fmt: skip
    if decision is None:
        return
    text = wording.opinion_text(alert, sign_before(alert, settings, now))
    for channel in channels:
        message = Notification(
            id=outbox.notification_id(alert.id, "opened", ordinal, channel), alert=alert.id, channel=channel,
            kind="opened", text=text, link=wording.link(alert), created_at=now, urgent=alert.level == "red",
        )  # fmt: skip
        outbox.notify(connection, message, not_before=decision.not_before, muted=decision.muted)
    store.remember(connection, alert.id, "told", by=_BY, reason=decision.sentence, now=now)


def _neighbours(connection: Connection, rule: Rule, alert: Alert) -> Sequence[Alert]:
    if not rule.inhibited_by:
        return ()
    rows = connection.execute(
        select(alerts.c.id).where(
            alerts.c.open_key.is_not(None), alerts.c.rule.in_(rule.inhibited_by), alerts.c.topic == alert.topic,
            alerts.c.region == alert.region,
        )
    )  # fmt: skip
    return tuple(found for row in rows.all() if (found := store.get(connection, row.id)) is not None)


def _silences(connection: Connection, now: datetime) -> Sequence[Silence]:
    return active_silences(connection, now)


def _is_told(connection: Connection, message: str) -> bool:
    return connection.execute(select(notifications.c.id).where(notifications.c.id == message)).first() is not None


def _last_openings(connection: Connection, signals: Sequence[Signal]) -> Mapping[tuple[str, str], Opening]:
    return store.last_openings(
        connection,
        openings.c.rule.in_({signal.rule.id for signal in signals}),
        openings.c.key.in_({signal.key for signal in signals}),
    )


def _keep_openings(connection: Connection, kept: Iterable[tuple[Signal, Opening, Opening | None]]) -> None:
    new: list[dict[str, object]] = []
    changed: list[dict[str, object]] = []
    for signal, opening, last in kept:
        if last is None:
            new.append({"rule": signal.rule.id, "key": signal.key} | store.opening_values(opening))
        elif opening != last:
            changed.append({"b_rule": signal.rule.id, "b_key": signal.key} | store.opening_values(opening))
    if new:
        connection.execute(insert(openings), new)
    if changed:
        ours = (openings.c.rule == bindparam("b_rule"), openings.c.key == bindparam("b_key"))
        connection.execute(update(openings).where(*ours), changed)
