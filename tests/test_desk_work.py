"""The whole way over HTTP: an alert to a published answer, a plea to those who received it."""

import re
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import insert

from alerts import silences, store
from alerts.tables import historic_pleas
from contracts.document import Document
from contracts.identity import alert_id
from contracts.zone import BEIJING
from response import answering, audit, timers
from tests.desk_world import CHANGSHA, Client, World, make_world, served

ANSWER = "您反映的情况我们已经看到，正在向有关方面了解。遭受家庭暴力或面临现实危险的，可以向法院申请人身安全保护令。"


@pytest.fixture
def world(tmp_path: object) -> Iterator[World]:
    world = make_world(tmp_path)  # type: ignore[arg-type]
    with served(world):
        yield world
    world.close()


def _answered(world: World, level: str = "yellow") -> str:
    alert = world.opinion("orange")
    officer = world.client("officer")
    judgement = officer.json("/alerts")["alerts"][0]["judgement"]
    where = officer.done(f"/judgements/{judgement}/decide", outcome="respond", reason="公众在问", level=level)
    assert where.split("?")[0] == f"/tasks/{world.task(alert)}"
    return world.task(alert)


def test_an_alert_becomes_a_published_answer_through_two_people(world: World) -> None:
    task = _answered(world)
    commentator, reviewer = world.client("commentator"), world.client("reviewer")
    assert commentator.json("/tasks")["tasks"][0]["state"] == "open"
    commentator.done(f"/tasks/{task}/claim")
    commentator.done(f"/tasks/{task}/draft", text=ANSWER, facts=world.ids["fact"], account=world.ids["account"])
    commentator.done(f"/tasks/{task}/submit")
    assert commentator.act(f"/tasks/{task}/review", verdict="approve").status_code == 404
    page = reviewer.get(f"/tasks/{task}").text
    assert ANSWER in page
    assert "第二十三条" in page
    reviewer.done(f"/tasks/{task}/review", verdict="return", reason="请补一句去处")
    commentator.done(
        f"/tasks/{task}/draft",
        text=ANSWER + "也可以拨打 12338。",
        facts=world.ids["fact"],
        account=world.ids["account"],
        then="submit",
    )
    assert "<ins>" in reviewer.get(f"/tasks/{task}").text
    reviewer.done(f"/tasks/{task}/review", verdict="approve")
    commentator.done(f"/tasks/{task}/publish", url="https://weibo.example/xjns/1", published_at="")
    commentator.done(f"/tasks/{task}/effect", answered="1", corrected="", 阅读="1200", 数据来源="平台后台")
    world.client("officer").done(f"/tasks/{task}/close")
    page = commentator.get(f"/tasks/{task}").text
    assert "仅供参考，不作考核" in page
    assert "发布前不足 1 小时帖数" in page
    assert "发布后不足 1 小时帖数" in page
    assert commentator.json("/tasks?show=all")["tasks"][0]["state"] == "closed"


def test_a_draft_names_the_account_of_the_unit_whose_task_it_is(world: World) -> None:
    """Of several own ones the writer chooses; the province's stands below them, and one at rest is no choice."""
    task = _answered(world)
    commentator = world.client("commentator")
    commentator.done(f"/tasks/{task}/claim")
    province = world.ids["account"]
    assert _offered(commentator, task) == ([province], "")

    def register(name: str) -> str:
        where = {"name": name, "platform": "微博", "url": "https://weibo.example/cs", "responsible": "宣传部"}
        world.client("admin").done("/accounts", unit=CHANGSHA, **where)
        offered = commentator.json(f"/tasks/{task}")["accounts"]
        return str(next(one["id"] for one in offered if one["name"] == name))

    own = register("长沙女声")
    assert _offered(commentator, task) == ([own, province], own)
    assert commentator.json(f"/tasks/{task}")["accounts"][0]["id"] == own
    other = register("长沙妇联")
    assert _offered(commentator, task) == ([own, other, province], "")
    world.client("admin").done(f"/accounts/{other}/active", active="0")
    assert _offered(commentator, task) == ([own, province], own)
    commentator.done(f"/tasks/{task}/draft", text=ANSWER, facts=world.ids["fact"], account=province)
    assert _offered(commentator, task) == ([own, province], province), "what was chosen stays chosen"


def _offered(client: Client, task: str) -> tuple[list[str], str]:
    """Return the accounts that a draft may name, in their order, and the one that it names already."""
    page = client.get(f"/tasks/{task}").text
    options = re.findall(r'<option value="(\w+)"( selected)?>', page[: page.index("</select>")])
    return [one for one, _ in options], next((one for one, selected in options if selected), "")


