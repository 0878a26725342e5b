"""Kill roles at random with -9 while posts are imported, then count every id: lost, doubled, alerts told apart.

Two homes with the same keys take the same posts: one undisturbed, one under fire. The script prints its seed, a ledger
of both, and ends with 0 only when nothing is lost, nothing doubled and both homes raised the same alerts.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contracts.document import Query
from contracts.events import POSTS_FETCHED, POSTS_INDEXED, POSTS_REJECTED, PostFetched, PostIndexed, PostRejected
from contracts.ports.log import read_all
from qingting.home import Home
from qingting.status import lags
from qingting.wiring import House

TARGETS = ("score", "index", "watch", "notify", "import")
SLICES = 40
DEADLINE_S = 600.0

OPENINGS = ("今天", "昨天下午", "上周", "刚才", "开会时", "接孩子时", "下班路上", "在社区", "听同事说", "看通知")
MIDDLES = (
    "托育班的名额",
    "公交改线",
    "体检预约",
    "技能培训",
    "菜市场搬迁",
    "图书馆延时",
    "幼儿园食谱",
    "医保报销",
    "小区电梯",
    "健身步道",
)
ENDINGS = (
    "终于有消息了",
    "还是没说清楚",
    "办得挺快",
    "排队排了很久",
    "希望早点落实",
    "大家都在问",
    "比去年好些",
    "电话打不通",
    "流程太绕",
    "值得表扬",
)
STORY = ("厂里让怀孕的女工自己辞职", "怀孕就被调去搬货，这是逼人走", "产假工资一分没发", "说怀孕影响效率要解除合同")
PLEAS = ("他昨晚又打我，现在把门锁了不让我出去，求求你们救救我", "我被丈夫打得全身是伤，带着孩子不知道去哪里求助")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", action="store_true", help="keep both homes for a look")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}: {asked.posts} posts, at least {asked.kills} kills", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="qingting-faults-"))
    try:
        return _run(folder, asked.posts, asked.kills, random.Random(seed))
    finally:
        if asked.keep:
            print(f"homes kept in {folder}")
        else:
            shutil.rmtree(folder)


def _run(folder: Path, posts: int, kills: int, chance: random.Random) -> int:
    files = write_posts(folder, posts, chance)
    calm, fire = Home(folder / "calm"), Home(folder / "fire")
    call(calm, "init")
    call(fire, "init")
    shutil.copytree(calm.secrets, fire.secrets, dirs_exist_ok=True)
    for home in (calm, fire):
        home.rules_file.write_text(RULES, "utf-8")
    whole = folder / "posts.jsonl"
    whole.write_text("".join(file.read_text("utf-8") for file in files), "utf-8")
    call(calm, "import", str(whole), *IMPORT)
    call(calm, "drain")
    started_s = time.monotonic()
    killed = _under_fire(fire, files, kills, chance)
    print(f"killed {sum(killed.values())} in {time.monotonic() - started_s:.0f} s: {killed}", flush=True)
    return compare(ledger(calm), ledger(fire), posts)


RULES = """
rules:
  - id: many
    type: frequency
    group_by: [topic, region]
    window_minutes: 30
    min_posts: 10
    min_authors: 5
    levels:
      yellow: {min_posts: 20}
      orange: {min_posts: 60}
  - id: negative
    type: frequency
    where: {sentiment: [negative]}
    group_by: [region]
    window_minutes: 20
    min_posts: 15
