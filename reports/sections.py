"""Lays a report's figures out: headings, sentences first, then tables. What both formats show stands here once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from contracts.region import HUNAN, region_name
from contracts.report import Figure, Report
from contracts.task import OUTCOME_WORDS
from contracts.zone import BEIJING
from reports.suppression import SMALLEST_TOLD

NOTHING: Final = "本期无"
WITHHELD: Final = "不列出"
_NUMERALS: Final = "一二三四五六七八九十"
COLUMNS: Final[dict[str, str]] = {
    "posts": "帖数", "change": "比上周", "share": "负面占比", "originals": "原发", "negative": "负面", "neutral": "中性",
    "positive": "正面",
}  # fmt: skip


class Table(msgspec.Struct, frozen=True):
    """Rows of figures: the first heading names the rows."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Figure, ...]], ...]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One numbered part; `trend` asks for the chart of its table."""

    heading: str
    sentences: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    trend: bool = False


class Day(msgspec.Struct, frozen=True):
    """One day of the chart; `negative` is per cent."""

    label: str
    posts: Figure
    share: Figure


def headed(number: int, section: Section) -> str:
    """Return the heading with its number, which counts from 0: 一、概况."""
    return f"{_NUMERALS[number]}、{section.heading}"


def title(report: Report) -> str:
    """Return the report's title."""
    return f"{unit_name(report)}妇女儿童网络舆情周报{'（样例）' if report.sample else ''}"


def unit_name(report: Report) -> str:
    """Return the name of the unit that reports."""
    return f"{region_name(report.unit)}妇联"


def issue(report: Report) -> str:
    """Return year, number of the week and its days."""
    year, number = report.week.split("-W")
    since, until = report.since.astimezone(BEIJING), report.until.astimezone(BEIJING)
    last = until.fromordinal(until.toordinal() - 1)
    return f"{year} 年第 {int(number)} 周 · {since.month} 月 {since.day} 日至 {last.month} 月 {last.day} 日"


