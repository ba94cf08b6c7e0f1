"""The text of an equation of a jaxpr: its name, its parameters, its module."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

NAMES = {"integer_pow": "power", "square": "power", "dot_general": "matmul", "logistic": "sigmoid",
         "max": "maximum", "min": "minimum", "reduce_sum": "sum", "reduce_max": "max",
         "broadcast_in_dim": "broadcast", "convert_element_type": "astype", "pow": "power",
         "rem": "fmod", "add_any": "add"}
HIDDEN = {"sharding", "out_sharding", "accuracy", "effects", "ctx_mesh"}
BRIEF: dict[str, tuple[str, ...]] = {              # the parameters shown, for these primitives
    "dot_general": (), "broadcast_in_dim": (), "squeeze": (), "iota": (), "slice": (),
    "reshape": ("new_sizes",), "transpose": ("permutation",),
    "convert_element_type": ("new_dtype",)}
WITH_RULE = ("custom_jvp_call", "custom_vjp_call")
NAMED = re.compile(r"[\w.]+")    # a scope's name: Dense_0; not that of an einsum


def named(name: str) -> str:
    """Return the common name of a primitive: dot_general is matmul."""
    return NAMES.get(name, name)


def params_text(name: str, params: Any) -> tuple[str, str]:
    """Return the name of an equation, and the text of its parameters."""
    if name.startswith(WITH_RULE):   # by the name of the function
        return function_name(params.get("call_jaxpr")) or name, ""
    if name in BRIEF:            # the shapes show the rest
        return named(name), ", ".join(_text(params[key]) for key in BRIEF[name])
    shown = {key: x for key, x in params.items() if key not in HIDDEN and key != "weak_type"
             and isinstance(x, (int, float, str, tuple, np.dtype)) and x not in ((), "")}
    if name == "reduce_sum" and not params.get("axes"):
        shown = {}
    return named(name), ", ".join(f"{key}={_text(x)}" for key, x in shown.items())


def _text(x: Any) -> str:
    """Return the text of a parameter: numpy's numbers as numbers, (1,) as it is."""
    if isinstance(x, (tuple, list)):
        return f"({', '.join(map(_text, x))}{',' * (len(x) == 1)})"
    return str(x)


def attributes(params: Any) -> str:
    """Return all parameters of an equation but functions: equal texts, equal parameters."""
    told = {key: _text(x) for key, x in params.items() if x is not None and key not in HIDDEN
            and not callable(x) and not hasattr(getattr(x, "jaxpr", x), "eqns")}
    return ", ".join(f"{key}={x}" for key, x in told.items() if " at 0x" not in x and "\n" not in x)


def modules(equation: Any) -> str:
    """Return the path of an equation's flax or equinox modules and other named scopes: MLP/Dense_0.
    """
    stack = getattr(equation.source_info.name_stack, "stack", ())
    names = [str(one.name) for one in stack if type(one).__name__ == "Scope"]
    return "/".join(name.rpartition(".")[2] for name in names if NAMED.fullmatch(name))


def function_name(closed: Any) -> str:
    """Return the name of the function that a jaxpr was made from."""
    info = getattr(getattr(closed, "jaxpr", closed), "debug_info", None)
    return str(getattr(info, "func_src_info", None) or "").partition(" at ")[0]
