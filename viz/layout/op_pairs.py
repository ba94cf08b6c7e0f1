"""Op pairs, the units of layout: an op glued to its only result; other nodes are alone."""

from __future__ import annotations

from typing import NamedTuple

from ..graph import Graph, topological


class OpPairs(NamedTuple):
    """A graph seen as pairs, numbered in topological order; edges by their index in graph.edges."""

    op: list[int]                # pair -> index of its op in graph.nodes, or -1
    box: list[int]               # pair -> index of its tensor, or -1
    leaf: list[bool]             # nothing enters it: its use determines its position
    ins: list[list[int]]         # pair -> edges that enter it, operand order
    outs: list[list[int]]        # pair -> edges that leave it
    tail: list[int]              # edge -> pair it leaves
    head: list[int]              # edge -> pair it enters; equals tail where op and tensor are glued
    whole: list[bool]            # pairs that are never copied for their uses: frames


def find_op_pairs(graph: Graph) -> OpPairs:
    """Return the pairs of a graph. Linear in it."""
    nodes, edges = graph.nodes, graph.edges
    index = {node.id: i for i, node in enumerate(nodes)}
    ends = [(index[e.tail], index[e.head]) for e in edges]
    n_in, n_out = [0] * len(nodes), [0] * len(nodes)
    ordered = True
    for t, h in ends:
        n_out[t] += 1
        n_in[h] += 1
        ordered &= t < h
    is_op = [node.kind == "op" for node in nodes]
    glued = [-1] * len(nodes)    # op -> its tensor
    owner = [-1] * len(nodes)    # tensor -> its op
    for t, h in ends:
        if is_op[t] and not is_op[h] and n_out[t] == 1 and n_in[h] == 1:
            glued[t], owner[h] = h, t
    order = range(len(nodes)) if ordered else [index[node.id] for node in topological(graph)]
    pair = [-1] * len(nodes)
    op: list[int] = []
    box: list[int] = []
    leaf: list[bool] = []
    for i in order:
        if pair[i] >= 0:
            continue
        pair[i] = len(op)
        if is_op[i]:
            op.append(i)
            box.append(glued[i])
            if glued[i] >= 0:
                pair[glued[i]] = pair[i]
        else:
            op.append(-1)
            box.append(i)
        leaf.append(not is_op[i] and not n_in[i])
    ins: list[list[int]] = [[] for _ in op]
    outs: list[list[int]] = [[] for _ in op]
    tail, head = [pair[t] for t, _ in ends], [pair[h] for _, h in ends]
    for e, (t, h) in enumerate(zip(tail, head)):
        if t != h:
            outs[t].append(e)
            ins[h].append(e)
    return OpPairs(op, box, leaf, ins, outs, tail, head,
                   [i >= 0 and nodes[i].id.startswith("frame:") for i in box])


def connected_parts(whole: OpPairs) -> list[tuple[OpPairs, list[int]]]:
    """Return the connected parts, by first pair, each with its edges' indices in graph.edges."""
    part = list(range(len(whole.ins)))
    for t, h in zip(whole.tail, whole.head):
        while part[t] != t:
            part[t] = part[part[t]]
            t = part[t]
        while part[h] != h:
            part[h] = part[part[h]]
            h = part[h]
        if t != h:
            part[max(t, h)] = min(t, h)
    members: dict[int, list[int]] = {}
    for v in range(len(part)):
        part[v] = part[part[v]]          # roots precede their pairs: already final
        members.setdefault(part[v], []).append(v)
    if len(members) == 1:
        return [(whole, list(range(len(whole.tail))))]
    within: dict[int, list[int]] = {root: [] for root in members}
    for e, t in enumerate(whole.tail):
        within[part[t]].append(e)
    parts = []
    for root, vs in members.items():
        pair = {v: k for k, v in enumerate(vs)}
        edge = {e: k for k, e in enumerate(within[root])}
        parts.append((OpPairs([whole.op[v] for v in vs], [whole.box[v] for v in vs],
                              [whole.leaf[v] for v in vs],
                              [[edge[e] for e in whole.ins[v]] for v in vs],
                              [[edge[e] for e in whole.outs[v]] for v in vs],
                              [pair[whole.tail[e]] for e in within[root]],
                              [pair[whole.head[e]] for e in within[root]],
                              [whole.whole[v] for v in vs]), within[root]))
    return parts
