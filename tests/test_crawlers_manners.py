"""Every case of manners holds for our crawler, and the cases tell a crawler with manners from one without."""

from pathlib import Path

import pytest

from tests.site.cases import CASES, NAMES
from tests.site.manners import Case, ours, plain

_BY_NAME = {case.name: case for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_what_the_case_promises_is_seen(case: Case, tmp_path: Path) -> None:
    seen = ours(case, tmp_path)
    assert case.holds(seen), f"{case.promise}: {seen.paths[:20]} {seen.kept} {seen.failure}"


def test_there_are_enough_cases_to_speak_of_manners() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize(
    ("name", "holds"),
    [("robots-200-allows", True), ("robots-200-forbids", True), ("robots-503", False), ("crawl-delay", False)],
)
def test_plain_scrapy_is_judged_by_the_same_eyes(name: str, holds: bool, tmp_path: Path) -> None:
    case = _BY_NAME[name]
    assert case.holds(plain(case, tmp_path)) is holds
