"""A target: `f.py`, `f.py:g`, `pkg.mod:g` or "x**3 + sin(x)" as a function to run."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from ... import short_names
from ..options.message import Message, message_of
from . import user_modules
from .expression import Expression, ExpressionError


EXAMPLES = "example_inputs"      # a function of this name in the target's file makes its inputs


class TargetError(ValueError):
    """A target that names no function, or arguments that do not fit it."""

    status = 2                   # exit status of the command line


class RunError(RuntimeError):
    """An error in the user's code, or a result that cannot be drawn, with the user's lines."""

    status = 3                   # exit status of the command line
    run: Any = None              # the run up to the error, if recorded
    graph: Any = None            # its graph up to the error, if it can be drawn


class TooLong(BaseException):
    """Raised in the user's code when it runs for too long; `except Exception` does not catch it."""


class Target(NamedTuple):
    """A function to draw."""

    name: str                    # f, or an expression's text
    function: Callable[..., Any]
    names: tuple[str, ...]       # of its arguments
    defaults: Mapping[str, Any]
    file: str = ""               # its source; "" for an expression
    line: int = 0
    examples: Any = None         # the function example_inputs of the same file, if any

    @property
    def stem(self) -> str:
        """Return a name for output files: cubic for cubic.py, cubic-g for cubic.py:g."""
        if not self.file:
            text = re.sub(r"[^A-Za-z0-9]+", "-", self.name).strip("-")[:40].strip("-")
            return text or "f-" + hashlib.sha256(self.name.encode()).hexdigest()[:8]
        stem = os.path.splitext(os.path.basename(self.file))[0]
        return stem if self.name in ("f", stem) else f"{stem}-{self.name}"


def load(target: str) -> Target:
    """Return the target that a text names.

    Raises TargetError if it names none, RunError if the file raises while it is loaded.
    """
    path, name = split_target(target)
    if not path:
        return expression(target)
    if not path.endswith(".py") and not os.path.isfile(path):
        return from_function(_attribute(_module(path), name, path), name)
    module = _file(path)
    picked = name or _only_function(module, path)
    function = _attribute(module, picked, path)
    found = from_function(function, name or getattr(function, "__name__", picked))
    return found._replace(file=found.file or os.path.abspath(path),
                          examples=getattr(module, EXAMPLES, None))


def split_target(target: str) -> tuple[str, str]:
    """Return the file or module of a target, and the name in it; "" and "" for an expression."""
    path, colon, name = target.rpartition(":")
    if target.endswith(".py") or os.path.isfile(target):
        return target, ""
    if colon and (path.endswith(".py") or re.fullmatch(r"[A-Za-z_][\w.]*", path)) \
            and re.fullmatch(r"[\w.<>]*", name):
        return path, name
    return "", ""


def from_function(function: Callable[..., Any], name: str = "") -> Target:
    """Return the target for a Python function, or an Expression."""
    if isinstance(function, Expression):
        return Target(function.text, function, function.names, {})
    name = name or getattr(function, "__name__", type(function).__name__)
    module = getattr(function, "forward", None)    # the computation of a module
    called = module if callable(module) and not inspect.isclass(function) else function
    code = getattr(inspect.unwrap(called), "__code__", None)
    file, line = (code.co_filename, code.co_firstlineno) if code else ("", 0)
    if module is not None and "site-packages" in file:           # a library's: not the user's file
        file, line = "", 0
    place = f"{display_path(file)}:{line}: " if file else ""
    try:
        stated = parameters(called)
    except (TypeError, ValueError):
        raise TargetError(f"{place}the arguments of {name} cannot be read") from None
    names = []
    for p in stated:
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            if p.kind == p.VAR_POSITIONAL:
                inner = getattr(function, "_orig_mod", getattr(function, "module", None))
                if module is not None and inner is not None and hasattr(inner, "forward"):
                    return from_function(inner, name)          # torch.compile's, DataParallel's
                if getattr(module, "__name__", "") == "_forward_unimplemented":
                    raise TargetError(f"{place}{name} is a {type(function).__name__}, which has no "
                                      "forward: name a module that has one")
                raise TargetError(f"{place}{name} takes *{p.name}: name its arguments one by one, "
                                  "each is an input of the graph")
            continue
        if p.kind != p.KEYWORD_ONLY or module is not None:
            names.append(p.name)
    if names[:1] == ["self"] and isinstance(function, FunctionType):
        raise TargetError(f"{place}{name} is a method: it needs an instance. Write a function that "
                          f"makes one, such as def f(x): return {name.rpartition('.')[0]}()."
                          f"{name.rpartition('.')[2]}(x)")
    defaults = {p.name: p.default for p in stated
                if p.name in names and p.default is not p.empty}
    return Target(name, function, tuple(names), defaults, file, line)


