"""Whatever is handed to the command line, the answer is one clear sentence, exit code 1 or 2, and nothing is lost."""

import errno
import gzip
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program import answered, call, done, refused

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("bad") / "home"
    done(home, "init")
    yield home
    assert answered(home, "status")["streams"]["posts.fetched.v1"] >= 0


def import_(home: Path, file: Path, *more: str) -> tuple[int, str]:
    return refused(home, "import", str(file), "--source", "s", "--map", "text=text", *more)


def test_help_comes_fast_and_lists_every_command(home: Path) -> None:
    said = done(home, "--help")
    for command in ("init", "up", "demo", "import", "drain", "search", "report", "doctor"):
        assert f"  {command} " in said


def test_a_missing_file_is_named(home: Path, tmp_path: Path) -> None:
    assert "none.csv" in import_(home, tmp_path / "none.csv")[1]


def test_a_folder_is_no_file(home: Path, tmp_path: Path) -> None:
    assert str(tmp_path) in import_(home, tmp_path)[1]


def test_a_wrong_column_names_what_is_there(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("id,content\n1,今天\n", "utf-8")
    assert "content" in import_(home, file)[1]


def test_a_missing_map_is_a_usage_error(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("id,content\n1,今天\n", "utf-8")
    code, said = refused(home, "import", str(file), "--source", "s")
    assert (code, "--map" in said) == (2, True)


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\0" * 1000], ids=["empty", "png", "zeros"]
)
def test_an_empty_or_binary_file_is_told_apart(home: Path, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "posts.csv"
    file.write_bytes(content)
    assert "posts.csv" in import_(home, file)[1]


def test_a_broken_gzip_is_named(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl.gz"
    file.write_bytes(gzip.compress(b'{"text": "a"}\n' * 1000)[:-20])
    assert "posts.jsonl.gz" in import_(home, file)[1]


def test_a_line_of_100_mb_is_rejected_and_the_rest_is_kept(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "long.jsonl"
    with file.open("wb") as out:
        out.write('{"text": "第一条正常的帖子"}\n{"text": "'.encode())
        for _ in range(100):
            out.write(b"a" * 1_000_000)
        out.write('"}\n{"text": "第三条正常的帖子"}\n'.encode())
    counts = answered(home, "import", str(file), "--source", "long", "--map", "text=text")
    assert (counts["read"], counts["accepted"], counts["rejected"]) == (3, 2, 1)


def test_lone_surrogates_do_not_stop_an_import(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "surrogates.jsonl"
    file.write_bytes(b'{"text": "\\ud83d broken emoji"}\n{"text": "whole"}\n')
    counts = answered(home, "import", str(file), "--source", "surrogates", "--map", "text=text")
    assert counts["read"] == counts["accepted"] + counts["duplicates"] + counts["rejected"] == 2


def test_gbk_is_read_as_gbk(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "gbk.csv"
    file.write_bytes("id,text\n1,长沙的托育班开始报名了\n".encode("gbk"))
    assert answered(home, "import", str(file), "--source", "gbk", "--map", "text=text")["accepted"] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("serch",), 2, "search"),
        (("search", "--limt", "3"), 2, "--limit"),
        (("search", '"没有收尾'), 1, "引号"),
        (("search", "--from", "昨天"), 1, "2026-11-23"),
        (("search", "--topic", "weather"), 1, "employment"),
        (("report", "weekly", "--week", "47"), 1, "2026-W47"),
        (("crawl", "nowhere"), 1, "nowhere"),
        (("run", "worker"), 1, "worker"),
        (("run", "cook"), 1, "crawl"),
        (("run",), 2, "角色"),
        (("forget",), 2, "--url"),
        (("user", "passwd", "nobody"), 1, "nobody"),
        (("user", "add", "x", "--role", "king"), 1, "officer"),
        (("score", "/nowhere/at/all"), 2, "/nowhere/at/all"),
        (("score", "他又打我了"), 2, "qingting score -"),
        (("score", "他又打我了" * 100), 2, "qingting score -"),
        (("score", "他又打我了/真的"), 2, "qingting score -"),
        (("score", ""), 2, "qingting score -"),
        (("score", "."), 1, "文件夹"),
        (("search", "雨", "--limit", "三"), 2, "--limit 的值不对：三 不行，应是 0 到 10000 的整数。"),
        (("search", "雨", "--limit", "20000"), 2, "--limit 的值不对：20000 不行，应是 0 到 10000 的整数。"),
        (("search", "雨", "--sentiment", "7"), 2, "--sentiment 的值不对：7 不行，应是 -1、0、1 之一。"),
        (("evaluate", "--model", "/nowhere.npz"), 1, "请检查路径"),
        (("init",), 1, "已经是"),
    ],
)
def test_a_wrong_call_says_what_and_how(home: Path, arguments: tuple[str, ...], code: int, word: str) -> None:
    found, said = refused(home, *arguments)
    assert (found, word in said) == (code, True), said


def test_a_text_where_a_file_is_asked_is_told_apart_in_chinese_alone(home: Path) -> None:
    code, said = refused(home, "score", "他又打我了 " * 100)
    assert code == 2
    assert "参数 文件" in said
    assert "找不到" in said
    assert "一行一帖" in said
    assert len(said) < 300, "a long text is not said again"
    assert not re.search(r"No such|directory|too long", said)


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "none", "--source", "s", "--map-file", "{none}"),
        ("backup", "{none}/copy.tar"),
        ("evaluate", "--labels", "{none}"),
        ("import", "{none}", "--source", "s", "--map", "text=text"),
        ("rules", "check", "{none}"),
        ("sources", "check", "{none}"),
        ("init", "--settings", "{none}"),
    ],
    ids=" ".join,
)
def test_a_missing_file_is_said_in_chinese_by_every_command(
    home: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    none = str(tmp_path / "none")
    at = tmp_path / "new" if arguments[0] == "init" else home
    _, said = refused(at, *(part.format(none=none) for part in arguments))
    assert not [word for word in map(os.strerror, errno.errorcode) if word in said], said


@pytest.mark.parametrize("given", [b"\xff\xfe\x00\x01", b'{"no": "text"}', b'{"text": 3}', b"{broken"])
def test_score_names_the_line(home: Path, given: bytes) -> None:
    assert "第 1 行" in refused(home, "score", "-", given=given)[1]


def test_commands_outside_a_home_say_how_to_make_one(tmp_path: Path) -> None:
    for arguments in (("status",), ("drain",), ("search", "x"), ("up",), ("run", "score")):
        code, said = refused(tmp_path / "nowhere", *arguments)
        assert (code, "init" in said) == (1, True), arguments
    doctor = call(tmp_path / "nowhere", "doctor")
    assert doctor.returncode == 1
    assert re.search("问题 .*qingting .* init", doctor.stdout.decode()), doctor


def test_a_broken_settings_key_stops_every_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done(home, "init")
    (home / "qingting.toml").write_text("[desk]\nprot = 1\n")
    for arguments in (("up",), ("run", "score"), ("drain",), ("config", "check")):
        assert "desk.prot" in refused(home, *arguments)[1]


def test_a_port_in_use_stops_up_before_anything_starts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done(home, "init")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (home / "qingting.toml").write_text(f"[desk]\nport = {port}\n")
        assert str(port) in refused(home, "up")[1]


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done(home, "init")
    file = tmp_path / "posts.jsonl"
    file.write_text("".join(f'{{"id": "{n}", "text": "第 {n} 条帖子，{"长" * 500}"}}\n' for n in range(3000)), "utf-8")
    arguments = ("import", str(file), "--source", "s", "--map", "text=text", "--map", "id=id")
    answer = call_with_small_files(home, *arguments)
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr.decode()
    assert "错误：" in answer.stderr.decode()
    again = answered(home, *arguments)
    assert again["accepted"] + again["duplicates"] == 3000
    drained = answered(home, "drain")
    assert drained["indexed"] >= 3000
    assert answered(home, "search", "--count")["total"] == 3000


def call_with_small_files(home: Path, *arguments: str):  # type: ignore[no-untyped-def]
    """Call with files limited to 2 MB: writing beyond fails as on a full disk."""
    import subprocess
    import sys

    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000));"
        "from qingting.cli import main; main(sys.argv[1:])"
    )
    return subprocess.run(
        [sys.executable, "-c", limited, "--home", str(home), *arguments], capture_output=True, check=False, timeout=120
    )
