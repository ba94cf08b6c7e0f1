"""Losses, each in a scope of its own. Names and defaults are PyTorch's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .core.op import composite
from .core.functions import functions
from .core.tensor import Tensor, as_tensor, constant, raw
from .functional import log_softmax, pairwise_distance


def _reduced(loss: Any, reduction: str) -> Any:
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"unknown reduction: {reduction!r} (must be one of mean, sum, none)")
    return functions[reduction](loss)


def _same_shape(name: str, x: Tensor, y: Tensor) -> None:
    if x.shape != y.shape:
        raise ValueError(f"{name} compares equal shapes, not {x.shape} and {y.shape}")


@composite
def mse_loss(x: Any, target: Any, reduction: str = "mean") -> Any:
    """The mean of the squared differences."""
    x = as_tensor(x)
    return _reduced(functions["square"](x - as_tensor(target, x)), reduction)


@composite
def l1_loss(x: Any, target: Any, reduction: str = "mean") -> Any:
    """The mean of the absolute differences."""
    x = as_tensor(x)
    return _reduced(functions["absolute"](x - as_tensor(target, x)), reduction)


@composite
def smooth_l1_loss(x: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """Quadratic below beta, linear beyond."""
    x = as_tensor(x)
    d = functions["absolute"](x - as_tensor(target, x))
    if beta == 0:
        return _reduced(d, reduction)
    near = d.data < beta
    return _reduced(functions["where"](near, 0.5*d*d/beta, d - 0.5*beta), reduction)


@composite
def huber_loss(x: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """Quadratic below delta, linear beyond, with slope delta."""
    x = as_tensor(x)
    d = functions["absolute"](x - as_tensor(target, x))
    near = d.data <= delta
    return _reduced(functions["where"](near, 0.5*d*d, delta*(d - 0.5*delta)), reduction)


def _picked(x: Tensor, target: Any) -> tuple[Any, Any]:
    """Return the elements of x (N, C, ...) at the class numbers (N, ...), and the numbers."""
    target = np.asarray(raw(target)).astype(np.intp)
    if x.ndim == 1:
        return x[target], target
    if target.shape != (x.shape[0], *x.shape[2:]):
        raise ValueError(f"class numbers of shape {target.shape} do not fit scores of shape "
                         f"{x.shape}")
    grid = np.ogrid[tuple(slice(n) for n in target.shape)] if target.ndim else ()
    return x[(grid[0], target, *grid[1:])], target


@composite
def nll_loss(x: Any, target: Any, weight: Any = None, ignore_index: int = -100,
             reduction: str = "mean") -> Any:
    """Minus the log-probability of the target classes; x: (N, C, ...), target: (N, ...).

    The mean is weighted by the classes' weights; targets equal to ignore_index do not count.
    """
    x = as_tensor(x)
    target = np.asarray(raw(target)).astype(np.intp)
    counts = target != ignore_index
    if not np.all((0 <= target[counts]) & (target[counts] < x.shape[min(1, x.ndim - 1)])):
        raise ValueError(f"class numbers must lie in [0, {x.shape[min(1, x.ndim - 1)]}), "
                         f"there are {target[counts].min()} to {target[counts].max()}")
    chosen, _ = _picked(x, np.where(counts, target, 0))
    scale = np.asarray(counts).astype(x.dtype)
    if weight is not None:
        scale = scale*raw(weight)[np.where(counts, target, 0)]
    loss = -chosen if weight is None and counts.all() else functions["where"](
        counts, -chosen*scale, 0.0)
    if reduction != "mean":
        return _reduced(loss, reduction)
    if weight is None and counts.all():
        return functions["mean"](loss)
    with np.errstate(all="ignore"):
        return functions["sum"](loss)/np.sum(scale)


@composite
def cross_entropy(x: Any, target: Any, weight: Any = None, ignore_index: int = -100,
                  reduction: str = "mean", label_smoothing: float = 0.0) -> Any:
    """nll_loss of log_softmax: x are scores (N, C, ...), target class numbers or probabilities."""
    x = as_tensor(x)
    channel = 0 if x.ndim == 1 else 1
    target_data = np.asarray(raw(target))
    log_p = log_softmax(x, channel)
    classes = x.shape[channel]
    w = None if weight is None else np.asarray(raw(weight)).reshape(
        [-1 if i == channel else 1 for i in range(x.ndim)])
    if target_data.dtype.kind == "f" and target_data.shape == x.shape:
        p = as_tensor(target)
        if label_smoothing:
            p = p*(1 - label_smoothing) + label_smoothing/classes
        loss = -functions["sum"](log_p*p if w is None else log_p*p*w, channel)
        if reduction == "mean":
            return functions["sum"](loss)/float(x.size//classes)
        return _reduced(loss, reduction)
    if not label_smoothing:
        return nll_loss(log_p, target_data, weight, ignore_index, reduction)
    counts = target_data != ignore_index
    hard = nll_loss(log_p, target_data, weight, ignore_index, "none")
    soft = -functions["sum"](log_p if w is None else log_p*w, channel)/float(classes)
    soft = functions["where"](counts, soft, 0.0)
    loss = hard*(1 - label_smoothing) + soft*label_smoothing
    if reduction != "mean":
        return _reduced(loss, reduction)
    scale = counts.astype(float) if weight is None else (
        counts*raw(weight)[np.where(counts, target_data, 0).astype(np.intp)])
    return functions["sum"](loss)/np.sum(scale)


@composite
def binary_cross_entropy(x: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """Minus the log-probability of 0/1 targets; x are probabilities. Logarithms are cut at -100."""
    x = as_tensor(x)
    target = as_tensor(target, x)
    _same_shape("binary_cross_entropy", x, target)
    with np.errstate(divide="ignore"):
        yes = functions["maximum"](functions["log"](x), -100.0)
        no = functions["maximum"](functions["log1p"](-x), -100.0)
    loss = -(target*yes + (1 - target)*no)
    return _reduced(loss if weight is None else loss*weight, reduction)


@composite
def binary_cross_entropy_with_logits(x: Any, target: Any, weight: Any = None,
                                     pos_weight: Any = None, reduction: str = "mean") -> Any:
    """binary_cross_entropy of sigmoid(x), without overflow."""
    x = as_tensor(x)
    target = as_tensor(target, x)
    log_sigmoid = functions["logsigmoid"]
    yes = log_sigmoid(x) if pos_weight is None else log_sigmoid(x)*pos_weight
    loss = -(target*yes + (1 - target)*log_sigmoid(-x))
    return _reduced(loss if weight is None else loss*weight, reduction)


@composite
def kl_div(x: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """target*(log(target) - x), x being log-probabilities; reduction also "batchmean"."""
    x = as_tensor(x)
    target = as_tensor(target, x)
    if log_target:
        loss = functions["exp"](target)*(target - x)
    else:
        loss = functions["xlogy"](target, target) - target*x
    if reduction == "batchmean":
        return functions["sum"](loss)/float(x.shape[0])
    return _reduced(loss, reduction)


@composite
def poisson_nll_loss(x: Any, target: Any, log_input: bool = True, full: bool = False,
                     eps: float = 1e-8, reduction: str = "mean") -> Any:
    """Minus the log-probability of counts; x is the logarithm of the rate (or the rate)."""
    x = as_tensor(x)
    target = as_tensor(target, x)
    loss = functions["exp"](x) - target*x if log_input else x - target*functions["log"](x + eps)
    if full:
        t = functions["maximum"](target, 1.0)
        log = functions["log"]
        stirling = t*log(t) - t + 0.5*log(2*math.pi*t)
        loss = loss + functions["where"](target.data > 1, stirling, 0.0)
    return _reduced(loss, reduction)


@composite
def gaussian_nll_loss(x: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6,
                      reduction: str = "mean") -> Any:
    """Minus the log-probability of the target under a normal distribution of mean x."""
    x, var = as_tensor(x), as_tensor(var)
    if var.ndim < x.ndim and var.shape == x.shape[:-1]:
        var = functions["expand_dims"](var, -1)
    v = constant(np.maximum(var.data, eps)) - constant(var.data) + var
    loss = 0.5*(functions["log"](v) + functions["square"](x - target)/v)
    return _reduced(loss + 0.5*math.log(2*math.pi) if full else loss, reduction)


@composite
def hinge_embedding_loss(x: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """x where the target is 1, relu(margin - x) where it is -1; their sum for any other target."""
    x, t = as_tensor(x), raw(target)
    where = functions["where"]
    return _reduced(where(t == -1, 0.0, x) + where(t == 1, 0.0, functions["relu"](margin - x)),
                    reduction)


@composite
def margin_ranking_loss(x1: Any, x2: Any, target: Any, margin: float = 0.0,
                        reduction: str = "mean") -> Any:
    """relu(-target*(x1 - x2) + margin)."""
    return _reduced(functions["relu"](-as_tensor(target)*(as_tensor(x1) - x2) + margin), reduction)


@composite
def soft_margin_loss(x: Any, target: Any, reduction: str = "mean") -> Any:
    """log(1 + exp(-target*x))."""
    return _reduced(functions["softplus"](-as_tensor(target)*x), reduction)


@composite
def cosine_embedding_loss(x1: Any, x2: Any, target: Any, margin: float = 0.0,
                          reduction: str = "mean") -> Any:
    """1 - cos where the target is 1, relu(cos - margin) where it is -1."""
    x1, x2, t = as_tensor(x1), as_tensor(x2), raw(target)
    total = functions["sum"]
    eps = 1e-12                                      # PyTorch's, inside the root
    cos = total(x1*x2, -1)/functions["sqrt"]((total(x1*x1, -1) + eps)*(total(x2*x2, -1) + eps))
    loss = functions["where"](t == 1, 1 - cos, functions["relu"](cos - margin))
    return _reduced(loss, reduction)


@composite
def triplet_margin_loss(anchor: Any, positive: Any, negative: Any, margin: float = 1.0,
                        p: float = 2.0, eps: float = 1e-6, swap: bool = False,
                        reduction: str = "mean") -> Any:
    """relu(distance to the positive - distance to the negative + margin)."""
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = functions["minimum"](far, pairwise_distance(positive, negative, p, eps))
    near = pairwise_distance(anchor, positive, p, eps)
    return _reduced(functions["relu"](near - far + margin), reduction)
