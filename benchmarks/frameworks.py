"""PyTorch to picture: CPU seconds of torchviz, torchview, torchlens and ours; cost of tracing.

`python -m benchmarks.frameworks TOOL CASE` is the process in which one tool draws one case; it
prints the time of each picture.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

LIMIT = 30                       # seconds until a tool is stopped
PICTURES = 6                     # in one process: the first, and again
ROUNDS = 3                       # of all tools in turn: other load on the machine slows each alike
REPEATS = 7
TOKENS = ((8, 128), (1, 16))     # of the GPTs: the first is slow to run, the other to draw
PEERS = ("torchviz", "torchview", "torchlens")
WARM = ("MLP", "GPT, 3 blocks, tokens (1, 16)")    # drawn first, so that all is imported


def cases(blocks: tuple[int, ...] = (4, 12)) -> dict[str, tuple[Any, Any]]:
    """Return modules and their inputs, by name. blocks: of the GPTs."""
    import torch
    from torch import nn
    torch.manual_seed(0)

    class Block(nn.Module):
        def __init__(self, d: int = 64, heads: int = 4) -> None:
            super().__init__()
            self.heads, self.norm1, self.norm2 = heads, nn.LayerNorm(d), nn.LayerNorm(d)
            self.q, self.k, self.v, self.out = (nn.Linear(d, d) for _ in range(4))
            self.mlp = nn.Sequential(nn.Linear(d, 4*d), nn.GELU(), nn.Linear(4*d, d))

        def forward(self, x: Any) -> Any:
            b, t, c = x.shape
            y = self.norm1(x)
            q, k, v = (f(y).view(b, t, self.heads, -1).transpose(1, 2)
                       for f in (self.q, self.k, self.v))
            y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).reshape(b, t, c))
            return x + self.mlp(self.norm2(x))

    class Loop(nn.Module):
        def __init__(self, n: int) -> None:
            super().__init__()
            self.n = n

        def forward(self, x: Any) -> Any:
            y = x
            for _ in range(self.n):
                y = y * x
            return y

    class Lstm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.LSTMCell(8, 8)

        def forward(self, x: Any) -> Any:
            h = c = torch.zeros(2, 8)
            for i in range(200):
                h, c = self.cell(x, (h, c))
            return h

    def gpt(n: int) -> Any:
        blocks = [Block() for _ in range(n)]
        return nn.Sequential(nn.Embedding(100, 64), *blocks, nn.Linear(64, 100))
    gpts = {f"GPT, {n} blocks, tokens {shape}": (model, torch.randint(0, 100, shape))
            for n in blocks for model in (gpt(n),) for shape in TOKENS}
    one = torch.tensor(1.001, requires_grad=True)
    return {
        "MLP": (nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4)), torch.randn(4, 8)),
        **gpts, "LSTM, 200 steps": (Lstm(), torch.randn(2, 8)),
        "loop of 150": (Loop(150), one), "loop of 2,000": (Loop(2000), one)}


def ours(model: Any, x: Any, path: str, grad: bool = True) -> None:
    """Trace, fold if it is large, write SVG: data and grad at every node."""
    import viz
    from viz import writers
    from viz.options.drawing import DrawOptions
    from viz.fold import fold
    graph = fold(viz.trace(model, x, grad=grad))
    Path(path).write_bytes(writers.write(graph, "svg", DrawOptions()))


def forward(model: Any, x: Any, path: str) -> None:
    """Trace without gradients: no backward pass, like torchviz and torchview."""
    ours(model, x, path, grad=False)


def torchviz(model: Any, x: Any, path: str) -> None:
    from torchviz import make_dot
    dot = make_dot(model(x), params=dict(model.named_parameters()))
    Path(path).write_bytes(dot.pipe("svg"))


def torchview(model: Any, x: Any, path: str) -> None:
    from torchview import draw_graph             # with the operations of a loop
    dot = draw_graph(model, input_data=x, expand_nested=True,
                     hide_module_functions=type(model).__name__ != "Loop").visual_graph
    Path(path).write_bytes(dot.pipe("svg"))


def torchlens(model: Any, x: Any, path: str) -> None:
    import torchlens
    torchlens.trace(model, x).draw(vis_mode="rolled", vis_outpath=path.removesuffix(".svg"),
                                   vis_fileformat="svg", vis_save_only=True)


def spent() -> float:
    """Return the CPU seconds of this process so far, and of the programs it has started."""
    return sum(usage.ru_utime + usage.ru_stime for usage in map(
        resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


class Timed(NamedTuple):
    """The CPU seconds of a picture, including the programs that were started."""

    first: float
    again: float                 # the minimum of the others, in the same process
    size: int                    # bytes
    failed: str                  # the reason, or ""

    def least(self, other: Timed) -> Timed:
        return self._replace(first=min(self.first, other.first),
                             again=min(self.again, other.again))

    def __str__(self) -> str:
        return self.failed or (f"first {self.first:.3f} s, again {self.again:.3f} s, "
                               f"{self.size / 1000:.0f} kB")


def draw(tool: str, case: str) -> None:
    """Draw pictures of a case, in this process and folder; print the time of each."""
    import torch
    torch.set_num_threads(1)
    function: Callable[..., None] = globals()[tool]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for name in WARM:
            with contextlib.suppress(Exception):
                function(*cases((3,))[name], "warm.svg")
    model, x = cases()[case]
    began = perf_counter()
    for _ in range(PICTURES):
        start = spent()
        try:
            with contextlib.redirect_stdout(io.StringIO()), \
                    contextlib.redirect_stderr(io.StringIO()):
                function(model, x, os.path.abspath("picture.svg"))
        except Exception as error:                 # of a peer: printed
            print(type(error).__name__)
            return
        print(spent() - start, flush=True)
        if perf_counter() - began > LIMIT / 2:
            return


def timed(tool: str, case: str) -> Timed:
    """Draw pictures of a case in a process of its own, by any of the tools."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "output")
        with output.open("w") as out:
            made = subprocess.Popen(
                [sys.executable, "-m", __spec__.name, tool, case], stdout=out,
                stderr=subprocess.DEVNULL, cwd=folder, start_new_session=True,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "",
                     "PYTHONPATH": str(Path(__file__).parent.parent)})
            try:
                made.wait(2 * LIMIT)
            except subprocess.TimeoutExpired:
                os.killpg(made.pid, signal.SIGKILL)          # including its dot
                made.wait()
        words = output.read_text().split()
        size = sum(f.stat().st_size for f in Path(folder).glob("picture.svg*"))
    failed = next((word for word in words if word[0].isalpha()), "")
    seconds = [float(word) for word in words if not word[0].isalpha()]
    if failed or not seconds or not size:
        return Timed(LIMIT, LIMIT, 0, failed or ("no file" if seconds else f"over {LIMIT} s"))
    return Timed(seconds[0], min(seconds[1:] or seconds), size, "")


