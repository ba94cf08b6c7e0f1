"""Ticks: numbers as they are written everywhere, multiples of pi where the range ends at such."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from .. import text

PARTS = (1, 2, 3, 4, 6)          # ticks may stand at pi, pi/2, pi/3 ...
MOST = 9                         # ticks on an axis


def dress(axis: Any) -> None:
    """Numbers as text.number writes them, with as many digits as tell the ticks apart."""
    from matplotlib.ticker import Formatter

    class Written(Formatter):
        ticks: Any = ()

        def format_ticks(self, values: Any) -> list[str]:
            self.ticks = values      # all of the axis, which it has just laid down
            return [self(value) for value in values]

        def __call__(self, value: float, _: Any = None) -> str:
            ticks = self.ticks
            steps = [b - a for a, b in zip(ticks, ticks[1:]) if b > a]
            if not steps:
                return text.number(float(value), 4)
            least = min(steps)
            if abs(value) < 1e-6 * least:
                return "0"
            digits = math.ceil(math.log10(max(abs(t) for t in ticks) / least) + 1e-9) + 2
            return text.number(float(f"{value:.{max(digits, 2)}g}"), max(digits, 2))
    axis.set_major_formatter(Written())


def pi_step(low: float, high: float) -> Fraction | None:
    """The step of ticks, in units of pi, where both ends are multiples of a part of pi."""
    for part in PARTS:
        ends = [x / math.pi * part for x in (low, high)]
        if all(abs(e - round(e)) < 1e-9 * max(1.0, abs(e)) for e in ends) and any(map(round, ends)):
            return _fitting(Fraction(1, part), low, high)
    return None


def _fitting(step: Fraction, low: float, high: float) -> Fraction:
    while (high - low) / (float(step) * math.pi) + 1 > MOST:
        step *= 2
    while (high - low) / (float(step) * math.pi) < 3:
        step /= 2
    return step


def pi_ticks(axes: Any, low: float, high: float, asked: bool | None) -> None:
    """Ticks at multiples of pi: where asked for, or where the range ends at such."""
    step = pi_step(low, high)
    if asked is False or (asked is None and step is None):
        return
    step = step or _fitting(Fraction(1, 2), low, high)
    unit = float(step) * math.pi
    n = range(math.ceil(low / unit - 1e-9), math.floor(high / unit + 1e-9) + 1)
    axes.set_xticks([k * unit for k in n], [pi(k * step) for k in n])


def pi(multiple: Fraction) -> str:
    """A multiple of pi: 0, π, −π/2, 3π/4."""
    top, bottom = multiple.numerator, multiple.denominator
    if top == 0:
        return "0"
    sign, top = ("−" if top < 0 else ""), abs(top)
    return f"{sign}{top if top != 1 else ''}π{f'/{bottom}' if bottom != 1 else ''}"
