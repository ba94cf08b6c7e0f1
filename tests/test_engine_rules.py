"""The rules of the engine: types, kinks, infinities, dead branches, mutation, errors, memory."""

import contextlib
import copy
import gc
import math
import re
import threading

import numpy as np
import pytest

import tinytorch as tt
from tinytorch import EngineWarning, Tensor, backward_steps, gradients, no_grad

nan, inf = math.nan, math.inf


# Types.

@pytest.mark.parametrize("data, dtype", [(8, "float64"), ([1, 2], "float64"), (True, "float64"),
                                         (1.5, "float64"), (np.float32(1.5), "float32"),
                                         (np.ones(2, np.float32), "float32"), ([], "float64")])
def test_what_is_tracked_is_a_float(data, dtype):
    assert Tensor(data).dtype == dtype


def test_constants_keep_their_type():
    assert Tensor([1, 2], requires_grad=False).dtype == int


def test_float32_stays_through_numbers_and_back():
    x = Tensor(np.ones(3, np.float32))
    y = (2*x + 1.5)**2/3 - x
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float32
    z = x*np.ones(3)                                 # a float64 array wins, the gradient is float32
    z.sum().backward()
    assert z.dtype == np.float64 and x.grad.dtype == np.float32


@pytest.mark.parametrize("data", [1j, [1.0, 2j], np.array([1j])])
def test_complex_numbers_are_refused(data):
    with pytest.raises(TypeError, match="real numbers, not complex"):
        Tensor(data)
    with pytest.raises(TypeError, match="complex"):
        Tensor(1.0)*data


@pytest.mark.parametrize("data", ["text", None, [[1, 2], [3]], object()])
def test_what_is_no_array_of_numbers_is_refused(data):
    with pytest.raises((TypeError, ValueError)):
        Tensor(data)


def test_inputs_are_copied():
    a = np.ones(2)
    x = Tensor(a)
    y = (x*a).sum()
    a[0] = 100
    y.backward()
    assert x.data.tolist() == [1, 1] and x.grad.data.tolist() == [1, 1]


def test_rank_0_is_a_numpy_number():
    assert type(Tensor(1.0).data) is np.float64 and type(Tensor(np.array(1.0)).data) is np.float64
    assert type((Tensor([1.0, 2.0]).sum()).data) is np.float64


# Printing.

@pytest.mark.parametrize("data, text", [
    ([8], "tensor([8])"), ([5.32], "tensor([5.32])"), (1/3, "tensor(0.333333)"),
    ([0.1 + 0.2, 1e-300], "tensor([0.3, 1e-300])"), ([nan, inf, -0.0], "tensor([nan, inf, -0])"),
    (10**9, "tensor(1000000000)"), ([[1, 2], [3, 4.5]], "tensor([[1, 2],\n        [3, 4.5]])"),
    ([], "tensor([])")])
def test_numbers_print_for_people(data, text):
    assert str(Tensor(data)) == text


# Kinks, steps, infinities.

def slope(f, at):
    x = Tensor(at)
    with np.errstate(all="ignore"):
        f(x).sum().backward()
    return x.grad.data.tolist()


@pytest.mark.parametrize("f, at, want", [
    (tt.relu, 0.0, 0.0), (abs, 0.0, 0.0), (np.sign, 0.0, 0.0), (np.floor, 1.5, 0.0),
    (np.round, 1.5, 0.0), (lambda x: np.maximum(x, 1.0), 1.0, 0.5),
    (lambda x: np.max(x), [2.0, 2.0, 1.0], [0.5, 0.5, 0.0]),
    (lambda x: np.clip(x, 0, 1), [0.0, 0.5, 1.0, 2.0], [1.0, 1.0, 1.0, 0.0]),
    (lambda x: 1/x, 0.0, -inf), (np.log, 0.0, inf), (np.sqrt, 0.0, inf),
    (lambda x: x**0.5, 0.0, inf), (lambda x: x**0, 0.0, 0.0), (lambda x: x**1, 0.0, 1.0),
    (lambda x: x**3, 0.0, 0.0), (lambda x: 0.0**x, 2.0, 0.0),
    (lambda x: np.linalg.norm(x), [0.0, 0.0], [0.0, 0.0]),
    (lambda x: np.std(x), [1.0, 1.0], [0, 0]),
    (lambda x: np.hypot(x, 0.0), 0.0, 0.0),
    (lambda x: np.prod(x), [0.0, 3.0, 2.0], [6.0, 0.0, 0.0]),
    (tt.tanh, 400.0, 0.0), (tt.logsumexp, [-inf, -inf], [0.0, 0.0]),
    (np.sinc, 0.0, 0.0), (np.cbrt, 0.0, inf)])
def test_derivatives_at_special_points(f, at, want):
    assert slope(f, at) == want


