"""Models as engineers have them: wrapped, compiled, hooked, frozen, sick; what is said of each."""

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

import viz  # noqa: E402
from viz import readers  # noqa: E402
from viz.run import targets  # noqa: E402
from viz.graph.json import from_json, to_json  # noqa: E402
from viz.run.targets import RunError, TargetError  # noqa: E402
from viz.transforms.diff import diff  # noqa: E402
from viz.transforms.diagnose import flag  # noqa: E402
from viz.fold import fold  # noqa: E402

from .arithmetic import node, ops  # noqa: E402


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b = nn.Linear(4, 6), nn.Linear(6, 2)

    def forward(self, x):
        return self.b(torch.relu(self.a(x)))


def said(graph):
    return "\n".join(flag(graph).facts["flags"])


X = torch.linspace(-1, 2, 12).view(3, 4)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")    # of what torch.compile imports
@pytest.mark.parametrize("wrap", [torch.compile, nn.DataParallel, lambda net: nn.DataParallel(
    torch.compile(net))], ids=["compile", "parallel", "both"])
def test_a_wrapped_module_is_the_module(wrap):
    net = Net()
    wrapped, plain = viz.trace(wrap(net), X), viz.trace(net, X)
    assert wrapped.nodes == plain.nodes and wrapped.edges == plain.edges


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_compiled_function_runs_as_it_is_written():
    assert ops(viz.trace(torch.compile(lambda x: torch.sin(x) * x), X)) == ["Sin", "Mul"]


def test_hooks_of_the_users_see_arguments_by_place():
    net, seen = Net(), []
    net.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    net.a.register_forward_hook(lambda module, args, result: result * 2)
    net.register_forward_hook(lambda module, args, result: seen.append(len(args)))
    graph = viz.trace(net, X)
    assert ops(graph) == ["Add", "linear", "Mul", "Relu", "linear"] and seen == [1]


def test_an_argument_that_is_given_by_name_only():
    class Scaled(Net):
        def forward(self, x, *, scale):
            return super().forward(x) * scale

    assert ops(viz.trace(Scaled(), X, scale=torch.tensor(2.0)))[-1] == "Mul"
    with pytest.raises(TargetError, match=r"scale: give inputs={.scale.: .randn\(2, 3\).}, "
                       "or write example_inputs"):
        viz.trace(Scaled(), X)


def test_a_forward_in_inference_mode():
    class Fast(Net):
        forward = torch.inference_mode()(Net.forward)

    graph = viz.trace(Fast(), X)
    assert ops(graph) == ["linear", "Relu", "linear"]
    assert node(graph, "a.weight").facts["params"] == 24


def test_modules_that_cannot_be_run_are_told():
    with pytest.raises(TargetError, match="lazy layers.*call it once in its file"):
        viz.trace(nn.Sequential(nn.LazyLinear(6)), X)
    with pytest.raises(TargetError, match="a ModuleList, which has no forward"):
        viz.trace(nn.ModuleList([nn.Linear(4, 4)]), X)


@pytest.mark.parametrize("f", [
    lambda x: torch.vmap(lambda row: (row * row).sum())(x).sum(),
    lambda x: torch.func.grad(lambda y: (y**3).sum())(x).sum(),
    lambda x: torch.func.jacrev(lambda y: y.sum(0)**3)(x).sum(),
], ids=["vmap", "grad", "jacrev"])
def test_transforms_of_functions_are_one_op(f):
    x = X.clone().requires_grad_()
    graph = viz.trace(f, X)
    want, = torch.autograd.grad(f(x), x)
    assert node(graph, "x").facts["grad"].items == tuple(want.reshape(-1).tolist())
    assert ops(graph)[0] in ("vmap", "grad")


def write_into(x):
    x += 1
    return torch.relu_(x[0]).sum()


def test_a_write_into_an_input():
    kept = X.clone()
    graph = viz.trace(write_into, X)
    assert torch.equal(X, kept) and ops(graph) == ["Add", "getitem", "Relu", "Sum"]
    assert node(graph, "x").facts["grad"].items == (0.0, *[1.0] * 3, *[0.0] * 8)


def spoil(x):
    y = torch.exp(x)
    z = y * 2
    y += 1
    return z.sum() + y.sum()


def test_a_write_into_what_backward_needs():
    with pytest.raises(RunError, match="add at .*:%d writes into what exp at .*:%d needs for back"
                       "ward" % tuple(spoil.__code__.co_firstlineno + i for i in (3, 1))) as raised:
        viz.trace(spoil, X)
    flags = {n.facts["op"] if n.kind == "op" else n.id: n.facts["flag"]
             for n in raised.value.graph.nodes if "flag" in n.facts}
    assert sorted(flags.values()) == ["backward fails here", "written into here"]
    assert node(raised.value.graph, "x").facts["data"].shape == (3, 4)


