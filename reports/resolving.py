"""Asking a figure again, by the query or the source that it carries."""

from contracts.errors import Rejected
from contracts.ports.database import Database
from contracts.ports.index import Index
from contracts.report import Figure
from reports import readings, work


def resolve(figure: Figure, index: Index, database: Database) -> float:
    """Return the figure's value as index or desk database tell it now. Raises Rejected for a withheld one."""
    if figure.suppressed:
        raise Rejected(f"「{figure.label}」按规则不予列出，也不能复算。")
    if figure.query is not None:
        return readings.read(index, figure.query, figure.source)
    with database.reading() as connection:
        return work.ask(connection, figure.source)
