"""The funnel of every source stands in /metrics, beside what is wrong with it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from alerts import source_troubles
from contracts.diagnosis import Diagnosis
from contracts.funnel import Funnel
from contracts.ports.crawl_book import SourceDay
from contracts.testing.clock import FakeClock
from contracts.zone import BEIJING
from qingting.metrics import exposition
from qingting.wiring import House
from tests.house import opened
from tests.test_watching_sources import SOURCES


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def house(tmp_path: Path, clock: FakeClock) -> Iterator[House]:
    with opened(tmp_path, clock) as house:
        house.home.sources_file.write_text(SOURCES, "utf-8")
        yield house


def read(house: House) -> dict[tuple[str, ...], float]:
    """Return the source metrics by name and labels."""
    families = text_string_to_metric_families(exposition(house)().decode())
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items(), key=lambda label: label[0] != "source"))): sample.value
        for family in families for sample in family.samples if sample.name.startswith("qingting_source_")
    }  # fmt: skip


def crawled(house: House, source: str, funnel: Funnel, *, empty: int = 0, failed: int = 0) -> None:
    today = house.clock.now().astimezone(BEIJING).date()
    house.crawl_book.add(SourceDay(source=source, day=today, crawls=4, empty=empty, failed=failed, funnel=funnel))


FUNNEL = Funnel(asked=9, fetched=7, extracted=40, new=6, masked=2, kept=5, lists=3, dated=40)


def test_the_funnel_is_there_stage_by_stage_and_source_by_source(house: House) -> None:
    assert read(house) == {}
    crawled(house, "news", FUNNEL, empty=2, failed=1)
    crawled(house, "off", FUNNEL)
    found = read(house)
    assert {labels: value for labels, value in found.items() if labels[0] == "qingting_source_funnel_total"} == {
        ("qingting_source_funnel_total", "news", stage): value
        for stage, value in {"asked": 9, "fetched": 7, "extracted": 40, "new": 6, "masked": 2, "kept": 5}.items()
    }
    assert found["qingting_source_crawls_total", "news", "new"] == 1
    assert found["qingting_source_crawls_total", "news", "empty"] == 2
    assert found["qingting_source_crawls_total", "news", "failed"] == 1


def test_the_counters_grow_within_a_day_and_begin_again_with_the_next(house: House, clock: FakeClock) -> None:
    kept = ("qingting_source_funnel_total", "news", "kept")
    crawled(house, "news", FUNNEL)
    crawled(house, "news", FUNNEL)
    assert read(house)[kept] == 10
    clock.advance(timedelta(days=1))
    crawled(house, "news", FUNNEL)
    assert read(house)[kept] == 5


def test_a_trouble_stands_there_until_it_is_mended(house: House, clock: FakeClock) -> None:
    for found in ([Diagnosis(source="news", kind="blocked", reason="回应 403。")], []):
        with house.database.writing() as connection:
            source_troubles.settle(connection, found, {"news": "样例日报"}, clock.now())
        assert (("qingting_source_trouble", "news", "blocked") in read(house)) == bool(found)
