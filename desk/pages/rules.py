"""规则与静默: which rules watch, and what is silenced until when."""

from starlette.responses import Response

from alerts import silences
from contracts.level import LEVEL_WORDS
from desk import names
from desk.visit import Visit

TYPES = {"frequency": "达到帖数", "burst": "超过平时", "plea": "求助"}
SENTIMENTS = {"negative": "负面", "neutral": "中性", "positive": "正面"}


def rules(visit: Visit) -> Response:
    """Show the rules as sentences, and the silences in force."""
    with visit.desk.database.reading() as connection:
        active = silences.active(connection, visit.now)
        people = names.of(connection)
    return visit.page(
        "rules.html", rules=visit.desk.rules(), silences=active, people=people, types=TYPES, levels=LEVEL_WORDS,
        sentiments=SENTIMENTS,
    )  # fmt: skip
