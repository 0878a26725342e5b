"""Which adapter stands behind each port. An empty file is embedded mode; tables are tagged by `backend`."""

import msgspec


class LogSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="backend", tag="sqlite"
):
    """The log: one SQLite file in the home."""

    partitions: int = 8
    keep_days: int = 7


class JobsSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="backend", tag="eager"
):
    """The jobs: the Celery job's body, run in the score process."""


class IndexSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="backend", tag="sqlite"
):
    """The index: one SQLite FTS5 file in the home."""


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The desk database; empty = SQLite in the home."""

    url: str = ""


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The signed webhook; off while `url` is empty. The secret comes by file, never in the settings themselves."""

    url: str = ""
    secret_file: str = ""
    timeout_s: float = 5.0
