"""Pages for what went wrong: one sentence that says what to do, in the shape that was asked for."""

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.visit import Visit, wants_json

TITLES = {
    400: "这样不行", 401: "请登录", 403: "不能这样做", 404: "没有找到", 409: "别人先了一步", 413: "内容太大",
    500: "出了故障", 503: "暂时用不了",
}  # fmt: skip


def page(visit: Visit | None, request: Request, status: int, sentence: str) -> Response:
    """Answer with the sentence: as JSON where JSON was asked for, else as a page inside the frame."""
    if visit is None or wants_json(request):
        return sentence_page(request, status, sentence)
    return visit.page("fault.html", status=status, title=TITLES.get(status, "这样不行"), sentence=sentence)


def sentence_page(request: Request, status: int, sentence: str) -> Response:
    """Answer without a frame, for what fails before anybody is known."""
    if wants_json(request):
        return Response(msgspec.json.encode({"ok": False, "error": sentence}), status, media_type="application/json")
    template = request.app.state.rendering.environment.get_template("bare_fault.html")
    return HTMLResponse(template.render(title=TITLES.get(status, "这样不行"), sentence=sentence), status)


def to_password(request: Request) -> Response:
    """Send somebody who holds a one-time password to change it; a script gets the sentence."""
    if wants_json(request) or request.method != "GET":
        return sentence_page(request, 403, "现在的口令只能用一次。请先打开 /password 换成自己的口令，再做别的事。")
    return RedirectResponse("/password", 303)
