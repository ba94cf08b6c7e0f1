"""Products of vectors, matrices and arrays."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..core.op import Op, apply, public
from ..core.functions import functions
from ..core.tensor import as_tensor
from ..core.vjp import unbroadcast


def _rows(x: Any) -> Any:
    """Return the first operand of a product as a matrix: a vector is a row."""
    return np.reshape(x, (1, x.shape[0])) if x.ndim == 1 else x


def _columns(y: Any) -> Any:
    """Return the second operand of a product as a matrix: a vector is a column."""
    return np.reshape(y, (y.shape[0], 1)) if y.ndim == 1 else y


def _as_matrix(g: Any, x: Any, y: Any) -> Any:
    if x.ndim == 1:
        g = np.expand_dims(g, -1 if y.ndim == 1 else -2)
    if y.ndim == 1:
        g = np.expand_dims(g, -1)
    return g


def _matmul_dx(g: Any, z: Any, x: Any, y: Any) -> Any:
    out = np.matmul(_as_matrix(g, x, y), np.swapaxes(_columns(y), -1, -2))
    return _sum_batch(out, _rows(x).shape, x.shape)


def _matmul_dy(g: Any, z: Any, x: Any, y: Any) -> Any:
    out = np.matmul(np.swapaxes(_rows(x), -1, -2), _as_matrix(g, x, y))
    return _sum_batch(out, _columns(y).shape, y.shape)


def _sum_batch(out: Any, matrix: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Undo the broadcasting of the batch axes, then drop the axis added to a vector."""
    return np.reshape(unbroadcast(out, matrix), shape)


class MatMul(Op):
    """The matrix product x @ y: vectors are promoted, leading axes are batches and broadcast."""
    name, symbol, notation, precedence, dunder = "matmul", "@", "{0} @ {1}", 2, "matmul"
    value, fast = np.matmul, operator.matmul
    vjp, bilinear = (_matmul_dx, _matmul_dy), True
    samples = (([[1.0, 2.0], [3.0, -4.0]], [[0.5, 1.5, 2.5], [-1.0, 0.3, 0.7]]),
               ([1.0, 2.0], [0.5, -1.0]), ([[1.0, 2.0], [3.0, -4.0]], [0.5, -1.0]))


# Einsum, and products written with it.

def _labels(subscripts: str, shapes: list[tuple[int, ...]]) -> tuple[list[str], str]:
    """Return the labels of operands and result: ellipses named, an implied result spelled out."""
    text = subscripts.replace(" ", "")
    left, arrow, result = text.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(shapes):
        raise ValueError(f"einsum {subscripts!r} names {len(inputs)} operands, "
                         f"there are {len(shapes)}")
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in text]
    longest, hidden = 0, []
    for labels, shape in zip(inputs, shapes):
        extra = len(shape) - len(labels.replace("...", "")) if "..." in labels else 0
        if extra < 0 or ("..." not in labels and len(labels) != len(shape)):
            raise ValueError(f"einsum {subscripts!r}: {labels!r} does not fit the shape {shape}")
        hidden.append(extra)
        longest = max(longest, extra)
    names = "".join(free[:longest])
    inputs = [labels.replace("...", names[longest - extra:])
              for labels, extra in zip(inputs, hidden)]
    if arrow:
        result = result.replace("...", names)
    else:
        joined = "".join(inputs)
        result = names + "".join(sorted(c for c in set(joined)
                                        if joined.count(c) == 1 and c not in names))
    return inputs, result


def _einsum_vjp(i: int, g: Any, z: Any, *args: Any, inputs: tuple[str, ...], result: str) -> Any:
    """Exchange the operand and the result; labels that only operand i has are broadcast."""
    others = [(labels, a) for j, (labels, a) in enumerate(zip(inputs, args)) if j != i]
    known = set(result).union(*(labels for labels, _ in others))
    wanted = "".join(c for c in inputs[i] if c in known)
    operands = [g, *(a for _, a in others)]
    labels = (result, *(name for name, _ in others))
    out = Einsum.of(*operands, inputs=labels, result=wanted)
    shape = args[i].shape
    if wanted != inputs[i]:
        sizes = iter(out.shape)
        out = np.reshape(out, tuple(next(sizes) if c in known else 1 for c in inputs[i]))
        out = np.broadcast_to(out, tuple(n if c not in known else m for c, n, m in zip(
            inputs[i], shape, out.shape)))
    return out


def _einsum_value(*args: Any, inputs: tuple[str, ...], result: str) -> Any:
    return np.einsum(f"{','.join(inputs)}->{result}", *args, optimize=len(args) > 2)


def _einsum(subscripts: str, *arrays: Any, optimize: Any = False) -> Any:
    if not isinstance(subscripts, str):
        raise TypeError('einsum takes its labels as text, "ij,jk->ik"')
    tensors = [as_tensor(a) for a in arrays]
    inputs, result = _labels(subscripts, [a.shape for a in tensors])
    for i, labels in enumerate(inputs):
        while len(set(labels)) < len(labels):        # ii: its diagonal first
            c = next(c for c in labels if labels.count(c) > 1)
            a, b = labels.index(c), labels.rindex(c)
            tensors[i] = functions["diagonal"](tensors[i], 0, a, b)
            labels = labels[:a] + labels[a + 1:b] + labels[b + 1:] + c
        inputs[i] = labels
    return apply(Einsum, *tensors, inputs=tuple(inputs), result=result)


