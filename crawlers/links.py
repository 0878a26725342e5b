"""Where a link on a page leads, and whether that is still the source's own ground."""

from urllib.parse import urljoin, urlsplit

from crawlers.source import Source, ascii_host


def own_address(target: str, base: str, source: Source) -> str:
    """Return the absolute address of a link without its fragment, "" if it leads off the hosts of the source."""
    if not target.strip():
        return ""
    try:
        address = urljoin(base, target.strip()).partition("#")[0]
        parts = urlsplit(address)
        host = ascii_host(parts.hostname or "")
    except ValueError:
        return ""
    own = {source.host, *map(ascii_host, source.hosts)}
    return address if parts.scheme in {"http", "https"} and host in own else ""
