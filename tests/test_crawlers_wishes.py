"""What a page asks for is read as the search engines read it, whatever the page looks like."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.testing.builders import NOON
from crawlers.wishes import Wishes, wishes

_BOTH, _UNKEPT, _NEITHER, _UNFOLLOWED = (
    Wishes(),
    Wishes(keep=False),
    Wishes(keep=False, follow=False),
    Wishes(follow=False),
)


@pytest.mark.parametrize(
    ("headers", "wish"),
    [
        ([], _BOTH),
        (["all"], _BOTH),
        (["noarchive, max-snippet: -1, max-image-preview: large"], _BOTH),
        (["noindex"], _UNKEPT),
        ([" NoIndex , follow"], _UNKEPT),
        (["nofollow"], _UNFOLLOWED),
        (["none"], _NEITHER),
        (["noarchive", "noindex"], _UNKEPT),
        (["googlebot: noindex"], _BOTH),
        (["googlebot: noindex, nofollow"], _BOTH),
        (["qingting: noindex"], _UNKEPT),
        (["Qingting: noindex, nofollow"], _NEITHER),
        (["otherbot: noindex, qingting: nofollow"], _UNFOLLOWED),
        (["max-snippet: 20, noindex"], _UNKEPT),
        (["unavailable_after: Wed, 25 Nov 2020 15:00:00 GMT"], _UNKEPT),
        (["unavailable_after: 2020-11-25"], _UNKEPT),
        (["unavailable_after: 25 Nov 2020 15:00:00 GMT, nofollow"], _NEITHER),
        (["unavailable_after: Wed, 25 Nov 2099 15:00:00 GMT"], _BOTH),
        (["unavailable_after: some day"], _BOTH),
        (["qingting: unavailable_after: 2020-11-25"], _UNKEPT),
    ],
)
def test_headers(headers: list[str], wish: Wishes) -> None:
    assert wishes(headers, b"", NOON) == wish


@pytest.mark.parametrize(
    ("page", "wish"),
    [
        ('<meta name="robots" content="noindex">', _UNKEPT),
        ("<META CONTENT='NOINDEX,NOFOLLOW' NAME='ROBOTS'/>", _NEITHER),
        ("<meta\nname = robots\n content = none >", _NEITHER),
        ('<meta name="Qingting" content="noindex">', _UNKEPT),
        ('<meta name="googlebot" content="noindex"><p>robots</p>', _BOTH),
        ('<meta name="description" content="robots noindex">', _BOTH),
        ('<!-- <meta name="robots" content="noindex"> -->', _BOTH),
        ('<!-- robots --><meta name="robots" content="noindex">', _UNKEPT),
        ('<meta name="robots" content="all"><meta name="robots" content="noindex">', _UNKEPT),
        ('<meta property="robots" content="noindex">', _BOTH),
        ('<meta name="robots" content="&#110;oindex">', _UNKEPT),
        ("<p>没有元标签</p>", _BOTH),
    ],
)
def test_metas(page: str, wish: Wishes) -> None:
    assert wishes([], f"<html><head>{page}</head></html>".encode("gb18030"), NOON) == wish


def test_headers_and_metas_count_together() -> None:
    assert wishes(["nofollow"], b"<meta name=robots content=noindex>", NOON) == _NEITHER


@given(st.lists(st.text(max_size=30), max_size=2), st.binary(max_size=100))
def test_anything_is_read(headers: list[str], page: bytes) -> None:
    wishes(headers, b"robots" + page, NOON)


@pytest.mark.parametrize(
    "piece",
    [
        b"<!--",
        b"<meta ",
        b"<meta a=",
        b"a" * 100,
        b"<meta " + b"a" * 1990 + b">",
        b"-->",
        b"<meta " + b"a " * 990 + b">",
    ],
)
def test_hostile_pages_take_no_longer_than_others(piece: bytes) -> None:
    page = b"robots" + piece * (4_000_000 // len(piece))
    started_s = time.process_time()
    wishes([], page, NOON)
    assert time.process_time() - started_s < 4
