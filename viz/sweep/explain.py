"""Explain f at one point by running it there: source lines, undefined values, rounding errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import tinytorch
from ...tinytorch import Tensor
from ...tinytorch.core.singularities import at_integers
from ..run import execute, targets
from .arguments import BoundFunction
from .arrays import Bools, Floats
from .derivatives import gradient, suppress_warnings
from .evaluate import Evaluator, by_point, detected, nearest_zero, op_results
from .singular import active_operands, singularities, undefined_reason


def source_line(evaluator: Evaluator, row: int, x: float) -> str:
    """Return the user's line of the op of the detector in `row`, as file:line, by a run at x."""
    path, index = evaluator.detectors[row].key
    with suppress_warnings():
        run = _traced(evaluator, x)
    if run is None or evaluator.path(run.result) != path:
        return ""
    found = [result for result, _, _ in detected(run.result)]
    return _line(evaluator, run, found[index]) if index < len(found) else ""


def why_undefined(evaluator: Evaluator, x: float) -> tuple[str, str]:
    """Return why f is undefined at x, by the first op that left the real numbers; and its line."""
    with suppress_warnings():
        run = _traced(evaluator, x)
        y = run.result if run else evaluator.f(Tensor(evaluator.point(x)))
    for result in op_results(y):
        if np.all(np.isfinite(result.data)):
            continue
        operands = [a.data for a in _operands(result)]
        if all(np.all(np.isfinite(a)) for a in operands):
            return (undefined_reason(result._op, operands),
                    _line(evaluator, run, result) if run else "")
    return "", ""


def has_nonfinite_steps(evaluator: Evaluator, x: Floats) -> Bools:
    """Return where any intermediate result of f is not finite: (N,)."""
    def count(y: Any, t: Tensor) -> Floats:
        out = np.zeros(t.shape)
        for result in op_results(y):
            blank = ~np.isfinite(np.asarray(result.data, dtype=float))
            out += blank if blank.shape == out.shape else blank.any()
        return out
    return evaluator.measure(x, None, count) > 0


def is_defined(evaluator: Evaluator, x: float) -> bool:
    """Return whether f has a value at x by the rules of real numbers: exp(-1/x**2) has none at 0.

    IEEE's infinities would go on (exp(-inf) is 0). A division by zero in a branch that where or
    maximum did not take does not count.
    """
    with suppress_warnings():
        y = evaluator.f(Tensor(evaluator.point(x)))
    stack = [y] if isinstance(y, Tensor) else []
    visited: set[Tensor] = set()
    while stack:
        t = stack.pop()
        if t in visited or t._op is None:
            continue
        visited.add(t)
        operands = _operands(t)
        if not np.all(np.isfinite(t.data)) and singularities(t._op) and all(
                np.all(np.isfinite(a.data)) for a in operands):
            return False
        stack += active_operands(t._op, t.data, operands)
    return True


def rounding_size(evaluator: Evaluator, x: Floats, row: int | None = None) -> Floats:
    """Bound the rounding error of f, or of what the detector in `row` examines, in units of eps.

    Returns the sum of |du/dt t| over all intermediate results t: (N,).  Source: Linnainmaa, 1976.
    """
    def total(u: Any, t: Tensor) -> Floats:
        out = np.zeros(t.shape)
        if isinstance(u, Tensor) and u.requires_grad and u._op is not None:
            for result, grad, _ in tinytorch.backward_steps(u, np.ones(u.shape)):
                part = np.abs(grad * result.data)
                part = np.where(np.isfinite(part), part, 0.0)
                if part.shape != out.shape:
                    try:
                        part = by_point(part, out.size).sum(axis=1).reshape(out.shape)
                    except ValueError:             # a result that all points share
                        continue
                out += part
        return out
    return evaluator.measure(x, row, total)


def examined_slopes(evaluator: Evaluator, x: Floats, row: int) -> Floats:
    """Return the derivative of what the detector in `row` examines, at the points x: (N,)."""
    return evaluator.measure(x, row, gradient)


def distance_to_zero(evaluator: Evaluator, x: Floats, row: int) -> Floats:
    """Return the signed distance of what the detector in `row` examines to its nearest zero: (N,).
    """
    zero = evaluator.detectors[row].singularity.zero
    u = evaluator.measure(
        x, row, lambda u, t: nearest_zero(getattr(u, "data", u), t.size).reshape(t.shape))
    if zero is None:
        return u
    found: Floats = u - np.round(u) if zero is at_integers else zero(u)
    return found


def _traced(evaluator: Evaluator, x: float) -> Any:
    """Run f at x with its lines recorded; return None if f cannot be run that way."""
    f = evaluator.f
    try:
        known = targets.from_function(f.f if isinstance(f, BoundFunction) else f)
        target = targets.Target(known.name, lambda x: f(x), ("x",), {}, known.file, known.line)
        return execute.run(target, {"x": Tensor(evaluator.point(x))})
    except (targets.TargetError, targets.RunError):
        return None


def _line(evaluator: Evaluator, run: Any, result: Tensor) -> str:
    """Return the user's line that made a result of a run; a function of JAX finds its own."""
    own = getattr(evaluator.f, "place", None)
    place = own(result) if own else run.place(result.stamp)
    return f"{targets.display_path(place.file)}:{place.line}" if place else ""


def _operands(t: Tensor) -> tuple[Tensor, ...]:
    return t._ctx.args if t._ctx is not None else ()
