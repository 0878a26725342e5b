"""What every index keeps, told as examples and as one machine held against a plain dictionary."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from contracts.document import Document, Field, Interval, PleaScope, Query
from contracts.errors import Rejected
from contracts.identity import tie
from contracts.ports.index import Index
from contracts.testing.builders import NOON, make_document, make_post, make_score

CHANGSHA = timezone(timedelta(hours=8))
BROKEN_TEXTS = (
    "(生育", "生育)", "()", '"生育', "OR", "生育 OR", "OR 生育", "NOT", "生育 NOT", "-", "-生育", "NOT 生育", "AND 生育",
    "生育 AND", "生育 AND OR 补贴", "！！！", '""', "(-生育)", "生育 OR -补贴", "“生育", "((((", "甲" * 2000, "(" * 500 + "甲",
)  # fmt: skip
HARMLESS_TEXTS = (
    "body:生育", "title : 生育", "生育*", "^生育", "生育 NEAR 补贴", "NEAR(生育 补贴, 2)", "生育+补贴", "{title body}:生育", "'生育'",
    "生育;DROP TABLE posts", "生育\\", "生育--", "生育 or 补贴", "0x1F", "生育\u200b", "%生育_", "生育😀", "a\0b",
)  # fmt: skip
"""Nobody's syntax: each is words to look for, or refused with a sentence, never an error of the engine."""


