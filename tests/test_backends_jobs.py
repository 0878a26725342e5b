"""The embedded jobs pass the suite of their port."""

from backends.jobs import EagerJobs
from contracts.ports.jobs import Jobs
from contracts.testing.builders import make_post
from contracts.testing.jobs_suite import JobsSuite, score


class TestEagerJobs(JobsSuite):
    def open(self) -> Jobs:
        return EagerJobs(score)


def test_too_few_scores_are_a_failure_not_a_shift() -> None:
    jobs = EagerJobs(lambda posts: score(posts)[1:])
    jobs.submit([make_post(), make_post("乙")])
    assert jobs.completed()[0].failure
