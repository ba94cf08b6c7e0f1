"""Options for drawing a graph: where things go and how they look."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import check, option

THEMES = ("light", "dark", "contrast", "print")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DrawOptions:
    """Options for drawing a graph. Raises OptionError for invalid values."""

    rankdir: str = option("LR", "From left to right, or from top to bottom.", choices=("LR", "TB"),
                          metavar="LR|TB")
    wrap: float | None = option(
        0.0, "Set a long graph in rows of this width; none: in one row.", kind="width",
        metavar="PX|none", low=300, high=100_000, default_help="if over 2600 px wide")
    engine: str = option("layered", "Layout engine: built in, or Graphviz's dot if installed.",
                         choices=("layered", "dot"))
    edges: str = option(
        "auto", "Edge labels: local derivative, gradient contribution, both or none.",
        choices=("auto", "none", "local", "contribution", "both"))
    theme: str = option(
        "light", "The theme. contrast: high contrast (WCAG AAA); print: black and white.",
        choices=THEMES, default_help="light")
    dpi: float = option(192.0, "Resolution of a PNG: 96 is one pixel per px of the SVG.",
                        kind="number", low=10, high=2400)

    def __post_init__(self) -> None:
        check(self)
