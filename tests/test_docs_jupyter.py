"""Pictures in notebooks: the magics, and things that show themselves."""

import atexit
import re
import xml.etree.ElementTree as ElementTree

import pytest

pytest.importorskip("IPython")

CELLS = [
    "import viz\nfrom tinytorch import Tensor\ndef f(x=1.2):\n    return x*x*x + x",
    "x = Tensor(1.2); z = f(x); z.backward(); z",  # no extension is loaded yet
    "viz.trace(f, 1.2)",
    "viz.sweep(f, -3, 3)",
    "%load_ext viz.hosts.jupyter",
    "%tinyviz graph f --at 1.2",
    "%%tinyviz plot --range -2 2\ndef g(x):\n    return x**3 - x",
    "%tinyviz plot '1/x' --dark",
    "%tinyviz graph z --heat grad",
    "Tensor([1.0, 2.0])",
    "%tinyviz graph 'x*x' --at 3 -o out.svg",
]
PICTURES = (1, 2, 3, 5, 6, 7, 8)
WRONG = [
    ("%tinyviz graph nothing.py", "no such file"),
    ("%tinyviz grpah f", "begin with graph or plot"),
    ("%tinyviz graph f --at one", "unknown name 'one'"),
    ("%%tinyviz graph\nx = 1", "the cell defines no function"),
    ("%tinyviz graph f --open", "--open is for the command line"),
]


def notebook(cells):
    from nbformat.v4 import new_code_cell, new_notebook
    made = new_notebook(cells=[new_code_cell(cell, id=f"c{i}") for i, cell in enumerate(cells)])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    return made


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook, run by a kernel of its own."""
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    folder = tmp_path_factory.mktemp("notebook")
    made = notebook(CELLS)
    nbclient.NotebookClient(made, timeout=120, resources={"metadata": {"path": str(folder)}}
                            ).execute()
    assert (folder / "out.svg").read_text().startswith("<svg")
    return made


def svg(cell):
    found = [output.data["image/svg+xml"] for output in cell.outputs
             if "image/svg+xml" in output.get("data", {})]
    assert len(found) == 1
    return "".join(found[0])


@pytest.mark.filterwarnings("ignore")
def test_what_the_cells_show(executed):
    cells = executed.cells
    said = {i: ElementTree.fromstring(svg(cells[i]))[1].text for i in PICTURES}
    assert said[1] == "Computation graph: value 2.928, derivative 5.32."
    assert said[2] == said[5] == ("Computation graph of f(x) = x³ + x at x = 1.2: value 2.928, "
                                  "derivative 5.32.")
    assert "for x from −3 to 3: root at x = 0" in said[3]
    assert said[6].startswith("Plot of g(x) = x³ − x and its derivative for x from −2 to 2: roots")
    assert "pole at x = 0" in said[7] and "value 2.928, derivative 5.32" in said[8]
    assert not any("data" in out and "image/svg+xml" in out.data for out in cells[9].outputs)
    for i in PICTURES:
        data = next(out for out in cells[i].outputs if "image/svg+xml" in out.get("data", {}))
        assert data.data["image/png"].startswith("iVBOR") and data.data["text/plain"]
        assert data.metadata["image/png"]["width"] > 100
        assert data.metadata["image/svg+xml"]["alt"] == said[i]
    assert ">line 4</text>" in svg(cells[5]) and "ipykernel" not in svg(cells[5])


@pytest.mark.filterwarnings("ignore")
def test_ids_never_collide(executed):
    pictures = [svg(executed.cells[i]) for i in (1, 2, 3, 6, 7, 8)]
    ids = [set(re.findall(r'\sid="([^"]*)"', picture)) for picture in pictures]
    assert all(ids) and len(set.union(*ids)) == sum(map(len, ids))
    for own, picture in zip(ids, pictures):
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', picture)) <= own


@pytest.mark.filterwarnings("ignore")
def test_nbconvert(executed):
    nbconvert = pytest.importorskip("nbconvert")
    page, _ = nbconvert.HTMLExporter().from_notebook_node(executed)
    assert page.count("data:image/svg+xml") + page.count("<svg ") >= 7
    from traitlets.config import Config
    config = Config()            # without Inkscape it takes the PNG
    config.SVG2PDFPreprocessor.enabled = False
    tex, resources = nbconvert.LatexExporter(config=config).from_notebook_node(executed)
    assert sum(name.endswith(".png") for name in resources["outputs"]) == 7


def test_errors_are_one_message(monkeypatch, capsys, tmp_path):
    from IPython.core.error import UsageError
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    try:
        shell.extension_manager.load_extension("viz.hosts.jupyter")
        shell.run_cell("def f(x=1.2):\n    return x*x")
        for cell, message in WRONG:
            head, _, body = cell.partition("\n")
            name, _, line = head.lstrip("%").partition(" ")
            with pytest.raises(UsageError, match=re.escape(message)):
                if body:
                    shell.run_cell_magic(name, line, body)
                else:
                    shell.run_line_magic(name, line)
        shell.extension_manager.unload_extension("viz.hosts.jupyter")
        assert "tinyviz" not in shell.magics_manager.magics["line"]
    finally:
        atexit.unregister(shell.atexit_operations)
        shell.atexit_operations()
