"""What opens an alert and what does not, told as timelines."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from alerts import silences, store
from alerts.rule import Levels, QuietHours, Routes, Rule, Threshold, Where
from alerts.settings import AlertSettings
from alerts.tables import rule_starts
from contracts.errors import Conflict
from contracts.events import POSTS_INDEXED
from contracts.identity import alert_id, plea_alert_id
from tests.scenarios.timeline import START, Scenario, make, only

TEN = Rule(id="ten", type="frequency", group_by=("topic", "region"), min_posts=10, min_authors=3)
KEY = "topic=employment,region=430100"


def test_the_post_that_reaches_the_threshold_opens_the_alert_at_once() -> None:
    with Scenario(TEN) as town:
        town.at(1).posts(9)
        assert town.alerts() == ()
        town.at(2).posts(1)
        alert = only(town.alerts())
        assert (alert.id, alert.key, alert.count, alert.level) == (alert_id("ten", KEY, 1), KEY, 10, "blue")
        assert (alert.topic, alert.region, alert.reason.sentence) == (
            "employment",
            "430100",
            "30 分钟 10 帖，负面 100%",
        )
        assert alert.reason.thresholds == {"min_posts": 10.0, "min_authors": 3.0}
        assert town.work == [alert.id]


def test_posts_of_another_key_or_too_far_apart_do_not_add_up() -> None:
    with Scenario(TEN) as town:
        town.posts(5).posts(5, regions=("430200",)).posts(5, topics=("health",))
        town.at(31).posts(5)
        assert town.alerts() == ()


def test_one_loud_voice_is_not_public_opinion() -> None:
    with Scenario(TEN) as town:
        town.posts(50, author="one person").posts(50, author="", source="mailbox")
        assert town.alerts() == ()
        town.posts(1)
        assert only(town.alerts()).reason.distinct_authors == 3


def test_a_post_that_is_announced_again_counts_once() -> None:
    with Scenario(TEN) as town:
        posts = town.some(9)
        town.arrive(*posts).arrive(*posts, *posts).killed().arrive(*posts)
        assert town.alerts() == ()
        town.posts(1)
        assert only(town.alerts()).count == 10


def test_a_changed_post_counts_under_its_new_key_too_but_never_twice_under_one() -> None:
    with Scenario(TEN) as town:
        town.posts(9, topics=("health",)).posts(8)
        changing = town.some(1)[0]
        changed = make("x", now=town.clock.now(), id=changing.id, topics=("employment", "health"))
        town.arrive(changing).arrive(changed, changed)
        assert only(town.alerts()).topic == "health"


def test_history_that_arrives_late_raises_nothing_and_only_red_looks_back_a_day() -> None:
    red = Rule(id="red", type="frequency", min_posts=10, level="blue", levels=Levels(red=Threshold(min_posts=40)))
    with Scenario(red) as town:
        town.posts(20, published=-7 * 60)
        assert town.alerts() == ()
        town.posts(20, published=-7 * 60 + 5)
        assert only(town.alerts()).level == "red"
    with Scenario(red) as town:
        town.posts(100, published=-25 * 60).posts(100, published=-14 * 24 * 60).posts(100, published=-9 * 365 * 24 * 60)
        assert town.alerts() == ()


def test_catching_up_after_an_outage_adds_up_nothing_that_was_not_together() -> None:
    with Scenario(TEN) as town:
        town.arrive(*(make(f"slow {n}", now=town.clock.now(), published=-5 * n) for n in range(60)))
        assert town.alerts() == ()


def test_doubtful_and_future_times_count_in_no_window() -> None:
    with Scenario(TEN) as town:
        town.posts(20, time_is_doubtful=True).posts(20, published=60)
        assert town.alerts() == ()


def test_copies_count_as_the_rule_says() -> None:
    originals = Rule(id="originals", type="frequency", min_posts=10, count_copies=False)
    with Scenario(TEN, originals) as town:
        town.posts(9).posts(5, fold_of="a" * 32)
        assert only(town.alerts()).rule == "ten"
        town.posts(1)
        assert {alert.rule for alert in town.alerts()} == {"ten", "originals"}


def test_an_open_alert_grows_and_rises_but_stays_one() -> None:
    rising = Rule(
        id="rising", type="frequency", min_posts=10,
        levels=Levels(yellow=Threshold(min_posts=20), red=Threshold(min_posts=40, min_authors=30)),
    )  # fmt: skip
    with Scenario(rising) as town:
        town.posts(12).posts(5)
        assert (only(town.alerts()).count, only(town.alerts()).level) == (17, "blue")
        town.posts(5)
        assert only(town.alerts()).level == "yellow"
        town.posts(30)
        alert = only(town.alerts())
        assert (alert.level, alert.count, len(alert.posts)) == ("red", 52, 50)
        assert [kind for kind, _ in town.history(alert)] == ["opened", "told", "raised", "told", "raised", "told"]
        assert [message.text[:8] for message in town.told()] == [
            "【建议红色预警】",
            "【建议蓝色预警】",
            "【建议黄色预警】",
        ]
        town.posts(30)
        assert len(town.told()) == 3


def test_a_confirmed_level_is_the_officers_and_rises_no_more() -> None:
    rising = Rule(id="rising", type="frequency", min_posts=10, levels=Levels(red=Threshold(min_posts=20)))
    with Scenario(rising) as town:
        alert = only(town.posts(12).alerts())
        with town.database.writing() as connection:
            store.confirm_level(connection, alert.id, "yellow", by="值班员", reason="属实", now=town.clock.now())
        town.posts(20)
        alert = only(town.alerts())
        assert (alert.level, alert.level_confirmed, alert.count) == ("yellow", True, 32)


def test_a_count_that_flaps_around_its_threshold_opens_one_alert() -> None:
    with Scenario(TEN) as town:
        town.posts(10)
        town.close_alert(only(town.alerts()), "false_alarm")
        for minute in range(10, 170, 10):
            town.at(minute).posts(4)
        assert only(town.alerts()).state == "false_alarm"


def test_after_quiet_hours_of_event_time_a_new_burst_is_a_new_alert() -> None:
    with Scenario(TEN) as town:
        town.posts(10)
        town.close_alert(only(town.alerts()))
        town.at(4 * 60).posts(10)
        assert town.ids() == {alert_id("ten", KEY, 1), alert_id("ten", KEY, 2)}
        assert len(town.alerts(open_only=True)) == 1


def test_a_closed_alert_that_grows_to_a_higher_level_comes_back() -> None:
    rising = Rule(id="rising", type="frequency", min_posts=10, levels=Levels(red=Threshold(min_posts=40)))
    with Scenario(rising) as town:
        town.posts(10)
        town.close_alert(only(town.alerts()), "false_alarm").posts(5)
        assert len(town.alerts()) == 1
        town.posts(30)
        assert {(alert.level, alert.state) for alert in town.alerts()} == {("blue", "false_alarm"), ("red", "open")}


def test_a_closed_alert_does_not_come_back_because_the_role_was_restarted() -> None:
    with Scenario(TEN) as town:
        town.posts(10)
        town.close_alert(only(town.alerts())).killed().watched()
        assert only(town.alerts()).state == "resolved"


LOUD = Rule(id="loud", type="frequency", min_posts=10, level="blue", levels=Levels(red=Threshold(min_posts=40)))


@pytest.mark.parametrize("is_open", [True, False])
def test_a_loud_episode_that_people_closed_neither_opens_nor_raises_anything_after_a_restart(is_open: bool) -> None:
    with Scenario(LOUD) as town:
        town.posts(50).close_alert(only(town.alerts()))
        town.at(240).posts(12)
        if not is_open:
            town.close_alert(only(town.alerts(open_only=True)))
        town.killed().watched()
        assert sorted((alert.level, alert.count) for alert in town.alerts()) == [("blue", 12), ("red", 50)]


def test_late_posts_of_a_loud_episode_that_people_closed_raise_nothing_later() -> None:
    with Scenario(LOUD) as town:
        town.posts(50).close_alert(only(town.alerts()))
        town.at(240).posts(12).at(241).posts(3, published=1)
        assert sorted((alert.level, alert.count) for alert in town.alerts()) == [("blue", 12), ("red", 50)]


def test_an_earlier_episode_that_late_posts_make_red_is_news_all_the_same() -> None:
    with Scenario(LOUD) as town:
        town.posts(12).close_alert(only(town.alerts()))
        town.at(240).posts(12)
        town.close_alert(only(town.alerts(open_only=True)))
        town.at(241).posts(35, published=1)
        assert only(town.alerts(open_only=True)).level == "red"


BURST = Rule(id="burst", type="burst", group_by=("topic", "region"), min_posts=10, ratio=3, surprise=4)


def usual(town: Scenario, per_hour: int, days: int = 7, until: float = 0) -> None:
    now = town.clock.now()
    town.arrive(
        *(
            make(f"usual {hour} {n}", now=now, published=until - 60 * hour - 50 * n / per_hour - 5)
            for hour in range(1, days * 24)
            for n in range(per_hour)
        )
    )
    assert town.alerts() == ()
    town.clock.advance(timedelta(seconds=10))


def test_a_burst_rule_that_joins_a_running_house_takes_the_usual_for_no_burst() -> None:
    with Scenario(Rule(id="far", type="frequency", min_posts=1000)) as town:
        usual(town, 24)
        town.joined(BURST)
        for minute in range(2, 62, 2):
            town.at(minute).posts(1)
        assert town.alerts() == ()


def test_a_late_post_does_not_make_a_rule_that_joined_older_than_it_is() -> None:
    with Scenario(Rule(id="far", type="frequency", min_posts=1000)) as town:
        usual(town, 24)
        town.joined(BURST).at(1).posts(1, published=-5 * 24 * 60)
        for minute in range(2, 62, 2):
            town.at(minute).posts(1)
        assert town.alerts() == ()


def test_a_burst_rule_that_was_away_for_a_while_joins_anew() -> None:
    far = Rule(id="far", type="frequency", min_posts=1000)
    with Scenario(far, BURST) as town:
        town.posts(1)
        town.rules = (far,)
        week = 7 * 24 * 60
        town.killed().at(week)
        usual(town, 24, until=week)
        town.joined(BURST)
        for minute in range(2, 62, 2):
            town.at(week + minute).posts(1)
        assert town.alerts() == ()


def test_a_burst_rule_of_a_house_from_before_its_start_was_kept_goes_on_comparing() -> None:
    with Scenario(BURST) as town:
        usual(town, 2)
        with town.database.writing() as connection:
            connection.execute(delete(rule_starts))
        town.killed().posts(40)
        assert only(town.alerts()).baseline < 4


def test_a_burst_of_a_key_never_seen_while_the_rule_was_there_is_one() -> None:
    with Scenario(BURST) as town:
        usual(town, 24)
        town.killed().posts(12, topics=("health",))
        assert only(town.alerts()).topic == "health"


def test_far_more_than_usual_is_a_burst_with_its_numbers() -> None:
    with Scenario(BURST) as town:
        usual(town, 4)
        town.posts(40)
        alert = only(town.alerts())
        assert 1 < alert.baseline < 4
        assert alert.reason.ratio > 10
        assert alert.reason.surprise > 4
        assert alert.reason.baseline_hours > 160
        assert alert.reason.sentence.startswith("30 分钟 40 帖，平时约 ")


def test_a_busy_key_at_its_usual_pace_is_no_burst() -> None:
    with Scenario(BURST) as town:
        usual(town, 40, days=4)
        for minute in range(0, 60, 3):
            town.at(minute + 1).posts(2)
        assert town.alerts() == ()


def test_a_young_baseline_says_nothing() -> None:
    with Scenario(BURST) as town:
        usual(town, 2, days=1)
        town.posts(60)
        assert town.alerts() == ()


def test_bursts_wait_until_history_has_stopped_pouring_in() -> None:
    with Scenario(BURST) as town:
        past = [make(f"past {n}", now=START, published=-60 * (n % 100) - 24 * 60 * 2) for n in range(400)]
        town.log.append(POSTS_INDEXED, [*past, *town.some(40)])
        for _ in range(3):
            town.watch.step(0.0)
        assert town.alerts() == ()
        town.clock.advance(timedelta(seconds=6))
        town.watch.step(0.0)
        assert only(town.alerts()).count == 40


def test_one_plea_opens_an_alert_and_its_task_whatever_the_rules() -> None:
    with Scenario() as town:
        plea = make("plea", now=START, lane="critical", marks=("救命", "打我"), regions=("430100",))
        town.arrive(plea)
        alert = only(town.alerts())
        assert (alert.id, alert.key) == (plea_alert_id("plea", plea.id), f"post={plea.id}")
        assert (alert.lane, alert.level, alert.posts, alert.reason.marks) == ("critical", None, (plea.id,), plea.marks)
        message = town.told()[0]
        assert message.text.startswith("【求助·危急】")
        assert message.urgent
        assert message.link.startswith("/help/")
        assert plea.id not in message.text


def test_the_most_pressing_pleas_ring_first() -> None:
    with Scenario() as town:
        lanes = ("ordinary", "urgent", "suspected", "critical")
        town.arrive(*(make(lane, now=START, lane=lane) for lane in lanes))
        ranks = {alert.id: alert.lane for alert in town.alerts()}
        assert [ranks[alert] for alert in town.work] == list(reversed(lanes))


def test_pleas_of_one_text_are_as_many_alerts_as_people() -> None:
    with Scenario() as town:
        town.arrive(*(make(f"plea {n}", now=START, lane="urgent", fold_of="a" * 32) for n in range(3)))
        assert len(town.alerts()) == 3


def test_a_plea_opens_once_however_often_it_comes() -> None:
    with Scenario() as town:
        plea = make("plea", now=START, lane="urgent")
        town.arrive(plea, plea).arrive(plea).killed().arrive(plea)
        assert len(town.work) == 1
        town.close_alert(only(town.alerts())).arrive(plea)
        assert only(town.alerts()).state == "resolved"


def test_a_plea_that_turns_more_pressing_rings_again() -> None:
    with Scenario() as town:
        town.arrive(make("plea", now=START, lane="ordinary"))
        town.arrive(make("plea", now=START, lane="critical")).arrive(make("plea", now=START, lane="urgent"))
        assert only(town.alerts()).lane == "critical"
        assert len(town.told()) == 2


def test_a_late_plea_is_marked_and_an_old_one_is_listed_once_without_an_alert() -> None:
    with Scenario() as town:
        day = 24 * 60
        town.arrive(make("late", now=START, lane="urgent", published=-3 * day - 5))
        assert (only(town.alerts()).late_days, only(town.alerts()).reason.sentence) == (
            3,
            "一条公开帖求助（紧急），迟到 3 天",
        )
        old = make("old", now=START, lane="critical", published=-15 * day)
        ancient = make("ancient", now=START, lane="ordinary", published=-6 * 365 * day)
        town.arrive(old, ancient, old).arrive(old)
        assert len(town.alerts()) == 1
        with town.database.reading() as connection:
            assert [plea.post for plea in store.historic_pleas(connection)] == [old.id, ancient.id]


def test_pleas_never_count_in_opinion_windows_not_even_when_they_come_again_as_something_else() -> None:
    with Scenario(TEN) as town:
        pleas = town.some(10)
        town.arrive(*(make("x", now=START, id=post.id, lane="urgent", author=post.author) for post in pleas))
        town.arrive(*pleas).posts(9)
        assert {alert.rule for alert in town.alerts()} == {"plea"}


def test_muted_alerts_open_and_have_work_but_tell_nobody_and_say_why() -> None:
    with Scenario(TEN) as town:
        with town.database.writing() as connection:
            silences.add(
                connection, region="430000", until=START + timedelta(hours=2), by="值班员", reason="演练",
                now=town.clock.now(),
            )  # fmt: skip
        town.posts(10)
        alert = only(town.alerts())
        assert town.work == [alert.id]
        assert town.told() == []
        assert "静默中（值班员：演练" in town.history(alert)[1][1]
        with town.database.reading() as connection:
            delivery = store.deliveries(connection, alert.id)[0]
        assert (delivery.state, delivery.channel) == ("muted", "phone")


def test_neither_silence_nor_quiet_hours_hold_back_a_plea_or_red() -> None:
    red = Rule(
        id="red", type="frequency", min_posts=10, level="red",
        quiet_hours=QuietHours(start="00:00", until="23:59", levels=("blue", "yellow", "orange")),
    )  # fmt: skip
    with Scenario(red) as town:
        with town.database.writing() as connection:
            silences.add(
                connection, rule="red", until=START + timedelta(hours=2), by="值班员", reason="演练", now=START
            )
        town.posts(10).arrive(make("plea", now=START, lane="ordinary"))
        assert len(town.told()) == 2


def test_quiet_hours_hold_a_message_until_the_morning() -> None:
    quiet = Rule(id="quiet", type="frequency", min_posts=10, quiet_hours=QuietHours(start="11:00", until="13:00"))
    with Scenario(quiet) as town:
        town.posts(10)
        assert town.told() == []
        assert "安静时段，11-23 13:00 再通知" in town.history(only(town.alerts()))[1][1]
        town.at(61)
        assert len(town.told()) == 1


def test_another_rules_open_alert_makes_telling_needless() -> None:
    second = Rule(id="second", type="frequency", group_by=("topic", "region"), min_posts=10, inhibited_by=("ten",))
    with Scenario(TEN, second) as town:
        town.posts(10)
        assert len(town.alerts()) == 2
        assert [message.alert for message in town.told()] == [alert_id("ten", KEY, 1)]


def test_routes_choose_channels_and_a_missing_channel_is_shown_as_failed() -> None:
    routed = Rule(id="routed", type="frequency", min_posts=10, routes=Routes(blue=("phone", "pager")))
    with Scenario(routed) as town:
        town.posts(10)
        assert len(town.told()) == 1
        alert = only(town.alerts())
        with town.database.reading() as connection:
            states = {sent.channel: sent.state for sent in store.deliveries(connection, alert.id)}
        assert states == {"phone": "sent", "pager": "failed"}


def test_rules_switched_off_and_posts_filtered_out_count_nothing() -> None:
    picky = Rule(
        id="picky", type="frequency", min_posts=2, min_authors=1,
        where=Where(topics=("health",), regions=("430000",), sources=("forum",), sentiment=("negative",), keywords=("体检",)),
    )  # fmt: skip
    off = Rule(id="off", type="frequency", min_posts=1, min_authors=1, enabled=False)
    fitting = {"topics": ("health",), "keywords": ("体检",)}
    with Scenario(picky, off) as town:
        for other in (
            {"topics": ("minors",)}, {"regions": ("110000",)}, {"regions": ()}, {"source": "paper"}, {"sentiment": 0},
            {"keywords": ("医院",)},
        ):  # fmt: skip
            town.posts(3, **(fitting | other))
        assert town.alerts() == ()
        town.posts(2, **fitting)
        assert only(town.alerts()).rule == "picky"


def test_only_samples_make_a_sample_alert() -> None:
    with Scenario(TEN) as town:
        town.posts(10, sample=True)
        assert only(town.alerts()).sample
        assert "（样例）" in town.told()[0].text
        town.posts(11, topics=("health",)).posts(9, topics=("health",), sample=True)
        assert [alert.sample for alert in town.alerts() if alert.topic == "health"] == [False]


def test_messages_are_short_and_carry_counts_place_and_a_link() -> None:
    orange = Rule(id="orange", type="frequency", group_by=("topic", "region"), min_posts=10, level="orange")
    with Scenario(orange) as town:
        town.posts(10)
        message = town.told()[0]
        assert message.text.endswith("·就业与职场｜30 分钟 10 帖，负面 100%｜12:30 前签收")
        assert message.link == f"/alerts/{only(town.alerts()).id}"
        assert len(message.text) <= 200


def test_memory_that_another_process_overtook_is_thrown_away() -> None:
    with Scenario(TEN) as town:
        town.posts(5)
        town.log.append(POSTS_INDEXED, town.some(5))
        stale, town.watch = town.watch, town._watcher()
        town.watched()
        town.log.append(POSTS_INDEXED, town.some(1))
        with pytest.raises(Conflict):
            stale.step(0.0)
        stale.step(0.0)
        assert only(town.alerts()).count == 11


def test_what_no_baseline_needs_any_more_is_dropped() -> None:
    with Scenario(TEN, settings=AlertSettings(baseline_days=2)) as town:
        town.posts(5).at(3 * 24 * 60).posts(1)
        from sqlalchemy import func, select

        from alerts.tables import counted_posts, volumes, windows

        with town.database.reading() as connection:
            counts = [
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (counted_posts, volumes, windows)
            ]
        assert counts == [1, 1, 1]  # a rule that only counts keeps no volumes of its own
