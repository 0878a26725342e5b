"""The peer that watches the same Elasticsearch: ElastAlert2 with an equal frequency rule, in an environment of its own."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import httpx

from qingting.bench import trial

VERSION: Final = "2.19.0"
FOLDER: Final = Path(__file__).resolve().parent.parent.parent / ".servers" / f"elastalert2-{VERSION}"
POSTS: Final = 10
"""As many posts of one source within half an hour ring, here and there."""


def install() -> None:
    """Install it from PyPI, once, into a cache that git ignores."""
    if (FOLDER / "bin" / "elastalert").exists():
        return
    subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
    subprocess.run([str(FOLDER / "bin" / "pip"), "install", "--quiet", f"elastalert2=={VERSION}", "pytz"], check=True)


class Heard:
    """A web address that notes when it was first told of each source."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        heard = self.at

        class Listener(_Quiet):
            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                heard.setdefault(told["source"], time.monotonic())
                self.answer(200, b"{}")

        self._server = serve(Listener)
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


def serve(handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@contextmanager
def with_root(elasticsearch: str) -> Iterator[int]:
    """Yield the port of a proxy that answers `GET /`, which the server's integration build lacks, and passes on the rest."""
    client = httpx.Client(base_url=elasticsearch, timeout=30, trust_env=False)

    class Proxy(_Quiet):
        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path in ("/", "") and self.command == "GET":
                self.answer(200, b'{"version": {"number": "8.19.14"}, "tagline": "You Know, for Search"}')
                return
            # its client is of the time before media types of version 8
            kind = {"Content-Type": self.headers.get("Content-Type") or "application/json"}
            answer = client.request(self.command, self.path, content=body, headers=kind)
            self.answer(answer.status_code, answer.content)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass_on  # noqa: N815 - the base class looks for these names

    server = serve(Proxy)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        client.close()


@contextmanager
def watching(folder: Path, port: int, index: str, every: dict[str, int]) -> Iterator[Heard]:
    """Run it over `index` with `run_every`; yield where it tells of sources with enough posts."""
    name = "-".join(f"{count}{unit}" for unit, count in every.items())
    heard, home = Heard(), folder / f"elastalert-{name}"
    (home / "rules").mkdir(parents=True)
    config: dict[str, Any] = {
        "rules_folder": str(home / "rules"), "run_every": every, "buffer_time": {"minutes": 15}, "es_host": "127.0.0.1",
        "es_port": port, "writeback_index": f"elastalert-{name}", "alert_time_limit": {"days": 2},
    }  # fmt: skip
    rule: dict[str, Any] = {
        "name": "enough posts of one source", "type": "frequency", "index": index, "num_events": POSTS,
        "timeframe": {"minutes": 30}, "query_key": "source", "timestamp_field": "published", "timestamp_type": "unix_ms",
        "filter": [{"prefix": {"source": "trial-"}}], "realert": {"minutes": 0}, "alert": ["post2"],
        "http_post2_url": heard.address, "http_post2_payload": {"source": "{{source}}"}, "include": ["source", "published"],
    }  # fmt: skip
    (home / "config.yaml").write_text(json.dumps(config))  # JSON is YAML
    (home / "rules" / "frequency.yaml").write_text(json.dumps(rule))
    log = (home / "output.log").open("wb")
    subprocess.run(
        [str(FOLDER / "bin" / "elastalert-create-index"), "--config", str(home / "config.yaml"), "--host", "127.0.0.1",
         "--port", str(port), "--index", f"elastalert-{name}", "--no-auth", "--no-ssl", "--no-verify-certs"],
        check=True, cwd=home, stdout=log, stderr=log,
    )  # fmt: skip
    program = subprocess.Popen(
        [str(FOLDER / "bin" / "elastalert"), "--config", str(home / "config.yaml"), "--verbose"],
        cwd=home, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        trial.until(lambda: b"Starting up" in (home / "output.log").read_bytes(), "ElastAlert2 to start")
        yield heard
    finally:
        program.terminate()
        program.wait(30)
        log.close()
        heard.close()
