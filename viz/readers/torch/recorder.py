"""Record PyTorch's calls and gradients as the user's code runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch._C._functorch import peek_interpreter_stack
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from ...graph.size_limits import LOCAL_NUMBERS
from ...run.targets import display_path
from ...run.tracer import Clock
from ...tape.stack_frames import CallerFrames
from ...tape.tape import Call, State, Tape, elementwise, constant_derivatives
from .autograd_edges import Replay, Edges, local_derivatives
from .calls import (EXPOSING, SKIPPED, may_write, name_of, call_text, storage, tensors, version,
                    written_by, written_into)
from .modules import Modules
from .tensor_facts import FLOATS, dead, filled, flops, ratios
from .tensor_states import States

FOLDER = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
FRAMES = CallerFrames(FOLDER, ("overrides.py", "functional.py", "_tensor.py", "nn/functional.py",
                               "nn/modules/module.py"))


class Recorder(TorchFunctionMode):
    """Records the function calls in its context, their modules, and the edges of autograd.

    One node per function that the user's code calls, without its inner calls; at level "aten", one
    node per operation. A tensor's state is identified by its identity and its version.
    """

    def __init__(self, level: str = "function") -> None:
        super().__init__()
        self.level = level
        self.tape = Tape()
        self.modules = Modules()
        self.modules.result = self._given
        self.edges = Edges()
        self.states = States(self.tape, self.modules, self.edges, level)
        self.failed: Call | None = None
        self._again: list[Replay] = []
        self._operations: Any = _Operations(self) if level == "aten" else None

    @property
    def clock(self) -> Clock:
        return Clock(torch.Tensor, self.states.stamp, self.states.stamp_of, FOLDER)

    def __enter__(self) -> Recorder:
        self.modules.watch()
        self.states.numbers.prepare(self.modules.parameters)
        self.edges.prepare(self.modules.parameters)
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

    def input(self, name: str, t: Any) -> State:
        """Return the state of an argument, before the run."""
        self.modules.names[id(t)] = "input", name, ""
        made = self.states.new(t, "")
        if t.requires_grad:
            self.edges.add(made, t)
        return made

    def derivative(self, roots: list[Any], t: Any, order: int) -> Any:
        """Return the derivative of the sum of the roots by a tensor, recorded at level "aten"."""
        used = {a.stamp for made in self.tape.made if made.call for a in made.call.args}
        for kept, made in self.states.made:        # what an op saved for backward is its result
            if made.call and made.call.name == "detach" and made.stamp not in used:
                self.states.known[id(kept)] = made.call.args[0], version(kept)
        for _ in range(order):
            roots = [root for root in roots if root.requires_grad]
            seeds, found = list(map(torch.ones_like, roots)), (None,)
            self.states.deriving = True
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
            self.states.numbers.settle()
            self.states.numbers.exposed = True
        if name == "__set__":    # t.data = x, in net.double() too; t.grad = None
            self.modules.keep(args[:1])
            self.modules.keep_grads(args[:1])
            if func.__self__.__name__ == "data":
                self.states.forget(args[0])
        if name in SKIPPED:
            return func(*args, **kwargs)
        inside = peek_interpreter_stack()
        if inside is not None:   # vmap, grad and jacrev call their function without numbers
            self.states.inside = inside.key().name.lower()
            return func(*args, **kwargs)
        lines = sys.gettrace()   # do not trace our own lines for the user's
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
        target = written_by(name, given, kwargs)
        if target is not None:
            self.modules.keep(given)
        if target is not None or may_write(func, name, args, kwargs):
            self.states.numbers.settle()
        if name == "backward":   # in the user's function: it adds to the parameters' grad
            self.modules.keep_grads(given)
            sys.settrace(lines)
            return func(*args, **kwargs)
        before = {id(t): version(t) for t in given}
        states = [self.states.of(t) for t in given]
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
            if not changed and not call.params and made[0].numel() <= LOCAL_NUMBERS and \
                    made[0].grad_fn is not None and elementwise(call.name, len(call.args)):
                self._derivatives(call, func, args, swapped, made[0])
        return out

    def _derivatives(self, call: Call, func: Any, args: Any, swapped: bool, made: Any) -> None:
        """Set the local derivatives of an elementwise call, or queue the call to be repeated."""
        rules = constant_derivatives(call.name, len(call.args))
        if rules and all(a.data.dtype in FLOATS for a in call.args):
            call.local = tuple([filled(made.shape, a.data.dtype, float(rule))
                                for a, rule in zip(call.args, rules)])
            return
        copies = [a.detach().clone() if isinstance(a, torch.Tensor) else a for a in args]
        self._again.append(Replay(call, func, copies, swapped, tuple(made.shape)))

    def operation(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Record one ATen operation, below autograd: its edges are known after the forward pass."""
        name = func.overloadpacket.__name__
        given = tensors(args) + tensors(kwargs.values())
        changed = written_into(func, args, kwargs)
        self.modules.keep(changed)
        states = [self.states.of(t) for t in given]
        try:
            out = func(*args, **kwargs)
        except Exception:
            self.failed, _ = self._call(func, name, args, kwargs, states)
            raise
        before = {id(t) for t in given}
        if self.states.deriving and name in ("detach", "alias") and isinstance(out, torch.Tensor):
            self.states.known[id(out)] = states[0], version(out)   # it keeps its graph's numbers
            self.states.kept.append(out)
            return out
        made = [t for t in tensors((out,)) if id(t) not in before] + changed
        if made:
            call, _ = self._call(func, name, args, kwargs, states)
            self._results(call, made, changed)
        return out

    def _call(self, func: Any, name: str, args: Any, kwargs: Mapping[str, Any],
              operands: list[State]) -> tuple[Call, bool]:
        """Return the call of a function, and whether its operands are in reverse order: 1 - x."""
        told = call_text(func, name, args, kwargs)
        if told.operands is not None and (told.swapped or len(told.operands) > len(operands)):
            if told.swapped:
                operands = operands[::-1]
            states = iter(operands)                # x * 2: the 2 is an operand, as in tinytorch
            operands = [next(states) if isinstance(a, torch.Tensor) else self.states.constant(a)
                        for a in told.operands]
        call = Call(told.name, tuple(operands), told.params, told.attributes, self.modules.brief,
                    self.modules.group)
        call.place = None if self.states.deriving else FRAMES.place(sys._getframe(3))
        return call, told.swapped

    def _given(self, result: Any, frame: Any) -> None:
        """Name the result of a call or a module by the variables of the frame it returns to."""
        variables = FRAMES.variables(frame)
        if not variables:
            return
        parts = [result] if len(variables) == 1 else result
        if not isinstance(parts, (tuple, list)) or len(parts) != len(variables):
            return
        for name, t in zip(variables, parts):
            made, _ = self.states.known.get(id(t), (None, 0))
            if made is not None and made.call is not None and not made.name and name != "_":
                made.name = name

    def _results(self, call: Call, made: list[Any], changed: list[Any]) -> None:
        """Record the tensors that a call has made, or written into."""
        several = list({id(t): t for t in made}.values())
        for t in changed:
            self.states.numbers.forget(t)
        for t in several:
            self.states.make(call, t)
        for t in changed:
            self.states.written[storage(t)] = self.states.known[id(t)][0]
        first = several[0]
        if call.name == "relu" and first.dim() > 1 and not first.is_meta:
            self.states.known[id(first)][0].facts.update(dead(first))
        cost = flops(call.name, [a.data.shape for a in call.args], first.shape)
        if cost:
            call.facts["flops"] = cost
        if first.grad_fn is not None:
            self.states.watch(call, [t.grad_fn for t in several if t.grad_fn is not None])
        elif self.level == "function" and first.is_floating_point() and \
                any(a.differentiable for a in call.args):
            call.facts["break"] = "detach" if torch.is_grad_enabled() else "no_grad"

    # ---- After the forward pass

    def finish(self, roots: list[Any]) -> None:
        """Record the results, or the call that failed."""
        if self.failed is not None and not roots:
            made = State(self.states.stamp(), None, group=self.failed.group, call=self.failed,
                         facts={"flag": "raised here"})
            self.failed.outputs.append(made)
            self.tape.made.append(made)
        if self.level == "aten":
            self.states.late()
        self.tape.outputs = [self.states.of(t) for t in roots]
        self.states.numbers.settle()
        if self.modules.classes:
            self.tape.facts["modules"] = self.modules.classes

    def backward(self, roots: list[Any]) -> None:
        """Run one backward pass from ones at the roots; store gradients and contributions on the
        tape."""
        leaves = {made.stamp: t for t, made in self.states.made if made.kind == "parameter"}
        changed = any(t._backward_hooks for t, _ in self.states.made)
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
                made.grad = filled(made.data.shape, made.data.dtype, 0.0)
        local_derivatives([one for one in self._again if one.call.sent])
        self.tape.graded = True

    def changed_in_place(self, place: Callable[[int], Any]) -> str:
        """Explain a failure of backward by a write into a saved tensor, and flag both calls.

        place: stamp -> where the tensor was made.
        """
        call = self.edges.changed_in_place()
        if call is None:
            return ""
        first = call.outputs[0].stamp
        near = {id(made) for made in (*call.args, *call.outputs)}
        kept = {id(t) for t, made in self.states.made if id(made) in near}
        writer = next((made for t, made in self.states.made
                       if id(t) in kept and made.call is not None and made.stamp > first), None)

        def at(made: State) -> str:
            found = place(made.stamp)
            return f" at {display_path(found.file)}:{found.line}" if found else ""
        call.outputs[0].facts["flag"] = "backward fails here"
        if writer is None or writer.call is None:
            return f"{call.name}{at(call.outputs[0])} needs for backward what was written into"
        writer.facts["flag"] = "written into here"
        return (f"{writer.call.name}{at(writer)} writes into what {call.name}"
                f"{at(call.outputs[0])} needs for backward: make a new tensor, x = x + 1 for "
                "x += 1")

    def close(self) -> None:
        """Remove all hooks, and restore the state that the run has changed."""
        self.edges.close()
        self.modules.close()
        for made in self.tape.made:      # breaks reference cycles, so that no garbage remains
            made.call = None


class _Operations(TorchDispatchMode):
    """Passes every operation that runs to a recorder."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self.recorder.operation(func, args, kwargs or {})
