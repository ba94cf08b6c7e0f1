"""What the nodes of all repeats have in common, and of their values the spread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from numpy import isfinite, isnan, maximum, where
from numpy import median as middle

from .. import text
from ..graph import ITEMS, Items, Numbers, Stats, Value
from .labels import plain


def spread_facts(items: Sequence[Any], at: Sequence[int]) -> dict[str, Any]:
    """The facts of one node for those of all repeats: values as their spread, the rest where equal.

    items: the nodes or edges of a graph; at: which of them.
    """
    if isinstance(items, Items) and items.columns is not None:
        columns = items.columns(at)
    else:
        facts = [items[i].facts for i in at]
        columns = {key: [one.get(key) for one in facts] for key in facts[len(facts) > 1]}
        columns |= {"flag": [one["flag"] for one in facts if "flag" in one]}
    found: dict[str, Any] = {}
    for key, column in columns.items():
        if isinstance(column, Numbers):
            found[key] = _spread_numbers(column)
            continue
        one = column[len(column) > 1] if key != "flag" else None
        if isinstance(one, Value):
            found[key] = spread([value for value in column if isinstance(value, Value)])
        elif key == "flag":
            if column:
                n = column.count(column[0])
                found[key] = column[0] if n == len(at) else f"{column[0]}, in {n} of {len(at)}"
        elif key in ("heat", "argument"):
            found[key] = max((x for x in column if x is not None), key=abs)
        elif key == "formula":
            written = {plain(str(x)) for x in column[1:] or column}
            if len(written) == 1:
                found[key] = written.pop()
        elif column[1:].count(one) == len(column[1:]) and key not in ("pass", "repeats", "at"):
            found[key] = one
    return found


def _spread_numbers(numbers: Numbers) -> Value:
    """As `spread`, of a column of numbers or of arrays of one shape."""
    column = numbers.of
    shape, flat = column.shape[1:], column.reshape(len(column), -1)
    one = flat[0]
    if len(one) <= ITEMS and (flat == one).all():
        return Value(shape, numbers.dtype, tuple(one.tolist()))
    good = isfinite(flat)
    nan = int(isnan(flat).sum())
    inf = flat.size - int(good.sum()) - nan
    if nan + inf == flat.size:
        return Value((len(column), *shape), numbers.dtype, None,
                     Stats(0.0, 0.0, 0.0, nan, inf))
    if nan + inf == 0:
        means = flat.mean(axis=1) if shape else flat[:, 0]
    else:                        # of each array that of its finite numbers
        counts = good.sum(axis=1)
        means = (where(good, flat, 0.0).sum(axis=1) / maximum(counts, 1))[counts > 0]
    finite = flat[good]
    return Value(shape, numbers.dtype, None, Stats(
        float(finite.min()) + 0.0, sum(means.tolist()) / len(means), float(finite.max()) + 0.0,
        nan, inf, float(middle(means)) + 0.0))


def spread(values: Sequence[Value]) -> Value:
    """Values of all repeats as one: min, median and max over the repeats; of arrays those of all
    their numbers, and the median of their means. Equal values stay as they are."""
    one = values[0]
    if all(value == one for value in values):
        return one
    low: list[float] = []
    middle: list[float] = []
    high: list[float] = []
    mean = nan = inf = 0.0
    for value in values:
        x = value.number
        if x is not None and not isinstance(x, complex):
            if x - x == 0:
                low.append(x)
                mean += x
            elif x != x:
                nan += 1
            else:
                inf += 1
            continue
        total = sum(value.items) if value.items else None
        if total is not None and not isinstance(total, complex) and total - total == 0:
            low.append(min(value.items))           # type: ignore[arg-type]
            middle.append(total / len(value.items))          # type: ignore[arg-type]
            high.append(max(value.items))          # type: ignore[arg-type]
            mean += middle[-1]
            continue
        a, m, b, n, i = text.spread(value)
        nan, inf = nan + n, inf + i
        if n + i < value.size:
            low.append(a)
            middle.append(m)
            high.append(b)
            mean += m
    finite = middle or low
    shape: Iterable[int] = one.shape
    if not finite:
        return Value((len(values), *shape), one.dtype, None,
                     Stats(0.0, 0.0, 0.0, int(nan), int(inf)))
    return Value(tuple(shape), one.dtype, None, Stats(
        float(min(low)) + 0.0, mean / len(finite), float(max(high or low)) + 0.0, int(nan),
        int(inf), float(median(finite)) + 0.0))            # of many numbers none is a −0
