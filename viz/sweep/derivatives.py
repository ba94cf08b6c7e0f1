"""Numbers from what f returned, and its exact derivatives."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from ... import tinytorch
from ...tinytorch import Tensor
from ...tinytorch.core.tensor import raw
from .arguments import function_name
from .arrays import Floats


class SweepError(ValueError):
    """An error that prevents a sweep, with a message for users."""

    status = 1                   # exit status of the command line


@contextlib.contextmanager
def suppress_warnings() -> Iterator[None]:
    """Silence the warnings of NumPy: a sweep looks for poles."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def scalar_result(y: Any, f: Any = None) -> Any:
    """Check what f returned: a Tensor or an array with one number per point.

    Raises SweepError for anything else.
    """
    if isinstance(y, (list, tuple)) and len(y) == 1:
        y = y[0]
    if isinstance(y, Tensor):
        return y
    if y is None:
        raise SweepError(f"{function_name(f)} returned None: does it end in a return statement?")
    if isinstance(y, tuple):
        raise SweepError(f"{function_name(f)} returned {len(y)} values: a plot needs one")
    data = np.asarray(y)
    if data.dtype.kind not in "iufb":
        raise SweepError(f"{function_name(f)} returned {y!r:.40}: it must return a number")
    return data.astype(float)


def derivatives(y: Any, x: Tensor, depth: int) -> list[Floats]:
    """Return y and its exact derivatives by x up to `depth`, each of the shape of x or a number."""
    if not isinstance(y, Tensor) or not y.requires_grad:
        return [np.asarray(raw(y), dtype=float)] + depth * [np.zeros(())]
    if depth < 2:
        return [y.data, gradient(y, x)][:depth + 1]
    out = [c * math.factorial(k) for k, c in enumerate(tinytorch.taylor(y, x, depth))]
    lost = np.isfinite(out[0]) & ~np.isfinite(out[1])
    if np.any(lost):             # series overflow earlier, and stop at 0**1.5: backward may do
        out[1] = np.where(lost, gradient(y, x), out[1])
    return out


def gradient(y: Any, x: Tensor) -> Any:
    """Return dy/dx at each point: (N,) or a number."""
    if not isinstance(y, Tensor) or not y.requires_grad:
        return np.zeros(())
    return tinytorch.gradients(y, x, np.ones(y.shape)).data
