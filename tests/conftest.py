"""What holds for every test: Hypothesis without deadlines (two shared cores are no clock), no stray environment."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("qingting", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("qingting")

for name in [name for name in os.environ if name.startswith("QINGTING")]:
    del os.environ[name]
