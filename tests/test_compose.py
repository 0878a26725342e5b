"""docker-compose.yml says what the program says: every role, only settings that exist, the servers that were tested."""

import re
from pathlib import Path
from typing import Any

import yaml

from backends.settings import CelerySettings, ElasticsearchSettings, KafkaSettings
from qingting.roles import ROLES, WORKER
from qingting.settings import ENVIRONMENT_PREFIX, Settings, load
from tools.servers import elasticsearch, kafka

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
SERVERS = {"kafka", "rabbitmq", "elasticsearch", "postgresql"}
OURS = [name for name in SERVICES if name not in SERVERS]


def settings_of(name: str, folder: Path) -> Settings:
    empty = folder / "qingting.toml"
    empty.write_text("")
    given = {key: str(text) for key, text in SERVICES[name]["environment"].items()}
    return load(empty, {key: text for key, text in given.items() if key.startswith(ENVIRONMENT_PREFIX)})


def test_every_role_runs_once_and_nothing_else_but_what_prepares_the_home() -> None:
    commands = {name: SERVICES[name]["command"] for name in OURS}
    assert commands == {role: ["run", role] for role in (*ROLES, WORKER)} | {"prepare": ["init"]}
    assert SERVICES["prepare"]["profiles"] == ["prepare"]


def test_every_variable_is_a_setting_and_all_roles_share_them(tmp_path: Path) -> None:
    shared = settings_of("score", tmp_path)
    for name in OURS:
        found = settings_of(name, tmp_path)
        assert (found.log, found.jobs, found.index, found.database) == (
            shared.log, shared.jobs, shared.index, shared.database
        )  # fmt: skip
    assert isinstance(shared.log, KafkaSettings)
    assert isinstance(shared.jobs, CelerySettings)
    assert isinstance(shared.index, ElasticsearchSettings)
    assert shared.jobs.workers == 0  # workers are containers of their own


def test_addresses_name_services_at_the_ports_they_listen_on(tmp_path: Path) -> None:
    found = settings_of("index", tmp_path)
    assert isinstance(found.log, KafkaSettings)
    assert isinstance(found.index, ElasticsearchSettings)
    assert found.log.servers == ("kafka:9092",)
    assert "PLAINTEXT://kafka:9092" in SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert found.index.urls == ("http://elasticsearch:9200",)
    assert found.database.url.endswith("@postgresql:5432/qingting")
    assert SERVICES["postgresql"]["environment"]["POSTGRES_DB"] == "qingting"


def test_servers_are_of_the_versions_that_are_tested() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka.VERSION}"
    assert SERVICES["elasticsearch"]["image"] == f"elasticsearch:{elasticsearch.VERSION}"
    for name, oldest in (("rabbitmq", 3), ("postgresql", 15)):
        assert int(SERVICES[name]["image"].partition(":")[2].split(".")[0]) >= oldest


def test_the_desk_is_reached_on_loopback_at_the_port_of_the_settings(tmp_path: Path) -> None:
    port = settings_of("desk", tmp_path).desk.port
    assert SERVICES["desk"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert not [name for name in SERVICES if name != "desk" and "ports" in SERVICES[name]]


def test_everything_is_watched_bounded_and_starts_after_what_it_needs() -> None:
    for name, service in SERVICES.items():
        assert "healthcheck" in service, name
        assert service["deploy"]["resources"]["limits"]["memory"], name
        assert service["restart"] == ("no" if name == "prepare" else "unless-stopped")
    for name in OURS:
        assert SERVICES[name]["depends_on"].keys() == SERVERS
        assert {need["condition"] for need in SERVICES[name]["depends_on"].values()} == {"service_healthy"}


def test_our_containers_have_no_rights_and_keep_only_the_home() -> None:
    for name in OURS:
        service = SERVICES[name]
        assert (service["user"], service["read_only"], service["cap_drop"]) == ("10001", True, ["ALL"])
        (volume,) = service["volumes"]
        assert service["environment"]["QINGTING_HOME"].startswith(volume.partition(":")[2])


def test_volumes_and_secrets_are_declared_and_no_secret_stands_in_the_file() -> None:
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service["volumes"]}
    assert used == set(COMPOSE["volumes"])
    named = {secret for service in SERVICES.values() for secret in service.get("secrets", ())}
    assert named == set(COMPOSE["secrets"])
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    for service in SERVICES.values():
        for key, text in service.get("environment", {}).items():
            assert not re.search("PASS|SECRET", key) or key.endswith("_FILE"), key
            assert not re.search(r"//[^/@]*:[^/@]+@", str(text)), key


def test_the_image_is_built_in_stages_and_runs_without_root() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    assert len([line for line in lines if line.startswith("FROM ")]) == 3
    assert "USER 10001" in lines
    copied = {line.split()[1] for line in lines if line.startswith("COPY ") and len(line.split()) == 3}
    packages = re.search(r"^packages = \[(.+)\]$", (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert packages
    assert set(re.findall(r'"(\w+)"', packages[1])) <= copied


def test_the_example_of_the_cluster_is_the_whole_configuration(tmp_path: Path) -> None:
    found = load(ROOT / "examples/cluster.toml", {})
    assert [type(found.log), type(found.jobs), type(found.index)] == [
        KafkaSettings,
        CelerySettings,
        ElasticsearchSettings,
    ]
    text = (ROOT / "examples/cluster.toml").read_text("utf-8")
    for section, kind in (("log", KafkaSettings), ("jobs", CelerySettings), ("index", ElasticsearchSettings)):
        part = text.split(f"[{section}]")[1].split("\n[")[0]
        for field in kind.__struct_fields__:
            assert re.search(rf"^#? ?{field} = ", part, re.MULTILINE) or field == "mechanism", f"{section}.{field}"
