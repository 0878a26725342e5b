"""A report as one self-contained page: no script, no request, printable; every figure opens what it counts."""

from collections.abc import Mapping
from html import escape
from typing import Final
from urllib.parse import urlencode

from contracts.report import Figure, Report
from contracts.zone import BEIJING
from reports import readings
from reports.sections import Day, Section, Table, headed, issue, sections, standing, title, told, trend, unit_name

_WIDTH: Final = 720
_HEIGHT: Final = 260
_LEFT: Final = 8
_TOP: Final = 34
_FOOT: Final = 46
_STYLE: Final = """
:root{color-scheme:light}*{box-sizing:border-box}
body{margin:0;background:#eef0f2;color:#1b1f24;font:16px/1.75 "Noto Serif CJK SC","Source Han Serif SC",SimSun,"宋体",serif}
main{max-width:52rem;margin:2rem auto;background:#fff;padding:3.5rem 4rem;box-shadow:0 1px 6px #0002}
header{text-align:center;border-bottom:3px double #1b1f24;padding-bottom:1.2rem}
h1{font-size:1.9rem;line-height:1.35;letter-spacing:.06em;margin:0 0 .5rem}
h1,h2,th,.state,figcaption,text{font-family:"Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei",SimHei,"黑体",sans-serif}
h2{font-size:1.2rem;margin:2.2rem 0 .5rem;break-after:avoid}
p{margin:.4rem 0;text-indent:2em}header p{text-indent:0;margin:.2rem 0}
.draft{display:inline-block;border:1px solid;padding:0 .6em;font-weight:700}
dl{display:flex;flex-wrap:wrap;justify-content:center;gap:.2rem 1.6rem;margin:.6rem 0 0;font-size:.9rem;color:#49525c}
dl div{display:flex;gap:.4em}dt::after{content:"："}dd{margin:0}
table{border-collapse:collapse;width:100%;margin:.8rem 0 1.2rem;font-size:.95rem;break-inside:auto}
tr{break-inside:avoid}th,td{padding:.35rem .6rem;border-bottom:1px solid #d5d9de;text-align:right;font-variant-numeric:tabular-nums}
thead th{border-top:2px solid #1b1f24;border-bottom:1px solid #1b1f24;white-space:nowrap}
th:first-child{text-align:left;font-weight:400}thead th:first-child{font-weight:700}
tbody tr:last-child>*{border-bottom:2px solid #1b1f24}
td a{color:#1f4e79;text-decoration:underline;text-underline-offset:.2em;display:inline-block;min-width:2.75rem}
.withheld{color:#5b6570}.count{display:inline-block}
.count summary{cursor:pointer;text-decoration:underline dotted;text-underline-offset:.2em}
.count p{margin:.2rem 0;text-indent:0;font-size:.85rem;color:#49525c;text-align:left}
figure{margin:1rem 0;break-inside:avoid}svg{width:100%;height:auto;display:block}
figcaption{font-size:.85rem;color:#49525c;text-align:center}
footer{margin-top:3rem;display:flex;justify-content:flex-end;text-align:right}footer p{text-indent:0}
@media(max-width:40rem){main{margin:0;padding:1.5rem 1rem}h1{font-size:1.45rem}.wide{overflow-x:auto}}
@page{size:A4;margin:25mm 22mm}
@media print{body{background:#fff;font-size:12pt}main{margin:0;padding:0;max-width:none;box-shadow:none}
td a,.count summary{color:inherit;text-decoration:none}.count p{display:none}}
"""


def render(report: Report, *, people: Mapping[str, str] | None = None) -> str:
    """Return the page; `people` gives names for the ids of those who wrote and signed."""
    parts = "".join(_section(number, section, report) for number, section in enumerate(sections(report)))
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in standing(report, people or {})
    )
    draft = '<p><span class="draft">草稿 · 未经签发，不得外传</span></p>' if report.state == "draft" else ""
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{escape(title(report))} {escape(report.week)}</title><style>{_STYLE}</style></head><body><main>"
        f"<header><h1>{escape(title(report))}</h1><p>{escape(issue(report))}</p>{draft}<dl>{facts}</dl></header>"
        f"{parts}{_foot(report)}</main></body></html>\n"
    )