def test_tails_keep_their_digits():
    assert slope(tt.tanh, 50.0) == pytest.approx(4*math.exp(-100.0), rel=1e-14)
    assert slope(tt.sigmoid, 40.0) == pytest.approx(math.exp(-40.0), rel=1e-14)


@pytest.mark.parametrize("f, at, value, said", [
    (lambda x: 1/x, 0.0, inf, "1/0 is inf"), (np.log, 0.0, -inf, "log(0) is -inf"),
    (np.log, -1.0, nan, "log(-1) is nan"), (np.sqrt, -1.0, nan, "sqrt(-1) is nan"),
    (lambda x: x**0.5, -2.0, nan, "(-2)**0.5 is nan"),
    (lambda x: x**-1, 0.0, inf, "0**(-1) is inf"), (lambda x: x % 0.0, 1.0, nan, "1 % 0 is nan"),
    (np.log, [-1.0, 0.0, 1.0, 0.0], [nan, -inf, 0.0, -inf],
     "log is -inf or nan at 3 of 4 elements")])
def test_leaving_the_reals_warns_once_and_names_op_value_and_line(f, at, value, said):
    x = Tensor(at)
    with pytest.warns(EngineWarning, match=rf"test_engine_rules.py:\d+: {re.escape(said)}$"
                      ) as caught:
        y = f(x)
    assert len(caught) == 1
    np.testing.assert_equal(y.data, value)


@pytest.mark.parametrize("x, said", [
    (0.0, "sqrt is infinite at 0"), ([0.0, 1.0], "sqrt is infinite at some elements")])
def test_a_pole_of_the_derivative_warns_too(x, said):
    y = np.sqrt(Tensor(x)).sum()
    with pytest.warns(EngineWarning, match=f"the derivative of {said}"):
        y.backward()


def test_the_users_errstate_is_respected():
    with np.errstate(all="ignore"):
        (1/Tensor(0.0)).backward()
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        1/Tensor(0.0)


# Dead branches.

@pytest.mark.parametrize("f, at, want", [
    (lambda x: np.where(x > 0, np.sqrt(x), 0.0), -1.0, 0.0),
    (lambda x: np.where(x > 0, np.sqrt(x), 0.0), [-1.0, 4.0, 0.0], [0.0, 0.25, 0.0]),
    (lambda x: np.where(x > 0, x*np.log(x), 0.0), [0.0, 1.0], [0.0, 1.0]),
    (lambda x: np.where(x == 0, 1.0, np.sin(x)/x), [0.0, math.pi], [0.0, -1/math.pi]),
    (lambda x: np.where(x > 0, np.exp(-1/x), 0.0), [0.0, -1.0], [0.0, 0.0]),
    (lambda x: np.clip(1/x, -1.0, 2.0), [0.0, 4.0], [0.0, -1/16]),
    (lambda x: np.maximum(np.log(x), -5.0), [0.0, 1.0], [0.0, 1.0]),
    (lambda x: np.minimum(1/x**2, 3.0), [0.0, 1.0], [0.0, -2.0]),
    (lambda x: tt.relu(-1/x), [0.0, -1.0], [0.0, 1.0]),
    (lambda x: np.where(x > 0, np.where(x > 1, np.log(x - 1), 1/x), 3*x), [-1.0, 0.5, 2.0],
     [3.0, -4.0, 1.0]),
    # a path that is alive beside one that is dead
    (lambda x: (lambda r: np.where(x > 0, r, 0.0) + r*0 + x)(np.abs(x)), [-1.0, 1.0], [1.0, 2.0]),
    # broadcast: the row is alive where any copy is
    (lambda x: np.where(np.array([[True, False], [False, False]]), np.sqrt(x), 0.0), [4.0, 0.0],
     [0.25, 0.0]),
])
def test_the_branch_not_taken_sends_nothing(f, at, want):
    assert slope(f, at) == pytest.approx(want)
    if np.all(np.isfinite(np.array(want))):
        x = Tensor(at)
        with np.errstate(all="ignore"):
            g = gradients(f(x).sum(), x, create_graph=True)
        assert g.data == pytest.approx(np.array(want))


def test_the_second_derivative_of_a_dead_branch_is_dead():
    x = Tensor([-1.0, 4.0])
    with np.errstate(all="ignore"):
        g = gradients(np.where(x > 0, np.sqrt(x), x).sum(), x, create_graph=True)
        h = gradients(g.sum(), x)
    assert h.data == pytest.approx([0.0, -0.25*4**-1.5])


@pytest.mark.parametrize("f, at", [
    (lambda x: np.sqrt(x)*np.sqrt(x), 0.0),                # nan: 0 times inf, in a living path
    (lambda x: np.where(x > 0, x, np.sqrt(x)), -1.0), (lambda x: np.maximum(np.log(x), 1.0), -1.0),
    (lambda x: tt.relu(np.sqrt(x)), -1.0)])
