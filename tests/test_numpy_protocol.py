"""numpy's functions on tensors: each works or raises our error; none returns a plain array."""

import warnings

import numpy as np
import pytest
from numpy.testing.overrides import (get_overridable_numpy_array_functions,
                                     get_overridable_numpy_ufuncs)

import tinytorch as tt
from tinytorch import Tensor
from tinytorch.numpy_protocol import WITHOUT_GRADIENT

UFUNCS = sorted(get_overridable_numpy_ufuncs(), key=lambda f: f.__name__)
FUNCTIONS = sorted(get_overridable_numpy_array_functions(),
                   key=lambda f: (f.__module__, f.__name__))


def holds_array(out):
    """Whether numbers came back that had a gradient and lost it."""
    if isinstance(out, (list, tuple)):
        return any(map(holds_array, out))
    return isinstance(out, (np.ndarray, np.floating)) and np.asarray(out).dtype.kind == "f"


@pytest.mark.parametrize("ufunc", UFUNCS, ids=[f.__name__ for f in UFUNCS])
def test_every_ufunc_differentiates_or_says_that_it_cannot(ufunc):
    args = [Tensor([0.3, 0.6]) for _ in range(ufunc.nin)]
    if ufunc.signature:
        args = [Tensor(np.eye(2) + 0.1) for _ in range(ufunc.nin)]
    try:
        with np.errstate(all="ignore"):
            out = ufunc(*args)
    except TypeError as error:
        assert any(word in str(error) for word in ("no derivative in", "whole", "datetime"))
        return
    if ufunc.__name__ in WITHOUT_GRADIENT:
        assert not holds_array(out)
        return
    for part in out if isinstance(out, tuple) else (out,):
        assert isinstance(part, Tensor)
        dtype = bool if "bitwise" in ufunc.__name__ or ufunc.__name__ == "invert" else float
        with np.errstate(all="ignore"):
            reference = ufunc(*[a.data.astype(dtype) for a in args])
        reference = reference if isinstance(reference, tuple) else (reference,)
    assert any(np.allclose(part.data, r, equal_nan=True) for r in reference)


# What makes arrays of shapes, files and text: a tensor is refused by __array__ or __index__.
MAKERS = frozenset("""array asanyarray asarray asfarray asarray_chkfinite ascontiguousarray
    asfortranarray empty eye frombuffer fromfile fromfunction fromiter fromstring full
    genfromtxt identity loadtxt ones require tri zeros arange savetxt save savez
    savez_compressed can_cast""".split())
CALLS = {
    "dsplit": lambda f, x: f(tt.reshape(x, (1, 1, 2)), 2),
    "put_along_axis": lambda f, x: f(np.zeros(2), np.array([0]), x[:1], 0),
    "where": lambda f, x: f(x > 0, x, 0), "interp": lambda f, x: f(x, [0.0, 1.0], [0.0, 1.0]),
    "einsum": lambda f, x: f("i,i->", x, x), "clip": lambda f, x: f(x, 0, 1),
    "linalg": lambda f, x: f(x), "polyval": lambda f, x: f([1.0, 2.0], x),
}


@pytest.mark.parametrize("function", FUNCTIONS,
                         ids=[f"{f.__module__}.{f.__name__}" for f in FUNCTIONS])
def test_every_function_differentiates_or_says_that_it_cannot(function):
    name = function.__name__
    if name in MAKERS:
        with pytest.raises((TypeError, AttributeError)):
            np.asarray(Tensor([1.0]))
        return
    square = Tensor([[1.0, 0.5], [0.2, 2.0]])
    vector = Tensor([0.3, 0.6])
    tries = [lambda: CALLS[name](function, vector)] if name in CALLS else [
        lambda: function(square), lambda: function(vector), lambda: function(square, square),
        lambda: function(vector, vector), lambda: function([vector, vector]),
        lambda: function(square, 1), lambda: function(vector, 1), lambda: function(1, vector),
        lambda: function(vector, vector, vector), lambda: function([0], vector),
        lambda: function(vector, 0, 0), lambda: function(vector, [0], 0),
        lambda: function(square, [[0, 1]], 1), lambda: function((0, 0), vector),
        lambda: function("i->", vector)]
    refused = worked = 0
    for call in tries:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                out = call()
        except TypeError as error:
            refused += "no derivative in tinytorch" in str(error) or "gradient" in str(error)
            continue
        except Exception:
            continue
        worked += 1
        if name not in WITHOUT_GRADIENT:
            assert not holds_array(out), f"numpy.{name} returned a plain array"
    assert worked or refused, f"numpy.{name}: neither works nor says why"


