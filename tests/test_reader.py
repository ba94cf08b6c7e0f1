"""Reading what tinytorch recorded: nodes, edges, names, facts, titles."""

import sys

import numpy as np
import pytest

import viz
from tinytorch import Function, Tensor, formula
from viz import readers
from viz.graph.json import from_json, to_json
from viz.graph import topological
from viz.transforms.backward_graph import backward


def node(graph, id):
    return next(n for n in graph.nodes if n.id == id)


def cubic(x):
    return x * x * x + x


def test_the_cubic():
    graph = viz.trace(cubic, 1.2)
    assert [(n.id, n.kind, n.label) for n in graph.nodes] == [
        ("x", "input", "x"), ("mul_1", "op", "×"), ("v_1", "value", "x²"), ("mul_2", "op", "×"),
        ("v_2", "value", "x³"), ("add_1", "op", "+"), ("v_3", "output", "x³ + x")]
    assert [(e.tail, e.head) for e in graph.edges] == [
        ("x", "mul_1"), ("x", "mul_1"), ("mul_1", "v_1"), ("v_1", "mul_2"), ("x", "mul_2"),
        ("mul_2", "v_2"), ("v_2", "add_1"), ("x", "add_1"), ("add_1", "v_3")]
    sent = [e.facts["contribution"].number for e in graph.edges if e.tail == "x"]
    assert sent == pytest.approx([1.44, 1.44, 1.44, 1]) and len(sent) == 4
    assert sum(sent) == node(graph, "x").facts["grad"].number == pytest.approx(5.32)
    assert node(graph, "v_3").facts["data"].number == pytest.approx(2.928)
    assert graph.facts["title"] == "cubic(x) = x³ + x at x = 1.2"
    assert graph.facts["results"] == ("df/dx = 1.44 + 1.44 + 1.44 + 1 = 5.32",)


def test_contributions_add_up_to_the_grad_everywhere():
    def f(x, y):
        a = x * y + np.sin(x)
        b = a * a / (y + 2)
        return np.where(b > 1, b * a, np.maximum(a, y)) + a

    graph = viz.trace(f, 1.3, 0.4)
    sums = {}
    for edge in graph.edges:
        if "contribution" in edge.facts:
            sums[edge.tail] = sums.get(edge.tail, 0) + edge.facts["contribution"].number
    for n in graph.nodes:
        if n.id in sums:
            assert sums[n.id] == pytest.approx(n.facts["grad"].number, rel=1e-14)
    x, y = Tensor(1.3), Tensor(0.4)
    f(x, y).backward()
    assert node(graph, "x").facts["grad"].number == x.grad.data
    assert node(graph, "y").facts["grad"].number == y.grad.data


def test_a_local_derivative_times_the_grad_above_is_the_contribution():
    graph = viz.trace(lambda x: np.exp(np.sin(x) * x), 0.7)
    made = {e.tail: e.head for e in graph.edges if node(graph, e.tail).kind == "op"}
    for edge in graph.edges:
        if "local" in edge.facts:
            above = node(graph, made[edge.head]).facts["grad"].number
            expected = edge.facts["local"].number * above
            assert edge.facts["contribution"].number == pytest.approx(expected)


def test_tracing_leaves_the_tensors_as_they_were():
    w = Tensor([2.0], name="w")
    graph = viz.trace(lambda x: x * w, 3.0)
    assert w.grad is None
    assert node(graph, "w").kind == "parameter" and node(graph, "w").facts["grad"].items == (3.0,)


def test_a_live_tensor_before_and_after_backward():
    x, y = Tensor([8]), Tensor([5])
    z = x * y
    before = viz.read(z)
    assert all("grad" not in n.facts for n in before.nodes)
    z.backward()
    after = viz.read(z)
    assert [n.facts["grad"].items for n in after.nodes if n.kind == "input"] == [(5.0,), (8.0,)]
    assert [(n.id, n.label) for n in after.nodes] == [
        ("x_1", "x₁"), ("x_2", "x₂"), ("mul_1", "×"), ("v_1", "x₁·x₂")]


def test_no_grad_shows_the_forward_pass_only():
    graph = viz.trace(cubic, 1.2, grad=False)
    assert all("grad" not in n.facts for n in graph.nodes)
    assert all(set(e.facts) <= {"argument"} for e in graph.edges)
    assert "results" not in graph.facts


