"""The troubles of sources: an alert of their own kind, told when they begin, every day until they are mended, and then.

They are no opinion alerts: no rule, no level, no task. Messages of one run are put together, so that a network that fails
for all sources at once rings once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Select, insert, select, update

from alerts import outbox
from alerts.tables import source_troubles
from contracts.diagnosis import TROUBLE_WORDS, Diagnosis, TroubleKind
from contracts.identity import digest
from contracts.notification import Notification

AGAIN_AFTER: Final = timedelta(days=1)
NOTICE_KIND: Final = "source"
_TEXT_MAX: Final = 200
_LINK: Final = "/sources"


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One trouble of one source, from its beginning until it was mended."""

    id: str
    source: str
    kind: TroubleKind
    reason: str
    sample: str
    """Id of the last good post."""
    good_at: datetime | None
    opened_at: datetime
    told_at: datetime
    tellings: int
    mended_at: datetime | None = None


def unmended(connection: Connection) -> tuple[Trouble, ...]:
    """Return the open troubles, the oldest first."""
    asked = select(source_troubles).where(source_troubles.c.open_source.is_not(None))
    return _troubles(connection, asked.order_by(source_troubles.c.opened_at, source_troubles.c.id))


def of_source(connection: Connection, source: str, limit: int = 20) -> tuple[Trouble, ...]:
    """Return the troubles that a source has had, the newest first."""
    asked = select(source_troubles).where(source_troubles.c.source == source)
    return _troubles(connection, asked.order_by(source_troubles.c.opened_at.desc()).limit(limit))


def settle(
    connection: Connection, found: Sequence[Diagnosis], names: Mapping[str, str], now: datetime
) -> Sequence[Trouble]:
    """Bring the open troubles in line with what was found, and keep what is to be told; return the open ones.

    `found` are all diagnoses as of now: a source that is not among them is well. A source whose trouble changed its kind
    has a new one; one that has no name any more, being switched off, ends without a word. Doing it twice changes nothing.
    `names` are the sources' names for people.
    """
    known = {trouble.source: trouble for trouble in unmended(connection)}
    wanted = {one.source: one for one in found}
    mended = [one for source, one in known.items() if source not in wanted]
    begun: list[Trouble] = []
    again: list[Trouble] = []
    for source, one in wanted.items():
        before = known.get(source)
        if before is None or before.kind != one.kind:
            if before is not None:
                _close(connection, before, now)
            begun.append(_open(connection, one, now))
        else:
            again.extend(_goes_on(connection, before, one, now))
    for trouble in mended:
        _close(connection, trouble, now)
    _tell(connection, "信源异常", begun, names, now)
    _tell(connection, "信源仍异常", again, names, now)
    _tell(connection, "信源恢复", [trouble for trouble in mended if trouble.source in names], names, now)
    return unmended(connection)


def _open(connection: Connection, one: Diagnosis, now: datetime) -> Trouble:
    trouble = Trouble(
        id=digest("source trouble", one.source, one.kind, now.isoformat()), source=one.source, kind=one.kind,
        reason=one.reason, sample=one.sample, good_at=one.good_at, opened_at=now, told_at=now, tellings=1,
    )  # fmt: skip
    connection.execute(insert(source_troubles), msgspec.structs.asdict(trouble) | {"open_source": one.source})
    return trouble


def _goes_on(connection: Connection, before: Trouble, one: Diagnosis, now: datetime) -> list[Trouble]:
    """Keep the newest reason; return the trouble where it is time to say it again."""
    after = msgspec.structs.replace(before, reason=one.reason)
    is_time = now - before.told_at >= AGAIN_AFTER
    if is_time:
        after = msgspec.structs.replace(after, told_at=now, tellings=before.tellings + 1)
    if after != before:
        connection.execute(
            update(source_troubles)
            .where(source_troubles.c.id == before.id)
            .values(reason=after.reason, told_at=after.told_at, tellings=after.tellings)
        )
    return [after] if is_time else []


def _close(connection: Connection, trouble: Trouble, now: datetime) -> None:
    connection.execute(
        update(source_troubles).where(source_troubles.c.id == trouble.id).values(open_source=None, mended_at=now)
    )


def _tell(
    connection: Connection, word: str, troubles: Sequence[Trouble], names: Mapping[str, str], now: datetime
) -> None:
    if not troubles:
        return
    is_one = len(troubles) == 1
    subject = digest("source troubles", word, *sorted(trouble.id for trouble in troubles))
    notification = Notification(
        id=outbox.notification_id(subject, NOTICE_KIND, max(trouble.tellings for trouble in troubles)),
        alert="", channel="", kind=NOTICE_KIND, text=_text(word, troubles, names),
        link=f"{_LINK}/{troubles[0].source}" if is_one else _LINK, created_at=now,
    )  # fmt: skip
    outbox.notify(connection, notification)


def _text(word: str, troubles: Sequence[Trouble], names: Mapping[str, str]) -> str:
    if len(troubles) == 1:
        (trouble,) = troubles
        name = names.get(trouble.source, trouble.source)
        said = f"【{word}·{TROUBLE_WORDS[trouble.kind]}】{name}" + ("" if word == "信源恢复" else f"：{trouble.reason}")
    else:
        listed = "、".join(
            f"{names.get(trouble.source, trouble.source)}（{TROUBLE_WORDS[trouble.kind]}）" for trouble in troubles
        )
        said = f"【{word}】{len(troubles)} 个：{listed}"
    return said if len(said) <= _TEXT_MAX else said[: _TEXT_MAX - 1] + "…"


def _troubles(connection: Connection, asked: Select[Any]) -> tuple[Trouble, ...]:
    names = Trouble.__struct_fields__
    rows = connection.execute(asked).mappings()
    return tuple(Trouble(**{name: row[name] for name in names}) for row in rows)
