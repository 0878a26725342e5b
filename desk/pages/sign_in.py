"""Signing in and out, and changing one's password."""

from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from contracts.errors import Rejected
from desk import sessions
from desk.visit import Visit
from response import people

PASSWORD_LENGTH_MAX = 256


def show(visit: Visit) -> Response:
    """Show the form; whoever is signed in already goes on."""
    if visit.signed_in is not None:
        return RedirectResponse(_onward(visit.asked("next")), 303)
    if visit.csrf:
        return visit.page("sign_in.html", token=visit.csrf, onward=visit.asked("next"), wrong="")
    secret, token = sessions.welcome()
    response = visit.page("sign_in.html", token=token, onward=visit.asked("next"), wrong="")
    sessions.greet(visit, response, secret)
    return response


def sign_in(visit: Visit) -> Response:
    """Check name and password. Raises Denied while throttled."""
    name, password = visit.field("name"), visit.form.get("password", ("",))[0]
    person = None
    client = visit.request.client
    if 0 < len(password) <= PASSWORD_LENGTH_MAX:
        with visit.desk.database.writing() as connection:
            person = people.authenticate(
                connection, name=name, password=password, address=client.host if client else "", now=visit.now,
                settings=visit.desk.response,
            )  # fmt: skip
            token = "" if person is None else people.open_session(
                connection, person.id, now=visit.now, settings=visit.desk.response
            )  # fmt: skip
    if person is None:
        wrong = "姓名或口令不对。口令分大小写；忘了请找本单位管理员重设。"
        if visit.wants_json:
            return visit.json({"ok": False, "error": wrong}, status=401)
        return visit.page("sign_in.html", status=401, token=visit.csrf, onward=visit.field("next"), wrong=wrong)
    response = visit.done("/password" if person.one_time else _onward(visit.field("next")))
    sessions.keep(visit, response, token)
    return response


def sign_out(visit: Visit) -> Response:
    """End the session."""
    with visit.desk.database.writing() as connection:
        people.end_session(connection, visit.request.cookies.get(sessions.SESSION, ""))
    response = visit.done("/sign-in", "signed_out")
    sessions.drop(visit, response)
    return response


def show_password(visit: Visit) -> Response:
    """Show the form for a new password."""
    with visit.desk.database.reading() as connection:
        owed = people.must_change_password(connection, visit.officer.id)
    return visit.page("password.html", owed=owed, shortest=people.PASSWORD_MIN)


def set_password(visit: Visit) -> Response:
    """Change one's own password; every session of it ends and a new one begins here."""
    new, again = visit.form.get("new", ("",))[0], visit.form.get("again", ("",))[0]
    if new != again:
        raise Rejected("两次输入的新口令不一样。请重新输入。")
    if new == visit.form.get("password", ("",))[0]:
        raise Rejected("新口令和现在的一样。请换一个。")
    if len(new) > PASSWORD_LENGTH_MAX:
        raise Rejected(f"口令最多 {PASSWORD_LENGTH_MAX} 个字符。")
    client = visit.request.client
    settings = visit.desk.response
    with visit.desk.database.writing() as connection:
        known = people.authenticate(
            connection, name=visit.officer.name, password=visit.form.get("password", ("",))[0][:PASSWORD_LENGTH_MAX],
            address=client.host if client else "", now=visit.now, settings=settings,
        )  # fmt: skip
        if known is not None:
            people.set_password(connection, known.id, password=new, by=known.id, now=visit.now)
            token = people.open_session(connection, known.id, now=visit.now, settings=settings)
    if known is None:
        raise Rejected("现在的口令不对，口令没有更换。")
    response = visit.done("/inbox", "password")
    sessions.keep(visit, response, token)
    return response


def _onward(wanted: str) -> str:
    """Return a page of this desk; never another site's address."""
    parts = urlsplit(wanted.replace("\\", "/"))
    own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return wanted if own and not wanted.startswith(("/sign-", "/events")) else "/inbox"
