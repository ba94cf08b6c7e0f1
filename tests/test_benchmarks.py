"""Benchmarks and the gallery: each starts. What would slow a command down is not imported."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(f"{folder}.{path.stem}" for folder in ("benchmarks", "examples")
                 for path in (ROOT / folder).glob("*.py") if path.stem != "__init__")
BENCHMARKS = [name.partition(".")[2] for name in MODULES
              if name.startswith("benchmarks.") and "__" not in name]


def python(*words):
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_imported(name, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    importlib.import_module(name)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_runs_its_small_case(name):
    done = python("-m", "benchmarks", name, "--quick")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split("\n")) > 2


@pytest.mark.parametrize("package", ["benchmarks", "examples"])
def test_help_is_printed(package):
    done = python("-m", package, "--help")
    assert done.returncode == 0 and "usage: python -m " + package in done.stdout, done.stderr


def test_an_unknown_benchmark_is_named():
    done = python("-m", "benchmarks", "no_such")
    assert done.returncode == 2 and "no such benchmark: 'no_such'" in done.stderr


def test_no_command_reads_the_metadata_of_packages(tmp_path):
    """The list of formats was made for an error that did not occur: 50 ms of each graph."""
    code = ("import sys; from tinyviz import cli; cli.main(['graph', 'x*x', '--at', '1', '-o', "
            f"{str(tmp_path / 'a.svg')!r}]); sys.exit('importlib.metadata' in sys.modules)")
    assert python("-c", code).returncode == 0
