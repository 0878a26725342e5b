"""Response tasks: claimed, drafted, reviewed by other people, published by a person, and looked at afterwards.

Nothing here posts anything. Approval binds the hash of a text; whatever changes the text, its account or the validity of
its facts voids the approval.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from alerts import store
from contracts.errors import Conflict, Rejected
from contracts.identity import digest
from contracts.level import LEVEL_WORDS, LEVELS, Level
from contracts.task import RESPONSE_WORDS, Draft, ResponseTask
from response import accounts, audit, facts
from response.access import Denied, Officer, owned, require, require_unit
from response.opening import announce, changes
from response.tables import answered_posts, drafts, effects, response_tasks, reviews
from text.mask import KIND_WORDS, mask
from text.overlap import nearly_identical, repeated_runs

NEXT: Final[dict[str, tuple[str, ...]]] = {
    "open": ("claimed", "withdrawn"),
    "claimed": ("drafted", "withdrawn"),
    "drafted": ("drafted", "in_review", "withdrawn"),
    "in_review": ("drafted", "returned", "approved", "withdrawn"),
    "returned": ("drafted", "withdrawn"),
    "approved": ("drafted", "returned", "published", "withdrawn"),
    "published": ("effect",),
    "effect": ("effect", "closed"),
    "closed": (),
    "withdrawn": (),
}
"""State → the states that may follow."""
RUNNING: Final = frozenset(NEXT) - {"published", "effect", "closed", "withdrawn"}
"""The states in which an answer is still owed."""
REVIEWERS: Final[dict[str, int]] = {"red": 2, "orange": 2}
"""How many other people must approve; one for the other levels."""
TEXT_MAX: Final = 5000
_NEAR_DAYS: Final = 30
_SKEW: Final = timedelta(minutes=5)
_TYPED: Final = timedelta(minutes=1)
"""People type times to the minute."""
_FIELDS: Final = ResponseTask.__struct_fields__


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """One reviewer's word on one version; `void_reason` says why it no longer counts."""

    id: str
    draft: str
    text_hash: str
    reviewer: str
    verdict: str
    reason: str
    reviewed_at: datetime
    void_reason: str


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the question was answered, how long it took, what was corrected; the rest is for reference only."""

    answered: bool
    minutes: float
    corrected: str
    figures: dict[str, float | str]
    """仅供参考，不作考核: volume and sentiment before and after, own account's figures with their source."""
    recorded_by: str
    recorded_at: datetime


def get(connection: Connection, task: str) -> ResponseTask | None:
    """Return one task."""
    row = connection.execute(select(response_tasks).where(response_tasks.c.id == task)).first()
    return _task(row) if row else None


def of_alert(connection: Connection, alert: str) -> ResponseTask | None:
    """Return the task of an alert."""
    row = connection.execute(select(response_tasks).where(response_tasks.c.alert == alert)).first()
    return _task(row) if row else None


def why(connection: Connection, task: str) -> str:
    """Return the officer's reason to answer."""
    return connection.execute(select(response_tasks.c.why).where(response_tasks.c.id == task)).scalar() or ""


def listing(
    connection: Connection, *, officer: Officer | None = None, open_only: bool = False, assignee: str = "", limit: int = 500,
) -> tuple[ResponseTask, ...]:  # fmt: skip
    """Return tasks by deadline, soonest first; with an officer only those of this officer's unit."""
    asked = select(response_tasks).order_by(response_tasks.c.due_at, response_tasks.c.id).limit(limit)
    if open_only:
        asked = asked.where(response_tasks.c.state.not_in(("closed", "withdrawn")))
    if officer:
        asked = asked.where(owned(officer, response_tasks.c.unit))
    if assignee:
        asked = asked.where(response_tasks.c.assignee == assignee)
    return tuple(map(_task, connection.execute(asked)))


def draft(connection: Connection, task: str) -> Draft | None:
    """Return the newest version."""
    found = versions(connection, task)
    return found[0] if found else None


def versions(connection: Connection, task: str) -> tuple[Draft, ...]:
    """Return all versions, newest first."""
    rows = connection.execute(select(drafts).where(drafts.c.task == task).order_by(drafts.c.version.desc()))
    return tuple(map(_draft, rows))


