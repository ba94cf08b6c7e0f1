"""Directive options: those of the command line, as the named options of a directive or a fence."""

from __future__ import annotations

from collections.abc import Mapping

import click

from ..documents.dependencies import DocumentError
from ..documents.picture import split

NOT_HERE = {"outputs", "format", "both", "open_", "traceback"}         # a page decides on these


def options(command: click.Command) -> dict[str, click.Option]:
    """The options of a command by their names: at, no-grad, stack, overlay."""
    return {flag[2:]: option for option in command.params
            if isinstance(option, click.Option) and option.name not in NOT_HERE
            for flag in (*option.opts, *option.secondary_opts) if flag.startswith("--")}


def words(command: click.Command, given: Mapping[str, str | None]) -> list[str]:
    """Named options as words of the command line; an option that may be repeated is split.

    Raises DocumentError for a name that the command does not know.
    """
    known, found = options(command), []
    for name, value in given.items():
        if name not in known:
            raise DocumentError(f"unknown option: {name!r} (must be one of {', '.join(known)})")
        option, flag = known[name], f"--{name}"
        if option.is_flag:
            found.append(flag)
        elif option.multiple:                      # at="x=1 y=2"
            found += [word for part in split(value or "") for word in (flag, part)]
        elif option.nargs > 1:                     # range="-3 3"
            found += [flag, *split(value or "")]
        else:
            found += [flag, " ".join((value or "").split())]
    return found
