"""An officer who opens an older alert finds the whole happening, also once its event was absorbed by another."""

import html
import re
from pathlib import Path

import msgspec

from contracts.identity import alert_id
from tests.desk_world import make_world, served

SAID = (
    "幼儿园退费三天没有说法", "园长说退费要等到学期末", "押金也不肯退", "家长群里都在问退费", "签的合同写着可以退",
    "有人去教育局反映了",
)  # fmt: skip


def test_the_links_of_an_alert_whose_event_was_absorbed_lead_to_the_posts_of_both(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with served(world):
        for number, said in enumerate(SAID):
            world.post(said, event=("younger", "elder")[number % 2], topic="minors")
        opinion = world.opinion()
        alert = msgspec.structs.replace(
            opinion, id=alert_id("growth", "event=younger", 1), rule="growth", key="event=younger", event="younger",
            topic="", region="",
        )  # fmt: skip
        world._open(alert, 1)
        officer = world.client("officer")
        assert sum(said in officer.get("/search?event=younger").text for said in SAID) == 3
        joining = world.post("两边说的是同一家幼儿园", event="elder", topic="minors")
        world.index.put([msgspec.structs.replace(joining, absorbed="younger")])
        page = officer.get(f"/alerts/{alert.id}").text
        links = {html.unescape(link) for link in re.findall(r'href="(/search\?[^"]*event=younger[^"]*)"', page)}
        assert links
        for link in links | {"/search?event=younger", "/search?event=elder"}:
            found = officer.get(link).text
            assert [said for said in (*SAID, "两边说的是同一家幼儿园") if said not in found] == [], link
        counted = officer.json("/situation")["events"]
        assert {one["event"]: one["count"] for one in counted} == {"elder": 7, "e1": 5}
    world.close()
