"""Merge the facts of all repeats: equal ones are kept, values become their spread."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import prod
from statistics import median
from typing import Any

from numpy import array, isfinite, isnan, maximum, where
from numpy import median as middle

from ..graph import LazyItems, NumberColumn, Stats, Value
from ..graph.size_limits import KEPT_NUMBERS
from ..graph.value import statistics
from .merge_labels import without_subscripts

MANY = 64                        # numbers merged at a time

# Ids of values -> those values, so that no others have these ids, and their spread. What an edge
# contributes often is the gradient at its tail
MergedValues = dict[tuple[int, ...], tuple[Sequence[Value], Value]]


def merge_facts(items: Sequence[Any], at: Sequence[int], known: MergedValues,
                only: Collection[str] = ()) -> dict[str, Any]:
    """Return the facts of one node for all repeats: values as their spread, others if equal.

    items: the nodes or edges of a graph; at: which of them; known: cached spreads; only: the facts
    to merge.
    """
    columns: Mapping[str, Any]
    if items.__class__ is LazyItems and items.columns is not None:
        columns = items.columns(at)
    else:
        facts = [items[i].facts for i in at]
        columns = {key: [one.get(key) for one in facts] for key in facts[len(facts) > 1]}
        columns |= {"flag": [one["flag"] for one in facts if "flag" in one]}
    found: dict[str, Any] = {}
    for key, column in columns.items():
        if only and key not in only:
            continue
        if isinstance(column, NumberColumn):
            found[key] = _merge_numbers(column)
        elif key == "flag":
            if column:
                n = column.count(column[0])
                found[key] = column[0] if n == len(at) else f"{column[0]}, in {n} of {len(at)}"
        elif isinstance(one := column[len(column) > 1], Value):
            values = [value for value in column if isinstance(value, Value)]
            same = tuple(map(id, values))
            if same not in known:
                known[same] = values, merge_values(values)
            found[key] = known[same][1]
        elif key in ("heat", "argument"):
            found[key] = max([x for x in column if x is not None], key=abs)
        else:
            rest = column[1:] or column            # the first repeat may differ
            if key == "formula":
                rest = [without_subscripts(str(x)) for x in rest]
                one = rest[0]
            if rest.count(one) == len(rest) and key not in ("pass", "repeats", "at"):
                found[key] = one
    return found


def _merge_numbers(numbers: NumberColumn) -> Value:
    """Merge a column of numbers or of arrays of one shape, as `merge_values` does."""
    column = numbers.array
    shape, flat = column.shape[1:], column.reshape(len(column), -1)
    one = flat[0]
    if len(one) <= KEPT_NUMBERS and (flat == one).all():
        return Value(shape, numbers.dtype, tuple(one.tolist()))
    good = isfinite(flat)
    nan = int(isnan(flat).sum())
    inf = flat.size - int(good.sum()) - nan
    if nan + inf == flat.size:
        return Value((len(column), *shape), numbers.dtype, None,
                     Stats(0.0, 0.0, 0.0, nan, inf))
    if nan + inf == 0:
        means = flat.mean(axis=1) if shape else flat[:, 0]
    else:                        # of each array: that of its finite numbers
        counts = good.sum(axis=1)
        means = (where(good, flat, 0.0).sum(axis=1) / maximum(counts, 1))[counts > 0]
    finite = flat[good]
    return Value(shape, numbers.dtype, None, Stats(
        float(finite.min()) + 0.0, sum(means.tolist()) / len(means), float(finite.max()) + 0.0,
        nan, inf, float(middle(means)) + 0.0))


def merge_values(values: Sequence[Value]) -> Value:
    """Merge the values of all repeats: min, median and max over the repeats; of arrays those of all
    their numbers, and the median of their means. Equal values stay as they are."""
    one = values[0]
    if all(map(one.__eq__, values)):
        return one
    if len(values) > MANY:
        numbers = [value.items[0] for value in values if value.items and not value.shape]
        if len(numbers) == len(values) and set(map(type, numbers)) == {float}:
            return _merge_numbers(NumberColumn(one.dtype, array(numbers)))
    parts: list[tuple[float, float, float]] = []   # min, mean and max of each
    nan = inf = 0
    for value in values:
        items = value.items
        if items and not isinstance(total := sum(items), complex) and total - total == 0:
            ordered = sorted(items)
            parts.append((ordered[0], total / len(items), ordered[-1]))
            continue
        low, mean, high, n, i = statistics(value)
        nan, inf = nan + n, inf + i
        if n + i < prod(value.shape):
            parts.append((low, mean, high))
    if not parts:
        return Value((len(values), *one.shape), one.dtype, None, Stats(0.0, 0.0, 0.0, nan, inf))
    lows, means, highs = zip(*parts)
    return Value(one.shape, one.dtype, None, Stats(         # a spread has no −0
        float(min(lows)) + 0.0, sum(means) / len(means), float(max(highs)) + 0.0, nan, inf,
        float(median(means)) + 0.0))
