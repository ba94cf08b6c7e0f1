"""Targets and runs: which function a text names, and which name and line made each tensor."""

import textwrap
from types import SimpleNamespace

import numpy as np
import pytest

from tinytorch import Tensor
from viz.run import execute, targets
from viz.run.targets import RunError, TargetError


@pytest.fixture
def write(tmp_path, monkeypatch):
    """write(name, code): a file in the current folder."""
    monkeypatch.chdir(tmp_path)

    def write(name, code):
        (tmp_path / name).write_text(textwrap.dedent(code), encoding="utf-8")
        return name
    return write


def test_the_only_public_function(write):
    write("a.py", """
        import math
        from math import sqrt
        class Helper: pass
        def _private(x): return x
        def g(x): return x * x
    """)
    target = targets.load("a.py")
    assert (target.name, target.names, target.stem) == ("g", ("x",), "a-g")
    assert targets.load("a.py:g").name == "g"


def test_else_the_one_named_f(write):
    write("a.py", "def g(x): return x\ndef f(x): return x*x\n")
    assert targets.load("a.py").name == "f"
    assert targets.load("a.py").stem == "a"


def test_a_module_of_a_package(write, tmp_path):
    (tmp_path / "pack_of_mine").mkdir()
    write("pack_of_mine/__init__.py", "")
    write("pack_of_mine/mod.py", "def g(x=2.0): return x*x\n")
    target = targets.load("pack_of_mine.mod:g")
    assert execute.run(target, {}).result.data == 4.0


def test_a_file_imports_its_neighbours(write, tmp_path):
    (tmp_path / "sub").mkdir()
    write("sub/neighbour_of_mine.py", "def square(x):\n    s = x * x\n    return s\n")
    write("sub/main.py", "from neighbour_of_mine import square\n\n"
                         "def f(x):\n    return square(x) + 1\n")
    run = execute.run(targets.load("sub/main.py"), {"x": 3.0})
    place = run.place(run.result._ctx.args[0].stamp)
    assert place.file.endswith("neighbour_of_mine.py") and place.line == 2
    assert "s" in run.names.values()


@pytest.mark.parametrize("code, target, message", [
    ("def a(x): return x\ndef b(x): return x\n", "t.py",
     "2 functions: say which, t.py:a or t.py:b"),
    ("x = 1\n", "t.py", "defines no public function"),
    ("def a(x): return x\n", "t.py:b", "has no 'b' .it has a."),
    ("class M:\n    def forward(self, x): return x\n", "t.py:M", "is a class"),
    ("class M:\n    def forward(self, x): return x\n", "t.py:M.forward",
     "t.py:2: M.forward is a method"),
    ("y = 3\n", "t.py:y", "is not a function but 3"),
    ("def f(*xs): return xs[0]\n", "t.py", r"takes \*xs: name its arguments"),
    ("", "nothing.py", "no such file: 'nothing.py'"),
    ("", "no_such_module:f", "no module named 'no_such_module'"),
    ("", "folder.py", "is a folder"),
    ("", "1 + 2", "has no variable"),
    ("", "f.txt", "no such file"),
])
def test_targets_that_are_none(write, tmp_path, code, target, message):
    write("t.py", code)
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(TargetError, match=message):
        targets.load(target)


@pytest.mark.parametrize("code, message", [
    ("def f(x):\n    return x +* 2\n", "t.py:2: SyntaxError"),
    ("import nowhere_to_be_found\n", "t.py:1: ModuleNotFoundError: No module named 'nowhere"),
    ("1/0\n", "t.py:1: ZeroDivisionError"),
    ("raise SystemExit(4)\n", "ended the program"),
])
def test_files_that_fail_to_load(write, code, message):
    with pytest.raises(RunError, match=message):
        targets.load(write("t.py", code))


