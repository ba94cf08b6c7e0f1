"""A function of JAX arrays as one of tinytorch's tensors: its numbers and derivatives are JAX's.

The sweep calls it like any other function, and reads f's computation from the graph of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray
from jax.extend.core import Literal

from ....tinytorch import Tensor

from ...run.targets import from_function
from ...run.tracer import Place
from ...tape.proxy_tensors import WHOLE, leaf, proxy
from ...tape.tape import elementwise
from .calls import JAX, NOTHING
from .control_flow import BranchPaths
from .primitives import named
from .recorder import INLINE
from .source_map import Lines

Array = NDArray[Any]

# Batch sizes: a program is compiled for each of these lengths only. They are prime, so that no
# array of f's own has one of them.
LENGTHS = (61, 509, 2053, 8209, 32771)
CONCRETE = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError,
            jax.errors.TracerIntegerConversionError)       # f branches on its values: if x > 0
doubles: Any = getattr(jax if hasattr(jax, "enable_x64") else jax.experimental, "enable_x64")


class Equation(NamedTuple):
    """One equation: its name, the places of its operands and results, its function."""

    name: str
    operands: tuple[Any, ...]    # a place among the results, or an array
    first: int                   # the place of its first result
    several: int                 # how many there are
    bind: Callable[..., Any]
    params: dict[str, Any]
    place: Place | None          # the user's line


class BatchProgram(NamedTuple):
    """f at a batch of points, all its equations in order."""

    steps: list[Equation]
    result: Any                  # a place, or an array
    run: Callable[..., Any]      # points -> all results, compiled


class SweepAdapter:
    """f, which takes and returns JAX arrays, as a function of tinytorch's tensors.

    It is mapped over the points by `jax.vmap`, in double precision; if it branches on its values,
    it takes a single number.
    """

    def __init__(self, f: Any) -> None:
        self.f = f
        self.__wrapped__ = getattr(f, "f", f)      # for its source lines
        self.__name__ = getattr(f, "__name__", "f")
        self._rows = False       # f takes a point as an array of shape (1,)
        self._looks = False      # f branches on its values
        self._ways = BranchPaths(self._given)             # then, f as a function of numbers
        self._lines = Lines(from_function(self.__wrapped__))
        self._programs: dict[Any, BatchProgram] = {}
        self._derived: dict[Any, Callable[..., Any]] = {}
        self._places: dict[int, Place | None] = {}         # stamp of a result -> the user's line

    @staticmethod
    def number(value: Any) -> Any:
        """Return an argument of f that is not swept."""
        return value

    def __call__(self, *points: Tensor) -> Any:
        with doubles(True):
            if self._looks and points[0].size == 1:
                return self._alone(points)
            self._rows = points[0].ndim == 2
            try:
                return self._mapped(points)
            except CONCRETE:
                self._looks = True
                if points[0].size != 1:
                    raise
                return self._alone(points)
            except (TypeError, ValueError):
                if points[0].shape != (1,):
                    raise
                self._rows = True
                return self._mapped(points)

    def place(self, result: Tensor) -> Place | None:
        """Return the user's line that made a result of the last call."""
        return self._places.get(result.stamp)

    def gradients(self, _: Any, points: Sequence[Tensor]) -> list[Array]:
        """Return the derivatives of f with respect to the points, each of their shape."""
        def make(f: Any) -> Any:
            return lambda *xs: jax.numpy.stack(
                jax.grad(self._number(f), tuple(range(len(xs))))(*xs))
        return list(self._each("gradients", make, points, len(points)))

    def derivatives(self, _: Any, x: Tensor, depth: int) -> list[Array]:
        """Return f and its derivatives with respect to the point x up to `depth`."""
        forward = self._looks and self._ways.over          # untraced it is ten times as fast
        for way in (_tangent, jax.grad) if forward else (jax.grad, _tangent):
            def make(f: Any, way: Any = way) -> Any:
                curves: list[Any] = [self._number(f)]
                for _ in range(depth):
                    curves.append(way(curves[-1]))
                return lambda x: jax.numpy.stack([curve(x) for curve in curves])
            try:
                return list(self._each((depth, way), make, [x], depth + 1))
            except CONCRETE:
                raise
            except (TypeError, ValueError) as error:       # backward through a while_loop, forward
                failed = error                             # through a custom_vjp
        raise failed

    def _given(self, *xs: Any) -> Any:
        """Return f of numbers."""
        return self.f(*[x[None] for x in xs] if self._rows else xs)

    @staticmethod
    def _number(f: Any) -> Callable[..., Any]:
        """Return f of numbers, as a number."""
        def number(*xs: Any) -> Any:
            y = jax.numpy.asarray(f(*xs))
            return jax.numpy.reshape(y, ()) if jax.numpy.issubdtype(y.dtype, np.inexact) \
                else jax.numpy.reshape(y, ()).astype(float)
        return number

    def _each(self, key: Any, make: Callable[[Any], Callable[..., Any]], points: Sequence[Tensor],
              n: int) -> Array:
        """Return the n results at all points of a function derived from f: (n, *their shape)."""
        shape = points[0].shape
        with doubles(True):
            if self._looks and points[0].size == 1:
                xs = _numbers(points)
                found, = self._ways.run(key, make, xs) or [make(self._given)(*xs)]
                found = found[None]
            else:
                compiled = self._derived.get((key, self._rows))
                if compiled is None:
                    compiled = self._derived[key, self._rows] = jax.jit(jax.vmap(make(self._given)))
                found = compiled(*_padded(points))[:points[0].size]
        return np.asarray(found, dtype=float).T.reshape(n, *shape)

    def _mapped(self, points: Sequence[Tensor]) -> Any:
        xs = _padded(points)
        n, long, shape = points[0].size, len(xs[0]), points[0].shape
        key = long, self._rows
        if key not in self._programs:
            given = [x[:, None] for x in xs] if self._rows else xs
            closed, made = jax.make_jaxpr(jax.vmap(self.f), return_shape=True)(*given)
            leaves = jax.tree.leaves(made)
            if len(leaves) != 1 or len(jax.tree.leaves([made], is_leaf=lambda x: x is None)) != 1:
                return self.f(*[x[0] for x in given])      # the caller checks it
            self._programs[key] = _program(closed, len(xs), self._lines)
        program = self._programs[key]
        given = [x[:, None] for x in xs] if self._rows else xs
        found = program.run(*given)

        def cut(array: Any) -> Array:
            found: Array = np.asarray(array)
            if long not in found.shape:
                return found
            axis = found.shape.index(long)
            found = found.take(range(n), axis)
            return found if axis or self._rows else found.reshape(shape + found.shape[1:])
        proxies: dict[int, Tensor] = dict(enumerate(points))
        self._places = {}
        for step in program.steps:
            operands = [proxies[o] if isinstance(o, int) else leaf(o) for o in step.operands]
            for i in range(step.first, step.first + step.several):
                proxies[i] = _proxy(step, i - step.first, operands, cut(found[i]), n, long)
                self._places[proxies[i].stamp] = step.place
        result = program.result
        return proxies[result] if isinstance(result, int) else leaf(cut(result))

    def _alone(self, points: Sequence[Tensor]) -> Any:
        """Return f of one point, without tracing: its calls are unknown."""
        xs = _numbers(points)
        y, = self._ways.run("f", lambda f: f, xs) or [self._given(*xs)]
        if not hasattr(y, "dtype"):
            return y

        def vjp(_: Any, grad: Tensor) -> Any:
            return tuple(slope.reshape(p.shape) * np.asarray(grad.data)
                         for p, slope in zip(points, self.gradients(None, points)))
        return proxy(self.__name__, np.asarray(y), points, {}, vjp)


