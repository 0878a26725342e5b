"""The desk as an ASGI application: routes with their guards, and the order in which a request is judged."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from alerts.rule import Rule
from contracts.errors import Conflict, NotConfigured, Rejected, Retryable
from contracts.explanation import Explain
from contracts.ports.clock import Clock
from contracts.ports.crawl_book import SourceDay
from contracts.ports.crawl_state import HostRequests, SourceHealth
from contracts.ports.database import Database
from contracts.ports.index import Index
from contracts.ports.intake import Intake
from contracts.ports.log import Log
from contracts.standing import Standing
from desk import faults, probes, pushes, sessions
from desk.headers import Bounded, Headed, TooLargeError
from desk.live import Live
from desk.rendering import Rendering
from desk.routes import Guarded
from desk.settings import DeskSettings
from desk.visit import NotFound, Visit, clean
from response.access import Denied
from response.settings import ResponseSettings

STATIC: Final = Path(__file__).parent / "static"
_LOG: Final = logging.getLogger(__name__)
_FORM_FIELDS_MAX: Final = 200


class SourceCard(msgspec.Struct, frozen=True, kw_only=True):
    """What the desk shows of a source; how it is crawled is the crawlers' business."""

    id: str
    name: str
    kind: str
    url: str
    enabled: bool
    interval_s: float | None
    """The longest interval; None where the source's own rhythm decides."""
    place: str = ""
    basis: str = ""
    sample: bool = False


class RoleState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a role of the program lives, and how far behind it is."""

    role: str
    alive: bool
    lag: int = 0


@dataclass(frozen=True)
class Desk:
    """Everything the desk stands on. `sources`, `health` and `roles` are asked anew each time they are shown."""

    database: Database
    index: Index
    log: Log
    clock: Clock
    settings: DeskSettings
    response: ResponseSettings
    reports: Path
    """Folder of the signed reports' files."""
    sources: Callable[[], Sequence[SourceCard]] = tuple
    health: Callable[[], Sequence[SourceHealth]] = tuple
    days: Callable[[date, str], Sequence[SourceDay]] = lambda _since, _source: ()
    """What collecting brought since a day, of one source or ("") of all."""
    ask_now: Callable[[str, datetime], datetime | None] | None = None
    """Has a source crawled as soon as may be; says when."""
    expected_gap_s: Callable[[SourceHealth], float | None] = lambda _health: None
    """The seconds between two posts that a source's own habit leads one to expect; None while unknown."""
    requests: Callable[[date], Sequence[HostRequests]] = lambda _since: ()
    """How many requests each host got by day since a day, of all sources together."""
    standings: Callable[[str], Sequence[Standing]] = lambda _source: ()
    """The entries of a hot list as of the last look, in its order, then those that left it."""
    rules: Callable[[], Sequence[Rule]] = tuple
    roles: Callable[[], Sequence[RoleState]] = tuple
    explain: Explain | None = None
    """Why the model in use judges a text as it does; None where it cannot say so."""
    intake: Intake | None = None
    """What takes in pushes and officers' own reports; None where the house takes none."""
    metrics: Callable[[], bytes] | None = None
    """The house's metrics as Prometheus reads them; None where they are not switched on."""
    metrics_token: str = ""
    sample: bool = False
    """True in the demo: every page says 样例."""


def build(desk: Desk) -> Starlette:
    """Return the application; it starts its one background thread when the server starts it."""
    from desk.pages import routes

    live = Live(desk)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        live.start()
        try:
            yield
        finally:
            await run_in_threadpool(live.stop)

    app = Starlette(
        routes=[
            *(_route(desk, guarded) for guarded in routes()),
            Route("/events", live.events),
            *probes.routes(desk),
            *pushes.routes(desk),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/{path:path}", _nowhere(desk), methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
        ],
        lifespan=lifespan,
        middleware=[
            Middleware(Headed, https=desk.settings.https),
            Middleware(
                Bounded,
                hosts=(desk.settings.host, *desk.settings.hosts),
                request_max=desk.settings.request_max_kib * 1024,
            ),
        ],
    )
    app.state.rendering = Rendering(live)
    app.state.desk = desk
    app.state.live = live
    return app


