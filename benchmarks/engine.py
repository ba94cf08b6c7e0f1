"""The engine against its peers, in ratios, with goals.

Every peer runs in a process of its own, with one thread; a round asks all of them in turn for one
case, so that a busy machine slows all alike; a figure is the median of the ratios of the rounds.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

ROUNDS = 15


class Row(NamedTuple):
    """A row of the table."""

    case: str                    # the name of a function of cases()
    peer: str
    goal: float                  # of our time over the peer's
    title: str


ROWS = (
    Row("cubic", "torch", 0.20, "x*x*x + x at 1.2: leaf, forward, backward"),
    Row("cubic", "tutorial", 0.15, "x*x*x + x at 1.2: leaf, forward, backward"),
    Row("cubic", "micrograd", 1.2, "x*x*x + x at 1.2: leaf, forward, backward"),
    Row("scalars", "micrograd", 1.0, "scalar MLP 2-16-16-1, forward and backward"),
    Row("scalars", "torch", 0.17, "scalar MLP 2-16-16-1, forward and backward"),
    Row("chain", "torch", 0.25, "chain of 10,000 ops, forward and backward"),
    Row("sweep_100", "torch", 0.4, "f and f' of x**3 sin x + exp(-x*x), 100 points"),
    Row("sweep_10k", "numpy", 1.25, "the same at 10,000 points"),
    Row("sweep_1m", "numpy", 1.35, "the same at 1,000,000 points"),
    Row("orders", "torch", 0.1, "all derivatives to order 6 at 1,000 points"),
    Row("step", "torch", 1.3, "one step of an MLP 784-256-10, batch 64, float32"),
)
BYTES = 200                      # per recorded op, at most


# The cases, in the dialect of each engine.

def _chain(x: Any) -> Any:
    y = x
    for _ in range(5000):
        y = y*x + x
    return y


def _scalars(value: Any, relu: Callable[[Any], Any]) -> Callable[[], None]:
    """A 2-16-16-1 network of numbers: 321 products, one output."""
    draw = random.Random(0)
    sizes = (2, 16, 16, 1)
    layers = [[([value(draw.uniform(-1, 1)) for _ in range(m)], value(0.1)) for _ in range(n)]
              for m, n in zip(sizes, sizes[1:])]

    def run() -> None:
        signals: list[Any] = [0.5, -0.3]
        for i, layer in enumerate(layers):
            sums = []
            for weights, bias in layer:
                total = bias
                for w, s in zip(weights, signals):
                    total = total + w*s
                sums.append(relu(total) if i < 2 else total)
            signals = sums
        signals[0].backward()
    return run


def _ours() -> dict[str, Callable[[], Any]]:
    import numpy as np

    import tinytorch as tt
    from tinytorch import Tensor, nn, optim

    def cubic() -> None:
        x = Tensor(1.2)
        (x*x*x + x).backward()

    def sweep(n: int) -> Callable[[], Any]:
        points = np.linspace(-3, 3, n)

        def run() -> Any:
            x = Tensor(points)
            y = x**3*np.sin(x) + np.exp(-x*x)
            y.backward(np.ones(n))
            return y.data, x.grad
        return run
    draw = np.random.default_rng(0)
    images = draw.normal(size=(64, 784)).astype(np.float32)
    labels = draw.integers(0, 10, 64)
    net = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
    for p in net.parameters():
        p.data = p.data.astype(np.float32)
    sgd = optim.SGD(net.parameters(), lr=0.01)

    def step() -> None:
        sgd.zero_grad()
        tt.cross_entropy(net(images), labels).backward()
        sgd.step()
    points = np.linspace(-3, 3, 1000)
    return {"cubic": cubic, "chain": lambda: _chain(Tensor(0.5)).backward(),
            "scalars": _scalars(Tensor, lambda v: v.relu()), "step": step,
            "sweep_100": sweep(100), "sweep_10k": sweep(10_000), "sweep_1m": sweep(1_000_000),
            "orders": lambda: tt.derivatives(lambda x: x**3*np.sin(x) + np.exp(-x*x), points, 6)}


def _torch() -> dict[str, Callable[[], Any]]:
    import torch
    torch.set_num_threads(1)

    def cubic() -> None:
        x = torch.tensor(1.2, dtype=torch.float64, requires_grad=True)
        (x*x*x + x).backward()

    def chain() -> None:
        _chain(torch.tensor(0.5, dtype=torch.float64, requires_grad=True)).backward()

    def sweep(n: int) -> Callable[[], Any]:
        points = torch.linspace(-3, 3, n, dtype=torch.float64)
        ones = torch.ones(n, dtype=torch.float64)

        def run() -> Any:
            x = points.clone().requires_grad_()
            y = x**3*torch.sin(x) + torch.exp(-x*x)
            y.backward(ones)
            return y.detach(), x.grad
        return run

    def orders() -> None:
        x = torch.linspace(-3, 3, 1000, dtype=torch.float64, requires_grad=True)
        y = x**3*torch.sin(x) + torch.exp(-x*x)
        for k in range(6):
            y, = torch.autograd.grad(y.sum(), x, create_graph=k < 5)
    net = torch.nn.Sequential(torch.nn.Linear(784, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10))
    sgd = torch.optim.SGD(net.parameters(), lr=0.01)
    images, labels = torch.randn(64, 784), torch.randint(0, 10, (64,))

    def step() -> None:
        sgd.zero_grad()
        torch.nn.functional.cross_entropy(net(images), labels).backward()
        sgd.step()
    return {"cubic": cubic, "chain": chain, "sweep_100": sweep(100), "orders": orders, "step": step,
            "scalars": _scalars(lambda v: torch.tensor(v, dtype=torch.float64, requires_grad=True),
                                torch.relu)}


def _micrograd() -> dict[str, Callable[[], Any]]:
    from micrograd.engine import Value

    def cubic() -> None:
        x = Value(1.2)
        (x*x*x + x).backward()
    return {"cubic": cubic, "scalars": _scalars(Value, lambda v: v.relu())}


def _numpy() -> dict[str, Callable[[], Any]]:
    import numpy as np

    def sweep(n: int) -> Callable[[], Any]:
        x = np.linspace(-3, 3, n)

        def run() -> Any:
            s, c, e = np.sin(x), np.cos(x), np.exp(-x*x)
            square = x*x
            cube = square*x
            return cube*s + e, 3*square*s + cube*c - 2*x*e
        return run
    return {"sweep_10k": sweep(10_000), "sweep_1m": sweep(1_000_000)}


def _tutorial() -> dict[str, Callable[[], Any]]:
    """The engine at the end of the tutorial: an object per call, recursion, gradients as tensors.
    """
    import numpy as np

    class Tensor:
        def __init__(self, data: Any) -> None:
            self.data = data if isinstance(data, np.ndarray) else np.array(data)
            self.grad: Any = None
            self._ctx: Any = None

        def __add__(self, other: Tensor) -> Tensor:
            fn = Function(Add, self, other)
            result = Add.forward(self, other)
            result._ctx = fn
            return result

        def __mul__(self, other: Tensor) -> Tensor:
            fn = Function(Mul, self, other)
            result = Mul.forward(self, other)
            result._ctx = fn
            return result

        def backward(self, grad: Any = None) -> None:
            if self._ctx is None:
                return
            if grad is None:
                grad = Tensor([1.])
                self.grad = grad
            grads = self._ctx.op.backward(self._ctx, grad)
            for tensor, g in zip(self._ctx.args, grads):
                if tensor.grad is None:
                    tensor.grad = Tensor(np.zeros_like(self.data))
                tensor.grad += g
                tensor.backward(g)

    class Function:
        def __init__(self, op: Any, *args: Any) -> None:
            self.op = op
            self.args = args

    class Add:
        @staticmethod
        def forward(x: Tensor, y: Tensor) -> Tensor:
            return Tensor(x.data + y.data)

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Any:
            return Tensor([1])*grad, Tensor([1])*grad

    class Mul:
        @staticmethod
        def forward(x: Tensor, y: Tensor) -> Tensor:
            return Tensor(x.data*y.data)

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Any:
            x, y = ctx.args
            return Tensor(y.data)*grad, Tensor(x.data)*grad

    def cubic() -> None:
        x = Tensor([1.2])
        (x*x*x + x).backward()
    return {"cubic": cubic}


ENGINES: dict[str, Callable[[], dict[str, Callable[[], Any]]]] = {
    "ours": _ours, "torch": _torch, "micrograd": _micrograd, "numpy": _numpy,
    "tutorial": _tutorial}


# The processes.

def worker(engine: str) -> None:
    """Answer each case read from standard input with the seconds of one run of it."""
    cases = ENGINES[engine]()
    repeats: dict[str, int] = {}
    for line in sys.stdin:
        run = cases[line.strip()]
        if line not in repeats:
            run()
            start = time.perf_counter()
            run()
            repeats[line] = max(1, int(0.02/(time.perf_counter() - start)))
        n = repeats[line]
        start = time.perf_counter()
        for _ in range(n):
            run()
        print((time.perf_counter() - start)/n, flush=True)


class Peer:
    """A worker process."""

    def __init__(self, engine: str) -> None:
        env = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.engine", engine], env=env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def seconds(self, case: str) -> float:
        """Return the time of one run of a case."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def _memory() -> float:
    """Return the bytes per recorded op, of numbers in a chain."""
    import tracemalloc

    from tinytorch import Tensor
    x = Tensor(1.0)
    y = x
    tracemalloc.start()
    for _ in range(10_000):
        y = y*x
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size/10_000


