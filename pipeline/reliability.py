"""Reliability curves as SVG, written by hand: a small plot for each head, on one sheet."""

from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

from pipeline.evaluation_text import HEAD_WORDS
from pipeline.figures import Bin

_SIDE: Final = 150
"""Pixels of a plot's side."""
_GAP: Final = 34
_ENOUGH: Final = 5
"""Posts from which on the line runs through a dot: fewer say nothing."""
_TOP: Final = 40
_COLUMNS: Final = 5
_STYLE: Final = (
    "text{font:12px system-ui,'Noto Sans CJK SC',sans-serif;fill:#1b1f24}.s{fill:#575e67;font-size:10px}"
    ".f{fill:#fff;stroke:#c3c7cc}.d{stroke:#8a9199;stroke-dasharray:3 3}.l{fill:none;stroke:#1b1f24;stroke-width:1.6}.b{fill:#1b1f24}"
)


def svg(curves: Mapping[str, Sequence[Bin]], errors: Mapping[str, float], title: str) -> str:
    """Return the sheet. Across: what was said; up: how often it was so; a dot's area shows how many posts."""
    heads = sorted((head for head, bins in curves.items() if bins), key=lambda head: head != "sentiment")
    lines = -(-len(heads) // _COLUMNS)
    width = _COLUMNS * (_SIDE + _GAP) + _GAP
    height = _TOP + lines * (_SIDE + _GAP + 24) + 12
    plots = [
        _plot(
            head, curves[head], errors.get(head, 0.0),
            _GAP + number % _COLUMNS * (_SIDE + _GAP), _TOP + number // _COLUMNS * (_SIDE + _GAP + 24) + 20,
        )
        for number, head in enumerate(heads)
    ]  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><rect width='100%' height='100%' fill='#f6f6f3'/>"
        f'<text x="{_GAP}" y="22">{escape(title)}</text>{"".join(plots)}</svg>\n'
    )


def _plot(head: str, bins: Sequence[Bin], error: float, left: int, top: int) -> str:
    posts = sum(part.posts for part in bins)
    points = [(left + part.said * _SIDE, top + (1 - part.so) * _SIDE, part.posts) for part in bins]
    line = " ".join(f"{across:.1f},{down:.1f}" for across, down, count in points if count >= _ENOUGH)
    dots = "".join(
        f'<circle class="b" cx="{across:.1f}" cy="{down:.1f}" r="{1.5 + 6 * (count / posts) ** 0.5:.1f}"/>'
        for across, down, count in points
    )
    word = escape(HEAD_WORDS.get(head, head))
    return (
        f'<g><text x="{left}" y="{top - 6}">{word} <tspan class="s">ECE {error:.3f}</tspan></text>'
        f'<rect class="f" x="{left}" y="{top}" width="{_SIDE}" height="{_SIDE}"/>'
        f'<line class="d" x1="{left}" y1="{top + _SIDE}" x2="{left + _SIDE}" y2="{top}"/>'
        f'<polyline class="l" points="{line}"/>{dots}'
        f'<text class="s" x="{left + 4}" y="{top + 13}">↑ 确是如此</text>'
        f'<text class="s" x="{left + _SIDE}" y="{top + _SIDE + 13}" text-anchor="end">说有多可能，0 到 1 →</text></g>'
    )
