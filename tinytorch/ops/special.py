"""Special functions: error function, gamma, normal distribution; values by numpy and math."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.op import Op, apply
from ..core.singularities import AT_ONES, POLES_OF_GAMMA, Singularity, first
from ..core.tensor import float64

_inf = float("inf")


def each(function: Callable[[float], float]) -> Callable[[Any], Any]:
    """Make a function of one plain number work on arrays, element by element (a decorator)."""
    over = np.frompyfunc(function, 1, 1)

    def value(x: Any) -> Any:
        if x.__class__ is float64:
            return float64(function(x))
        return np.asarray(over(x)).astype(x.dtype if x.dtype.kind == "f" else float64)[()]
    return value


class Erf(Op):
    """The error function, 2/sqrt(pi) times the integral of exp(-t*t) from 0 to x."""
    value = each(math.erf)
    steep = True
    local = (lambda z, x: float64(2/np.sqrt(np.pi))*np.exp(-x*x),)


class Erfc(Op):
    """1 - erf(x), exact where it is small."""
    value = each(math.erfc)
    local = (lambda z, x: float64(-2/np.sqrt(np.pi))*np.exp(-x*x),)


def _erfcx(x: float) -> float:
    """exp(x*x)*erfc(x). Beyond 9 the asymptotic series (Abramowitz and Stegun 7.1.23)."""
    if x < 9.0:
        if x < -26.62:
            return math.inf
        high = float(np.float32(x))                  # x*x = high*high + rest, both exact to the bit
        return math.exp(high*high)*math.exp((x - high)*(x + high))*math.erfc(x)
    t = term = 1.0
    for n in range(1, 30):
        term *= -(2*n - 1)/(2*x*x)
        t += term
        if abs(term) < 1e-17:
            break
    return t/(x*math.sqrt(math.pi))


class Erfcx(Op):
    """exp(x*x)*erfc(x), without overflow for large x."""
    value = each(_erfcx)
    local = (lambda z, x: 2*x*z - float64(2/np.sqrt(np.pi)),)


def _erfinv(y: float) -> float:
    """Giles' approximation (2010) and two steps of Halley, on erfc in the tails."""
    if not -1 < y < 1:
        return math.copysign(math.inf, y) if abs(y) == 1 else math.nan
    if y == 0:
        return y
    w = -math.log1p(-y*y)
    s = 2/(math.pi*0.147) - w/2
    x = math.copysign(math.sqrt(math.sqrt(s*s + w/0.147) - s), y)     # Winitzki's start, 2e-3
    for _ in range(4):
        if abs(y) < 0.5:
            error = math.erf(x) - y
        else:
            error = math.copysign(1.0, y)*((1 - abs(y)) - math.erfc(abs(x)))
        step = error/(2/math.sqrt(math.pi)*math.exp(-x*x))
        x -= step/(1 + x*step)
    return x


class Erfinv(Op):
    """The inverse of erf, for x in (-1, 1); infinite at its ends."""
    value, risky, domain = each(_erfinv), True, (-1.0, 1.0)
    singularities = AT_ONES
    local = (lambda z, y: float64(np.sqrt(np.pi)/2)*np.exp(z*z),)


def _log_gamma(x: float) -> float:
    if x <= 0 and x == math.floor(x):
        return math.inf
    return math.lgamma(x)


def _gamma(x: float) -> float:
    if x == 0:
        return math.copysign(math.inf, x)
    if x < 0 and x == math.floor(x):
        return math.nan
    try:
        return math.gamma(x)
    except OverflowError:
        return math.inf


# The asymptotic series of digamma: B_2k/(2k) (Abramowitz and Stegun 6.3.18).
_BERNOULLI = (1/6, -1/30, 1/42, -1/30, 5/66, -691/2730, 7/6, -3617/510, 43867/798, -174611/330)


def _digamma(x: float) -> float:
    """Return digamma: recurrence to x >= 10, the asymptotic series; reflection for negative x."""
    if x != x or x == math.inf:
        return x
    if x <= 0 and x == math.floor(x):
        return math.copysign(math.inf, -x) if x == 0 else math.nan
    total = 0.0
    if x < 0:
        fraction = x - math.floor(x)
        return _digamma(1 - x) - math.pi/math.tan(math.pi*fraction)
    if abs(x - _ROOT) < 0.3:                         # cancellation loses digits near its root
        return _near_root(x)
    while x < 10:
        total -= 1/x
        x += 1
    y, power, series = 1/(x*x), 1.0, 0.0
    for k, b in enumerate(_BERNOULLI, 1):
        power *= y
        series += b/(2*k)*power
    return total + math.log(x) - 0.5/x - series


_ROOT, _ROOT_REST = 1.4616321449683622, 9.549995429965697e-17         # digamma(_ROOT + rest) = 0


def _near_root(x: float) -> float:
    """digamma by its Taylor series at the root, of polygammas there."""
    d, total, power = (x - _ROOT) - _ROOT_REST, 0.0, 1.0
    for n in range(1, 40):
        power *= d
        if n > len(_SERIES):
            _SERIES.append(_polygamma(n, _ROOT)/math.factorial(n))
        term = _SERIES[n - 1]*power
        total += term
        if abs(term) < 1e-18*abs(total):
            break
    return total


_SERIES: list[float] = []


