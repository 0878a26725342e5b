"""The cases of manners, by name. A new one is a new entry here; `python -m tools.manners` shows them all."""

import gzip
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from itertools import pairwise
from typing import Final

import brotli  # type: ignore[import-untyped]
from backports import zstd

from crawlers.limits import LOOPBACK_DAY_REQUESTS_MAX
from tests.site.manners import CONTACT, ELSEWHERE, Case, Seen, Stage
from tests.site.pages import listing, rss, thread
from tests.site.serving import Answer, Route

_MIB: Final = 1024 * 1024
_NEWS: Final = "样例社区的托育点开门。"
_PLAIN_TEXT: Final = {"Content-Type": "text/plain"}


def _feed(body: str | bytes = rss(("1", _NEWS)), headers: Mapping[str, str] | None = None, etag: str = "") -> Answer:
    return Answer(body, headers={"Content-Type": "application/rss+xml; charset=utf-8"} | dict(headers or {}), etag=etag)


def _plays(**routes: Route | str) -> Callable[[Stage], None]:
    """Return a site of these routes: `rss`, `b` and `robots`; {agent} stands for the crawler's name."""

    def play(stage: Stage) -> None:
        for name, route in routes.items():
            if isinstance(route, str):
                route = Answer(route.replace("{agent}", stage.agent), headers=_PLAIN_TEXT)  # noqa: PLW2901
            stage.site.routes["/robots.txt" if name == "robots" else f"/{name}"] = route

    return play


def _robots(text: str | Route) -> Callable[[Stage], None]:
    return _plays(robots=text, rss=_feed())


def _board(
    robots: str = "", *, threads: int = 3, head: str = "", answer: Answer | None = None
) -> Callable[[Stage], None]:
    """Return a forum of so many threads, each answered by `answer` if given."""

    def play(stage: Stage) -> None:
        names = [str(number) for number in range(threads)]
        _plays(robots=robots or Answer("", 404), b=Answer(listing(names, head=head)))(stage)
        for name in names:
            stage.site.routes[f"/t/{name}"] = answer or Answer(thread((name, f"第{name}楼的话。")))

    return play


def _hops(count: int) -> Callable[[Stage], None]:
    def play(stage: Stage) -> None:
        paths = ["/rss", *(f"/hop{number}" for number in range(1, count)), "/there"]
        for path, target in pairwise(paths):
            stage.site.routes[path] = Answer("", 302, {"Location": target})
        stage.site.routes["/there"] = _feed()

    return play


def _each(*answers: Route) -> Callable[[Stage], None]:
    """Return a site whose feed answers differently in each crawl."""

    def play(stage: Stage) -> None:
        stage.site.routes["/rss"] = answers[stage.crawl]

    return play


def _away(host: str, path: str = "/rss") -> Callable[[Stage], None]:
    def play(stage: Stage) -> None:
        stage.other.routes[path] = _feed()
        port = stage.other.url.rpartition(":")[2]
        stage.site.routes["/rss"] = Answer("", 302, {"Location": f"http://{host}:{port}{path}"})

    return play


def _later(status: int, after: timedelta, skew: timedelta = timedelta()) -> Callable[[Stage], None]:
    """Return a site that asks for a pause by a date of its own clock."""

    def play(stage: Stage) -> None:
        there = datetime.now(UTC) + skew
        headers = {
            "Retry-After": format_datetime(there + after, usegmt=True),
            "Date": format_datetime(there, usegmt=True),
        }
        stage.site.routes["/rss"] = Answer("", status, headers)

    return play


def _pieces(head: bytes, piece: bytes, count: int) -> Callable[[], Iterator[bytes]]:
    def send() -> Iterator[bytes]:
        yield head
        for _ in range(count):
            yield piece

    return send


def _packed(pack: Callable[[bytes], bytes], coding: str) -> Callable[[Stage], None]:
    def play(stage: Stage) -> None:
        headers = {"Content-Encoding": coding, "Content-Type": "text/xml"}
        stage.site.routes["/rss"] = Answer(pack(_big()), headers=headers)

    return play