def parameters(called: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a function: by its schema if it is TorchScript's, else its
    signature.

    Methods of TorchScript have no signature, or (*args, **kwargs) if torch.testing is imported.
    """
    stated = getattr(getattr(called, "schema", None), "arguments", None)
    if stated is None:
        return list(inspect.signature(called).parameters.values())
    return [inspect.Parameter(a.name, inspect.Parameter.POSITIONAL_OR_KEYWORD,
                              default=a.default_value if a.has_default_value() else
                              inspect.Parameter.empty) for a in stated if a.name != "self"]


def functions() -> dict[str, Callable[..., Any]]:
    """Return tinytorch's functions by name, for expressions."""
    from ...tinytorch import ops
    from ...tinytorch.core.functions import functions
    ops.load()
    return dict(functions)


CODE = "tinyviz-code-"           # folders for code in a document, which has no file


@contextlib.contextmanager
def isolated(root: str) -> Iterator[None]:
    """Make a project's modules importable inside and forget them afterwards."""
    path, known = list(sys.path), set(sys.modules)
    try:
        with user_modules.project(root):
            yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - known:
            file = getattr(sys.modules[name], "__file__", None)
            if file and inside(file, root) and not installed(file):
                del sys.modules[name]


def inside(path: str, root: str) -> bool:
    """Return whether a path, its links followed, lies in a folder."""
    real, root = os.path.realpath(path), os.path.realpath(root)
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)


def installed(path: str) -> bool:
    """Return whether a file is installed, or our own: then its version identifies it."""
    return "site-packages" in path or os.path.abspath(path).startswith(short_names.places())


def is_anonymous(file: str) -> bool:
    """Return whether a file name is generated: of a notebook's cell, of code in a document."""
    return file.startswith("<") or "ipykernel_" in file or CODE in file


def display_path(file: str) -> str:
    """Return a path for users: relative if it lies below the current folder."""
    if CODE in file:
        return os.path.basename(file)
    try:
        short = os.path.relpath(file)
    except ValueError:           # another drive
        return file
    return file if short.startswith("..") else short


def expression(text: str) -> Target:
    """Return the target for an expression. Raises TargetError if the text is none."""
    if re.fullmatch(r"[\w./\\-]+\.\w+", text) and not re.fullmatch(r"[\d.]+", text):
        module, _, attribute = text.rpartition(".")
        raise TargetError(f"no such file: {text!r} (a target is f.py, f.py:g, package.module:g "
                          f"or an expression such as \"x**3 + x\"; did you mean "
                          f"{module}:{attribute} ?)" if "/" not in text else
                          f"no such file: {text!r}")
    try:
        function = Expression(text, functions())
    except ExpressionError as error:
        raise TargetError(f"{error} (a target is f.py, f.py:g, package.module:g or an expression "
                          "such as \"x**3 + x\")") from None
    if not function.names:
        raise TargetError(f"{text!r} has no variable: write it in terms of x")
    return from_function(function)