def test_a_genuine_nan_stays(f, at):
    assert math.isnan(slope(f, at))


def test_dead_results_show_gradient_0():
    x = Tensor(-1.0)
    with np.errstate(all="ignore"):
        r = np.sqrt(x)
        y = np.where(x > 0, r, 0.0)
    y.backward()
    assert r.grad.data == 0 and x.grad.data == 0
    assert [(t is y, float(g)) for t, g, _ in backward_steps(y)] == [(True, 1.0), (False, 0.0)]


# Mutation.

@pytest.mark.parametrize("change", ["x.data = x.data + 1", "x.data -= 1", "x[0] = 5.0", "x[:] = 0"])
def test_a_change_after_use_is_noticed(change):
    x = Tensor([1.0, 2.0], name="weights")
    y = (x*x).sum()
    exec(change, {"x": x})
    with pytest.raises(RuntimeError, match="'weights' was changed after Mul used it"):
        y.backward()
    (x*x).sum().backward()                           # computed again, it is well


def test_changes_between_passes_are_fine():
    x = Tensor([1.0, 2.0])
    for _ in range(3):
        x.grad = None
        (x*x).sum().backward()
        x.data -= 0.1*x.grad.data
    assert x.data == pytest.approx(np.array([1.0, 2.0])*0.8**3)


def test_in_place_operators_rebind():
    x = Tensor(2.0)
    y = x
    y += 1
    y *= 3
    assert (x.data, y.data) == (2, 9)
    y.backward()
    assert x.grad.data == 3


def test_assigning_what_would_drop_a_gradient_is_refused():
    x, y = Tensor([1.0, 2.0]), Tensor(3.0)
    with pytest.raises(TypeError, match=r"`x\[0\] = y|x\[0\].*np.where"):
        x[0] = y
    z = x*2
    with pytest.raises(TypeError, match="np.where"):
        z[0] = 1.0
    with pytest.raises(ValueError, match="shape"):
        x.data = np.ones(3)
    with pytest.raises(ValueError, match="shape"):
        x.grad = np.ones(3)


def test_gradients_of_two_tensors_are_two_arrays():
    x, y = Tensor([1.0]), Tensor([2.0])
    (x + y).backward()
    x.grad.data[0] = 7
    assert y.grad.data[0] == 1


# Truth, conversion, errors.

def test_the_gradient_given_is_copied():
    x, g = Tensor([1.0, 2.0]), np.ones(2)
    (x + 1.0).backward(g)
    g[:] = 9
    assert x.grad.data.tolist() == [1, 1]


def test_comparisons_are_elementwise_and_if_works():
    x = Tensor(2.0)
    assert (x > 0) and not (x < 0) and (x == 2.0) and (x != 3)
    assert (Tensor([1.0, 2.0]) == Tensor([1.0, 3.0])).data.tolist() == [True, False]
    assert x in {x} and x is not None and (x == None) is False  # noqa: E711
    both = (x > 0) & ~(x > 5)
    assert both and not both.requires_grad
    assert not Tensor(0.0) and not Tensor([0.0])


def test_the_truth_of_many_is_refused():
    with pytest.raises(ValueError, match="np.where"):
        bool(Tensor([1.0, 2.0]))


@pytest.mark.parametrize("code, says", [
    ("math.sin(x)", r"`math.sin\(x\)` needs a plain float .* Use np.sin\(...\) or tinytorch.sin"),
    ("math.asin(x)", "np.arcsin"), ("float(x)", "x.item"), ("int(x)", "plain int"),
    ("range(x)", "plain int"), ("complex(x)", "plain complex"),
    ("np.array([x, 2*x])", r"`np.array\(\[x, 2\*x\]\)` .*np.stack"),
    ("np.asarray(x)", "np.stack"), ("Tensor([x, x])", "np.stack")])
def test_plain_numbers_are_not_made_silently(code, says, tmp_path):
    file = tmp_path/"f.py"
    file.write_text(f"def f(x):\n    return {code}\n")
    names = {"math": math, "np": np, "Tensor": Tensor}
    exec(compile(file.read_text(), str(file), "exec"), names)
    with pytest.raises(TypeError, match=says) as info:
        names["f"](Tensor(0.5))
    assert str(info.value).startswith("f.py:2: ")


def test_untracked_tensors_convert_freely():
    x = Tensor(0.5).detach()
    assert math.sin(x) == math.sin(0.5) and float(x) == 0.5 and np.asarray(x) == 0.5


