"""The graph: made by every reader, mapped by every transform, taken by every writer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from ...notebook import mimebundle
from .facts import Facts, frozen
from .value import NumberColumn, Stats, Value

__all__ = ["Edge", "Graph", "GraphError", "LazyItems", "Node", "NumberColumn", "Stats",
           "TransformError", "Value", "topological"]

KINDS = ("input", "parameter", "constant", "value", "output", "op")


class GraphError(ValueError):
    """An invalid graph: a duplicate id, a dangling edge, a cycle, JSON of another shape."""

    status = 2                   # exit status of the command line


class TransformError(ValueError):
    """A transform that is impossible: no such node, kind or fold; no path between two nodes."""

    status = 2


class LazyItems(Sequence[Any]):
    """Nodes or edges in order, each made on demand; all of them on iteration."""

    def __init__(self, count: int, make: Callable[[int], Any],
                 columns: Callable[[Sequence[int]], Mapping[str, Any]] | None = None,
                 program: Callable[[], Any] | None = None,
                 has: Callable[[str], bool] | None = None) -> None:
        self.columns = columns   # some of them -> fact -> Numbers, or a list: that of the first ...
        self.program = program   # -> viz.graph.program.Parsed
        self.has = has           # whether a node has this id
        self._count, self._make = count, make
        self._all: tuple[Any, ...] | None = None

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, i: Any) -> Any:
        if self._all is not None or isinstance(i, slice):
            return self._whole()[i]
        if not -self._count <= i < self._count:
            raise IndexError(f"there is no item {i} of {self._count}")
        return self._make(i % self._count)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._whole())

    def __eq__(self, other: object) -> bool:
        return self._whole() == (other._whole() if isinstance(other, LazyItems) else other)

    def __hash__(self) -> int:
        return hash(self._whole())

    def __repr__(self) -> str:
        return f"<{self._count} items>"

    def _whole(self) -> tuple[Any, ...]:
        if self._all is None:
            self._all = tuple(map(self._make, range(self._count)))
        return self._all

    def picked(self, at: Sequence[int]) -> LazyItems:
        """Return those at some indices."""
        return LazyItems(len(at), lambda k: self[at[k]])


class _NodeFields(NamedTuple):
    id: str                      # a stable word: x, mul_1
    kind: str                    # one of KINDS
    label: str                   # a name or an expression; of an op its symbol
    facts: Mapping[str, Any] = Facts()             # see facts.NodeFacts
    group: str = ""              # a path: mlp/layer1


class Node(_NodeFields):
    """A tensor or an op. Immutable, its facts too, which are raw: writers format them."""

    __slots__ = ()

    def __new__(cls, id: str, kind: str, label: str, facts: Mapping[str, Any] = Facts(),
                group: str = "") -> Self:
        return tuple.__new__(cls, (id, kind, label, frozen(facts), group))

    @classmethod                 # for _replace; mypy takes the inherited one for generic
    def _make(cls, iterable: Iterable[Any]) -> Self:         # type: ignore[override]
        return cls(*iterable)


class _EdgeFields(NamedTuple):
    tail: str
    head: str
    label: str = ""
    facts: Mapping[str, Any] = Facts()             # see facts.EdgeFacts


class Edge(_EdgeFields):
    """An edge from a tensor to an op that takes it, or from an op to its result. Immutable."""

    __slots__ = ()

    def __new__(cls, tail: str, head: str, label: str = "", facts: Mapping[str, Any] = Facts()
                ) -> Self:
        return tuple.__new__(cls, (tail, head, label, frozen(facts)))

    @classmethod                 # as of Node
    def _make(cls, iterable: Iterable[Any]) -> Self:         # type: ignore[override]
        return cls(*iterable)


@dataclass(frozen=True)
class Graph:
    """A valid graph: unique ids, no dangling edge, no cycle. Parallel edges keep their order.

    Immutable, with all its contents. Raises GraphError for an invalid graph.
    """

    name: str
    nodes: Sequence[Node]
    edges: Sequence[Edge]
    facts: Mapping[str, Any] = field(default_factory=Facts)  # see facts.GraphFacts

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", frozen(self.facts))
        for name in ("nodes", "edges"):
            if isinstance(items := getattr(self, name), list):
                object.__setattr__(self, name, tuple(items))
        if isinstance(self.nodes, LazyItems):          # its reader numbers them: inputs come first
            return
        index: dict[str, int] = {}
        for i, node in enumerate(self.nodes):
            if node.kind not in KINDS:
                raise GraphError(f"node {node.id!r}: unknown kind {node.kind!r} "
                                 f"(must be one of {', '.join(KINDS)})")
            if index.setdefault(node.id, i) != i:
                raise GraphError(f"two nodes have the id {node.id!r}")
        ordered = True
        for edge in self.edges:
            try:
                ordered &= index[edge.tail] < index[edge.head]
            except KeyError as error:
                raise GraphError(f"edge {edge.tail!r} -> {edge.head!r}: "
                                 f"there is no node {error.args[0]!r}") from None
        if not ordered:          # readers write inputs first: then no cycle is possible
            topological(self)

    _repr_mimebundle_ = mimebundle

    def __hash__(self) -> int:
        return hash((self.name, tuple(node.id for node in self.nodes)))


def topological(graph: Graph) -> list[Node]:
    """Return the nodes in topological order, otherwise in their own order. Linear in the graph.

    Raises GraphError if there is a cycle, with a node on it.  Source: Kahn, 1962.
    """
    waiting = {node.id: 0 for node in graph.nodes}
    heads: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        waiting[edge.head] += 1
        heads[edge.tail].append(edge.head)
    nodes = {node.id: node for node in graph.nodes}
    ready = [node.id for node in graph.nodes if not waiting[node.id]]
    order = []
    for id in ready:             # grows during the loop
        order.append(nodes[id])
        for head in heads[id]:
            waiting[head] -= 1
            if not waiting[head]:
                ready.append(head)
    if len(order) < len(nodes):
        id = min(id for id, n in waiting.items() if n)
        raise GraphError(f"the graph has a cycle near {id!r}: a computation never feeds itself")
    return order