COUNTED = 212                    # what differentiates; to be raised when more does


def test_how_many_differentiate():
    from tinytorch.core.functions import find_function
    names = {f.__name__ for f in (*UFUNCS, *FUNCTIONS)}
    assert sum(1 for n in names if n in WITHOUT_GRADIENT or find_function(n)) >= COUNTED


SAME = {
    "sum": lambda x: np.sum(x*x, axis=1), "mean": lambda x: np.mean(x, axis=(0, 1)),
    "where": lambda x: np.where(x > 0.5, x, 2*x), "stack": lambda x: np.stack([x, 2*x], axis=1),
    "concatenate": lambda x: np.concatenate([x, x], axis=1), "matmul": lambda x: x @ x,
    "right matmul": lambda x: np.ones((2, 2)) @ x, "array times": lambda x: np.ones((2, 2))*x,
    "number times": lambda x: np.float64(2)*x, "reduce": lambda x: np.add.reduce(x),
    "accumulate": lambda x: np.multiply.accumulate(x, axis=1),
    "outer": lambda x: np.multiply.outer(x, np.arange(3.0)), "max": lambda x: np.max(x, axis=0),
    "einsum": lambda x: np.einsum("ij,jk->ik", x, x), "det": lambda x: np.linalg.det(x),
    "norm": lambda x: np.linalg.norm(x, axis=0), "sort": lambda x: np.sort(x, axis=0),
    "transpose": lambda x: np.transpose(x) + x.T, "reshape": lambda x: np.reshape(x, (4,)),
    "var": lambda x: np.var(x, axis=0, ddof=1), "divmod": lambda x: np.divmod(x, 0.3)[1],
    "trace": lambda x: np.trace(x), "cumsum": lambda x: np.cumsum(x, axis=1),
    "modf": lambda x: np.modf(x)[0], "split": lambda x: np.split(x, 2, axis=1)[0],
    "dot": lambda x: np.dot(x, x), "power": lambda x: np.power(2.0, x),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_code_runs_on_arrays_and_on_tensors(name):
    x = np.array([[1.1, 0.55], [0.2, 2.3]])
    f = SAME[name]
    out = f(Tensor(x))
    assert isinstance(out, Tensor) and np.array_equal(out.data, f(x))
    tt.check_gradients(f, x)


def test_scipys_special_functions_are_ufuncs_too():
    special = pytest.importorskip("scipy.special")
    x = Tensor([0.3, 0.6])
    for name in ("erf", "gammaln", "expit", "ndtr", "digamma", "xlogy", "entr", "erfinv", "logit"):
        f = getattr(special, name)
        args = (x,)*f.nin
        out = f(*args)
        assert out.requires_grad
        assert out.data == pytest.approx(f(*(a.data for a in args)), rel=1e-13)
    with pytest.raises(TypeError, match="no derivative in tinytorch"):
        special.j0(x)


def test_what_would_drop_the_gradient_raises():
    x = Tensor([1.0, 2.0])
    with pytest.raises(TypeError, match="np.stack"):
        np.array([x, 2*x])
    with pytest.raises(TypeError, match=r"a \+= x|y = y \+ x"):
        a = np.zeros(2)
        a += x
    with pytest.raises(TypeError, match="out"):
        np.sin(x, out=np.zeros(2))
    with pytest.raises(ValueError) as info:           # numpy wraps what __float__ raises
        a = np.zeros(2)
        a[0] = x[0]
    assert isinstance(info.value.__cause__, TypeError)
    assert "`a[0]`" in str(info.value.__cause__) and "np.stack" in str(info.value.__cause__)
    with pytest.raises(TypeError, match="numpy.unwrap has no derivative in tinytorch"):
        np.unwrap(x)


def test_untracked_tensors_are_plain_numbers():
    t = Tensor([1.0, 2.0], requires_grad=False)
    assert np.asarray(t).tolist() == [1.0, 2.0] and float(t[0]) == 1.0
    assert np.fft.fft(t).shape == (2,)


def test_the_nearest_is_named():
    with pytest.raises(TypeError, match="nanmedian has no derivative.*tinytorch.median"):
        np.nanmedian(Tensor([1.0, 2.0]))
