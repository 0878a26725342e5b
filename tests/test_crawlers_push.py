"""Pushes: signed, bounded, in shape, known by their ids; whatever else is sent changes nothing and repeats nothing."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.push import POSTS_MAX, SIGNATURE, TIMESTAMP, Rate, Refusal, parse, sign, verify
from crawlers.source import Source

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
SECRET = b"0123456789abcdef0123456789abcdef"
VENDOR = Source(id="vendor", kind="push", place="430100", per_minute=3, size_max_kib=16)


def body(*posts: dict[str, Any], **rest: Any) -> bytes:
    return json.dumps({"posts": list(posts)} | rest, ensure_ascii=False).encode()


def headers(data: bytes, at: datetime = NOW, secret: bytes = SECRET) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    return {TIMESTAMP: stamp, SIGNATURE: sign(secret, stamp, data)}


def refused(data: bytes, given: dict[str, str] | None = None) -> Refusal:
    try:
        verify(SECRET, headers(data) if given is None else given, data, NOW)
        parse(data, VENDOR, NOW)
    except Refusal as refusal:
        return refusal
    raise AssertionError("taken in")


def test_a_signed_push_becomes_raw_posts() -> None:
    data = body(
        {"id": "7", "text": "托育点停办了。", "title": "问", "url": "https://a.example/7", "author": "小雨",
         "published_at": "2026-11-20 08:00", "likes": 3, "place": "430200"},
        {"id": "8", "text": "另一条。"},
    )  # fmt: skip
    verify(SECRET, headers(data), data, NOW)
    first, second = parse(data, VENDOR, NOW)
    assert (first.native_id, first.place, first.likes, first.author) == ("7", "430200", 3, "小雨")
    assert first.published_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert (second.source, second.place, second.published_at) == ("vendor", "430100", None)


def test_the_signature_is_the_one_of_rfc_2104() -> None:
    def padded(by: int) -> bytes:
        return bytes(byte ^ by for byte in SECRET.ljust(64, b"\0"))

    inner = sha256(padded(0x36) + b"1795132800." + "{样例}".encode()).digest()
    assert sign(SECRET, "1795132800", "{样例}".encode()) == "sha256=" + sha256(padded(0x5C) + inner).hexdigest()


def test_what_is_not_signed_now_by_the_secret_is_refused() -> None:
    data = body({"id": "7", "text": "x"})
    for given_, said in (
        ({}, "缺少"),
        (headers(data) | {SIGNATURE: "sha256=" + "0" * 64}, "签名不对"),
        (headers(data, secret=b"another secret that is long enough"), "签名不对"),
        (headers(data + b" "), "签名不对"),
        (headers(data) | {TIMESTAMP: str(int(NOW.timestamp()) + 1)}, "签名不对"),
        (headers(data, NOW - timedelta(minutes=6)), "时间戳"),
        (headers(data, NOW + timedelta(minutes=6)), "时间戳"),
        ({TIMESTAMP: "soon", SIGNATURE: sign(SECRET, "soon", data)}, "整秒"),
        (headers(data) | {SIGNATURE: "签名"}, "签名不对"),
    ):
        refusal = refused(data, given_)
        assert refusal.status == 401
        assert said in str(refusal)


def test_a_short_secret_is_no_secret() -> None:
    with pytest.raises(Refusal) as caught:
        verify(b"short", headers(b"{}", secret=b"short"), b"{}", NOW)
    assert caught.value.status == 503


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"not json", 400, "JSON"),
        (b"\xff\xfe", 400, "JSON"),
        (b"[" * 5000, 422, "结构"),
        (b"[]", 422, "结构"),
        (body(), 422, "1 到"),
        (body(*({"id": str(n), "text": "x"} for n in range(POSTS_MAX + 1))), 422, "1 到"),
        (body({"id": " ", "text": "x"}), 422, "posts[0].id"),
        (body({"id": "7", "text": " "}), 422, "posts[0].text"),
        (body({"id": "7", "text": "x", "place": "长沙"}), 422, "posts[0].place"),
        (body({"id": "7", "text": "x", "likes": "秘密的话"}), 422, "$.posts[0].likes"),
        (body({"id": "7", "text": "x", "avatar": "秘密的话"}), 422, "posts[0]"),
        (body({"id": "7", "text": "x"}, cursor="秘密的话"), 422, "结构"),
        (body({"id": "7", "text": "x" * 17_000}), 413, "16 KB"),
    ],
)
def test_what_is_out_of_shape_is_refused_and_not_repeated(data: bytes, status: int, said: str) -> None:
    refusal = refused(data)
    assert (refusal.status, said in str(refusal)) == (status, True), str(refusal)
    assert "秘密" not in str(refusal)


def test_a_source_has_its_share_of_a_minute() -> None:
    rate = Rate()
    other = Source(id="other", kind="push", per_minute=1)
    for second in range(3):
        rate.admit(VENDOR, NOW + timedelta(seconds=second))
    with pytest.raises(Refusal) as caught:
        rate.admit(VENDOR, NOW + timedelta(seconds=50))
    assert caught.value.status == 429
    assert 10 <= caught.value.retry_after_s <= 12
    rate.admit(other, NOW + timedelta(seconds=50))
    rate.admit(VENDOR, NOW + timedelta(seconds=60))


@given(st.binary(max_size=400), st.dictionaries(st.sampled_from([TIMESTAMP, SIGNATURE, "x"]), st.text(max_size=80)))
def test_nothing_that_a_stranger_sends_is_taken_in(data: bytes, sent: dict[str, str]) -> None:
    with pytest.raises(Refusal):
        verify(SECRET, sent, data, NOW)


@given(st.binary(max_size=400))
def test_any_body_gives_posts_or_a_refusal(data: bytes) -> None:
    try:
        posts = parse(data, VENDOR, NOW)
    except Refusal as refusal:
        status = refusal.status
    else:
        status = 200 if posts else 0
    assert status in {200, 400, 413, 422}
