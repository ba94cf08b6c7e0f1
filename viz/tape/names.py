"""Names of the tensors of a graph, for pictures (y₂) and as ids (y_2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ... import tinytorch
from ...tinytorch import formula

from ..graph import text
from ..graph.size_limits import SHORT_EXPRESSION_OPS
from .ids import Ids, word

LONG = 26                        # longer expressions get a name: v₁
OPS = 6
LETTERS = "vusrqpzyxwhgnmdcbafkoeltji"         # of our names: the first free one is used

_SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
_COUNTED = re.compile(r".*_[0-9]+")


class RunInfo(NamedTuple):
    """The facts of a run besides its tensors."""

    name: str = "graph"
    inputs: Mapping[str, Any] = {}
    names: Mapping[int, str] = {}              # stamp -> name
    about: Callable[[int], Mapping[str, Any]] = lambda stamp: {}       # line, pass, branch
    passes: Callable[[Sequence[int]], list[int]] | None = None         # of stamps
    facts: Mapping[str, Any] = {}


def letter(names: Iterable[str]) -> str:
    """Return the letter for generated names, v₁, v₂, given the user's names: u₁ if the user has a
    v, and so maybe v₁, v₂ too."""
    taken = {name.rstrip(_SUBSCRIPTS) for name in names}
    return next((c for c in LETTERS if c not in taken), "_")


def letter_fact(letter: str) -> dict[str, str]:
    """Return the graph's fact with the letter, unless it is v."""
    return {} if letter == "v" else {"letter": letter}


class Names:
    """Names and ids of tensors by their index. names: stamp -> name, also of expressions."""

    def __init__(self, tensors: Sequence[Any], ops: Sequence[Any], place: Mapping[Any, int],
                 known: RunInfo) -> None:
        self.tensors, self.ops, self.place = tensors, ops, place
        self.arguments = {tensor.stamp: name for name, tensor in known.inputs.items()}
        self._all: set[str] = set()
        self._name(known)
        self._give_ids()
        results = sum(op is not None for op in ops)
        self.forms = formula.ExpressionWriter(
            self.names, limit=LONG, ops=None if results <= SHORT_EXPRESSION_OPS else OPS,
            fresh=lambda t: self.letter + text.subscript(self.own[self.place[t]]))
        if results <= SHORT_EXPRESSION_OPS:                  # operands come first
            for tensor in self.tensors[:-1]:
                self.forms.name(tensor)

    def _name(self, known: RunInfo) -> None:
        """Set names: the user's, those of tensors, x₁ for a leaf; otherwise v₁."""
        names = dict(known.names)
        slot: Any = tinytorch.Tensor.__dict__["_extra"].__get__
        self.notes: dict[int, Mapping[str, Any]] = {}          # index -> name, scope
        for k, tensor in enumerate(self.tensors):
            try:
                self.notes[k] = slot(tensor)
            except AttributeError:
                pass
        for k, notes in self.notes.items():
            if notes.get("name") and self.tensors[k].stamp not in names:
                names[self.tensors[k].stamp] = notes["name"]
        unnamed = [t for t, op in zip(self.tensors, self.ops) if op is None
                   and t.stamp not in names and self.kind(t) != "constant"]
        leaf = "w" if known.inputs else "x"
        for i, tensor in enumerate(unnamed):       # x, or x₁ and x₂
            names[tensor.stamp] = leaf if len(unnamed) == 1 else leaf + text.subscript(i + 1)
        self.names = names
        self.own: dict[int, int] = {}              # index -> k of v₁, v₂ ...
        for k, tensor in enumerate(self.tensors):
            if self.ops[k] is not None and tensor.stamp not in names:
                self.own[k] = len(self.own) + 1
        self.all_names = [*known.inputs, *known.names.values()]
        self.given = dict(names)                   # before expressions are added
        self.letter = letter([*names.values(), *self.all_names])

    def _give_ids(self) -> None:
        """Set ids. They can be computed on demand unless names look alike: mul_3, v_3, y_3."""
        stems = {op: op.__name__.lower() for op in dict.fromkeys(self.ops) if op is not None}
        names = [*self.given.values(), *self.all_names]
        bases = {name.rstrip(_SUBSCRIPTS) for name in names}
        words = [word(base) for base in bases]
        count: dict[str, int] = {}
        self.rank = [0] * len(self.tensors)        # of ops and nameless constants: mul_1, c_1
        for k, op in enumerate(self.ops):
            if op is not None:
                stem = stems[op]
            elif self.tensors[k].stamp in self.given:
                continue
            else:
                stem = "c"
            self.rank[k] = count[stem] = count.get(stem, 0) + 1
        taken = {*count, *([self.letter] if self.own else [])}
        plain = len(set(self.given.values())) == len(self.given) and \
            not (self.own and self.letter in count) and \
            len(set(words)) == len(words) and not taken & set(words) and \
            not any(_COUNTED.fullmatch(one) or one.endswith("_") for one in (*words, *count))
        self.ids: dict[int, tuple[str, str]] = {}
        self.stems, self.bases = count, set(words)
        if plain:
            return
        ids = Ids(self.all_names)
        for k, tensor in enumerate(self.tensors):
            op, name = self.ops[k], self.given.get(tensor.stamp)
            doer = ids.new(stems[op] + "_1") if op is not None else ""
            own = self.letter + text.subscript(self.own[k]) if k in self.own else "c_1"
            self.ids[k] = doer, ids.new(name or own)

    def id(self, k: int) -> str:
        """Return the id of a tensor's own node."""
        if self.ids:
            return self.ids[k][1]
        name = self.given.get(self.tensors[k].stamp)
        return word(name) if name else f"{self.letter}_{self.own[k]}" if k in self.own \
            else f"c_{self.rank[k]}"

    def doer(self, k: int) -> str:
        """Return the id of the op that made it."""
        return self.ids[k][0] if self.ids else f"{self.ops[k].__name__.lower()}_{self.rank[k]}"

    def has(self, id: str) -> bool:
        """Return whether a node has this id."""
        if self.ids:
            if not self._all:
                self._all = {one for pair in self.ids.values() for one in pair}
            return id in self._all
        stem, _, number = id.rpartition("_")
        if not number.isdecimal() or not stem:
            return id in self.bases
        if stem in self.stems or stem == self.letter and self.own:
            return int(number) <= self.stems.get(stem, len(self.own))
        return stem in self.bases and id in {word(name) for name in self.given.values()}

    def kind(self, tensor: Any) -> str:
        """Return the kind of a leaf: input, parameter or constant."""
        if tensor.stamp in self.arguments or (not self.arguments and tensor.requires_grad
                                              and not tensor.name):
            return "input"
        return "parameter" if tensor.requires_grad else "constant"

    def scope(self, k: int) -> str:
        """Return the path of the scopes it was made in."""
        return self.notes[k].get("scope", "") if k in self.notes else ""