def standing(report: Report, people: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return who made the report and how far it is."""
    state = {"draft": "草稿，未签发", "signed": "已签发", "published": "已发布"}[report.state]
    signed = report.signed_at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M") if report.signed_at else "—"
    return (
        ("状态", state),
        ("撰写", people.get(report.written_by, report.written_by) or "—"),
        ("签发", people.get(report.signed_by, report.signed_by) or "—"),
        ("签发时间", signed),
        ("数字截至", report.built_at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")),
    )


def told(figure: Figure) -> str:
    """Return a figure as people read it, without its unit; a withheld one never shows its value."""
    if figure.suppressed:
        return WITHHELD
    if figure.source.startswith("change"):
        return f"{figure.value:+,.0f}" if figure.value else "持平"
    return f"{figure.value:,.1f}" if figure.value % 1 or figure.unit == "%" else f"{figure.value:,.0f}"


def trend(report: Report) -> list[Day]:
    """Return the days of the chart."""
    rows = _rows(report, "trend")
    return [Day(label, cells["posts"], cells["share"]) for label, cells in rows.values()]


def sections(report: Report) -> tuple[Section, ...]:
    """Return all parts, in the order of reading."""
    numbers = {figure.id: figure for figure in report.figures}
    return (
        Section(heading="总体情况", sentences=tuple(_overview(report, numbers)), tables=_table(report, "overview", "范围")),
        _listed(report, "events", "重点事件", "事件（以关键词代称）", "按帖数排列，只列 3 条帖以上的事件；求助帖不构成事件。"),
        Section(
            heading="传播走势", trend=True, tables=_table(report, "trend", "日期"),
            sentences=tuple(_peak(report)),
        ),
        _listed(report, "topics", "话题分布", "话题", "一条帖可涉及几个话题，各计一次，相加可大于总数。"),
        _listed(report, "regions", "地区分布", "地区", "按帖文写明的地点统计；一条帖可涉及几个地区，各计一次。"),
        _help(report, numbers),
        _work(numbers),
        Section(heading="研判", sentences=_paragraphs(report.assessment)),
        Section(heading="建议", sentences=_paragraphs(report.advice)),
        Section(heading="方法与局限", sentences=tuple(_method(report))),
    )  # fmt: skip


def _overview(report: Report, numbers: Mapping[str, Figure]) -> Iterator[str]:
    posts, change = numbers["overview.all.posts"], numbers["overview.all.change"]
    if not posts.value:
        yield f"{NOTHING}相关公开帖文。"
        return
    moved = (
        "与上周持平" if not change.value else f"比上周{'多' if change.value > 0 else '少'} {abs(change.value):,.0f} 条"
    )
    yield (
        f"本周监测到相关公开帖文 {told(posts)} 条，{moved}；其中原发 {told(numbers['overview.all.originals'])} 条，"
        f"负面占 {told(numbers['overview.all.share'])}%。"
    )
    if topics := list(_rows(report, "topics").values())[:3]:
        named = [f"{name}（{told(cells['posts'])} 条）" for name, cells in topics]
        yield f"谈得最多的话题：{'、'.join(named)}。"
    alerts, published = numbers["work.alerts"], numbers["work.published"]
    yield f"本周发出预警 {told(alerts)} 起，发布回应 {told(published)} 件。"


def _listed(report: Report, part: str, heading: str, named: str, note: str) -> Section:
    tables = _table(report, part, named)
    return Section(heading=heading, sentences=(note,) if tables else (f"{NOTHING}。",), tables=tables)


def _peak(report: Report) -> Iterator[str]:
    days = [day for day in trend(report) if day.posts.value]
    if not days:
        yield f"{NOTHING}。"
        return
    top = max(days, key=lambda day: day.posts.value)
    worst = max(days, key=lambda day: day.share.value)
    yield f"{top.label}帖数最多，为 {told(top.posts)} 条；{worst.label}负面占比最高，为 {told(worst.share)}%。"


def _help(report: Report, numbers: Mapping[str, Figure]) -> Section:
    total = numbers["help.all"]
    if not total.suppressed and not total.value:
        return Section(heading="求助情况", sentences=(f"{NOTHING}公开求助。",))
    rule = (
        f"求助只报数量，不报个案。不足 {SMALLEST_TOLD} 条的（含没有的）写「{WITHHELD}」；"
        f"为使其不能由其他数字推算，部分较大的数也{WITHHELD}。"
    )
    first = (
        f"公开求助的数量{WITHHELD}，详见值班台。"
        if total.suppressed
        else f"本周公开求助 {told(total)} 条，均按求助流程单独办理，不计入本报其他各数。"
    )
    tables = tuple(
        Table((named, "求助"), (("合计", (total,)), *_told_first(parts)))
        for named, by in (("紧急程度", "lane"), ("地区", "place"))
        if (parts := [figure for figure in report.figures if figure.id.startswith(f"help.{by}.")])
    )
    return Section(heading="求助情况", sentences=(first, rule), tables=() if total.suppressed else tables)


def _told_first(figures: list[Figure]) -> tuple[tuple[str, tuple[Figure, ...]], ...]:
    """Return a row for each told number and one row for all the withheld."""
    rows = [(figure.label, (figure,)) for figure in figures if not figure.suppressed]
    withheld = [figure for figure in figures if figure.suppressed]
    named = f"其余 {len(withheld)} 项" if rows else "各项"
    return (*rows, (named, (withheld[0],))) if withheld else tuple(rows)


def _work(numbers: Mapping[str, Figure]) -> Section:
    work = {name.removeprefix("work."): figure for name, figure in numbers.items() if name.startswith("work.")}
    if not any(figure.value for figure in work.values()):
        return Section(heading="回应工作与效果", sentences=(f"{NOTHING}预警、研判与回应。",))
    first = (
        f"发出预警 {told(work['alerts'])} 起，完成研判 {told(work['judged'])} 件；"
        f"新建回应任务 {told(work['opened'])} 件，发布回应 {told(work['published'])} 件，"
        f"其中超过时限 {told(work['late'])} 件。"
    )
    sentences = [first]
    if work["assessed"].value:
        sentences.append(
            f"已登记效果的 {told(work['assessed'])} 件中，问题得到答复 {told(work['answered'])} 件，有更正 {told(work['corrected'])} 件。"
        )
    if work["published"].value:
        sentences.append(f"从预警到发布，用时中位数为 {_duration(work['minutes'].value)}。")
    judged = [f"judged_{outcome}" for outcome in OUTCOME_WORDS]
    levels = [name for name in work if name.startswith("alerts_")]
    rest = [name for name in work if name not in (*judged, *levels)]
    tables = [_flat("工作", "数量", [work[name] for name in rest])]
    for named, total, group in (("预警级别", "alerts", levels), ("研判结论", "judged", judged)):
        if work[total].value:
            tables.append(_flat(named, "数量", [work[name] for name in group]))
    return Section(heading="回应工作与效果", sentences=tuple(sentences), tables=tuple(tables))


def _flat(named: str, heading: str, figures: list[Figure]) -> Table:
    return Table((named, heading), tuple((figure.label, (figure,)) for figure in figures))


def _duration(minutes: float) -> str:
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} 小时 {rest} 分" if hours else f"{rest} 分钟"


def _method(report: Report) -> Iterator[str]:
    scope = (
        "全部信源的帖文"
        if report.unit == HUNAN
        else f"写明地点在{region_name(report.unit)}的帖文，没有写明地点的不在内"
    )
    if report.sample:
        yield "样例：部分或全部信源为演示编写，不代表真实情况，不得对外使用。"
    yield f"范围：{scope}；按发布时间归入本周（北京时间周一零时至周日二十四时），转发计入帖数，原发另列。"
    if report.built_at < report.until:
        yield "本周尚未结束：各数截至生成时刻，「比上周」与上周同一时段相比；这样的草稿不能签发。"
    yield "情感、话题、地点和求助由模型与规则判断，会有差错；负面是对所谈之事的态度，不是对任何人的评价。"
    yield "只见得到公开且能采集的平台，帖数不等于民意；采集中断、平台限制和删帖都会影响各数。"
    yield "求助帖不计入帖数、走势、话题、地区和事件。从预警到发布的用时包含夜间和节假日。"
    yield "每个数字都记有查询条件，生成后锁定；点数字可在值班台打开相应帖文。求助数字只能看到条件与数量。"


def _paragraphs(words: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in words.splitlines() if line.strip()) or (f"{NOTHING}。",)


def _rows(report: Report, part: str) -> dict[str, tuple[str, dict[str, Figure]]]:
    """Return row id → (label, column → figure), in the report's order."""
    labels: dict[str, str] = {}
    rows: dict[str, dict[str, Figure]] = defaultdict(dict)
    for figure in report.figures:
        if figure.id.startswith(f"{part}."):
            row, _, column = figure.id.rpartition(".")
            labels[row] = figure.label.rpartition("：")[0]
            rows[row][column] = figure
    return {row: (labels[row], cells) for row, cells in rows.items()}


def _table(report: Report, part: str, named: str) -> tuple[Table, ...]:
    rows = _rows(report, part)
    if not any(cells["posts"].value or cells.get("change", cells["posts"]).value for _, cells in rows.values()):
        return ()
    columns = list(next(iter(rows.values()))[1])
    return (
        Table(
            (named, *(COLUMNS[column] for column in columns)),
            tuple((label, tuple(cells[column] for column in columns)) for label, cells in rows.values()),
        ),
    )
