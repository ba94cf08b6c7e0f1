"""Expressions as text: "x**3 + sin(x)" as a function, "pi/2" or "[1, 2, 3]" as a value. Never eval.

Only the syntax in the tables below is supported: numbers, names, arithmetic, comparisons, `a if c
else b`, lists, and calls of tinytorch's functions by numpy's names.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

DEPTH = 200                      # nesting of an expression at most
LENGTH = 20_000                  # characters of an expression at most
CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau, "inf": math.inf, "nan": math.nan}
MODULES = ("np", "numpy", "tinytorch", "tt", "math")     # np.sin is sin

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.Pow: operator.pow, ast.MatMult: operator.matmul,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos, ast.USub: operator.neg,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}


class ExpressionError(ValueError):
    """Text that is not an expression, or that contains unsupported syntax."""

    status = 2                   # exit status of the command line


class Expression:
    """A function given as text. `names` are its arguments, in order of appearance."""

    def __init__(self, text: str, functions: Mapping[str, Callable[..., Any]]) -> None:
        """Raises ExpressionError, which quotes the unsupported part."""
        self.text = text.strip()
        self.__name__ = "f"
        self._functions = functions
        self._tree = _parse(self.text)
        self.names: tuple[str, ...] = ()
        _check(self._tree, self)

    def __call__(self, *arguments: Any) -> Any:
        if len(arguments) != len(self.names):
            raise TypeError(f"{self.text} takes {len(self.names)} arguments "
                            f"({', '.join(self.names)}), not {len(arguments)}")
        return _value(self._tree, dict(zip(self.names, arguments)), self._functions)


def value(text: str) -> Any:
    """Return the value of a text, a number or (nested) list of numbers: -1/3, pi/2 or [1, 2, 3].

    Raises ExpressionError.
    """
    tree = _parse(text.strip())
    _check(tree, None)
    try:
        result = _value(tree, {}, {})
    except (ArithmeticError, TypeError) as error:  # 1/0, "a list is not a number"
        raise ExpressionError(f"{text!r}: {error}") from None
    if isinstance(result, complex):
        raise ExpressionError(f"{text!r} is complex: {result}; only real numbers can be drawn")
    return result


def _parse(text: str) -> ast.expr:
    if len(text) > LENGTH:
        raise ExpressionError(f"an expression of {len(text)} characters is too long "
                              f"(at most {LENGTH}): put it into a file")
    if not text:
        raise ExpressionError("the expression is empty")
    try:
        tree = ast.parse(text, "<expression>", "eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        why = error.msg if isinstance(error, SyntaxError) else type(error).__name__
        raise ExpressionError(f"{text!r} is not an expression: {why}") from None
    level, depth = [tree], 0
    while level:                 # by levels: no recursion before the depth is known
        depth += 1
        if depth > DEPTH:
            raise ExpressionError(f"the expression is nested more than {DEPTH} deep: "
                                  "put it into a file")
        level = [child for node in level for child in ast.iter_child_nodes(node)
                 if isinstance(child, ast.expr)]
    return tree


def _check(node: ast.expr, owner: Expression | None) -> None:
    """Check that `_value` supports every part; free names become the owner's arguments."""
    children: list[ast.expr]
    if isinstance(node, ast.Constant):
        if type(node.value) not in (int, float, bool):
            raise ExpressionError(f"{ast.unparse(node)}: only numbers are allowed here")
        children = []
    elif isinstance(node, ast.Name):
        if owner is None and node.id not in CONSTANTS:
            raise ExpressionError(f"unknown name {node.id!r} (known: {', '.join(CONSTANTS)})")
        if owner is not None and node.id not in CONSTANTS and node.id not in owner.names:
            if node.id in owner._functions:
                raise ExpressionError(f"{node.id} is a function: write {node.id}(x)")
            owner.names += (node.id,)
        children = []
    elif isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        children = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        children = [node.operand]
    elif isinstance(node, ast.Compare) and all(type(op) in _COMPARE for op in node.ops):
        if len(node.ops) > 1:
            raise ExpressionError(f"{ast.unparse(node)}: compare two things at a time")
        children = [node.left, node.comparators[0]]
    elif isinstance(node, ast.IfExp):
        children = [node.test, node.body, node.orelse]
    elif isinstance(node, (ast.List, ast.Tuple)):
        children = node.elts
    elif isinstance(node, ast.Call):
        if owner is None:
            raise ExpressionError(f"{ast.unparse(node)}: a value calls no function")
        _function(node, owner._functions)
        children = [*node.args, *(k.value for k in node.keywords)]
    elif isinstance(node, ast.Attribute) and _constant(node):
        children = []
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
        raise ExpressionError(f"{ast.unparse(node)}: a power is written **, not ^")
    else:
        raise ExpressionError(f"{ast.unparse(node)}: an expression holds numbers, names, "
                              "+ - * / ** % @, comparisons and calls of functions, not this")
    for child in children:
        _check(child, owner)


def _constant(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in MODULES and node.attr in CONSTANTS


def _function(node: ast.Call, functions: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    """Return the function that a call names. Raises ExpressionError, with the most similar name."""
    name = ast.unparse(node.func)
    head, _, last = name.rpartition(".")
    if head in ("", *MODULES) and last in functions:
        return functions[last]
    from difflib import get_close_matches
    near = get_close_matches(last.lower(), sorted(functions), 1)
    raise ExpressionError(f"unknown function {name!r}" + (f" (did you mean {near[0]}?)" if near
                          else ": use tinytorch's, by numpy's names (sin, exp, log ...)"))


def _value(node: ast.expr, names: Mapping[str, Any],
           functions: Mapping[str, Callable[..., Any]]) -> Any:
    """Return the value of a checked expression; its depth is bounded by DEPTH."""
    def of(child: ast.expr) -> Any:
        return _value(child, names, functions)

    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return names[node.id] if node.id in names else CONSTANTS[node.id]
    if isinstance(node, ast.BinOp):
        left, right = of(node.left), of(node.right)
        if isinstance(node.op, ast.Pow) and isinstance(left, int) and isinstance(right, int):
            left = float(left)   # 9**9**9 overflows at once: an int would fill the memory first
        if isinstance(left, list) or isinstance(right, list):
            raise TypeError("a list is not a number: write the numbers out")
        try:
            return _BINARY[type(node.op)](left, right)
        except OverflowError:
            raise ExpressionError(f"{ast.unparse(node)} is too large a number") from None
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](of(node.operand))
    if isinstance(node, ast.Compare):
        return _COMPARE[type(node.ops[0])](of(node.left), of(node.comparators[0]))
    if isinstance(node, ast.IfExp):
        return of(node.body) if of(node.test) else of(node.orelse)
    if isinstance(node, (ast.List, ast.Tuple)):
        return [of(child) for child in node.elts]
    if isinstance(node, ast.Attribute):
        return CONSTANTS[node.attr]
    assert isinstance(node, ast.Call)
    return _function(node, functions)(*map(of, node.args),
                                      **{k.arg: of(k.value) for k in node.keywords if k.arg})
