"""Tensor: a number or array that remembers its creation. Function: that memory, as `_ctx`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ...notebook import mimebundle
from . import errors
from .functions import find_function
from .grad_mode import tick

float64 = np.float64
ndarray = np.ndarray
new = object.__new__
T = TypeVar("T")


class Mutation:
    """The stamp of the last assignment to any data: younger results need no check in backward."""

    latest = 0


class Function:
    """The creation of a tensor: op, operands (Tensors, repeats kept) and parameters."""

    __slots__ = ("op", "args", "params")

    def __init__(self, op: Any, *args: Any, **params: Any) -> None:
        self.op = op
        self.args: tuple[Tensor, ...] = tuple(
            a if isinstance(a, Tensor) else constant(a) for a in args)
        self.params: dict[str, Any] = params

    def __repr__(self) -> str:
        return f"Function({self.op.__name__}, {', '.join(map(repr, self.args))})"


if TYPE_CHECKING:
    class _Operators:
        """Declarations of the operators for type checkers: each op's block defines its own."""

        def _unary(self) -> Tensor: ...
        def _binary(self, other: Any) -> Tensor: ...
        __neg__ = __pos__ = __abs__ = __invert__ = _unary
        __add__ = __sub__ = __mul__ = __truediv__ = __pow__ = __matmul__ = _binary
        __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rpow__ = __rmatmul__ = _binary
        __mod__ = __floordiv__ = __rmod__ = __rfloordiv__ = _binary
        __lt__ = __le__ = __gt__ = __ge__ = __and__ = __or__ = __xor__ = _binary
        def __getitem__(self, index: Any) -> Tensor: ...
        def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]: ...
        def __rdivmod__(self, other: Any) -> tuple[Tensor, Tensor]: ...
        __array_ufunc__: Any
        __array_function__: Any
        T: Any                   # a Tensor, its axes reversed
        backward: Any            # set by backward.py
else:
    _Operators = object


