"""Every sample of PyTorch's OpInfo that maps: value and vector-Jacobian product, to 1e-12.

`python -m tests.oracle.test_opinfo` prints how many samples agree, and why any does not map.
"""

import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch") if __name__ != "__main__" else __import__("torch")
sys.path.insert(0, str(Path(__file__).parent))
from mapping import TABLE, Unmapped  # noqa: E402

import tinytorch as tt  # noqa: E402

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db

INFOS = {op.name + (f"|{op.variant_test_name}" if op.variant_test_name else ""): op
         for op in op_db}
RTOL = 1e-12
# Where PyTorch itself is less exact, and to how many digits it agrees.
INEXACT = {
    "nn.functional.softplus": 1e-3,                  # turns linear at `threshold`
    "nn.functional.hardsigmoid": 1e-7,               # its 1/6 is a float32
}


class Disagreement(AssertionError):
    """A value or a gradient that differs from PyTorch's."""


def ours(value, pairs):
    """A sample's argument as ours; tracked tensors are noted in pairs."""
    if isinstance(value, torch.Tensor):
        if value.is_complex() or value.layout != torch.strided:
            raise Unmapped("complex or sparse")
        data = value.detach().resolve_conj().resolve_neg().cpu().numpy()
        t = tt.Tensor(data, requires_grad=value.requires_grad)
        if value.requires_grad:
            pairs.append((value, t))
        return t
    if isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        return type(value)(ours(v, pairs) for v in value)
    if isinstance(value, torch.Size):
        return tuple(value)
    if isinstance(value, complex):
        raise Unmapped("complex or sparse")
    return value


def outputs(out):
    """The real tensors among what an op returned."""
    if isinstance(out, (torch.Tensor, tt.Tensor)):
        out = [out]
    return [o for o in out if o.dtype in (torch.float64, np.float64)]


def agrees(got, want, what, rtol):
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        raise Disagreement(f"{what}: shape {got.shape}, PyTorch {want.shape}")
    scale = np.max(np.abs(want[np.isfinite(want)]), initial=0.0)
    if not np.allclose(got, want, rtol=rtol, atol=rtol*max(scale, 0.1), equal_nan=True):
        with np.errstate(all="ignore"):
            worst = np.nanmax(np.abs(got - want), initial=0)
        raise Disagreement(f"{what}: off by {worst:.3g} of {scale:.3g}")


def compare(name, info, sample):
    """One sample: ours against PyTorch's."""
    pairs, rtol = [], INEXACT.get(name, RTOL)
    args = ours([sample.input, *sample.args], pairs)
    options = {key: ours(v, pairs) for key, v in sample.kwargs.items()}
    torch_out = info(sample.input, *sample.args, **sample.kwargs)
    torch_out = sample.output_process_fn_grad(torch_out)
    with np.errstate(all="ignore"):
        out = TABLE[name](*args, **options)
        mine, theirs = outputs(out), outputs(torch_out)
        if len(theirs) < len(mine):
            mine = mine[:len(theirs)]
        if len(mine) != len(theirs):
            raise Disagreement(f"{len(mine)} results, PyTorch {len(theirs)}")
        for a, b in zip(mine, theirs):
            agrees(a.data, b.detach().numpy(), "value", rtol)
        draw = np.random.default_rng(0)
        total_mine, total_theirs = 0.0, 0.0
        for a, b in zip(mine, theirs):
            if not b.requires_grad:
                continue
            w = draw.normal(size=a.shape)
            total_mine = total_mine + (a*w).sum()
            total_theirs = total_theirs + (b*torch.from_numpy(np.asarray(w))).sum()
        if not isinstance(total_theirs, torch.Tensor) or not pairs:
            return
        grads = torch.autograd.grad(total_theirs, [t for t, _ in pairs], allow_unused=True)
        if not total_mine.requires_grad:
            found = [np.zeros(t.shape) for _, t in pairs]
        else:
            found = [g.data for g in tt.gradients(total_mine, [t for _, t in pairs])]
        for i, (g, mine_g) in enumerate(zip(grads, found)):
            want = np.zeros(mine_g.shape) if g is None else g.numpy(force=True)
            agrees(mine_g, want, f"gradient {i + 1}", rtol)


