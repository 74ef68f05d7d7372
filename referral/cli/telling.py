"""How commands tell an operator what is wrong, and what was done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import wraps
from typing import ParamSpec

import click

from referral.directory.importer import ImportProblems, Loaded
from referral.routing.reading import DataError
from referral.settings import SettingsError
from referral.texts.catalogue import CatalogueError

P = ParamSpec("P")


def told(command: Callable[P, None]) -> Callable[P, None]:
    """Problems with what the operator gave are told one a line, and the exit code says so. Nothing else is caught."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (SettingsError, ImportProblems, DataError, CatalogueError) as error:
            complain(error.problems)

    return run


def complain(problems: Iterable[str]) -> None:
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(1)


def loaded_line(loaded: Loaded) -> str:
    held = f"{loaded.places} places, {loaded.offices} offices, {loaded.people} people, {loaded.leave} on leave, {loaded.shifts} shifts"
    return f"{held}, {loaded.services} service points; {loaded.changed} rows new or changed"