def test_an_op_class_of_the_users_own():
    class Square:
        def forward(x):
            return Tensor(x.data * x.data)

        def backward(ctx, grad):
            x, = ctx.args
            return Tensor(2 * x.data) * grad

    def f(x):
        z = Square.forward(x)
        z._ctx = Function(Square, x)
        return z + 1

    graph = viz.trace(f, 3.0)
    op = node(graph, "square_1")
    assert op.label == "Square" and node(graph, "x").facts["grad"].number == 6.0
    assert node(graph, "z").label == "z = square(x)"
    assert [e.facts["local"].number for e in graph.edges if e.head == "square_1"] == [6.0]


def test_names_of_the_users():
    def f(x):
        h = x * x
        y = h
        for _ in range(3):
            y = y * x
        return y - h

    graph = viz.trace(f, 2.0)
    assert [(n.id, n.label) for n in graph.nodes if n.kind != "op"] == [
        ("x", "x"), ("h", "h = x²"), ("y_1", "y₁ = h·x"), ("y_2", "y₂ = y₁·x"),
        ("y_3", "y₃ = y₂·x"), ("v_1", "y₃ − h")]
    assert node(graph, "h").facts["line"].startswith("test_reader.py:")


def test_a_tensor_that_does_not_depend_on_x_has_grad_0():
    graph = viz.trace(lambda x: Tensor([2.0], requires_grad=False) * 3, 1.0)
    assert node(graph, "x").facts["grad"].number == 0.0
    graph = viz.trace(lambda x, y: x * 2, 1.0, 5.0)
    assert node(graph, "y").facts["grad"].number == 0.0


def test_operand_order_and_parallel_edges_are_kept():
    graph = viz.trace(lambda x, y: (x - y) / (y - x) * (x / x), 1.0, 3.0)
    by_head = {}
    for e in graph.edges:
        by_head.setdefault(e.head, []).append((e.tail, e.facts.get("argument")))
    assert [a for a in by_head["sub_1"]] == [("x", 0), ("y", 1)]
    assert [a for a in by_head["sub_2"]] == [("y", 0), ("x", 1)]
    assert [a for a in by_head["div_2"]] == [("x", 0), ("x", 1)]


@pytest.mark.parametrize("data, items", [
    ([np.nan, np.inf], None), ([-np.inf, 1e-300], (-np.inf, 1e-300)), ([-0.0], (-0.0,)),
    (np.zeros((0,)), ()), (np.float64(3), (3.0,)), ([10**9], (1e9,)), (np.float32([0.1]), None),
])
def test_odd_data(data, items):
    with np.errstate(all="ignore"):
        graph = viz.trace(lambda x: x * 1.0, data)
    value = node(graph, "x").facts["data"]
    if items is not None:
        assert value.items == items
    assert value.shape == np.shape(data)
    assert to_json(from_json(to_json(graph))) == to_json(graph)


def test_an_empty_array_beside_a_scalar_input_was_an_index_error():
    graph = viz.trace(lambda x: x + np.sum(np.zeros((0, 3)) * x), 1.2)
    assert graph.facts["results"] == ("df/dx = 0 + 1 = 1",)


def test_arrays_are_summarised():
    rng = np.arange(128.0).reshape(32, 4)
    graph = viz.trace(lambda w: np.mean(rng @ w), np.ones((4, 3)))
    value = next(n for n in graph.nodes if n.label == "[32×4]" or n.facts["data"].shape == (32, 4)
                 if n.kind == "constant").facts["data"]
    assert value.items is None and value.stats.min == 0 and value.stats.max == 127


def test_expressions_are_short():
    def f(x):
        y = x
        for _ in range(40):
            y = np.sin(y) + y * x
        return y * 2
    graph = viz.trace(lambda x: f(x), 0.1)
    assert max(len(n.label) for n in graph.nodes) < 70


