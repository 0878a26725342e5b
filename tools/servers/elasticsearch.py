"""Elasticsearch from its Maven artefact: the real server with few modules."""

import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tools.servers.server import Server, ServerError, need, need_user

VERSION: Final = "8.19.14"
_ARTEFACT: Final = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"


class Elasticsearch(Server):
    """See the module."""

    name = "elasticsearch"
    user = "elasticsearch"

    @property
    def port(self) -> int:
        return 19200 + self.shift

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def _program(self) -> Path:
        return self.shared / f"elasticsearch-{VERSION}"

    def fetch(self) -> None:
        need_user(self.user)
        if self._program.is_dir():
            return
        maven = need("mvn", "maven openjdk-17-jre-headless")
        unfinished = self.shared / "elasticsearch.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        copy = ["dependency:copy", f"-Dartifact={_ARTEFACT}", f"-DoutputDirectory={unfinished}"]
        subprocess.run([maven, "-q", "-B", *copy], check=True)
        archive = unfinished / f"elasticsearch-{VERSION}.zip"
        shutil.unpack_archive(archive, unfinished)
        archive.unlink()
        program = unfinished / f"elasticsearch-{VERSION}"
        for file in (program / "bin").iterdir():
            file.chmod(0o755)
        program.rename(self._program)
        shutil.rmtree(unfinished)

    def prepare(self) -> None:
        if not (self.folder / "config").is_dir():
            shutil.copytree(self._program / "config", self.folder / "config")
        for folder in (self.folder, *self.folder.parents):
            if os.geteuid() == 0 and not folder.stat().st_mode & 0o001:
                raise ServerError(
                    f"{folder} cannot be entered by other users, and Elasticsearch refuses root: chmod o+x {folder}, "
                    "or use --folder below a folder that everybody may enter"
                )

    def command(self) -> Sequence[str]:
        settings = {
            "discovery.type": "single-node", "xpack.security.enabled": "false", "network.host": "127.0.0.1",
            "http.port": str(self.port), "transport.port": str(self.port + 100),
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            "path.data": str(self.folder / "data"), "path.logs": str(self.folder / "logs"),
        }  # fmt: skip
        given = [part for key, value in settings.items() for part in ("-E", f"{key}={value}")]
        return [str(self._program / "bin" / "elasticsearch"), *given]

    def environment(self) -> Mapping[str, str]:
        java = Path(need("java", "openjdk-17-jre-headless")).resolve()
        return {
            "ES_JAVA_HOME": str(java.parent.parent), "ES_JAVA_OPTS": "-Xms1g -Xmx1g",
            "ES_PATH_CONF": str(self.folder / "config"),
        }  # fmt: skip

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/_cluster/health?timeout=1s", timeout=5) as answer:  # noqa: S310 - our own loopback address
                return b'"red"' not in answer.read()
        except (urllib.error.URLError, OSError):
            return False
