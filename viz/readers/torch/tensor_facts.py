"""Facts of PyTorch's tensors and calls: numbers, FLOPs, bytes kept for backward."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from ctypes import c_float
from functools import lru_cache
from math import prod
from typing import Any

import torch

from ...graph import Stats, Value
from ...graph.size_limits import KEPT_NUMBERS
from ...tape.tape import State
from .calls import storage, version

FLOATS = ("float64", "float32", "float16", "bfloat16")
EMPTY = {"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"}     # their
#                                numbers are arbitrary, and differ from run to run
EXACT = 2**24                    # the integers up to here are numbers of float32
SHORT = 2**15                    # PyTorch adds fewer numbers than these in one thread, row by row
TOGETHER = 2**20                 # numbers in a batch of large tensors, at most


@lru_cache(maxsize=None)
def _spelled(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def without_numbers(t: Any) -> Value:
    """Return the value of a tensor without its numbers: shape and dtype."""
    return Value(tuple(t.shape), _spelled(t.dtype))


def filled(shape: Sequence[int], dtype: str, number: float) -> Value:
    """Return the value of a tensor filled with one number."""
    n = prod(shape)
    return Value(tuple(shape), dtype, (number,) * n) if n <= KEPT_NUMBERS else \
        Value(tuple(shape), dtype, None, Stats(number, number, number))


def private(t: Any) -> bool:
    """Return whether only PyTorch can access the memory of a tensor, unlike one made by from_numpy.
    """
    return t.layout != torch.strided or t.is_meta or bool(t.untyped_storage().resizable())


def value(t: Any) -> Value:
    """Return a copy of the numbers of a tensor; of more than KEPT_NUMBERS its stats; on the meta
    device only shape and dtype."""
    dtype, shape = _spelled(t.dtype), tuple(t.shape)
    if t.is_meta:
        return without_numbers(t)
    if t.layout != torch.strided:
        t = t.to_dense()
    if not shape:
        return Value(shape, dtype, (t.item(),))
    if t.numel() <= KEPT_NUMBERS:
        return Value(shape, dtype, tuple((t if len(shape) == 1 else t.reshape(-1)).tolist()))
    t = t.detach()
    if t.is_complex():
        t = t.real
    if t.dtype not in (torch.float32, torch.float64):
        t = t.double()
    least, most = torch.aminmax(t)
    low, high, mean = least.item(), most.item(), _mean(t)
    if mean - mean == 0 and high - low >= 0:
        return Value(shape, dtype, None, Stats(low, mean, high))
    finite = t[torch.isfinite(t)]
    nan = int(torch.isnan(t).sum())
    inf = t.numel() - finite.numel() - nan
    if not finite.numel():
        return Value(shape, dtype, None, Stats(0.0, 0.0, 0.0, nan, inf))
    return Value(shape, dtype, None, Stats(finite.min().item(), finite.double().mean().item(),
                                           finite.max().item(), nan, inf))


def _mean(t: Any) -> float:
    """Return the mean as torch.mean does, in half the time: add and divide in the tensor's type."""
    n = t.numel()
    if n > EXACT or t.device.type != "cpu":
        return float(t.mean())
    mean = t.sum().item() / n
    return c_float(mean).value if t.dtype == torch.float32 else mean


def dead(t: Any) -> dict[str, int]:
    """Return the number of a rectified tensor's dead units (0 for every example; channels of
    images)."""
    unit = 1 if t.dim() >= 4 else t.dim() - 1
    others = [i for i in range(t.dim()) if i != unit]
    idle = int((torch.amax(t, others) <= 0).sum()) if t.numel() else 0
    return {"dead": idle, "units": t.shape[unit]} if idle else {}


