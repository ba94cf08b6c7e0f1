"""Message: a text for a person that may name options, spelled as its reader would write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Option(NamedTuple):
    """A field of a request within a message: `fold="all"` in Python, --fold all in a shell."""

    name: str
    value: Any = None

    def __str__(self) -> str:
        return f"{self.name}=" + ("" if self.value is None else repr(self.value))


class Message(str):
    """A text made of parts; as a string it is spelled as in Python.

    An exception names options by such a message as its argument: `ValueError(Message(...))`.
    """

    parts: tuple[str | Option, ...]

    def __new__(cls, *parts: str | Option) -> Message:
        flat: list[str | Option] = []
        for part in parts:
            flat += part.parts if isinstance(part, Message) else [part]
        made = super().__new__(cls, "".join(map(str, flat)))
        made.parts = tuple(flat)
        return made

    def spelled(self, spell: Callable[[Option], str]) -> str:
        """Return the text with each option as `spell` writes it."""
        return "".join(spell(part) if isinstance(part, Option) else part for part in self.parts)


def message_of(error: BaseException) -> Message:
    """Return the message of an exception, with its options if it has any."""
    given = error.args[0] if error.args else ""
    return given if isinstance(given, Message) else Message(str(error))
