"""Folding of PyTorch modules whose calls have several outputs: chunk, split, cells of an LSTM."""

import pytest

import viz
from viz.graph.json import from_json, to_json
from viz.layout.paint_clusters import index_text
from viz.fold import fold, summary
from viz.fold.unfold import unfold
from viz.writers import write

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


def named(model, *xs, **options):
    """The folds of a model as they are titled: title, path, which repeats."""
    graph = viz.trace(model, *xs)
    small = fold(graph, mode="all", **options)
    assert unfold(small) == graph and unfold(from_json(to_json(small))) == graph
    return small, [(f["title"], index_text(f)) for f in small.facts["folds"]]


class Attention(torch.nn.Module):
    """Attention with a matrix each for queries, keys and values, called by variables."""

    def __init__(self, width=8):
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.out = (
            torch.nn.Linear(width, width) for _ in range(4))

    def forward(self, x):
        q, k, v = (f(x).view(5, 2, -1).transpose(0, 1)
                   for f in (self.q_proj, self.k_proj, self.v_proj))
        y = torch.softmax(q @ k.transpose(-1, -2), -1) @ v
        return x + self.out(y.transpose(0, 1).reshape(5, -1))


class Stack(torch.nn.Module):
    def __init__(self, make, n):
        super().__init__()
        self.blocks = torch.nn.ModuleList(make() for _ in range(n))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


def test_a_repeated_module_is_called_by_its_class():
    small, found = named(Stack(lambda: Block(8, lambda h: h.chunk(3, -1)), 6), torch.randn(5, 8))
    assert found == [("Block", "blocks.[t] · t = 0 … 5")]
    assert summary(small).startswith("folded: Block ×6 (")
    assert small.facts["modules"]["blocks/3/qkv"] == "Linear"
    assert {n.label for n in small.nodes if n.kind == "parameter"} >= {
        "blocks.[t].qkv.weight", "blocks.[t].norm.bias"}
    svg = write(small, "svg").decode()
    assert ">Block<" in svg and "blocks.[t] · t = 0 … 5 · " in svg


def test_a_sequential_says_the_numbers_of_its_modules():
    rest = [Block(8, lambda h: h.chunk(3, -1)) for _ in range(6)]
    model = torch.nn.Sequential(torch.nn.Tanh(), *rest)
    assert named(model, torch.randn(5, 8))[1] == [("Block", "t = 1 … 6")]


def test_layers_in_turn_are_called_by_their_classes():
    layers = [m for _ in range(12) for m in (torch.nn.Linear(4, 4), torch.nn.Tanh())]
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), *layers)
    small, found = named(model, torch.randn(2, 3))
    assert found == [("Linear, Tanh", "t = 0 … 11")]
    assert "[2t+1].weight" in {n.label for n in small.nodes}
    inside = {n.label for n in small.nodes if n.facts.get("fold") and n.kind != "op"}
    assert {"v", "linear(v)", "v = tanh(linear(v))"} <= inside


def test_a_module_and_more_is_called_by_what_is_computed():
    class Residual(Stack):
        def forward(self, x):
            for block in self.blocks:
                x = x + torch.relu(block(x))
            return x
    model = Residual(lambda: torch.nn.Linear(4, 4), 9)
    assert named(model, torch.randn(2, 4))[1] == [
        ("x = x + relu(linear(x))", "blocks.[t] · t = 0 … 8")]


def test_modules_from_the_last_to_the_first():
    class Back(Stack):
        def forward(self, x):
            for block in reversed(self.blocks):
                x = torch.relu(block(x))
            return x
    small, found = named(Back(lambda: torch.nn.Linear(4, 4), 9), torch.randn(2, 4))
    assert found == [("x = relu(linear(x))", "blocks.[t] · t = 8, 7, 6, … 0")]
    assert small.facts["folds"][0]["names"] == tuple("876543210")
    assert "blocks.[t].weight" in {n.label for n in small.nodes}


def test_queries_keys_and_values_are_called_so():
    """They were transpose(v, 1, 2), three times, and their weights x₁[t,i]."""
    small, found = named(Stack(Attention, 6), torch.randn(5, 8))
    assert found == [("Attention", "blocks.[t] · t = 0 … 5"),
                     ("q_proj, k_proj, v_proj", "i = q_proj, k_proj, v_proj")]
    shown = [n.label for n in small.nodes if n.kind != "op"]
    assert {"blocks.[t].{q,k,v}_proj.weight", "q", "k", "v"} <= set(shown)
    assert [label for label in shown if label.startswith("{q,k,v} = transpose(")]
    assert small.facts["letter"] == "u"            # v is the user's


def test_values_without_names_say_of_which_repeat_they_are():
    class Heads(torch.nn.Module):
        def __init__(self, names):
            super().__init__()
            self.heads = torch.nn.ModuleDict({n: torch.nn.Linear(4, 4) for n in names})
            self.mix = torch.nn.Linear(4 * len(names), 4)

        def forward(self, x):
            heads = self.heads.values()
            return x + self.mix(torch.cat([h(x).sin().cos().exp() for h in heads], -1))
    for names, repeats in ("abc", "a, b, c"), ("abcdef", "a, b, c, … f"), ("012", "0 … 2"):
        small, found = named(Stack(lambda: Heads(names), 6), torch.randn(2, 4))
        assert found[0] == ("Heads", "blocks.[t] · t = 0 … 5")
        assert found[1][1].rpartition("i = ")[2] == repeats
        outside = [n.label for n in small.nodes if n.facts.get("drawn") == "exit"
                   and n.kind == "value"]
        assert outside == [] if len(names) > 4 else \
            [label[:2] for label in outside] == ["a:", "b:", "c:"] if names[0] == "a" else \
            [label[:6] for label in outside] == ["i = 0:", "i = 1:", "i = 2:"]


def test_a_frame_of_one_module_shows_its_class():
    class MLP(torch.nn.Sequential):
        pass

    class Layer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.attn, self.mlp = Attention(), MLP(
                *(torch.nn.Linear(8, 8) for _ in range(3)))

        def forward(self, x):
            return self.mlp(self.attn(x))
    shown = fold(viz.trace(Layer(), torch.randn(5, 8)), mode="none", depth=9).facts["folds"]
    assert [(f["title"], f["holds"]) for f in shown] == [
        ("attn", "Attention · 17 ops · 288 parameters"), ("mlp", "3 ops · 216 parameters")]
