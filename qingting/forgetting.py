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


def forget_name(house: House, name: str, platforms: Sequence[str] = ()) -> int:
    """Forget the author who asks for it under this name or id, in every epoch; return how many posts left the index.

    Without `platforms` on all that this house knows. The name itself is kept nowhere: not in the list, not in the audit.
    """
    from crawlers.pseudonym import epochs, pseudonym

    secret = house.home.secret("pseudonym.key")
    when = tuple(epochs(house.clock.now()))
    return forget(
        house,
        authors=[
            pseudonym(secret, platform, name, epoch)
            for platform in platforms or platforms_known(house)
            for epoch in when
        ],
    )


def platforms_known(house: House) -> tuple[str, ...]:
    """Return every platform under which an author may have been named: of the sources, and of what was imported."""
    from contracts.document import Query

    named = {source.platform or source.id for source in house.sources} | {source.id for source in house.sources}
    imported = {source for source, _ in house.index.count(Query(pleas="with"), "source")}
    return tuple(sorted(named | imported))


def forget_deleted(house: House, urls: Sequence[str], posts: Sequence[str] = ()) -> int:
    """Forget what was deleted at its source: all posts of an address, or single ones."""
    return forget(house, urls=urls, posts=posts, by="crawl")


def forget_due(house: House) -> int:
    """Forget what must go by now, and what an interrupted `forget` left over; the index is opened only where needed."""
    from response import forgetting

    due = forgetting.due(house.database, house.forget_list, house.settings.response, house.clock.now())
    return forget(house, posts=sorted(due), by="-") if due else 0
