"""The demo without a browser: the seeded people sign in over HTTP and take an alert and a plea the whole way."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import httpx
import msgspec

from contracts.errors import Retryable
from qingting.visitor import Visitor

DEADLINE_S: Final = 60.0
_LOOK_S: Final = 0.15
_DRAFT: Final = (
    "网友反映的孕期被劝退一事，我们已经关注到。依照规定，用人单位不得因女职工怀孕、生育、哺乳降低其工资、"
    "予以辞退或者与其解除劳动合同。遇到这种情况，可拨打 12333 投诉，也可拨打 12338 妇女维权热线求助。（样例）"
)
Found = TypeVar("Found")


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The promised answer of `demo --check`; seconds since the program's start, None for what never came."""

    first_post_s: float | None = None
    first_alert_s: float | None = None
    help_task_s: float | None = None
    answered_s: float | None = None
    received_s: float | None = None
    posts_indexed: int = 0
    ok: bool = False
    faults: tuple[str, ...] = ()


def check(address: str, passwords: Mapping[str, str], started_s: float, indexed: Callable[[], int]) -> Checked:
    """Play the people until the first alert is answered and the first plea received, or a minute has passed for each.

    `started_s` is `time.monotonic()` of the program's start; `indexed` counts the posts in the index.
    """
    marks: dict[str, float] = {}

    def passed(name: str) -> None:
        marks[name] = round(time.monotonic() - started_s, 2)

    crew: dict[str, Visitor] = {}
    fault = ""
    try:
        _until("值班台应答", lambda: answers(address))
        crew = {name: Visitor(address, name, password) for name, password in passwords.items()}
        _until("第一条帖子", lambda: indexed() > 0)
        passed("first_post_s")
        officer = crew["样例值班员"]
        plea = _until("第一个求助任务", lambda: _first(officer.get("/help")["help"]))
        passed("help_task_s")
        alert = _until("第一个预警", lambda: _first(officer.get("/alerts")["alerts"]))
        passed("first_alert_s")
        _hand_over(officer, crew["样例坐席"], plea["id"])
        passed("received_s")
        _answer(crew, alert)
        passed("answered_s")
    except (Retryable, httpx.HTTPError, KeyError) as failed:
        fault = str(failed) or repr(failed)
    finally:
        for person in crew.values():
            person.close()
    in_time = all(marks.get(name, DEADLINE_S + 1) <= DEADLINE_S for name in ("first_alert_s", "help_task_s"))
    return Checked(
        **marks, posts_indexed=indexed(), ok=not fault and in_time and "answered_s" in marks,
        faults=(fault,) if fault else (),
    )  # fmt: skip


def _hand_over(officer: Visitor, hotline: Visitor, task: str) -> None:
    officer.post(f"/help/{task}/hand-over", to="12338 值班坐席")
    hotline.post(f"/help/{task}/receive", receipt="样例-0001")
    states = {one["id"]: one["state"] for one in hotline.get("/help")["help"]}
    if states[task] != "received":
        raise Retryable(f"求助转交后状态是 {states[task]}，应为 received。")


def _answer(crew: Mapping[str, Visitor], alert: Mapping[str, Any]) -> None:
    officer, writer = crew["样例值班员"], crew["样例网评员"]
    officer.post(
        f"/judgements/{alert['judgement']}/decide",
        outcome="respond",
        level=alert["level"],
        reason="公众在问孕期劝退是否合法（样例）",
    )
    task = _until("回应任务", lambda: _first(writer.get("/tasks")["tasks"]))["id"]
    writer.post(f"/tasks/{task}/claim")
    card = writer.get(f"/tasks/{task}")
    library: Sequence[Mapping[str, Any]] = card["facts"]
    cited = [fact["id"] for fact in library if not fact.get("holding")]
    writer.post(f"/tasks/{task}/draft", text=_DRAFT, facts=cited, account=card["accounts"][0]["id"])
    writer.post(f"/tasks/{task}/submit")
    for reviewer in ("样例审核员", "样例领导"):
        if _state(writer, task) == "in_review":
            crew[reviewer].post(f"/tasks/{task}/review", verdict="approve", reason="事实与口径一致（样例）")
    published = datetime.now(UTC).isoformat(timespec="seconds")
    writer.post(f"/tasks/{task}/publish", url="https://federation.example/answers/1", published_at=published)
    if (state := _state(writer, task)) != "published":
        raise Retryable(f"任务状态是 {state}，应为 published。")


def _state(person: Visitor, task: str) -> str:
    return str(person.get(f"/tasks/{task}")["task"]["state"])


def answers(address: str) -> bool:
    """Whether a desk serves there."""
    try:
        return httpx.get(f"{address}/sign-in", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _first(found: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    return found[0] if found else None


def _until(what: str, look: Callable[[], Found | None]) -> Found:
    end = time.monotonic() + DEADLINE_S
    while not (found := look()):
        if time.monotonic() > end:
            raise Retryable(f"{DEADLINE_S:.0f} 秒内没有等到：{what}。")
        time.sleep(_LOOK_S)
    return found
