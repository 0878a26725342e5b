"""The desk role: the web desk on its port, until told to stop."""

import errno
import socket
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from backends.secrets import read_secret
from contracts.errors import NotConfigured, reason_of
from qingting.hot_standings import standings
from qingting.wiring import House

if TYPE_CHECKING:
    from contracts.explanation import Explain, Explanation
    from contracts.ports.crawl_state import SourceHealth
    from contracts.ports.intake import Intake
    from desk.app import Desk, RoleState, SourceCard
    from qingting.status import DeadLetters


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
            f"不能在 {host}:{port} 上提供值班台（{reason_of(failed)}）。请检查 qingting.toml 的 [desk] host 和 port。"
        ) from failed


def serve(house: House, stop: threading.Event) -> None:
    """Serve the desk until `stop`. Raises NotConfigured where the port is taken."""
    from desk import serving

    settings = house.settings.desk
    require_free_port(settings.host, settings.port)
    serving.serve(desk_of(house), host=settings.host, port=settings.port, should_stop=stop.is_set)


def desk_of(house: House) -> "Desk":
    """Return the desk of a house, with what it shows of the crawlers and the roles."""
    from desk.app import Desk
    from qingting.status import DeadLetters

    dead_letters = DeadLetters(house.log)
    return Desk(
        database=house.database, index=house.index, log=house.log, clock=house.clock, settings=house.settings.desk,
        response=house.settings.response, reports=house.home.reports, sources=lambda: _sources(house),
        health=house.crawl_state.health, roles=lambda: _roles(house, dead_letters), rules=lambda: house.rules,
        days=house.crawl_book.days, ask_now=house.crawl_book.ask_now, expected_gap_s=_expected_gap_s,
        requests=house.crawl_state.requests,
        standings=lambda source: standings(house, source),
        sample=house.has_samples, explain=_explain(house), intake=_intake(house), **_metrics(house),
    )  # fmt: skip


def _intake(house: House) -> "Intake":
    """Return what takes in pushes and reports; sources, secrets and edge are opened when the first one comes."""
    from crawlers.intake import EdgeIntake

    return EdgeIntake(
        sources=lambda: house.sources, secret=lambda source: house.home.secret(f"push-{source}.key"),
        edge=lambda: house.edge, log=house.log, clock=house.clock,
    )  # fmt: skip


def _explain(house: House) -> "Explain | None":
    """Return what explains a judgement; the model is read when it is first asked."""
    if house.settings.pipeline.scorer != "ngram":
        return None

    def explain(text: str) -> "Explanation":
        from qingting.scoring import explainer

        return explainer(house.scorer)(text)

    return explain


def _sources(house: House) -> "Sequence[SourceCard]":
    from desk.app import SourceCard

    return [
        SourceCard(
            id=source.id, name=source.name or source.id, kind=source.kind, url=source.url, enabled=source.enabled,
            interval_s=source.interval_s, place=source.place, basis=source.basis, sample=source.sample,
        )
        for source in house.sources
    ]  # fmt: skip


def _expected_gap_s(health: "SourceHealth") -> float | None:
    from crawlers.agenda import rhythm_of

    rhythm = rhythm_of(health)
    return rhythm.expected_gap_s or None if rhythm else None


def _roles(house: House, dead_letters: "DeadLetters") -> "Sequence[RoleState]":
    from desk.app import RoleState
    from qingting.status import status

    found = status(house, dead_letters).roles
    return [RoleState(role=name, alive=role.alive, lag=role.lag) for name, role in found.items()]


def _metrics(house: House) -> dict[str, Any]:
    file = house.settings.desk.metrics_token_file
    if not file:
        return {}
    from qingting.metrics import exposition

    return {
        "metrics": exposition(house),
        "metrics_token": read_secret(house.home.secrets, file, "desk.metrics_token_file"),
    }
