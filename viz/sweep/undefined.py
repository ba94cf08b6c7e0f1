"""Intervals where f is undefined, with reasons, and hints for users."""

from __future__ import annotations

import numpy as np

from ..options.message import Message, Option
from .evaluate import Batch, Evaluator
from .event import UndefinedInterval, derivative_name
from .explain import why_undefined


LOST = 20                        # neighbouring samples without f' that are reported


def undefined_intervals(evaluator: Evaluator, places: list[float], low: float, high:
                        float) -> list[UndefinedInterval]:
    """Return the intervals on which f is undefined, between the places where that may change."""
    edges = sorted({low, high, *(p for p in places if low < p < high)})
    parts = np.array([0.13, 0.5, 0.81])
    spans = list(zip(edges, edges[1:]))
    points = np.array([a + (b - a) * parts for a, b in spans])
    blank = ~np.isfinite(evaluator(points.ravel()).curves[0]).reshape(points.shape)
    found: list[UndefinedInterval] = []
    for (a, b), empty, inner in zip(spans, blank.all(axis=1), points):
        if not empty:
            continue
        if found and found[-1].high == a:
            found[-1] = found[-1]._replace(high=b)
        else:
            reason, line = why_undefined(evaluator, float(inner[1]))
            found.append(UndefinedInterval(a, b, reason or "f is undefined there", line))
    return found


def undefined_everywhere(evaluator: Evaluator, interval: UndefinedInterval, name: str) -> str:
    """Return the message for an f that is undefined on the whole range."""
    reason = f": {interval.reason}" if interval.reason else ""
    line = f"{interval.line}: " if interval.line else ""
    text = (f"{line}{name} is undefined on the whole range "
            f"[{interval.low:g}, {interval.high:g}]{reason}")
    sizes = np.concatenate([np.arange(0.0, 10.0, 0.125), 10.0 ** np.arange(1.0, 9.0, 0.25)])
    x = np.unique(np.concatenate([-sizes, sizes]))
    fine = np.isfinite(evaluator(x).curves[0])
    if not fine.any():
        return text
    best = int(np.argmin(np.where(fine, np.abs(x - 0.5 * (interval.low + interval.high)), np.inf)))
    first, last = best, best
    while first > 0 and fine[first - 1]:
        first -= 1
    while last + 1 < len(x) and fine[last + 1]:
        last += 1
    return Message(f"{text}. It is defined around {x[best]:g}: try ",
                   Option("range", (float(f"{x[first]:g}"), float(f"{x[last]:g}"))))


def make_notes(intervals: list[UndefinedInterval], evaluator: Evaluator, batch: Batch, order:
               int) -> tuple[str, ...]:
    """Return hints for users: derivatives that are missing, overflows, better functions.

    order: the highest derivative that was requested.
    """
    found = []
    lacks = getattr(evaluator.f, "lacks", {})     # another framework: order -> why there is none
    for k in sorted(lacks)[:1]:
        if k <= order:
            more = f" to {derivative_name('f', order)}" if order > k else ""
            found.append(f"{derivative_name('f', k)}{more} cannot be drawn: {lacks[k]}")
    if evaluator.low_precision:
        found.append("f computes in less than double precision: jumps and kinks that no operation "
                     "tells of are not looked for")
    lost = np.isfinite(batch.curves[0]) & ~np.isfinite(batch.curves[1])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lost, [False]]).astype(int)))
    for first, stop in edges.reshape(-1, 2):
        if stop - first >= LOST and 1 not in lacks:
            reason, line = why_undefined(evaluator, float(batch.x[(first + stop) // 2]))
            ends = f"{batch.x[first]:.4g} to {batch.x[stop - 1]:.4g}"
            found.append(f"{line + ': ' if line else ''}f' is not a number from {ends}"
                         + (f": {reason} there" if reason else ""))
    for interval in intervals:
        at = f"{interval.line}: " if interval.line else ""
        if "overflows" in interval.reason:
            end = interval.low if interval.low > 0 else interval.high
            hint = (" (log(1 + exp(u)) is np.logaddexp(0, u), which does not)"
                    if interval.reason == "exp overflows" and any(
                        d.op == "log" for d in evaluator.detectors) else "")
            found.append(f"{at}{interval.reason} from {end:.6g} on{hint}")
        elif interval.reason.startswith("a fractional power"):
            found.append(f"{at}{interval.reason} is undefined: for a cube root write np.cbrt")
    return tuple(dict.fromkeys(found))
