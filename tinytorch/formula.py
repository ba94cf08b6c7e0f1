"""Expressions of tensors as text: x³ + x, sin(x)·w, tanh(…)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .core.backward import topological
from .core.op import notation
from .core.tensor import Tensor, operands

LIMIT = 48                       # longer operands are written as …
_DIGITS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


class Form(NamedTuple):
    """A written expression. precedence: 1 sum, 2 product, 3 negation, 4 power, 5 atom."""

    text: str
    precedence: int
    factors: tuple[tuple[Form, int], ...] = ()  # of a product or power: base and exponent, in order


ELLIPSIS = Form("…", 5)


class ExpressionWriter:
    """A writer of tensors' expressions, which computes each on request.

    names: stamp -> name; an operand that has a name is written by it. With expand, only leaves are
    written by name, and all others are written out. An expression of more than `limit` characters,
    or of more than `ops` unnamed ops, gets a name from `fresh`, which is added to names; without
    `fresh` its uses are written as …. Without `ops`, request operands before their results.
    """

    def __init__(self, names: dict[int, str], *, expand: bool = False, limit: int = LIMIT,
                 fresh: Callable[[Tensor], str] | None = None, ops: int | None = None) -> None:
        self.names, self.expand, self.limit, self.fresh, self.ops = names, expand, limit, fresh, ops
        self._own: set[int] = set()                # stamps of tensors named by `fresh`
        self._whole: dict[int, Form] = {}
        self._used: dict[int, Form] = {}

    def text(self, tensor: Tensor) -> str:
        """Return a tensor's expression; of a leaf its name."""
        leaf = tensor._op is None and self.names.get(tensor.stamp)
        return leaf or self._form(tensor).text

    def name(self, tensor: Tensor) -> str:
        """Return a tensor's name within other expressions, or "" if it is written out there."""
        self._operand(tensor)
        return self.names.get(tensor.stamp, "")

    def _form(self, tensor: Tensor) -> Form:
        form = self._whole.get(tensor.stamp)
        if form is None:
            args = operands(tensor)
            form = _form(tensor, [self._operand(a) for a in args]) if args else _leaf(tensor)
            self._whole[tensor.stamp] = form
        return form

    def _operand(self, tensor: Tensor) -> Form:
        """Return a tensor's form within other expressions, at most `ops` deep."""
        form = self._used.get(tensor.stamp)
        if form is not None:
            return form
        name = self.names.get(tensor.stamp)
        made = tensor._op is not None
        if not name or self.expand and made:
            name = ""
            large = made and self.ops is not None and self._large(tensor, self.ops)
            form = ELLIPSIS if large else self._form(tensor)
            if large or len(form.text) > self.limit:
                form = ELLIPSIS
                if made and self.fresh:
                    name = self.names[tensor.stamp] = self.fresh(tensor)
                    self._own.add(tensor.stamp)
        self._used[tensor.stamp] = form = Form(name, 5) if name or form is None else form
        return form

    def _large(self, tensor: Tensor, most: int) -> bool:
        """Return whether writing a tensor out takes more than `most` unnamed ops.

        Names from `fresh` do not count: the answer would depend on earlier requests.
        """
        stack, n = [tensor], 0
        while stack:
            for a in operands(stack.pop()):
                if a._op is not None and (self.expand or a.stamp in self._own
                                          or a.stamp not in self.names):
                    stack.append(a)
            n += 1
            if n + len(stack) > most:
                return True
        return False


def expressions(roots: Sequence[Tensor], names: dict[int, str], *, expand: bool = False,
                limit: int = LIMIT, fresh: Callable[[Tensor], str] | None = None,
                ops: int | None = None) -> dict[int, str]:
    """Return stamp -> expression of every tensor the roots are made of. Linear in the graph.

    The options are those of ExpressionWriter. A root is not named.
    """
    forms = ExpressionWriter(names, expand=expand, limit=limit, fresh=fresh, ops=ops)
    ends = {root.stamp for root in roots}      # not `in roots`: == is elementwise
    written: dict[int, str] = {}
    for tensor in topological(*roots):
        written[tensor.stamp] = forms.text(tensor)
        if tensor.stamp not in ends:
            forms.name(tensor)
    return written


def expression(tensor: Tensor, names: Mapping[int, str] | None = None) -> str:
    """Return the expression of one tensor, leaves by name."""
    return expressions([tensor], dict(names or {}), expand=True)[tensor.stamp]


def local_formulas(tensor: Tensor, names: Mapping[int, str], written: Mapping[int, str]
                   ) -> tuple[str | None, ...]:
    """Return the local derivatives of the op that made a tensor as text: cos(v₁), w, 1.

    names and written: by stamp, as in `expressions`. None if the op has no elementwise derivative
    or the operand is a constant. The formulas are generated: the op's own derivative is called on
    leaves of these names, and the expression of its result is returned.
    """
    op, args = tensor._op, operands(tensor)
    rules = getattr(op, "local", None)
    if not rules:
        return (None,) * len(args)
    stand_ins: list[Tensor] = []
    with np.errstate(all="ignore"):
        formulas: list[str | None] = []
        for rule, argument in zip(rules, args):
            if rule is None or not argument.requires_grad:
                formulas.append(None)
            elif isinstance(rule, (int, float)):
                formulas.append(number(rule))
            else:
                stand_ins = stand_ins or [_stand_in(t, names, written) for t in (tensor, *args)]
                slope = rule(*stand_ins, **(tensor._params or {}))
                formulas.append(
                    expression(slope) if isinstance(slope, Tensor) else
                    number(np.ravel(slope)[0]) if np.size(slope) == 1 else None)
    return tuple(formulas)


