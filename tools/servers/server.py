"""What every server is here: a folder, a command, a way to tell that it is ready, a clean stop."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

START_S: Final = 120.0
STOP_S: Final = 60.0
_LOOK_S: Final = 0.1


class ServerError(Exception):
    """A server cannot be had or does not start; the message says what to do."""


class Server:
    """One server process. `kill` and `start` again is what a crash looks like; its data stays."""

    name: str
    user: str = ""
    """Whose process it is where we are root, since some servers refuse root."""

    def __init__(self, folder: Path, shift: int = 0) -> None:
        self.shared = folder.resolve()
        self.folder = self.shared / f"{self.name}-{shift}"
        self.shift = shift
        self._started: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        raise NotImplementedError

    @property
    def address(self) -> str:
        """What goes into the settings."""
        raise NotImplementedError

    def fetch(self) -> None:
        """Download what the server consists of, once. Raises ServerError naming what is missing and its remedy."""

    def prepare(self) -> None:
        """Write configuration and an empty data folder, once."""

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        return {}

    def is_ready(self) -> bool:
        """Whether a real round trip works."""
        return is_open(self.port)

    def start(self) -> None:
        """Start and wait until it is ready; does nothing where it runs."""
        if self.is_running() and self.is_ready():
            return
        if not self.is_running() and is_open(self.port):
            raise ServerError(f"port {self.port} for {self.name} is taken by something else: stop it or use --shift")
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start without waiting."""
        if not self._gone(0.0):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        self.own()
        with (self.folder / "output.log").open("ab") as output:
            self._started = subprocess.Popen(
                self.as_user(self.command()), cwd=self.folder, env=os.environ | self.environment(), stdout=output,
                stderr=output, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        (self.folder / "group").write_text(str(self._started.pid))

    def wait(self) -> None:
        """Wait until it is ready. Raises ServerError with the end of its log."""
        until_s = time.monotonic() + START_S
        while not self.is_ready():
            if not self.is_running() or time.monotonic() > until_s:
                output = (self.folder / "output.log").read_text("utf-8", "replace")[-2000:]
                raise ServerError(f"{self.name} did not start; the end of {self.folder / 'output.log'}:\n{output}")
            time.sleep(_LOOK_S)

    def stop(self) -> None:
        """Ask it to end, and make it end after a minute; does nothing where it does not run."""
        self._signal(signal.SIGTERM)
        if not self._gone(STOP_S):
            self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._signal(signal.SIGKILL)
        self._gone(STOP_S)

    def freeze(self) -> None:
        """Stop answering without dying, as a stalled disk would."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def is_running(self) -> bool:
        return bool(self.processes())

    def own(self) -> None:
        """Give the folder to the server's user."""
        if self.user and os.geteuid() == 0:
            subprocess.run(["chown", "-R", self.user, str(self.folder)], check=True)

    def as_user(self, command: Sequence[str]) -> list[str]:
        if not self.user or os.geteuid() != 0:
            return list(command)
        return ["runuser", "-u", self.user, "--", *command]

    def _signal(self, number: signal.Signals) -> None:
        for process in self.processes():
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def _gone(self, timeout_s: float) -> bool:
        until_s = time.monotonic() + timeout_s
        while self.is_running():
            if time.monotonic() > until_s:
                return False
            time.sleep(_LOOK_S)
        if self._started:
            self._started.wait(STOP_S)  # it is gone, but not yet taken note of
        return True

    def processes(self) -> list[int]:
        """Return the living processes of the session that `launch` began: a server may be several."""
        if self._started:
            self._started.poll()
        with suppress(FileNotFoundError, ValueError):
            session = int((self.folder / "group").read_text())
            return [process for process in _all_processes() if _session(process) == session]
        return []


def _all_processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _session(process: int) -> int:
    """Return the session of a living process, 0 for a dead one."""
    with suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
        return 0 if fields[0] == "Z" else int(fields[3])
    return 0


def is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def need(program: str, packages: str) -> str:
    """Return the program's path. Raises ServerError saying which Debian packages bring it."""
    found = shutil.which(program)
    if not found:
        raise ServerError(f"{program} is missing: run tools/install_packages as root, or apt-get install {packages}")
    return found


def need_user(name: str) -> None:
    """Make a system user where we are root and it is missing: some servers refuse to run as root."""
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(name)
        except KeyError:
            subprocess.run(["useradd", "-r", "-M", name], check=True)
