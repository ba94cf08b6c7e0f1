"""Op: one operation with all its properties in one block; applying and recording it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np

from . import errors
from .functions import functions
from .grad_mode import current_mode, no_grad, scope, tick
from .pole_warnings import checked_value
from .singularities import Singularity
from .tensor import Tensor, as_tensor, constant, ndarray, new, operands, raw, wrap

F = TypeVar("F", bound=Callable[..., Any])
registry: dict[str, type[Op]] = {}             # public name -> op, of the modules loaded so far


class Op:
    """An operation: a subclass defines all its properties, and is registered by its definition.

    value(x, y, ..., **params) works on arrays. The derivative by each operand is defined once, in
    one of two ways; None means that nothing flows to the operand.
    - local, for an elementwise op: `local[i](z, x, y, ..., **params)` is the derivative of the
      result z by operand i; or a number, 1, -1 or 0. The engine applies the chain rule and undoes
      broadcasting.
    - vjp, for any other: `vjp[i](g, z, x, y, ..., **params)` turns the gradient g of the result
      into that of operand i. For an op of any number of operands vjp is one function,
      `vjp(i, g, z, *args, **params)`.
    Both are written with numpy's functions or `SomeOp.of(...)`, so that they work on arrays (in
    backward) and on tensors (with create_graph): higher derivatives need nothing else.

    notation is a format string of the operands, `{0} + {1}` (`{...}` means all of them), or a
    function of the params that returns one; precedence is that of the written form: 1 sum,
    2 product, 3 negation, 4 power, 5 a call or an atom.
    """

    # Always: the function and its derivative.
    value: Any = None
    local: Any = None            # one of local and vjp
    vjp: Any = None

    # Names and notation, if the class's name in lower case is not enough.
    name: str = ""               # numpy's (else scipy's, else torch's) name: tinytorch.<name>
    aliases: tuple[str, ...] = ()
    symbol: str = ""             # on the node of a picture; by default the name
    notation: Any = ""           # in expressions; by default name({0}, {1})
    precedence: int = 5
    call: Callable[..., Any]     # the public function, if the op has params
    dunder: str = ""             # "add": defines Tensor.__add__ and __radd__
    fast: Any = None             # value of two numbers by Python's operator: operator.mul

    # Domain and smoothness: for warnings, checks and plots.
    domain: tuple[float, float] | None = None    # of a function of one number: the real domain
    undefined: str = ""          # the reason for no value outside the domain, as text
    singularities: tuple[Singularity, ...] = ()  # no value, no derivative, or a jump
    risky: Any = False           # may divide by zero or leave the reals; or a test of the values
    selects: bool = False        # takes some operands' elements: the others are dead (local 0)
    flat: bool = False           # the derivative is 0 almost everywhere: floor, sign ...
    steep: bool = False          # smooth, but may turn within any step size: exp, tanh
    differentiable: bool = True  # False for comparisons: the result is a constant
    samples: tuple[Any, ...] = ()        # arguments for checks: (x, y), or (x, y, params)

    # Taylor series: at most one rule; without any, backward passes are repeated.
    jet: Any = None              # the rule on series, one list of coefficients per operand
    linear: bool = False         # in the operands taken together: coefficient by coefficient
    bilinear: bool = False       # in two operands: a series of products

    # Derived from these.
    fast_local: Any = None       # local, if backward's short loop can handle the op
    checked_value: Any = None    # value, with one warning of ours instead of numpy's

    def __init_subclass__(cls) -> None:
        cls.name = name = cls.__dict__.get("name") or cls.__name__.lower()
        cls.symbol = cls.__dict__.get("symbol") or name
        rules = cls.local or cls.vjp
        arity = len(rules) if isinstance(rules, tuple) else 1
        if "notation" not in cls.__dict__:
            cls.notation = f"{name}({', '.join(f'{{{i}}}' for i in range(arity))})"
        cls.checked_value = staticmethod(checked_value(cls) if cls.risky else cls.value)
        if cls.local and arity <= 2 and not (
                cls.selects or cls.risky is True or hasattr(cls, "call") or cls.flat
                or None in cls.local or 0 in cls.local):
            cls.fast_local = cls.local
        if hasattr(cls, "call"):
            function = cls.call
        else:
            function = (_unary, _binary, _nary)[min(arity, 3) - 1](cls)
        function.__name__ = function.__qualname__ = name
        function.__doc__ = cls.__doc__
        registry[name] = cls
        for key in (name, *cls.aliases):
            functions[key] = function
        if cls.dunder:
            _add_dunder(cls, arity, function)

    @classmethod
    def of(cls, *args: Any, **params: Any) -> Any:
        """Return the value: an array of arrays, a recorded tensor if any argument is a tensor."""
        for a in args:
            if isinstance(a, Tensor):
                return apply(cls, *args, **params)
        return cls.value(*args, **params)

    @classmethod
    def forward(cls, *args: Any, **params: Any) -> Tensor:
        """Return the recorded result, as in the tutorial: Add.forward(x, y)."""
        return apply(cls, *args, **params)

    backward: Any = None         # backward(ctx, grad), as in the tutorial: see edges.py


def public(f: F) -> F:
    """Make a composition of ops public: as a function, a method, and numpy's (a decorator)."""
    functions[f.__name__] = f
    return f