def _stand_in(tensor: Tensor, names: Mapping[int, str], written: Mapping[int, str]) -> Tensor:
    """Return a leaf with a tensor's data, named by its expression; of a constant, a constant."""
    if not tensor.requires_grad:
        return tensor.detach()
    return Tensor(tensor.data, name=names.get(tensor.stamp) or written[tensor.stamp])


def number(x: Any) -> str:
    """Return a constant as text in an expression: 2, 0.5, −1, 1e−6."""
    x = x.item() if hasattr(x, "item") else x
    if isinstance(x, float) and x - x == 0 and x == int(x) and abs(x) < 1e10:
        x = int(x)
    text = f"{x:.5g}" if isinstance(x, float) else str(x)
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", "−")


def _leaf(tensor: Tensor) -> Form:
    if tensor.name:
        return Form(tensor.name, _binding(tensor.name))
    if tensor.size == 1:
        text = number(np.ravel(tensor.data)[0])
        return Form(text, 3 if text.startswith("−") else 5)
    if tensor.ndim == 1 and tensor.size <= 3:
        return Form(f"[{', '.join(map(number, tensor.data))}]", 5)
    return Form(f"[{'×'.join(map(str, tensor.shape))}]", 5)


def _binding(text: str) -> int:
    """Return the precedence of an expression's text, by its loosest operation outside brackets."""
    depth, outside = 0, []
    for c in text:
        depth += (c in "([⌊⌈") - (c in ")]⌋⌉")
        if not depth:
            outside.append(c)
    bare = "".join(outside)
    if " + " in bare or " − " in bare or " " in bare:
        return 1
    if any(c in bare for c in "·/@"):
        return 2
    if bare.startswith("−"):
        return 3
    return 4 if any(c in bare for c in "^⁰¹²³⁴⁵⁶⁷⁸⁹⁻") else 5


def _form(tensor: Tensor, args: list[Form]) -> Form:
    op = getattr(tensor._op, "name", "")
    if op == "multiply":
        return _product(_factors(args[0]) + _factors(args[1]))
    if op == "power":
        exponent = _integer(operands(tensor)[1])
        if exponent is not None and exponent not in (0, 1):
            base, n = args[0].factors[0] if len(args[0].factors) == 1 else (args[0], 1)
            return _product(((base, n * exponent),))
    if op == "square":
        return _product(tuple((base, 2*n) for base, n in _factors(args[0])))
    text, precedence = ("{0}^{1}", 4) if op == "power" else notation(tensor)
    text = text.replace("->", "→").replace("-", "−")
    after = precedence == 5 and text.startswith("{0}")         # (x + y)[0], (x + y).T
    return Form(_fill(text, 4 if after else precedence, args), precedence)


def _fill(text: str, precedence: int, args: list[Form]) -> str:
    """Fill a notation with its operands, in brackets where they bind less tightly."""
    if precedence >= 5:
        return text.format(*(a.text for a in args))
    strict = precedence in (1, 2)            # a − (b − c): on the right equals are bracketed
    loose = text.startswith("{0} + ")        # a + (b + c) needs no brackets
    parts = [bracket(a, precedence + (1 if i and strict and not loose else 0)
                     + (1 if precedence == 4 else 0)) for i, a in enumerate(args)]
    if len(parts) == 2 and parts[1].startswith("−"):
        if text == "{0} + {1}":                  # a + −b is a − b
            text, parts[1] = "{0} − {1}", parts[1][1:]
        elif strict:
            parts[1] = f"({parts[1]})"
    return text.format(*parts)


def bracket(form: Form, precedence: int) -> str:
    return form.text if form.precedence >= precedence else f"({form.text})"


def _integer(tensor: Tensor) -> int | None:
    if tensor.requires_grad or tensor.size != 1 or operands(tensor):
        return None
    x = float(np.ravel(tensor.data)[0])
    return int(x) if x - x == 0 and x == int(x) and abs(x) < 1000 else None


def _factors(form: Form) -> tuple[tuple[Form, int], ...]:
    return form.factors or ((form, 1),)


def _product(factors: tuple[tuple[Form, int], ...]) -> Form:
    """Return a product, equal factors as powers: x·x·x is x³, x·y·x is x²·y, except numbers."""
    powers: dict[tuple[str, int], tuple[Form, int]] = {}
    for i, (base, n) in enumerate(factors):
        key = (base.text, i if base.text[0].isdigit() or base is ELLIPSIS else -1)
        powers[key] = (base, powers[key][1] + n if key in powers else n)
    parts = tuple(powers.values())
    if len(parts) > 1:           # 1·x is x
        parts = tuple(part for part in parts if part[0].text != "1") or parts[:1]
    text = "·".join(bracket(base, 4 if i else 3) if n == 1 else
                    bracket(base, 5) + str(n).translate(_DIGITS)
                    for i, (base, n) in enumerate(parts))
    return Form(text, 2 if len(parts) > 1 else 4, parts)
