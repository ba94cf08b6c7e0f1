"""Names: a user's own cli.py, viz/ and tinytorch/ work beside ours, wherever Python looks first.

Each case is a folder of files and the commands that are run in it, in an environment where tinyviz
is installed as a package, and in one where it is an editable install.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = ("tinyviz", "viz", "tinytorch", "cli.py", "setup.cfg", "pyproject.toml", "README.md",
           "LICENSE")

# ---- what users have

CLI = {"cli.py": "mine = 'cli'\ndef main(): pass\n"}
VIZ_FILE = {"viz.py": "mine = 'viz'\n"}
VIZ = {"viz/__init__.py": "mine = 'viz'\n", "viz/graph.py": "mine = 'viz.graph'\n",
       "viz/layout/__init__.py": "", "viz/layout/a.py": "mine = 'viz.layout.a'\n"}
VIZ_FOLDER = {"viz/paint.py": "mine = 'viz.paint'\n", "viz/plot.py": "mine = 'viz.plot'\n",
              "viz/graph.py": "mine = 'viz.graph'\n", "viz/docs/x.py": "mine = 'viz.docs.x'\n"}
ENGINE = """
class Tensor:
    mine = True
    def __init__(self, data, _children=()):
        self.data, self._children, self.grad = data, _children, 0
    def __mul__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        return Tensor(self.data*other.data, (self, other))
    __rmul__ = __mul__
    def __repr__(self):
        return f"MyTensor({self.data})"
"""
TORCH_FILE = {"tinytorch.py": ENGINE}
TORCH = {"tinytorch/__init__.py": "from .core.tensor import Tensor\n",
         "tinytorch/core/__init__.py": "", "tinytorch/core/tensor.py": ENGINE,
         "tinytorch/nn.py": "mine = 'nn'\n", "tinytorch/ops/__init__.py": "mine = 'ops'\n"}
TORCH_FOLDER = {"tinytorch/core/tensor.py": ENGINE, "tinytorch/nn.py": "mine = 'nn'\n",
                "tinytorch/tensor.py": "mine = 'tensor'\n"}
OWN = CLI | VIZ | TORCH
OWN_FOLDERS = CLI | VIZ_FOLDER | TORCH_FOLDER

# ---- how they use it

USE_CLI = "import cli; assert cli.mine\n"
USE_VIZ_FILE = "import viz; assert viz.mine == 'viz'\n"
USE_VIZ = USE_VIZ_FILE + """import viz.graph, viz.layout.a
assert viz.graph.mine and viz.layout.a.mine
"""
USE_VIZ_FOLDER = """from viz import paint, plot
import viz.graph, viz.docs.x
assert paint.mine and plot.mine == 'viz.plot' and viz.graph.mine and viz.docs.x.mine
"""
USE_TORCH_FILE = "import tinytorch; assert tinytorch.Tensor.mine\n"
USE_TORCH = """from tinytorch.core.tensor import Tensor
import tinytorch.nn, tinytorch.ops
assert Tensor.mine and tinytorch.nn.mine and tinytorch.ops.mine
"""
USE_TORCH_FOLDER = """from tinytorch.core.tensor import Tensor
import tinytorch.nn
import tinytorch.tensor
assert Tensor.mine and tinytorch.nn.mine and tinytorch.tensor.mine
"""
USE = USE_CLI + USE_VIZ + USE_TORCH
F = "\ndef f(x=1.2):\n    return x*x*x + x\n"
LATE = """
def f(x=1.2):
    import tinytorch, tinytorch.nn, viz.graph
    assert tinytorch.nn.mine and viz.graph.mine
    return x*x*x + x
