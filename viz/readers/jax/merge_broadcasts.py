"""Hide the equations with which JAX adapts operands or results within one call.

Of x + w with shapes (3, 2) and (2,) a jaxpr has two equations: w is broadcast, then they are added.
As with tinytorch and PyTorch one op is drawn, and the edge from w shows the contribution to w
itself. Broadcasts, reshapes and conversions that the user wrote are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax

from ...tape.tape import Call, State, Tape, elementwise
from .calls import FITS, NOTHING
from .cotangents import VjpStep


class Fit(NamedTuple):
    """An equation that only adapts its operand."""

    step: VjpStep
    nothing: bool                # it computes nothing: a copy
    operand: bool                # an elementwise op would do it itself: (2,) to (1, 2)
    result: bool                 # axes of length 1 are added or removed, as in a sum with keepdims
    order: bool = False          # axes are permuted, as in a mapped product


def fit(equation: Any, step: VjpStep, arrays: Mapping[int, Any]) -> Fit | None:
    """Return how an equation adapts an array; None if it does more than that."""
    name, params = equation.primitive.name, equation.params
    if name not in FITS or len(step.operands) != 1:
        return None
    given, made = arrays[step.operands[0].stamp], arrays[step.results[0].stamp]
    if name in NOTHING or name == "convert_element_type" and given.dtype == made.dtype:
        return Fit(step, True, False, False)
    if name == "convert_element_type":             # to a wider type, as of True * 0.5
        wider = jax.numpy.promote_types(given.dtype, made.dtype) == made.dtype
        return Fit(step, False, True, False) if wider else None
    if name == "transpose":
        return Fit(step, False, False, False, True)
    more = made.ndim - given.ndim
    trailing = params["broadcast_dimensions"] == tuple(range(more, made.ndim)) \
        if name == "broadcast_in_dim" else made.shape == (1,) * more + given.shape
    same = [n for n in given.shape if n != 1] == [n for n in made.shape if n != 1]
    return Fit(step, False, trailing, same) if trailing or same else None


def merge(tape: Tape, fits: Sequence[Fit], calls: Mapping[int, int]) -> dict[int, VjpStep]:
    """Remove such equations from a tape; return the step that made each removed result, by its
    stamp.

    calls: the JAX call that made a result, by the result's stamp.
    """
    users: dict[int, list[Call]] = {}
    for call in {id(m.call): m.call for m in tape.made if m.call is not None}.values():
        for stamp in {m.stamp for m in call.args}:
            users.setdefault(stamp, []).append(call)
    ends = {m.stamp for m in tape.outputs}
    gone: dict[int, VjpStep] = {}
    merged = set()

    def within(call: Call, other: Call) -> bool:
        number = calls.get(call.outputs[0].stamp)
        return number is not None and number == calls.get(other.outputs[0].stamp)
    for one in reversed(fits):   # one may adapt the result of another
        call = one.step.call
        made, after = call.outputs[0], users.get(call.outputs[0].stamp, [])
        if one.nothing or one.operand and after and made.stamp not in ends and all(
                within(call, other) and (other.outputs[0].stamp in gone
                                         or elementwise(other.name, len(other.args)))
                for other in after):
            gone[made.stamp] = one.step
    for one in fits:
        source, call = one.step.operands[0], one.step.call
        made, before = call.outputs[0], source.call
        if before is None or made.stamp in gone or len(before.outputs) != 1 or \
                source.stamp in ends | gone.keys() or users[source.stamp] != [call]:
            continue
        if one.result and within(before, call) or one.order and before.name == "matmul" and (
                within(before, call) or all(within(call, other) for other in
                                            users.get(made.stamp, [before]))):
            before.outputs[0], made.call = made, before
            merged.add(source.stamp)

    def drawn(made: State) -> State:
        while made.stamp in gone:
            made = gone[made.stamp].operands[0]
        return made
    tape.outputs = list({m.stamp: m for m in map(drawn, tape.outputs)}.values())
    tape.made = [m for m in tape.made if m.stamp not in gone and m.stamp not in merged]
    for m in tape.made:
        if m.call is not None:
            m.call.args = tuple(map(drawn, m.call.args))
    return gone
