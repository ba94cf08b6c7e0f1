"""Wiring: the connections of a graph with folded runs, through ports at their frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph.program import Parsed
from .frame import Frame, representatives

KEPT = 4                         # of more repeats, a value that leaves has no boxes outside

# A key names a node of the new graph: ("op", op), ("box", op), ("leaf", frame, leaves),
# ("port", frame, way, ...), ("exit", representative op, frame outside, op)
Key = tuple[Any, ...]


class Wiring:
    """The nodes of the new graph, as keys, and the edges between them."""

    def __init__(self, parsed: Parsed, frames: Sequence[Frame], inputs: frozenset[int],
                 depth: int | None) -> None:
        self.parsed, self.frames = parsed, frames
        self.depth = depth                         # deeper frames are closed
        self.inputs = inputs                       # leaves that stay outside scopes, as sources
        self.stands, self.inside = representatives(parsed.program, frames)
        self.repeats: dict[int, list[int]] = {}    # representative op -> all ops it replaces
        for o, c in enumerate(self.stands):
            self.repeats.setdefault(c, []).append(o)
        self.first_use: dict[Key, float] = {}      # ports and leaves -> index of their first use
        self.arrows: dict[tuple[Key, Key, int], list[int]] = {}    # -> indices of its sources
        self.leaves: dict[Key, None] = {}
        self.exits: dict[tuple[int, int], dict[int, None]] = {}    # (op, frame outside) -> ops
        self.ends = frozenset(parsed.outputs)
        self.forced: set[int] = set()              # ops inside a frame that made an output
        self.carried: list[dict[Key, Key]] = [{} for _ in frames]  # port in -> outgoing value
        self._wire()

    def _wire(self) -> None:
        """Find the source of each input of each op that is drawn, through ports where needed."""
        first = self.parsed.program.first
        tasks: list[tuple[Key, int, tuple[int, ...], int, int]] = []
        self._leave()
        for c in self.repeats:
            head = ("op" if self.parsed.op[c] >= 0 else "box", c)
            for a in range(first[c + 1] - first[c]):
                tasks.append((head, a, (c,), a, self.inside[c]))
        tasks.reverse()
        while tasks:
            head, argument, ops, a, frame = tasks.pop()
            if len(ops) > 1 and not self._all_shared(ops, a, frame):
                tasks += [(head, argument, (o,), a, frame) for o in reversed(ops)]
                continue
            o = ops[0]
            tail, more = self._source(o, a, frame)
            if len(ops) > 1:     # each enters the frame: by one port
                tail, more = ("port", frame, "all", self._fed(ops, a, frame)), ops
            at = self.first_use[head] if head[0] == "port" else \
                float(max(self.parsed.op[o], self.parsed.box[o]) if head[0] == "box" else
                      self.parsed.op[o])
            if tail[0] in ("port", "leaf"):
                new = tail not in self.first_use
                self.first_use[tail] = min(at, self.first_use.get(tail, at))
                if new and tail[0] == "port":
                    tasks.append((tail, -1, tuple(more), a, self.frames[frame].parent))
            places: list[int] = []
            if head[0] != "port":
                places = [first[k] + a for k in self.repeats[o]]
            self.arrows.setdefault((tail, head, argument), []).extend(places)

    def _leave(self) -> None:
        """Let outputs leave their frame, if only a few repeats of a value are outputs; and let them
        leave closed scopes, to be visible."""
        last: dict[int, list[int]] = {}
        for o, box in enumerate(self.parsed.box) if self.ends else ():
            if box in self.ends and self.inside[self.stands[o]] >= 0:
                last.setdefault(self.stands[o], []).append(o)
        for c, ops in last.items():
            some = len(ops) < len(self.repeats[c]) and len(ops) <= KEPT
            if some or len(self.repeats[c]) == 1 and not self._once(c, -1):
                self.forced.update(ops)
                self.exits.setdefault((c, -1), {}).update(dict.fromkeys(ops))

    def _all_shared(self, ops: Sequence[int], a: int, frame: int) -> bool:
        """Return whether ops take the result of an op outside a frame, the same in all its repeats.
        """
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
        """Return the source of an input within a frame; for a port, also the ops that define its
        source."""
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
        if v < 0 and max(fed(1)) < 0 and not (count == 1 and v in self.inputs):
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
        if self.parsed.box[c] < 0:                 # an op with several results: its parts follow
            return ("op", c)
        if self.inside[c] == frame:
            return ("box", c)
        self.exits.setdefault((c, frame), {})[v] = None
        return ("exit", c, frame, v)

    def kept(self, c: int, frame: int) -> list[int]:
        """Return the repeats of a value that have a box of their own outside their frame."""
        left = self.exits[c, frame]
        if self._once(c, frame):
            return []
        return list(left) if len(left) <= KEPT else [v for v in self.forced if v in left]

    def drawn(self, key: Key) -> Key:
        """Return the key of the node that is drawn for this one."""
        if key[0] == "exit" and self._once(key[1], key[2]):
            return ("box", key[1])
        if key[0] != "exit" or key[3] in self.forced or len(self.exits[key[1], key[2]]) <= KEPT:
            return key
        return ("box", key[1])

    def _once(self, c: int, frame: int) -> bool:
        """Return whether a value leaves only open scopes, which are not repeated: it has no second
        box."""
        around = self.inside[c]
        hidden = False
        while around != frame and self.frames[around].run.times == 1:
            hidden |= not self._open(around)
            around = self.frames[around].parent
        return around == frame and not (hidden and (frame < 0 or self._open(frame)))

    def _open(self, frame: int) -> bool:
        return self.depth is None or self.frames[frame].path.count("/") < self.depth

    def entering(self, port: Key) -> list[int]:
        """Return the tensors that enter by a port, as indices in the graph: one per repeat, in
        order."""
        if port[2] != "carried":
            return [self.index(v) for v in port[3]]
        _, frame, _, of, lag, before = port
        around = self.frames[frame]
        p, count = around.run.period, around.run.times
        found = []
        for i, start in enumerate(around.starts):
            found += [self.index(v) for v in before[i * lag:(i + 1) * lag]]
            found += [self.parsed.box[start + of + k * p] for k in range(count - lag)]
        return found

    def index(self, v: int) -> int:
        return self.parsed.box[v] if v >= 0 else self.parsed.leaf[-1 - v]

    def shifted(self, v: int, frame: int) -> list[int]:
        """Return the repeats of an op of a frame's first repeat."""
        if frame < 0:
            return [v]
        around = self.frames[frame]
        s, p = around.run.start, around.run.period
        return [v - s + start + k * p for start in around.starts for k in range(around.run.times)]
