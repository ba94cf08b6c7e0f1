"""Proxy tensors: another framework's results as tensors of tinytorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...tinytorch import Tensor, constant
from ...tinytorch.core.op import record

from .tape import SYMBOLS, elementwise, operation

Array = NDArray[Any]

WHOLE = {"where", "clip"}        # ops of ours with all operands present


def proxy(name: str, data: Array, operands: Sequence[Tensor], params: Mapping[str, Any],
          vjp: Callable[[Any, Tensor], Any], *, differentiable: bool = True) -> Tensor:
    """Return a tensor with numbers computed by the framework, as the result of the op `name`.

    Its backward rule is that of tinytorch's op, if it has the same one, else vjp(ctx, grad), with
    one gradient per operand.
    """
    if name == "rsqrt":
        name, operands = "power", [*operands, leaf(-0.5)]
    op = operation(name)
    fits = op is not None and not params and (
        op.name in WHOLE or elementwise(name, len(operands)))
    if not fits:
        several = "{...}" if len(operands) else ""
        op = type(name, (), {
            "name": name, "symbol": SYMBOLS.get(name, name), "precedence": 5,
            "notation": f"{name}({several})", "backward": staticmethod(vjp),
            "differentiable": differentiable})
    return record(op, data, tuple(operands), dict(params))


def leaf(data: Any) -> Tensor:
    """Return a constant of the framework as a tensor."""
    return constant(np.asarray(data))