def test_a_draft_is_judged_while_it_is_written_and_nothing_is_kept(world: World) -> None:
    task = _answered(world)
    commentator = world.client("commentator")
    commentator.done(f"/tasks/{task}/claim")
    said = commentator.act(
        f"/tasks/{task}/check", text="小区里有人动手打妻子，报警后没有下文", facts="", account=""
    ).text
    assert "至少引用一条口径" in said
    assert "重复了帖子的原话" in said
    assert "请选择一个在用的官方账号" in said
    said = commentator.act(
        f"/tasks/{task}/check", text=ANSWER, facts=world.ids["fact"], account=world.ids["account"]
    ).text
    assert "可以送审" in said
    with world.database.reading() as connection:
        assert answering.versions(connection, task) == ()
        found = answering.get(connection, task)
    assert found
    assert found.state == "claimed"


def test_the_check_of_a_draft_does_not_tell_what_a_plea_says(world: World) -> None:
    """A post of the alert that was edited into a plea: whoever drafts must not be able to feel for its words."""
    task = _answered(world)
    with world.database.reading() as connection:
        alert = store.get(connection, answering.get(connection, task).alert)  # type: ignore[union-attr]
    assert alert is not None
    known = world.index.get(alert.posts)[alert.posts[0]]
    edited = msgspec.structs.replace(
        known.post, text="他今晚喝了酒又要动手我把门锁上了", fetched_at=known.post.fetched_at + timedelta(minutes=1)
    )
    world.index.put([Document(post=edited, score=msgspec.structs.replace(known.score, lane="critical"))])
    commentator = world.client("commentator")
    commentator.done(f"/tasks/{task}/claim")
    said = commentator.act(
        f"/tasks/{task}/check", text=edited.text, facts=world.ids["fact"], account=world.ids["account"]
    ).text
    assert "原话" not in said


def test_what_cannot_be_submitted_says_every_reason_and_keeps_the_draft(world: World) -> None:
    task = _answered(world)
    commentator = world.client("commentator")
    commentator.done(f"/tasks/{task}/claim")
    answer = commentator.act(
        f"/tasks/{task}/draft", text="没有出处的话", facts="", account=world.ids["account"], then="submit"
    )
    assert answer.status_code == 400
    assert "引用" in answer.json()["error"]
    assert "没有出处的话" in commentator.get(f"/tasks/{task}").text


def test_who_comes_second_is_told_so(world: World) -> None:
    task = _answered(world)
    world.client("commentator").done(f"/tasks/{task}/claim")
    from response import people

    with world.database.writing() as connection:
        people.add(
            connection, name="网评员二", unit="430000", roles=("commentator",), password="long-enough-word", one_time=False,
            by="test", now=world.clock.now(),
        )  # fmt: skip
    from tests.desk_world import EVERYBODY

    EVERYBODY["second"] = ("网评员二", "430000", ("commentator",))
    try:
        answer = world.client("second").act(f"/tasks/{task}/claim")
    finally:
        del EVERYBODY["second"]
    assert answer.status_code == 409
    assert "。" in answer.json()["error"]


def test_a_respond_without_a_level_says_what_to_do_first(world: World) -> None:
    alert = world.opinion("red")
    officer = world.client("officer")
    answer = officer.act(f"/judgements/{world.judgement(alert)}/decide", outcome="respond", reason="要回应")
    assert answer.status_code == 409
    assert "先定级" in answer.json()["error"]


def test_an_alert_is_acknowledged_levelled_silenced_and_dismissed(world: World) -> None:
    alert = world.opinion("orange")
    officer = world.client("officer")
    officer.done(f"/alerts/{alert.id}/acknowledge")
    officer.done(f"/alerts/{alert.id}/level", level="yellow", reason="影响有限")
    officer.done(f"/alerts/{alert.id}/silence", hours="4", reason="同一件事")
    rules = officer.get("/rules").text
    assert "同一件事" in rules
    silence = rules.split("/silences/")[1].split("/")[0]
    officer.done(f"/silences/{silence}/end")
    assert officer.act(f"/alerts/{alert.id}/silence", hours="0", reason="x").status_code == 400
    officer.done(f"/judgements/{world.judgement(alert)}/decide", outcome="false_alarm", reason="旧闻被转")
    card = officer.get(f"/alerts/{alert.id}").text
    assert "误报" in card
    assert "旧闻被转" in card