def survey(name):
    """(agreed, {reason: samples not mapped}, disagreements) of one op."""
    info = INFOS[name]
    torch.manual_seed(0)
    agreed, unmapped, wrong = 0, Counter(), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i, sample in enumerate(info.sample_inputs("cpu", torch.float64, requires_grad=True)):
            try:
                compare(name, info, sample)
                agreed += 1
            except Unmapped as reason:
                unmapped[str(reason)] += 1
            except Exception as error:
                wrong.append(f"sample {i}: {type(error).__name__}: {error}"[:300])
    return agreed, unmapped, wrong


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_sample_agrees_with_pytorch(name):
    if name not in INFOS:
        pytest.skip(f"this PyTorch has no {name}")
    agreed, unmapped, wrong = survey(name)
    assert not wrong, "\n".join(wrong[:5])
    assert agreed or unmapped


# PyTorch's second derivative is another at a kink or pole, or is less exact: of logcumsumexp at
# [1e4, -1.2, ...] it has 8 digits, ours 11 (mpmath).
SECOND = {"nn.functional.softplus": 1.0, "logcumsumexp": 1e-5, "nn.functional.hardsigmoid": 1e-6,
          "linalg.norm|subgradients_at_zero": None}
MANY, LARGE = 25, 400            # samples per op and numbers per sample: the second order is slower


def compare_second(name, info, sample):
    """Whether a sample's second derivative was compared: along a random direction."""
    pairs = []
    args = ours([sample.input, *sample.args], pairs)
    options = {key: ours(v, pairs) for key, v in sample.kwargs.items()}
    if not pairs or sum(t.size for _, t in pairs) > LARGE:
        return False
    draw = np.random.default_rng(0)

    def both(a, b):
        """Both results in the same random combination."""
        w = draw.normal(size=a.shape)
        return (a*w).sum(), (b*torch.from_numpy(np.asarray(w))).sum()
    theirs = outputs(sample.output_process_fn_grad(
        info(sample.input, *sample.args, **sample.kwargs)))
    with np.errstate(all="ignore"):
        mine = outputs(TABLE[name](*args, **options))[:len(theirs)]
        sums = [both(a*a + a, b*b + b) for a, b in zip(mine, theirs) if b.requires_grad]
        if not sums or not sums[0][0].requires_grad:
            return False
        slope_mine = tt.gradients(sum(a for a, _ in sums), [t for _, t in pairs], create_graph=True)
        slope_theirs = torch.autograd.grad(sum(b for _, b in sums), [t for t, _ in pairs],
                                           create_graph=True, allow_unused=True)
        sums = [both(a, b) for a, b in zip(slope_mine, slope_theirs)
                if b is not None and b.requires_grad]
        if not sums:
            return False
        found = torch.autograd.grad(sum(b for _, b in sums), [t for t, _ in pairs],
                                    allow_unused=True)
        total = sum(a for a, _ in sums)
        second = (tt.gradients(total, [t for _, t in pairs]) if total.requires_grad else
                  [tt.constant(np.zeros(t.shape)) for _, t in pairs])
        for g, mine_g in zip(found, second):
            want = np.zeros(mine_g.shape) if g is None else g.numpy(force=True)
            agrees(mine_g.data, want, "second derivative", SECOND.get(name, 1e-9))
    return True


@pytest.mark.parametrize("name", sorted(n for n in TABLE if SECOND.get(n, 1) is not None))
def test_second_derivatives_agree_with_pytorch(name):
    info = INFOS.get(name)
    if info is None or not info.supports_gradgrad:
        pytest.skip("PyTorch has no second derivative")
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i, sample in enumerate(info.sample_inputs("cpu", torch.float64, requires_grad=True)):
            if i == MANY:
                break
            try:
                compare_second(name, info, sample)
            except Unmapped:
                continue
            except Exception as error:
                raise AssertionError(f"sample {i}: {error}") from error


if __name__ == "__main__":
    totals, reasons = Counter(), Counter()
    for key in sorted(TABLE):
        if key in INFOS:
            agreed, unmapped, wrong = survey(key)
            totals.update(ops=1, agreed=agreed, unmapped=sum(unmapped.values()), wrong=len(wrong))
            reasons.update(unmapped)
            if wrong:
                print(f"{key}: {len(wrong)} differ, {agreed} agree")
                for line in wrong[:2]:
                    print("    " + line)
        else:
            print(f"{key}: no such OpInfo")
    print(dict(totals), dict(reasons))
