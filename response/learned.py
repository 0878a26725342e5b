"""Which model a home uses: its own learned ones in the order in which they were taken, and the way back.

A row says "from now on this one"; the last row counts. A row without a digest means the model that the program brings.
"""

from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, func, insert, select

from contracts.errors import Conflict
from response import audit
from response.tables import learned_models

_BY: Final = "cli"


class LearnedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model of the home's own: the digest of its file, its name, and the program's model that it was learned from."""

    digest: str
    name: str
    started_from: str
    corrections: int
    taken_at: datetime


def in_use(connection: Connection, shipped: str) -> LearnedModel | None:
    """Return the home's own model, None where the program's is used.

    One that was learned from another model than the `shipped` one is not used: after an upgrade the program's own
    model stands until `learn` has run again.
    """
    row = connection.execute(select(learned_models).order_by(learned_models.c.seq.desc()).limit(1)).first()
    if row is None or not row.digest or row.started_from != shipped:
        return None
    return LearnedModel(
        digest=row.digest,
        name=row.name,
        started_from=row.started_from,
        corrections=row.corrections,
        taken_at=row.taken_at,
    )


def take(connection: Connection, *, digest: str, name: str, started_from: str, corrections: int, now: datetime) -> None:
    """Use a model from now on."""
    before = _last(connection)
    _append(
        connection, digest=digest, name=name, started_from=started_from, before=before, corrections=corrections, now=now
    )
    audit.append(
        connection, by=_BY, act="take model", subject=name, detail=f"{corrections} corrections; file {digest}", now=now
    )


def roll_back(connection: Connection, shipped: str, *, now: datetime) -> str:
    """Use the model before the present one; return its name. Raises Conflict where there is none before it."""
    current = in_use(connection, shipped)
    if current is None:
        raise Conflict("现在用的就是随程序的模型，没有更早的可退。")
    row = connection.execute(select(learned_models).where(learned_models.c.seq == _last(connection))).one()
    earlier = connection.execute(select(learned_models).where(learned_models.c.seq == row.before)).first()
    if earlier is None or not earlier.digest or earlier.started_from != shipped:
        _append(connection, digest="", name=shipped, started_from=shipped, before=0, corrections=0, now=now)
        name = shipped
    else:
        name = earlier.name
        _append(
            connection, digest=earlier.digest, name=name, started_from=shipped, before=earlier.before,
            corrections=earlier.corrections, now=now,
        )  # fmt: skip
    audit.append(connection, by=_BY, act="roll back model", subject=name, detail=f"from {current.name}", now=now)
    return name


def _last(connection: Connection) -> int:
    return connection.execute(select(func.max(learned_models.c.seq))).scalar() or 0


def _append(
    connection: Connection, *, digest: str, name: str, started_from: str, before: int, corrections: int, now: datetime
) -> None:
    connection.execute(
        insert(learned_models),
        {
            "seq": _last(connection) + 1, "digest": digest, "name": name, "started_from": started_from,
            "before": before, "corrections": corrections, "taken_at": now,
        },
    )  # fmt: skip
