"""What the nodes of all repeats have in common, and of their values the spread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from .. import text
from ..graph import Stats, Value
from .labels import plain


def spread_facts(facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One node's facts for those of all repeats: values as their spread, the rest where equal."""
    found: dict[str, Any] = {}
    for key, one in facts[0].items() if len(facts) < 2 else facts[1].items():
        column = [fact.get(key) for fact in facts]
        if isinstance(one, Value):
            values = [value for value in column if isinstance(value, Value)]
            found[key] = spread(values)
        elif key in ("heat", "argument"):
            found[key] = max((x for x in column if x is not None), key=abs)
        elif key == "formula":
            written = {plain(str(x)) for x in column[1:]}
            if len(written) == 1:
                found[key] = written.pop()
        elif column[1:].count(one) == len(column) - 1 and key not in ("pass", "repeats", "at"):
            found[key] = one
    for fact in facts:
        if "flag" in fact:
            found["flag"] = fact["flag"]
            break
    return found


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
        float(min(low)), mean / len(finite), float(max(high or low)), int(nan), int(inf),
        float(median(finite))))
