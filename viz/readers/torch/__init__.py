"""Read what PyTorch computes: function calls, modules, gradients, as a Graph."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FunctionType
from typing import Any

import torch
from torch.utils._pytree import tree_map_with_path

from ...graph import Graph
from ...options.message import Message, Option
from ...run import execute
from ...run.targets import RunError, Target, TargetError, display_path, parameters
from ...run.tracer import captured_tensors
from ...tape.tape import graph
from .calls import tensors
from .from_grad_fn import read
from .recorder import Recorder
from .sweep_adapter import SweepAdapter

__all__ = ["SweepAdapter", "build", "generators", "prepared", "read", "trace"]
RELATED_PACKAGES = ("transformers", "timm")
SEED = 0
LEAF = "leaf Variable that requires grad"      # PyTorch's message for a write into one


def generators() -> dict[str, Any]:
    """Return the functions available to inputs, such as randn(2, 3)."""
    names = ("randn", "rand", "randint", "randperm", "zeros", "ones", "full", "arange", "linspace",
             "eye")
    return {name: getattr(torch, name) for name in names}


@contextlib.contextmanager
def prepared(*, meta: bool = False) -> Iterator[None]:
    """Seed PyTorch's random numbers. With meta, tensors made inside have no numbers, but those made
    of literal numbers can still be queried."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_seeded())
        if meta:
            from .meta_values import KnownValues
            stack.enter_context(torch.device("meta"))
            stack.enter_context(KnownValues())
        yield


@contextlib.contextmanager
def _seeded() -> Iterator[None]:
    """Seed the random numbers in the context, and restore the caller's generators afterwards."""
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    every = bool(gpus) or torch.backends.mps.is_available()        # for a CPU alone it is faster
    with torch.random.fork_rng(devices=gpus):
        (torch.manual_seed if every else torch.default_generator.manual_seed)(SEED)
        yield


@contextlib.contextmanager
def _garbage_kept() -> Iterator[None]:
    """Disable garbage collection during a recording, which keeps its many small objects anyway:
    collecting takes a fifth of the time. The resulting graph is moved to the oldest generation,
    since no part of it is garbage."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            if not gc.get_freeze_count():          # else it is the user's
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def build(thing: Any) -> Any:
    """Return a factory's result if it is to be drawn in its place: a module."""
    return thing if isinstance(thing, torch.nn.Module) else None


def trace(target: Target, point: Mapping[str, Any], *, seconds: float, grad: bool = True,
          order: int = 1, level: str = "function", meta: bool = False) -> Graph:
    """Return the graph of a function of tensors, or of a module, at a point; restore all state.

    If the function writes into an input, which the tensors of its callers would allow, it is run
    again with inputs that are not leaves.
    level: "function" draws the functions that the code calls, "aten" the operations that ran.
    order: 2 draws the derivative with respect to the first argument, as autograd computes it, by
    operations.
    meta: create inputs given as numbers on the meta device, without values.
    Raises the errors of `run.execute.run`; if the function raises, the error's `graph` shows the
    computation up to the failed call.
    """
    options: dict[str, Any] = {"seconds": seconds, "grad": grad, "order": order, "level": level,
                               "meta": meta}
    try:
        return _trace(target, point, **options)
    except RunError as error:
        if LEAF not in str(error):
            raise
    return _trace(target, point, apart=True, **options)


def _trace(target: Target, point: Mapping[str, Any], *, seconds: float, grad: bool, order: int,
           level: str, meta: bool, apart: bool = False) -> Graph:
    """Trace once. apart: whether the inputs are copies of leaves instead of leaves."""
    found = modules(target)
    recorder = Recorder("aten" if order > 1 else level)
    for name, module in found.items():
        recorder.modules.add(module, name)
        if any(map(torch.nn.parameter.is_lazy, recorder.modules.parameters)):
            raise TargetError(f"{name or target.name} has lazy layers, which have no shapes yet: "
                              "call it once in its file, with an input such as it is made for")
    recorder.modules.name_tensors(captured_tensors(target.function, torch.Tensor))
    passed = execute.arguments(target, point, example="randn(2, 3)")
    called = target
    if "" in found:              # a module's inputs are its given arguments, not its defaults
        passed = {name: given for name, given in passed.items() if name in point}
        called = target._replace(function=_by_place(target.function, passed))
    inputs: dict[str, Any] = {}
    with torch.device("meta") if meta else contextlib.nullcontext():
        for name, given in passed.items():
            if not execute.is_option(name, given, point):
                passed[name] = _input(name, given, inputs, apart)
    states = {name: recorder.input(name, t) for name, t in inputs.items()}
    ran = None
    with _seeded(), _garbage_kept(), _uncompiled():
        try:
            with recorder:
                ran = execute.run_traced(called, passed, inputs, recorder.clock, seconds=seconds)
            roots = _roots(ran.result, target)
            if order > 1:
                first = next(iter(inputs.values()), None)
                if first is None or not first.requires_grad:
                    raise TargetError(Message(
                        Option("order", order), f": {target.name} has no argument of real numbers "
                        "to differentiate by"))
                roots = [recorder.derivative(roots, first, order - 1)]
            recorder.finish(roots)
            if grad:
                recorder.backward(roots)
            return graph(recorder.tape, ran, states, order=order)
        except RunError as error:
            if meta and "meta tensor" in str(error):
                error.args = (Message(
                    f"{error}\n(with ", Option("meta"), " what comes from parameters and from "
                    "chance has no numbers to look at: set an option of the model's that asks for "
                    "none)"),)
            elif meta and "_meta_registrations" in str(error):
                error.args = (f"{error}\n(on the meta device PyTorch asks for what its kernels for "
                              "GPUs ask: maybe net.to(torch.bfloat16))",)
            elif "on device meta" in str(error):
                error.args = (Message(f"{error}\n(a model without numbers is drawn with ",
                                      Option("meta"), ")"),)
            if error.run is not None:
                recorder.finish([])
                error.graph = graph(recorder.tape, error.run, states, whole=True)
            elif ran is not None:                  # backward has failed
                told = recorder.changed_in_place(ran.place)
                if told:
                    error.args = (f"{told}\n{error.__cause__}",)
                error.graph = graph(recorder.tape, ran, states)
            raise
        finally:
            recorder.close()