class IndexSuite:
    """Inherit and say how to open an index; what was put must be found at once (a named flag where that costs extra)."""

    examples = 60
    steps = 25
    """Of the state machine: fewer where every step costs a round trip to a server."""

    def open(self, folder: Path) -> Index:
        raise NotImplementedError

    def shut(self, index: Index) -> None:
        raise NotImplementedError

    @pytest.fixture
    def index(self, tmp_path: Path) -> Iterator[Index]:
        index = self.open(tmp_path)
        yield index
        self.shut(index)

    def test_what_was_put_can_be_fetched_at_once_and_is_the_same(self, index: Index) -> None:
        document = make_document(
            make_post(
                "孩子上托育班，每月 3.5 千元。",
                title="托育",
                url="https://forum.example/1",
                author="a1",
                likes=3,
                masked=("phone",),
                date_source="json_ld",
                language="zh-Hant",
            ),
            make_score(
                -1,
                topics=("fertility_childcare",),
                regions=("430102",),
                keywords=("托育",),
                sketch=2**64 - 1,
                grams=bytes(range(97)),
                terms=bytes(range(128)),
            ),
            fold_of="original",
            event="event",
        )
        index.put([document])
        assert index.get([document.post.id, "nobody"]) == {document.post.id: document}

    def test_nothing_is_no_work(self, index: Index) -> None:
        index.put([])
        assert index.get([]) == {}
        assert index.forget() == ()
        assert index.search(Query()).total == 0
        assert index.count(Query(), "topic", "hour") == {}

    def test_the_newest_version_stays_whatever_comes_when(self, index: Index) -> None:
        old = make_document(make_post("旧的说法", id="p"))
        new = make_document(make_post("新的说法", id="p", fetched_at=NOON + timedelta(hours=1)))
        for documents in ([old], [new], [old], [new, old], [old, new]):
            index.put(documents)
        assert index.get(["p"]) == {"p": new}
        assert index.search(Query(text="旧的")).total == 0
        assert index.search(Query(text="新的")).total == 1
        assert sum(index.count(Query()).values()) == 1

    def test_a_replaced_document_keeps_fold_and_event(self, index: Index) -> None:
        first = make_document(make_post("一", id="p"), fold_of="o", event="e")
        later = make_document(make_post("二", id="p", fetched_at=NOON + timedelta(hours=1)), fold_of="x", event="y")
        index.put([first])
        index.put([later])
        (kept,) = index.get(["p"]).values()
        assert (kept.post.text, kept.fold_of, kept.event) == ("二", "o", "e")

    def test_a_document_that_became_a_plea_has_neither_fold_nor_event(self, index: Index) -> None:
        opinion = make_document(make_post("一", id="p"), fold_of="o", event="e")
        edited = make_post("救救我", id="p", fetched_at=NOON + timedelta(hours=1))
        index.put([opinion])
        for _ in range(2):
            index.put([make_document(edited, make_score(-1, lane="critical"), fold_of="o", event="e")])
        kept = index.get(["p"])["p"]
        assert (kept.post.text, kept.fold_of, kept.event) == ("救救我", "", "")
        for query in (Query(fold_of="o", pleas="with"), Query(events=("e",), pleas="with")):
            assert index.search(query).total == 0

    def test_merged_events_are_one_whichever_is_asked_for(self, index: Index) -> None:
        """The posts stay as they are; older ones of the absorbed event are found, counted and shown under the one that stands."""
        index.put([make_document(make_post(name, id=name), event=name[0]) for name in ("a1", "a2", "b1", "c1")])
        joining = make_document(make_post("b2", id="b2"), event="b", absorbed="a")
        for _ in range(2):
            index.put([joining])
            assert index.get(["b2"]) == {"b2": joining}
            assert index.get(["a1"])["a1"].event == "a"
            for asked in ("a", "b"):
                page = index.search(Query(events=(asked,)))
                assert {(hit.document.post.id, hit.document.event) for hit in page.hits} == {
                    ("a1", "b"), ("a2", "b"), ("b1", "b"), ("b2", "b")
                }  # fmt: skip
                assert page.total == 4
                assert index.count(Query(events=(asked,))) == {("", ""): 4}
            day = "2026-11-23T00:00:00+08:00"
            assert index.count(Query(), "event", "day") == {("b", day): 4, ("c", day): 1}
        assert index.search(Query(events=("c", "nothing"))).total == 1

    @pytest.mark.parametrize("restart", [False, True])
    def test_merges_of_merges_stand_for_good_and_never_lead_in_a_circle(self, tmp_path: Path, restart: bool) -> None:
        index = self.open(tmp_path)
        index.put([make_document(make_post(name, id=name), event=name) for name in ("a", "b", "c", "d")])
        told = [("b", "a"), ("c", "b"), ("c", "a"), ("a", "c"), ("d", "a")]
        documents = [
            make_document(make_post(f"{number}", id=f"m{number}"), event=event, absorbed=absorbed)
            for number, (event, absorbed) in enumerate(told)
        ]
        for document in documents:
            index.put([document])
            if restart:
                self.shut(index)
                index = self.open(tmp_path)
        index.put(documents[::-1])
        index.forget([document.post.id for document in documents])
        edited = make_post("改", id="m0", fetched_at=NOON + timedelta(hours=1))
        index.put([make_document(edited, make_score(0, lane="urgent"), event="x", absorbed="y")])
        assert index.count(Query(), "event") == {("d", ""): 4}
        for asked in "abcd":
            assert {hit.document.event for hit in index.search(Query(events=(asked,))).hits} == {"d"}
        assert index.search(Query(events=("x", "y"), pleas="with")).total == 0
        self.shut(index)

    def test_a_changed_time_moves_the_post(self, index: Index) -> None:
        index.put([make_document(make_post("甲", id="p"))])
        moved = make_post("甲", id="p", published_at=NOON - timedelta(days=3), fetched_at=NOON + timedelta(days=1))
        index.put([make_document(moved)])
        assert index.search(Query(since=NOON)).total == 0
        assert index.count(Query(), None, "day") == {("", "2026-11-20T00:00:00+08:00"): 1}

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("生育津贴", {"津贴"}),
            ("生育 津贴", {"津贴", "散"}),
            ('"生育 津贴"', {"津贴"}),
            ("“生育津贴”", {"津贴"}),
            ("津贴 OR 托育", {"津贴", "散", "托育"}),
            ("生育 NOT 津贴", {"latin"}),
            ("生育 -津贴", {"latin"}),
            ("(托育 OR 散) 津贴", {"散"}),
            ("（托育 OR 散）AND 津贴", {"散"}),
            ("托育 OR 散 生育", {"托育", "散"}),
            ("APP", {"latin"}),
            ("app2026", set()),
            ("2026", {"latin"}),
            ("202", set()),
            ("标题里", {"托育"}),
            ("标题里孩子", set()),
            ("没有这个词", set()),
            ("   ", {"津贴", "散", "托育", "latin"}),
        ],
    )
    def test_a_text_is_understood(self, index: Index, text: str, found: set[str]) -> None:
        index.put(
            [
                make_document(make_post("生育津贴到账了", id="津贴")),
                make_document(make_post("生育之后，散发的津贴没有到", id="散")),
                make_document(make_post("孩子去托育班", id="托育", title="标题里")),
                make_document(make_post("用 App 查 2026 年的生育政策", id="latin")),
            ]
        )
        page = index.search(Query(text=text))
        assert {hit.document.post.id for hit in page.hits} == found
        assert page.total == len(found) == sum(index.count(Query(text=text)).values())

    @pytest.mark.parametrize("text", BROKEN_TEXTS)
    def test_a_broken_text_is_refused_with_place_and_remedy(self, index: Index, text: str) -> None:
        for ask in (index.search, index.count):
            with pytest.raises(Rejected, match=r"查询.*(请|，如)"):
                ask(Query(text=text))

    @pytest.mark.parametrize("text", HARMLESS_TEXTS)
    def test_no_engines_syntax_gets_through(self, index: Index, text: str) -> None:
        index.put([make_document(make_post("生育津贴"))])
        try:
            index.search(Query(text=text))
        except Rejected as refused:
            assert "查询" in str(refused)

    def test_highlights_are_spans_of_the_text(self, index: Index) -> None:
        text = "生育，津贴！生育津贴；App 里的生育。"
        index.put([make_document(make_post(text))])
        for asked, spans in (
            ("生育津贴", ["生育，津贴", "生育津贴"]),
            ("app -托育", ["App"]),
            ("育津 OR 生育", ["生育，津", "生育津", "生育"]),
        ):
            (hit,) = index.search(Query(text=asked)).hits
            assert [text[start:end] for start, end in hit.highlights] == spans

    def test_copies_are_counted_and_never_left_behind(self, index: Index) -> None:
        index.put([make_document(make_post("原帖", id="o"))])
        for _ in range(2):
            index.put([make_document(make_post("转帖", id=f"c{number}"), fold_of="o") for number in range(3)])
        (hit,) = index.search(Query(originals_only=True)).hits
        assert (hit.document.post.id, hit.copies) == ("o", 3)
        assert index.search(Query(fold_of="o")).total == 3
        index.forget(["c1"])
        assert index.search(Query(originals_only=True)).hits[0].copies == 2

    def test_pleas_are_shown_only_to_who_asks_for_them(self, index: Index) -> None:
        def plea(name: str, *regions: str) -> Document:
            return make_document(make_post("求助", id=name), make_score(-1, lane="urgent", regions=regions))

        index.put(
            [plea("长沙", "430102"), plea("湘潭", "430300"), plea("无处"), make_document(make_post("求助", id="意见"))]
        )

        def seen(**fields: Any) -> set[str]:
            asked = Query(**fields)
            found = {hit.document.post.id for hit in index.search(asked).hits}
            assert sum(index.count(asked).values()) == len(found)
            return found

        assert seen() == {"意见"}
        assert seen(text="求助") == {"意见"}
        assert seen(pleas="with") == {"长沙", "湘潭", "无处", "意见"}
        assert seen(pleas="only") == {"长沙", "湘潭", "无处"}
        assert seen(pleas="with", pleas_within=("4301",)) == {"长沙", "意见"}
        assert seen(pleas="only", pleas_within=("430100", "")) == {"长沙", "无处"}
        assert seen(pleas="none", pleas_within=("4301",)) == {"意见"}
        assert seen(pleas="only", pleas_within=("43",), text="求助") == {"长沙", "湘潭"}

    def test_advice_can_be_asked_for_alone_and_an_attack_never_is_one(self, index: Index) -> None:
        said: dict[str, dict[str, Any]] = {
            "意见": {},
            "攻击": {"attack": 0.9},
            "声援": {"attack": 0.9, "counter": 0.9},
            "求助": {"lane": "urgent"},
        }
        index.put(
            [
                *(
                    make_document(make_post("妇联", id=name), make_score(-1, target="federation", **fields))
                    for name, fields in said.items()
                ),
                make_document(make_post("妇联", id="感谢"), make_score(1, target="federation")),
                make_document(make_post("妇联", id="别家"), make_score(-1, target="institution")),
            ]
        )
        for asked in (Query(advice_only=True, pleas="with"), Query(advice_only=True, text="妇联")):
            assert {hit.document.post.id for hit in index.search(asked).hits} == {"意见", "声援"}
            assert sum(index.count(asked).values()) == 2
        assert index.count(Query(advice_only=True), "sentiment", "day") == {("-1", "2026-11-23T00:00:00+08:00"): 2}
        assert index.search(Query(advice_only=True, sentiments=(1,))).total == 0
        index.forget(["意见"])
        assert sum(index.count(Query(advice_only=True)).values()) == 1
        later = make_post("谢谢妇联", id="声援", fetched_at=NOON + timedelta(hours=1))
        index.put([make_document(later, make_score(1, target="federation"))])
        assert index.count(Query(advice_only=True)) == {}

    def test_counts_name_values_and_starts(self, index: Index) -> None:
        index.put(
            [
                make_document(
                    make_post("一", id="1", published_at=datetime(2026, 11, 23, 6, 59, 59, 999_999, tzinfo=UTC)),
                    make_score(
                        -1, topics=("health", "minors"), regions=("430100", "430102"), keywords=("补贴", "托育")
                    ),
                    event="e",
                ),
                make_document(
                    make_post("二", id="2", source="blog", published_at=datetime(2026, 11, 23, 16, 0, tzinfo=UTC)),
                    make_score(1, topics=("health",), keywords=("补贴",)),
                ),
            ]
        )
        first, second = "2026-11-23T00:00:00+08:00", "2026-11-24T00:00:00+08:00"
        assert index.count(Query(), None, "hour") == {
            ("", "2026-11-23T14:00:00+08:00"): 1,
            ("", "2026-11-24T00:00:00+08:00"): 1,
        }
        assert index.count(Query(), "topic") == {("health", ""): 2, ("minors", ""): 1}
        assert index.count(Query(), "region", "day") == {("430100", first): 1, ("430102", first): 1}
        assert index.count(Query(), "sentiment", "day") == {("-1", first): 1, ("1", second): 1}
        assert index.count(Query(), "source") == {("forum", ""): 1, ("blog", ""): 1}
        assert index.count(Query(), "event") == {("e", ""): 1}
        assert index.count(Query(), "keyword") == {("补贴", ""): 2, ("托育", ""): 1}
        assert index.count(Query(text="二"), "topic", "hour") == {("health", second): 1}

    def test_a_post_of_any_year_has_its_place(self, index: Index) -> None:
        years = (1, 1969, 1970, 2026, 9998)
        index.put(
            [
                make_document(make_post("甲", id=str(year), published_at=datetime(year, 6, 1, 0, 30, tzinfo=UTC)))
                for year in years
            ]
        )
        assert [hit.document.post.id for hit in index.search(Query(oldest_first=True)).hits] == [
            str(year) for year in years
        ]
        for text in ("", "甲"):
            starts = {start for _, start in index.count(Query(text=text), None, "hour")}
            assert starts == {f"{year:04}-06-01T08:00:00+08:00" for year in years}

    def test_forgetting_takes_text_counts_and_storage_and_says_what_went(self, index: Index) -> None:
        index.put(
            [
                make_document(make_post("金丝雀一", id="1", author="a")),
                make_document(make_post("金丝雀二", id="2", author="a"), make_score(0, lane="urgent")),
                make_document(make_post("金丝雀三", id="3", url="https://forum.example/3")),
                make_document(make_post("别的帖子提到 https://forum.example/3", id="4")),
            ]
        )
        assert set(index.forget(["nobody"], ["a"], ["https://forum.example/3"])) == {"1", "2", "3"}
        assert index.get(["1", "2", "3"]) == {}
        assert index.search(Query(text="金丝雀", pleas="with")).total == 0
        assert index.count(Query(pleas="with")) == {("", ""): 1}
        assert index.forget(["1"], ["a"]) == ()

    def test_empty_names_forget_nobody(self, index: Index) -> None:
        index.put([make_document(make_post("没有作者和地址", id="1"))])
        assert index.forget([""], [""], [""]) == ()
        assert index.get(["1"])

    def test_pages_do_not_overlap_and_the_total_stays(self, index: Index) -> None:
        index.put(
            [make_document(make_post("甲", id=str(n), published_at=NOON + timedelta(minutes=n))) for n in range(7)]
        )
        pages = [index.search(Query(limit=3, offset=start)) for start in (0, 3, 6, 9)]
        assert [[hit.document.post.id for hit in page.hits] for page in pages] == [
            ["6", "5", "4"],
            ["3", "2", "1"],
            ["0"],
            [],
        ]
        assert {page.total for page in pages} == {7}
        assert index.search(Query(limit=0)).total == 7

    def test_the_index_is_the_same_after_it_was_shut(self, tmp_path: Path) -> None:
        index = self.open(tmp_path)
        document = make_document(make_post("甲", id="p"), make_score(0, topics=("health",)))
        index.put([document])
        self.shut(index)
        index = self.open(tmp_path)
        index.put([document])
        assert index.get(["p"]) == {"p": document}
        assert index.count(Query(), "topic") == {("health", ""): 1}
        self.shut(index)

    def test_any_history_equals_the_model(self) -> None:
        run_state_machine_as_test(
            lambda: IndexMachine(self.open, self.shut),  # type: ignore[arg-type] # a factory will do
            settings=settings(
                max_examples=self.examples,
                stateful_step_count=self.steps,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


class Asked(msgspec.Struct, frozen=True):
    """A text and, in plain Python, whether a post answers it."""

    text: str
    answers: Callable[[str], bool]


def _either(left: Asked, right: Asked) -> Asked:
    return Asked(f"({left.text}) OR {right.text}", lambda text: left.answers(text) or right.answers(text))


def _both(left: Asked, right: Asked) -> Asked:
    return Asked(f"({left.text}) ({right.text})", lambda text: left.answers(text) and right.answers(text))


def _without(left: Asked, right: Asked) -> Asked:
    return Asked(f"({left.text}) -({right.text})", lambda text: left.answers(text) and not right.answers(text))


def _without_any(left: Asked, right: Asked) -> Asked:
    return Asked(
        f"{left.text} -({right.text}) NOT 丙丙" if " " not in left.text else f"({left.text}) -丙丙 NOT ({right.text})",
        lambda text: left.answers(text) and not right.answers(text) and "丙丙" not in text.replace("，", ""),
    )


def _word(word: str) -> Asked:
    return Asked(word, lambda text: word in text.replace("，", ""))


_IDS = st.sampled_from([f"p{number}" for number in range(12)])
_TEXTS = st.text("甲乙丙，", min_size=0, max_size=8)


def _wider(inner: st.SearchStrategy[Asked]) -> st.SearchStrategy[Asked]:
    return st.one_of(*(st.builds(join, inner, inner) for join in (_either, _both, _without, _without_any)))


_ASKED = st.recursive(st.text("甲乙丙", min_size=1, max_size=3).map(_word), _wider, max_leaves=4)
_TOPICS = st.lists(st.sampled_from(["health", "minors", "employment"]), max_size=2, unique=True).map(tuple)
_REGIONS = st.lists(st.sampled_from(["430000", "430100", "430102", "110000"]), max_size=2, unique=True).map(tuple)
_TIMES = st.builds(
    lambda minutes, micro: NOON + timedelta(minutes=minutes, microseconds=micro),
    st.integers(-200, 200) | st.sampled_from([-120, -60, 0, 60, 120]),
    st.sampled_from([0, 0, 1, 999_999]),
)


@st.composite
def _documents(draw: st.DrawFn) -> Document:
    published_at = draw(_TIMES)
    post = make_post(
        draw(_TEXTS),
        id=draw(_IDS),
        title=draw(st.sampled_from(["", "", "甲乙"])),
        source=draw(st.sampled_from(["forum", "blog"])),
        author=draw(st.sampled_from(["", "a", "b"])),
        url=draw(st.sampled_from(["", "https://forum.example/1", "https://forum.example/2"])),
        published_at=published_at,
        fetched_at=NOON + timedelta(days=1, seconds=draw(st.integers(0, 3))),
    )
    score = make_score(
        draw(st.sampled_from([-1, 0, 1])),
        topics=draw(_TOPICS),
        regions=draw(_REGIONS),
        keywords=draw(st.sampled_from([(), ("补贴",), ("补贴", "托育")])),
        lane=draw(st.sampled_from([None, None, "urgent"])),
        target=draw(st.sampled_from(["", "federation", "institution"])),
    )
    return make_document(
        post, score, fold_of=draw(st.sampled_from(["", "", "p0", "p1"])), event=draw(st.sampled_from(["", *"efgh"])),
        absorbed=draw(st.sampled_from([*[""] * 8, *"efgh"])),
    )  # fmt: skip


def _some(*values: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True).map(tuple)


_FILTERS: dict[str, st.SearchStrategy[Any]] = {
    "since": _TIMES,
    "until": _TIMES,
    "topics": _some("health", "minors", "nothing"),
    "regions": _some("430000", "430100", "430102"),
    "sentiments": _some(-1, 0, 1),
    "sources": _some("forum", "blog"),
    "events": _some(*"efgh"),
    "fold_of": st.just("p0"),
    "originals_only": st.just(value=True),
    "advice_only": st.just(value=True),
    "pleas_within": st.sampled_from([("4301",), ("43", ""), ("",)]),
    "limit": st.just(3),
    "offset": st.just(2),
    "oldest_first": st.just(value=True),
}
"""Few at a time: a question with every filter finds nothing and shows nothing."""


@st.composite
def _queries(draw: st.DrawFn) -> tuple[Query, Asked | None]:
    asked = draw(st.none() | _ASKED)
    names = draw(st.lists(st.sampled_from(sorted(_FILTERS)), max_size=3, unique=True))
    fields = {name: draw(_FILTERS[name]) for name in names}
    pleas: PleaScope = draw(st.sampled_from(["with", "with", "none", "only"]))
    return Query(text=asked.text if asked else "", pleas=pleas, **fields), asked


_FIELDS: st.SearchStrategy[Field | None] = st.sampled_from(
    [None, "topic", "region", "sentiment", "source", "event", "keyword"]
)
_INTERVALS: st.SearchStrategy[Interval | None] = st.sampled_from([None, "hour", "day"])


class IndexMachine(RuleBasedStateMachine):
    """One index, and the dictionary that says what it must show."""

    def __init__(self, open_index: Callable[[Path], Index], shut: Callable[[Index], None]) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._open, self._shut = open_index, shut
        self.index = open_index(Path(self._folder.name))
        self.documents: dict[str, Document] = {}
        self.standing = {event: event for event in "efgh"}

    def teardown(self) -> None:
        self._shut(self.index)
        self._folder.cleanup()

    @initialize(documents=st.lists(_documents(), min_size=6, max_size=12, unique_by=lambda document: document.post.id))
    def start(self, documents: list[Document]) -> None:
        self.put(documents)

    @rule(documents=st.lists(_documents(), min_size=1, max_size=4))
    def put(self, documents: list[Document]) -> None:
        self.index.put(documents)
        for document in documents:
            if document.event and document.absorbed and not document.score.lane:
                goes, stays = self.standing[document.absorbed], self.standing[document.event]
                self.standing = {event: stays if now == goes else now for event, now in self.standing.items()}
            kept = self.documents.get(document.post.id, document)
            if document.post.fetched_at >= kept.post.fetched_at:
                event, absorbed, fold_of = (
                    ("", "", "") if document.score.lane else (kept.event, kept.absorbed, kept.fold_of)
                )
                self.documents[document.post.id] = msgspec.structs.replace(
                    document, fold_of=fold_of, event=event, absorbed=absorbed
                )
        ids = {document.post.id for document in documents}
        assert self.index.get(sorted(ids)) == {post: self.documents[post] for post in ids}

    @rule(
        ids=st.lists(_IDS, max_size=2),
        authors=st.lists(st.sampled_from(["a", "c"]), max_size=1),
        urls=st.lists(st.just("https://forum.example/1"), max_size=1),
    )
    def forget(self, ids: list[str], authors: list[str], urls: list[str]) -> None:
        gone = {
            name
            for name, document in self.documents.items()
            if name in ids or document.post.author in authors or document.post.url in urls
        }
        assert set(self.index.forget(ids, authors, urls)) == gone
        for name in gone:
            del self.documents[name]
        assert self.index.get(sorted(gone)) == {}

    @rule(questions=st.lists(_queries(), min_size=4, max_size=8))
    def search(self, questions: list[tuple[Query, Asked | None]]) -> None:
        for query, asked in questions:
            self._search(query, asked)

    def _search(self, query: Query, asked: Asked | None) -> None:
        shown = self._shown()
        matches = _matches(shown, self._asked(query), asked)
        page = self.index.search(query)
        assert page.total == len(matches)
        assert len(page.hits) == max(0, min(query.limit, len(matches) - query.offset))
        found = [hit.document for hit in page.hits]
        assert all(shown[document.post.id] == document for document in found)
        places = sorted(map(_place, matches), reverse=not query.oldest_first)
        assert [_place(document) for document in found] == places[query.offset : query.offset + query.limit]
        for hit in page.hits:
            assert hit.document in matches
            assert hit.copies == sum(1 for other in self.documents.values() if other.fold_of == hit.document.post.id)

    def _shown(self) -> dict[str, Document]:
        """Return the documents under the events that stand."""
        return {
            post: msgspec.structs.replace(document, event=self.standing.get(document.event, ""))
            for post, document in self.documents.items()
        }

    def _asked(self, query: Query) -> Query:
        return msgspec.structs.replace(query, events=tuple(self.standing[event] for event in query.events))

    @rule(questions=st.lists(st.tuples(_queries(), _FIELDS, _INTERVALS), min_size=4, max_size=8))
    def count(self, questions: list[tuple[tuple[Query, Asked | None], Field | None, Interval | None]]) -> None:
        for (query, asked), by, interval in questions:
            wanted: Counter[tuple[str, str]] = Counter()
            for document in _matches(self._shown(), self._asked(query), asked):
                for value in _values(document, by):
                    wanted[value, _start(document, interval)] += 1
            assert self.index.count(query, by, interval) == wanted

    @rule()
    def reopen(self) -> None:
        self._shut(self.index)
        self.index = self._open(Path(self._folder.name))


def _place(document: Document) -> tuple[datetime, int, str]:
    return document.post.published_at.replace(microsecond=0), tie(document.post.id), document.post.id


def _start(document: Document, interval: Interval | None) -> str:
    if interval is None:
        return ""
    local = document.post.published_at.astimezone(CHANGSHA).replace(minute=0, second=0, microsecond=0)
    return (local if interval == "hour" else local.replace(hour=0)).isoformat()


def _values(document: Document, by: Field | None) -> Sequence[str]:
    score = document.score
    if by is None:
        return ("",)
    values: Mapping[str, Sequence[str]] = {
        "topic": score.topics,
        "region": score.regions,
        "sentiment": (str(score.sentiment),),
        "source": (document.post.source,),
        "event": (document.event,) if document.event else (),
        "keyword": score.keywords,
    }
    return values[by]


def _matches(documents: Mapping[str, Document], query: Query, asked: Asked | None) -> list[Document]:
    return [document for document in documents.values() if _answers(document, query, asked)]


def _answers(document: Document, query: Query, asked: Asked | None) -> bool:
    post, score = document.post, document.score
    area = any(
        any(region.startswith(place) for region in score.regions) if place else not score.regions
        for place in query.pleas_within
    )
    prefixes = [
        region[:2] if region.endswith("0000") else region[:4] if region.endswith("00") else region
        for region in query.regions
    ]
    return (
        (asked is None or asked.answers(f"{post.title}|{post.text}"))
        and (query.since is None or post.published_at >= query.since)
        and (query.until is None or post.published_at < query.until)
        and (not query.topics or any(topic in query.topics for topic in score.topics))
        and (not prefixes or any(region.startswith(tuple(prefixes)) for region in score.regions))
        and (not query.sentiments or score.sentiment in query.sentiments)
        and (not query.sources or post.source in query.sources)
        and (not query.events or document.event in query.events)
        and (not query.fold_of or document.fold_of == query.fold_of)
        and (not query.originals_only or not document.fold_of)
        and (not query.advice_only or score.is_advice)
        and {"none": score.lane is None, "with": True, "only": score.lane is not None}[query.pleas]
        and (score.lane is None or not query.pleas_within or area)
    )
