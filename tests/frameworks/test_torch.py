"""PyTorch: grads to the last bit, what was called and nothing else, nothing left changed."""

import json
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from click.testing import CliRunner  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils.checkpoint import checkpoint  # noqa: E402

from tinyviz import cli  # noqa: E402
import viz  # noqa: E402
from viz import writers  # noqa: E402
from viz.graph.json import from_json, to_json  # noqa: E402
from viz.run.targets import RunError, TargetError  # noqa: E402

from .arithmetic import FUNCTIONS, choice, node, ops, same, sums  # noqa: E402


def double(x):
    return torch.tensor(x, dtype=torch.float64)


def exact(value, tensor):
    """Whether what is drawn of a tensor is that tensor, to the last bit."""
    tensor = tensor.detach()
    assert value.shape == tuple(tensor.shape)
    if value.items is not None:
        return value.items == tuple(tensor.reshape(-1).tolist())
    return value.stats[:3] == (tensor.min().item(), tensor.mean().item(), tensor.max().item())


def test_the_cubic():
    graph = viz.trace(lambda x: x * x * x + x, double(1.2))
    assert node(graph, "x").facts["grad"].number == 5.32
    assert [e.facts["contribution"].number for e in graph.edges if e.tail == "x"] == \
        pytest.approx([1.44, 1.44, 1.44, 1])
    assert graph.facts["results"] == ("df/dx = 1.44 + 1.44 + 1.44 + 1 = 5.32",)


@pytest.mark.parametrize("f, point", FUNCTIONS)
def test_the_same_arithmetic_gives_the_same_graph(f, point):
    ours = same(f, np, [np.float64(x) for x in point])
    theirs = same(f, torch, [double(x) for x in point])
    assert theirs == ours


@pytest.mark.parametrize("point", [[1.5, 0.5], [0.5, 1.5]])
def test_choices_are_drawn_as_tinytorchs(point):
    ours = same(choice, np, [np.float64(x) for x in point])
    theirs = same(choice, torch, [double(x) for x in point])
    assert [n[:4] for n in theirs[0]] == [n[:4] for n in ours[0]]
    assert [e[:2] for e in theirs[1]] == [e[:2] for e in ours[1]] and theirs[2] == ours[2]


def test_plain_numbers_take_pytorchs_default_dtype():
    def f(x):
        return torch.sin(x) * 2
    assert node(viz.trace(f, 0.5), "x").facts["data"].dtype == "float32"


def program(seed):
    """A random function of two matrices: products, sums, functions, cuts, writes in place."""
    rng = np.random.default_rng(seed)
    steps = [(int(rng.integers(12)), int(rng.integers(100)), int(rng.integers(100)))
             for _ in range(25)]

    def f(x, y):
        values = [x, y]
        for kind, i, j in steps:
            a, b = values[i % len(values)], values[j % len(values)]
            values.append([
                lambda: a + b, lambda: a * b, lambda: a - b, lambda: torch.sin(a),
                lambda: torch.tanh(a @ b), lambda: a.t(), lambda: torch.relu(a),
                lambda: a.clone().mul_(0.5).add_(b), lambda: torch.where(a > b, a, b),
                lambda: torch.cat([a, b])[:3], lambda: a.softmax(dim=1),
                lambda: a.detach() + torch.sigmoid(b)][kind]())
        return sum(v.mean() for v in values)
    return f


