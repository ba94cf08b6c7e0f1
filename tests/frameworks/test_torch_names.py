"""Names and places in a library's code: its variables, its lines. The user's are as they were."""

import sys

import pytest

from viz import readers
from viz.run import targets
from viz.graph.json import from_json, to_json
from viz.transforms.diagnose import flag
from viz.fold import fold

torch = pytest.importorskip("torch")

LIBRARY = """\
import torch
from torch import nn


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.cut, self.mix = nn.Linear(4, 12), nn.Sequential(nn.Linear(4, 4), nn.Tanh())

    def forward(self, x):
        query, key, value = self.cut(x).chunk(3, -1)
        weights = torch.softmax(query @ key.T, -1)
        mixed = self.mix(weights @ value)
        x = x + mixed
        return x, weights


class Stack(nn.Module):
    def __init__(self, n=3):
        super().__init__()
        self.layers = nn.ModuleList(Layer() for _ in range(n))

    def forward(self, x):
        for layer in self.layers:
            x, last = layer(x)
        return self.end(x)

    def end(self, x):
        return torch.log(x - 100)
"""
USERS = """\
import torch
from a_library_of_layers import Stack

net = Stack(1)

def build():
    return Stack(1)

def f(x):
    hidden = x * 2
    y = net(hidden)
    return y.sum()

def example_inputs():
    return torch.arange(8.0).reshape(2, 4)
"""


@pytest.fixture
def library(tmp_path, monkeypatch):
    (tmp_path / "site").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "site" / "a_library_of_layers.py").write_text(LIBRARY)
    (tmp_path / "app" / "model.py").write_text(USERS)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    yield str(tmp_path / "app" / "model.py")
    sys.modules.pop("a_library_of_layers", None)


def drawn(path, **options):
    with readers.prepared():
        return readers.trace(targets.load(path), {}, **options)


def called(graph):
    return {node.label.partition(" = ")[0]: node for node in graph.nodes if node.kind != "op"}


def test_variables_of_a_library_name_what_they_hold(library):
    graph = drawn(f"{library}:build")
    names = called(graph)
    assert {"query", "key", "value", "weights", "mixed", "x₁"} <= set(names)
    assert names["mixed"].label == "mixed = tanh(linear(weights @ value))"
    assert names["weights"].facts["source"] == "a_library_of_layers.py:12"
    assert "line" not in names["weights"].facts
    assert to_json(from_json(to_json(graph))) == to_json(graph)


def test_of_the_users_own_lines_all_is_as_it_was(library):
    names = called(drawn(f"{library}:f"))
    assert names["hidden"].facts["line"] == "model.py:10"
    assert names["weights"].facts["line"] == "model.py:11"      # of the user's lines the innermost
    assert "source" not in names["weights"].facts
    assert {"y", "query", "mixed"} <= set(names)


def test_repeats_of_a_library_have_its_names(library):
    path = library.replace("model.py", "deep.py")
    with open(path, "w") as file:
        file.write("import torch\nfrom a_library_of_layers import Stack\n"
                   "def deep(): return Stack(12)\ndef example_inputs(): return torch.ones(2, 4)\n")
    small = fold(drawn(f"{path}:deep"), mode="all")
    names = called(small)
    assert {"query", "key", "value", "weights", "mixed"} <= set(names)
    assert small.facts["folds"][0]["title"] == "Layer"


def test_where_nan_is_born_in_a_library_its_line_is_told(library):
    said = flag(drawn(f"{library}:build")).facts["flags"]
    assert any("a_library_of_layers.py:29" in line for line in said)


def test_a_cells_lines_have_no_name_of_a_file(tmp_path):
    """Of a model that another cell of a notebook defines."""
    space = {}
    code = compile("import torch\nclass Net(torch.nn.Module):\n    def forward(self, x):\n"
                   "        half = x / 2\n        return half.exp()\n",
                   "/tmp/ipykernel_4711/123456.py", "exec")
    exec(code, space)
    path = tmp_path / "model.py"
    path.write_text("import torch\nnet = None\ndef f(x=2.0):\n    return net(x * torch.ones(3))\n")
    target = targets.load(f"{path}:f")
    target.function.__globals__["net"] = space["Net"]()
    assert {node.facts.get("line") for node in called(readers.trace(target, {})).values()} == {
        None, "model.py:4"}
    target.function.__globals__["net"] = None
    graph = readers.trace(targets.from_function(space["Net"]()), {"x": torch.ones(3)})
    assert {node.facts.get("line") or node.facts.get("source")
            for node in called(graph).values()} <= {None, "line 4", "line 5"}
    assert "half" in called(graph)


def test_a_files_own_parameters_had_no_names(tmp_path):
    path = tmp_path / "model.py"
    path.write_text("import torch\nw = torch.nn.Parameter(torch.ones(2, 2))\n"
                    "layers = {'b': torch.ones(2, requires_grad=True)}\nscale = torch.ones(2) * 3\n"
                    "def g(x): return w @ x\n"
                    "def f(x=2.0): return (g(x * scale) + layers['b']).sum()\n")
    names = called(readers.trace(targets.load(f"{path}:f"), {}))
    assert names["w"].kind == names["layers['b']"].kind == "parameter"
    assert names["scale"].kind == "constant" and names["w @ (x·scale)"].kind == "value"