"""
DRAW = """
g = tinyviz.trace(lambda x: x*x*x + x, 1.2)
tinyviz.render(g, 'o.svg')
tinyviz.render(g, 'o.pdf')
tinyviz.sweep(lambda x: x*x, -3, 3)
assert len(g.nodes) > 2
"""


class Case(NamedTuple):
    """Files in a folder, and what is run in it."""

    files: Mapping[str, str]
    commands: tuple[list[str], ...]            # @python, @tinyviz, @bare and @root are replaced
    drawn: str = ""              # a file that there is afterwards
    env: Mapping[str, str] = {}
    expect: str = ""             # a pattern of what the first command writes
    status: int | None = 0       # None for any
    beside: Mapping[str, str] = {}             # what another distribution has installed
    at_root: bool = False        # the commands are run at the root of the checkout
    quick: bool = False          # also part of the fast tests


def draws(files: Mapping[str, str], *words: str, **more: object) -> Case:
    """A graph, or what the words say, of f.py on the command line."""
    given = list(words) or ["graph", "f.py", "--at", "1.2", "-o", "o.svg"]
    return Case(files, (["@tinyviz", *given],), "o.svg", **more)  # type: ignore[arg-type]


def script(*parts: str, files: Mapping[str, str] = {}, **more: object) -> Case:
    """A program of the user's."""
    return Case({**files, "s.py": "\n".join(parts)}, (["@python", "s.py"],),
                **more)                            # type: ignore[arg-type]


def lines(*parts: str, python: str = "@python", **more: object) -> Case:
    """A program on the command line: the folder itself comes first on the path."""
    return Case({}, ([python, "-c", "\n".join(parts)],), **more)  # type: ignore[arg-type]