def reviews_of(connection: Connection, task: str) -> tuple[Review, ...]:
    """Return all reviews, oldest first."""
    rows = connection.execute(select(reviews).where(reviews.c.task == task).order_by(reviews.c.reviewed_at))
    return tuple(Review(**{name: getattr(row, name) for name in Review.__struct_fields__}) for row in rows)


def effect(connection: Connection, task: str) -> Effect | None:
    """Return what was recorded after publication."""
    row = connection.execute(select(effects).where(effects.c.task == task)).first()
    if row is None:
        return None
    values = {name: getattr(row, name) for name in Effect.__struct_fields__}
    return Effect(**values | {"figures": msgspec.json.decode(row.figures)})


def claim(connection: Connection, officer: Officer, task: str, *, now: datetime) -> ResponseTask:
    """认领: one person takes the task. Raises Conflict naming who was first."""
    require(officer, "claim")
    found = _own_unit(connection, officer, task)
    if found.state == "claimed" and found.assignee == officer.id:
        return found
    _may_move(found, "claimed")
    return _set(connection, officer, task, "claimed", now, assignee=officer.id)


def write_draft(
    connection: Connection, officer: Officer, task: str, *, text: str, facts: Sequence[str], account: str,
    first_response: bool = False, now: datetime,
) -> Draft:  # fmt: skip
    """Keep a new version; an approval of an older one is void from now on. What a submission needs is judged there."""
    require(officer, "draft")
    found = _mine(connection, officer, task)
    _may_move(found, "drafted")
    if not text.strip():
        raise Rejected("答复还没有写。")
    if len(text) > TEXT_MAX:
        raise Rejected(f"答复有 {len(text)} 字，上限 {TEXT_MAX} 字。")
    version = (connection.execute(select(func.max(drafts.c.version)).where(drafts.c.task == task)).scalar() or 0) + 1
    row = {
        "id": secrets.token_hex(8), "task": task, "version": version, "text": text.strip(),
        "text_hash": _bound(text.strip(), account, facts), "facts": msgspec.json.encode(tuple(facts)).decode(),
        "account": account, "author": officer.id, "written_at": now, "first_response": first_response,
        "verified_note": "", "verified_by": "",
    }  # fmt: skip
    connection.execute(insert(drafts), row)
    _void(connection, task, "答复已修改")
    _set(connection, officer, task, "drafted", now, draft=row["id"], account=account)
    kept = draft(connection, task)
    assert kept is not None
    return kept


def record_verification(connection: Connection, officer: Officer, task: str, *, note: str, now: datetime) -> None:
    """核实: say who checked the repeated words and how; this lifts the stop on repeating a post, for this version."""
    require(officer, "draft")
    found = _mine(connection, officer, task)
    if not note.strip():
        raise Rejected("请写明由谁、怎样核实。")
    connection.execute(
        update(drafts).where(drafts.c.id == found.draft).values(verified_note=note.strip(), verified_by=officer.id)
    )
    audit.append(connection, by=officer.id, act="verify words", subject=task, detail=note.strip(), now=now)


def faults(
    connection: Connection, task: str, *, posts: Sequence[str] = (), alone: bool = False, now: datetime
) -> tuple[str, ...]:
    """Return what keeps the newest version from review or publication, one sentence each; empty when nothing does.

    `posts` are the texts of the alert's posts, which the caller reads from the index; `alone` does not ask whether the
    account has answered them already.
    """
    written = draft(connection, task)
    if written is None:
        return ("答复还没有写。",)
    found: list[str] = []
    cited = [fact for version in written.facts if (fact := facts.get(connection, version))]
    valid = [fact for fact in cited if facts.is_valid(fact, now)]
    if not cited:
        found.append("至少引用一条口径：每个说法都要有出处。")
    elif len(valid) < len(written.facts):
        found.append("引用的口径中有已过期、停用或未核实的，请更换。")
    elif all(fact.holding for fact in valid) and not written.first_response:
        found.append("“已收到、核实中”只能用于首次回应；请勾选首次回应，或引用核实过的口径。")
    account = accounts.get(connection, written.account)
    if account is None or not account.active:
        found.append("请选择一个在用的官方账号。")
    elif len(written.text) > (most := accounts.longest(account)):
        found.append(f"{account.platform}一条最多 {most} 字，现在 {len(written.text)} 字：请缩短。")
    if masked := mask(written.text).kinds:
        found.append(f"答复里有个人信息（{'、'.join(KIND_WORDS[kind] for kind in masked)}），请删去。")
    if not written.verified_note:
        quoted = [text for fact in valid for text in (fact.text, fact.title)]
        runs = [run for post in posts for run in repeated_runs(written.text, post, cited=quoted)]
        if runs:
            found.append(f"答复重复了帖子的原话“{runs[0]}”，请改写，或记录核实情况后再送审。")
    if other := _near(connection, written, now):
        found.append(f"与账号“{other}”的答复几乎相同：请写成自己的话，或只由一个账号答复。")
    if account and not alone and _taken(connection, task, written.account):
        found.append(f"账号“{account.name}”已经答复过这条预警里的帖子，一帖只答一次：请换一个账号，或撤回任务。")
    return tuple(found)


