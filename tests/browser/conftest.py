"""A real Chromium against a served desk; every console error and every request that leaves the machine is a failure."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, ViewportSize, sync_playwright

from tests.desk_world import EVERYBODY, PASSWORD, World, make_world, served

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1280, height=800)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = make_world(tmp_path)
    with served(world):
        yield world
    world.close()


@pytest.fixture
def sign_in(browser: Browser, world: World) -> Iterator[Callable[..., Page]]:
    """Open a page of a fresh browser context and sign in as somebody."""
    faults: list[str] = []
    contexts = []

    def heard(message: ConsoleMessage) -> None:
        refused = "the server responded with a status of 4" in message.text  # what a test asks wrongly on purpose
        if message.type in {"error", "warning"} and not refused:
            faults.append(f"{message.type}: {message.text}")

    def asked(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname != "127.0.0.1":
            faults.append(f"left the machine: {request.url}")

    def open_page(who: str, *, phone: bool = False, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP, color_scheme="dark" if dark else "light", locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )  # fmt: skip
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", asked)
        page.goto(world.address + "/sign-in")
        page.get_by_label("姓名").fill(EVERYBODY[who][0])
        page.get_by_label("口令").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_url("**/inbox")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults
