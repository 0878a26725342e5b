"""The embedded jobs pass the suite of their port."""

import logging

import pytest

from backends.celery.eager import EagerJobs
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


def test_no_word_of_a_post_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    EagerJobs(score).submit([make_post("他又打我")])
    assert not caplog.records
