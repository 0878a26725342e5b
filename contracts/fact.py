"""A fact of the fact library (口径库), in versions."""

from datetime import datetime

import msgspec


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version of an agreed fact with its source; expired facts void what cites them."""

    id: str
    """Id of this version."""
    fact: str
    """Id of the fact that the versions share."""
    version: int
    unit: str
    title: str
    text: str
    source: str
    """Document, number and date, or an address that anybody can open."""
    verifier: str
    verified_at: datetime
    valid_until: datetime
    holding: bool = False
    """「已收到、核实中」: lead-approved, valid 24 h, may carry a 首次回应 alone."""
    topic: str = ""
    withdrawn: str = ""
    """Why it was stopped before its end; "" while it was not."""
