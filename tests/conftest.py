"""What holds for every test: Hypothesis without deadlines (two shared cores are no clock), no stray environment.

Where a machine has no Chromium, or cannot run the real servers, the tests that need them are left out, and the closing
line says so; with CI=true that is a failure, never a silence.
"""

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

from tests import servers as real
from tests.servers import elasticsearch, kafka, postgresql, rabbitmq, redis, servers

__all__ = ["elasticsearch", "kafka", "postgresql", "rabbitmq", "redis", "servers"]

settings.register_profile("qingting", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("qingting")

for name in [name for name in os.environ if name.startswith("QINGTING")]:
    del os.environ[name]

SERVERS = "servers"
LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for mark, lacking in (("browser", _no_browser), ("servers", real.missing)):
        marked = [item for item in items if item.get_closest_marker(mark)]
        if marked and (lack := lacking()):
            said = f"the {mark} group ({len(marked)} tests): {lack}"
            if os.environ.get("CI") == "true":
                raise pytest.UsageError(f"cannot run {said}")
            config.stash.setdefault(LEFT_OUT, []).append(said)
            config.hook.pytest_deselected(items=marked)
            items[:] = [item for item in items if item not in marked]
    _share_out(items)


def _share_out(items: list[pytest.Item]) -> None:
    """Two processes share the tests (`make test`): one has the real servers, started once; modules stay whole.

    What takes longest begins first, so that neither waits for the other at the end; within that the order is random.
    """
    for item in items:
        group = SERVERS if item.get_closest_marker("servers") else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(
        key=lambda item: next(
            (n for n, mark in enumerate(("servers", "slow", "browser")) if item.get_closest_marker(mark)), 3
        )
    )


def _no_browser() -> str:
    return "" if shutil.which("chromium") else "no Chromium on this machine (apt-get install chromium)"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for said in config.stash.get(LEFT_OUT, []):
        terminalreporter.write_line(f"DID NOT RUN: {said}", red=True)
