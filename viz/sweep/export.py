"""Export a sweep or a scalar field: CSV, or JSON with the events. All digits are kept."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

from .event import Event, derivative_name
from .scalar_field import ScalarField
from .result import Sweep


def to_csv(swept: Sweep | ScalarField) -> str:
    """Return a table: x, f, f', f'' ... and the events at x; for a field x, y, f and both slopes.

    An empty cell means undefined, or a row that separates two branches.
    """
    file = io.StringIO(newline="")
    table = csv.writer(file, lineterminator="\n")
    if isinstance(swept, ScalarField):
        table.writerow([*swept.names, swept.name,
                        *(f"d{swept.name}/d{name}" for name in swept.names)])
        for j, y in enumerate(swept.y):
            for i, x in enumerate(swept.x):
                table.writerow([repr(float(x)), repr(float(y)), *map(_cell, (
                    swept.z[j, i], swept.gradient[0, j, i], swept.gradient[1, j, i]))])
        return file.getvalue()
    by_x: dict[float, list[str]] = {}
    for e in swept.events:
        by_x.setdefault(e.x, []).append(f"{derivative_name(swept.name, e.order)}: {_words(e)}")
    table.writerow([swept.argument, *(derivative_name(swept.name, k) for k in range(swept.order +
                                                                                    1)),
                    "event"])
    for x, row in zip(swept.x.tolist(), swept.curves.T.tolist()):
        table.writerow([repr(x), *map(_cell, row), "; ".join(by_x.get(x, ()))])
    return file.getvalue()


def to_json(swept: Sweep | ScalarField) -> str:
    """Return an object: samples, derivatives, events, undefined intervals and bands.

    Infinities are "inf" and "-inf"; undefined values are null.
    """
    if isinstance(swept, ScalarField):
        data: dict[str, Any] = {
            "name": swept.name, "arguments": list(swept.names), "x": swept.x.tolist(),
            "y": swept.y.tolist(), "f": _plain(swept.z.tolist()),
            "gradient": _plain(swept.gradient.tolist())}
        return json.dumps(data, ensure_ascii=False) + "\n"
    data = {
        "name": swept.name, "argument": swept.argument, "expression": swept.expression,
        "range": [swept.low, swept.high], "order": swept.order, "fixed": dict(swept.fixed),
        "events": [_plain(e._asdict()) for e in swept.events],
        "undefined": [_plain(interval._asdict()) for interval in swept.undefined],
        "bands": [{"low": b.low, "high": b.high, "order": b.order, "x": _plain(b.x.tolist()),
                   "least": _plain(b.least.tolist()), "most": _plain(b.most.tolist())}
                  for b in swept.bands],
        "notes": list(swept.notes),
        "x": swept.x.tolist(),
        "curves": {derivative_name(swept.name, k): _plain(row.tolist())
                   for k, row in enumerate(swept.curves)},
    }
    return json.dumps(data, ensure_ascii=False) + "\n"


def _cell(value: float) -> str:
    return repr(float(value)) if math.isfinite(value) else ""


def _words(e: Event) -> str:
    """Return an event in words: pole, -inf|inf (division by 0)."""
    if e.kind in ("root", "extremum", "inflection"):
        return e.detail if e.kind == "extremum" else e.kind
    sides = "|".join("" if v is None else repr(v) for v in (e.left, e.right))
    return f"{e.kind} {sides}" + (f" ({e.cause})" if e.cause else "")


def _plain(value: Any) -> Any:
    """Replace the numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value
