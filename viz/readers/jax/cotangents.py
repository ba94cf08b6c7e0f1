"""The backward pass through a jaxpr, step by step, summed in the order of jax.grad.

The numbers are those of jax.grad (of JAX 0.10) to the last bit where it also runs one equation at a
time and a loop's steps in order: under `jax.disable_jit()`. XLA fuses the ops of a program that it
compiles as a whole (`jit`; the body of a `scan`), which changes rounding: a * b + c is rounded only
once. A scan or while_loop of more than 256 steps is compiled here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from ...graph import Value
from ...tape.array_facts import value
from ...tape.tape import Call, State, Tape

Function = Callable[..., Any]
SINGLE = {"dot_general", "broadcast_in_dim", "reshape", "squeeze", "expand_dims", "transpose",
          "slice", "pad", "concatenate", "select_n", "convert_element_type", "reduce_sum", "gather",
          "getitem", "stack", "add_any"}           # besides elementwise primitives


class VjpStep(NamedTuple):
    """One call, and its backward rule."""

    call: Call
    operands: tuple[State, ...]  # the operands of the call used in the computation
    results: tuple[State, ...]
    f: Function                  # arrays of the operands -> arrays of the results
    vjp: Function | None         # cotangents of all results -> those of `by`
    by: tuple[int, ...]          # the operands to differentiate by
    ways: tuple[tuple[Call, int], ...]             # by such an operand: the edge to it
    simple: bool = False         # elementwise: its local derivatives come from ones
    single: bool = False         # its contribution to an operand is one term, not a sum of several
    shifted: int = -1            # the operand with the same tangent as the result, if any: of x − 1


class Region(NamedTuple):
    """A boundary of a region that jax.grad differentiates separately, such as jax.checkpoint's."""

    whole: VjpStep | None        # the region as one step, at its end


def differentiated(f: Function, arrays: Sequence[Any], by: Sequence[int],
                   wanted: Sequence[int] | None = None) -> tuple[tuple[Any, ...], Any]:
    """Return the results of a function of arrays, or the wanted ones, and its backward function."""
    def some(*moving: Any) -> tuple[Any, ...]:
        given = list(arrays)
        for i, x in zip(by, moving):
            given[i] = x
        out = listed(f(*given))
        return out if wanted is None else tuple(out[k] for k in wanted)
    return jax.vjp(some, *(arrays[i] for i in by)) if by else (some(), None)


def listed(out: Any) -> tuple[Any, ...]:
    """Return the result of a function as a tuple."""
    return tuple(out) if isinstance(out, (list, tuple)) else (out,)


def shifted(f: Function, arrays: Sequence[Any], by: Sequence[int]) -> int:
    """Return the operand with the same tangent as the result, as a custom_jvp may define; -1 if
    none."""
    def pushed(*tangents: Any) -> Any:
        def some(*moving: Any) -> tuple[Any, ...]:
            given = list(arrays)
            for i, x in zip(by, moving):
                given[i] = x
            return listed(f(*given))
        return jax.jvp(some, tuple(arrays[i] for i in by), tangents)[1]
    jaxpr = jax.make_jaxpr(pushed)(*(jax.numpy.ones_like(arrays[i]) for i in by)).jaxpr
    if len(jaxpr.outvars) != 1:
        return -1
    return next((i for i, var in zip(by, jaxpr.invars) if var is jaxpr.outvars[0]), -1)


