"""信源: what is collected, how it fares, and what came in."""

from collections.abc import Mapping
from datetime import timedelta

from starlette.responses import Response

from contracts.document import Query
from contracts.ports.crawl_state import SourceHealth
from desk import links
from desk.visit import Visit


def sources(visit: Visit) -> Response:
    """Show every source with its health; the troubled ones first."""
    health = {one.source: one for one in visit.desk.health()}
    since = visit.now - timedelta(hours=24)
    counted = visit.desk.index.count(Query(since=since, until=visit.now), by="source")
    cards = sorted(visit.desk.sources(), key=lambda one: (not _troubled(one.id, health), not one.enabled, one.id))
    configured = {one.id for one in cards}
    return visit.page(
        "sources.html", cards=cards, health=health, counts={source: count for (source, _), count in counted.items()},
        imported=sorted(source for source, _ in counted if source not in configured),
        link_of=lambda source: links.search(source=source, since=since, until=visit.now),
    )  # fmt: skip


def _troubled(source: str, health: Mapping[str, SourceHealth]) -> bool:
    return source in health and bool(health[source].failure)
