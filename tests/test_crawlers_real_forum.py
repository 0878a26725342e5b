"""A forum that nobody here wrote: Spirit, written in by its own forms, crawled by its preset, everything counted."""

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawlers.times import read_time
from tests.program import answered, done
from tests.site.crawled import described
from tests.site.ledger import Ledger
from tests.spirit_people import Comment, People, Topic
from text.url import canonical_url
from tools.servers.spirit import Spirit

pytestmark = [pytest.mark.servers, pytest.mark.slow]
TOPICS_A_PAGE = 3
COMMENTS_A_PAGE = 4
ACTS = 25
SOURCE = """
id: forum
preset: spirit
url: {url}
request_gap_s: 0
list: {{pages_max: 20}}
"""


@pytest.fixture
def people(spirit: Spirit) -> Iterator[People]:
    """People with a board of their own for each test."""
    people = People(spirit.address)
    people.set_up(topics_per_page=TOPICS_A_PAGE, comments_per_page=COMMENTS_A_PAGE)
    people.opens_board(f"样例版{random.SystemRandom().randrange(10**9)}")
    yield people
    people.close()


@pytest.fixture
def source(people: People, tmp_path: Path) -> dict[str, Any]:
    return described(SOURCE.format(url=people.board), tmp_path)


def wordings(comments: list[Comment]) -> dict[str, list[str]]:
    return {comment.id_in("forum"): comment.wordings for comment in comments}


def last_wordings(comments: list[Comment]) -> dict[str, str]:
    return {comment.id_in("forum"): comment.wordings[-1] for comment in comments}


def test_every_comment_of_every_page_is_kept_once(people: People, source: dict[str, Any], tmp_path: Path) -> None:
    topics = [people.opens(f"话题{number}", f"话题{number}的第一句话。") for number in range(8)]
    for number in range(10):
        people.replies(topics[2], f"第{number}个回帖。")
    kept = Ledger()
    found = kept.crawl(source, state=tmp_path)
    assert (found.outcome.failure, found.outcome.rejected) == ("", 0)
    assert kept.texts() == wordings(people.comments())
    opening = [kept.versions[topic.comments[0].id_in("forum")][0] for topic in topics]
    assert [post.title for post in opening] == [topic.title for topic in topics]
    assert sum(bool(post.title) for post in found.posts) == len(topics)
    assert len({post.author for post in found.posts} - {""}) == 1
    for post in found.posts:
        assert not post.time_is_doubtful
        assert timedelta() <= post.fetched_at - post.published_at < timedelta(minutes=5)
    assert len({post.url for post in found.posts if canonical_url(topics[2].url) in post.url}) == 3  # of three pages
    calm = kept.crawl(source, state=tmp_path)
    assert (calm.outcome.accepted, calm.outcome.duplicates) == (0, 0)
    assert calm.outcome.requests == 1 + 3  # robots.txt and the pages of the list: no topic has changed


def test_an_edit_is_a_new_version_and_what_is_taken_down_goes(
    people: People, source: dict[str, Any], tmp_path: Path
) -> None:
    topics = [people.opens(f"话题{number}", f"话题{number}的第一句话。") for number in range(5)]
    for number in range(6):
        people.replies(topics[0], f"第{number}个回帖。")
    kept = Ledger()
    kept.crawl(source, state=tmp_path)
    edited, removed = topics[0].comments[1], topics[0].comments[5]
    people.edits(edited, "改过的话。")
    people.takes_down(removed)
    people.replies(topics[0], "再说一句。")  # Spirit's list tells of replies alone
    people.takes_down_topic(topics[3])
    found = kept.crawl(source, state=tmp_path)
    assert found.outcome.failure == ""
    assert sorted(found.texts) == ["再说一句。", "改过的话。"]
    assert kept.texts() == wordings(people.comments())
    assert kept.gone_posts == [removed.id_in("forum")]
    assert topics[3].url in kept.gone_addresses
    assert kept.standing() == last_wordings(people.standing())
    again = Ledger().crawl(source, state=tmp_path)
    assert (again.outcome.accepted, again.outcome.gone, again.forgotten, again.forgotten_posts) == (0, 0, (), ())