@pytest.mark.parametrize("seed", range(12))
def test_grads_of_random_programs_to_the_last_bit(seed):
    f = program(seed)
    x, y = (torch.randn(3, 3, generator=torch.Generator().manual_seed(i)) for i in (1, 2))
    graph = viz.trace(f, x, y)
    a, b = x.clone().requires_grad_(), y.clone().requires_grad_()
    da, db = torch.autograd.grad(f(a, b), [a, b], allow_unused=True)
    assert exact(node(graph, "x").facts["grad"], da if da is not None else torch.zeros(3, 3))
    assert exact(node(graph, "y").facts["grad"], db if db is not None else torch.zeros(3, 3))
    assert from_json(to_json(graph)) == graph
    for id, total in sums(graph).items():
        grad = node(graph, id).facts.get("grad")
        if grad is not None:
            np.testing.assert_allclose(total, grad.items, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_every_call_is_drawn_once(seed):
    from torch.overrides import TorchFunctionMode
    called = []

    class Count(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            if isinstance(out, torch.Tensor):
                called.append(func)
            return out

    f = program(seed)
    x, y = torch.ones(3, 3), torch.full((3, 3), 0.5)
    leaves = x.clone().requires_grad_(), y.clone().requires_grad_()
    with Count():
        whole = f(*leaves)
    assert whole.dim() == 0
    graph = viz.trace(f, x, y)
    # all values are summed, so that each call leads to the result
    assert len(ops(graph)) == len(called)


def test_in_place_views_and_outputs_of_several():
    def f(x):
        a, b = torch.split(x * 2, 2)
        a = a * b
        c = x.clone()
        row = c[:2]
        row.mul_(a)
        c[3] = 7.0
        return (c * c).sum() + b.sum()
    x = torch.arange(1., 5.)
    graph = viz.trace(f, x)
    leaf = x.clone().requires_grad_()
    want, = torch.autograd.grad(f(leaf), leaf)
    assert exact(node(graph, "x").facts["grad"], want)
    assert ops(graph).count("split") == 1 and "setitem" in ops(graph) and "alias" in ops(graph)
    split = next(n.id for n in graph.nodes if n.facts.get("op") == "split")
    assert len([e for e in graph.edges if e.tail == split]) == 2


def test_breaks_are_told():
    def f(x):
        with torch.no_grad():
            a = x * 2
        return a * x + x.detach()
    graph = viz.trace(f, double(3.0))
    assert node(graph, "x").facts["grad"].number == 6.0
    assert [n.facts["break"] for n in graph.nodes if "break" in n.facts] == ["no_grad", "detach"]
    cut = [(e.tail, e.facts["break"]) for e in graph.edges if "break" in e.facts]
    assert cut == [("x", "no_grad"), ("x", "detach")]          # and the constant's edge is whole
    drawn = writers.write(graph, "svg").decode()
    assert drawn.count("no gradient flows back here") == 2
    assert drawn.count('stroke-dasharray="2 5"') >= 1
    assert writers.write(graph, "mermaid").decode().count("-.->") == 2
    assert writers.write(graph, "dot").decode().count("dotted") == 2


def test_an_autograd_function():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx, grad):
            x, = ctx.saved_tensors
            return 3 * x * x * grad
    graph = viz.trace(lambda x: Cube.apply(x) + 1, double(2.0))
    assert ops(graph) == ["Cube", "Add"] and node(graph, "x").facts["grad"].number == 12.0
    graph = viz.trace(lambda x: Cube.apply(x), double(2.0))
    assert node(graph, "x").facts["grad"].number == 12.0


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpoint(reentrant):
    layer = nn.Linear(3, 3)

    def f(x):
        return checkpoint(lambda t: torch.tanh(layer(t)), x, use_reentrant=reentrant).sum()
    x = torch.randn(2, 3, generator=torch.Generator().manual_seed(0))
    graph = viz.trace(f, x)
    leaf = x.clone().requires_grad_()
    want, = torch.autograd.grad(torch.tanh(layer(leaf)).sum(), leaf)
    assert exact(node(graph, "x").facts["grad"], want)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Dropout(0.5), nn.Linear(16, 8))
        self.spare = nn.Linear(2, 2)

    def forward(self, x):
        return x + self.mlp(self.norm(x))


def test_modules_are_groups_and_parameters_have_names():
    torch.manual_seed(0)
    model = nn.Sequential(Block(), Block())
    x = torch.randn(4, 8)
    graph = viz.trace(model, x)
    assert node(graph, "1.mlp.0.weight").kind == "parameter"
    assert node(graph, "1.mlp.0.weight").group == "1/mlp/0"
    assert node(graph, "1.mlp.0.weight").facts["params"] == 128
    groups = {n.group for n in graph.nodes if n.facts.get("op") == "linear"}
    assert groups == {"0/mlp/0", "0/mlp/3", "1/mlp/0", "1/mlp/3"}
    assert graph.facts["unreached"] == (
        "0.spare.weight", "0.spare.bias", "1.spare.weight", "1.spare.bias")
    with torch.random.fork_rng():
        torch.manual_seed(0)     # as the recording is
        out = model(x.clone().requires_grad_())
    wanted = [p for n, p in model.named_parameters() if "spare" not in n]
    for (name, p), grad in zip([(n, p) for n, p in model.named_parameters() if "spare" not in n],
                               torch.autograd.grad(out.sum(), wanted)):
        assert exact(node(graph, name).facts["grad"], grad)
        norm = node(graph, name).facts["grad_norm"]
        assert norm == pytest.approx(grad.norm().item(), rel=1e-5)


