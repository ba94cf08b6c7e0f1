"""Parse a graph as a program."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ..graph import Graph, LazyItems, Node, Value, topological
from ..graph.program import Parsed, Program


_NUMBER = re.compile(r"-?\d+")


def parse(graph: Graph) -> Parsed | None:
    """Return a graph as a program; None if ops and tensors do not alternate."""
    nodes, edges = graph.nodes, graph.edges
    if isinstance(nodes, LazyItems) and nodes.program is not None:
        known_program: Parsed = nodes.program()
        return known_program
    index = {node.id: i for i, node in enumerate(nodes)}
    ins: dict[int, list[int]] = {}                 # op -> its edges
    outs: dict[int, list[int]] = {}
    makers = [0] * len(nodes)                      # tensor -> number of ops that made it
    tails, heads, ordered = [], [], True
    is_op = [node.kind == "op" for node in nodes]
    for e, edge in enumerate(edges):
        tail, head = index[edge.tail], index[edge.head]
        if is_op[tail] == is_op[head]:
            return None
        ordered &= tail < head
        tails.append(tail)
        heads.append(head)
        if is_op[head]:
            ins.setdefault(head, []).append(e)
        else:
            outs.setdefault(tail, []).append(e)
            makers[head] += 1
    order: Sequence[int] = range(len(nodes)) if ordered else [
        index[node.id] for node in topological(graph)]
    outputs = tuple([i for i, node in enumerate(nodes) if node.kind == "output"])
    known: dict[Any, int] = {}
    code: list[int | None] = [None] * len(nodes)   # tensor -> op, or -1 - leaf
    odd: set[int] = set()
    program = Program([], [0], [], [], [], [], {}, set())
    parsed = Parsed(program, [], [], [], [], [], tails, heads, outputs)

    def kind(i: int) -> Any:
        node = nodes[i]
        return "value" if node.kind == "output" else node.kind, _kind(node)

    def append(op: int, box: int, out: int, key: Any, sources: Sequence[int], into: Sequence[int]
               ) -> int:
        node = nodes[op if op >= 0 else box]
        parsed.op.append(op)
        parsed.box.append(box)
        parsed.out.append(out)
        parsed.into.extend(into)
        program.label.append(known.setdefault(key, len(known)))
        program.source.extend(sources)
        program.first.append(len(program.source))
        program.passes.append(node.facts.get("pass", 0))
        program.group.append(_path(node.group))
        return len(program.label) - 1

    for i in order:
        node = nodes[i]
        if not is_op[i]:
            if not makers[i]:
                code[i] = -1 - len(parsed.leaf)
                parsed.leaf.append(i)
                program.leaf.append(known.setdefault(("leaf", node.kind, _kind(node)), len(known)))
            elif code[i] is None:                  # made by several ops, for example
                code[i] = append(-1, i, -1, (i,), (), ())
                odd.add(i)
            continue
        into, out = ins.get(i, []), outs.get(i, [])
        made = [heads[e] for e in out]
        sources = [u for e in into if (u := code[tails[e]]) is not None]
        if not made or any([makers[box] != 1 for box in made]):
            append(i, -1, -1, (i,), sources, into)
            continue
        written, numbers = _attributes(str(node.facts.get("attributes", "")))
        key = (node.label, node.facts.get("op"), *map(kind, made), len(sources), written)
        if len(made) == 1:
            n = code[made[0]] = append(i, made[0], out[0], key, sources, into)
        else:
            n = append(i, -1, -1, key, sources, into)
            for k, e in enumerate(out):
                box = heads[e]
                code[box] = append(-1, box, -1, ("output", k, kind(box)), [n], [e])
                program.parts.add(code[box] or 0)
        if written:
            program.numbers[n] = numbers
    return parsed._replace(odd=tuple([e for e, head in enumerate(heads) if head in odd] if odd
                                     else ()))


@lru_cache(1 << 10)              # of the same op in each repeat
def _attributes(written: str) -> tuple[str, tuple[int, ...]]:
    """Return attributes with 0 for each integer; those integers."""
    return _NUMBER.sub("0", written), tuple(map(int, _NUMBER.findall(written)))


@lru_cache(1 << 10)
def _path(group: str) -> tuple[str, ...]:
    return tuple(group.split("/")) if group else ()


def _kind(node: Node) -> Any:
    """Return the shape and the kind of numbers of a tensor."""
    data = node.facts.get("data")
    return (data.shape, data.dtype) if isinstance(data, Value) else None
