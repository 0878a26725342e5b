"""A source: where public posts are found, and how the page says what is what."""

import ipaddress
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from contracts.post import AuthorKind

GAP_S_MIN = 2.0
"""Seconds between two requests of one host. Only loopback addresses may be asked faster; no setting extends that."""
INTERVAL_S_MIN = 60.0


class ThreadList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pages that list threads. Values are CSS selectors, within a row unless said."""

    row: str
    link: str = "a"
    """The link to the thread: an element with href, or `…::attr(name)`."""
    changed_by: str = ""
    """What changes when a thread gets a reply (number of replies, last reply): an unchanged thread is not asked again."""
    next: str = ""
    """Within the page: the link to the next page of the list."""
    pages_max: int = 3
    threads_max: int = 100


class Thread(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pages of one thread; selectors within the page."""

    title: str = ""
    next: str = ""
    pages_max: int = 20


class PostShape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One post on a thread's page; selectors within the row, `row` within the page."""

    row: str
    text: str
    id: str = ""
    """The post's own number, mostly `::attr(id)` of the row. Without it: the address where a page holds one post."""
    title: str = ""
    author: str = ""
    published_at: str = ""
    likes: str = ""
    reposts: str = ""
    comments: str = ""


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of sources.yaml."""

    id: str
    kind: Literal["feed", "forum"]
    url: str
    name: str = ""
    enabled: bool = True
    platform: str = ""
    """"" = the id. Sources that show the same posts under the same numbers share one."""
    author_kind: AuthorKind = "unknown"
    place: str = ""
    interval_s: float | None = None
    """The longest interval; None = as the schedule thinks fit, that learns the source's rhythm."""
    interval_min_s: float = INTERVAL_S_MIN
    """The shortest interval; a shorter `interval_s` (loopback) takes it along."""
    request_gap_s: float = GAP_S_MIN
    allow_private: tuple[str, ...] = ()
    """Host names or addresses in private or loopback networks that this source may ask."""
    hosts: tuple[str, ...] = ()
    """Further hosts to which links of the source may lead."""
    basis: str = ""
    """Why this may be collected (an agreement, open terms): for the record of the operator."""
    requests_max: int = 300
    """Requests of one crawl, robots.txt included."""
    sample: bool = False
    list: ThreadList | None = None
    thread: Thread = Thread()
    post: PostShape | None = None

    @property
    def host(self) -> str:
        return ascii_host(urlsplit(self.url).hostname or "")


def ascii_host(host: str) -> str:
    """Return a host name as it stands in requests: lower case, a Chinese name in its ASCII form."""
    try:
        return host.lower().encode("idna").decode("ascii")
    except UnicodeError:
        return host.lower()


def is_loopback(host: str) -> bool:
    """Whether a host name says by itself that it is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
