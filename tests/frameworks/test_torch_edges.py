"""PyTorch: nodes and edges drawn are those that a second, tiny recorder notes by itself."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch.overrides import TorchFunctionMode  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402

import viz  # noqa: E402
from viz.readers import trace  # noqa: E402
from viz.run.targets import from_function  # noqa: E402


class Witness:
    """Calls, and which tensor is an argument of which: by identity, and by who wrote last where."""

    def __init__(self):
        self.calls = []          # the states of a call's arguments
        self.made = []           # how many states each has made
        self.alive = []          # no identity is given twice
        self.states = {}         # id of a tensor -> when, (call, which of its results)
        self.writes = {}         # place of a storage -> when, state

    def state(self, t):
        """What t is now: a leaf, a call's result, or what a view shows after another was written.
        """
        last = self.writes.get(t.untyped_storage().data_ptr())
        known = self.states.get(id(t))
        if last is not None and (known is None or known[0] < last[0]):
            return self.add([*([known[1]] if known else []), last[1]], [t])
        return known[1] if known else self.put(t, ("leaf", len(self.states)))

    def put(self, t, state):
        self.alive.append(t)
        self.states[id(t)] = len(self.alive), state
        return state

    def add(self, arguments, results):
        self.calls.append(arguments)
        self.made.append(len(results))
        for i, t in enumerate(results):
            self.put(t, (len(self.calls) - 1, i))
        return len(self.calls) - 1, 0

    def call(self, func, args, kwargs, written):
        """Run a call, and note it, unless it gives back what it was given."""
        given = [t for t in tree_leaves([args, kwargs]) if isinstance(t, torch.Tensor)]
        arguments = [self.state(t) for t in given]
        out = func(*args, **kwargs)
        results = [t for t in tree_leaves(out) if isinstance(t, torch.Tensor)]
        results = [t for t in results if all(t is not g for g in given)] + written
        if results:
            self.add(arguments, results)
        for t in written:
            self.writes[t.untyped_storage().data_ptr()] = self.states[id(t)]
        return out

    def reached(self, roots):
        """Edges of calls that lead to the roots, as (tail, head); tails and results in order."""
        wanted, stack = set(), [self.state(t) for t in roots]
        used = set(stack)
        while stack:
            call, _ = stack.pop()
            if call != "leaf" and call not in wanted:
                wanted.add(call)
                used.update(self.calls[call])
                stack += self.calls[call]
        leaves, place, edges = {}, {}, []
        for turn, call in enumerate(sorted(wanted)):
            for state in self.calls[call]:
                if state[0] == "leaf":
                    leaves.setdefault(state, ("leaf", len(leaves)))
                edges.append((place.get(state) or leaves[state], turn))
            results = [s for i in range(self.made[call]) if (s := (call, i)) in used
                       or self.made[call] == 1]
            place |= {s: (turn, i) for i, s in enumerate(results)}
        return edges, len(wanted), len(place), len(leaves)


class Functions(TorchFunctionMode):
    """A witness of what the code calls."""

    def __init__(self, witness):
        super().__init__()
        self.witness = witness

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name, kwargs = func.__name__, kwargs or {}
        written = [kwargs["out"]] if "out" in kwargs else \
            [args[0]] if name in ("__setitem__", "__iadd__") or name[-1] == "_" != name[-2] or \
            kwargs.get("inplace") else []
        return self.witness.call(func, args, kwargs, written)


class Operations(TorchDispatchMode):
    """A witness of what runs."""

    def __init__(self, witness):
        super().__init__()
        self.witness = witness

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        written = [kwargs["out"]] if "out" in kwargs else \
            [args[0]] if func._schema.is_mutable else []
        return self.witness.call(func, args, kwargs, written)


def drawn(graph):
    """The same of a graph. Numbers, which are no tensors, are left out."""
    numbers = {n.id for n in graph.nodes if n.kind == "constant"
               and n.facts["data"].shape == () and n.facts["data"].dtype == "float64"}
    tails = {n.id: [] for n in graph.nodes}
    results = {n.id: [] for n in graph.nodes}
    kinds = {n.id: n.kind for n in graph.nodes}
    for e in graph.edges:
        if kinds[e.head] == "op":
            assert e.facts["argument"] == len(tails[e.head])
            tails[e.head].append(e.tail)
        else:
            results[e.tail].append(e.head)
    ops = [n.id for n in graph.nodes if n.kind == "op"]
    place = {id: (turn, i) for turn, op in enumerate(ops) for i, id in enumerate(results[op])}
    leaves, edges = {}, []
    for turn, op in enumerate(ops):
        for tail in tails[op]:
            if tail in numbers:
                continue
            if tail not in place:
                leaves.setdefault(tail, ("leaf", len(leaves)))
            edges.append((place.get(tail) or leaves[tail], turn))
    return edges, len(ops), len(place), len(leaves)


def unused(graph):
    """How many inputs stand alone."""
    ends = {e.tail for e in graph.edges}
    return sum(n.kind == "input" and n.id not in ends for n in graph.nodes)


def quiet(f):
    with torch.no_grad():
        return f()


def half(c, b):
    """A view that is written into, of a tensor that is used again."""
    row = c[:2]
    row.mul_(b[1:])
    return c


def before(c, b):
    """A view from before a write, used after it."""
    turned = c.t()
    c.add_(b)
    return turned


def several(c, b):
    """One of several results is written into: with gradients PyTorch forbids it."""
    one, two, _ = c.chunk(3)
    two.sub_(b[:1])
    return torch.cat([one, two, c[:1]])


def out(a, b):
    place = torch.zeros(3, 3)
    torch.mul(a, b, out=place)
    return place


def put(c, b):
    c[1] = b[0]
    c[:, 0] = 2.0
    return c


def copied(a, b):
    c = torch.empty(3, 3)
    flat = c.view(-1)
    c.copy_(a)
    flat[2:5].mul_(3)
    return c + b


def behind(c, b):
    """Written into where autograd does not see it."""
    c.data.mul_(2)
    return c * b


def plus(c, b):
    c += b
    c += 1
    return c


CONSTANT = torch.full((3, 3), 0.25)
STEPS = [
    lambda a, b: a + b, lambda a, b: a * a, lambda a, b: a - b, lambda a, b: a * 2 - 1,
    lambda a, b: 1 - a / 3, lambda a, b: torch.tanh(a @ b), lambda a, b: a.t(),
    lambda a, b: a.reshape(9).view(3, 3) + CONSTANT, lambda a, b: torch.where(a > b, a, b),
    lambda a, b: torch.cat([a, b, a])[2:5], lambda a, b: torch.stack([a, b]).sum(dim=0),
    lambda a, b: a.max(dim=1, keepdim=True).values + b, lambda a, b: torch.add(a, b, alpha=2),
    lambda a, b: torch.clamp(input=a, min=-1), lambda a, b: a.expand(2, 3, 3)[0] * b[:, :1],
    lambda a, b: F.linear(a, b, bias=a[0]), lambda a, b: F.layer_norm(a, (3,)),
    lambda a, b: F.dropout(a, 0.5, False) + b, lambda a, b: F.relu(a.clone(), inplace=True),
    lambda a, b: a.detach() * b, lambda a, b: quiet(lambda: a.sin() * b) + a,
    lambda a, b: quiet(lambda: out(a, b)), lambda a, b: half(a.clone(), b),
    lambda a, b: before(a * b, b), lambda a, b: quiet(lambda: several(a.clone(), b)),
    lambda a, b: put(a.clone(), b), copied, lambda a, b: behind(a * 1.5, b),
    lambda a, b: plus(a.clone(), b), lambda a, b: plus(a * b, a), lambda a, b: a.unbind()[1] + b,
    lambda a, b: quiet(lambda: a[:1]) * b,     # it says that it requires a gradient; none flows
]


def program(seed):
    """A random function of two matrices; all it makes leads to its result."""
    rng = np.random.default_rng(seed)
    steps = [(STEPS[rng.integers(len(STEPS))], int(rng.integers(100)), int(rng.integers(100)))
             for _ in range(12)]

    def f(x, y):
        values = [x, y]
        for step, i, j in steps:
            values.append(step(values[i % len(values)], values[j % len(values)]))
        total = values[0].mean()
        for v in values[1:]:
            total = total + v.mean()
        return total
    return f


def noted(f, level):
    """What a witness notes of f, and how many of its arguments lead nowhere."""
    x, y = (t.clone().requires_grad_() for t in INPUTS)
    witness = Witness()
    with (Functions if level == "function" else Operations)(witness):
        whole = f(x, y)
    edges, *counts = witness.reached([whole])
    return edges, *counts


INPUTS = [torch.randn(3, 3, generator=torch.Generator().manual_seed(i)) for i in (1, 2)]


@pytest.mark.parametrize("level", ["function", "aten"])
@pytest.mark.parametrize("seed", range(40))
def test_nodes_and_edges_of_random_programs(seed, level):
    f = program(seed)
    target = from_function(f)
    graph = trace(target, dict(zip(target.names, INPUTS)), grad=False, level=level)
    edges, calls, states, leaves = noted(f, level)
    assert drawn(graph) == (edges, calls, states, leaves)
    numbers = sum(n.kind == "constant" and n.facts["data"].dtype == "float64" for n in graph.nodes)
    assert len(graph.nodes) == calls + states + leaves + numbers + unused(graph)


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_nodes_and_edges_of_each_step(step):
    def f(x, y):
        z = STEPS[step](x, y)
        return z.mean() + x.mean()
    assert drawn(viz.trace(f, *INPUTS)) == noted(f, "function")


@pytest.mark.parametrize("level", ["function", "aten"])
@pytest.mark.parametrize("write", [lambda c: c.mul_(3), lambda c: c.data.mul_(3),
                                   lambda c: c[:].mul_(3), lambda c: c.t().mul_(3)])
def test_values_are_those_after_the_write(write, level):
    def f(x):
        c = x.clone()
        write(c)
        return c * 2
    x = torch.arange(100.0).reshape(10, 10)
    graph = trace(from_function(f), {"x": x}, grad=False, level=level)
    stats = [n.facts["data"].stats for n in graph.nodes if n.kind != "op" and n.facts["data"].stats]
    most = [s.max for s in stats]
    assert most[:2] == [99.0, 99.0] and set(most[2:-1]) <= {99.0, 297.0} and most[-1] == 594.0
    assert most[-2] == 297.0 and stats[-2].mean == 3 * stats[0].mean


def test_tensors_of_inference_mode():
    def f(x):
        with torch.inference_mode():
            y = x * 2
            y.add_(1)
            z = y.t() + y
        return x.sum() + z.sum()
    graph = viz.trace(f, torch.ones(3, 3))
    assert graph.nodes[-1].facts["data"].number == 9 + 9 * 6
    assert [n.facts["op"] for n in graph.nodes if n.kind == "op"] == [
        "Mul", "Add", "t", "Add", "Sum", "Sum", "Add"]


def test_a_sparse_tensor_beside_a_write():
    def f(x):
        s = x.to_sparse()
        c = x.clone()
        c.mul_(2)
        return torch.sparse.mm(s, c).sum() + torch.sparse.sum(s)
    graph = viz.trace(f, torch.eye(9))
    assert graph.nodes[-1].facts["data"].number == 18 + 9