def test_a_lasting_topic_of_the_last_place_is_missed_when_it_goes(
    people: People, source: dict[str, Any], tmp_path: Path
) -> None:
    topics = [people.opens(f"话题{number}", f"话题{number}的第一句话。") for number in range(4)]
    kept = Ledger()
    kept.crawl(source, state=tmp_path)
    people.takes_down_topic(topics[0])  # the oldest, the only one of the second page
    kept.crawl(source, state=tmp_path)
    assert kept.standing() == last_wordings(people.standing())


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_or_doubled_while_people_write_during_the_crawls(
    seed: int, people: People, source: dict[str, Any], tmp_path: Path
) -> None:
    chance = random.Random(seed)
    for number in range(10):
        people.opens(f"话题{number}", f"话题{number}的第一句话。")
    kept = Ledger()
    pace = source | {"request_gap_s": 0.05}
    for _turn in range(2):
        writing = threading.Thread(target=_live, args=(people, chance, stop := threading.Event()))
        writing.start()
        kept.crawl(pace, state=tmp_path)  # topics move between the pages of the list while it is read
        stop.set()
        writing.join()
    for topic in people.topics:  # the list tells of an edit with the next reply
        if not topic.is_removed:
            people.replies(topic, "说完了。")
    calm = kept.crawl(source, state=tmp_path)
    assert calm.outcome.failure == ""
    assert kept.standing() == last_wordings(people.standing())
    assert kept.repeated() == []
    written = wordings(people.comments())
    for post, texts in kept.texts().items():
        assert texts == [text for text in written[post] if text in texts]  # none invented, each in its turn
    assert len(people.comments()) > 20


def _live(people: People, chance: random.Random, stop: threading.Event) -> None:
    """Let people write, edit and take down during one crawl."""
    number = 0
    while not stop.is_set() and number < ACTS:
        number += 1
        act = chance.choice(["open", "reply", "reply", "reply", "edit", "take down", "take down topic"])
        alive: list[Topic] = [topic for topic in people.topics if not topic.is_removed]
        topic = chance.choice(alive)
        comments = [comment for comment in topic.comments if not comment.is_removed]
        if act == "open" or not comments:
            people.opens(f"新话题{len(people.topics)}", f"新话题的第一句话，第{number}件。")
        elif act == "edit":
            people.edits(comment := chance.choice(comments), f"{comment.wordings[-1]}改{number}。")
        elif act == "take down" and len(comments) > 3:
            people.takes_down(chance.choice(comments[1:]))
        elif act == "take down topic" and len(alive) > 12:
            people.takes_down_topic(topic)
        else:
            people.replies(topic, f"第{number}件事，{chance.randrange(10**6)}。")


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
def test_the_times_that_the_forum_writes_are_read_at_every_minute_of_a_day(language: str, spirit: Spirit) -> None:
    written = spirit.manage(
        "shell", "-c",
        "from datetime import *; from django.utils import translation, formats\n"
        f"translation.activate('{language}')\n"
        "day = datetime(2026, 3, 9)\n"
        "for month in (0, 184): \n"
        " for minute in range(0, 1440, 7 if month else 1):\n"
        "  at = day + timedelta(days=month, minutes=minute)\n"
        "  print(at.isoformat(), formats.date_format(at, 'DATETIME_FORMAT', use_l10n=True), sep='\\t')",
    )  # fmt: skip
    lines = [line.split("\t") for line in written.splitlines() if "\t" in line]
    assert len(lines) > 1600
    now = datetime(2026, 11, 1, tzinfo=UTC)
    wrong = [
        (said, at)
        for at, said in lines
        if read_time(said, now) != datetime.fromisoformat(f"{at}+08:00").astimezone(UTC)
    ]
    assert wrong == []


def test_the_whole_program_finds_what_stands_and_no_longer_what_was_taken_down(people: People, tmp_path: Path) -> None:
    topic = people.opens("托育点", "样例社区的托育点开门了。")
    other = people.opens("体检车", "体检车今天进村，姐妹们都去了。")
    people.replies(topic, "收费比去年贵了一倍。")
    home = tmp_path / "home"
    done(home, "init")
    entry = "".join(f"  {line}\n" for line in SOURCE.format(url=people.board).strip().splitlines())
    (home / "sources.yaml").write_text(f"sources:\n-{entry[1:]}  allow_private: [127.0.0.1]\n", "utf-8")
    assert answered(home, "crawl", "forum")["accepted"] == 3
    answered(home, "drain")
    assert answered(home, "search", "体检车")["total"] == 1
    people.edits(topic.comments[0], "样例社区的托育点明天才开门。")
    people.takes_down(topic.comments[1])
    people.replies(topic, "原来如此。")
    people.takes_down_topic(other)
    said = answered(home, "crawl", "forum")
    assert (said["accepted"], said["gone"]) == (2, 1)
    answered(home, "drain")
    assert [answered(home, "search", word)["total"] for word in ("明天才开门", "收费", "体检车")] == [1, 0, 0]