def _by_place(module: Any, names: Iterable[str]) -> Callable[..., Any]:
    """Return a function that calls the module with these arguments: by position if possible, as is
    usual, and as hooks that look at its arguments expect."""
    kinds = parameters(getattr(module, "forward", module))
    places = [p.name for p in kinds if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names, first = list(names), 0
    while names[first:first + 1] == places[first:first + 1] != []:
        first += 1
    return lambda *given: module(*given[:first], **dict(zip(names[first:], given[first:])))


@contextlib.contextmanager
def _uncompiled() -> Iterator[None]:
    """Run functions of torch.compile and TorchScript uncompiled, so that their calls are recorded.
    """
    jit: Any = torch.jit
    with jit.optimized_execution(False):
        if "torch._dynamo" in sys.modules:
            with torch.compiler.set_stance("force_eager"):
                yield
        else:
            yield


def modules(target: Target) -> dict[str, Any]:
    """Return modules by name: the target itself, with an empty name, or those that a function uses.
    """
    f = inspect.unwrap(target.function) if isinstance(target.function, FunctionType) \
        else target.function
    owner = getattr(f, "__self__", None)
    for thing in (f, owner):
        if isinstance(thing, torch.nn.Module):
            return {"": thing}
    if not isinstance(f, FunctionType):
        return {}
    cells = zip(f.__code__.co_freevars, (c.cell_contents for c in f.__closure__ or ()))
    spoken = {n: f.__globals__[n] for n in f.__code__.co_names if n in f.__globals__}
    return {name: thing for name, thing in {**spoken, **dict(cells)}.items()
            if isinstance(thing, torch.nn.Module)}


def _input(name: str, given: Any, inputs: dict[str, Any], apart: bool) -> Any:
    """Return an argument's value, with its tensors detached from the user's and differentiable.

    They are added to `inputs`, by their path: batch.mask. Raises TargetError for other values.
    apart: whether they are copies of leaves, which may be written into.
    """
    def fresh(path: Any, leaf: Any) -> Any:
        if not isinstance(leaf, torch.Tensor):
            return leaf
        leaf = leaf.detach().clone().requires_grad_(leaf.is_floating_point() or leaf.is_complex())
        if apart:
            leaf = leaf.clone()
        steps = [str(getattr(k, "key", getattr(k, "idx", k))) for k in path]
        inputs[".".join([name, *steps])] = leaf
        return leaf

    if tensors([given]):
        return tree_map_with_path(fresh, given)
    if hasattr(given, "__array__"):                # numpy's
        return fresh((), torch.as_tensor(given))
    try:
        return fresh((), torch.tensor(given, dtype=torch.get_default_dtype()))
    except (TypeError, ValueError, RuntimeError) as error:
        raise TargetError(f"{name} = {given!r:.60} is no number and no tensor: {error}") from None


def _roots(result: Any, target: Target) -> list[Any]:
    """Return the tensors of a result to draw from: its loss if it has one, else all floating ones.
    """
    if isinstance(result, Mapping) and isinstance(result.get("loss"), torch.Tensor):
        result = result["loss"]
    if dataclasses.is_dataclass(result) and not isinstance(result, Mapping):
        result = list(vars(result).values())
    found = tensors([result])
    floating = [t for t in found if t.is_floating_point() or t.is_complex()]
    if floating or found:
        return list({id(t): t for t in floating or found}.values())
    place = f"{display_path(target.file)}:{target.line}: " if target.file else ""
    ending = ": does it end in a return statement?" if result is None else \
        ": a function that makes a module must take no arguments. Write one such as " \
        f"def make(): return {target.name}(...)" if isinstance(result, torch.nn.Module) else \
        f" {result!r:.60}: it must return a tensor, or some. Compute it without .item() or float()"
    raise RunError(f"{place}{target.name} returned {type(result).__name__}{ending}")
