"""One settings file: every fault at once, each with its key and remedy; the environment over the file."""

from pathlib import Path

import pytest

from backends.settings import CelerySettings, ElasticsearchSettings, KafkaSettings, LogSettings
from contracts.errors import NotConfigured
from qingting.settings import Settings, load


def written(folder: Path, text: str) -> Path:
    path = folder / "qingting.toml"
    path.write_text(text, "utf-8")
    return path


def test_an_empty_file_is_embedded_mode(tmp_path: Path) -> None:
    assert load(written(tmp_path, ""), {}) == Settings()


def test_the_shipped_file_has_no_fault_and_changes_nothing() -> None:
    shipped = Path(__file__).parent.parent / "qingting/starting/qingting.toml"
    assert load(shipped, {}) == Settings()


def test_all_faults_are_named_in_one_run_with_file_key_and_nearest_name(tmp_path: Path) -> None:
    path = written(tmp_path, '[desk]\nprot = 1\nport = "many"\n[dsk]\nport = 1\n[log]\nbackend = "kafkaa"\n')
    with pytest.raises(NotConfigured) as refused:
        load(path, {})
    lines = str(refused.value).splitlines()
    assert len(lines) == 4
    assert all(str(path) in line for line in lines)
    for key, remedy in (("desk.prot", "port"), ("desk.port", "many"), ("dsk", "desk"), ("log.backend", "'kafka'")):
        assert any(key in line and remedy in line for line in lines), key


def test_a_backend_is_chosen_by_its_name_and_knows_only_its_own_keys(tmp_path: Path) -> None:
    assert load(written(tmp_path, "[log]\nkeep_days = 14\n"), {}).log == LogSettings(keep_days=14)
    text = '[log]\nbackend = "kafka"\nservers = ["a.example:9092"]\n[jobs]\nbackend = "celery"\n'
    settings = load(written(tmp_path, text), {"QINGTING__INDEX__BACKEND": "elasticsearch"})
    assert settings.log == KafkaSettings(servers=("a.example:9092",))
    assert settings.jobs == CelerySettings()
    assert settings.index == ElasticsearchSettings()
    with pytest.raises(NotConfigured, match=r"log\.servers"):
        load(written(tmp_path, '[log]\nservers = ["a.example:9092"]\n'), {})


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "[desk]\nport = 9000\n")
    assert load(path, {"QINGTING__DESK__PORT": "9001", "QINGTING__DESK__HOST": "0.0.0.0"}).desk.port == 9001  # noqa: S104


def test_a_wrong_variable_is_a_fault_like_any_other(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match=r"desk\.porrt"):
        load(written(tmp_path, ""), {"QINGTING__DESK__PORRT": "1"})


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"[desk\n", "TOML"), (b"\xff\xfe\x00", "UTF-8"), (b"desk = 3\n", "desk")],
)
def test_a_broken_file_is_said_in_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "qingting.toml"
    path.write_bytes(content)
    with pytest.raises(NotConfigured, match=said):
        load(path, {})


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="init"):
        load(tmp_path / "qingting.toml", {})
