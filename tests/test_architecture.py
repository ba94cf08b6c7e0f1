"""Who may import whom: the rooms, from the ground up. A file imports only what stands above it."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Each row may import the rows above it, numpy and the standard library. A folder is its files.
ROOMS = [
    "tinyviz/short_names.py",
    "tinyviz/lent",
    "tinytorch/core",
    "tinytorch/series",
    "tinytorch/ops",
    "tinytorch",                 # formula, functional, losses, nn, optim, check, numpy_protocol
    "viz/graph",
    "viz/run",
    "viz/tape",
    "viz/readers",
    "viz/transforms",
    "viz/fold",
    "viz/layout",
    "viz/pipeline.py",
    "viz/animation",
    "viz/viewer",
    "viz/writers",
    "viz/animate.py",
    "viz/sweep",
    "viz/plot",
    "viz/display.py",
    "viz/__init__.py",
    "viz/documents",             # is handed the commands that the command line has
    "cli.py",
    "viz/hosts",                 # the hosts', which hand them in
    "tinyviz",                   # the front door
]
GROUND = {*sys.stdlib_module_names, "numpy"}

# Third-party packages, each where the file that needs it may import it.
PACKAGES = {
    "click": ["cli.py", "viz/documents", "viz/hosts"],
    "graphviz": ["viz/writers", "viz/__init__.py"],
    "matplotlib": ["viz/writers/pdf.py", "viz/plot"],
    "contourpy": ["viz/plot"],   # matplotlib needs it, and so brings it
    "resvg_py": ["viz/writers", "viz/plot", "viz/documents"],
    "PIL": ["viz/writers"],
    "torch": ["viz/readers/torch"],
    "jax": ["viz/readers/jax"],
    "sphinx": ["viz/hosts"],
    "docutils": ["viz/hosts"],
    "mkdocs": ["viz/hosts"],
    "sphinx_gallery": ["viz/hosts"],
    "pymdownx": ["viz/hosts"],
    "IPython": ["viz/hosts"],
}
FILES = sorted(path.relative_to(ROOT).as_posix() for folder in ("tinytorch", "tinyviz", "viz")
               for path in (ROOT / folder).rglob("*.py")) + ["cli.py"]


def room(file: str) -> int:
    """The row of a file: of those that name it or a folder of its, the most exact."""
    rows = [(len(name), i) for i, name in enumerate(ROOMS)
            if file == name or file.startswith(name + "/")]
    assert rows, f"{file} stands in no room: add it to ROOMS"
    return max(rows)[1]


def imports(file: str) -> list[tuple[str, int]]:
    """The modules a file imports, anywhere in it, by absolute name, with the line.

    Ours by their name in the package: tinyviz.viz.graph, as viz/graph/__init__.py knows itself.
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
    """The file of one of our modules: tinyviz.viz.graph -> viz/graph/__init__.py."""
    parts = module.split(".")
    if len(parts) > 1 and parts[1] in ("tinytorch", "viz", "cli"):
        parts.pop(0)
    for n in range(len(parts), 0, -1):
        path = "/".join(parts[:n])
        for name in (f"{path}.py", f"{path}/__init__.py"):
            if (ROOT / name).exists():
                return name
    return None


@pytest.mark.parametrize("file", FILES)
def test_imports_go_one_way(file):
    here = room(file)
    for module, line in imports(file):
        top = module.split(".")[0]
        if module == "tinyviz":      # the package itself: Python imports it before all in it
            continue
        if top == "tinyviz":
            target = file_of(module)
            assert target is not None, f"{file}:{line} imports {module}, which is no file of ours"
            there = room(target)
            assert there <= here, (f"{file}:{line} imports {target}, which stands below it: "
                                   f"{ROOMS[here]} may import what is above it only")
        elif top in PACKAGES:
            allowed = PACKAGES[top]
            assert any(file == a or file.startswith(a + "/") for a in allowed), (
                f"{file}:{line} imports {top}; only {', '.join(allowed)} may")
        else:
            assert top in GROUND, f"{file}:{line} imports {top}, which is no dependency"


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_imported_by_a_short_name(file):
    """A user's own cli.py, viz or tinytorch would be found in its place."""
    assert not [m for m, _ in imports(file) if m.split(".")[0] in ("cli", "viz", "tinytorch")]


def test_no_files_import_each_other_in_a_circle():
    needs = {file: {target for module, _ in imports(file) if module.startswith("tinyviz.")
                    and (target := file_of(module)) not in (None, file)} for file in FILES}
    while True:
        free = [file for file, wanted in needs.items() if not wanted & needs.keys()]
        if not free:
            break
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


def test_the_engine_never_knows_the_pictures():
    for file in FILES:
        if file.startswith("tinytorch/"):
            assert not [m for m, _ in imports(file) if m.startswith(("tinyviz.viz", "tinyviz.cli"))]


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
