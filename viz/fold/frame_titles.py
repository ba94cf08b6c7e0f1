"""Frame titles: name, place, repeats and size of each frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from ..graph import Value, text
from .frame import Frame
from .merge_paths import merge_paths
from .repeat_names import RepeatNames, first_difference
from .scopes import find_scopes
from .wiring import Key

MOST = 40                        # longer titles are shortened or left out
NAMED = 4                        # names in a title


class FrameTitles:
    """The titles of the frames of a graph during folding."""

    def __init__(self, names: RepeatNames, label: Mapping[int, str]) -> None:
        """label: representative op -> its tensor's label."""
        self.names, self.label = names, label
        self.graph, self.parsed = names.graph, names.parsed
        self.frames, self.wiring = names.frames, names.wiring
        self.modules: Mapping[str, str] = self.graph.facts.get("modules", {})
        self.above: list[int] = []                 # frame -> words of the path of its scope
        once = any(frame.run.times == 1 for frame in self.frames)
        self.scopes = {(scope.start, scope.end): scope.path        # the innermost comes last
                       for scope in (find_scopes(self.parsed.program) if once else ())}

    def folds(self, ids: Mapping[Key, str], inside: Mapping[str, int], depth: int | None
              ) -> tuple[Mapping[str, Any], ...]:
        """Return `graph.facts["folds"]`. inside: frame -> number of nodes in its body."""
        wiring = self.wiring
        drawn = [0] * len(self.frames)
        for c in wiring.repeats:
            around = wiring.inside[c]
            while around >= 0:
                drawn[around] += c not in self.parsed.program.parts
                around = self.frames[around].parent
        found = []
        for i, frame in enumerate(self.frames):
            run, steps = frame.run, self.names.steps[i]
            whole = sum(n for path, n in inside.items()
                        if path == frame.path or path.startswith(frame.path + "/"))
            parent = self.frames[frame.parent].path if frame.parent >= 0 else ""
            first, last = (steps.first, steps.first + run.times - 1) if steps and \
                not steps.names else self._passes(i)
            title, where = self._title(frame, i)
            found.append({
                "path": frame.path, "parent": parent, "count": run.times, "period": run.period,
                "title": title, "where": where, "index": self.names.of(i), "first": first,
                "last": last, "names": steps.names if steps else (), "ops": drawn[i],
                "nodes": whole, "holds": self._holds(frame) if run.times == 1 else "",
                "closed": depth is not None and frame.path.count("/") >= depth,
                "carried": tuple([(ids[port], ids[wiring.drawn(out)])
                                  for port, out in wiring.carried[i].items()
                                  if port in wiring.first_use])})
        return tuple(found)

    def _passes(self, i: int) -> tuple[int, int]:
        """Return the first and last pass of the loop, if each repeat is a pass; else 1 and the
        count.

        If an earlier frame has the same line, the line ran in another loop, and its passes are
        ignored.
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

    def _line(self, o: int) -> Any:
        return self.graph.nodes[max(self.parsed.op[o], self.parsed.box[o])].facts.get("line")

    # ---- Scopes

    def _scope(self, frame: Frame) -> str:
        """Return the path of the innermost scope that a frame of one repeat shows."""
        return self.scopes[frame.run.start, frame.run.start + frame.run.period]

    def _holds(self, frame: Frame) -> str:
        """Return a scope's contents: its class, its ops and the number of its parameters."""
        program, nodes, (s, p, _, _) = self.parsed.program, self.graph.nodes, frame.run
        used = dict.fromkeys(program.source[program.first[s]:program.first[s + p]])
        leaves = [nodes[self.parsed.leaf[-1 - v]] for v in used if v < 0]
        data = [node.facts.get("data") for node in leaves if node.kind == "parameter"]
        held = sum(prod(value.shape) for value in data if isinstance(value, Value))
        ops = sum(op >= 0 for op in self.parsed.op[s:s + p])
        path = self._scope(frame)
        name, module = path.rpartition("/")[2], self.modules.get(path, "")
        alike = name.rstrip("0123456789").replace("_", "").lower()             # Dense_0, a Dense
        said = [module if module.lower() != alike else "",
                self.graph.facts.get("scopes", {}).get(path, ""),
                f"{ops} op{'s' * (ops != 1)}", text.quantity(held, "parameters") if held else ""]
        return " · ".join(filter(None, said))

    # ---- Titles

    def _title(self, frame: Frame, i: int) -> tuple[str, str]:
        """Return the title of a frame, and its place: by its scope, the names of its repeats, or
        its computation."""
        around = self.above[frame.parent] if frame.parent >= 0 else 0
        self.above.append(around)
        if frame.run.times == 1:   # its own name; for a number, also the one above
            way = self._scope(frame).split("/")
            self.above[i] = len(way)
            return "/".join(way[-2:] if way[-1].isdigit() else way[-1:]), ""
        steps, (modules, whole) = self.names.steps[i], self._repeated(frame, i)
        found = [{self.modules.get("/".join(path), "") for path in paths} for paths in modules]
        classes = list(dict.fromkeys([one.pop() if len(one) == 1 else "" for one in found]))
        if whole and len(modules) == 1:
            self.above[i] = len(modules[0][0])
        if steps and steps.names and not all(map(str.isdigit, steps.names)):
            return _list(steps.names), classes[0] if whole and len(classes) == 1 else ""
        where = self._path(modules[0], i, around, ".") if len(modules) == 1 else ""
        if whole and all(classes):
            return _list(classes), where
        path = self._path(self._whole(frame, i), i, around, "/") \
            if whole and len(modules) == 1 else ""
        if path:
            return path, ""
        computed, named = self._computes(frame, i)
        held = "" if modules else self.names.held(i)
        return (computed, held or where) if named or not held else (held, "")

    def _repeated(self, frame: Frame, i: int) -> tuple[list[list[tuple[str, ...]]], bool]:
        """Return the scopes that differ between repeats, each by its paths in the sampled repeats;
        and whether a body consists of them."""
        (s, p, _, _), group = frame.run, self.parsed.program.group
        found: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        size, whole = self.names.own_axis(i), True
        for o in range(s, s + p):
            words = first_difference(group[o], group[o + p])
            way = group[o][:words]
            if words and way not in found:
                found[way] = [path[:words] for path in self.names.across(o, i)]
            if not words or len(set(found[way][:size])) < size:
                whole = False
        return [paths for paths in found.values() if len(set(paths[:size])) == size], whole

    def _whole(self, frame: Frame, i: int) -> list[tuple[str, ...]]:
        """Return the innermost scope around a whole repeat, by its paths in the sampled repeats."""
        (s, p, _, _), group = frame.run, self.parsed.program.group
        words = min(map(len, group[s:s + p]))
        while len({way[:words] for way in group[s:s + p]}) > 1:
            words -= 1
        return [path[:words] for path in self.names.across(s, i)]

    def _path(self, paths: Sequence[tuple[str, ...]], i: int, around: int, between: str) -> str:
        """Return a scope of all repeats relative to the frame around: blocks.[t]. A bare number
        gets the word above, scan/[t]; with dots between the words, it is left out."""
        words = merge_paths(paths, self.names.grids[i], self.names.known(i))
        seen = words[around:]
        if len(seen) == 1 and seen[0][0] == "[":
            seen = words[-2:] if between == "/" else []
        return between.join(seen)

    def _computes(self, frame: Frame, i: int) -> tuple[str, bool]:
        """Return the values that a body carries or computes; and whether the user named them."""
        (s, p, _, _), parsed, wiring = frame.run, self.parsed, self.wiring
        body = [o for o in range(s, s + p) if wiring.inside[o] == i and wiring.stands[o] == o
                and parsed.box[o] >= 0]
        named = [self.label[o] for o in body
                 if " = " in self.label[o] and o not in self.names.nameless.own]
        shown = [self.label[o].removeprefix(f"{self.names.nameless.name(o)} = ") for o in body]
        if len(named) == 1 or len(shown) == 1:
            return text.shorten((named or shown)[0], MOST), bool(named)
        names = list(dict.fromkeys([label.partition(" = ")[0] for label in named]))
        if names:
            return _list(names), True
        if shown and len(shown[-1]) <= MOST and "…" not in shown[-1]:
            return shown[-1], False
        symbols = [self.graph.nodes[parsed.op[o]].label for o in range(s, s + p)
                   if wiring.stands[o] == o and parsed.op[o] >= 0]
        return " ".join(symbols[:6]) + (" …" if len(symbols) > 6 else ""), False


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
