"""A report as a Word document that opens in Word and WPS alike: real heading styles, real tables, Chinese fonts."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final

from contracts.report import Figure, Report
from contracts.zone import BEIJING
from reports.sections import Day, Table, headed, issue, sections, standing, title, told, trend, unit_name

_BODY: Final = "宋体"
_HEADING: Final = "黑体"
_LATIN: Final = "Times New Roman"
_PICTURE_CM: Final = 15.5


def render(report: Report, *, people: Mapping[str, str] | None = None) -> bytes:
    """Return the file; `people` gives names for the ids of those who wrote and signed."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.shared import Cm, Pt

    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.top_margin, page.bottom_margin, page.left_margin, page.right_margin = Cm(3), Cm(2.8), Cm(2.7), Cm(2.6)
    for name, font, size, bold in (
        ("Normal", _BODY, 12, False), ("Title", _HEADING, 22, True), ("Heading 1", _HEADING, 15, True),
        ("Caption", _BODY, 10, False),
    ):  # fmt: skip
        _set_font(document.styles[name], font, Pt(size), bold=bold)
    properties = document.core_properties
    properties.title, properties.author = f"{title(report)} {report.week}", unit_name(report)
    properties.language, properties.comments = "zh-CN", ""
    properties.created = properties.modified = report.built_at.replace(tzinfo=None)

    document.add_paragraph(title(report), style="Title").alignment = ALIGN.CENTER
    document.add_paragraph(issue(report)).alignment = ALIGN.CENTER
    if report.state == "draft":
        document.add_paragraph("草稿 · 未经签发，不得外传").alignment = ALIGN.CENTER
    facts = "　".join(f"{name}：{value}" for name, value in standing(report, people or {}))
    document.add_paragraph(facts, style="Caption").alignment = ALIGN.CENTER
    for number, section in enumerate(sections(report)):
        document.add_heading(headed(number, section), level=1)
        for sentence in section.sentences:
            paragraph = document.add_paragraph(sentence)
            paragraph.paragraph_format.first_line_indent = Pt(24)
            paragraph.paragraph_format.line_spacing = 1.4
        if section.trend and section.tables:
            document.add_picture(BytesIO(_chart(trend(report))), width=Cm(_PICTURE_CM))
            document.add_paragraph(
                "每日帖数（条）与负面占比（%）；深色部分为负面", style="Caption"
            ).alignment = ALIGN.CENTER
        for table in section.tables:
            _add_table(document, table)
    if report.signed_at is not None:
        day = report.signed_at.astimezone(BEIJING)
        signed = document.add_paragraph(f"{unit_name(report)}\n{day.year} 年 {day.month} 月 {day.day} 日")
        signed.alignment = ALIGN.RIGHT
    written = BytesIO()
    document.save(written)
    return written.getvalue()


def _set_font(style: Any, font: str, size: Any, *, bold: bool) -> None:
    from docx.oxml.ns import qn
    from docx.shared import RGBColor

    style.font.name, style.font.size, style.font.bold, style.font.italic = _LATIN, size, bold, False
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)  # a theme's font would win over the named one
    for script, name in (("ascii", _LATIN), ("hAnsi", _LATIN), ("eastAsia", font)):
        fonts.set(qn(f"w:{script}"), name)


def _add_table(document: Any, table: Table) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.oxml import OxmlElement

    made = document.add_table(rows=1, cols=len(table.headings), style="Table Grid")
    made.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001 - repeats on the next page
    for cell, heading in zip(made.rows[0].cells, table.headings, strict=True):
        cell.paragraphs[0].add_run(heading).bold = True
    for label, figures in table.rows:
        cells = made.add_row().cells
        cells[0].text = label
        for cell, figure in zip(cells[1:], figures, strict=True):
            cell.text = _shown(figure)
    for row in made.rows:
        for cell in row.cells[1:]:
            cell.paragraphs[0].alignment = ALIGN.RIGHT
    document.add_paragraph()


def _shown(figure: Figure) -> str:
    if figure.suppressed:
        return told(figure)
    return f"{told(figure)}%" if figure.unit == "%" else f"{told(figure)} {figure.unit}"


def _chart(days: list[Day]) -> bytes:
    """Draw the week; its labels are digits only, so that it needs no Chinese font on the machine."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Drawing

    drawing = Drawing(figsize=(7.2, 2.9), dpi=200, layout="constrained")
    FigureCanvasAgg(drawing)
    axes = drawing.add_subplot()
    labels = [day.posts.id.split(".")[1][5:] for day in days]
    posts = [day.posts.value for day in days]
    negative = [day.posts.value * day.share.value / 100 for day in days]
    bars = axes.bar(labels, posts, width=0.55, color="#c3ccd6")
    axes.bar(labels, negative, width=0.55, color="#3d5166")
    axes.bar_label(bars, [f"{told(day.posts)}\n{told(day.share)}%" for day in days], padding=3, fontsize=9)
    axes.set_ylim(0, max(posts) * 1.28 or 1)
    axes.yaxis.set_visible(False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    written = BytesIO()
    drawing.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()
