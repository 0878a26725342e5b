"""The edge lets nothing raw pass, knows what it has seen, and loses no post."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import NotConfigured
from contracts.events import Event, decode, encode
from contracts.identity import url_digest
from contracts.ports.forget_list import Forgotten
from contracts.testing.builders import NOON
from contracts.testing.clock import FakeClock
from contracts.testing.memory_crawl_state import MemoryCrawlState
from contracts.testing.memory_forget_list import MemoryForgetList
from crawlers.edge import TEXT_CHARACTERS_MAX, Admitted, Edge
from crawlers.pseudonym import epoch, epochs, pseudonym
from crawlers.raw_post import RawPost

SECRET = b"a secret of these tests"


def raw(text: str = "今天社区组织了免费体检。", **fields: Any) -> RawPost:
    return RawPost(**({"source": "forum", "text": text} | fields))


def edge(forget: Sequence[Forgotten] = (), state: MemoryCrawlState | None = None) -> Edge:
    return Edge(SECRET, MemoryForgetList(forget), state or MemoryCrawlState(), FakeClock())


def admitted_and_kept(edge_: Edge, *raws: RawPost, history: bool = False) -> Admitted:
    admitted = edge_.admit(raws, history=history)
    edge_.keep(admitted)
    return admitted


def test_personal_data_and_the_author_stay_outside() -> None:
    found = edge().admit(
        [
            raw(
                "我是王某，电话13812345678。",
                title="找13912345678",
                author="小辣椒_88",
                native_id="1",
                published_at=NOON,
            )
        ]
    )
    (event,) = found.fetched
    data = msgspec.json.encode(event).decode()
    for private in ("13812345678", "13912345678", "小辣椒_88"):
        assert private not in data
    assert event.post.masked
    assert found.masked == 1
    assert event.post.author == pseudonym(SECRET, "forum", "小辣椒_88", epoch(NOON))
    assert len(event.post.author) == 32


def test_a_pseudonym_depends_on_platform_and_secret_and_a_weak_secret_is_refused() -> None:
    assert pseudonym(SECRET, "a", "张三") != pseudonym(SECRET, "b", "张三")
    assert pseudonym(SECRET, "a", "b张三") != pseudonym(SECRET, "ab", "张三")
    assert pseudonym(SECRET, "a", "张三") != pseudonym(SECRET + b"!", "a", "张三")
    assert pseudonym(SECRET, "a", " 张三 ") == pseudonym(SECRET, "a", "张三")
    assert pseudonym(SECRET, "a", "  ") == ""
    assert pseudonym(SECRET, "a", "张三", "2026Q4") != pseudonym(SECRET, "a", "张三", "2027Q1")
    assert pseudonym(SECRET, "a", "张三", "2026Q4") != pseudonym(SECRET, "a", "张三")
    with pytest.raises(NotConfigured, match="密钥"):
        Edge(b"short", MemoryForgetList(), MemoryCrawlState(), FakeClock())


def test_an_author_has_another_pseudonym_every_quarter_and_the_same_one_within_it() -> None:
    times = [NOON - timedelta(days=days) for days in (0, 30, 120, 400)]
    found = edge().admit([raw(native_id=str(at), author="张三", published_at=at) for at in times]).fetched
    names = [event.post.author for event in found]
    assert names[0] == names[1]
    assert len(set(names)) == 3
    assert all(len(name) == 32 for name in names), "128 bits"


@given(st.datetimes(datetime(1995, 1, 1), datetime(2056, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_every_time_that_the_edge_keeps_lies_in_an_epoch_that_can_be_forgotten(at: datetime) -> None:
    assert epoch(at) in {*epochs(NOON)} | {"1994Q4"}
    assert epoch(at) == epoch(at.astimezone(NOON.tzinfo))


def test_the_same_post_is_taken_in_once_within_a_batch_and_across_batches() -> None:
    edge_ = edge()
    first = admitted_and_kept(edge_, raw(native_id="1"), raw(native_id="1"), raw("无编号的话。"), raw("无编号的话。"))
    assert (len(first.fetched), first.duplicates) == (2, 2)
    assert admitted_and_kept(edge_, raw(native_id="1"), raw("无编号的话。")).duplicates == 2


def test_what_was_not_kept_comes_again_after_a_crash() -> None:
    edge_ = edge()
    edge_.admit([raw(native_id="1")])
    assert len(edge_.admit([raw(native_id="1")]).fetched) == 1


def test_a_changed_text_is_a_new_version_and_an_edit_taken_back_too() -> None:
    edge_ = edge()
    ids = set()
    for text in ("甲版。", "乙版。", "甲版。"):
        (event,) = admitted_and_kept(edge_, raw(text, native_id="1")).fetched
        ids.add(event.post.id)
    assert len(ids) == 1


def test_a_history_with_two_versions_of_a_post_brings_nothing_the_second_time() -> None:
    edge_ = edge()
    history = (raw("甲版。", native_id="1"), raw("乙版。", native_id="1"), raw("丙。", native_id="2"))
    assert len(admitted_and_kept(edge_, *history, history=True).fetched) == 3
    assert admitted_and_kept(edge_, *history, history=True).duplicates == 3
    for one in history:
        assert admitted_and_kept(edge_, one, history=True).duplicates == 1


@pytest.mark.parametrize(
    ("published_at", "kept", "is_doubtful"),
    [
        (None, NOON, True),
        (NOON - timedelta(days=3650), NOON - timedelta(days=3650), False),
        (NOON + timedelta(minutes=5), NOON, False),
        (NOON + timedelta(days=2), NOON, True),
        (datetime(1970, 1, 1, tzinfo=NOON.tzinfo), NOON, True),
    ],
    ids=["missing", "old", "clock skew", "future", "default value"],
)
def test_times_are_sane_or_doubtful(published_at: datetime | None, kept: datetime, is_doubtful: bool) -> None:
    (event,) = edge().admit([raw(published_at=published_at)]).fetched
    assert (event.post.published_at, event.post.time_is_doubtful) == (kept, is_doubtful)


def test_the_forgotten_stay_out_by_post_author_and_address() -> None:
    posts = [
        raw(native_id="1"),
        raw(native_id="2", author="张三"),
        raw(native_id="3", url="https://a.example/3"),
        raw(native_id="4", author="李四", url="https://a.example/4"),
    ]
    known = [event.post for event in edge().admit(posts).fetched]
    edge_ = edge(
        [
            Forgotten(post=known[0].id),
            Forgotten(author=pseudonym(SECRET, "forum", "张三", epoch(NOON))),
            Forgotten(url_digest=url_digest(known[2].url)),
        ]
    )
    found = admitted_and_kept(edge_, *posts)
    assert [event.post.id for event in found.fetched] == [known[3].id]
    assert {rejected.id for rejected in found.rejected} == {post.id for post in known[:3]}
    again = admitted_and_kept(edge_, *posts)
    assert (len(again.rejected), again.duplicates) == (0, 4)


def test_an_empty_and_an_endless_text_are_dead_letters_with_a_reason_and_without_text() -> None:
    endless = "长" * (TEXT_CHARACTERS_MAX + 1)
    found = edge().admit([raw("  \u200b ", file="a.csv", line=3), raw(endless, file="a.csv", line=4)])
    assert not found.fetched
    assert [(dead.file, dead.line, dead.stage) for dead in found.rejected] == [
        ("a.csv", 3, "edge"),
        ("a.csv", 4, "edge"),
    ]
    assert "没有正文" in found.rejected[0].reason
    assert str(TEXT_CHARACTERS_MAX) in found.rejected[1].reason
    assert "长长" not in msgspec.json.encode(found.rejected).decode()


def test_a_bad_entry_of_a_feed_is_one_dead_letter_however_often_it_is_seen() -> None:
    edge_ = edge()
    bad = raw("长" * (TEXT_CHARACTERS_MAX + 1), native_id="1")
    assert len(admitted_and_kept(edge_, bad).rejected) == 1
    again = admitted_and_kept(edge_, bad)
    assert (len(again.rejected), again.duplicates) == (0, 1)


def test_lone_surrogates_and_odd_addresses_do_not_stop_a_post() -> None:
    (event,) = edge().admit([raw("表情\ud83d坏了", url="javascript:alert(1)", author="\udc00", likes=-3)]).fetched
    event.post.text.encode()
    assert (event.post.url, event.post.likes) == ("", 0)


def test_a_raw_post_does_not_show_itself() -> None:
    assert "13812345678" not in repr(raw("电话13812345678", author="张三"))


PRIVATE = st.one_of(
    st.integers(0, 10**9 - 1).map(lambda number: f"13{number:09d}"),
    st.integers(0, 10**8 - 1).map(lambda number: f"0731-8{number % 10**7:07d}"),
    st.integers(1000, 10**9).map(lambda number: f"leser{number}@mail.example.com"),
    st.integers(0, 999).map(lambda number: _resident_id(f"43010219880314{number:03d}")),
    st.integers(0, 10**9 - 1).map(lambda number: f"湘A{number % 100_000:05d}"),
)


def _resident_id(digits: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11]


@settings(max_examples=300)
@given(
    PRIVATE,
    st.sampled_from(["我的电话 {}，请回电。", "转给{}", "联系（{}）", "{}", "车牌或号码：{}。"]),
    st.text(min_size=3, max_size=12),
)
def test_no_seeded_personal_data_and_no_author_reach_the_log(private: str, sentence: str, author: str) -> None:
    author = f"作者{author}"
    posts = [raw(sentence.format(private), title=sentence.format(private), author=author, native_id=author)]
    for event in edge().admit(posts).fetched:
        data = encode(event).decode("utf-8", "replace")
        assert private not in data
        assert author not in data


anything = st.text(st.characters(exclude_categories=()), max_size=30)


@given(
    st.lists(
        st.builds(
            RawPost, source=st.just("s"), text=anything, title=anything, author=anything, native_id=anything,
            url=anything | anything.map("https://a.example/".__add__), likes=st.integers(-5, 5),
            published_at=st.none() | st.datetimes(timezones=st.timezones()),
        ),
        max_size=5,
    )
)  # fmt: skip
def test_whatever_is_found_can_be_written_to_the_log(raws: list[RawPost]) -> None:
    found = edge().admit(raws)
    assert len(found.fetched) + len(found.rejected) + found.duplicates == len(raws)
    events: list[Event] = [*found.fetched, *found.rejected]
    for event in events:
        assert decode(encode(event)) == event


ids = st.sampled_from(["", "1", "2", "3"])
texts = st.sampled_from(["甲。", "乙。", "丙。", "", " "])


@given(st.lists(st.lists(st.builds(raw, text=texts, native_id=ids), max_size=6), max_size=5), st.booleans())
def test_every_raw_post_has_exactly_one_end_and_no_version_comes_twice_running(
    batches: list[list[RawPost]], history: bool
) -> None:
    edge_ = edge()
    last: dict[str, str] = {}
    taken: set[tuple[str, str]] = set()
    for batch in batches:
        found = edge_.admit(batch, history=history)
        assert len(found.fetched) + len(found.rejected) + found.duplicates == len(batch)
        for event in found.fetched:
            assert last.get(event.post.id) != event.post.text
            assert not history or (event.post.id, event.post.text) not in taken
            last[event.post.id] = event.post.text
            taken.add((event.post.id, event.post.text))
        edge_.keep(found)
