"""check_gradients: compare derivatives with finite differences, to the second order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .core import errors
from .core.backward import gradients
from .core.grad_mode import no_grad
from .core.op import Op, apply
from .core.tensor import Tensor, constant, raw

ELEMENTWISE_LIMIT = 12           # up to this many input elements are checked one by one, too


class GradientError(AssertionError):
    """A derivative disagrees with finite differences."""


def check_gradients(f: Callable[..., Any], *args: Any, order: int = 2, rtol: float = 1e-5,
                    atol: float = 1e-7) -> None:
    """Compare the derivatives of f at args with finite differences; raises GradientError.

    args: numbers, arrays or tensors; constants and integer or boolean arrays are not varied. f may
    return a tensor of any shape, or a tuple: a fixed random combination is differentiated, in one
    fixed random direction, and for small inputs element by element. Order 2 compares the derivative
    of the gradient, computed with create_graph, with differences of the gradient. The differences
    are central, of fourth order with a relative step of 1e-3 (Fornberg 1988, table 1): keep that
    distance from kinks.
    """
    fixed = [a for a in map(_argument, args)]
    inputs = [a for a in fixed if a.requires_grad]
    if not inputs:
        raise ValueError("check_gradients needs an argument of real numbers to differentiate by")
    with no_grad():
        outs = _outputs(f(*fixed))
    draw = np.random.default_rng(0)
    weights = [draw.uniform(0.5, 1.5, out.shape) for out in outs]

    def value(tensors: list[Tensor]) -> Any:
        """Return the combination of f's outputs."""
        supply = iter(tensors)
        outs = _outputs(f(*[next(supply) if a.requires_grad else a for a in fixed]))
        total: Any = 0.0
        for w, out in zip(weights, outs):
            total = total + (out*w).sum()
        return total

    _compare(value, inputs, draw, "derivative", rtol, atol)
    if order >= 2:
        along = [draw.standard_normal(t.shape) for t in inputs]

        def slope(tensors: list[Tensor]) -> Any:
            """Return the derivative of the combination along a fixed direction, recorded."""
            y = value(tensors)
            if not y.requires_grad:
                return constant(0.0)
            total: Any = 0.0
            for v, g in zip(along, gradients(y, tensors, create_graph=True)):
                total = total + (g*v).sum()
            return total

        _compare(slope, inputs, draw, "second derivative", rtol*10, atol*10)


def _argument(a: Any) -> Tensor:
    if isinstance(a, Tensor):
        return Tensor(a.data, requires_grad=a.requires_grad)
    kind = np.asarray(a).dtype.kind
    return Tensor(a, requires_grad=kind == "f" or isinstance(a, int) and not isinstance(a, bool))


def _outputs(out: Any) -> list[Any]:
    outs = list(out) if isinstance(out, (tuple, list)) else [out]
    for o in outs:
        if not isinstance(o, Tensor):
            raise TypeError(f"{errors.prefix()}the function to check returned "
                            f"{type(o).__name__}, not a tensor")
    return [o for o in outs if o.dtype.kind == "f"]


def _compare(value: Callable[[list[Tensor]], Any], inputs: list[Tensor], draw: Any, what: str,
             rtol: float, atol: float) -> None:
    tensors = [Tensor(t.data) for t in inputs]
    y = value(tensors)
    found = ([g.data for g in gradients(y, tensors)] if y.requires_grad
             else [np.zeros(t.shape) for t in tensors])
    scale = max([1.0, abs(float(raw(y)))])
    for place, direction in _directions(inputs, draw):
        expected = _difference(value, inputs, direction)
        got = float(sum(np.sum(g*d) for g, d in zip(found, direction)))
        if not abs(got - expected) <= atol*scale + rtol*max(abs(got), abs(expected)):
            raise GradientError(f"{errors.prefix()}the {what} {place} is {got:.10g}, "
                                f"finite differences say {expected:.10g}")


def _directions(inputs: list[Tensor], draw: Any) -> Iterator[tuple[str, list[Any]]]:
    scales = [np.maximum(np.abs(t.data), 0.1) for t in inputs]
    yield "along a random direction", [draw.standard_normal(t.shape)*s
                                       for t, s in zip(inputs, scales)]
    if sum(t.size for t in inputs) <= ELEMENTWISE_LIMIT:
        for i, t in enumerate(inputs):
            for j in np.ndindex(t.shape):
                direction = [np.zeros(u.shape) for u in inputs]
                direction[i][j] = 1.0
                at = f"[{', '.join(map(str, j))}]" if j else ""
                yield f"by argument {i + 1}{at}", direction


def _difference(value: Callable[[list[Tensor]], Any], inputs: list[Tensor], direction: list[Any]
                ) -> float:
    size = max(float(np.max(np.abs(d)/np.maximum(np.abs(t.data), 0.1), initial=0.0))
               for d, t in zip(direction, inputs))
    h = 1e-3/max(size, 1e-300)

    def at(k: int) -> float:
        return float(raw(value([Tensor(t.data + k*h*d) for t, d in zip(inputs, direction)])))
    return (8*(at(1) - at(-1)) - (at(2) - at(-2)))/(12*h)


def samples(op: type[Op]) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Return arguments inside the op's domain, away from kinks: [(args, params), ...]."""
    if op.samples:
        return [(s[:-1], s[-1]) if isinstance(s[-1], dict) else (s, {}) for s in op.samples]
    rules = op.local or op.vjp
    arity = len(rules) if isinstance(rules, tuple) else 1
    if op.domain:
        low, high = max(op.domain[0], -3.0), min(op.domain[1], op.domain[0] + 3.0, 3.0)
        grid = low + (high - low)*np.array([0.13, 0.41, 0.87])
    else:
        grid = np.array([-1.3, 0.4, 2.1])
    if arity == 1:
        return [((grid,), {}), ((float(grid[1]),), {})]
    other = grid[::-1] + 0.05*(grid[2] - grid[0])
    return [((grid, *(other,)*(arity - 1)), {}),
            ((grid[:, None], *(other[:2],)*(arity - 1)), {})]


def call_sample(op: type[Op], args: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Return the result of the op's public function for a sample."""
    if hasattr(op, "call") and (isinstance(op.vjp, tuple) or op.local):
        return op.call(*args, **params)
    return apply(op, *args, **params)
