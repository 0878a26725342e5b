"""An answer on its way: claimed, drafted, reviewed by other people, published by a person; nothing else gets through."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import store
from contracts.alert import Reason
from contracts.errors import Conflict, QingtingError, Rejected
from contracts.identity import task_id
from contracts.level import Level
from contracts.task import ResponseTask
from response import answering, audit, facts, judging, people, timers
from response.access import Denied
from tests.response_world import CHEAP, World, later

TEXT = "用人单位不得因女职工怀孕予以辞退，遇到这种情况可以拨打 12333 投诉。"
LINK = "https://weibo.example/1"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_hasher", lambda: CHEAP)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def responded(
    world: World, *, level: Level = "yellow", key: str = "topic=employment", posts: tuple[str, ...] = ("p1",)
) -> str:
    """Judge an alert as 回应 and return its response task."""
    alert = world.alert(level=level, key=key, posts=posts)
    judgement = task_id(alert, "judgement")
    world.do(
        lambda c: judging.decide(
            c,
            world.officers["officer"],
            judgement,
            outcome="respond",
            reason="公众在问",
            level=level,
            now=later(minutes=5),
        )
    )
    return task_id(alert, "response")


def drafted(
    world: World, task: str, text: str = TEXT, *, account: str = "", first: bool = False, fact: str = ""
) -> None:
    writer = world.officers["commentator"]
    world.do(lambda c: answering.claim(c, writer, task, now=later(minutes=6)))
    rewrite(world, task, text, account=account, first=first, fact=fact)


def rewrite(world: World, task: str, text: str, *, account: str = "", first: bool = False, fact: str = "") -> None:
    world.do(
        lambda c: answering.write_draft(
            c, world.officers["commentator"], task, text=text, facts=[fact or world.fact],
            account=account or world.account, first_response=first, now=later(minutes=7),
        )
    )  # fmt: skip


def submit(world: World, task: str, posts: tuple[str, ...] = ()) -> None:
    world.do(lambda c: answering.submit(c, world.officers["commentator"], task, posts=posts, now=later(minutes=8)))


def approve(world: World, task: str, who: str = "reviewer") -> str:
    return world.do(
        lambda c: answering.review(c, world.officers[who], task, verdict="approve", now=later(minutes=9))
    ).state


def publish(world: World, task: str, minutes: int = 10, url: str = LINK) -> str:
    return world.do(
        lambda c: answering.publish(
            c,
            world.officers["commentator"],
            task,
            url=url,
            published_at=later(minutes=minutes),
            now=later(minutes=minutes),
        )
    ).state


def state(world: World, task: str) -> str:
    found = world.do(lambda c: answering.get(c, task))
    assert found is not None
    return found.state


def test_the_whole_way_and_every_step_is_audited(world: World) -> None:
    task = responded(world)
    drafted(world, task)
    submit(world, task)
    assert approve(world, task) == "approved"
    assert publish(world, task) == "published"
    world.do(
        lambda c: answering.record_effect(
            c, world.officers["commentator"], task, answered=True, corrected="更正了热线号码", now=later(hours=3)
        )
    )
    world.do(lambda c: answering.close(c, world.officers["officer"], task, now=later(hours=4)))
    effect = world.do(lambda c: answering.effect(c, task))
    assert effect is not None
    assert (effect.answered, effect.minutes) == (True, 10.0)
    acts = [row.act for row in world.do(lambda c: audit.listing(c, subject=task))][::-1]
    assert acts == [
        f"response: {name}" for name in ("claimed", "drafted", "in_review", "approved", "published", "effect", "closed")
    ]
    assert world.do(audit.verify).ok


@pytest.mark.parametrize(("level", "hours"), [("red", 5), ("orange", 24), ("yellow", 48), ("blue", 72)])
def test_the_deadline_comes_from_the_confirmed_level(world: World, level: Level, hours: int) -> None:
    task = (
        world.do(lambda c: answering.get(c, responded_id)) if (responded_id := responded(world, level=level)) else None
    )
    assert task is not None
    assert task.due_at == later(minutes=5, hours=hours)


def test_nobody_reviews_what_they_wrote(world: World) -> None:
    both = world.person("both", "commentator", "reviewer", "lead")
    world.officers["commentator"] = both
    task = responded(world)
    drafted(world, task)
    submit(world, task)
    with pytest.raises(Denied):
        world.do(lambda c: answering.review(c, both, task, verdict="approve", now=later(minutes=9)))
    with pytest.raises(QingtingError):
        publish(world, task)


@pytest.mark.parametrize("level", ["red", "orange"])
def test_red_and_orange_need_two_other_people(world: World, level: Level) -> None:
    task = responded(world, level=level)
    drafted(world, task)
    submit(world, task)
    assert approve(world, task) == "in_review"
    with pytest.raises(Conflict):
        approve(world, task)
    with pytest.raises(Conflict):
        publish(world, task)
    assert approve(world, task, "reviewer2") == "approved"
    assert publish(world, task) == "published"


def relevel(world: World, task: str, level: Level, hours: float) -> ResponseTask:
    found = world.do(lambda c: answering.get(c, task))
    assert found is not None
    world.do(
        lambda c: judging.confirm_level(
            c, world.officers["officer"], found.alert, level=level, reason="情况有变", now=later(hours=hours)
        )
    )
    changed = world.do(lambda c: answering.get(c, task))
    assert changed is not None
    return changed


def test_a_level_that_rises_takes_the_answer_along_and_voids_too_few_approvals(world: World) -> None:
    task = responded(world)
    drafted(world, task)
    submit(world, task)
    assert approve(world, task) == "approved"
    raised = relevel(world, task, "red", 1)
    assert (raised.state, raised.level, raised.due_at) == ("in_review", "red", later(hours=6))
    with pytest.raises(Conflict):
        publish(world, task)
    (review,) = world.do(lambda c: answering.reviews_of(c, task))
    assert "2 人" in review.void_reason
    assert approve(world, task) == "in_review"
    assert approve(world, task, "reviewer2") == "approved"
    assert relevel(world, task, "orange", 2).state == "approved", "two are enough for orange too"
    assert publish(world, task) == "published"


def test_a_level_that_changes_late_never_puts_the_deadline_off_by_rising(world: World) -> None:
    task = responded(world)
    assert relevel(world, task, "red", 47).due_at == later(minutes=5, hours=48)
    lowered = relevel(world, task, "blue", 47.5)
    assert (lowered.state, lowered.level, lowered.due_at) == ("open", "blue", later(minutes=5, hours=72))
    world.do(lambda c: timers.run(c, later(hours=73)))
    assert relevel(world, task, "red", 73.5).overdue


def test_an_edit_voids_the_approval(world: World) -> None:
    task = responded(world)
    drafted(world, task)
    submit(world, task)
    approve(world, task)
    rewrite(world, task, TEXT + "改了一句。")
    assert state(world, task) == "drafted"
    with pytest.raises(Conflict):
        publish(world, task)
    submit(world, task)
    with pytest.raises(Conflict):
        publish(world, task)
    assert [review.void_reason for review in world.do(lambda c: answering.reviews_of(c, task))] == ["答复已修改"]


def test_a_fact_that_ends_voids_the_approval(world: World) -> None:
    task = responded(world)
    drafted(world, task)
    submit(world, task)
    approve(world, task)
    with pytest.raises(Conflict, match="口径"):
        publish(world, task, minutes=60 * 25)
    world.do(lambda c: timers.run(c, later(hours=25)))
    assert state(world, task) == "returned"


def test_a_draft_must_cite_a_valid_fact_and_name_an_account_in_use(world: World) -> None:
    task = responded(world)
    unverified = world.do(
        lambda c: facts.write(
            c, world.officers["commentator"], title="t", text="x", source="s", valid_until=later(hours=9), now=later()
        )
    )
    drafted(world, task)
    for fact, account, said in (("none", "", "口径"), (unverified, "", "未核实"), ("", "no such account", "账号")):
        rewrite(world, task, TEXT, fact=fact, account=account)
        with pytest.raises(Rejected, match=said):
            submit(world, task)


def test_a_holding_fact_carries_a_first_response_alone(world: World) -> None:
    task = responded(world)
    holding = world.do(
        lambda c: facts.write_holding(c, world.officers["lead"], text="已收到，正在核实。", now=later(minutes=1))
    )
    drafted(world, task, "您反映的情况已收到，正在核实。", fact=holding)
    with pytest.raises(Rejected, match="首次回应"):
        submit(world, task)
    rewrite(world, task, "您反映的情况已收到，正在核实。", fact=holding, first=True)
    submit(world, task)
    with pytest.raises(Denied):
        world.do(lambda c: facts.write_holding(c, world.officers["officer"], text="x", now=later()))


def test_repeating_a_post_is_stopped_until_somebody_checked_it(world: World) -> None:
    task = responded(world)
    post = "厂里让怀孕的女工自己写辞职报告，不写就调去搬货。"
    drafted(world, task, "关于厂里让怀孕的女工自己写辞职报告一事，我们正在核实。")
    with pytest.raises(Rejected, match="原话"):
        submit(world, task, (post,))
    world.do(
        lambda c: answering.record_verification(
            c, world.officers["commentator"], task, note="劳动监察现场核实", now=later(minutes=8)
        )
    )
    submit(world, task, (post,))
    assert state(world, task) == "in_review"


def test_a_draft_fits_its_platform(world: World) -> None:
    task = responded(world)
    drafted(world, task, "我们正在核实。" * 400)
    with pytest.raises(Rejected, match="微博一条最多 2000 字"):
        submit(world, task)


def test_personal_data_stops_a_draft(world: World) -> None:
    task = responded(world)
    drafted(world, task, TEXT + "联系人 13812345678。")
    with pytest.raises(Rejected, match="个人信息"):
        submit(world, task)


def test_one_account_answers_a_post_once_and_no_second_account_echoes(world: World) -> None:
    first = responded(world)
    drafted(world, first)
    submit(world, first)
    approve(world, first)
    publish(world, first)
    second = responded(world, key="topic=health")
    drafted(world, second, TEXT, account=world.other_account)
    with pytest.raises(Rejected, match="几乎相同"):
        submit(world, second)
    rewrite(world, second, OTHER_TEXT, account=world.other_account)
    submit(world, second)
    approve(world, second)
    assert publish(world, second) == "published"


OTHER_TEXT = "产检可以请假，工资照发；单位不同意的，可向工会反映，我们愿意陪您一起沟通。"


def test_an_account_that_answered_any_of_the_posts_is_told_so_before_anybody_publishes(world: World) -> None:
    first, second = responded(world, posts=("p1", "p2")), responded(world, key="topic=health", posts=("p2", "p3"))
    drafted(world, first)
    drafted(world, second, OTHER_TEXT)
    for task in (first, second):
        submit(world, task)
    assert approve(world, first) == "approved"
    with pytest.raises(Rejected, match="一帖只答一次"):
        approve(world, second)  # both were in review
    rewrite(world, second, OTHER_TEXT)
    with pytest.raises(Rejected, match="一帖只答一次"):
        submit(world, second)
    assert publish(world, first) == "published"
    assert any(
        "一帖只答一次" in fault for fault in world.do(lambda c: answering.faults(c, second, now=later(minutes=9)))
    )


def test_what_is_not_published_after_all_gives_its_posts_back(world: World) -> None:
    first, second = responded(world, posts=("p1", "p2")), responded(world, key="topic=health", posts=("p2", "p3"))
    drafted(world, first)
    submit(world, first)
    approve(world, first)
    world.do(lambda c: answering.withdraw(c, world.officers["officer"], first, reason="不答了", now=later(minutes=9)))
    drafted(world, second, OTHER_TEXT)
    submit(world, second)
    assert approve(world, second) == "approved"
    grown = ("p1", "p2", "p3", "p4")
    alert = world.do(lambda c: answering.get(c, second))
    assert alert is not None
    reason = Reason(rule_type="burst", sentence="30 分钟 20 帖", count=20)
    world.do(
        lambda c: store.refresh(c, [store.Grown(alert=alert.alert, active_at=later(), reason=reason, posts=grown)])
    )
    assert publish(world, second) == "published"
    third = responded(world, key="topic=minors", posts=("p4",))
    drafted(world, third, "关于未成年人保护，可以拨打 12355 咨询。")
    with pytest.raises(Rejected, match="一帖只答一次"):
        submit(world, third)


@pytest.mark.parametrize(("url", "minutes"), [("weibo", 10), ("javascript:alert(1)", 10), (LINK, 60), (LINK, -60)])
def test_a_publication_needs_a_real_link_and_a_real_time(world: World, url: str, minutes: int) -> None:
    task = responded(world)
    drafted(world, task)
    submit(world, task)
    approve(world, task)
    with pytest.raises(Rejected):
        world.do(
            lambda c: answering.publish(
                c,
                world.officers["commentator"],
                task,
                url=url,
                published_at=later(minutes=minutes),
                now=later(minutes=10),
            )
        )


def test_a_task_is_claimed_once_and_worked_by_its_owner_alone(world: World) -> None:
    task = responded(world)
    other = world.person("other", "commentator")
    world.do(lambda c: answering.claim(c, world.officers["commentator"], task, now=later(minutes=6)))
    with pytest.raises(Conflict):
        world.do(lambda c: answering.claim(c, other, task, now=later(minutes=6)))
    with pytest.raises(Denied):
        world.do(
            lambda c: answering.write_draft(
                c, other, task, text=TEXT, facts=[world.fact], account=world.account, now=later(minutes=7)
            )
        )


def test_another_unit_does_not_touch_the_task(world: World) -> None:
    task = responded(world)
    county = world.person("county", "commentator", unit="430104")
    with pytest.raises(Denied):
        world.do(lambda c: answering.claim(c, county, task, now=later(minutes=6)))


ACTS = ("claim", "draft", "edit", "submit", "approve", "approve2", "own", "return", "publish", "withdraw", "expire")


@settings(max_examples=40)
@given(acts=st.lists(st.sampled_from(ACTS), max_size=14), level=st.sampled_from(["red", "yellow"]))
def test_no_order_of_acts_publishes_without_enough_other_eyes(
    tmp_path_factory: pytest.TempPathFactory, acts: list[str], level: Level
) -> None:
    world = World(tmp_path_factory.mktemp("acts"))
    try:
        task = responded(world, level=level)
        approved: set[str] = set()
        for act in acts:
            try:
                _play(world, task, act)
            except QingtingError:
                continue
            if act in {"draft", "edit", "return", "withdraw", "expire"}:
                approved = set()
            elif act in {"approve", "approve2"}:
                approved.add(act)
            elif act == "own":
                raise AssertionError("a writer reviewed their own text")
            elif act == "publish":
                assert len(approved) >= (2 if level == "red" else 1)
        found = state(world, task)
        assert found in answering.NEXT
    finally:
        world.close()


def _play(world: World, task: str, act: str) -> None:
    writer = world.officers["commentator"]
    match act:
        case "claim":
            world.do(lambda c: answering.claim(c, writer, task, now=later(minutes=6)))
        case "draft" | "edit":
            rewrite(world, task, TEXT if act == "draft" else TEXT + "补充一句。")
        case "submit":
            submit(world, task)
        case "approve" | "approve2":
            approve(world, task, "reviewer" if act == "approve" else "reviewer2")
        case "own":
            world.do(lambda c: answering.review(c, writer, task, verdict="approve", now=later(minutes=9)))
        case "return":
            world.do(
                lambda c: answering.review(
                    c, world.officers["lead"], task, verdict="return", reason="再写", now=later(minutes=9)
                )
            )
        case "publish":
            publish(world, task)
        case "withdraw":
            world.do(
                lambda c: answering.withdraw(
                    c, world.officers["officer"], task, reason="不再需要", now=later(minutes=9)
                )
            )
        case "expire":
            world.do(lambda c: timers.run(c, later(hours=25)))
