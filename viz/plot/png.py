"""PNG: a chart's SVG, painted as a graph's is."""

from __future__ import annotations

import html
import re

from ..graph.rasterize import pixels
from . import svg
from .chart import Chart


def write(chart: Chart, dpi: float) -> bytes:
    """A chart as the file, 96 px of it to the inch."""
    drawn = svg.svg_text(chart)
    words = re.findall(r"<text\b[^>]*>([^<]*)</text>", drawn)
    return pixels(drawn, max(chart.width, chart.height), dpi, map(html.unescape, words))
