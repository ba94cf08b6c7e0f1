"""Which equations of a jaxpr are of one call of JAX's, and of one statement of the user's.

x.mean() has equations that sum, fit and divide, all from one place of the user's; so have the
passes of a loop around y * x. What tells them apart: those of a loop are the same again and again.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Callable, Hashable, Sequence
from itertools import count, groupby
from os import sep
from os.path import abspath, dirname
from typing import Any, NamedTuple

import jax
from jax.extend.core import Literal

JAX = dirname(abspath(jax.__file__)) + sep
LIBRARY = sysconfig.get_path("stdlib") + sep
ITS = JAX, LIBRARY + "contextlib", LIBRARY + "functools"
NOTHING = {"copy", "copy_p", "reshard", "pvary", "optimization_barrier"}       # compute nothing
FITS = {"broadcast_in_dim", "reshape", "squeeze", "expand_dims", "convert_element_type",
        "transpose", *NOTHING}


class Origin(NamedTuple):
    """What an equation is of, by number."""

    call: int                    # of a function of JAX's; all that a library calls in a statement
    statement: int               # of the user's


class Calls:
    """Numbers the calls and statements of jaxprs. is_users: whether a file is the user's."""

    def __init__(self, is_users: Callable[[str], bool]) -> None:
        self._is_users = is_users
        self._numbers = count(1)

    def of(self, equations: Sequence[Any]) -> list[Origin]:
        """By equation of a jaxpr, what it is of."""
        paths = [self._path(equation) for equation in equations]
        names = [equation.primitive.name for equation in equations]
        found: list[Origin] = []
        for _, run in groupby(range(len(paths)), lambda i: paths[i][-1:]):     # from one place
            inside = list(run)
            statements = self._passes(equations, inside, [(names[i], paths[i]) for i in inside])
            calls: list[int] = []
            for _, part in groupby(inside, lambda i: paths[i][:1]):
                some = list(part)
                calls += [0] * len(some) if len(paths[some[0]]) > 1 else \
                    self._parts(equations, some, [names[i] for i in some])
            found += map(Origin, [call or one for call, one in zip(calls, statements)], statements)
        return found

    def _path(self, equation: Any) -> tuple[Any, ...]:
        """Where in which code an equation comes from: from the innermost that is not JAX's out to
        the user's."""
        traceback = equation.source_info.traceback
        found: list[Any] = []
        for frame in zip(*traceback.raw_frames()) if traceback is not None else ():
            if found or not frame[0].co_filename.startswith(ITS):
                found.append(frame)
                if self._is_users(frame[0].co_filename):
                    break
        return tuple(found)

    def _passes(self, equations: Sequence[Any], some: Sequence[int], kinds: Sequence[Hashable]
                ) -> list[int]:
        """By equation the number of the pass of a loop, where they are the same again and again."""
        cores = [kind for i, kind in zip(some, kinds) if equations[i].primitive.name not in FITS]
        n = len(cores)
        period = next((d for d in range(1, n) if n % d == 0 and cores[d:] == cores[:-d]), n or 1)
        return self._numbered(equations, some, lambda k, _: k % period == 0)

    def _parts(self, equations: Sequence[Any], some: Sequence[int], names: Sequence[str]
               ) -> list[int]:
        """By equation the number of the part in which no primitive comes twice."""
        seen: set[str] = set()

        def begins(_: int, name: str) -> bool:
            again = name in seen
            if again:
                seen.clear()
            seen.add(name)
            return again
        return self._numbered(equations, some, begins)

    def _numbered(self, equations: Sequence[Any], some: Sequence[int],
                  begins: Callable[[int, str], bool]) -> list[int]:
        """Numbers for equations. What fits the result of one before it has that one's number, what
        fits an operand that of the next; begins: whether a number begins with the k-th that does
        more than fit."""
        numbers: list[int] = []
        made: set[Any] = set()
        number, k = next(self._numbers), 0
        waiting = 0              # of the last equations: they go with the next
        for i in some:
            equation = equations[i]
            if equation.primitive.name in FITS:
                operand = equation.invars[0]
                after = not isinstance(operand, Literal) and operand in made
                waiting = 0 if after else waiting + 1
            else:
                if begins(k, equation.primitive.name) and k:
                    number = next(self._numbers)
                    made.clear()
                numbers[len(numbers) - waiting:] = [number] * waiting
                waiting, k, after = 0, k + 1, True
            if after:
                made.update(equation.outvars)
            numbers.append(number)
        return numbers
