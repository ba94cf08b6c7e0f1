"""PyTorch's OpInfo names, and how to call ours with their samples."""

import numpy as np

import tinytorch as tt


class Unmapped(Exception):
    """A sample that asks for something tinytorch leaves out; says what."""


def renamed(options):
    """PyTorch's keyword names as numpy's."""
    names = {"dim": "axis", "keepdim": "keepdims", "dtype": None, "out": None, "input": None}
    out = {}
    for key, value in options.items():
        if key == "dtype":
            if value is not None and "float64" not in str(value):
                raise Unmapped("another dtype")
            continue
        out[names.get(key, key)] = value
    return out


def same(name):
    """Our function of that name, called as PyTorch's with keywords renamed."""
    def call(*args, **options):
        return getattr(tt, name)(*args, **renamed(options))
    return call


def reduction(name):
    """sum(x, dim, keepdim)."""
    def call(x, axis=None, keepdims=False, **options):
        if isinstance(axis, (list, tuple)):
            axis = tuple(axis) or None
        if not x.ndim:
            axis = None
        return getattr(tt, name)(x, axis, keepdims, **options)
    return lambda *args, **options: call(*args, **renamed(options))


def along(name, default=None):
    """cumsum(x, dim): rank 0 has one axis for PyTorch."""
    def call(x, axis=default, **options):
        f = getattr(tt, name)
        return f(x.reshape(1), axis=0, **options).reshape(()) if not x.ndim else f(
            x, axis=axis, **options)
    return lambda *args, **options: call(*args, **renamed(options))


def extreme(name):
    """max(x), max(x, dim) -> values, max(x, y)."""
    def call(x, axis=None, keepdims=False, **options):
        if isinstance(axis, tt.Tensor):
            return getattr(tt, name + "imum")(x, axis)
        return reduction(name)(x, axis, keepdims)
    return lambda *args, **options: call(*args, **renamed(options))


def variance(name, of_two=False):
    def call(x, axis=None, unbiased=None, correction=None, keepdims=False):
        if isinstance(axis, bool):
            axis, unbiased = None, axis
        if isinstance(axis, (list, tuple)):
            axis = tuple(axis) or None
        if not x.ndim:
            axis = None
        ddof = correction if correction is not None else int(unbiased is None or unbiased)
        out = getattr(tt, name)(x, axis, ddof, keepdims)
        return (out, tt.mean(x, axis, keepdims)) if of_two else out
    return lambda *args, **options: call(*args, **renamed(options))


def norm(x, p="fro", axis=None, keepdims=False):
    if isinstance(axis, (list, tuple)):
        axis = tuple(axis)
    if not x.ndim:
        axis = None
    if p == "nuc" or (axis is not None and len(np.atleast_1d(axis)) == 2 and p in (2, -2)):
        raise Unmapped("singular values")
    return tt.vector_norm(x, axis, keepdims, 2 if p in ("fro", None) else p)


def matrix_norm(x, ord="fro", axis=(-2, -1), keepdims=False):
    if ord in ("nuc", 2, -2):
        raise Unmapped("singular values")
    return tt.norm(x, ord, tuple(axis), keepdims)


def linalg_norm(x, ord=None, axis=None, keepdims=False):
    if axis is None and ord is None:
        return tt.vector_norm(x, None, keepdims)
    if isinstance(axis, (list, tuple)):
        axis = tuple(axis)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if len(axes) == 2 and ord in ("nuc", 2, -2):
        raise Unmapped("singular values")
    return tt.norm(x, ord, axes if len(axes) > 1 else axes[0], keepdims)


def with_alpha(name):
    def call(x, y, alpha=1):
        return getattr(tt, name)(x, y if alpha == 1 else y*alpha)
    return call


def div(x, y, rounding_mode=None):
    z = tt.divide(x, y)
    return z if rounding_mode is None else tt.trunc(z) if rounding_mode == "trunc" else tt.floor(z)


def clamp(x, min=None, max=None):
    return tt.clip(x, min, max)


def addmm(c, a, b, beta=1, alpha=1):
    return c*beta + tt.matmul(a, b)*alpha


def addbmm(c, a, b, beta=1, alpha=1):
    return c*beta + tt.sum(tt.matmul(a, b), 0)*alpha


