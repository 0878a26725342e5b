"""The edge of the house: raw posts come in, masked and pseudonymised posts go on, and nothing raw passes.

Call `admit` with a batch, append what it returns to the log, then call `keep`: a crash in between repeats a batch and
loses none.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from contracts.events import PostFetched, PostRejected
from contracts.identity import digest, post_id
from contracts.ports.clock import Clock
from contracts.ports.crawl_state import CrawlState
from contracts.ports.forget_list import ForgetList
from contracts.post import Post
from crawlers.language import text_language
from crawlers.pseudonym import epoch, pseudonym
from crawlers.raw_post import RawPost
from text.mask import mask
from text.normalise import normalise
from text.public_url import public_url
from text.url import canonical_url

TEXT_CHARACTERS_MAX = 50_000
"""Longer than any long read of a newspaper; a text beyond it is spam hidden in a page or a broken export."""
TITLE_CHARACTERS_MAX = 500
URL_CHARACTERS_MAX = 2000
OLDEST = datetime(1995, 1, 1, tzinfo=UTC)
"""Before there was a public web in China: an older time is a default value (0, 1900) and no time at all."""
CLOCK_SKEW = timedelta(minutes=15)
"""A source's clock may run ahead by so much before its time is called doubtful."""


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one batch: every raw post is in exactly one of fetched, rejected, duplicates."""

    fetched: tuple[PostFetched, ...] = ()
    rejected: tuple[PostRejected, ...] = ()
    duplicates: int = 0
    masked: int = 0
    """Fetched posts in which something was masked."""
    seen: Mapping[str, str] = {}
    """What `keep` will remember."""


class Edge:
    """Turns batches of raw posts into events. The secret never leaves it."""

    def __init__(self, secret: bytes, forget_list: ForgetList, crawl_state: CrawlState, clock: Clock) -> None:
        pseudonym(secret, "", "")  # a bad secret fails at start, not at the first author
        self._secret = secret
        self._forget_list = forget_list
        self._crawl_state = crawl_state
        self._clock = clock

    def admit(self, raws: Sequence[RawPost], *, history: bool = False) -> Admitted:
        """Normalise, mask, name and judge a batch.

        A changed text of a known post is a new version and passes. With `history` (imports) a version that ever passed
        is a duplicate even when a newer one followed it, so that the same file again brings nothing.
        """
        now = self._clock.now()
        posts: list[tuple[RawPost, Post]] = []
        faults: list[PostRejected] = []
        for raw in raws:
            post = self._post(raw, now)
            if isinstance(post, Post):
                posts.append((raw, post))
            else:
                faults.append(_rejection(raw, post, now))
        forgotten = self._forget_list.forgets([post for _, post in posts])
        asked = {post.id for _, post in posts} | {fault.id for fault in faults if not fault.file}
        current = dict(self._crawl_state.seen(list(asked)))
        versions = self._known_versions(posts, current) if history else set()
        fetched: list[PostFetched] = []
        rejected: list[PostRejected] = []
        seen: dict[str, str] = {}
        duplicates = masked = 0
        for fault in faults:
            if fault.file:
                rejected.append(fault)
            elif current.get(fault.id) == digest(fault.reason):
                duplicates += 1  # a feed shows the same bad entry every few minutes: one dead letter is enough
            else:
                current[fault.id] = seen[fault.id] = digest(fault.reason)
                rejected.append(fault)
        for raw, post in posts:
            content = digest(post.title, post.text)
            known = current.get(post.id)
            version = _version(post.id, content)
            if known == content or (known is not None and version in versions):
                duplicates += 1
                continue
            current[post.id] = seen[post.id] = content
            if post.id in forgotten:
                # Remembered like an accepted one, so that each crawl does not write the same dead letter again.
                reason = "帖子在遗忘名单中，按要求不再收录。"
                rejected.append(_rejection(raw, reason, now, post.id))
                continue
            if known is not None:
                seen[_version(post.id, known)] = "1"
                versions.add(_version(post.id, known))
            fetched.append(PostFetched(post))
            masked += bool(post.masked)
        return Admitted(
            fetched=tuple(fetched), rejected=tuple(rejected), duplicates=duplicates, masked=masked, seen=seen
        )

    def keep(self, admitted: Admitted) -> None:
        """Remember what was accepted; only after it was appended to the log."""
        if admitted.seen:
            self._crawl_state.keep_seen(admitted.seen)

    def _known_versions(self, posts: Sequence[tuple[RawPost, Post]], current: Mapping[str, str]) -> set[str]:
        changed = {
            _version(post.id, content)
            for _, post in posts
            if current.get(post.id, content := digest(post.title, post.text)) != content
        }
        return set(self._crawl_state.seen(list(changed))) if changed else set()

    def _post(self, raw: RawPost, now: datetime) -> Post | str:
        if len(raw.text) > TEXT_CHARACTERS_MAX:
            return (
                f"正文有 {len(raw.text)} 字，超过上限 {TEXT_CHARACTERS_MAX} 字：请检查是否把整页或整个文件当成了一条。"
            )
        text = mask(normalise(raw.text))
        if not text.text:
            return "没有正文：请检查正文对应的列或选择器。"
        title = mask(normalise(raw.title[:TITLE_CHARACTERS_MAX]))
        platform = raw.platform or raw.source
        whole = _address(raw.url)
        published_at, is_doubtful = judged_time(raw.published_at, now)
        return Post(
            # two authors' pages that differ in the author alone are two posts, though neither keeps the author
            id=post_id(platform, native_id=raw.native_id.strip(), canonical_url=whole, text=text.text),
            source=raw.source,
            platform=platform,
            text=text.text,
            published_at=published_at,
            fetched_at=now,
            title=title.text,
            url=public_url(whole),
            author=pseudonym(self._secret, platform, raw.author, epoch(published_at)),
            author_kind=raw.author_kind,
            time_is_doubtful=is_doubtful,
            date_source="first_seen" if is_doubtful else raw.date_source,
            language=text_language(f"{raw.title}\n{raw.text}"),
            likes=max(raw.likes, 0),
            reposts=max(raw.reposts, 0),
            comments=max(raw.comments, 0),
            place=raw.place,
            masked=tuple(dict.fromkeys(text.kinds + title.kinds)),
            sample=raw.sample,
        )


def address(url: str) -> str:
    """Return a web address as a post keeps it (`text.public_url`), "" for anything that is none."""
    return public_url(_address(url))


def _address(url: str) -> str:
    url = url.strip()
    if not url.lower().startswith(("http://", "https://")) or len(url) > URL_CHARACTERS_MAX:
        return ""
    try:
        url = canonical_url(url)
        url.encode()
    except ValueError:  # an address that cannot be written down identifies nothing: the post goes on without it
        return ""
    return url


def judged_time(published_at: datetime | None, now: datetime) -> tuple[datetime, bool]:
    """Return the time to keep and whether it is doubtful; a doubtful one is replaced by `now`."""
    if published_at is None or published_at < OLDEST or published_at > now + CLOCK_SKEW:
        return now, True
    return min(published_at.astimezone(UTC), now), False


def _version(post: str, content: str) -> str:
    return digest("version", post, content)


def _rejection(raw: RawPost, reason: str, now: datetime, post: str = "") -> PostRejected:
    return PostRejected(
        id=post or digest("rejected", raw.source, raw.file, str(raw.line), raw.native_id, address(raw.url)),
        stage="edge",
        reason=reason,
        rejected_at=now,
        source=raw.source,
        file=raw.file,
        line=raw.line,
    )
