"""Bodies: the graph in which each run is drawn once, with what enters and leaves its frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import text
from ..graph import Edge, Graph, Node
from .fold import Frame, Parsed, canonical
from .repeats import common, spread_facts, stepped

KEPT = 4                         # so many repeats of a value that leave a frame have a box outside
LETTERS = "tijkl"                # what a repeat is called, by depth
PER_REPEAT = ("data", "grad")

# A key names a node of the new graph: ("op", op), ("box", op), ("leaf", frame, leaves),
# ("port", frame, way, ...), ("exit", op that stands for it, frame outside, op)
Key = tuple[Any, ...]


def folded(graph: Graph, parsed: Parsed, frames: Sequence[Frame], depth: int | None) -> Graph:
    """The graph with frames: `graph.facts["folds"]` lists them, the fact `fold` says who is inside.

    Nodes that carry `repeats` stand for those nodes (`at`: their places in the graph), so do edges;
    what carries `drawn` is there for the picture only: ports, and values shown a second time.
    """
    bodies = _Bodies(graph, parsed, frames)
    bodies.wire()
    ids = bodies.ids()
    nodes = bodies.nodes(ids)
    edges = bodies.edges(ids)
    inside: dict[str, int] = {}
    for node in nodes:
        if "repeats" in node.facts:
            inside[node.facts["fold"]] = inside.get(node.facts["fold"], 0) + \
                len(node.facts["repeats"])
    folds = bodies.folds(ids, inside, depth)
    return Graph(graph.name, nodes, edges, {**graph.facts, "folds": folds})


class _Bodies:
    """A graph that is being folded."""

    def __init__(self, graph: Graph, parsed: Parsed, frames: Sequence[Frame]) -> None:
        self.graph, self.parsed, self.frames = graph, parsed, frames
        self.stands, self.inside = canonical(parsed.program, frames)
        self.repeats: dict[int, list[int]] = {}    # op that stands for others -> all of them
        for o, c in enumerate(self.stands):
            self.repeats.setdefault(c, []).append(o)
        self.first_use: dict[Key, float] = {}      # ports and leaves -> where they are first used
        self.arrows: dict[tuple[Key, Key, int], list[int]] = {}    # -> places of its sources
        self.leaves: dict[Key, None] = {}
        self.exits: dict[tuple[int, int], dict[int, None]] = {}    # (op, frame outside) -> ops
        self.forced: set[int] = set()
        self.carried: list[dict[Key, Key]] = [{} for _ in frames]  # port in -> what goes out
        self.position: dict[Key, float] = {}

    # ---- which node feeds which

    def wire(self) -> None:
        """Finds the source of each input of each op that is drawn, through ports where needed."""
        first = self.parsed.program.first
        nodes = self.graph.nodes
        tasks: list[tuple[Key, int, tuple[int, ...], int, int]] = []
        single = sum(node.kind == "output" for node in nodes) == 1
        for o, box in enumerate(self.parsed.box):
            if single and box >= 0 and nodes[box].kind == "output" and \
                    self.inside[self.stands[o]] >= 0:
                self.forced.add(o)
                self.exits.setdefault((self.stands[o], -1), {})[o] = None
        for c in self.repeats:
            for a in range(first[c + 1] - first[c]):
                tasks.append((("op", c), a, (c,), a, self.inside[c]))
        tasks.reverse()
        while tasks:
            head, argument, ops, a, frame = tasks.pop()
            if len(ops) > 1 and not self._all_shared(ops, a, frame):
                tasks += [(head, argument, (o,), a, frame) for o in reversed(ops)]
                continue
            o = ops[0]
            tail, more = self._source(o, a, frame)
            if len(ops) > 1:     # each of them passes through the frame: by one port
                tail, more = ("port", frame, "all", self._fed(ops, a, frame)), ops
            at = float(self.parsed.op[o]) if head[0] == "op" else self.first_use[head]
            if tail[0] in ("port", "leaf"):
                new = tail not in self.first_use
                self.first_use[tail] = min(at, self.first_use.get(tail, at))
                if new and tail[0] == "port":
                    tasks.append((tail, -1, tuple(more), a, self.frames[frame].parent))
            places: list[int] = []
            if head[0] == "op":
                places = [first[k] + a for k in self.repeats[o]]
            self.arrows.setdefault((tail, head, argument), []).extend(places)

    def _all_shared(self, ops: Sequence[int], a: int, frame: int) -> bool:
        """Whether ops take what another op outside a frame made, the same in all its repeats."""
        if frame < 0:
            return False
        first, source = self.parsed.program.first, self.parsed.program.source
        around = self.frames[frame]
        return all(source[first[o] + a] >= 0 and
                   around.slots[first[o] + a - first[around.run.start]].way == "shared"
                   for o in ops)

    def _fed(self, ops: Sequence[int], a: int, frame: int) -> tuple[int, ...]:
        first, source = self.parsed.program.first, self.parsed.program.source
        s = self.frames[frame].run.start
        return tuple([source[first[o - s + start] + a]
                      for start in self.frames[frame].starts for o in ops])

    def _source(self, o: int, a: int, frame: int) -> tuple[Key, Sequence[int]]:
        """Where an input comes from, seen in a frame; of a port, which ops say what feeds it."""
        program = self.parsed.program
        first, source = program.first, program.source
        v = source[first[o] + a]
        if frame < 0:
            return (self._leaf(-1, (v,)) if v < 0 else self._tensor(v, -1)), ()
        around = self.frames[frame]
        s, p, count = around.run.start, around.run.period, around.run.times
        slot = around.slots[first[o] + a - first[s]]
        if slot.way == "own":
            return self._tensor(s + slot.of, frame), ()

        def fed(repeats: int) -> tuple[int, ...]:
            return tuple([source[first[o - s + start + k * p] + a]
                          for start in around.starts for k in range(repeats)])

        if slot.way == "carried":
            key = ("port", frame, "carried", slot.of, slot.lag, fed(slot.lag))
            self.carried[frame][key] = self._tensor(s + slot.of, frame)
            return key, [o + k * p for k in range(slot.lag)]
        if v < 0 and max(fed(1)) < 0:              # else an outer loop starts from a leaf
            return self._leaf(frame, fed(1 if slot.way == "shared" else count)), ()
        if slot.way == "shared":
            return ("port", frame, "shared", fed(1)), [o]
        return ("port", frame, "each", fed(count)), [o + k * p for k in range(count)]

    def _leaf(self, frame: int, codes: tuple[int, ...]) -> Key:
        key = ("leaf", frame, codes)
        self.leaves[key] = None
        return key

    def _tensor(self, v: int, frame: int) -> Key:
        c = self.stands[v]
        if self.inside[c] == frame:
            return ("box", c)
        self.exits.setdefault((c, frame), {})[v] = None
        return ("exit", c, frame, v)

    def _kept(self, c: int, frame: int) -> list[int]:
        """The repeats of a value that have a box of their own outside their frame."""
        left = self.exits[c, frame]
        return [v for v in left if len(left) <= KEPT or v in self.forced]

    def _drawn(self, key: Key) -> Key:
        """The key of the node that is drawn for it."""
        if key[0] == "exit" and key[3] not in self._kept(key[1], key[2]):
            return ("box", key[1])
        return key

    # ---- ids and order

    def ids(self) -> dict[Key, str]:
        """Each node's id: that of the first node it stands for, or one like it."""
        nodes, parsed = self.graph.nodes, self.parsed
        taken = {node.id for node in nodes}
        ids: dict[Key, str] = {}
        own: set[str] = set()

        def give(key: Key, id: str) -> None:
            if id in own:
                id = _free(id + "_", taken)
            own.add(id)
            ids[key] = id

        for c in self.repeats:
            if parsed.op[c] >= 0:
                give(("op", c), nodes[parsed.op[c]].id)
            if parsed.box[c] >= 0:
                give(("box", c), nodes[parsed.box[c]].id)
        for key in sorted(self.leaves, key=lambda key: key[1]):    # those on paper come first
            give(key, nodes[parsed.leaf[-1 - key[2][0]]].id)
        for (c, frame) in self.exits:
            for v in self._kept(c, frame):
                give(("exit", c, frame, v), nodes[parsed.box[v]].id)
        for key in self.first_use:
            if key[0] == "port":
                give(key, _free(nodes[self._entering(key)[
                    key[4] if key[2] == "carried" else 0]].id + "_in", taken))
        return ids

    def _entering(self, port: Key) -> list[int]:
        """The tensors that enter by a port, as indices in the graph: one per repeat, in order."""
        if port[2] != "carried":
            return [self._index(v) for v in port[3]]
        _, frame, _, of, lag, before = port
        around = self.frames[frame]
        s, p, count = around.run.start, around.run.period, around.run.times
        found = []
        for i, start in enumerate(around.starts):
            found += [self._index(v) for v in before[i * lag:(i + 1) * lag]]
            found += [self.parsed.box[start + of + k * p] for k in range(count - lag)]
        del s
        return found

    def _index(self, v: int) -> int:
        return self.parsed.box[v] if v >= 0 else self.parsed.leaf[-1 - v]

    # ---- nodes

    def nodes(self, ids: Mapping[Key, str]) -> tuple[Node, ...]:
        graph, parsed = self.graph, self.parsed
        owned: set[int] = set()
        placed: list[tuple[float, int, Node]] = []

        def put(key: Key, at: float, node: Node) -> None:
            self.position[key] = at
            placed.append((at, len(placed), node))

        for key, id in ids.items():
            if key[0] in ("op", "box"):
                c, columns = key[1], parsed.op if key[0] == "op" else parsed.box
                stood = [columns[o] for o in self.repeats[c]]
                node = graph.nodes[stood[0]]
                if self.inside[c] >= 0:
                    node = self._body(stood, id, self.inside[c], stood)
                put(key, stood[0], node)
            elif key[0] == "leaf":
                frame = key[1]
                stood = list(dict.fromkeys([parsed.leaf[-1 - code] for code in key[2]]))
                mine = [i for i in stood if i not in owned]
                owned.update(mine)
                if frame < 0:
                    put(key, stood[0], graph.nodes[stood[0]])
                    continue
                node = self._body(stood, id, frame, mine)
                around = self.frames[frame]
                facts = dict(node.facts)
                if len(stood) == 1 or len(key[2]) == len(around.starts):
                    facts["shared"] = len(self.repeats[around.run.start])
                labels = [graph.nodes[i].label for i in stood]
                node = node._replace(label=labels[0] if labels.count(labels[0]) == len(labels)
                                     else self._steps(labels, frame, node.kind == "constant"))
                put(key, min([self.first_use[key] - 0.4, *mine]), node._replace(facts=facts))
            elif key[0] == "port":
                put(key, self.first_use[key] - 0.5, self._port(key, id))
            else:
                _, _, frame, v = key
                stood = self._shifted(v, frame)
                node = graph.nodes[parsed.box[v]] if frame < 0 else \
                    self._body([parsed.box[o] for o in stood], id, frame, ())
                put(key, parsed.box[v], node._replace(
                    id=id, facts={**node.facts, "drawn": "exit"}))
        for i in parsed.leaf:                      # an argument that is not used
            if i not in owned:
                placed.append((i, len(placed), graph.nodes[i]))
        placed.sort(key=lambda item: item[:2])
        return tuple([node for _, _, node in placed])

    def _shifted(self, v: int, frame: int) -> list[int]:
        """An op in the first repeat of a frame, in all its repeats."""
        if frame < 0:
            return [v]
        around = self.frames[frame]
        s, p = around.run.start, around.run.period
        return [v - s + start + k * p for start in around.starts for k in range(around.run.times)]

    def _body(self, stood: Sequence[int], id: str, frame: int, mine: Sequence[int]) -> Node:
        """The one node that stands for a node of each repeat."""
        nodes = [self.graph.nodes[i] for i in stood]
        facts = spread_facts([node.facts for node in nodes])
        facts["fold"] = self.frames[frame].path
        kinds = {node.kind for node in nodes}
        own = tuple([self.graph.nodes[i] for i in mine])
        facts |= {"repeats": own, "at": tuple(mine)} if own else {"drawn": "copy"}
        kind = nodes[0].kind if len(kinds) == 1 else "value"
        label = common([node.label for node in nodes], self._letter(frame))
        return Node(id, kind, label, facts, nodes[0].group)

    def _port(self, key: Key, id: str) -> Node:
        _, frame, way = key[:3]
        entering = self._entering(key)
        nodes = [self.graph.nodes[i] for i in entering]
        letter = self._letter(frame)
        if way == "all":
            letter = LETTERS[LETTERS.index(letter) + 1]
        names = list(dict.fromkeys([_name(node) for node in
                                    nodes[key[4] if way == "carried" else 0:]]))
        label = common(names, letter)
        if way in ("each", "all") and f"[{letter}]" not in label:
            label = f"{label}[{letter}]"
        facts = {key: value for key, value in spread_facts(
            [node.facts for node in nodes]).items() if key in PER_REPEAT}
        facts |= {"fold": self.frames[frame].path, "port": way, "drawn": "port"}
        if way == "carried":
            facts["lag"] = key[4]
        return Node(id, "value", label, facts)

    def _letter(self, frame: int) -> str:
        return LETTERS[min(self.frames[frame].path.count("/"), len(LETTERS) - 2)]

    def _steps(self, labels: Sequence[str], frame: int, constant: bool) -> str:
        """A label for leaves of one kind, one per repeat: w[t]."""
        return stepped(labels, self._letter(frame)) or f"{'c' if constant else 'x'}" \
            f"[{self._letter(frame)}]"

    # ---- edges

    def edges(self, ids: Mapping[Key, str]) -> tuple[Edge, ...]:
        graph, parsed = self.graph, self.parsed
        merged: dict[tuple[Key, Key, int], list[int]] = {}
        for (tail, head, argument), places in self.arrows.items():
            drawn = self._drawn(tail)
            if drawn != tail or head[0] == "port":           # several repeats go to one op
                argument = -1
            merged.setdefault((drawn, head, argument), []).extend(places)
        found: list[tuple[float, int, Edge]] = []
        for (tail, head, argument), places in merged.items():
            at = [parsed.into[place] for place in places]
            found.append((self.position[head], at[0] if at else -1,
                          self._edge(ids[tail], ids[head], at)))
        for c, stood in self.repeats.items():
            at = [parsed.out[o] for o in stood if parsed.out[o] >= 0]
            if at:
                found.append((self.position["box", c], at[0],
                              self._edge(ids["op", c], ids["box", c], at)))
        for (c, frame) in self.exits:
            for v in self._kept(c, frame):
                key = ("exit", c, frame, v)
                found.append((self.position[key], -1, Edge(
                    ids["box", c], ids[key], "", {"drawn": "exit", "repeat": self._repeat(v, c)})))
        known = {*parsed.into, *parsed.out}        # all but those to the tensors of an odd op
        odd = [e for e in range(len(graph.edges)) if e not in known]
        found += [(float(len(graph.nodes)), e, graph.edges[e]) for e in odd]
        found.sort(key=lambda item: item[:2])
        return tuple([edge for _, _, edge in found])

    def _repeat(self, v: int, c: int) -> int:
        """Which repeat of its innermost frame an op is of, from 0."""
        frame = self.frames[self.inside[c]]
        starts = [s for s in frame.starts if s <= v]
        return (v - max(starts)) // frame.run.period

    def _edge(self, tail: str, head: str, at: Sequence[int]) -> Edge:
        edges = [self.graph.edges[e] for e in at]
        if not edges:
            return Edge(tail, head, "", {"drawn": "port"})
        one = edges[0]
        if len(edges) == 1 and one.tail == tail and one.head == head:
            return one
        facts = spread_facts([edge.facts for edge in edges])
        tails = len({edge.tail for edge in edges})
        heads = len({edge.head for edge in edges})
        label = f"×{tails}" if heads == 1 and len(edges) > 1 else ""
        if heads == 1 and len(edges) > 1:
            facts = {"argument": one.facts.get("argument")}
        return Edge(tail, head, label, {**facts, "repeats": tuple(edges), "at": tuple(at)})

    # ---- frames

    def folds(self, ids: Mapping[Key, str], inside: Mapping[str, int], depth: int | None
              ) -> tuple[Mapping[str, Any], ...]:
        """What `graph.facts["folds"]` says of each frame."""
        drawn = [0] * len(self.frames)
        for c in self.repeats:
            around = self.inside[c]
            while around >= 0:
                drawn[around] += 1
                around = self.frames[around].parent
        found = []
        for i, frame in enumerate(self.frames):
            run = frame.run
            whole = sum(n for path, n in inside.items()
                        if path == frame.path or path.startswith(frame.path + "/"))
            parent = self.frames[frame.parent].path if frame.parent >= 0 else ""
            first, last = self._passes(frame)
            found.append({
                "path": frame.path, "parent": parent, "count": run.times, "period": run.period,
                "title": self._title(frame, i), "index": self._letter(i), "first": first,
                "last": last, "ops": drawn[i], "nodes": whole,
                "closed": depth is not None and frame.path.count("/") >= depth,
                "carried": tuple([(ids[port], ids[self._drawn(out)])
                                  for port, out in self.carried[i].items()
                                  if port in self.first_use])})
        return tuple(found)

    def _passes(self, frame: Frame) -> tuple[int, int]:
        """The first and last pass of the loop, where each repeat is a pass; else 1 and how many."""
        passes, (s, p, count, _) = self.parsed.program.passes, frame.run
        for b in range(p):
            seen = passes[s + b:s + b + p * count:p]
            if frame.parent < 0 and seen[0] and seen == list(range(seen[0], seen[0] + count)):
                return seen[0], seen[-1]
        return 1, count

    def _title(self, frame: Frame, i: int) -> str:
        """What a frame is called: by its scope, what it carries, or its line."""
        s, p, count, _ = frame.run
        groups = self.parsed.program.group
        if groups[s]:
            for words in range(len(groups[s]), 0, -1):
                paths = ["/".join(groups[s + k * p][:words]) for k in range(count)]
                within = all(groups[o][:words] == groups[s][:words] for o in range(s, s + p))
                name = stepped(list(dict.fromkeys(paths)), self._letter(i)) \
                    if len(set(paths)) == count > 1 else ""
                if within and name:
                    return name
        body = [o for o in range(s, s + p) if self.inside[o] == i and self.stands[o] == o]
        shown = [common([self.graph.nodes[self.parsed.box[k]].label for k in self.repeats[o]],
                        self._letter(i)) for o in body]
        named = [label for label in shown if " = " in label]
        if len(body) == 1 or len(named) == 1:
            return text.shorten((named or shown)[0], 40)
        names = list(dict.fromkeys([label.partition(" = ")[0] for label in named]))
        if names:
            return ", ".join(names[:4]) + (" …" if len(names) > 4 else "")
        symbols = [self.graph.nodes[self.parsed.op[o]].label for o in range(s, s + p)
                   if self.stands[o] == o]
        return " ".join(symbols[:6]) + (" …" if len(symbols) > 6 else "")


def _free(id: str, taken: set[str]) -> str:
    word, n = id, 1
    while word in taken:
        n += 1
        word = f"{id}{n}"
    taken.add(word)
    return word


def _name(node: Node) -> str:
    return node.label.partition(" = ")[0] or node.id