def addr(c, a, b, beta=1, alpha=1):
    return c*beta + tt.outer(a, b)*alpha


def index_along(x, dim, index, **options):
    if not x.ndim:
        return tt.take(x.reshape(1), index, 0).reshape(())
    return tt.take(x, index, dim)


def gather(x, dim, index):
    if 0 in index.shape:
        raise Unmapped("an empty index of another rank")
    if not x.ndim:
        return x.reshape(1)[np.zeros(np.shape(index.data), int)]
    cut = tuple(slice(None) if i == dim % x.ndim else slice(n)
                for i, n in enumerate(index.shape))
    return tt.take_along_axis(x[cut], index, dim)


def take_along_dim(x, index, dim=None):
    if dim is None:
        return tt.take(x, index).reshape(-1)
    return tt.take_along_axis(x, index, dim)


def pad(x, widths, mode="constant", value=None):
    pairs = [(widths[i], widths[i + 1]) for i in range(0, len(widths), 2)][::-1]
    full = [(0, 0)]*(x.ndim - len(pairs)) + pairs
    if min(map(min, full), default=0) < 0:
        raise Unmapped("negative padding")
    mode = {"replicate": "edge", "circular": "wrap"}.get(mode, mode)
    return tt.pad(x, full, mode, 0 if value is None else value)


def sort(x, dim=-1, descending=False, stable=False):
    if descending:
        return -sort(-x, dim)
    return along("sort")(x, dim)


def median(x, dim=None, keepdim=False):
    if (x.size if dim is None else x.shape[dim] if x.ndim else 1) % 2 == 0:
        raise Unmapped("the lower of two middles: numpy takes their mean")
    return reduction("median")(x, dim, keepdim)


def quantile(x, q, dim=None, keepdim=False, interpolation="linear"):
    if interpolation != "linear":
        raise Unmapped("interpolation other than linear")
    if not x.ndim:
        dim = None
    return tt.quantile(x, q, dim, keepdims=keepdim)


def split(x, size, dim=0):
    if isinstance(size, (list, tuple)):
        return tt.split(x, np.cumsum(size)[:-1].tolist(), dim)
    return tt.split(x, list(range(size, x.shape[dim], size)), dim)


def tensor_split(x, where, dim=0):
    return tt.array_split(x, where.data.tolist() if isinstance(where, tt.Tensor) else where, dim)


