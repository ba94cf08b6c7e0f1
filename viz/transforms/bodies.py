"""Bodies: the graph in which each run is drawn once, with what enters and leaves its frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from .. import text
from ..graph import Edge, Graph, Items, Node, Value
from ..program import Parsed
from .fold import Frame
from .labels import (LETTERS, SEEN, Grid, common, counted, counted_anew, grid, line, own,
                     written_out)
from .repeats import spread_facts
from .scopes import scopes
from .wiring import KEPT, Key, Wiring

PER_REPEAT = ("data", "grad")
TITLE = 40                       # a title of more characters is none


def folded(graph: Graph, parsed: Parsed, frames: Sequence[Frame], depth: int | None) -> Graph:
    """The graph with frames: `graph.facts["folds"]` lists them, the fact `fold` says who is inside.

    Nodes that carry `repeats` stand for those nodes (`at`: their places in the graph), so do edges;
    what carries `drawn` is there for the picture only: ports, and values shown a second time.
    """
    bodies = _Bodies(graph, parsed, frames, depth)
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

    def __init__(self, graph: Graph, parsed: Parsed, frames: Sequence[Frame], depth: int | None
                 ) -> None:
        self.graph, self.parsed, self.frames = graph, parsed, frames
        once = any(frame.run.times == 1 for frame in frames)
        self.scopes = {(scope.start, scope.end): scope.path        # the innermost comes last
                       for scope in (scopes(parsed.program) if once else ())}
        self.wiring = Wiring(parsed, frames, frozenset(
            -1 - k for k, i in enumerate(parsed.leaf if once else ())
            if graph.nodes[i].kind == "input"), depth)
        self.position: dict[Key, float] = {}
        self.label: dict[int, str] = {}            # op that stands for others -> its tensor's
        self.grids: list[Grid] = []                # frame -> the repeats whose labels are read
        counts: list[tuple[int, ...]] = []
        for frame in frames:
            counts.append((*(counts[frame.parent] if frame.parent >= 0 else ()),
                           *([frame.run.times] if frame.run.times > 1 else [])))
            self.grids.append(grid(counts[-1] or (1,)))
        self.leaves: list[dict[str, list[str]]] = [{} for _ in frames]     # name -> labels seen
        self.called: dict[Key, str] = {}           # leaf -> its label
        self.own: dict[int, int] = {}              # op whose tensor has no name -> k of its v₁, v₂
        self.numbers: list[list[dict[str, int]]] = []      # frame, repeat seen -> v₇₂₀ -> that k
        self._name_leaves()
        self._number_nameless()

    # ---- ids and order

    def ids(self) -> dict[Key, str]:
        """Each node's id: that of the first node it stands for, or one like it."""
        nodes, parsed, wiring = self.graph.nodes, self.parsed, self.wiring
        has = nodes.has if isinstance(nodes, Items) and nodes.has is not None else \
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
        for key in sorted(wiring.leaves, key=lambda key: key[1]):      # those on paper come first
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
                node = self._body(stood, id, frame, mine, self.called[key])
                around = self.frames[frame]
                if around.run.times > 1 and (
                        len(stood) == 1 or len(key[2]) == len(around.starts)):
                    shared = len(wiring.repeats[around.run.start])
                    node = node._replace(facts={**node.facts, "shared": shared})
                put(key, min([wiring.first_use[key] - 0.4, *mine]), node)
            elif key[0] == "port":
                put(key, wiring.first_use[key] - 0.5, self._port(key, id))
            else:
                _, _, frame, v = key
                node = nodes[parsed.box[v]] if frame < 0 else self._body(
                    [parsed.box[o] for o in wiring.shifted(v, frame)], id, frame, ())
                put(key, parsed.box[v], node._replace(
                    id=id, facts={**node.facts, "drawn": "exit"}))
        for i in parsed.leaf:                      # an argument that is not used
            if i not in owned:
                placed.append((i, len(placed), nodes[i]))
        placed.sort(key=lambda item: item[:2])
        return tuple([node for _, _, node in placed])

    def _name_leaves(self) -> None:
        """What leaves that are another one in each repeat are called: w[t], or c[t]."""
        nodes, leaf = self.graph.nodes, self.parsed.leaf
        unnamed: dict[tuple[int, str], list[tuple[Key, str]]] = {}
        columns: dict[Key, list[str]] = {}
        for key in self.wiring.leaves:
            _, frame, codes = key
            if frame < 0:
                continue
            repeats, count = self.grids[frame], self.frames[frame].run.times
            whole = len(codes) == prod(repeats.counts)
            seen = [codes[k if whole else k // count] for k in repeats.seen]
            first = nodes[leaf[-1 - codes[0]]]
            labels = [nodes[leaf[-1 - code]].label for code in seen]
            columns[key] = labels if any(labels) else [_sized(first)] * len(seen)
            named = labels[0] if len(set(labels)) == 1 else counted(labels, repeats)
            if named:
                self.called[key] = named
            else:
                stem = "c" if first.kind == "constant" else "x"
                which = f"[{repeats.letter(seen)}]" if len(set(seen)) > 1 else ""
                unnamed.setdefault((frame, stem), []).append((key, which))
        for (_, stem), found in unnamed.items():
            for n, (key, which) in enumerate(found, 1):
                self.called[key] = f"{stem}{text.subscript(n) if len(found) > 1 else ''}{which}"
        for key, labels in columns.items():
            self.leaves[key[1]][self.called[key]] = labels

    def _number_nameless(self) -> None:
        """Values that only the reader has named count anew in each frame, the same in all repeats:
        v₁, v₂. A single one stays v."""
        found: list[dict[int, list[str]]] = [{} for _ in self.frames]
        for c, stood in self.wiring.repeats.items():
            frame, box = self.wiring.inside[c], self.parsed.box
            if frame >= 0 and box[c] >= 0 and 1 < len(stood) == prod(self.grids[frame].counts):
                names = [own(self.graph.nodes[box[stood[k]]].label)
                         for k in self.grids[frame].seen]
                if sum(map(bool, names)) > len(names) // 2:
                    found[frame][c] = names
        used: dict[str, int] = {}                  # by the frames within one
        for frame, named in enumerate(found):
            top = self.frames[frame].path.partition("/")[0]
            numbers: list[dict[str, int]] = [{} for _ in self.grids[frame].seen]
            for c, names in named.items() if len(named) > 1 else ():
                self.own[c] = n = used[top] = used.get(top, 0) + 1
                for k, name in enumerate(names):
                    numbers[k][name] = n
            for k in range(len(numbers) - 1, 0, -1):           # what the repeat before has left
                numbers[k] = {**numbers[k - 1], **numbers[k]}
            self.numbers.append(numbers)

    def _common(self, labels: Sequence[str], frame: int, c: int = -1) -> str:
        """One label for those of the repeats seen in a frame."""
        numbered = [counted_anew(label, numbers) for label, numbers in
                    zip(labels, self.numbers[frame])]
        label = written_out(common(numbered, self.grids[frame], self.leaves[frame]))
        return f"v{text.subscript(self.own[c])} = {label}" if c in self.own else label

    def _body(self, stood: Sequence[int], id: str, frame: int, mine: Sequence[int],
              label: str = "", c: int = -1) -> Node:
        """The one node that stands for a node of each repeat."""
        nodes = self.graph.nodes
        first = nodes[stood[0]]
        once = prod(self.grids[frame].counts) == 1             # in a scope that is not repeated
        facts = dict(first.facts) if once else spread_facts(nodes, stood)
        facts["fold"] = self.frames[frame].path
        facts |= {"repeats": picked(nodes, mine), "at": tuple(mine)} if mine else {"drawn": "copy"}
        ends = self.wiring.ends.intersection(stood)
        some = 0 < len(ends) < len(stood) and len(ends) <= KEPT      # they have boxes outside
        some |= once and c in self.wiring.forced
        kind = "value" if some else "output" if ends else first.kind
        if not label and once:
            label = first.label
        elif not label:
            label = self._common([nodes[stood[k]].label for k in self.grids[frame].seen], frame, c)
        return Node(id, kind, label, facts, first.group)

    def _port(self, key: Key, id: str) -> Node:
        nodes = self.graph.nodes
        _, frame, way = key[:3]
        entering = self.wiring.entering(key)
        letter = self._letter(frame)
        if way == "each":
            repeats = self.grids[frame]
            label = common([_name(nodes[entering[k]]) for k in repeats.seen], repeats)
            letter = repeats.letter([entering[k] for k in repeats.seen])
        else:
            if way == "all":
                letter = LETTERS[LETTERS.index(letter) + 1]
            start = key[4] if way == "carried" else 0
            names = list(dict.fromkeys([_name(nodes[i]) for i in entering[start:start + SEEN]]))
            label = common(names, line(len(names), letter)) if len(entering) > 1 else names[0]
            if way == "carried":
                c = self.wiring.stands[self.frames[frame].run.start + key[3]]
                label = f"v{text.subscript(self.own[c])}" if c in self.own else label
        if way in ("each", "all") and f"[{letter}]" not in label and "[…]" not in label:
            label = f"{label}[{letter}]"
        facts = {key: value for key, value in spread_facts(nodes, entering).items()
                 if key in PER_REPEAT}
        facts |= {"fold": self.frames[frame].path, "port": way, "drawn": "port"}
        if way == "carried":
            facts["lag"] = key[4]
        return Node(id, "value", label, facts)

    def _letter(self, frame: int) -> str:
        """What a repeat of it is called: by how many frames around it are repeated too."""
        depth, around = 0, self.frames[frame].parent
        while around >= 0:
            depth += self.frames[around].run.times > 1
            around = self.frames[around].parent
        return LETTERS[min(depth, len(LETTERS) - 2)]

    # ---- edges

    def edges(self, ids: Mapping[Key, str]) -> tuple[Edge, ...]:
        parsed, wiring = self.parsed, self.wiring
        merged: dict[tuple[Key, Key, int], list[int]] = {}
        for (tail, head, argument), places in wiring.arrows.items():
            drawn = wiring.drawn(tail)
            if drawn != tail or head[0] == "port":           # several repeats go to one op
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
        """Which repeat of its innermost frame an op is of, from 0."""
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
            facts = {"argument": one.facts.get("argument")}
        else:
            facts = spread_facts(edges, at)
        return Edge(tail, head, label, {**facts, "repeats": picked(edges, at), "at": tuple(at)})

    # ---- frames

    def folds(self, ids: Mapping[Key, str], inside: Mapping[str, int], depth: int | None
              ) -> tuple[Mapping[str, Any], ...]:
        """What `graph.facts["folds"]` says of each frame."""
        wiring = self.wiring
        drawn = [0] * len(self.frames)
        for c in wiring.repeats:
            around = wiring.inside[c]
            while around >= 0:
                drawn[around] += c not in self.parsed.program.parts
                around = self.frames[around].parent
        found = []
        for i, frame in enumerate(self.frames):
            run = frame.run
            whole = sum(n for path, n in inside.items()
                        if path == frame.path or path.startswith(frame.path + "/"))
            parent = self.frames[frame.parent].path if frame.parent >= 0 else ""
            first, last = self._passes(i)
            found.append({
                "path": frame.path, "parent": parent, "count": run.times, "period": run.period,
                "title": self._title(frame, i), "index": self._letter(i), "first": first,
                "last": last, "ops": drawn[i], "nodes": whole,
                "holds": self._holds(frame) if run.times == 1 else "",
                "closed": depth is not None and frame.path.count("/") >= depth,
                "carried": tuple([(ids[port], ids[wiring.drawn(out)])
                                  for port, out in wiring.carried[i].items()
                                  if port in wiring.first_use])})
        return tuple(found)

    def _passes(self, i: int) -> tuple[int, int]:
        """The first and last pass of the loop, where each repeat is a pass; else 1 and how many.

        A line that an earlier frame shows too has run in another loop: its passes say nothing.
        """
        frame = self.frames[i]
        passes, (s, p, count, _) = self.parsed.program.passes, frame.run
        for b in range(p):
            seen = passes[s + b:s + b + p * count:p]
            if count > 1 and frame.parent < 0 and seen[0] and \
                    seen == list(range(seen[0], seen[0] + count)):
                earlier = [o for one in self.frames[:i] if one.parent < 0
                           for o in range(one.run.start, one.run.start + one.run.period)]
                if seen[0] > 1 and self._line(s + b) in map(self._line, earlier):
                    break
                return seen[0], seen[-1]
        return 1, count

    def _scope(self, frame: Frame) -> str:
        """The path of the scope that a frame of one repeat is, the innermost there."""
        return self.scopes[frame.run.start, frame.run.start + frame.run.period]

    def _holds(self, frame: Frame) -> str:
        """What a scope holds: its ops and the numbers of its parameters."""
        program, nodes, (s, p, _, _) = self.parsed.program, self.graph.nodes, frame.run
        used = dict.fromkeys(program.source[program.first[s]:program.first[s + p]])
        leaves = [nodes[self.parsed.leaf[-1 - v]] for v in used if v < 0]
        data = [node.facts.get("data") for node in leaves if node.kind == "parameter"]
        held = sum(prod(value.shape) for value in data if isinstance(value, Value))
        ops = sum(op >= 0 for op in self.parsed.op[s:s + p])
        said = [self.graph.facts.get("scopes", {}).get(self._scope(frame), ""),
                f"{ops} op{'s' * (ops != 1)}", text.counted(held, "parameters") if held else ""]
        return " · ".join(filter(None, said))

    def _line(self, o: int) -> Any:
        return self.graph.nodes[max(self.parsed.op[o], self.parsed.box[o])].facts.get("line")

    def _title(self, frame: Frame, i: int) -> str:
        """What a frame is called: by its scope, what it carries, or what it computes."""
        s, p, count, _ = frame.run
        parsed, wiring = self.parsed, self.wiring
        groups = parsed.program.group
        if count == 1:           # its own name; where that is a number, with the one above
            way = self._scope(frame).split("/")
            return "/".join(way[-2:] if way[-1].isdigit() else way[-1:])
        if groups[s]:
            some = range(min(count, SEEN))
            for words in range(len(groups[s]), 0, -1):
                paths = ["/".join(groups[s + k * p][:words]) for k in some]
                within = all(groups[o][:words] == groups[s][:words] for o in range(s, s + p))
                name = counted(paths, line(len(paths), self._letter(i)), path=True) \
                    if len(set(paths)) == len(some) > 1 else ""
                if within and name:
                    return name
        body = [o for o in range(s, s + p) if wiring.inside[o] == i and wiring.stands[o] == o]
        shown = [self.label[o] for o in body if parsed.box[o] >= 0]
        named = [label for label in shown if " = " in label and not own(label)]
        shown = [label.partition(" = ")[2] if own(label) else label for label in shown]
        if len(named) == 1 or len(shown) == 1:
            return text.shorten((named or shown)[0], TITLE)
        names = list(dict.fromkeys([label.partition(" = ")[0] for label in named]))
        if names:
            return ", ".join(names[:4]) + (" …" if len(names) > 4 else "")
        if shown and len(shown[-1]) <= TITLE and "…" not in shown[-1]:
            return shown[-1]
        symbols = [self.graph.nodes[parsed.op[o]].label for o in range(s, s + p)
                   if wiring.stands[o] == o and parsed.op[o] >= 0]
        return " ".join(symbols[:6]) + (" …" if len(symbols) > 6 else "")


def picked(items: Sequence[Any], at: Sequence[int]) -> Sequence[Any]:
    """Some nodes or edges, made when they are asked for where the others are."""
    return items.picked(at) if isinstance(items, Items) else tuple([items[i] for i in at])


def _sized(node: Node) -> str:
    """How an expression writes an array that has no name: [3×4]."""
    data = node.facts.get("data")
    return f"[{'×'.join(map(str, data.shape))}]" if isinstance(data, Value) else ""


def _name(node: Node) -> str:
    return node.label.partition(" = ")[0] or node.id
