"""What PyTorch computes, recorded call by call as the user's code runs, and what backward sends."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import torch
from torch.autograd.graph import GradientEdge, get_gradient_edge
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from ..graph import Stats, Value
from ..run import Clock
from ._tape import Call, Made, Tape, elementwise
from ._torch_values import FLOATS, flops, ratio, saved, value

PLAIN = (int, float, str, type(None), slice, torch.dtype, torch.device)
LOCALS = 4096                    # no local derivatives of results of more numbers than these
SKIPPED = {"requires_grad_", "retain_grad", "register_hook", "__set__", "item", "tolist", "numpy",
           "__len__", "__bool__", "__float__", "__int__", "__repr__", "__format__", "__delete__",
           "_is_view", "is_contiguous"}
NAMES = {"rdiv": "__rdiv__", "iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "div",
         "idiv": "div", "ipow": "pow", "rmatmul": "matmul", "radd": "add", "rmul": "mul"}
SWAPPED = {"rsub": "sub", "rdiv": "div", "rtruediv": "div", "rpow": "pow", "rmatmul": "matmul"}


class Recorder(TorchFunctionMode):
    """Records every function that is called inside, its modules, and the edges of autograd.

    One node per function the user's code calls: what that does inside is not seen. A tensor's state
    is known by its identity and its version; its gradient by the edge of the autograd graph.
    """

    def __init__(self, level: str = "function") -> None:
        super().__init__()
        self.level = level
        self.tape = Tape()
        self.known: dict[int, tuple[Made, int]] = {}   # id of a tensor -> its state, its version
        self.edges: dict[Any, Made] = {}           # (autograd node, output) -> the state it made
        self.edge_of: dict[int, Any] = {}          # stamp -> that edge
        self.written: dict[int, Made] = {}         # storage -> what was last written into it
        self.groups: list[str] = []                # of the modules that are running
        self.layers: list[bool] = []               # and whether they are PyTorch's own
        self.names: dict[int, tuple[str, str, str]] = {}   # id of a tensor -> kind, name, group
        self.modules: dict[int, str] = {}          # id of a module -> its path
        self.parameters: dict[int, Any] = {}       # stamp -> the tensor
        self.keep: list[Any] = []                  # what must live on: ids are not given again
        self.before: dict[int, tuple[Any, Any]] = {}   # parameters written into: as they were
        self.failed: Call | None = None
        self.again: list[tuple[Call, Callable[..., Any], list[Any], bool]] = []    # elementwise
        self._stamp = 0
        self._hooks: list[Any] = []
        self._watching: list[Any] = []

    def stamp(self) -> int:
        self._stamp += 1
        return self._stamp

    @property
    def clock(self) -> Clock:
        return Clock(torch.Tensor, self.stamp, self.stamp_of,
                     os.path.dirname(os.path.abspath(torch.__file__)) + os.sep)

    def stamp_of(self, tensor: Any) -> int:
        known = self.known.get(id(tensor))
        return known[0].stamp if known else -1

    # ---- Modules

    def name_tree(self, module: Any, prefix: str = "") -> None:
        """Give the module's parameters, buffers and submodules their names."""
        for path, part in module.named_modules():
            full = ".".join(filter(None, (prefix, path)))
            self.modules.setdefault(id(part), full)
            group = full.replace(".", "/")
            for kind, found in (("parameter", part._parameters), ("constant", part._buffers)):
                for name, tensor in found.items():
                    if tensor is not None:
                        self.names.setdefault(
                            id(tensor), (kind, ".".join(filter(None, (full, name))), group))
        self.keep.append(module)

    def __enter__(self) -> Recorder:
        from torch.nn.modules import module
        self._hooks = [module.register_module_forward_pre_hook(self._enter_module),
                       module.register_module_forward_hook(self._leave_module, always_call=True)]
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    def _enter_module(self, module: Any, args: Any) -> None:
        if id(module) not in self.modules:
            self.name_tree(module, type(module).__name__.lower())
        self.groups.append(self.modules[id(module)].replace(".", "/"))
        self.layers.append(type(module).__module__.startswith("torch.nn."))

    def _leave_module(self, module: Any, args: Any, result: Any) -> None:
        self.groups.pop()
        self.layers.pop()

    @property
    def group(self) -> str:
        return self.groups[-1] if self.groups else ""

    @property
    def brief(self) -> bool:
        """Whether the innermost module is one of PyTorch's own layers."""
        return bool(self.layers) and self.layers[-1]

    def input(self, name: str, t: Any) -> Made:
        """The state of an argument, before anything is run."""
        self.names[id(t)] = "input", name, ""
        return self._new(t, "")

    # ---- Calls

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = _name(func)
        if name in SKIPPED:
            return func(*args, **kwargs)
        given = tensors(args) + tensors(kwargs.values())
        if name[-1:] == "_" or name == "__setitem__" or "out" in kwargs:
            self._save(given)
        before = {id(t): t._version for t in given}
        states = [self._state(t) for t in given]
        depth = len(self.groups)                   # a hook of a module that fails may be left out
        try:
            out = func(*args, **kwargs)
        except Exception:
            self.failed, _ = self._call(func, name, args, kwargs, states)
            raise
        finally:
            del self.groups[depth:], self.layers[depth:]
        changed = [t for t in given if t._version != before[id(t)]]
        made = [t for t in tensors((out,)) if id(t) not in before] + changed
        if made:
            call, swapped = self._call(func, name, args, kwargs, states)
            self._results(call, list({id(t): t for t in made}.values()))
            for t in changed:
                self.written[_storage(t)] = self.known[id(t)][0]
            if not changed and not call.params and made[0].numel() <= LOCALS and \
                    made[0].grad_fn is not None and elementwise(call.name, len(call.args)):
                copies = [a.detach().clone() if isinstance(a, torch.Tensor) else a for a in args]
                self.again.append((call, func, copies, swapped))
        return out

    def _call(self, func: Any, name: str, args: Any, kwargs: Mapping[str, Any], operands: list[Made]
              ) -> tuple[Call, bool]:
        """A call of a function, and whether its operands stand the other way round: 1 - x."""
        name = name.strip("_")
        swapped = name in SWAPPED
        name = SWAPPED.get(name, NAMES.get(name, name))
        usual = _defaults(func)
        options = {key: x for key, x in kwargs.items() if x is not None and key != "inplace"
                   and not key.startswith("_") and not isinstance(x, torch.Tensor)
                   and not (isinstance(x, (bool, int, float, str)) and x == usual.get(key, "none"))}
        if not options and elementwise(name, len(args)) and \
                all(isinstance(a, (int, float, torch.Tensor)) for a in args):
            states = iter(operands)                # x * 2: the 2 is an operand, as in tinytorch
            operands = [next(states) if isinstance(a, torch.Tensor) else self._constant(a)
                        for a in args]
            if swapped:
                operands.reverse()
            params = ""
        else:
            params = _params(args, options)
        return Call(name, tuple(operands), params, self.brief, self.group), swapped

    def _constant(self, number: float) -> Made:
        made = Made(self.stamp(), Value((), "float64", (float(number),)), "constant", "",
                    self.group)
        self.tape.made.append(made)
        return made

    def _results(self, call: Call, tensors: list[Any]) -> None:
        for t in tensors:
            made = self._new(t, call.group)
            made.call = call
            call.outputs.append(made)
        first = tensors[0]
        cost = flops(call.name, [a.data.shape for a in call.args], first.shape)
        if cost:
            call.facts["flops"] = cost
        if first.grad_fn is not None:
            nodes = self._watch(call, [t.grad_fn for t in tensors if t.grad_fn is not None])
            kept = saved(nodes, self.names)
            if kept:
                call.facts["saved"] = kept
        elif first.is_floating_point() and any(a.differentiable for a in call.args):
            call.facts["break"] = "detach" if torch.is_grad_enabled() else "no_grad"

    def _new(self, t: Any, group: str) -> Made:
        """The state that a tensor is in now, as a new one."""
        kind, name, own = self.names.get(id(t), ("constant", "", group))
        made = Made(self.stamp(), value(t), kind, name, own, None, t.requires_grad)
        self.tape.made.append(made)
        self.known[id(t)] = made, t._version
        self.keep.append(t)
        if t.requires_grad:
            edge = _edge(t)
            self.edges[edge] = made
            self.edge_of[made.stamp] = edge
        return made

    def _state(self, t: Any) -> Made:
        """The state that an operand was in. One that is not known is a leaf, or was made unseen."""
        known = self.known.get(id(t))
        if known is not None and known[1] == t._version:
            made = known[0]
            if t.requires_grad and t.grad_fn is not None and _edge(t) not in self.edges and \
                    not made.differentiable:       # an autograd.Function has made it its own
                return self._unseen(t, made)
            return made
        if known is not None or _storage(t) in self.written and t._is_view():
            return self._rewritten(t, known[0] if known else None)
        if t.grad_fn is not None and _edge(t) not in self.edges:
            return self._unseen(t, None)
        made = self._new(t, "")
        if t.requires_grad:      # also a tensor of the user's own
            made.kind = "parameter"
        if made.kind == "parameter":
            made.facts |= {"params": t.numel(), "bytes": t.numel() * t.element_size()}
            self.parameters[made.stamp] = t
        return made

    def _unseen(self, t: Any, inner: Made | None) -> Made:
        """A tensor whose making no function was seen for: a custom autograd.Function, or one that
        was made before the recording. Its operands are what autograd says."""
        node = t.grad_fn
        found: list[Made] = []
        for edge in getattr(node, "next_functions", ()):
            source = self.edges.get(edge)
            if source is not None:
                found.append(source)
            elif hasattr(edge[0], "variable"):
                found.append(self._state(edge[0].variable))
        name = node.name().removesuffix("Backward0").removesuffix("Backward")
        if not found and inner is None:
            made = self._new(t, "")
            made.facts["made"] = "before the recording"
            return made
        operands = found or [m for m in (inner,) if m is not None]
        call = Call(name.rpartition("::")[2], tuple(operands), group=self.group)
        made = self._new(t, call.group)
        made.call = call
        call.outputs.append(made)
        self._watch(call, [node])
        return made

    def _rewritten(self, t: Any, old: Made | None) -> Made:
        """A tensor that was written into by another name: a view of it, or what it is a view of."""
        source = self.written.get(_storage(t))
        operands = tuple(m for m in (old, source) if m is not None)
        call = Call("alias", operands, group=self.group)
        made = self._new(t, call.group)
        if not operands:
            return made
        made.call = call
        call.outputs.append(made)
        return made

    def _save(self, tensors: list[Any]) -> None:
        """Copies of the parameters that a call in place may change."""
        for t in tensors:
            if id(t) in self.names and id(t) not in self.before:
                self.before[id(t)] = t, t.detach().clone()

    # ---- Backward

    def finish(self, roots: list[Any]) -> None:
        """When all has run: what the results are, or which call failed."""
        if self.failed is not None and not roots:
            made = Made(self.stamp(), None, call=self.failed, group=self.failed.group,
                        facts={"flag": "raised here"})
            self.failed.outputs.append(made)
            self.tape.made.append(made)
        self.tape.outputs = [self._state(t) for t in roots]

    def _watch(self, call: Call, roots: list[Any]) -> list[Any]:
        """Have each autograd node of a call tell what it sends to the operands. Those nodes."""
        where: dict[Any, list[int]] = {}
        for i, a in enumerate(call.args):
            edge = self.edge_of.get(a.stamp)
            if edge is not None:
                where.setdefault(edge, []).append(i)
        inside, stack, seen = [], list(roots), set(roots)
        while stack:
            node = stack.pop()
            inside.append(node)
            hits = []
            for j, edge in enumerate(node.next_functions):
                if edge in where:
                    hits.append((j, edge))
                elif edge[0] is not None and edge not in self.edges and edge[0] not in seen:
                    seen.add(edge[0])
                    stack.append(edge[0])
            if hits:
                self._hooks_on(call, node, hits, where)
        return inside

    def _hooks_on(self, call: Call, node: Any, hits: list[Any], where: Mapping[Any, list[int]]
                  ) -> None:
        def sent(grads: Any, _: Any) -> None:
            turn: dict[Any, int] = {}
            for j, edge in hits:
                grad = grads[j] if j < len(grads) else None
                operands = where[edge]
                i = operands[min(turn.get(edge, 0), len(operands) - 1)]
                turn[edge] = turn.get(edge, 0) + 1
                if grad is not None:
                    old = sums.get(i)
                    sums[i] = grad if old is None else old + grad
                    call.sent[i] = value(sums[i])
        sums: dict[int, Any] = {}
        self._watching.append(node.register_hook(sent))

    def backward(self, roots: list[Any]) -> None:
        """One backward pass from the roots, from ones: grads and contributions onto the tape.

        No tensor's own grad is touched.
        """
        wanted = [(edge, made) for edge, made in self.edges.items() if made.data.dtype in FLOATS]
        roots = [t for t in roots if t.requires_grad]
        grads: Any = [None] * len(wanted)
        if roots:
            grads = torch.autograd.grad(
                roots, [GradientEdge(*edge) for edge, _ in wanted],
                [torch.ones_like(t) for t in roots], allow_unused=True)
        for (_, made), grad in zip(wanted, grads):
            if grad is not None:
                made.grad = value(grad)
                if made.kind == "parameter":
                    made.facts |= ratio(grad, self.parameters[made.stamp])
        for made in self.tape.made:
            if made.kind == "input" and made.grad is None and made.data.dtype in FLOATS:
                zeros = made.data.items and (0.0,) * made.data.size
                made.grad = made.data._replace(
                    items=zeros, stats=None if zeros else Stats(0.0, 0.0, 0.0))
        for call, func, args, swapped in self.again:
            if call.sent:
                call.local = _local(func, args, swapped)
        self.tape.graded = True

    def close(self) -> None:
        """Take every hook off, and put back what was written into parameters."""
        for handle in self._watching:
            handle.remove()
        self._watching = []
        with torch.no_grad():
            for tensor, copy in self.before.values():
                if not torch.equal(tensor, copy):
                    tensor.copy_(copy)