def chunk(x, n, dim=0):
    return split(x, -(-x.shape[dim]//n), dim)


def repeat_interleave(x, repeats, dim=None, **options):
    if options.get("output_size") is not None:
        raise Unmapped("output_size")
    return tt.repeat(x.reshape(-1) if not x.ndim else x, repeats, dim)


def repeat(x, *sizes):
    sizes = sizes[0] if sizes and isinstance(sizes[0], (tuple, list)) else sizes
    return tt.tile(x, tuple(sizes))


def expand(x, *sizes):
    sizes = sizes[0] if isinstance(sizes[0], (tuple, list)) else sizes
    lead = len(sizes) - x.ndim
    return tt.broadcast_to(x, [x.shape[i - lead] if n == -1 else n for i, n in enumerate(sizes)])


def unsqueeze(x, dim):
    return tt.expand_dims(x, dim)


def squeeze(x, dim=None):
    if dim is None:
        return tt.squeeze(x)
    dims = dim if isinstance(dim, (tuple, list)) else (dim,)
    return tt.squeeze(x, tuple(d for d in dims if x.ndim and x.shape[d] == 1)) if x.ndim else x


def flatten(x, start_dim=0, end_dim=-1):
    if not x.ndim:
        return x.reshape(1)
    a, b = start_dim % x.ndim, end_dim % x.ndim
    return x.reshape(*x.shape[:a], int(np.prod(x.shape[a:b + 1])), *x.shape[b + 1:])


def diagonal(x, offset=0, dim1=0, dim2=1):
    return tt.diagonal(x, offset, dim1, dim2)


def linalg_diagonal(x, offset=0, dim1=-2, dim2=-1):
    return tt.diagonal(x, offset, dim1, dim2)


def embedding(weight, indices, padding_idx=None, max_norm=None, norm_type=2.0,
              scale_grad_by_freq=False, sparse=False):
    if max_norm is not None or scale_grad_by_freq or sparse:
        raise Unmapped("max_norm, scale_grad_by_freq or sparse")
    return tt.embedding(indices, weight, padding_idx)


def trapezoid(y, x=None, dx=1.0, dim=-1):
    return tt.trapezoid(y, x, dx, dim)


def gradient(x, spacing=1.0, dim=None, edge_order=1):
    if isinstance(spacing, (list, tuple)):
        spacing = [s.data if isinstance(s, tt.Tensor) else s for s in spacing]
        if any(np.ndim(s) and s.dtype.kind == "c" for s in spacing):
            raise Unmapped("complex coordinates")
    else:
        spacing = [spacing]
    spacing = [1.0 if s is None else s for s in spacing]
    out = tt.gradient(x, *spacing, axis=dim, edge_order=edge_order)
    return out if isinstance(out, list) else [out]


def where(x, condition, y):
    return tt.where(condition, x, y)


def masked_fill(x, mask, value):
    return tt.where(mask, value, x)


def bce_logits(x, target, weight=None, pos_weight=None, reduction="mean"):
    return tt.binary_cross_entropy_with_logits(x, target, weight, pos_weight, reduction)


def pool(name):
    def call(x, kernel_size, *args, return_indices=False, **options):
        return getattr(tt, name)(x, kernel_size, *args, **options)
    return call


def softmax(name):
    def call(x, dim, dtype=None, **options):
        renamed({"dtype": dtype})
        return getattr(tt, name)(x.reshape(1), 0).reshape(()) if not x.ndim else getattr(
            tt, name)(x, dim)
    return call


def polygamma(x, n):
    return tt.polygamma(n, x)


def attention(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None,
              enable_gqa=False):
    if dropout_p or enable_gqa:
        raise Unmapped("dropout or grouped heads")
    return tt.scaled_dot_product_attention(q, k, v, attn_mask, 0.0, is_causal, scale)


def swapaxes(x, a, b):
    return tt.swapaxes(x, a, b) if x.ndim else tt.positive(x)


def cosine_similarity(x, y, dim=1, eps=1e-8):
    if not x.ndim:
        raise Unmapped("an axis of a number")
    return tt.cosine_similarity(x, y, dim, eps)


def normalize(x, **options):
    if not x.ndim:
        raise Unmapped("an axis of a number")
    return tt.normalize(x, **options)


def vector_norm(x, ord=2, axis=None, keepdims=False):
    if not x.ndim:
        axis = None
    return tt.vector_norm(x, tuple(axis) if isinstance(axis, list) else axis, keepdims, ord)


def batch_norm(x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    if x.ndim < 2:
        raise Unmapped("a batch without channels")
    return tt.batch_norm(x, mean, var, weight, bias, training, momentum, eps)


def instance_norm(x, running_mean=None, running_var=None, weight=None, bias=None,
                  use_input_stats=True, momentum=0.1, eps=1e-5):
    if not use_input_stats:
        raise Unmapped("running statistics")
    return tt.instance_norm(x, weight, bias, eps)


def leaky(name):
    def call(x, *args, inplace=False, **options):
        return getattr(tt, name)(x, *args, **options)
    return call


def softplus(x, beta=1, threshold=20):
    return tt.softplus(x, beta)


def dropped(x, p=0.5, training=True, inplace=False):
    if training and p not in (0.0, 1.0):
        raise Unmapped("random")
    return tt.dropout(x, p, training)


def logit(x, eps=None):
    return tt.logit(x if eps is None else tt.clip(x, eps, 1 - eps))


def nan_to_num(x, nan=None, posinf=None, neginf=None):
    return tt.nan_to_num(x, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


def cumulative(name):
    def call(x, dim):
        return along(name)(x, dim)
    return call


def rounded(x, decimals=0):
    return tt.round(x, decimals)


def linear(x, weight, bias=None):
    return tt.linear(x, weight, bias)


def logsumexp(x, dim, keepdim=False):
    return reduction("logsumexp")(x, dim, keepdim)


def joined(xs, dim=0):
    if len({x.ndim for x in xs}) > 1:
        raise Unmapped("empty vectors of another rank")
    return tt.concatenate(xs, dim)


def moved(x, a, b):
    if isinstance(a, int):
        return tt.moveaxis(x, a, b)
    a, b = [i % x.ndim for i in a], [i % x.ndim for i in b]
    rest = iter(i for i in range(x.ndim) if i not in a)
    return tt.transpose(x, [a[b.index(i)] if i in b else next(rest) for i in range(x.ndim)])


def covariance(x, correction=1, fweights=None, aweights=None):
    if fweights is not None or aweights is not None:
        raise Unmapped("weights")
    return tt.cov(x, ddof=correction)


def cross(x, y, dim=None):
    if dim is None:
        dim = next(i for i, n in enumerate(x.shape) if n == 3)
    return tt.cross(x, y, axis=dim)


def linalg_cross(x, y, dim=-1):
    x, y = tt.broadcast_arrays(x, y)
    return tt.cross(x, y, axis=dim)


def gelu(x, approximate="none"):
    return tt.gelu(x, approximate)


def narrow(x, dim, start, length):
    start = int(np.asarray(start.data if isinstance(start, tt.Tensor) else start))
    start = start + x.shape[dim] if start < 0 else start
    return x[(slice(None),)*(dim % x.ndim) + (slice(start, start + length),)]


def select(x, dim, index):
    return x[(slice(None),)*(dim % x.ndim) + (index,)]


def unbind(x, dim=0):
    return tt.unstack(x, dim)


def tensordot(x, y, dims=2):
    if x.shape == (1, 1, 1):
        raise Unmapped("contracted axes that broadcast")
    return tt.tensordot(x, y, dims)


def atleast(name):
    def call(*xs):
        if len(xs) == 1 and isinstance(xs[0], (list, tuple)):
            xs = xs[0]
        out = [getattr(tt, name)(x) for x in xs]
        return out[0] if len(out) == 1 else out
    return call


def lerp(x, y, weight):
    return x + (y - x)*weight


def kl_div(x, target, reduction="mean", log_target=False):
    return tt.kl_div(x, target, reduction, log_target)


def getitem(x, index):
    return x[index]


def solve(a, b, left=True):
    if not left:
        t = tt.matrix_transpose
        return t(tt.solve(t(a), t(b)))
    if b.ndim > 1 and b.ndim == a.ndim - 1 and b.shape == a.shape[:-1]:
        return tt.squeeze(tt.solve(a, tt.expand_dims(b, -1)), -1)
    return tt.solve(a, b)


def slogdet(x):
    return tt.slogdet(x)


def cholesky(x, upper=False):
    return tt.cholesky(x, upper)


TABLE = {
    # tier 1
    "abs": same("abs"), "add": with_alpha("add"), "sub": with_alpha("subtract"),
    "mul": same("multiply"), "div|no_rounding_mode": div, "div|trunc_rounding": div,
    "div|floor_rounding": div, "true_divide": div, "pow": same("power"),
    "float_power": same("float_power"), "remainder": same("remainder"), "neg": same("negative"),
    "positive": same("positive"), "rsub": lambda x, y, alpha=1: y - x*alpha,
    "__radd__": lambda x, y: y + x, "__rmul__": lambda x, y: y*x, "__rsub__": lambda x, y: y - x,
    "__rdiv__": lambda x, y: y/x, "__rpow__": lambda x, y: y**x, "__rmod__": lambda x, y: y % x,
    "__rmatmul__": lambda x, y: y @ x, "__getitem__": getitem,
    "reciprocal": same("reciprocal"), "rsqrt": lambda x: 1/tt.sqrt(x), "sqrt": same("sqrt"),
    "square": same("square"), "exp": same("exp"), "exp2": same("exp2"), "expm1": same("expm1"),
    "log": same("log"), "log2": same("log2"), "log10": same("log10"), "log1p": same("log1p"),
    "sin": same("sin"), "cos": same("cos"), "tan": same("tan"), "asin": same("arcsin"),
    "acos": same("arccos"), "atan": same("arctan"), "atan2": same("arctan2"),
    "sinh": same("sinh"), "cosh": same("cosh"), "tanh": same("tanh"), "hypot": same("hypot"),
    "sign": same("sign"), "sgn": same("sign"), "floor": same("floor"), "ceil": same("ceil"),
    "trunc": same("trunc"), "frac": lambda x: x - tt.trunc(x),
    "round": rounded, "round|decimals_0": rounded, "round|decimals_3": rounded,
    "round|decimals_neg_3": rounded, "maximum": same("maximum"), "minimum": same("minimum"),
    "max|binary": same("maximum"), "min|binary": same("minimum"), "where": where,
    "clamp": clamp, "clamp_min": lambda x, m: tt.clip(x, m, None),
    "clamp_max": lambda x, m: tt.clip(x, None, m), "sum": reduction("sum"),
    "mean": reduction("mean"), "amax": reduction("max"), "amin": reduction("min"),
    "max|reduction_no_dim": extreme("max"), "max|reduction_with_dim": extreme("max"),
    "min|reduction_no_dim": extreme("min"), "min|reduction_with_dim": extreme("min"),
    "prod": reduction("prod"), "var": variance("var"), "std": variance("std"),
    "var|unbiased": variance("var"), "std|unbiased": variance("std"),
    "var_mean": variance("var", True), "std_mean": variance("std", True),
    "var_mean|unbiased": variance("var", True), "std_mean|unbiased": variance("std", True),
    "cumsum": along("cumsum"), "logsumexp": logsumexp,
    "norm": lambda *a, **k: norm(*a, **renamed(k)), "norm|fro": lambda *a, **k: norm(
        *a, **renamed(k)), "norm|inf": lambda *a, **k: norm(*a, **renamed(k)),
    "linalg.vector_norm": lambda *a, **k: vector_norm(*a, **renamed(k)),
    "reshape": lambda x, s: tt.reshape(x, s), "reshape_as": lambda x, y: tt.reshape(x, y.shape),
    "view": lambda x, s: tt.reshape(x, s), "view_as": lambda x, y: tt.reshape(x, y.shape),
    "view_copy": lambda x, s: tt.reshape(x, s), "ravel": same("ravel"), "flatten": flatten,
    "transpose": swapaxes, "transpose_copy": swapaxes,
    "permute": lambda x, dims: tt.transpose(x, tuple(dims)),
    "permute_copy": lambda x, dims: tt.transpose(x, tuple(dims)), "t": lambda x: tt.transpose(x),
    "t_copy": lambda x: tt.transpose(x), "T": lambda x: x.T, "H": lambda x: x.T,
    "mT": same("matrix_transpose"), "mH": same("matrix_transpose"),
    "movedim": moved,
    "squeeze": squeeze, "squeeze|multiple": squeeze, "squeeze_copy": squeeze,
    "unsqueeze": unsqueeze, "unsqueeze_copy": unsqueeze, "broadcast_to": same("broadcast_to"),
    "broadcast_tensors": lambda *xs: tt.broadcast_arrays(*xs), "expand": expand,
    "expand_copy": expand, "expand_as": lambda x, y: tt.broadcast_to(x, y.shape),
    "cat": joined,
    "stack": lambda xs, dim=0: tt.stack(xs, dim), "hstack": same("hstack"),
    "vstack": same("vstack"), "dstack": same("dstack"), "column_stack": same("column_stack"),
    "dot": same("dot"), "vdot": same("vdot"), "inner": same("inner"), "outer": same("outer"),
    "trace": same("trace"), "matmul": same("matmul"), "mm": same("matmul"), "bmm": same("matmul"),
    "mv": same("matmul"), "addmm": addmm, "addmm|decomposed": addmm, "addmv": addmm,
    "baddbmm": addmm, "addbmm": addbmm, "addr": addr,
    "addcmul": lambda x, a, b, value=1: x + value*(a*b),
    "addcdiv": lambda x, a, b, value=1: x + value*(a/b), "clone": lambda x, **k: tt.positive(x),
    "lerp": lerp, "nn.functional.relu": leaky("relu"),
    "nn.functional.leaky_relu": leaky("leaky_relu"), "sigmoid": same("sigmoid"),
    "nn.functional.softplus": softplus, "nn.functional.gelu": gelu,
    "nn.functional.silu": leaky("silu"), "softmax": softmax("softmax"),
    "softmax|with_dtype": softmax("softmax"), "log_softmax": softmax("log_softmax"),
    "log_softmax|with_dtype": softmax("log_softmax"),
    "nn.functional.softmin": softmax("softmin"),
    "nn.functional.softmin|with_dtype": softmax("softmin"),
    "nn.functional.cross_entropy": same("cross_entropy"),
    "nn.functional.mse_loss": same("mse_loss"),
    "nn.functional.l1_loss": same("l1_loss"), "nn.functional.linear": linear,
    # tier 2
    "asinh": same("arcsinh"), "acosh": same("arccosh"), "atanh": same("arctanh"),
    "sinc": same("sinc"), "logaddexp": same("logaddexp"), "logaddexp2": same("logaddexp2"),
    "fmod": same("fmod"), "copysign": same("copysign"), "deg2rad": same("deg2rad"),
    "rad2deg": same("rad2deg"), "fmax": same("fmax"), "fmin": same("fmin"),
    "nextafter": same("nextafter"), "ldexp": lambda x, n: x*tt.exp2(n), "xlogy": same("xlogy"),
    "special.xlog1py": same("xlog1py"), "special.entr": same("entr"), "erf": same("erf"),
    "erfc": same("erfc"), "erfinv": same("erfinv"), "special.erfcx": same("erfcx"),
    "lgamma": same("gammaln"), "digamma": same("digamma"),
    "polygamma|polygamma_n_0": polygamma, "polygamma|polygamma_n_1": polygamma,
    "polygamma|polygamma_n_2": polygamma, "polygamma|polygamma_n_3": polygamma,
    "polygamma|polygamma_n_4": polygamma, "special.polygamma|special_polygamma_n_0": polygamma,
    "logit": logit, "special.ndtr": same("ndtr"), "special.log_ndtr": same("log_ndtr"),
    "special.ndtri": same("ndtri"), "nan_to_num": nan_to_num, "cumprod": along("cumprod"),
    "logcumsumexp": cumulative("logcumsumexp"), "cummax": cumulative("cummax"),
    "cummin": cumulative("cummin"), "sort": sort, "msort": lambda x: sort(x, 0),
    "median": median, "quantile": quantile, "take": lambda x, i: tt.take(x, i),
    "take_along_dim": take_along_dim, "gather": gather, "index_select": index_along,
    "split": split, "split|list_args": split, "split_with_sizes": split, "chunk": chunk,
    "split_with_sizes_copy": split, "unsafe_split": split, "unsafe_chunk": chunk,
    "tensor_split": tensor_split, "hsplit": same("hsplit"), "vsplit": same("vsplit"),
    "dsplit": same("dsplit"), "unbind": unbind, "unbind_copy": unbind, "narrow": narrow,
    "narrow_copy": narrow, "select": select, "flip": lambda x, dims: tt.flip(x, tuple(dims)),
    "fliplr": same("fliplr"), "flipud": same("flipud"),
    "roll": lambda x, shifts, dims=None: tt.roll(x, shifts, dims if dims != () else None),
    "rot90": lambda x, k=1, dims=(0, 1): tt.rot90(x, k, dims),
    "tile": lambda x, dims: tt.tile(x, dims), "repeat": repeat,
    "repeat_interleave": repeat_interleave, "nn.functional.pad|constant": pad,
    "nn.functional.pad|reflect": pad, "nn.functional.pad|replicate": pad,
    "nn.functional.pad|circular": pad, "nn.functional.pad|replicate_negative": pad,
    "constant_pad_nd": lambda x, w, value=0: pad(x, w, "constant", value),
    "diag": lambda x, diagonal=0: tt.diag(x, diagonal), "diagonal": diagonal,
    "diagonal_copy": diagonal, "linalg.diagonal": linalg_diagonal,
    "diagflat": lambda x, offset=0: tt.diagflat(x, offset),
    "tril": lambda x, diagonal=0: tt.tril(x, diagonal),
    "triu": lambda x, diagonal=0: tt.triu(x, diagonal), "einsum": lambda xs, eq: tt.einsum(eq, *xs),
    "tensordot": tensordot, "kron": same("kron"), "cross": cross, "linalg.cross": linalg_cross,
    "diff": lambda x, n=1, dim=-1, prepend=None, append=None: tt.diff(x, n, dim, prepend, append),
    "gradient": gradient, "trapezoid": trapezoid, "trapz": trapezoid,
    "cumulative_trapezoid": lambda y, x=None, dx=1.0, dim=-1: tt.cumulative_trapezoid(
        y, x, dx, dim), "linalg.vander": lambda x, N=None: tt.vander(x, N, True),
    "atleast_1d": atleast("atleast_1d"), "atleast_2d": atleast("atleast_2d"),
    "meshgrid|variadic_tensors": lambda *xs, indexing="ij": tt.meshgrid(*xs, indexing=indexing),
    "meshgrid|list_of_tensors": lambda xs, indexing="ij": tt.meshgrid(*xs, indexing=indexing),
    "masked_fill": masked_fill, "linalg.det": same("det"), "linalg.slogdet": slogdet,
    "logdet": same("logdet"), "linalg.inv": same("inv"), "linalg.inv_ex": same("inv"),
    "linalg.solve": solve, "linalg.cholesky": cholesky, "cholesky": cholesky,
    "linalg.matrix_norm": lambda *a, **k: matrix_norm(*a, **renamed(k)),
    "linalg.norm": lambda x, ord=None, **k: linalg_norm(x, ord, **renamed(k)),
    "linalg.norm|subgradients_at_zero": lambda x, ord=None, **k: linalg_norm(
        x, ord, **renamed(k)),
    "linalg.matrix_power": same("matrix_power"), "linalg.multi_dot": same("multi_dot"),
    "linalg.vecdot": lambda x, y, dim=-1: tt.vecdot(x, y, dim), "cov": lambda x, **k: covariance(
        x, **k), "corrcoef": same("corrcoef"), "nn.functional.conv1d": same("conv1d"),
    "nn.functional.conv2d": same("conv2d"), "nn.functional.conv3d": same("conv3d"),
    "nn.functional.max_pool1d": pool("max_pool1d"), "nn.functional.max_pool2d": pool("max_pool2d"),
    "nn.functional.avg_pool1d": pool("avg_pool1d"), "nn.functional.avg_pool2d": pool("avg_pool2d"),
    "nn.functional.batch_norm": batch_norm, "nn.functional.layer_norm": same("layer_norm"),
    "nn.functional.group_norm": same("group_norm"), "nn.functional.instance_norm": instance_norm,
    "nn.functional.rms_norm": same("rms_norm"), "nn.functional.embedding": embedding,
    "nn.functional.dropout": dropped, "nn.functional.elu": leaky("elu"),
    "nn.functional.selu": leaky("selu"), "nn.functional.celu": leaky("celu"),
    "nn.functional.mish": leaky("mish"), "nn.functional.hardswish": leaky("hardswish"),
    "nn.functional.hardsigmoid": leaky("hardsigmoid"), "nn.functional.relu6": leaky("relu6"),
    "nn.functional.hardtanh": leaky("hardtanh"), "nn.functional.softsign": same("softsign"),
    "nn.functional.tanhshrink": same("tanhshrink"), "nn.functional.hardshrink": same("hardshrink"),
    "nn.functional.softshrink": same("softshrink"), "nn.functional.threshold": leaky("threshold"),
    "nn.functional.logsigmoid": same("logsigmoid"), "nn.functional.glu": same("glu"),
    "nn.functional.prelu": same("prelu"), "nn.functional.huber_loss": same("huber_loss"),
    "nn.functional.smooth_l1_loss": same("smooth_l1_loss"),
    "nn.functional.binary_cross_entropy": same("binary_cross_entropy"),
    "nn.functional.binary_cross_entropy_with_logits": bce_logits,
    "nn.functional.nll_loss": same("nll_loss"), "nn.functional.kl_div": kl_div,
    "nn.functional.poisson_nll_loss": same("poisson_nll_loss"),
    "nn.functional.gaussian_nll_loss": same("gaussian_nll_loss"),
    "nn.functional.hinge_embedding_loss": same("hinge_embedding_loss"),
    "nn.functional.margin_ranking_loss": same("margin_ranking_loss"),
    "nn.functional.soft_margin_loss": same("soft_margin_loss"),
    "nn.functional.cosine_embedding_loss": same("cosine_embedding_loss"),
    "nn.functional.triplet_margin_loss": same("triplet_margin_loss"),
    "nn.functional.cosine_similarity": cosine_similarity,
    "nn.functional.pairwise_distance": lambda x, y, p=2.0, eps=1e-6, keepdim=False: (
        tt.pairwise_distance(x, y, p, eps, keepdim)),
    "nn.functional.normalize": normalize,
    "nn.functional.scaled_dot_product_attention": attention,
    "nn.functional.bilinear": same("bilinear"),
}