class Einsum(Op):
    """Sums of products in Einstein's notation, "ij,jk->ik"; ellipses and repeated labels too."""
    symbol = "Σ"
    notation = lambda inputs, result: f'einsum("{",".join(inputs)}->{result}", {{...}})'
    value, vjp, call = _einsum_value, staticmethod(_einsum_vjp), _einsum
    bilinear = True              # for two operands
    samples = (([[1.0, 2.0], [3.0, -4.0]], [0.5, -1.0], {"inputs": ("ij", "j"), "result": "i"}),
               ([[1.0, 2.0], [3.0, -4.0]], [0.5, -1.0], {"inputs": ("ij", "k"), "result": "k"}))


@public
def tensordot(x: Any, y: Any, axes: Any = 2) -> Any:
    """The sum of products over the last axes of x and the first of y, or over given axes."""
    x, y = as_tensor(x), as_tensor(y)
    if isinstance(axes, (int, np.integer)):
        n = int(axes)
        first, second = tuple(range(x.ndim - n, x.ndim)), tuple(range(n))
    else:
        first, second = (tuple(a) if isinstance(a, (tuple, list)) else (int(a),) for a in axes)
    first, second = tuple(a % x.ndim for a in first), tuple(a % y.ndim for a in second)
    if [x.shape[a] for a in first] != [y.shape[a] for a in second]:
        raise ValueError(f"tensordot does not fit the shapes {x.shape} and {y.shape} over {axes}")
    rows = [a for a in range(x.ndim) if a not in first]
    columns = [a for a in range(y.ndim) if a not in second]
    n = 1
    for a in first:
        n *= x.shape[a]
    left = _matrix(x, (*rows, *first), (-1 if x.size else 0, n))
    right = _matrix(y, (*second, *columns), (n, -1 if y.size else 0))
    shape = [x.shape[a] for a in rows] + [y.shape[a] for a in columns]
    return functions["reshape"](functions["matmul"](left, right), shape)


def _matrix(x: Any, order: tuple[int, ...], shape: tuple[int, int]) -> Any:
    if order != tuple(range(x.ndim)):
        x = functions["transpose"](x, order)
    if not x.size:
        known = max(shape)
        shape = tuple(m if m == known else x.size//max(known, 1) for m in shape)  # type: ignore
    return functions["reshape"](x, shape)


@public
def dot(x: Any, y: Any) -> Any:
    """Vectors: their inner product. Matrices: their product. Numbers: their product."""
    x, y = as_tensor(x), as_tensor(y)
    if not x.ndim or not y.ndim:
        return functions["multiply"](x, y)
    if y.ndim <= 2:
        return functions["matmul"](x, y)
    return tensordot(x, y, ((x.ndim - 1,), (y.ndim - 2,)))


@public
def inner(x: Any, y: Any) -> Any:
    """The sum of products over the last axis of both."""
    x, y = as_tensor(x), as_tensor(y)
    if not x.ndim or not y.ndim:
        return functions["multiply"](x, y)
    return tensordot(x, y, ((-1,), (-1,)))


@public
def outer(x: Any, y: Any) -> Any:
    """The products of each element of x with each of y, both flattened: a matrix."""
    x, y = as_tensor(x), as_tensor(y)
    return functions["reshape"](x, (x.size, 1))*functions["reshape"](y, (1, y.size))


@public
def vdot(x: Any, y: Any) -> Any:
    """The inner product of both, flattened."""
    return functions["matmul"](functions["ravel"](as_tensor(x)), functions["ravel"](as_tensor(y)))


@public
def vecdot(x: Any, y: Any, axis: int = -1) -> Any:
    """The inner products along an axis; the other axes broadcast."""
    return functions["sum"](as_tensor(x)*y, axis)


@public
def matvec(x: Any, y: Any) -> Any:
    """Matrices times vectors; leading axes broadcast."""
    y = functions["expand_dims"](as_tensor(y), -1)
    return functions["squeeze"](functions["matmul"](x, y), -1)


@public
def vecmat(x: Any, y: Any) -> Any:
    """Vectors times matrices; leading axes broadcast."""
    x = functions["expand_dims"](as_tensor(x), -2)
    return functions["squeeze"](functions["matmul"](x, y), -2)


@public
def kron(x: Any, y: Any) -> Any:
    """The Kronecker product: x with each element replaced by it times y."""
    x, y = as_tensor(x), as_tensor(y)
    ndim = max(x.ndim, y.ndim)
    a, b = (1,)*(ndim - x.ndim) + x.shape, (1,)*(ndim - y.ndim) + y.shape
    wide = functions["reshape"](x, [n for m in a for n in (m, 1)])
    tall = functions["reshape"](y, [n for m in b for n in (1, m)])
    return functions["reshape"](wide*tall, [m*n for m, n in zip(a, b)])


@public
def cross(x: Any, y: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1,
          axis: int | None = None) -> Any:
    """The vector product of vectors with three components (with two each: its third component)."""
    if axis is not None:
        axisa = axisb = axisc = axis
    move, stack = functions["moveaxis"], functions["stack"]
    x, y = move(as_tensor(x), axisa, -1), move(as_tensor(y), axisb, -1)
    if x.shape[-1] not in (2, 3) or y.shape[-1] not in (2, 3):
        raise ValueError(f"cross does not fit the shapes {x.shape} and {y.shape} "
                         "(vectors have 2 or 3 components)")
    a, b = [x[..., i] for i in range(x.shape[-1])], [y[..., i] for i in range(y.shape[-1])]
    third = a[0]*b[1] - a[1]*b[0]
    if len(a) == len(b) == 2:
        return third
    a, b = (v if len(v) == 3 else [*v, 0.0] for v in (a, b))
    first, second = a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2]
    out = stack(functions["broadcast_arrays"](first, second, third), -1)
    return move(out, -1, axisc)
