"""What people do about an alert: the judgement, the response task, the help task; states, in the order of work."""

from datetime import datetime
from typing import Final, Literal

import msgspec

from contracts.lane import BY_MODEL, Lane
from contracts.level import Level

TaskKind = Literal["judgement", "response", "help"]

JudgementState = Literal["open", "decided"]
Outcome = Literal["respond", "watch", "refer", "no_response", "false_alarm"]
ResponseState = Literal[
    "open", "claimed", "drafted", "in_review", "returned", "approved", "published", "effect", "closed", "withdrawn"
]
HelpState = Literal["pending", "handed_over", "received", "answered", "closed"]

OUTCOME_WORDS: Final[dict[str, str]] = {
    "respond": "回应", "watch": "持续关注", "refer": "转责任单位", "no_response": "不回应", "false_alarm": "误报"
}  # fmt: skip
RESPONSE_WORDS: Final[dict[str, str]] = {
    "open": "待认领", "claimed": "已认领", "drafted": "已起草", "in_review": "审核中", "returned": "已退回",
    "approved": "已通过", "published": "已发布", "effect": "看效果", "closed": "办结", "withdrawn": "已撤回",
}  # fmt: skip
HELP_WORDS: Final[dict[str, str]] = {
    "pending": "待研判", "handed_over": "已转交", "received": "对方已签收", "answered": "已反馈", "closed": "办结"
}  # fmt: skip


class Judgement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """研判: an officer's decision on an opinion alert. Without a decision it stays open; 持续关注 is the offered default."""

    id: str
    alert: str
    unit: str
    state: JudgementState
    opened_at: datetime
    due_at: datetime | None = None
    outcome: Outcome | None = None
    reason: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None


class ResponseTask(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A task to answer the public under one official account."""

    id: str
    alert: str
    unit: str
    state: ResponseState
    level: Level
    opened_at: datetime
    due_at: datetime
    assignee: str = ""
    account: str = ""
    draft: str = ""
    """Id of the newest draft version."""
    published_url: str = ""
    published_at: datetime | None = None
    overdue: bool = False


class HelpTask(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A plea on its way to people who can help. After closing only receipt and outcome remain."""

    id: str
    alert: str
    post: str
    """Id of the plea; "" once closed and past keeping."""
    unit: str
    lane: Lane
    state: HelpState
    opened_at: datetime
    due_at: datetime | None = None
    """When it comes back to the officer unless the other side has received it."""
    handed_to: str = ""
    receipt: str = ""
    outcome: str = ""
    late_days: int = 0
    overdue: bool = False
    place: str = ""
    marks: tuple[str, ...] = ()

    @property
    def by_model(self) -> bool:
        """Whether no rule found it: the model took it for a plea."""
        return BY_MODEL in self.marks

    @property
    def words(self) -> tuple[str, ...]:
        """The marks that are the post's own words."""
        return tuple(mark for mark in self.marks if mark != BY_MODEL)


class Draft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version of an answer; approval binds `text_hash`."""

    id: str
    task: str
    version: int
    text: str
    text_hash: str
    facts: tuple[str, ...]
    """Ids of the cited fact versions."""
    account: str
    author: str
    written_at: datetime
    first_response: bool = False
    """首次回应: may rest on a lead-approved 「已收到、核实中」 fact."""
    verified_note: str = ""
    """核实: who checked the repeated words and how; lifts the stop on repeating a post."""
