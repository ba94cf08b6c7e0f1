"""Singularities of ops: those an op states, or those of our op of the same name."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...tinytorch import ops
from ...tinytorch.core.singularities import Singularity, first

_STEEP = (Singularity(first, ""),)


def singularities(op: Any) -> tuple[Singularity, ...]:
    """Return the singularities of an op class: those it states, else the ends of its domain."""
    own = _stated(op, "singularities")
    if own:
        return tuple(own)
    domain = getattr(op, "domain", None) or ()
    return tuple(Singularity(lambda a, *_, end=end, **__: a - end, f"{{op}} of {end:g}")
                 for end in domain if np.isfinite(end))


def steep_places(op: Any) -> tuple[Singularity, ...]:
    """Return singularities that are sampled closely but never reported, as of exp.

    Such an op may turn within a pixel: exp near an extremum of its operand, others near a zero.
    """
    return _STEEP if _stated(op, "steep") else ()


def op_name(op: Any) -> str:
    """Return the name of the op in NumPy."""
    return getattr(op, "name", "") or op.__name__.lower()


def _stated(op: Any, what: str) -> Any:
    """Return an attribute of an op class, or of our op of its name: a user's Div has our pole."""
    return getattr(op if hasattr(op, what) else _ours(op_name(op)), what, None)


@cache
def _ours(name: str) -> Any:
    """Return our op of a name, an alias or an operator, in any spelling."""
    plain = _plain(name)
    for op in ops.values():
        if plain in map(_plain, (op.name, op.dunder, *op.aliases)):
            return op
    return None


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def undefined_reason(op: Any, operands: list[Any]) -> str:
    """Return the reason why an op of these finite operands has no finite value."""
    name = op_name(op)
    if name in ("log", "log2", "log10") and np.all(operands[0] == 0):
        return f"{name} of 0"
    if name == "power" and np.all(np.asarray(operands[0]) == 0):
        return "a negative power of 0"
    if name == "power" and np.all(np.asarray(operands[0]) > 0):
        return "power overflows"
    if name in ("exp", "exp2", "expm1", "sinh", "cosh", "multiply", "add", "square"):
        return f"{name} overflows"
    return str(_stated(op, "undefined") or f"{name} is undefined there")


def active_operands(op: Any, value: Any, operands: Any) -> list[Any]:
    """Return the operands that the value comes from: of where, only the branch taken."""
    name = op_name(op)
    if name == "where":
        branches = np.asarray(operands[0].data, dtype=bool)
        return [operands[0], *([operands[1]] if branches.any() else []),
                *([operands[2]] if not branches.all() else [])]
    if getattr(op, "selects", False):
        return [a for a in operands if np.any(np.asarray(a.data) == value)]
    return list(operands)