class Broken(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        return grad @ torch.ones(7, 7)


def test_a_backward_of_the_users_that_raises():
    with pytest.raises(RunError, match="test_torch_models.py:%d: RuntimeError: mat1 and mat2" %
                       (Broken.backward.__code__.co_firstlineno + 2)) as raised:
        viz.trace(lambda x: Broken.apply(x).sum(), X)
    assert len(ops(raised.value.graph)) == 2


def test_backward_in_the_users_function_warns_of_nothing(recwarn):
    net = Net()

    def step(x):
        net(x).sum().backward()
        return net(x).sum()

    viz.trace(step, X)
    assert not recwarn.list and net.a.weight.grad is None


def test_frozen_parameters_are_counted():
    net = Net()
    net.a.requires_grad_(False)
    graph = viz.trace(net, X)
    assert graph.facts["results"][-1].startswith("44 parameters, 30 of them frozen, ")
    assert node(graph, "a.weight").facts["frozen"] and "frozen" not in node(graph, "b.bias").facts
    assert "not reach" not in said(graph)


# ---- Which arguments are inputs

def repeated(x=torch.tensor(0.5), n=3, y=2):
    for _ in range(n):
        x = torch.sin(x) * y
    return x


def test_a_default_stays_whole_where_the_function_needs_it():
    for point, turns in (({}, 3), ({"n": 4}, 4)):
        graph = readers.trace(targets.from_function(repeated), point)
        assert [n.id for n in graph.nodes if n.kind == "input"] == ["x"]
        assert ops(graph) == ["Sin", "Mul"] * turns
    with pytest.raises(RunError, match="only integer tensors"):
        readers.trace(targets.from_function(repeated), {"n": 3.0})


def test_a_whole_default_is_an_input_where_it_can_be():
    graph = readers.trace(targets.from_function(lambda x=torch.tensor(1.5), y=3: x * y), {})
    assert [n.facts["grad"].number for n in graph.nodes if n.kind == "input"] == [3, 1.5]


def test_examples_are_for_arguments_without_a_default():
    def examples():
        return torch.ones(2)

    def f(x=torch.zeros(3)):
        return torch.exp(x).sum()

    def g(x, mask=None):
        return torch.exp(x).sum()

    for function, size in ((f, 3), (g, 2)):
        graph = readers.trace(targets.from_function(function)._replace(examples=examples), {})
        assert node(graph, "x").facts["data"].shape == (size,)


def test_examples_that_are_no_tensors_are_given_as_they_are():
    class Switched(Net):
        def forward(self, x, negate=False, kind="none", mask=None):
            assert negate is True and kind == "twice" and mask is None
            return -super().forward(x) * 2

    target = targets.from_function(Switched())._replace(examples=lambda: dict(
        x=X, negate=True, kind="twice", mask=None))
    graph = readers.trace(target, {})
    assert [n.id for n in graph.nodes if n.kind == "input"] == ["x"]


@pytest.mark.parametrize("n", [3, 12])
def test_attention_with_a_mask_is_healthy(n):
    x, mask = torch.linspace(-1, 2, 4 * n).view(n, 4), torch.full((n, n), -torch.inf).triu(1)

    def attend(x, rows=0):
        m = mask.clone()
        m[:rows] = -torch.inf
        return F.softmax(x @ x.T + m, -1).matmul(x).sum()

    assert said(viz.trace(attend, x)) == ""
    told = said(viz.trace(lambda x: attend(x, 2), x))
    assert "NaN is born" in told and "inf is born: mask is given as" in told


def test_a_birth_in_the_backward_pass_names_the_op():
    def f(x):
        y = torch.sqrt(x) @ torch.zeros(3, 1)
        return (y / y.detach()).sum()

    told = said(viz.trace(f, torch.ones(2, 3)))
    line = f.__code__.co_firstlineno
    assert f"NaN is born in the backward pass at test_torch_models.py:{line + 1}: that of " \
        "sqrt(x) @ zeros(3, 1), given the gradient" in told


def test_what_cuts_a_gradients_way_is_named():
    class Cut(Net):
        def forward(self, x):
            h = self.a(x).detach()
            return self.b(torch.relu(h)).sum()

    line = Cut.forward.__code__.co_firstlineno + 1
    assert f"does not reach a.weight, a.bias (detach at test_torch_models.py:{line} cuts the way)" \
        in said(viz.trace(Cut(), X))


# ---- The meta device

def written_out(x):
    """What is asked of numbers that were written out, each with its true answer."""
    mask, other = torch.ones(2, 8), torch.tensor([[1, 0, 2], [3, 0, 0]])
    yield mask.sum() == mask.numel(), True
    yield (torch.arange(8) < 3).tolist(), [True] * 3 + [False] * 5
    yield (torch.ones_like(x) + 1)[0, 0].item(), 2.0
    yield x.new_zeros(3).any(), False
    yield int(torch.full((2,), 7).max()), 7
    yield tuple(other.nonzero().shape), (3, 2)
    yield other[other > 0].tolist(), [1, 2, 3]
    yield bool(torch.linspace(0, 1, 5).cumsum(0)[-1] == 2.5), True
    mask[:, 5:] = 0
    yield mask.sum().item(), 10.0
    mask.mul_(2).add_(1)
    yield mask[0].tolist(), [3.0] * 5 + [1.0] * 3
    yield torch.equal(mask[0], mask[1]), True
    for row in torch.tensor([[1, 2], [3, 4]]):
        yield row.sum().item() in (3, 7), True


def unknown(x, weight):
    """What is asked of what comes from chance or from parameters, or is too large."""
    ones, view = torch.ones(4), torch.zeros(4)
    ones[:2] = x[0, :2]
    view[:2].copy_(x[0, :2])
    yield from (lambda: (x > 0).all().item(), lambda: bool(weight.sum() > 0), lambda: ones.tolist(),
                lambda: view.tolist(), lambda: torch.rand(2).tolist(),
                lambda: torch.empty(2).tolist(), lambda: torch.ones(2**23).all().item(),
                lambda: torch.nn.functional.dropout(torch.ones(3)).tolist())


def test_the_meta_device_answers_what_was_written_out():
    seen = []

    def f(x):
        for found, want in written_out(x):
            seen.append(bool(found) == want if isinstance(found, torch.Tensor) else found == want)
        for ask in unknown(x, Net().a.weight):
            with pytest.raises((RuntimeError, NotImplementedError)):
                ask()
            seen.append(True)
        return x * 2 if torch.ones(2).all() else x

    with readers.prepared(meta=True):
        graph = readers.trace(targets.from_function(f), {"x": torch.randn(3, 4)}, meta=True)
    assert all(seen) and len(seen) == 21 and ops(graph)[-1] == "Mul"
    assert node(graph, "x").facts["data"].items is None
    assert torch.ones(2).tolist() == [1, 1]


def test_a_mask_on_the_meta_device():
    class Masked(Net):
        def forward(self, x, mask=None):
            h = super().forward(x)
            return h if mask is None or mask.all() else h * mask[:, None]

    def graph(text):
        with readers.prepared(meta=True):
            return readers.trace(targets.from_function(Masked()), {}, ("randn(3, 4)", text),
                                 meta=True)
    assert ops(graph("ones(3)"))[-1] == "linear" and ops(graph("zeros(3)"))[-1] == "Mul"


def test_what_is_on_the_meta_device_without_saying_so():
    with pytest.raises(RunError, match="without numbers is drawn with meta="):
        viz.trace(Net().to("meta"), X)


def test_a_factory_with_arguments():
    def make(width=3):
        return nn.Linear(4, width)
    with pytest.raises(RunError, match="make returned Linear: a function that makes a module must "
                                       "take no.*def make\\(\\): return make\\(\\.\\.\\.\\)"):
        readers.trace(targets.from_function(make), {})


def test_a_fold_tells_of_how_many_repeats_a_flag_holds():
    class Deep(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(30))

        def forward(self, x):
            for layer in self.layers:
                x = torch.sigmoid(layer(x))
            return x.sum()

    flagged = flag(viz.trace(Deep(), X))
    assert "vanishing grad at x, layers.0.weight" in flagged.facts["flags"][0]
    small = [n for n in flagged.nodes if n.id.startswith("layers.") and n.id.endswith(".weight")
             and "flag" in n.facts]
    shown = [n.facts["flag"] for n in fold(flagged).nodes
             if n.kind == "parameter" and "flag" in n.facts]
    assert f"vanishing grad, in {len(small)} of 30" in shown and len(small) < 30


def test_a_file_with_modules_and_no_function(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.py").write_text("from torch import nn\nnet = nn.Linear(4, 2)\n")
    (tmp_path / "two.py").write_text("from torch import nn\na = nn.Linear(4, 2)\nb = nn.ReLU()\n")
    target = targets.load("one.py")
    assert target.name == "net" and ops(readers.trace(target, {"input": X})) == ["linear"]
    with pytest.raises(TargetError, match="2 modules: say which, two.py:a or two.py:b"):
        targets.load("two.py")


def test_complex_numbers_in_json():
    x = torch.tensor([1 + 2j, -3j, complex("nan")])
    graph = viz.trace(lambda x: (x * x).abs().sum(), x)
    again = from_json(to_json(graph))
    assert node(again, "x").facts["data"].items[:2] == (1 + 2j, -3j)
    assert to_json(again) == to_json(graph)
    assert not diff(graph, again).sentences
    assert diff(graph, viz.trace(lambda x: (x * x).abs().sum(), x * 2)).sentences
