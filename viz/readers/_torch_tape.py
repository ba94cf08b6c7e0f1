"""What PyTorch computes, recorded call by call as the user's code runs, and what backward sends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch._C._functorch import peek_interpreter_stack
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from ..graph import Stats, Value
from ..source import display
from ..tracer import Clock
from ._frames import Frames
from ._tape import Call, Made, Tape, elementwise
from ._torch_calls import EXPOSING, SKIPPED, may_write, name_of, said, storage, tensors, \
    version, written_by, written_into
from ._torch_edges import Again, Edges, local_derivatives
from ._torch_modules import Modules
from ._torch_values import EMPTY, FLOATS, Stated, dead, flops, private, ratios, saved, shell

FOLDER = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
FRAMES = Frames(FOLDER, ("overrides.py", "functional.py", "_tensor.py", "nn/functional.py",
                         "nn/modules/module.py"))
UNSEEN = "unseen: TorchScript or C++ ran here; --level aten draws what it did"
LOCALS = 4096                    # no local derivatives of results of more numbers than these


class Recorder(TorchFunctionMode):
    """Records every function that is called inside, its modules, and the edges of autograd.

    One node per function the user's code calls: what that does inside is not seen; at level "aten"
    one node per operation that runs. A tensor's state is known by its identity and its version.
    """

    def __init__(self, level: str = "function") -> None:
        super().__init__()
        self.level = level
        self.tape = Tape()
        self.modules = Modules()
        self.modules.result = self._given
        self.edges = Edges()
        self.failed: Call | None = None
        self._known: dict[int, tuple[Made, int]] = {}      # id of a tensor -> state, version
        self._written: dict[int, Made] = {}        # storage -> what was last written into it
        self._same: dict[Any, Made] = {}           # place in memory -> state, at level "aten"
        self._made: list[tuple[Any, Made]] = []    # all tensors live on: no id is given again
        self._kept: list[Any] = []                 # and those that are the same as one of them
        self._again: list[Again] = []
        self._stated = Stated(exposed=level == "aten")     # where x.numpy() is not seen
        self._stamp = 0
        self._inside = ""        # the last of torch.func's transforms that has run: vmap
        self._deriving = False   # whether what is recorded now is autograd's own
        self._operations: Any = _Operations(self) if level == "aten" else None

    def stamp(self) -> int:
        self._stamp += 1
        return self._stamp

    @property
    def clock(self) -> Clock:
        return Clock(torch.Tensor, self.stamp, self._stamp_of, FOLDER)

    def _stamp_of(self, tensor: Any) -> int:
        known = self._known.get(id(tensor))
        return known[0].stamp if known else -1

    def __enter__(self) -> Recorder:
        self.modules.watch()
        parameters = self.modules.parameters()
        self._stated.values(parameters)            # at once: one by one takes longer
        self.edges.prepare(parameters)
        if self._operations is not None:
            self._operations.__enter__()
        else:
            super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if self._operations is not None:
            self._operations.__exit__(*error)
        else:
            super().__exit__(*error)

    def input(self, name: str, t: Any) -> Made:
        """The state of an argument, before anything is run."""
        self.modules.names[id(t)] = "input", name, ""
        made = self._new(t, "")
        if t.requires_grad:
            self.edges.add(made, t)
        return made

    def derivative(self, roots: list[Any], t: Any, order: int) -> Any:
        """The derivative of the sum of the roots by a tensor, recorded too: at level "aten"."""
        used = {a.stamp for made in self.tape.made if made.call for a in made.call.args}
        for kept, made in self._made:              # what an op has kept for backward is its result
            if made.call and made.call.name == "detach" and made.stamp not in used:
                self._known[id(kept)] = made.call.args[0], version(kept)
        for _ in range(order):
            roots = [root for root in roots if root.requires_grad]
            seeds, found = list(map(torch.ones_like, roots)), (None,)
            self._deriving = True
            with self._operations:
                if roots:
                    found = torch.autograd.grad(roots, t, seeds, create_graph=True,
                                                allow_unused=True)
            roots = [torch.zeros_like(t) if found[0] is None else found[0]]
        return roots[0]

    # ---- Calls

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = name_of(func)
        if name in EXPOSING:
            self._stated.settle()
            self._stated.exposed = True
        if name in SKIPPED:
            return func(*args, **kwargs)
        inside = peek_interpreter_stack()
        if inside is not None:   # what vmap, grad and jacrev are given is called with no numbers
            self._inside = inside.key().name.lower()
            return func(*args, **kwargs)
        lines = sys.gettrace()   # who follows the user's lines is not asked about each of ours
        sys.settrace(None)
        try:
            return self._recorded(func, name, args, kwargs, lines)
        finally:
            sys.settrace(lines)

    def _recorded(self, func: Any, name: str, args: Any, kwargs: Mapping[str, Any], lines: Any
                  ) -> Any:
        given = tensors(args)
        if kwargs:
            given += tensors(kwargs.values())
        target = written_by(name, args, kwargs)
        if target is not None:
            self.modules.keep(given)
        if target is not None or may_write(func, name, args, kwargs):
            self._stated.settle()
        if name == "backward":   # in the user's function: it adds to the parameters' grad
            self.modules.keep_grads(given)
            sys.settrace(lines)
            return func(*args, **kwargs)
        before = {id(t): version(t) for t in given}
        states = [self._state(t) for t in given]
        groups, layers = self.modules.groups, self.modules.layers
        depth = len(groups)
        sys.settrace(lines)      # it may run code of the user's
        try:
            out = func(*args, **kwargs)
        except Exception:
            self.failed, _ = self._call(func, name, args, kwargs, states)
            raise
        finally:
            sys.settrace(None)
            del groups[depth:], layers[depth:]     # of a module that failed, and was caught
        changed = [t for t in given if version(t) != before[id(t)]]
        if target is not None and not changed and target.is_inference():
            changed = [target]   # its writes are not counted
        made = [t for t in tensors((out,)) if id(t) not in before] + changed
        if made:
            call, swapped = self._call(func, name, args, kwargs, states)
            self._results(call, made, changed)
            self._given(out, sys._getframe(2))
            if not changed and not call.params and made[0].numel() <= LOCALS and \
                    made[0].grad_fn is not None and elementwise(call.name, len(call.args)):
                copies = [a.detach().clone() if isinstance(a, torch.Tensor) else a for a in args]
                self._again.append(Again(call, func, copies, swapped, tuple(made[0].shape)))
        return out

    def operation(self, func: Any, args: Any, kwargs: Any) -> Any:
        """One operation of ATen's, below autograd: the edges are known when the forward is over."""
        name = func.overloadpacket.__name__
        given = tensors(args) + tensors(kwargs.values())
        changed = written_into(func, args, kwargs)
        self.modules.keep(changed)
        states = [self._state(t) for t in given]
        try:
            out = func(*args, **kwargs)
        except Exception:
            self.failed, _ = self._call(func, name, args, kwargs, states)
            raise
        before = {id(t) for t in given}
        if self._deriving and name in ("detach", "alias") and isinstance(out, torch.Tensor):
            self._known[id(out)] = states[0], version(out)         # it keeps its graph's numbers
            self._kept.append(out)
            return out
        made = [t for t in tensors((out,)) if id(t) not in before] + changed
        if made:
            call, _ = self._call(func, name, args, kwargs, states)
            self._results(call, made, changed)
        return out

    def _call(self, func: Any, name: str, args: Any, kwargs: Mapping[str, Any], operands: list[Made]
              ) -> tuple[Call, bool]:
        """A call of a function, and whether its operands stand the other way round: 1 - x."""
        told = said(func, name, args, kwargs)
        if told.operands is not None and (told.swapped or len(told.operands) > len(operands)):
            if told.swapped:
                operands = operands[::-1]
            states = iter(operands)                # x * 2: the 2 is an operand, as in tinytorch
            operands = [next(states) if isinstance(a, torch.Tensor) else self._constant(a)
                        for a in told.operands]
        call = Call(told.name, tuple(operands), told.params, told.attributes, self.modules.brief,
                    self.modules.group)
        call.place = None if self._deriving else FRAMES.place(sys._getframe(3))
        return call, told.swapped

    def _given(self, result: Any, frame: Any) -> None:
        """A call or a module returns to a frame, whose variables give what it has made a name."""
        variables = FRAMES.variables(frame)
        if not variables:
            return
        parts = [result] if len(variables) == 1 else result
        if not isinstance(parts, (tuple, list)) or len(parts) != len(variables):
            return
        for name, t in zip(variables, parts):
            made, _ = self._known.get(id(t), (None, 0))
            if made is not None and made.call is not None and not made.name and name != "_":
                made.name = name

    def _results(self, call: Call, made: list[Any], changed: list[Any]) -> None:
        """The tensors that a call has made, or written into."""
        several = list({id(t): t for t in made}.values())
        for t in changed:
            self._stated.forget(t)
        for t in several:
            self._make(call, t)
        for t in changed:
            self._written[storage(t)] = self._known[id(t)][0]
        first = several[0]
        if call.name == "relu" and first.dim() > 1 and not first.is_meta:
            self._known[id(first)][0].facts.update(dead(first))
        cost = flops(call.name, [a.data.shape for a in call.args], first.shape)
        if cost:
            call.facts["flops"] = cost
        if first.grad_fn is not None:
            self._watch(call, [t.grad_fn for t in several if t.grad_fn is not None])
        elif self.level == "function" and first.is_floating_point() and \
                any(a.differentiable for a in call.args):
            call.facts["break"] = "detach" if torch.is_grad_enabled() else "no_grad"

    def _watch(self, call: Call, nodes: list[Any]) -> None:
        kept = saved(self.edges.watch(call, nodes), self.modules.names)
        if kept:
            call.facts["saved"] = kept

    # ---- States of tensors

    def _constant(self, number: float) -> Made:
        value = Value((), "float64", (float(number),))
        made = Made(self.stamp(), value, "constant", "", self.modules.group)
        self.tape.made.append(made)
        return made

    def _new(self, t: Any, group: str, call: Call | None = None) -> Made:
        """The state that a tensor is in now, as a new one: of a leaf, or made by a call."""
        kind, name, own = self.modules.names.get(id(t), ("constant", "", group))
        made = Made(self.stamp(), None, kind, name, own, call, t.requires_grad)
        if call is None:
            made.data = self._stated.value(t)
            self._stated.exposed |= not private(t)
        elif call.name in EMPTY:
            made.data = shell(t)
        else:
            self._stated.later(made, t)
        self.tape.made.append(made)
        self._known[id(t)] = made, version(t)
        self._made.append((t, made))
        if t.requires_grad and self.level == "function":
            self.edges.add(made, t)
        return made

    @staticmethod
    def _where(t: Any) -> Any:
        """What is the same of two tensors of the same numbers in memory."""
        return (t.data_ptr(), t.shape, t.stride(), t.dtype) if t.layout == torch.strided and \
            not t.is_meta else id(t)

    def _make(self, call: Call, t: Any) -> Made:
        """The state that a call has brought a tensor into."""
        made = self._new(t, call.group, call)
        if self.level == "aten" and call.name != "detach":
            self._same[self._where(t)] = made
        call.outputs.append(made)
        return made

    def _state(self, t: Any) -> Made:
        """The state that an operand is in. One that is not known is a leaf, or was made unseen."""
        known = self._known.get(id(t))
        source = self._written.get(storage(t)) if self._written else None
        if known is None or source is not None and source.stamp > known[0].stamp:
            pass                 # also through t.data, of which its version knows nothing
        elif self.level == "aten":
            return known[0]
        elif known[1] == version(t):
            if known[0].differentiable or t.grad_fn is None or self.edges.known(t):
                return known[0]
            return self._unseen(t, known[0])       # an autograd.Function has made it its own
        if self._deriving and known is None and self._where(t) in self._same:
            return self._same[self._where(t)]      # what backward has kept of it
        if source is not None and (known is not None or t._is_view()):
            operands = (known[0], source) if known is not None else (source,)
            return self._make(Call("alias", operands, group=self.modules.group), t)
        if t.grad_fn is not None and self.level == "function" and not self.edges.known(t):
            return self._unseen(t, None)
        made = self._new(t, "")
        if t.requires_grad and t.is_leaf or made.kind == "parameter":  # also one of the user's own
            made.kind = "parameter"
            made.facts |= {"params": t.numel(), "bytes": t.numel() * t.element_size()}
            if not t.requires_grad:
                made.facts["frozen"] = True
        return made

    def _unseen(self, t: Any, inner: Made | None) -> Made:
        """A tensor whose making was not seen: a custom autograd.Function made it, or it is older.

        Its operands are what autograd says.
        """
        node = t.grad_fn
        found, whole = self._sources(node, deep=False)
        name = node.name().removesuffix("Backward0").removesuffix("Backward").rpartition("::")[2]
        if not whole and inner is None:
            deep, _ = self._sources(node, deep=True)
            if self._inside and not found:
                found, name = deep, self._inside
            elif found or any(made.call or made.kind == "input" for made in deep):
                found, name = deep, "unseen"       # several operations: TorchScript's, or in C++
                self.tape.note = UNSEEN
        if not found and inner is None:
            made = self._new(t, "")
            made.facts["made"] = "before the recording"
            return made
        operands = found or [inner] if inner is not None else found
        call = Call(name, tuple(operands), group=self.modules.group)
        made = self._make(call, t)
        self._watch(call, [node])
        return made

    def _sources(self, node: Any, *, deep: bool) -> tuple[list[Made], bool]:
        """The states that an autograd node takes, and whether these are all it takes; deep: and
        those that are behind unknown ones."""
        found, stack, seen, whole = [], [node], {node}, True
        while stack:
            for edge in stack.pop().next_functions:
                if edge in self.edges.states:
                    found.append(self.edges.states[edge])
                elif hasattr(edge[0], "variable"):
                    found.append(self._state(edge[0].variable))
                elif edge[0] is not None:
                    whole = False
                    if deep and edge[0] not in seen:
                        seen.add(edge[0])
                        stack.append(edge[0])
        if deep:
            found = sorted({id(made): made for made in found}.values(), key=lambda made: made.stamp)
        return found, whole

    # ---- When the forward is over

    def finish(self, roots: list[Any]) -> None:
        """Note what the results are, or which call failed."""
        if self.failed is not None and not roots:
            made = Made(self.stamp(), None, group=self.failed.group, call=self.failed,
                        facts={"flag": "raised here"})
            self.failed.outputs.append(made)
            self.tape.made.append(made)
        if self.level == "aten":
            self._late()
        self.tape.outputs = [self._state(t) for t in roots]
        self._stated.settle()
        if self.modules.classes:
            self.tape.facts["modules"] = self.modules.classes

    def _late(self) -> None:
        """The edges of autograd that operations have got since they were recorded."""
        nodes: dict[int, tuple[Call, list[Any]]] = {}
        for t, made in self._made:
            if not t.requires_grad or self._known[id(t)][0] is not made:
                continue
            self.edges.add(made, t)
            if made.call is not None and t.grad_fn is not None:
                nodes.setdefault(id(made.call), (made.call, []))[1].append(t.grad_fn)
        for call, found in nodes.values():
            self._watch(call, found)

    def backward(self, roots: list[Any]) -> None:
        """One backward pass from the roots, from ones: grads and contributions onto the tape."""
        leaves = {made.stamp: t for t, made in self._made if made.kind == "parameter"}
        changed = any(t._backward_hooks for t, _ in self._made)
        trained = [(made, grad, leaves[made.stamp]) for made, grad in
                   self.edges.backward(roots, self.modules, changed=changed)
                   if made.stamp in leaves]
        reached = {id(t) for _, _, t in trained}
        for (made, _, _), facts in zip(trained, ratios([pair[1:] for pair in trained])):
            made.facts |= facts
        unreached = [name for id, (_, name, _) in self.modules.names.items()
                     if id in self.modules.trained and id not in reached]
        if unreached:
            self.tape.facts["unreached"] = tuple(unreached)
        for made in self.tape.made:
            if made.kind == "input" and made.grad is None and made.data.dtype in FLOATS:
                zeros = made.data.items and (0.0,) * made.data.size
                made.grad = made.data._replace(
                    items=zeros, stats=None if zeros else Stats(0.0, 0.0, 0.0))
        local_derivatives([one for one in self._again if one.call.sent])
        self.tape.graded = True

    def spoiled(self, place: Callable[[int], Any]) -> str:
        """What was written into, where and by what, when backward has failed for that; marked.

        place: stamp -> where what it was given to was made.
        """
        call = self.edges.spoiled()
        if call is None:
            return ""
        first = call.outputs[0].stamp
        near = {id(made) for made in (*call.args, *call.outputs)}
        kept = {id(t) for t, made in self._made if id(made) in near}
        writer = next((made for t, made in self._made
                       if id(t) in kept and made.call is not None and made.stamp > first), None)

        def at(made: Made) -> str:
            found = place(made.stamp)
            return f" at {display(found.file)}:{found.line}" if found else ""
        call.outputs[0].facts["flag"] = "backward fails here"
        if writer is None or writer.call is None:
            return f"{call.name}{at(call.outputs[0])} needs for backward what was written into"
        writer.facts["flag"] = "written into here"
        return (f"{writer.call.name}{at(writer)} writes into what {call.name}"
                f"{at(call.outputs[0])} needs for backward: make a new tensor, x = x + 1 for "
                "x += 1")

    def close(self) -> None:
        """Take every hook off, and put back what the run has changed."""
        self.edges.close()
        self.modules.close()
        for made in self.tape.made:      # each knows the other: then nothing is left as garbage
            made.call = None


class _Operations(TorchDispatchMode):
    """Hands every operation that runs to a recorder."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self.recorder.operation(func, args, kwargs or {})
