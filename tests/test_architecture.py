"""The rooms of the source code: a file imports only from its own room and those above it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Room -> what it holds. A folder includes its subfolders, unless they have a row of their own.
# docs/rooms.py draws this table; docs/design.md explains it.
ROOMS = {
    "tinyviz/short_names.py": "viz and tinytorch, if free",
    "tinyviz/notebook.py":    "what shows in notebooks",
    "tinyviz/version.py":     "the version",
    "tinyviz/lent":           "the files of these names",
    "tinytorch/core":         "Tensor, ops, backward",
    "tinytorch/series":       "truncated Taylor series",
    "tinytorch/ops":          "all ops",
    "tinytorch":              "functional, nn, optim",
    "viz/options":            "what can be asked for",
    "viz/graph":              "Graph, Node, Edge, themes",
    "viz/run":                "f.py → function → result",
    "viz/tape":               "what ran, in order",
    "viz/readers":            "result → Graph",
    "viz/transforms":         "Graph → Graph",
    "viz/fold":               "repeats → frames",
    "viz/layout":             "Graph → Scene",
    "viz/animation":          "Scene → Timeline",
    "viz/viewer":             "the interactive page",
    "viz/writers":            "one file per format",
    "viz/callable_module.py": "viz.sweep(f), viz.plot(s)",
    "viz/sweep":              "f over a range",
    "viz/plot":               "Sweep → Scene",
    "viz/request":            "request → pictures",
    "viz/display.py":         "notebook output",
    "viz/__init__.py":        "trace, read, render",
    "viz/documents":          "pictures in Markdown",
    "cli.py":                 "the command line",
    "viz/hosts":              "Sphinx, MkDocs, Jupyter",
    "tinyviz":                "the front door",
}
ORDER = list(ROOMS)
GROUND = {*sys.stdlib_module_names, "numpy"}

# Third-party packages -> the rooms and files that may import them.
PACKAGES = {
    "click": ["cli.py", "viz/request", "viz/documents", "viz/hosts"],
    "graphviz": ["viz/writers", "viz/__init__.py"],
    "matplotlib": ["viz/writers/pdf.py", "viz/plot"],
    "contourpy": ["viz/plot"],   # a dependency of matplotlib
    "resvg_py": ["viz/graph/rasterize.py", "viz/documents"],
    "PIL": ["viz/writers"],
    "sphinx": ["viz/hosts"],
    "docutils": ["viz/hosts"],
    "mkdocs": ["viz/hosts"],
    "sphinx_gallery": ["viz/hosts"],
    "pymdownx": ["viz/hosts"],
    "IPython": ["viz/hosts"],
}
# A reader or a host is named for the package it works with: viz/readers/torch, viz/hosts/mkdocs.py.
for folder in ("viz/readers", "viz/hosts"):
    for path in (ROOT / folder).iterdir():
        PACKAGES.setdefault(path.stem, []).append(f"{folder}/{path.name}")
FILES = sorted(path.relative_to(ROOT).as_posix() for folder in ("tinytorch", "tinyviz", "viz")
               for path in (ROOT / folder).rglob("*.py")) + ["cli.py"]


def room(file: str) -> str:
    """Return the room of a file: the longest name in ROOMS that is the file or a folder of it."""
    names = [name for name in ROOMS if file == name or file.startswith(name + "/")]
    assert names, f"{file} is in no room: add it to ROOMS"
    return max(names, key=len)


def imports(file: str) -> list[tuple[str, int]]:
    """Return the modules that a file imports, anywhere in it, with their lines.

    Ours have their full names: viz/graph/__init__.py is tinyviz.viz.graph.
    """
    package = list(Path(file).with_suffix("").parts)
    package = package if package[0] == "tinyviz" else ["tinyviz", *package]
    if package[-1] == "__init__":
        package.pop()
        base = package
    else:
        base = package[:-1]
    found = []
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                prefix = base[:len(base) - node.level + 1]
                names = [node.module] if node.module else [alias.name for alias in node.names]
                found += [(".".join([*prefix, name]), node.lineno) for name in names]
            else:
                found.append((str(node.module), node.lineno))
    return found


def file_of(module: str) -> str | None:
    """Return the file of one of our modules: tinyviz.viz.graph -> viz/graph/__init__.py."""
    parts = module.split(".")
    if len(parts) > 1 and parts[1] in ("tinytorch", "viz", "cli"):
        parts.pop(0)
    for n in range(len(parts), 0, -1):
        path = "/".join(parts[:n])
        for name in (f"{path}.py", f"{path}/__init__.py"):
            if (ROOT / name).exists():
                return name
    return None


def targets(file: str) -> set[str]:
    """Return the other files of ours that a file imports."""
    found = {file_of(module) for module, _ in imports(file) if module.startswith("tinyviz.")}
    return {target for target in found if target not in (None, file)}


@pytest.mark.parametrize("file", FILES)
def test_a_file_imports_only_what_is_above_it(file):
    here = room(file)
    for module, line in imports(file):
        top = module.split(".")[0]
        if module == "tinyviz":  # the package itself, which Python imports before anything in it
            continue
        if top == "tinyviz":
            target = file_of(module)
            assert target is not None, f"{file}:{line} imports {module}, which does not exist"
            assert ORDER.index(room(target)) <= ORDER.index(here), (
                f"{file}:{line} imports {target}: {here} may only import the rooms above it")
        elif top in PACKAGES:
            allowed = PACKAGES[top]
            assert any(file == a or file.startswith(a + "/") for a in allowed), (
                f"{file}:{line} imports {top}; only {', '.join(allowed)} may")
        else:
            assert top in GROUND, f"{file}:{line} imports {top}, which is not a dependency"


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_imported_by_a_short_name(file):
    """A user's own cli.py, viz or tinytorch would be found in its place."""
    assert not [m for m, _ in imports(file) if m.split(".")[0] in ("cli", "viz", "tinytorch")]


