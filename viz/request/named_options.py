"""Named options: those of the command line, as a directive of Sphinx or a fence gives them.

    at="x=1 y=2"    range="-3 3"    no-grad    overlay
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import click

from ..options.fields import OptionError
from .words import Command

PAGE = {"outputs", "format", "both", "open", "traceback"}    # a page decides on these


def named(command: Command) -> dict[str, click.Option]:
    """Return the options of a command by their names: at, no-grad, stack, overlay."""
    return {flag[2:]: option for option in command.params
            if isinstance(option, click.Option) and option.name not in PAGE
            for flag in (*option.opts, *option.secondary_opts) if flag.startswith("--")}


def parsed(command: Command, given: Mapping[str, str | None]) -> dict[str, Any]:
    """Return named options as parameters of the command; a value that takes several is split.

    Raises OptionError for a name that the command does not know, click.UsageError for a value.
    """
    known, found = named(command), {}
    context = click.Context(command)
    for name, text in given.items():
        if name not in known:
            raise OptionError(f"unknown option: {name!r} (must be one of {', '.join(known)})")
        option = known[name]
        value: Any = " ".join((text or "").split())
        if option.is_flag:
            value = f"--{name}" in option.opts
        elif option.multiple or option.nargs > 1:
            value = shlex.split(value)
        found[str(option.name)] = option.type_cast_value(context, value)
    return found
