"""Who is at the other end: the session cookie, and the token that shows a form to be our own."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from desk.visit import Visit
from response import people
from response.access import Officer

if TYPE_CHECKING:
    from desk.app import Desk

SESSION: Final = "qingting_session"
VISITOR: Final = "qingting_visitor"
"""Stands in for the session on the sign-in form, before anybody is known."""


class PasswordOwed(Exception):  # noqa: N818 - the word names the answer
    """Signed in with a one-time password: nothing else answers before it is changed."""


@dataclass(frozen=True)
class Session:
    officer: Officer
    owes_password: bool = False


def of(desk: "Desk", request: Request, now: datetime, *, may_owe: bool = False) -> Session | None:
    """Return the session of the request's cookie, if it is in force.

    Raises PasswordOwed while the password is a one-time one, except on what a person needs to change it: `may_owe`.
    """
    token = request.cookies.get(SESSION, "")
    if not token or len(token) > 200:
        return None
    with desk.database.reading() as connection:
        officer = people.officer_of_session(connection, token, now=now, settings=desk.response)
        resting = officer is not None and people.is_resting(connection, token, now=now)
        owes = officer is not None and people.must_change_password(connection, officer.id)
    if owes and not may_owe:
        raise PasswordOwed
    if resting and _is_by_hand(request):
        with desk.database.writing() as connection:
            people.touch_session(connection, token, now=now)
    return None if officer is None else Session(officer, owes)


def _is_by_hand(request: Request) -> bool:
    """Whether a person did this: a page that refreshes itself all night keeps nobody signed in."""
    return request.method == "POST" or request.headers.get("sec-fetch-mode", "navigate") == "navigate"


def csrf(request: Request) -> str:
    """Return the form token that belongs to the cookie: its digest, so that it needs no keeping."""
    secret = request.cookies.get(SESSION) or request.cookies.get(VISITOR) or ""
    return _form_token(secret) if secret else ""


def _form_token(secret: str) -> str:
    return blake2b(secret.encode("utf-8", "replace"), digest_size=16, person=b"qingting-form").hexdigest()


def is_own_form(visit: Visit) -> bool:
    """Whether the form carries the token of this very session."""
    given = visit.field("csrf") or visit.request.headers.get("x-csrf", "")
    return bool(visit.csrf) and hmac.compare_digest(given.encode(), visit.csrf.encode())


def keep(visit: Visit, response: Response, token: str) -> None:
    """Hand the session's cookie to the browser; the visitor's is of no use from here on."""
    settings = visit.desk.settings
    response.set_cookie(
        SESSION, token, max_age=visit.desk.response.session_hours * 3600, httponly=True, samesite="strict",
        secure=settings.https,
    )  # fmt: skip
    response.delete_cookie(VISITOR, httponly=True, samesite="strict", secure=settings.https)


def welcome() -> tuple[str, str]:
    """Return a fresh (cookie, form token) for somebody not yet known."""
    secret = secrets.token_urlsafe(24)
    return secret, _form_token(secret)


def greet(visit: Visit, response: Response, secret: str) -> None:
    """Hand the visitor's cookie to the browser."""
    response.set_cookie(VISITOR, secret, httponly=True, samesite="strict", secure=visit.desk.settings.https)


def drop(visit: Visit, response: Response) -> None:
    """Take the session's cookie back."""
    response.delete_cookie(SESSION, httponly=True, samesite="strict", secure=visit.desk.settings.https)
