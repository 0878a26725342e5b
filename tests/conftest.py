"""What holds for every test: Hypothesis without deadlines (two shared cores are no clock), no stray environment.

Where a machine has no Chromium, or cannot run the real servers, the tests that need them are left out, and the closing
line says so; with CI=true that is a failure, never a silence.
"""

import os
import shutil
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests import servers as real
from tests.servers import elasticsearch, kafka, postgresql, rabbitmq, redis, servers, spirit, wordpress

__all__ = ["elasticsearch", "kafka", "postgresql", "rabbitmq", "redis", "servers", "spirit", "wordpress"]

settings.register_profile("qingting", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("qingting")

for name in [name for name in os.environ if name.startswith("QINGTING")]:
    del os.environ[name]

_LONG = ("servers", "slow", "browser")
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
    # what takes longest begins first, so that no process waits for another at the end; within that the order is random
    items.sort(key=lambda item: next((n for n, mark in enumerate(_LONG) if item.get_closest_marker(mark)), len(_LONG)))


class _Shares(LoadScopeScheduling):  # type: ignore[misc]
    """Two processes share the tests (`make test`): one has the real servers, started once; modules stay whole."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return "servers" if module.startswith("tests/test_cluster_") else module


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    config.option.loadscopereorder = False  # else modules of one long test would come last
    return _Shares(config, log)


def _no_browser() -> str:
    return "" if shutil.which("chromium") else "no Chromium on this machine (apt-get install chromium)"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for said in config.stash.get(LEFT_OUT, []):
        terminalreporter.write_line(f"DID NOT RUN: {said}", red=True)