# Files that may look in sys.modules, and what for. Other entries of theirs are users' modules.
LOOKUPS = {
    "tinyviz/short_names.py": "lends our packages under short names: that is its work",
    "cli.py": "asks whether the engine was used before it imports the class of its warning",
    "tinytorch/ops/__init__.py": "makes its own module a mapping",
    "viz/callable_module.py": "makes a module callable, at that module's request",
    "viz/documents/dependencies.py": "a target's own modules",
    "viz/run/targets.py": "the target itself",
    "viz/run/user_modules.py": "the modules beside a target, of one importer",
    "viz/readers/__init__.py": "frameworks that the user has imported",
    "viz/readers/jax/__init__.py": "flax, if the user has imported it",
    "viz/readers/torch/__init__.py": "torch._dynamo, if the user has imported it",
}


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_looked_up_in_sys_modules(file):
    """What stands below registers itself: a look-up by name is seen by no tool that renames."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = [node.lineno for node in ast.walk(tree) if ast.unparse(node) == "sys.modules"
             or isinstance(node, ast.ImportFrom) and node.module == "sys"
             and any(alias.name == "modules" for alias in node.names)]
    assert bool(found) == (file in LOOKUPS), f"{file}: sys.modules in lines {found}"


def test_no_files_import_each_other_in_a_cycle():
    needs = {file: targets(file) for file in FILES}
    while free := [file for file, wanted in needs.items() if not wanted & needs.keys()]:
        for file in free:
            del needs[file]
    assert not needs, f"these import each other: {', '.join(sorted(needs))}"


def test_every_folder_is_packaged():
    import configparser
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    folders = {str(Path(file).parent).replace("/", ".") for file in FILES if "/" in file}
    named = {name.removeprefix("tinyviz.") for name in setup["options"]["packages"].split()}
    assert named == folders - {"tinyviz.lent"}


def test_the_graph_needs_the_standard_library_only():
    for file in ("viz/graph/__init__.py", "viz/graph/text.py", "viz/graph/theme.py"):
        tops = {m.split(".")[0] for m, _ in imports(file)} - {"tinyviz"}
        assert tops <= set(sys.stdlib_module_names), f"{file} imports {tops}"


def test_the_layered_layout_needs_the_standard_library_only():
    for file in FILES:
        if file.startswith("viz/layout/") and "/large/" not in file:
            tops = {m.split(".")[0] for m, _ in imports(file)} - {"tinyviz"}
            assert tops <= set(sys.stdlib_module_names), f"{file} imports {tops}"


def test_nothing_runs_text():
    """No eval, no exec, no shell: text from a command line or a document never becomes code."""
    for file in FILES:
        for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("eval", "exec", "compile", "os.system", "os.popen"), \
                    f"{file}:{node.lineno} calls {called}"
                assert not any(k.arg == "shell" for k in node.keywords), \
                    f"{file}:{node.lineno} runs a shell"


@pytest.mark.parametrize("module", ["convolution", "functional", "losses", "nn", "optim"])
def test_a_module_of_functions_is_imported_first(module):
    """nn could not be: a lookup in the package loaded all functions, and among them itself."""
    subprocess.run([sys.executable, "-c", f"from tinytorch import {module}"], check=True)
