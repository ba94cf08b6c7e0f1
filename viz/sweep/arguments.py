"""Arguments: which ones are swept, and f as a function of those alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..run.targets import TargetError, from_function


def function_name(f: Any) -> str:
    """Return the name of f, or "f" if it has none."""
    name = str(getattr(f, "__name__", "f"))
    return name if name.isidentifier() else "f"


def bind_arguments(f: Callable[..., Any], fixed: Mapping[str, float], free: int, terms: Any = None
                   ) -> tuple[tuple[str, ...], Callable[..., Any]]:
    """Return the names of the `free` arguments to sweep, and f as a function of these alone.

    Swept are the arguments that have neither a value in `fixed` nor a default, then those with a
    default, in order. The function takes and returns Tensors of tinytorch; `terms` converts an f of
    another framework. Raises TargetError if too many arguments are free, or too few.
    """
    target = from_function(f)
    for name in fixed:
        if name not in target.names:
            raise TargetError(f"{function_name(f)} has no argument {name!r} "
                              f"(it has {', '.join(target.names) or 'none'})")
    open_ = [name for name in target.names if name not in fixed]
    needed = [name for name in open_ if name not in target.defaults]
    spare = [name for name in open_ if name in target.defaults]
    swept = needed + spare[:max(free - len(needed), 0)]
    if len(open_) < free:
        raise TargetError(f"{function_name(f)} has {len(open_) or 'no'} "
                          f"argument{'s' * (len(open_) > 1)} to sweep where {free} "
                          f"{'is' if free == 1 else 'are'} needed")
    if len(needed) > free:
        raise TargetError(f"{function_name(f)} takes {', '.join(open_)}: give all but "
                          f"{'one' if free == 1 else free} of them a value")
    names = tuple(name for name in target.names if name in swept)
    if terms is not None:
        fixed = {name: terms.number(value) for name, value in fixed.items()}
    if target.names[:free] != names or fixed:
        f = BoundFunction(f, names, target.names, {**target.defaults, **fixed})
    return names, f if terms is None else terms(f)


class BoundFunction:
    """f as a function of some of its arguments, with fixed values for the others."""

    def __init__(self, f: Callable[..., Any], swept: tuple[str, ...], names: tuple[str, ...],
                 values: Mapping[str, Any]) -> None:
        self.__name__ = function_name(f)
        self.f, self.swept, self.names, self.values = f, swept, names, dict(values)

    def __call__(self, *given: Any) -> Any:
        values = self.values | dict(zip(self.swept, given))
        return self.f(*[values[name] for name in self.names])
