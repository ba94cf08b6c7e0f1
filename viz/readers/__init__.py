"""Readers: make a Graph of what a framework recorded. One file or folder each, named for it.

A reader is imported when its framework is used, never before. It implements `Reader`, and may
implement `FullReader`. Packages with other names whose objects belong to the framework are listed
in the reader's file, where they are found without importing it:

    RELATED_PACKAGES = ("jaxlib", "flax")

Other distributions add readers by the entry point group tinyviz.readers: `package = module`.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Protocol, cast

from ..graph import Graph
from ..options.message import Message, Option
from ..run import execute
from ..run.execute import Run
from ..run.expression import Expression, ExpressionError
from ..run.targets import RunError, Target, TargetError, from_function, user_code
from ..run.tracer import SECONDS

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

OURS = "tinytorch"
GROUP = "tinyviz.readers"        # of the entry points
NEVER_READ = {*sys.stdlib_module_names, "numpy", "__main__", ""}   # packages not worth a look-up


class Reader(Protocol):
    """The interface of every reader."""

    def read(self, root: Any) -> Graph:
        """Return the graph that ends at a value. Raises TypeError without one."""

    @property
    def trace(self) -> Callable[..., Graph]:
        """trace(target, point, *, seconds, grad, order, **options): run a target and read it.

        Raises TargetError and RunError as `execute.run` does.
        """


class FullReader(Reader, Protocol):
    """The optional interface of a reader."""

    @property
    def prepared(self) -> Callable[..., AbstractContextManager[None]]:
        """prepared(**options): a context in which targets are loaded and run, with seeds set.

        Entered as soon as the framework is imported; only for readers in this folder.
        """

    @property
    def generators(self) -> Callable[[], Mapping[str, Callable[..., Any]]]:
        """Return the functions that make inputs: randn, zeros. Without it, inputs can only be
        numbers."""

    @property
    def build(self) -> Callable[[Any], Any]:
        """Return the target to draw in place of a factory, given its result; None for the factory.
        """

    @property
    def SweepAdapter(self) -> Callable[..., Any]:
        """Convert a function for sweeps, which call it with tensors of tinytorch."""


def frameworks() -> tuple[str, ...]:
    """Return the names of the readers in this folder."""
    names = (entry.removesuffix(".py") for entry in os.listdir(os.path.dirname(__file__)))
    return tuple(sorted(name for name in names if name[0] != "_"))


@cache
def _packages() -> Mapping[str, str]:
    """Return the reader in this folder for each package."""
    found = {name: name for name in frameworks()}
    del found[OURS]              # a package tinytorch on its own is the user's: ours is in tinyviz
    for name in frameworks():
        path = os.path.join(os.path.dirname(__file__), name)
        path = os.path.join(path, "__init__.py") if os.path.isdir(path) else path + ".py"
        with open(path, encoding="utf-8") as file:
            stated = re.search(r"^RELATED_PACKAGES = (\([^)]*\))", file.read(), re.MULTILINE)
        found |= dict.fromkeys(ast.literal_eval(stated[1]) if stated else (), name)
    return found


@cache
def _added() -> Mapping[str, EntryPoint]:
    """Return the reader in another distribution for each package. Takes 50 ms."""
    from importlib.metadata import entry_points
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _reader_of(package: str) -> str | None:
    """Return the name of the reader for objects of a package; None if there is none."""
    return _packages().get(package) or (
        package if package not in NEVER_READ and package in _added() else None)


def _load(name: str) -> Reader:
    module = import_module(f".{name}", __name__) if name in frameworks() else _added()[name].load()
    return cast(Reader, module)


def _offers(reader: Reader, what: str) -> FullReader | None:
    """Return the reader if it has this attribute."""
    return cast(FullReader, reader) if hasattr(reader, what) else None


def read(root: Any) -> Graph:
    """Return the graph that ends at a tensor of any framework. Raises TypeError for others."""
    for kind in type(root).__mro__:
        name = _reader_of(kind.__module__.partition(".")[0])
        if name:
            return _load(name).read(root)
    names = " or ".join(sorted({*frameworks(), *_added()}))
    raise TypeError(f"cannot read a graph from {type(root).__name__} {root!r:.60} "
                    f"(must be a tensor of {names})")


def read_run(run: Run, *, grad: bool = True, order: int = 1) -> Graph:
    """Return the graph of one run of a function of tinytorch, with the user's names and lines."""
    from . import tinytorch
    return tinytorch.read_run(run, grad=grad, order=order)


