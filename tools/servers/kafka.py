"""Kafka from Maven artefacts, one node that is broker and controller."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools.servers.server import Server, is_open, need

VERSION: Final = "4.1.1"
_LOG4J: Final = "2.24.3"
_DEPENDENCIES: Final = (
    ("org.apache.kafka", "kafka_2.13", VERSION),
    ("org.apache.logging.log4j", "log4j-core", _LOG4J),
    ("org.apache.logging.log4j", "log4j-slf4j-impl", _LOG4J),  # Kafka carries slf4j 1.7: with slf4j2 it stays silent
)
_LOGGING: Final = """<?xml version="1.0" encoding="UTF-8"?>
<Configuration><Appenders><Console name="out"><PatternLayout pattern="%d %p %m (%c)%n"/></Console></Appenders>
<Loggers><Root level="warn"><AppenderRef ref="out"/></Root></Loggers></Configuration>
"""


class Kafka(Server):
    """See the module."""

    name = "kafka"

    @property
    def port(self) -> int:
        return 19092 + self.shift

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def _library(self) -> Path:
        return self.shared / f"kafka-{VERSION}"

    def fetch(self) -> None:
        if self._library.is_dir():
            return
        maven = need("mvn", "maven openjdk-17-jre-headless")
        wanted = "".join(
            f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>"
            for group, name, version in _DEPENDENCIES
        )
        unfinished = self.shared / f"kafka-{VERSION}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        (unfinished / "pom.xml").write_text(
            "<project><modelVersion>4.0.0</modelVersion><groupId>qingting</groupId><artifactId>kafka</artifactId>"
            f"<version>1</version><packaging>pom</packaging><dependencies>{wanted}</dependencies></project>"
        )
        copy = ["dependency:copy-dependencies", f"-DoutputDirectory={unfinished}", "-f", str(unfinished / "pom.xml")]
        subprocess.run([maven, "-q", "-B", *copy], check=True)
        unfinished.rename(self._library)

    def prepare(self) -> None:
        (self.folder / "log4j2.xml").write_text(_LOGGING)
        listeners = f"PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{self.port + 1}"
        settings = {
            "process.roles": "broker,controller", "node.id": "1",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{self.port + 1}",
            "listeners": listeners, "advertised.listeners": listeners, "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self.folder / "data"), "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1", "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0", "group.min.session.timeout.ms": "1000",
        }  # fmt: skip
        properties = self.folder / "server.properties"
        properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        if not (self.folder / "data" / "meta.properties").exists():
            tool = [*self._java(), "kafka.tools.StorageTool"]
            identity = subprocess.run([*tool, "random-uuid"], check=True, capture_output=True, text=True).stdout.strip()
            subprocess.run(
                [*tool, "format", "--standalone", "-t", identity, "-c", str(properties)],
                check=True,
                capture_output=True,
            )

    def command(self) -> Sequence[str]:
        return [*self._java("-Xmx512m", "-Xms256m"), "kafka.Kafka", str(self.folder / "server.properties")]

    def is_ready(self) -> bool:
        if not is_open(self.port):
            return False
        from kafka import KafkaAdminClient
        from kafka.errors import KafkaError

        try:
            client = KafkaAdminClient(bootstrap_servers=self.address, request_timeout_ms=5_000)
        except KafkaError:
            return False
        try:
            client.list_topics()
        except KafkaError:
            return False
        finally:
            client.close()
        return True

    def _java(self, *options: str) -> list[str]:
        java = need("java", "openjdk-17-jre-headless")
        logging = f"-Dlog4j2.configurationFile={self.folder / 'log4j2.xml'}"
        return [java, *options, logging, "-cp", f"{self._library}/*"]
