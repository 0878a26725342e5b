"""A slice of `tools/cluster_faults.py`: kills of every role and server, and each server away for five seconds."""

import random
from pathlib import Path

import pytest

from tests.cluster_home import Servers
from tools.cluster_faults import Plan, run

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(900)]


def test_nothing_is_lost_or_doubled_whatever_dies(servers: Servers, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    plan = Plan(posts=2_000, kills=10, rate=200, warm_s=2, stop_s=5, drained_s=60)
    every = (servers.kafka, servers.rabbitmq, servers.elasticsearch, servers.postgresql)
    with servers.names() as name:
        assert run(tmp_path, every, servers.settings(name, partitions=4), plan, random.Random(seed)) == 0
