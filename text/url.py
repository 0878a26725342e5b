"""One address for one page, whatever was hung onto it."""

from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_TRACKING: Final = ("utm_", "spm", "from", "share", "fbclid", "gclid", "isappinstalled", "scene", "timestamp", "sharer")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def canonical_url(url: str) -> str:
    """Return the address with lower-case scheme and host, without default port, fragment and tracking parameters.

    Parameters are sorted. What is no http(s) address comes back trimmed and otherwise as it was. Idempotent.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname:
        return url
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname.rstrip(".")
    netloc = host if port in {None, _DEFAULT_PORTS[scheme]} else f"{host}:{port}"
    kept = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
        if not name.lower().startswith(_TRACKING)
    )
    return urlunsplit((scheme, netloc, parts.path or "/", urlencode(kept, errors="surrogateescape"), ""))
