"""The text of a PyTorch call: its name, its tensors, its other arguments."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import FunctionType
from typing import Any, NamedTuple

import torch
from torch.utils._pytree import tree_leaves

from ...tape.tape import elementwise

PLAIN = (int, float, str, type(None), slice, torch.dtype, torch.device)
SKIPPED = {"requires_grad_", "retain_grad", "register_hook", "__set__", "item", "tolist", "numpy",
           "__len__", "__bool__", "__float__", "__int__", "__repr__", "__format__", "__delete__",
           "_is_view", "is_contiguous"}         # return no tensor, or their argument
NAMES = {"iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "div", "idiv": "div",
         "ipow": "pow", "floordiv": "floor_divide"}
SWAPPED = {"radd": "add", "rsub": "sub", "rmul": "mul", "rdiv": "div", "rtruediv": "div",
           "rpow": "pow", "rmatmul": "matmul", "rmod": "remainder",
           "rfloordiv": "floor_divide"}
PAIRS = {"max": "maximum", "min": "minimum"}       # with two tensors
WORDS = {True: "None", False: "_"}             # parts of an index: None, and a tensor
GETITEM: Any = torch.Tensor.__getitem__


class Argument(NamedTuple):
    """An argument of a function, according to its signature or schema."""

    name: str
    default: Any = inspect.Parameter.empty
    keyword: bool = False        # keyword-only
    many: bool = False           # of numbers: they may be separate arguments, view(2, 3)


def options_of(func: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments of a call, without tensors and defaults."""
    if not kwargs:
        return {}
    usual = {a.name: a.default for a in arguments(func)}
    return {key: x for key, x in kwargs.items() if x is not None and key != "inplace"
            and not key.startswith("_") and not isinstance(x, torch.Tensor)
            and not _is_default(x, usual.get(key))}