def _file(path: str) -> ModuleType:
    """Return the module of a file, loaded like a script: its folder is importable."""
    if not os.path.isfile(path):
        raise TargetError(f"no such file: {path!r}" if not os.path.isdir(path) else
                          f"{path!r} is a folder: name a file in it")
    full = os.path.abspath(path)
    name = "tinyviz_target_" + re.sub(r"\W", "_", os.path.splitext(os.path.basename(full))[0])
    spec = importlib.util.spec_from_file_location(name, full)
    if spec is None or spec.loader is None:
        raise TargetError(f"{path!r} is not a Python file: its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    short_names.recall()
    sys.modules[name] = module
    user_modules.enter(os.path.dirname(full))
    with user_code(path):
        spec.loader.exec_module(module)
    return module


def _module(name: str) -> ModuleType:
    with user_modules.enter(os.getcwd()).preferred(name), user_modules.importable():
        if name in sys.modules:  # __main__ of a notebook has no spec
            return sys.modules[name]
        try:
            found = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            found = None
        if found is None:
            raise TargetError(f"no module named {name!r} (seen from {os.getcwd()})")
        with user_code(name):
            return importlib.import_module(name)


def _public(module: ModuleType) -> list[str]:
    """Return the names of the functions that a module defines itself, in order."""
    return [name for name, thing in vars(module).items()
            if isinstance(thing, FunctionType) and thing.__module__ == module.__name__
            and not name.startswith("_") and name != EXAMPLES]


def _only_function(module: ModuleType, path: str) -> str:
    """Return the only function in a file, or f; if there is none, the only module."""
    names = _public(module)
    if len(names) == 1 or "f" in names:
        return "f" if "f" in names else names[0]
    modules = [name for name, thing in vars(module).items() if not name.startswith("_")
               and callable(getattr(thing, "forward", None)) and not inspect.isclass(thing)
               and not isinstance(thing, ModuleType)]
    if not names and len(modules) == 1:
        return modules[0]
    if not names and modules:
        raise TargetError(f"{path} has {len(modules)} modules: say which, "
                          f"{' or '.join(f'{path}:{name}' for name in modules[:6])}")
    if not names:
        raise TargetError(f"{path} defines no public function: write one, such as "
                          "def f(x): return x*x")
    raise TargetError(f"{path} defines {len(names)} functions: say which, "
                      f"{' or '.join(f'{path}:{name}' for name in names[:6])}")


def _attribute(module: ModuleType, name: str, path: str) -> Callable[..., Any]:
    thing: Any = module
    for part in name.split("."):
        if not hasattr(thing, part):
            names = _public(module)
            raise TargetError(f"{path} has no {name!r}" + (
                f" (it has {', '.join(names[:8])})" if names else " (it defines no function)"))
        thing = getattr(thing, part)
    if inspect.isclass(thing) and (len(thing.__mro__) < 3 or not hasattr(thing, "forward")):
        raise TargetError(f"{path}:{name} is a class: name a function that takes the inputs")
    if not callable(thing):
        raise TargetError(f"{path}:{name} is not a function but {thing!r:.60}")
    found: Callable[..., Any] = thing
    return found


# ---- Errors of the user's code

@contextlib.contextmanager
def user_code(path: str) -> Any:
    """Run the user's code: its output goes to stderr, its errors become a RunError."""
    try:
        with contextlib.redirect_stdout(sys.stderr), user_modules.importable():
            yield
    except KeyboardInterrupt:
        raise
    except TooLong as error:
        raise RunError(report(error, path)) from error
    except SyntaxError as error:
        where = f"{display_path(error.filename or path)}:{error.lineno}"
        line = f"\n    {error.text.strip()}" if error.text else ""
        raise RunError(f"{where}: {type(error).__name__}: {error.msg}{line}") from error
    except SystemExit as error:
        raise RunError(f"{path}: the file ended the program: SystemExit({error.code!r})") from error
    except Exception as error:
        if hasattr(error, "status"):               # one of ours: nothing to add
            raise
        raise RunError(report(error, path)) from error


def report(error: BaseException, path: str = "") -> str:
    """Return an error with its place and the user's lines that led there, none of ours."""
    not_theirs = (*short_names.places(), os.path.dirname(os.__file__) + os.sep, "<frozen")
    frames = [f for f in traceback.extract_tb(error.__traceback__)
              if not f.filename.startswith(not_theirs) and os.path.isfile(f.filename)]
    users = [f for f in frames if "site-packages" not in f.filename]
    frames = users or frames     # not the inner frames of a library
    message = message_of(error) or Message("no message")
    if not frames:
        return Message(f"{path + ': ' if path else ''}{type(error).__name__}: ", message)
    last = frames[-1]
    place = f"{display_path(last.filename)}:{last.lineno}"
    if message.startswith(place + ": "):           # the engine's errors name the place themselves
        message = Message(message[len(place) + 2:])
    shown = frames if len(frames) <= 6 else [*frames[:2], *frames[-3:]]
    lines = [f"  {display_path(f.filename)}:{f.lineno} in {f.name}: {f.line}" for f in shown]
    return Message(f"{place}: {type(error).__name__}: ", message, *("\n" + line for line in lines))