@pytest.mark.parametrize("write, text", [
    (lambda x, y: x - (y - x), "x − (y − x)"), (lambda x, y: (x + y) * 2, "(x + y)·2"),
    (lambda x, y: x / (y * x), "x/(y·x)"), (lambda x, y: -(x + y), "−(x + y)"),
    (lambda x, y: (-x)**2, "(−x)²"), (lambda x, y: x**0.5, "x^0.5"), (lambda x, y: x**-2, "x⁻²"),
    (lambda x, y: (x + y)*(x + y), "(x + y)²"), (lambda x, y: 2**x, "2^x"),
    (lambda x, y: x * y * x, "x²·y"), (lambda x, y: np.sin(x)**2, "sin(x)²"),
    (lambda x, y: (x + 1)**3, "(x + 1)³"), (lambda x, y: x - 1, "x − 1"),
    (lambda x, y: x * -2, "x·(−2)"), (lambda x, y: (x**2)**3, "x⁶"),
    (lambda x, y: x**y**2, "x^(y²)"), (lambda x, y: 2 * (3 * x), "2·3·x"),
    (lambda x, y: x + (y + x), "x + y + x"), (lambda x, y: x / y / x, "x/y/x"),
    (lambda x, y: x + -2, "x − 2"), (lambda x, y: x - -y, "x − (−y)"),
    (lambda x, y: x + (-(x + y)), "x − (x + y)"), (lambda x, y: x / -y, "x/(−y)"),
    (lambda x, y: y + (-x + y), "y − x + y"), (lambda x, y: y + -3 * x, "y − 3·x"),
    (lambda x, y: np.exp(-x**2), "exp(−x²)"), (lambda x, y: (x * y)**2, "(x·y)²"),
])
def test_written_expressions(write, text):
    x, y = Tensor(1.3), Tensor(0.7)
    z = write(x, y)
    assert formula.expressions([z], {x.stamp: "x", y.stamp: "y"})[z.stamp] == text


def test_what_cannot_be_read():
    message = "cannot read a graph from int 3 .must be a tensor of .*tinytorch"
    with pytest.raises(TypeError, match=message):
        viz.read(3)


def test_a_chain_of_ten_thousand():
    def f(x):
        y = x
        for _ in range(10_000):
            y = y * x
        return y
    graph = viz.trace(f, 1.0)
    assert len(graph.nodes) == 20_001 and len(topological(graph)) == 20_001


def test_a_diamond_of_forty_squarings():
    def f(x):
        for _ in range(40):
            x = x * x
        return x
    graph = viz.trace(f, 1.0)
    assert node(graph, "x").facts["grad"].number == 2.0**40


def test_higher_orders():
    graph = viz.trace(cubic, 1.2, order=2)
    root = graph.nodes[-1]
    assert root.facts["data"].number == pytest.approx(5.32)
    assert node(graph, "x").facts["grad"].number == pytest.approx(7.2)
    assert graph.facts["title"] == "cubic′(x) = 1 + x² + x² + x² at x = 1.2"
    assert graph.facts["results"][0].endswith(" = 7.2")
    third = viz.trace(cubic, 1.2, order=3)
    assert node(third, "x").facts["grad"].number == pytest.approx(6.0)
    flat = viz.trace(lambda x: x + 1, 1.2, order=3)
    assert node(flat, "x").facts["grad"].number == 0.0


def test_lines_passes_and_branches():
    def f(x):
        y = x
        for _ in range(2):
            y = y * x
        if x > 1:
            y = y + 1
        return y
    line = f.__code__.co_firstlineno
    graph = viz.trace(f, 1.5)
    assert node(graph, "y_2").facts["pass"] == 2 and "pass" not in node(graph, "y_3").facts
    assert node(graph, "y_3").facts["branch"] == "x > 1"
    assert node(graph, "y_3").facts["line"] == f"test_reader.py:{line + 5}"
    off = viz.trace(f, 0.5)
    assert off.facts["branches"][0].endswith(
        f"test_reader.py:{line + 4}: x > 1 was False: line {line + 5} was not taken")


def test_local_formulas_are_the_engines_own():
    def f(x, w):
        n = x * w
        return np.sin(n) * np.exp(x) / w
    graph = viz.trace(f, 0.7, 2.0)
    slopes = {(e.tail, e.head): (e.facts["formula"], e.facts["local"].number)
              for e in graph.edges if "formula" in e.facts}
    assert slopes["x", "mul_1"][0] == "w" and slopes["w", "mul_1"][0] == "x"
    assert slopes["n", "sin_1"] == ("cos(n)", pytest.approx(np.cos(1.4)))
    assert slopes["x", "exp_1"][0] == "exp(x)"


