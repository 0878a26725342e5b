"""What became of what was asked for: the counts of one crawl, or of a source's day."""

import msgspec


class Funnel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Each stage holds what passed the one before; a page may hold many posts, so `extracted` may exceed `fetched`."""

    asked: int = 0
    """Requests on the wire, robots.txt and redirects included."""
    fetched: int = 0
    """Pages that came and could be read."""
    lists: int = 0
    """Of the fetched ones: pages that hold no posts and only lead to others."""
    unchanged: int = 0
    """Pages that had not changed since."""
    extracted: int = 0
    """Posts that the pages showed."""
    new: int = 0
    """Posts, or versions of one, that were not known."""
    masked: int = 0
    """Of the kept ones: in which something was masked."""
    kept: int = 0
    """Posts that went into the log."""
    dated: int = 0
    """Extracted posts with a time of their own that can be."""
    textless: int = 0
    """Extracted posts without any text."""
    timed: int = 0
    """Kept posts whose delay is known."""
    delay_s: float = 0.0
    """The sum of their delays from publication to fetch."""

    def __add__(self, other: "Funnel") -> "Funnel":
        mine, theirs = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        names = self.__struct_fields__
        return Funnel(**{name: one + more for name, one, more in zip(names, mine, theirs, strict=True)})

    @property
    def dated_share(self) -> float | None:
        """The share of extracted posts with a date; None where nothing was extracted."""
        return self.dated / self.extracted if self.extracted else None

    @property
    def mean_delay_s(self) -> float | None:
        """The mean delay from publication to fetch; None where none is known."""
        return self.delay_s / self.timed if self.timed else None
