"""Values that only the reader has named, or no one: v₁, v₂, alike in all repeats."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import prod

from ..graph import Graph, text
from ..graph.program import Parsed
from .frame import Frame
from .merge_labels import RepeatGrid, renumber, generated_name, replace_formula, token
from .wiring import Wiring

FEW = 4                          # a value that has a name in a repeat of so many has one in all


class NumberedNames:
    """The names of such values in a graph that is being folded.

    They count anew in each outermost frame; a single one is v. What a repeat hands on to the next
    has one in any case: x + linear(x) is not written out where the next takes it. So has what is
    named in some repeats: it is in all.
    """

    def __init__(self, graph: Graph, parsed: Parsed, frames: Sequence[Frame], wiring: Wiring,
                 grids: Sequence[RepeatGrid]) -> None:
        self.graph, self.frames, self.grids = graph, frames, grids
        self.letter = str(graph.facts.get("letter", "v"))      # of the names that the reader gave
        self.own: dict[int, int] = {}              # op whose tensor has no name -> k of v₁; 0: v
        self.tokens: dict[str, str] = {}           # v₇₂₀, of any repeat -> what stands for that k
        # frame -> value that is written out in some repeats; what it is in each seen from there
        self.inlined: list[list[tuple[int, Mapping[tuple[int, ...], Iterable[str]]]]] = \
            [[] for _ in frames]
        self.here: dict[int, list[list[tuple[str, int]]]] = {}
        lags: dict[int, set[int]] = {}
        for i, frame in enumerate(frames):
            for key in wiring.carried[i]:
                lags.setdefault(wiring.stands[frame.run.start + key[3]], set()).add(key[4])
        found: dict[str, dict[int, list[str]]] = {}            # outermost frame -> op -> names
        for c, stood in wiring.repeats.items():
            i, box = wiring.inside[c], parsed.box
            if i < 0 or box[c] < 0 or not 1 < len(stood) == prod(grids[i].counts):
                continue
            labels = [graph.nodes[box[stood[k]]].label for k in grids[i].seen]
            names = [generated_name(label, self.letter) for label in labels]
            some = sum(map(bool, names))
            hidden = sum(" = " in label for label in labels) - some <= len(names) // FEW
            if some > len(names) // 2 or hidden and (c in lags or some > len(names) // FEW):
                found.setdefault(frames[i].path.partition("/")[0], {})[c] = names
                if hidden and some < len(names):
                    formulas = [label.rpartition(" = ")[2] for label in labels]
                    self._inline(c, i, formulas, lags.get(c, ()))
        for named in found.values():               # what is carried comes first: it enters
            order = sorted(named.items(), key=lambda item: item[0] not in lags)
            for n, (c, names) in enumerate(order, len(named) > 1):
                self.own[c] = n
                self.tokens.update(dict.fromkeys(filter(None, names), token(self.letter, n)))

    def name(self, c: int) -> str:
        """The name that a value has in the picture: v₂, or v; empty where it has none of these."""
        k = self.own.get(c, -1)
        return "" if k < 0 else f"{self.letter}{text.subscript(k) if k else ''}"

    def _inline(self, c: int, frame: int, formulas: Sequence[str], lags: Collection[int]) -> None:
        """Notes what a value is, seen from its own repeats, those after and those around."""
        for i in self._around(frame):
            size = len(self.grids[i].counts)
            seen: dict[tuple[int, ...], dict[str, None]] = {}
            for place, formula in zip(self.grids[frame].at, formulas):
                seen.setdefault(place[:size], {})[formula] = None
                for lag in lags if i == frame else ():
                    seen.setdefault((*place[:-1], place[-1] + lag), {})[formula] = None
            self.inlined[i].append((c, seen))

    def written(self, labels: Sequence[str], frame: int, c: int = -1) -> list[str]:
        """The labels of a value in the repeats seen, with these names; their numbers are set by
        `expand_tokens`."""
        found, named = [], c in self.own
        for label, here in zip(labels, self._seen(frame)):
            if named or generated_name(label, self.letter):   # it is named alike in all, or none
                label = label.rpartition(" = ")[2]
            for formula, value in here:
                if formula in label and (value != c or formula != label):
                    label = replace_formula(label, formula, token(self.letter, self.own[value]))
            found.append(renumber(label, self.tokens, self.letter))
        return found

    def _seen(self, frame: int) -> list[list[tuple[str, int]]]:
        """Of each repeat seen the formulas that names stand for; those that hold others first."""
        if frame not in self.here:
            self.here[frame] = [sorted(
                [(formula, value) for i in self._around(frame) for value, seen in self.inlined[i]
                 for formula in seen.get(place[:len(self.grids[i].counts)], ())],
                key=lambda pair: -len(pair[0])) for place in self.grids[frame].at]
        return self.here[frame]

    def _around(self, frame: int) -> Iterator[int]:
        """A frame and those around it."""
        while frame >= 0:
            yield frame
            frame = self.frames[frame].parent