@cache
def _big() -> bytes:
    """Return a feed of 60 MB."""
    return rss(("1", "样" * (20 * _MIB))).encode()


def _layers(_: bytes) -> bytes:
    body = rss(("1", _NEWS)).encode()
    for _layer in range(100):
        body = gzip.compress(body)
    return body


def _kept(*texts: str) -> Callable[[Seen], bool]:
    return lambda seen: seen.ended and sorted(seen.texts) == sorted(texts)


def _asked_once(seen: Seen) -> bool:
    return seen.ended and seen.paths.count("/rss") == 1 and not seen.texts


def _nothing_kept(seen: Seen) -> bool:
    return seen.ended and not seen.texts and seen.failure != ""


def _harmless(seen: Seen) -> bool:
    return seen.ended and not seen.texts and seen.memory_mib < 64 and seen.seconds < 5


def _secret(stage: Stage) -> None:
    secret = stage.folder / "secret.txt"
    secret.write_text("本机的秘密")
    entity = f'<!DOCTYPE rss [<!ENTITY s SYSTEM "file://{secret}">]>'
    stage.site.routes["/rss"] = _feed(rss(("1", "头&s;尾"), head=entity))


_HUGE_ROBOTS: Final = "User-agent: *\nDisallow: /rss\n" + "".join(
    f"Disallow: /other/{number:060d}\n" for number in range(20_000)
)
_ROBOTS_BOMB: Final = (
    "".join(f"User-agent: bot{number}\n" for number in range(2_000)) + "User-agent: *\nDisallow: /rss\n"
    + "".join(f"Disallow: /{number}\n" for number in range(2_000))
)  # fmt: skip
_LAUGHS: Final = "<!DOCTYPE rss [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{level} '{f'&a{level - 1};' * 10}'>" for level in range(1, 10)
) + "]>"  # fmt: skip
_DEEP: Final = "<div>" * 100_000 + "深处的话。" + "</div>" * 100_000
_MISLABELLED: Final = listing(["1"], head='<meta charset="gbk">')
_SPAM: Final = (
    "看得见的话。<div style='display: none'>" + "<a href=x>垃圾链接</a>" * 2_000 + "</div><p hidden>也看不见</p>"
)


def _calendar(stage: Stage) -> None:
    for month in range(2_000):
        path = "/b" if month == 0 else f"/b?month={month}"
        stage.site.routes[path] = Answer(listing([f"{month}"], following=f"/b?month={month + 1}"))
        stage.site.routes[f"/t/{month}"] = Answer(thread((str(month), f"{month}月的活动。")))


def _gbk(stage: Stage) -> None:
    wrong = {"Content-Type": "text/html; charset=utf-8"}
    page = thread(("1", "湘潭一家样例托育点停办。"), head='<meta charset="gbk">')
    stage.site.routes |= {"/b": Answer(_MISLABELLED.encode("gbk"), headers=wrong)}
    stage.site.routes |= {"/t/1": Answer(page.encode("gbk"), headers=wrong)}


def _cookies(stage: Stage) -> None:
    _board()(stage)
    stage.site.routes["/b"] = Answer(listing(["0", "1"]), headers={"Set-Cookie": "visitor=1; Path=/"})


def _odd_links(stage: Stage) -> None:
    odd = "".join(
        f'<li class="thread"><a href="{link}">怪</a></li>'
        for link in (
            "javascript:alert(1)",
            "file:///etc/hostname",
            "data:text/html,x",
            "mailto:a@example.org",
            "ftp://127.0.0.1/x",
        )
    )
    _board()(stage)
    stage.site.routes["/b"] = Answer(listing(["0"], more=odd))


def _deep(stage: Stage) -> None:
    stage.site.routes |= {
        "/b": Answer(listing(["1", "2"])),
        "/t/1": Answer(thread(("1", _DEEP))),
        "/t/2": Answer(thread(("2", "平常的话。"))),
    }


def _declined(stage: Stage) -> None:
    _board(threads=2)(stage)
    page = thread(("1", "不愿被收录的话。"), head='<meta name="robots" content="noindex">')
    stage.site.routes["/t/1"] = Answer(page)


