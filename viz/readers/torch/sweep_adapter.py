"""A function of PyTorch tensors as one of tinytorch's: its numbers and derivatives are PyTorch's.

The sweep calls it like any other function, and reads f's calls from the graph of the result.
"""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Iterator, Sequence
from types import CellType, FunctionType
from typing import Any

import numpy as np
from numpy.typing import NDArray
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

from ....tinytorch import Tensor

from ...tape.proxy_tensors import leaf, proxy
from .calls import SKIPPED, arguments, named_params, name_of, call_text, tensors

Array = NDArray[Any]
SEED = 0
MISSING_DERIVATIVE = re.compile(r"derivative for '?(?:aten::)?(\w+)")
UNSEEN = {"grad", "backward"}    # their results depend on all that precedes


class SweepAdapter:
    """f, which takes and returns PyTorch tensors, as a function of tinytorch's.

    It is run in double precision, on copies of the modules and tensors it uses.
    """

    def __init__(self, f: Any) -> None:
        self.f = _doubled(f)
        self.__wrapped__ = getattr(f, "f", f)      # for its source lines
        self.__name__ = getattr(f, "__name__", "f")
        self.lacks: dict[int, str] = {}            # order -> why that derivative is missing
        self._last: tuple[Any, Any, list[Any]] = None, None, []    # result, PyTorch's, its leaves

    @staticmethod
    def number(value: Any) -> Any:
        """Return an argument of f that is not swept."""
        return torch.tensor(value, dtype=torch.float64) if isinstance(value, float) else value

    def __call__(self, *points: Tensor) -> Any:
        leaves = [torch.tensor(p.data, dtype=torch.float64, requires_grad=True) for p in points]
        recorder = _Recorder(leaves, points)
        with _doubles():
            with recorder:
                y = self.f(*leaves)
        found = tensors([y])
        if len(found) != 1:
            return y             # a number, None, several: the caller checks it
        result = recorder.proxy(found[0])
        self._last = result, found[0], leaves
        return result

    def gradients(self, y: Any, points: Sequence[Tensor]) -> list[Array]:
        """Return the derivatives of a result with respect to the points, each of their shape."""
        found, leaves = self._live(y, points)
        grads = _grads(found, leaves, create=False)
        return [np.zeros(p.shape) if g is None else _numbers(g) for g, p in zip(grads, points)]

    def derivatives(self, y: Any, x: Tensor, depth: int) -> list[Array]:
        """Return a result and its derivatives by the point x up to `depth`; nan for those that
        PyTorch lacks, with the reason in `lacks`."""
        result, leaves = self._live(y, [x])
        found = result
        rows = [_numbers(found)]
        for k in range(1, depth + 1):
            why = ""
            try:
                grad, = _grads(found, leaves, create=k < depth)
            except RuntimeError as error:
                why = _reason(error, k)
            if not why and k == 2:
                why = _once(result)                # PyTorch omits its part silently
            if why:
                self.lacks.setdefault(k, why)
                return rows + (depth + 1 - k) * [np.full((), np.nan)]
            if grad is None:     # no gradient
                return rows + (depth + 1 - k) * [np.zeros(())]
            found = grad
            rows.append(_numbers(found))
        return rows

    def _live(self, y: Any, points: Sequence[Tensor]) -> tuple[Any, list[Any]]:
        if self._last[0] is not y:
            self(*points)
        return self._last[1], self._last[2]


def _grads(y: Any, leaves: list[Any], *, create: bool) -> Any:
    if not y.requires_grad:
        return [None] * len(leaves)
    with _doubles():
        return torch.autograd.grad(y, leaves, torch.ones_like(y), create_graph=create,
                                   allow_unused=True)


def _reason(error: RuntimeError, order: int) -> str:
    """Return the derivative that PyTorch lacks, according to its error."""
    found = MISSING_DERIVATIVE.search(str(error))
    if not found:
        return f"PyTorch says: {str(error).splitlines()[0]}"
    name = found[1].strip("_").split("_backward")[0]
    return f"PyTorch has no derivative of {name}" + (
        f" of order {order} ({found[1]} has none)" if "_backward" in found[1] else "")


def _once(y: Any) -> str:
    """Return the user's function that is marked as once_differentiable, if any."""
    for node in _nodes(y):
        backward = getattr(getattr(type(node), "_forward_cls", None), "backward", None)
        if hasattr(backward, "__wrapped__"):
            return f"{node.name().removesuffix('Backward')}.backward is marked once_differentiable"
    return ""


def _nodes(y: Any) -> list[Any]:
    """Return the autograd nodes that y depends on. Without recursion."""
    found = [y.grad_fn] if y.grad_fn is not None else []
    seen = set(found)
    for node in found:           # grows while it is walked
        for n, _ in node.next_functions:
            if n is not None and n not in seen:
                seen.add(n)
                found.append(n)
    return found


def _numbers(t: Any) -> Array:
    return np.array(t.detach().double().numpy(force=True))


@contextlib.contextmanager
def _doubles() -> Iterator[None]:
    """Make tensors in double precision, and the same random numbers each time."""
    before = torch.get_default_dtype()
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(SEED)
        torch.set_default_dtype(torch.float64)
        try:
            yield
        finally:
            torch.set_default_dtype(before)


