"""Facts of one array or op: its numbers, its parameters as text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from ..graph import Stats, Value
from ..graph.size_limits import KEPT_NUMBERS

dtype_name = lru_cache(maxsize=None)(str)          # numpy takes longer to spell it than to add


def value(data: Any) -> Value:
    """Return a copy of an array's numbers; of more than KEPT_NUMBERS its stats."""
    if data.__class__ is np.float64:
        return Value((), "float64", (float(data),))
    array = np.asarray(data)
    if array.size <= KEPT_NUMBERS:
        return Value(array.shape, dtype_name(array.dtype), tuple(array.ravel().tolist()))
    finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    nan = int(np.isnan(array).sum()) if array.dtype.kind == "f" else 0
    inf = array.size - finite.size - nan
    stats = Stats(float(finite.min()), float(finite.mean()), float(finite.max()), nan, inf) \
        if finite.size else Stats(0.0, 0.0, 0.0, nan, inf)
    return Value(array.shape, dtype_name(array.dtype), None, stats)


def attributes(params: Mapping[str, Any]) -> str:
    """Return an op's parameters as text, axis=0, uncut: equal texts are equal parameters."""
    return ", ".join(f"{key}={_attribute(value)}" for key, value in params.items())


def _attribute(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"array({value.dtype}, {value.shape}, {value.tobytes().hex()})" \
            if value.size > KEPT_NUMBERS else f"array({value.dtype}, {value.tolist()})"
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_attribute, value))})"
    if isinstance(value, slice):
        return ":".join("" if x is None else str(x) for x in (value.start, value.stop, value.step))
    return getattr(value, "__name__", None) or str(value)
