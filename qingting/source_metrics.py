"""What collecting brought today, by source, as Prometheus reads it: the funnel, the crawls, and what is wrong."""

from collections.abc import Iterable
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from contracts.zone import BEIJING
from qingting.wiring import House

STAGES: Final = ("asked", "fetched", "extracted", "new", "masked", "kept")
"""In the order in which a post passes them; `masked` is a part of `kept`, not a step before it."""


def source_metrics(house: House) -> Iterable[Metric]:
    """Yield the metrics of the sources that are switched on. Raises Retryable while the database is away.

    The counters are those of one day, Asia/Shanghai: they begin again from 0 at midnight, as a counter may after a restart.
    """
    from alerts import source_troubles

    today = house.clock.now().astimezone(BEIJING).date()
    enabled = {source.id for source in house.sources if source.enabled}
    days = {day.source: day for day in house.crawl_book.days(today) if day.source in enabled}
    funnel = CounterMetricFamily(
        "qingting_source_funnel",
        "Requests, pages and posts of the source today (Asia/Shanghai), by stage.",
        labels=["source", "stage"],
    )
    crawls = CounterMetricFamily(
        "qingting_source_crawls", "Crawls of the source today, by how they ended.", labels=["source", "outcome"]
    )
    for source, day in sorted(days.items()):
        for stage in STAGES:
            funnel.add_metric([source, stage], getattr(day.funnel, stage))
        for outcome, count in (
            ("new", day.crawls - day.empty - day.failed), ("empty", day.empty), ("failed", day.failed),
        ):  # fmt: skip
            crawls.add_metric([source, outcome], count)
    yield funnel
    yield crawls
    troubles = GaugeMetricFamily(
        "qingting_source_trouble", "1 while the source is in trouble of this kind.", labels=["source", "kind"]
    )
    with house.database.reading() as connection:
        for trouble in source_troubles.unmended(connection):
            if trouble.source in enabled:
                troubles.add_metric([trouble.source, trouble.kind], 1)
    yield troubles
