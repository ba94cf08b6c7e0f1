"""Pickles name the public place of a class; those of older versions load."""

import copy
import pickle

import numpy as np
import pytest

import tinytorch
from tinytorch import Tensor, nn

# Tensor(2.5, name="w"), as it was pickled when all files of the engine lay in one folder.
OLD_TENSOR = b"""ctinytorch.tensor
Tensor
(F2.5
I01
Vw
tR."""
OLD_MODULES = ["tinytorch.tensor", "tinyviz.tinytorch.tensor", "tinyviz.tinytorch.core.tensor",
               "tinytorch", "tinyviz.tinytorch"]


@pytest.mark.parametrize("module", OLD_MODULES)
def test_old_pickles_of_tensors_load(module):
    t = pickle.loads(OLD_TENSOR.replace(b"tinytorch.tensor", module.encode()))
    assert type(t) is Tensor and t.item() == 2.5 and t.requires_grad and t.name == "w"


@pytest.mark.parametrize("module, name", [
    (m, n) for top in ("tinytorch", "tinyviz.tinytorch") for m, n in (
        (f"{top}.nn.module", "Parameter"), (f"{top}.nn.module", "Sequential"),
        (f"{top}.nn.layers", "Linear"), (f"{top}.nn.activation", "ReLU"),
        (f"{top}.nn.loss", "MSELoss"), (f"{top}.nn.sequence", "LSTMCell"))])
def test_old_pickles_of_layers_find_their_class(module, name):
    assert pickle.loads(f"c{module}\n{name}\n.".encode()) is getattr(nn, name)


def test_pickles_name_the_public_place():
    """A file of ours may move: its name is in no new pickle."""
    assert pickle.dumps(Tensor([1.0, 2.0]), 0).startswith(b"ctinyviz.tinytorch\nTensor\n")
    for thing in (Tensor, tinytorch.Function, tinytorch.Op, tinytorch.EngineWarning):
        assert thing.__module__ == "tinyviz.tinytorch"
    assert {getattr(nn, name).__module__ for name in nn.__all__} == {"tinyviz.tinytorch.nn"}


@pytest.mark.parametrize("way", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copied_layer_still_has_its_parameters(way):
    """They were plain tensors once, which no optimiser found."""
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    again = way(net)
    assert [n for n, _ in again.named_parameters()] == [n for n, _ in net.named_parameters()]
    x = Tensor([[0.5, -1.0]])
    np.testing.assert_array_equal(again(x).data, net(x).data)
    assert all(type(p) is nn.Parameter for p in again.parameters())