def trace(target: Target, point: Mapping[str, Any], inputs: Sequence[str] = (), *,
          seconds: float = SECONDS, grad: bool = True, order: int = 1, **options: Any
          ) -> Graph:
    """Run a target at a point in its framework, backward too, and read the graph.

    inputs: texts such as "randn(2, 3)" or "x=randn(2, 3)", for arguments missing from the point.
    options: those of the framework's reader: level, meta.
    Raises TargetError if they do not fit the target, RunError if it raises.
    """
    name = framework(target, point)
    reader = _load(name)
    generating = _offers(reader, "generators")
    if (inputs or options) and not generating:
        raise TargetError(Message(
            f"{target.name} is a function of {name}: give numbers with ", Option("at"), " (",
            Option("inputs"), ", ", Option("level"), " and ", Option("meta"),
            " are for PyTorch and JAX)"))
    target = _from_factory(target, reader)
    point = dict(point)
    for text in inputs:
        free = [n for n in target.names if n not in point]
        argument, equals, written = text.partition("=")
        if not (equals and argument.strip().isidentifier()):
            argument, written = free[0] if free else "", text
        if not argument.strip():
            raise TargetError(Message(
                Option("inputs", text), f" is one too many: {target.name} takes "
                f"{', '.join(target.names) or 'nothing'}"))
        assert generating
        point[argument.strip()] = _generated(written, generating.generators())
    point = point or examples(target)
    return _retry_with_integers(target, point, lambda target, point: reader.trace(
        target, point, seconds=seconds, grad=grad, order=order, **options))


def _retry_with_integers(target: Target, point: Mapping[str, Any],
                         traced: Callable[[Target, Mapping[str, Any]], Graph]) -> Graph:
    """Trace a target; if it needs an integer and was given a tensor, again with the integer."""
    try:
        return traced(target, point)
    except RunError as error:
        again = execute.with_integers(target, point, error)
        if again is None:
            raise
    return traced(*again)


def from_factory(target: Target) -> Target:
    """Return the target, or the module that it makes if it is a factory of modules."""
    return _from_factory(target, _load(framework(target)))


def sweep_adapter(f: Any) -> Callable[..., Any] | None:
    """Return the function that adapts functions of another framework to tinytorch; None for
    tinytorch.

    Raises TargetError if the reader of the framework has none.
    """
    name = framework(from_function(f))
    if name == OURS:
        return None
    reader = _offers(_load(name), "SweepAdapter")
    if reader is None:
        raise TargetError(f"a function of {name} cannot be swept: its reader has no SweepAdapter")
    return reader.SweepAdapter


