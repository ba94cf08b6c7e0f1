"""One-sided limits, from values at points that approach a place geometrically."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .arrays import Bools, Floats, Ints


EPS = float(np.finfo(float).eps)
STEP = 0.6                       # ratio of the distances of neighbouring points
POINTS = 76                      # 0.6**76 = 1e-17
WINDOW = 6                       # points that are evaluated together


class Limit(NamedTuple):
    """The limit of a curve from one side: a number, ±inf, or none (value is nan)."""

    kind: str                    # finite, infinite, none (it oscillates), undefined
    value: float = math.nan
    error: float = 0.0           # bound of the error of a finite value


def approaching_points(x: float, reach: float, side: int, error: float = 0.0) -> Floats:
    """Return points from x + side * reach towards x, as close as floats (or error) resolve."""
    least = max(1024 * abs(np.spacing(x)), 1e-17 * reach, 10 * error)
    away = reach * STEP ** np.arange(POINTS)
    away = away[away > least]
    return x + side * (away if len(away) > 2 else reach * np.array([1, 0.5, 0.25, 0.125]))


def limit(x: float, points: Floats, values: Floats) -> Limit:
    """Return the limit of the values (NaN or ±inf where f is undefined) as the points approach x.

    Points are trusted from the far end until rounding shows: values that scatter more the closer
    they get. Among these, coherent growth without end is a pole (even one as slow as log's), and
    the limit of values that converge is extrapolated.  Source: Aitken, 1926.
    """
    finite = np.isfinite(values)
    if finite.all() and len(values) > 3 * WINDOW:
        value, error = _settled(values)
        if error >= 0:
            return Limit("finite", _rounded(value, error), error)
    tail = finite[-12:]
    if not tail.any():
        near = values[-12:]
        if np.isinf(near[-4:]).all() and finite[:-12].any() and (near[-4:] == near[-1]).all():
            return Limit("infinite", float(near[-1]))
        if not finite.any() or not _mostly(finite):
            return Limit("undefined")
    elif np.isinf(values[-4:]).all() and (values[-4:] == values[-1]).all():
        return Limit("infinite", float(values[-1]))
    keep = _run(finite)
    a, h = values[keep], np.abs(points[keep] - x)
    if len(a) < 4:
        return Limit("none") if finite.any() else Limit("undefined")
    a, h = _trusted(a, h)
    grown = _grows(a, h)
    if grown:
        return Limit("infinite", math.copysign(math.inf, a[-1]))
    value, error = _extrapolated(a)
    spread = float(np.ptp(a))
    if error > 1e-3 * abs(value) and error > 0.02 * spread:
        return Limit("none")
    return Limit("finite", _rounded(value, error), error)


def _settled(a: Floats) -> tuple[float, float]:
    """Return the last value and its error if the steps shrink to nothing throughout; or -1."""
    steps = np.abs(np.diff(a))
    floor = 16 * EPS * max(abs(a[-1]), abs(a[0]))
    end = steps[-2 * WINDOW:].sum()
    if end <= floor and (steps[1:] <= 1.01 * steps[:-1] + 0.5 * floor).all():
        return float(a[-1]), max(float(end), 4 * EPS * abs(float(a[-1])))
    return math.nan, -1.0


def _mostly(finite: Bools) -> bool:
    return bool(finite.sum() > 0.5 * len(finite))


def _run(finite: Bools) -> Ints:
    """Return the indices of the finite values before the rounding errors near x."""
    stop = len(finite)
    while stop and not finite[stop - 1]:
        stop -= 1
    if stop < len(finite) // 3:
        stop = len(finite)
    return np.flatnonzero(finite[:stop])


def _trusted(a: Floats, h: Floats) -> tuple[Floats, Floats]:
    """Return the values and distances before rounding shows."""
    if len(a) <= 2 * WINDOW:
        return a, h
    windows = np.lib.stride_tricks.sliding_window_view(a, WINDOW)
    scatter = np.ptp(windows, axis=1)
    size = np.abs(windows).max(axis=1)
    steps = np.sign(np.diff(windows, axis=1))
    coherent = (np.abs(steps.sum(axis=1)) >= WINDOW - 1)
    floor = 16 * EPS * size
    least = np.minimum.accumulate(np.maximum(scatter, floor))
    noisy = ~coherent & (scatter > 30 * np.concatenate([[np.inf], least[:-1]]))
    first = int(np.argmax(noisy)) if noisy.any() else len(a)
    if noisy.any():
        first = max(first, WINDOW)
        # the point of least scatter before the noise is the last one to trust
        best = int(np.argmin(np.maximum(scatter, floor)[:first + 1]))
        stop = min(best + WINDOW, len(a))
        return a[:stop], h[:stop]
    return a, h


def _grows(a: Floats, h: Floats) -> bool:
    """Return whether the values grow without end: their differences do not shrink, or only as 1/n.
    """
    n = min(14, len(a))
    tail = a[-n:]
    whole = a[-40:]
    if abs(tail[-1] - tail[0]) < 0.05 * abs(tail[-1]) and (len(whole) < 36 or not (
            (np.diff(whole) > 0).all() or (np.diff(whole) < 0).all())):
        return False             # rounding errors beside a hole: a logarithm grows throughout
    steps = np.diff(tail)
    if not (steps > 0).all() and not (steps < 0).all():
        return False
    if np.abs(steps[-1]) < 1e3 * EPS * np.abs(tail[-1]):
        return False
    if np.sign(steps[-1]) != np.sign(tail[-1]):    # towards zero
        return False
    rate = abs(steps[-1] / steps[0]) ** (1 / (len(steps) - 1))
    place = max(math.log(1 / h[-1]) / -math.log(STEP), 8.0)
    return bool((1 - rate) * place < 1.5)          # 1 is log(log(x)), 2 is 1/log(x)


def _extrapolated(a: Floats) -> tuple[float, float]:
    """Return the limit of a converging sequence, and a bound of its error."""
    guesses = [_best(a, last=True)]
    better = a
    for _ in range(2):
        better = _aitken(better)
        guesses.append(_best(better))
    guesses.append(_best(_aitken(_aitken(a, factor=2.0), factor=2.0)))   # 1/log(x) goes to 0 as 1/n
    value, error = min(guesses, key=lambda guess: guess[1])
    return value, max(error, 4 * EPS * abs(value))


def _best(a: Floats, *, last: bool = False) -> tuple[float, float]:
    """Return the middle (or the last value) of the window of least scatter, and that scatter."""
    if len(a) < min(WINDOW, 4):
        return math.nan, math.inf
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(a, min(WINDOW, len(a))), axis=1)
    with np.errstate(all="ignore"):
        scatter = windows[:, -1] - windows[:, 0]
    scatter[~np.isfinite(scatter)] = math.inf
    i = int(np.argmin(scatter))
    if last:
        return float(a[i + windows.shape[1] - 1]), float(scatter[i])
    middle = 0.5 * (windows[i, (WINDOW - 1) // 2] + windows[i, WINDOW // 2])
    return float(middle), 2 * float(scatter[i])


def _aitken(a: Floats, stride: int = 2, factor: float = 1.0) -> Floats:
    """Return the sequence without its geometric error; itself where none is left.

    With factor 2 an error of 1/n is removed.
    """
    if len(a) < 2 * stride + 1:
        return a[:0]
    first, second, third = a[:-2 * stride], a[stride:-stride], a[2 * stride:]
    below = (third - second) - (second - first)
    with np.errstate(all="ignore"):
        out = second - factor * (third - second) * (second - first) / below
    return np.where(np.abs(third - second) <= 4 * EPS * np.abs(third), third, out)


def _rounded(value: float, error: float) -> float:
    """Return the roundest number within the error: 0.9999999999999 is 1."""
    if abs(value) <= 4 * error:
        return 0.0
    for digits in range(8):
        text = float(f"{value:.{digits}e}")
        if abs(text - value) <= 4 * error:
            return text
    return value


def shortest_decimal(low: float, high: float) -> float:
    """Return the shortest decimal in [low, high]; 0 if it is within."""
    if low <= 0.0 <= high:
        return 0.0
    middle = 0.5 * (low + high)
    for digits in range(0, 17):
        guess = float(f"{middle:.{digits}e}")
        if low <= guess <= high:
            return guess
    return middle
