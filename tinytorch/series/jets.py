"""All derivatives at once: the recorded graph replayed in Taylor series (jets)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.backward import gradients, topological
from ..core.op import Op
from ..core.tensor import Tensor, operands, raw, wrap
from . import truncated
from .truncated import Series


class NoRule(Exception):
    """An op has no rule for jets; repeated backward passes take their place."""


def taylor(y: Tensor, x: Tensor, n: int) -> list[Any]:
    """Return the Taylor coefficients of y, orders 0 to n, in t, with x + t for all elements of x.

    For y computed elementwise from x this is the series at each point: the k-th is y's k-th
    derivative divided by k!. One pass over the recorded graph for all orders, O(n^2) per op; if an
    op has no rule for series, n nested backward passes.
    """
    try:
        with np.errstate(all="ignore"):
            found = _replay(y, {x: _variable(x, n)}, n)
    except NoRule:
        return _nested(y, x, n)
    return [np.zeros_like(y._data)[()] if c is None else _full(c, y) for c in found]


def derivatives(f: Callable[[Any], Any], x: Any, n: int = 1) -> list[Any]:
    """Return [f(x), f'(x), ... n-th derivative], each in the shape of f(x); f is elementwise.

    f is called once. The derivatives of a constant are 0.
    """
    point = Tensor(x)
    y = f(point)
    if not isinstance(y, Tensor):
        y = Tensor(np.broadcast_to(y, point.shape), requires_grad=False)
    return [c*math.factorial(k) for k, c in enumerate(taylor(y, point, n))]


def _variable(x: Tensor, n: int) -> Series:
    return [x._data, *([np.ones_like(x._data)[()]] + [None]*(n - 1))[:n]]


def _full(c: Any, y: Tensor) -> Any:
    return c if np.shape(c) == y.shape else np.broadcast_to(c, y.shape).copy()


def _replay(root: Tensor, known: dict[Tensor, Series], n: int) -> Series:
    """Return the series of root, orders 0 to n, given those of some of its ancestors."""
    if root in known:
        return known[root][:n + 1]
    found = {t: c[:n + 1] for t, c in known.items()}
    for t in topological(root):
        if t in found or t._op is None:
            continue
        args = operands(t)
        if any(a in found for a in args):
            columns = [found.get(a) or [a._data, *(None,)*n] for a in args]
            found[t] = _applied(t, args, columns, n)
    return found.get(root) or [root._data, *(None,)*n]


def _applied(t: Tensor, args: tuple[Tensor, ...], columns: list[Series], n: int) -> Series:
    """Return the series of one result, from those of its operands."""
    op, params = t._op, t._params or {}
    if not (isinstance(op, type) and issubclass(op, Op)):
        raise NoRule
    if n == 0 or all(c is None for column in columns for c in column[1:]) or op.flat:
        return [t._data, *(None,)*n]
    if op.jet:
        series: Series = op.jet(*columns, **params)
        return series
    if op.linear:
        return [t._data, *(_summed(op, args, [c[k] for c in columns], params)
                           for k in range(1, n + 1))]
    if op.bilinear and len(columns) == 2:
        def multiply(a: Any, b: Any) -> Any:
            return None if a is None or b is None else op.value(a, b, **params)
        return [t._data, *(truncated.convolved(columns[0], columns[1], k, multiply)
                           for k in range(1, n + 1))]
    if op.local:
        return _by_local(t, args, columns, n)
    raise NoRule


def _summed(op: Any, args: tuple[Tensor, ...], parts: list[Any], params: dict[str, Any]) -> Any:
    if all(p is None for p in parts):
        return None
    full = [np.zeros_like(a._data)[()] if p is None else
            p if np.shape(p) == a.shape else np.broadcast_to(p, a.shape)
            for a, p in zip(args, parts)]
    return op.value(*full, **params)


def _by_local(t: Tensor, args: tuple[Tensor, ...], columns: list[Series], n: int) -> Series:
    """Return the series by z' = sum of local derivative times operand', recorded and replayed.

    If the derivative is written in z, its series is known only as far as z's: one order per pass.
    """
    op, params = t._op, t._params or {}
    z = Tensor(t._data)
    leaves = [Tensor(a._data, requires_grad=any(c is not None for c in column[1:]))
              for a, column in zip(args, columns)]
    rules: list[Any] = []
    for i, leaf in enumerate(leaves):
        rule = op.local[i]
        if not leaf.requires_grad or rule is None or rule.__class__ is int and rule == 0:
            rules.append(None)
            continue
        d = rule(z, *leaves, **params) if callable(rule) else rule
        rules.append(d if isinstance(d, Tensor) else wrap(np.asarray(d, dtype=t.dtype)))
    slopes = [truncated.slope(column) for column in columns]
    known: dict[Tensor, Series] = dict(zip(leaves, columns))
    open_in_z = any(t is z for d in rules if d is not None for t in topological(d))
    out: Series = [t._data]
    for order in range(n) if open_in_z else (n - 1,):
        known[z] = out + [None]*(n + 1 - len(out))
        found = [None if d is None else _replay(d, known, order) for d in rules]
        for k in range(len(out) - 1, order + 1):
            total = None
            for d, rule, s in zip(found, rules, slopes):
                if d is not None:
                    total = truncated.add(total, _coefficient(op, d, s, k))
            out.append(None if total is None else total/(k + 1))
    return out


def _coefficient(op: Any, d: Series, s: Series, k: int) -> Any:
    """Return one coefficient of d*s, without elements that a selecting op did not take."""
    if not op.selects:
        return truncated.convolved(d, s, k)
    return None if s[k] is None else np.where(d[0] == 0, 0.0, d[0]*s[k])


def _nested(y: Tensor, x: Tensor, n: int) -> list[Any]:
    """Return the same by n directional derivatives of two backward passes: any op, but slower."""
    out, z = [y._data], y
    for k in range(1, n + 1):
        if z.requires_grad:
            weight = Tensor(np.ones_like(raw(z)))
            along = gradients(z, x, grad=weight, create_graph=True).sum()
            z = (gradients(along, weight, create_graph=True) if along.requires_grad
                 else wrap(np.zeros_like(y._data)))
        else:
            z = wrap(np.zeros_like(y._data))
        out.append(z._data/math.factorial(k))
    return out
