"""Descriptions of plots in a few sentences, for those who cannot see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

import numpy as np

from ..graph import text
from ..sweep import Event, Sweep
from ..sweep.scalar_field import ScalarField, DescentPath

FEW = 5                          # places of a kind that are listed; more are only counted
LONG = 80                        # longer expressions are left out
_PLACES: dict[str, tuple[str, str]] = {        # in the order of the description
    "root": ("root", "roots"), "pole": ("pole", "poles"), "jump": ("jump", "jumps"),
    "kink": ("kink", "kinks"), "hole": ("hole", "holes"), "end": ("end", "ends"),
    "vertical_tangent": ("vertical tangent", "vertical tangents"), "cusp": ("cusp", "cusps"),
    "isolated": ("isolated point", "isolated points")}


def describe_sweeps(sweeps: Sequence[Sweep]) -> str:
    """Describe a plot: the functions, the range, roots, extrema, poles and so on."""
    return " ".join(_sentence(sweep) for sweep in sweeps)


def _sentence(sweep: Sweep) -> str:
    x = sweep.argument
    what = f"{sweep.name}({x})"
    if sweep.expression and len(sweep.expression) <= LONG and sweep.expression != what:
        what += f" = {sweep.expression}"
    orders = ["", " and its derivative", " and its first two derivatives"]
    also = orders[sweep.order] if sweep.order < 3 else f" and its first {sweep.order} derivatives"
    words = f"Plot of {what}{also} for {x} from {text.number(sweep.low)} to " \
            f"{text.number(sweep.high)}"
    events = [event for event in sweep.events if event.order == 0]
    parts = [_places(events, kind, names, x) for kind, names in _PLACES.items()]
    turns = [event for event in events if event.kind == "extremum"]
    for detail, names in (("minimum", ("minimum", "minima")), ("maximum", ("maximum", "maxima"))):
        parts.append(_listed([e for e in turns if e.detail == detail], names, _point))
    parts += [f"undefined from {text.number(gap.low)} to {text.number(gap.high)}"
              for gap in sweep.undefined[:FEW]]
    found = [part for part in parts if part]
    return text.literal(words + (": " + ", ".join(found) if found else "")) + "."


def _places(events: Iterable[Event], kind: str, names: tuple[str, str], x: str) -> str:
    return _listed([e for e in events if e.kind == kind], names,
                   lambda e: f"{x} = {text.number(e.x)}")


def _point(event: Event) -> str:
    return f"({text.number(event.x)}, {text.number(event.value)})" \
        if event.value is not None else text.number(event.x)


def _listed(events: Sequence[Event], names: tuple[str, str],
            describe: Callable[[Event], str]) -> str:
    """List events: roots at x = 0, x = 1 and x = 2; or 17 roots."""
    if not events:
        return ""
    if len(events) > FEW:
        return f"{len(events)} {names[1]}"
    *most, last = map(describe, events)
    return f"{names[len(events) > 1]} at " + (f"{', '.join(most)} and {last}" if most else last)


def describe_field(field: ScalarField, path: DescentPath | None = None, *,
                   surface: bool = False) -> str:
    """Describe a picture of a field: its range, its lowest and highest value."""
    (x, y), n = field.names, text.number
    words = (f"{'Surface' if surface else 'Contours and gradient'} of {field.name}({x}, {y}) for "
             f"{x} from {n(field.x[0])} to {n(field.x[-1])} and {y} from {n(field.y[0])} to "
             f"{n(field.y[-1])}")
    found = []
    finite = np.isfinite(field.z)
    for name, at in (("lowest", np.argmin(np.where(finite, field.z, np.inf))),
                     ("highest", np.argmax(np.where(finite, field.z, -np.inf)))):
        row, column = np.unravel_index(at, field.z.shape)
        found.append(f"{name} value {_few(field.z[row, column])} near ({_few(field.x[column])}, "
                     f"{_few(field.y[row])})")
    if not finite.all():
        found.append("undefined in places")
    if path is not None:
        found.append(f"steepest descent from ({_few(path.x[0])}, {_few(path.y[0])}) to "
                     f"({_few(path.x[-1])}, {_few(path.y[-1])})")
    return text.literal(f"{words}: {', '.join(found)}") + "."


def _few(x: float) -> str:
    """Format a number read off a grid, of which three digits are true."""
    return text.number(float(x) + 0.0, 3)          # no −0


def add_description(svg: bytes, title: str, description: str) -> bytes:
    """Add a role, a title and a description for screen readers to an SVG by matplotlib.

    The prolog is dropped: a page that holds the picture inline has its own.
    """
    start = svg.index(b"<svg ")
    end = svg.index(b">", start)
    added = f"\n <title>{escape(title)}</title>\n <desc>{escape(description)}</desc>"
    return svg[start:end] + b' role="img">' + added.encode() + svg[end + 1:]
