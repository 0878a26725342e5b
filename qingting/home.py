"""The home: the one folder that holds everything a deployment owns."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from backends.files.locks import open_lock, take
from backends.files.presence import FilePresence
from contracts.errors import Conflict, NotConfigured, reason_of

STARTING_FILES = ("qingting.toml", "sources.yaml", "rules.yaml")
_KEY_BYTES = 32


@dataclass(frozen=True)
class Home:
    """Paths of one home; nothing here reads or writes until asked."""

    folder: Path

    @property
    def settings_file(self) -> Path:
        return self.folder / "qingting.toml"

    @property
    def sources_file(self) -> Path:
        return self.folder / "sources.yaml"

    @property
    def rules_file(self) -> Path:
        return self.folder / "rules.yaml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log_file(self) -> Path:
        return self.data / "log.db"

    @property
    def index_file(self) -> Path:
        return self.data / "index.db"

    @property
    def database_file(self) -> Path:
        return self.data / "desk.db"

    @property
    def running(self) -> Path:
        """Folder of lock files, one for each living role process: a lock dies with its holder, even by kill -9."""
        return self.data / "running"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    @property
    def models(self) -> Path:
        """Models that this home learned, by the digest of what is in them."""
        return self.folder / "models"

    def exists(self) -> bool:
        return self.settings_file.is_file()

    def create(self, settings_file: Path | None = None) -> None:
        """Lay out a new home with commented starting files (or the settings given) and fresh keys.

        Raises Conflict where one stands already, NotConfigured where the folder cannot be written.
        """
        if self.exists():
            raise Conflict(f"{self.folder} 已经是一个 home，没有改动任何文件。要另起一个，请用 --home 指定别的文件夹。")
        try:
            for folder in (self.folder, self.data, self.running, self.reports):
                folder.mkdir(parents=True, exist_ok=True)
            self.secrets.mkdir(mode=0o700, exist_ok=True)
            self.secrets.chmod(0o700)
            for name in ("pseudonym.key", "webhook.key"):
                _write_once(self.secrets / name, secrets.token_hex(_KEY_BYTES))
            starting = resources.files("qingting") / "starting"
            for name in reversed(STARTING_FILES):  # the settings file last: it marks a home as complete
                if not (self.folder / name).exists():
                    given = settings_file if settings_file and name == self.settings_file.name else starting / name
                    (self.folder / name).write_text(given.read_text("utf-8"), "utf-8")
        except OSError as failed:
            raise NotConfigured(
                f"在 {self.folder} 建不了 home（{reason_of(failed)}：{failed.filename}）。请换一个可写的文件夹或腾出空间。"
            ) from failed

    def require(self) -> None:
        """Raise NotConfigured unless this is a home."""
        if not self.exists():
            raise NotConfigured(
                f"{self.folder} 不是 home（缺 qingting.toml）。请先运行 qingting --home {self.folder} init。"
            )

    def secret(self, name: str) -> bytes:
        """Return a key of `secrets/`. Raises NotConfigured where it is missing or was emptied."""
        path = self.secrets / name
        try:
            key = path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as missing:
            raise NotConfigured(f"密钥文件 {path} 读不了。请从备份恢复；换新密钥会使去重和遗忘名单失效。") from missing
        if len(key) < _KEY_BYTES:
            raise NotConfigured(f"密钥文件 {path} 太短（{len(key)} 字符）。请从备份恢复。")
        return key.encode("ascii")

    @contextmanager
    def only_one(self, name: str, sentence: str) -> Iterator[None]:
        """Hold the home's lock `name`. Raises Conflict with `sentence` while another process holds it."""
        handle = open_lock(self.running / f"{name}.lock")
        try:
            if not take(handle):
                raise Conflict(sentence)
            yield
        finally:
            os.close(handle)

    def processes(self, role: str) -> list[int]:
        """Return the ids of this machine's living processes of a role."""
        living = FilePresence(self.running, role).living()
        return [int(process.name.partition("-")[0]) for process in living if process.role == role]

    def is_up(self) -> bool:
        """Whether an `up` runs on this home."""
        path = self.running / "up.lock"
        if not path.exists():
            return False
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            return not take(handle)
        finally:
            os.close(handle)


def _write_once(path: Path, text: str) -> None:
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text + "\n")