def named_params(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the non-tensor arguments of a call by parameter name, without defaults."""
    found: dict[str, Any] = {}
    if not all(isinstance(a, torch.Tensor) for a in args):
        stated = arguments(func, tuple(map(type, args)))
        usual = {a.name: a.default for a in stated}
        places = [a for a in stated if not a.keyword]
        for i, x in enumerate(args):
            if isinstance(x, torch.Tensor):
                continue
            last = places[min(i, len(places) - 1)] if places else None
            name = "index" if func is GETITEM else last.name if last else f"{i}"
            if i >= len(places) - 1 and len(args) > len(places) and last and last.many:
                found[name] = (*found.get(name, ()), x)    # separate arguments: view(2, 3)
            elif not (isinstance(x, (list, tuple)) and tensors([x]) and func is not GETITEM):
                found[name] = x
        found = {name: x for name, x in found.items() if not _is_default(x, usual.get(name))}
    return found | options_of(func, kwargs)


def _is_default(x: Any, default: Any) -> bool:
    """Return whether x is the default, or one number for equal ones: stride=(1, 1) is stride=1."""
    if isinstance(x, (list, tuple)):
        usual = default if isinstance(default, (list, tuple)) else [default] * len(x)
        return len(x) == len(usual) and all(map(_is_default, x, usual))
    if isinstance(default, list) and default:
        return all(_is_default(x, part) for part in default)
    return x is default or (isinstance(x, (bool, int, float, str)) and type(default) in (
        bool, int, float, str) and bool(x == default))


@lru_cache(maxsize=None)
def arguments(func: Any, kinds: tuple[type, ...] = ()) -> tuple[Argument, ...]:
    """Return the arguments of a function, if they are known: from its signature, or the schema of
    the ATen operation of its name that takes arguments of these types."""
    with contextlib.suppress(TypeError, ValueError):
        parameters = inspect.signature(func).parameters.values()
        if not any(p.kind == p.VAR_POSITIONAL for p in parameters):
            return tuple(Argument(p.name, p.default, p.kind == p.KEYWORD_ONLY) for p in parameters)
    packet = getattr(torch.ops.aten, name_of(func).strip("_"), None)
    for overload in packet.overloads() if packet is not None else ():
        stated = getattr(packet, overload)._schema.arguments
        places = [a for a in stated if not a.kwarg_only]
        many = bool(places) and "List[int]" in str(places[-1].type)
        if overload.endswith("out") or len(kinds) > len(places) and not many:
            continue
        if all(_fits(kind, str(places[min(i, len(places) - 1)].type))
               for i, kind in enumerate(kinds)):
            return tuple(Argument(
                a.name, a.default_value if a.has_default_value() else inspect.Parameter.empty,
                a.kwarg_only, "List[int]" in str(a.type)) for a in stated)
    return ()


FITS = {bool: ("bool", "number"), int: ("int", "float", "number"), float: ("float", "number"),
        str: ("str",), list: ("List",), tuple: ("List",), type(None): ("Optional",),
        torch.dtype: ("int",), torch.device: ("Device",)}


def _fits(kind: type, stated: str) -> bool:
    """Return whether a value of a type fits an argument of a schema's type, such as Optional[int].
    """
    return any(word in stated for word in FITS.get(kind, ("Tensor",)))


def name_of(func: Any) -> str:
    """Return the name of a function: mul, linear, T."""
    name = getattr(func, "__name__", "") or type(func).__name__
    if name == "__get__":        # a property: x.T
        return getattr(func.__self__, "__name__", name)
    return name


def tensors(things: Iterable[Any]) -> list[Any]:
    """Return the tensors in a collection, also in nested lists, tuples, dicts and other trees."""
    found = []
    for thing in things:
        if isinstance(thing, torch.Tensor):
            found.append(thing)
        elif not isinstance(thing, PLAIN):
            found += [t for t in tree_leaves(thing) if isinstance(t, torch.Tensor)]
    return found


class CallText(NamedTuple):
    """The text of a call before it is made."""

    name: str                    # mul, linear
    operands: tuple[Any, ...] | None     # tensors and numbers, of an elementwise function; or None
    swapped: bool                # whether they are in reverse order: 1 - x
    params: str                  # the other arguments, as in the code: 2, dim=1
    attributes: str              # the same, all with names: dim=2


def call_text(func: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> CallText:
    """Return the text of a call."""
    key: Any
    try:                         # equal calls share a text: blocks repeat
        key = func, *map(_key, args), *[(k, _key(x)) for k, x in kwargs.items()]
        told = _texts.get(key)
    except (KeyError, TypeError):
        key = told = None
    if told is None:
        told = _call_text(func, name, args, kwargs)
        if key is not None:
            if len(_texts) >= MOST:
                _texts.clear()
            _texts[key] = told
    if told.operands is None:
        return told
    return CallText(told.name, tuple(reversed(args)) if told.swapped else tuple(args), told.swapped,
                    "", "")


_texts: dict[Any, CallText] = {}
MOST = 4096
KEYS: dict[type, Any] = {kind: lambda x: x for kind in (
    int, bool, str, type(None), type(...), torch.dtype, torch.device)}
KEYS[float] = str                # -0.0 equals 0.0, but has another text


def _key(x: Any) -> Any:
    """Return a key of an argument by value and type (1 is not True); tensors have the same key.

    Raises KeyError, or TypeError, for arguments that cannot be compared by value.
    """
    if isinstance(x, torch.Tensor):
        return None
    kind = type(x)
    if kind is slice:
        return kind, _key(x.start), _key(x.stop), _key(x.step)
    if kind in (tuple, list, torch.Size):
        return kind, *map(_key, x)
    return kind, KEYS[kind](x)


def _call_text(func: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> CallText:
    name = name.strip("_")
    swapped = name in SWAPPED
    name = SWAPPED.get(name, NAMES.get(name, name))
    if name in PAIRS and len(args) == 2 and isinstance(args[1], torch.Tensor):
        name = PAIRS[name]
    options = options_of(func, kwargs)
    plain = all(isinstance(a, torch.Tensor) for a in args)
    if not options and elementwise(name, len(args)) and (plain or all(
            isinstance(a, (int, float, torch.Tensor)) for a in args)):
        return CallText(name, (), swapped, "", "")
    if plain and not options:
        return CallText(name, None, swapped, "", "")
    given = options if plain else named_params(func, args, kwargs)
    return CallText(name, None, swapped, params_of(args, options),
                    ", ".join(f"{key}={_shown(x) or None}" for key, x in given.items()))


def params_of(args: Iterable[Any], options: Mapping[str, Any]) -> str:
    """Return the text of the non-tensor arguments: 2, dim=1."""
    shown = [_shown(a) for a in args if not isinstance(a, torch.Tensor)]
    shown += [f"{key}={_shown(x)}" for key, x in options.items()]
    return ", ".join(filter(None, shown))


def _shown(x: Any) -> str:
    if isinstance(x, torch.Tensor) or x is None:
        return ""
    if isinstance(x, slice):
        step = "" if x.step is None else f":{x.step}"
        return ":".join("" if n is None else str(n) for n in (x.start, x.stop)) + step
    if isinstance(x, (list, tuple)):
        if x and all(isinstance(part, torch.Tensor) for part in x):
            return ""
        return f"({', '.join(_shown(part) or WORDS[part is None] for part in x)})"
    if isinstance(x, (bool, int, float, str)):
        return str(x)
    if x is Ellipsis:
        return "..."
    if isinstance(x, (torch.dtype, torch.device)):
        return str(x).removeprefix("torch.")
    return type(x).__name__


def storage(t: Any) -> int:
    """Return the identity of the memory shared by a tensor and its views; a sparse one has its own.
    """
    return t.untyped_storage()._cdata if t.layout == torch.strided else id(t)


def version(t: Any) -> int:
    """Return the number of writes into a tensor; -1 in inference mode, where they are not counted.
    """
    try:
        return int(t._version)
    except RuntimeError:
        return -1


IN_PLACE = {"__setitem__", *(f"__i{name}__" for name in (
    "add", "sub", "mul", "div", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor",
    "lshift", "rshift"))}


def written_by(name: str, given: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Return the tensor that a function writes into according to its name: mul_, +=, out=; or None.

    given: its tensors, also those in lists.
    """
    out = tensors([kwargs.get("out")])
    if out:
        return out[0]
    return given[0] if given and (name in IN_PLACE or name[-1:] == "_" and name[-2:] != "__") \
        else None


EXPOSING = {"numpy", "__array__", "__dlpack__", "data_ptr", "storage", "untyped_storage", "__set__",
            "from_numpy", "from_dlpack", "frombuffer", "asarray", "as_tensor"}
WRITING = ("embedding", "batch_norm", "instance_norm", "fake_quant")      # into weights, statistics
BUILTIN = (type(torch.add), type(torch.Tensor.add), type(GETITEM.__get__))


def may_write(func: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Return whether a function may write into a tensor without a name that shows it: relu(x,
    True)."""
    if func.__class__ in BUILTIN or \
            func.__class__ is FunctionType and func.__module__.startswith("torch."):
        return (any(word in name for word in WRITING) or bool(kwargs.get("inplace"))
                or func.__class__ is FunctionType and any(x is True for x in args))
    return True


def written_into(func: Any, args: Any, kwargs: Mapping[str, Any]) -> list[Any]:
    """Return the tensors that an ATen operation writes into, according to its schema."""
    arguments = func._schema.arguments
    given = {a.name: x for a, x in zip(arguments, args)} | dict(kwargs)
    return [given[a.name] for a in arguments if a.alias_info is not None and a.alias_info.is_write
            and isinstance(given.get(a.name), torch.Tensor)]
