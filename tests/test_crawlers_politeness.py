"""The rules of politeness as pure decisions: addresses, pauses, Retry-After and robots.txt."""

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.testing.builders import NOON
from crawlers.addresses import PinnedResolver, is_public, judge
from crawlers.politeness import gap, pause_asked, retry_after
from crawlers.refused import Refused
from crawlers.robots import Robots, RobotsBook, judge_answer, unreachable
from crawlers.source import GAP_S_MIN


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "::ffff:10.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "192.0.2.1", "198.18.0.1",
        "192.88.99.1", "168.63.129.16", "100.100.100.200", "fec0::1", "5f00::1", "4000::1", "3fff::1", "2001:db8::1",
        "2001::1", "64:ff9b:1::1", "::ffff:169.254.169.254", "2002:a9fe:a9fe::", "::7f00:1", "100::1",
    ],
)  # fmt: skip
def test_no_address_of_an_inner_network_is_public(address: str) -> None:
    inner = ipaddress.ip_address(address)
    assert not is_public(inner)
    with pytest.raises(Refused):
        judge("host.example", [ipaddress.ip_address("8.8.8.8"), inner], ())


def test_public_addresses_pass_and_listed_private_ones_too() -> None:
    judge("host.example", [ipaddress.ip_address("8.8.8.8"), ipaddress.ip_address("2606:4700::1111")], ())
    judge("intern", [ipaddress.ip_address("10.0.0.7")], ("intern",))
    judge("intern", [ipaddress.ip_address("10.0.0.7")], ("10.0.0.7",))
    with pytest.raises(Refused, match="allow_private"):
        judge("intern", [ipaddress.ip_address("10.0.0.7")], ("other",))


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fe80::1",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",  # noqa: S104 - refused, not bound
        "::",
        "224.0.0.1",
    ],
)
def test_link_local_and_metadata_are_refused_even_when_listed(address: str) -> None:
    with pytest.raises(Refused, match="一律不采"):
        judge("meta", [ipaddress.ip_address(address)], ("meta", address))


def test_only_judged_addresses_can_be_connected_to() -> None:
    class Receiver:
        def __init__(self) -> None:
            self.hosts: list[Any] = []
            self.is_complete = False

        def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802 - Twisted's name
            self.name = resolution.name

        def addressResolved(self, address: Any) -> None:  # noqa: N802 - Twisted's name
            self.hosts.append((address.host, address.port))

        def resolutionComplete(self) -> None:  # noqa: N802 - Twisted's name
            self.is_complete = True

    judged = {"a.example": (ipaddress.ip_address("8.8.8.8"), ipaddress.ip_address("2606:4700::1111"))}
    resolver = PinnedResolver(lambda host: judged.get(host, ()))
    known, unknown = Receiver(), Receiver()
    resolver.resolveHostName(known, "a.example", 443)
    resolver.resolveHostName(unknown, "rebound.example", 80)
    assert known.hosts == [("8.8.8.8", 443), ("2606:4700::1111", 443)]
    assert (unknown.hosts, unknown.is_complete) == ([], True)


seconds = st.floats(0, 1000)


@given(seconds, seconds, st.booleans())
def test_only_loopback_goes_below_the_floor_and_nothing_below_the_crawl_delay(
    asked_s: float, delay_s: float, is_loopback: bool
) -> None:
    pause = gap(asked_s=asked_s, crawl_delay_s=delay_s, is_loopback=is_loopback)
    assert pause >= delay_s
    assert pause >= asked_s
    assert is_loopback or pause >= GAP_S_MIN


def test_retry_after_is_seconds_or_a_date() -> None:
    now = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    assert retry_after("120", now) == 120
    assert retry_after("Mon, 23 Nov 2026 04:01:00 GMT", now) == 60
    assert retry_after("Mon, 23 Nov 2020 04:01:00 GMT", now) == 0
    assert retry_after("999999999999", now) == 86_400
    for nothing in ("", "soon", "-5", "1.5.2"):
        assert retry_after(nothing, now) is None


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599, 301, 401, 403, 429, 100])
def test_robots_that_give_no_clear_answer_forbid_everything(status: int) -> None:
    robots = judge_answer(status, b"User-agent: *\nAllow: /", "https://a.example")
    assert not robots.allows("https://a.example/")
    assert str(status) in robots.failure


