"""Read JAX computations: a function's jaxpr, run and differentiated equation by equation."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from ...graph import Graph
from ...options.message import Message, Option
from ...run import execute
from ...run.execute import Run
from ...run.targets import RunError, Target, TargetError, display_path, user_code
from ...run.tracer import Clock, Tracer, deadline
from ...tape.tape import graph
from .calls import JAX
from .control_flow import TooManyPaths, BranchPaths
from .recorder import Recorder
from .source_map import Lines
from .sweep_adapter import CONCRETE, SweepAdapter

RELATED_PACKAGES = ("jaxlib", "flax", "equinox")
SEED = 0
CLOCK = Clock(jax.core.Tracer, lambda: 0, lambda _: -1, JAX)   # for lines: equations have places


def generators() -> dict[str, Any]:
    """Return the functions available to inputs, such as randn(2, 3)."""
    draws = np.random.default_rng(SEED)
    dtype = jax.numpy.zeros(()).dtype
    return {
        "randn": lambda *shape: jax.numpy.asarray(draws.standard_normal(shape), dtype),
        "rand": lambda *shape: jax.numpy.asarray(draws.random(shape), dtype),
        "randint": lambda low, high, shape: jax.numpy.asarray(draws.integers(low, high, shape)),
        "zeros": lambda *shape: jax.numpy.zeros(shape),
        "ones": lambda *shape: jax.numpy.ones(shape),
        "arange": jax.numpy.arange, "linspace": jax.numpy.linspace, "eye": jax.numpy.eye}


@contextlib.contextmanager
def prepared(*, meta: bool = False) -> Iterator[None]:
    """Do nothing: JAX's random numbers have explicit keys, so there is nothing to seed."""
    yield


def build(thing: Any) -> Any:
    """Return a factory's result if it is to be drawn in its place: a function, such as equinox's.
    """
    return thing if callable(thing) else None


def read(root: Any) -> Graph:
    """Raise TypeError: a JAX array does not record its computation."""
    raise TypeError(f"an array of JAX's does not know what made it: draw the function, with "
                    f"viz.trace(f, {np.asarray(root)!r:.30})")


def trace(target: Target, point: Mapping[str, Any], *, seconds: float, grad: bool = True,
          order: int = 1, level: str = "function", meta: bool = False) -> Graph:
    """Return the graph of a function of arrays at a point; arguments may be trees of arrays.

    The leaves of a function that is a tree itself, such as equinox's and flax's modules, are its
    parameters.
    order: 2 draws the derivative with respect to the first argument, as jax.grad computes it.
    Raises the errors of `run.execute.run`.
    """
    if meta:
        raise TargetError(Message(Option("meta"), " is for PyTorch; a JAX function is drawn from "
                                                  "its values"))
    if level != "function":
        raise TargetError(Message(Option("level"), " is for PyTorch: a jaxpr has one level"))
    passed = execute.arguments(target, point)
    trees = {name: given for name, given in passed.items()
             if not execute.is_option(name, given, point) or _is_tree(given)}
    leaves, inputs, tree = _leaves(trees)
    held, holds, build = _held(target.function)

    def flat(*arrays: Any) -> Any:
        values = passed | jax.tree.unflatten(tree, _filled(leaves, arrays))
        made = jax.tree.unflatten(build, _filled(holds, arrays[len(inputs):]))
        return made(*values.values())

    given = [*inputs.values(), *held.values()]
    with user_code(target.name), deadline(target, seconds), _modules() as classes:
        tracer = Tracer(target, {}, CLOCK, seconds)
        try:
            closed, shape = _traced(flat, order, given)
        except CONCRETE:         # if x > 0: along the branch taken here
            with contextlib.suppress(*CONCRETE, jax.errors.UnexpectedTracerError, TooManyPaths):
                flat = BranchPaths(flat).at(given)
            closed, shape = tracer.run(_traced, {"f": flat, "order": order, "arrays": given})
    if not jax.tree.leaves(shape):
        raise RunError(f"{_place(target)}{target.name} returned {shape!r:.40}: does it end in a "
                       "return statement?")
    recorder = Recorder(Lines(target), grad=grad)
    states = {name: recorder.input(name, array, held=callable(trees.get(name.partition(".")[0])))
              for name, array in inputs.items()}
    parameters = [recorder.parameter(name, array) for name, array in held.items()]
    with user_code(target.name):
        recorder.run(closed, [*states.values(), *parameters])
        if grad:
            recorder.backward()
    if classes:
        recorder.tape.facts["modules"] = classes
    names, stamps, places = recorder.lines.origins()
    ran = Run(target, inputs, None, {m.stamp: n for n, m in states.items()} | names, tracer.lines,
              stamps, places, tracer.parts())
    return graph(recorder.tape, ran, states, order=order)


