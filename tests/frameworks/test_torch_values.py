"""PyTorch: the numbers drawn are those a tensor had when it was made, whoever writes into it later.
"""

import ctypes

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

import viz  # noqa: E402
from viz import writers  # noqa: E402
from viz.options.drawing import DrawOptions  # noqa: E402
from viz.readers import trace  # noqa: E402
from viz.run.targets import from_function  # noqa: E402


def numpys(y):
    y.numpy()[0, 0] = 500


def others_data(y):
    y.data = torch.full((10, 10), 500.0)


def through_a_pointer(y):
    ctypes.cast(y.data_ptr(), ctypes.POINTER(ctypes.c_float))[0] = 500.0


def stepped(parameters):
    """An optimizer's step that writes into many at once."""
    for p in parameters:
        p.grad = torch.ones_like(p)
    torch.optim.SGD(parameters, 0.1, foreach=True).step()


WRITES = [numpys, others_data, through_a_pointer, lambda y: F.relu(y, True),
          lambda y: F.leaky_relu(y, 0.1, inplace=True), lambda y: F.dropout(y, 0.5, True, True),
          lambda y: y.mul_(5), lambda y: y.view(-1).__setitem__(0, 500),
          lambda y: torch.add(y, y, out=y), lambda y: nn.init.normal_(y),
          lambda y: F.embedding(torch.tensor([1, 2]), y, None, 0.5),
          lambda y: F.batch_norm(torch.randn(4, 100), y.view(-1), torch.ones(100), training=True),
          lambda y: torch.batch_norm(torch.randn(4, 100), None, None, y.view(-1), torch.ones(100),
                                     True, 0.1, 1e-5, False),
          lambda y: torch._foreach_mul_([y], 2.0), lambda y: stepped([nn.Parameter(y)]),
          lambda y: torch.max(torch.ones(3, 100), 0, out=(y.view(-1), torch.zeros(100).long()))]
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
X = torch.randn(10, 10, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("write", range(len(WRITES)))
def test_values_of_what_is_written_into_later(write):
    def f(x):
        y = x * 1
        with torch.no_grad():
            WRITES[write](y.detach())
        return y.sum(), x.sum()
    graph = viz.trace(f, X, grad=False)
    stats = next(n for n in graph.nodes if n.kind == "value" and n.label.startswith("y")
                 ).facts["data"].stats
    assert (stats.min, stats.mean, stats.max) == (X.min(), X.mean(), X.max())


def test_values_of_a_buffer_that_is_used_again():
    buffer = np.zeros((10, 10), np.float32)

    def f(x):
        for i in range(3):
            buffer[:] = i
            x = x + torch.from_numpy(buffer).view(-1)
        return x.sum()
    graph = viz.trace(f, torch.zeros(100))
    assert [n.facts["data"].stats.mean for n in graph.nodes
            if n.kind == "value" and "view(" in n.facts["formula"]
            and n.facts["formula"].startswith("view")] == [0, 1, 2]


def test_memory_that_nobody_has_written_shows_no_numbers():
    """They were whatever was there before: another picture each time."""
    def f(x):
        return (x * torch.empty(100).fill_(2)).sum()
    graph = viz.trace(f, torch.ones(100))
    empty, filled = (next(n for n in graph.nodes if n.kind == "value"
                          and n.facts["formula"].startswith(name)) for name in ("empty", "fill"))
    assert empty.facts["data"].stats is empty.facts["data"].items is None
    assert filled.facts["data"].stats.mean == 2


def test_pictures_of_dropout_at_level_aten_are_the_same_each_time():
    net = nn.Sequential(nn.Linear(20, 30), nn.Dropout(0.5), nn.Linear(30, 5))
    target, point = from_function(net), {"input": X.repeat(3, 2)}
    first, *others = [writers.write(trace(target, point, level="aten"), "json", DrawOptions())
                      for _ in range(3)]
    assert others == [first] * 2 and b"empty_like" in first


@pytest.mark.parametrize("made", ["traced", "scripted", "called"])
def test_torchscript(made):
    net = nn.Sequential(nn.Linear(10, 4), nn.Tanh(), nn.Linear(4, 1))
    ready = torch.jit.trace(net, X) if made == "traced" else torch.jit.script(net)

    def called(x):
        return ready(x).sum()
    target = from_function(called if made == "called" else ready)
    graph = trace(target, {target.names[0]: X})
    assert [n.facts["op"] for n in graph.nodes if n.kind == "op"][0] == "unseen"
    assert sum(n.kind == "parameter" for n in graph.nodes) == 4
    assert "--level aten" in graph.facts["results"][-1]
    grads = torch.autograd.grad(net(X).sum(), list(net.parameters()))
    drawn = {n.label.removeprefix("ready."): n.facts["grad"] for n in graph.nodes
             if n.kind == "parameter"}
    for (name, _), grad in zip(net.named_parameters(), grads):
        assert drawn[name].items == tuple(grad.reshape(-1).tolist())
    whole = trace(target, {target.names[0]: X}, level="aten")
    ops = [n.facts["op"] for n in whole.nodes if n.kind == "op"]
    assert set(ops[:3]) <= {"t", "addmm", "Tanh"} and ops.count("addmm") == 2


def test_torchscript_is_drawn_the_same_each_time():
    net = torch.jit.script(nn.Sequential(nn.Linear(10, 4), nn.GELU(), nn.Linear(4, 1)))
    for level in ("function", "aten"):
        target = from_function(net)
        first, *others = [writers.write(trace(target, {"input": X}, level=level), "json",
                                        DrawOptions()) for _ in range(4)]
        assert others == [first] * 3


def test_a_parameter_that_is_initialised_anew_is_put_back():
    net = nn.Linear(10, 3)
    before = net.weight.detach().clone()

    def f(x):
        nn.init.normal_(net.weight)
        return net(x).sum()
    viz.trace(f, X)
    assert torch.equal(net.weight, before)


def test_a_model_that_is_trained_and_converted_in_a_function_is_left_as_it_was():
    net = nn.Sequential(nn.Linear(10, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    for p in net.parameters():
        p.grad = torch.ones_like(p)
    before = {name: t.clone() for name, t in net.state_dict().items()}

    def f(x):
        torch.optim.SGD(net.parameters(), 0.1).zero_grad()
        net(x).sum().backward()
        stepped(list(net.parameters()))
        return net.double()(x.double()).sum()
    graph = viz.trace(f, X)
    after = net.state_dict()
    assert all(after[name].dtype == t.dtype and torch.equal(after[name], t)
               for name, t in before.items())
    assert all(torch.equal(p.grad, torch.ones_like(p)) for p in net.parameters())
    last = {n.label: n for n in graph.nodes if n.kind == "parameter"}
    assert len(last) == 6 and all("grad" in n.facts for n in last.values())
