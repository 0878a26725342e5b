"""Spirit, a forum that nobody here wrote, from PyPI: an environment of its own, its own project template, SQLite."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import httpx

from tools.servers.server import Server, is_open

VERSION: Final = "0.14.3"
PASSWORD: Final = "of-the-tests-only"  # noqa: S105 - of a server on loopback that lives as long as the tests
MODERATOR: Final = "banzhu"
_LOCK: Final = Path(__file__).with_name("spirit.lock")
_SETTINGS: Final = """from .prod import *

SECRET_KEY = "of the tests only"
ALLOWED_HOSTS = ["127.0.0.1"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(BASE_DIR, "db.sqlite3"),
                         "OPTIONS": {{"timeout": 20}}}}}}
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
LANGUAGES = [("{language}", "the only one")]
LANGUAGE_CODE = "{language}"
TIME_ZONE = "Asia/Shanghai"
ST_SITE_URL = "http://127.0.0.1:{port}/"
ST_RATELIMIT_ENABLE = False
"""
_FOUND: Final = """
from django.contrib.auth import get_user_model
get_user_model().objects.create_superuser("{name}", "m@example.org", "{password}").st.save()
"""


class Spirit(Server):
    """See the module. Pages are shown in `language`, whoever asks: the forms of its dates depend on that."""

    name = "spirit"
    language = "en"

    @property
    def port(self) -> int:
        return 18100 + self.shift

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fetch(self) -> None:
        if self._environment.is_dir():
            return
        unfinished = self.shared / f"spirit-{VERSION}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        venv.create(unfinished)
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--python",
            str(unfinished / "bin" / "python"),
        ]
        install = ["install", "--quiet", "--no-compile", "--no-deps", "--require-hashes", "-r", str(_LOCK)]
        subprocess.run([*pip, *install], check=True)
        unfinished.rename(self._environment)

    def prepare(self) -> None:
        if not (self.folder / "manage.py").exists():
            template = next(self._environment.glob("lib/python3*/site-packages/spirit/extra/project_template"))
            make = ["-m", "django", "startproject", f"--template={template}", "forum", str(self.folder)]
            self._python(*make)
        (self.folder / "forum" / "settings" / "local.py").write_text(
            _SETTINGS.format(language=self.language, port=self.port)
        )
        if not (self.folder / "db.sqlite3").exists():
            self.manage("spiritinstall")
            self.manage("shell", "-c", _FOUND.format(name=MODERATOR, password=PASSWORD))

    def manage(self, *command: str) -> str:
        """Run one of the forum's own management commands and return what it printed."""
        return self._python(str(self.folder / "manage.py"), *command)

    def command(self) -> Sequence[str]:
        serve = ["runserver", f"127.0.0.1:{self.port}", "--noreload", "--insecure"]
        return [str(self._environment / "bin" / "python"), str(self.folder / "manage.py"), *serve]

    def environment(self) -> Mapping[str, str]:
        own = {"DJANGO_SETTINGS_MODULE": "forum.settings.local", "PYTHONPATH": "", "PYTHONWARNINGS": "ignore"}
        return own | {"PYTHONDONTWRITEBYTECODE": ""}  # or each start would compile all of Django

    def is_ready(self) -> bool:
        if not is_open(self.port):
            return False
        try:
            return httpx.get(f"{self.address}/topic/active/", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    @property
    def _environment(self) -> Path:
        return self.shared / f"spirit-{VERSION}"

    def _python(self, *arguments: str) -> str:
        python = str(self._environment / "bin" / "python")
        done = subprocess.run(
            [python, *arguments],
            cwd=self.folder,
            env=os.environ | self.environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout
