"""Collapse: the graph with each run drawn once, and with ports where edges cross its frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from ..graph import Edge, Graph, LazyItems, Node
from ..graph.program import Parsed
from .frame import Frame
from .frame_titles import FrameTitles
from .merge_facts import MergedValues, merge_facts
from .merge_labels import LETTERS, SEEN, merge_labels, single_axis, without_subscripts
from .repeat_names import RepeatNames
from .wiring import KEPT, Key, Wiring

PER_REPEAT = ("data", "grad")


def collapse(graph: Graph, parsed: Parsed, frames: Sequence[Frame], depth: int | None) -> Graph:
    """Return the graph with frames: `graph.facts["folds"]` lists them, the fact `fold` refers to
    one.

    Nodes and edges with the fact `repeats` replace those (`at`: their indices in the graph); those
    with `drawn` exist only in the picture: ports, and second copies of values.
    """
    bodies = _FoldedGraph(graph, parsed, frames, depth)
    ids = bodies.ids()
    nodes = bodies.nodes(ids)
    edges = bodies.edges(ids)
    inside: dict[str, int] = {}
    for node in nodes:
        if "repeats" in node.facts:
            inside[node.facts["fold"]] = inside.get(node.facts["fold"], 0) + \
                len(node.facts["repeats"])
    folds = FrameTitles(bodies.names, bodies.label).folds(ids, inside, depth)
    return Graph(graph.name, nodes, edges, {**graph.facts, "folds": folds})


class _FoldedGraph:
    """A graph during folding."""

    def __init__(self, graph: Graph, parsed: Parsed, frames: Sequence[Frame], depth: int | None
                 ) -> None:
        self.graph, self.parsed, self.frames = graph, parsed, frames
        once = any(frame.run.times == 1 for frame in frames)
        self.wiring = Wiring(parsed, frames, frozenset(
            -1 - k for k, i in enumerate(parsed.leaf if once else ())
            if graph.nodes[i].kind == "input"), depth)
        self.names = RepeatNames(graph, parsed, frames, self.wiring)
        self.spread: MergedValues = {}
        self.position: dict[Key, float] = {}
        self.label: dict[int, str] = {}            # representative op -> its tensor's label

    # ---- ids and order

    def ids(self) -> dict[Key, str]:
        """Return each node's id: that of the first node it replaces, or one like it."""
        nodes, parsed, wiring = self.graph.nodes, self.parsed, self.wiring
        has = nodes.has if isinstance(nodes, LazyItems) and nodes.has is not None else \
            {node.id for node in nodes}.__contains__
        ids: dict[Key, str] = {}
        own: set[str] = set()

        def free(id: str) -> str:
            word, n = id, 1
            while word in own or has(word):
                n += 1
                word = f"{id}{n}"
            return word

        def give(key: Key, id: str) -> None:
            ids[key] = free(id + "_") if id in own else id
            own.add(ids[key])

        for c in wiring.repeats:
            if parsed.op[c] >= 0:
                give(("op", c), nodes[parsed.op[c]].id)
            if parsed.box[c] >= 0:
                give(("box", c), nodes[parsed.box[c]].id)
        for key in sorted(wiring.leaves, key=lambda key: key[1]):      # those outside come first
            give(key, nodes[parsed.leaf[-1 - key[2][0]]].id)
        for (c, frame) in wiring.exits:
            for v in wiring.kept(c, frame):
                give(("exit", c, frame, v), nodes[parsed.box[v]].id)
        for key in wiring.first_use:
            if key[0] == "port":
                first = wiring.entering(key)[key[4] if key[2] == "carried" else 0]
                give(key, free(nodes[first].id + "_in"))
        return ids

    # ---- nodes

    def nodes(self, ids: Mapping[Key, str]) -> tuple[Node, ...]:
        nodes, parsed, wiring = self.graph.nodes, self.parsed, self.wiring
        owned: set[int] = set()
        placed: list[tuple[float, int, Node]] = []

        def put(key: Key, at: float, node: Node) -> None:
            self.position[key] = at
            placed.append((at, len(placed), node))

        for key, id in ids.items():
            if key[0] in ("op", "box"):
                c, columns = key[1], parsed.op if key[0] == "op" else parsed.box
                stood = [columns[o] for o in wiring.repeats[c]]
                node = nodes[stood[0]]
                if wiring.inside[c] >= 0:
                    node = self._body(stood, id, wiring.inside[c], stood, "",
                                      c if key[0] == "box" else -1)
                if key[0] == "box":
                    self.label[c] = node.label
                put(key, stood[0], node)
            elif key[0] == "leaf":
                frame = key[1]
                stood = list(dict.fromkeys([parsed.leaf[-1 - code] for code in key[2]]))
                mine = [i for i in stood if i not in owned]
                owned.update(mine)
                if frame < 0:
                    put(key, stood[0], nodes[stood[0]])
                    continue
                node = self._body(stood, id, frame, mine, self.names.called[key])
                around = self.frames[frame]
                if around.run.times > 1 and (
                        len(stood) == 1 or len(key[2]) == len(around.starts)):
                    shared = len(wiring.repeats[around.run.start])
                    node = node._replace(facts={**node.facts, "shared": shared})
                put(key, min([wiring.first_use[key] - 0.4, *mine]), node)
            elif key[0] == "port":
                put(key, wiring.first_use[key] - 0.5, self._port(key, id))
            else:
                _, c, frame, v = key
                node = nodes[parsed.box[v]] if frame < 0 else self._body(
                    [parsed.box[o] for o in wiring.shifted(v, frame)], id, frame, ())
                put(key, parsed.box[v], node._replace(
                    id=id, facts={**node.facts, "drawn": "exit"}, label=self.names.outside(
                        node.label, self.label[c], wiring.inside[c], self._repeat(v, c)
                        if len(wiring.kept(c, frame)) > 1 else None, frame < 0)))
        for i in parsed.leaf:                      # an unused argument
            if i not in owned:
                placed.append((i, len(placed), nodes[i]))
        placed.sort(key=lambda item: item[:2])
        return tuple([node for _, _, node in placed])

    def _body(self, stood: Sequence[int], id: str, frame: int, mine: Sequence[int],
              label: str = "", c: int = -1) -> Node:
        """Return the one node that replaces a node of each repeat."""
        nodes = self.graph.nodes
        first = nodes[stood[0]]
        repeats = self.names.grids[frame]
        once = prod(repeats.counts) == 1           # in a scope that is not repeated
        facts = dict(first.facts) if once else merge_facts(nodes, stood, self.spread)
        facts["fold"] = self.frames[frame].path
        facts |= {"repeats": pick(nodes, mine), "at": tuple(mine)} if mine else {"drawn": "copy"}
        ends = self.wiring.ends.intersection(stood)
        some = 0 < len(ends) < len(stood) and len(ends) <= KEPT      # with boxes outside
        some |= once and c in self.wiring.forced
        kind = "value" if some else "output" if ends else first.kind
        if not label and once:
            label = first.label
        elif not label and kind == "op":           # the same in all repeats
            label = without_subscripts(first.label)
        elif not label:
            label = self.names.common([nodes[stood[k]].label for k in repeats.seen], frame, c)
        return Node(id, kind, label, facts, first.group)

    def _port(self, key: Key, id: str) -> Node:
        nodes = self.graph.nodes
        _, frame, way = key[:3]
        entering = self.wiring.entering(key)
        letter = self.names.of(frame)
        around = self.frames[frame].parent if way == "shared" else frame
        if way == "each" or way == "shared" and len(entering) > 1:
            repeats = self.names.grids[around]
            label = self.names.common([_name(nodes[entering[k]]) for k in repeats.seen], around)
            letter = repeats.letter([entering[k] for k in repeats.seen])
        else:
            if way == "all":
                letter = LETTERS[LETTERS.index(letter) + 1]
            start = key[4] if way == "carried" else 0
            names = list(dict.fromkeys([_name(nodes[i]) for i in entering[start:start + SEEN]]))
            label = names[0] if len(entering) == 1 else merge_labels(
                names, single_axis(len(names), letter))
            if way == "carried":
                c = self.wiring.stands[self.frames[frame].run.start + key[3]]
                label = self.names.nameless.name(c) or label
        if way in ("each", "all") and f"[{letter}]" not in label and "[…]" not in label:
            label = f"{label}[{letter}]"
        facts = merge_facts(nodes, entering, self.spread, PER_REPEAT)
        facts |= {"fold": self.frames[frame].path, "port": way, "drawn": "port"}
        if way == "carried":
            facts["lag"] = key[4]
        return Node(id, "value", label, facts)

    # ---- edges

    def edges(self, ids: Mapping[Key, str]) -> tuple[Edge, ...]:
        parsed, wiring = self.parsed, self.wiring
        merged: dict[tuple[Key, Key, int], list[int]] = {}
        for (tail, head, argument), places in wiring.arrows.items():
            drawn = wiring.drawn(tail)
            if drawn != tail or head[0] == "port":           # several repeats feed one op
                argument = -1
            merged.setdefault((drawn, head, argument), []).extend(places)
        found: list[tuple[float, int, Edge]] = []
        for (tail, head, argument), places in merged.items():
            at = [parsed.into[place] for place in places]
            found.append((self.position[head], at[0] if at else -1,
                          self._edge(ids[tail], ids[head], at)))
        for c, stood in wiring.repeats.items():
            at = [parsed.out[o] for o in stood if parsed.out[o] >= 0]
            if at:
                found.append((self.position["box", c], at[0],
                              self._edge(ids["op", c], ids["box", c], at)))
        for (c, frame) in wiring.exits:
            for v in wiring.kept(c, frame):
                key = ("exit", c, frame, v)
                found.append((self.position[key], -1, Edge(
                    ids["box", c], ids[key], "", {"drawn": "exit", "repeat": self._repeat(v, c)})))
        found += [(float(len(self.graph.nodes)), e, self.graph.edges[e]) for e in parsed.odd]
        found.sort(key=lambda item: item[:2])
        return tuple([edge for _, _, edge in found])

    def _repeat(self, v: int, c: int) -> int:
        """Return the repeat of its innermost frame that an op belongs to, from 0."""
        frame = self.frames[self.wiring.inside[c]]
        starts = [s for s in frame.starts if s <= v]
        return (v - max(starts)) // frame.run.period

    def _edge(self, tail: str, head: str, at: Sequence[int]) -> Edge:
        if not at:
            return Edge(tail, head, "", {"drawn": "port"})
        edges, parsed = self.graph.edges, self.parsed
        one = edges[at[0]]
        if len(at) == 1 and one.tail == tail and one.head == head:
            return one
        label = ""
        if len(at) > 1 and parsed.head[at[0]] == parsed.head[at[-1]] and \
                len({parsed.head[e] for e in at}) == 1:
            label = f"×{len({parsed.tail[e] for e in at})}"
            facts = {key: one.facts[key] for key in ("argument",) if key in one.facts}
        else:
            facts = merge_facts(edges, at, self.spread)
        return Edge(tail, head, label, {**facts, "repeats": pick(edges, at), "at": tuple(at)})


def pick(items: Sequence[Any], at: Sequence[int]) -> Sequence[Any]:
    """Return some nodes or edges, made on demand if the sequence is lazy."""
    return items.picked(at) if items.__class__ is LazyItems else tuple([items[i] for i in at])


def _name(node: Node) -> str:
    return node.label.partition(" = ")[0] or node.id
