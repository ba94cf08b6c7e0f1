"""GraphRequest: all options for a picture of a graph."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..options.drawing import THEMES, DrawOptions
from ..options.fields import OptionError, option
from ..options.message import Message, Option
from .common import Request, pairs


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class GraphRequest(DrawOptions, Request):
    """A picture of a computation graph. Raises OptionError for what does not go together.

    target: also a Tensor or a Graph. at: {"x": 1.2}, or 1.2 of a function of one argument.
    """

    theme: str = option("", "The theme. contrast: high contrast (WCAG AAA); print: black and "
                        "white.", choices=THEMES, default_help="light")
    at: Any = option((), "Evaluate at this point: 1.2, or x=1.2 with several arguments, pi/2, "
                     "\"[1, 2, 3]\". Repeatable.", kind="point", many=True,
                     metavar="[NAME=]VALUE", default_help="the arguments' defaults")
    inputs: Any = option((), "An input of a PyTorch or JAX target: \"randn(2, 3)\". Repeatable.",
                         many=True, metavar="[NAME=]EXPR", flags=("--input",),
                         default_help="the result of example_inputs() in its file")
    level: str | None = option(None, "PyTorch: the functions called, or the operations that ran.",
                               choices=("function", "aten"))
    meta: bool = option(False, "PyTorch: trace on the meta device (shapes, FLOPs, bytes, no "
                        "values), for models that do not fit in memory.", kind="flag")
    grad: bool = option(True, "Run the forward pass only.", kind="flag", flags=("--no-grad",))
    order: int = option(1, "2 draws the graph of the derivative, 3 that of the second ...",
                        kind="integer", low=1, high=6)
    backward: bool = option(False, "Draw the backward pass as a graph beside the forward one, "
                            "paired node by node.", kind="flag")
    focus: str | None = option(None, "Draw only the neighbourhood of a node, given by name or id.",
                               metavar="NODE")
    radius: int = option(1, "The size of that neighbourhood, in ops.", kind="integer", low=1)
    start: str | None = option(None, "With --to: draw all paths between two nodes, with each "
                               "path's product of local derivatives.", metavar="NODE",
                               flags=("--from",))
    end: str | None = option(None, "Where the paths end.", metavar="NODE", flags=("--to",),
                             default_help="the output", needs=("start",))
    hidden: tuple[str, ...] = option((), "Leave out constants, parameters or inputs. Repeatable.",
                                     many=True, metavar="KIND", flags=("--hide",))
    heat: str | None = option(None, "Colour by size and sign, on a log scale.",
                              choices=("grad", "data", "contribution"))
    flag: bool = option(False, "Mark where NaN and inf arise and how they spread, and gradients "
                        "that vanish, explode or are zero.", kind="flag")
    strict: bool = option(False, "With --flag: exit 1 where anything is marked.", kind="flag")
    steps: bool = option(False, "Show the forward and the backward pass step by step: .gif, .html, "
                         "an animated .svg, or a folder of frames (-o frames/).", kind="flag",
                         excludes=("backward",))
    fold: str = option("auto", "Draw what is repeated once, in a frame. auto: in a graph of more "
                       "than 150 nodes, where that saves 30 %.", choices=("auto", "none", "all"))
    depth: int | None = option(None, "Collapse frames deeper than N into boxes with a title.",
                               kind="integer", low=0, metavar="N")
    expand: tuple[str, ...] = option((), "Draw all repeats of a frame (1, 2/1 ...), or PATH:ends, "
                                     "the first and the last repeat. Repeatable.", many=True,
                                     metavar="PATH")

    @property
    def flagged(self) -> bool:
        """True if NaN, inf and bad gradients are marked."""
        return self.flag or self.strict

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", pairs(self.at))
        if isinstance(self.inputs, Mapping):
            object.__setattr__(self, "inputs", tuple(f"{name}={text}" for name, text
                                                     in self.inputs.items()))
        super().__post_init__()
        if self.wrap and self.engine == "dot":
            raise OptionError(Message(Option("wrap"), " sets rows of the built-in layout: leave ",
                                      Option("engine", "dot"), " out"))