@lru_cache(maxsize=None)
def _defaults(func: Any) -> Mapping[str, Any]:
    """The defaults of a function's options, where they can be known."""
    try:
        parameters = inspect.signature(func).parameters
    except (TypeError, ValueError):
        return {}
    return {name: p.default for name, p in parameters.items()}


def _name(func: Any) -> str:
    """What a function is called: mul, linear, T."""
    name = getattr(func, "__name__", "") or type(func).__name__
    if name == "__get__":        # a property: x.T
        return getattr(func.__self__, "__name__", name)
    return name


def tensors(things: Iterable[Any]) -> list[Any]:
    """The tensors among things, also in lists, tuples, dicts and other trees."""
    found = []
    for thing in things:
        if isinstance(thing, torch.Tensor):
            found.append(thing)
        elif not isinstance(thing, PLAIN):
            found += [t for t in tree_leaves(thing) if isinstance(t, torch.Tensor)]
    return found


def _params(args: Iterable[Any], options: Mapping[str, Any]) -> str:
    """What is given beside tensors, as it is written: 2, dim=1."""
    shown = [_shown(a) for a in args if not isinstance(a, torch.Tensor)]
    shown += [f"{key}={_shown(x)}" for key, x in options.items()]
    return ", ".join(filter(None, shown))