def composite(f: F) -> F:
    """Make a composition public, with its results in a scope of its name (a decorator)."""
    @wraps(f)
    def inside(*args: Any, **options: Any) -> Any:
        with scope(f.__name__):
            return f(*args, **options)
    return public(cast(F, inside))


def notation(tensor: Tensor) -> tuple[str, int]:
    """Return the notation of the op that made the tensor: a format string, and its precedence.

    An op class in the tutorial's style is written as a call of its name.
    """
    op = tensor._op
    text, precedence = getattr(op, "notation", None), getattr(op, "precedence", 5)
    if callable(text):
        text = text(**(tensor._params or {}))
    if not text:
        text = f"{op.__name__.lower()}({{...}})"
    if "{...}" in text:
        listed = ", ".join(f"{{{i}}}" for i in range(len(operands(tensor))))
        text = text.replace("{...}", listed)
    return text, precedence


# Applying.

def apply(op: Any, *args: Any, **params: Any) -> Tensor:
    """Return the recorded result of an op, ours or a class in the tutorial's style.

    params reach the op unchanged.
    Raises ValueError with op, shapes and line if the operands do not fit.
    """
    like = None
    for a in args:
        if isinstance(a, Tensor):
            like = a
            break
    tensors = tuple([as_tensor(a, like) for a in args])
    if isinstance(op, type) and issubclass(op, Op):
        try:
            data = op.checked_value(*[t._data for t in tensors], **params)
        except (ValueError, IndexError) as error:
            raise errors.shape_error(op.name, tensors, error) from None
        return record(op, data, tensors, params)
    if not hasattr(op, "forward"):
        raise TypeError(f"{op!r} is no op: it has no forward(x, ...)")
    with no_grad():
        out = op.forward(*tensors, **params)
    return record(op, result_data(op, out), tensors, params)


def result_data(op: Any, out: Any) -> Any:
    """Return the data of a result of forward(), of an op class in the tutorial's style."""
    data = raw(out)
    if not isinstance(data, (ndarray, np.generic, float, int)):
        raise TypeError(f"{op.__name__}.forward must return a Tensor, not {type(out).__name__}")
    return raw(out if isinstance(out, Tensor) else constant(out))


def record(op: Any, data: Any, args: tuple[Tensor, ...], params: dict[str, Any]) -> Tensor:
    """Return a tensor that remembers op, operands and params, unless all are constants.

    A comparison is recorded too, x > 0, though nothing flows through it.
    """
    out = wrap(data)
    mode = current_mode()
    if mode is not None and not mode.recording:
        return out
    tracked = any([a.requires_grad for a in args])
    if not tracked and all([a._op is None for a in args]):
        return out
    out._op = op
    out._x = args[0]
    out._y = None if len(args) == 1 else args[1] if len(args) == 2 else args[1:]
    out._params = params or None
    out.requires_grad = tracked and getattr(op, "differentiable", True)
    if mode is not None and mode.scope:
        out._extra = {"scope": mode.scope}
    return out


# Functions, made of ops. Those of one and two operands write out apply() and record() without
# mode and params: the hot path of the engine, at several times the speed.

def _unary(op: type[Op]) -> Callable[..., Any]:
    value = op.checked_value

    def function(x: Any) -> Tensor:
        if x.__class__ is not Tensor:
            x = as_tensor(x)
        if not x.requires_grad or current_mode() is not None:
            return apply(op, x)
        out = new(Tensor)
        out._data = value(x._data)
        out.requires_grad = op.differentiable
        out._op = op
        out._x = x
        out._y = out._params = None
        out.stamp = tick()
        return out
    return function


def _binary(op: type[Op], value: Any = None, known: Any = object) -> Callable[..., Any]:
    """known: the types y may have; an operator leaves others to y's reflected method."""
    value = value or op.checked_value
    differentiable = op.differentiable

    def function(x: Any, y: Any) -> Any:
        if y.__class__ is not Tensor:
            if not isinstance(y, known):
                return NotImplemented
            if x.__class__ is not Tensor:
                x = as_tensor(x)
            y = as_tensor(y, x)
        elif x.__class__ is not Tensor:
            x = as_tensor(x, y)
        if current_mode() is not None or not (x.requires_grad or y.requires_grad):
            return apply(op, x, y)
        out = new(Tensor)
        try:
            out._data = value(x._data, y._data)
        except ValueError as error:
            raise errors.shape_error(op.name, (x, y), error) from None
        out.requires_grad = differentiable
        out._op = op
        out._x = x
        out._y = y
        out._params = None
        out.stamp = tick()
        return out
    return function


def _nary(op: type[Op]) -> Callable[..., Any]:
    return lambda *args: apply(op, *args)


_numbers = (int, float, complex, np.generic, ndarray, list, tuple)


def _add_dunder(op: type[Op], arity: int, function: Any) -> None:
    if arity == 1:
        setattr(Tensor, f"__{op.dunder}__", function)
        return
    if not hasattr(op, "call"):
        function = _binary(op, op.fast, (Tensor, *_numbers))

    def reflected(y: Any, x: Any) -> Any:
        return function(x, y) if isinstance(x, _numbers) else NotImplemented
    setattr(Tensor, f"__{op.dunder}__", function)
    if op.differentiable:
        setattr(Tensor, f"__r{op.dunder}__", reflected)
