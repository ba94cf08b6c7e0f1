"""PyTorch to picture: CPU seconds beside torchviz, torchview, torchlens; tracing beside running."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

LIMIT = 30                       # a peer is stopped after so many seconds
PICTURES = 4                     # so many are made in one process: the first, and again
REPEATS = 7
TOKENS = ((8, 128), (1, 16))     # of the GPTs: in the first running it costs, in the other drawing


def cases(blocks: tuple[int, ...] = (4, 12)) -> dict[str, tuple[Any, Any]]:
    """Name -> a module and its input. blocks: of the GPTs."""
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


def ours(model: Any, x: Any, path: str) -> None:
    """Trace, fold where it is large, SVG: data and grad at every node."""
    import viz
    from viz import writers
    from viz.layout.compose import Options
    from viz.transforms.fold import fold
    Path(path).write_bytes(writers.write(fold(viz.trace(model, x)), "svg", Options()))


def torchviz(model: Any, x: Any, path: str) -> None:
    from torchviz import make_dot
    dot = make_dot(model(x), params=dict(model.named_parameters()))
    Path(path).write_bytes(dot.pipe("svg"))


def torchview(model: Any, x: Any, path: str) -> None:
    from torchview import draw_graph             # with the operations of a loop, else it is one box
    dot = draw_graph(model, input_data=x, expand_nested=True,
                     hide_module_functions=type(model).__name__ != "Loop").visual_graph
    Path(path).write_bytes(dot.pipe("svg"))


def torchlens(model: Any, x: Any, path: str) -> None:
    import torchlens
    torchlens.trace(model, x).draw(vis_mode="rolled", vis_outpath=path.removesuffix(".svg"),
                                   vis_fileformat="svg", vis_save_only=True)


def spent() -> float:
    """CPU seconds of this process until now, and of the programs it has started."""
    return sum(usage.ru_utime + usage.ru_stime for usage in map(
        resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


class Timed(NamedTuple):
    """What a picture took, in CPU seconds, those of programs that were started too."""

    first: float
    again: float                 # the least of those after it, in the same process
    size: int                    # bytes
    failed: str                  # why there is none, or ""

    def __str__(self) -> str:
        return self.failed or (f"first {self.first:.3f} s, again {self.again:.3f} s, "
                               f"{self.size / 1000:.0f} kB")


def timed(draw: Callable[..., None], model: Any, x: Any) -> Timed:
    """Some pictures of the same, made in a process of its own. All alike: ours and theirs."""
    read, write = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "picture.svg")
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(1, 2)
            os.setsid()
            began = perf_counter()
            for _ in range(PICTURES):
                start = spent()
                try:
                    draw(model, x, path)
                except BaseException as error:     # of a peer's: told, not raised
                    os.write(write, f"{type(error).__name__} ".encode())
                    break
                os.write(write, f"{spent() - start} ".encode())
                if perf_counter() - began > LIMIT / 2:
                    break
            os._exit(0)
        until = perf_counter() + LIMIT
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if perf_counter() > until:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                break
            signal.sigtimedwait([], 0.02)
        os.close(write)
        told = os.read(read, 1000).decode().split()
        os.close(read)
        size = sum(f.stat().st_size for f in Path(folder).iterdir())
    failed = next((word for word in told if word[0].isalpha()), "")
    seconds = [float(word) for word in told if not word[0].isalpha()]
    if failed or not seconds or not size:
        return Timed(LIMIT, LIMIT, 0, failed or ("no file" if seconds else f"over {LIMIT} s"))
    return Timed(seconds[0], min(seconds[1:] or seconds), size, "")


def overhead(model: Any, x: Any) -> tuple[float, float]:
    """CPU seconds of the plain forward and backward; those of tracing over them."""
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


def main() -> None:
    if find_spec("torch") is None:
        print("PyTorch is not installed")
        return
    import torch
    torch.set_num_threads(1)     # a forked child has no pool of threads
    peers = [f for f in (torchviz, torchview, torchlens) if find_spec(f.__name__)]
    for f in peers:
        __import__(f.__name__)
    for f in (ours, *peers):     # all is imported before anything is timed
        if f is torchlens:       # once it has run it refuses to run in a fork
            continue
        with tempfile.TemporaryDirectory() as folder, contextlib.suppress(Exception):
            for case in ("MLP", "GPT, 2 blocks, tokens (1, 16)"):
                f(*cases((2,))[case], os.path.join(folder, "picture.svg"))
    print("CPU seconds, also of dot; a process makes the first picture of a case and then some\n"
          "again. ours: data and grad at every node, forward and backward are run; theirs: no "
          "numbers")
    for name, (model, x) in cases().items():
        plain, more = overhead(model, x)
        print(f"{name}: forward and backward alone {plain:.3f} s, which no peer runs; "
              f"tracing takes {more:.2f}x that")
        mine = timed(ours, model, x)
        theirs = {f.__name__: timed(f, model, x) for f in peers}
        print(f"    ours: {mine}")
        for peer, took in theirs.items():
            print(f"    {peer}: {took}")
        made = [took for took in theirs.values() if not took.failed]
        if made and not mine.failed:
            print(f"    ours over the fastest: first {mine.first / min(t.first for t in made):.2f}x"
                  f", again {mine.again / min(t.again for t in made):.2f}x")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
