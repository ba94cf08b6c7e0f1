"""nn, optim and functional as a user meets them: names, scopes, modes, training."""

import numpy as np
import pytest

import tinytorch as tt
from tinytorch import Tensor, check_gradients, functional, nn, optim, topological


class MLP(nn.Module):
    def __init__(self):
        self.layer1 = nn.Linear(2, 8)
        self.rest = [nn.Linear(8, 8), nn.Linear(8, 1)]

    def forward(self, x):
        x = tt.tanh(self.layer1(x))
        for layer in self.rest:
            x = tt.tanh(layer(x))
        return x


def test_parameters_are_named_by_their_path():
    names = ["layer1.weight", "layer1.bias", "rest.0.weight", "rest.0.bias", "rest.1.weight",
             "rest.1.bias"]
    net = MLP()
    assert [n for n, _ in net.named_parameters()] == names
    assert [p.name for p in net.parameters()] == names
    outer = nn.Sequential(net, nn.ReLU())
    assert [p.name for p in outer.parameters()] == [f"0.{n}" for n in names]


def test_results_know_their_scope():
    net = MLP()
    net.name = "mlp"
    y = tt.softmax(net(Tensor([[1.0, 2.0]])))
    scopes = {t.scope for t in topological(y) if t._op is not None}
    assert scopes == {"mlp/layer1", "mlp", "mlp/rest.0", "mlp/rest.1", "softmax"}


def test_a_shared_parameter_counts_once():
    net = MLP()
    net.again = net.layer1
    assert len(list(net.parameters())) == 6


def test_training_fits_the_exclusive_or():
    nn.seed(0)
    net, x = MLP(), np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    target = np.array([[-0.9], [0.9], [0.9], [-0.9]])
    adam = optim.Adam(net.parameters(), lr=0.05)
    for _ in range(150):
        adam.zero_grad()
        loss = tt.mse_loss(net(x), target)
        loss.backward()
        adam.step()
    assert loss.item() < 0.02


def test_the_seed_repeats_weights_and_dropout():
    found = []
    for _ in range(2):
        nn.seed(3)
        found.append((MLP().layer1.weight.data, nn.Dropout(0.5)(Tensor(np.ones(20))).data))
    assert np.array_equal(found[0][0], found[1][0]) and np.array_equal(found[0][1], found[1][1])
    assert 0 < np.count_nonzero(found[0][1]) < 20


def test_eval_switches_dropout_off():
    net = nn.Sequential(nn.Dropout(0.5), nn.Linear(3, 3)).eval()
    assert np.array_equal(net[0](Tensor(np.ones(3))).data, np.ones(3))
    assert net.train()[0].training


def test_state_dicts_move_weights_and_refuse_other_names():
    a, b = MLP(), MLP()
    b.load_state_dict(a.state_dict())
    assert all(np.array_equal(p.data, q.data) for p, q in zip(a.parameters(), b.parameters()))
    with pytest.raises(KeyError, match="layer1.weight"):
        b.load_state_dict({})


def test_the_padding_row_of_an_embedding_gets_no_gradient():
    table = nn.Embedding(3, 2, padding_idx=0)
    table([0, 2, 2]).sum().backward()
    assert table.weight.grad.data.tolist() == [[0, 0], [0, 0], [2, 2]]


def test_an_optimizer_without_parameters_says_so():
    with pytest.raises(ValueError, match="no parameters"):
        optim.SGD([])


DRAW = np.random.default_rng(0)
COMPOSITES = {
    "softmax": lambda x: tt.softmax(x, 1), "log_softmax": lambda x: tt.log_softmax(x),
    "cross_entropy": lambda x: tt.cross_entropy(x, [0, 2, 1]),
    "smoothed": lambda x: tt.cross_entropy(x, [0, 2, 1], label_smoothing=0.1),
    "layer_norm": lambda x: tt.layer_norm(x, 4), "rms_norm": lambda x: tt.rms_norm(x, 4),
    "normalize": lambda x: tt.normalize(x),
    "huber_loss": lambda x: tt.huber_loss(x, np.ones((3, 4))),
    "bce": lambda x: tt.binary_cross_entropy_with_logits(x, np.eye(3, 4)),
    "attention": lambda x: tt.scaled_dot_product_attention(x, x, x, is_causal=True),
    "conv1d": lambda x: tt.conv1d(x, DRAW.normal(size=(2, 3, 2))*0 + 0.3, padding=1),
    "conv2d": lambda x: tt.conv2d(x.reshape(1, 1, 3, 4), np.arange(4.0).reshape(1, 1, 2, 2)),
    "avg_pool1d": lambda x: tt.avg_pool1d(x, 2), "max_pool1d": lambda x: tt.max_pool1d(x, 2),
    "group_norm": lambda x: tt.group_norm(x.reshape(1, 4, 3), 2),
    "linear": lambda x: tt.linear(x, np.ones((2, 4))), "glu": lambda x: tt.glu(x),
    "embedding": lambda x: tt.embedding([0, 2, 2], x),
    "cosine": lambda x: tt.cosine_similarity(x, np.ones((3, 4))),
}


