"""Fold: repeated segments of a graph, each drawn once, in a frame; reversible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import cache, partial

from ..graph import Graph, TransformError, text
from ..graph.program import Program
from ..graph.size_limits import FOLD_NODES
from ..options.message import Message, Option
from .find_repeats import Repetition, Slot, find_repetitions, find_slots
from .frame import Frame, representatives
from .parse import parse

SHARE = 0.3                      # and if folding removes this share of its nodes
MODES = ("auto", "none", "all")

SlotFinder = Callable[[int, int, int], tuple[Slot, ...] | None]    # `find_slots` of one program


def fold(graph: Graph, *, mode: str = "auto", depth: int | None = None,
         expand: Sequence[str] = ()) -> Graph:
    """Return the graph with each repeated segment drawn once, in a frame.

    mode: none, all, or auto: above FOLD_NODES nodes, if folding removes a SHARE of them.
    depth: scopes (a model's modules, a program's loops) have frames too, and frames deeper than
    this are closed: boxes with a title. By default scopes have frames if more than FOLD_NODES nodes
    remain.
    expand: paths of frames that are not folded, as `graph.facts["folds"]` names them ("1", "2/1");
    "1:ends" leaves the first and the last repeat out of the frame.

    A node in a frame replaces one node of each repeat, which its fact `repeats` keeps: `unfold`
    returns the graph as it was, exactly. Each frame is verified: every label, shape, attribute and
    input of every repeat. Near linear in the graph (see `find_repeats.find_repetitions`).
    Raises TransformError for an unknown mode and for the path of no frame.
    """
    if mode not in MODES:
        raise TransformError(f"unknown fold: {mode!r} (must be one of {', '.join(MODES)})")
    if mode == "none" and depth is None:
        from .unfold import unfold
        return unfold(graph)
    few = mode == "auto" and len(graph.nodes) <= FOLD_NODES and not expand
    if "folds" in graph.facts or "paired" in graph.facts or \
            few and depth is None and not graph.facts.get("scopes"):
        return graph
    from .collapse import collapse
    parsed = parse(graph)
    if parsed is None:
        return _check_paths(graph, expand, [])
    wired = cache(partial(find_slots, parsed.program))
    found = [] if few or mode == "none" else _verify(wired, find_repetitions(parsed.program))
    frames, depth = _choose_frames(graph, parsed.program, wired, found, mode, depth)
    if expand:
        wanted = dict(_parse_path(path) for path in expand)
        _check_paths(graph, list(wanted), [frame.path for frame in frames])
        frames = make_frames(wired, _expand(frames, wanted))
    if not frames:
        return graph
    small = collapse(graph, parsed, frames, depth)
    if mode == "auto" and not expand and len(small.nodes) > (1 - SHARE) * len(graph.nodes) and \
            all(frame.run.times > 1 for frame in frames):
        return graph
    return small


def _choose_frames(graph: Graph, program: Program, wired: SlotFinder, found: Sequence[Repetition],
                   mode: str, depth: int | None) -> tuple[list[Frame], int | None]:
    """Return the frames of runs and of scopes, and the depth to which they are open.

    The scopes are those named by the reader (`graph.facts["scopes"]`); with a depth, all. Without
    one, if the folds alone leave more than FOLD_NODES nodes, they are open as deep as that limit
    allows.
    """
    from .scopes import add_scopes
    named: Collection[str] = graph.facts.get("scopes", ())
    if depth is not None:
        return make_frames(wired, add_scopes(program, found, named, every=True)), depth
    frames = make_frames(wired, add_scopes(program, found, named, every=False) if named else found)
    if mode != "auto" or not any(program.group):
        return frames, None
    wide = len(graph.nodes) / len(program.label)   # nodes of the graph per op
    if len(set(representatives(program, frames)[0])) * wide <= FOLD_NODES:
        return frames, None
    more = make_frames(wired, add_scopes(program, found, named, every=True))
    if len(more) == len(frames):
        return frames, None
    stands, inside = representatives(program, more)
    level = Counter(more[inside[c]].path.count("/") + 1 if inside[c] >= 0 else 0
                    for c in set(stands))
    fits = [n for n in range(max(level) + 1)
            if sum(level[k] for k in range(n + 1)) * wide <= FOLD_NODES]
    return more, max(fits, default=0)


def _parse_path(path: str) -> tuple[str, bool]:
    """Return a path to expand, and whether only its first and last repeat are expanded."""
    name, _, part = path.partition(":")
    if part not in ("", "ends"):
        raise TransformError(f"cannot expand {path!r} (must be PATH, or PATH:ends for the first "
                             "and the last repeat)")
    return name, part == "ends"


def _check_paths(graph: Graph, wanted: Sequence[str], paths: Sequence[str]) -> Graph:
    for path in wanted:
        if path not in paths:
            raise TransformError(f"there is no fold {path!r} (there is "
                                 f"{', '.join(paths[:12]) or 'none'})")
    return graph


def _verify(wired: SlotFinder, found: Sequence[Repetition]) -> list[Repetition]:
    """Return the runs that are valid in each repeat of the runs around them; others are replaced by
    their inner runs."""
    kept: list[Repetition] = []
    stack: list[tuple[Repetition, tuple[int, ...], list[Repetition]]] = [
        (run, (0,), kept) for run in reversed(found)]        # (0,): offsets of the repeats around
    done: list[tuple[Repetition, list[Repetition], list[Repetition]]] = []
    while stack:
        run, offsets, into = stack.pop()
        inside: list[Repetition] = []
        ways = {wired(run.start + by, run.period, run.times) for by in offsets}
        if len(ways) == 1 and None not in ways:
            done.append((run, inside, into))
            offsets = tuple([by + k * run.period for by in offsets for k in range(run.times)])
            stack += [(inner, offsets, inside) for inner in reversed(run.inner)]
        else:
            stack += [(inner.moved(k * run.period), offsets, into)
                      for k in reversed(range(run.times)) for inner in reversed(run.inner)]
    for run, inside, into in reversed(done):       # inner ones first: they are complete when added
        into.append(Repetition(run.start, run.period, run.times, tuple(sorted(inside))))
    return sorted(kept)


def make_frames(wired: SlotFinder, found: Sequence[Repetition]) -> list[Frame]:
    """Return the frames of verified runs, each after the one around it."""
    frames: list[Frame] = []
    stack: list[tuple[Repetition, int, str, tuple[int, ...]]] = [
        (run, -1, str(i + 1), (run.start,)) for i, run in reversed(list(enumerate(found)))]
    while stack:
        run, parent, path, starts = stack.pop()
        ways = wired(run.start, run.period, run.times)
        assert ways is not None
        frames.append(Frame(path, parent, run, starts, ways))
        me = len(frames) - 1
        for i, inner in reversed(list(enumerate(run.inner))):
            begins = tuple([s + k * run.period + inner.start - run.start
                            for s in starts for k in range(run.times)])
            stack.append((inner, me, f"{path}/{i + 1}", begins))
    return frames


def _expand(frames: Sequence[Frame], wanted: dict[str, bool]) -> list[Repetition]:
    """Return the runs without those to expand: all their repeats, or the first and last."""
    inside: list[list[Repetition]] = [[] for _ in frames]
    top: list[Repetition] = []
    for i in range(len(frames) - 1, -1, -1):       # inner ones first
        frame = frames[i]
        run, into = frame.run, top if frame.parent < 0 else inside[frame.parent]
        inner = tuple(sorted(inside[i]))
        ends = wanted.get(frame.path)
        loose = [] if ends is None else [0, run.times - 1] if ends else list(range(run.times))
        into += [one.moved(k * run.period) for k in loose for one in inner]
        first, count = (run.start, run.times) if not loose else \
            (run.start + run.period, run.times - 2)
        if ends is None or ends and count > 1:
            by = first - run.start
            into.append(Repetition(first, run.period, count,
                                   tuple([one.moved(by) for one in inner])))
        elif ends and count == 1:
            into += [one.moved(run.period) for one in inner]
    return sorted(top)


def summary(graph: Graph) -> str:
    """Return a line about what was folded and what is closed; empty if nothing was."""
    folds = graph.facts.get("folds", ())
    top = [f for f in folds if f["count"] > 1 and not any(
        f["path"].startswith(f"{up['path']}/") for up in folds if up["count"] > 1)]
    parts = [f"{text.literal(f['title'])} ×{f['count']} ({f['nodes']} nodes)" for f in top[:3]]
    more = [f"and {len(top) - 3} more"] if len(top) > 3 else []
    said = [f"folded: {', '.join(parts + more)}"] if top else []
    shut = [f for f in folds if f["count"] == 1 and f["closed"]]
    if shut:
        names = [text.literal(f["title"]) for f in shut[:3]]
        more = [f"and {len(shut) - 3} more"] if len(shut) > 3 else []
        deep = 1 + max(f["path"].count("/") for f in folds)
        said.append(Message(f"closed: {', '.join(names + more)} (", Option("depth", deep),
                            " opens all)"))
    return Message(*[part for one in said for part in ("; ", one)][1:]) if said else ""
