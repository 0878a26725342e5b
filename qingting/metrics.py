"""The status as Prometheus metrics; gathered when asked, never kept."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from qingting.source_metrics import source_metrics
from qingting.status import DeadLetters, status
from qingting.wiring import House


def exposition(house: House) -> Callable[[], bytes]:
    """Return what gives the metrics in Prometheus' text format; raises Retryable while a part is away."""
    registry = CollectorRegistry(auto_describe=False)
    gathered = _Gathered(house)
    # not registered with auto_describe: a scrape while a part is away must fail, not the start of the desk
    registry.register(gathered)
    return lambda: generate_latest(registry)


class _Gathered(Collector):
    def __init__(self, house: House) -> None:
        self._house = house
        self._dead_letters = DeadLetters(house.log)

    def collect(self) -> Iterable[Metric]:
        found = status(self._house, self._dead_letters)
        gauges = {
            "processes": "Living processes of the role.",
            "lag": "Items that the role has not done yet.",
            "oldest_s": "Age of the oldest of them in seconds.",
            "in_flight": "Items that the role has taken and not committed.",
        }
        for name, said in gauges.items():
            gauge = GaugeMetricFamily(
                f"qingting_role_{name.replace('oldest_s', 'oldest_seconds')}", said, labels=["role"]
            )
            for role, state in found.roles.items():
                gauge.add_metric([role], getattr(state, name))
            yield gauge
        letters = CounterMetricFamily("qingting_dead_letters", "Posts that the role gave up.", labels=["role"])
        for role, state in found.roles.items():
            letters.add_metric([role], state.dead_letters)
        yield letters
        records = CounterMetricFamily(
            "qingting_stream_records", "Records ever appended to the stream.", labels=["stream"]
        )
        for stream, count in found.streams.items():
            records.add_metric([stream], count)
        yield records
        yield GaugeMetricFamily("qingting_index_posts", "Posts in the index.", found.index["posts"])
        yield GaugeMetricFamily("qingting_alerts_open", "Alerts that nobody has closed.", found.alerts["open"])
        yield GaugeMetricFamily("qingting_tasks_open", "Tasks that are not done.", found.tasks["open"])
        yield GaugeMetricFamily("qingting_tasks_overdue", "Tasks past their limit.", found.tasks["overdue"])
        yield from source_metrics(self._house)