def _doubled(f: Any) -> Any:
    """Return f with copies in double precision of the modules and tensors it uses."""
    if isinstance(f, torch.nn.Module):
        return copy.deepcopy(f).double()
    inner = getattr(f, "f", None)
    if inner is not None:        # some of its arguments are bound
        bound = copy.copy(f)
        bound.f = _doubled(inner)
        return bound
    if not isinstance(f, FunctionType):
        return f
    scope = {n: _double(f.__globals__[n]) for n in f.__code__.co_names if n in f.__globals__}
    cells = [c.cell_contents for c in f.__closure__ or ()]
    twins = [_double(c) for c in cells]
    if all(scope[n] is f.__globals__[n] for n in scope) and \
            all(a is b for a, b in zip(cells, twins)):
        return f
    twin = FunctionType(f.__code__, {**f.__globals__, **scope}, f.__name__, f.__defaults__,
                        tuple(CellType(c) for c in twins))
    twin.__kwdefaults__ = f.__kwdefaults__
    return twin


def _double(thing: Any) -> Any:
    if isinstance(thing, torch.nn.Module):
        return copy.deepcopy(thing).double()
    if isinstance(thing, torch.Tensor) and thing.is_floating_point() and not thing.is_meta:
        return thing.detach().double().requires_grad_(thing.requires_grad)
    return thing


class _Recorder(TorchFunctionMode):
    """Records the calls inside as tinytorch tensors."""

    def __init__(self, leaves: Sequence[Any], points: Sequence[Tensor]) -> None:
        super().__init__()
        self.leaves, self.points = list(leaves), tuple(points)
        self._known = {id(t): (t, p, t._version) for t, p in zip(leaves, points)}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if name_of(func) in SKIPPED or name_of(func) in UNSEEN:
            return func(*args, **kwargs)
        given = tensors(args) + tensors(kwargs.values())
        versions = [t._version for t in given]
        states = {id(t): self.proxy(t) for t in given}
        out = func(*args, **kwargs)
        made = [t for t in tensors((out,)) if id(t) not in states]
        made += [t for t, version in zip(given, versions) if t._version != version]
        for i, t in enumerate(made):
            self._remember(t, func, args, kwargs, [states[id(g)] for g in given], i)
        return out

    def proxy(self, t: Any) -> Tensor:
        """Return the tinytorch tensor for t; an unknown one is a function of the points if it
        depends on them, else a constant."""
        known = self._known.get(id(t))
        if known is not None and known[2] == t._version and (
                known[1].requires_grad or not t.requires_grad):
            return known[1]
        if t.grad_fn is None:    # a number in f's code
            made = leaf(_array(t))
        else:
            def vjp(_: Any, grad: Tensor) -> Any:
                found = torch.autograd.grad(t, self.leaves, torch.as_tensor(grad.data),
                                            retain_graph=True, allow_unused=True)
                return tuple(None if g is None else _numbers(g) for g in found)
            node = t.grad_fn.name().removesuffix("Backward0").removesuffix("Backward")
            made = proxy(node.rpartition("::")[2], _array(t), self.points, {}, vjp)
        self._known[id(t)] = t, made, t._version
        return made

    def _remember(self, t: Any, func: Any, args: Any, kwargs: Any, states: list[Tensor], i: int
                  ) -> None:
        told = call_text(func, name_of(func), args, kwargs)
        operands = list(states)
        if told.operands is not None:
            waiting = iter(states[::-1] if told.swapped else states)
            operands = [next(waiting) if isinstance(a, torch.Tensor) else leaf(float(a))
                        for a in told.operands]
        params = {} if told.operands is not None else {
            **{a.name: a.default for a in arguments(func) if type(a.default) in (int, float)},
            **named_params(func, args, kwargs)}
        if told.name in ("clamp", "clip") and len(operands) == 1:
            ends = params.get("min", -np.inf), params.get("max", np.inf)
            operands, params = [*operands, *map(leaf, ends)], {}

        def vjp(ctx: Any, grad: Tensor) -> Any:
            fresh = iter([torch.as_tensor(s.data).requires_grad_(s.requires_grad) for s in states])
            mine: list[Any] = []

            def replaced(a: Any) -> Any:
                if not isinstance(a, torch.Tensor):
                    return a
                mine.append(next(fresh))
                return mine[-1].clone()            # it may be written into
            with torch.enable_grad():
                again = [replaced(a) if isinstance(a, torch.Tensor) else tree_map(replaced, a)
                         for a in args]
                named = {key: tree_map(replaced, a) for key, a in kwargs.items()}
                out = (tensors((func(*again, **named),)) or again)[i]
                by = [m for m in mine if m.requires_grad]
                try:
                    found = iter(torch.autograd.grad(out, by, torch.as_tensor(grad.data),
                                                     allow_unused=True))
                except NotImplementedError:        # a derivative exists, but PyTorch lacks it
                    found = iter([torch.full_like(m, np.nan) for m in by])
            grads = [next(found) if m.requires_grad else None for m in mine]
            return tuple(None if g is None else _numbers(g) for g in grads)
        made = proxy(told.name, _array(t), operands, params, vjp,
                     differentiable=t.requires_grad or t.is_floating_point())
        made.requires_grad = made.requires_grad and t.requires_grad
        self._known[id(t)] = t, made, t._version


def _array(t: Any) -> Array:
    """Return the numbers of a tensor; a wrapped one, of torch.func, has no readable ones."""
    try:
        return np.array(t.detach().numpy(force=True))
    except (RuntimeError, TypeError):
        return np.full(tuple(t.shape), np.nan)
