"""Every op of the registry: its derivative to the second order, its text, its documentation."""

import numpy as np
import pytest

import tinytorch
from tinytorch import Tensor, check_gradients, local_derivatives, ops
from tinytorch.check import call_sample, samples

ALL = ops.items()
DIFFERENTIABLE = [(name, op) for name, op in ALL if op.differentiable]


@pytest.mark.parametrize("name, op", DIFFERENTIABLE, ids=[n for n, _ in DIFFERENTIABLE])
def test_derivatives_agree_with_differences(name, op):
    for args, params in samples(op):
        check_gradients(lambda *a: call_sample(op, a, params), *args)


@pytest.mark.parametrize("name, op", ALL, ids=[n for n, _ in ALL])
def test_a_block_is_whole(name, op):
    assert op.__doc__ and len(op.__doc__) > 5
    assert op.symbol and 0 <= op.precedence <= 5
    assert bool(op.local) != bool(op.vjp) or op.call
    args, params = samples(op)[0]
    z = call_sample(op, [Tensor(a) if np.asarray(a).dtype.kind == "f" else a for a in args], params)
    text, precedence = tinytorch.notation(z)
    written = text.format(*"abcdefghi")
    assert "a" in written
    assert tinytorch.ops[name] is op and getattr(tinytorch, name) is not None


@pytest.mark.parametrize("name, op", [(n, o) for n, o in DIFFERENTIABLE if o.local],
                         ids=[n for n, o in DIFFERENTIABLE if o.local])
def test_the_local_derivative_is_what_backward_multiplies_by(name, op):
    for args, params in samples(op):
        args = [Tensor(a) if np.asarray(a).dtype.kind == "f" else a for a in args]
        z = call_sample(op, args, params)
        z.backward(np.ones(z.shape))
        for a, d in zip(z._ctx.args, local_derivatives(z)):
            if d is not None:
                assert d.shape == z.shape
                assert np.sum(d) == pytest.approx(np.sum(a.grad.data), rel=1e-12, abs=1e-12)
