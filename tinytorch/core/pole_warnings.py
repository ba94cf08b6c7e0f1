"""Warnings for infinite or undefined results and derivatives, in place of numpy's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import errors
from .tensor import Tensor, format_data, operands


def checked_value(op: Any) -> Callable[..., Any]:
    """Return an op's value function that warns at the user's line: `f.py:3: log(0) is -inf`.

    If the user changed numpy's error state, that takes precedence, and nothing is added.
    """
    value, risky = op.value, op.risky
    test = risky if callable(risky) else None

    def checked(*args: Any, **params: Any) -> Any:
        if test is not None and not test(*args) or np.geterr()["divide"] != "warn":
            return value(*args, **params)
        raised: list[str] = []
        with np.errstate(divide="call", invalid="call", call=lambda kind, _: raised.append(kind)):
            out = value(*args, **params)
        if raised and not np.all(np.isfinite(out)):
            errors.warn(_described(op, args, out))
        return out
    return checked


def _described(op: Any, args: tuple[Any, ...], out: Any) -> str:
    """Return "log(0) is -inf" of numbers, "log is -inf at 2 of 100 elements" of arrays."""
    if np.ndim(out):
        bad = out[~np.isfinite(out)]
        return (f"{op.name} is {' or '.join(sorted(set(map(str, bad.tolist()))))} "
                f"at {bad.size} of {out.size} elements")
    numbers = [format_data(a) for a in args]
    if not isinstance(op.notation, str) or op.precedence == 5:
        return f"{op.name}({', '.join(numbers)}) is {out}"
    return op.notation.format(*(f"({n})" if n[0] == "-" else n for n in numbers)) + f" is {out}"


def is_risky(t: Tensor) -> bool:
    """Return whether the derivative of t's op may have a pole at t's operands."""
    risky = getattr(t._op, "risky", True)
    return bool(risky(*[a._data for a in operands(t)]) if callable(risky) else risky)


class PoleWarnings:
    """numpy's error state during a backward pass: poles of derivatives warn, with the op's name.

    Entered only when a risky op is met: entering costs as much as two ops.
    """

    def __init__(self) -> None:
        self.tensor: Any = None          # whose op's derivative is being computed
        self._state: Any = None

    def enter(self) -> None:
        self._state = (np.errstate(divide="call", invalid="call", call=self._warn)
                       if np.geterr()["divide"] == "warn" else np.errstate())
        self._state.__enter__()

    def leave(self) -> None:
        if self._state is not None:
            self._state.__exit__(None, None, None)
            self._state = None

    def _warn(self, kind: str, _: int) -> None:
        t = self.tensor
        name, args = getattr(t._op, "name", t._op.__name__), [a._data for a in operands(t)]
        what = "infinite" if kind.startswith("divide") else "undefined"
        if any(map(np.ndim, args)):
            errors.warn(f"the derivative of {name} is {what} at some elements")
        else:
            point = ", ".join(map(format_data, args))
            errors.warn(f"the derivative of {name} is {what} at "
                        f"{point if len(args) == 1 else f'({point})'}")