def _shown(x: Any) -> str:
    if isinstance(x, torch.Tensor) or x is None:
        return ""
    if isinstance(x, slice):
        return ":".join("" if n is None else str(n) for n in (x.start, x.stop, x.step)
                        if n is not None or n is not x.step)
    if isinstance(x, (list, tuple)):
        return f"({', '.join(filter(None, map(_shown, x)))})" if any(map(_shown, x)) else ""
    if isinstance(x, (bool, int, float, str)):
        return str(x)
    if isinstance(x, (torch.dtype, torch.device)):
        return str(x).removeprefix("torch.")
    return type(x).__name__


def _edge(t: Any) -> tuple[Any, int]:
    return tuple(get_gradient_edge(t))[:2]         # type: ignore[return-value]


def _storage(t: Any) -> int:
    return t.untyped_storage()._cdata


def _local(func: Callable[..., Any], args: list[Any], swapped: bool
           ) -> tuple[Value | None, ...]:
    """The local derivative of an elementwise function per operand, of the shape of the result."""
    shape = torch.broadcast_shapes(*(a.shape for a in args if isinstance(a, torch.Tensor)))
    with torch.enable_grad():
        leaves = [a.expand(shape).clone().requires_grad_(a.is_floating_point())
                  if isinstance(a, torch.Tensor) else a for a in args]
        by = [a for a in leaves if isinstance(a, torch.Tensor) and a.requires_grad]
        out = func(*leaves)
        found = iter(torch.autograd.grad(out, by, torch.ones_like(out), allow_unused=True))
    local = []
    for a in leaves:
        grad = next(found) if any(a is b for b in by) else None
        local.append(None if grad is None else value(grad))
    return tuple(reversed(local) if swapped else local)
