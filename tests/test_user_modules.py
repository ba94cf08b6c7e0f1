"""The files beside a target are for the files beside it: no others import them."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys

import pytest

from tinyviz.viz import writers
from tinyviz.viz.run import execute, user_modules
from tinyviz.viz.run.targets import RunError, TargetError, load

STANDARD = ("random", "string", "logging", "html", "types", "json", "base64", "secrets", "copy",
            "struct", "zlib", "gzip", "hashlib", "statistics", "fractions", "decimal", "textwrap",
            "shutil", "tempfile", "pickle", "queue", "platform", "inspect", "signal", "threading",
            "unicodedata", "xml", "email", "ctypes", "datetime", "bisect", "heapq", "locale")
RAISES = "raise RuntimeError('a file of the user was imported')\n"
F = "def f(x=1.2):\n    return x*x + x\n"


def value(target: str) -> float:
    """Return what a target returns at 1."""
    return float(execute.run(load(target), {"x": 1.0}).result.data)


@pytest.fixture
def write(tmp_path):
    def write(files: dict[str, str]) -> str:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return str(tmp_path)
    return write


@pytest.fixture(autouse=True)
def unchanged():
    """No case leaves a trace in how others import."""
    path, loaded, python = list(sys.path), dict(sys.modules), builtins.__import__
    yield
    assert sys.path == path and builtins.__import__ is python
    for name in {"helpers", *STANDARD} & {*sys.modules}:
        if sys.modules[name] is not loaded.get(name):
            assert name == "helpers" or "test_" not in str(getattr(sys.modules[name], "__file__"))
            sys.modules.pop(name)


def command(here: str, *words: str, module: bool = False) -> None:
    program = ["-m", "tinyviz"] if module else ["-c", "from tinyviz.cli import main; main()"]
    if not module:
        program.insert(0, "-P")
    result = subprocess.run([sys.executable, *program, *words], cwd=here, text=True,
                            capture_output=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("kind", ["files", pytest.param("packages", marks=pytest.mark.slow)])
def test_our_own_imports_never_find_the_files_beside_a_target(write, kind):
    ending = ".py" if kind == "files" else "/__init__.py"
    here = write({name + ending: RAISES for name in STANDARD} | {"f.py": F})
    outputs = [f"o.{suffix}" for suffix in writers.formats()]
    command(here, "graph", "f.py", "--at", "1.2", *(word for o in outputs for word in ("-o", o)))
    command(here, "plot", "f.py", "-o", "p.svg", "-o", "p.png", "-o", "p.pdf")
    assert {*outputs, "p.svg", "p.png", "p.pdf"} <= {*os.listdir(here)}


def test_python_m_does_not_import_from_the_current_folder(write):
    pythons = subprocess.run([sys.executable, "-c", "import runpy, sys; print(*sys.modules)"],
                             capture_output=True, text=True, check=True).stdout.split()
    ours = [name for name in STANDARD if name not in pythons]      # `python -m` imports the others
    assert len(ours) > 10
    here = write({f"{name}.py": RAISES for name in ours} | {"f.py": F})
    command(here, "graph", "f.py", "--at", "1.2", "-o", "o.svg", module=True)


def test_a_target_imports_the_file_beside_it_that_is_named_as_a_module_of_python(write):
    here = write({"random.py": "import math\nFACTOR = 3.0\n", "html/__init__.py": "",
                  "html/parser.py": "from . import tools\nADDED = tools.ADDED\n",
                  "html/tools.py": "ADDED = 4.0\n",
                  "other.py": "import random\nfrom random import FACTOR\n",
                  "f.py": "import random, other\nimport html.parser\ndef f(x):\n"
                          "    import random as late\n    from html import tools\n"
                          "    assert late is random is other.random\n"
                          "    return late.FACTOR*x + html.parser.ADDED + tools.ADDED\n"})
    import html
    import random
    assert value(os.path.join(here, "f.py")) == 11.0
    assert sys.modules["random"] is random and hasattr(random, "shuffle")
    assert sys.modules["html"] is html and hasattr(html, "escape")
    assert "html.tools" not in sys.modules


def test_a_library_that_a_target_imports_gets_the_modules_of_python(write):
    here = write({"random.py": "FACTOR = 3.0\n", "fractions.py": RAISES,
                  "f.py": "import random, statistics\ndef f(x):\n"
                          "    statistics.mean([1, 2])\n    return random.FACTOR*x\n"})
    for name in ("statistics", "fractions"):
        sys.modules.pop(name, None)
    assert value(os.path.join(here, "f.py")) == 3.0


def test_modules_built_into_python_are_not_replaced(write):
    here = write({"time.py": RAISES, "os.py": RAISES, "f.py": "import time, os\n" + F})
    assert value(os.path.join(here, "f.py")) == 2.0


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("name", ["helpers", "random", "tinytorch"])
def test_two_targets_each_get_their_own(write, name, late):
    code = f"import {name}\ndef f(x):\n    return {name}.FACTOR*x\n" if not late else \
        f"def f(x):\n    from {name} import FACTOR\n    return FACTOR*x\n"
    here = write({f"{folder}/{file}": content for folder, factor in (("a", 2.0), ("b", 5.0))
                  for file, content in ((f"{name}.py", f"FACTOR = {factor}\n"), ("f.py", code))})
    a, b = (load(os.path.join(here, folder, "f.py")) for folder in "ab")
    found = [execute.run(target, {"x": 1.0}).result.data for target in (a, b, a, b)]
    assert found == [2.0, 5.0, 2.0, 5.0]


def test_a_target_beside_an_own_engine_and_one_without(write):
    own = "import tinytorch\ndef f(x):\n    return tinytorch.FACTOR*x\n"
    ours = "import tinytorch\ndef f(x):\n    return tinytorch.sin(x)*0 + x\n"
    here = write({"a/tinytorch/__init__.py": "FACTOR = 2.0\n", "a/f.py": own, "b/f.py": ours})
    for folders in ("ab", "ba"):
        found = {folder: value(os.path.join(here, folder, "f.py")) for folder in folders}
        assert found == {"a": 2.0, "b": 1.0}


def test_a_module_named_as_one_of_python_can_be_the_target(write, monkeypatch):
    monkeypatch.chdir(write({"random.py": "import helpers\ndef f(x):\n    return helpers.TWO*x\n",
                             "helpers.py": "TWO = 2.0\n"}))
    assert value("random:f") == 2.0
    assert not hasattr(sys.modules["random"], "f")


def test_a_folder_without_init_is_imported_where_nothing_else_has_its_name(write):
    here = write({"parts/one.py": "TWO = 2.0\n", "json/data.txt": "",
                  "f.py": "from parts import one\nimport json\njson.dumps(1)\n"
                          "def f(x):\n    return one.TWO*x\n"})
    assert value(os.path.join(here, "f.py")) == 2.0


def test_what_a_target_adds_to_the_path_stays(write):
    here = write({"lib/deep.py": "TWO = 2.0\n",
                  "src/f.py": "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\n"
                              "sys.path.append(os.path.dirname(__file__) + '/../lib')\n"
                              "def f(x):\n    import deep\n    return deep.TWO*x\n"})
    path = list(sys.path)
    try:
        assert value(os.path.join(here, "src", "f.py")) == 2.0
        assert sys.path == [os.path.join(here, "src"), *path,
                            os.path.join(here, "src") + "/../lib"]
    finally:
        sys.path[:] = path
        sys.modules.pop("deep", None)


def test_import_module_finds_the_files_beside_a_target(write):
    here = write({"helpers.py": "TWO = 2.0\n",
                  "f.py": "from importlib import import_module\n"
                          "def f(x):\n    return import_module('helpers').TWO*x\n"})
    assert value(os.path.join(here, "f.py")) == 2.0


def test_an_import_error_names_the_file_and_the_line(write):
    here = write({"random.py": "\nimport nosuchthing\n", "f.py": "import random\n" + F})
    with pytest.raises(RunError, match=r"random\.py:2: ModuleNotFoundError.*\n.*f\.py:1") as error:
        load(os.path.join(here, "f.py"))
    assert "user_modules" not in str(error.value)
    with pytest.raises(TargetError):
        load("nosuchmodule:f")


def test_windows_may_overlap():
    first, second = user_modules.importable(), user_modules.importable()
    python = builtins.__import__
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert builtins.__import__ is not python
    second.__exit__(None, None, None)
    assert builtins.__import__ is python