HERE = {"PYTHONPATH": "."}
COMMAND_LINE = {
    "own cli.py": draws({**CLI, "f.py": USE_CLI + F}, quick=True),
    "own viz.py": draws({**VIZ_FILE, "f.py": USE_VIZ_FILE + F}),
    "own viz package with modules named as ours": draws({**VIZ, "f.py": USE_VIZ + F}),
    "own viz folder without init": draws({**VIZ_FOLDER, "f.py": USE_VIZ_FOLDER + F}),
    "own tinytorch.py": draws({**TORCH_FILE, "f.py": USE_TORCH_FILE + F}),
    "own tinytorch package": draws({**TORCH, "f.py": USE_TORCH + F}),
    "own tinytorch folder without init": draws({**TORCH_FOLDER, "f.py": USE_TORCH_FOLDER + F}),
    "all own": draws({**OWN, "f.py": USE + F}, quick=True),
    "all own, on PYTHONPATH": draws({**OWN, "f.py": USE + F}, env=HERE),
    "all own without init, on PYTHONPATH": draws(
        {**OWN_FOLDERS, "f.py": USE_CLI + USE_VIZ_FOLDER + USE_TORCH_FOLDER + F}, env=HERE),
    "all own, imported in f": draws({**OWN, "f.py": LATE}),
    "all own, imported in f, on PYTHONPATH": draws({**OWN, "f.py": LATE}, env=HERE),
    "all own, target in a module": draws({**OWN, "m.py": USE_VIZ + USE_TORCH + F},
                                         "graph", "m:f", "--at", "1.2", "-o", "o.svg"),
    "all own, plot": draws({**OWN, "f.py": LATE}, "plot", "f.py", "-o", "o.svg", env=HERE),
    "own engine's tensor reaches the reader": Case(
        {**TORCH, "f.py": "from tinytorch import Tensor\ndef f(x=1.2):\n"
                          "    return Tensor(float(x))*Tensor(2.0)\n"},
        (["@tinyviz", "graph", "f.py", "--at", "1.2", "-o", "o.svg"],), expect="Tensor",
        status=None),
    "own engine in a closure is not taken for ours": draws(
        {**TORCH_FILE, "f.py": "import tinytorch\nw = tinytorch.Tensor(3.0)\n"
                               "def f(x=1.2):\n    return x*w.data + x\n"}),
    "help, on PYTHONPATH": Case(OWN, (["@tinyviz", "--help"],), env=HERE, expect="graph"),
    "python -m tinyviz": Case(
        {**OWN, "f.py": F},
        (["@python", "-m", "tinyviz", "graph", "f.py", "--at", "1.2", "-o", "o.svg"],), "o.svg",
        quick=True),
    "python -m pdb -m tinyviz": Case(
        {"f.py": F}, (["@python", "-m", "pdb", "-c", "c", "-c", "q", "-m", "tinyviz", "graph",
                       "f.py", "--at", "1.2", "-o", "o.svg"],), "o.svg"),
    "an unrelated tinytorch is installed": draws({"f.py": USE_TORCH + F}, beside=TORCH),
    "an unrelated viz is installed": draws({"f.py": USE_VIZ + F}, beside=VIZ),
}
OURS = "from tinytorch import Tensor\n"
LIBRARY = {
    "both unrelated installed, import tinyviz": lines(
        "import viz, tinytorch, tinyviz", "assert viz.mine and tinytorch.Tensor.mine", DRAW,
        beside=VIZ | TORCH),
    "own tinytorch, then tinyviz": script(USE_TORCH, "import tinyviz", DRAW, USE_TORCH,
                                          files=TORCH),
    "tinyviz, then own tinytorch": script("import tinyviz", USE_TORCH, DRAW, USE_TORCH,
                                          files=TORCH, quick=True),
    "own tinytorch without init, then tinyviz": script(
        USE_TORCH_FOLDER, "import tinyviz", DRAW, USE_TORCH_FOLDER, files=TORCH_FOLDER),
    "own tinytorch, then our viz": script(
        USE_TORCH, "import viz", DRAW.replace("tinyviz", "viz"), USE_TORCH, files=TORCH),
    "our viz, then own tinytorch": script(
        "import viz", USE_TORCH, DRAW.replace("tinyviz", "viz"), USE_TORCH, files=TORCH),
    "own viz, our tinytorch": script(
        USE_VIZ, "import tinyviz", OURS, DRAW, "x = Tensor([1.2]); z = x*x; z.backward()",
        "tinyviz.render(z, 'z.svg')", USE_VIZ, "assert z._repr_mimebundle_()", files=VIZ),
}
SAME = """
from tinytorch import Tensor
import tinytorch, tinytorch.nn, viz, viz.graph as graph
from tinytorch.functional import relu
from viz.options.drawing import DrawOptions
import tinyviz, sys
import tinyviz.tinytorch as our_tinytorch, tinyviz.viz as our_viz
assert tinytorch is our_tinytorch and viz is our_viz
assert tinytorch.nn is our_tinytorch.nn and graph is our_viz.graph
assert tinytorch.ops['sin'] is our_tinytorch.ops['sin'] and tinytorch.ops is our_tinytorch.ops
from tinytorch import ops, optim, Op, Function
import tinytorch.losses, tinytorch.ops.special
assert sys.modules['tinytorch.losses'] is sys.modules['tinyviz.tinytorch.losses']
x = Tensor([1.2]); z = x*x; z.backward()
g = viz.read(z)
assert isinstance(g, graph.Graph) and isinstance(g, our_viz.graph.Graph)
tinyviz.render(z, 'z.svg')
assert z._repr_mimebundle_()
class Cube(Op):
    def forward(x): return Tensor(x.data**3)
    def backward(ctx, grad): x, = ctx.args; return Tensor(3*x.data**2)*grad
assert tinytorch.__spec__.name == 'tinyviz.tinytorch' and viz.__spec__.name == 'tinyviz.viz'
"""
RELOADED = "import importlib; assert importlib.reload(viz) is viz\n"
PICKLED = ("import pickle; from {0}tinytorch import Tensor, nn; x = Tensor([1.2])\n"
           "pickle.dump([x, Tensor, nn.Linear(2, 2)], open('p', 'wb'))")
