"""Charts as SVG text: presentation attributes only, so that no style has to be allowed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from unicodedata import east_asian_width

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 28
MOST_POINTS = 400
MOST_SIDE, SQUARE, NAMES, NAME_CELLS = 40, 16, 110, 16  # of a heat map
WIDE = 1.4  # cells of a letter that is wider than most
SLANTED = 60  # how far the name of its last column leans to the right

Height = Callable[[float], float]  # a share → where it stands in the picture


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """A value at a place on the axis, with its interval where there is one."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None


def line_chart(title: str, points: Sequence[ChartPoint], target: float | None = None) -> str:
    """A line of shares (0..1) with the ribbon of its interval, and its target; empty without points."""
    points = _thinned(points)
    if not points:
        return ""
    top = max([target or 0.0, *(max(p.value, p.high or 0.0) for p in points)]) * 1.1 or 1.0
    across = max(len(points) - 1, 1)
    xs = [LEFT + (WIDTH - LEFT - RIGHT) * n / across for n in range(len(points))]

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)

    parts = [_axis(y, top), _ribbon(points, xs, y)]
    if target is not None:
        at = f"{y(target):.1f}"
        parts.append(f'<line class="target" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>')
    path = " ".join(f"{x:.1f},{y(p.value):.1f}" for x, p in zip(xs, points, strict=True))
    parts.append(f'<polyline class="line" points="{path}"/>')
    if len(points) == 1:
        parts.append(f'<circle class="dot" cx="{xs[0]:.1f}" cy="{y(points[0].value):.1f}" r="3"/>')
    parts.append(_days(points))
    text = f"{title}: {points[-1].value:.1%} on {points[-1].label}"
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(text)}">'
        f"{''.join(parts)}</svg>"
    )


@dataclass(frozen=True, slots=True)
class HeatCell:
    """How one thing goes with another: `value` 0..1; faint where too little was counted to be coloured."""

    row: str
    column: str
    value: float
    said: str
    faint: bool = False


def heat_map(title: str, cells: Sequence[HeatCell]) -> str:
    """Cells as squares, darker where the value is greater; empty without any.

    Of more than `MOST_SIDE` names those that stand in the first cells are drawn. The table beside it says the
    same in words.
    """
    names = list(dict.fromkeys(name for cell in cells for name in (cell.row, cell.column)))[:MOST_SIDE]
    if not names:
        return ""
    at = {name: n for n, name in enumerate(sorted(names))}
    drawn = [cell for cell in cells if cell.row in at and cell.column in at]
    parts = [_names_at(name, NAMES + n * SQUARE) for name, n in at.items()]
    parts += [
        f'<rect class="{"faint" if cell.faint else "heat"}" x="{NAMES + at[cell.column] * SQUARE}" '
        f'y="{NAMES + at[cell.row] * SQUARE}" width="{SQUARE - 1}" height="{SQUARE - 1}" '
        f'fill-opacity="{0 if cell.faint else max(0.08, min(1.0, cell.value)):.2f}">'
        f"<title>{escape(cell.said)}</title></rect>"
        for cell in drawn
    ]
    side = NAMES + len(at) * SQUARE + 4
    size = f'width="{side + SLANTED}" viewBox="0 0 {side + SLANTED} {side}"'
    return f'<svg class="chart heatmap" {size} role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'


def _names_at(name: str, place: int) -> str:
    """Of one row, and of the column that bears the same name."""
    edge, short, at = NAMES - 4, _name(name), place + 8
    return (
        f'<text class="tick" x="{edge}" y="{place + 11}" text-anchor="end">{short}</text>'
        f'<text class="tick" transform="rotate(-60 {at} {edge})" x="{at}" y="{edge}">{short}</text>'
    )


def _name(name: str) -> str:
    """A name as far as there is room for it."""
    if sum(map(_cells, name)) <= NAME_CELLS:
        return escape(name)
    room, shown = NAME_CELLS - 1.0, ""
    for letter in name:
        room -= _cells(letter)
        if room < 0:
            break
        shown += letter
    return escape(f"{shown}…")


def _cells(letter: str) -> float:
    """How much room a letter takes, measured in usual small ones."""
    if east_asian_width(letter) in "WF":
        return 2.0
    return WIDE if letter.isupper() or letter in "mw@%" else 1.0


def _thinned(points: Sequence[ChartPoint]) -> Sequence[ChartPoint]:
    step = -(-len(points) // MOST_POINTS) if points else 1
    return [*points[:-1:step], points[-1]] if step > 1 else points


def _axis(y: Height, top: float) -> str:
    marks = (0.0, top / 2.2, top / 1.1)
    return "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        f'<text class="tick" x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.1%}</text>'
        for value in marks
    )


def _ribbon(points: Sequence[ChartPoint], xs: Sequence[float], y: Height) -> str:
    held = [
        (x, p.low, p.high)
        for x, p in zip(xs, points, strict=True)
        if p.low is not None and p.high is not None
    ]
    if len(held) < 2:
        return ""
    upper = [f"{x:.1f},{y(high):.1f}" for x, _, high in held]
    lower = [f"{x:.1f},{y(low):.1f}" for x, low, _ in reversed(held)]
    return f'<polygon class="ribbon" points="{" ".join(upper + lower)}"/>'


def _days(points: Sequence[ChartPoint]) -> str:
    first = f'<text class="tick" x="{LEFT}" y="{HEIGHT - 8}">{escape(points[0].label)}</text>'
    if len(points) == 1:
        return first
    last = f'x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end"'
    return f'{first}<text class="tick" {last}>{escape(points[-1].label)}</text>'