def _traced(f: Any, order: int, arrays: Sequence[Any]) -> tuple[Any, Any]:
    """Return the jaxpr of a function, or of its derivative, and the shapes of its results."""
    for _ in range(order - 1):
        f = jax.grad(f)
    closed, shape = jax.make_jaxpr(f, return_shape=True)(*arrays)
    return closed, shape


@contextlib.contextmanager
def _modules() -> Iterator[dict[str, str]]:
    """Collect the classes of flax's modules called in the context, by the path of their scope."""
    classes: dict[str, str] = {}
    flax = sys.modules.get("flax.linen")
    if flax is None:
        yield classes
        return
    tops: list[str] = []

    def note(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
        module = context.module
        name, path = type(module).__name__, module.path
        tops.append(tops[-1] if path else module.name or name)
        classes["/".join([tops[-1], *path])] = name
        try:
            return call(*args, **kwargs)
        finally:
            tops.pop()
    with flax.intercept_methods(note):
        yield classes


def _place(target: Target) -> str:
    return f"{display_path(target.file)}:{target.line}: " if target.file else ""


def _leaves(trees: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any], Any]:
    """Return the leaves of the arguments, the arrays among them by path, and the tree.

    Raises TargetError for an argument without a number.
    """
    found, tree = jax.tree_util.tree_flatten_with_path(dict(trees))
    leaves, inputs = [], {}
    order = {name: i for i, name in enumerate(trees)}
    for path, leaf in found:
        if isinstance(leaf, (list, str)) or leaf is None or callable(leaf):
            leaves.append(leaf)
            continue
        try:
            array = jax.numpy.asarray(leaf)
        except (TypeError, ValueError) as error:
            raise TargetError(f"{path[0].key} = {leaf!r:.60} is no number and no array: {error}"
                              ) from None
        if isinstance(leaf, int) and not isinstance(leaf, bool):
            array = array.astype(float)
        steps = _steps(path)
        name = ".".join(steps)
        if steps[:1] == steps[1:2] and ".".join(steps[1:]) not in inputs:
            name = ".".join(steps[1:])             # flax's params: {"params": ...}
        leaves.append(_Slot(name))
        inputs[name] = array
    ordered = dict(sorted(inputs.items(), key=lambda item: order[item[0].partition(".")[0]]))
    slots = {name: i for i, name in enumerate(ordered)}
    return [slots[x.name] if isinstance(x, _Slot) else (x,) for x in leaves], ordered, tree


def _is_tree(given: Any) -> bool:
    """Return whether a default is a tree of arrays: {"w": ...}."""
    return isinstance(given, dict) and any(hasattr(x, "dtype") for x in jax.tree.leaves(given))


def _held(function: Any) -> tuple[dict[str, Any], list[Any], Any]:
    """Return a function's parameters by name (layers.0.weight), its leaves, and the tree."""
    found, tree = jax.tree_util.tree_flatten_with_path(function)
    held: dict[str, Any] = {}
    leaves: list[Any] = []
    for path, leaf in found:
        if not (hasattr(leaf, "dtype") and jax.numpy.issubdtype(leaf.dtype, np.inexact)):
            leaves.append((leaf,))
            continue
        steps = _steps(path)
        if len(steps) > 1 and steps[-1] == "value":            # of flax's Param
            del steps[-1]
        leaves.append(len(held))
        held[".".join(steps)] = leaf
    return held, leaves, tree


def _steps(path: Any) -> list[str]:
    """Return the words of a leaf's path in its tree: layers, 0, weight."""
    return [str(getattr(k, "key", getattr(k, "name", getattr(k, "idx", k)))) for k in path]


class _Slot:
    """A placeholder for an array among the leaves."""

    def __init__(self, name: str) -> None:
        self.name = name


def _filled(leaves: list[Any], arrays: tuple[Any, ...]) -> list[Any]:
    return [arrays[x] if isinstance(x, int) else x[0] for x in leaves]


__all__ = ["SweepAdapter", "build", "generators", "prepared", "read", "trace"]