def _tangent(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return the derivative of a function of one number, in forward mode."""
    return lambda x: jax.jvp(f, (x,), (jax.numpy.ones_like(x),))[1]


def _numbers(points: Sequence[Tensor]) -> list[Any]:
    return [jax.numpy.asarray(p.data).reshape(()) for p in points]


def _padded(points: Sequence[Tensor]) -> list[Any]:
    """Return the points, padded with ones to a length that programs are compiled for."""
    n = points[0].size
    long = next((length for length in LENGTHS if length >= n), n)
    return [jax.numpy.asarray(np.concatenate([np.ravel(p.data), np.ones(long - n)]))
            for p in points]


def _program(closed: Any, arguments: int, lines: Lines) -> BatchProgram:
    steps: list[Equation] = []
    result, = _flat(closed, list(range(arguments)), steps, arguments, lines)[0]

    def run(*xs: Any) -> list[Any]:
        found = list(xs)
        for step in steps:
            out = step.bind(*[found[o] if isinstance(o, int) else o for o in step.operands])
            found += out if isinstance(out, (list, tuple)) else [out]
        return found
    return BatchProgram(steps, result, jax.jit(run))


def _flat(closed: Any, given: list[Any], steps: list[Equation], count: int, lines: Lines,
          outer: Place | None = None) -> tuple[list[Any], int]:
    """Flatten the equations of a jaxpr and its inner ones; return the places of the results and the
    number of places.

    outer: the user's line that called the function with these equations.
    """
    jaxpr = getattr(closed, "jaxpr", closed)
    env: dict[Any, Any] = dict(zip(jaxpr.constvars, map(jax.numpy.asarray,
                                                        getattr(closed, "consts", ()))))
    env |= zip(jaxpr.invars, given)

    def at(atom: Any) -> Any:
        if isinstance(atom, Literal):
            return jax.numpy.asarray(atom.val, getattr(atom.aval, "dtype"))
        return env[atom]
    for equation in jaxpr.eqns:
        name, params = equation.primitive.name, equation.params
        operands = [at(atom) for atom in equation.invars]
        if name in NOTHING or name == "convert_element_type" and \
                params["new_dtype"] == equation.invars[0].aval.dtype:
            env |= zip(equation.outvars, operands)
            continue
        place = outer or lines.place(equation)
        inner = params.get("jaxpr") or params.get("call_jaxpr")
        called = _library(name, params, inner, len(operands))
        if not called and (name in INLINE or name.startswith("custom_") and inner is not None):
            own = lines.knows(inner)
            found, count = _flat(inner, operands, steps, count, lines, None if own else place)
            env |= zip(equation.outvars, found)
            continue
        bound = equation.primitive.get_bind_params(params)
        subfuns, rest = bound if isinstance(bound, tuple) else ((), bound)

        def bind(*arrays: Any, f: Any = equation.primitive, subfuns: Any = subfuns,
                 rest: Any = rest) -> Any:
            return f.bind(*subfuns, *arrays, **rest)
        steps.append(Equation(called or name, tuple(operands), count, len(equation.outvars), bind,
                              params, place))
        env |= {var: count + i for i, var in enumerate(equation.outvars)}
        count += len(equation.outvars)
    return [at(atom) for atom in jaxpr.outvars], count


def _library(name: str, params: Any, inner: Any, operands: int) -> str:
    """Return the name of a JAX function that consists of several equations where tinytorch has one
    op: clip, relu; else ""."""
    if inner is None or not (name in INLINE or name.startswith("custom_")):
        return ""
    source = str(getattr(getattr(inner, "jaxpr", inner).debug_info, "func_src_info", ""))
    called, _, file = source.partition(" at ")
    called = called.lstrip("_")
    known = called in WHOLE or elementwise(called, operands)
    return called if known and file.startswith(JAX) else ""


def _proxy(step: Equation, i: int, operands: list[Tensor], data: Array, n: int, long: int
           ) -> Tensor:
    """Return a tensor for a result of an equation, made by the corresponding tinytorch op. It has n
    points; the program is compiled for `long`."""
    def vjp(ctx: Any, grad: Tensor) -> Any:
        def one(*arrays: Any) -> Any:
            out = step.bind(*arrays)
            return out[i] if isinstance(out, (list, tuple)) else out

        def filled(array: Any) -> Any:             # as long as the program is
            array = np.asarray(array)
            if n in array.shape:
                axis = array.shape.index(n)
                array = array.take(np.minimum(np.arange(long), n - 1), axis)
            return jax.numpy.asarray(array)
        with doubles(True):
            arrays = [filled(a.data) for a in ctx.args]
            try:
                found = jax.vjp(one, *arrays)[1](filled(grad.data))
            except (TypeError, ValueError):        # of a while_loop, of another shape: unknown
                return (None,) * len(arrays)
        return tuple(None if g.dtype == jax.dtypes.float0 else np.asarray(g).take(
            range(n), g.shape.index(long)) if long in g.shape else np.asarray(g) for g in found)
    if step.name == "convert_element_type" and operands[0].dtype == bool:
        return operands[0]
    name = named(step.name)
    if step.name in ("integer_pow", "square"):
        operands = [*operands, leaf(float(step.params.get("y", 2)))]
    elif step.name == "select_n" and len(operands) == 3 and operands[0].dtype == bool:
        name, operands = "where", [operands[0], operands[2], operands[1]]
    elif step.name == "clamp":
        name, operands = "clip", [operands[1], operands[0], operands[2]]
    return proxy(name, data, operands, {}, vjp,
                 differentiable=data.dtype.kind == "f")
