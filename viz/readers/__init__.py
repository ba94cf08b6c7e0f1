"""Readers: what a framework recorded becomes a Graph. One file each, named for its package.

A reader offers `read(root)`. One of a framework that is not ours offers also `trace` (run a target
and read it), `prepared` (seeds, around loading and running), `generators` (what makes inputs),
`build` (what a factory made) and `Terms` (a function in tinytorch's terms, as the sweep takes it).
None is imported before its framework is: see `framework`.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.machinery import PathFinder
from types import FunctionType, ModuleType
from typing import Any

from ...short_names import HOME
from ..graph import Graph
from ..run import execute
from ..run.execute import Run
from ..run.expression import Expression, ExpressionError
from ..run.targets import RunError, Target, TargetError, from_function, user_code

OURS = "tinytorch"
BUILT_ON = {HOME: OURS, OURS: "",         # a package tinytorch on its own is the user's
            "jaxlib": "jax", "flax": "jax", "equinox": "jax", "transformers": "torch",
            "timm": "torch"}     # what belongs to a framework without being named for it


def frameworks() -> tuple[str, ...]:
    """The packages whose values can be read: the files and folders in this folder."""
    names = (entry.removesuffix(".py") for entry in os.listdir(os.path.dirname(__file__)))
    return tuple(sorted(name for name in names if name[0] != "_"))


def read(root: Any) -> Graph:
    """The graph that ends at a tensor of any framework. Raises TypeError for anything else."""
    return _reader(root).read(root)


def read_run(run: Run, *, grad: bool = True, order: int = 1) -> Graph:
    """The graph of one run of a function: backward is run, the user's names and lines are known."""
    return _reader(run.result).read_run(run, grad=grad, order=order)


def trace(target: Target, point: Mapping[str, Any], inputs: Sequence[str] = (), *,
          seconds: float = execute.SECONDS, grad: bool = True, order: int = 1, **options: Any
          ) -> Graph:
    """Run a target at a point in its framework, backward too, and read the graph.

    inputs: texts such as "randn(2, 3)" or "x=randn(2, 3)", for arguments the point leaves out.
    options: those of the framework's reader: level, meta.
    Raises TargetError where they do not fit the target, RunError where it raises.
    """
    name = framework(target, point)
    if name == OURS:
        if inputs or options:
            raise TargetError(f"{target.name} is a function of tinytorch: give numbers with --at "
                              "(--input, --level and --meta are for PyTorch and JAX)")
        point = point or examples(target)
        return _retry_with_integers(target, point, lambda target, point: read_run(
            execute.run(target, point, seconds=seconds), grad=grad, order=order))
    reader = import_module(f".{name}", __name__)
    target = _from_factory(target, reader)
    point = dict(point)
    for text in inputs:
        free = [n for n in target.names if n not in point]
        argument, equals, written = text.partition("=")
        if not (equals and argument.strip().isidentifier()):
            argument, written = free[0] if free else "", text
        if not argument.strip():
            raise TargetError(f"--input {text!r} is one too many: {target.name} takes "
                              f"{', '.join(target.names) or 'nothing'}")
        point[argument.strip()] = _generated(written, reader)
    point = point or examples(target)
    return _retry_with_integers(target, point, lambda target, point: reader.trace(
        target, point, seconds=seconds, grad=grad, order=order, **options))


def _retry_with_integers(target: Target, point: Mapping[str, Any],
                         traced: Callable[[Target, Mapping[str, Any]], Graph]) -> Graph:
    """The graph of a target; where it needs a number to be a whole one, once more with that."""
    try:
        return traced(target, point)
    except RunError as error:
        again = execute.with_integers(target, point, error)
        if again is None:
            raise
    return traced(*again)


def from_factory(target: Target) -> Target:
    """The target; of a factory of modules what it makes."""
    name = framework(target)
    return target if name == OURS else _from_factory(target, import_module(f".{name}", __name__))


def sweep_adapter(f: Any) -> Any:
    """What sweeps a function of another framework: its reader's Terms; None for tinytorch's."""
    name = framework(from_function(f))
    return None if name == OURS else import_module(f".{name}", __name__).SweepAdapter


def examples(target: Target) -> dict[str, Any]:
    """What `example_inputs()` beside the target returns, by argument; {} where there is none.

    A function whose arguments all have defaults is run at these: it says more of itself.
    """
    own = target.names and all(target.defaults.get(name) is not None for name in target.names)
    if target.examples is None or isinstance(target.function, FunctionType) and own:
        return {}
    with user_code("example_inputs"):
        given = target.examples()
    if isinstance(given, Mapping):
        return dict(given)
    return dict(zip(target.names, given if isinstance(given, (tuple, list)) else (given,)))


