"""What the house kept of a site, crawl after crawl, to be held against the ledger of those who wrote it."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.post import Post
from tests.site.crawled import Crawled, crawled

PATIENCE: dict[str, Any] = {"timeout_s": 40.0, "stop_after_s": 85.0}
"""Real servers on two shared cores take their time; what is asked here is what comes, not when."""


@dataclass
class Ledger:
    """Every version of every post by its id, in the order in which they came in."""

    versions: dict[str, list[Post]] = field(default_factory=dict)
    gone_addresses: list[str] = field(default_factory=list)
    gone_posts: list[str] = field(default_factory=list)

    def crawl(self, *sources: dict[str, Any], state: Path) -> Crawled:
        """Crawl and write down what it brought."""
        found = crawled(*sources, state=state, **PATIENCE)
        for post in found.posts:
            self.versions.setdefault(post.id, []).append(post)
        self.gone_addresses += found.forgotten
        self.gone_posts += found.forgotten_posts
        return found

    def texts(self) -> dict[str, list[str]]:
        return {post: [version.text for version in versions] for post, versions in self.versions.items()}

    def last_texts(self) -> dict[str, str]:
        return {post: versions[-1].text for post, versions in self.versions.items()}

    def standing(self) -> dict[str, str]:
        """Return the last text of what has not been forgotten."""
        return {
            post: versions[-1].text
            for post, versions in self.versions.items()
            if post not in self.gone_posts and versions[-1].url not in self.gone_addresses
        }

    def repeated(self) -> list[tuple[str, str]]:
        """Return the versions that came in twice."""
        every = Counter(
            (post, version.title + version.text) for post, all_ in self.versions.items() for version in all_
        )
        return [version for version, count in every.items() if count > 1]
