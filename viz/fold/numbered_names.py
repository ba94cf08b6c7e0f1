"""Generated names of values without a name: v₁, v₂, alike in all repeats."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import prod

from ..graph import Graph, text
from ..graph.program import Parsed
from .frame import Frame
from .merge_labels import RepeatGrid, renumber, generated_name, replace_formula, token
from .wiring import Wiring

FEW = 4                          # a value named in one of this many repeats is named in all


class NumberedNames:
    """The generated names of values in a graph during folding.

    Numbering restarts in each outermost frame; a single one is v. A carried value always has a
    name: x + linear(x) is not written out in the next repeat. A value that is named in some repeats
    is named in all.
    """

    def __init__(self, graph: Graph, parsed: Parsed, frames: Sequence[Frame], wiring: Wiring,
                 grids: Sequence[RepeatGrid]) -> None:
        self.graph, self.frames, self.grids = graph, frames, grids
        self.letter = str(graph.facts.get("letter", "v"))      # of generated names
        self.own: dict[int, int] = {}              # op whose tensor has no name -> k of v₁; 0: v
        self.tokens: dict[str, str] = {}           # v₇₂₀, of any repeat -> its token
        # frame -> value that is written out in some repeats; its formulas in each repeat
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
        for named in found.values():               # carried ones come first: they enter
            order = sorted(named.items(), key=lambda item: item[0] not in lags)
            for n, (c, names) in enumerate(order, len(named) > 1):
                self.own[c] = n
                self.tokens.update(dict.fromkeys(filter(None, names), token(self.letter, n)))

    def name(self, c: int) -> str:
        """Return the generated name of a value: v₂, or v; empty if it has none."""
        k = self.own.get(c, -1)
        return "" if k < 0 else f"{self.letter}{text.subscript(k) if k else ''}"

    def _inline(self, c: int, frame: int, formulas: Sequence[str], lags: Collection[int]) -> None:
        """Record the formulas of a value, for its own repeats, later ones and those around."""
        for i in self._around(frame):
            size = len(self.grids[i].counts)
            seen: dict[tuple[int, ...], dict[str, None]] = {}
            for place, formula in zip(self.grids[frame].at, formulas):
                seen.setdefault(place[:size], {})[formula] = None
                for lag in lags if i == frame else ():
                    seen.setdefault((*place[:-1], place[-1] + lag), {})[formula] = None
            self.inlined[i].append((c, seen))

    def written(self, labels: Sequence[str], frame: int, c: int = -1) -> list[str]:
        """Return the labels of a value in the sampled repeats, with these names; their numbers are
        set by `expand_tokens`."""
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
        """Return the formulas to replace by names in each sampled repeat; containing ones first."""
        if frame not in self.here:
            self.here[frame] = [sorted(
                [(formula, value) for i in self._around(frame) for value, seen in self.inlined[i]
                 for formula in seen.get(place[:len(self.grids[i].counts)], ())],
                key=lambda pair: -len(pair[0])) for place in self.grids[frame].at]
        return self.here[frame]

    def _around(self, frame: int) -> Iterator[int]:
        """Yield a frame and those around it."""
        while frame >= 0:
            yield frame
            frame = self.frames[frame].parent
