"""Facts of a node, an edge and a graph; every key, with its type and its meaning.

Files of graphs (JSON) have the same keys, decoded by these types. Facts of other keys are the
user's: kept, and shown by the viewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, TypedDict

from .value import Value


# One row per key.                      meaning; who sets it
NodeFacts = TypedDict("NodeFacts", {
    "data": Value,                      # the tensor's numbers; readers
    "grad": Value,                      # its gradient, where backward was run; readers
    "op": str,                          # of an op: its name, Mul; readers
    "attributes": str,                  # of an op: its parameters, axis=1; readers
    "formula": str,                     # the expression that was computed; readers
    "line": str,                        # where it was made in the user's file, f.py:3; readers
    "source": str,                      # the same in a library's file; torch and jax readers
    "pass": int,                        # which pass of its loop made it, from 1; readers
    "branch": str,                      # the condition under which it was made; readers
    "made": str,                        # why nothing leads to it; torch reader
    "params": int,                      # number of elements of a parameter; torch and jax readers
    "bytes": int,                       # their size in bytes; torch and jax readers
    "frozen": bool,                     # a parameter without requires_grad; torch reader
    "grad_norm": float,                 # the norm of a parameter's gradient; torch reader
    "update_ratio": float,              # that norm divided by the parameter's; torch reader
    "flops": int,                       # floating-point operations of an op; torch reader
    "saved": int,                       # bytes an op keeps for backward; torch reader
    "break": str,                       # why no gradient passes an op: detach; torch, jax readers
    "dead": int,                        # units that are 0 for every example; torch reader
    "units": int,                       # of this total; torch reader
    "flag": str,                        # the problem here: nan; diagnose, diff, torch reader
    "heat": int,                        # size of its value or gradient, -4 to 4; heat
    "change": str,                      # added, removed, or what changed: data, grad; diff
    "hidden": int,                      # number of its edges that were cut; subgraph
    "partial": bool,                    # its gradient has terms that were cut; subgraph
    "pair": str,                        # id of its partner in the other pass; backward_graph
    "fold": str,                        # path of the frame it is in, 2/1; fold
    "repeats": tuple[Any, ...],         # the Nodes it replaces; fold
    "at": tuple[int, ...],              # their indices in the graph; fold
    "drawn": str,                       # only in the picture: port, copy or exit; fold
    "port": str,                        # how a port feeds a frame: carried, shared ...; fold
    "lag": int,                         # of a carried port: number of repeats back; fold
    "shared": int,                      # number of repeats that use a leaf; fold
}, total=False)

EdgeFacts = TypedDict("EdgeFacts", {
    "argument": int,                    # number of the op's argument, from 0; readers
    "local": Value,                     # the local derivative; readers
    "contribution": Value,              # contribution to its tail's gradient; readers
    "formula": str,                     # the local derivative as an expression; readers
    "break": str,                       # why no gradient passes: detach, no_grad; readers
    "flag": str,                        # the problem here; fold, of all repeats
    "heat": int,                        # size of the contribution, -4 to 4; heat
    "change": str,                      # added or removed; diff
    "repeats": tuple[Any, ...],         # the Edges it replaces; fold
    "at": tuple[int, ...],              # their indices in the graph; fold
    "drawn": str,                       # only in the picture: port or exit; fold
    "repeat": int,                      # of an exit: its repeat, from 0; fold
}, total=False)


class FoldFacts(TypedDict):
    """A frame, in which a repeated segment is drawn once; or a scope, which has one repeat."""

    path: str                           # 2/1: the first frame in the second
    parent: str                         # the path of the frame around it, or empty
    count: int                          # number of repeats; 1 for a scope
    period: int                         # number of ops of each
    title: str
    where: str                          # the scope around it
    index: str                          # the letter of a repeat: t, i
    first: int                          # the number of the first repeat, and of the last
    last: int
    names: tuple[str, ...]              # or the names of the repeats: q, k, v
    ops: int                            # number of ops drawn in it
    nodes: int                          # number of the graph's nodes in it
    holds: str                          # of a scope: its class, ops and parameters
    closed: bool                        # drawn as a box with its title
    carried: tuple[tuple[str, str], ...]         # port, and the node that feeds it one repeat later


class HeatFacts(TypedDict):
    """The scale of the heat of nodes or edges."""

    by: str                             # grad, data or contribution
    limits: tuple[float, ...]           # of the bins on one side of zero, the largest first


class GraphFacts(TypedDict, total=False):
    """The facts of a graph."""

    title: str                          # the function at its arguments; readers, diff
    description: str                    # alternative text, in place of a generated one; --alt
    results: tuple[str, ...]            # lines under the picture: df/dx = 2.44; readers, transforms
    branches: tuple[str, ...]           # the branches that were not taken; readers
    letter: str                         # of values without a name, where it is not v; readers
    modules: Mapping[str, str]          # path of a module -> its class; torch and jax readers
    scopes: Mapping[str, str]           # scopes with a frame in any case, with a note; jax reader
    unreached: tuple[str, ...]          # parameters that the loss does not reach; torch reader
    flags: tuple[str, ...]              # problems, in sentences; diagnose, diff
    differences: tuple[str, ...]        # between two graphs, in sentences; diff
    heat: HeatFacts                     # heat
    paired: tuple[str, str]             # the groups of the two passes; backward_graph
    folds: tuple[FoldFacts, ...]        # the frames, outer ones first; fold


class Facts(dict[str, Any]):
    """An immutable mapping; `{**facts, "flag": "nan"}` makes a new one."""

    __slots__ = ()

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("facts cannot be changed: make new ones, {**facts, key: fact}")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[Facts], tuple[dict[str, Any]]]:
        return Facts, (dict(self),)


def frozen(facts: Mapping[str, Any]) -> Facts:
    """Return an immutable copy of facts, including the mappings, lists and sets in it."""
    if isinstance(facts, Facts):
        return facts
    if _MUTABLE.isdisjoint(map(type, facts.values())):
        return Facts(facts)
    return Facts({key: _frozen(fact) for key, fact in facts.items()})


_MUTABLE = {dict, list, set}


def _frozen(fact: Any) -> Any:
    if isinstance(fact, dict):
        return frozen(fact)
    return tuple(map(_frozen, fact)) if isinstance(fact, list) else \
        frozenset(fact) if isinstance(fact, set) else fact
