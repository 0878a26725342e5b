"""What the command line prints for people."""

import json
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner

from alerts import store
from contracts.alert import Alert, Reason
from contracts.testing.builders import make_document, make_post, make_score
from qingting.cli.looking import alerts_, search_
from qingting.home import Home
from qingting.starting_up import found
from qingting.wiring import House

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)


def test_a_level_is_called_a_suggestion_only_until_an_officer_confirmed_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    found(home, None)
    alert = Alert(
        id="a" * 32, rule="violence", key="topic=x", state="open", opened_at=NOW, level="orange",
        reason=Reason(rule_type="burst", sentence="30 分钟 86 帖"), posts=(),
    )  # fmt: skip
    with House.at(home) as house, house.database.writing() as connection:
        store.open_alert(connection, alert, opening=1, active_at=NOW, escalate_at=None, now=NOW)
    assert "建议橙色" in CliRunner().invoke(alerts_, obj=home).output
    with House.at(home) as house, house.database.writing() as connection:
        store.confirm_level(connection, alert.id, "red", by="x", reason="影响大", now=NOW)
    said = CliRunner().invoke(alerts_, obj=home).output
    assert "红色" in said
    assert "建议" not in said


def test_a_search_for_advice_alone_says_whom_it_is_directed_at(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    found(home, None)
    with House.at(home) as house:
        house.index.put(
            [
                make_document(make_post("妇联没有下文", id="advice"), make_score(-1, target="federation")),
                make_document(make_post("别家没有下文", id="other"), make_score(-1, target="institution")),
            ]
        )
    answer = CliRunner().invoke(search_, ["没有下文", "--advice", "--json"], obj=home)
    assert answer.exit_code == 0, answer.output
    shown = json.loads(answer.stdout)
    assert shown["total"] == 1
    assert [(post["id"], post["target"], post["is_advice"]) for post in shown["posts"]] == [
        ("advice", "federation", True)
    ]
    assert json.loads(CliRunner().invoke(search_, ["没有下文", "--json"], obj=home).stdout)["total"] == 2
