"""How a call of PyTorch's is told: its name, the tensors it is given, what else it is given."""

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
           "_is_view", "is_contiguous"}         # what makes no tensor, or the one it is given
NAMES = {"iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "div", "idiv": "div",
         "ipow": "pow", "floordiv": "floor_divide"}
SWAPPED = {"radd": "add", "rsub": "sub", "rmul": "mul", "rdiv": "div", "rtruediv": "div",
           "rpow": "pow", "rmatmul": "matmul", "rmod": "remainder",
           "rfloordiv": "floor_divide"}
PAIRS = {"max": "maximum", "min": "minimum"}       # of two tensors
WORDS = {True: "None", False: "_"}             # parts of an index: nothing, and a tensor
GETITEM: Any = torch.Tensor.__getitem__


class Argument(NamedTuple):
    """An argument of a function, as its signature or schema states it."""

    name: str
    default: Any = inspect.Parameter.empty
    keyword: bool = False        # given by name only
    many: bool = False           # of numbers: it may be given one by one, view(2, 3)


def options_of(func: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """What a call is given by name, without tensors and defaults."""
    if not kwargs:
        return {}
    usual = {a.name: a.default for a in arguments(func)}
    return {key: x for key, x in kwargs.items() if x is not None and key != "inplace"
            and not key.startswith("_") and not isinstance(x, torch.Tensor)
            and not _is_default(x, usual.get(key))}


def named_params(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """What a call is given beside tensors, by the names its arguments have, without defaults."""
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
                found[name] = (*found.get(name, ()), x)    # one by one: view(2, 3)
            elif not (isinstance(x, (list, tuple)) and tensors([x]) and func is not GETITEM):
                found[name] = x
        found = {name: x for name, x in found.items() if not _is_default(x, usual.get(name))}
    return found | options_of(func, kwargs)


def _is_default(x: Any, default: Any) -> bool:
    """Whether x is the default, also said once for all axes: stride=(1, 1) is stride=1."""
    if isinstance(x, (list, tuple)):
        usual = default if isinstance(default, (list, tuple)) else [default] * len(x)
        return len(x) == len(usual) and all(map(_is_default, x, usual))
    if isinstance(default, list) and default:
        return all(_is_default(x, part) for part in default)
    return x is default or (isinstance(x, (bool, int, float, str)) and type(default) in (
        bool, int, float, str) and bool(x == default))


@lru_cache(maxsize=None)
def arguments(func: Any, kinds: tuple[type, ...] = ()) -> tuple[Argument, ...]:
    """The arguments of a function, where they can be known: those of its signature, else of the
    schema of the ATen operation of its name that takes arguments of these types."""
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
    """Whether a value of a type fits an argument, as a schema states its type: Optional[int]."""
    return any(word in stated for word in FITS.get(kind, ("Tensor",)))


def name_of(func: Any) -> str:
    """What a function is called: mul, linear, T."""
    name = getattr(func, "__name__", "") or type(func).__name__
    if name == "__get__":        # a property: x.T
        return getattr(func.__self__, "__name__", name)
    return name


def tensors(things: Iterable[Any]) -> list[Any]:
    """The tensors among things, also in lists, tuples, dicts and other trees."""
    found = []
    for thing in things:
        if isinstance(thing, torch.Tensor):
            found.append(thing)
        elif not isinstance(thing, PLAIN):
            found += [t for t in tree_leaves(thing) if isinstance(t, torch.Tensor)]
    return found


class CallText(NamedTuple):
    """What is said of a call before it is made."""

    name: str                    # mul, linear
    operands: tuple[Any, ...] | None     # tensors and numbers, of an elementwise function; or None
    swapped: bool                # whether they stood the other way round: 1 - x
    params: str                  # what is no tensor, as it is written: 2, dim=1
    attributes: str              # the same, each with its name: dim=2


def call_text(func: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> CallText:
    """What a call is called, and what it is given."""
    key: Any
    try:                         # calls alike are told once: blocks repeat
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
KEYS[float] = str                # -0.0 is 0.0, yet written otherwise


def _key(x: Any) -> Any:
    """What tells an argument from others, also 1 from True; of tensors nothing does.

    Raises KeyError, or TypeError, for what cannot be told by its value.
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
    """What is given beside tensors, as it is written: 2, dim=1."""
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
    """What is the same of a tensor and its views. A sparse one has no storage of its own."""
    return t.untyped_storage()._cdata if t.layout == torch.strided else id(t)


def version(t: Any) -> int:
    """How often a tensor was written into; -1 of one of inference mode, where nobody counts."""
    try:
        return int(t._version)
    except RuntimeError:
        return -1


IN_PLACE = {"__setitem__", *(f"__i{name}__" for name in (
    "add", "sub", "mul", "div", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor",
    "lshift", "rshift"))}


def written_by(name: str, given: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The first tensor that a function writes into, as its name says: mul_, +=, out=; or None.

    given: its tensors, those in lists too.
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
    """Whether a function may write into a tensor though its name does not say so: relu(x, True)."""
    if func.__class__ in BUILTIN or \
            func.__class__ is FunctionType and func.__module__.startswith("torch."):
        return (any(word in name for word in WRITING) or bool(kwargs.get("inplace"))
                or func.__class__ is FunctionType and any(x is True for x in args))
    return True


def written_into(func: Any, args: Any, kwargs: Mapping[str, Any]) -> list[Any]:
    """The tensors that an operation of ATen's writes into, as its schema says."""
    arguments = func._schema.arguments
    given = {a.name: x for a, x in zip(arguments, args)} | dict(kwargs)
    return [given[a.name] for a in arguments if a.alias_info is not None and a.alias_info.is_write
            and isinstance(given.get(a.name), torch.Tensor)]
