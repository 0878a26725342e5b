"""What holds for every test: Hypothesis without deadlines (two shared cores are no clock), no stray environment.

Where a machine has no Chromium the browser tests are left out, and the closing line says so; with CI=true that is a
failure, never a silence.
"""

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("qingting", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("qingting")

for name in [name for name in os.environ if name.startswith("QINGTING")]:
    del os.environ[name]

LEFT_OUT = pytest.StashKey[str]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    browser = [item for item in items if item.get_closest_marker("browser")]
    if not browser or shutil.which("chromium"):
        return
    said = f"the browser group ({len(browser)} tests): no Chromium on this machine (apt-get install chromium)"
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(f"cannot run {said}")
    config.stash[LEFT_OUT] = said
    config.hook.pytest_deselected(items=browser)
    items[:] = [item for item in items if item not in browser]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if said := config.stash.get(LEFT_OUT, ""):
        terminalreporter.write_line(f"DID NOT RUN: {said}", red=True)
