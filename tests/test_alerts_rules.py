"""rules.yaml: what is written is what runs, and every fault is told at once with line, key and remedy."""

from pathlib import Path

import pytest

from alerts.rule import PLEA, QuietHours, Rule, Threshold
from alerts.rules import check_rules, load_rules
from contracts.errors import Rejected

ROOT = Path(__file__).parent.parent


def written(folder: Path, text: str) -> Path:
    file = folder / "rules.yaml"
    file.write_text(text, "utf-8")
    return file


def faults(folder: Path, text: str) -> list[tuple[int, str, str]]:
    file = written(folder, text)
    found = check_rules(file)
    with pytest.raises(Rejected) as refused:
        load_rules(file)
    for fault in found:
        assert str(fault.line) in str(refused.value)
        assert fault.key in str(refused.value)
    return [(fault.line, fault.key, fault.sentence) for fault in found]


@pytest.mark.parametrize("text", ["", "rules: []\n", "# nothing yet\n"])
def test_somebody_who_asks_for_help_is_heard_whatever_the_file_says(tmp_path: Path, text: str) -> None:
    assert load_rules(written(tmp_path, text)) == (PLEA,)


def test_the_shipped_rules_can_be_loaded_and_hold_the_plea_rule_once() -> None:
    rules = load_rules(ROOT / "qingting/starting/rules.yaml")
    assert [rule.type for rule in rules].count("plea") == 1
    assert {rule.type for rule in rules} == {"plea", "frequency", "burst"}


def test_what_is_written_is_what_runs(tmp_path: Path) -> None:
    text = """\
quiet_hours: {start: "23:00", until: "07:00", levels: [blue]}
rules:
  - id: violence
    type: frequency
    where: {topics: [domestic_violence], regions: ["430100"], sentiment: [negative]}
    group_by: [topic, region]
    min_posts: 20
    levels:
      orange: {min_posts: 60}
  - {id: own-hours, type: burst, quiet_hours: {start: "22:00"}}
  - {id: plea, type: plea, title: 求助}
"""
    violence, own, plea = load_rules(written(tmp_path, text))
    assert (violence.id, violence.min_posts, violence.min_authors) == (
        "violence",
        20,
        Rule(id="x", type="burst").min_authors,
    )
    assert violence.levels.rising() == (("orange", Threshold(min_posts=60)),)
    assert violence.quiet_hours == QuietHours(start="23:00", until="07:00", levels=("blue",))
    assert own.quiet_hours == QuietHours(start="22:00")
    assert plea.type == "plea"


def test_a_misspelt_name_is_told_with_its_line_and_the_nearest_one(tmp_path: Path) -> None:
    text = """\
rules:
  - id: a
    type: frequency
    min_post: 3
    where:
      topics: [employmnet]
"""
    ((line, key, sentence), (other_line, other_key, other_sentence)) = faults(tmp_path, text)
    assert (line, key) == (4, "rules[1].min_post")
    assert "min_posts" in sentence
    assert (other_line, other_key) == (6, "rules[1].where.topics")
    assert "employment" in other_sentence


@pytest.mark.parametrize(
    ("rule", "key", "word"),
    [
        ("{id: a, type: frequenzy}", "type", "frequency"),
        ("{type: frequency}", "id", "缺少"),
        ("{id: A B, type: frequency}", "id", "小写"),
        ("{id: a, type: frequency, min_posts: many}", "min_posts", ""),
        ("{id: a, type: frequency, min_posts: 0}", "min_posts", "1"),
        ("{id: a, type: frequency, window_minutes: 100000}", "window_minutes", "1440"),
        ("{id: a, type: frequency, negative_share: 60}", "negative_share", "0.6"),
        ("{id: a, type: frequency, levels: {red: {ratio: 3}}}", "levels.red", "burst"),
        ("{id: a, type: frequency, level: red, levels: {blue: {min_posts: 3}}}", "levels.blue", "red"),
        ("{id: a, type: burst, ratio: 0.5}", "ratio", "1"),
        ("{id: a, type: frequency, where: {regions: ['43']}}", "where.regions", "430100"),
        ("{id: a, type: frequency, inhibited_by: [b]}", "inhibited_by", "b"),
        ("{id: a, type: frequency, quiet_hours: {start: '25:00'}}", "quiet_hours.start", "22:00"),
        ("{id: a, type: frequency, quiet_hours: {levels: [red]}}", "quiet_hours.levels", "红色"),
        ("{id: plea, type: frequency}", "id", "求助"),
        ("{id: mine, type: plea}", "id", "plea"),
        ("{id: plea, type: plea, enabled: false}", "enabled", "不能关闭"),
        ("{id: plea, type: plea, min_posts: 5}", "min_posts", "一帖即报"),
    ],
)
def test_what_cannot_run_is_refused_with_key_and_remedy(tmp_path: Path, rule: str, key: str, word: str) -> None:
    found = faults(tmp_path, f"rules:\n  - {rule}\n")
    assert any(
        line == 2 and at.removeprefix("rules[1]").lstrip(".") == key and word in sentence for line, at, sentence in found
    ), found  # fmt: skip


def test_an_id_stands_once(tmp_path: Path) -> None:
    ((line, key, sentence),) = faults(
        tmp_path, "rules:\n  - {id: a, type: burst}\n  - {id: b, type: burst}\n  - {id: a, type: frequency}\n"
    )
    assert (line, key) == (4, "rules[3].id")
    assert "第 2 行" in sentence


@pytest.mark.parametrize("text", ["rules: [", "- a\n- b\n", "rules: {a: 1}\n", "rules:\n\t- a\n", "just words\n"])
def test_what_is_no_such_file_is_told_and_never_read_as_no_rules(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"rules\.yaml"):
        load_rules(tmp_path / "rules.yaml")
