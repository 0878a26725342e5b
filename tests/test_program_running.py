"""The running program: roles as child processes, killed, stopped, refused twice, drained beside."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qingting.demonstrating import free_port
from qingting.home import Home
from qingting.roles import ROLES
from tests.program import answered, done, refused

pytestmark = pytest.mark.slow
DEADLINE_S = 90.0


def until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@contextlib.contextmanager
def up(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = subprocess.Popen(
        [sys.executable, "-m", "qingting", "--home", str(folder), "up"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: all(Home(folder).processes(role) for role in ROLES), "all roles alive")
        yield program
    finally:
        if program.poll() is None:
            program.send_signal(signal.SIGTERM)
            program.wait(DEADLINE_S)


def write_posts(path: Path, count: int) -> Path:
    path.write_text(
        "".join(
            json.dumps({"id": str(number), "text": f"第 {number} 条帖子，说的是菜市场搬迁的事"}) + "\n"
            for number in range(count)
        )
    )
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    done(home, "init")
    (home / "qingting.toml").write_text(f"[desk]\nport = {free_port()}\n")
    return home


def test_a_killed_role_comes_back_and_sigterm_ends_all(folder: Path, tmp_path: Path) -> None:
    with up(folder) as program:
        (victim,) = Home(folder).processes("index")
        os.kill(victim, signal.SIGKILL)
        until(
            lambda: Home(folder).processes("index") not in ([], [victim]) and len(Home(folder).processes("index")) == 1,
            "a new index",
        )
        posts = write_posts(tmp_path / "posts.jsonl", 300)
        done(folder, "import", str(posts), "--source", "s", "--map", "text=text", "--map", "id=id")
        answered(folder, "drain")  # beside a running `up` it waits
        status = answered(folder, "status")
        assert status["index"]["posts"] == 300
        assert all(role["alive"] for role in status["roles"].values())
        code, said = refused(folder, "up")
        assert (code, "已有一个 up" in said) == (1, True)
        program.send_signal(signal.SIGTERM)
        assert program.wait(DEADLINE_S) == 0
    assert not any(Home(folder).processes(role) for role in ROLES)
    assert answered(folder, "status")["roles"]["score"] == {
        "alive": False, "lag": 0, "oldest_s": 0.0, "processes": 0, "in_flight": 0, "dead_letters": 0
    }  # fmt: skip


def test_the_children_of_a_killed_supervisor_end_by_themselves(folder: Path) -> None:
    with up(folder) as program:
        program.kill()
        program.wait()
        until(lambda: not any(Home(folder).processes(role) for role in ROLES), "the children to end")


def test_a_role_alone_works_and_stops(folder: Path, tmp_path: Path) -> None:
    posts = write_posts(tmp_path / "posts.jsonl", 50)
    done(folder, "import", str(posts), "--source", "s", "--map", "text=text", "--map", "id=id")
    role = subprocess.Popen(
        [sys.executable, "-m", "qingting", "--home", str(folder), "run", "score", "index"], stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: bool(answered(folder, "status")["index"]["posts"] == 50), "50 posts in the index")
    finally:
        role.terminate()
        assert role.wait(DEADLINE_S) == 0


def test_a_backup_is_a_home_again(folder: Path, tmp_path: Path) -> None:
    posts = write_posts(tmp_path / "posts.jsonl", 40)
    done(folder, "import", str(posts), "--source", "s", "--map", "text=text", "--map", "id=id")
    answered(folder, "drain")
    archive, restored = tmp_path / "home.tar", tmp_path / "restored"
    done(folder, "backup", str(archive))
    assert "已存在" in refused(folder, "backup", str(archive))[1]
    restored.mkdir()
    subprocess.run(["tar", "-xf", str(archive), "-C", str(restored)], check=True)
    assert answered(restored, "search", "--count")["total"] == 40
    assert (
        answered(restored, "import", str(posts), "--source", "s", "--map", "text=text", "--map", "id=id")["duplicates"]
        == 40
    )
    assert "审计链完整" in done(restored, "audit", "verify")


def test_what_is_forgotten_is_gone_and_stays_out(folder: Path, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_text(
        '{"u": "https://a.example/1", "text": "请把我删掉"}\n{"u": "https://a.example/2", "text": "我留着"}\n', "utf-8"
    )
    arguments = ("import", str(posts), "--source", "s", "--map", "text=text", "--map", "url=u")
    done(folder, *arguments)
    answered(folder, "drain")
    assert answered(folder, "forget", "--url", "https://a.example/1")["removed"] == 1
    assert answered(folder, "search", "删掉", "--count")["total"] == 0
    done(folder, *arguments)
    answered(folder, "drain")
    assert answered(folder, "search", "--count")["total"] == 1


def test_a_file_of_old_posts_goes_the_whole_way_without_alarm(folder: Path, tmp_path: Path) -> None:
    """The shape of a real export: foreign dates, one row without any, old pleas among them."""
    rows = [
        f'{n},"第 {n} 条旧帖子，{"救救我，他又打我，我被锁在家里" if n == 7 else "说说家务分工"}",0{n % 9 + 1}/03/2019 10:{n:02}'
        for n in range(40)
    ]
    rows[3] = '3,"没有日期的一条，说说家务分工",'
    file = tmp_path / "old.csv"
    file.write_text("weibo_id,weibo_text,weibo_date\n" + "\n".join(rows) + "\n", "utf-8")
    arguments = (
        "import", str(file), "--source", "old", "--map", "id=weibo_id", "--map", "text=weibo_text",
        "--map", "published_at=weibo_date", "--date-format", "%d/%m/%Y %H:%M",
    )  # fmt: skip
    counts = answered(folder, *arguments)
    assert (counts["read"], counts["accepted"]) == (40, 40)
    drained = answered(folder, "drain")
    assert (drained["indexed"], drained["alerts_opened"], drained["tasks_opened"]) == (40, 0, 0)
    found = answered(folder, "search", "--limit", "100")
    assert found["total"] == 40
    assert [post["time_is_doubtful"] for post in found["posts"]].count(True) == 1
    assert answered(folder, "alerts")["alerts"] == []
    assert answered(folder, *arguments)["accepted"] == 0
