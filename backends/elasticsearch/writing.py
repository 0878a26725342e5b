"""Bulk requests, in which every item's own result is looked at."""

import random
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from elasticsearch import ApiError, BadRequestError, Elasticsearch

from contracts.errors import Retryable

_MOST: Final = 1_000
_MOST_BYTES: Final = 5 * 1024 * 1024
_PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
_TOO_LARGE: Final = 413
_PATIENCE_S: Final = 10.0
_CONFLICT: Final = 409


class Action(msgspec.Struct, frozen=True):
    """One item of a bulk request: its metadata, and the source of what is written (b"" for a deletion)."""

    id: str
    head: bytes
    source: bytes = b""


class Result(msgspec.Struct, frozen=True):
    """What became of one action."""

    action: Action
    status: int
    reason: str = ""

    @property
    def is_conflict(self) -> bool:
        return self.status == _CONFLICT


def index_action(index: str, identity: str, version: int, source: bytes) -> Action:
    """Write unless a newer version stands."""
    return Action(identity, _head("index", index, identity, version), source)


def delete_action(index: str, identity: str, version: int) -> Action:
    """Delete unless a newer version stands."""
    return Action(identity, _head("delete", index, identity, version))


def bulk(client: Elasticsearch, actions: Sequence[Action], *, refresh: bool = False) -> list[Result]:
    """Do all actions, again where the server was only busy; return those that it refused for good or found a conflict in.

    Raises Retryable where items still find the server busy after 10 s; what was done before stays done.
    """
    refused: list[Result] = []
    for portion in _portions(actions):
        waiting, until_s, pause_s = list(portion), time.monotonic() + _PATIENCE_S, 0.1
        while True:
            ended = _once(client, waiting, refresh=refresh)
            refused += [result for result in ended if result.status >= 400 and result.status not in _PASSING]
            busy = [result for result in ended if result.status in _PASSING]
            if not busy:
                break
            if time.monotonic() > until_s:
                raise Retryable(f"Elasticsearch 正忙，{len(busy)} 条没有写进去（{busy[0].reason}）；程序会自动重试。")
            waiting = [result.action for result in busy]
            time.sleep(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, 2.0)
    return refused


def _once(client: Elasticsearch, actions: Sequence[Action], *, refresh: bool) -> list[Result]:
    lines: list[Any] = [line for action in actions for line in (action.head, action.source) if line]
    try:
        items = client.bulk(operations=lines, refresh=refresh)["items"]
    except (BadRequestError, ApiError) as refusal:
        if refusal.status_code not in (400, _TOO_LARGE):
            raise
        if len(actions) == 1:
            return [Result(actions[0], 400, str(refusal)[:300])]
        middle = len(actions) // 2  # one of them spoils the whole request: find it
        return _once(client, actions[:middle], refresh=refresh) + _once(client, actions[middle:], refresh=refresh)
    return [_result(action, item) for action, item in zip(actions, items, strict=True)]


def _result(action: Action, item: dict[str, dict[str, Any]]) -> Result:
    (answer,) = item.values()
    error = answer.get("error") or {}
    return Result(
        action, answer["status"], f"{error.get('type', '')}: {error.get('reason', '')}"[:300] if error else ""
    )


def _portions(actions: Sequence[Action]) -> Iterator[list[Action]]:
    portion: list[Action] = []
    size = 0
    for action in actions:
        if portion and (len(portion) >= _MOST or size + len(action.source) > _MOST_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(action)
        size += len(action.source)
    if portion:
        yield portion


def _head(kind: str, index: str, identity: str, version: int) -> bytes:
    return msgspec.json.encode(
        {kind: {"_index": index, "_id": identity, "version": version, "version_type": "external_gte"}}
    )
