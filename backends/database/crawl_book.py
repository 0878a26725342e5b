"""The crawl book in the desk database."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import case, delete, literal, select, update

from backends.database.statements import upsert
from backends.database.tables import source_days, source_health
from contracts.funnel import Funnel
from contracts.instant import Instant
from contracts.ports.crawl_book import SourceDay
from contracts.ports.database import Database


class DatabaseCrawlBook:
    """What collecting brought.

    needs: the desk database · configuration: none · delivery: durable when the call returns · ordering: additions
    commute · limits: one row a source and day.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, day: SourceDay) -> None:
        counts = {"crawls": day.crawls, "empty": day.empty, "failed": day.failed} | msgspec.structs.asdict(day.funnel)
        with self._database.writing() as connection:
            insert = upsert(connection, source_days)
            added = insert.on_conflict_do_update(
                index_elements=[source_days.c.source, source_days.c.day],
                set_={name: source_days.c[name] + insert.excluded[name] for name in counts},
            )
            connection.execute(added, [counts | {"source": day.source, "day": day.day.isoformat()}])

    def days(self, since: date, source: str = "") -> Sequence[SourceDay]:
        asked = select(source_days).where(source_days.c.day >= since.isoformat())
        if source:
            asked = asked.where(source_days.c.source == source)
        with self._database.reading() as connection:
            rows = connection.execute(asked.order_by(source_days.c.source, source_days.c.day)).mappings().all()
        return tuple(
            SourceDay(
                source=row["source"], day=date.fromisoformat(row["day"]), crawls=row["crawls"], empty=row["empty"],
                failed=row["failed"], funnel=Funnel(**{name: row[name] for name in Funnel.__struct_fields__}),
            )
            for row in rows
        )  # fmt: skip

    def ask_now(self, source: str, at: datetime) -> datetime | None:
        # one statement: a crawl that ends meanwhile loses nothing of what it learned
        due = case((source_health.c.not_before > at, source_health.c.not_before), else_=literal(at, Instant()))
        with self._database.writing() as connection:
            connection.execute(update(source_health).where(source_health.c.source == source).values(next_due_at=due))
            return connection.execute(
                select(source_health.c.next_due_at).where(source_health.c.source == source)
            ).scalar_one_or_none()

    def retain(self, before: date) -> int:
        with self._database.writing() as connection:
            return connection.execute(delete(source_days).where(source_days.c.day < before.isoformat())).rowcount
