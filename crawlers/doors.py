"""Doors that a page puts before itself: a log-in, a captcha, a refusal. None of them is ever opened."""

import re
from typing import Final
from urllib.parse import urlsplit

_DOOR: Final = re.compile(
    r"(?:^|[/._-])(?:log-?in|sign-?in|passport|captcha|verify|sso|oauth2?|antispider)(?:[/._-]|$)",
    re.IGNORECASE,
)
_INSTEAD: Final = "要登录或验证的页面不采，请停用该信源，改用官方接口（kind: json 加自己的令牌）、导入或推送。"


def refusal(url: str, status: int, *, was_redirected: bool) -> str:
    """Return why an answer is a door and what is honest instead, one Chinese sentence; "" for any other answer."""
    if status in {401, 407, 511}:
        return f"{url} 要求登录（{status}）：{_INSTEAD}"
    if status in {403, 451}:
        return f"{url} 不许采集（{status}）：请停用该信源，或向对方要订阅源、接口或授权；不要换身份再试。"
    parts = urlsplit(url)
    if was_redirected and _DOOR.search(f"{(parts.hostname or '').partition('.')[0]}/{parts.path}"):
        return f"页面转到了登录或验证页 {parts.scheme}://{parts.netloc}{parts.path}：{_INSTEAD}"
    return ""
