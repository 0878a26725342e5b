"""A person at the desk, over HTTP: signs in, reads JSON, posts forms. For the demo's check and the bench."""

import re
from contextlib import AbstractContextManager
from typing import Any, Final

import httpx

from contracts.errors import Retryable

_CSRF: Final = re.compile(r'name="csrf" value="([^"]+)"')


class Visitor:
    """One signed-in person. Raises Retryable where the desk refuses, httpx.HTTPError where it cannot be reached."""

    def __init__(self, address: str, name: str, password: str) -> None:
        self._http = httpx.Client(base_url=address, headers={"Accept": "application/json"}, timeout=10, trust_env=False)
        page = self._http.get("/sign-in", headers={"Accept": "text/html"})
        token = _CSRF.search(page.text)
        if token is None:
            raise Retryable("登录页上没有 csrf。")
        answer = self._http.post("/sign-in", data={"name": name, "password": password, "csrf": token.group(1)})
        if answer.status_code != httpx.codes.OK:
            raise Retryable(f"{name} 登录失败：{answer.status_code} {answer.text[:200]}")
        self._csrf = str(self.get("/inbox")["csrf"])

    def get(self, path: str) -> dict[str, Any]:
        answer = self._http.get(path)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def post(self, path: str, **fields: Any) -> None:
        answer = self._http.post(path, data=fields | {"csrf": self._csrf})
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise Retryable(f"{path} 答 {answer.status_code}：{answer.text[:300]}")

    def events(self) -> AbstractContextManager[httpx.Response]:
        """Open the live wire; its lines are server-sent events."""
        return self._http.stream("GET", "/events", headers={"Accept": "text/event-stream"}, timeout=None)

    def close(self) -> None:
        self._http.close()
