"""Curves on an axis: branches, asymptotes, open and closed dots, bands, strips, arms that leave."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import text
from ..sweep import Event, Sweep
from .frame import Curve

Array = Any
Look = Any                       # theme.Theme.plot: role -> colour

PRIMES = ("", "′", "″", "‴")
FAR = 20.0                       # values are cut at so many heights beyond the window


def symbol(name: str, order: int) -> str:
    """f, f′, f″, f‴, f⁽⁴⁾ ..."""
    return name + (PRIMES[order] if order < len(PRIMES) else f"⁽{text.superscript(order)}⁾")


def pieces(curve: Curve, low: float, high: float) -> list[tuple[Array, Array]]:
    """The branches of a curve: (x, y) of each, no interruption within; rounded below what shows.

    low, high: the window of the y axis.
    """
    s = curve.sweep
    y = curve.y.copy()
    for band in s.bands:
        if band.order == curve.order:
            y[(s.x > band.low) & (s.x < band.high)] = np.nan
    tall = high - low
    y = np.clip(y, low - FAR * tall, high + FAR * tall)
    scale = 10.0 ** (5 - math.floor(math.log10(tall)))
    y = np.round(y * scale) / scale if math.isfinite(scale) and scale else y
    wide = 10.0 ** (6 - math.floor(math.log10(s.high - s.low)))
    x = np.round(s.x * wide) / wide
    fine = np.isfinite(y)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fine, [False]]).astype(int)))
    return [(x[a:b], y[a:b]) for a, b in edges.reshape(-1, 2)]


def draw(axes: Any, curve: Curve, color: str, look: Look, *, label: str, width: float = 1.9,
         dash: Any = "-") -> None:
    """One curve, with all that happens to it."""
    low, high = axes.get_ylim()
    for i, (x, y) in enumerate(pieces(curve, low, high)):
        if len(x) == 1 or x[-1] == x[0]:
            continue             # a lone value: a dot shows it
        axes.plot(x, y, color=color, lw=width, ls=dash, label=label if i == 0 else None,
                  solid_capstyle="round", solid_joinstyle="round", zorder=3 - 0.1 * curve.order)
    for band in curve.sweep.bands:
        if band.order == curve.order:
            tall = high - low
            axes.fill_between(band.x, np.clip(band.least, low - tall, high + tall),
                              np.clip(band.most, low - tall, high + tall), color=color, alpha=0.3,
                              lw=0, zorder=2)
    for event in curve.sweep.events:
        if event.order == curve.order and not _within_band(curve, event):
            _mark(axes, curve.sweep, event, color, look)
    _arms(axes, curve, color)


def _within_band(curve: Curve, event: Event) -> bool:
    return any(b.order == curve.order and b.low < event.x < b.high for b in curve.sweep.bands)


def _mark(axes: Any, s: Sweep, event: Event, color: str, look: Look) -> None:
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


def dot(axes: Any, x: float, y: float, edge: str, fill: str, size: float = 5.2) -> None:
    axes.plot([x], [y], ls="none", marker="o", ms=size, mfc=fill, mec=edge, mew=1.5, zorder=5,
              clip_on=False)


def _arms(axes: Any, curve: Curve, color: str) -> None:
    """Say how far a curve goes that leaves the window without a pole: ▲ to 2.6e10."""
    low, high = axes.get_ylim()
    s = curve.sweep
    poles = [e.x for e in s.events if e.order == curve.order and any(
        v is not None and math.isinf(v) for v in (e.left, e.right))]
    for x, y in _branches(curve):
        for beyond, best, mark, place, align in ((y > high, np.argmax, "▲", high, "top"),
                                                 (y < low, np.argmin, "▼", low, "bottom")):
            if not beyond.any():
                continue
            i = int(best(y))
            if any(p in (x[0], x[-1]) or abs(x[i] - p) < 0.02 * (s.high - s.low) for p in poles):
                continue
            first = float(x[np.flatnonzero(beyond)[0]])
            edge = 0.03 * (s.high - s.low)
            first = min(max(first, s.low + edge), s.high - edge)
            axes.annotate(f"{mark} {text.number(float(y[i]), 3)}", (first, place),
                          xytext=(0, -3 if align == "top" else 3), textcoords="offset points",
                          color=color, fontsize=8, ha="center", va=align, zorder=6)


def _branches(curve: Curve) -> list[tuple[Array, Array]]:
    fine = np.isfinite(curve.y)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fine, [False]]).astype(int)))
    return [(curve.sweep.x[a:b], curve.y[a:b]) for a, b in edges.reshape(-1, 2)]


def strips(axes: Any, s: Sweep, look: Look, *, say: bool) -> None:
    """Where f is undefined: a hatched strip, with the reason if there is room."""
    for strip in s.undefined:
        axes.axvspan(strip.low, strip.high, facecolor=look["muted"], alpha=0.07, lw=0, zorder=0)
        axes.axvspan(strip.low, strip.high, facecolor="none", edgecolor=look["line"], alpha=0.35,
                     hatch="///", lw=0, zorder=0)
        wide = (strip.high - strip.low) / (s.high - s.low)
        if say and wide > 0.06:
            words = f"undefined: {strip.reason}"
            upright = wide * 90 < len(words)
            axes.text(0.5 * (strip.low + strip.high), 0.5, words, ha="center", va="center",
                      rotation=90 if upright else 0, fontsize=9, color=look["muted"], zorder=6,
                      transform=axes.get_xaxis_transform(),
                      bbox={"boxstyle": "round,pad=0.4", "fc": look["paper"], "ec": "none"})
