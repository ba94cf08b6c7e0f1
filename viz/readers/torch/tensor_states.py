"""The states of PyTorch tensors as they are made and written into: nodes of a tape."""

from __future__ import annotations

from typing import Any

import torch

from ...graph import Value
from ...tape.tape import Call, State, Tape
from .autograd_edges import Edges
from .calls import storage, version
from .modules import Modules
from .tensor_facts import EMPTY, ValueCache, private, saved, without_numbers

UNSEEN = "unseen: TorchScript or C++ ran here; --level aten draws what it did"


class States:
    """Tracks the state of each recorded tensor, by its identity and its version.

    level: "function", which does not record calls inside functions, or "aten".
    """

    def __init__(self, tape: Tape, modules: Modules, edges: Edges, level: str) -> None:
        self.tape, self.modules, self.edges, self.level = tape, modules, edges, level
        self.known: dict[int, tuple[State, int]] = {}       # id of a tensor -> state, version
        self.written: dict[int, State] = {}         # storage -> the state of the last write into it
        self.made: list[tuple[Any, State]] = []     # keeps all tensors alive: no id is reused
        self.kept: list[Any] = []                  # also those that equal one of them
        self.numbers = ValueCache(exposed=level == "aten")      # where x.numpy() is not seen
        self.inside = ""         # the last transform of torch.func that has run: vmap
        self.deriving = False    # whether autograd's own operations are recorded
        self._same: dict[Any, State] = {}           # place in memory -> state, at level "aten"
        self._stamp = 0

    def stamp(self) -> int:
        self._stamp += 1
        return self._stamp

    def stamp_of(self, tensor: Any) -> int:
        known = self.known.get(id(tensor))
        return known[0].stamp if known else -1

    def constant(self, number: float) -> State:
        value = Value((), "float64", (float(number),))
        made = State(self.stamp(), value, "constant", "", self.modules.group)
        self.tape.made.append(made)
        return made

    def new(self, t: Any, group: str, call: Call | None = None) -> State:
        """Return a new state of a tensor, as a leaf, or made by a call."""
        kind, name, own = self.modules.names.get(id(t), ("constant", "", group))
        made = State(self.stamp(), None, kind, name, own, call, t.requires_grad)
        if call is None:
            made.data = self.numbers.value(t)
            self.numbers.exposed |= not private(t)
        elif call.name in EMPTY:
            made.data = without_numbers(t)
        else:
            self.numbers.later(made, t)
        self.tape.made.append(made)
        self.known[id(t)] = made, version(t)
        self.made.append((t, made))
        if t.requires_grad and self.level == "function":
            self.edges.add(made, t)
        return made

    @staticmethod
    def _where(t: Any) -> Any:
        """Return a key of a tensor's numbers in memory."""
        return (t.data_ptr(), t.shape, t.stride(), t.dtype) if t.layout == torch.strided and \
            not t.is_meta else id(t)

    def make(self, call: Call, t: Any) -> State:
        """Return the state of a tensor after a call."""
        made = self.new(t, call.group, call)
        if self.level == "aten" and call.name != "detach":
            self._same[self._where(t)] = made
        call.outputs.append(made)
        return made

    def of(self, t: Any) -> State:
        """Return the state of an operand. An unknown one is a leaf, or was made unseen."""
        known = self.known.get(id(t))
        source = self.written.get(storage(t)) if self.written else None
        if known is None or source is not None and source.stamp > known[0].stamp:
            pass                 # also through t.data, which does not count in its version
        elif self.level == "aten":
            return known[0]
        elif known[1] == version(t):
            if known[0].differentiable or t.grad_fn is None or self.edges.known(t):
                return known[0]
            return self._unseen(t, known[0])       # an autograd.Function has made it its own
        if self.deriving and known is None and self._where(t) in self._same:
            return self._same[self._where(t)]      # saved for backward
        if source is not None and (known is not None or t._is_view()):
            operands = (known[0], source) if known is not None else (source,)
            return self.make(Call("alias", operands, group=self.modules.group), t)
        if t.grad_fn is not None and self.level == "function" and not self.edges.known(t):
            return self._unseen(t, None)
        made = self.new(t, "")
        if t.requires_grad and t.is_leaf or made.kind == "parameter":  # also one of the user's own
            made.kind = "parameter"
            made.facts |= {"params": t.numel(), "bytes": t.numel() * t.element_size()}
            if not t.requires_grad:
                made.facts["frozen"] = True
        return made

    def forget(self, t: Any) -> None:
        """Forget the state of a tensor with new data: a leaf has another state, and of another type
        another edge."""
        if t.is_leaf:
            self.known.pop(id(t), None)
            self.numbers.forget(t)
            self.edges.forget(t)

    def _unseen(self, t: Any, inner: State | None) -> State:
        """Return the state of a tensor made unseen: by a custom autograd.Function, or earlier.

        Its operands are those of autograd.
        """
        node = t.grad_fn
        found, whole = self._sources(node, deep=False)
        name = node.name().removesuffix("Backward0").removesuffix("Backward").rpartition("::")[2]
        if not whole and inner is None:
            deep, _ = self._sources(node, deep=True)
            if self.inside and not found:
                found, name = deep, self.inside
            elif found or any(made.call or made.kind == "input" for made in deep):
                found, name = deep, "unseen"       # several operations: TorchScript's, or in C++
                self.tape.note = UNSEEN
        if not found and inner is None:
            made = self.new(t, "")
            made.facts["made"] = "before the recording"
            return made
        operands = found or [inner] if inner is not None else found
        call = Call(name, tuple(operands), group=self.modules.group)
        made = self.make(call, t)
        self.watch(call, [node])
        return made

    def _sources(self, node: Any, *, deep: bool) -> tuple[list[State], bool]:
        """Return the states that an autograd node takes, and whether these are all it takes; deep:
        look behind unknown ones too."""
        found, stack, seen, whole = [], [node], {node}, True
        while stack:
            for edge in stack.pop().next_functions:
                if edge in self.edges.states:
                    found.append(self.edges.states[edge])
                elif hasattr(edge[0], "variable"):
                    found.append(self.of(edge[0].variable))
                elif edge[0] is not None:
                    whole = False
                    if deep and edge[0] not in seen:
                        seen.add(edge[0])
                        stack.append(edge[0])
        if deep:
            found = sorted({id(made): made for made in found}.values(), key=lambda made: made.stamp)
        return found, whole

    def watch(self, call: Call, nodes: list[Any]) -> None:
        kept = saved(self.edges.watch(call, nodes), self.modules.names)
        if kept:
            call.facts["saved"] = kept

    def late(self) -> None:
        """Add the autograd edges that operations have got since they were recorded."""
        nodes: dict[int, tuple[Call, list[Any]]] = {}
        for t, made in self.made:
            if not t.requires_grad or self.known[id(t)][0] is not made:
                continue
            self.edges.add(made, t)
            if made.call is not None and t.grad_fn is not None:
                nodes.setdefault(id(made.call), (made.call, []))[1].append(t.grad_fn)
        for call, found in nodes.values():
            self.watch(call, found)
