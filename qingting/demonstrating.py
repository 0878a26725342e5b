"""`demo`: a home of its own, the sample town, `up`, and either a person who watches or the check that plays the people."""

import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from contracts.document import Query
from qingting.demo import prepare, seed, town, welcome
from qingting.demo.check import Checked, check
from qingting.home import Home
from qingting.roles import of
from qingting.serving import require_free_port
from qingting.starting_up import found
from qingting.supervisor import supervise
from qingting.wiring import House

DESK_PORT: Final = 8420


def demonstrate(
    folder: Path | None,
    *,
    port: int,
    checked: bool,
    stop: threading.Event,
    say: Callable[[str], None],
    backends_file: Path | None = None,
) -> Checked | None:
    """Run the demo until `stop`, or until its check is done; return what the check saw.

    `backends_file` names the servers to use (like examples/cluster.toml); without it nothing but this machine is used.

    Without a folder the home is temporary and goes when the demo ends. Raises NotConfigured for a port in use,
    Conflict where `folder` is a home already.
    """
    started_s, start = time.monotonic(), datetime.now(UTC)
    port = port or (free_port() if checked else DESK_PORT)
    require_free_port(town.HOST, port)
    with ExitStack() as ending:
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix="qingting-demo-")) / "home"
            ending.callback(shutil.rmtree, folder.parent, ignore_errors=True)
        home, address = Home(folder), f"http://{town.HOST}:{port}"
        sites = ending.enter_context(town.opened(start))
        found(home, backends_file)
        prepare.prepare(home, sites, port=port, backends=home.settings_file.read_text("utf-8") if backends_file else "")
        with House.at(home) as house:
            roles = of(house.settings)
            with house.database.writing() as connection:
                passwords = seed.seed(connection, house.clock.now())
        seed.keep(home.secrets / "demo-users.json", passwords)
        if not checked:
            supervise(
                home, roles, stop, quiet=True, on_start=lambda: say(welcome.text(f"{address}/", passwords, folder))
            )
            return None
        running = threading.Thread(target=supervise, args=(home, roles, stop), kwargs={"quiet": True})
        running.start()
        try:
            with House.at(home) as house:
                return check(address, passwords, started_s, lambda: house.index.search(_EVERYTHING).total)
        finally:
            stop.set()
            running.join()


_EVERYTHING: Final = Query(pleas="with", limit=0)


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((town.HOST, 0))
        return int(probe.getsockname()[1])
