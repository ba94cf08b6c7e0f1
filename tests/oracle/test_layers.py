"""Layers and optimisers against PyTorch's, with the same weights."""

import numpy as np
import pytest
import torch

from tinytorch import Tensor, nn, optim

X = np.random.default_rng(0).normal


def same_weights(ours, theirs):
    """Copy PyTorch's parameters into ours: the names are the same."""
    ours.load_state_dict({name: p.detach().numpy() for name, p in theirs.named_parameters()})


LAYERS = {
    "Linear": ((4, 3), X(size=(5, 4))), "Conv1d": ((4, 6, 3), X(size=(2, 4, 9))),
    "Conv2d": ((2, 4, 3), X(size=(2, 2, 6, 5))), "LayerNorm": ((4,), X(size=(3, 4))),
    "BatchNorm1d": ((4,), X(size=(6, 4))), "BatchNorm2d": ((3,), X(size=(4, 3, 2, 2))),
    "Embedding": ((7, 3), np.array([[1, 2], [6, 1]])), "GELU": ((), X(size=(3, 4))),
    "SiLU": ((), X(size=(3, 4))), "Softplus": ((), X(size=(3, 4))), "Tanh": ((), X(size=(3, 4))),
    "RNNCell": ((4, 3), X(size=(5, 4))), "LSTMCell": ((4, 3), X(size=(5, 4))),
    "MaxPool2d": ((2,), X(size=(2, 2, 6, 4))), "AvgPool2d": ((2,), X(size=(2, 2, 6, 4))),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_layers_agree(name, training):
    options, data = LAYERS[name]
    torch.manual_seed(0)
    theirs = getattr(torch.nn, name)(*options)
    theirs = theirs.double().train(training)
    ours = getattr(nn, name)(*options).train(training)
    same_weights(ours, theirs)
    a = data if data.dtype.kind == "i" else Tensor(data)
    b = torch.tensor(data, requires_grad=data.dtype.kind == "f")
    got, want = ours(a), theirs(b)
    got, want = (got, want) if isinstance(got, tuple) else ((got,), (want,))
    total_got, total_want = 0.0, 0.0
    for g, w in zip(got, want):
        assert g.data == pytest.approx(w.detach().numpy(), rel=1e-12, abs=1e-12)
        weights = X(size=g.shape)
        total_got = total_got + (g*weights).sum()
        total_want = total_want + (w*torch.tensor(weights)).sum()
    total_got.backward()
    total_want.backward()
    for (n, p), (m, q) in zip(ours.named_parameters(), theirs.named_parameters()):
        assert n == m == p.name
        assert p.grad.data == pytest.approx(q.grad.numpy(), rel=1e-10, abs=1e-12)
    if b.requires_grad:
        assert a.grad.data == pytest.approx(b.grad.numpy(), rel=1e-10, abs=1e-12)
    if name.startswith("BatchNorm"):
        assert ours.running_var.data == pytest.approx(theirs.running_var.numpy())


@pytest.mark.parametrize("causal", [False, True])
def test_attention_agrees(causal):
    torch.manual_seed(0)
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True).double()
    ours = nn.MultiheadAttention(8, 2)
    same_weights(ours, theirs)
    data = X(size=(2, 5, 8))
    x = Tensor(data)
    y = torch.tensor(data, requires_grad=True)
    mask = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1) if causal else None
    want = theirs(y, y, y, attn_mask=mask, need_weights=False)[0]
    got = ours(x, is_causal=causal)
    assert got.data == pytest.approx(want.detach().numpy(), rel=1e-12, abs=1e-12)
    (got*got).sum().backward()
    (want*want).sum().backward()
    assert x.grad.data == pytest.approx(y.grad.numpy(), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("name, options", [
    ("SGD", dict(lr=0.1)), ("SGD", dict(lr=0.1, momentum=0.9, weight_decay=0.01)),
    ("SGD", dict(lr=0.1, momentum=0.9, nesterov=True)),
    ("SGD", dict(lr=0.1, momentum=0.9, dampening=0.5)), ("Adam", {}),
    ("Adam", dict(lr=0.05, weight_decay=0.1)), ("AdamW", {}),
    ("AdamW", dict(lr=0.05, betas=(0.8, 0.9), weight_decay=0.1))])
def test_optimisers_agree(name, options):
    start = X(size=(3, 2))
    p, q = nn.Parameter(start), torch.tensor(start, requires_grad=True)
    mine, theirs = getattr(optim, name)([p], **options), getattr(torch.optim, name)([q], **options)
    for _ in range(10):
        mine.zero_grad()
        theirs.zero_grad()
        (p*p*p - p).sum().backward()
        (q*q*q - q).sum().backward()
        mine.step()
        theirs.step()
    assert p.data == pytest.approx(q.detach().numpy(), rel=1e-12)
