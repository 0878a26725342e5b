"""The posts of a bench: real texts that nobody here wrote, read from a folder of CSV files."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contracts.errors import Rejected
from contracts.events import PostFetched
from contracts.identity import post_id
from contracts.post import Post
from text.mask import mask
from text.normalise import normalise

COLUMN = "TEXT"


def texts(folder: Path) -> list[str]:
    """Return the texts of every CSV file in the folder, in order. Raises Rejected where there are none."""
    found = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            found += [row[COLUMN] for row in csv.DictReader(file) if row.get(COLUMN)]
    if not found:
        raise Rejected(f"{folder} 里没有带 {COLUMN} 列的 CSV 文件。请用 --texts 指向 COLD 的文件夹。")
    return found


def fetched(
    bodies: list[str], *, now: datetime | None = None, spread_s: float = 3600.0, tag: str = ""
) -> list[PostFetched]:
    """Return the posts as the edge would append them, spread over the last `spread_s` seconds."""
    end = now or datetime.now(UTC)
    step = timedelta(seconds=spread_s / max(1, len(bodies)))
    events = []
    for number, body in enumerate(bodies):
        text = mask(normalise(body)).text
        at = end - step * (len(bodies) - number)
        events.append(
            PostFetched(
                Post(
                    id=post_id("bench", native_id=f"{tag}{number}"), source="bench", platform="bench", text=text,
                    published_at=at, fetched_at=end, author=f"{number % 5000:032x}",
                )
            )
        )  # fmt: skip
    return events