@pytest.mark.parametrize("delay", ["inf", "nan", "1e400", "-5", "abc"])
def test_a_senseless_crawl_delay_is_a_finite_pause(delay: str) -> None:
    robots = judge_answer(200, f"User-agent: *\nCrawl-delay: {delay}".encode(), "https://a.example")
    assert 0 <= robots.crawl_delay_s <= 86_400


def test_no_robots_allow_everything_and_rules_are_followed() -> None:
    for status in (404, 410):
        assert judge_answer(status, b"Disallow: /", "https://a.example").allows("https://a.example/x")
    rules = b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n\nUser-agent: Qingting\nDisallow: /no\nCrawl-delay: 7\nRequest-rate: 1/10\n"
    robots = judge_answer(200, rules, "https://a.example")
    assert robots.allows("https://a.example/yes")
    assert not robots.allows("https://a.example/no/1")
    assert robots.crawl_delay_s == 10
    assert not unreachable("https://a.example").allows("https://a.example/yes")


@given(st.binary(max_size=300))
def test_any_robots_txt_is_read(body: bytes) -> None:
    robots = judge_answer(200, body, "https://a.example")
    assert robots.crawl_delay_s >= 0
    robots.allows("https://a.example/x")


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        ("Qingting", True), ("qingting", True), ("QINGTING/2.0", True), ("Qingting 2", True), ("Qing", False), ("ting", False),
        ("Qingting-News", False), ("QingtingBot", False), ("*Qing*", False), ("other", False),
    ],
)  # fmt: skip
def test_a_group_is_ours_by_its_whole_name(name: str, *, is_ours: bool) -> None:
    text = f"User-agent: *\nAllow: /\n\nUser-agent: {name}  # us?\nDisallow: /\n"
    assert judge_answer(200, text.encode(), "https://a.example").allows("https://a.example/x") is not is_ours


def test_a_huge_file_is_cut_between_two_rules() -> None:
    head = "User-agent: *\nDisallow: /no\n"
    head += "#" * (512 * 1024 - len(head) - len("\nDisallow: /")) + "\n"
    robots = judge_answer(200, (head + "Disallow: /yonder\n").encode(), "https://a.example")
    assert not robots.allows("https://a.example/no")
    assert robots.allows("https://a.example/yes"), "half of the last rule would forbid everything"


def test_a_429_that_says_nothing_doubles_the_pause_each_time() -> None:
    pauses = [pause_asked(429, None, None, NOON, former) for former in range(4)]
    assert pauses == [60, 120, 240, 480]
    assert pause_asked(429, None, None, NOON, 1000) == 86_400
    assert pause_asked(429, b"5", None, NOON, 1000) == 5
    assert pause_asked(503, None, None, NOON) is None
    assert pause_asked(200, b"5", None, NOON) is None


def test_a_date_is_meant_by_the_clock_of_the_site() -> None:
    after, there = b"Mon, 23 Nov 2026 05:00:00 GMT", b"Mon, 23 Nov 2026 04:59:00 GMT"
    assert pause_asked(503, after, there, NOON + timedelta(days=3)) == 60
    assert pause_asked(503, after, b"yesterday", datetime(2026, 11, 23, 4, 0, tzinfo=UTC)) == 3600


def test_rules_are_kept_for_an_hour_and_a_failure_for_minutes() -> None:
    book = RobotsBook(timedelta(hours=1))
    book.keep("https://a.example", Robots(), NOON)
    book.keep("https://b.example", Robots(failure="没有回应"), NOON)
    assert book.get("https://a.example", NOON + timedelta(minutes=59))
    assert book.get("https://a.example", NOON + timedelta(minutes=60)) is None
    assert book.get("https://b.example", NOON + timedelta(minutes=6)) is None
