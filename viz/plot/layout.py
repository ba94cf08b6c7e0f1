"""Layout of charts: the frames of panels, ticks, and the entries of legends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from ..graph import text
from . import ticks
from .chart import Area, PanelFrame, Line, Panel, Scale, Tick

EDGE = 12.0                      # px around the picture
NUMBER = 12.0                    # font size of ticks
SMALL = 11.0                     # font size of colour bars and contours
NAME = 13.0                      # font size of the names of axes
LEGEND = 14.0                    # font size of the legend
TITLE = 16.0                     # font size of the title
TICK = 4.0                       # length of a tick
GAP = 4.0                        # from a tick to its words
ROW = 22.0                       # height of a row of a legend
SAMPLE, BESIDE, BETWEEN = 22.0, 10.0, 28.0         # of a legend: sample, gap, next entry
LEAST = 20.0                     # px of a frame at least


class LegendEntry(NamedTuple):
    """An entry of a legend: its mark, the start of its sample, the middle of its words."""

    mark: Line | Area
    x: float
    y: float


def layout_panels(panels: Sequence[Panel], width: float, height: float, *, title: bool,
                  pi: bool | None) -> list[Panel]:
    """Return the panels with frames and ticks, below each other in a picture."""
    heads = [8 + ROW * -(-len(p.legend) // legend_columns(p, width)) if p.legend else 8
             for p in panels]
    foot = TICK + GAP + NUMBER + 4 + NAME + 4 + EDGE / 2
    above = EDGE / 2 + (TITLE + 12 if title else 0)
    between = 12.0
    room = height - above - sum(heads) - foot - between * (len(panels) - 1)
    tall = max(round(room / len(panels)), LEAST)
    ruled = [replace(p, y_ticks=axis_ticks(p.y, tall / 24)) for p in panels]
    left = EDGE + TICK + GAP + max(
        (text.width(t.words, NUMBER) for p in ruled for t in p.y_ticks), default=0.0)
    left = float(-(-left // 1))
    wide, found = width - left - EDGE, list[Panel]()
    for _ in range(2):                             # the last number may overhang the frame
        ticked = [with_x_ticks(p, wide, pi) for p in ruled]
        over = max((t.words and text.width(t.words, NUMBER) / 2 + wide * float(p.x.share(t.at))
                    - wide or 0.0 for p in ticked for t in p.x_ticks), default=0.0)
        wide = max(min(wide, float((width - left - max(over + 4, EDGE)) // 1)), LEAST)
    top = above
    for head, panel in zip(heads, ticked, strict=True):
        top += head
        found.append(replace(panel, frame=PanelFrame(left, top, wide, tall)))
        top += tall + between
    return found


def with_x_ticks(panel: Panel, width: float, pi: bool | None) -> Panel:
    """Return a panel with ticks on its x axis, for an axis of this width."""
    scale = panel.x
    found = () if scale.log else ticks.pi_ticks(scale.low, scale.high, pi)
    if found:
        return replace(panel, x_ticks=found, pi=True)
    for most in range(min(int(width / 36), ticks.MOST), 0, -1):
        found = axis_ticks(scale, most)
        places = [(t.at, text.width(t.words, NUMBER)) for t in found if t.words]
        if all(width * float(scale.share(b) - scale.share(a)) > (wide + next_wide) / 2 + 6
               for (a, wide), (b, next_wide) in zip(places, places[1:])):
            break
    return replace(panel, x_ticks=found)


def axis_ticks(scale: Scale, room: float) -> tuple[Tick, ...]:
    """Return the ticks of an axis, at most `room` of them."""
    most = int(min(max(room, 1), ticks.MOST))
    return ticks.logarithmic(scale, most) if scale.log else ticks.linear(scale, most)


def legend_entries(panel: Panel, width: float) -> list[LegendEntry]:
    """Return the entries of a legend, row by row above the frame."""
    marks = panel.legend
    if not marks:
        return []
    n = legend_columns(panel, width)
    rows = -(-len(marks) // n)
    sizes = [entry_width(mark) for mark in marks]
    starts = [panel.frame.left + sum(max(sizes[k::n]) for k in range(i)) for i in range(n)]
    top = panel.frame.top - 6 - ROW * rows
    return [LegendEntry(mark, round(starts[i % n], 1), top + ROW * (i // n) + ROW / 2)
            for i, mark in enumerate(marks)]


def entry_width(mark: Line | Area) -> float:
    """Return the width of an entry of a legend."""
    return SAMPLE + BESIDE + text.width(mark.label, LEGEND) + BETWEEN


def legend_columns(panel: Panel, width: float) -> int:
    """Return the number of columns of a legend: all that fit, or fewer to balance the rows."""
    sizes = [entry_width(mark) for mark in panel.legend]
    for n in range(len(sizes), 1, -1):
        if sum(max(sizes[column::n]) for column in range(n)) <= 0.9 * width:
            rows = -(-len(sizes) // n)
            return -(-len(sizes) // rows)
    return 1
