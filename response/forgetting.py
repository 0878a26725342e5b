"""Forgetting: what must go leaves index and desk, and never comes in again.

The order survives a kill at any point. First the forget list: it refuses what races with the removal, and it remembers
what is still to be done. Then the index. Then, last, the desk: while it names a post, `due` finds it, and all is done
again.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from alerts import store
from contracts.identity import post_id, url_digest
from contracts.ports.database import Database
from contracts.ports.forget_list import ForgetList, Forgotten
from contracts.ports.index import Index
from contracts.post import Post
from response import advice, audit, correcting, helping
from response.settings import ResponseSettings
from text.public_url import public_url
from text.url import canonical_url


def forget(
    database: Database, index: Index, forget_list: ForgetList, *, urls: Sequence[str] = (), authors: Sequence[str] = (),
    posts: Sequence[str] = (), by: str, now: datetime,
) -> int:  # fmt: skip
    """Forget posts by id, author pseudonym or address, for good; return how many left the index."""
    addresses = [address for url in urls for address in {public_url(url), canonical_url(url)} if address]
    posts = [*posts, *(post_id("", canonical_url=canonical_url(url)) for url in urls)]
    forget_list.add(
        [Forgotten(author=author) for author in authors]
        + [Forgotten(url_digest=url_digest(address)) for address in addresses]
    )
    # once the index is without them, nobody can tell any more which pleas an author or an address meant
    named = {*posts, *_named(database, index, authors, addresses)}
    forget_list.add(Forgotten(post=post) for post in sorted(named))
    removed = index.forget(sorted(named), authors, addresses)
    # one that was announced a moment ago may become a task only now
    forget_list.add(Forgotten(post=post) for post in removed if post not in named)
    with database.writing() as connection:
        helping.forget(connection, {*named, *removed}, now=now)
        correcting.forget(connection, {*named, *removed})
        advice.forget(connection, {*named, *removed})
        audit.append(connection, by=by, act="forget", subject="", detail=f"{len(removed)} posts removed", now=now)
    return len(removed)


def worked_on(database: Database) -> frozenset[str]:
    """Return the posts of pleas that still have an alert: they stay until `due` says that they must go."""
    with database.reading() as connection:
        return frozenset(store.plea_posts(connection).values())


def expire(database: Database, index: Index, posts: Sequence[str], *, now: datetime) -> None:
    """Remove posts that were kept long enough. Without the forget list: a kill in between leaves them to the next run."""
    index.forget(posts)
    with database.writing() as connection:
        helping.forget(connection, posts, now=now)
        correcting.forget(connection, frozenset(posts))
        advice.forget(connection, frozenset(posts))
        audit.append(connection, by="-", act="expire", subject="", detail=f"{len(posts)} posts removed", now=now)


def due(database: Database, forget_list: ForgetList, settings: ResponseSettings, now: datetime) -> frozenset[str]:
    """Return the posts that the desk names although they must go: closed long enough ago, or forbidden by the list."""
    with database.reading() as connection:
        held = helping.held_posts(connection)
        over = helping.past_keeping(connection, now, settings)
    return over | forget_list.forgets([_known_by_id(post, now) for post in held])


def _named(
    database: Database, index: Index, authors: Collection[str], addresses: Collection[str]
) -> frozenset[str]:  # fmt: skip
    if not (authors or addresses):
        return frozenset()
    with database.reading() as connection:
        held = helping.held_posts(connection)
    found = index.get(sorted(held)).values()
    voices, places = {*authors} - {""}, {*addresses} - {""}
    return frozenset(one.post.id for one in found if one.post.author in voices or one.post.url in places)


def _known_by_id(post: str, now: datetime) -> Post:
    return Post(id=post, source="", platform="", text="", published_at=now, fetched_at=now)
