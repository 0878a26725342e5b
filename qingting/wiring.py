"""The composition root: the one place that knows which adapter stands behind which port."""

import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from backends.secrets import read_secret
from backends.settings import CelerySettings, ElasticsearchSettings, KafkaSettings
from qingting.home import Home
from qingting.settings import Settings, load

if TYPE_CHECKING:
    from alerts.rules import Rule
    from contracts.ports.clock import Clock
    from contracts.ports.crawl_book import CrawlBook
    from contracts.ports.crawl_state import CrawlState
    from contracts.ports.database import Database
    from contracts.ports.forget_list import ForgetList
    from contracts.ports.index import Index
    from contracts.ports.jobs import Jobs
    from contracts.ports.lease import Lease
    from contracts.ports.log import Log
    from contracts.ports.notifier import Notifier
    from contracts.ports.presence import Presence
    from contracts.ports.scorer import Scorer
    from contracts.post import Post
    from contracts.score import Score
    from crawlers.edge import Edge
    from crawlers.source import Source


class _Closing(Protocol):
    def close(self) -> None: ...


Part = TypeVar("Part", bound=_Closing)


class House:
    """The parts of one home, each opened when first asked for and closed together."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self.home = home
        self.settings = settings
        self._open = ExitStack()

    @classmethod
    def at(cls, home: Home) -> Self:
        """Open the home. Raises NotConfigured where it is none or its settings have faults."""
        home.require()
        return cls(home, load(home.settings_file))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @cached_property
    def clock(self) -> "Clock":
        from backends.clock import SystemClock

        return SystemClock()

    @cached_property
    def log(self) -> "Log":
        if isinstance(self.settings.log, KafkaSettings):
            from backends.kafka.log import open_log

            return self._closing(open_log(self.settings.log, self.clock, self.home.secrets))
        from backends.sqlite.log import SqliteLog

        return self._closing(SqliteLog(self.home.log_file, self.clock, partitions=self.settings.log.partitions))

    @cached_property
    def index(self) -> "Index":
        if isinstance(self.settings.index, ElasticsearchSettings):
            from backends.elasticsearch.index import open_index

            return self._closing(open_index(self.settings.index, self.home.secrets))
        from backends.sqlite.index import SqliteIndex

        return self._closing(SqliteIndex(self.home.index_file))

    @cached_property
    def database(self) -> "Database":
        """The desk database at the newest schema. Raises NotConfigured where it has to be migrated first."""
        from backends.database import open_database
        from qingting.migrating import require_newest

        database = open_database(self.database_url)
        self._open.callback(database.close)
        require_newest(database)
        return database

    @property
    def database_url(self) -> str:
        """The address with its password: never to be shown."""
        given = self.settings.database
        if not given.url:
            return f"sqlite:///{self.home.database_file.resolve()}"
        if not given.password_file:
            return given.url
        from backends.database import with_password

        return with_password(given.url, read_secret(self.home.secrets, given.password_file, "database.password_file"))

    @cached_property
    def forget_list(self) -> "ForgetList":
        from backends.database.forget_list import DatabaseForgetList

        return DatabaseForgetList(self.database, self.clock)

    @cached_property
    def crawl_state(self) -> "CrawlState":
        from backends.database.crawl_state import DatabaseCrawlState

        return DatabaseCrawlState(self.database)

    @cached_property
    def crawl_book(self) -> "CrawlBook":
        from backends.database.crawl_book import DatabaseCrawlBook

        return DatabaseCrawlBook(self.database)

    @cached_property
    def edge(self) -> "Edge":
        from crawlers.edge import Edge

        return Edge(self.home.secret("pseudonym.key"), self.forget_list, self.crawl_state, self.clock)

    @cached_property
    def score(self) -> "Callable[[Sequence[Post]], Sequence[Score]]":
        """The understanding stages, without log or home: what a worker runs."""
        from pipeline import understanding

        return understanding.build(self.scorer)

    @cached_property
    def model_file(self) -> Path:
        """The file of the model in use: the program's, or one that this home learned."""
        from qingting.learning import model_file

        return model_file(self)

    @cached_property
    def scorer(self) -> "Scorer":
        from pipeline import scorers

        return scorers.load(self.settings.pipeline.scorer, model=self.model_file)

    @cached_property
    def jobs(self) -> "Jobs":
        if isinstance(self.settings.jobs, CelerySettings):
            from backends.celery.jobs import open_jobs

            return self._closing(open_jobs(self.settings.jobs, self.home.secrets))
        from backends.celery.eager import EagerJobs

        return EagerJobs(self.score)

    def lease(self, name: str, ttl_s: float = 5.0) -> "Lease":
        from backends.database.lease import DatabaseLease

        return DatabaseLease(self.database, name, f"{socket.gethostname()}:{os.getpid()}", ttl_s=ttl_s)

    def presence(self, role: str) -> "Presence":
        """Return a fresh process of the role: on a database that machines share, seen by all of them."""
        if not self.settings.database.url:
            from backends.files.presence import FilePresence

            return FilePresence(self.home.running, role)
        from backends.database.presence import DatabasePresence

        return DatabasePresence(self.database, role, f"{socket.gethostname()}:{os.getpid()}-{secrets.token_hex(4)}")

    @cached_property
    def sources(self) -> "tuple[Source, ...]":
        from crawlers.sources import load_sources

        return load_sources(self.home.sources_file)

    @property
    def has_samples(self) -> bool:
        """Whether samples are crawled here: then every page and report says 样例."""
        return any(source.sample for source in self.sources)

    @cached_property
    def rules(self) -> "tuple[Rule, ...]":
        from alerts.rules import load_rules

        return load_rules(self.home.rules_file)

    @cached_property
    def notifiers(self) -> "Mapping[str, Notifier]":
        from backends.notifiers.desk import DeskNotifier
        from backends.notifiers.webhook import WebhookNotifier

        channels: dict[str, Notifier] = {"desk": DeskNotifier()}
        webhook = self.settings.webhook
        if webhook.url:
            secret = self.home.secret(webhook.secret_file or "webhook.key")
            channels["webhook"] = WebhookNotifier(webhook.url, secret, timeout_s=webhook.timeout_s)
        return channels

    def _closing(self, part: Part) -> Part:
        """Close the part with the house."""
        self._open.callback(part.close)
        return part
