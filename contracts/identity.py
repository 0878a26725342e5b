"""Deterministic ids: the same post, alert or task has the same id after replay, restart and on any backend."""

from hashlib import blake2b
from typing import Final
from zlib import crc32

TIE_BITS: Final = 22


def digest(*parts: str) -> str:
    """Return 32 hex digits for the parts; the length of each part is hashed too, so ("ab","c") differs from ("a","bc")."""
    hasher = blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(len(data).to_bytes(8, "big"))
        hasher.update(data)
    return hasher.hexdigest()


def post_id(platform: str, *, native_id: str = "", canonical_url: str = "", text: str = "") -> str:
    """Digest of platform + native id, else of the canonical URL, else of platform + masked text.

    With neither id nor URL a changed text is a new post.
    """
    if native_id:
        return digest("post", "native", platform, native_id)
    if canonical_url:
        return digest("post", "url", canonical_url)
    return digest("post", "text", platform, text)


def alert_id(rule: str, key: str, opening: int) -> str:
    """Digest of the rule, its key labels (canonical string) and the ordinal of this opening (from 1)."""
    return digest("alert", rule, key, str(opening))


def plea_alert_id(rule: str, post: str) -> str:
    """Digest of the rule and the id of the plea: one alert for one plea."""
    return digest("plea", rule, post)


def task_id(alert: str, kind: str) -> str:
    """Digest of the alert's id and the task's kind."""
    return digest("task", alert, kind)


def tie(post: str) -> int:
    """Return a post's place, in `TIE_BITS` bits, among those of the same second: the order of every index."""
    return crc32(post.encode("utf-8", "surrogatepass")) >> (32 - TIE_BITS)


def url_digest(canonical_url: str) -> str:
    """Digest under which the forget list knows an address."""
    return digest("url", canonical_url)