UNPICKLED = """
import pickle, tinyviz
x, kind, layer = pickle.load(open('p', 'rb'))
from tinytorch import Tensor
assert kind is Tensor and isinstance(x, Tensor)
tinyviz.render(x*2, 'o.svg')
"""
ALL_NAMES = """
import importlib, pkgutil, sys
import tinyviz.viz, tinyviz.tinytorch
HOSTS = ('.hosts.', 'readers.torch', 'readers.jax')          # these need what may not be there
names = [module.name for package in (tinyviz.viz, tinyviz.tinytorch)
         for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.')
         if not any(part in module.name for part in HOSTS)]
for name in names:
    importlib.import_module(name)
def state():
    return {(name, key): id(value) for name, module in list(sys.modules.items())
            if name.startswith('tinyviz.')
            for key, value in vars(module).items() if key[:2] != '__'}
before = state()
for order in (names, names[::-1]):
    for name in order:
        short = name.removeprefix('tinyviz.')
        assert importlib.import_module(short) is sys.modules[name], name
    for name in list(sys.modules):
        if name.partition('.')[0] in ('viz', 'tinytorch'):
            del sys.modules[name]
after = state()
assert before == after, [key for key in after if before.get(key) != after[key]]
import viz
assert callable(viz.plot.chart) and callable(viz.sweep) and callable(viz.plot)
"""
THREADS = """
import importlib, sys, threading
NAMES = (['tinytorch.nn', 'viz.layout.build_scene', 'viz.writers.svg'],
         ['tinyviz.tinytorch.nn', 'tinyviz.viz.writers.svg'])
found = []
def load(i):
    found.extend(importlib.import_module(name) for name in NAMES[i % 2])
threads = [threading.Thread(target=load, args=(i,)) for i in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(found) == 20 and len(set(map(id, found))) == 3, {m.__name__ for m in found}
"""
IDENTITY = {
    "the short names are the same objects": script(SAME, RELOADED, quick=True),
    "the same objects, tinyviz first": script("import tinyviz", SAME, RELOADED),
    "the same objects on the command line": draws(
        {"f.py": SAME + "\ndef f(x=1.2):\n    import tinytorch.nn as nn\n"
                        "    assert isinstance(x, Tensor)\n    return nn.Tanh()(x)*x\n"}),
    "from tinytorch import all": script(
        "from tinytorch import *", "x = Tensor([1.2]); print(sin(x))",
        "assert 'sin' in __import__('tinytorch').__all__"),
    "pickles of the short name": Case(
        {}, (["@python", "-c", PICKLED.format("")], ["@python", "-c", UNPICKLED]), "o.svg"),
    "pickles of the full name": Case(
        {}, (["@python", "-c", PICKLED.format("tinyviz.")], ["@python", "-c", UNPICKLED]), "o.svg"),
    "importing all by short names alters nothing": script(ALL_NAMES),
    "importing all by short names, which came first": script("import viz, tinytorch", ALL_NAMES),
    "a file of the name of a function": lines(
        "from viz.plot.chart import Chart", "import viz", "assert callable(viz.plot.chart)",
        "import viz.sweep.scalar_field, tinyviz.viz.sweep as sweep", "assert viz.sweep is sweep"),
    "eight threads import both names": lines(THREADS),
}
FRONT_DOOR = """
import importlib.metadata, os, sys
import tinyviz
assert not {'numpy', 'click', 'tinyviz.viz', 'tinyviz.tinytorch'} & {*sys.modules}
assert os.path.exists(os.path.join(os.path.dirname(tinyviz.__file__), 'py.typed'))
assert tinyviz.__version__ == importlib.metadata.version('tinyviz')
assert {*tinyviz.__all__, '__version__'} == {*dir(tinyviz)}
assert all(callable(getattr(tinyviz, name)) for name in tinyviz.__all__)
assert callable(tinyviz.load_ipython_extension)
import tinyviz.superfences
assert tinyviz.superfences.validator
from importlib.util import find_spec
if find_spec('IPython'):
    import tinyviz.jupyter
    assert tinyviz.jupyter.load_ipython_extension
if find_spec('mkdocs'):
    import tinyviz.mkdocs
    assert tinyviz.mkdocs.Plugin
if find_spec('sphinx'):
    import tinyviz.sphinx
    assert tinyviz.sphinx.setup
plugin, = {entry.value for entry in importlib.metadata.entry_points(group='mkdocs.plugins')
           if entry.name == 'tinyviz'}
assert plugin == 'tinyviz.mkdocs:Plugin'
try:
    tinyviz.nosuch
except AttributeError as error:
    assert 'nosuch' in str(error)
else:
    assert False
"""
ERRORS = {
    "the front door": script(FRONT_DOOR),
    "a submodule that does not exist": script("""
import viz, tinytorch, tinyviz
for name in ('viz.nosuch', 'tinytorch.nn.nosuch'):
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        assert str(error).startswith(f"No module named '{name}'"), error
    else:
        assert False, name
try:
    from viz import nosuch
except ImportError as error:
    assert 'nosuch' in str(error)
else:
    assert False
"""),
    "an error shows the user's lines alone": Case(
        {**TORCH, "f.py": "import viz\ndef g(x):\n    return x.nosuch\n"
                          "def f(x=1.2):\n    return g(x)\n"},
        (["@tinyviz", "graph", "f.py", "--at", "1.2", "-o", "o.svg"],), status=3,
        expect=r"(?s)\A(?!.*importlib)(?=.*f\.py:3)(?=.*f\.py:5)"),
    "an ImportError of the user's own viz": Case(
        {"viz/__init__.py": "import nosuchthing\n", "f.py": "import viz\n" + F},
        (["@tinyviz", "graph", "f.py", "--at", "1.2", "-o", "o.svg"],), status=3,
        expect=r"viz/__init__\.py:1.*nosuchthing"),
}
NOTEBOOK = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
def run(cell):
    shell.run_cell(cell).raise_error()
