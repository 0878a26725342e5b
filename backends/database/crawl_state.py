"""The crawl state in the desk database."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from sqlalchemy import func, select

from backends.database.statements import portions, upsert
from backends.database.tables import host_requests, pages, seen, source_health
from contracts.identity import digest
from contracts.ports.crawl_state import HostRequests, PageState, SourceHealth
from contracts.ports.database import Database


class DatabaseCrawlState:
    """What the edge remembers between crawls.

    needs: the desk database · configuration: none · delivery: durable when the call returns · ordering: the newest
    state of a page wins, whoever writes last · limits: any number of processes; one transaction a request; addresses are
    kept as digests, since some hold what a person typed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def pages(self, urls: Sequence[str]) -> Mapping[str, PageState]:
        named = {digest("page", url): url for url in urls}
        with self._database.reading() as connection:
            return {
                named[row.url]: PageState(**(dict(row._mapping) | {"url": named[row.url]}))  # noqa: SLF001 - SQLAlchemy's public name
                for portion in portions(list(named))
                for row in connection.execute(select(pages).where(pages.c.url.in_(portion)))
            }

    def keep_pages(self, states: Sequence[PageState]) -> None:
        if not states:
            return
        with self._database.writing() as connection:
            insert = upsert(connection, pages)
            newest = insert.on_conflict_do_update(
                index_elements=[pages.c.url],
                set_={column.name: insert.excluded[column.name] for column in pages.c if not column.primary_key},
                where=pages.c.fetched_at <= insert.excluded.fetched_at,
            )
            rows = [msgspec.structs.asdict(state) | {"url": digest("page", state.url)} for state in states]
            connection.execute(newest, rows)

    def seen(self, ids: Sequence[str]) -> Mapping[str, str]:
        with self._database.reading() as connection:
            return {
                row.post: row.digest
                for portion in portions(ids)
                for row in connection.execute(select(seen).where(seen.c.post.in_(portion)))
            }

    def keep_seen(self, digests: Mapping[str, str]) -> None:
        if not digests:
            return
        with self._database.writing() as connection:
            insert = upsert(connection, seen)
            kept = insert.on_conflict_do_update(index_elements=[seen.c.post], set_={"digest": insert.excluded.digest})
            connection.execute(kept, [{"post": post, "digest": digest} for post, digest in digests.items()])

    def health(self, sources: Sequence[str] = ()) -> Sequence[SourceHealth]:
        asked = select(source_health).order_by(source_health.c.source)
        if sources:
            asked = asked.where(source_health.c.source.in_(sources))
        with self._database.reading() as connection:
            rows = connection.execute(asked).all()
        return tuple(SourceHealth(**row._mapping) for row in rows)  # noqa: SLF001 - SQLAlchemy's public name

    def keep_health(self, health: SourceHealth) -> None:
        with self._database.writing() as connection:
            insert = upsert(connection, source_health)
            changed = {
                column.name: insert.excluded[column.name] for column in source_health.c if not column.primary_key
            }
            for name in ("succeeded_at", "newest_post_at", "next_due_at"):
                changed[name] = func.coalesce(insert.excluded[name], source_health.c[name])
            for name in ("good_post", "rhythm"):
                changed[name] = func.coalesce(func.nullif(insert.excluded[name], ""), source_health.c[name])
            kept = insert.on_conflict_do_update(index_elements=[source_health.c.source], set_=changed)
            connection.execute(kept, [msgspec.structs.asdict(health)])

    def count_request(self, host: str, day: date, most: int) -> bool:
        if most < 1:
            return False
        with self._database.writing() as connection:
            insert = upsert(connection, host_requests).values(host=host, day=day, requests=1)
            counted = insert.on_conflict_do_update(
                index_elements=[host_requests.c.day, host_requests.c.host],
                set_={"requests": host_requests.c.requests + 1},
                where=host_requests.c.requests < most,
            )
            return connection.execute(counted.returning(host_requests.c.requests)).first() is not None

    def requests(self, since: date) -> Sequence[HostRequests]:
        order = (host_requests.c.day.desc(), host_requests.c.requests.desc(), host_requests.c.host)
        with self._database.reading() as connection:
            rows = connection.execute(select(host_requests).where(host_requests.c.day >= since).order_by(*order)).all()
        return tuple(HostRequests(**row._mapping) for row in rows)  # noqa: SLF001 - SQLAlchemy's public name
