"""Small numbers of people who asked for help are withheld, together with whatever would let them be computed.

A total below three is withheld with all its parts (a total of none is told: there is nobody to protect). In a larger
total every part below three is withheld, zeros too, and with them the smallest of the other parts, including all that
equal it. Whoever knows this rule and sees the total, the sum of the withheld parts and which parts they are, can
exchange the values of any two withheld parts and get the same publication: none of them can be computed.
Several partitions of one total stay independent as long as no table crosses them.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

SMALLEST_TOLD: Final = 3


class Told(msgspec.Struct, frozen=True):
    """What may be published of a total and the parts that sum up to it; None is withheld."""

    total: int | None
    parts: dict[str, int | None]


def protect(parts: Mapping[str, int], *, hidden: bool = False) -> Told:
    """Withhold what must not be told; `hidden` withholds all, where another report already withholds this total."""
    total = sum(parts.values())
    if hidden or 0 < total < SMALLEST_TOLD:
        return Told(None, dict.fromkeys(parts))
    small = {name for name, value in parts.items() if value < SMALLEST_TOLD}
    if not total or not small:
        return Told(total, dict(parts))
    covering = min((value for value in parts.values() if value >= SMALLEST_TOLD), default=None)
    return Told(total, {name: None if name in small or value == covering else value for name, value in parts.items()})