def _polygamma(n: int, x: float) -> float:
    """(-1)^(n+1) n! zeta(n+1, x), Hurwitz's zeta by recurrence and Euler-Maclaurin."""
    if n == 0:
        return _digamma(x)
    if x <= 0 and x == math.floor(x):
        return math.inf if n % 2 else math.nan
    if abs(x) < 1e-100:                              # n!/x^(n+1) overflows
        return math.inf if n % 2 else -math.copysign(math.inf, x)
    if x < 0:                                        # down the recurrence psi(x) = psi(x+1) + ...
        total, sign = 0.0, (-1)**(n + 1)*math.factorial(n)
        while x < 0:
            total += sign/x**(n + 1)
            x += 1
        return total + _polygamma(n, x)
    s, total = n + 1, 0.0
    while x < 10 + n:
        total += x**-s
        x += 1
    total += x**(1 - s)/(s - 1) + 0.5*x**-s
    rising, power = float(s), x**(-s - 1)
    for k, b in enumerate(_BERNOULLI, 1):
        total += b/math.factorial(2*k)*rising*power
        rising *= (s + 2*k - 1)*(s + 2*k)
        power /= x*x
    return math.factorial(n)*(total if n % 2 else -total)


class GammaLn(Op):
    """The logarithm of abs(gamma(x)); inf at 0, -1, -2 ..."""
    aliases = ("lgamma", "loggamma")
    value, domain = each(_log_gamma), (0.0, _inf)
    singularities = POLES_OF_GAMMA
    local = (lambda z, x: Digamma.of(x),)


class Gamma(Op):
    """The gamma function: (x - 1)! for whole x; nan at -1, -2 ..."""
    symbol = "Γ"
    value, domain = each(_gamma), (0.0, _inf)
    singularities = POLES_OF_GAMMA
    local = (lambda z, x: z*Digamma.of(x),)


class Digamma(Op):
    """The derivative of gammaln."""
    aliases, symbol = ("psi",), "ψ"
    value, domain = each(_digamma), (0.0, _inf)
    singularities = POLES_OF_GAMMA
    local = (lambda z, x: Polygamma.of(x, n=1),)


class Polygamma(Op):
    """The n-th derivative of digamma; polygamma(n, x) with whole n."""
    notation = lambda n: f"polygamma({n}, {{0}})"
    value, domain = (lambda x, n: each(lambda t: _polygamma(n, t))(x)), (0.0, _inf)
    singularities = POLES_OF_GAMMA
    local = (lambda z, x, n: Polygamma.of(x, n=n + 1),)
    call = lambda n, x: apply(Polygamma, x, n=int(n))
    samples = ((np.array(1), [0.3, 1.2, 4.5]), (np.array(2), [0.3, 1.2, 4.5]))


class Logit(Op):
    """log(x/(1 - x)), the inverse of sigmoid, for x in (0, 1)."""
    value, risky, domain = (lambda x: np.log(x) - np.log1p(-x)), True, (0.0, 1.0)
    singularities = (Singularity(lambda a, **_: a * (1.0 - a), "logit of 0 or 1", pole=True),)
    undefined = "logit beyond 0 and 1"
    local = (lambda z, x: 1/(x*(1 - x)),)


def _entr(x: Any) -> Any:
    inside = -x*np.log(np.where(x > 0, x, 1.0))
    return np.where(x > 0, inside, np.where(x == 0, 0.0, np.where(x < 0, -np.inf, x)))


class Entr(Op):
    """-x*log(x), 0 at 0, -inf below: the entropy of a probability."""
    value, risky, domain = _entr, True, (0.0, _inf)
    singularities = (Singularity(first, "log of 0"),)
    local = (lambda z, x: -np.log(x) - 1,)


class Ndtr(Op):
    """The distribution function of the normal distribution."""
    value = each(lambda x: 0.5*math.erfc(-x*math.sqrt(0.5)))
    local = (lambda z, x: float64(1/np.sqrt(2*np.pi))*np.exp(-0.5*x*x),)


def _log_ndtr(x: float) -> float:
    if x > -1:
        return math.log1p(-0.5*math.erfc(x*math.sqrt(0.5)))
    return math.log(0.5*_erfcx(-x*math.sqrt(0.5))) - 0.5*x*x


class LogNdtr(Op):
    """log(ndtr(x)), exact in the lower tail."""
    name = "log_ndtr"
    value = each(_log_ndtr)
    local = (lambda z, x: float64(np.sqrt(2/np.pi))/Erfcx.of(x*float64(-np.sqrt(0.5))),)


def _ndtri(p: float) -> float:
    if not 0 <= p <= 1:
        return math.nan
    if p < 0.02425:
        return -_lower_quantile(p)
    return math.sqrt(2)*_erfinv(2*p - 1)


def _lower_quantile(p: float) -> float:
    """-ndtri(p) for small p: Newton on log_ndtr, which is nearly a parabola there."""
    if p == 0:
        return math.inf
    x = -math.sqrt(-2*math.log(p))
    for _ in range(60):
        f = _log_ndtr(x) - math.log(p)
        step = f*_erfcx(-x*math.sqrt(0.5))*math.sqrt(math.pi/2)
        x -= step
        if abs(step) < 1e-15*abs(x):
            break
    return -x


class Ndtri(Op):
    """The inverse of ndtr: the normal distribution's quantile, for x in (0, 1)."""
    value, risky, domain = each(_ndtri), True, (0.0, 1.0)
    local = (lambda z, p: float64(np.sqrt(2*np.pi))*np.exp(0.5*z*z),)