def test_a_model_is_left_as_it_was():
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.ReLU(inplace=True))
    model[0].weight.grad = torch.ones(4, 4)
    before = {name: t.clone() for name, t in model.state_dict().items()}
    state = torch.get_rng_state()
    x = torch.randn(8, 4)
    torch.set_rng_state(state)
    given = x.clone()
    first = viz.trace(model, x)
    assert viz.trace(model, x) == first
    assert torch.equal(torch.get_rng_state(), state) and torch.equal(x, given) and x.grad is None
    for name, t in model.state_dict().items():
        assert torch.equal(t, before[name]), name
    assert torch.equal(model[0].weight.grad, torch.ones(4, 4)) and model[0].bias.grad is None
    assert model.training and model[1].training
    from torch.nn.modules import module
    assert not module._global_forward_pre_hooks and not module._global_forward_hooks
    assert not model[0].weight._backward_hooks


def test_a_forward_that_raises():
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(5, 2))
    with pytest.raises(RunError, match="shapes cannot be multiplied") as caught:
        viz.trace(model, torch.randn(3, 4))
    graph = caught.value.graph
    assert ops(graph) == ["linear", "Relu", "linear"]
    assert graph.nodes[-1].facts["flag"] == "raised here"
    from torch.nn.modules import module
    assert not module._global_forward_hooks
    viz.trace(nn.Linear(4, 4), torch.randn(3, 4))


def test_a_live_tensor():
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    w = nn.Parameter(torch.tensor([0.5, 0.25]))
    z = (torch.sin(x * w)).sum()
    before = viz.read(z)
    assert ops(before) == ["Mul", "Sin", "sum"] or ops(before) == ["Mul", "Sin", "Sum"]
    assert all("grad" not in n.facts for n in before.nodes)
    assert node(before, "x").facts["data"].items == (2.0, 3.0)
    z.backward(retain_graph=True)
    after = viz.read(z)
    assert exact(node(after, "x").facts["grad"], x.grad)
    assert exact(node(after, "w").facts["grad"], w.grad)
    assert any("viz.trace" in line for line in after.facts["results"])


def test_a_live_tensor_of_a_long_loop():
    y = x = torch.tensor(1.0, requires_grad=True)
    for _ in range(3000):
        y = y * x
    assert len(viz.read(y).nodes) == 6001


def test_what_does_not_return_tensors():
    with pytest.raises(RunError, match="returned None"):
        viz.trace(lambda x: print(end=str(torch.sin(x).shape)[:0]), 1.0)
    with pytest.raises(RunError, match="without .item"):
        viz.trace(lambda x: torch.sin(x).item(), 1.0)
    with pytest.raises(TargetError, match="order=2"):
        viz.trace(lambda x: x * 2, torch.tensor([1, 2]), order=2)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("f", [
    lambda x: x*x*x + x, lambda x: torch.exp(torch.sin(x)) * torch.tanh(x) + torch.sigmoid(x),
    lambda x: x.clone().mul_(x).add_(1)**2, lambda x: x * 2, lambda x: x.detach() * x])
def test_the_graph_of_a_derivative(f, order):
    x = torch.tensor([1.2, -0.7], dtype=torch.float64)
    graph = viz.trace(f, x, order=order)
    leaf = x.clone().requires_grad_()
    rows = [f(leaf)]
    for _ in range(order):
        y = rows[-1].sum()
        rows.append(torch.autograd.grad(y, leaf, create_graph=True)[0] if y.requires_grad else
                    torch.zeros_like(x))
    assert exact(node(graph, graph.nodes[0].id).facts["grad"], rows[order])
    outputs = [n for n in graph.nodes if n.kind == "output"]
    assert not outputs or exact(outputs[0].facts["data"], rows[order - 1])
    assert not {"detach", "Detach"} & set(ops(graph)) or "detach" in f.__code__.co_names
    assert from_json(to_json(graph)) == graph


