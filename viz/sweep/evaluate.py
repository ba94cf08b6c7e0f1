"""One pass over many points: f, its exact derivatives, and what may make it singular."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

import tinytorch
from tinytorch import Tensor

from .singular import Guard, guards, steep

Array = Any                      # numpy.ndarray


class SweepError(ValueError):
    """What keeps a sweep from being made, said for people."""


class Watch(NamedTuple):
    """A guard of one op of f, as the graph has it."""

    name: str                    # of the op
    guard: Guard
    line: str                    # "f.py:3", or ""
    steep: bool                  # looked at closely, never marked


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


class Passes:
    """f, ready to be evaluated at many points at once: batch = passes(x).

    f takes a Tensor and returns one (or a number). Whether one pass over an array is what one point
    at a time gives is checked at a few points first; where it is not, f is called once per point, and
    `looped` says why. Raises what f raises.
    """

    def __init__(self, f: Callable[[Any], Any], depth: int, low: float, high: float) -> None:
        self.f = f
        self.depth = depth       # the highest derivative
        self.watches: list[Watch] = []
        self.looped = ""         # why, or "" where one pass serves
        self.calls = 0           # of f
        self._paths: dict[tuple[str, ...], int] = {}
        self._rows: dict[tuple[int, int], int] = {}
        self._check(low, high)

    def __call__(self, x: Array) -> Batch:
        x = np.asarray(x, dtype=float)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            if self.looped:
                parts = [self._pass(point, ()) for point in x]
                width = len(self.watches)
                watched = [np.pad(w, ((0, width - len(w)), (0, 0)), constant_values=np.nan)
                           for _, w, _ in parts]
                return Batch(x, np.hstack([c for c, _, _ in parts]) if parts else
                             np.empty((self.depth + 1, 0)),
                             np.hstack(watched) if parts else np.empty((width, 0)),
                             np.array([p for _, _, p in parts], dtype=int))
            curves, watched, path = self._pass(x, x.shape)
            return Batch(x, curves, watched, np.full(x.shape, path))

    def slopes(self, x: Array, row: int) -> Array:
        """The derivative of what the guard in `row` looks at, at the points x: (N,)."""
        return self._each(x, row, lambda u, t: gradient(u, t))

    def _each(self, x: Array, row: int, measure: Callable[[Any, Tensor], Any]) -> Array:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            out = []
            for points in (x if self.looped else [x]):
                t = Tensor(points)
                found = self._find(self.f(t), row)
                slope = np.nan if found is None else measure(found, t)
                out.append(np.broadcast_to(np.asarray(slope, dtype=float), np.shape(points)))
            return np.hstack(out) if out else np.empty(0)

    def _find(self, y: Any, row: int) -> Any:
        for i, (_, guard, args, params, _) in enumerate(_watches(y)):
            if self._rows.get((self._path(y), i)) == row:
                return guard.inner(*args, **params)
        return None

    def _pass(self, x: Array, shape: tuple[int, ...]) -> tuple[Array, Array, int]:
        t = Tensor(x)
        self.calls += 1
        y = scalar(self.f(t), self.f)
        curves = np.empty((self.depth + 1, int(np.prod(shape, dtype=int))))
        for k, row in enumerate(derivatives(y, t, self.depth)):
            curves[k] = np.broadcast_to(row, shape).ravel() if shape else np.reshape(row, -1)
        undefined = ~np.isfinite(curves[0])
        if undefined.any():      # log'(-3) is no derivative: log is undefined there
            curves[1:, undefined] = np.nan
        path = self._path(y)
        watched = np.full((len(self.watches), curves.shape[1]), np.nan)
        for i, (name, guard, args, params, flat) in enumerate(_watches(y)):
            key = (path, i)
            if key not in self._rows:
                self._rows[key] = len(self.watches)
                self.watches.append(Watch(name, guard, "", flat))
                watched = np.vstack([watched, np.full((1, curves.shape[1]), np.nan)])
            try:
                u = guard.inner(*[a.data for a in args], **params)
                value = u if guard.zero is None else guard.zero(np.asarray(u, dtype=float))
                watched[self._rows[key]] = np.broadcast_to(value, shape).ravel() if shape else value
            except (TypeError, ValueError):      # operands of another shape: the rows of a matrix
                continue
        return curves, watched, path

    def _path(self, y: Any) -> int:
        ops = tuple(t._ctx.op.__name__ for t in _results(y))
        return self._paths.setdefault(ops, len(self._paths))

    def _check(self, low: float, high: float) -> None:
        """Decide between one pass and one point at a time: is the pass right at a few points?"""
        fractions = np.array([0.0, 0.0729, 0.2113, 0.3819, 0.5, 0.6180, 0.8541, 0.9667, 1.0])
        x = low + (high - low) * fractions
        x[-1] = high
        try:
            whole = self(x)
        except Exception as error:
            self.looped = f"f does not take an array of points ({error})"
            self._forget()
            try:
                self(x[3:4])
            except SweepError:
                raise
            return
        self._forget()
        self.looped = "f of an array is not f of each of its points"
        try:
            points = self(x)
        except Exception:        # f of single points fails where f of an array does not: x[0], x.sum(0)
            self.looped = ""
            self._forget()
            return
        self._forget()
        scale = 1e-9 * np.nanmax(np.abs(np.where(np.isfinite(whole.curves[:2]), whole.curves[:2], 0)),
                                 axis=1, keepdims=True, initial=0.0)
        near = np.isclose(whole.curves[:2], points.curves[:2], rtol=1e-9, atol=scale, equal_nan=True)
        if near.all() and len(set(points.path)) == 1:
            self.looped = ""

    def _forget(self) -> None:
        self.watches.clear()
        self._paths.clear()
        self._rows.clear()


def scalar(y: Any, f: Any = None) -> Any:
    """What f returned, if one can draw it: a Tensor or an array of one number per point.

    Raises SweepError for anything else.
    """
    if isinstance(y, (list, tuple)) and len(y) == 1:
        y = y[0]
    if isinstance(y, Tensor):
        return y
    if y is None:
        raise SweepError(f"{named(f)} returned None: it must return a number (is a return missing?)")
    if isinstance(y, tuple):
        raise SweepError(f"{named(f)} returned {len(y)} values: a plot needs one")
    data = np.asarray(y)
    if data.dtype.kind not in "iufb":
        raise SweepError(f"{named(f)} returned {y!r:.40}: it must return a number")
    return data.astype(float)


def named(f: Any) -> str:
    return getattr(f, "__name__", None) or "f"


def derivatives(y: Any, x: Tensor, depth: int) -> list[Array]:
    """y and its derivatives by x up to `depth`, exact, each of the shape of x or a number."""
    out = [np.asarray(y.data if isinstance(y, Tensor) else y, dtype=float)]
    for k in range(depth):
        y = gradient(y, x, again=k + 1 < depth)
        out.append(np.asarray(y.data if isinstance(y, Tensor) else y, dtype=float))
    return out


def gradient(y: Any, x: Tensor, *, again: bool = False) -> Any:
    """dy/dx, point by point; with `again` as a Tensor that can be derived again."""
    if not isinstance(y, Tensor) or not y.requires_grad:
        return np.zeros(())
    found, = tinytorch.gradients(y, [x], np.ones(y.shape), create_graph=again)
    if found is None:
        return np.zeros(())
    return found


def _results(y: Any) -> list[Tensor]:
    if not isinstance(y, Tensor):
        return []
    return [t for t in tinytorch.topological(y) if t._ctx is not None]


def _watches(y: Any) -> Any:
    """Of every op of the graph of y its guards: (name, guard, operands, params, steep?)."""
    for t in _results(y):
        ctx = t._ctx
        name = ctx.op.__name__
        for flat, found in ((False, guards(name)), (True, steep(name))):
            for guard in found:
                yield name, guard, ctx.args, ctx.params, flat
