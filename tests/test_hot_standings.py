"""A hot list crawled for real: its entries lead to the posts that they became, and the command says what changed."""

import json
from pathlib import Path

import pytest

from qingting.home import Home
from qingting.hot_standings import standings
from qingting.settings import load
from qingting.wiring import House
from tests.program import answered, done
from tests.site.serving import Answer, serving
from tests.test_crawlers_site import ROBOTS

pytestmark = pytest.mark.slow
SOURCE = """
sources:
- id: hot
  kind: hotlist
  url: {url}/hot
  allow_private: ["127.0.0.1"]
  request_gap_s: 0
  json: {{items: data}}
  fields: {{text: title, heat: hot}}
"""


def listed(*words: str) -> Answer:
    entries = [{"title": one, "hot": f"{9 - place}万"} for place, one in enumerate(words)]
    return Answer(json.dumps({"data": entries}), headers={"Content-Type": "application/json"})


def test_an_entry_leads_to_its_post_and_its_change_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    done(folder, "init")
    with serving() as site:
        (folder / "sources.yaml").write_text(SOURCE.format(url=site.url))
        site.routes |= {"/robots.txt": ROBOTS, "/hot": listed("样例市托育补贴今起申领", "样例剧集大结局")}
        answered(folder, "crawl", "hot")
        site.routes["/hot"] = listed("样例剧集大结局", "样例医院两癌筛查")
        said = done(folder, "crawl", "hot")
        assert "榜上 2 条：新 1，升 1，降 0，一天内下榜 1" in said
        answered(folder, "drain")
    home = Home(folder)
    with House(home, load(home.settings_file)) as house:
        entries = standings(house, "hot")
        posts = house.index.get([one.post for one in entries])
        assert standings(house, "unknown") == ()
    assert [(posts[one.post].post.text, one.rank, one.heat, one.change) for one in entries] == [
        ("样例剧集大结局", 1, 90_000, "up"), ("样例医院两癌筛查", 2, 80_000, "new"), ("样例市托育补贴今起申领", 1, 90_000, "off"),
    ]  # fmt: skip
