"""Settings of the edge: an empty section crawls politely under the project's own name."""

from typing import Final

import msgspec

AGENT_NAME: Final = "Qingting"
"""The name that robots.txt rules are matched against."""


class CrawlSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[crawl]` of qingting.toml. `crawlers.limits` holds each number within floors and ceilings."""

    contact: str = ""
    """Web or mail address where a site's owner reaches the operator; part of the User-Agent. Without it only this
    machine is crawled."""
    timeout_s: float = 20.0
    """For one answer as a whole, at most 60."""
    page_bytes_max: int = 8 * 1024 * 1024
    """After decompression; a page beyond it is not read. At most 8 MiB, about what a full sitemap of 50,000 addresses has."""
    redirects_max: int = 5
    """At most 5."""
    retry_after_wait_s: float = 30.0
    """A `Retry-After` up to so long is waited for within the crawl (once); a longer one ends it."""
    robots_minutes: int = 1440
    """How long an answer of robots.txt is used before it is asked for again: 60 to 1440."""

    polls_a_day: float = 96.0
    """How often a source is asked on average; who publishes more is asked more often, so that posts wait least."""

    @property
    def user_agent(self) -> str:
        return f"{AGENT_NAME}/0.1 (+{self.contact})" if self.contact else f"{AGENT_NAME}/0.1"