run('%load_ext {0}')
run('def f(x=1.2):\\n    return x*x*x')
run('%tinyviz graph f --at 1.2 -o o.svg')
run('from tinytorch import Tensor\\nt = Tensor(2.0)\\ny = t*t')
"""
FENCES = """
import markdown
from {0} import format, validator
fence = {{'name': 'tinyviz-graph', 'class': 'tinyviz', 'format': format, 'validator': validator}}
print(markdown.markdown('```tinyviz-graph\\nf.py --at 1.2\\n```',
                        extensions=['pymdownx.superfences'],
                        extension_configs={{'pymdownx.superfences': {{'custom_fences': [fence]}}}}))
"""


def sphinx(extension: str, files: Mapping[str, str]) -> Case:
    page = "A\n=\n\n.. tinyviz-graph:: f.py\n   :at: 1.2\n"
    conf = f"extensions = ['{extension}']\nproject = 'a'\n"
    found = ("import glob\nassert glob.glob('built/**/*tinyviz*', recursive=True) or "
             "'tinyviz' in open('built/index.html').read()")
    return Case({**files, "conf.py": conf, "index.rst": page, "f.py": USE_CLI + F},
                (["@python", "-m", "sphinx", "-W", "-q", "-b", "html", ".", "built"],
                 ["@python", "-c", found]))


HOSTS = {
    "load_ext tinyviz beside an own cli.py": script(
        NOTEBOOK.format("tinyviz"), "run('%tinyviz graph y -o y.svg')", files=CLI, drawn="o.svg"),
    "load_ext tinyviz, all own": script(NOTEBOOK.format("tinyviz").replace(
        "from tinytorch", "from tinyviz.tinytorch"), files=OWN, drawn="o.svg"),
    "load_ext viz.hosts.jupyter beside an own cli.py": script(
        NOTEBOOK.format("viz.hosts.jupyter"), files=CLI, drawn="o.svg"),
    "Sphinx with tinyviz.sphinx, all own": sphinx("tinyviz.sphinx", OWN),
    "Sphinx with viz.hosts.sphinx beside an own cli.py": sphinx("viz.hosts.sphinx", CLI),
    "MkDocs, all own": Case(
        {**OWN, "mkdocs.yml": "site_name: a\nplugins: [tinyviz]\n", "f.py": F,
         "docs/index.md": "# A\n\n```tinyviz-graph\nf.py --at 1.2\n```\n"},
        (["@python", "-m", "mkdocs", "build", "-q"],
         ["@python", "-c", "assert 'tinyviz' in open('site/index.html').read()"]),
        env={"NO_MKDOCS_2_WARNING": "1"}),
    "tinyviz.superfences, all own": script(
        FENCES.format("tinyviz.superfences"), files={**OWN, "f.py": F}, expect="figure"),
    "viz.hosts.superfences beside an own cli.py": script(
        FENCES.format("viz.hosts.superfences"), files={**CLI, "f.py": F}, expect="figure"),
}
TWO = {"a/f.py": "import tinytorch, tinytorch.nn\n"
                 "assert not hasattr(tinytorch, 'mine') and tinytorch.nn.Linear" + F,
       **{"b/" + name: content for name, content in TORCH.items()}, "b/f.py": USE_TORCH + F,
       "setup.cfg": ""}


def document(first: str, second: str, jobs: str) -> Case:
    page = "\n".join(f"<!-- tinyviz: graph {name}/f.py --at 1.2 -o {name}.svg -->\n"
                     "<!-- /tinyviz -->\n" for name in (first, second))
    return Case({**TWO, "R.md": page}, (["@tinyviz", "docs", "R.md", "--jobs", jobs],),
                second + ".svg")


def differ(first: str, second: str) -> Case:
    return Case(TWO, (["@tinyviz", "diff", f"{first}/f.py", f"{second}/f.py", "--at", "1.2"],),
                expect="no difference")


SEVERAL = {
    "docs: ours, then own": document("a", "b", "1"),
    "docs: own, then ours": document("b", "a", "1"),
    "docs: ours, then own, two jobs": document("a", "b", "2"),
    "diff: ours, then own": differ("a", "b"),
    "diff: own, then ours": differ("b", "a"),
}
POOL = """
import multiprocessing
{before}
import tinyviz
def work(i):
    {within}
    g = tinyviz.trace(lambda x: x*x + i, 1.2)
    tinyviz.render(g, f'o{{i}}.svg')
    return len(g.nodes)
