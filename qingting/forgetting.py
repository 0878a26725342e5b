"""Forgetting in this house: at once when asked, and by the clock."""

from collections.abc import Sequence

from qingting.wiring import House


def forget(
    house: House, *, urls: Sequence[str] = (), authors: Sequence[str] = (), posts: Sequence[str] = (), by: str = "cli"
) -> int:
    """Forget at once and for good; return how many posts were removed from the index."""
    from response import forgetting

    return forgetting.forget(
        house.database, house.index, house.forget_list, urls=urls, authors=authors, posts=posts, by=by,
        now=house.clock.now(),
    )  # fmt: skip


def forget_deleted(house: House, urls: Sequence[str]) -> int:
    """Forget what was deleted at its source."""
    return forget(house, urls=urls, by="crawl")


def forget_due(house: House) -> int:
    """Forget what must go by now, and what an interrupted `forget` left over; the index is opened only where needed."""
    from response import forgetting

    due = forgetting.due(house.database, house.forget_list, house.settings.response, house.clock.now())
    return forget(house, posts=sorted(due), by="-") if due else 0
