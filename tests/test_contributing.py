"""CONTRIBUTING.md: each recipe, followed to the letter in a copy of the source code, works."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = {head: body for head, body in re.findall(
    r"^## (Add .*?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)}


@pytest.mark.slow
@pytest.mark.parametrize("head", RECIPES)
def test_a_recipe(head, tmp_path):
    """Write the files of a section, each named before its code, then run its commands and tests."""
    for name in ("cli.py", "setup.cfg", "tests", "tinytorch", "tinyviz", "viz", "examples"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    body = RECIPES[head]
    files = re.findall(r"`([\w/]+\.py)`:?\n\n```python\n(.*?)^```", body, re.MULTILINE | re.DOTALL)
    assert files
    for name, code in files:
        assert not (tmp_path / name).exists(), f"{name} exists already"
        (tmp_path / name).write_text(code, encoding="utf-8")
    commands = re.findall(r"^    (tinyviz .*)", body, re.MULTILINE)
    commands += re.findall(r"`(python -m pytest [^`]*)`", body)
    assert commands
    commands.append("python -m pytest tests/test_architecture.py")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTEST_XDIST_WORKER": ""}
    for command in commands:
        command = re.sub(r"^(tinyviz|python -m pytest)", lambda program: {
            "tinyviz": f"{sys.executable} -m tinyviz",
            "python -m pytest": f"{sys.executable} -m pytest -p no:cacheprovider"}[program[0]],
            command)
        done = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, f"{command}\n{done.stdout}"
