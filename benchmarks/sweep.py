"""Sweeps of f and f' against the tutorial's loop, NumPy by hand, and SymPy's plotting."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from viz.sweep import sweep

TEXT = "x**3 sin x + exp(-x**2)"
ROUNDS = 7
LOOP = 10_000                    # points of the tutorial's loop; more are extrapolated


def ours(x: Any) -> Any:
    return x**3 * np.sin(x) + np.exp(-x * x)


def by_hand(x: Any) -> tuple[Any, Any]:
    """Return f and f' as one writes them in NumPy."""
    cube, sin, bell = x**3, np.sin(x), np.exp(-x * x)
    return cube * sin + bell, 3 * x * x * sin + cube * np.cos(x) - 2 * x * bell


class Tensor:
    """The tutorial's final engine, with two more ops."""

    def __init__(self, data: Any) -> None:
        self.data = data if isinstance(data, np.ndarray) else np.array(data)
        self.grad: Any = None
        self._ctx: Any = None

    def __add__(self, other: Any) -> Any:
        return apply(Add, self, other)

    def __mul__(self, other: Any) -> Any:
        return apply(Mul, self, other)

    def sin(self) -> Any:
        return apply(Sin, self)

    def exp(self) -> Any:
        return apply(Exp, self)

    def backward(self, grad: Any = None) -> None:
        if self._ctx is None:
            return
        if grad is None:
            grad = self.grad = Tensor([1.0])
        grads = self._ctx.op.backward(self._ctx, grad)
        for tensor, g in zip(self._ctx.args, grads):
            if tensor.grad is None:
                tensor.grad = Tensor(np.zeros_like(tensor.data))
            tensor.grad = Tensor(tensor.grad.data + g.data)
            tensor.backward(g)


class Function:
    def __init__(self, op: Any, *args: Any) -> None:
        self.op, self.args = op, args


def apply(op: Any, *args: Any) -> Any:
    ctx = Function(op, *args)
    result = op.forward(*args)
    result._ctx = ctx
    return result


class Add:
    @staticmethod
    def forward(x: Any, y: Any) -> Any:
        return Tensor(x.data + y.data)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return Tensor([1]) * grad, Tensor([1]) * grad


class Mul:
    @staticmethod
    def forward(x: Any, y: Any) -> Any:
        return Tensor(x.data * y.data)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        x, y = ctx.args
        return Tensor(y.data) * grad, Tensor(x.data) * grad


class Sin:
    @staticmethod
    def forward(x: Any) -> Any:
        return Tensor(np.sin(x.data))

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return (Tensor(np.cos(ctx.args[0].data)) * grad,)


class Exp:
    @staticmethod
    def forward(x: Any) -> Any:
        return Tensor(np.exp(x.data))

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return (Tensor(np.exp(ctx.args[0].data)) * grad,)


def loop(x: Any) -> tuple[Any, Any]:
    """Return f and f' one point at a time, as the tutorial plots them."""
    f, slopes = [], []
    for point in x:
        t = Tensor([point])
        y = t * t * t * t.sin() + (t * t * Tensor([-1.0])).exp()
        y.backward()
        f.append(y.data[0])
        slopes.append(t.grad.data[0])
    return np.array(f), np.array(slopes)


def seconds(run: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Return the median wall time, after a warm-up."""
    run()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def row(case: str, a: float, peer: str, b: float, goal: float | None, *, faster: bool) -> None:
    """Print a row: our time and the peer's, and how much faster (or slower) we are."""
    ratio = b / a if faster else a / b
    kept = goal is None or (ratio >= goal if faster else ratio <= goal)
    verdict = "" if goal is None else "ok" if kept else "missed"
    shown = "" if goal is None else f"{'≥' if faster else '≤'} {goal:g}"
    print(f"{case:34}{a * 1e3:10.2f}  {peer:30}{b * 1e3:12.2f}{ratio:9.2f} {shown:>7}  {verdict}")


def quick() -> None:
    print(f"100 points: {seconds(lambda: sweep(ours, points=100), 1) * 1e3:.2f} ms")


def main() -> None:
    print(f"{TEXT} on [-3, 3], f and f', ms; with all events\n")
    print(f"{'tinyviz':34}{'ms':>10}  {'peer':30}{'ms':>12}{'ratio':>9} {'goal':>7}")
    x = np.linspace(-3, 3, LOOP)
    np.testing.assert_allclose(loop(x[:50])[1], by_hand(x[:50])[1], rtol=1e-12)
    point = seconds(lambda: loop(x[:1000]), 5) / 1000
    for points, goal in ((100, None), (10_000, 50.0), (1_000_000, None)):
        a = seconds(lambda: sweep(ours, points=points), 5)
        row(f"sweep, {points:,} points", a, "tutorial, a point at a time", point * points, goal,
            faster=True)
    x = np.linspace(-3, 3, 1_000_000)
    b = seconds(lambda: by_hand(x))
    a = seconds(lambda: sweep(ours, points=1_000_000))
    row("sweep, 1,000,000 points", a, "numpy, f and f' by hand", b, 3.0, faster=False)
    tracemalloc.start()
    kept = sweep(ours, points=1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    values = kept.order + 2      # x, f, f'
    per = peak / 1e6 / values
    print(f"{'sweep, 1,000,000 points, memory':34}{peak / 1e6:8.1f} MB  "
          f"{'bytes per point and live value':30}{per:12.1f}{'':9} {'≤ 40':>7}  "
          f"{'ok' if per <= 40 else 'missed'}")
    sympy(seconds(lambda: sweep(ours), 5))


def sympy(a: float) -> None:
    """Print SymPy's sampling of f and of the f' that it derives, without events."""
    try:
        from sympy import Symbol, diff, exp, sin
        from sympy.plotting.series import LineOver1DRangeSeries
    except ImportError:
        print("SymPy is not installed: not compared")
        return
    t = Symbol("x")
    f = t**3 * sin(t) + exp(-t**2)

    def peer() -> None:
        for g in (f, diff(f, t)):
            LineOver1DRangeSeries(g, (t, -3, 3)).get_data()
    row("sweep, as many points as needed", a, "SymPy, 1000 points", seconds(peer, 5), None,
        faster=True)


if __name__ == "__main__":
    main()
