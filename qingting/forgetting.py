"""`forget`: what must go, goes from the index at once and never comes in again."""

from collections.abc import Sequence

from contracts.ports.forget_list import Forgotten
from qingting.wiring import House


def forget(house: House, *, urls: Sequence[str] = (), authors: Sequence[str] = (), posts: Sequence[str] = ()) -> int:
    """Put the entries on the forget list, then remove the posts from index and desk; return how many were removed.

    The list comes first: a write that races with the removal is refused by it.
    """
    from contracts.identity import url_digest
    from response import audit, correcting, helping
    from text.url import canonical_url

    addresses = [canonical_url(url) for url in urls]
    house.forget_list.add(
        [Forgotten(post=post) for post in posts]
        + [Forgotten(author=author) for author in authors]
        + [Forgotten(url_digest=url_digest(address)) for address in addresses]
    )
    removed = house.index.forget(posts, authors, addresses)
    with house.database.writing() as connection:
        now = house.clock.now()
        helping.forget(connection, removed, now=now)
        correcting.forget(connection, removed)
        audit.append(connection, by="cli", act="forget", subject="", detail=f"{len(removed)} posts removed", now=now)
    return len(removed)