def test_silencing_the_alert_of_one_event_silences_no_other_event(world: World) -> None:
    opinion = world.opinion()
    about, other = (
        msgspec.structs.replace(
            opinion, id=alert_id("growth", f"event={event}", 1), rule="growth", key=f"event={event}", event=event,
            topic="", region="",
        )
        for event in ("e1", "e2")
    )  # fmt: skip
    world._open(about, 1)
    officer = world.client("officer")
    officer.done(f"/alerts/{about.id}/silence", hours="4", reason="已在处理")
    with world.database.reading() as connection:
        (silence,) = (one for one in silences.active(connection, world.clock.now()) if one.rule == "growth")
    assert silence.covers(about)
    assert not silence.covers(other)
    for page in ("/rules", "/shift"):
        assert "/search?event=e1" in officer.get(page).text
    officer.done(f"/silences/{silence.id}/end")


def test_a_plea_goes_to_those_who_received_it(world: World) -> None:
    plea = world.plea("critical")
    task = world.help(plea)
    officer, hotline = world.client("officer"), world.client("hotline")
    assert officer.json("/inbox")["groups"][0]["rows"][0]["link"] == f"/help/{task}"
    card = officer.get(f"/help/{task}").text
    assert "先拨 110" in card
    officer.done(f"/help/{task}/hand-over", to="12338 值班坐席")
    assert hotline.json("/help")["help"][0]["state"] == "handed_over"
    assert hotline.act(f"/help/{task}/receive", receipt="").status_code == 400
    hotline.done(f"/help/{task}/receive", receipt="H-2026-0001")
    hotline.done(f"/help/{task}/answer", outcome="已上门，已安置")
    officer.done(f"/help/{task}/close", outcome="")
    assert officer.json("/help?show=all")["help"][0]["state"] == "closed"


def test_a_plea_that_came_too_late_is_settled_with_a_reason(world: World) -> None:
    document = world.post("多年以前的求助，电话已经打不通", minutes_ago=60 * 24 * 40, lane="urgent")
    now = world.clock.now()
    with world.database.writing() as connection:
        connection.execute(
            insert(historic_pleas),
            {
                "post": document.post.id, "lane": "urgent", "region": CHANGSHA, "source": "town-forum", "sample": True,
                "published_at": document.post.published_at, "listed_at": now,
            },
        )  # fmt: skip
    officer, where = world.client("officer"), f"/help/post/{document.post.id}"
    assert where in officer.get("/help").text
    assert "记为已核" in officer.get(where).text
    assert officer.act(f"{where}/settle", reason="").status_code == 400
    assert world.client("lead").act(f"{where}/settle", reason="核过").status_code == 404
    officer.done(f"{where}/settle", reason="原帖已删，无法联系")
    assert where not in officer.get("/help").text
    assert "原帖已删，无法联系" in officer.get(where).text
    assert officer.act(f"{where}/settle", reason="再核一次").status_code == 409


def test_a_late_plea_says_whether_it_was_ever_handed_over(world: World) -> None:
    plea = world.plea("critical")
    task, officer = world.help(plea), world.client("officer")

    def pass_minutes(minutes: float) -> None:
        with world.database.writing() as connection:
            timers.run(connection, world.clock.now() + timedelta(minutes=minutes))

    pass_minutes(11)
    for address in (f"/help/{task}", "/help"):
        assert "还没有转交，已超时" in officer.get(address).text
        assert "无人签收" not in officer.get(address).text.split("<main")[1]
    officer.done(f"/help/{task}/hand-over", to="12338 值班坐席")
    assert "overdue" not in officer.json("/help")["help"][0], "handed over in time again"
    pass_minutes(11)
    assert "已转交给 12338 值班坐席，到时无人签收" in officer.get(f"/help/{task}").text
    assert "转交后无人签收" in officer.get("/help").text
    officer.done(f"/help/{task}/hand-over", to="110")
    assert "overdue" not in officer.json("/help")["help"][0]


def test_facts_are_verified_by_somebody_else(world: World) -> None:
    commentator = world.client("commentator")
    commentator.done(
        "/facts", title="托育补贴", text="每孩每年三千六百元", source="省政府办公厅通知", valid_until="2027-12-31"
    )
    page = commentator.get("/facts").text
    assert "待核实" in page
    fact = page.split("托育补贴")[0].rsplit('id="fact-', 1)[1].split('"')[0]
    assert commentator.act(f"/facts/{fact}/verify").status_code == 404
    world.client("reviewer").done(f"/facts/{fact}/verify")
    world.client("lead").done("/facts", holding="1", text="来信已收到，正在核实。")


