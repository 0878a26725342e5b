"""`report weekly`: build, keep and write a week's report, and prove its figures by asking again."""

import msgspec

from qingting.wiring import House


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """The promised answer of `report weekly`."""

    week: str
    files: tuple[str, ...]
    figures: int
    figures_resolved: int


def weekly(house: House, week: str, unit: str) -> Written:
    """Write the report of an ISO week (default: the last whole one). Raises Rejected for a week that is none."""
    from reports import files, resolving, store
    from reports.period import week_of
    from reports.weekly import build
    from response import people

    now = house.clock.now()
    week = week or week_of(now, back=1)
    report = build(week, unit, index=house.index, database=house.database, now=now, sample=house.has_samples)
    with house.database.writing() as connection:
        report = store.save(connection, report)
        names = {person.id: person.name for person in people.listing(connection)}
    written = files.write(report, house.home.reports, people=names)
    resolved = sum(
        figure.suppressed or resolving.resolve(figure, house.index, house.database) == figure.value
        for figure in report.figures
    )
    return Written(week=week, files=tuple(map(str, written)), figures=len(report.figures), figures_resolved=resolved)
