"""One visit to the desk: who asks what, cleaned at the border, and the ways to answer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.errors import Rejected
from contracts.region import region_name
from contracts.zone import BEIJING
from response.access import Officer

if TYPE_CHECKING:
    from desk.app import Desk

FIELD_LENGTH_MAX = 300
TEXT_LENGTH_MAX = 20_000
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class NotFound(Exception):  # noqa: N818 - the word names the answer
    """There is no such thing, or this officer may not know of it: both get the same answer."""


@dataclass(frozen=True)
class Visit:
    """What a page function gets. `officer` is None only on pages that need no sign-in."""

    desk: "Desk"
    request: Request
    signed_in: Officer | None
    form: Mapping[str, tuple[str, ...]]
    csrf: str
    now: datetime
    owes_password: bool = False
    """Signed in with a one-time password: the frame then leads nowhere else."""

    @property
    def officer(self) -> Officer:
        assert self.signed_in is not None, "the route lets only signed-in officers through"
        return self.signed_in

    @property
    def wants_json(self) -> bool:
        return wants_json(self.request)

    @property
    def unit_name(self) -> str:
        return f"{region_name(self.officer.unit)}妇联"

    def part(self, name: str) -> str:
        """Return a part of the path."""
        return clean(str(self.request.path_params[name]))

    def asked(self, name: str, *, longest: int = FIELD_LENGTH_MAX) -> str:
        """Return a query parameter. Raises Rejected when it is too long."""
        return _fitting(clean(self.request.query_params.get(name, "")).strip(), name, longest)

    def asked_all(self, name: str) -> tuple[str, ...]:
        """Return every value of a repeated query parameter, without empty ones."""
        values = self.request.query_params.getlist(name)[:50]
        return tuple(_fitting(clean(value).strip(), name, FIELD_LENGTH_MAX) for value in values if value.strip())

    def asked_number(self, name: str, default: int, *, lowest: int, highest: int) -> int:
        """Return a whole number of the query. Raises Rejected unless it lies within bounds."""
        text = self.asked(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10 and lowest <= int(text) <= highest):
            raise Rejected(f"参数 {name} 应是 {lowest} 到 {highest} 之间的整数。请改正地址，或从页面上的按钮进入。")
        return int(text)

    def asked_time(self, name: str) -> datetime | None:
        """Return a time of the query: a date or a date and time, Beijing time unless it says otherwise."""
        return read_time(self.asked(name), name)

    def field(self, name: str, *, longest: int = FIELD_LENGTH_MAX) -> str:
        """Return a form field. Raises Rejected when it is too long."""
        values = self.form.get(name, ())
        return _fitting(values[0].strip() if values else "", name, longest)

    def text(self, name: str) -> str:
        """Return a long form field."""
        return self.field(name, longest=TEXT_LENGTH_MAX)

    def fields(self, name: str) -> tuple[str, ...]:
        """Return every value of a repeated form field; one field may also hold several, parted by commas."""
        values = [part.strip() for value in self.form.get(name, ())[:50] for part in value.split(",")]
        return tuple(_fitting(value, name, FIELD_LENGTH_MAX) for value in values if value)

    def field_time(self, name: str) -> datetime | None:
        """Return a form field as a time."""
        return read_time(self.field(name), name)

    def page(self, template: str, *, status: int = 200, **words: Any) -> Response:
        """Answer with a page."""
        from desk.rendering import render

        return render(self, template, status, words)

    def json(self, value: Any, *, status: int = 200) -> Response:
        """Answer with JSON, encoded as msgspec does."""
        return Response(msgspec.json.encode(value), status, media_type="application/json")

    def done(self, where: str, word: str = "") -> Response:
        """Answer an act: go to `where`, which says `word` once (a key of `desk.wording.DONE`)."""
        target = f"{where}{'&' if '?' in where else '?'}done={word}" if word else where
        if self.wants_json:
            return self.json({"ok": True, "location": target})
        return RedirectResponse(target, 303)


Page = Callable[[Visit], Response]


def wants_json(request: Request) -> bool:
    """Whether the visitor asked for JSON."""
    return "application/json" in request.headers.get("accept", "")


def clean(text: str) -> str:
    """Return text without lone surrogates and control characters."""
    return _CONTROLS.sub("", text.encode("utf-8", "replace").decode("utf-8"))


def read_time(text: str, name: str) -> datetime | None:
    """Return the time that a person typed, in UTC; None for "". Raises Rejected."""
    if not text:
        return None
    try:
        if len(text) == 10:
            found = datetime.combine(date.fromisoformat(text), datetime.min.time())
        else:
            found = datetime.fromisoformat(text.replace(" ", "T").replace("T0800", "+08:00"))
        return (found if found.tzinfo else found.replace(tzinfo=BEIJING)).astimezone(UTC)
    except (ValueError, OverflowError) as broken:
        raise Rejected(f"时间 {name} 读不懂。请写成 2026-11-24 或 2026-11-24 15:30（北京时间）。") from broken


def _fitting(value: str, name: str, longest: int) -> str:
    if len(value) > longest:
        raise Rejected(f"{name} 太长（{len(value)} 字），最多 {longest} 字。请缩短后再试。")
    return value
