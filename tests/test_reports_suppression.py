"""Nobody who sees what is told can compute what is withheld, even knowing the rule: proved by trying every table."""

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.suppression import SMALLEST_TOLD, Told, protect


def _key(told: Told) -> tuple[int | None, tuple[int | None, ...]]:
    return told.total, tuple(told.parts.values())


@pytest.mark.parametrize(("parts", "most"), [(1, 12), (2, 12), (3, 9), (4, 7), (5, 4)])
def test_every_withheld_number_could_be_another_one(parts: int, most: int) -> None:
    """All tables are published; those that look the same are all that an attacker who knows the rule can tell apart."""
    alike: dict[tuple[int | None, tuple[int | None, ...]], list[tuple[int, ...]]] = defaultdict(list)
    for table in product(range(most + 1), repeat=parts):
        alike[_key(protect({str(place): value for place, value in enumerate(table)}))].append(table)
    for (total, told), tables in alike.items():
        if max(map(max, tables)) > most - 3:
            continue  # the tables that look alike were cut off at the edge of what was tried
        if total is None:
            assert len({sum(table) for table in tables}) > 1
        for place, value in enumerate(told):
            if value is None:
                assert len({table[place] for table in tables}) > 1, (told, tables)


@given(st.dictionaries(st.text(min_size=1), st.integers(0, 60), min_size=1, max_size=16))
def test_nothing_small_is_told_and_what_is_told_is_true(parts: dict[str, int]) -> None:
    told = protect(parts)
    assert told.parts.keys() == parts.keys()
    assert told.total in (None, sum(parts.values()))
    for name, value in told.parts.items():
        assert value in (None, parts[name])
        assert value is None or value >= SMALLEST_TOLD or told.total == 0
    assert (told.total is None) == (0 < sum(parts.values()) < SMALLEST_TOLD)
    withheld = [name for name, value in told.parts.items() if value is None]
    assert len(withheld) != 1 or told.total is None


@given(st.dictionaries(st.text(min_size=1), st.integers(0, 60), min_size=2, max_size=8), st.randoms())
def test_withheld_values_can_change_places_without_a_trace(parts: dict[str, int], random: object) -> None:
    told = protect(parts)
    withheld = [name for name, value in told.parts.items() if value is None]
    turned = dict(parts)
    for name, other in zip(withheld, withheld[1:] + withheld[:1], strict=True):
        turned[name] = parts[other]
    assert protect(turned) == told


def test_a_number_that_the_report_above_withholds_is_withheld_here_too() -> None:
    assert protect({"a": 9, "b": 4}, hidden=True) == Told(None, {"a": None, "b": None})


def test_reports_of_two_levels_together_tell_no_more() -> None:
    """Three cities of two counties each: whoever reads all reports at once still cannot compute a withheld number."""
    most = 4
    alike: dict[tuple[object, ...], list[tuple[int, ...]]] = defaultdict(list)
    withheld: dict[tuple[object, ...], set[int]] = {}
    for table in product(range(most + 1), repeat=6):
        cities = {str(city): sum(table[2 * city : 2 * city + 2]) for city in range(3)}
        above = protect(cities)
        below = [
            protect(
                {str(county): table[2 * city + county] for county in range(2)}, hidden=above.parts[str(city)] is None
            )
            for city in range(3)
        ]
        seen: tuple[object, ...] = (_key(above), *map(_key, below))
        alike[seen].append(table)
        withheld[seen] = {2 * c + k for c in range(3) for k in range(2) if below[c].parts[str(k)] is None}
    for published, tables in alike.items():
        if max(map(max, tables)) < most:
            for place in withheld[published]:
                assert len({table[place] for table in tables}) > 1


def test_a_week_without_pleas_says_so() -> None:
    assert protect({"a": 0, "b": 0}) == Told(0, {"a": 0, "b": 0})
