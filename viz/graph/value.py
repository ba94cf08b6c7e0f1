"""Value: a number or an array at the time of reading, and its statistics."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

_EPSILON = {"float64": 2**-50, "float32": 2**-21, "float16": 2**-9, "bfloat16": 2**-6}


class Stats(NamedTuple):
    """The statistics of an array too large to keep: of its finite numbers, and counts of others."""

    min: float
    mean: float
    max: float
    nan: int = 0                 # number of nan
    inf: int = 0                 # number of infinities of either sign
    median: float | None = None  # over the repeats, of a folded node


class Value(NamedTuple):
    """A number or an array at the time of reading: its numbers in row-major order, or its stats."""

    shape: tuple[int, ...]       # () for a number
    dtype: str                   # numpy's spelling: float64, int64, bool ...
    items: tuple[Any, ...] | None = None      # all numbers, where there are at most KEPT_NUMBERS
    stats: Stats | None = None   # set where items is None and the numbers are known

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def number(self) -> Any:
        """Return the number of a value of size 1, else None."""
        return self.items[0] if self.items is not None and len(self.items) == 1 else None


class NumberColumn(NamedTuple):
    """The same fact of many nodes or edges, each a number or an array of one shape."""

    dtype: str
    array: Any                   # one row per node or edge


def statistics(value: Value) -> tuple[float, float, float, int, int]:
    """Return min, mean and max of the finite numbers of a value; the counts of nan and infinities.

    A mean that is rounding error, which differs between processors, is 0.
    """
    if value.stats is not None:
        low, mean, high, nan, inf, _ = value.stats
    else:
        items = [float(x.real if isinstance(x, complex) else x) for x in value.items or ()]
        finite = [x for x in items if x - x == 0]
        nan = sum(x != x for x in items)
        inf = len(items) - len(finite) - nan
        if not finite:
            return 0.0, 0.0, 0.0, nan, inf
        low, mean, high = min(finite), sum(finite) / len(finite), max(finite)
    if is_rounding_error(mean, low, high, value.dtype):
        mean = 0.0
    return low, mean, high, nan, inf


def is_rounding_error(mean: float, low: float, high: float, dtype: str) -> bool:
    """Return whether a mean of numbers on both sides of zero is only rounding error."""
    return low < 0 < high and \
        abs(mean) <= _EPSILON.get(dtype, _EPSILON["float64"]) * max(-low, high)


def magnitude(value: Value | None) -> float | None:
    """Return the size of a value: of an array its largest magnitude, with the sign of its mean."""
    if value is None or value.size == 0:
        return None
    if value.number is not None:
        return float(value.number)
    low, mean, high, nan, infinite = statistics(value)
    if nan + infinite == value.size:
        return None
    return max(abs(low), abs(high)) * (-1 if mean < 0 else 1)
