"""What the terminal says when the demo begins."""

from collections.abc import Mapping
from pathlib import Path


def text(address: str, passwords: Mapping[str, str], folder: Path) -> str:
    """Return the address, the sign-ins and what will happen."""
    people = "\n".join(f"    {name:<6}\t{password}" for name, password in passwords.items())
    return f"""
倾听 · 样例镇演示（全部内容虚构，处处标“样例”）

  值班台  {address}
  登录（姓名 口令）：
{people}

  接下来：
    几秒内    三个本机小网站的两周旧帖被采集、理解、入索引
    约 10 秒  “星澜电子厂”的事开始发酵，预警自己出现在页面上，不用刷新
    约 15 秒  有人求助：危急的排在最上面，只有值班员和坐席看得见
  可以试试：用 样例值班员 签收、定级、研判为“回应”；用 样例网评员 认领、起草、送审；
    用 样例审核员 和 样例领导 审核；再用 样例值班员 把求助转交给 12338，用 样例坐席 签收。

  数据在 {folder}，按 Ctrl-C 结束。
"""