def test_a_long_expression_gets_a_name():
    def f(a, b, c, d):
        return np.tanh(a * b + c * d + a * d + b * c + a * c) * 2
    graph = viz.trace(f, 0.1, 0.2, 0.3, 0.4)
    labels = [n.label for n in graph.nodes]
    assert "v₉ = a·b + c·d + a·d + b·c + a·c" in labels and "tanh(v₉)" in labels
    assert node(graph, "v_9").label.startswith("v₉ = ")
    assert node(graph, "v_1").label == "a·b"


def test_the_backward_pass_is_paired():
    graph = viz.trace(cubic, 1.2)
    both = backward(graph)
    pairs = {n.id: n.facts["pair"] for n in both.nodes if "pair" in n.facts}
    assert all(pairs[pairs[id]] == id for id in pairs) and len(pairs) == 2 * 4
    for n in graph.nodes:
        if n.kind != "op":
            partner = node(both, pairs[n.id])
            assert partner.facts["grad"] == n.facts["grad"] and partner.group == "backward"
            sent = [e.facts["contribution"].number for e in both.edges
                    if e.head == next((o.tail for o in both.edges if o.head == partner.id), "")]
            assert not sent or sum(sent) == pytest.approx(n.facts["grad"].number)


def test_the_backward_pass_called_a_function_by_its_expression():
    w = Tensor(3.0, name="w")
    labels = [node.label for node in backward(viz.trace(lambda x: w * w, 1.2)).nodes]
    assert "∂f/∂w" in labels and "∂f/∂(w²)" in labels


def test_a_lambda_was_called_lambda_in_brackets():
    graph = viz.trace(lambda x: x * x, 1.2)
    assert graph.facts["title"] == "f(x) = x² at x = 1.2"
    assert graph.facts["results"] == ("df/dx = 1.2 + 1.2 = 2.4",)


def test_an_index_of_many_was_written_as_dots():
    labels = [node.label for node in viz.trace(
        lambda x: np.sum(x[np.arange(9), np.arange(9)]), np.ones((9, 9))).nodes]
    assert "x[[9], [9]]" in labels


def test_a_long_expression_of_arrays_was_compared_elementwise():
    """`tensor in roots` asked an array whether it is true."""
    def f(w):
        v = np.tanh(w @ np.ones((2, 3)) + np.arange(3.0) + 1) * np.exp(-w.sum())
        return (np.tanh(v * v + 2 * v - 1) * np.cos(v) + np.sin(v)).sum()
    assert viz.trace(f, np.ones((4, 2))).nodes[-1].kind == "output"


@pytest.mark.parametrize("f, title", [
    (lambda x: (x + x)[0], "(x + x)[0]"), (lambda x: x[0]**2, "x[0]²"),
    (lambda x: np.sin(x)[0], "sin(x)[0]"), (lambda x: (-x)[0], "(−x)[0]"),
    (lambda x: (x + x).T[0], "(x + x).T[0]")])
def test_what_stands_after_an_expression_took_its_last_term_only(f, title):
    assert viz.trace(f, [1.0, 2.0]).facts["title"] == f"f(x) = {title}"


def test_a_framework_that_is_only_asked_for_was_taken_for_imported(tmp_path, monkeypatch):
    """transformers looks whether there is a torch before it imports it: seeds and --meta were not
    set then."""
    import importlib.util
    (tmp_path / "a_framework.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    imported = []
    finder = readers._ImportHook({"a_framework": lambda: imported.append(True)})
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    try:
        assert importlib.util.find_spec("a_framework") and not imported
        assert importlib.import_module("a_framework").x == 1
        importlib.reload(sys.modules["a_framework"])
    finally:
        sys.modules.pop("a_framework", None)
    assert imported == [True]


def test_a_title_states_an_expression_whole_or_not_at_all():
    """It was f(x) = …·…."""
    def f(x):
        for _ in range(60):
            x = np.log2(np.abs(x) + 2.5) * np.log10(x*x + 3)
        return x
    assert viz.trace(f, 1.2).facts["title"] == "f(x) at x = 1.2"