if __name__ == '__main__':
    for method in ('spawn', 'fork', 'forkserver'):
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert all(pool.map(work, range(2)))
    {after}
"""
SENT = """
import multiprocessing
from tinytorch import Tensor
def double(t):
    assert isinstance(t, Tensor)
    return t*2
if __name__ == '__main__':
    for method in ('spawn', 'fork'):
        with multiprocessing.get_context(method).Pool(1) as pool:
            result, = pool.map(double, [Tensor([1.5])])
            assert isinstance(result, Tensor) and result.data[0] == 3
"""
XDIST = {"conftest.py": "", "test_a.py": "import tinyviz\n" + USE_TORCH + USE_VIZ + """
def test_a(tmp_path):
    tinyviz.render(tinyviz.trace(lambda x: x*x, 1.2), tmp_path/'a.svg')

def test_b():
    import viz
    assert viz.mine
"""}
PROCESSES = {
    "processes, own tinytorch and viz": script(
        POOL.format(before=USE_TORCH + USE_VIZ, after="",
                    within="import tinytorch; assert tinytorch.Tensor.mine"), files=VIZ | TORCH),
    "tensors sent to processes and back": script(SENT),
    "tests in processes, own tinytorch and viz": Case(
        VIZ | TORCH | XDIST,
        (["@python", "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"],)),
}
ONE_COPY = """
import tinytorch, viz, tinytorch.nn, os, sys
x = tinytorch.Tensor([1.2]); z = x*x; z.backward(); g = viz.read(z)
here = os.getcwd()
assert viz.__file__.startswith(here) and tinytorch.__file__.startswith(here), viz.__file__
copies = {id(m) for name, m in sys.modules.items() if name.endswith('tinytorch.core.tensor')}
assert len(copies) == 1
assert all(m.__file__.startswith(here) for name, m in sys.modules.items()
           if name.split('.')[0] in ('viz', 'tinytorch', 'tinyviz'))
