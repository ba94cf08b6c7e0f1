"""Expressions as text: what is understood, and that nothing else ever runs."""

import math

import numpy as np
import pytest

from tinytorch import Tensor
from viz.run.expression import Expression, ExpressionError, value
from viz.run.targets import functions


@pytest.mark.parametrize("text, expected", [
    ("1.2", 1.2), ("-1/3", -1 / 3), ("pi/2", math.pi / 2), ("2**10", 1024), ("1e-3", 1e-3),
    ("e", math.e),
    ("[1, 2, 3]", [1, 2, 3]), ("[[1, 2], [3, pi]]", [[1, 2], [3, math.pi]]), ("(1, 2)", [1, 2]),
    ("-inf", -math.inf), ("np.pi", math.pi), ("7 % 4", 3), ("1 if 2 > 1 else 0", 1), ("True", True),
])
def test_values(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize("text, message", [
    ("foo", "unknown name 'foo'"), ("1/0", "division by zero"),
    ("9**9**9**9", "too large a number"), ("", "empty"), ("1 +", "is not an expression"),
    ("sin(1)", "calls no function"),
    ("[1]*10**9", "a list is not a number"), ("'x'", "only numbers"), ("(-8)**0.5", "complex"),
    ("__import__('os')", "calls no function"), ("(1).__class__", "not this"),
    ("1 << 9", "not this"), ("[x for x in (1,)]", "not this|unknown name"),
    ("lambda: 1", "not this"), ("1;2", "is not an expression"),
    ("(" * 5000 + "1" + ")" * 5000, "not an expression|nested"),
    ("-" * 3000 + "1", "nested|not an expression"),
    ("1" * 30_000, "too long"), ("\0", "is not an expression"),
])
def test_values_that_are_none(text, message):
    with pytest.raises(ExpressionError, match=message):
        value(text)


@pytest.mark.parametrize("text, at, expected", [
    ("x**3 + x", [1.2], 2.928), ("sin(x)", [1.0], math.sin(1)),
    ("np.exp(-x**2)", [0.5], math.exp(-0.25)), ("x*y - 2*y", [3.0, 4.0], 4.0),
    ("where(x > 0, x, -x)", [-2.0], 2.0), ("x if x > 0 else -x", [-2.0], 2.0),
    ("maximum(x, 0.5)", [0.1], 0.5), ("pi*r**2", [2.0], 4 * math.pi), ("2**x", [3.0], 8.0),
    ("sum(x)", [[1.0, 2.0]], 3.0), ("mean(x, axis=0)", [[1.0, 3.0]], 2.0), ("abs(-x)", [1.5], 1.5),
])
def test_functions(text, at, expected):
    f = Expression(text, functions())
    assert f(*map(Tensor, at)).data == pytest.approx(expected, rel=1e-15)


def test_names_are_the_arguments_in_order_of_appearance():
    assert Expression("b*sin(a) + b*pi + e", functions()).names == ("b", "a")


@pytest.mark.parametrize("text, message", [
    ("sine(x)", "unknown function 'sine' .did you mean sin"), ("x^2", r"a power is written \*\*"),
    ("sin", "write sin.x."), ("x.data", "not this"), ("eval('1')", "unknown function 'eval'"),
    ("os.system('ls')", "unknown function 'os.system'"), ("x[0]", "not this"),
    ("f'{x}'", "not this"), ("x.__class__.__bases__", "not this"),
    ("sin(x)(x)", "unknown function"), ("1 < x < 2", "two things at a time"),
    ("(lambda: x)()", "unknown function"), ("x := 1", "is not an expression"),
    ("sin(*x)", "not this"), ("__builtins__(x)", "unknown function"), ("{x}", "not this"),
    ("x and x", "not this"), ("await x", "not"),
])
def test_what_never_runs(text, message):
    with pytest.raises(ExpressionError, match=message):
        Expression(text, functions())


def test_an_expression_says_how_many_arguments_it_takes():
    with pytest.raises(TypeError, match="takes 2 arguments .x, y., not 1"):
        Expression("x*y", functions())(Tensor(1.0))


def test_a_whole_array_in_one_pass():
    x = np.linspace(-1, 1, 5)
    assert np.array_equal(Expression("x**2 + 1", functions())(Tensor(x)).data, x**2 + 1)
