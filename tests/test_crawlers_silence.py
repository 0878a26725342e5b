"""No form of an inner address is ever connected to: not directly, not by a redirect, not by a name that changes its mind."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from w3lib.url import safe_url_string

from tests.site.crawled import feed
from tests.site.pages import rss
from tests.site.serving import Answer, Site, serving
from tests.site.silence import FORMS, SITE, crawled_in_silence, silent_port

_PRIVATE = {"allow_private": [SITE], "requests_max": 20}


@pytest.fixture
def place() -> Iterator[tuple[Site, int, list[str]]]:
    """The site on its own address, and a listener on all other addresses of the same port."""
    with silent_port() as (port, heard), serving(host=SITE, port=port) as site:
        yield site, port, heard


def test_there_are_at_least_a_hundred_forms() -> None:
    assert len(set(FORMS)) == len(FORMS) >= 100


def test_no_form_is_asked_directly(place: tuple[Site, int, list[str]], tmp_path: Path) -> None:
    _, port, heard = place
    sources = [feed(f"http://{form}:{port}/rss", id=f"n{number}", **_PRIVATE) for number, form in enumerate(FORMS)]
    silent = crawled_in_silence(sources, {}, tmp_path)
    assert (silent.connects, heard) == ((), [])
    assert not silent.crawled.posts
    assert [outcome.source for outcome in silent.crawled.outcomes if not outcome.failure] == []


def test_no_form_is_asked_by_a_redirect(place: tuple[Site, int, list[str]], tmp_path: Path) -> None:
    site, port, heard = place
    sources = []
    for number, form in enumerate(FORMS):
        target = f"http://{form}:{port}/rss"
        site.routes[f"/{number}"] = Answer("", 302, {"Location": safe_url_string(target)})
        # listed, so that the address alone can stop it
        hosts = [form, urlsplit(safe_url_string(target)).hostname]
        sources.append(feed(f"{site.url}/{number}", id=f"n{number}", hosts=hosts, **_PRIVATE))
    silent = crawled_in_silence(sources, {}, tmp_path)
    assert (silent.connects, heard) == ((), [])
    assert {f"/{number}" for number in range(len(FORMS))} <= set(site.paths()), "each was redirected"
    assert not silent.crawled.posts
    assert not [outcome for outcome in silent.crawled.outcomes if not outcome.failure]


def test_no_name_that_changes_its_mind_leads_inside(place: tuple[Site, int, list[str]], tmp_path: Path) -> None:
    site, port, heard = place
    site.routes["/rss"] = Answer(rss(("1", "不该采到。")))
    names = {f"n{number}.test": [[SITE], [SITE], _addresses(form)] for number, form in enumerate(FORMS)}
    names |= {f"both{number}.test": [[SITE, *_addresses(form)]] for number, form in enumerate(FORMS)}
    sources = [feed(f"http://{name}:{port}/rss", id=name.partition(".")[0], **_PRIVATE) for name in names]
    silent = crawled_in_silence(sources, names, tmp_path)
    assert (silent.connects, heard) == ((), [])
    assert site.paths() == ["/robots.txt"] * len(FORMS), "each name led to the site at first, none of them twice"
    assert not silent.crawled.posts


def test_the_watch_sees_a_connection_where_there_is_one(place: tuple[Site, int, list[str]], tmp_path: Path) -> None:
    _, port, heard = place
    allowed = feed(f"http://127.0.0.1:{port}/rss", allow_private=["127.0.0.1"])
    silent = crawled_in_silence([allowed], {}, tmp_path)
    assert set(silent.connects) == {"127.0.0.1"}
    assert heard


def _addresses(form: str) -> list[str]:
    """Return what the operating system reads in a form; the nearest plain address for what it cannot read."""
    try:
        found = socket.getaddrinfo(form.strip("[]"), None, type=socket.SOCK_STREAM)
    except OSError:
        return ["127.0.0.1"]
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
