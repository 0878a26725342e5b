"""Times as they stand on Chinese pages."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.zone import BEIJING
from crawlers.times import read_time

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-03-01T08:05:09+08:00", "2026-03-01 08:05:09"),
        ("2026-03-01T00:05:09Z", "2026-03-01 08:05:09"),
        ("2026-03-01 08:05", "2026-03-01 08:05:00"),
        ("2026/3/1 8:05", "2026-03-01 08:05:00"),
        ("2026.03.01", "2026-03-01 00:00:00"),
        ("2026年3月1日", "2026-03-01 00:00:00"),
        ("发表于 2026年3月1日 下午3:05", "2026-03-01 15:05:00"),
        ("2026年3月1日（星期日）15时05分", "2026-03-01 15:05:00"),
        ("发布时间：2026-03-01 08:05:09", "2026-03-01 08:05:09"),
        ("二〇二六年三月一日", "2026-03-01 00:00:00"),
        ("二〇二五年十一月二十三日 星期日", "2025-11-23 00:00:00"),
        ("二〇二五年十月三十日", "2025-10-30 00:00:00"),
        ("十分钟前", "2026-03-02 11:50:00"),
        ("3月1日 08:05", "2026-03-01 08:05:00"),
        ("03-01 08:05", "2026-03-01 08:05:00"),
        ("12月31日 23:59", "2025-12-31 23:59:00"),
        ("今天 08:05", "2026-03-02 08:05:00"),
        ("编辑于 昨天 08:05", "2026-03-01 08:05:00"),
        ("前天 晚上8:05", "2026-02-28 20:05:00"),
        ("刚刚", "2026-03-02 12:00:00"),
        ("5分钟前", "2026-03-02 11:55:00"),
        ("来自湖南 2小时前", "2026-03-02 10:00:00"),
        ("半小时前", "2026-03-02 11:30:00"),
        ("3 天前", "2026-02-27 12:00:00"),
        ("Sun, 01 Mar 2026 00:05:09 GMT", "2026-03-01 08:05:09"),
        ("Sun, 01 Mar 2026 08:05:09 +0800", "2026-03-01 08:05:09"),
        ("Sun, 01 Mar 2026 08:05:09", "2026-03-01 08:05:09"),
        ("Sun, 01 Mar 2026 00:05:09 -0000", "2026-03-01 08:05:09"),
        ("Sun Mar 01 08:05:09 +0800 2026", "2026-03-01 08:05:09"),
        ("1772323509", "2026-03-01 08:05:09"),
        ("1772323509000", "2026-03-01 08:05:09"),
    ],
)
def test_a_time_is_read(said: str, meant: str) -> None:
    found = read_time(said, NOW)
    assert found is not None
    assert f"{found.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" == meant
    assert found.tzinfo is UTC


@pytest.mark.parametrize("said", ["", "无", "2026-13-45", "13月40日", "99999999999999999999", "Foo, 99 Bar", "长沙"])
def test_what_is_no_time_is_none(said: str) -> None:
    assert read_time(said, NOW) is None


@given(st.datetimes(datetime(1996, 1, 1), datetime(2026, 1, 1)))  # noqa: DTZ001 - the zone follows
def test_iso_and_epoch_mean_the_same(moment: datetime) -> None:
    aware = moment.replace(microsecond=0, tzinfo=UTC)
    assert read_time(aware.isoformat(), NOW) == aware
    assert read_time(str(int(aware.timestamp() * 1000)), NOW) == aware
    assert read_time(f"{moment:%Y-%m-%d %H:%M:%S}", NOW, ZoneInfo("UTC")) == aware


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(said: str) -> None:
    found = read_time(said, NOW)
    assert found is None or found.tzinfo is UTC