def _named(stage: Stage) -> None:
    _board(threads=2)(stage)
    page = thread(("1", "不愿被收录的话。"), head=f"<meta content='NOINDEX, nofollow' name='{stage.agent}'>")
    stage.site.routes["/t/1"] = Answer(page)


def _huge(stage: Stage) -> None:
    stage.site.routes["/rss"] = _feed(_big())


def _ahead(stage: Stage) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(days=2))
    stage.site.routes["/rss"] = _feed(rss(("1", _NEWS), published=soon))


def _https_only(stage: Stage) -> None:
    stage.site.routes["/rss"] = _feed()


CASES: Final = (
    # robots.txt
    Case("robots-200-allows", "robots.txt forbids another path", "the feed is read",
         _robots("User-agent: *\nDisallow: /private\n"), _kept(_NEWS)),
    Case("robots-200-forbids", "robots.txt forbids everything", "nothing but robots.txt is asked for",
         _robots("User-agent: *\nDisallow: /\n"), lambda seen: seen.only_robots),
    Case("robots-404", "there is no robots.txt (404)", "the feed is read", _robots(Answer("", 404)), _kept(_NEWS)),
    Case("robots-410", "there is no robots.txt any more (410)", "the feed is read",
         _robots(Answer("", 410)), _kept(_NEWS)),
    Case("robots-500", "robots.txt answers 500", "nothing but robots.txt is asked for",
         _robots(Answer("", 500)), lambda seen: seen.only_robots),
    Case("robots-503", "robots.txt answers 503", "nothing but robots.txt is asked for",
         _robots(Answer("", 503)), lambda seen: seen.only_robots),
    Case("robots-503-that-allows", "robots.txt answers 503 with a body that allows all", "nothing but robots.txt is asked for",
         _robots(Answer("User-agent: *\nAllow: /\n", 503)), lambda seen: seen.only_robots),
    Case("robots-time-out", "robots.txt never comes", "nothing but robots.txt is asked for",
         _robots(Answer("", slow_s=30)), lambda seen: seen.only_robots, timeout_s=0.5),
    Case("robots-hangs-up", "the connection breaks on robots.txt", "nothing but robots.txt is asked for",
         _robots(Answer(raw=lambda: iter(()))), lambda seen: seen.only_robots),
    Case("robots-huge", "robots.txt of 1.5 MB, our rule within the first 500 KiB", "the rule is obeyed",
         _robots(_HUGE_ROBOTS), lambda seen: seen.only_robots),
    Case("robots-bomb", "2,000 agents share 2,000 rules", "the rule for * is obeyed, in less than 64 MiB and 5 s of processor time",
         _robots(_ROBOTS_BOMB), lambda seen: seen.only_robots and _harmless(seen)),
    Case("robots-with-bom", "robots.txt begins with a byte order mark", "its first group is obeyed",
         _robots(Answer(b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n")), lambda seen: seen.only_robots),
    Case("robots-in-utf-16", "robots.txt in UTF-16, as a Windows editor saves it", "it is obeyed",
         _robots(Answer("User-agent: *\r\nDisallow: /\r\n".encode("utf-16"))), lambda seen: seen.only_robots),
    Case("robots-old-line-ends", "robots.txt with CR alone", "it is obeyed",
         _robots("User-agent: *\rDisallow: /\r"), lambda seen: seen.only_robots),
    Case("robots-moved", "robots.txt is redirected", "the rules there are obeyed",
         _plays(robots=Answer("", 301, {"Location": "/rules.txt"}), **{"rules.txt": "User-agent: *\nDisallow: /rss\n"}, rss=_feed()),
         lambda seen: set(seen.paths) == {"/robots.txt", "/rules.txt"}),
    Case("robots-redirect-loop", "robots.txt redirects to itself", "nothing but robots.txt is asked for",
         _robots(Answer("", 302, {"Location": "/robots.txt"})), lambda seen: seen.only_robots),
    Case("robots-two-groups", "two groups name our agent", "both are obeyed",
         _robots("User-agent: {agent}\nDisallow: /a\n\nUser-agent: x\nDisallow: /b\n\nUser-agent: {agent}\nDisallow: /rss\n"),
         lambda seen: seen.only_robots),
    Case("robots-own-group", "a group of our own forbids what * allows", "our own group is obeyed",
         _robots("User-agent: *\nAllow: /\n\nUser-agent: {agent}\nDisallow: /rss\n"), lambda seen: seen.only_robots),
    Case("robots-own-group-with-version", "our group is written with a version", "it is obeyed",
         _robots("User-agent: *\nAllow: /\n\nuser-agent: {agent}/1.0\nDisallow: /rss\n"), lambda seen: seen.only_robots),
    Case("robots-part-of-our-name", "everything is forbidden, but to an agent whose name begins like ours", "nothing is asked for",
         lambda stage: _robots(f"User-agent: *\nDisallow: /\n\nUser-agent: {stage.agent[:3]}\nAllow: /\n")(stage),
         lambda seen: seen.only_robots),
    Case("robots-longest-match", "/ is forbidden, the longer /rss is allowed", "the feed is read",
         _robots("User-agent: *\nDisallow: /\nAllow: /rss\n"), _kept(_NEWS)),
    Case("robots-wildcards", "forbidden by * and $", "they are understood",
         _robots("User-agent: *\nDisallow: /*ss$\n"), lambda seen: seen.only_robots),
    Case("robots-is-a-page", "robots.txt answers 200 with an HTML page", "it has no rules: the feed is read",
         _robots(Answer("<html><body>找不到</body></html>")), _kept(_NEWS)),
    Case("robots-asked-once", "a board of six threads", "robots.txt is asked for once",
         _board("User-agent: *\nDisallow: /x\n", threads=6), lambda seen: seen.paths.count("/robots.txt") == 1 and len(seen.texts) == 6, kind="forum"),
    Case("crawl-delay", "Crawl-delay: 0.4", "0.4 s between any two requests",
         _board("User-agent: *\nCrawl-delay: 0.4\n"), lambda seen: len(seen.texts) == 3 and min(seen.gaps_s) >= 0.39, kind="forum"),
    Case("crawl-delay-of-our-group", "* asks for 30 s, our own group for 0.3 s", "ours is obeyed",
         _board("User-agent: *\nCrawl-delay: 30\n\nUser-agent: {agent}\nCrawl-delay: 0.3\n"),
         lambda seen: len(seen.texts) == 3 and min(seen.gaps_s) >= 0.29, kind="forum"),
    Case("crawl-delay-without-sense", "Crawl-delay: inf, then one of -5", "the feed is read",
         _robots("User-agent: *\nCrawl-delay: inf\nCrawl-delay: -5\n"), _kept(_NEWS)),
    Case("crawl-delay-of-a-day", "Crawl-delay: 86400", "the crawl is not begun",
         _robots("User-agent: *\nCrawl-delay: 86400\n"), lambda seen: seen.only_robots),
    Case("request-rate", "Request-rate: 2/1", "half a second between any two requests",
         _board("User-agent: *\nRequest-rate: 2/1\n"), lambda seen: len(seen.texts) == 3 and min(seen.gaps_s) >= 0.49, kind="forum"),
    # what an answer asks for
    Case("retry-after-seconds", "429 with Retry-After: 1, then the feed", "a second later it is read",
         _plays(rss=lambda times: _feed() if times else Answer("", 429, {"Retry-After": "1"})),
         lambda seen: _kept(_NEWS)(seen) and seen.gaps_s[-1] >= 0.99),
    Case("retry-after-an-hour", "503 with Retry-After: 3600", "asked once, due in an hour",
         _plays(rss=Answer("", 503, {"Retry-After": "3600"})),
         lambda seen: _asked_once(seen) and (seen.later_s or 3600) >= 3599),
    Case("retry-after-date", "429 with Retry-After as a date in an hour", "asked once, due in an hour",
         _later(429, timedelta(hours=1)), lambda seen: _asked_once(seen) and (seen.later_s or 3600) >= 3590),
    Case("retry-after-by-a-slow-clock", "the same, by a clock that is a day behind", "asked once, due in an hour",
         _later(503, timedelta(hours=1), timedelta(days=-1)), lambda seen: _asked_once(seen) and (seen.later_s or 3600) >= 3590),
    Case("retry-after-by-a-fast-clock", "the same, by a clock that is a day ahead", "asked once, due in an hour, not in a day",
         _later(503, timedelta(hours=1), timedelta(days=1)),
         lambda seen: _asked_once(seen) and 3590 <= (seen.later_s or 3600) < 4000),
    Case("429-storm", "each of six threads answers 429 without saying how long", "after the first the host is left alone",
         _board(threads=6, answer=Answer("", 429)), lambda seen: sum(path.startswith("/t/") for path in seen.paths) == 1, kind="forum"),
    Case("500-once", "the feed answers 500", "it is not asked for again at once",
         _plays(rss=Answer("", 500)), _asked_once),
    Case("etag", "the feed has an ETag and has not changed", "the second crawl gets 304 and brings nothing",
         _each(*[_feed(etag='"v1"')] * 2), lambda seen: seen.asked[-1].status == 304 and not seen.kept[1], crawls=2),
    Case("last-modified", "the feed has a Last-Modified and has not changed", "the second crawl gets 304 and brings nothing",
         _each(*[_feed(headers={"Last-Modified": "Mon, 23 Nov 2026 04:00:00 GMT"})] * 2),
         lambda seen: seen.asked[-1].status == 304 and not seen.kept[1], crawls=2),
    Case("noindex-header", "the answer says X-Robots-Tag: noindex", "it is not kept",
         _plays(rss=_feed(headers={"X-Robots-Tag": "noindex"})), _nothing_kept),
    Case("noindex-header-for-us", "X-Robots-Tag names our agent", "it is not kept",
         lambda stage: _plays(rss=_feed(headers={"X-Robots-Tag": f"{stage.agent}: none"}))(stage), _nothing_kept),
    Case("noindex-header-for-another", "X-Robots-Tag names another robot", "the feed is read",
         _plays(rss=_feed(headers={"X-Robots-Tag": "otherbot: noindex"})), _kept(_NEWS)),
    Case("noindex-by-date", "X-Robots-Tag: unavailable_after has passed", "it is not kept",
         _plays(rss=_feed(headers={"X-Robots-Tag": "unavailable_after: Wed, 25 Nov 2020 15:00:00 GMT"})), _nothing_kept),
    Case("noindex-meta", "one of two threads has a meta noindex", "the other one alone is kept",
         _declined, _kept("第0楼的话。"), kind="forum"),
    Case("noindex-meta-for-us", "one of two threads has a meta noindex for our agent", "the other one alone is kept",
         _named, _kept("第0楼的话。"), kind="forum"),
    Case("noindex-on-a-list", "a list page says noindex, follow", "its threads are read: a list is not kept anyway",
         _board(threads=1, head='<meta name="robots" content="noindex, follow">'), _kept("第0楼的话。"), kind="forum"),
    Case("nofollow-on-a-list", "a list page says nofollow", "its links are not followed",
         _board(threads=1, head='<meta name="robots" content="nofollow">'),
         lambda seen: set(seen.paths) <= {"/robots.txt", "/b"}, kind="forum"),
    Case("one-agent", "any site", "every request names the agent and the operator's contact",
         _board(), lambda seen: {asked.headers.get("User-Agent", "") for asked in seen.asked} == {f"Qingting/0.1 (+{CONTACT})"}, kind="forum"),
    Case("cookies", "the site sets a cookie", "no request brings one back",
         _cookies, lambda seen: len(seen.asked) >= 3 and not any("Cookie" in asked.headers for asked in seen.asked), kind="forum"),
    Case("one-connection", "six threads that answer slowly", "one request at a time",
         _board(threads=6, answer=Answer(thread(("1", "慢。")), slow_s=0.05)),
         lambda seen: len(seen.asked) >= 8 and max(asked.in_flight for asked in seen.asked) == 1, kind="forum"),
    Case("requests-are-counted", "any site", "the book of hosts and days has each request",
         _board(), lambda seen: seen.counted == len(seen.asked) == 5, kind="forum", is_comparable=False),
    Case("cap-of-the-day", "the host had its requests of the day", "nothing is asked for, not even robots.txt",
         _plays(rss=_feed()), lambda seen: not seen.asked and "上限" in (seen.failure or ""),
         counted=LOOPBACK_DAY_REQUESTS_MAX, is_comparable=False),
    # ways that lead astray
    Case("redirect-loop", "the feed redirects to itself", "given up after five redirects",
         _plays(rss=Answer("", 302, {"Location": "/rss"})), lambda seen: seen.ended and seen.paths.count("/rss") <= 6),
    Case("five-redirects", "five redirects lead to the feed", "the feed is read", _hops(5), _kept(_NEWS)),
    Case("six-redirects", "six redirects lead to the feed", "given up", _hops(6), _nothing_kept),
    Case("redirect-off-host", "the feed redirects to another host", "nobody is asked there",
         _away(ELSEWHERE), lambda seen: seen.ended and not seen.elsewhere, source={"allow_private": ["127.0.0.1", ELSEWHERE]}),
    Case("redirect-into-a-private-network", "the feed redirects to a private address", "nobody is asked there",
         _away(ELSEWHERE), lambda seen: seen.ended and not seen.elsewhere, source={"hosts": [ELSEWHERE]}),
    Case("redirect-by-a-number", "the same, the address written as one number", "nobody is asked there",
         _away(str(0x7F000002)), lambda seen: seen.ended and not seen.elsewhere, source={"hosts": [str(0x7F000002)]}),
    Case("redirect-to-a-file", "the feed redirects to file:///etc/hostname", "nothing is read",
         _plays(rss=Answer("", 302, {"Location": "file:///etc/hostname"})), _nothing_kept),
    Case("redirect-to-the-forbidden", "the feed redirects to a path that robots.txt forbids", "that is not asked for",
         _plays(robots="User-agent: *\nDisallow: /private\n", rss=Answer("", 302, {"Location": "/private"}), private=_feed()),
         lambda seen: seen.ended and "/private" not in seen.paths),
    Case("odd-links", "links to javascript:, file:, data:, mailto:, ftp:", "none is followed",
         _odd_links, _kept("第0楼的话。"), kind="forum"),
    Case("endless-calendar", "each page links to the next month, for ever", "it ends within 20 requests",
         _calendar, lambda seen: seen.ended and len(seen.asked) <= 20, kind="forum"),
    Case("certificate-of-nobody", "HTTPS with a certificate that nobody signed", "nothing is asked for",
         _https_only, lambda seen: not seen.asked, tls=True),
    # answers that harm
    Case("slow-loris", "the feed comes byte by byte", "given up after the time-out, asked once",
         _plays(rss=Answer(raw=_pieces(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n", b"<", 600), drip_s=0.05)),
         _asked_once, timeout_s=0.5),
    Case("slow-loris-in-the-head", "the head comes line by line", "given up after the time-out, asked once",
         _plays(rss=Answer(raw=_pieces(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 600), drip_s=0.05)), _asked_once, timeout_s=0.5),
    Case("endless-head", "a head of 40 MB", "cut off within 16 MB",
         _plays(rss=Answer(raw=_pieces(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"b" * 8_000 + b"\r\n", 5_000))),
         lambda seen: _harmless(seen) and max(asked.sent_bytes for asked in seen.asked) < 16 * _MIB, timeout_s=5),
    Case("endless-body", "a body of 40 MB without a length", "cut off within 16 MB",
         _plays(rss=Answer(raw=_pieces(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<rss>", b"x" * 65_536, 640))),
         lambda seen: _harmless(seen) and max(asked.sent_bytes for asked in seen.asked) < 16 * _MIB, timeout_s=5),
    Case("huge-page", "a feed of 60 MB", "it is not read", _huge, _harmless, timeout_s=5),
    Case("cut-off-body", "a feed that breaks off", "half a feed is not kept",
         _plays(rss=Answer(raw=_pieces(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 9000\r\n\r\n", rss(("1", _NEWS)).encode(), 1))),
         _nothing_kept),
    Case("gzip-bomb", "60 MB in 60 kB of gzip", "not unpacked beyond the limit", _packed(gzip.compress, "gzip"), _harmless, timeout_s=5),
    Case("brotli-bomb", "60 MB in a few bytes of brotli", "not unpacked beyond the limit",
         _packed(lambda body: bytes(brotli.compress(body, quality=4)), "br"), _harmless, timeout_s=5),
    Case("zstd-bomb", "60 MB in a few kB of zstd", "not unpacked beyond the limit", _packed(zstd.compress, "zstd"), _harmless, timeout_s=5),
    Case("gzip-in-gzip", "packed 100 times", "not unpacked", _packed(_layers, ", ".join(["gzip"] * 100)), _harmless),
    Case("broken-gzip", "gzip that is none", "nothing is kept, the crawl ends", _packed(lambda _: b"\x1f\x8b no", "gzip"), _nothing_kept),
    Case("entity-bomb", "ten levels of ten XML entities", "not expanded",
         _plays(rss=_feed(rss(("1", "&a9;"), head=_LAUGHS))), lambda seen: seen.ended and seen.memory_mib < 64 and seen.seconds < 5
         and not any("haha" in text for text in seen.texts), timeout_s=5),
    Case("entity-of-a-file", "an XML entity that names a file of ours", "the file is not read",
         _secret, lambda seen: seen.ended and not any("秘密" in text for text in seen.texts)),
    Case("100k-deep-html", "a thread 100,000 elements deep", "the crawl ends soon, the other thread is kept",
         _deep, lambda seen: seen.ended and "平常的话。" in seen.texts and seen.seconds < 5 and seen.memory_mib < 256, kind="forum", timeout_s=5),
    # answers that deceive
    Case("gbk-called-utf-8", "pages in GBK whose header says UTF-8", "the text is read right",
         _gbk, _kept("湘潭一家样例托育点停办。"), kind="forum"),
    Case("hidden-spam", "2,000 hidden links in a post", "what a person sees is kept",
         _board(threads=1, answer=Answer(thread(("0", _SPAM)))), _kept("看得见的话。"), kind="forum"),
    Case("soft-404", "a thread answers 200 with 页面不存在", "nothing is kept, and it is said",
         _board(threads=1, answer=Answer("<html><body>页面不存在</body></html>")), _nothing_kept, kind="forum"),
    Case("empty-200", "the feed answers 200 with nothing", "nothing is kept, and it is said", _plays(rss=Answer("")), _nothing_kept),
    Case("clock-skew", "an entry is dated in two days' time", "it is kept, its time called doubtful and not in the future",
         _ahead,
         lambda seen: len(seen.posts) == 1 and seen.posts[0].time_is_doubtful and seen.posts[0].published_at <= datetime.now(UTC),
         is_comparable=False),
    Case("duplicate-guids", "a feed shows one entry twice", "it is kept once",
         _plays(rss=_feed(rss(("1", _NEWS), ("1", _NEWS)))), _kept(_NEWS)),
    Case("guid-reuse", "a guid comes again with another text", "the new text is kept as a version of the same post",
         _each(_feed(), _feed(rss(("1", "另一件样例新闻。")))),
         lambda seen: seen.kept == [[_NEWS], ["另一件样例新闻。"]] and len({post.id for post in seen.posts}) <= 1, crawls=2),
    Case("out-of-order", "new entries stand anywhere in the feed", "the second crawl brings just the new ones",
         _each(_feed(rss(("3", "三。"), ("1", "一。"), ("2", "二。"))), _feed(rss(("2", "二。"), ("4", "四。"), ("3", "三。"), ("0", "零。")))),
         lambda seen: sorted(seen.kept[1]) == sorted(["四。", "零。"]), crawls=2),
    Case("gone", "a thread answers 410", "the next crawl does not ask for it",
         _board(threads=1, answer=Answer("", 410)), lambda seen: seen.paths.count("/t/0") == 1, kind="forum", crawls=2),
)  # fmt: skip

NAMES: Final = tuple(case.name for case in CASES)
assert len(set(NAMES)) == len(NAMES)
assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in NAMES)