def test_a_wrong_fact_is_stopped_at_once_and_takes_the_approvals_that_rest_on_it(world: World) -> None:
    task = _answered(world)
    commentator, reviewer = world.client("commentator"), world.client("reviewer")
    fact = world.ids["fact"]
    commentator.done(f"/tasks/{task}/claim")
    commentator.done(f"/tasks/{task}/draft", text=ANSWER, facts=fact, account=world.ids["account"], then="submit")
    reviewer.done(f"/tasks/{task}/review", verdict="approve")
    assert commentator.act(f"/facts/{fact}/withdraw", reason="写错了").status_code == 404
    assert reviewer.act(f"/facts/{fact}/withdraw", reason="").status_code == 400
    reviewer.done(f"/facts/{fact}/withdraw", reason="条文已经修订")
    assert reviewer.act(f"/facts/{fact}/withdraw", reason="再停一次").status_code == 409
    page = commentator.get("/facts").text
    assert "已停用，不能引用" in page
    assert "条文已经修订" in page
    answer = commentator.act(f"/tasks/{task}/publish", url="https://weibo.example/xjns/1", published_at="")
    assert answer.status_code == 409
    assert "停用" in answer.json()["error"]
    with world.database.writing() as connection:
        assert answering.void_expired(connection, world.clock.now()) == (task,)
    assert commentator.json("/tasks")["tasks"][0]["state"] == "returned"
    assert commentator.json(f"/tasks/{task}")["facts"] == []
    with world.database.reading() as connection:
        assert audit.listing(connection, subject=fact)[0].act == "withdraw fact"


def test_a_shift_is_handed_over_to_another_person(world: World) -> None:
    officer, deputy = world.client("officer"), world.client("deputy")
    officer.done("/shift", note="留意湘潭的事")
    page = deputy.get("/shift").text
    assert "留意湘潭的事" in page
    note = page.split("/shift/")[1].split("/")[0]
    assert officer.act(f"/shift/{note}/take-over").status_code == 409
    assert world.client("lead").act(f"/shift/{note}/take-over").status_code == 404, "the pleas would be out of sight"
    deputy.done(f"/shift/{note}/take-over")


def test_nobody_on_the_roster_is_said_at_once_with_the_next_step_and_a_lead_fills_it(world: World) -> None:
    officer, lead, admin = world.client("officer"), world.client("lead"), world.client("admin")
    for page in ("/inbox", "/shift"):
        assert "现在没有人排班" in officer.get(page).text
        assert "请立即联系" in officer.get(page).text
        assert 'href="/shift#roster"' in lead.get(page).text
    today = world.clock.now().astimezone(BEIJING).date().isoformat()
    shift = {
        "day": today,
        "starts": "00:00",
        "ends": "00:00",
        "main": world.ids["officer"],
        "leader": world.ids["lead"],
    }
    assert officer.act("/shift/roster", **shift).status_code == 404
    assert lead.act("/shift/roster", **shift | {"starts": "夜里"}).status_code == 400
    assert lead.act("/shift/roster", **shift | {"days": "0"}).status_code == 400
    lead.done("/shift/roster", **shift, days="3")
    assert lead.act("/shift/roster", **shift, days="1").status_code == 409
    assert "现在没有人排班" not in officer.get("/inbox").text
    page = admin.get("/shift").text
    assert page.count("/strike") == 3
    admin.done(f"/shift/roster/{page.split('/shift/roster/')[1].split('/')[0]}/strike")
    assert "现在没有人排班" in officer.get("/shift").text


def test_a_shift_says_whose_each_open_item_is(world: World) -> None:
    world.plea()
    world.opinion()
    officer, deputy = world.client("officer"), world.client("deputy")
    assert officer.get("/shift").text.count("还没有人负责") == 2
    officer.done("/shift", note="两件未办结")
    deputy.done(f"/shift/{deputy.get('/shift').text.split('/shift/')[1].split('/')[0]}/take-over")
    assert officer.get("/shift").text.count("负责：值班员壬") == 2


def test_a_report_is_built_written_and_its_figures_open(world: World) -> None:
    world.opinion()
    writer = world.client("writer")
    week = writer.get("/reports").text.split("<option>")[1].split("<")[0]
    where = writer.done("/reports", week=week).split("?")[0]
    writer.done(f"{where}/edit", assessment="本周平稳。", advice="继续关注。")
    page = writer.get(where).text
    assert "本周平稳。" in page
    opened = writer.get(f"{where}/figures/overview.all.posts").text
    assert "/search?" in opened
    help_figure = writer.get(f"{where}/figures/help.all").text
    assert "/search?" not in help_figure.split("<main")[1]
    assert writer.act(f"{where}/sign").status_code == 404
    lead = world.client("lead")
    assert lead.act(f"{where}/sign", seen="what stood there before").status_code == 409
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', lead.get(where).text)
    assert seen
    assert lead.act(f"{where}/sign", seen=seen[1]).status_code == 200


def test_the_audit_is_walked_on_request(world: World) -> None:
    verdict = world.client("auditor").act("/system/audit").json()
    assert verdict["ok"] is True
    assert verdict["rows"] > 3
