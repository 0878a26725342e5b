"""The desk in a real browser, as people use it."""

import re
from collections.abc import Callable

import msgspec
import pytest
from playwright.sync_api import Page, expect

from tests.desk_world import EVERYBODY, PLEA_WORDS, World

pytestmark = pytest.mark.browser

SignIn = Callable[..., Page]
ANSWER = "您反映的情况我们已经看到，正在向有关方面了解。遭受家庭暴力或面临现实危险的，可以向法院申请人身安全保护令。"


def test_an_alert_appears_without_reload_and_goes_to_a_published_answer(world: World, sign_in: SignIn) -> None:
    officer = sign_in("officer")
    officer.get_by_role("link", name="预警", exact=True).first.click()
    expect(officer.get_by_text("现在没有未结束的预警")).to_be_visible()
    expect(officer.locator("#live")).to_have_text("实时")
    officer.evaluate("window.sameDocument = true")
    alert = world.opinion("orange")
    world.announce()
    row = officer.locator(f"#alert-{alert.id}")
    expect(row).to_contain_text("30 分钟 86 帖")
    assert officer.evaluate("window.sameDocument") is True

    row.get_by_role("link").first.click()
    expect(officer.locator("canvas")).to_be_visible()
    officer.get_by_label("黄色").first.check()
    officer.get_by_label("回应", exact=True).check()
    officer.get_by_label("理由").first.fill("公众在问进展")
    officer.get_by_role("button", name="记录研判").click()
    officer.wait_for_url("**/tasks/*")

    commentator = sign_in("commentator")
    commentator.get_by_role("button", name="认领").click()
    commentator.wait_for_url("**/tasks/*")
    commentator.get_by_label("发声账号").select_option(label="湘江女声（微博）")
    commentator.get_by_label("正文").fill(ANSWER)
    expect(commentator.locator("#checks")).to_contain_text("至少引用一条口径")
    commentator.get_by_role("checkbox", name=re.compile("人身安全保护令")).check()
    expect(commentator.locator("#checks")).to_contain_text("可以送审")
    commentator.get_by_role("button", name="送审").click()
    expect(commentator.get_by_text("已送审")).to_be_visible()

    reviewer = sign_in("reviewer")
    reviewer.get_by_role("link", name="审核", exact=True).click()
    expect(reviewer.locator("#answer")).to_have_text(ANSWER)
    reviewer.get_by_role("button", name="退回").click()
    expect(reviewer.get_by_role("alert").get_by_text("退回要写原因")).to_be_visible()
    reviewer.get_by_role("button", name="通过").click()
    expect(reviewer.get_by_text("审核意见已记录：通过。")).to_be_visible()

    commentator.goto(f"{world.address}/tasks/{world.task(alert)}")
    commentator.get_by_role("button", name="复制正文").click()
    commentator.get_by_label("发布链接").fill("https://weibo.example/xjns/1")
    commentator.get_by_role("button", name="记录发布").click()
    expect(commentator.get_by_role("heading", name="已发布")).to_be_visible()


def test_a_plea_rings_first_and_is_received(world: World, sign_in: SignIn) -> None:
    officer = sign_in("officer")
    expect(officer.get_by_text("现在没有需要你处理的事")).to_be_visible()
    world.opinion("orange")
    plea = world.plea("critical")
    world.announce()
    first = officer.locator("#inbox .rows > li").first
    expect(first).to_contain_text("危急")
    expect(officer).to_have_title(re.compile("^（2）待办"))
    first.get_by_role("link", name="转交").click()
    expect(officer.get_by_text("危急请先拨 110")).to_be_visible()
    officer.get_by_role("button", name="记录转交").click()
    expect(officer.get_by_text("等对方签收").first).to_be_visible()
    hotline = sign_in("hotline", phone=True)
    hotline.goto(f"{world.address}/help/{world.help(plea)}")
    hotline.get_by_label("凭证编号").fill("H-1")
    hotline.get_by_role("button", name="对方已签收").click()
    expect(hotline.get_by_text("对方签收已记录")).to_be_visible()


def test_a_commentator_finds_no_plea_anywhere(world: World, sign_in: SignIn) -> None:
    page = sign_in("commentator")
    plea = world.plea("critical")
    world.opinion("orange")
    world.announce()
    expect(page.locator("#live")).to_have_text("实时")
    addresses = [
        "/inbox", "/alerts?show=all", "/tasks?show=all", "/search?q=打我", "/search?q=母女", "/search", "/situation", "/more",
        f"/help/{world.help(plea)}", "/help", f"/posts/{plea.posts[0]}", f"/alerts/{plea.id}", f"/help/post/{plea.posts[0]}",
    ]  # fmt: skip
    for address in addresses:
        page.goto(world.address + address)
        assert PLEA_WORDS not in page.content(), address
        assert "求助卡" not in page.content(), address
    exported = page.evaluate("fetch('/search.csv?q=打我').then(answer => answer.status)")
    assert exported == 404


def test_a_search_marks_what_was_found_and_keeps_its_filters(world: World, sign_in: SignIn) -> None:
    world.post("社区托育中心开门了，价格公道", sentiment=1, topic="fertility_childcare")
    world.post("夜路的灯坏了", topic="safety_trafficking")
    page = sign_in("officer")
    page.keyboard.press("/")
    page.keyboard.type("托育中心")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    expect(page.locator("mark").first).to_have_text("托育中心")
    expect(page.get_by_role("status").filter(has_text="1 条")).to_be_visible()
    page.get_by_label("情感").select_option(label="负面")
    page.get_by_role("button", name="检索").click()
    expect(page.get_by_text("没有找到")).to_be_visible()
    expect(page.get_by_label("情感")).to_have_value("-1")


