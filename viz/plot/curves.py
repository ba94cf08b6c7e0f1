"""Curves on an axis: branches, asymptotes, open and closed dots, bands, strips, arms that leave."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import text
from ..sweep import Event, Strip, Sweep
from .frame import Curve, poles, visible

Array = Any
Look = Any                       # theme.Theme.plot: role -> colour

PRIMES = ("", "′", "″", "‴")
FAR = 20.0                       # values are cut at so many heights beyond the window
TOLD = 6                         # jumps of a curve at which more is said than a cross


def symbol(name: str, order: int) -> str:
    """f, f′, f″, f‴, f⁽⁴⁾ ..."""
    return name + (PRIMES[order] if order < len(PRIMES) else f"⁽{text.superscript(order)}⁾")


def pieces(curve: Curve, low: float, high: float, *, exact: bool = False
           ) -> list[tuple[Array, Array]]:
    """The branches of a curve: (x, y) of each, no interruption within; rounded below what shows.

    low, high: the window of the y axis. exact: the numbers as they are, for a log axis.
    """
    s = curve.sweep
    y = curve.y.copy()
    for band in s.bands:
        if band.order == curve.order:
            y[(s.x > band.low) & (s.x < band.high)] = np.nan
    tall = high - low
    y = np.clip(y, low - FAR * tall, high + FAR * tall)
    scale = 10.0 ** (5 - math.floor(math.log10(tall)))
    if not exact and math.isfinite(scale) and scale:
        y = np.round(y * scale) / scale
    wide = 10.0 ** (6 - math.floor(math.log10(s.high - s.low)))
    x = s.x if exact or not 0 < wide < math.inf else np.round(s.x * wide) / wide
    fine = np.isfinite(y)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fine, [False]]).astype(int)))
    return [(x[a:b], y[a:b]) for a, b in edges.reshape(-1, 2)]


def draw(axes: Any, curve: Curve, color: str, look: Look, *, label: str, width: float = 1.9,
         dash: Any = "-") -> None:
    """One curve, with all that happens to it."""
    low, high = axes.get_ylim()
    log = axes.get_yscale() == "log"
    exact = log or axes.get_xscale() == "log"
    shown = [(x, y) for x, y in pieces(curve, low, high, exact=exact)
             if len(x) > 1 and x[-1] > x[0]]
    for i, (x, y) in enumerate(shown):             # a lone value: a dot shows it
        axes.plot(x, np.where(y > 0, y, np.nan) if log else y, color=color, lw=width, ls=dash,
                  label=label if i == 0 else None, solid_capstyle="round",
                  solid_joinstyle="round", zorder=3 - 0.1 * curve.order)
    for i, band in enumerate(b for b in curve.sweep.bands if b.order == curve.order):
        tall = high - low
        axes.fill_between(band.x, np.clip(band.least, low - tall, high + tall),
                          np.clip(band.most, low - tall, high + tall), color=color, alpha=0.4,
                          lw=0, zorder=2, label=label if not shown and i == 0 else None)
    events = [event for event in curve.sweep.events
              if event.order == curve.order and not _within_band(curve, event)]
    few = sum(event.engine is not None for event in events) <= TOLD
    for event in events:
        _mark(axes, curve.sweep, event, color, look, few)
    if not log:
        _arms(axes, curve, color)


def _within_band(curve: Curve, event: Event) -> bool:
    return any(b.order == curve.order and b.low < event.x < b.high for b in curve.sweep.bands)


def _mark(axes: Any, s: Sweep, event: Event, color: str, look: Look, told: bool) -> None:
    """Asymptotes, and dots: closed where the value is taken, open where it is not."""
    sides = [v for v in (event.left, event.right) if v is not None]
    if any(math.isinf(v) for v in sides) and s.low < event.x < s.high:
        axes.axvline(event.x, color=color, lw=0.9, ls=(0, (4, 3)), alpha=0.55, zorder=1.5)
    if not event.slit:
        return
    for v in dict.fromkeys(v for v in sides if math.isfinite(v)):
        if v != event.value:
            dot(axes, event.x, v, color, look["paper"])
    if event.value is not None and math.isfinite(event.value):
        dot(axes, event.x, event.value, color, color)
    elif event.engine is not None and event.kind == "jump":
        axes.plot([event.x], [event.engine], ls="none", marker="x", ms=5, mew=1.3, color=color,
                  zorder=5)
        if not told:
            return
        axes.annotate(f"the engine returns {text.number(event.engine, 3)}", zorder=6,
                      xy=(event.x, event.engine), xytext=(8, -3), textcoords="offset points",
                      fontsize=8, color=color, va="top",
                      bbox={"boxstyle": "round,pad=0.1", "fc": look["paper"], "ec": "none",
                            "alpha": 0.8})


def dot(axes: Any, x: float, y: float, edge: str, fill: str, size: float = 5.2) -> None:
    axes.plot([x], [y], ls="none", marker="o", ms=size, mfc=fill, mec=edge, mew=1.5, zorder=5,
              clip_on=False)


def _arms(axes: Any, curve: Curve, color: str) -> None:
    """Say how far a curve goes that leaves the window though it has no pole there: ▲ 2.6e10."""
    low, high = axes.get_ylim()
    s = curve.sweep
    wide = s.high - s.low
    y = visible(curve)
    ends = [x for b in s.bands if b.order == curve.order for x in (b.low, b.high)]
    for p in [*poles(curve), *ends]:
        y[_monotone(s.x, y, p)] = np.nan
    for beyond, best, mark, place, align in ((y > high, np.nanargmax, "▲", high, "top"),
                                             (y < low, np.nanargmin, "▼", low, "bottom")):
        if beyond.any():
            i = int(best(y))
            first = float(s.x[np.flatnonzero(beyond)[0]]) if s.x[i] > 0.5 * (s.low + s.high) else (
                float(s.x[np.flatnonzero(beyond)[-1]]))
            right = first < s.low + 0.15 * wide
            axes.annotate(f"{mark} {text.number(float(y[i]), 3)}", (first, place),
                          xytext=(7 if right else -7, -3 if align == "top" else 3),
                          textcoords="offset points", color=color, fontsize=8,
                          ha="left" if right else "right", va=align, zorder=6)


def _monotone(x: Array, y: Array, place: float) -> Array:
    """The samples around a pole from which the curve only goes on towards it: bool, (N,)."""
    out = np.zeros(len(x), dtype=bool)
    for side in (1, -1):
        i = np.flatnonzero((x - place) * side > 0)
        i = i if side > 0 else i[::-1]
        size = np.abs(y[i])
        fine = np.isfinite(size)
        i, size = i[fine], size[fine]
        rise = np.flatnonzero(np.diff(size) > 1e-12 * size[:-1])
        out[i[:int(rise[0]) + 1 if len(rise) else len(i)]] = True
    return out


def strips(axes: Any, s: Sweep, look: Look, *, say: bool) -> None:
    """Where f is undefined: a hatched strip, with the reason if there is room."""
    for strip in s.undefined:
        axes.axvspan(strip.low, strip.high, facecolor=look["muted"], alpha=0.07, lw=0, zorder=0)
        axes.axvspan(strip.low, strip.high, facecolor="none", edgecolor=look["line"], alpha=0.35,
                     hatch="///", lw=0, zorder=0)
        if say:
            _reason(axes, strip, (strip.high - strip.low) / (s.high - s.low), look)


def _reason(axes: Any, strip: Strip, share: float, look: Look, size: float = 9.0) -> None:
    """Why f is undefined on a strip, on lines that fit it, upright where it is narrow."""
    box, figure = axes.get_position(), axes.figure
    wide, high = box.width * figure.get_figwidth() * 72, box.height * figure.get_figheight() * 72
    words = f"undefined: {strip.reason}"
    for along, across, rotation in ((0.9 * share * wide, high, 0), (0.9 * high, share * wide, 90)):
        lines = _lines(words, along, size)
        if lines and 1.3 * size * len(lines) < 0.9 * across:
            axes.text(0.5 * (strip.low + strip.high), 0.5, "\n".join(lines), ha="center",
                      va="center", rotation=rotation, fontsize=size, color=look["muted"], zorder=6,
                      transform=axes.get_xaxis_transform(), parse_math=False,
                      bbox={"boxstyle": "round,pad=0.4", "fc": look["paper"], "ec": "none"})
            return


def _lines(words: str, width: float, size: float) -> list[str]:
    """The words on as few lines as fit the width in points, or none where a word does not."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if text.width(longer, size) <= width:
            lines[-1] = longer
        elif text.width(word, size) <= width:
            lines.append(word)
        else:
            return []
    return [line for line in lines if line]
