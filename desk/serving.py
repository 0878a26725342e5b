"""The desk on uvicorn, until told to stop."""

import asyncio
from collections.abc import Callable

import uvicorn

from desk.app import Desk, build

_LOOK_S = 0.2
_GRACE_S = 3


def serve(desk: Desk, *, host: str, port: int, should_stop: Callable[[], bool]) -> None:
    """Serve until `should_stop`; blocks. Open event streams are ended first, then what is being answered is finished."""
    asyncio.run(_serve(desk, host, port, should_stop))


async def _serve(desk: Desk, host: str, port: int, should_stop: Callable[[], bool]) -> None:
    app = build(desk)
    settings = uvicorn.Config(
        app, host=host, port=port, log_level="warning", access_log=False, server_header=False, date_header=True,
        timeout_graceful_shutdown=_GRACE_S, lifespan="on",
    )  # fmt: skip
    server = uvicorn.Server(settings)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # the program's own runner has them

    async def watch() -> None:
        while not should_stop() and not server.should_exit:  # noqa: ASYNC110 - the runner's flag is no asyncio event
            await asyncio.sleep(_LOOK_S)
        await asyncio.to_thread(app.state.live.stop)
        server.should_exit = True

    watching = asyncio.create_task(watch())
    try:
        await server._serve()  # noqa: SLF001 - `serve` would take SIGTERM from the program's runner
    finally:
        server.should_exit = True
        await watching
