"""Op: one operation, all that is known of it in one block. The registry; how an op is applied."""

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
    """What every op states; to write one is to subclass this, which also registers it.

    value(x, y, ..., **params) works on arrays. The derivative is stated once, per operand, in one
    of two ways; None stands for an operand nothing flows to.
    - local, for an elementwise op: `local[i](z, x, y, ..., **params)` is the derivative of the
      result z with respect to operand i, or a plain number where it is one. The engine applies
      the chain rule and undoes broadcasting.
    - vjp, for any other: `vjp[i](g, z, x, y, ..., **params)` takes the cotangent g of the result
      to that of operand i. For an op of any number of operands vjp is one function,
      `vjp(i, g, z, *args, **params)`.
    Both are written in numpy's functions or `SomeOp.of(...)`, so that they work on plain arrays
    (backward) and on tensors (create_graph): the derivative of the derivative comes for free.

    notation is a format string over the operands, `{0} + {1}` (`{...}` stands for all of them), or
    a function of the params that returns one; precedence is that of the written form: 1 sum,
    2 product, 3 negation, 4 power, 5 a call or an atom.
    """

    name: str = ""               # numpy's (else scipy's, else torch's) name: tinytorch.<name>
    aliases: tuple[str, ...] = ()
    symbol: str = ""             # what a picture writes on the node; the name if not stated
    notation: Any = ""
    precedence: int = 5
    value: Any = None
    local: Any = None
    vjp: Any = None
    jet: Any = None              # the rule on Taylor series, one list of coefficients per operand
    linear: bool = False         # in the operands taken together: series pass coefficient-wise
    bilinear: bool = False       # in two operands: a series of products
    selects: bool = False        # takes some operands' elements: the others are dead (local 0)
    risky: Any = False           # may divide by zero or leave the reals; or a test of the values
    differentiable: bool = True  # False for comparisons: the result is a constant
    flat: bool = False           # the derivative is 0 almost everywhere: floor, sign ...
    dunder: str = ""             # "add": makes Tensor.__add__ and __radd__
    fast: Any = None             # value of two plain operands by Python's operator: operator.mul
    call: Callable[..., Any]     # the public function, where it has parameters
    samples: tuple[Any, ...] = ()       # arguments inside the domain: (x, y), or (x, y, params)
    domain: tuple[float, float] | None = None   # of a function of one number: where it is real
    singularities: tuple[Singularity, ...] = ()  # where it has no value, no derivative, or jumps
    undefined: str = ""          # what is wrong where operands leave its domain, for people
    steep: bool = False          # smooth, but it may turn within less than any step: exp, tanh

    fast_local: Any = None            # local of an op backward may treat in its short loop
    checked_value: Any = None          # value, with one warning of ours instead of numpy's

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
        """The value: of arrays an array, of tensors (or a mixture) a recorded tensor."""
        for a in args:
            if isinstance(a, Tensor):
                return apply(cls, *args, **params)
        return cls.value(*args, **params)

    @classmethod
    def forward(cls, *args: Any, **params: Any) -> Tensor:
        """The recorded result, as the tutorial calls it: Add.forward(x, y)."""
        return apply(cls, *args, **params)

    backward: Any = None         # backward(ctx, grad), as the tutorial calls it: see backward.py


def public(f: F) -> F:
    """Make a composition of ops public: as a function, a method, and numpy's. A decorator."""
    functions[f.__name__] = f
    return f


def composite(f: F) -> F:
    """Make a composition public, its results in a scope of its name: a decorator."""
    @wraps(f)
    def inside(*args: Any, **options: Any) -> Any:
        with scope(f.__name__):
            return f(*args, **options)
    return public(cast(F, inside))


def notation(tensor: Tensor) -> tuple[str, int]:
    """How the op that made the tensor is written: a format string over its operands, precedence.

    Of an op class in the tutorial's style: its name as a call.
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
    """The recorded result of an op, ours or a class in the tutorial's style.

    params are handed to the op as they are. Raises ValueError, with op, shapes and line,
    where operands do not fit.
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
    """The data of what an op class of the user's own returned from forward."""
    data = raw(out)
    if not isinstance(data, (ndarray, np.generic, float, int)):
        raise TypeError(f"{op.__name__}.forward must return a Tensor, not {type(out).__name__}")
    return raw(out if isinstance(out, Tensor) else constant(out))


def record(op: Any, data: Any, args: tuple[Tensor, ...], params: dict[str, Any]) -> Tensor:
    """A tensor of the data that remembers op, operands and params, unless all are constants.

    What was compared is remembered too, x > 0, though nothing flows through it.
    """
    out = wrap(data)
    state = current_mode()
    if state is not None and not state.recording:
        return out
    tracked = any([a.requires_grad for a in args])
    if not tracked and all([a._op is None for a in args]):
        return out
    out._op = op
    out._x = args[0]
    out._y = None if len(args) == 1 else args[1] if len(args) == 2 else args[1:]
    out._params = params or None
    out.requires_grad = tracked and getattr(op, "differentiable", True)
    if state is not None and state.scope:
        out._extra = {"scope": state.scope}
    return out


# Functions, made of ops. Written out for one and two operands: this is the engine's hot path.

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
    """known: the types y may have; for others an operator lets Python ask y."""
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
