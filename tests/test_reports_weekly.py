"""A week's report: true figures that can be asked again, words that people own, and pleas that nobody can find in it."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import docx as word
import msgspec
import pytest

from alerts import outbox
from contracts.document import Query
from contracts.errors import Conflict, NotConfigured, Rejected
from contracts.events import REPORTS_PUBLISHED, ReportPublished
from contracts.region import HUNAN
from contracts.report import Report
from reports import docx, files, html, signing, store
from reports.period import bounds
from reports.resolving import resolve
from reports.sections import WITHHELD, sections, told
from reports.weekly import build
from response import audit
from response.access import Denied, Officer
from tests.reports_world import (
    CHANGSHA,
    LEAD,
    NOW,
    OTHER_LEAD,
    PROVINCE,
    SECRET_WORDS,
    SINCE,
    UNTIL,
    WEEK,
    WRITER,
    XIANGTAN,
    YUELU,
    ZHUZHOU,
    World,
    world,
)  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


@pytest.fixture
def full(house: World) -> World:
    house.fill()
    house.plead(6, "critical", YUELU)
    house.plead(5, "urgent", XIANGTAN)
    house.plead(1, "ordinary", ZHUZHOU)
    house.plead(4, "ordinary")
    house.work()
    return house


def _built(house: World, unit: str = PROVINCE, now: datetime = NOW, week: str = WEEK) -> Report:
    return build(week, unit, index=house.index, database=house.database, now=now)


def _values(report: Report) -> dict[str, float]:
    return {figure.id: figure.value for figure in report.figures}


def _saved(house: World, now: datetime = NOW) -> Report:
    with house.database.writing() as connection:
        return store.save(connection, _built(house, now=now))


def _edit(house: World, report: Report, officer: Officer = WRITER, words: str = "平稳。") -> Report:
    with house.database.writing() as connection:
        return signing.edit(connection, officer, report.id, assessment=words, advice="继续关注。", now=NOW)


def _stands(house: World, report: Report) -> Report:
    with house.database.reading() as connection:
        found = store.get(connection, report.id)
    assert found is not None
    return found


def _sign(house: World, report: Report, officer: Officer = LEAD, seen: str = "") -> Report:
    with house.database.writing() as connection:
        return signing.sign(
            connection, officer, report.id, seen=seen or signing.fingerprint(_stands(house, report)), now=NOW
        )


def _docx_text(data: bytes) -> str:
    document = word.Document(BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_the_week_begins_on_monday_in_beijing() -> None:
    assert bounds(WEEK) == (SINCE, UNTIL)
    for wrong in ("2026-W54", "2025-W53", "2026-47", "x", "2026-W7", "+2026-W47", "２０２６-W47"):
        with pytest.raises(Rejected, match="不是周次"):
            bounds(wrong)


def test_every_figure_carries_its_question_and_gives_the_same_number_again(full: World) -> None:
    for unit in (PROVINCE, CHANGSHA, YUELU):
        report = _built(full, unit)
        assert len({figure.id for figure in report.figures}) == len(report.figures) > 30
        for figure in report.figures:
            assert figure.query is not None or figure.source, figure.id
            if not figure.suppressed:
                assert resolve(figure, full.index, full.database) == figure.value, figure.id


def test_the_figures_are_the_week_without_pleas_and_without_its_neighbours(full: World) -> None:
    values = _values(_built(full))
    assert values["overview.all.posts"] == 300
    assert (
        values["overview.all.change"] == 300 - 120 - 1
    )  # the last microsecond before Monday belongs to the week before
    assert sum(value for name, value in values.items() if re.fullmatch(r"trend\..*\.posts", name)) == 300
    assert sum(values[f"overview.all.{word}"] for word in ("negative", "neutral", "positive")) == 300
    assert {name for name in values if name.startswith("events.")} == {"events.story.posts", "events.story.share"}
    assert values["events.story.posts"] == 34
    assert values["events.story.share"] == 100
    assert values["work.alerts"] == 4
    assert values["work.alerts_orange"] == values["work.alerts_yellow"] == 2
    assert (values["work.published"], values["work.late"], values["work.answered"], values["work.corrected"]) == (
        2,
        1,
        1,
        1,
    )
    assert values["work.minutes"] == (3 + 43) / 2 * 60


def test_an_event_is_named_by_its_keywords_and_a_plea_is_none(full: World) -> None:
    report = _built(full)
    names = [figure.label for figure in report.figures if figure.id.startswith("events.")]
    assert names == [
        "岳麓区 · 生育与托育 · 公司、推诿、育婴假：帖数",
        "岳麓区 · 生育与托育 · 公司、推诿、育婴假：负面占比",
    ]
    assert not any("动手" in figure.label or "plea-event" in figure.id for figure in report.figures)


def test_small_help_counts_and_what_would_tell_them_stay_out_of_everything(full: World) -> None:
    report = _built(full)
    found = {figure.id: figure for figure in report.figures if figure.id.startswith("help.")}
    assert found["help.all"].value == 16
    assert {name for name, figure in found.items() if not figure.suppressed} == {
        "help.all", "help.lane.critical", "help.place.430100", "help.place.430300"
    }  # fmt: skip
    assert found["help.lane.urgent"].suppressed  # 5: the smallest, and its equal, hide how many of the others are none
    assert found["help.place.elsewhere"].suppressed  # 4: else the one plea of Zhuzhou could be computed
    for figure in found.values():
        assert not figure.opens_posts
        assert figure.query is not None
        assert figure.query.pleas == "only"
        if figure.suppressed:
            assert figure.value == 0
            assert told(figure) == WITHHELD
            with pytest.raises(Rejected):
                resolve(figure, full.index, full.database)


def test_a_told_number_that_became_small_is_not_told_again(house: World) -> None:
    report = _built(house)
    total = next(figure for figure in report.figures if figure.id == "help.all")
    assert resolve(total, house.index, house.database) == 0
    house.plead(1, "critical", YUELU)
    for figure in report.figures:
        if figure.id.startswith("help."):
            with pytest.raises(Rejected, match="不予列出"):
                resolve(figure, house.index, house.database)


def test_a_city_does_not_tell_what_the_province_withholds(full: World) -> None:
    full.plead(1, "urgent", "430400")
    for unit, withheld in ((CHANGSHA, False), (ZHUZHOU, True), ("430400", True), ("430500", True), ("430203", True)):
        report = _built(full, unit)
        total = next(figure for figure in report.figures if figure.id == "help.all")
        assert total.suppressed == withheld, unit
        if withheld:
            assert all(figure.suppressed for figure in report.figures if figure.id.startswith("help."))
            assert "公开求助的数量不列出" in html.render(report)


def test_a_plea_is_nowhere_in_page_document_or_stored_figures(full: World) -> None:
    report = _built(full)
    for shown in (html.render(report), _docx_text(docx.render(report)), msgspec.json.encode(report).decode()):
        assert SECRET_WORDS not in shown
        assert "动手" not in shown


def test_two_weeks_that_differ_only_in_withheld_counts_look_the_same(tmp_path: Path) -> None:
    pages = []
    for number, (zhuzhou, unknown) in enumerate(((1, 4), (4, 1))):
        (tmp_path / str(number)).mkdir()
        with world(tmp_path / str(number)) as house:
            house.plead(6, "critical", YUELU)
            house.plead(zhuzhou, "ordinary", ZHUZHOU)
            house.plead(unknown, "ordinary")
            report = _built(house)
            pages.append((html.render(report), _docx_text(docx.render(report)), msgspec.json.encode(report)))
    assert pages[0] == pages[1]


def test_figures_open_their_posts_and_help_figures_only_their_count(full: World) -> None:
    report = _built(full)
    for figure in report.figures:
        link = html.address(figure)
        assert bool(link) == (figure.query is not None and not figure.id.startswith("help."))
        if link:
            asked = dict(parse_qsl(urlsplit(link).query))
            assert datetime.fromisoformat(asked["since"]) == figure.query.since  # type: ignore[union-attr]
            query = Query(
                since=datetime.fromisoformat(asked["since"]), until=datetime.fromisoformat(asked["until"]),
                topics=(asked["topic"],) if "topic" in asked else (), events=(asked["event"],) if "event" in asked else (),
                regions=(asked["region"],) if "region" in asked else (), originals_only=asked.get("originals") == "1",
                sentiments=(int(asked["sentiment"]),) if "sentiment" in asked else (),
            )  # fmt: skip
            opened = full.index.search(query).total
            if figure.unit == "条" and not figure.source:
                assert opened == figure.value
    page = html.render(report)
    assert page.count("/search?") == sum(bool(html.address(figure)) for figure in report.figures)
    assert "pleas" not in page


def test_the_page_asks_nothing_of_anybody_and_runs_nothing(full: World) -> None:
    page = html.render(_built(full))
    assert not re.search(r"https?:|//|<script|\bsrc=|@import|url\(|\son\w+=", page.replace("<!doctype html>", ""))
    assert '<html lang="zh-CN">' in page
    assert "@media print" in page
    assert "<svg" in page


def test_hostile_words_are_shown_as_words(full: World) -> None:
    report = msgspec.structs.replace(_built(full), assessment="<script>alert(1)</script>\n第二段", written_by="<b>")
    page = html.render(report)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)</script>" in _docx_text(docx.render(report))


def test_the_document_opens_with_headings_chart_and_every_shown_figure(full: World) -> None:
    report = _built(full)
    data = docx.render(report)
    document = word.Document(BytesIO(data))
    headings = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 1"]  # type: ignore[union-attr]
    assert [heading.partition("、")[2] for heading in headings] == [section.heading for section in sections(report)]
    assert len(document.inline_shapes) == 1
    text = _docx_text(data)
    tables = [table for section in sections(report) for table in section.tables]
    shown = {figure.id for table in tables for _, figures in table.rows for figure in figures} | {"help.all"}
    assert shown >= {figure.id for figure in report.figures if not figure.suppressed}
    for table in tables:
        for label, figures in table.rows:
            assert label in text
            assert all(told(figure) in text for figure in figures)
    assert b"eastAsia" in _part(data, "word/styles.xml")


def _part(data: bytes, name: str) -> bytes:
    from zipfile import ZipFile

    with ZipFile(BytesIO(data)) as package:
        return package.read(name)


def test_an_empty_week_says_so_everywhere(house: World) -> None:
    report = _built(house)
    for part in sections(report)[:9]:
        assert part.sentences[0].startswith("本期无"), part.heading
        assert not part.tables
    assert "本期无公开求助" in html.render(report)
    assert "本期无公开求助" in _docx_text(docx.render(report))
    assert all(resolve(figure, house.index, house.database) == figure.value == 0 for figure in report.figures)


def test_a_county_has_no_units_below_and_sees_only_its_own(full: World) -> None:
    values = _values(_built(full, YUELU))
    query = Query(since=SINCE, until=UNTIL, regions=(YUELU,))
    assert values["overview.all.posts"] == full.index.search(query).total < 300
    assert not any(name.startswith(("regions.", "help.place")) for name in values)
    assert values["work.alerts"] == 0  # the work of the province is not the county's


def test_a_running_week_ends_now_and_cannot_be_signed(full: World) -> None:
    midweek = SINCE + timedelta(days=2, hours=3)
    report = _saved(full, midweek)
    values = _values(report)
    assert values["overview.all.posts"] == full.index.search(Query(since=SINCE, until=midweek)).total
    assert sum(name.startswith("trend.") and name.endswith(".posts") for name in values) == 3
    assert "本周尚未结束" in html.render(report)
    _edit(full, report)
    with pytest.raises(Rejected, match="结束后重新生成"):
        _sign(full, report)


def test_weeks_ahead_and_unknown_units_are_refused_with_a_sentence(house: World) -> None:
    with pytest.raises(Rejected, match="还没有开始"):
        _built(house, week="2026-W49")
    with pytest.raises(Rejected, match="没有代码为 999999 的单位"):
        _built(house, "999999")
    assert PROVINCE == HUNAN


def test_rebuilding_a_draft_renews_figures_and_keeps_words(full: World) -> None:
    report = _edit(full, _saved(full), words="一段研判。")
    full.plead(3, "urgent", XIANGTAN)
    again = _saved(full)
    assert (again.assessment, again.advice, again.written_by) == ("一段研判。", "继续关注。", WRITER.id)
    assert _values(again)["help.all"] == _values(report)["help.all"] + 3
    with full.database.reading() as connection:
        assert store.get(connection, report.id) == again
        assert store.listing(connection, WRITER) == (again,)
        assert store.get(connection, "nobody") is None


def test_a_report_takes_two_people_and_stands_still_afterwards(full: World) -> None:
    report = _saved(full)
    with pytest.raises(Rejected, match="还没有人写研判"):
        _sign(full, report)
    edited = _edit(full, report, LEAD)
    assert edited.figures == report.figures
    seen = signing.fingerprint(edited)
    edited = _edit(full, report, WRITER)
    with pytest.raises(Conflict, match="又改过"):  # nobody signs what they have not read
        _sign(full, report, OTHER_LEAD, seen)
    with pytest.raises(Denied):  # wrote a part of it, though not the last
        _sign(full, report, LEAD)
    with pytest.raises(Denied):
        _sign(full, report, WRITER)
    signed = _sign(full, report, OTHER_LEAD)
    assert (signed.state, signed.signed_by, signed.signed_at) == ("signed", OTHER_LEAD.id, NOW)
    assert signed.figures == report.figures
    with full.database.reading() as connection:
        ((_, stream, event),) = outbox.unpublished(connection, 10)
    assert (stream, event) == (REPORTS_PUBLISHED, ReportPublished(id=report.id, week=WEEK, published_at=NOW))
    with pytest.raises(Conflict, match="已经签发"):
        _edit(full, report)
    with pytest.raises(Conflict, match="已经签发"):
        _sign(full, report, OTHER_LEAD)
    with pytest.raises(Conflict, match="已经签发"):
        _saved(full)
    with full.database.reading() as connection:
        assert store.get(connection, report.id) == signed
        assert audit.verify(connection).ok
        acts = [row.act for row in audit.listing(connection, subject=report.id)]
    assert acts == ["sign_report", "write_report", "write_report"]
    page = html.render(signed, people={WRITER.id: WRITER.name, OTHER_LEAD.id: OTHER_LEAD.name})
    assert "已签发" in page
    assert OTHER_LEAD.name in page
    assert "不得外传" not in page


def test_others_may_neither_write_nor_sign(full: World) -> None:
    report = _saved(full)
    commentator = Officer(id="c", name="网评员", unit=PROVINCE, roles=("commentator",))
    elsewhere = Officer(id="d", name="长沙领导", unit=CHANGSHA, roles=("lead",))
    for officer in (commentator, elsewhere):
        with pytest.raises(Denied):
            _edit(full, report, officer)
        with pytest.raises(Denied):
            _sign(full, report, officer)
    with pytest.raises(Rejected, match="缩短"):
        _edit(full, report, words="长" * (signing.WORDS_MAX + 1))


def test_files_are_written_whole_over_former_ones(full: World, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "reports"
    report = _built(full)
    files.write(msgspec.structs.replace(report, assessment="旧的研判"), folder)
    written = files.write(report, folder)
    assert [path.name for path in written] == ["2026-W47-430000.html", "2026-W47-430000.docx"]
    assert sorted(folder.iterdir()) == sorted(written)
    assert written[0].read_text("utf-8") == html.render(report)
    assert word.Document(str(written[1])).paragraphs[0].text == "湖南省妇联妇女儿童网络舆情周报"
    (tmp_path / "taken").write_text("")
    with pytest.raises(NotConfigured, match="不能写入"):
        files.write(report, tmp_path / "taken")