ATTRIBUTES = [
    (lambda x: F.conv2d(x, torch.ones(3, 2, 3, 3), None, 2, (1, 0)), (1, 2, 8, 8), "conv2d",
     "stride=2, padding=(1, 0)"),
    (lambda x: F.conv2d(x, torch.ones(3, 2, 3, 3), stride=(1, 1)), (1, 2, 8, 8), "conv2d", None),
    (lambda x: F.layer_norm(x, (4,), eps=1e-3), (3, 4), "layer_norm",
     "normalized_shape=(4), eps=0.001"),
    (lambda x: x.sum(1, True), (3, 4), "sum", "dim=1, keepdim=True"),
    (lambda x: x.softmax(-1), (3, 4), "softmax", "dim=-1"),
    (lambda x: x.view(2, -1), (3, 4), "view", "size=(2, -1)"),
    (lambda x: x.to(torch.float64), (3, 4), "to", "dtype=float64"),
    (lambda x: x[:, None, 1:3], (3, 4), "getitem", "index=(:, None, 1:3)"),
    (lambda x: F.max_pool2d(x, 2, padding=1), (1, 2, 8, 8), "max_pool2d",
     "kernel_size=2, padding=1, return_indices=False"),
    (lambda x: F.leaky_relu(x, 0.3), (3,), "leaky_relu", "negative_slope=0.3"),
]


def test_a_part_is_written_as_python_writes_it():
    graph = viz.trace(lambda x: (x + x.sin())[:, 0] * x[None, 0, 1:], torch.ones(2, 2))
    labels = {n.label for n in graph.nodes if n.kind != "op"}
    assert {"(x + sin(x))[:, 0]", "x[None, 0, 1:]"} <= labels


@pytest.mark.parametrize("f, shape, name, want", ATTRIBUTES)
def test_what_a_call_is_given_beside_tensors_is_told(f, shape, name, want):
    graph = viz.trace(f, torch.ones(shape))
    told = [n.facts.get("attributes") for n in graph.nodes
            if n.kind == "op" and n.facts["op"].lower() == name]
    assert told == [want]


def test_dictionaries_and_several_results():
    def f(batch):
        return {"loss": (batch["a"] * batch["b"]).sum(), "other": batch["a"]}
    graph = viz.trace(f, {"a": torch.ones(2), "b": torch.tensor([3.0, 4.0])})
    assert [n.id for n in graph.nodes if n.kind == "input"] == ["batch.a", "batch.b"]
    assert node(graph, "batch.a").facts["grad"].items == (3.0, 4.0)
    graph = viz.trace(lambda x: torch.max(x, dim=0), torch.tensor([1.0, 5.0, 2.0]))
    assert node(graph, "x").facts["grad"].items == (0.0, 1.0, 0.0)


def test_nan_and_infinities_of_large_tensors_are_counted():
    def f(x):
        return torch.log(x)
    x = torch.arange(-50, 51) / 50
    graph = viz.trace(f, x)
    stats = graph.nodes[-1].facts["data"].stats
    assert (stats.nan, stats.inf) == (50, 1) and stats.max == 0.0 and math.isfinite(stats.mean)


def test_what_flags_tell_of_a_model():
    from viz.transforms.diagnose import flag
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    model.spare = nn.Linear(1, 1)
    with torch.no_grad():
        model[0].bias[1] = -100.0
    model.forward = lambda x: model[2](model[1](model[0](x)))
    graph = flag(viz.trace(model, torch.ones(5, 3)))
    said = " ".join(graph.facts["flags"])
    assert "does not reach spare.weight, spare.bias" in said
    dead = [n for n in graph.nodes if n.facts.get("dead")]
    assert len(dead) == 1 and dead[0].facts["flag"].endswith("of 4 units dead")
    fine = flag(viz.trace(nn.Linear(3, 2), torch.ones(5, 3)))
    assert fine.facts["flags"] == ()
    assert any("8 parameters, 60 FLOP" in line for line in fine.facts["results"])


def test_flops_are_those_of_pytorchs_counter():
    from torch.utils.flop_counter import FlopCounterMode

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
            self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
            self.out = nn.Linear(4, 5)

        def forward(self, x):
            x = self.up(self.conv(x)).mean(dim=(2, 3))
            q = self.out(x)[None]
            return F.scaled_dot_product_attention(q, q, q) @ torch.ones(5, 2)
    net, x = Net(), torch.randn(2, 3, 16, 16)
    counter = FlopCounterMode(display=False)
    with counter:
        net(x)
    graph = viz.trace(net, x)
    assert sum(n.facts.get("flops", 0) for n in graph.nodes) == counter.get_total_flops()


