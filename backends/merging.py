"""What merged events mean for documents and counts, whatever the engine that keeps the merges."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from contracts.document import Document


def merges(documents: Iterable[Document]) -> list[tuple[str, str]]:
    """Return (absorbed event, the event that it is part of) of the documents that merge two, in their order."""
    return [
        (document.absorbed, document.event)
        for document in documents
        if document.absorbed and document.event and document.score.lane is None
    ]


def renamed(documents: Sequence[Document], standing: Mapping[str, str]) -> list[Document]:
    """Return the documents under the events that stand."""
    return [
        msgspec.structs.replace(document, event=standing[document.event]) if document.event in standing else document
        for document in documents
    ]


def counted(found: Mapping[tuple[str, str], int], standing: Mapping[str, str]) -> Mapping[tuple[str, str], int]:
    """Return counts by event, in which merged events are one."""
    if not standing:
        return found
    counts: Counter[tuple[str, str]] = Counter()
    for (event, start), number in found.items():
        counts[standing.get(event, event), start] += number
    return dict(counts)