def _route(desk: Desk, guarded: Guarded) -> Route:
    async def answer(request: Request) -> Response:
        posted: Mapping[str, tuple[str, ...]] = {}
        if request.method == "POST":
            try:
                posted = await _form(request)
            except (TooLargeError, ClientDisconnect):
                return faults.sentence_page(request, 413, "提交的内容太大。请缩短后再试。")
            except Rejected as broken:
                return faults.sentence_page(request, 400, str(broken))
        return await run_in_threadpool(_answer, desk, guarded, request, posted)

    return Route(guarded.path, answer, methods=["POST"] if guarded.posts else ["GET"])


def _nowhere(desk: Desk) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        return await run_in_threadpool(_answer, desk, Guarded("", _missing, public=False), request, {})

    return answer


def _missing(visit: Visit) -> Response:
    raise NotFound(visit.request.url.path)


def _answer(desk: Desk, guarded: Guarded, request: Request, posted: Mapping[str, tuple[str, ...]]) -> Response:
    now = desk.clock.now()
    visit = None
    try:
        session = sessions.of(desk, request, now, may_owe=guarded.may_owe)
        visit = Visit(
            desk, request, session.officer if session else None, posted, sessions.csrf(request), now,
            owes_password=session is not None and session.owes_password,
        )  # fmt: skip
        if session is None and not guarded.public:
            return _to_sign_in(visit)
        _let_in(guarded, visit)
        return guarded.page(visit)
    except sessions.PasswordOwed:
        return faults.to_password(request)
    except NotFound:
        return faults.page(visit, request, 404, "没有这个页面，或者它不在你的职责范围内。")
    except Denied as denied:
        return faults.page(visit, request, 403 if guarded.posts else 404, _denial(guarded, denied))
    except Rejected as rejected:
        return faults.page(visit, request, 400, str(rejected))
    except Conflict as conflict:
        return faults.page(visit, request, 409, str(conflict))
    except (Retryable, NotConfigured) as away:
        return faults.page(visit, request, 503, str(away))
    except Exception:  # noqa: BLE001 - the border: whatever went wrong inside, the officer gets a page that says what to do
        _LOG.exception("the desk failed on %s %s", request.method, guarded.path)
        return faults.page(
            visit, request, 500, "值班台出了故障，这一步没有做成。请再试一次；仍不行请告诉管理员出错的时间。"
        )


def _let_in(guarded: Guarded, visit: Visit) -> None:
    """Raise Rejected for a form that is not this session's own, NotFound where the officer has no business."""
    if guarded.posts and not sessions.is_own_form(visit):
        raise Rejected("这个页面放得太久或不是从值班台打开的，操作没有执行。请刷新页面，再做一次。")
    if not guarded.lets_in(visit.signed_in):
        raise NotFound(visit.request.url.path)


def _denial(guarded: Guarded, denied: Denied) -> str:
    return str(denied) if guarded.posts else "没有这个页面，或者它不在你的职责范围内。"


def _to_sign_in(visit: Visit) -> Response:
    if visit.wants_json or visit.request.method == "POST":
        return faults.page(visit, visit.request, 401, "你还没有登录，或登录已过期。请重新登录。")
    from urllib.parse import quote

    url = visit.request.url
    back = url.path + (f"?{url.query}" if url.query else "")
    return RedirectResponse("/sign-in" if back == "/" else f"/sign-in?next={quote(back)}", 303)


async def _form(request: Request) -> Mapping[str, tuple[str, ...]]:
    kind = request.headers.get("content-type", "").split(";")[0].strip()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data", ""):
        raise Rejected("提交的格式不对。请从页面上的按钮提交。")
    from starlette.exceptions import HTTPException

    try:
        form = await request.form(max_files=0, max_fields=_FORM_FIELDS_MAX)
    except HTTPException as broken:
        raise Rejected("提交的内容读不懂。请刷新页面，再做一次。") from broken
    found: dict[str, tuple[str, ...]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            found[clean(name)] = (*found.get(clean(name), ()), clean(value))
    return found