"""
ROOT_ON_PATH = """
import tinyviz, sys
sys.path.insert(0, sys.argv[1])
import tinytorch, viz
assert viz.read(tinytorch.Tensor([1.2])*2)
assert len({id(m) for n, m in sys.modules.items() if n.endswith('tinytorch.core.tensor')}) == 1
"""
PYTEST = ["-q", "-x", "-p", "no:cacheprovider", "tests/test_graph.py", "tests/test_text.py"]
CHECKOUT = {
    "python cli.py, nothing installed": Case(
        {"f.py": F},
        (["@bare", "@root/cli.py", "graph", "f.py", "--at", "1.2", "-o", "o.svg"],), "o.svg"),
    "python cli.py, nothing installed, all own": Case(
        {**OWN, "f.py": USE_VIZ + USE_TORCH + F},
        (["@bare", "@root/cli.py", "graph", "f.py", "--at", "1.2", "-o", "o.svg"],), "o.svg"),
    "short names at the root: one copy, the checkout's": lines(ONE_COPY, at_root=True),
    "short names at the root, nothing installed": lines(
        "import viz, tinytorch; x = tinytorch.Tensor([1.2]); print(viz.read(x*x))",
        python="@bare", at_root=True),
    "the root on the path of an installed tinyviz": Case(
        {"s.py": ROOT_ON_PATH}, (["@python", "s.py", "@root"],)),
    "python -m pytest at the root": Case(
        {}, (["@python", "-m", "pytest", *PYTEST],), at_root=True),
    "pytest at the root": Case({}, (["@python", "-P", "-m", "pytest", *PYTEST],), at_root=True),
    "the examples are importable": lines("import examples.__main__", at_root=True),
}
GROUPS = {"command line": COMMAND_LINE, "library": LIBRARY, "identity": IDENTITY,
          "errors": ERRORS, "hosts": HOSTS, "several": SEVERAL, "processes": PROCESSES,
          "checkout": CHECKOUT}

# ---- the environments


class Environment(NamedTuple):
    """Programs that a case may run."""

    python: Path                 # tinyviz is installed
    tinyviz: Path                # a console script
    bare: Path                   # the dependencies are installed, tinyviz is not


SCRIPT = "import sys\nfrom tinyviz.cli import main\nsys.exit(main())\n"
DEPENDENCIES = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]


def run(*command: object, cwd: Path, env: Mapping[str, str] = {}
        ) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items()
                 if name not in ("PYTHONPATH", "PYTEST_ADDOPTS")}
    return subprocess.run(list(map(str, command)), cwd=cwd, env=inherited | env, text=True,
                          capture_output=True, timeout=300, stdin=subprocess.DEVNULL)


def site(folder: Path) -> Path:
    """The site-packages of a virtual environment."""
    return next(folder.glob("lib/python*/site-packages"), folder / "Lib" / "site-packages")


def program(folder: Path, name: str) -> Path:
    return folder / ("Scripts" if os.name == "nt" else "bin") / name


def virtual(folder: Path) -> Path:
    """A virtual environment with what this one has installed, and not its .pth files."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=ROOT).check_returncode()
    (site(folder) / "dependencies.pth").write_text("\n".join(DEPENDENCIES) + "\n")
    program(folder, "tinyviz").write_text(SCRIPT)
    return folder


def packaged(folder: Path) -> None:
    """Install into a virtual environment what a wheel holds. Neither wheel nor pip is needed."""
    source = folder / "source"
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name,
                            ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source)
    run(sys.executable, "-W", "ignore", "-c", "import setuptools; setuptools.setup()", "-q",
        "build_py", "--build-lib", site(folder), "egg_info", "--egg-base", site(folder),
        cwd=source).check_returncode()