class Backward:
    """One backward pass: the cotangents, by the stamp of their arrays.

    In s = x − 1, JAX's tangent of s is that of x itself: the contributions to s are added to x one
    by one as they arrive, not summed first. s is shifted from x, and x is a base of s.
    """

    def __init__(self, steps: Sequence[VjpStep | Region], arrays: Mapping[int, Any],
                 gone: Mapping[int, VjpStep]) -> None:
        """arrays: those of the tape by their stamp; gone: not drawn, see `merge_broadcasts`."""
        self.steps, self.arrays, self.gone = steps, arrays, gone
        self.cotangents: dict[int, Any] = {}
        self._bases: dict[int, tuple[int, ...]] = {}       # stamp -> itself, and its bases
        for step in steps:
            if isinstance(step, VjpStep) and step.shifted >= 0:
                stamp = step.results[0].stamp
                self._bases[stamp] = stamp, *self._chain(step.operands[step.shifted].stamp)

    def run(self, tape: Tape) -> None:
        """Propagate ones from the outputs; store gradients and contributions on the tape."""
        apart: list[dict[int, Any]] = []           # for regions: the cotangents of their operands
        for made in tape.outputs:
            if made.differentiable:
                self._add(made.stamp, jax.numpy.ones_like(self.arrays[made.stamp]))
        for step in reversed(self.steps):
            if isinstance(step, VjpStep):
                self._through(step)
            elif step.whole is not None:
                apart.append(self._sums(step.whole))
            else:
                self.cotangents |= apart.pop()
        for made in tape.made:
            if made.stamp in self.cotangents:
                made.grad = numbers(self.cotangents[made.stamp])
            elif made.kind == "input" and made.differentiable:
                made.grad = value(np.zeros(made.data.shape, made.data.dtype))
        tape.graded = True

    def _chain(self, stamp: int) -> tuple[int, ...]:
        return self._bases.get(stamp, (stamp,))

    def _add(self, stamp: int, array: Any) -> None:
        for one in self._chain(stamp):
            old = self.cotangents.get(one)
            self.cotangents[one] = array if old is None else old + array

    def _through(self, step: VjpStep) -> None:
        """Propagate through one step: add up its contributions, and store them on its edges."""
        results, operands, arrays = step.results, step.operands, self.arrays
        wanted, given = self._arrived(step)
        if step.vjp is None or not wanted:
            return
        if all(m.stamp in self.cotangents or not _floats(arrays[m.stamp]) for m in results):
            found = step.vjp(tuple(self.cotangents[m.stamp] if m.stamp in self.cotangents else
                                   np.zeros(arrays[m.stamp].shape, jax.dtypes.float0)
                                   for m in results))
        else:                    # zeros for the others could become NaN: 0 · ∞
            found = differentiated(step.f, [arrays[m.stamp] for m in operands], step.by, wanted
                                   )[1](tuple(given))
        if step.simple:
            step.call.local = self._local(step)
        for i, c, (call, way) in zip(step.by, found, step.ways):
            call.sent[way] = numbers(self._drawn(c, operands[i]))
        bases = [stamp for i in step.by for stamp in self._chain(operands[i].stamp)]
        if step.shifted < 0 and (len(set(bases)) < len(bases) or not step.single and any(
                stamp in self.cotangents for stamp in bases)):
            self.cotangents |= self._sums(step)
            return
        for i, c in zip(step.by, found):
            if i != step.shifted:                  # otherwise it was added on arrival
                self._add(operands[i].stamp, c)

    def _local(self, step: VjpStep) -> tuple[Value | None, ...]:
        """Return the local derivatives of an elementwise step, by operand, in the result's shape.
        """
        given = [self.arrays[m.stamp] for m in step.operands]
        ones = jax.numpy.ones_like(self.arrays[step.results[0].stamp])
        vjp = step.vjp
        if any(given[i].shape != ones.shape for i in step.by):
            vjp = differentiated(step.f, [jax.numpy.broadcast_to(a, ones.shape) for a in given],
                                 step.by)[1]
        found = dict(zip(step.by, vjp((ones,)) if vjp is not None else ()))
        return tuple(numbers(found[i]) if i in found else None for i in range(len(step.call.args)))

    def _drawn(self, array: Any, operand: State) -> Any:
        """Return a contribution to an operand, transformed for the operand that is drawn in its
        place."""
        while operand.stamp in self.gone:
            step = self.gone[operand.stamp]
            if step.vjp is None:
                break
            (array,), operand = step.vjp((array,)), step.operands[0]
        return array

    def _arrived(self, step: VjpStep) -> tuple[list[int], list[Any]]:
        """Return the results that have a cotangent, and those cotangents."""
        wanted = [k for k, m in enumerate(step.results) if m.stamp in self.cotangents]
        return wanted, [self.cotangents[step.results[k].stamp] for k in wanted]

    def _sums(self, step: VjpStep) -> dict[int, Any]:
        """Return the cotangents of operands and their bases: the previous ones plus this step's
        terms, one at a time.

        (a + b) + c differs from a + (b + c): an operand that is returned beside the results has its
        previous cotangent as the first term of JAX's sum.
        """
        wanted, given = self._arrived(step)
        chains = {i: self._chain(step.operands[i].stamp)[::-1] for i in step.by}
        sums: dict[int, Any] = {}
        for depth in range(max(map(len, chains.values()), default=0) if wanted else 0):
            of = {i: chain[min(depth, len(chain) - 1)] for i, chain in chains.items()}
            stamps = list(dict.fromkeys(of.values()))
            before = [stamp for stamp in stamps if stamp in self.cotangents]

            def kept(*moving: Any) -> Any:
                found = dict(zip(stamps, moving))
                given = [self.arrays[m.stamp] for m in step.operands]
                for i, stamp in of.items():
                    given[i] = found[stamp] if step.operands[i].stamp == stamp else \
                        _moved(found[stamp], given[i])
                out = listed(step.f(*given))
                return [out[k] for k in wanted], [found[stamp] for stamp in before]
            back = jax.vjp(kept, *(self.arrays[stamp] for stamp in stamps))[1]
            sums = dict(zip(stamps, back((given, [self.cotangents[s] for s in before])))) | sums
        return sums


@jax.custom_jvp
def _moved(_: Any, array: Any) -> Any:
    """Return the array, with the tangent of the first argument."""
    return array


@_moved.defjvp
def _tangent(primals: Any, tangents: Any) -> Any:
    return primals[1], tangents[0]


def numbers(array: Any) -> Value:
    """Return the numbers of a JAX array: bfloat16 as float32, a key as its words."""
    if jax.numpy.issubdtype(array.dtype, jax.dtypes.prng_key):
        array = jax.random.key_data(array)
    if array.dtype == jax.numpy.bfloat16:
        return value(np.asarray(array.astype("float32")))._replace(dtype="bfloat16")
    return value(np.asarray(array))


def _floats(array: Any) -> bool:
    return bool(jax.numpy.issubdtype(array.dtype, np.inexact))