"""
IMPORT = (
    "--source", "faults", "--map", "id=id", "--map", "text=text", "--map", "published_at=at", "--map", "author=author",
)  # fmt: skip


def write_posts(folder: Path, posts: int, chance: random.Random, slices: int = SLICES) -> list[Path]:
    """Write the posts in slices: everyday talk, one story that breaks in the last half hour, and pleas."""
    now = datetime.now(UTC)
    lines = []
    for number in range(posts):
        place = chance.choice(("长沙市", "株洲市", "衡阳市", "岳阳市", "常德市"))
        kind = chance.random()
        minutes = chance.uniform(1, 25) if kind < 0.02 else chance.uniform(1, 300)
        if kind < 0.02:
            text = f"{place}那家电子厂，{chance.choice(STORY)}。第 {number} 次有人说了。"
        elif kind < 0.022:
            text = f"{chance.choice(PLEAS)}。我在{place}。{number}"
        else:
            text = f"{chance.choice(OPENINGS)}{place}{chance.choice(MIDDLES)}{chance.choice(ENDINGS)}，编号 {number}。"
        at = (now - timedelta(minutes=minutes)).isoformat(timespec="seconds")
        lines.append(json.dumps({"id": f"p{number}", "text": text, "at": at, "author": f"a{chance.randrange(posts)}"}))
    size = -(-posts // slices)
    files = []
    for start in range(0, posts, size):
        file = folder / f"posts-{start:06}.jsonl"
        file.write_text("\n".join(lines[start : start + size]) + "\n")
        files.append(file)
    return files


def _under_fire(home: Home, files: list[Path], kills: int, chance: random.Random) -> dict[str, int]:
    """Import slice by slice while roles are killed; a killed import is run again, as an operator would."""
    killed = dict.fromkeys(TARGETS, 0)
    # without crawl and desk: they take no part in the import, and every start of theirs costs a second of two cores
    roles = [subprocess.Popen(command(home, "run", role), stdin=subprocess.DEVNULL) for role in TARGETS[:-1]]
    importing: subprocess.Popen[bytes] | None = None
    waiting = list(files)
    next_s = 0.0
    busy = 0
    deadline = time.monotonic() + DEADLINE_S
    try:
        while waiting or importing or sum(killed.values()) < kills or not _idle(home):
            if time.monotonic() > deadline:
                sys.exit(f"not done within {DEADLINE_S:.0f} s: {len(waiting)} slices left, killed {killed}")
            for place, role in enumerate(roles):
                if role.poll() is not None:
                    roles[place] = subprocess.Popen(command(home, "run", TARGETS[place]), stdin=subprocess.DEVNULL)
            if importing and importing.poll() is not None:
                if importing.returncode == 0:
                    waiting.pop(0)
                importing = None
            done = sum(killed.values())
            if not importing and waiting and (len(files) - len(waiting)) * kills <= done * len(files) + kills:
                importing = subprocess.Popen(
                    command(home, "import", str(waiting[0]), *IMPORT), stdout=subprocess.DEVNULL
                )
            if done < kills and time.monotonic() > next_s:
                processes = dict(zip(TARGETS, (*roles, importing), strict=True))
                target = chance.choice([name for name, process in processes.items() if process])
                process = processes[target]
                if process and process.poll() is None:
                    busy += not _idle(home)
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    killed[target] += 1
                next_s = time.monotonic() + chance.uniform(0.1, 0.9)
            time.sleep(0.02)
    finally:
        for process in [*roles, *([importing] if importing else [])]:
            process.terminate()
        for process in roles:
            process.wait()
    print(f"{busy} of the kills while work was under way", flush=True)
    return killed


def _idle(home: Home) -> bool:
    with House.at(home) as house:
        return not any(lag.lag for lag in lags(house).values())


def ledger(home: Home) -> dict[str, Any]:
    from alerts import store

    with House.at(home) as house:
        fetched = {event.post.id for event in _events(house, POSTS_FETCHED) if isinstance(event, PostFetched)}
        announced = [event.id for event in _events(house, POSTS_INDEXED) if isinstance(event, PostIndexed)]
        rejected = {event.id for event in _events(house, POSTS_REJECTED) if isinstance(event, PostRejected)}
        stored = house.index.get(sorted(fetched))
        everything = Query(pleas="with", limit=0)
        with house.database.reading() as connection:
            alerts = store.listing(connection, limit=1_000_000)
            sent = [(alert.id, row.channel) for alert in alerts for row in store.deliveries(connection, alert.id)]
        return {
            "fetched": fetched, "announced": set(announced), "rejected": rejected, "stored": set(stored),
            "indexed": house.index.search(everything).total,
            "counted": sum(house.index.count(everything, interval="day").values()),
            "alerts": sorted(alert.id for alert in alerts), "pleas": sum(alert.lane is not None for alert in alerts),
            "notified": len(set(sent)),
        }  # fmt: skip


def _events(house: House, stream: str) -> list[Any]:
    return [record.event for record in read_all(house.log, [stream], {})]


def compare(calm: dict[str, Any], fire: dict[str, Any], posts: int) -> int:
    lost = fire["fetched"] - fire["stored"] - fire["rejected"]
    checks: list[tuple[str, bool, object]] = [
        ("posts sent", len(fire["fetched"]) == posts, len(fire["fetched"])),
        ("same posts in both homes", calm["fetched"] == fire["fetched"], ""),
        ("lost", not lost, len(lost)),
        ("doubled in the index", fire["indexed"] == len(fire["stored"]), fire["indexed"] - len(fire["stored"])),
        ("doubled in the counts", fire["counted"] == fire["indexed"], fire["counted"] - fire["indexed"]),
        ("never announced", fire["stored"] <= fire["announced"], len(fire["stored"] - fire["announced"])),
        ("dead letters", fire["rejected"] == calm["rejected"], len(fire["rejected"])),
        (
            "alerts raised at all",
            len(fire["alerts"]) > fire["pleas"] > 0,
            f"{len(fire['alerts'])}, of them {fire['pleas']} pleas",
        ),
        (
            "alerts doubled",
            len(fire["alerts"]) == len(set(fire["alerts"])),
            len(fire["alerts"]) - len(set(fire["alerts"])),
        ),
        (
            "same alert ids as undisturbed",
            fire["alerts"] == calm["alerts"],
            len(set(fire["alerts"]) ^ set(calm["alerts"])),
        ),
    ]
    for name, well, figure in checks:
        print(f"{'ok  ' if well else 'FAIL'} {name}: {figure}")
    return 0 if all(well for _, well, _ in checks) else 1


def command(home: Home, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "qingting", "--home", str(home.folder), *arguments]


def call(home: Home, *arguments: str) -> None:
    done = subprocess.run(command(home, *arguments), capture_output=True, text=True, check=False, env=dict(os.environ))
    if done.returncode:
        sys.exit(f"{arguments[0]} failed: {done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
