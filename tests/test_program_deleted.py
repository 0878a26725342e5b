"""A public post that its source deletes: crawled, shown, then gone from index and desk with the next crawl."""

from pathlib import Path

import pytest

from qingting.home import Home
from qingting.settings import load
from qingting.wiring import House
from response import helping
from tests.program import answered, done
from tests.site.serving import Answer, serving
from tests.test_crawlers_site import ROBOTS, listing, thread

pytestmark = pytest.mark.slow
SOURCE = """
sources:
- id: town
  kind: forum
  url: {url}/b
  allow_private: ["127.0.0.1"]
  request_gap_s: 0
  basis: 测试
  list: {{row: li.thread, link: a, changed_by: .replies}}
  post: {{row: article, id: "::attr(id)", text: .content, published_at: "time::attr(datetime)"}}
"""


def test_what_is_deleted_at_its_source_leaves_index_and_desk_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    done(folder, "init")
    with serving() as site:
        (folder / "sources.yaml").write_text(SOURCE.format(url=site.url))
        site.routes |= {
            "/robots.txt": ROBOTS,
            "/b": Answer(listing(("1", 1), ("2", 1))),
            "/t/1": Answer(thread(("1", "他又打我了，我带着孩子不敢回家，求求谁能救救我们"))),
            "/t/2": Answer(thread(("2", "体检车今天进村，姐妹们都去了。"))),
        }
        assert answered(folder, "crawl", "town")["accepted"] == 2
        answered(folder, "drain")
        (task,) = [one for one in answered(folder, "tasks")["tasks"] if one["kind"] == "help"]
        assert answered(folder, "search", "孩子")["total"] == 1
        site.routes |= {"/b": Answer(listing(("1", 2), ("2", 1))), "/t/1": Answer("", 410)}
        assert answered(folder, "crawl", "town")["gone"] == 1
        assert answered(folder, "search", "孩子")["total"] == 0
        assert answered(folder, "search", "体检车")["total"] == 1
    home = Home(folder)
    with House(home, load(home.settings_file)) as house, house.database.reading() as connection:
        kept = helping.get(connection, task["id"])
    assert kept is not None
    assert (kept.post, kept.marks, kept.state) == ("", (), "pending")
