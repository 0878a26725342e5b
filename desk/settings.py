"""The `[desk]` section of qingting.toml."""

import msgspec


class DeskSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the desk listens and what counts as stale."""

    host: str = "127.0.0.1"
    port: int = 8420
    hosts: tuple[str, ...] = ()
    """Further names under which people reach the desk (the proxy's); IP addresses and localhost are always answered."""
    https: bool = False
    """True behind a proxy that speaks HTTPS: cookies are then sent over HTTPS only."""
    request_max_kib: int = 512
    lag_warning_s: float = 120.0
    """Older than this, the desk says 监测中断."""
    metrics_token_file: str = ""
    """File in secrets/ with the token that opens `/metrics`; empty: there are no metrics."""