def test_flops_of_recurrent_layers_and_of_attention():
    from torch.utils.flop_counter import FlopCounterMode

    def counted(model, *xs):
        return sum(n.facts.get("flops", 0) for n in viz.trace(model, *xs).nodes)
    # by hand: 4 gates of 16, of 8 inputs and 16 states, for 2 examples of 7 steps
    assert counted(nn.LSTM(8, 16, batch_first=True), torch.randn(2, 7, 8)) == 2*14 * 64*(8 + 16)
    cell = nn.GRUCell(8, 4)
    assert counted(lambda x: cell(x), torch.randn(3, 8)) == 2*3 * 12*(8 + 4)
    attention, x = nn.MultiheadAttention(16, 2, batch_first=True), torch.randn(2, 5, 16)
    with FlopCounterMode(display=False) as counter:
        attention(x, x, x)
    assert counted(lambda x: attention(x, x, x)[0], x) == counter.get_total_flops()


def test_aten():
    model = nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 1))
    x = torch.randn(2, 3)
    from viz.readers import trace
    from viz.run.targets import from_function
    graph = trace(from_function(model), {"input": x}, level="aten")
    assert ops(graph) == ["t", "addmm", "gelu", "t", "addmm"] or \
        [o.lower() for o in ops(graph)] == ["t", "addmm", "gelu", "t", "addmm"]
    leaf = x.clone().requires_grad_()
    want, = torch.autograd.grad(model(leaf).sum(), leaf)
    assert exact(node(graph, "input").facts["grad"], want)


# ---- The command line

MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.a = nn.Linear(3, width)

    def forward(self, x):
        return torch.relu(self.a(x)).sum()

model = Net()

def make():
    return Net(8)

def huge():
    return nn.Sequential(*[nn.Linear(100_000, 100_000) for _ in range(7)])

def f(x, w):
    return torch.sin(x) * w

def wrong(x):
    y = x * 2
    return y @ torch.ones(3, 3, 3)
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)

    def run(*args):
        return CliRunner().invoke(cli.commands, ["graph", *args, "--format", "json", "-o", "-"])
    return run


def test_functions_modules_factories_and_classes(run):
    graph = from_json(run("model.py:f", "--at", "1.2", "--at", "w=2").stdout)
    assert graph.facts["title"] == "f(x, w) = sin(x)·w at x = 1.2, w = 2"
    for name, width in (("model", 4), ("make", 8), ("Net", 4)):
        result = run(f"model.py:{name}", "--input", "randn(5, 3)")
        graph = from_json(result.stdout)
        assert node(graph, "a.weight").facts["data"].shape == (width, 3)
        assert run(f"model.py:{name}", "--input", "x=randn(5, 3)").stdout == result.stdout


def test_example_inputs(run, tmp_path):
    (tmp_path / "model.py").write_text(MODEL + "\ndef example_inputs():\n"
                                       "    return torch.randn(5, 3)\n")
    graph = from_json(run("model.py:model").stdout)
    assert node(graph, "x").facts["data"].shape == (5, 3)


def test_the_meta_device(run):
    graph = from_json(run("model.py:huge", "--input", "randn(1, 100_000)", "--meta").stdout)
    assert sum(n.facts.get("params", 0) for n in graph.nodes) == 7 * (10**10 + 10**5)
    assert all(n.facts["data"].items is None for n in graph.nodes if n.kind != "op")
    assert torch.ones(1).device.type == "cpu"


def test_the_meta_device_has_no_numbers_to_look_at(run, tmp_path):
    (tmp_path / "model.py").write_text("import torch\ndef f(x):\n"
                                       "    return x * 2 if (x > 0).all() else x\n")
    with pytest.raises(RunError, match="with meta= what comes from parameters"):
        raise run("model.py:f", "--input", "randn(3)", "--meta").exception


@pytest.mark.parametrize("args, message", [
    (("model.py:f", "--at", "1", "--at", "w=1", "--input", "randn(2)"), "one too many"),
    (("model.py:model", "--input", "open(2)"), "unknown function"),
    (("model.py:model", "--input", "randn('a')"), "only numbers"),
    (("model.py:model", "--input", "randn(-1)"), "inputs='randn\\(-1\\)'"),
])
def test_inputs_that_are_none(run, args, message):
    with pytest.raises((TargetError, ValueError), match=message):
        raise run(*args).exception


def test_a_picture_of_what_failed(run, tmp_path):
    result = CliRunner().invoke(cli.commands, ["graph", "model.py:wrong", "--at", "[1, 2]",
                                               "-o", "w.json"])
    assert isinstance(result.exception, RunError) and "model.py:26" in str(result.exception)
    nodes = json.loads((tmp_path / "w.json").read_text())["nodes"]
    assert nodes[-1]["facts"]["flag"] == "raised here"