@pytest.mark.parametrize("body, message", [
    ("return 3.0", "t.py:1: f returned the number 3 .float., not a Tensor"),
    ("return x, x", "a tuple of 2: return one Tensor"),
    ("x*x", "returned None: does it end in a return statement"),
    ("return 'x'", "returned str 'x'"),
    ("return x.data", "not a Tensor"),
    ("y = x*x\n    return y/(1/0)",
     "t.py:3: ZeroDivisionError: division by zero\n  t.py:3 in f: return y/"),
    ("import math\n    return math.sin(x)", r"t.py:3: TypeError: `math.sin.x.` .*np.sin"),
    ("return float(x)*2", r"t.py:2: TypeError: `float.x.`"),
    ("raise ValueError", "t.py:2: ValueError: no message"),
    ("while True: pass", "t.py:2: TooLong: still running after 0.2 s"),
    ("while True:\n        x = x*1.0", "t.py:[23]: TooLong: still running after 0.2 s"),
    ("return x + [1, 2] + [1, 2, 3]", "t.py:2: ValueError: .*add does not fit the shapes"),
])
def test_runs_that_fail(write, body, message):
    target = targets.load(write("t.py", f"def f(x):\n    {body}\n"))
    with pytest.raises(RunError, match=message) as caught:
        execute.run(target, {"x": 1.2}, seconds=0.2)
    assert "viz" not in str(caught.value).replace("tinyviz", "")     # the user's lines only


@pytest.mark.parametrize("point, message", [
    ({}, "t.py:1: f needs a value for x: give at={'x': 1.2}"),
    ({"z": 1}, "f has no argument 'z' .it has x, y."),
    ({"x": [1, [2, 3]]}, r"x = \[1, \[2, 3\]\] is no number and no array"),
    ({"x": 1j}, "x = 1j is no number"),
])
def test_points_that_do_not_fit(write, point, message):
    target = targets.load(write("t.py", "def f(x, y=2.0): return x*y\n"))
    with pytest.raises(TargetError, match=message):
        execute.run(target, point)


def test_what_f_prints_goes_to_stderr(write, capsys):
    target = targets.load(write("t.py", "print('loading')\n"
                                        "def f(x):\n    print('running')\n    return x*x\n"))
    execute.run(target, {"x": 1.0})
    out, err = capsys.readouterr()
    assert out == "" and err == "loading\nrunning\n"


def test_names_and_lines(write):
    target = targets.load(write("t.py", """
        def square(t):
            s = t * t
            return s

        def f(x, k=3):
            h = square(x)
            parts = [h * 2, h + 1]
            y = x
            for _ in range(k.item().__int__()):
                y = y * x
            return y + parts[0] + parts[1] + square(h)
    """))
    run = execute.run(target, {"x": 2.0})
    names = {name: run.place(stamp) for stamp, name in run.names.items()}
    lines = {name: place.line for name, place in names.items() if place}
    assert lines == {"s₁": 3, "s₂": 3, "parts[0]": 8, "parts[1]": 8, "y₁": 11, "y₂": 11, "y₃": 11}
    assert run.place(run.result.stamp).line == 12
    assert run.place(run.result.stamp).function == "f"


def test_parameters_of_the_module_and_of_loops_were_called_x(write):
    write("a.py", """
        from tinytorch import Tensor
        W1, own = Tensor(0.5), Tensor(0.1, name="layer1.bias")
        params = {"w": Tensor(2.0)}
        rows = [[Tensor(1.0), Tensor(2.0)], [Tensor(3.0), Tensor(4.0)]]

        def dense(x, W, b):
            return x * W + b

        def make():
            inner = Tensor(7.0)

            def f(x):
                h = dense(x, W1, own) * params["w"] * inner
                for row in rows:
                    for w in row:
                        h = h * w
                return h + rows[0][0]
            return f

        g = make()
    """)
    target = targets.load("a.py:g")
    run = execute.run(target, {"x": 1.2})
    names = set(run.names.values())
    assert {"W1", "layer1.bias", "params['w']", "inner", "w₁", "w₂", "w₃", "w₄"} <= names
    assert not {"W", "b", "row[0]", "x₁"} & names


def test_of_a_list_that_no_loop_takes_apart_the_items_are_named(write):
    write("a.py", """
        from tinytorch import Tensor
        def weights(ws=[Tensor(1.0), Tensor(2.0)]):
            return ws
        def f(x):
            ws = weights()
            return x * ws[0] + ws[1]
    """)
    assert {"ws[0]", "ws[1]"} <= set(execute.run(targets.load("a.py"), {"x": 1.2}).names.values())


