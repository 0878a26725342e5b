"""The desk role: the web desk on uvicorn, until told to stop."""

import errno
import socket
import threading

from contracts.errors import NotConfigured
from qingting.wiring import House


def require_free_port(host: str, port: int) -> None:
    """Raise NotConfigured with the remedy where the desk cannot listen."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as failed:
        if failed.errno == errno.EADDRINUSE:
            raise NotConfigured(
                f"端口 {host}:{port} 已被别的程序占用。请停下它，或在 qingting.toml 的 [desk] port 换一个端口。"
            ) from failed
        raise NotConfigured(
            f"不能在 {host}:{port} 上提供值班台（{failed.strerror}）。请检查 qingting.toml 的 [desk] host 和 port。"
        ) from failed


def serve(house: House, stop: threading.Event) -> None:
    """Serve the desk until `stop`. Raises NotConfigured where the port is taken."""
    from desk.serving import serve as serve_desk

    desk = house.settings.desk
    require_free_port(desk.host, desk.port)
    serve_desk(_desk(house), host=desk.host, port=desk.port, should_stop=stop.is_set)


def _desk(house: House):  # type: ignore[no-untyped-def]
    raise NotImplementedError
