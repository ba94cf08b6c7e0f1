"""A jaxpr run equation by equation: its values, and in reverse each equation's vjp."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, jaxpr_as_fun

from ..graph import Value
from ._jax_lines import Lines
from ._tape import Call, Made, Tape, elementwise
from ._facts import value

STEPS = 256                      # a loop of more steps is one node
LOCALS = 4096                    # no local derivatives of results of more numbers than these
SAME = {"copy", "copy_p", "reshard", "pvary", "optimization_barrier"}
NAMES = {"integer_pow": "power", "square": "power", "dot_general": "matmul", "logistic": "sigmoid",
         "max": "maximum", "min": "minimum", "reduce_sum": "sum", "reduce_max": "max",
         "broadcast_in_dim": "broadcast", "convert_element_type": "astype", "pow": "power",
         "rem": "fmod", "add_any": "add"}
UNSAID = {"sharding", "out_sharding", "accuracy", "effects", "ctx_mesh"}
BRIEF: dict[str, tuple[str, ...]] = {              # of these so much is written
    "dot_general": (), "broadcast_in_dim": (), "squeeze": (), "iota": (), "slice": (),
    "reshape": ("new_sizes",), "transpose": ("permutation",),
    "convert_element_type": ("new_dtype",)}
RULED = ("custom_jvp_call", "custom_vjp_call")
AGAIN = {"remat", "checkpoint", "remat2"}         # computed again in the backward pass
INLINE = {"jit", "pjit", "closed_call", "core_call", *AGAIN}
NAMED = re.compile(r"[\w.]+")    # a scope's name: Dense_0; not that of an einsum


class Step(NamedTuple):
    """One call, and how a cotangent goes back through it."""

    call: Call
    vjp: Callable[..., Any] | None                 # cotangents of results -> those of `by`
    by: tuple[int, ...]          # the operands that are differentiated by
    arrays: tuple[Any, ...]      # what the results are
    simple: bool                 # elementwise: from ones the local derivatives come
    ways: tuple[tuple[Call, int], ...]             # by such an operand: the edge that says it


class Recorder:
    """Runs jaxprs; opens those within, of jit, scan, cond and while, as groups."""

    def __init__(self, lines: Lines) -> None:
        self.tape = Tape()
        self.lines = lines
        self._arrays: dict[int, Any] = {}          # stamp -> array
        self._steps: list[Step] = []
        self._stamp = 0
        self._caller: Any = None                   # of the function of JAX's that is being run
        self._whole: Any = None                    # the equation that is all of f
        self._scopes: dict[str, str] = {}          # path of a loop, a branch, a rule -> what it did

    def input(self, name: str, array: Any) -> Made:
        """An argument of the function."""
        return self._new(array, "input", name)

    def parameter(self, name: str, array: Any) -> Made:
        """What the function holds, and is differentiated by too."""
        made = self._new(array, "parameter", name, "/".join(name.split(".")[:-1]))
        made.facts |= {"params": array.size, "bytes": array.nbytes}
        return made

    def run(self, closed: ClosedJaxpr, arguments: Sequence[Made]) -> None:
        """Run the whole: what it returns is the tape's output."""
        if len(closed.jaxpr.eqns) == 1:
            self._whole = closed.jaxpr.eqns[0]
        self.tape.outputs = list({m.stamp: m for m in self._closed(closed, arguments, "")}.values())
        if self._scopes:
            self.tape.facts["scopes"] = self._scopes

    def _new(self, array: Any, kind: str = "value", name: str = "", group: str = "") -> Made:
        self._stamp += 1
        made = Made(self._stamp, value(np.asarray(_plain(array))), kind, name, group)
        made.differentiable = jax.numpy.issubdtype(array.dtype, np.inexact) and kind != "constant"
        if array.dtype == jax.numpy.bfloat16:
            made.data = made.data._replace(dtype="bfloat16")
        self.tape.made.append(made)
        self._arrays[made.stamp] = array
        return made

    def _closed(self, closed: Any, arguments: Sequence[Made], group: str) -> list[Made]:
        jaxpr: Jaxpr = getattr(closed, "jaxpr", closed)
        env: dict[Any, Made] = {}
        for var, const in zip(jaxpr.constvars, getattr(closed, "consts", ())):
            env[var] = self._new(jax.numpy.asarray(const), "constant", "", group)
        env |= zip(jaxpr.invars, arguments)

        def state(atom: Any) -> Made:
            if isinstance(atom, Literal):
                literal = jax.numpy.asarray(atom.val, atom.aval.dtype)
                return self._new(literal, "constant", "", group)
            return env[atom]
        for equation in jaxpr.eqns:
            operands = [state(atom) for atom in equation.invars]
            results = self._equation(equation, operands, _path(group, _modules(equation)))
            env |= zip(equation.outvars, results)
        return [state(atom) for atom in jaxpr.outvars]

    # ---- Equations

    def _equation(self, equation: Any, operands: list[Made], group: str) -> list[Made]:
        name, params = equation.primitive.name, equation.params
        if name in SAME or name == "convert_element_type" and \
                params["new_dtype"] == self._arrays[operands[0].stamp].dtype:
            return operands      # nothing is computed
        if name in INLINE:
            closed, before = params.get("jaxpr") or params["call_jaxpr"], self._caller
            title = str(params.get("name", "checkpoint" if name in AGAIN else name))
            inner = group if title.startswith("_") else _path(group, title)
            if not self.lines.knows(closed):       # JAX's own: it stands where it is called
                self._caller = before or equation
            elif equation is not self._whole:      # f itself needs no frame
                inner = self._scope(group, _function_name(closed), "computed again in the backward "
                                    "pass" if name in AGAIN else "jit")
            results = self._closed(closed, operands, inner)
            self._caller = before
            if before is None and results and results[0].kind == "value":
                self.lines.bind(equation, results[0].stamp)
            return results
        if name == "cond":
            branch = int(self._arrays[operands[0].stamp])
            ways = params["branches"]
            branch = min(max(branch, 0), len(ways) - 1)
            said = f"was {bool(branch)}" if len(ways) == 2 else \
                f"branch {branch} of 0 … {len(ways) - 1}"
            return self._closed(ways[branch], operands[1:], self._scope(group, "cond", said))
        if name == "scan" and params["length"] <= STEPS:
            return self._scan(equation, operands, group)
        if name == "while":
            done = self._while(params, operands, group)
            if done is not None:
                return done
        if name.startswith(RULED) and self._opens(equation):
            return self._ruled(equation, operands, group)
        return self._call(equation, operands, group)

    def _scan(self, equation: Any, operands: list[Made], group: str) -> list[Made]:
        """The steps of a scan, each a group of its own: scan/0, scan/1 ..."""
        params = equation.params
        fixed, carried = params["num_consts"], params["num_carry"]
        consts, carry = operands[:fixed], operands[fixed:fixed + carried]
        each = operands[fixed + carried:]
        steps = list(range(params["length"]))
        rows: dict[int, list[Made]] = {}
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

    def _while(self, params: Any, operands: list[Made], group: str) -> list[Made] | None:
        """The passes of a loop, each a group of its own; None where there are too many."""
        tests, fixed = params["cond_nconsts"], params["body_nconsts"]
        test, consts = operands[:tests], operands[tests:tests + fixed]
        carry = operands[tests + fixed:]

        def goes_on(state: Sequence[Any], arrays: Sequence[Any]) -> bool:
            return bool(jaxpr_as_fun(params["cond_jaxpr"])(*arrays, *state)[0])
        arrays = [self._arrays[m.stamp] for m in carry]
        fix = [self._arrays[m.stamp] for m in consts]
        of_test = [self._arrays[m.stamp] for m in test]
        n, state = 0, arrays
        while goes_on(state, of_test):             # first without recording: how many are there?
            state = jaxpr_as_fun(params["body_jaxpr"])(*fix, *state)
            n += 1
            if n > STEPS:
                return None
        scope = self._scope(group, "while", f"{n} pass{'es' * (n != 1)}")
        for i in range(n):
            carry = self._closed(params["body_jaxpr"], [*consts, *carry], f"{scope}/{i}")
        return carry

    def _scope(self, group: str, title: str, said: str) -> str:
        """The path of a scope that has a frame in any picture; a second one of its name counts on.
        """
        path, n = _path(group, title), 1
        while path in self._scopes:
            n += 1
            path = _path(group, f"{title} {n}")
        self._scopes[path] = said
        return path

    def _opens(self, equation: Any) -> bool:
        """Whether a function with a derivative of its own is the user's, and computes its results.
        """
        closed = equation.params.get("call_jaxpr")
        jaxpr = getattr(closed, "jaxpr", closed)
        made = {var for one in getattr(jaxpr, "eqns", ()) for var in one.outvars}
        return bool(made) and self.lines.knows(closed) and all(
            not isinstance(atom, Literal) and atom in made for atom in jaxpr.outvars)

    def _ruled(self, equation: Any, operands: list[Made], group: str) -> list[Made]:
        """A custom_vjp or custom_jvp: what it computes, and its own rule for what goes back.

        What the rule sends an operand stands on the edge to its first use; within there are no
        gradients.
        """
        title = told(equation.primitive.name, equation.params)[0]
        before, made = len(self._steps), len(self.tape.made)
        results = self._closed(equation.params["call_jaxpr"], operands,
                               self._scope(group, title, "with a derivative of its own"))
        del self._steps[before:]                   # their derivatives are not asked for
        calls = list({id(m.call): m.call for m in self.tape.made[made:] if m.call}.values())
        by = tuple(i for i, m in enumerate(operands) if m.differentiable)
        arrays, vjp = self._vjp(_binding(equation), operands, by)
        whole = Call(title, tuple(operands))
        whole.outputs.extend(results)
        ways: list[tuple[Call, int]] = []
        for i in by:             # an operand that is given twice has two of its uses
            ways.append(next(((call, k) for call in calls for k, m in enumerate(call.args)
                              if m is operands[i] and (call, k) not in ways), (whole, i)))
        self._steps.append(Step(whole, vjp, by, arrays, False, tuple(ways)))
        return results

    def _call(self, equation: Any, operands: list[Made], group: str) -> list[Made]:
        """One equation as one call: a primitive, or a function with a derivative of its own."""
        primitive, params = equation.primitive, equation.params
        bind = _binding(equation)
        name, written = told(primitive.name, params)
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

    def _function(self, name: str, operands: tuple[Made, ...], f: Any, group: str, params: str = ""
                  ) -> Made:
        return self._record(name, list(operands), f, group, params, None)[0]

    def _record(self, name: str, operands: list[Made], f: Callable[..., Any], group: str,
                params: str, equation: Any, shown: Sequence[Made] = ()) -> list[Made]:
        """Run a function of arrays, and remember how a cotangent goes back. shown: operands that
        are drawn, and not given to it."""
        by = tuple(i for i, m in enumerate(operands) if m.differentiable) \
            if name != "stop_gradient" else ()
        results, vjp = self._vjp(f, operands, by)
        stated = attributes(equation.params) if equation is not None and not shown else params
        call = Call(name, (*operands, *shown), params, stated, False, group)
        for array in results:
            made = self._new(array, "value", "", group)
            made.call = call
            made.differentiable = made.differentiable and bool(by)
            call.outputs.append(made)
            if equation is not None:
                self.lines.note(self._caller or equation, made.stamp, self._caller is None)
        simple = not params and results[0].size <= LOCALS and elementwise(name, len(call.args))
        self._steps.append(Step(call, vjp, by, results, simple, tuple([(call, i) for i in by])))
        return call.outputs

    def _vjp(self, f: Callable[..., Any], operands: Sequence[Made], by: Sequence[int]
             ) -> tuple[tuple[Any, ...], Any]:
        """The results of a function of arrays, and how cotangents go back to some operands."""
        arrays = [self._arrays[m.stamp] for m in operands]

        def some(*moving: Any) -> tuple[Any, ...]:
            given = list(arrays)
            for i, x in zip(by, moving):
                given[i] = x
            out = f(*given)
            return tuple(out) if isinstance(out, (list, tuple)) else (out,)
        return jax.vjp(some, *(arrays[i] for i in by)) if by else (some(), None)

    # ---- Backward

    def backward(self) -> None:
        """One backward pass from ones at the outputs: grads and contributions onto the tape."""
        cotangents: dict[int, Any] = {}
        for made in self.tape.outputs:
            if made.differentiable:
                cotangents[made.stamp] = jax.numpy.ones_like(self._arrays[made.stamp])
        for step in reversed(self._steps):
            outputs = step.call.outputs
            if step.vjp is None or not any(m.stamp in cotangents for m in outputs):
                continue
            given = tuple(_cotangent(cotangents.get(m.stamp), array)
                          for m, array in zip(outputs, step.arrays))
            for i, c, (call, way) in zip(step.by, step.vjp(given), step.ways):
                operand = step.call.args[i]
                old = cotangents.get(operand.stamp)
                cotangents[operand.stamp] = c if old is None else old + c
                call.sent[way] = value(np.asarray(_plain(c)))
            if step.simple:
                ones = step.vjp((jax.numpy.ones_like(step.arrays[0]),))
                local: list[Value | None] = [None] * len(step.call.args)
                for i, x in zip(step.by, ones):
                    local[i] = value(np.asarray(_plain(x)))
                step.call.local = tuple(local)
        for made in self.tape.made:
            if made.stamp in cotangents:
                made.grad = value(np.asarray(_plain(cotangents[made.stamp])))
            elif made.kind == "input" and made.differentiable:
                made.grad = value(np.zeros(made.data.shape, made.data.dtype))
        self.tape.graded = True