@pytest.mark.parametrize("name", COMPOSITES)
def test_compositions_differentiate_twice(name):
    x = np.random.default_rng(1).normal(size=(3, 4))
    check_gradients(COMPOSITES[name], x, atol=1e-6)


def test_softmax_does_not_overflow_and_adds_up():
    y = tt.softmax(Tensor([1e4, 1e4 + 1, -1e4]))
    assert y.data.sum() == pytest.approx(1) and np.isfinite(y.data).all()
    assert tt.log_softmax(Tensor([0.0, 1000.0])).data.tolist() == [-1000.0, 0.0]


@pytest.mark.parametrize("call, says", [
    (lambda: tt.mse_loss(Tensor([1.0]), [2.0], reduction="average"), "unknown reduction"),
    (lambda: tt.nll_loss(Tensor(np.ones((2, 3))), [0, 3]), r"lie in \[0, 3\)"),
    (lambda: tt.group_norm(Tensor(np.ones((2, 3))), 2), "3 channels"),
    (lambda: tt.conv1d(Tensor(np.ones((1, 2, 5))), np.ones((1, 3, 2))), "does not fit"),
    (lambda: tt.dropout(Tensor([1.0]), 1.5), "probability"),
    (lambda: tt.layer_norm(Tensor(np.ones((2, 3))), 4), "does not fit")])
def test_what_does_not_fit_is_said(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_every_public_function_is_documented():
    tt.__all__
    missing = [n for n, f in tt.functions.items() if not f.__doc__]
    assert not missing
    missing = [n for n, c in vars(nn).items() if isinstance(c, type)
               and c.__module__.startswith(nn.__name__) and not c.__doc__]
    assert not missing and functional.softmax is tt.softmax


MPMATH = {
    "erf": ("erf", [-3.0, -0.2, 1e-9, 0.7, 5.0]), "erfc": ("erfc", [-3.0, 0.2, 5.0, 20.0]),
    "gammaln": ("loggamma", [0.1, 1.2, 5.5, 100.0]), "gamma": ("gamma", [0.1, 1.2, -2.5, 20.0]),
    "digamma": ("digamma", [0.1, 1.2, 1.4616321449683622, -2.5, 50.0]),
    "ndtr": ("ncdf", [-10.0, -1.0, 0.3, 3.0]), "erfinv": ("erfinv", [-0.999, 1e-8, 0.3, 0.9999]),
    "sinc": ("sincpi", [0.0, 1e-9, 0.3, 2.5]), "cbrt": ("cbrt", [0.3, 8.0]),
    "expm1": ("expm1", [1e-10, 0.5]), "log1p": ("log1p", [1e-10, 0.5]),
    "sigmoid": (lambda m, x: 1/(1 + m.exp(-x)), [-700.0, -3.0, 0.0, 40.0]),
    "log_ndtr": (lambda m, x: m.log(m.ncdf(x)), [-30.0, -5.0, 0.5, 3.0]),
    "erfcx": (lambda m, x: m.exp(x*x)*m.erfc(x), [-3.0, 0.5, 8.5, 9.5, 50.0]),
    "ndtri": (lambda m, x: m.sqrt(2)*m.erfinv(2*x - 1), [1e-12, 0.01, 0.3, 0.999]),
    "softplus": (lambda m, x: m.log(1 + m.exp(x)), [-30.0, 0.5, 35.0]),
    "gelu": (lambda m, x: x*m.ncdf(x), [-2.0, 0.5, 3.0]),
    "mish": (lambda m, x: x*m.tanh(m.log(1 + m.exp(x))), [-2.0, 0.5, 3.0]),
}


@pytest.mark.parametrize("name", MPMATH)
def test_values_and_derivatives_agree_with_mpmath(name):
    mpmath = pytest.importorskip("mpmath")
    reference, points = MPMATH[name]
    f = (lambda x: getattr(mpmath, reference)(x)) if isinstance(reference, str) else (
        lambda x: reference(mpmath, x))
    for p in points:
        x = Tensor(p)
        y = getattr(tt, name)(x)
        y.backward()
        with mpmath.workdps(60):
            value, slope = f(mpmath.mpf(p)), mpmath.diff(f, mpmath.mpf(p))
            assert y.data == pytest.approx(float(value), rel=1e-12, abs=1e-15)
            assert x.grad.data == pytest.approx(float(slope), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_polygamma_agrees_with_mpmath(n):
    mpmath = pytest.importorskip("mpmath")
    for p in (0.2, 1.3, 7.7, 60.0, -1.5):
        assert tt.polygamma(n, Tensor(p)).data == pytest.approx(
            float(mpmath.polygamma(n, p)), rel=1e-12)


def test_a_layer_without_forward_says_so():
    class Empty(nn.Module):
        pass

    with pytest.raises(TypeError, match="Empty has no forward: write forward"):
        Empty()(Tensor(1.0))
