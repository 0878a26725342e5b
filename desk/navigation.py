"""The left column: what a role may not use is not drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from response.access import Officer, may


@dataclass(frozen=True)
class Item:
    """One entry of the menu; `act` is what opens it, "" for everybody."""

    path: str
    word: str
    act: str = ""
    gap: bool = False

    def is_at(self, here: str) -> bool:
        return here == self.path or here.startswith(self.path + "/")


MENU: Final = (
    Item("/inbox", "待办", "see_inbox"),
    Item("/alerts", "预警", "see_alerts"),
    Item("/help", "求助", "see_pleas"),
    Item("/advice", "意见建议", "see_advice"),
    Item("/tasks", "任务", "see_tasks"),
    Item("/shift", "交接班", "see_shift"),
    Item("/situation", "态势", "see_situation", gap=True),
    Item("/search", "检索", "search"),
    Item("/reports", "周报", "see_reports"),
    Item("/facts", "口径库", "see_facts", gap=True),
    Item("/accounts", "账号矩阵", "see_accounts"),
    Item("/sources", "信源", "see_sources"),
    Item("/direct-report", "直报", "report_in"),
    Item("/rules", "规则与静默", "see_rules"),
    Item("/users", "用户", "manage_users"),
    Item("/system", "系统", "see_system"),
)


def menu(officer: Officer | None) -> tuple[Item, ...]:
    """Return what this officer may use, in order."""
    allowed = permission(officer)
    return tuple(item for item in MENU if allowed(item.act))


def phone_menu(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Return the entries of a phone's bottom bar: the three that matter most to this role; the rest is under 更多."""
    return tuple(sorted(items, key=lambda item: _ON_PHONE.get(item.path, len(_ON_PHONE))))[:3]


_ON_PHONE: Final = {"/inbox": 0, "/alerts": 1, "/tasks": 2, "/help": 3}


def permission(officer: Officer | None) -> Callable[[str], bool]:
    """Return what templates ask: whether this officer may do an act."""
    return lambda act: officer is not None and may(officer, act)
