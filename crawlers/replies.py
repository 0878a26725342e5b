"""What people wrote under an article, on the article's own page: each a post of its own, in the article's thread.

They bear the article's address, so that whoever forgets the article forgets them too, and an id of their own within it.
"""

from datetime import datetime
from typing import Final

import msgspec
from parsel import Selector

from contracts.identity import digest
from crawlers.forum import read_thread
from crawlers.raw_post import RawPost
from crawlers.source import Source

REPLIES_MAX: Final = 500
"""A page shows some tens; far more is a broken selector or a hostile page."""


def replies_on(page: Selector, url: str, source: Source, now: datetime) -> tuple[RawPost, ...]:
    """Return the replies on the page of the article at `url`; none where the source names no `replies`."""
    if source.replies is None:
        return ()
    found = read_thread(page, source.replies, url=url, thread=url, source=source, now=now).posts
    return tuple(
        msgspec.structs.replace(
            reply,
            # a single reply without a number would have the id of the article itself
            native_id=reply.native_id or digest("floor", url, reply.text),
            author_kind="person",  # the source's kind is the article's: a newspaper's readers are no newspaper
        )
        for reply in found[:REPLIES_MAX]
    )
