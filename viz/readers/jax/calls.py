"""Group the equations of a jaxpr by call of a JAX function, and by statement of the user's code.

x.mean() has equations that sum, broadcast and divide, all from one place in the user's code; so
have the passes of a loop around y * x. The difference: the equations of a loop repeat.
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
    """The call and the statement of an equation, by number."""

    call: int                    # of a JAX function; in a statement all library calls are one
    statement: int               # of the user's


class Calls:
    """Numbers the calls and statements of jaxprs. is_users: whether a file is the user's."""

    def __init__(self, is_users: Callable[[str], bool]) -> None:
        self._is_users = is_users
        self._numbers = count(1)

    def of(self, equations: Sequence[Any]) -> list[Origin]:
        """Return the origin of each equation of a jaxpr."""
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
        """Return the source positions of an equation, from the innermost outside JAX to the user's
        code."""
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
        """Return the loop pass of each equation, if the equations repeat."""
        cores = [kind for i, kind in zip(some, kinds) if equations[i].primitive.name not in FITS]
        n = len(cores)
        period = next((d for d in range(1, n) if n % d == 0 and cores[d:] == cores[:-d]), n or 1)
        return self._numbered(equations, some, lambda k, _: k % period == 0)

    def _parts(self, equations: Sequence[Any], some: Sequence[int], names: Sequence[str]
               ) -> list[int]:
        """Return the part of each equation; within a part, no primitive occurs twice."""
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
        """Number equations. One that adapts the previous result shares its number, one that adapts
        an operand shares the next one's; begins: whether a number begins with the k-th of the
        others."""
        numbers: list[int] = []
        made: set[Any] = set()
        number, k = next(self._numbers), 0
        waiting = 0              # trailing equations: they go with the next
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
