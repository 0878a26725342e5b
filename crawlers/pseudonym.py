"""The keyed pseudonym of an author: enough to count distinct voices of a quarter and to forget one, nothing else.

A pseudonym holds for one platform and one epoch, the quarter in which the post appeared. Whoever reads the index cannot
follow an author from one quarter into the next, nor from one platform to another; only who knows the secret and the
name (`qingting forget --name`) finds them all.
"""

import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from contracts.errors import NotConfigured

SECRET_BYTES_MIN = 16
EPOCH_FIRST: Final = 1995
"""The year of the oldest post that the edge dates; before it there was no public web in China."""
EPOCH_YEARS_AHEAD: Final = 30
"""So far ahead does a forgotten name stay forgotten: the name itself is kept nowhere, only what it will hash to."""
_ADDED_LATER: Final = b"author in an epoch\0"
_AT_FIRST: Final = b"author\0"


def epoch(published_at: datetime) -> str:
    """Return the quarter of an aware time, as 2026Q4 (UTC): the epoch of a post follows from the post alone."""
    at = published_at.astimezone(UTC)
    return f"{at.year}Q{(at.month + 2) // 3}"


def epochs(now: datetime) -> Iterator[str]:
    """Yield every epoch that a post can have, and "" for posts from before there were epochs."""
    yield ""
    for year in range(EPOCH_FIRST, now.astimezone(UTC).year + EPOCH_YEARS_AHEAD + 1):
        yield from (f"{year}Q{quarter}" for quarter in (1, 2, 3, 4))


def pseudonym(secret: bytes, platform: str, author: str, epoch: str = "") -> str:
    """Return 32 hex digits (HMAC-SHA256, cut to 16 bytes) of an author in a platform and epoch; "" for no author.

    Lengths are part of the message, so that no two different triples hash the same bytes. Epoch "" is the form of posts
    from before there were epochs. Raises NotConfigured for a secret that is too short to keep anything.
    """
    if len(secret) < SECRET_BYTES_MIN:
        raise NotConfigured(
            f"作者化名密钥只有 {len(secret)} 字节，至少要 {SECRET_BYTES_MIN} 字节：请用 qingting init 重新生成密钥。"
        )
    author = author.strip()
    if not author:
        return ""
    message = (_ADDED_LATER + _told(epoch) if epoch else _AT_FIRST) + _told(platform)
    return hmac.digest(secret, message + author.encode("utf-8", "surrogatepass"), sha256)[:16].hex()


def _told(part: str) -> bytes:
    data = part.encode("utf-8", "surrogatepass")
    return len(data).to_bytes(4, "big") + data