def submit(
    connection: Connection, officer: Officer, task: str, *, posts: Sequence[str] = (), now: datetime
) -> ResponseTask:
    """送审. Raises Rejected with every fault of the draft."""
    require(officer, "draft")
    found = _mine(connection, officer, task)
    _may_move(found, "in_review")
    if problems := faults(connection, task, posts=posts, now=now):
        raise Rejected("".join(problems))
    return _set(connection, officer, task, "in_review", now)


def review(
    connection: Connection, officer: Officer, task: str, *, verdict: str, reason: str = "", now: datetime
) -> ResponseTask:
    """通过 or 退回 the newest version. Red and orange need two reviewers; none of them wrote any version.

    Raises Denied for one's own text, Conflict for a second word of the same reviewer, Rejected for a return without reason.
    """
    require(officer, "review")
    found = _own_unit(connection, officer, task)
    written = draft(connection, task)
    if found.state != "in_review" or written is None:
        raise Conflict(f"这个任务现在是“{RESPONSE_WORDS[found.state]}”，没有在审核。请刷新后再看。")
    if officer.id == found.assignee or officer.id in {version.author for version in versions(connection, task)}:
        raise Denied("不能审核自己写的答复。")
    if verdict not in {"approve", "return"}:
        raise Rejected("审核结论只有通过（approve）和退回（return）。")
    if verdict == "return" and not reason.strip():
        raise Rejected("退回要写原因。")
    counted = _approvals(connection, task, written.text_hash)
    if officer.id in counted:
        raise Conflict("您已经审核过这一版。")
    if problems := [fault for fault in faults(connection, task, now=now) if verdict == "approve" and fault]:
        raise Rejected("".join(problems))
    connection.execute(
        insert(reviews),
        {
            "id": secrets.token_hex(8), "task": task, "draft": written.id, "text_hash": written.text_hash,
            "reviewer": officer.id, "verdict": verdict, "reason": reason.strip(), "reviewed_at": now,
            "void_reason": "",
        },
    )  # fmt: skip
    if verdict == "return":
        _void(connection, task, "已退回")
        return _set(connection, officer, task, "returned", now, detail=reason.strip())
    if len(counted) + 1 >= REVIEWERS.get(found.level, 1):
        _answer(connection, task, written.account)
        return _set(connection, officer, task, "approved", now)
    audit.append(connection, by=officer.id, act="response: first approval", subject=task, now=now)
    announce(connection, task, "response", "in_review", changes(connection, task, "response"), now)
    return found


def publish(
    connection: Connection, officer: Officer, task: str, *, url: str, published_at: datetime, now: datetime
) -> ResponseTask:
    """Record where and when a person published the approved text.

    Raises Rejected for a bad link or time, Conflict when the approval no longer holds.
    """
    require(officer, "publish")
    found = _mine(connection, officer, task)
    _may_move(found, "published")
    written = draft(connection, task)
    assert written is not None
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Rejected("请填写发布后的完整链接，以 https:// 开头。")
    if published_at > now + _SKEW:
        raise Rejected("发布时间不能在将来。")
    if published_at < found.opened_at - _TYPED:
        raise Rejected("发布时间早于任务开始的时间，请核对。")
    if len(_approvals(connection, task, written.text_hash)) < REVIEWERS.get(found.level, 1):
        raise Conflict("这一版没有足够的有效审核，请重新送审。")
    # it is out already, and the posts were this account's to answer since the approval
    if problems := faults(connection, task, alone=True, now=now):
        raise Conflict(f"审核后情况有变，不能发布：{''.join(problems)}")
    _answer(connection, task, written.account)
    return _set(
        connection, officer, task, "published", now, published_url=url.strip(), published_at=published_at, overdue=False
    )