class Tensor(_Operators):
    """A number or an array of real numbers, with its gradient and its history.

    data: numbers, nested lists, an array (copied) or a Tensor (its data). A rank-0 tensor's data is
    a numpy scalar. With requires_grad integers and booleans become float64; float32 stays.
    Raises TypeError for complex numbers and for anything but arrays of numbers.
    """

    __slots__ = ("_data", "_grad", "requires_grad", "stamp",
                 "_op", "_x", "_y", "_params",     # its creation; _y: a tuple of the 2nd, 3rd ...
                 "_extra")                         # name, scope, mutated, ctx: only where needed
    _data: NDArray[Any]                            # or a numpy scalar
    _grad: Any                                     # a Tensor, or the array of a backward pass
    _op: Any
    _x: Any
    _y: Any
    _params: dict[str, Any] | None
    _extra: dict[str, Any]
    requires_grad: bool
    stamp: int

    def __init__(self, data: Any, requires_grad: bool = True, name: str | None = None) -> None:
        self._data = as_data(data, requires_grad)
        self.requires_grad = requires_grad
        self._grad = self._op = self._x = self._y = self._params = None
        self.stamp = tick()
        if name is not None:
            self._extra = {"name": name}

    # Data, gradient and history.

    @property
    def data(self) -> NDArray[Any]:
        """The numbers: an array, or a numpy scalar for rank 0. backward notices assignments."""
        return self._data

    @data.setter
    def data(self, value: ArrayLike | Tensor) -> None:
        if value is not self._data:                  # x.data -= 1 assigns the same array
            value = as_data(value, self.requires_grad)
            if np.shape(value) != np.shape(self._data):
                raise ValueError(f"{errors.prefix()}the data of a tensor of shape "
                                 f"{self.shape} cannot become an array of shape {np.shape(value)}")
        self._assign(value)

    def _assign(self, data: Any) -> None:
        """Assign data without copying it, and record the stamp."""
        self._data = data
        Mutation.latest = tick()
        self._set_extra("mutated", Mutation.latest)

    @property
    def grad(self) -> Tensor | None:
        """The derivative, with respect to this, of the root of backward(), or None."""
        try:
            g: Tensor | None = self._grad
        except AttributeError:                       # a result that no backward pass has reached
            return None
        if g is not None and g.__class__ is not Tensor:
            g = self._grad = constant(g)             # copied: two tensors may share one array
        return g

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None and not isinstance(value, Tensor):
            value = constant(value)
        if value is not None and value.shape != self.shape:
            raise ValueError(f"{errors.prefix()}a gradient of shape {value.shape} does not "
                             f"fit a tensor of shape {self.shape}")
        self._grad = value

    @property
    def _ctx(self) -> Function | None:
        """The Function that made this tensor, the same object every time; None for a leaf."""
        if self._op is None:
            return None
        ctx: Function | None = self._extras().get("ctx")
        if ctx is None:
            ctx = new(Function)
            ctx.op, ctx.args, ctx.params = self._op, operands(self), self._params or {}
            self._set_extra("ctx", ctx)
        return ctx

    @_ctx.setter
    def _ctx(self, ctx: Function | None) -> None:
        self._extras().pop("ctx", None)
        if ctx is None:
            self._op = self._x = self._y = self._params = None
            return
        if not ctx.args:
            raise ValueError(f"{ctx.op.__name__} made a tensor of no operand at all")
        if any(a.stamp >= self.stamp for a in ctx.args):
            if any(a is self or _depends_on(a, self) for a in ctx.args):
                raise ValueError(f"a tensor cannot be made of itself (by {ctx.op.__name__})")
            self.stamp = tick()
        self._op, self._params = ctx.op, ctx.params or None
        self._x, *rest = ctx.args
        self._y = None if not rest else rest[0] if len(rest) == 1 else tuple(rest)
        self.requires_grad = any(a.requires_grad for a in ctx.args)
        self._set_extra("ctx", ctx)

    @property
    def name(self) -> str | None:
        """The name in pictures, or None."""
        name: str | None = self._extras().get("name")
        return name

    @name.setter
    def name(self, value: str | None) -> None:
        self._set_extra("name", value)

    @property
    def scope(self) -> str:
        """The path of the enclosing scopes at creation, `mlp/layer1/softmax`, or ""."""
        return str(self._extras().get("scope", ""))

    def _extras(self) -> dict[str, Any]:
        try:
            return self._extra
        except AttributeError:
            return {}

    def _set_extra(self, key: str, value: Any) -> None:
        try:
            self._extra[key] = value
        except AttributeError:
            self._extra = {key: value}

    def __getattr__(self, name: str) -> Any:
        """Return a function of tensors as a method: x.sin(), x.softmax()."""
        if name[0] != "_":
            function = find_function(name)
            if function is not None:
                setattr(Tensor, name, function)
                return function.__get__(self)
        raise AttributeError(f"a Tensor has no {name!r}", name=name, obj=self)

    # Properties and methods of arrays.

    @property
    def shape(self) -> tuple[int, ...]:
        return self._data.shape

    @property
    def ndim(self) -> int:
        return self._data.ndim

    @property
    def size(self) -> int:
        return self._data.size

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._data.dtype

    def __len__(self) -> int:
        if not self._data.ndim:
            raise TypeError(f"{errors.prefix()}a rank-0 tensor has no length")
        return len(self._data)

    def __iter__(self) -> Iterator[Tensor]:
        if not self._data.ndim:
            raise TypeError(f"{errors.prefix()}a rank-0 tensor cannot be iterated over")
        return (self[i] for i in range(len(self._data)))

    def item(self) -> float:
        """Return the only element as a Python number; the gradient stops here."""
        number: float = self._data.item()
        return number

    def numpy(self) -> NDArray[Any]:
        """Return a copy of the data; the gradient stops here."""
        return self._data.copy()

    def tolist(self) -> Any:
        """Return the data as nested lists of Python numbers; the gradient stops here."""
        return self._data.tolist()

    def detach(self) -> Tensor:
        """Return a constant copy, through which no gradient flows."""
        return constant(self._data)

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self._grad = None

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        if self._data.size != 1:
            at = errors.location()
            raise ValueError(
                f"{at.prefix}a tensor of shape {self.shape} is neither true nor false. For a "
                "choice per element write np.where(condition, a, b); for one about all of them "
                "np.all(condition) or np.any(condition)")
        return bool(self._data.item())

    def __repr__(self) -> str:
        return f"tensor({format_data(self._data)})"

    _repr_mimebundle_ = mimebundle                   # a picture, once viz is imported

    def __format__(self, spec: str) -> str:
        """Format the number of a tensor of size 1, f"{loss:.3f}"; any other tensor as a string."""
        return format(self._data.item() if spec and self._data.size == 1 else str(self), spec)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy the numbers as a leaf, without the graph."""
        return type(self), (np.array(self._data), self.requires_grad, self.name)

    def __setitem__(self, index: Any, value: Any) -> None:
        """Assign numbers to a part of a leaf; backward through an op that used it then fails.

        Raises TypeError if the value is tracked or this is a result: a gradient would be lost.
        """
        if isinstance(value, Tensor) and value.requires_grad:
            self._refuse("would drop the gradient of the assigned tensor",
                         "np.where(mask, value, x), np.stack or np.concatenate")
        if self._op is not None and self.requires_grad:
            self._refuse("would change a result that backward still needs",
                         "np.where(mask, value, x)")
        index = tuple(map(raw, index)) if isinstance(index, tuple) else raw(index)
        data: Any = np.array(self._data)
        data[index] = raw(value)
        self._assign(data if data.ndim else data[()])

    # Conversions, which would drop a gradient.

    def _refuse(self, what: str, instead: str) -> None:
        at = errors.location()
        raise TypeError(f"{at.prefix}{at.quoted('this')} {what}. Use {instead}")

    def _converted(self, kind: str, convert: Callable[[Any], T]) -> T:
        if self.requires_grad:
            at = errors.location()
            called, bracket, _ = at.expression.partition("(")
            instead = "x.item() or x.detach(), if the gradient is to stop here"
            if not bracket and called.endswith("]"):             # a[0] = x
                instead = "np.stack or np.where to make the array of tensors; " + instead
            if called.startswith(("math.", "cmath.")):
                name = called.partition(".")[2]
                name = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2",
                        "pow": "power", "fabs": "abs", "asinh": "arcsinh", "acosh": "arccosh",
                        "atanh": "arctanh", "lgamma": "gammaln", "dist": "norm"}.get(name, name)
                if find_function(name):
                    first = f"np.{name}(...) or " if hasattr(np, name) else ""
                    instead = f"{first}tinytorch.{name}(...)"
            self._refuse(f"needs {kind} and would silently drop the gradient", instead)
        return convert(self._data)

    def __float__(self) -> float:
        return self._converted("a plain float", float)

    def __int__(self) -> int:
        return self._converted("a plain int", int)

    def __index__(self) -> int:
        return self._converted("a plain int", lambda data: int(data.__index__()))

    def __complex__(self) -> complex:
        return self._converted("a plain complex", complex)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if self.requires_grad:
            self._refuse("makes a plain array and would silently drop the gradient",
                         "np.stack, np.where and the like on tensors, or x.numpy(), "
                         "if the gradient is to stop here")
        return np.array(self._data, dtype=dtype)


def _depends_on(start: Tensor, goal: Tensor) -> bool:
    seen, stack = {start}, [start]
    while stack:
        t = stack.pop()
        if t is goal:
            return True
        for a in operands(t):
            if a not in seen:
                seen.add(a)
                stack.append(a)
    return False


def raw(value: Any) -> Any:
    """Return the data of a tensor, anything else as it is."""
    return value._data if isinstance(value, Tensor) else value


def constant(value: Any) -> Tensor:
    """Return a tensor that no gradient flows into."""
    return Tensor(value, requires_grad=False)


def wrap(data: Any) -> Tensor:
    """Return a constant that holds an array without copying it."""
    out = new(Tensor)
    out._data = data[()] if data.__class__ is ndarray and not data.ndim else data
    out.requires_grad = False
    out._grad = out._op = out._x = out._y = out._params = None
    out.stamp = tick()
    return out


def operands(t: Tensor) -> tuple[Tensor, ...]:
    """Return the operands a tensor was made of, in order; () for a leaf."""
    y = t._y
    if y is None:
        return () if t._op is None else (t._x,)
    return (t._x, *y) if y.__class__ is tuple else (t._x, y)


def as_tensor(value: Any, like: Tensor | None = None) -> Tensor:
    """Return an operand as a Tensor; a Python number takes the float type of `like` (NEP 50).

    Raises TypeError for anything but real numbers.
    """
    if isinstance(value, Tensor):
        return value
    kind = value.__class__
    if kind is float or kind is int:
        if like is None or isinstance(like._data, float64) or like._data.dtype.kind != "f":
            return wrap(float64(value))
        return wrap(like._data.dtype.type(value))
    return constant(value)


def as_data(value: Any, tracked: bool = True) -> Any:
    """Return a copy as an array of real numbers, or as a numpy scalar for rank 0."""
    if value.__class__ is float or tracked and value.__class__ in (int, bool):
        return float64(value)
    if isinstance(value, Tensor):
        value = value._data
    if isinstance(value, (list, tuple)) and _holds_tracked(value):
        at = errors.location()
        raise TypeError(f"{at.prefix}{at.quoted('this')} would silently drop the gradient of the "
                        "tensors in the list. Use np.stack([...])")
    data: Any = np.array(value)
    kind = data.dtype.kind
    if kind in "iub":
        if tracked:
            data = data.astype(float64)
    elif kind != "f":
        at = errors.location()
        what = ("complex numbers" if kind == "c" else
                "an array of objects" if isinstance(value, ndarray) else
                f"{value!r:.60}" if data.ndim == 0 else "a ragged or non-numeric list")
        raise TypeError(f"{at.prefix}a tensor holds real numbers, not {what}")
    return data if data.ndim else data[()]


def _holds_tracked(values: Any) -> bool:
    stack = [values]
    while stack:
        for v in stack.pop():
            if isinstance(v, Tensor) and v.requires_grad:
                return True
            if isinstance(v, (list, tuple)):
                stack.append(v)
    return False


def format_data(data: Any) -> str:
    """Format numbers for display: about six digits, whole ones without a point."""
    def number(v: Any) -> str:
        v = v.item() if hasattr(v, "item") else v
        if isinstance(v, float) and v.is_integer() and abs(v) < 1e15:
            return f"{v:.0f}"
        return f"{v:.6g}" if isinstance(v, float) else str(v)
    if not np.ndim(data):
        return number(data)
    return np.array2string(np.asarray(data), separator=", ", prefix="tensor(", threshold=100,
                           formatter={"all": number})