def overhead(model: Any, x: Any) -> tuple[float, float]:
    """Return the CPU seconds of the plain forward and backward pass, and the ratio of tracing."""
    import torch
    import viz
    best = [float("inf"), float("inf")]
    for _ in range(REPEATS):
        start = process_time()
        torch.autograd.grad(model(x).sum(), list(model.parameters()) or [x])
        middle = process_time()
        viz.trace(model, x)
        best = [min(best[0], middle - start), min(best[1], process_time() - middle)]
    return best[0], best[1] / best[0]


def ratio(mine: Timed, theirs: list[Timed]) -> str:
    """Return our time over that of the fastest tool that succeeded."""
    made = [took for took in theirs if not took.failed]
    if not made or mine.failed:
        return "none succeeds"
    return (f"first {mine.first / min(t.first for t in made):.2f}x, "
            f"again {mine.again / min(t.again for t in made):.2f}x")


def quick() -> None:
    if find_spec("torch") is None:
        print("PyTorch is not installed")
        return
    import viz
    model, x = cases(())["MLP"]
    print(f"MLP: {len(viz.trace(model, x).nodes)} nodes")


def main() -> None:
    if find_spec("torch") is None:
        print("PyTorch is not installed")
        return
    import torch
    torch.set_num_threads(1)
    peers = [peer for peer in PEERS if find_spec(peer)]
    print("CPU seconds, including dot: the minimum of several processes, each of which draws a\n"
          "case once and then again. ours: data and grad at every node, with a forward and a\n"
          "backward pass; forward: ours with data alone, no backward pass; peers: no numbers, no\n"
          "backward pass")
    for case, (model, x) in cases().items():
        plain, more = overhead(model, x)
        print(f"{case}: forward and backward alone {plain:.3f} s; tracing takes {more:.2f}x that")
        took = {tool: timed(tool, case) for tool in ("ours", "forward", *peers)}
        for _ in range(ROUNDS - 1):
            took = {tool: one if one.failed else one.least(timed(tool, case))
                    for tool, one in took.items()}
        for tool, one in took.items():
            print(f"    {tool}: {one}")
        theirs = [took[peer] for peer in peers]
        print(f"    ours over the fastest: {ratio(took['ours'], theirs)}; "
              f"forward over it: {ratio(took['forward'], theirs)}")
        sys.stdout.flush()


if __name__ == "__main__":
    draw(*sys.argv[1:])