def record_effect(
    connection: Connection, officer: Officer, task: str, *, answered: bool, corrected: str,
    figures: Mapping[str, float | str] | None = None, now: datetime,
) -> ResponseTask:  # fmt: skip
    """Record whether the question was answered and what was corrected; the time taken is counted from the alert."""
    require(officer, "record_effect")
    found = _own_unit(connection, officer, task)
    _may_move(found, "effect")
    alert = store.get(connection, found.alert)
    since = alert.opened_at if alert else found.opened_at
    assert found.published_at is not None
    row = {
        "task": task, "answered": answered, "minutes": (found.published_at - since).total_seconds() / 60,
        "corrected": corrected.strip(), "figures": msgspec.json.encode(dict(figures or {})).decode(),
        "recorded_by": officer.id, "recorded_at": now,
    }  # fmt: skip
    if connection.execute(select(effects.c.task).where(effects.c.task == task)).first():
        connection.execute(update(effects).where(effects.c.task == task).values(**row))
    else:
        connection.execute(insert(effects), row)
    return _set(connection, officer, task, "effect", now)


def close(connection: Connection, officer: Officer, task: str, *, now: datetime) -> ResponseTask:
    """办结."""
    require(officer, "close_task")
    _may_move(_own_unit(connection, officer, task), "closed")
    return _set(connection, officer, task, "closed", now)


def withdraw(connection: Connection, officer: Officer, task: str, *, reason: str, now: datetime) -> ResponseTask:
    """撤回: no answer after all, with the reason."""
    require(officer, "withdraw")
    found = _own_unit(connection, officer, task)
    _may_move(found, "withdrawn")
    if not reason.strip():
        raise Rejected("撤回要写原因。")
    _void(connection, task, "任务已撤回")
    return _set(connection, officer, task, "withdrawn", now, detail=reason.strip())


def change_level(
    connection: Connection, officer: Officer, alert: str, *, level: Level, within: timedelta, now: datetime
) -> None:
    """Let the running task of an alert follow its newly confirmed level.

    Its deadline counts from now where the level rises (never later than it was), from its opening where it falls. An
    approval by fewer people than the new level asks for is void.
    """
    found = of_alert(connection, alert)
    if found is None or found.level == level or found.state not in RUNNING:
        return
    rises = LEVELS.index(level) > LEVELS.index(found.level)
    due_at = min(found.due_at, now + within) if rises else found.opened_at + within
    state, needed, written = found.state, REVIEWERS.get(level, 1), draft(connection, found.id)
    if state == "approved" and written and len(_approvals(connection, found.id, written.text_hash)) < needed:
        _void(connection, found.id, f"级别改为{LEVEL_WORDS[level]}，要 {needed} 人通过")
        state = "in_review"
    changed = update(response_tasks).where(response_tasks.c.id == found.id)
    connection.execute(changed.values(level=level, due_at=due_at, overdue=found.overdue and due_at <= now, state=state))
    audit.append(connection, by=officer.id, act="response: level", subject=found.id, detail=level, now=now)
    announce(connection, found.id, "response", state, changes(connection, found.id, "response"), now)


def void_expired(connection: Connection, now: datetime) -> tuple[str, ...]:
    """Send approved and submitted tasks back to their writers when a cited fact has ended; return their ids."""
    waiting = select(response_tasks).where(response_tasks.c.state.in_(("in_review", "approved")))
    voided = []
    for row in connection.execute(waiting).all():
        written = draft(connection, row.id)
        cited = [facts.get(connection, version) for version in written.facts] if written else []
        if any(fact is None or not facts.is_valid(fact, now) for fact in cited):
            _void(connection, row.id, "引用的口径已过期或停用")
            connection.execute(update(response_tasks).where(response_tasks.c.id == row.id).values(state="returned"))
            audit.append(connection, by="-", act="response: fact expired", subject=row.id, now=now)
            announce(connection, row.id, "response", "returned", changes(connection, row.id, "response"), now)
            voided.append(row.id)
    return tuple(voided)


