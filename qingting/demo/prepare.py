"""The demo's own home: the town as its sources, the default rules, a desk on a chosen port."""

from typing import Final

from qingting.demo.town import HOST, Town
from qingting.home import Home

_CITY: Final = "430100"
"""The sites' own area; the town itself is invented and stands on no map."""
_EVERY_S: Final = 1


def prepare(home: Home, town: Town, *, port: int, backends: str = "") -> None:
    """Write the demo's settings (and those of the backends, as TOML) and sources into a home that was just created."""
    home.settings_file.write_text(f"{backends}\n{_settings(port)}", "utf-8")
    home.sources_file.write_text(_sources(town), "utf-8")


def _settings(port: int) -> str:
    return f"""# 样例镇演示的设置
[desk]
host = "{HOST}"
port = {port}

[response.hotline.430000]
opens = "00:00"
closes = "23:59"
days = [1, 2, 3, 4, 5, 6, 7]
"""


def _sources(town: Town) -> str:
    loopback = f"""    interval_s: {_EVERY_S}
    request_gap_s: 0
    allow_private: [{HOST}]
    place: {_CITY}
    sample: true
    basis: 随程序提供的样例站点，内容全为虚构"""
    return f"""# 样例镇的三个站点，都在本机，内容全为虚构
sources:
  - id: sample-forum
    name: 样例镇论坛（虚构）
    kind: forum
    url: {town.forum}
    author_kind: person
{loopback}
    list:
      row: li.thread
      link: a.title
      changed_by: .replies
      next: a.next
      pages_max: 5
    thread:
      title: h1
    post:
      row: article.post
      id: ::attr(id)
      text: .content
      author: .author
      published_at: time::attr(datetime)
  - id: sample-daily
    name: 样例日报（虚构）
    kind: feed
    url: {town.daily}
    author_kind: media
{loopback}
  - id: sample-mailbox
    name: 样例镇公开信箱（虚构）
    kind: forum
    url: {town.mailbox}
{loopback}
    list:
      row: tr.letter
      link: a
      changed_by: .state
      pages_max: 5
    post:
      row: article.letter
      id: ::attr(id)
      title: h1
      text: .body
      published_at: .date::attr(datetime)
"""
