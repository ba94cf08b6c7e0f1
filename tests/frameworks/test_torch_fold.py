"""Folding of PyTorch modules whose calls have several outputs: chunk, split, cells of an LSTM."""

import pytest

import viz
from viz.transforms.fold import fold
from viz.transforms.unfold import unfold

torch = pytest.importorskip("torch")


class Block(torch.nn.Module):
    """Attention with one matrix for queries, keys and values, cut in three."""

    def __init__(self, width, cut):
        super().__init__()
        self.qkv, self.out = torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)
        self.norm, self.cut = torch.nn.LayerNorm(width), cut

    def forward(self, x):
        q, k, v = self.cut(self.qkv(self.norm(x)))
        return x + self.out(torch.softmax(q @ k.transpose(-1, -2), -1) @ v)


def folds(f):
    graph = viz.trace(f)
    small = fold(graph, mode="all")
    assert unfold(small) == graph
    return small, [(f["count"], f["ops"]) for f in small.facts.get("folds", ())]


@pytest.mark.parametrize("cut", [lambda h: h.chunk(3, -1), lambda h: h.split(8, -1)],
                         ids=["chunk", "split"])
def test_a_stack_of_blocks_with_one_matrix_for_three(cut):
    torch.manual_seed(0)
    model = torch.nn.Sequential(*[Block(8, cut) for _ in range(6)])

    def f(x=torch.randn(5, 8)):
        return model(x).pow(2).mean()
    small, found = folds(f)
    assert found == [(6, 9)]
    assert sum(node.label in ("chunk", "split") for node in small.nodes) == 1


def test_the_cell_of_an_lstm():
    torch.manual_seed(0)
    cell = torch.nn.LSTMCell(4, 4)

    def f(x=torch.randn(50, 1, 4)):
        h = c = torch.zeros(1, 4)
        for t in range(50):
            h, c = cell(x[t], (h, c))
        return (h + c).sum()
    small, found = folds(f)
    assert found == [(50, 2)]
    carried = {n.label for n in small.nodes if n.facts.get("port") == "carried"}
    assert carried == {"h", "c"}


@pytest.mark.parametrize("which, inside", [
    (slice(None), True), (slice(-1, None), False), (slice(3, 5), False)])
def test_several_outputs_of_a_loop_do_not_cut_its_fold(which, inside):
    def f(x=torch.ones(3)):
        steps = [x]
        for _ in range(20):
            steps.append(torch.tanh(steps[-1] * 1.5 + x.sin()) * 0.9)
        return [*steps[1:][which], steps[-1].sum()]
    small, found = folds(f)
    assert found == [(20, 5)]
    assert inside == any(
        n.kind == "output" and "repeats" in n.facts for n in small.nodes)
    assert sum(n.kind == "output" and "repeats" not in n.facts for n in small.nodes) >= 1
