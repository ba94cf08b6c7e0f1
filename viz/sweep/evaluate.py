"""One pass over many points: f, its exact derivatives, and what may make it singular."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ... import tinytorch
from ...tinytorch import Tensor, formula
from ...tinytorch.core.singularities import Singularity, at_integers
from ...tinytorch.core.tensor import raw
from ..run import execute, targets
from .arguments import BoundFunction
from .derivatives import SweepError, derivatives, gradient, suppress_warnings, scalar_result
from .singular import active_operands, op_name, singularities, steep_places, undefined_reason

Array = Any                      # numpy.ndarray


class Detector(NamedTuple):
    """A guard of one op of f, as the graph has it."""

    op: str                      # its name
    guard: Singularity
    steep: bool                  # looked at closely, never marked
    key: tuple[int, int]         # the path that f took, the number of the guard on it


class Batch(NamedTuple):
    """f at the points x of shape (N,). A row of `watched` is zero where its op is singular."""

    x: Array                     # (N,)
    curves: Array                # (K + 1, N): f, f', f'' ...; NaN where f is undefined
    watched: Array               # (W, N)
    path: Array                  # (N,), int: which ops f ran; changes where a branch of f does

    @property
    def states(self) -> Array:
        """(K + 1 + W + 2, N): the sign of every row, 2 where not finite; is f finite; the path."""
        rows = np.vstack([self.curves, self.watched])
        signs = np.where(np.isnan(rows), 2.0, np.sign(rows))
        signs[:len(self.curves)][~np.isfinite(self.curves)] = 2.0
        return np.vstack([signs, np.isfinite(self.curves[:1]), self.path[None]])


class Evaluator:
    """f, ready to be evaluated at many points at once: batch = passes(x).

    f takes a Tensor and returns one (or a number). Whether one pass over an array is what one point
    at a time gives is checked at a few points first; where it is not, f is called once per point,
    and `looped` says why. Raises what f raises.
    """

    def __init__(self, f: Callable[[Any], Any], depth: int, low: float, high: float) -> None:
        self.f = f
        self.depth = depth       # the highest derivative
        self.detectors: list[Detector] = []
        self.looped = ""         # why, or "" where one pass serves
        self.vectors = False     # a point is given to f as an array of shape (1,)
        self.columns = False     # all points are, as one of shape (N, 1): to a neural network
        self.rough = False       # f computes in less than double precision
        self.calls = 0           # of f
        self._derivatives = getattr(f, "derivatives", derivatives)     # of another framework: its
        self._paths: dict[tuple[str, ...], int] = {}
        self._rows: dict[tuple[int, int], int] = {}
        self._check(low, high)

    def __call__(self, x: Array) -> Batch:
        x = np.asarray(x, dtype=float)
        if not x.size:
            return Batch(x, np.empty((self.depth + 1, 0)), np.empty((len(self.detectors), 0)),
                         np.empty(0, dtype=int))
        with suppress_warnings():
            if self.looped:
                parts = [self._pass(point, np.shape(point)) for point in self._points(x)]
                width = len(self.detectors)
                watched = [np.pad(w, ((0, width - len(w)), (0, 0)), constant_values=np.nan)
                           for _, w, _ in parts]
                return Batch(x, np.hstack([c for c, _, _ in parts]), np.hstack(watched),
                             np.array([p for _, _, p in parts], dtype=int))
            curves, watched, path = self._pass(self._points(x)[0], x.shape)
            return Batch(x, curves, watched, np.full(x.shape, path))

    def _points(self, x: Array) -> Array:
        """What f is called with, one after the other: all of x, or each point of it."""
        if self.columns:
            return x[None, :, None]
        return x[:, None] if self.vectors else x if self.looped else x[None]

    def _one(self, x: float) -> Any:
        """What f is called with for one point."""
        if self.columns:
            return np.array([[x]])
        return np.float64(x) if self.looped and not self.vectors else np.array([x])

    def curves(self, x: Array, depth: int) -> Array:
        """f and its derivatives alone, at the points x: (depth + 1, N)."""
        with suppress_warnings():
            parts = []
            for points in self._points(x):
                t = Tensor(points)
                rows = self._derivatives(scalar_result(self.f(t), self.f), t, depth)
                parts.append(np.stack([np.broadcast_to(np.reshape(row, -1), np.size(points))
                                       for row in rows]))
        curves = np.hstack(parts)
        undefined = ~np.isfinite(curves[0])
        if undefined.any():
            curves[1:, undefined] = np.nan
        return curves

    def expression(self, argument: str, low: float, high: float) -> str:
        """What f computes, written in its argument, where f runs through no branch; else ""."""
        if self.looped or len(self._paths) > 1:
            return ""
        with suppress_warnings():
            y = self.f(Tensor(self._one(low + 0.5417 * (high - low)), name=argument))
        return formula.expression(y) if isinstance(y, Tensor) else ""

    def slopes(self, x: Array, row: int) -> Array:
        """The derivative of what the guard in `row` looks at, at the points x: (N,)."""
        return self._each(x, row, lambda u, t: gradient(u, t))

    def line(self, row: int, x: float) -> str:
        """The user's line of the op that the guard in `row` watches, found by running f at x."""
        key = self.detectors[row].key
        with suppress_warnings():
            ran = self._traced(x)
        if ran is None or self._path(ran.result) != key[0]:
            return ""
        found = [result for result, _, _ in _watches(ran.result)]
        place = self._place(ran, found[key[1]]) if key[1] < len(found) else None
        return f"{targets.display(place.file)}:{place.line}" if place else ""

    def reason(self, x: float) -> tuple[str, str]:
        """Why f is undefined at x: the op that left the real numbers, in words; and its line."""
        with suppress_warnings():
            ran = self._traced(x)
            y = ran.result if ran else self.f(Tensor(self._one(x)))
        for result in _results(y):
            if np.all(np.isfinite(result.data)):
                continue
            operands = [a.data for a in _args(result)]
            if all(np.all(np.isfinite(a)) for a in operands):
                place = self._place(ran, result) if ran else None
                line = f"{targets.display(place.file)}:{place.line}" if place else ""
                return undefined_reason(result._op, operands), line
        return "", ""

    def suspect(self, x: Array) -> Array:
        """(N,), bool: whether anything on the way to f is no number at x."""
        def measure(y: Any, t: Tensor) -> Array:
            out = np.zeros(t.shape)
            for result in _results(y):
                blank = ~np.isfinite(np.asarray(result.data, dtype=float))
                out += blank if blank.shape == out.shape else blank.any()
            return out
        return self._each(x, None, measure) > 0

    def defined(self, x: float) -> bool:
        """Whether f has a value at x by the rules of real numbers: exp(-1/x**2) has none at 0.

        IEEE's infinities carry on (exp(-inf) is 0); a division by zero on a branch that where or
        maximum did not take is no harm.
        """
        with suppress_warnings():
            y = self.f(Tensor(self._one(x)))
        stack = [y] if isinstance(y, Tensor) else []
        seen: set[Tensor] = set()
        while stack:
            t = stack.pop()
            if t in seen or t._op is None:
                continue
            seen.add(t)
            args = _args(t)
            if not np.all(np.isfinite(t.data)) and singularities(t._op) and all(
                    np.all(np.isfinite(a.data)) for a in args):
                return False
            stack += active_operands(t._op, t.data, args)
        return True

    def sizes(self, x: Array, row: int | None = None) -> Array:
        """(N,): how far rounding may move f, or what the guard in `row` looks at, in units of eps.

        The sum of |du/dt t| over all results t on the way.  Source: Linnainmaa, 1976.
        """
        def measure(u: Any, t: Tensor) -> Array:
            out = np.zeros(t.shape)
            if isinstance(u, Tensor) and u.requires_grad and u._op is not None:
                for result, grad, _ in tinytorch.backward_steps(u, np.ones(u.shape)):
                    part = np.abs(grad * result.data)
                    part = np.where(np.isfinite(part), part, 0.0)
                    if part.shape != out.shape:
                        try:
                            part = _spread(part, out.size).sum(axis=1).reshape(out.shape)
                        except ValueError:       # of no one point
                            continue
                    out += part
            return out
        return self._each(x, row, measure)

    def inner(self, x: Array, row: int) -> Array:
        """What the guard in `row` looks at, at the points x: its distance to the next zero."""
        zero = self.detectors[row].guard.zero
        u = self._each(x, row, lambda u, t: _least(getattr(u, "data", u), t.size).reshape(t.shape))
        return u if zero is None else u - np.round(u) if zero is at_integers else zero(u)

    def _traced(self, x: float) -> Any:
        """A run of f at x that knows the lines, or None where f cannot be run that way."""
        try:
            known = targets.of(self.f.f if isinstance(self.f, BoundFunction) else self.f)
            target = targets.Target(known.name, lambda x: self.f(x), ("x",), {}, known.file,
                                    known.line)
            return execute.run(target, {"x": Tensor(self._one(x))})
        except (targets.TargetError, targets.RunError):
            return None

    def _place(self, ran: Any, result: Tensor) -> Any:
        """Where the user's code has made a result of a run: a function of JAX's knows it itself."""
        own = getattr(self.f, "place", None)
        return own(result) if own else ran.place(result.stamp)

    def _each(self, x: Array, row: int | None, measure: Callable[[Any, Tensor], Any]) -> Array:
        """A measure of f, or of what the guard in `row` looks at, at the points x: (N,)."""
        with suppress_warnings():
            out = []
            for points in self._points(x):
                t = Tensor(points)
                y = self.f(t)
                found = y if row is None else self._find(y, row)
                got = np.nan if found is None else measure(found, t)
                out.append(np.broadcast_to(np.asarray(got, dtype=float), np.shape(points)).ravel())
            return np.hstack(out) if out else np.empty(0)

    def _find(self, y: Any, row: int) -> Any:
        path = self._path(y)
        for i, (result, guard, _) in enumerate(_watches(y)):
            if self._rows.get((path, i)) == row:
                return guard.inner(*result._ctx.args, **result._ctx.params)
        return None

    def _pass(self, x: Array, shape: tuple[int, ...]) -> tuple[Array, Array, int]:
        t = Tensor(x)
        self.calls += 1
        y = scalar_result(self.f(t), self.f)
        curves = np.empty((self.depth + 1, int(np.prod(shape, dtype=int))))
        for k, row in enumerate(self._derivatives(y, t, self.depth)):
            curves[k] = np.reshape(row, -1)
        undefined = ~np.isfinite(curves[0])
        if undefined.any():      # log'(-3) is no derivative: log is undefined there
            curves[1:, undefined] = np.nan
        path = self._path(y)
        watched = np.full((len(self.detectors), curves.shape[1]), np.nan)
        for i, (result, guard, flat) in enumerate(_watches(y)):
            ctx = result._ctx
            key = (path, i)
            if key not in self._rows:
                self._rows[key] = len(self.detectors)
                self.detectors.append(Detector(op_name(ctx.op), guard, flat, (path, i)))
                watched = np.vstack([watched, np.full((1, curves.shape[1]), np.nan)])
            try:
                u = guard.inner(*[a.data for a in ctx.args], **ctx.params)
                value = u if guard.zero is None else guard.zero(np.asarray(u, dtype=float))
                watched[self._rows[key]] = _least(value, curves.shape[1])
            except (TypeError, ValueError):      # operands of another shape: a matrix of its own
                continue
        return curves, watched, path

    def _path(self, y: Any) -> int:
        ops = tuple(op_name(t._op) for t in _results(y))
        return self._paths.setdefault(ops, len(self._paths))

    def _check(self, low: float, high: float) -> None:
        """Decide between one pass and one point at a time: is the pass right at a few points?"""
        x = low + (high - low) * np.array([0.0, 0.0729, 0.3819, 0.5417, 0.8541, 1.0])
        with suppress_warnings():
            try:
                found = raw(scalar_result(self.f(Tensor(x)), self.f))
                self.rough = found.dtype.kind == "f" and found.dtype.itemsize < 8
                whole = np.broadcast_to(found, x.shape)
            except Exception as error:
                why = (str(error).splitlines() or [type(error).__name__])[0]
                self.looped = f"f does not take an array of points ({why})"
                points = self._single(x)           # what that raises is f's own error
                self._as_column(x, points)
                return
            points = self._single(x)
        scale = np.max(np.abs(points), where=np.isfinite(points), initial=0.0)
        rtol = 1e-5 if self.rough else 1e-9
        if np.isclose(whole, points, rtol, 1e-3 * rtol * scale, equal_nan=True).all():
            self.vectors = False
        else:
            self.looped = "f of an array of points is not f of each of them"

    def _as_column(self, x: Array, points: Array) -> None:
        """Take a function of vectors, as a neural network is, in one pass over vectors of one."""
        if not self.vectors:
            return
        try:
            whole = np.reshape(raw(scalar_result(self.f(Tensor(x[:, None])), self.f)), x.shape)
        except Exception:        # f looks at its values: point by point, then
            return
        if np.allclose(whole, points, rtol=1e-9, atol=1e-12, equal_nan=True):
            self.columns, self.looped = True, ""

    def _single(self, x: Array) -> Array:
        """f at each point: as a number, else (x[0]) as an array of one, like the tutorial's."""
        try:
            return np.array([np.reshape(raw(scalar_result(self.f(Tensor(p)), self.f)), ())
                             for p in x])
        except SweepError:
            raise
        except Exception:
            self.vectors = True
            try:
                return np.array([np.reshape(raw(scalar_result(self.f(Tensor(p)), self.f)), ())
                                 for p in x[:, None]])
            except Exception:
                self.vectors = False
            raise