def _cotangent(found: Any, array: Any) -> Any:
    """What goes back from a result: zeros where nothing has arrived."""
    if found is not None:
        return found
    if jax.numpy.issubdtype(array.dtype, np.inexact):
        return jax.numpy.zeros_like(array)
    return np.zeros(array.shape, jax.dtypes.float0)


def _plain(array: Any) -> Any:
    """An array that numpy knows: bfloat16 as float32, a key as its words."""
    if jax.numpy.issubdtype(array.dtype, jax.dtypes.prng_key):
        return jax.random.key_data(array)
    return array.astype("float32") if array.dtype == jax.numpy.bfloat16 else array


def _binding(equation: Any) -> Callable[..., Any]:
    """An equation as a function of arrays."""
    bound = equation.primitive.get_bind_params(equation.params)
    subfuns, rest = bound if isinstance(bound, tuple) else ((), bound)         # before JAX 0.9: two
    return lambda *arrays: equation.primitive.bind(*subfuns, *arrays, **rest)


def _path(group: str, title: str) -> str:
    return "/".join(filter(None, (group, title)))


def _modules(equation: Any) -> str:
    """The modules of flax's or equinox's that an equation stands in, and other named scopes, as a
    path: MLP/Dense_0."""
    stack = getattr(equation.source_info.name_stack, "stack", ())
    names = [str(one.name) for one in stack if type(one).__name__ == "Scope"]
    return "/".join(name.rpartition(".")[2] for name in names if NAMED.fullmatch(name))


