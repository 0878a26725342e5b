"""What every forget list keeps: an entry forbids by post, author or address, for good, and nothing else."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from contracts.identity import url_digest
from contracts.ports.forget_list import ForgetList, Forgotten
from contracts.post import Post
from contracts.testing.builders import make_post
from contracts.testing.memory_forget_list import MemoryForgetList


def _named(number: int, author: str = "", url: str = "") -> Post:
    return make_post(f"第{number}帖。", id=f"id {number}", author=author, url=url)


_POSTS = tuple(
    _named(number, author, url)
    for number, (author, url) in enumerate(
        (author, url) for author in ("", "甲", "乙") for url in ("", "https://a.example/1", "https://a.example/2")
    )
)
_ENTRIES = (
    *(Forgotten(post=post.id) for post in _POSTS),
    *(Forgotten(author=author) for author in ("甲", "乙", "id 1")),
    *(Forgotten(url_digest=url_digest(f"https://a.example/{number}")) for number in (1, 2, 3)),
)


class ForgetListSuite:
    """Inherit and say how to open an empty forget list."""

    def open(self) -> ForgetList:
        raise NotImplementedError

    @pytest.fixture
    def forgotten(self) -> ForgetList:
        return self.open()

    def test_an_empty_list_forbids_nothing(self, forgotten: ForgetList) -> None:
        assert forgotten.forgets([]) == frozenset()
        assert forgotten.forgets(_POSTS) == frozenset()

    def test_each_kind_of_entry_forbids_what_it_names_and_no_more(self, forgotten: ForgetList) -> None:
        posts = [
            _named(1),
            _named(2, author="甲"),
            _named(3, url="https://a.example/1"),
            _named(4, "丁", "https://d.example/"),
        ]
        forgotten.add(
            [Forgotten(post="id 1"), Forgotten(author="甲"), Forgotten(url_digest=url_digest("https://a.example/1"))]
        )
        assert forgotten.forgets(posts) == {"id 1", "id 2", "id 3"}

    def test_a_value_of_one_kind_does_not_forbid_as_another(self, forgotten: ForgetList) -> None:
        forgotten.add([Forgotten(author="id 1"), Forgotten(post="甲")])
        assert forgotten.forgets([_named(1, author="甲")]) == frozenset()

    def test_adding_twice_changes_nothing(self, forgotten: ForgetList) -> None:
        for _ in range(2):
            forgotten.add([Forgotten(post="id 1"), Forgotten(post="id 1")])
        assert forgotten.forgets(_POSTS) == {"id 1"}

    def test_thousands_are_judged_in_one_call(self, forgotten: ForgetList) -> None:
        posts = [_named(number, author=f"a{number % 100}") for number in range(3_000)]
        forgotten.add([Forgotten(author="a7")])
        assert len(forgotten.forgets(posts)) == 30

    def test_any_history_reads_like_the_model(self) -> None:
        run_state_machine_as_test(
            lambda: ForgetListMachine(self.open),  # type: ignore[arg-type]  # the documented factory form
            settings=settings(
                max_examples=30,
                stateful_step_count=10,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )


class ForgetListMachine(RuleBasedStateMachine):
    """One forget list beside the plain one in memory."""

    def __init__(self, open_list: Callable[[], ForgetList]) -> None:
        super().__init__()
        self.list = open_list()
        self.model = MemoryForgetList()

    @rule(entries=st.lists(st.sampled_from(_ENTRIES), max_size=3))
    def add(self, entries: list[Forgotten]) -> None:
        self.list.add(entries)
        self.model.add(entries)

    @rule(posts=st.lists(st.sampled_from(_POSTS), max_size=6))
    def forgets(self, posts: list[Post]) -> None:
        assert self.list.forgets(posts) == self.model.forgets(posts)
