"""Where f is undefined, why, and what would help."""

from __future__ import annotations

from typing import Any

import numpy as np

from .evaluate import Batch, Evaluator
from .event import UndefinedInterval, derivative_name

Array = Any

LOST = 20                        # samples beside each other without f' that are worth a word


def undefined_intervals(passes: Evaluator, places: list[float], low: float, high:
                        float) -> list[UndefinedInterval]:
    """The intervals on which f is undefined, between the places where that may change."""
    edges = sorted({low, high, *(p for p in places if low < p < high)})
    parts = np.array([0.13, 0.5, 0.81])
    spans = list(zip(edges, edges[1:]))
    points = np.array([a + (b - a) * parts for a, b in spans])
    blank = ~np.isfinite(passes(points.ravel()).curves[0]).reshape(points.shape)
    found: list[UndefinedInterval] = []
    for (a, b), empty, inner in zip(spans, blank.all(axis=1), points):
        if not empty:
            continue
        if found and found[-1].high == a:
            found[-1] = found[-1]._replace(high=b)
        else:
            reason, line = passes.reason(float(inner[1]))
            found.append(UndefinedInterval(a, b, reason or "f is undefined there", line))
    return found


def undefined_everywhere(passes: Evaluator, strip: UndefinedInterval, name: str) -> str:
    """The message for an f that is undefined on the whole range, with a place where it is not."""
    reason = f": {strip.reason}" if strip.reason else ""
    line = f"{strip.line}: " if strip.line else ""
    text = f"{line}{name} is undefined on the whole range [{strip.low:g}, {strip.high:g}]{reason}"
    sizes = np.concatenate([np.arange(0.0, 10.0, 0.125), 10.0 ** np.arange(1.0, 9.0, 0.25)])
    x = np.unique(np.concatenate([-sizes, sizes]))
    fine = np.isfinite(passes(x).curves[0])
    if not fine.any():
        return text
    best = int(np.argmin(np.where(fine, np.abs(x - 0.5 * (strip.low + strip.high)), np.inf)))
    first, last = best, best
    while first > 0 and fine[first - 1]:
        first -= 1
    while last + 1 < len(x) and fine[last + 1]:
        last += 1
    return f"{text}. It is defined around {x[best]:g}: try --range {x[first]:g} {x[last]:g}"


def make_notes(strips: list[UndefinedInterval], passes: Evaluator, batch: Batch, order:
               int) -> tuple[str, ...]:
    """What would help, by the reasons why f is undefined; and where f' is lost though f is not.

    order: of the highest derivative that is asked for.
    """
    found = []
    lacks = getattr(passes.f, "lacks", {})     # of another framework: order -> why it has none
    for k in sorted(lacks)[:1]:                # nor of any above
        if k <= order:
            more = f" to {derivative_name('f', order)}" if order > k else ""
            found.append(f"{derivative_name('f', k)}{more} cannot be drawn: {lacks[k]}")
    if passes.rough:
        found.append("f computes in less than double precision: jumps and kinks that no operation "
                     "tells of are not looked for")
    lost = np.isfinite(batch.curves[0]) & ~np.isfinite(batch.curves[1])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lost, [False]]).astype(int)))
    for first, stop in edges.reshape(-1, 2):
        if stop - first >= LOST and 1 not in lacks:
            reason, line = passes.reason(float(batch.x[(first + stop) // 2]))
            ends = f"{batch.x[first]:.4g} to {batch.x[stop - 1]:.4g}"
            found.append(f"{line + ': ' if line else ''}f' is not a number from {ends}"
                         + (f": {reason} there" if reason else ""))
    for strip in strips:
        at = f"{strip.line}: " if strip.line else ""
        if "overflows" in strip.reason:
            end = strip.low if strip.low > 0 else strip.high
            hint = (" (log(1 + exp(u)) is np.logaddexp(0, u), which does not)"
                    if strip.reason == "exp overflows" and any(
                        w.op == "log" for w in passes.detectors) else "")
            found.append(f"{at}{strip.reason} from {end:.6g} on{hint}")
        elif strip.reason.startswith("a fractional power"):
            found.append(f"{at}{strip.reason} is undefined: for a cube root write np.cbrt")
    return tuple(dict.fromkeys(found))
