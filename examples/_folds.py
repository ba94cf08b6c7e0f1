"""A contact sheet of folded graphs: `sheet()` is output/folds.png."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import viz
from tinytorch import Tensor, nn
from viz.fold import fold
from viz.graph import Graph
from viz.graph.theme import THEMES
from viz.layout.build_scene import build_scene
from viz.layout.scene import Path, Polygon, Rect, Scene, Text
from viz.writers.png import raster

DPI = 48.0                       # half the size of the pictures themselves
GAP = 40.0


def power(x=1.001):
    """A loop of 150 multiplications."""
    y = x
    for _ in range(150):
        y = y * x
    return y


def root(a=2.0):
    """Newton's iteration, 500 times."""
    x = a
    for _ in range(500):
        x = x - (x * x - a) / (2 * x)
    return x


def _weights(rows: int, columns: int, start: int = 1) -> Any:
    """Return numbers that are spread like random ones, always the same."""
    spread = np.sin(np.arange(start, start + rows * columns) * 12.9898) * 43758.5453
    return (spread - np.floor(spread) - 0.5).reshape(rows, columns)


def score(x=0.3, y=-0.7):
    """A network of scalars: 2 inputs, 16 and 16 neurons, 1 output."""
    values, k = [x, y], 0
    for size in (16, 16, 1):
        layer = []
        for _ in range(size):
            act = Tensor(0.0, name="b")
            for value in values:
                k += 1
                weight = Tensor(float(_weights(1, 1, k)[0, 0]), name="w")
                act = act + weight * value
            layer.append(np.maximum(act, 0))
        values = layer
    return values[0]


def lstm(steps: int) -> Callable[..., Any]:
    """Return an LSTM in plain NumPy, with 3 inputs and 4 cells."""
    inputs = np.sin(np.arange(3.0 * steps)).reshape(steps, 1, 3)

    def loss(Wx=_weights(3, 16), Wh=_weights(4, 16, 50), b=np.zeros(16)):
        h = Tensor(np.zeros((1, 4)), requires_grad=False)
        c = Tensor(np.zeros((1, 4)), requires_grad=False)
        for t in range(steps):
            x = Tensor(inputs[t], requires_grad=False, name="x")
            z = x @ Wx + h @ Wh + b
            i = 1 / (1 + np.exp(-z[:, 0:4]))
            f = 1 / (1 + np.exp(-z[:, 4:8]))
            o = 1 / (1 + np.exp(-z[:, 8:12]))
            g = np.tanh(z[:, 12:16])
            c = f * c + i * g
            h = o * np.tanh(c)
        return np.sum(h * h)
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


def transformer(blocks: int = 12) -> Callable[..., Any]:
    """Return so many blocks, one after another."""
    nn.seed(0)
    model = nn.Sequential(*[Block(8) for _ in range(blocks)])

    def loss(x=np.sin(np.arange(80.0)).reshape(2, 5, 8)):
        return np.mean(model(x) ** 2)
    return loss


def graphs() -> dict[str, Graph]:
    """Return unfolded graphs by name."""
    return {"power": viz.trace(power), "newton": viz.trace(root), "network": viz.trace(score),
            "lstm": viz.trace(lstm(200)), "transformer": viz.trace(transformer())}


def sheet() -> bytes:
    """Return the contact sheet as PNG: all graphs folded, in two columns."""
    scenes = [build_scene(fold(graph, mode="all")) for graph in graphs().values()]
    columns = (scenes[:-1], scenes[-1:])
    groups = []
    x = deepest = 0.0
    for k, column in enumerate(columns):
        y = 0.0
        for scene in column:
            groups += [group._replace(marks=tuple([moved(mark, x, y) for mark in group.marks]))
                       for group in scene.groups]
            y += scene.height + GAP
        deepest = max(deepest, y)
        x += max(scene.width for scene in column) + (GAP if k == 0 else 0)
    return raster(Scene(x, deepest, "folded graphs", "A contact sheet of folded graphs.",
                        tuple(groups)), THEMES["light"], DPI)


def moved(mark: Any, dx: float, dy: float) -> Any:
    """Return a mark, moved."""
    if isinstance(mark, (Rect, Text)):
        return mark._replace(x=mark.x + dx, y=mark.y + dy)
    assert isinstance(mark, (Path, Polygon))
    return mark._replace(points=tuple([(x + dx, y + dy) for x, y in mark.points]))
