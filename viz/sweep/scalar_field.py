"""Scalar fields: f of two variables on a grid, its exact gradient, and steepest descent."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ... import tinytorch
from ...tinytorch import Tensor
from ..readers import sweep_adapter
from .arguments import bind_arguments, function_name
from .arrays import Bools, Floats
from .derivatives import SweepError, suppress_warnings, scalar_result

CELLS = 240                      # cells per side of the grid
LEAP = 40.0                      # times the usual residual: f is torn between such neighbours
STEPS = 2000                     # at most, of a descent


@dataclass(frozen=True, eq=False)
class ScalarField:
    """f(x, y) on a grid, with its gradient.

    Cells are torn where a singular curve runs through them, and are not drawn.
    """

    name: str
    names: tuple[str, str]       # of the two arguments
    x: Floats                    # (N,)
    y: Floats                    # (M,)
    z: Floats                    # (M, N); nan where f is undefined
    gradient: Floats             # (2, M, N)
    torn: Bools                  # (M - 1, N - 1)
    f: Callable[..., Any]

    def at(self, x: float, y: float) -> tuple[float, Floats]:
        """Return f and its gradient, (2,), at one point."""
        with suppress_warnings():
            z, g = _pass(self.f, np.array([x], dtype=float), np.array([y], dtype=float))
        return float(z[0]), g[:, 0]


class DescentPath(NamedTuple):
    """Steepest descent from a point, in steps along -gradient that never go up."""

    x: Floats                    # (K,)
    y: Floats                    # (K,)
    z: Floats                    # (K,)
    end: str                     # reason: "minimum", "left the picture" or "no progress"


def sample_field(f: Callable[..., Any], x: tuple[float, float] = (-3.0, 3.0),
                 y: tuple[float, float] = (-3.0, 3.0), *, cells: int = CELLS,
                 name: str | None = None, fixed: Mapping[str, float] | None = None) -> ScalarField:
    """Evaluate f of two variables over [x0, x1] and [y0, y1]; `fixed` gives its other arguments.

    Raises TargetError if f does not take two arguments, SweepError if it is undefined everywhere,
    and whatever f raises.
    """
    for low, high in (x, y):
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise SweepError(f"the range must go from a smaller to a larger finite number, "
                             f"not from {low:g} to {high:g}")
    names, g_of = bind_arguments(f, fixed or {}, 2, sweep_adapter(f))
    xs, ys = np.linspace(*x, cells + 1), np.linspace(*y, cells + 1)
    gx, gy = np.meshgrid(xs, ys)
    z, g = evaluate(g_of, gx.ravel(), gy.ravel())
    z, g = z.reshape(gx.shape), g.reshape(2, *gx.shape)
    if not np.isfinite(z).any():
        ranges = [f"{n} in [{low:g}, {high:g}]" for n, (low, high) in zip(names, (x, y))]
        raise SweepError(f"{function_name(f)} is undefined for all {', '.join(ranges)}")
    return ScalarField(name or function_name(f), (names[0], names[1]), xs, ys, z, g, _torn(xs, ys,
                                                                                           z, g),
                       g_of)


def evaluate(f: Callable[..., Any], x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return f, (N,), and its gradient, (2, N), at points.

    All points are evaluated in one pass if that agrees with single points.
    """
    with suppress_warnings():
        some = np.unique(np.linspace(0, len(x) - 1, 5).astype(int))
        try:
            z, g = _pass(f, x, y)
            singles = np.array([_pass(f, x[i:i + 1], y[i:i + 1])[0][0] for i in some])
            if np.allclose(z[some], singles, rtol=1e-9, atol=1e-12, equal_nan=True):
                return z, g
        except SweepError:
            raise
        except Exception:        # f branches on its values: single points may work
            _pass(f, x[:1], y[:1])
        parts = [_pass(f, x[i:i + 1], y[i:i + 1]) for i in range(len(x))]
        return np.concatenate([p[0] for p in parts]), np.hstack([p[1] for p in parts])


def _pass(f: Callable[..., Any], x: Floats, y: Floats) -> tuple[Floats, Floats]:
    single = len(x) == 1
    a, b = (Tensor(np.float64(v[0]) if single else v) for v in (x, y))
    out = scalar_result(f(a, b), f)
    z = np.array(np.broadcast_to(getattr(out, "data", out), x.shape), dtype=float)
    g = np.zeros((2, len(x)))
    if isinstance(out, Tensor) and out.requires_grad:
        own = getattr(f, "gradients", None)        # another framework's own
        found = own(out, [a, b]) if own else [
            grad.data for grad in tinytorch.gradients(out, [a, b], np.ones(out.shape))]
        for k, slope in enumerate(found):
            g[k] = np.ravel(slope)
    z[~np.isfinite(z)] = np.nan
    g[:, np.isnan(z)] = np.nan
    return z, g


def _torn(x: Floats, y: Floats, z: Floats, g: Floats) -> Bools:
    """Return the cells with an edge along which Δf is far from what the gradient predicts."""
    out = np.zeros((len(y) - 1, len(x) - 1), dtype=bool)
    span = np.nanpercentile(z, 95) - np.nanpercentile(z, 5)
    with np.errstate(all="ignore"):
        for axis, steps, slope in ((1, np.diff(x)[None, :], g[0]), (0, np.diff(y)[:, None], g[1])):
            ends = [np.take(slope, range(k, slope.shape[axis] - 1 + k), axis=axis) for k in (0, 1)]
            left = np.abs(np.diff(z, axis=axis) - steps * (ends[0] + ends[1]) / 2)
            usual = np.nanmedian(left)
            bad = left > np.maximum(LEAP * usual, 0.08 * span)
            near = bad[:-1] | bad[1:] if axis == 1 else bad[:, :-1] | bad[:, 1:]
            out |= near
    return out


def descend(field: ScalarField, x: float, y: float) -> DescentPath:
    """Follow steepest descent from (x, y) until f is flat or the path leaves the range.

    The step doubles while f decreases enough and is halved until it does.  Source: Armijo, 1966.
    Raises SweepError if f is undefined at the start.
    """
    z, g = field.at(x, y)
    if not (math.isfinite(z) and np.isfinite(g).all()):
        raise SweepError(f"{field.name} is undefined at ({x:g}, {y:g}): descent cannot start there")
    wide = max(field.x[-1] - field.x[0], field.y[-1] - field.y[0])
    points = [(x, y, z)]
    end, step = "no progress", 0.01 * wide / (float(np.linalg.norm(g)) + 1e-300)
    for _ in range(STEPS):
        size = float(np.linalg.norm(g))
        if size * wide <= 1e-9 * (abs(z) + 1e-9):
            end = "minimum"
            break
        step = min(2 * step, 0.02 * wide / size)
        while True:
            nx, ny = x - step * g[0], y - step * g[1]
            nz, ng = field.at(nx, ny)
            if math.isfinite(nz) and nz <= z - 0.3 * step * size * size:
                break
            step *= 0.5
            if step * size < 1e-12 * wide:
                nx = math.nan
                break
        if math.isnan(nx):
            end = "minimum" if size * wide < 1e-3 * (abs(z) + 1.0) else "no progress"
            break
        x, y, z, g = nx, ny, nz, ng
        points.append((x, y, z))
        if not (field.x[0] <= x <= field.x[-1] and field.y[0] <= y <= field.y[-1]):
            end = "left the picture"
            break
    xs, ys, zs = np.array(points).T
    return DescentPath(xs, ys, zs, end)
