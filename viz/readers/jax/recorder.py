"""Run a jaxpr equation by equation; record values, and the backward rule of each equation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from posixpath import commonpath
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, jaxpr_as_fun

from ...graph.size_limits import LOCAL_NUMBERS, LOOP_STEPS
from ...tape.tape import Call, State, Tape, elementwise
from .calls import Calls, Origin
from .cotangents import SINGLE, Backward, Region, VjpStep, differentiated, numbers, shifted
from .merge_broadcasts import Fit, merge, fit
from .primitives import WITH_RULE, attributes, function_name, modules, params_text
from .source_map import Lines

AGAIN = {"remat", "checkpoint", "remat2"}         # computed again in the backward pass
INLINE = {"jit", "pjit", "closed_call", "core_call", *AGAIN}


class Recorder:
    """Runs jaxprs; shows the inner ones of jit, scan, cond and while as groups."""

    def __init__(self, lines: Lines, *, grad: bool = True) -> None:
        """grad: whether a backward pass follows."""
        self._grad = grad
        self.tape = Tape()
        self.lines = lines
        self._arrays: dict[int, Any] = {}          # stamp -> array
        self._steps: list[VjpStep | Region] = []
        self._fits: list[Fit] = []
        self._gone: dict[int, VjpStep] = {}           # what is not drawn
        self._calls: dict[int, int] = {}           # stamp -> the JAX call that made it
        self._now = Origin(0, 0)                   # of the current equation
        self._origins = Calls(lines.is_users)
        self._again = 0                            # the nesting depth of recomputation
        self._stamp = 0
        self._caller: Any = None                   # of the current JAX function
        self._whole: Any = None                    # the equation that is all of f
        self._scopes: dict[str, str] = {}          # path of a loop, a branch, a rule -> its note

    def input(self, name: str, array: Any, *, held: bool = False) -> State:
        """Record an argument of the function, or with `held`, a parameter of a function that is a
        module."""
        made = self._new(array, "parameter" if held else "input", name)
        made.facts |= _size(array) if held else {}
        return made

    def parameter(self, name: str, array: Any) -> State:
        """Record a captured array of the function, which is differentiated too."""
        made = self._new(array, "parameter", name, "/".join(name.split(".")[:-1]))
        made.facts |= _size(array)
        return made

    def run(self, closed: ClosedJaxpr, arguments: Sequence[State]) -> None:
        """Run all of it: its results are the outputs of the tape."""
        if len(closed.jaxpr.eqns) == 1:
            self._whole = closed.jaxpr.eqns[0]
        with jax.disable_jit():                    # functions that call JAX's run op by op too
            made = self._closed(closed, arguments, "")
        self.tape.outputs = list({m.stamp: m for m in made}.values())
        self._gone = merge(self.tape, self._fits, self._calls)
        if self._scopes:
            self.tape.facts["scopes"] = self._scopes
        self._settle()

    def _settle(self) -> None:
        """Move a parameter into the module that uses it alone. An array in a tree that has the
        module's name, such as params.Dense_0.kernel, becomes a parameter of it."""
        users: dict[int, list[str]] = {}
        for call in {id(m.call): m.call for m in self.tape.made if m.call is not None}.values():
            for m in call.args:
                if "." in m.name or m.kind == "parameter":
                    users.setdefault(m.stamp, []).append(call.group)
        for m in self.tape.made:
            if m.stamp in users:
                group = commonpath(users[m.stamp])
                named = group.rpartition("/")[2] == m.name.split(".")[-2:][0]
                if group and (named if m.kind == "input" else group not in self._scopes):
                    m.kind, m.group = "parameter", group
                    m.facts |= _size(self._arrays[m.stamp])

    def backward(self) -> None:
        """Run one backward pass from ones at the outputs."""
        with jax.disable_jit():
            Backward(self._steps, self._arrays, self._gone).run(self.tape)

    def _by(self, operands: Sequence[State]) -> tuple[int, ...]:
        """Return the operands to differentiate by."""
        return tuple(i for i, m in enumerate(operands) if m.differentiable) if self._grad else ()

    def _new(self, array: Any, kind: str = "value", name: str = "", group: str = "") -> State:
        self._stamp += 1
        made = State(self._stamp, numbers(array), kind, name, group)
        made.differentiable = jax.numpy.issubdtype(array.dtype, np.inexact) and kind != "constant"
        self.tape.made.append(made)
        self._arrays[made.stamp] = array
        return made

    def _closed(self, closed: Any, arguments: Sequence[State], group: str) -> list[State]:
        jaxpr: Jaxpr = getattr(closed, "jaxpr", closed)
        env: dict[Any, State] = {}
        for var, const in zip(jaxpr.constvars, getattr(closed, "consts", ())):
            env[var] = self._new(jax.numpy.asarray(const), "constant", "", group)
        env |= zip(jaxpr.invars, arguments)

        def state(atom: Any, group: str = group) -> State:
            if isinstance(atom, Literal):
                literal = jax.numpy.asarray(atom.val, getattr(atom.aval, "dtype"))
                return self._new(literal, "constant", "", group)
            return env[atom]
        for equation, origin in zip(jaxpr.eqns, self._origins.of(jaxpr.eqns)):
            if self._caller is None:
                self._now = origin
            scope = _path(group, modules(equation))
            operands = [state(atom, scope) for atom in equation.invars]
            results = self._equation(equation, operands, scope)
            env |= zip(equation.outvars, results)
        return [state(atom) for atom in jaxpr.outvars]

    # ---- Equations

    def _equation(self, equation: Any, operands: list[State], group: str) -> list[State]:
        name, params, now = equation.primitive.name, equation.params, self._now
        if name in INLINE:
            closed = params.get("jaxpr") or params["call_jaxpr"]
            before = self._caller
            title = str(params.get("name", "checkpoint" if name in AGAIN else name))
            inner = group if title.startswith("_") else _path(group, title)
            if not self.lines.knows(closed):       # JAX's own: shown inline
                self._caller = before or equation
            elif equation is not self._whole:      # f itself needs no frame
                inner = self._scope(group, function_name(closed), "computed again in the backward "
                                    "pass" if name in AGAIN else "jit")
            if name in AGAIN:
                self._steps.append(Region(None))
                self._again += 1
            done = self._closed(closed, operands, inner)
            if name in AGAIN:
                self._again -= 1
                by = self._by(operands)
                self._steps.append(Region(VjpStep(Call("", ()), tuple(operands), tuple(done),
                                                  _binding(equation), None, by, ())))
            self._caller = before
        elif name == "cond":
            branch = int(self._arrays[operands[0].stamp])
            ways = params["branches"]
            branch = min(max(branch, 0), len(ways) - 1)
            said = f"was {bool(branch)}" if len(ways) == 2 else \
                f"branch {branch} of 0 … {len(ways) - 1}"
            done = self._closed(ways[branch], operands[1:], self._scope(group, "cond", said))
        elif name == "scan" and params["length"] <= LOOP_STEPS:
            done = self._scan(equation, operands, group)
        elif name == "while":
            done = self._while(equation, operands, group)
        elif name.startswith(WITH_RULE) and self._opens(equation):
            done = self._ruled(equation, operands, group)
        else:
            return self._call(equation, operands, group)
        self._now = now
        if self._caller is None:
            self.lines.bind(equation, [m.stamp if m.kind == "value" else 0 for m in done],
                            now.statement)
        return done

    def _scan(self, equation: Any, operands: list[State], group: str) -> list[State]:
        """Run the steps of a scan, each a group of its own: scan/0, scan/1 ..."""
        params = equation.params
        fixed, carried = params["num_consts"], params["num_carry"]
        consts, carry = operands[:fixed], operands[fixed:fixed + carried]
        each = operands[fixed + carried:]
        steps = list(range(params["length"]))
        rows: dict[int, list[State]] = {}
        scope = self._scope(group, "scan", f"{len(steps)} step{'s' * (len(steps) != 1)}")
        for i in reversed(steps) if params["reverse"] else steps:
            inside = f"{scope}/{i}"
            slices = [self._function("getitem", (m,), lambda a, i=i: a[i], inside, str(i))
                      for m in each]
            results = self._closed(params["jaxpr"], [*consts, *carry, *slices], inside)
            carry, rows[i] = results[:carried], results[carried:]
        stacked = [self._function("stack", tuple(rows[i][k] for i in steps),
                                  lambda *xs: jax.numpy.stack(xs), scope)
                   for k in range(len(equation.outvars) - carried)] if steps else \
            self._call(equation, operands, group)[carried:]
        return [*carry, *stacked]

    def _while(self, equation: Any, operands: list[State], group: str) -> list[State]:
        """Run the passes of a loop, each a group of its own; as one node if there are too many."""
        params = equation.params
        tests, fixed = params["cond_nconsts"], params["body_nconsts"]
        test, body = jaxpr_as_fun(params["cond_jaxpr"]), jaxpr_as_fun(params["body_jaxpr"])
        arrays = [self._arrays[m.stamp] for m in operands]
        of_test, fix = arrays[:tests], arrays[tests:tests + fixed]
        with jax.disable_jit(False):               # first without recording, to estimate the count
            n = int(jax.lax.while_loop(
                lambda state: test(*of_test, *state[1:])[0],
                lambda state: (state[0] + 1, *body(*fix, *state[1:])),
                (0, *arrays[tests + fixed:]))[0])
        if n > LOOP_STEPS:
            def counted(*given: Any) -> Any:       # a fixed count, for which a derivative exists
                fix = given[tests:tests + fixed]
                with jax.disable_jit(False):
                    return jax.lax.scan(lambda state, _: (tuple(body(*fix, *state)), None),
                                        given[tests + fixed:], None, length=n)[0]
            return self._record("while", operands, counted, group, f"passes={n}", equation)
        scope = self._scope(group, "while", "")
        consts, carry, n = operands[tests:tests + fixed], operands[tests + fixed:], 0
        while test(*of_test, *(self._arrays[m.stamp] for m in carry))[0]:
            carry = self._closed(params["body_jaxpr"], [*consts, *carry], f"{scope}/{n}")
            n += 1
        self._scopes[scope] = f"{n} pass{'es' * (n != 1)}"
        return carry

    def _scope(self, group: str, title: str, said: str) -> str:
        """Return the path of a scope with a frame in every picture, numbered if its name is taken.
        """
        path, n = _path(group, title), 1
        while path in self._scopes:
            n += 1
            path = _path(group, f"{title} {n}")
        self._scopes[path] = said
        return path

    def _opens(self, equation: Any) -> bool:
        """Return whether a function with a custom derivative is the user's, and computes its
        results."""
        closed = equation.params.get("call_jaxpr")
        jaxpr = getattr(closed, "jaxpr", closed)
        made = {var for one in getattr(jaxpr, "eqns", ()) for var in one.outvars}
        return bool(made) and self.lines.knows(closed) and all(
            not isinstance(atom, Literal) and atom in made for atom in jaxpr.outvars)

    def _ruled(self, equation: Any, operands: list[State], group: str) -> list[State]:
        """Run a custom_vjp or custom_jvp: its computation, and its own rule for the backward pass.

        The contribution by the rule to an operand is shown on the edge to its first use; inside,
        there are no gradients.
        """
        title = params_text(equation.primitive.name, equation.params)[0]
        before, made = len(self._steps), len(self.tape.made)
        results = self._closed(equation.params["call_jaxpr"], operands,
                               self._scope(group, title, "with a derivative of its own"))
        del self._steps[before:]                   # their derivatives are not needed
        calls = list({id(m.call): m.call for m in self.tape.made[made:] if m.call}.values())
        by = self._by(operands)
        whole = Call(title, tuple(operands))
        whole.outputs.extend(results)
        ways: list[tuple[Call, int]] = []
        for i in by:             # an operand that is given twice has two of its uses
            ways.append(next(((call, k) for call in calls for k, m in enumerate(call.args)
                              if m is operands[i] and (call, k) not in ways), (whole, i)))
        bind, arrays = _binding(equation), [self._arrays[m.stamp] for m in operands]
        found, vjp = differentiated(bind, arrays, by)
        self._steps.append(VjpStep(
            whole, whole.args, tuple(results), bind, vjp, by, tuple(ways),
            shifted=self._shifted(equation.primitive.name, bind, arrays, by, found)))
        return results

    def _call(self, equation: Any, operands: list[State], group: str) -> list[State]:
        """Run one equation as one call: a primitive, or a function with a custom derivative."""
        primitive, params = equation.primitive, equation.params
        bind = _binding(equation)
        name, written = params_text(primitive.name, params)
        if primitive.name in ("integer_pow", "square"):
            exponent = params.get("y", 2)
            power = self._new(jax.numpy.asarray(float(exponent)), "constant", "", group)
            power.differentiable = False
            return self._record("power", [operands[0]], bind, group, "", equation, [power])
        if primitive.name == "select_n" and len(operands) == 3 and operands[0].data.dtype == "bool":
            which, no, yes = operands
            return self._record("where", [which, yes, no], lambda c, a, b: bind(c, b, a), group, "",
                                equation)
        if primitive.name.startswith("reduce_") and \
                len(params.get("axes", ())) == len(operands[0].data.shape):
            written = ""         # of all there are
        if primitive.name == "max" and any(m.kind == "constant" and m.data.number == 0
                                           for m in operands):
            written = ""
        return self._record(name, operands, bind, group, written, equation)

    def _function(self, name: str, operands: tuple[State, ...], f: Any, group: str, params: str = ""
                  ) -> State:
        return self._record(name, list(operands), f, group, params, None)[0]

    def _record(self, name: str, operands: list[State], f: Callable[..., Any], group: str,
                params: str, equation: Any, shown: Sequence[State] = ()) -> list[State]:
        """Run a function of arrays, and keep its backward rule. shown: operands that are drawn, but
        not passed to it."""
        through = any(m.differentiable for m in operands) and name != "stop_gradient"
        by = self._by(operands) if through else ()
        arrays = [self._arrays[m.stamp] for m in operands]
        found, vjp = differentiated(f, arrays, by)
        stated = attributes(equation.params) if equation is not None and not shown else params
        call = Call(name, (*operands, *shown), params, stated, False, group)
        if name == "stop_gradient":
            call.facts["break"] = name
        for array in found:
            made = self._new(array, "value", "", group)
            made.call = call
            made.differentiable = made.differentiable and through
            call.outputs.append(made)
            if equation is not None:
                self._calls[made.stamp] = self._now.call
                self.lines.note(self._caller or equation, made.stamp)
        if equation is not None and self._caller is None:
            self.lines.bind(equation, [m.stamp for m in call.outputs], self._now.statement)
        primitive = name if equation is None else equation.primitive.name
        like = elementwise(name, len(call.args))
        step = VjpStep(call, tuple(operands), tuple(call.outputs), f, vjp, by,
                       tuple([(call, i) for i in by]),
                       simple=like and not params and found[0].size <= LOCAL_NUMBERS,
                       single=primitive in SINGLE or like and not primitive.startswith(WITH_RULE),
                       shifted=self._shifted(primitive, f, arrays, by, found))
        self._steps.append(step)
        if equation is not None and len(found) == 1 and (
                one := fit(equation, step, self._arrays)):
            self._fits.append(one)
        return call.outputs

    def _shifted(self, primitive: str, f: Callable[..., Any], arrays: Sequence[Any],
                 by: Sequence[int], found: Sequence[Any]) -> int:
        """Return the operand that a result is shifted from, as x is of x - 1; -1 if there is none.
        """
        if self._again or not by or len(found) != 1 or arrays[by[0]].shape != found[0].shape:
            return -1
        if primitive.startswith("custom_jvp_call"):
            return shifted(f, arrays, by)
        plain = primitive in ("add", "add_any") or primitive == "sub" and by[0] == 0
        return by[0] if plain and len(by) == 1 else -1


def _size(array: Any) -> dict[str, int]:
    return {"params": array.size, "bytes": array.nbytes}


def _binding(equation: Any) -> Callable[..., Any]:
    """Return an equation as a function of arrays."""
    bound = equation.primitive.get_bind_params(equation.params)
    subfuns, rest = bound if isinstance(bound, tuple) else ((), bound)         # before JAX 0.9: two
    return lambda *arrays: equation.primitive.bind(*subfuns, *arrays, **rest)


def _path(group: str, title: str) -> str:
    return "/".join(filter(None, (group, title)))