def address(figure: Figure) -> str:
    """Return the address on the desk that opens the posts of a figure, "" for one that opens none."""
    if figure.query is None or not figure.opens_posts:
        return ""
    query = figure.query
    asked: list[tuple[str, str]] = [
        (name, moment.astimezone(BEIJING).isoformat())
        for name, moment in (("since", query.since), ("until", query.until))
        if moment
    ]
    sentiments = (-1,) if figure.source == readings.NEGATIVE_SHARE else query.sentiments
    asked += [("topic", topic) for topic in query.topics] + [("region", region) for region in query.regions]
    asked += [("sentiment", str(value)) for value in sentiments] + [("event", event) for event in query.events]
    asked += [("originals", "1")] if query.originals_only else []
    return "/search?" + urlencode(asked)


def _section(number: int, section: Section, report: Report) -> str:
    sentences = "".join(f"<p>{escape(sentence)}</p>" for sentence in section.sentences)
    chart = _chart(trend(report)) if section.trend and section.tables else ""
    tables = "".join(map(_table, section.tables))
    return f"<section><h2>{escape(headed(number, section))}</h2>{sentences}{chart}{tables}</section>"


def _table(table: Table) -> str:
    heads = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in table.headings)
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th>{"".join(f"<td>{_cell(figure)}</td>" for figure in figures)}</tr>'
        for label, figures in table.rows
    )
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cell(figure: Figure) -> str:
    value = escape(told(figure))
    if figure.suppressed:
        return f'<span class="withheld">{value}</span>'
    shown = f"{value}%" if figure.unit == "%" else value
    if link := address(figure):
        return f'<a href="{escape(link)}" title="{escape(figure.label)}：打开这些帖文">{shown}</a>'
    if figure.query is not None:
        return f'<details class="count"><summary>{shown}</summary><p>{escape(_asked(figure))}</p></details>'
    return shown if figure.unit in ("起", "件", "次") else f"{shown} {escape(figure.unit)}"


def _asked(figure: Figure) -> str:
    """Return what a help figure asked, in words: it opens to this and its count, never to posts."""
    assert figure.query is not None
    since, until = (
        moment.astimezone(BEIJING).strftime("%m-%d %H:%M") if moment else ""
        for moment in (figure.query.since, figure.query.until)
    )
    return f"查询：{since} 起、{until} 前发布的公开求助，{figure.label}，计 {told(figure)} 条。"


def _chart(days: list[Day]) -> str:
    """Draw a column a day: the dark foot is its negative share, the numbers stand beside."""
    highest = max(day.posts.value for day in days) or 1
    step = (_WIDTH - 2 * _LEFT) / max(len(days), 1)
    wide = step * 0.52
    floor = _HEIGHT - _FOOT
    drawn = []
    for place, day in enumerate(days):
        left = _LEFT + place * step + (step - wide) / 2
        middle = left + wide / 2
        tall = (floor - _TOP) * day.posts.value / highest
        dark = tall * day.share.value / 100
        drawn.append(
            f'<rect x="{left:.1f}" y="{floor - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="#c3ccd6"/>'
            f'<rect x="{left:.1f}" y="{floor - dark:.1f}" width="{wide:.1f}" height="{dark:.1f}" fill="#3d5166"/>'
            f'<text x="{middle:.1f}" y="{floor - tall - 8:.1f}" text-anchor="middle" font-size="15">{told(day.posts)}</text>'
            f'<text x="{middle:.1f}" y="{floor + 19:.1f}" text-anchor="middle" font-size="14">{escape(day.label)}</text>'
            f'<text x="{middle:.1f}" y="{floor + 37:.1f}" text-anchor="middle" font-size="13" fill="#49525c">'
            f"{f'负面 {told(day.share)}%' if day.posts.value else '—'}</text>"
        )
    base = f'<line x1="{_LEFT}" y1="{floor}" x2="{_WIDTH - _LEFT}" y2="{floor}" stroke="#1b1f24"/>'
    spoken = "；".join(f"{day.label} {told(day.posts)} 条，负面 {told(day.share)}%" for day in days)
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(spoken)}">{base}{"".join(drawn)}</svg>'
        "<figcaption>每日帖数（条）；深色部分为负面</figcaption></figure>"
    )


def _foot(report: Report) -> str:
    if report.signed_at is None:
        return ""
    day = report.signed_at.astimezone(BEIJING)
    return f"<footer><p>{escape(unit_name(report))}<br>{day.year} 年 {day.month} 月 {day.day} 日</p></footer>"