def _near(connection: Connection, written: Draft, now: datetime) -> str:
    """Return the name of another account that answered with nearly the same words lately; "" for none."""
    since = now - timedelta(days=_NEAR_DAYS)
    rows = connection.execute(
        select(drafts.c.text, drafts.c.account)
        .join(response_tasks, response_tasks.c.draft == drafts.c.id)
        .where(
            response_tasks.c.state.in_(("in_review", "approved", "published", "effect", "closed")),
            drafts.c.account != written.account, drafts.c.task != written.task, drafts.c.written_at >= since,
        )
    )  # fmt: skip
    for row in rows:
        if nearly_identical(row.text, written.text):
            account = accounts.get(connection, row.account)
            return account.name if account else row.account
    return ""


def _approvals(connection: Connection, task: str, text_hash: str) -> set[str]:
    rows = connection.execute(
        select(reviews.c.reviewer).where(
            reviews.c.task == task, reviews.c.text_hash == text_hash, reviews.c.verdict == "approve",
            reviews.c.void_reason == "",
        )
    )  # fmt: skip
    return set(rows.scalars())


def _posts(connection: Connection, task: str) -> tuple[str, ...]:
    found = get(connection, task)
    alert = store.get(connection, found.alert) if found else None
    return alert.posts if alert else ()


def _taken(connection: Connection, task: str, account: str) -> bool:
    """Whether the account has answered one of the task's posts elsewhere, or is about to."""
    rows = select(answered_posts.c.post).where(
        answered_posts.c.account == account, answered_posts.c.task != task,
        answered_posts.c.post.in_(_posts(connection, task)),
    )  # fmt: skip
    return connection.execute(rows).first() is not None


def _answer(connection: Connection, task: str, account: str) -> None:
    """Let the account, and no other task of it, answer all posts of the task's alert."""
    posts = _posts(connection, task)
    known = select(answered_posts.c.post).where(answered_posts.c.account == account, answered_posts.c.post.in_(posts))
    answered = set(connection.execute(known).scalars())
    new = [post for post in posts if post not in answered]
    if new:
        connection.execute(
            insert(answered_posts), [{"account": account, "post": post, "task": task} for post in new]
        )  # fmt: skip


def _void(connection: Connection, task: str, reason: str) -> None:
    connection.execute(delete(answered_posts).where(answered_posts.c.task == task))
    connection.execute(
        update(reviews)
        .where(reviews.c.task == task, reviews.c.verdict == "approve", reviews.c.void_reason == "")
        .values(void_reason=reason)
    )


def _bound(text: str, account: str, cited: Sequence[str]) -> str:
    """Return what an approval binds: the text, who says it, and on what it rests."""
    return digest("draft", text, account, *sorted(cited))


def _own_unit(connection: Connection, officer: Officer, task: str) -> ResponseTask:
    found = get(connection, task)
    if found is None:
        raise Rejected("没有这个任务。")
    require_unit(officer, found.unit)
    return found


def _mine(connection: Connection, officer: Officer, task: str) -> ResponseTask:
    found = _own_unit(connection, officer, task)
    if found.assignee != officer.id:
        raise Denied("这个任务由别人认领，您不能改动。" if found.assignee else "请先认领这个任务。")
    return found


def _may_move(found: ResponseTask, to: str) -> None:
    if to not in NEXT[found.state]:
        raise Conflict(f"这个任务现在是“{RESPONSE_WORDS[found.state]}”，不能改为“{RESPONSE_WORDS[to]}”。请刷新后再看。")


def _set(
    connection: Connection, officer: Officer, task: str, state: str, now: datetime, detail: str = "", **values: Any
) -> ResponseTask:
    connection.execute(update(response_tasks).where(response_tasks.c.id == task).values(state=state, **values))
    audit.append(connection, by=officer.id, act=f"response: {state}", subject=task, detail=detail, now=now)
    announce(connection, task, "response", state, changes(connection, task, "response"), now)
    found = get(connection, task)
    assert found is not None
    return found


def _task(row: Row[Any]) -> ResponseTask:
    return ResponseTask(**{name: getattr(row, name) for name in _FIELDS})


def _draft(row: Row[Any]) -> Draft:
    values = {name: getattr(row, name) for name in Draft.__struct_fields__}
    return Draft(**values | {"facts": msgspec.json.decode(row.facts, type=tuple[str, ...])})
