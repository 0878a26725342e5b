"""What happens by the clock: deadlines, hand-overs that nobody received, facts that end."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from alerts import outbox
from contracts.lane import LANE_WORDS
from contracts.notification import Notification
from contracts.region import region_name
from contracts.task import HelpTask
from response import answering, helping
from response.settings import ResponseSettings
from response.tables import help_tasks, response_tasks


def run(connection: Connection, now: datetime, settings: ResponseSettings | None = None) -> None:
    """Do what is due, in the caller's transaction; doing it twice changes nothing."""
    settings = settings or ResponseSettings()
    for task in helping.return_unreceived(connection, now):
        _tell_returned(connection, task, now)
    _mark_overdue(connection, now)
    for identity in answering.void_expired(connection, now):
        _tell(
            connection,
            identity,
            "returned",
            "【退回】引用的口径已过期或停用，答复需重写后再送审",
            f"/tasks/{identity}",
            now,
        )


def _mark_overdue(connection: Connection, now: datetime) -> None:
    late = select(response_tasks.c.id).where(
        response_tasks.c.state.in_(answering.RUNNING),
        response_tasks.c.due_at <= now, response_tasks.c.overdue.is_(False),
    )  # fmt: skip
    for identity in connection.execute(late).scalars().all():
        connection.execute(update(response_tasks).where(response_tasks.c.id == identity).values(overdue=True))
        _tell(connection, identity, "deadline", "【超时】一项回应任务过了发布时限，请处理", f"/tasks/{identity}", now)
    waiting = select(help_tasks).where(
        help_tasks.c.state == "pending", help_tasks.c.due_at <= now, help_tasks.c.overdue.is_(False)
    )
    for row in connection.execute(waiting).all():
        connection.execute(update(help_tasks).where(help_tasks.c.id == row.id).values(overdue=True))
        word = LANE_WORDS[row.lane]
        _tell(
            connection,
            row.id,
            "deadline",
            f"【求助·{word}】还没有转交，已超时，请立即处理",
            f"/help/{row.id}",
            now,
            urgent=True,
        )


def _tell_returned(connection: Connection, task: HelpTask, now: datetime) -> None:
    place = region_name(task.place)
    text = f"【求助·{LANE_WORDS[task.lane]}】{place}：转交后无人签收，已退回，请改转或电话确认"
    _tell(connection, task.id, "returned", text, f"/help/{task.id}", now, urgent=True)


def _tell(
    connection: Connection, subject: str, kind: str, text: str, link: str, now: datetime, *, urgent: bool = False
) -> None:
    identity = outbox.notification_id(subject, kind, int(now.timestamp()))
    alert = connection.execute(
        select(help_tasks.c.alert).where(help_tasks.c.id == subject)
        .union_all(select(response_tasks.c.alert).where(response_tasks.c.id == subject))
    ).scalar()  # fmt: skip
    outbox.notify(
        connection,
        Notification(
            id=identity, alert=alert or "", channel="", kind=kind, text=text, link=link, created_at=now, urgent=urgent
        ),
    )
