"""Posts that are sent to us by HTTP POST: verified, bounded, and read into raw posts.

The sender signs `TIMESTAMP.BODY` with HMAC-SHA-256 (RFC 2104) under the secret of its source and sends

    X-Qingting-Timestamp: seconds since 1970
    X-Qingting-Signature: sha256=HEX

with a body `{"posts": [{"id": …, "text": …, …}]}`. The same post again is a duplicate by its id: whoever got no answer
sends again.
"""

import hashlib
import hmac
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from crawlers.raw_post import RawPost
from crawlers.source import Source
from crawlers.times import read_time

TIMESTAMP: Final = "x-qingting-timestamp"
SIGNATURE: Final = "x-qingting-signature"
AGE_MAX: Final = timedelta(minutes=5)
"""A signature that somebody overheard is worth nothing after it; clocks may be wrong by as much."""
POSTS_MAX: Final = 200
_SECRET_BYTES_MIN: Final = 32
_MINUTE: Final = timedelta(minutes=1)


class Refusal(Exception):  # noqa: N818 - the word names the answer
    """A push that is not taken in; `status` is the answer's, the text one Chinese sentence that repeats nothing sent."""

    def __init__(self, status: int, sentence: str, *, retry_after_s: int = 0) -> None:
        super().__init__(sentence)
        self.status = status
        self.retry_after_s = retry_after_s


class PushedPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One post as it is sent. `published_at` as in `crawlers.times`; the author's name is turned into a pseudonym."""

    id: str
    text: str
    title: str = ""
    url: str = ""
    author: str = ""
    published_at: str = ""
    likes: int = 0
    reposts: int = 0
    comments: int = 0
    place: str = ""


class _Push(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    posts: tuple[PushedPost, ...]


def sign(secret: bytes, timestamp: str, body: bytes) -> str:
    """Return the signature that a sender puts into its header."""
    return "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def verify(secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Raise Refusal unless the body is signed with the secret, now. Header names are in lower case."""
    if len(secret) < _SECRET_BYTES_MIN:
        raise Refusal(503, f"这个信源的推送密钥不足 {_SECRET_BYTES_MIN} 个字符：请管理员重新生成。")
    timestamp, signature = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    if not timestamp or not signature:
        raise Refusal(401, "缺少 X-Qingting-Timestamp 或 X-Qingting-Signature 请求头：请按接口说明签名。")
    # The signature first: without the secret nobody learns anything of our clock.
    if not hmac.compare_digest(sign(secret, timestamp, body).encode(), signature.encode("utf-8", "replace")):
        raise Refusal(401, "签名不对：请检查密钥，并对“时间戳.正文”的原始字节签名。")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise Refusal(401, "时间戳要写 1970 年以来的整秒数。")
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > AGE_MAX:
        raise Refusal(401, f"时间戳与本机相差超过 {AGE_MAX.seconds // 60} 分钟：请校准时钟后重新签名。")


def require_size(body: bytes, source: Source) -> None:
    """Raise Refusal 413 for a body beyond the source's `size_max_kib`."""
    if len(body) > source.size_max_kib * 1024:
        raise Refusal(413, f"一次最多推送 {source.size_max_kib} KB：请分几次发。")


def parse(body: bytes, source: Source, now: datetime) -> tuple[RawPost, ...]:
    """Return the posts of a verified body, in its order. Raises Refusal naming the first fault, never the words sent."""
    require_size(body, source)
    try:
        pushed = msgspec.json.decode(body, type=_Push)
    except msgspec.ValidationError as error:
        raise Refusal(422, f"正文的结构不对：{_where(str(error))}请对照接口说明。") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "正文不是 JSON（UTF-8）。") from None
    if not 1 <= len(pushed.posts) <= POSTS_MAX:
        raise Refusal(422, f"posts 里要有 1 到 {POSTS_MAX} 条。")
    for number, post in enumerate(pushed.posts):
        if not post.id.strip() or len(post.id) > 200:
            raise Refusal(422, f"posts[{number}].id 要写，最多 200 字：重发时靠它认出是同一条。")
        if not post.text.strip():
            raise Refusal(422, f"posts[{number}].text 是空的：没有正文的不收。")
        if post.place and not (len(post.place) == 6 and post.place.isascii() and post.place.isdigit()):
            raise Refusal(422, f"posts[{number}].place 要写六位行政区划代码。")
    return tuple(_raw(post, source, now) for post in pushed.posts)


def _raw(post: PushedPost, source: Source, now: datetime) -> RawPost:
    return RawPost(
        source=source.id,
        platform=source.platform,
        native_id=post.id,
        url=post.url,
        title=post.title,
        text=post.text,
        author=post.author,
        author_kind=source.author_kind,
        published_at=read_time(post.published_at, now),
        date_source="given",
        likes=post.likes,
        reposts=post.reposts,
        comments=post.comments,
        place=post.place or source.place,
        sample=source.sample,
    )


def _where(error: str) -> str:
    """Return the path of a fault, such as $.posts[0].likes; a validator's own words may repeat what was sent."""
    _, sign_, path = error.rpartition("at `")
    return f"{path.rstrip('`')} 处；" if sign_ else ""


class Rate:
    """How many requests of each source the last minute saw; of one process."""

    def __init__(self) -> None:
        self._taken: dict[str, deque[datetime]] = {}

    def admit(self, source: Source, now: datetime) -> None:
        """Count a request. Raises Refusal 429 with the seconds to wait beyond the source's `per_minute`."""
        taken = self._taken.setdefault(source.id, deque())
        while taken and now - taken[0] >= _MINUTE:
            taken.popleft()
        if len(taken) >= source.per_minute:
            wait_s = max(1, int((taken[0] + _MINUTE - now).total_seconds()) + 1)
            raise Refusal(429, f"一分钟最多 {source.per_minute} 次：请 {wait_s} 秒后再发。", retry_after_s=wait_s)
        taken.append(now)
