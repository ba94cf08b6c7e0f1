"""Functions whose graphs are hard to draw, and what their pictures must show, as data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import tinytorch
import viz
from tinytorch import Tensor, nn
from viz.graph import Graph
from viz.fold import fold

HOSTILE = ["<b>x</b>", '"; DROP', r"\N", "a|b{c}", "x\n", "<script>alert(1)</script>", "名前", "𝛼",
           "🙂"]


class Row(NamedTuple):
    """A function at a point."""

    name: str
    f: Callable[..., Any]
    point: tuple[Any, ...]
    shows: tuple[str, ...]       # texts that stand in its picture
    nodes: int                   # of its graph, not folded
    folds: tuple[int, ...] = ()  # how often each of its folds is repeated

    def graph(self) -> Graph:
        """Its graph, as the command line draws it."""
        with np.errstate(all="ignore"):
            return fold(viz.trace(self.f, *self.point), mode="auto")


def loop(turns: int) -> Callable[[Any], Any]:
    """y = y*x, so many times."""
    def f(x: Any) -> Any:
        y = x
        for _ in range(turns):
            y = y * x
        return y
    return f


def squarings(x: Any) -> Any:
    """x to the power of 2⁴⁰: 2⁴⁰ paths."""
    for _ in range(40):
        x = x * x
    return x


def constants(x: Any) -> Any:
    """Numbers on either side of an op, and numpy's own."""
    return (x + 1) * (1 - x) + 2**x + np.float64(2) * x + np.sin(x)


def branch(x: Any) -> Any:
    """One of two ways."""
    if x > 0:
        y = x * x
    else:
        y = -x
    return y + 1


def spread(rows: int, columns: int, start: int = 1) -> Any:
    """Numbers that are spread like random ones: the same picture each time."""
    waves = np.sin(np.arange(start, start + rows * columns) * 12.9898) * 43758.5453
    return (waves - np.floor(waves) - 0.5).reshape(rows, columns)


def network() -> Callable[[Any, Any], Any]:
    """A network of scalars, 2-16-16-1, whose weights have no name but their variable's."""
    sizes = (2, 16, 16, 1)
    weights = [[[Tensor(float(w)) for w in row] for row in spread(m, n, 100 * k + 1)]
               for k, (n, m) in enumerate(zip(sizes, sizes[1:]))]
    biases = [[Tensor(0.0) for _ in range(m)] for m in sizes[1:]]

    def score(a: Any, b: Any) -> Any:
        values = [a, b]
        for k in range(3):
            out = []
            for row, bias in zip(weights[k], biases[k]):
                s = bias
                for w, v in zip(row, values):
                    s = s + w * v
                out.append(np.maximum(s, 0) if k < 2 else s)
            values = out
        return values[0]
    return score


def classifier() -> Callable[[Any], Any]:
    """A network of arrays, softmax and cross-entropy, 32 samples of 20 numbers in 10 classes."""
    classes = np.arange(32) * 7 % 10
    W1, b1 = Tensor(spread(20, 64)), Tensor(np.zeros(64))
    W2, b2 = Tensor(spread(64, 10, 5)), Tensor(np.zeros(10))

    def loss(x: Any) -> Any:
        h = np.tanh(x @ W1 + b1)
        logits = h @ W2 + b2
        p = tinytorch.softmax(logits, axis=1)
        return -np.mean(np.log(p[np.arange(32), classes]))
    return loss


class Block(nn.Module):
    """A block of a transformer."""

    def __init__(self, width: int) -> None:
        self.norm1, self.attention = nn.LayerNorm(width), nn.MultiheadAttention(width, 2)
        self.norm2 = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Any) -> Any:
        x = x + self.attention(self.norm1(x))
        return x + self.down(np.maximum(self.up(self.norm2(x)), 0))


def transformer() -> Callable[[Any], Any]:
    """Six layers."""
    nn.seed(0)
    model = nn.Sequential(*[Block(8) for _ in range(6)])
    return lambda x: np.mean(model(x) ** 2)


def odd() -> Callable[[Any], Any]:
    """Tensors of what is seldom seen."""
    inf, nan = np.inf, np.nan
    held = [Tensor(nan, name="none"), Tensor(inf, name="above"), Tensor(-inf, name="below"),
            Tensor(1e-300, name="tiny"), Tensor(-0.0, name="minus"),
            Tensor(np.array(3.5), name="0d"), Tensor(10**9, name="billion", requires_grad=False),
            Tensor(True, name="yes", requires_grad=False), Tensor(np.zeros((0, 3)), name="nothing"),
            Tensor(np.array([True, False, True]), name="flags", requires_grad=False),
            Tensor(np.array([nan, inf, -inf, 1e-300, -0.0, 5]), name="mixed"),
            Tensor(np.array([10**9, 10**12, 3]), name="large", requires_grad=False)]

    def f(x: Any) -> Any:
        y = x
        for t in held:
            y = y + np.sum(t * x)
        return y
    return f


def hostile(x: Any) -> Any:
    """Names that mean something to a format."""
    y = x
    for k, name in enumerate(HOSTILE):
        y = y + Tensor(k + 1.0, name=name) * x
    return y


def independent(x: Any) -> Any:
    """Nothing leads from x to it."""
    w = Tensor(3.0)
    return w * w


ROWS = [
    Row("x*x*x + x", lambda x: x * x * x + x, (1.2,),
        ("5.32", "= 1.44 + 1.44 + 1.44 + 1", "df/dx = 1.44 + 1.44 + 1.44 + 1 = 5.32"), 7),
    Row("150 multiplications", loop(150), (1.01,), ("×150", "y = y·x", "671.71"), 301, (150,)),
    Row("10,000 multiplications", loop(10_000), (1.0001,), ("×10000", "27184"), 20_001, (10_000,)),
    Row("40 squarings", squarings, (1.0,), (
        "1.0995e12", "df/dx = 5.4976e11 + 5.4976e11 = 1.0995e12"), 81),
    Row("constants", constants, (1.2,), ("1", "2", "sin", "^"), 23),
    Row("a branch", branch, (1.2,), ("y = x²",), 6),
    Row("a network of scalars", network(), (0.5, -0.3), ("×16", "w[t]", "bias[t]"), 1651,
        (16, 16, 16, 16)),
    Row("a network of arrays", classifier(), (spread(32, 20, 9),), ("W1", "input 32×20", "all 0"),
        32),
    Row("a transformer", transformer(), (spread(2, 40).reshape(2, 5, 8),), ("×6",), 840, (6,)),
    Row("odd numbers", odd(), (1.5,), (
        "nan", "inf", "−inf", "1e−300", "−0", "billion = 1000000000", "yes = True", "3.5", "empty",
        "flags = [True, False, True]", "−0 … 1.67 … 5, nan ×1, inf ×1, −inf ×1",
        "large = [1000000000, 1e12, 3]", "parameter 0×3"), 85),
    Row("hostile names", hostile, (1.2,), (
        "<b>x</b>", '"; DROP', r"\N", "a|b{c}", "x⏎", "<script>alert(1)</script>", "名前", "𝛼", "🙂"),
        46),
    Row("independent of x", independent, (1.2,), ("w²", "0", "df/dx = 0"), 4),
]