class ValueCache:
    """The values of tensors, each computed once: a view of a whole storage shares its numbers.

    exposed: whether tensors may be written into unobserved.
    """

    def __init__(self, *, exposed: bool = False) -> None:
        self._known: dict[int, tuple[Any, dict[Any, Value]]] = {}      # storage: kept, not reused
        self._waiting: list[tuple[State, Any]] = []
        self.exposed = exposed

    def later(self, made: State, t: Any) -> None:
        """Set the value of a result, now or in `settle`: many tensors of one kind are faster
        together."""
        if KEPT_NUMBERS < t.numel() < SHORT and not self.exposed and not t.is_meta:
            made.data = without_numbers(t)
            self._waiting.append((made, t))
        else:
            made.data = self.value(t)

    def settle(self) -> None:
        """Compute the pending values, before a write may change their tensors."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for (made, _), found in zip(waiting, self.values([t for _, t in waiting])):
                made.data = found

    def _cached(self, t: Any) -> dict[Any, Value] | None:
        """Return the cached values of a tensor's storage by (dtype, version), if the tensor spans
        all of a storage that is not small."""
        n = t.numel()
        if n <= KEPT_NUMBERS or t.is_meta or t.layout != torch.strided:
            return None
        held = t.untyped_storage()
        if held.nbytes() != n * t.element_size():
            return None
        known = self._known.get(held._cdata)
        if known is None:
            known = self._known[held._cdata] = held, {}
        return known[1]

    def prepare(self, several: Sequence[Any]) -> None:
        """Compute the values of large tensors together, which is faster than one by one."""
        self.values([t for t in several if t.numel() > KEPT_NUMBERS])

    def forget(self, t: Any) -> None:
        """Drop the values of a tensor after a write that its version may not count: t.data.mul_(2).
        """
        self._known.pop(storage(t), None)

    def value(self, t: Any) -> Value:
        """Return the value of a tensor."""
        shelf = self._cached(t)
        if shelf is None:
            return value(t)
        key = t.dtype, version(t)
        found = shelf.get(key)
        if found is None:
            found = shelf[key] = value(t)
        return _shaped(found, t)

    def values(self, several: Sequence[Any]) -> list[Value]:
        """Return the values of tensors, computing the unknown ones together."""
        places: list[Any] = []
        new: dict[Any, Any] = {}
        for i, t in enumerate(several):
            shelf = self._cached(t)
            place = (i, None) if shelf is None else (id(shelf), t.dtype, version(t))
            if shelf is None or place[1:] not in shelf:
                new.setdefault(place, (t, shelf))
            places.append((shelf, place))
        found = dict(zip(new, each([t for t, _ in new.values()])))
        for place, (_, shelf) in new.items():
            if shelf is not None:
                shelf[place[1:]] = found[place]
        return [found[place] if shelf is None else _shaped(shelf[place[1:]], t)
                for t, (shelf, place) in zip(several, places)]


def _shaped(found: Value, t: Any) -> Value:
    """Return the value with the shape of a tensor of the same numbers."""
    return found if found.shape == t.shape else Value(tuple(t.shape), found.dtype, None,
                                                      found.stats)


def each(several: Sequence[Any]) -> list[Value]:
    """Return the values of tensors, computed together for equal shapes, with the same result."""
    found: list[Any] = [None] * len(several)
    alike: dict[Any, list[int]] = {}
    for i, t in enumerate(several):
        if KEPT_NUMBERS < t.numel() < SHORT and t.layout == torch.strided and t.is_cpu and \
                t.dtype in (torch.float32, torch.float64) and t.is_contiguous():
            alike.setdefault((t.dtype, t.shape), []).append(i)
        else:
            found[i] = value(t)
    for (_, shape), places in alike.items():
        step = max(1, TOGETHER // shape.numel())
        for k in range(0, len(places), step):
            part = places[k:k + step]
            for i, of in zip(part, _together([several[i] for i in part])):
                found[i] = of
    return found


def _together(alike: Sequence[Any]) -> list[Value]:
    """Return the values of large tensors of one shape and type."""
    dtype, shape = _spelled(alike[0].dtype), tuple(alike[0].shape)
    with torch.no_grad():
        rows = torch.stack(list(alike)).flatten(1)         # aminmax of rows takes longer
        found = zip(alike, rows.amin(1).tolist(), rows.mean(1).tolist(), rows.amax(1).tolist())
    return [Value(shape, dtype, None, Stats(*stats))
            if stats[1] - stats[1] == 0 and stats[2] - stats[0] >= 0 else value(t)
            for t, *stats in found]


def ratios(pairs: Sequence[tuple[Any, Any]]) -> list[dict[str, float]]:
    """Return the norm of each parameter's gradient, and its ratio to the parameter's norm: the
    relative change of a plain step of learning rate 1. pairs: (grad, parameter), of any dtypes."""
    if not pairs or any(grad.is_meta or grad.layout != torch.strided for grad, _ in pairs):
        return [{} for _ in pairs]
    norms = torch.stack(torch._foreach_norm([grad.detach() for grad, _ in pairs])).tolist()
    sizes = torch.stack(torch._foreach_norm([p.detach() for _, p in pairs])).tolist()
    return [{"grad_norm": norm, "update_ratio": norm / size} if size > 0 else {"grad_norm": norm}
            for norm, size in zip(norms, sizes)]


def flops(name: str, shapes: Sequence[tuple[int, ...]], out: Sequence[int]) -> int:
    """Return the floating-point operations of a call: a multiply and an add are two. 0 if unknown.

    Counts products, which are nearly all of a network's.
    """
    if name in ("linear",) and len(shapes) >= 2:
        return 2 * prod(out) * shapes[1][-1]
    if name in ("matmul", "mm", "bmm", "mv", "dot") and len(shapes) >= 2:
        return 2 * prod(out) * (shapes[0][-1] if shapes[0] else 1)
    if name in ("addmm", "baddbmm", "addmv") and len(shapes) >= 3:
        return 2 * prod(out) * shapes[1][-1]
    if name.startswith("conv_transpose") and len(shapes) >= 2:
        return 2 * prod(shapes[0]) * prod(shapes[1][1:])
    if name in ("conv1d", "conv2d", "conv3d", "convolution") and len(shapes) >= 2:
        return 2 * prod(out) * prod(shapes[1][1:])
    if name.startswith(("lstm", "gru", "rnn")):    # all weights, at each step of each example
        states = 3 if name == "lstm_cell" else 2 if name.endswith("_cell") else 1
        weights = sum(prod(shape) for shape in shapes[states:] if len(shape) == 2)
        return 2 * prod(shapes[0][:-1]) * weights
    if name == "multi_head_attention_forward" and len(shapes) >= 5:
        (queries, batch, width), keys = shapes[0][-3:], shapes[1][0]
        return 2 * batch * width * (2 * queries * width + 2 * keys * width + 2 * queries * keys)
    if "scaled_dot_product" in name and len(shapes) >= 3:
        queries, keys = prod(shapes[0][:-1]), shapes[1][-2]
        return 2 * queries * keys * (shapes[0][-1] + shapes[2][-1])
    return 0


@lru_cache(maxsize=None)
def _saved_attributes(kind: Any) -> set[str]:
    """Return the saved attributes of a kind of autograd node; others are removed when found."""
    return {name for name in dir(kind) if name.startswith("_saved_")}


def written(node: Any) -> bool:
    """Return whether a tensor saved by an autograd node was written into, so that backward fails.
    """
    kind: Any = type(node)
    for name in _saved_attributes(kind):
        try:
            getattr(node, name)
        except RuntimeError as error:
            if "modified by an inplace operation" in str(error):
                return True
    return False


def saved(nodes: Sequence[Any], leaves: Collection[int]) -> int:
    """Return the bytes that autograd nodes save for backward, each storage once, without parameters
    and sparse tensors."""
    found: dict[int, int] = {}
    for node in nodes:
        kind: Any = type(node)
        names = _saved_attributes(kind)
        for name in tuple(names):
            try:
                kept = getattr(node, name)
            except RuntimeError:                   # freed, or written into since
                continue
            several = kept if isinstance(kept, (tuple, list)) else (kept,)
            for t in several:
                if isinstance(t, torch.Tensor):
                    if id(t) not in leaves and not t.is_leaf and t.layout == torch.strided:
                        found[storage(t)] = t.numel() * t.element_size()
                elif isinstance(t, (int, float, str)):     # never one: attributes have one type
                    names.discard(name)
    return sum(found.values())
