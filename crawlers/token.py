"""The operator's own token for an official interface: read from the environment at each crawl, kept nowhere."""

from collections.abc import Mapping

from contracts.errors import NotConfigured
from crawlers.source import Token


def token_header(token: Token, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return name and value of the header. Raises NotConfigured, naming the variable and never its value."""
    value = environment.get(token.env, "").strip()
    if not value:
        raise NotConfigured(f"环境变量 {token.env} 没有设置：请在启动程序的环境里写上你自己的令牌，再重新启动。")
    if not value.isascii() or not value.isprintable():
        raise NotConfigured(f"环境变量 {token.env} 里有不能放进请求的字符：请重新复制令牌。")
    return token.header, f"{token.scheme} {value}".strip()