def linked(folder: Path) -> None:
    """Install into a virtual environment the editable install that this one has."""
    for path in Path(sysconfig.get_path("purelib")).glob("__editable__*tinyviz*"):
        shutil.copy(path, site(folder))


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the virtual environments: `bare`, `package` and `editable`.

    They are made once; other processes of the same test run wait for them.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    folder, made = folder / "environments", folder / "environments-made"
    try:
        folder.mkdir()
    except FileExistsError:
        for _ in range(1200):
            if made.exists():
                return folder
            time.sleep(0.1)
        pytest.fail("the environments were not made")
    for name, install in (("bare", None), ("package", packaged), ("editable", linked)):
        virtual(folder / name)
        if install:
            install(folder / name)
    (folder / "made").touch()
    (folder / "made").rename(made)
    return folder


def imports_tinyviz(python: Path, where: Path) -> str:
    """The file of the tinyviz that an environment imports; "" for none."""
    return run(python, "-c", "import tinyviz; print(tinyviz.__file__, end='')", cwd=where).stdout


@pytest.fixture(scope="session", params=["editable", pytest.param("package",
                                                                  marks=pytest.mark.slow)])
def environment(request: pytest.FixtureRequest, environments: Path) -> Environment:
    folder = environments / request.param
    expected = ROOT if request.param == "editable" else folder
    found = imports_tinyviz(program(folder, "python"), environments)
    if not found.startswith(str(expected)):
        pytest.skip(f"{request.param}: cannot be installed here, `import tinyviz` finds {found!r}")
    return Environment(program(folder, "python"), program(folder, "tinyviz"),
                       program(environments / "bare", "python"))


# A word in the name of a case -> the package that it needs.
PACKAGES = {"load_ext": "IPython", "Sphinx": "sphinx", "MkDocs": "mkdocs",
            "superfences": "pymdownx"}


def cases() -> list[object]:
    """The cases; one of a host that is not installed is skipped."""
    found = []
    for group, rows in GROUPS.items():
        for name, case in rows.items():
            marks = [] if case.quick else [pytest.mark.slow]
            needed = next((package for word, package in PACKAGES.items() if word in name), "") \
                if group == "hosts" else ""
            if needed and find_spec(needed) is None:
                marks.append(pytest.mark.skip(f"{needed} is not installed"))
            found.append(pytest.param(case, id=f"{group}: {name}", marks=marks))
    return found


@pytest.mark.parametrize("case", cases())
def test_names(case: Case, environment: Environment, tmp_path: Path) -> None:
    if case.beside:
        folder = tmp_path / "environment"
        shutil.copytree(environment.python.parent.parent, folder, symlinks=True)
        environment = environment._replace(python=program(folder, "python"),
                                           tinyviz=program(folder, "tinyviz"))
        for name, content in case.beside.items():
            path = site(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            assert not path.exists(), f"two distributions own {name}"
            path.write_text(content)
    here = tmp_path / "here"
    for name, content in {"": "", **case.files}.items():
        path = here / name
        (path.parent if name else path).mkdir(parents=True, exist_ok=True)
        if name:
            path.write_text(content)
    words = {"@python": [environment.python], "@bare": [environment.bare],
             "@tinyviz": [environment.python, environment.tinyviz]}
    if "@bare" in case.commands[0] and imports_tinyviz(environment.bare, here):
        pytest.skip("tinyviz is installed beside its dependencies: there is no Python without it")
    for i, (first, *rest) in enumerate(case.commands):
        result = run(*words[first], *(word.replace("@root", str(ROOT)) for word in rest),
                     cwd=ROOT if case.at_root else here, env={"OMP_NUM_THREADS": "1", **case.env})
        written = result.stdout + result.stderr
        assert "bug of tinyviz" not in written
        assert case.status is None or result.returncode == case.status, written
        assert i or re.search(case.expect, written), written
    if case.drawn:
        assert (here / case.drawn).stat().st_size > 500