@contextlib.contextmanager
def prepared(**options: Any) -> Iterator[None]:
    """Around loading a target: each framework is seeded, as soon as the user's file imports it.

    options: those of a reader's `prepared`: meta.
    """
    with contextlib.ExitStack() as stack:
        waiting = {}
        for name in frameworks():
            if name != OURS and name in sys.modules:
                stack.enter_context(import_module(f".{name}", __name__).prepared(**options))
            elif name != OURS:
                waiting[name] = lambda name=name: stack.enter_context(
                    import_module(f".{name}", __name__).prepared(**options))
        finder = _Finder(waiting)
        sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            sys.meta_path.remove(finder)


class _Finder:
    """Calls a function as soon as a package has been imported."""

    def __init__(self, waiting: dict[str, Any]) -> None:
        self.waiting = waiting

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        spec = PathFinder.find_spec(name, path) if name in self.waiting else None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            self.waiting.pop(name, lambda: None)()           # now: to be asked for is not enough
        spec.loader.exec_module = exec_module      # type: ignore[method-assign]
        return spec


def framework(target: Target, point: Mapping[str, Any] = {}) -> str:
    """The framework a target computes in: that of its values, else of what it speaks of, else of
    its file; tinytorch where there is no sign of another."""
    loaded = [name for name in frameworks() if name != OURS and name in sys.modules]
    if not loaded:
        return OURS
    f = target.function
    code = inspect.unwrap(f) if isinstance(f, FunctionType) else None
    signs: list[Any] = [f, getattr(f, "__self__", None), *point.values(), *target.defaults.values()]
    if isinstance(code, FunctionType):
        spoken = [code.__globals__[n] for n in _global_names(code.__code__)
                  if n in code.__globals__]
        cells = inspect.getclosurevars(code).nonlocals.values()
        signs += [*cells, *spoken, *code.__globals__.values()]
    for sign in signs:
        for package in _packages(sign):
            package = BUILT_ON.get(package, package)
            if package == OURS or package in loaded:
                return package
    return OURS


def _global_names(code: Any) -> Iterator[str]:
    """The global names of a function's code, those of functions inside it too."""
    stack = [code]
    for inner in stack:          # grows while it is walked
        yield from inner.co_names
        stack += [c for c in inner.co_consts if hasattr(c, "co_names")]


def _packages(thing: Any) -> Iterator[str]:
    """The packages a thing comes from: a module its own, a value those of its classes."""
    if isinstance(thing, ModuleType):
        yield thing.__name__.partition(".")[0]
    elif isinstance(thing, (list, tuple, dict)):
        for part in list(thing.values() if isinstance(thing, dict) else thing)[:8]:
            yield from _packages(part) if not isinstance(part, (list, tuple, dict)) else ()
    else:
        for kind in (thing.__mro__ if isinstance(thing, type) else type(thing).__mro__):
            yield str(kind.__module__).partition(".")[0]
        yield str(getattr(thing, "__module__", "")).partition(".")[0]


def _from_factory(target: Target, reader: Any) -> Target:
    """What a factory makes, in its place: a function without arguments, or a class, of modules."""
    kind = inspect.isclass(target.function)
    if [n for n in target.names if n not in target.defaults] or (target.names and not kind):
        if kind:
            raise TargetError(f"{target.name} is a class that needs {', '.join(target.names)}: "
                              f"write a function that makes one, such as def make(): return "
                              f"{target.name}(...)")
        return target
    with user_code(target.name):
        made = reader.build(target.function())
    if made is None:
        return target
    built = from_function(made, target.name)
    return built._replace(file=target.file or built.file, examples=target.examples)


def _generated(text: str, reader: Any) -> Any:
    """What a text such as randn(2, 3) makes. Raises TargetError."""
    try:
        made = Expression(text, reader.generators())
        if made.names:
            raise ExpressionError(f"unknown name {made.names[0]!r}")
        return made()
    except (ExpressionError, TypeError, ValueError, RuntimeError) as error:
        known = ", ".join(sorted(reader.generators()))
        raise TargetError(f"--input {text!r}: {error} (write one of {known}, such as "
                          "randn(2, 3))") from None


def _reader(root: Any) -> Any:
    for kind in type(root).__mro__:
        package = kind.__module__.partition(".")[0]
        package = BUILT_ON.get(package, package)
        if package in frameworks():
            return import_module(f".{package}", __name__)
    raise TypeError(f"cannot read a graph from {type(root).__name__} {root!r:.60} "
                    f"(must be a tensor of {' or '.join(frameworks())})")
