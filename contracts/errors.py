"""The four ways in which work can fail, so that every caller knows what to do next."""


class QingtingError(Exception):
    """Anything the program raises on purpose; its text is one clear sentence for the person who reads it."""


class Retryable(QingtingError):  # noqa: N818 - the word names the decision, not a fault
    """The same call may succeed later (a lock, a lost connection, a full disk): keep the work and try again."""


class Rejected(QingtingError):  # noqa: N818
    """This input can never succeed: it goes to the dead letters with `reason`; the rest goes on."""


class Conflict(QingtingError):  # noqa: N818
    """Somebody else was first or holds the lease: stop, reread, decide anew."""


class NotConfigured(QingtingError):  # noqa: N818
    """A part is off or lacks a setting; the text names the file, the key and the remedy."""
