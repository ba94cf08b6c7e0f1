"""JSON: a graph as text and back, with all its facts; schema.json describes the format.

A fact has the type that `facts` declares for its key, without a wrapper: a Value is {"shape": [],
"dtype": "float64", "items": [2.44], "value": 2.44}; value where there is one number, stats (min,
mean, max ...) in place of the items of a large array. nan, inf, -inf and complex numbers are
strings. Facts of other keys are kept as plain JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

from . import Edge, Graph, GraphError, LazyItems, Node, Stats, Value
from .facts import EdgeFacts, Facts, GraphFacts, NodeFacts

VERSION = 2


# ---- Writing

def to_json(graph: Graph) -> str:
    """Return the graph as JSON, one node or edge per line, for readable diffs.

    Raises GraphError for a fact without a JSON form.
    """
    def block(items: Iterable[Any]) -> str:
        return ",\n".join("    " + _line(_plain(item)) for item in items)

    return (f'{{\n  "tinyviz": {VERSION},\n  "name": {_line(graph.name)},\n'
            f'  "facts": {_line(_plain(graph.facts))},\n'
            f'  "nodes": [\n{block(graph.nodes)}\n  ],\n'
            f'  "edges": [\n{block(graph.edges)}\n  ]\n}}\n')


def _line(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, allow_nan=False)


def _plain(fact: Any) -> Any:
    if fact is None or isinstance(fact, (str, int)):         # a bool is an int
        return fact
    if isinstance(fact, float):
        return fact if fact - fact == 0 else str(fact)       # "nan", "inf", "-inf"
    if isinstance(fact, Value):
        return _plain_value(fact)
    if isinstance(fact, (Node, Edge)):
        return {name: _plain(part) for name, part in zip(fact._fields, fact)}
    if isinstance(fact, Mapping):
        return {str(key): _plain(value) for key, value in fact.items()}
    if isinstance(fact, (list, tuple, LazyItems)):
        return [_plain(value) for value in fact]
    if isinstance(fact, complex):
        return str(fact)         # "(1+2j)"
    raise GraphError(f"a fact cannot be written as JSON: {fact!r}")


def _plain_value(value: Value) -> dict[str, Any]:
    plain: dict[str, Any] = {"shape": list(value.shape), "dtype": value.dtype}
    if value.items is not None:
        plain["items"] = [_plain(x) for x in value.items]
        if len(value.items) == 1:
            plain["value"] = plain["items"][0]
    if value.stats is not None:
        plain["stats"] = {key: _plain(x) for key, x in value.stats._asdict().items()
                          if x is not None}
    return plain


# ---- Reading

def from_json(text: str) -> Graph:
    """Return the graph that `to_json` wrote, in this version of the format or an earlier one.

    Raises GraphError for any other text.
    """
    try:
        plain = _mapping(json.loads(text))
        version = plain["tinyviz"] if "tinyviz" in plain else None
        if version == 1:
            from .json_version_1 import decoded
            plain = decoded(plain)
        elif version != VERSION:
            raise GraphError(f"not a graph in JSON: the version is {version!r:.20} "
                             f'("tinyviz" must be 1 or {VERSION})')
        nodes = tuple([_node(item) for item in _sequence(plain["nodes"])])
        edges = tuple([_edge(item) for item in _sequence(plain["edges"])])
        return Graph(_decoder(str)(plain["name"]), nodes, edges,
                     _facts(plain["facts"], GraphFacts))
    except GraphError:
        raise
    except KeyError as error:
        raise GraphError(f"not a graph in JSON: {error} is missing") from error
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise GraphError(f"not a graph in JSON: {error}") from error


def _node(plain: Any) -> Node:
    if isinstance(plain, Node):
        return plain
    id, kind, label, group = [_decoder(str)(_mapping(plain)[key])
                              for key in ("id", "kind", "label", "group")]
    return Node(id, kind, label, _facts(plain["facts"], NodeFacts), group)


def _edge(plain: Any) -> Edge:
    if isinstance(plain, Edge):
        return plain
    tail, head, label = [_decoder(str)(_mapping(plain)[key]) for key in ("tail", "head", "label")]
    return Edge(tail, head, label, _facts(plain["facts"], EdgeFacts))


def _facts(plain: Any, declared: Any) -> Facts:
    types = _types(declared)
    found = {}
    for key, fact in _mapping(plain).items():
        try:
            found[key] = _decoder(types[key])(fact) if key in types else _own(fact)
        except (KeyError, ValueError, TypeError) as error:
            raise TypeError(f"the fact {key!r} is wrong: {error}") from error
    return Facts(found)


@lru_cache(maxsize=None)
def _types(declared: Any) -> dict[str, Any]:
    types = get_type_hints(declared)
    if declared in (NodeFacts, EdgeFacts):         # facts.py cannot name them: they are made of it
        types["repeats"] = tuple[Node, ...] if declared is NodeFacts else tuple[Edge, ...]
    return types


@lru_cache(maxsize=None)
def _decoder(declared: Any) -> Callable[[Any], Any]:
    """Return a function that makes a fact of a declared type from plain JSON, or raises."""
    if declared in _DECODERS:
        return _DECODERS[declared]
    if is_typeddict(declared):
        wanted = declared.__required_keys__

        def typed(plain: Any) -> Facts:
            missing = wanted - _mapping(plain).keys()
            if missing:
                raise KeyError(min(missing))
            return _facts(plain, declared)
        return typed
    parts = get_args(declared)
    if get_origin(declared) is tuple and parts[1:] == (...,):
        each = _decoder(parts[0])
        return lambda plain: tuple([each(item) for item in _sequence(plain)])
    if get_origin(declared) is tuple:
        several = [_decoder(part) for part in parts]
        return lambda plain: tuple([one(item) for one, item in
                                    zip(several, _sequence(plain), strict=True)])
    inner = _decoder(parts[1])                     # a Mapping[str, ...]
    return lambda plain: Facts({key: inner(item) for key, item in _mapping(plain).items()})


def _exactly(kind: type) -> Callable[[Any], Any]:
    def check(plain: Any) -> Any:
        if type(plain) is not kind:
            raise TypeError(f"{plain!r:.40} is not of type {kind.__name__}")
        return plain
    return check


def _float(plain: Any) -> float:
    return float(_number(plain))


def _number(plain: Any) -> Any:
    if isinstance(plain, str):
        return complex(plain) if plain.endswith(("j", "j)")) else float(plain)
    if not isinstance(plain, (int, float)):
        raise TypeError(f"{plain!r:.40} is not a number")
    return plain


def _value(plain: Any) -> Value:
    if isinstance(plain, Value):
        return plain
    shape = _decoder(tuple[int, ...])(_mapping(plain)["shape"])
    items, stats = plain.get("items"), plain.get("stats")
    known: dict[str, Any] = {
        key: _float(x) if key in ("min", "mean", "max", "median") else _decoder(int)(x)
        for key, x in _mapping(stats or {}).items()}
    value = Value(shape, _decoder(str)(plain["dtype"]),
                  None if items is None else tuple([_number(x) for x in _sequence(items)]),
                  None if stats is None else Stats(**known))
    if min(shape, default=0) < 0 or value.items is not None and len(value.items) != value.size:
        raise ValueError(f"{len(value.items or ())} items do not fill the shape {list(shape)}")
    return value


def _own(plain: Any) -> Any:
    """Return a fact of the user's own: plain data, made immutable."""
    if isinstance(plain, list):
        return tuple(map(_own, plain))
    return Facts({key: _own(fact) for key, fact in plain.items()}) \
        if isinstance(plain, dict) else plain


def _mapping(plain: Any) -> Mapping[str, Any]:
    if not isinstance(plain, Mapping):
        raise TypeError(f"{plain!r:.40} is not an object")
    return plain


def _sequence(plain: Any) -> Any:
    if not isinstance(plain, (list, tuple)):
        raise TypeError(f"{plain!r:.40} is not an array")
    return plain


_DECODERS: dict[Any, Callable[[Any], Any]] = {
    **{kind: _exactly(kind) for kind in (str, int, bool)}, float: _float, Value: _value,
    Node: _node, Edge: _edge}
