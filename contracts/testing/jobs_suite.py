"""What every jobs adapter keeps: each batch ends exactly once."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from contracts.errors import Rejected
from contracts.ports.jobs import Completed, Jobs
from contracts.post import Post
from contracts.score import Score
from contracts.testing.builders import make_post, make_score

BROKEN = "这一批会坏"
UNSPOKEN = "谁也不该在日志里读到的话"


def score(posts: Sequence[Post]) -> Sequence[Score]:
    """Score by length, so that order shows; a broken text breaks its whole batch."""
    if any(post.text == BROKEN for post in posts):
        raise Rejected("这一批不能打分。")
    if any(post.text == UNSPOKEN for post in posts):
        raise ValueError(UNSPOKEN)
    return [make_score(keywords=(post.text,), sketch=len(post.text)) for post in posts]


def ends(jobs: Jobs, wanted: int, timeout_s: float = 30.0) -> dict[str, Completed]:
    """Gather the ends of `wanted` batches; fails where one ends twice or never."""
    found: dict[str, Completed] = {}
    while len(found) < wanted:
        fresh = jobs.completed(timeout_s)
        assert fresh, f"{wanted - len(found)} batches never ended"
        for end in fresh:
            assert end.handle not in found
            found[end.handle] = end
    return found


class JobsSuite:
    """Inherit and say how to open jobs whose workers run `score` of this module."""

    def open(self) -> Jobs:
        raise NotImplementedError

    @pytest.fixture
    def jobs(self) -> Jobs:
        return self.open()

    def test_scores_come_back_whole_and_in_the_batchs_order(self, jobs: Jobs) -> None:
        batch = [make_post("长" * length) for length in (3, 1, 2)]
        handle = jobs.submit(batch)
        end = ends(jobs, 1)[handle]
        assert end.failure == ""
        assert list(end.scores) == list(score(batch))

    def test_every_batch_ends_once_under_its_own_handle(self, jobs: Jobs) -> None:
        batches = {jobs.submit([make_post("长" * length)]): length for length in range(1, 20)}
        assert len(batches) == 19
        assert {handle: end.scores[0].sketch for handle, end in ends(jobs, 19).items()} == batches
        assert jobs.completed() == ()

    def test_a_batch_that_breaks_ends_with_the_reason_and_harms_no_other(self, jobs: Jobs) -> None:
        good, bad = jobs.submit([make_post()]), jobs.submit([make_post(), make_post(BROKEN)])
        found = ends(jobs, 2)
        assert found[good].failure == ""
        assert found[bad].scores == ()
        assert found[bad].failure == "这一批不能打分。"

    def test_a_failure_never_repeats_a_posts_text(self, jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
        handle = jobs.submit([make_post(UNSPOKEN)])
        failure = ends(jobs, 1)[handle].failure
        assert failure
        assert UNSPOKEN not in failure
        assert UNSPOKEN not in caplog.text

    def test_an_empty_batch_ends_too(self, jobs: Jobs) -> None:
        handle = jobs.submit([])
        assert ends(jobs, 1) == {handle: Completed(handle)}

    def test_any_history_equals_the_model(self) -> None:
        run_state_machine_as_test(
            lambda: JobsMachine(self.open),  # type: ignore[arg-type] # a factory will do
            settings=settings(
                max_examples=30,
                stateful_step_count=20,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


class JobsMachine(RuleBasedStateMachine):
    """Batches under way, and what each must end with."""

    def __init__(self, open_jobs: Callable[[], Jobs]) -> None:
        super().__init__()
        self.jobs = open_jobs()
        self.under_way: dict[str, Completed] = {}

    @rule(texts=st.lists(st.sampled_from(["甲", "乙乙", "丙丙丙", BROKEN]), max_size=5))
    def submit(self, texts: list[str]) -> None:
        batch = [make_post(text) for text in texts]
        handle = self.jobs.submit(batch)
        assert handle not in self.under_way
        broken = BROKEN in texts
        self.under_way[handle] = Completed(
            handle, scores=() if broken else tuple(score(batch)), failure="这一批不能打分。" if broken else ""
        )

    @rule()
    def completed(self) -> None:
        for end in self.jobs.completed():
            assert end == self.under_way.pop(end.handle)

    def teardown(self) -> None:
        assert ends(self.jobs, len(self.under_way)) == self.under_way