def _function_name(closed: Any) -> str:
    """What the function is called that was made to a jaxpr."""
    info = getattr(getattr(closed, "jaxpr", closed), "debug_info", None)
    return str(getattr(info, "func_src_info", None) or "").partition(" at ")[0]


def named(name: str) -> str:
    """What a primitive is called elsewhere: dot_general is matmul."""
    return NAMES.get(name, name)


def told(name: str, params: Any) -> tuple[str, str]:
    """What an equation is called, and its parameters as they are written."""
    if name.startswith(RULED):   # by the name of the function
        return _function_name(params.get("call_jaxpr")) or name, ""
    if name in BRIEF:            # what else there is shows in the shapes
        return named(name), ", ".join(_text(params[key]) for key in BRIEF[name])
    shown = {key: x for key, x in params.items() if key not in UNSAID and key != "weak_type"
             and isinstance(x, (int, float, str, tuple, np.dtype)) and x not in ((), "")}
    if name == "reduce_sum" and not params.get("axes"):
        shown = {}
    return named(name), ", ".join(f"{key}={_text(x)}" for key, x in shown.items())


def _text(x: Any) -> str:
    """A parameter, as it is written: numpy's numbers as numbers, (1,) as it is."""
    if isinstance(x, (tuple, list)):
        return f"({', '.join(map(_text, x))}{',' * (len(x) == 1)})"
    return str(x)


def attributes(params: Any) -> str:
    """The parameters of an equation, whole: equal texts, equal parameters. Functions are not told.
    """
    told = {key: _text(x) for key, x in params.items() if x is not None and key not in UNSAID
            and not callable(x) and not hasattr(getattr(x, "jaxpr", x), "eqns")}
    return ", ".join(f"{key}={x}" for key, x in told.items() if " at 0x" not in x and "\n" not in x)
