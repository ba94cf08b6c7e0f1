"""The tutorial's engine, to the letter, and what it gets wrong."""

import subprocess
import sys

import numpy as np
import pytest

import tinytorch
from tinytorch import (Function, Tensor, apply, backward_steps, gradients, no_grad, scope, stamp,
                       topological)


class Cube:
    """An op class as the tutorial writes one."""

    def forward(x):
        return Tensor(x.data**3)

    def backward(ctx, grad):
        x, = ctx.args
        return Tensor([3.0])*x*x*grad,


def test_the_tutorials_sum_prints_as_it_says():
    x, y = Tensor([8]), Tensor([5])
    z = x + y
    z.backward()
    assert f"x: {x} , grad {x.grad}" == "x: tensor([8]) , grad tensor([1])"
    assert f"y: {y} , grad {y.grad}" == "y: tensor([5]) , grad tensor([1])"


def test_the_tutorials_product_prints_as_it_says():
    x, y = Tensor([8]), Tensor([5])
    z = x * y
    z.backward()
    assert f"{x.grad} {y.grad}" == "tensor([5]) tensor([8])"


def test_the_tutorials_cubic_prints_as_it_says():
    x = Tensor([1.2])
    z = x * x * x + x
    z.backward()
    assert f"X: {x} grad: {x.grad}" == "X: tensor([1.2]) grad: tensor([5.32])"
    assert x.grad.data[0] == 3*1.2*1.2 + 1 or abs(x.grad.data[0] - 5.32) < 1e-14


def test_the_tutorials_names_come_with_a_star():
    run = subprocess.run([sys.executable, "-c", "from tinytorch import *\n"
                          "x = Tensor([8]); print(x, np.sin(x), sin(x), Function, sum([1, 2]))"],
                         capture_output=True, text=True, check=True)
    assert run.stdout.startswith("tensor([8]) tensor([0.989358]) tensor([0.989358])")
    assert run.stdout.endswith("3\n")


@pytest.mark.parametrize("how", ["by hand", "apply"])
def test_an_op_class_of_the_users_own(how):
    x = Tensor([1.2])
    if how == "by hand":
        z = Cube.forward(x)
        z._ctx = Function(Cube, x)
    else:
        z = apply(Cube, x)
    y = z*2 + x
    y.backward()
    assert x.grad.data == pytest.approx([2*3*1.44 + 1])
    assert z._ctx.op is Cube and z._ctx.args == (x,) and z._ctx is z._ctx
    second = gradients(gradients(apply(Cube, x), x, create_graph=True), x)
    assert second.data == pytest.approx([6*1.2])


def test_a_tensor_cannot_be_made_of_itself():
    x = Tensor([1.0])
    y = x*2
    with pytest.raises(ValueError, match="itself"):
        x._ctx = Function(Cube, y)


def test_a_square_counts_both_its_operands():
    x = Tensor(3.0)
    (x*x).backward()
    assert x.grad.data == 6 and len((x*x)._ctx.args) == 2


def test_diamonds():
    x = Tensor(2.0)
    a = x*3
    b, c = a + 1, a*a
    (b*c).backward()
    assert x.grad.data == pytest.approx(3*36 + 7*2*6*3)


def test_forty_squarings_take_forty_steps():
    x = Tensor(1.0)
    y = x
    for _ in range(40):
        y = y*y
    y.backward()
    assert x.grad.data == 2.0**40
    assert len(list(backward_steps(y))) == 40


def test_a_hundred_thousand_ops_in_a_chain():
    x = Tensor(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1e-9*x
    y.backward()
    assert x.grad.data == pytest.approx(1.0001)
    assert len(topological(y)) == 1 + 3*100_000


def test_leaves_accumulate_and_results_show_the_last_pass():
    x = Tensor(2.0)
    y = x*x
    z = y*3
    z.backward()
    z.backward()
    assert x.grad.data == 24 and y.grad.data == 3 and z.grad.data == 1


def test_two_roots_may_share():
    x = Tensor(2.0)
    y = x*x
    (y*3).backward()
    (y + x).backward()
    assert x.grad.data == 12 + 5


def test_constants_on_either_side():
    x = Tensor(2.0)
    y = 1 + x - 1/x + 2**x + np.float64(3)*x + (5 - x)*2 + np.array(2.0)*x
    y.backward()
    assert x.grad.data == pytest.approx(1 + 0.25 + 4*np.log(2) + 3 - 2 + 2)
    constants = [t for t in topological(y) if not t.requires_grad]
    assert constants and all(t._ctx is None for t in constants)


def test_broadcasting_is_undone():
    x, y = Tensor(np.ones((3, 1))), Tensor(np.ones(4))
    (x*y + 2.0).sum().backward()
    assert x.grad.data.tolist() == [[4.0]]*3 and y.grad.data.tolist() == [3.0]*4


def test_stamps_say_when():
    x = Tensor(1.0)
    before = stamp()
    y = x*2
    assert x.stamp < before <= y._ctx.args[1].stamp < y.stamp


def test_steps_are_what_backward_adds_up():
    x, y = Tensor([1.0, 2.0]), Tensor(3.0)
    z = (np.sin(x*y) + x/y).sum()
    steps = list(backward_steps(z))
    z.backward()
    total = {t: 0.0 for t in (x, y)}
    for t, g, contributions in steps:
        assert np.array_equal(t.grad.data, g)
        for a, c in zip(t._ctx.args, contributions):
            if a in total:
                total[a] = total[a] + c
                assert c.shape == a.shape
    for t in (x, y):
        assert np.array_equal(total[t], t.grad.data)


def test_scopes_are_paths():
    x = Tensor(1.0)
    with scope("mlp"):
        a = x*2
        with scope("layer1"):
            b = a + 1
    assert (a.scope, b.scope, (b*1).scope) == ("mlp", "mlp/layer1", "")


def test_no_grad_records_nothing():
    x = Tensor(1.0)
    with no_grad():
        assert (x*2)._ctx is None
        with tinytorch.enable_grad():
            assert (x*2)._ctx is not None
    assert (x*2)._ctx is not None
