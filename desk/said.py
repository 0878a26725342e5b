"""One line of a machine's judgement, as a card shows it."""

import msgspec


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a post; `p` is None where no single head says it."""

    what: str
    word: str
    p: float | None = None
    unsure: bool = False
    reasons: tuple[str, ...] = ()
    """The words that weighed most for it, the strongest first."""
    note: str = ""
    """What else an officer should know of it."""