def test_a_bar_opens_its_posts(world: World, sign_in: SignIn) -> None:
    for number in range(8):
        world.post(f"产假之后岗位没了 {number}", minutes_ago=1, topic="employment")
    page = sign_in("officer")
    page.goto(world.address + "/situation")
    chart = page.locator(".chart").nth(1)
    expect(chart.locator("canvas")).to_be_visible()
    box = chart.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.45)
    page.wait_for_url("**/search?*topic=employment*")
    expect(page.get_by_text("产假之后岗位没了").first).to_be_visible()
    page.goto(world.address + "/situation")
    page.get_by_text("用表格看：各话题帖数").click()
    page.locator('td a[href*="topic=employment"]').first.click()
    page.wait_for_url("**/search?*topic=employment*")


def test_a_lost_line_is_said_and_heals(world: World, sign_in: SignIn) -> None:
    page = sign_in("officer")
    expect(page.locator("#live")).to_have_text("实时")
    page.evaluate("heardAt = Date.now() - 60000")
    expect(page.locator("#live")).to_have_text("中断（自动重连中）")
    expect(page.get_by_text("监测中断，请勿视为平静").first).to_be_visible()
    expect(page.locator("#live")).to_have_text("实时")
    expect(page.locator("#lost")).to_be_hidden()


def test_rows_are_walked_and_opened_by_keys(world: World, sign_in: SignIn) -> None:
    page = sign_in("officer")
    world.opinion("orange", region="430200")
    world.opinion("orange", region="430300")
    page.goto(world.address + "/alerts")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator(".rows > li").nth(1)
    expect(second).to_have_class(re.compile("at"))
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts/*")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()


def owed(world: World, text: str) -> str:
    """Put criticism of the federation into the index; return its id."""
    document = world.post(text)
    score = msgspec.structs.replace(document.score, target="federation")
    world.index.put([msgspec.structs.replace(document, score=score)])
    return document.post.id


def test_one_answer_for_two_posts_is_recorded_in_place(world: World, sign_in: SignIn) -> None:
    first, second = owed(world, "妇联只会发传单"), owed(world, "妇联热线没人接")
    officer = sign_in("officer")
    officer.get_by_role("link", name="意见建议 2 条待答复").click()
    for post in (first, second):
        officer.locator(f"#advice-{post}").get_by_role("checkbox").check()
    officer.get_by_label("答复在哪里").fill("省妇联信箱回复")
    officer.get_by_role("button", name="记为已答复").click()
    expect(officer.get_by_text("已记为已答复")).to_be_visible()
    expect(officer.get_by_text("现在没有待答复的意见建议")).to_be_visible()
    officer.get_by_role("link", name="近 90 天全部").click()
    expect(officer.locator(f"#advice-{first}")).to_contain_text("省妇联信箱回复")


@pytest.mark.parametrize("dark", [False, True])
def test_every_page_fits_a_phone(world: World, sign_in: SignIn, dark: bool) -> None:
    alert, plea = world.opinion("orange"), world.plea("urgent")
    advice = owed(world, "妇联的热线打了三次没人接，社区又推回来")
    page = sign_in("officer", phone=True, dark=dark)
    paths = [
        "/inbox", "/alerts", f"/alerts/{alert.id}", "/help", f"/help/{world.help(plea)}", "/tasks", "/situation", "/search?q=妻子",
        "/advice", f"/posts/{advice}",
        f"/posts/{alert.posts[0]}", "/facts", "/accounts", "/sources", "/rules", "/shift", "/reports", "/more", "/password",
    ]  # fmt: skip
    for path in paths:
        page.goto(world.address + path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, (path, width)
        small = page.evaluate(
            "[...document.querySelectorAll('main button, main a.button, nav.bottom a')]"
            ".filter(one => one.offsetHeight && one.offsetHeight < 43.5).map(one => one.textContent.trim())"
        )
        assert small == [], path


@pytest.mark.parametrize("dark", [False, True])
def test_words_stand_out_from_their_ground(world: World, sign_in: SignIn, dark: bool) -> None:
    """Contrast of at least 4.5:1 for every text on the busiest pages."""
    alert, plea = world.opinion("orange"), world.plea("critical")
    for number, level in enumerate(("red", "yellow", "blue")):
        world.opinion(level, region=f"430{number + 2}00")  # type: ignore[arg-type]
    owed(world, "妇联只会发传单")
    page = sign_in("officer", dark=dark)
    for path in ("/inbox", "/alerts", f"/alerts/{alert.id}", f"/help/{world.help(plea)}", "/sources", "/advice"):
        page.goto(world.address + path)
        assert page.evaluate(_CONTRAST) == [], path


_CONTRAST = """() => {
  const parse = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const light = ([r, g, b]) => [r, g, b].map(c => { c /= 255; return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; })
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const ground = one => { for (; one; one = one.parentElement) { const c = parse(getComputedStyle(one).backgroundColor); if (c[3] > 0) return c; } return [255, 255, 255, 1]; };
  const bad = [];
  for (const one of document.querySelectorAll('body *')) {
    if (!one.offsetHeight || ![...one.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const a = light(parse(getComputedStyle(one).color)), b = light(ground(one));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) bad.push(one.textContent.trim().slice(0, 20) + ' ' + ratio.toFixed(2));
  }
  return bad;
}"""


def test_everybody_is_known_by_the_name_of_the_role(world: World, sign_in: SignIn) -> None:
    for who in ("hotline", "auditor"):
        expect(sign_in(who).locator(".top .me").first).to_have_text(EVERYBODY[who][0])


def test_who_signs_in_has_room_to_type(sign_in: SignIn) -> None:
    page = sign_in("officer")
    page.get_by_role("button", name="退出").click()
    box = page.get_by_label("口令").bounding_box()
    assert box is not None
    assert box["width"] >= 250
