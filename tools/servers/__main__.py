"""Start, stop and show the servers."""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.servers.every import FOLDER, every
from tools.servers.server import Server, ServerError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.servers", description=__doc__)
    parser.add_argument("act", choices=("fetch", "start", "stop", "status"))
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--shift", type=int, default=0, help="added to every port")
    given = parser.parse_args()
    servers = every(given.folder, given.shift)
    try:
        if given.act in ("fetch", "start"):
            for server in servers:
                server.fetch()
        if given.act == "start":
            _each(servers, Server.start)
        if given.act == "stop":
            _each(servers, Server.stop)
    except ServerError as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    for server in servers:
        state = "ready" if server.is_running() and server.is_ready() else "stopped"
        print(f"{server.name:14} {state:8} {server.address}")
    return 0


def _each(servers: tuple[Server, ...], act: object) -> None:
    assert callable(act)
    with ThreadPoolExecutor(len(servers)) as threads:
        list(threads.map(act, servers))


if __name__ == "__main__":
    sys.exit(main())
