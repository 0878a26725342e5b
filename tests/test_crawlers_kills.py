"""A fetcher that dies at any moment loses no post; what it brings twice is told by its id."""

import random
from pathlib import Path

from tools.fetcher_faults import under_fire


def test_ten_fetchers_killed_while_they_crawl_lose_nothing(tmp_path: Path) -> None:
    ledger = under_fire(tmp_path, 10, random.Random(20261123))
    assert ledger.kills == 10
    assert ledger.published > 60, "the feed went on growing"
    assert ledger.is_clean, ledger
