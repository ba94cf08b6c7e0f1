"""Which variables take what a call returns, as the caller's bytecode says."""

import sys

import pytest

from viz.tape import stack_frames

asked: list[tuple[str, ...]] = []


class Thing:
    part = 0


thing = Thing()


def called():
    asked.append(stack_frames.variables(sys._getframe(1)))
    return 1, 2, 3


def through():
    return called()


@pytest.mark.parametrize("line, expected", [
    ("h = called()", ("h",)),
    ("q, k, v = called()", ("q", "k", "v")),
    ("[q, (k), v] = called()", ("q", "k", "v")),
    ("a = b = called()", ("a",)),
    ("if (y := called()): pass", ("y",)),
    ("h = through()", ("h",)),
    ("h = (lambda: through())()", ("h",)),
    ("def inner(): nonlocal_ = called(); return lambda: nonlocal_\n    inner()", ("nonlocal_",)),
    ("called()", ()),
    ("h = called()[0]", ()),
    ("h = called() + (1,)", ()),
    ("h = called(), 1", ()),
    ("h = [called() for _ in range(1)]", ()),
    ("for h in called(): pass", ()),
    ("h, *rest = called()", ()),
    ("thing.part = called()", ()),
    ("thing.part, a, b = called()", ()),
    ("h = [0]; h[0] = called()", ()),
])
def test_the_variables_of_a_line(line, expected):
    asked.clear()
    space = {"called": called, "through": through, "thing": thing}
    exec(f"def f():\n    {line}\nf()", space)
    assert asked == [expected]


def test_an_operator_is_a_call_too():
    class Number:
        def __add__(self, other):
            asked.append(stack_frames.variables(sys._getframe(1)))
            return self
    asked.clear()
    x = Number()
    y = x + 1
    y += x
    z = -1, x + y
    assert z and asked == [("y",), ("y",), ()]


def test_names_end_where_the_framework_begins():
    asked.clear()

    def framework():
        asked.append(stack_frames.variables(sys._getframe(1), (__file__,)))
    h = framework()
    assert h is None and asked == [()]
