"""Random programs of JAX's, and what is known of them by other means than ours."""

import jax
import jax.numpy as jnp
import numpy as np

FITS = {"broadcast_in_dim", "reshape", "squeeze", "convert_element_type", "transpose", "copy"}


@jax.custom_vjp
def ruled(a, b):
    return jnp.sin(a) * b


ruled.defvjp(lambda a, b: (ruled(a, b), (a, b)),
             lambda kept, g: (g * jnp.cos(kept[0]) * kept[1], g * jnp.sin(kept[0]) * 0.5))


@jax.custom_jvp
def pushed(a, b):
    return jnp.tanh(a) * b


@pushed.defjvp
def _pushed(primals, tangents):                    # sends a two terms
    (a, b), (da, db) = primals, tangents
    y = jnp.tanh(a)
    return y * b, (1 - y * y) * da * b + y * db + 0.1 * da


@jax.custom_jvp
def rounded(a):
    return jnp.round(a)


rounded.defjvp(lambda primals, tangents: (rounded(primals[0]), tangents[0]))   # straight through


@jax.checkpoint
def kept(a, b):
    return jnp.sin(a * b) * a + b


@jax.jit
def jitted(a, b):
    return jnp.exp(-a * a) * b + a


def scanned(a, b):
    c, rows = jax.lax.scan(lambda c, r: (jnp.tanh(c @ b + r + c), c * r), a,
                           jnp.stack([a, b, a * b]))
    return c + rows.sum(0)


def reverse(a, b):
    c, rows = jax.lax.scan(lambda c, r: (jnp.sin(c * b[0]) + r * a[1], c * b[1]), a[0], b,
                           reverse=True)
    return rows + c


PLAIN = [
    lambda a, b: a + b, lambda a, b: a * b, lambda a, b: jnp.sin(a), lambda a, b: jnp.tanh(a @ b),
    lambda a, b: a.T, lambda a, b: jnp.maximum(a, b), lambda a, b: jnp.where(a > b, a, b),
    lambda a, b: jnp.concatenate([a, b])[:3], lambda a, b: jax.lax.stop_gradient(a) * b]
FITTED = [                       # operands and results that do not fit as they are
    lambda a, b: a * b[0], lambda a, b: a - a.mean(-1, keepdims=True),
    lambda a, b: a[:, None, 0] + b, lambda a, b: a / (2 + b.var(0)), lambda a, b: 0.5 * (a > b) * a,
    lambda a, b: jax.vmap(lambda u, v: jnp.dot(u, v) * u)(a, b), lambda a, b: jnp.clip(a, -1, b[0])]
RICH = [
    lambda a, b: jax.nn.softmax(a), lambda a, b: jax.nn.log_softmax(a) * b, lambda a, b: a - 0.5,
    lambda a, b: jax.nn.logsumexp(a, axis=0) * b, lambda a, b: jax.nn.relu(a),
    lambda a, b: jax.nn.gelu(a) - jax.nn.silu(b), ruled, pushed, lambda a, b: rounded(a) * b, kept,
    jitted, scanned, reverse, lambda a, b: a @ a * 0.1, lambda a, b: jnp.cumsum(a, 0) * 0.3,
    lambda a, b: jax.lax.fori_loop(0, 3, lambda i, c: jnp.sin(c) * b + c, a),
    lambda a, b: jax.lax.cond(a.sum() > 0, lambda a, b: jnp.sin(a) * b + a, lambda a, b: a * a - b,
                              a, b),
    lambda a, b: jax.grad(lambda t: jnp.sum(jnp.sin(t) * t * b))(a)]


def assert_equal(found, wanted):
    """To the last bit; of a JAX before 0.10, whose terms came in another order, nearly."""
    if jax.__version_info__ >= (0, 10):
        np.testing.assert_array_equal(found, np.ravel(wanted))
    else:
        np.testing.assert_allclose(found, np.ravel(wanted), 1e-9, 1e-12)


def program(seed, steps=PLAIN, n=20):
    """A random program of two arrays, made of n steps, and its arguments."""
    rng = np.random.default_rng(seed)
    drawn = [tuple(int(n) for n in rng.integers([len(steps), 100, 100])) for _ in range(n)]

    def f(x, y):
        values = [x, y]
        for kind, i, j in drawn:
            values.append(steps[kind](values[i % len(values)], values[j % len(values)]))
        return sum(v.mean() for v in values)
    x, y = jnp.asarray(rng.normal(size=(3, 3))), jnp.asarray(rng.normal(size=(3, 3)))
    return f, x, y


def counted(closed, arrays):
    """How many ops, and how many operands of theirs, lead to a jaxpr's result: by hand.

    Evaluated with JAX's own interpreter, an equation at a time; what is called is gone through, as
    is what does no more than fit an operand: a broadcast, a reshape, a conversion.
    """
    made = []                    # per op: the numbers of the ops its operands come from, or None

    def take(row, i):
        made.append([row[1]])
        return row[0][i], len(made) - 1

    def stack(rows):
        made.append([by for _, by in rows])
        return jnp.stack([x for x, _ in rows]), len(made) - 1

    def walk(jaxpr, consts, given):
        env = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*((c, None) for c in consts), *given]))

        def read(atom):
            return (atom.val, None) if hasattr(atom, "val") else env[atom]
        for eqn in jaxpr.eqns:
            inputs = [read(atom) for atom in eqn.invars]
            name, params = eqn.primitive.name, eqn.params
            if name in ("jit", "pjit", "cond"):
                inner = params["branches"][int(inputs.pop(0)[0])] if name == "cond" else \
                    params["jaxpr"]
                outs = walk(inner.jaxpr, inner.consts, inputs)
            elif name == "while":
                k, n = params["cond_nconsts"], params["body_nconsts"]
                (test, body), outs = (params["cond_jaxpr"], params["body_jaxpr"]), inputs[k + n:]
                while jax.core.eval_jaxpr(test.jaxpr, test.consts, *(x for x, _ in inputs[:k]),
                                          *(x for x, _ in outs))[0]:
                    outs = walk(body.jaxpr, body.consts, [*inputs[k:k + n], *outs])
            elif name == "scan":
                k, n, each = params["num_consts"], params["num_carry"], []
                carry, rows = inputs[k:k + n], inputs[k + n:]
                for i in range(params["length"]):
                    given = [take(row, i) for row in rows]
                    outs = walk(params["jaxpr"].jaxpr, params["jaxpr"].consts,
                                [*inputs[:k], *carry, *given])
                    carry, outs = outs[:n], outs[n:]
                    each.append(outs)
                outs = [*carry, *map(stack, zip(*each))]
            else:
                bound = eqn.primitive.get_bind_params(params)
                subfuns, rest = bound if isinstance(bound, tuple) else ((), bound)
                out = eqn.primitive.bind(*subfuns, *(x for x, _ in inputs), **rest)
                out = out if eqn.primitive.multiple_results else [out]
                if name in FITS:
                    env[eqn.outvars[0]] = out[0], inputs[0][1]
                    continue
                made.append([by for _, by in inputs])
                if name in ("integer_pow", "square"):
                    made[-1].append(None)          # its exponent is drawn
                outs = [(x, len(made) - 1) for x in out]
            env |= zip(eqn.outvars, outs)
        return [read(atom) for atom in jaxpr.outvars]
    waiting = [by for _, by in walk(closed.jaxpr, closed.consts, [(x, None) for x in arrays])]
    seen = set()
    while waiting:
        if (by := waiting.pop()) is not None and by not in seen:
            seen.add(by)
            waiting += made[by]
    return len(seen), sum(len(made[by]) for by in seen)