def _spread(values: Array, n: int) -> Array:
    """What belongs to each of n points, as a row of its own: (n, M). Raises ValueError."""
    values = np.asarray(values, dtype=float)
    if n == 1 or values.shape[:1] == (n,):
        return values.reshape(n, -1)
    if values.ndim and values.shape[-1] == n:
        return values.reshape(-1, n).T
    raise ValueError(f"{values.shape} is not of {n} points")


def _least(u: Array, n: int) -> Array:
    """One number a point that is zero where any of its numbers is, and changes sign there: (n,)."""
    if np.size(u) == 1:
        return np.broadcast_to(np.reshape(u, -1), (n,))
    rows = _spread(u, n)
    if rows.shape[1] == 1:
        return rows[:, 0]
    return np.prod(np.sign(rows), axis=1) * np.abs(rows).min(axis=1)


def _results(y: Any) -> list[Tensor]:
    if not isinstance(y, Tensor):
        return []
    return [t for t in tinytorch.topological(y) if t._op is not None]


def _args(t: Tensor) -> tuple[Tensor, ...]:
    return t._ctx.args if t._ctx is not None else ()


def _watches(y: Any) -> Iterator[tuple[Any, Singularity, bool]]:
    """Of every result in the graph of y its op's guards: (result, guard, steep?)."""
    for t in _results(y):
        for flat, found in ((False, singularities(t._op)), (True, steep_places(t._op))):
            for guard in found:
                yield t, guard, flat
