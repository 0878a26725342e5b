"""The signed webhook."""

import hmac
import time
from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from backends.clock import SystemClock
from contracts.errors import NotConfigured
from contracts.notification import Notification, Receipt
from contracts.ports.clock import Clock

_LARGEST_ANSWER_BYTES: Final = 65_536
_WORTH_ANOTHER_TRY: Final = frozenset({408, 425, 429})
_encoder: Final = msgspec.json.Encoder()


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """Return what the receiver compares: HMAC-SHA256 of timestamp, a full stop and the body, in hex."""
    return hmac.new(secret, timestamp.encode() + b"." + body, sha256).hexdigest()


class WebhookNotifier:
    """One POST of JSON to an address of the deployment.

    needs: nothing · configuration: `[webhook] url, secret_file, timeout_s` · delivery: at least once; header
    `Qingting-Id` tells repeats, `Qingting-Timestamp` and `Qingting-Signature` (v1=hex, see `signature`) prove the
    sender · success: HTTP 2xx **and** a JSON body with `"ok": true`, `"success": true`, `"errcode": 0` or `"code": 0` ·
    limits: no redirects, no proxy of the environment, an answer of 64 KiB, `timeout_s` for the whole exchange.
    """

    def __init__(self, url: str, secret: bytes, *, timeout_s: float = 5.0, clock: Clock | None = None) -> None:
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise NotConfigured("qingting.toml 的 webhook.url 不是网址；请写成 https://主机/路径，或留空关闭。")
        if not secret:
            raise NotConfigured("qingting.toml 的 webhook 缺签名密钥；请在 webhook.secret_file 写明密钥文件。")
        self._url = url
        self._secret = secret
        self._timeout_s = timeout_s
        self._clock = clock or SystemClock()
        self._client = httpx.Client(timeout=timeout_s, follow_redirects=False, trust_env=False)

    def send(self, notification: Notification) -> Receipt:
        body = _encoder.encode(notification)
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Qingting-Id": quote(notification.id),
            "Qingting-Timestamp": timestamp,
            "Qingting-Signature": f"v1={signature(self._secret, timestamp, body)}",
        }
        try:
            status, answer = self._exchange(body, headers)
        except httpx.TimeoutException:
            return Receipt(delivered=False, detail=f"对方 {self._timeout_s:g} 秒内没有答复。")
        except httpx.HTTPError as failed:
            return Receipt(delivered=False, detail=f"连不上对方（{type(failed).__name__}）。")
        return _judged(status, answer)

    def close(self) -> None:
        self._client.close()

    def _exchange(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        until_s = time.monotonic() + self._timeout_s
        with self._client.stream("POST", self._url, content=body, headers=headers) as response:
            answer = b""
            for part in response.iter_bytes():
                answer += part
                if time.monotonic() > until_s:
                    raise httpx.ReadTimeout("the answer never ended")
                if len(answer) > _LARGEST_ANSWER_BYTES:
                    break
            return response.status_code, answer


def _judged(status: int, answer: bytes) -> Receipt:
    if not 200 <= status < 300:
        retryable = status >= 500 or status in _WORTH_ANOTHER_TRY
        return Receipt(delivered=False, detail=f"对方答复 HTTP {status}。", retryable=retryable)
    try:
        body = msgspec.json.decode(answer)
    except msgspec.DecodeError:
        return Receipt(delivered=False, detail="对方的答复不是 JSON，不能算送达；请检查 webhook.url。")
    if isinstance(body, dict) and _agreed(body):
        return Receipt(delivered=True, detail="对方已确认。", retryable=False)
    return Receipt(delivered=False, detail=f"对方没有确认：{answer[:200].decode('utf-8', 'replace')}")


def _agreed(body: dict[str, object]) -> bool:
    """Every verdict that stands in the body must be good, and one must stand there."""
    verdicts = [body[name] is True for name in ("ok", "success") if name in body]
    verdicts += [type(body[name]) is int and body[name] == 0 for name in ("errcode", "code") if name in body]
    return bool(verdicts) and all(verdicts)
