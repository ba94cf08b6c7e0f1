"""The README: commands and code run, pictures exist, the install lines are what CI runs."""

import re
import shlex
from pathlib import Path

import pytest

from tinyviz import cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    (tinyviz [^#\n]+)", README, re.MULTILINE)
(BLOCK,) = re.findall(r"^```html\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
CODE = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the README's f.py in it, and a g."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.py").write_text(CODE[0] + "\ndef g(x, y):\n    return x*y\n", encoding="utf-8")
    (tmp_path / "README.md").write_text(BLOCK, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands(here, command, capsys):
    cli.main(shlex.split(command)[1:])
    written = capsys.readouterr().out.split()
    if command.startswith("tinyviz docs"):
        assert (here / "f.svg").exists() and "<picture>" in (here / "README.md").read_text()
        return
    if "-o -" in command:        # the picture itself
        assert len(written) > 20
        return
    assert written and all((here / path).stat().st_size > 100 for path in written)


@pytest.mark.parametrize("code", CODE)
def test_the_code(here, code, capsys):
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    printed = [line.partition("# ")[2].split(",")[0] for line in code.splitlines()
               if line.startswith("print(")]
    assert capsys.readouterr().out.splitlines() == printed
    if "Square" in names:
        assert str(names["x"].grad) == "tensor(6)"


def test_the_pictures_exist():
    for path in re.findall(r'(?:src|srcset)="([^"]+)"|\]\(([\w/.-]+)\)', README):
        assert (ROOT / (path[0] or path[1])).exists()


def test_the_size_of_the_readable_core():
    sentence = re.search(r"Its core is meant to be\s+read: (.*?) lines", README, re.DOTALL)[1]
    lines = sum(len((ROOT / "tinytorch/core" / name).read_text(encoding="utf-8").splitlines())
                for name in re.findall(r"`(\w+\.py)`", sentence))
    stated = int(sentence.split()[-1].replace(",", ""))
    assert 0.9*lines < stated < 1.1*lines


def test_the_install_lines():
    lines = [line.strip() for line in README.splitlines()
             if line.strip().startswith("python3 -m venv ")]
    assert len(lines) == 2
    assert "pip install -q ." in lines[0] and "pytest" in lines[1]