def test_a_trace_of_the_users_is_put_back(write):
    import sys
    seen = []

    def mine(frame, event, arg):
        seen.append(event)

    target = targets.load(write("t.py", "def f(x): return x*x\n"))
    before = sys.gettrace()
    sys.settrace(mine)
    try:
        execute.run(target, {"x": 1.0})
        assert sys.gettrace() is mine
    finally:
        sys.settrace(before)


def test_arrays_and_tensors_as_points():
    target = targets.from_function(lambda w: (w * w).sum())
    run = execute.run(target, {"w": np.arange(3.0)})
    assert run.result.data == 5.0
    given = Tensor([1.0, 2.0])
    assert execute.run(target, {"w": given}).inputs["w"] is given


def test_defaults_that_are_no_numbers_are_no_inputs():
    def f(x, flip=True, kind="sin", also=None, by=abs):
        assert flip is True and kind == "sin" and also is None
        return by(x) * 2
    run = execute.run(targets.from_function(f), {"x": -1.0})
    assert list(run.inputs) == ["x"] and run.result.data == 2.0


def test_branches_and_passes(write):
    from viz.run.branches import branches
    target = targets.load(write("t.py", """
        def f(x):
            if x > 2:
                y = x * 2
            elif x > 1:
                y = x * x
            else:
                y = x + 1
                y = y + 2
            for i in range(4):
                y = y * x
                if i == 2:
                    y = y + 1
                if i > 9:
                    y = y + 2
            return y
    """))
    run = execute.run(target, {"x": 1.5})
    assert [str(way) for way in branches(run)] == [
        "t.py:3: x > 2 was False: line 4 was not taken",
        "t.py:5: x > 1 was True: lines 8–9 were not taken",
        "t.py:14: i > 9 was False: line 15 was not taken"]
    last = run.place(run.result.stamp)
    assert (last.line, last.nth) == (11, 4)


def test_a_conditional_expression_says_which_part_was_taken(write):
    from viz.run.branches import branches
    target = targets.load(write("t.py", """
        def leaky(x):
            return x if x > 0 else 0.01*x       # one line, one instruction of each part

        def f(x):
            y = leaky(x) + leaky(-x - 9)        # both parts run: nothing is said
            z = y if x < 5 else (
                y*y if x < 8 else y + 1)        # within what is skipped: nothing is said
            return [z*x if i else z for i in range(1)][0] + (1 if x > 2 else 2)
    """) + ":f")
    run = execute.run(target, {"x": 1.5})
    assert [str(way) for way in branches(run)] == [
        "t.py:7: x < 5 was True: y * y if x < 8 else y + 1 was not taken",
        "t.py:9: i was False: z * x was not taken",
        "t.py:9: x > 2 was False: 1 was not taken"]
    run = execute.run(target, {"x": 6.0})
    assert str(branches(run)[1]) == "t.py:8: x < 8 was True: y + 1 was not taken"


def test_a_whole_number_stays_one_where_the_function_needs_it(write):
    from viz import readers
    write("a.py", """
        import numpy as np
        def f(x=0.5, n=3, y=2):
            for _ in range(n):
                x = np.sin(x) * y
            return x
        def g(x=0.5, n=3):
            return x**n
    """)
    for point, n in (({}, 3), ({"n": 2}, 2)):
        graph = readers.trace(targets.load("a.py:f"), point)
        assert [node.id for node in graph.nodes if node.kind == "input"] == ["x"]
        assert sum(node.kind == "op" for node in graph.nodes) == 2 * n
    assert [node.id for node in readers.trace(targets.load("a.py:g"), {}).nodes
            if node.kind == "input"] == ["x", "n"]
    with pytest.raises(RunError, match="needs a plain int"):
        readers.trace(targets.load("a.py:f"), {"n": 3.0})


def test_a_schema_precedes_a_signature():
    """Methods of TorchScript were refused for taking *args after an import of torch.testing."""
    class Method:
        schema = SimpleNamespace(arguments=[
            SimpleNamespace(name=name, default_value=default,
                            has_default_value=lambda default=default: default is not None)
            for name, default in (("self", None), ("x", None), ("flip", False))])

        def __call__(self, *args, **kwargs):
            return args[0]
    target = targets.from_function(Method(), "f")
    assert target.names == ("x", "flip") and target.defaults == {"flip": False}
