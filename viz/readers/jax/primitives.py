"""How an equation of a jaxpr is written: its name, its parameters, the module it stands in."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

NAMES = {"integer_pow": "power", "square": "power", "dot_general": "matmul", "logistic": "sigmoid",
         "max": "maximum", "min": "minimum", "reduce_sum": "sum", "reduce_max": "max",
         "broadcast_in_dim": "broadcast", "convert_element_type": "astype", "pow": "power",
         "rem": "fmod", "add_any": "add"}
HIDDEN = {"sharding", "out_sharding", "accuracy", "effects", "ctx_mesh"}
BRIEF: dict[str, tuple[str, ...]] = {              # of these so much is written
    "dot_general": (), "broadcast_in_dim": (), "squeeze": (), "iota": (), "slice": (),
    "reshape": ("new_sizes",), "transpose": ("permutation",),
    "convert_element_type": ("new_dtype",)}
WITH_RULE = ("custom_jvp_call", "custom_vjp_call")
NAMED = re.compile(r"[\w.]+")    # a scope's name: Dense_0; not that of an einsum


def named(name: str) -> str:
    """What a primitive is called elsewhere: dot_general is matmul."""
    return NAMES.get(name, name)


def params_text(name: str, params: Any) -> tuple[str, str]:
    """What an equation is called, and its parameters as they are written."""
    if name.startswith(WITH_RULE):   # by the name of the function
        return function_name(params.get("call_jaxpr")) or name, ""
    if name in BRIEF:            # what else there is shows in the shapes
        return named(name), ", ".join(_text(params[key]) for key in BRIEF[name])
    shown = {key: x for key, x in params.items() if key not in HIDDEN and key != "weak_type"
             and isinstance(x, (int, float, str, tuple, np.dtype)) and x not in ((), "")}
    if name == "reduce_sum" and not params.get("axes"):
        shown = {}
    return named(name), ", ".join(f"{key}={_text(x)}" for key, x in shown.items())


def _text(x: Any) -> str:
    """A parameter, as it is written: numpy's numbers as numbers, (1,) as it is."""
    if isinstance(x, (tuple, list)):
        return f"({', '.join(map(_text, x))}{',' * (len(x) == 1)})"
    return str(x)


def attributes(params: Any) -> str:
    """The parameters of an equation, whole: equal texts, equal parameters. Functions are not told.
    """
    told = {key: _text(x) for key, x in params.items() if x is not None and key not in HIDDEN
            and not callable(x) and not hasattr(getattr(x, "jaxpr", x), "eqns")}
    return ", ".join(f"{key}={x}" for key, x in told.items() if " at 0x" not in x and "\n" not in x)


def modules(equation: Any) -> str:
    """The modules of flax's or equinox's that an equation stands in, and other named scopes, as a
    path: MLP/Dense_0."""
    stack = getattr(equation.source_info.name_stack, "stack", ())
    names = [str(one.name) for one in stack if type(one).__name__ == "Scope"]
    return "/".join(name.rpartition(".")[2] for name in names if NAMED.fullmatch(name))


def function_name(closed: Any) -> str:
    """What the function is called that was made to a jaxpr."""
    info = getattr(getattr(closed, "jaxpr", closed), "debug_info", None)
    return str(getattr(info, "func_src_info", None) or "").partition(" at ")[0]