def test_shape_errors_name_the_op_the_shapes_and_the_line():
    with pytest.raises(ValueError, match=r"test_engine_rules.py:\d+: `.*`: add does not fit the "
                                         r"shapes \(2,\) and \(3,\)"):
        Tensor([1.0, 2.0]) + np.ones(3)
    with pytest.raises(ValueError, match=r"matmul does not fit the shapes \(2, 2\) and \(3,\)"):
        Tensor(np.ones((2, 2))) @ np.ones(3)


def test_backward_says_what_it_needs():
    with pytest.raises(ValueError, match=r"\.sum\(\)\.backward\(\).*backward\(np\.ones"):
        (Tensor([1.0, 2.0])*2).backward()
    with pytest.raises(ValueError, match="shape"):
        (Tensor([1.0, 2.0])*2).backward(np.ones(3))
    with pytest.raises(ValueError, match="nothing to differentiate"):
        Tensor(1.0, requires_grad=False).backward()
    with no_grad():
        y = Tensor(1.0)*2
    with pytest.raises(ValueError, match="no_grad"):
        y.backward()


def test_a_leaf_is_its_own_derivative():
    x = Tensor([1.0, 2.0])
    x.backward(np.array([3.0, 4.0]))
    assert x.grad.data.tolist() == [3, 4]


def test_an_index_error_stays_one():
    x = Tensor([1.0])
    with pytest.raises(IndexError, match=r"`x\[5\]`: getitem of shape \(1,\): index 5"):
        x[5]
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        np.linalg.inv(Tensor(np.zeros((2, 2))))
    with pytest.raises(np.exceptions.AxisError, match="axis 3"):
        Tensor([1.0]).sum(axis=3)


def test_what_is_left_out_says_so():
    with pytest.raises(AttributeError, match="leaves out svd"):
        tt.svd
    with pytest.raises(TypeError, match="numpy.linalg.svd has no derivative in tinytorch"):
        np.linalg.svd(Tensor(np.eye(2)))


def test_numbers_format_in_texts():
    assert f"{Tensor(1/3):.2f} {Tensor([0.5]):g} {Tensor([1.0, 2.0])}" == "0.33 0.5 tensor([1, 2])"


def test_what_is_no_op_is_said():
    with pytest.raises(TypeError, match="no forward"):
        tt.apply(int, Tensor(1.0))


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no 'nonsense'"):
        Tensor(1.0).nonsense
    with pytest.raises(AttributeError):
        tt.nonsense


# Modes, threads, copies, memory.

def test_no_grad_nests_is_a_decorator_and_survives_errors():
    x = Tensor(1.0)

    @no_grad()
    def f():
        return x*2
    with no_grad():
        with no_grad():
            pass
        assert (x*2)._ctx is None
        with contextlib.suppress(ZeroDivisionError), no_grad():
            raise ZeroDivisionError
        assert (x*2)._ctx is None
    assert f()._ctx is None and (x*2)._ctx is not None


def test_no_grad_is_of_its_thread():
    x, seen = Tensor(1.0), []
    with no_grad():
        t = threading.Thread(target=lambda: seen.append((x*2).requires_grad))
        t.start()
        t.join()
    assert seen == [True]


def test_stamps_are_unique_across_threads():
    found = []

    def work():
        found.extend([Tensor(1.0).stamp for _ in range(2000)])
    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(set(found)) == 8000


def test_create_graph_records_the_gradient():
    x = Tensor(2.0)
    y = x**3
    y.backward(create_graph=True)
    assert x.grad.requires_grad
    g, x.grad = x.grad, None
    g.backward()
    assert x.grad.data == 12


def test_a_deep_copy_is_a_leaf_with_the_same_numbers():
    x = Tensor([1.0, 2.0], name="x")
    y = copy.deepcopy(x*2)
    assert y.data.tolist() == [2, 4] and y._ctx is None and copy.copy(x).name == "x"


def test_a_graph_is_freed_without_the_garbage_collector():
    def use():
        x = Tensor([1.0, 2.0])
        y = np.where(x > 1, np.sqrt(x), x*x).sum() + tt.softmax(x).max()
        y.backward()
        y._ctx, list(backward_steps(y)), gradients(y, x, create_graph=True), tt.taylor(y, x, 2)
    use()
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(20):
            use()
        assert len(gc.get_objects()) - before < 20
    finally:
        gc.enable()


def test_a_million_ops_forward_and_backward():
    x = Tensor(1.0)
    y = x
    for _ in range(1_000_000):
        y = y*1.0
    y.backward()
    assert x.grad.data == 1
    del y                                            # freeing must not overflow the C stack


def test_an_op_takes_at_most_200_bytes():
    import tracemalloc
    x = Tensor(1.0)
    y = x
    tracemalloc.start()
    for _ in range(10_000):
        y = y*x
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert size/10_000 <= 200