def examples(target: Target) -> dict[str, Any]:
    """Return the result of `example_inputs()` beside the target, by argument; {} without one.

    A function whose arguments all have defaults runs with those instead: they suit it better.
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
    """Prepare to load a target: each framework is seeded as soon as the user's file imports it.

    options: those of a reader's `prepared`: meta.
    """
    with contextlib.ExitStack() as stack:
        def enter(name: str) -> None:
            reader = _offers(_load(name), "prepared")
            if reader:
                stack.enter_context(reader.prepared(**options))

        waiting: dict[str, Callable[[], None]] = {}
        for name in frameworks():
            if name != OURS and name in sys.modules:
                enter(name)
            elif name != OURS:
                waiting[name] = lambda name=name: enter(name)  # type: ignore[misc]  # its default
        finder = _ImportHook(waiting)
        sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            sys.meta_path.remove(finder)


class _ImportHook:
    """Calls a function as soon as a package has been imported."""

    def __init__(self, waiting: dict[str, Callable[[], None]]) -> None:
        self.waiting = waiting

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        spec = PathFinder.find_spec(name, path) if name in self.waiting else None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            self.waiting.pop(name, lambda: None)()           # not on a mere search
        spec.loader.exec_module = exec_module      # type: ignore[method-assign]  # of this loader
        return spec


def framework(target: Target, point: Mapping[str, Any] = {}) -> str:
    """Return the framework of a target: that of its values, else of the names it uses, else of its
    file; by default tinytorch."""
    f = target.function
    code = inspect.unwrap(f) if isinstance(f, FunctionType) else None
    signs: list[Any] = [f, getattr(f, "__self__", None), *point.values(), *target.defaults.values()]
    if isinstance(code, FunctionType):
        used = [code.__globals__[n] for n in _global_names(code.__code__) if n in code.__globals__]
        cells = inspect.getclosurevars(code).nonlocals.values()
        signs += [*cells, *used, *code.__globals__.values()]
    own = str(f.__module__).partition(".")[0] if isinstance(f, FunctionType) else ""
    seen = {own} - {*_packages()}                  # the user's own module is not a framework
    for sign in signs:
        for package in _packages_of(sign):
            if package not in seen:
                seen.add(package)
                name = _reader_of(package)
                if name and (name not in frameworks() or name == OURS or name in sys.modules):
                    return name
    return OURS


def _global_names(code: Any) -> Iterator[str]:
    """Yield the global names in a function's code, and in the functions inside it."""
    stack = [code]
    for inner in stack:          # grows while it is walked
        yield from inner.co_names
        stack += [c for c in inner.co_consts if hasattr(c, "co_names")]


def _packages_of(thing: Any) -> Iterator[str]:
    """Yield the packages of an object: of a module its own, of a value those of its classes."""
    if isinstance(thing, ModuleType):
        yield thing.__name__.partition(".")[0]
    elif isinstance(thing, (list, tuple, dict)):
        for part in list(thing.values() if isinstance(thing, dict) else thing)[:8]:
            yield from _packages_of(part) if not isinstance(part, (list, tuple, dict)) else ()
    else:
        for kind in (thing.__mro__ if isinstance(thing, type) else type(thing).__mro__):
            yield str(kind.__module__).partition(".")[0]
        yield str(getattr(thing, "__module__", "")).partition(".")[0]


def _from_factory(target: Target, reader: Reader) -> Target:
    """Return the result of a factory of modules (a function without arguments, or a class), or
    target."""
    building = _offers(reader, "build")
    if building is None:
        return target
    kind = inspect.isclass(target.function)
    if [n for n in target.names if n not in target.defaults] or (target.names and not kind):
        if kind:
            raise TargetError(f"{target.name} is a class that needs {', '.join(target.names)}: "
                              f"write a function that makes one, such as def make(): return "
                              f"{target.name}(...)")
        return target
    with user_code(target.name):
        made = building.build(target.function())
    if made is None:
        return target
    built = from_function(made, target.name)
    return built._replace(file=target.file or built.file, examples=target.examples)


def _generated(text: str, generators: Mapping[str, Callable[..., Any]]) -> Any:
    """Return the value of a text such as randn(2, 3). Raises TargetError."""
    try:
        made = Expression(text, generators)
        if made.names:
            raise ExpressionError(f"unknown name {made.names[0]!r}")
        return made()
    except (ExpressionError, TypeError, ValueError, RuntimeError) as error:
        known = ", ".join(sorted(generators))
        raise TargetError(Message(Option("inputs", text), f": {error} (write one of {known}, such "
                                                          "as randn(2, 3))")) from None
