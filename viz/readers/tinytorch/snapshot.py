"""A snapshot of tensors as they were when read, with nodes and edges made on demand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from .... import tinytorch
from ....tinytorch import formula
from ....tinytorch.core.backward import ZERO
from ....tinytorch.core.edges import BackwardPass
from ....tinytorch.core.tensor import operands, wrap

from ...graph import Edge, Graph, LazyItems, Node, NumberColumn, text
from ...graph.size_limits import FORMULA_OPS
from ...graph.program import Parsed, Program
from ...tape.array_facts import attributes, dtype_name, value
from ...tape.names import RunInfo, Names, letter_fact

FEW = 100                        # edges up to which facts are made one by one

nothing = np.float64("nan")
_INTEGER = re.compile(r"-?\d+")


class Grads(NamedTuple):
    """The result of one backward pass: the gradients shown, by stamp, and all cotangents."""

    total: Mapping[Any, Any]     # tensor -> array
    sent: BackwardPass


def read(tensors: Sequence[Any], known: RunInfo, grads: Grads | None) -> Graph:
    """Return the graph of tensors in order of creation; without gradients if grads is None.

    Of more than FORMULA_OPS ops, nodes and edges are made on demand: a folded graph draws few of
    them. Their data and gradients are nevertheless those at the time of the call.
    """
    columns = Columns(tensors, known, grads)
    many = columns.results > FORMULA_OPS
    nodes = LazyItems(int(columns.first[-1]), columns.node, columns.of_nodes, columns.parsed,
                      columns.names.has)
    edges = LazyItems(int(columns.into[-1]), columns.edge, columns.of_edges)
    facts = {**known.facts, **letter_fact(columns.names.letter)}
    return Graph(known.name, nodes, edges, facts) if many else \
        Graph(known.name, tuple(nodes), tuple(edges), facts)


class Columns:
    """All tensors of a graph, in order of creation, unused arguments first.

    A leaf is one node. A result is two, its op and itself, and has one edge per operand and one
    more.
    """

    def __init__(self, tensors: Sequence[Any], known: RunInfo, grads: Grads | None) -> None:
        reached = {tensor.stamp for tensor in tensors} if known.inputs else set()
        unused = [t for t in known.inputs.values() if t.stamp not in reached]
        self.root, self.known, self.grads = tensors[-1], known, grads
        self.tensors = all = [*unused, *tensors]
        self.place = place = dict(zip(all, range(len(all))))
        self.ops = [tensor._op for tensor in all]
        self.data = [tensor._data for tensor in all]
        sizes, feeds = [], []                      # the operands of each; their indices in `all`
        for tensor, op in zip(all, self.ops):
            if op is None:
                sizes.append(0)
                continue
            feeds.append(place[tensor._x])
            y = tensor._y
            if y is None:
                sizes.append(1)
            elif y.__class__ is tuple:
                feeds.extend([place[a] for a in y])
                sizes.append(1 + len(y))
            else:
                feeds.append(place[y])
                sizes.append(2)
        self.sizes, self.feeds = np.array(sizes), np.array(feeds, dtype=int)
        self.made = self.sizes > 0
        self.first = np.concatenate([[0], np.cumsum(1 + self.made)])
        self.into = np.concatenate([[0], np.cumsum(self.sizes + self.made)])
        self.fed = np.concatenate([[0], np.cumsum(self.sizes)])    # -> its first operand in feeds
        self.results = int(self.made.sum())
        self.names = Names(all, self.ops, place, known)
        self.was: dict[Any, Any] = {}              # a leaf that may change -> its present state
        if self.results > FORMULA_OPS:
            for k, tensor in enumerate(all):
                if not self.sizes[k] and (tensor.requires_grad or tensor._data.ndim):
                    self.was[tensor] = copy = wrap(np.array(tensor._data))
                    copy.requires_grad = tensor.requires_grad
                    self.data[k] = copy._data
        self.wants = np.array([tensor.requires_grad for tensor in all])
        self.plain = set(map(type, self.data)) == {np.float64}     # all are numbers

    # ---- nodes

    def node(self, i: int) -> Node:
        k, names = self._place(self.first, i), self.names
        tensor, op = self.tensors[k], self.ops[k]
        if op is None:
            facts = self._values(k)
            name = names.names.get(tensor.stamp, "")
            label = name or (text.numbers(facts["data"]) if tensor.size == 1 else "")
            return Node(names.id(k), names.kind(tensor), label, facts, names.scope(k))
        written, about = names.forms.text(tensor), self.known.about(tensor.stamp)
        if i == int(self.first[k]):
            doing: dict[str, Any] = {"op": op.__name__, "formula": written, **about}
            if tensor._params:
                doing["attributes"] = attributes(tensor._params)
            return Node(names.doer(k), "op", str(getattr(op, "symbol", "") or op.__name__), doing,
                        names.scope(k))
        facts = {**self._values(k), **about, "formula": written}
        last = tensor is self.root
        name = names.names.get(tensor.stamp, "") if last else names.forms.name(tensor)
        return Node(names.id(k), "output" if last else "value",
                    f"{name} = {written}" if name and written != name else written,
                    facts, names.scope(k))

    def _place(self, starts: Any, i: int) -> int:
        """Return the index of the tensor that a node or an edge belongs to."""
        return int(starts.searchsorted(i, side="right")) - 1

    def _values(self, k: int) -> dict[str, Any]:
        facts: dict[str, Any] = {"data": value(self.data[k])}
        if self.grads is not None and self.graded[k]:
            facts["grad"] = value(self._grad(k))
        return facts

    def _grad(self, k: int) -> Any:
        assert self.grads is not None
        total = self.grads.total.get(self.tensors[k])
        return np.zeros_like(self.data[k])[()] if total is None else total

    @cached_property
    def graded(self) -> Any:
        """Return which tensors show a gradient, if any do."""
        graded = self.wants.copy()
        graded[[self.place[tensor] for tensor in self.known.inputs.values()]] = True
        return graded

    @cached_property
    def asked(self) -> Any:
        """Return which results were made by ops with parameters."""
        return np.array([bool(tensor._params) for tensor in self.tensors])

    @cached_property
    def numbers(self) -> Any:
        """Return the data of all tensors, if they are numbers."""
        return np.array(self.data, dtype=float)

    @cached_property
    def totals(self) -> Any:
        """Return the gradients shown of all tensors, if they are numbers; else None."""
        found = list(map(self.grads.total.get, self.tensors)) if self.grads else [None]
        return _column([ZERO if x is None else x for x in found]) if self.plain else None

    @cached_property
    def cotangents(self) -> Any:
        """Return the cotangents of the backward pass, nan if not reached; None unless all are
        numbers."""
        found = list(map(self.grads.sent.gradients.get, self.tensors)) if self.grads else [None]
        return _column([nothing if x is None else x for x in found]) if self.plain else None

    def of_nodes(self, at: Sequence[int]) -> dict[str, Any]:
        """Return the facts of some nodes, all tensors or all ops."""
        some = columns([self.node(i).facts for i in at[:FEW]])
        if len(at) > FEW and "data" in some:
            ks = np.searchsorted(self.first, at, side="right") - 1
            some["data"] = NumberColumn("float64", self.numbers[ks]) if self.plain else \
                _column([self.data[k] for k in ks])
            if "grad" in some:
                ks = ks[self.graded[ks]]
                some["grad"] = self.totals._replace(array=self.totals.array[ks]) if isinstance(
                    self.totals, NumberColumn) else _column(list(map(self._grad, ks.tolist())))
        return some

    # ---- edges

    def edge(self, e: int) -> Edge:
        k = self._place(self.into, e)
        i = e - int(self.into[k])
        if i == self.sizes[k]:
            return Edge(self.names.doer(k), self.names.id(k))
        tensor = self.tensors[k]
        about: dict[str, Any] = {"argument": i}
        if self._reached(k) and operands(tensor)[i].requires_grad:
            was = self._as_it_was(tensor)
            local = tinytorch.local_derivatives(was)
            if local[i] is not None:
                about["local"] = value(local[i])
                stated = self._formulas(tensor)
                if stated and stated[i]:
                    about["formula"] = stated[i]
            c = self.grads.sent.contributions(tensor, was)[i] if self.grads else None
            if c is not None:
                about["contribution"] = value(c)
        tail = self.place[operands(tensor)[i]]
        return Edge(self.names.id(tail), self.names.doer(k), "", about)

    def _reached(self, k: int) -> bool:
        """Return whether the backward pass reached a result."""
        return self.grads is not None and self.tensors[k].requires_grad

    def _formulas(self, tensor: Any) -> tuple[str | None, ...]:
        if self.results > FORMULA_OPS:
            return ()
        args = operands(tensor)
        for a in args:
            self.names.forms.name(a)
        written = {t.stamp: self.names.forms.text(t) for t in (tensor, *args)}
        return formula.local_formulas(tensor, self.names.names, written)

    def _as_it_was(self, tensor: Any) -> Any:
        """Return a result whose operands have the state they were read in."""
        args = operands(tensor)
        if not self.was or not any(a in self.was for a in args) or \
                not isinstance(tensor._op, type) or not issubclass(tensor._op, tinytorch.Op):
            return tensor
        was = wrap(tensor._data)
        was._op, was._params, was.requires_grad = tensor._op, tensor._params, True
        was._x, *rest = [self.was.get(a, a) for a in args]
        was._y = None if not rest else rest[0] if len(rest) == 1 else tuple(rest)
        return was

    def of_edges(self, at: Sequence[int]) -> dict[str, Any]:
        """Return the facts of some edges, usually the same argument of the same op."""
        ks = np.searchsorted(self.into, at, side="right") - 1
        i = np.asarray(at) - self.into[ks]
        op = self.ops[int(ks[0])]
        if len(at) <= FEW or (i != i[0]).any() or \
                set(map(self.ops.__getitem__, ks.tolist())) != {op}:
            return columns([self.edge(e).facts for e in at])
        if i[0] == self.sizes[ks[0]]:              # to what the op made
            return {}
        wanted = self.wants[self.feeds[self.fed[ks] + i[0]]]
        if self.grads is None or not wanted.any():
            return {"argument": i[:1].tolist()}
        found = self._at_once(op, ks, int(i[0])) if wanted.all() else None
        return {"argument": i[:1].tolist(),
                **(self._in_turn(op, ks, int(i[0])) if found is None else found)}

    def _at_once(self, op: Any, ks: Any, i: int) -> dict[str, Any] | None:
        """Return the local derivatives and contributions of many calls of one elementwise op, by
        applying its rule to whole arrays; None if that is impossible."""
        assert self.grads is not None
        rules = getattr(op, "local", None)
        if not rules or rules[i] is None or getattr(op, "selects", False) or \
                self.grads.sent.dead or self.asked[ks].any():
            return None
        if isinstance(self.cotangents, NumberColumn):
            g = self.cotangents.array[ks]
        else:
            g = _stack([self.grads.sent.gradients.get(self.tensors[k]) for k in ks.tolist()])
        feeds = [self.feeds[self.fed[ks] + j] for j in range(int(self.sizes[ks[0]]))]
        columns = [self.numbers[j] if self.plain else _stack([self.data[k] for k in j.tolist()])
                   for j in (ks, *feeds)]
        if g is None or np.isnan(g).any() or any(column is None for column in columns):
            return None
        n, depth, inner = len(ks), columns[0].ndim, columns[i + 1].shape
        z, *xs = [x.reshape(n, *(1,) * (depth - x.ndim), *x.shape[1:]) for x in columns]
        rule, x = rules[i], xs[i]
        found: dict[str, Any] = {}
        with np.errstate(all="ignore"):
            d = np.broadcast_to(np.asarray(
                float(rule) if rule.__class__ is int else rule(z, *xs), dtype=float), z.shape)
            found["local"] = NumberColumn("float64", d)
            if rule.__class__ is not int or rule != 0:
                spread = tuple([axis for axis in range(1, depth) if x.shape[axis] < z.shape[axis]])
                sent = (g * d).sum(axis=spread) if spread else g * d
                found["contribution"] = NumberColumn("float64", sent.reshape(inner))
        return found

    def _in_turn(self, op: Any, ks: Any, i: int) -> dict[str, Any]:
        """Return the same for any op, one call after another."""
        assert self.grads is not None
        found: dict[str, list[Any]] = {"local": [], "contribution": []}
        elementwise = not issubclass(op, tinytorch.Op) or op.local if isinstance(op, type) else True
        for tensor in [self.tensors[k] for k in ks.tolist()]:
            was = self._as_it_was(tensor)
            if elementwise:
                found["local"].append(tinytorch.local_derivatives(was)[i])
            found["contribution"].append(self.grads.sent.contributions(tensor, was)[i])
        some = {key: [x for x in column if x is not None] for key, column in found.items()}
        return {key: _column(column) for key, column in some.items() if column}

    # ---- the program

    def parsed(self) -> Parsed:
        """Return the graph as a program, as `fold.parse` does."""
        made = self.made
        results, leaves = np.flatnonzero(made), np.flatnonzero(~made)
        code = np.empty(len(made), dtype=int)
        code[results], code[leaves] = np.arange(len(results)), -1 - np.arange(len(leaves))
        known: dict[Any, int] = {}
        numbers: dict[int, tuple[int, ...]] = {}
        kinds = [None if x.__class__ is np.float64 else (x.shape, dtype_name(x.dtype))
                 for x in self.data] if not self.plain else None
        leaf = [known.setdefault((self.names.kind(self.tensors[k]), kinds and kinds[k]), len(known))
                for k in leaves.tolist()]
        sizes = self.sizes[results]
        if kinds is None and not self.asked.any():
            ops = [op for op in self.ops if op is not None]
            names = dict(zip(dict.fromkeys(ops), range(len(ops))))
            label = (np.array([names[op] for op in ops], dtype=int) * (1 + sizes.max(initial=0))
                     + sizes + len(known)).tolist()
        else:
            label = []
            for n, k in enumerate(results.tolist()):
                written = attributes(self.tensors[k]._params or {})
                if written:
                    numbers[n] = tuple(map(int, _INTEGER.findall(written)))
                key = (self.ops[k], kinds and kinds[k], sizes[n], _INTEGER.sub("0", written))
                label.append(known.setdefault(key, len(known)))
        stamps = [tensor.stamp for tensor, op in zip(self.tensors, self.ops) if op is not None]
        passes = self.known.passes(stamps) if self.known.passes else [0] * len(label)
        group: list[tuple[str, ...]] = [()] * len(label)
        for k in self.names.notes:
            if made[k] and (scope := self.names.scope(k)):
                group[code[k]] = tuple(scope.split("/"))
        op, last = self.first[:-1][results], self.into[1:][results] - 1
        into = np.delete(np.arange(self.into[-1]), last)
        program = Program(label, np.concatenate([[0], np.cumsum(sizes)]).tolist(),
                          code[self.feeds].tolist(), leaf, passes, group, numbers, set())
        root = int(self.first[self.place[self.root]]) + (self.root._op is not None)
        return Parsed(program, op.tolist(), (op + 1).tolist(), self.first[:-1][leaves].tolist(),
                      into.tolist(), last.tolist(), Ends(self, 0), Ends(self, 1), (root,))


class Ends(Sequence[int]):
    """A sequence from edge to the index of the node at one of its ends: 0, its tail; 1, its head.
    """

    def __init__(self, columns: Columns, end: int) -> None:
        self.columns, self.end = columns, end

    def __len__(self) -> int:
        return int(self.columns.into[-1])

    def __getitem__(self, e: Any) -> Any:
        of = self.columns
        k = int(of.into.searchsorted(e, side="right")) - 1
        i = e - int(of.into[k])
        if i == of.sizes[k]:
            return int(of.first[k]) + self.end
        if self.end:
            return int(of.first[k])
        tail = of.feeds[of.fed[k] + i]
        return int(of.first[tail]) + int(of.made[tail])


def columns(facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the facts of many as columns: those that the second has, or the only one."""
    return {key: [one.get(key) for one in facts] for key in facts[len(facts) > 1]}


def _column(data: Sequence[Any]) -> Any:
    """Return many arrays or numbers as one column."""
    stack = _stack(data)
    return NumberColumn("float64", stack) if stack is not None else list(map(value, data))


def _stack(data: Sequence[Any]) -> Any:
    """Stack arrays of one shape; return None if the shapes or types differ."""
    if set(map(type, data)) == {np.float64}:
        return np.array(data)
    kinds = {(x.shape, x.dtype.char) if isinstance(x, (np.ndarray, np.float64)) else None
             for x in data}
    return np.stack(data) if len(kinds) == 1 and (only := kinds.pop()) and only[1] == "d" else None