def _million() -> float:
    """Return the seconds of a chain of 1,000,000 ops, forward and backward."""
    from tinytorch import Tensor
    start = time.perf_counter()
    x = Tensor(1.0)
    y: Any = x
    for _ in range(1_000_000):
        y = y*1.0
    y.backward()
    assert x.grad is not None and x.grad.data == 1
    return time.perf_counter() - start


def _text(seconds: float) -> str:
    unit, scale = ("us", 1e6) if seconds < 1e-3 else ("ms", 1e3)
    return f"{seconds*scale:.3g} {unit}"


def quick() -> None:
    peer = Peer("ours")
    print(f"{ROWS[0].title}: {_text(peer.seconds(ROWS[0].case))}")
    peer.close()


def main() -> int:
    """Print the table; return the number of missed goals."""
    available = {name for name in ENGINES if name in ("ours", "tutorial") or find_spec(name)}
    peers = {name: Peer(name) for name in sorted(available)}
    print(f"{'case':<54}{'peer':<11}{'peer':>9}{'ours':>9}{'ratio':>8}{'goal':>6}")
    missed = 0
    for row in ROWS:
        if row.peer not in available:
            print(f"{row.title:<54}{row.peer:<11}not installed")
            continue
        ours, theirs = [], []
        for engine in ("ours", row.peer):
            peers[engine].seconds(row.case)
        for _ in range(ROUNDS):
            ours.append(peers["ours"].seconds(row.case))
            theirs.append(peers[row.peer].seconds(row.case))
        ratio = statistics.median(a/b for a, b in zip(ours, theirs))
        ok = ratio <= row.goal
        missed += not ok
        print(f"{row.title:<54}{row.peer:<11}{_text(statistics.median(theirs)):>9}"
              f"{_text(statistics.median(ours)):>9}{ratio:>8.3f}{row.goal:>6}  "
              f"{'ok' if ok else 'missed'}", flush=True)
    for peer in peers.values():
        peer.close()
    size = _memory()
    missed += size > BYTES
    print(f"{'memory per recorded op, bytes':<65}{'':>9}{size:>9.0f}{'':>8}{BYTES:>6}  "
          f"{'ok' if size <= BYTES else 'missed'}")
    print(f"{'chain of 1,000,000 ops, forward and backward':<65}{'':>9}{_million():>8.2f}s")
    return missed


if __name__ == "__main__":
    if len(sys.argv) > 1:
        worker(sys.argv[1])
    else:
        sys.exit(main())
