"""Evaluate f at many points in one pass: values, exact derivatives, detectors of singularities."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ... import tinytorch
from ...tinytorch import Tensor, formula
from ...tinytorch.core.singularities import Singularity
from ...tinytorch.core.tensor import raw
from .arrays import Floats, Ints
from .derivatives import SweepError, derivatives, scalar_result, suppress_warnings
from .singular import op_name, singularities, steep_places


class Detector(NamedTuple):
    """A function of x that is zero where one op of f is singular."""

    op: str                      # its name
    singularity: Singularity
    steep: bool                  # sampled closely, never reported
    key: tuple[int, int]         # the path through f, and the index of the detector on that path


class Batch(NamedTuple):
    """f at the points x, of shape (N,)."""

    x: Floats                    # (N,)
    curves: Floats               # (K + 1, N): f, f', f'' ...; NaN where f is undefined
    detector_values: Floats      # (D, N): zero where the op of a detector is singular
    path: Ints                   # (N,): which ops f ran; changes where a branch of f does

    @property
    def states(self) -> Floats:
        """(K + 1 + D + 2, N): the sign of each row (2 where not finite), whether f is finite, path.
        """
        rows = np.vstack([self.curves, self.detector_values])
        signs = np.where(np.isnan(rows), 2.0, np.sign(rows))
        signs[:len(self.curves)][~np.isfinite(self.curves)] = 2.0
        return np.vstack([signs, np.isfinite(self.curves[:1]), self.path[None]])


class Evaluator:
    """f, ready to be evaluated at many points at once: batch = evaluator(x).

    f takes a Tensor and returns one (or a number). One pass over an array is compared with single
    calls at a few points; if they disagree, f is called once per point, and `looped` gives the
    reason. Raises whatever f raises.
    """

    def __init__(self, f: Callable[[Any], Any], depth: int, low: float, high: float) -> None:
        self.f = f
        self.depth = depth       # the highest derivative
        self.detectors: list[Detector] = []
        self.looped = ""         # the reason, or "" where one pass is correct
        self.vectors = False     # each point is passed to f as an array of shape (1,)
        self.columns = False     # all points are passed as one array of shape (N, 1), as to a net
        self.low_precision = False             # f computes in less than double precision
        self._derivatives = getattr(f, "derivatives", derivatives)     # another framework's own
        self._paths: dict[tuple[str, ...], int] = {}
        self._rows: dict[tuple[int, int], int] = {}
        self._check(low, high)

    def __call__(self, x: Floats) -> Batch:
        x = np.asarray(x, dtype=float)
        if not x.size:
            return Batch(x, np.empty((self.depth + 1, 0)), np.empty((len(self.detectors), 0)),
                         np.empty(0, dtype=int))
        with suppress_warnings():
            if self.looped:
                parts = [self._pass(point, np.shape(point)) for point in self._points(x)]
                width = len(self.detectors)
                values = [np.pad(v, ((0, width - len(v)), (0, 0)), constant_values=np.nan)
                          for _, v, _ in parts]
                return Batch(x, np.hstack([c for c, _, _ in parts]), np.hstack(values),
                             np.array([p for _, _, p in parts], dtype=int))
            curves, found, path = self._pass(self._points(x)[0], x.shape)
            return Batch(x, curves, found, np.full(x.shape, path))

    def curves(self, x: Floats, depth: int) -> Floats:
        """Return f and its derivatives alone at the points x: (depth + 1, N)."""
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
        """Return what f computes, as an expression in its argument; "" if f has branches."""
        if self.looped or len(self._paths) > 1:
            return ""
        with suppress_warnings():
            y = self.f(Tensor(self.point(low + 0.5417 * (high - low)), name=argument))
        return formula.expression(y) if isinstance(y, Tensor) else ""

    def point(self, x: float) -> Any:
        """Return the argument for f at one point."""
        if self.columns:
            return np.array([[x]])
        return np.float64(x) if self.looped and not self.vectors else np.array([x])

    def measure(self, x: Floats, row: int | None, of: Callable[[Any, Tensor], Any]) -> Floats:
        """Apply `of` to f, or to what the detector in `row` examines, at the points x: (N,)."""
        with suppress_warnings():
            out = []
            for points in self._points(x):
                t = Tensor(points)
                y = self.f(t)
                found = y if row is None else self._examined(y, row)
                got = np.nan if found is None else of(found, t)
                out.append(np.broadcast_to(np.asarray(got, dtype=float), np.shape(points)).ravel())
            return np.hstack(out) if out else np.empty(0)

    def path(self, y: Any) -> int:
        """Return the number of the path that f took to y."""
        ops = tuple(op_name(t._op) for t in op_results(y))
        return self._paths.setdefault(ops, len(self._paths))

    def _examined(self, y: Any, row: int) -> Any:
        path = self.path(y)
        for i, (result, singularity, _) in enumerate(detected(y)):
            if self._rows.get((path, i)) == row:
                return singularity.inner(*result._ctx.args, **result._ctx.params)
        return None

    def _points(self, x: Floats) -> Floats:
        """Return the arguments for f, one per call: all of x, or each point of it."""
        if self.columns:
            return x[None, :, None]
        return x[:, None] if self.vectors else x if self.looped else x[None]

    def _pass(self, x: Any, shape: tuple[int, ...]) -> tuple[Floats, Floats, int]:
        """Return the curves, the values of the detectors and the path, of one call of f."""
        t = Tensor(x)
        y = scalar_result(self.f(t), self.f)
        curves = np.empty((self.depth + 1, int(np.prod(shape, dtype=int))))
        for k, row in enumerate(self._derivatives(y, t, self.depth)):
            curves[k] = np.reshape(row, -1)
        undefined = ~np.isfinite(curves[0])
        if undefined.any():      # log'(-3) is no derivative: log is undefined there
            curves[1:, undefined] = np.nan
        path = self.path(y)
        values = np.full((len(self.detectors), curves.shape[1]), np.nan)
        for i, (result, singularity, steep) in enumerate(detected(y)):
            ctx = result._ctx
            key = (path, i)
            if key not in self._rows:
                self._rows[key] = len(self.detectors)
                self.detectors.append(Detector(op_name(ctx.op), singularity, steep, key))
                values = np.vstack([values, np.full((1, curves.shape[1]), np.nan)])
            try:
                u = singularity.inner(*[a.data for a in ctx.args], **ctx.params)
                value = u if singularity.zero is None else singularity.zero(
                    np.asarray(u, dtype=float))
                values[self._rows[key]] = nearest_zero(value, curves.shape[1])
            except (TypeError, ValueError):      # operands of another shape: a constant matrix
                continue
        return curves, values, path

    def _check(self, low: float, high: float) -> None:
        """Choose between one pass and one call per point: is the pass right at a few points?"""
        x = low + (high - low) * np.array([0.0, 0.0729, 0.3819, 0.5417, 0.8541, 1.0])
        with suppress_warnings():
            try:
                found = raw(scalar_result(self.f(Tensor(x)), self.f))
                self.low_precision = found.dtype.kind == "f" and found.dtype.itemsize < 8
                together = np.broadcast_to(found, x.shape)
            except Exception as error:
                why = (str(error).splitlines() or [type(error).__name__])[0]
                self.looped = f"f does not take an array of points ({why})"
                points = self._single(x)           # what that raises is f's own error
                self._as_column(x, points)
                return
            points = self._single(x)
        scale = np.max(np.abs(points), where=np.isfinite(points), initial=0.0)
        rtol = 1e-5 if self.low_precision else 1e-9
        if np.isclose(together, points, rtol, 1e-3 * rtol * scale, equal_nan=True).all():
            self.vectors = False
        else:
            self.looped = "f of an array of points is not f of each of them"

    def _as_column(self, x: Floats, points: Floats) -> None:
        """Evaluate a function of vectors, such as a neural network, in one pass over (N, 1)."""
        if not self.vectors:
            return
        try:
            together = np.reshape(raw(scalar_result(self.f(Tensor(x[:, None])), self.f)), x.shape)
        except Exception:        # f branches on its values, so it is called once per point
            return
        if np.allclose(together, points, rtol=1e-9, atol=1e-12, equal_nan=True):
            self.columns, self.looped = True, ""

    def _single(self, x: Floats) -> Floats:
        """Return f at each point: called with a number, or with an array of one, for x[0]."""
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


def op_results(y: Any) -> list[Tensor]:
    """Return the results of all ops in the graph of y, in topological order."""
    if not isinstance(y, Tensor):
        return []
    return [t for t in tinytorch.topological(y) if t._op is not None]


def detected(y: Any) -> Iterator[tuple[Any, Singularity, bool]]:
    """Yield the singularities of each op in the graph of y: (result, singularity, is it steep?)."""
    for t in op_results(y):
        for steep, found in ((False, singularities(t._op)), (True, steep_places(t._op))):
            for singularity in found:
                yield t, singularity, steep


def by_point(numbers: Any, n: int) -> Floats:
    """Return the numbers of each of n points as a row: (n, M). Raises ValueError."""
    values: Floats = np.asarray(numbers, dtype=float)
    if n == 1 or values.shape[:1] == (n,):
        return values.reshape(n, -1)
    if values.ndim and values.shape[-1] == n:
        return values.reshape(-1, n).T
    raise ValueError(f"{values.shape} does not have an axis of {n} points")


def nearest_zero(u: Any, n: int) -> Floats:
    """Return one number per point that changes sign where any of the point's numbers does: (n,)."""
    if np.size(u) == 1:
        return np.broadcast_to(np.asarray(u, dtype=float).reshape(-1), (n,))
    rows = by_point(u, n)
    if rows.shape[1] == 1:
        return rows[:, 0]
    least: Floats = np.prod(np.sign(rows), axis=1) * np.abs(rows).min(axis=1)
    return least
