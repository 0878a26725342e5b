"""docker-compose.yml says what the program says: every role, and only settings that exist."""

from pathlib import Path

import yaml

from qingting.roles import ROLES
from qingting.settings import ENVIRONMENT_PREFIX, load

COMPOSE = Path(__file__).parent.parent / "docker-compose.yml"


def test_every_role_runs_once_and_nothing_else() -> None:
    services = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
    assert {name: service["command"] for name, service in services.items()} == {
        role: ["qingting", "run", role] for role in ROLES
    }


def test_every_variable_is_a_setting(tmp_path: Path) -> None:
    empty = tmp_path / "qingting.toml"
    empty.write_text("")
    for service in yaml.safe_load(COMPOSE.read_text("utf-8"))["services"].values():
        given = service["environment"]
        assert given["QINGTING_HOME"] in {volume.partition(":")[2] for volume in service["volumes"]}
        load(empty, {name: text for name, text in given.items() if name.startswith(ENVIRONMENT_PREFIX)})


def test_the_desk_is_reached_at_the_port_of_the_settings(tmp_path: Path) -> None:
    empty = tmp_path / "qingting.toml"
    empty.write_text("")
    port = load(empty, {}).desk.port
    assert yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]["desk"]["ports"] == [f"127.0.0.1:{port}:{port}"]
