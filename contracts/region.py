"""Division codes and the names that people see: Hunan to county, other provinces to city."""

from functools import cache
from importlib import resources
from typing import Final

import msgspec

HUNAN: Final = "430000"


@cache
def names() -> dict[str, str]:
    """Return code → full name, in rising order of code."""
    table = resources.files("contracts") / "regions.json"
    return msgspec.json.decode(table.read_bytes(), type=dict[str, str])


def region_name(code: str) -> str:
    """Return the full name; 地点不明 for "" and the code itself for one that the table lacks."""
    return names().get(code, code) if code else "地点不明"


def parent(code: str) -> str:
    """Return the division that holds this one: county → city → province; "" for a province and for ""."""
    if code.endswith("0000") or not code:
        return ""
    return f"{code[:2]}0000" if code.endswith("00") else f"{code[:4]}00"


def prefix(area: str) -> str:
    """Return the digits that all codes within an area share: 43 for Hunan, 4301 for Changsha, all six for a county."""
    if area.endswith("0000"):
        return area[:2]
    return area[:4] if area.endswith("00") else area


def within(code: str, area: str) -> bool:
    """Whether a division lies in an area or is it."""
    return bool(area) and code.startswith(prefix(area))
