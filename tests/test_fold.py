"""Folding: what is found, what is drawn, and that it is the truth."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinytorch
import viz
from tinytorch import Tensor
from viz.layout import cost
from viz.graph import Edge, Graph, Node, TransformError, Value, text
from viz import writers
from viz.graph.json import from_json, to_json
from viz.layout.build_scene import build_scene
from viz.options.drawing import DrawOptions
from viz.fold import FOLD_NODES, fold, summary
from viz.fold.parse import parse
from viz.fold.find_repeats import find_slots
from viz.fold.merge_labels import merge_labels, merge_steps, make_grid
from viz.fold.merge_facts import merge_values
from viz.fold.unfold import unfold


def power(n):
    def f(x=1.001):
        y = x
        for _ in range(n):
            y = y * x
        return y
    return f


def newton(n):
    def f(a=2.0):
        x = a
        for _ in range(n):
            x = x - (x * x - a) / (2 * x)
        return x
    return f


def lstm(steps, size=3):
    weights = np.sin(np.arange(4.0 * size * size)).reshape(size, 4 * size)
    inputs = np.cos(np.arange(1.0 * steps * size)).reshape(steps, 1, size)

    def f(Wx=weights, Wh=weights * 0.5, b=np.zeros(4 * size)):
        h = Tensor(np.zeros((1, size)), requires_grad=False)
        c = Tensor(np.zeros((1, size)), requires_grad=False)
        for t in range(steps):
            z = Tensor(inputs[t], requires_grad=False) @ Wx + h @ Wh + b
            i, o = np.tanh(z[:, :size]), np.tanh(z[:, size:2 * size])
            g, e = np.tanh(z[:, 2 * size:3 * size]), np.tanh(z[:, 3 * size:])
            c = e * c + i * g
            h = o * np.tanh(c)
        return np.sum(h * h)
    return f


def neurons(x=0.3, y=-0.7):
    values, k = [x, y], 0
    for size in (8, 8, 1):
        layer = []
        for _ in range(size):
            act = Tensor(0.1)
            for value in values:
                k += 1
                act = act + Tensor(np.sin(k)) * value
            layer.append(np.maximum(act, 0))
        values = layer
    return values[0]


def fibonacci(n):
    def f(x=1.0):
        a, b = x, 2 * x
        for _ in range(n):
            a, b = b, a * 0.5 + b
        return b
    return f


def paths(graph):
    return {f["path"]: f for f in graph.facts.get("folds", ())}


def check(graph):
    """What a folded graph says against the graph it was: an interpreter of the picture."""
    small = fold(graph, mode="all")
    assert unfold(small) == graph
    assert from_json(to_json(small)).nodes == small.nodes
    assert unfold(from_json(to_json(small))) == graph
    folds = paths(small)
    nodes = {node.id: node for node in small.nodes}
    whole = {node.id: node for node in graph.nodes}

    def count(path):             # how often a body is repeated, over all frames around it
        words = path.split("/") if path else []
        times = 1
        for n in range(len(words)):
            times *= folds["/".join(words[:n + 1])]["count"]
        return times

    held = [n for node in small.nodes for n in node.facts.get("repeats", ())]
    own = [n for n in small.nodes if "repeats" not in n.facts and "drawn" not in n.facts]
    assert len(held) + len(own) == len(graph.nodes)
    assert {n.id for n in (*held, *own)} == whole.keys()
    for node in small.nodes:
        if node.kind == "op" and "fold" in node.facts:
            assert len(node.facts["repeats"]) == count(node.facts["fold"])
            assert len({n.label for n in node.facts["repeats"]}) == 1
    feeds = {}
    for edge in small.edges:
        feeds.setdefault(edge.head, []).append(edge.tail)
    outs = {(f["path"], port): out for f in folds.values() for port, out in f["carried"]}
    for edge in small.edges:
        tails = [Edge(*e).tail for e in edge.facts.get("repeats", ())]
        head, tail = nodes[edge.head], nodes[edge.tail]
        if not tails or head.kind != "op" or "fold" not in head.facts:
            continue
        path = head.facts["fold"]
        total, inner = count(path), folds[path]["count"]
        if edge.facts.get("argument") is None:
            continue             # several repeats that one op takes
        assert len(tails) == total
        stood = [n.id for n in tail.facts.get("repeats", ())]
        where = tail.facts.get("fold", "")
        port = tail.facts.get("port")
        if port == "carried":
            assert where == path
            lag, out = tail.facts["lag"], nodes[outs[path, edge.tail]]
            made = [n.id for n in out.facts.get("repeats", ())]
            for k, source in enumerate(tails):
                if k % inner >= lag and made and out.facts["fold"] == path:
                    assert source == made[k - lag]
            assert feeds[edge.tail], "what a loop starts from is drawn"
        elif port == "shared":
            for k in range(0, total, inner):
                assert len(set(tails[k:k + inner])) == 1
        elif port in ("each", "all"):
            assert feeds[edge.tail]
        elif where == path and tail.kind != "op" and stood and len(stood) == total:
            assert tails == stood
        elif "shared" in tail.facts:
            for k in range(0, total, inner):
                assert len(set(tails[k:k + inner])) == 1
    build_scene(small)
    return small


@pytest.mark.parametrize("n", [12, 150])
def test_a_loop_is_one_body(n):
    small = check(viz.trace(power(n)))
    assert [f["count"] for f in paths(small).values()] == [n]
    assert sum(node.kind == "op" for node in small.nodes) == 1
    body = next(node for node in small.nodes if node.label == "y = y·x")
    assert len(body.facts["repeats"]) == n and body.facts["repeats"][-1].kind == "output"
    assert [node.label for node in small.nodes if node.kind == "output"] == [
        viz.trace(power(n)).nodes[-1].label]


def test_the_first_repeat_joins_though_it_starts_from_a_leaf():
    small = check(viz.trace(newton(40)))
    (found,) = paths(small).values()
    assert (found["count"], found["period"]) == (40, 5)
    assert (found["first"], found["last"]) == (1, 40)
    assert found["title"].startswith("x = x −")


def test_an_lstm_is_one_cell_with_two_carried_values():
    small = check(viz.trace(lstm(20)))
    (found,) = paths(small).values()
    assert found["count"] == 20
    ports = [node for node in small.nodes if node.facts.get("port") == "carried"]
    assert sorted(node.label for node in ports) == ["c", "h"]
    shared = {node.label for node in small.nodes if "shared" in node.facts}
    assert {"Wx", "Wh", "b"} <= shared


def test_twins_fold_neuron_by_neuron():
    small = check(viz.trace(neurons))
    nested = [path for path in paths(small) if "/" in path]
    assert nested, "synapses within neurons"
    assert len(small.nodes) < len(viz.trace(neurons).nodes) / 6


def test_two_steps_back():
    small = check(viz.trace(fibonacci(30)))
    lags = {node.facts["lag"] for node in small.nodes if node.facts.get("port") == "carried"}
    assert lags == {1, 2}


def test_a_leaf_that_an_outer_loop_starts_from_enters_by_a_port():
    def f(x=0.5):
        h = x
        for _ in range(12):
            gates = [np.tanh(Tensor(0.1 * k) * h + Tensor(0.2 * k)) for k in range(8)]
            h = gates[0] * gates[3] + gates[7] * gates[5]
        return h
    small = check(viz.trace(f))
    ports = {node.facts["port"] for node in small.nodes if "port" in node.facts}
    assert {"carried", "shared"} <= ports and len(paths(small)) == 2


def test_values_without_a_name_are_told_apart():
    """They were all called v: v/v, v @ v."""
    def f(x=0.5, a=0.3):
        for _ in range(120):
            p = np.tanh(np.sin(np.cos(np.exp(-x * a + 1) + 1) * a + 2) * np.cos(x * a - 1))
            x = np.sin(p * p * a + 2 + np.sin(x * a + a) / (p + 3) * (p + a * a)) * 0.3
        return x
    small = check(viz.trace(f))
    inside = [node for node in small.nodes if node.kind != "op" and "fold" in node.facts]
    named = [label for label in (node.label.partition(" = ")[0] for node in inside if
                                 " = " in node.label) if label.startswith("v")]
    used = {name for node in inside for name in re.findall("(?<!\\w)v[₀-₉]*", node.label)}
    assert len(named) == len(set(named)) > 2 and used <= set(named)
    assert named == [f"v{text.subscript(k + 1)}" for k in range(len(named))]


def test_every_step_leaves_the_frame():
    def f(x=0.5):
        h, seen = x, []
        for _ in range(30):
            h = np.tanh(h * x + 1)
            seen.append(h)
        return np.sum(np.stack(seen))
    small = check(viz.trace(f))
    assert any(edge.label == "×30" for edge in small.edges)


def test_values_are_spread_over_the_repeats():
    small = fold(viz.trace(power(150)))
    body = next(node for node in small.nodes if node.label == "y = y·x")
    numbers = sorted(n.facts["data"].number for n in body.facts["repeats"])
    stats = body.facts["data"].stats
    assert (stats.min, stats.max) == (numbers[0], numbers[-1])
    assert stats.median == pytest.approx(np.median(numbers))
    whole = [Value((2,), "float64", (1.0, 3.0)), Value((2,), "float64", (5.0, float("inf")))]
    assert merge_values(whole).stats[:5] == (1.0, 3.5, 5.0, 0, 1)
    assert merge_values([whole[0]] * 3) == whole[0]
    assert merge_values([Value((), "float64", (float("nan"),))] * 2 + [
        Value((), "float64", (2.0,))]).stats.nan == 2


@pytest.mark.parametrize("labels, one", [
    (["w[3]", "w[4]"], "w[t]"), (["0.norm.weight", "1.norm.weight"], "[t].norm.weight"),
    (["w₁", "w₂"], "w[t]"), (["a", "b"], ""), (["block1/a2", "block1/a3"], "block1/a[t]")])
def test_labels_that_count(labels, one):
    assert merge_steps(labels, make_grid((2,))) == one


W = ["0.5", "−0.25", "1e−6"]


@pytest.mark.parametrize("labels, leaves, one", [
    (["a·0.5", "a·(−0.25)", "a·1e−6"], {"w[t]": W}, "a·w[t]"),
    (["a·0.5", "a·(−0.25)", "a·1e−6"], {}, "a·c"),
    (["−0.12573 + a·0.5", "0.1049 + a·(−0.25)", "1.304 + a·1e−6"],
     {"c₁[t]": ["−0.12573", "0.1049", "1.304"], "c₂[t]": W}, "c₁[t] + a·c₂[t]"),
    (["v + h[0]·0.5", "v + h[1]·0.7", "v + h[2]·0.9"], {}, "v + h[t]·c"),
    (["v + h[0]·2 + h[1]·2", "v + h[1]·2 + h[2]·2", "v + h[2]·2 + h[3]·2"], {},
     "v + h[t−1]·2 + h[t]·2"),
    (["z[:, 0:4]", "z[:, 4:8]", "z[:, 8:12]"], {}, "z[:, …:…]"),
    (["y₂ = y₁·x1 + 3", "y₃ = y₂·x1 + 3", "y₄ = y₃·x1 + 3"], {}, "y = y·x1 + 3"),
    (["x²", "x³", "x⁴"], {}, "xⁿ"), (["[1, 2]·x", "[1, 3]·x", "[1, 4]·x"], {}, "c·x"),
    (["x·0.5", "v·0.5", "v·0.7"], {"c[t]": ["0.5", "0.5", "0.7"]}, "v·c[t]")])
def test_constants_are_no_steps(labels, leaves, one):
    assert merge_labels(labels, make_grid((3,)), leaves) == one


def test_labels_of_nested_repeats_say_which_they_count():
    repeats = make_grid((3, 4))
    assert merge_labels(
        [f"h[{i}]·0.{t}{i}" for t in range(3) for i in range(4)], repeats) == "h[i]·c"
    assert merge_labels([f"w{4 * t + i}·g_{t}" for t in range(3) for i in range(4)], repeats) == \
        "w[t,i]·g_[t]"
    assert len(make_grid((1000,)).seen) == 100 and len(make_grid((16, 16, 16)).seen) == 64


def test_a_network_of_numbers_has_no_mutilated_number():
    """Digits of constants were once taken for numbers of steps: a·(−[t].[t])."""
    def f(a=0.3, b=-0.7):
        rng = np.random.default_rng(0)
        h = [a, b]
        for n in (16, 16, 1):
            h = [np.tanh(sum((h[i] * rng.normal() for i in range(len(h))), rng.normal()))
                 for _ in range(n)]
        return h[0]
    small = check(viz.trace(f))
    labels = [node.label for node in small.nodes]
    assert not [label for label in labels if ".[" in label or "[.]" in label]
    assert {"a·c₁[t]", "b·c₃[t]", "h[i]·c[t,i]", "v = v + h[i]·c[t,i]",
            "h[t] = tanh(v)"} <= set(labels)
    assert [(f["count"], f["first"], f["last"]) for f in paths(small).values()] == [(16, 1, 16)] * 4


def test_auto_waits_for_a_reason():
    few = viz.trace(power(20))
    assert len(few.nodes) <= FOLD_NODES and fold(few) is few
    many = viz.trace(power(150))
    assert "folds" in fold(many).facts and "folds" not in many.facts
    assert fold(many, mode="none") is many
    assert fold(fold(many)) == fold(many)
    assert unfold(many) is many
    assert fold(fold(many), mode="none") == many
    assert summary(fold(many)) == "folded: y = y·x ×150 (300 nodes)" and summary(many) == ""


def test_expand_and_depth():
    whole = viz.trace(power(150))
    assert "folds" not in fold(whole, expand=["1"]).facts
    ends = fold(whole, expand=["1:ends"])
    assert paths(ends)["1"]["count"] == 148
    assert sum(node.kind == "op" for node in ends.nodes) == 3
    assert unfold(ends) == whole
    with pytest.raises(TransformError, match="no fold '7' .there is 1."):
        fold(whole, expand=["7"])
    with pytest.raises(TransformError, match="cannot expand '1:last'"):
        fold(whole, expand=["1:last"])
    with pytest.raises(TransformError, match="unknown fold: 'some'"):
        fold(whole, mode="some")
    nets = viz.trace(neurons)
    small = fold(nets, mode="all", expand=["2"])
    assert unfold(small) == nets
    closed = fold(nets, mode="all", depth=0)
    drawn = {group.id for group in build_scene(closed).groups}
    inside = {node.id for node in closed.nodes if "fold" in node.facts}
    assert not inside & drawn and "fold-1" in drawn
    assert cost.cost(closed).nodes == len(closed.nodes) - len(inside)


def test_attributes_must_agree():
    def f(x=np.arange(12.0).reshape(3, 4)):
        y = x
        for k in range(12):
            y = np.sin(np.sum(y, axis=k % 2, keepdims=True) + x)
        return np.sum(y)
    small = check(viz.trace(f))
    for node in small.nodes:
        if "repeats" in node.facts and node.kind == "op":
            assert len({n.facts.get("attributes") for n in node.facts["repeats"]}) == 1


def test_shapes_must_agree():
    def f(x=np.ones((2, 2))):
        y = x
        for _ in range(6):
            y = np.concatenate([y, x]) * 2
        return np.sum(y)
    assert "folds" not in fold(viz.trace(f), mode="all").facts


def test_a_wrong_run_is_no_run():
    program = parse(viz.trace(power(30))).program
    assert find_slots(program, 0, 1, 30) is not None
    program.source[20] = program.source[18]        # one repeat takes another input
    assert find_slots(program, 0, 1, 30) is None
    assert find_slots(parse(viz.trace(newton(9))).program, 0, 4, 9) is None


def test_random_graphs_do_not_fold():
    rng = np.random.default_rng(3)
    folded = total = 0
    for _ in range(10):
        values = [Tensor(float(x)) for x in rng.random(6)]
        for _ in range(150):
            a, b = rng.integers(max(0, len(values) - 40), len(values), 2)
            op = (tinytorch.add, tinytorch.mul, tinytorch.sin, tinytorch.tanh)[rng.integers(4)]
            values.append(op(values[a], values[b]) if op in (tinytorch.add, tinytorch.mul)
                          else op(values[a]))
        root = values[-1]
        for value in values[6:-1]:
            root = root + value if rng.random() < 0.1 else root
        graph = viz.read(root)
        small = check(graph)
        total += len(graph.nodes)
        folded += len(graph.nodes) - len(small.nodes)
        assert fold(graph) is graph
    assert folded <= 0.02 * total


STEPS = st.lists(st.tuples(st.sampled_from("+*sgt2wl"), st.integers(0, 3), st.integers(0, 3)),
                 min_size=1, max_size=5)


@st.composite
def programs(draw):
    """A random program: loops of random steps over carried values, some of them nested."""
    blocks = draw(st.lists(st.tuples(STEPS, st.integers(1, 7), STEPS, st.integers(0, 4)),
                           min_size=1, max_size=3))
    width = draw(st.integers(1, 4))

    def run():
        state = [Tensor(0.1 * (k + 1), name=f"x{k}") for k in range(width)]
        shared = [Tensor(0.5 + 0.1 * k) for k in range(2)]
        seen = []

        def step(kind, i, j):
            a, b = state[i % width], state[j % width]
            state[i % width] = {
                "+": lambda: (a + b) * 0.5, "*": lambda: a * b, "s": lambda: tinytorch.sin(a),
                "g": lambda: tinytorch.tanh(a * shared[j % 2]), "t": lambda: a * 0.5 + b * 0.25,
                "2": lambda: tinytorch.sin(a * a),
                "w": lambda: a * 0.5 + shared[0] * shared[1] * 0.2,
                "l": lambda: a * Tensor(0.1 * (i + j)) + Tensor(0.1)}[kind]()

        for outer, times, inner, repeated in blocks:
            for _ in range(times):
                for s in outer:
                    step(*s)
                for _ in range(repeated):
                    for s in inner:
                        step(*s)
                seen.append(state[0])
        total = seen[0] * 1.0
        for value in (*seen[1:], *state):
            total = total + value
        return total
    return run


@settings(max_examples=120, deadline=None)
@given(programs())
def test_a_fold_of_any_program_is_the_truth(run):
    root = run()
    root.backward()
    check(viz.read(root))


class Made:
    """A graph made op by op; ops have any number of outputs."""

    def __init__(self):
        self.nodes, self.edges = [], []

    def leaf(self, kind="constant", label="", number=0.0):
        id = f"n{len(self.nodes)}"
        data = Value((), "float64", (number,))
        self.nodes.append(Node(id, kind, label or text.number(number), {"data": data}))
        return id

    def op(self, symbol, *tails, outputs=1, **facts):
        doer = f"n{len(self.nodes)}"
        self.nodes.append(Node(doer, "op", symbol, {"op": symbol, **facts}))
        self.edges += [Edge(tail, doer, "", {"argument": i}) for i, tail in enumerate(tails)]
        ids = []
        for k in range(outputs):
            ids.append(f"n{len(self.nodes)}")
            self.nodes.append(Node(ids[-1], "value", f"{symbol}[{k}]",
                                   {"data": Value((), "float64", (float(k),))}))
            self.edges.append(Edge(doer, ids[-1]))
        return ids[0] if outputs == 1 else ids

    def graph(self, *ends):
        last = self.op("sum", *ends)
        self.nodes[-1] = self.nodes[-1]._replace(kind="output")
        assert last
        return Graph("made", tuple(self.nodes), tuple(self.edges))


@pytest.mark.parametrize("order", ["made", "opsfirst"])
def test_ops_of_several_outputs_fold(order):
    made = Made()
    x = made.leaf("input", "x", 0.3)
    for _ in range(9):
        q, k, v = made.op("split", made.op("linear", x, made.leaf(number=0.5)), outputs=3)
        x = made.op("+", x, made.op("×", made.op("×", q, k), v))
    graph = made.graph(x)
    if order == "opsfirst":                        # no order of creation to go by
        graph = Graph("made", tuple(sorted(graph.nodes, key=lambda n: n.kind != "op")), graph.edges)
    small = check(graph)
    (found,) = paths(small).values()
    assert (found["count"], found["ops"]) == (9, 5)
    split = [node for node in small.nodes if node.label == "split"]
    assert len(split) == 1 and len(split[0].facts["repeats"]) == 9
    assert sum(edge.tail == split[0].id for edge in small.edges) == 3


def test_an_op_is_never_apart_from_its_outputs():
    made = Made()
    a = made.leaf("input", "a", 0.3)
    b, c = made.op("split", a, outputs=2)
    for _ in range(8):                             # each split's outputs are of the next repeat
        d = made.op("sin", b)
        b, c = made.op("split", made.op("×", d, c), outputs=2)
    small = check(made.graph(b, c))
    assert [f["count"] for f in paths(small).values()] == [8]


@st.composite
def graphs(draw):
    """A random program of ops with one to three outputs, constants and nested loops."""
    step = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(0, 5), st.integers(0, 5),
                     st.booleans(), st.booleans())
    blocks = draw(st.lists(st.tuples(
        st.lists(step, min_size=1, max_size=4), st.integers(1, 6),
        st.lists(step, max_size=3), st.integers(0, 4)), min_size=1, max_size=3))
    width = draw(st.integers(1, 4))
    made = Made()
    state = [made.leaf("input", f"x{k}", 0.1 * k) for k in range(width)]
    shared = made.leaf("parameter", "w", 2.0)
    seen = []

    def run(steps, count):
        for ins, outs, i, j, constant, growing in steps:
            tails = [state[(i + n) % width] for n in range(ins)]
            tails += [made.leaf(number=0.25 * count + 0.5)] if constant else [shared]
            facts = {"attributes": f"axis={j}, start={count if growing else 0}"}
            ends = made.op(f"op{ins}{outs}", *tails, outputs=outs, **facts)
            for n, end in enumerate([ends] if outs == 1 else ends):
                state[(j + n) % width] = end

    for outer, times, inner, again in blocks:
        for t in range(times):
            run(outer, t)
            for k in range(again):
                run(inner, k)
            seen.append(state[0])
    return made.graph(*seen, *state)


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_a_fold_of_any_graph_is_the_truth(graph):
    check(graph)


def test_a_graph_that_is_no_program_is_left_alone():
    plain = Graph("g", (Node("a", "input", "a"), Node("b", "output", "b")), (Edge("a", "b"),))
    assert fold(plain, mode="all") is plain
    two = Graph("g", (Node("x", "input", "x"), Node("split", "op", "split"),
                      *(Node(f"y{k}", "value", "y") for k in range(9)),
                      *(Node(f"op{k}", "op", "sin") for k in range(9)),
                      *(Node(f"z{k}", "value", "z") for k in range(9))),
                (Edge("x", "split"), *(Edge("split", f"y{k}") for k in range(9)),
                 *(Edge(f"y{k}", f"op{k}") for k in range(9)),
                 *(Edge(f"op{k}", f"z{k}") for k in range(9))))
    assert unfold(fold(two, mode="all")) == two


@pytest.mark.parametrize("format", [f for f in writers.formats() if f != "gif"])
def test_every_writer_takes_a_folded_graph(format):
    if format in ("png", "pdf"):
        pytest.importorskip("resvg_py" if format == "png" else "matplotlib")
    small = fold(viz.trace(neurons), mode="all")
    written = writers.write(small, format)
    assert len(written) > 200
    assert writers.write(fold(viz.trace(neurons), mode="all"), format) == written
    if format in ("svg", "dot", "mermaid", "html", "tikz"):
        assert b"\xc3\x978" in written or b"&#215;8" in written or b"times" in written


def test_costs_are_known_before():
    small, whole = fold(viz.trace(power(150))), viz.trace(power(150))
    assert cost.cost(small).items < 20
    price = cost.cost(whole, writers.writer("svg").BYTES_PER_NODE)
    assert price.nodes == 301 and 140 <= price.joints <= 160       # x runs along all of it
    svg = writers.write(whole, "svg")
    assert price.bytes / 3 < len(svg) < price.bytes * 3
    nets = fold(viz.trace(neurons), mode="all")
    assert cost.cost(cost.close_folds(nets, 30)).nodes < cost.cost(nets).nodes
    assert cost.close_folds(nets, 10**6) is nets


def test_a_line_that_enters_a_frame_ran_through_its_head():
    def root(a=2.0):
        x = a
        for _ in range(6):
            x = (x + a/x)/2
        return x

    groups = build_scene(fold(viz.trace(root), mode="all"), DrawOptions(rankdir="TB")).groups
    heads = [i for i, group in enumerate(groups) if group.id.endswith("--head")]
    assert heads and min(heads) > max(i for i, g in enumerate(groups) if g.role == "edge")


@pytest.mark.parametrize("step", [lambda y, x, z: y*x*0.9, lambda y, x, z: y + x + 0.5,
                                  lambda y, x, z: y*x*z*0.5*x])
def test_a_loop_whose_ops_are_all_alike_did_not_fold(step):
    def power(x=1.001, z=0.5):
        y = x
        for _ in range(60):
            y = step(y, x, z)
        return y

    graph = viz.trace(power)
    folded = fold(graph)
    (found,) = folded.facts["folds"]
    assert found["count"] == 60 and unfold(folded) == graph


@pytest.mark.parametrize("format", ["svg", "png", "pdf", "tikz", "html", "gif"])
def test_a_value_taken_out_of_a_fold_and_used_twice_outside_it(format):
    """KeyError: 'frame:1', in every format that is painted."""
    def f(x=0.5, w=2.0):
        s = [x*w*w for t in range(60)]
        b = s[3]*w*w
        return np.stack([*s, b*w, b*w]).sum()
    folded = fold(viz.trace(f), mode="all")
    assert "folds" in folded.facts
    assert len(writers.write(folded, format)) > 500
    made = {edge.head for edge in folded.edges}    # a frame's value has a line, never a copy
    assert not [group for group in build_scene(folded).groups if group.role == "chip"
                and group.id.partition("--")[0] in made]
