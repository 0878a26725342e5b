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
    on_phone: bool = False
    phone_word: str = ""
    gap: bool = False

    def is_at(self, here: str) -> bool:
        return here == self.path or here.startswith(self.path + "/")


MENU: Final = (
    Item("/inbox", "待办", "see_inbox", on_phone=True, phone_word="待办"),
    Item("/alerts", "预警", "see_alerts", on_phone=True, phone_word="预警"),
    Item("/help", "求助", "see_pleas"),
    Item("/tasks", "任务", "see_tasks", on_phone=True, phone_word="任务"),
    Item("/shift", "交接班", "see_shift"),
    Item("/situation", "态势", "see_situation", gap=True),
    Item("/search", "检索", "search"),
    Item("/reports", "周报", "see_reports"),
    Item("/facts", "口径库", "see_facts", gap=True),
    Item("/accounts", "账号矩阵", "see_accounts"),
    Item("/sources", "信源", "see_sources"),
    Item("/rules", "规则与静默", "see_rules"),
    Item("/users", "用户", "manage_users"),
    Item("/system", "系统", "see_system"),
)


def menu(officer: Officer | None) -> tuple[Item, ...]:
    """Return what this officer may use, in order."""
    allowed = permission(officer)
    return tuple(item for item in MENU if allowed(item.act))


def permission(officer: Officer | None) -> Callable[[str], bool]:
    """Return a question for templates: may this officer do the act?"""
    return lambda act: officer is not None and may(officer, act)
