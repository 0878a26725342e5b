"""A source: where public posts are found, and how the page says what is what."""

import ipaddress
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from contracts.post import AuthorKind

Kind = Literal["feed", "forum", "list", "sitemap", "json", "hotlist", "push", "import"]
GAP_S_MIN = 2.0
"""Seconds between two requests of one host. Only loopback addresses may be asked faster; no setting extends that."""
INTERVAL_S_MIN = 60.0


class ThreadList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pages that list threads. Values are CSS selectors, within a row unless said."""

    row: str
    link: str = "a"
    """The link to the thread: an element with href, or `…::attr(name)`."""
    changed_by: str = ""
    """What changes when a thread gets a reply (number of replies, last reply): an unchanged thread is not asked again.
    Several selectors, with commas between them, count together."""
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
    removed: str = ""
    """Within the page: rows of posts that were taken down and still show their `id`; those posts are forgotten."""


class ArticleLinks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which links of a list page or a sitemap lead to articles."""

    link: str = ""
    """CSS selector of the links within a list page: elements with href, or `…::attr(name)`; "" = every link."""
    pattern: str = ""
    """Regular expression that is found in the address of an article; "" = any address."""
    next: str = ""
    """Within a list page: the link to the next page of the list."""
    pages_max: int = 3
    """List pages, or sitemaps under an index, of one crawl."""
    articles_max: int = 100
    days_max: int = 30
    """Articles that a sitemap dates earlier are left where they are: the archive is not today's talk."""


class ArticleShape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An article's page; selectors within the page. What is "" is judged by `crawlers.article`."""

    title: str = ""
    text: str = ""
    published_at: str = ""
    likes: str = ""
    reposts: str = ""
    comments: str = ""


class Token(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The operator's own token for an official interface: where it is found and in which header it goes."""

    env: str
    """Name of the environment variable. The token itself stands in no file of ours and in no log."""
    header: str = "Authorization"
    scheme: str = "Bearer"
    """The word before the token, "" for none."""


class Fields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the fields of a post stand: JMESPath within an item (json, hotlist), CSS within a row (hotlist), a column (import)."""

    text: str = ""
    id: str = ""
    url: str = ""
    title: str = ""
    published_at: str = ""
    author: str = ""
    likes: str = ""
    reposts: str = ""
    comments: str = ""
    rank: str = ""
    """hotlist only; "" = the place within the list, from 1."""
    heat: str = ""
    """hotlist only."""


class Items(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an answer in JSON is walked: JMESPath expressions over the answer unless said."""

    items: str = "@"
    """The list of items."""
    cursor: str = ""
    """What goes into `{cursor}` of the url for the next page; the walk ends where it is empty."""
    since: str = ""
    """Within an item: its highest value goes into `{since}` of the url at the next crawl."""
    page_first: int = 1
    """The first value of `{page}` in the url."""
    pages_max: int = 3
    follow: bool = False
    """Whether each item's url is an article to be read, where it stands on a host of the source."""
    changed: str = ""
    """With `follow`, within an item: what changes with its article (a time of change); it is then read again."""


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of sources.yaml."""

    id: str
    kind: Kind
    url: str = ""
    """Where the crawl begins; nothing for push and import. json: a template with {cursor}, {since} and {page}."""
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
    contact: str = ""
    """Whom to reach at the source when something goes wrong there."""
    licence: str = ""
    """Under which terms the content may be used."""
    requests_max: int = 300
    """Requests of one crawl, robots.txt included."""
    sample: bool = False
    list: ThreadList | None = None
    thread: Thread = Thread()
    post: PostShape | None = None
    preset: str = ""
    """A file of crawlers/presets that fills in whatever this entry does not say."""
    links: ArticleLinks = ArticleLinks()
    article: ArticleShape = ArticleShape()
    replies: PostShape | None = None
    """What people wrote under an article, on the article's own page: each is a post of its own."""
    json: Items = Items()
    fields: Fields = Fields()
    row: str = ""
    """hotlist on a web page: CSS selector of one entry; `fields` are then selectors within it."""
    token: Token | None = None
    size_max_kib: int = 256
    """push: bytes of one request."""
    per_minute: int = 60
    """push: requests."""

    @property
    def is_crawled(self) -> bool:
        """Whether we go and ask; a push comes to us and an import is handed to us."""
        return self.kind not in {"push", "import"}

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
