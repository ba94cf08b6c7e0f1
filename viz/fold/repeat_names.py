"""Names of repeats, of a frame's leaves and of unnamed values in a fold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from math import prod

from ..graph import Graph, Node, Value, text
from ..graph.program import Parsed
from .frame import Frame
from .merge_labels import (LETTERS, SUBSCRIPTS, RepeatGrid, expand_tokens, make_grid, merge_labels,
                           merge_steps, replace_name)
from .merge_paths import Indexing, find_steps, merge_paths, merge_words
from .numbered_names import NumberedNames
from .wiring import Key, Wiring

MOST = 1000                      # leaves of a frame that are distinguished in expressions

_HELD = re.compile(r"(?:^|\]\.)(\w[\w.]*\[[^\]]*\])\.[\w.]+$")       # of heads.[t].q.weight
_WRITTEN = re.compile(r"\{|\[\d|\[[^\]]*[+−]")             # not produced by any rule for numbers
_PLACE = 0x100000                # placeholders for such leaves
_PATH = re.compile(r"\w+(\.\w+)*\.[^\W\d]\w*")           # 0.norm.weight, not 0.5


class RepeatNames:
    """The names in a graph during folding."""

    def __init__(self, graph: Graph, parsed: Parsed, frames: Sequence[Frame], wiring: Wiring
                 ) -> None:
        self.graph, self.parsed, self.frames, self.wiring = graph, parsed, frames, wiring
        self.grids: list[RepeatGrid] = []          # frame -> the sampled repeats
        counts: list[tuple[int, ...]] = []
        for frame in frames:
            counts.append((*(counts[frame.parent] if frame.parent >= 0 else ()),
                           *([frame.run.times] if frame.run.times > 1 else [])))
            self.grids.append(make_grid(counts[-1] or (1,)))
        self.leaves: list[dict[str, list[str]]] = [{} for _ in frames]     # name -> sampled labels
        self.called: dict[Key, str] = {}           # leaf -> its label
        self.replaced: list[list[tuple[str, list[str]]]] = [[] for _ in frames]
        labels = self._leaf_labels()
        self.steps = [self._steps(i, labels) for i in range(len(frames))]
        self._name_leaves(labels)
        self.nameless = NumberedNames(graph, parsed, frames, wiring, self.grids)

    # ---- Repeats

    def of(self, frame: int) -> str:
        """Return the index of a frame's repeats, by the number of repeated frames around it: t, i.
        """
        depth, around = 0, self.frames[frame].parent
        while around >= 0:
            depth += self.frames[around].run.times > 1
            around = self.frames[around].parent
        return LETTERS[min(depth, len(LETTERS) - 2)]

    def known(self, frame: int) -> list[Indexing]:
        """Return the names of the repeats of a frame and those around it, in the order of its grid.
        """
        found: list[Indexing] = []
        while frame >= 0:
            if self.frames[frame].run.times > 1:
                found.append(self.steps[frame] or Indexing())
            frame = self.frames[frame].parent
        return found[::-1] or [Indexing()]

    def across(self, o: int, frame: int) -> list[tuple[str, ...]]:
        """Return the path of an op's scope in the sampled repeats. o: an op of the first repeat."""
        (s, p, count, _), starts = self.frames[frame].run, self.frames[frame].starts
        group = self.parsed.program.group
        return [group[o - s + starts[k // count] + k % count * p] for k in self.grids[frame].seen]

    def own_axis(self, frame: int) -> int:
        """Return the number of leading sampled repeats that differ only in the frame itself."""
        at = self.grids[frame].at
        return sum(place[:-1] == at[0][:-1] for place in at)

    def _steps(self, frame: int, labels: dict[Key, list[str]]) -> Indexing | None:
        """Return the names of a frame's repeats in paths of scopes, else in those of parameters."""
        (s, p, count, _), group = self.frames[frame].run, self.parsed.program.group
        if count == 1:
            return None
        size = self.own_axis(frame)

        def columns(found: Iterable[Sequence[Sequence[str]]]) -> Iterator[list[str]]:
            for paths in found:
                differ = [column for column in zip(*paths) if len(set(column)) > 1] \
                    if len(set(map(len, paths))) == 1 else []
                for column in differ:              # the same in all repeats around
                    if list(column) == list(column[:size]) * (len(column) // size):
                        yield list(column[:size])

        scoped: dict[tuple[str, ...], int] = {}    # differing path -> an op in it
        for o in range(s, s + p):
            scoped.setdefault(group[o][:first_difference(group[o], group[o + p])], o)
        found = find_steps(columns([path[:len(start)] for path in self.across(o, frame)]
                                   for start, o in scoped.items() if start)) or \
            find_steps(columns([label.split(".") for label in column]
                               for key, column in labels.items()
                               if key[1] == frame and all(map(_PATH.fullmatch, column))))
        return found if found and (not found.names or size == count) else None

    # ---- Leaves

    def _leaf_labels(self) -> dict[Key, list[str]]:
        """Return the labels of the leaves of frames in the sampled repeats."""
        nodes, leaf = self.graph.nodes, self.parsed.leaf
        found = {}
        for key in self.wiring.leaves:
            _, frame, codes = key
            if frame >= 0:
                found[key] = [nodes[leaf[-1 - code]].label for code in self._seen(key)]
        return found

    def _seen(self, key: Key) -> list[int]:
        _, frame, codes = key
        repeats, count = self.grids[frame], self.frames[frame].run.times
        whole = len(codes) == prod(repeats.counts)
        return [codes[k if whole else k // count] for k in repeats.seen]

    def _name_leaves(self, found: dict[Key, list[str]]) -> None:
        """Name the leaves that differ between repeats: w[t], or c[t]."""
        unnamed: dict[tuple[int, str], list[tuple[Key, str]]] = {}
        columns: dict[Key, list[str]] = {}
        for key, labels in found.items():
            frame, repeats = key[1], self.grids[key[1]]
            first = self.graph.nodes[self.parsed.leaf[-1 - key[2][0]]]
            columns[key] = labels if any(labels) else [_shape_text(first)] * len(labels)
            named = labels[0] if len(set(labels)) == 1 else self._path(labels, frame) or \
                merge_steps(labels, repeats) or self._word(labels, frame)
            if named:
                self.called[key] = named
            else:
                stem, seen = "c" if first.kind == "constant" else "x", self._seen(key)
                which = f"[{repeats.letter(seen)}]" if len(set(seen)) > 1 else ""
                unnamed.setdefault((frame, stem), []).append((key, which))
        for (_, stem), ones in unnamed.items():
            for n, (key, which) in enumerate(ones, 1):
                self.called[key] = f"{stem}{text.subscript(n) if len(ones) > 1 else ''}{which}"
        for key, labels in columns.items():
            self.leaves[key[1]][self.called[key]] = labels
            if _WRITTEN.search(self.called[key]) and len(self.replaced[key[1]]) < MOST:
                self.replaced[key[1]].append((self.called[key], labels))

    def _path(self, labels: Sequence[str], frame: int) -> str:
        """Merge paths of parameters: blocks.[t].{q,k,v}.weight."""
        if not all(map(_PATH.fullmatch, labels)):
            return ""
        return ".".join(merge_paths([label.split(".") for label in labels], self.grids[frame],
                                    self.known(frame)))

    def _word(self, labels: Sequence[str], frame: int) -> str:
        """Merge the user's names, one per repeat: {q,k,v}."""
        if len(labels) < 2 or not all(map(str.isidentifier, labels)):
            return ""
        found = merge_words(labels, self.grids[frame], self.known(frame))
        return found if found.startswith("{") else ""

    def held(self, frame: int) -> str:
        """Return the owner of the parameters of each repeat, if their paths agree: blocks.[t]."""
        found = {match[1] for name in self.leaves[frame] if (match := _HELD.search(name))}
        return found.pop() if len(found) == 1 else ""

    # ---- Values

    def common(self, labels: Sequence[str], frame: int, c: int = -1) -> str:
        """Return one label for the sampled repeats of a frame."""
        names = ""
        if " = " in labels[0]:                     # q = f(x), k = f(x), v = f(x)
            parts = [label.partition(" = ") for label in labels]
            if len({name.rstrip(SUBSCRIPTS) for name, _, _ in parts}) > 1 and \
                    all(rest for _, _, rest in parts):
                names = self._word([name.rstrip(SUBSCRIPTS) for name, _, _ in parts], frame)
            labels = [rest for _, _, rest in parts] if names else labels
        written = self.nameless.written(labels, frame, c)
        for k, (called, column) in enumerate(self.replaced[frame]):
            written = [label if leaf not in label else replace_name(label, leaf, chr(_PLACE + k))
                       for label, leaf in zip(written, column)]
        label = expand_tokens(merge_labels(written, self.grids[frame], self.leaves[frame]))
        for k, (called, _) in enumerate(self.replaced[frame]):
            label = label.replace(chr(_PLACE + k), called)
        name = names or self.nameless.name(c)
        return f"{name} = {label}" if name else label

    def outside(self, label: str, drawn: str, frame: int, repeat: int | None, paper: bool) -> str:
        """Return the label of one repeat's value outside its frame.

        The value's own name is used if several repeats leave the frame, or if its formula has names
        that only the frame shows. Otherwise it has the label of the frame (drawn); if several
        leave, each with its repeat: k: transpose(v), i = 0: tanh(v).
        """
        name, _, formula = label.rpartition(" = ")
        hidden = re.search(rf"(?<!\w){re.escape(self.nameless.letter)}[₀-₉]*(?!\w)", formula)
        if self.frames[frame].run.times == 1 or not hidden and repeat is None:
            return label
        if name:
            return name
        name, _, formula = drawn.rpartition(" = ")
        shown = label if not hidden else formula if paper else name or formula
        if repeat is None:
            return shown
        steps = self.steps[frame] or Indexing(1)
        return f"{steps.names[repeat]}: {shown}" if steps.names else \
            f"{self.of(frame)} = {steps.first + repeat}: {shown}"


def first_difference(a: Sequence[str], b: Sequence[str]) -> int:
    """Return the number of words of two paths up to the first that differs; 0 if none does."""
    return next((k for k, (one, other) in enumerate(zip(a, b), 1) if one != other), 0)


def _shape_text(node: Node) -> str:
    """Return the text of an unnamed array in an expression: [3×4]."""
    data = node.facts.get("data")
    return f"[{'×'.join(map(str, data.shape))}]" if isinstance(data, Value) else ""
