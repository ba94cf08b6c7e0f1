"""Ticks: round numbers, or multiples of pi if the range ends at such."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from ..graph import text
from .chart import Scale, Tick

PARTS = (1, 2, 3, 4, 6)          # ticks at multiples of pi, pi/2, pi/3 ...
MOST = 9                         # ticks on an axis
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)       # between ticks, times a power of ten


def linear(scale: Scale, most: int = MOST, parts: Sequence[float] = STEPS) -> tuple[Tick, ...]:
    """Return about `most` round numbers on a linear axis, with enough digits to differ.

    parts: the possible steps, times a power of ten.
    """
    low, high = scale.low, scale.high
    raw = (high - low) / max(most, 1)
    ten = 10.0 ** math.floor(math.log10(raw))
    steps = [part * ten for part in parts if part * ten >= raw * (1 - 1e-9)]
    for step in [steps[0], *(part * ten / k for k in (1, 10) for part in reversed(parts)
                             if part * ten / k < steps[0])]:
        first = math.ceil(low / step - 1e-9)
        last = math.floor(high / step + 1e-9)
        if last > first:         # at least two
            break
    places = [k * step for k in range(first, last + 1)]
    return tuple(map(Tick, places, tick_labels(places)))


def tick_labels(places: Sequence[float]) -> list[str]:
    """Format numbers with enough digits to differ."""
    steps = [b - a for a, b in zip(places, places[1:]) if b > a]
    if not steps:
        return [text.number(float(x), 4) for x in places]
    least = min(steps)
    digits = max(math.ceil(math.log10(max(map(abs, places)) / least) + 1e-9) + 2, 2)
    return ["0" if abs(x) < 1e-6 * least else text.number(float(f"{x:.{digits}g}"), digits)
            for x in places]


def logarithmic(scale: Scale, most: int = MOST) -> tuple[Tick, ...]:
    """Return powers of ten, every one or every nth, with minor ticks if there is room.

    Less than two decades have numbers in between.
    """
    first = math.ceil(math.log10(scale.low) - 1e-9)
    last = math.floor(math.log10(scale.high) + 1e-9)
    inner = [k * 10.0 ** n for n in range(first - 1, last + 1) for k in range(2, 10)
             if scale.low <= k * 10.0 ** n <= scale.high]
    tens = [10.0 ** n for n in range(first, last + 1)]
    if last - first < 1:
        named = [x for x in inner if f"{x:.0e}"[0] in "25"]
        if len(named) + len(tens) < 2:
            return linear(scale, most)
        return (*(Tick(x, text.number(x)) for x in sorted(named + tens)),
                *minor_ticks(inner, named))
    every = -(-(last - first) // most)
    named = [10.0 ** n for n in range(first + (-first) % every, last + 1, every)]
    if every > 1:
        inner = tens if last - first < 4 * MOST else []
    return (*(Tick(x, power_of_ten(round(math.log10(x)))) for x in named),
            *minor_ticks(inner, named))


def minor_ticks(places: Iterable[float], named: Sequence[float]) -> tuple[Tick, ...]:
    """Return ticks without numbers, at the other places."""
    return tuple(Tick(x) for x in places if x not in named)


def power_of_ten(n: int) -> str:
    """Format a power of ten: 1, 10, 10², 10⁻³."""
    return {0: "1", 1: "10"}.get(n) or f"10{text.superscript(n)}"


def pi_step(low: float, high: float) -> Fraction | None:
    """Return the step of ticks in units of pi, if both ends are multiples of a part of pi."""
    for part in PARTS:
        ends = [x / math.pi * part for x in (low, high)]
        if all(abs(e - round(e)) < min(1e-9 * max(1.0, abs(e)), 1e-4) for e in ends) and any(
                map(round, ends)):
            return _fitting(Fraction(1, part), low, high)
    return None


def _fitting(step: Fraction, low: float, high: float) -> Fraction:
    while (high - low) / (float(step) * math.pi) + 1 > MOST:
        step *= 2
    while (high - low) / (float(step) * math.pi) < 3:
        step /= 2
    return step


def pi_ticks(low: float, high: float, wanted: bool | None) -> tuple[Tick, ...]:
    """Return ticks at multiples of pi if wanted, by default if the range ends at such."""
    step = pi_step(low, high)
    if wanted is False or (wanted is None and step is None):
        return ()
    step = step or _fitting(Fraction(1, 2), low, high)
    unit = float(step) * math.pi
    n = range(math.ceil(low / unit - 1e-9), math.floor(high / unit + 1e-9) + 1)
    return tuple(Tick(k * unit, format_pi(k * step)) for k in n)


def format_pi(multiple: Fraction) -> str:
    """Format a multiple of pi: 0, π, −π/2, 3π/4."""
    top, bottom = multiple.numerator, multiple.denominator
    if top == 0:
        return "0"
    sign, top = ("−" if top < 0 else ""), abs(top)
    return f"{sign}{top if top != 1 else ''}π{f'/{bottom}' if bottom != 1 else ''}"
