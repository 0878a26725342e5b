"""Several crawl processes share the hosts: each host has one, few change hands, none is asked by two at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

import backends.database.tables
from backends.database import SqlDatabase, open_database
from backends.database.lease import DatabaseLease
from backends.database.tables import leases
from backends.files.presence import FilePresence
from crawlers.share import HostShare, chosen
from crawlers.source import Source

HOSTS = [f"site{number}.example" for number in range(40)]
SOURCES = [Source(id=f"s{place}", kind="feed", url=f"https://{host}/feed") for place, host in enumerate(HOSTS)]
names = st.lists(st.text("abcdef0123456789-", min_size=1, max_size=12), min_size=2, max_size=8, unique=True)


class Town:
    """One machine with crawl processes, their leases in one database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database: SqlDatabase = open_database(f"sqlite:///{folder / 'desk.db'}")
        backends.database.tables.metadata.create_all(self.database.engine)
        self.presences: list[FilePresence] = []

    def crawler(self) -> HostShare:
        presence = FilePresence(self.folder, "crawl")
        presence.show()
        self.presences.append(presence)
        return HostShare(presence, lambda name: DatabaseLease(self.database, name, presence.name, ttl_s=600.0))

    def leases_run_out(self) -> None:
        """Pass the time that every lease of now lasts."""
        with self.database.writing() as connection:
            connection.execute(update(leases).values(expires_us=0))

    def close(self) -> None:
        for presence in self.presences:
            presence.leave()
        self.database.close()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    town.close()


@given(names, st.randoms(use_true_random=False))
def test_everybody_chooses_the_same_in_whatever_order(living: list[str], chance: object) -> None:
    shuffled = sorted(living, key=lambda _: chance.random())  # type: ignore[attr-defined]
    assert [chosen(host, living) for host in HOSTS] == [chosen(host, shuffled) for host in HOSTS]


@given(names)
def test_only_the_hosts_of_who_goes_change_hands(living: list[str]) -> None:
    *rest, gone = living
    before = {host: chosen(host, living) for host in HOSTS}
    after = {host: chosen(host, rest) for host in HOSTS}
    assert all(after[host] == was for host, was in before.items() if was != gone)


def test_each_host_falls_to_one_of_two(town: Town) -> None:
    one, other = town.crawler(), town.crawler()
    taken = [(one.take(source), other.take(source)) for source in SOURCES]
    assert all(sum(pair) == 1 for pair in taken)
    assert 8 <= sum(first for first, _ in taken) <= 32


def test_a_host_changes_hands_only_between_crawls(town: Town) -> None:
    alone = town.crawler()
    assert all(alone.take(source) for source in SOURCES)
    newcomer = town.crawler()
    assert not any(newcomer.take(source) for source in SOURCES)
    alone._looked_s = float("-inf")
    assert all(alone.take(source) for source in SOURCES)  # a second source of a host that is being crawled
    for source in SOURCES:
        alone.give(source)
        alone.give(source)
    kept = [alone.take(source) for source in SOURCES]
    assert [newcomer.take(source) for source in SOURCES] == [not mine for mine in kept]
    assert not all(kept)


def test_a_dead_processes_hosts_go_to_the_living_when_its_leases_run_out(town: Town) -> None:
    dead, living = town.crawler(), town.crawler()
    hers = [source for source in SOURCES if dead.take(source)]
    town.presences[0].leave()
    living._looked_s = float("-inf")
    assert not any(living.take(source) for source in hers)
    town.leases_run_out()
    assert all(living.take(source) for source in hers)


def test_who_ends_leaves_its_hosts_at_once(town: Town) -> None:
    leaving = town.crawler()
    assert leaving.take(SOURCES[0])
    leaving.close()
    town.presences[0].leave()
    assert town.crawler().take(SOURCES[0])
