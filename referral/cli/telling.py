"""How commands tell an operator what is wrong, and what was done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import NoReturn, ParamSpec

import click
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from referral.directory.importer import ImportProblems, Loaded
from referral.directory.near_spots import pointless
from referral.routing.reading import DataError
from referral.settings import SettingsError, read_settings
from referral.start import PENDING
from referral.store.database import Database
from referral.store.health import NotNow
from referral.store.migrate import pending
from referral.texts.catalogue import CatalogueError
from referral.upkeep.help_gate import listed

P = ParamSpec("P")


def told(command: Callable[P, None]) -> Callable[P, None]:
    """Problems with what the operator gave, with a file, or with a database that is not there yet or not just now, are told one a line, and the
    exit code says so. Nothing else is caught."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (SettingsError, ImportProblems, DataError, CatalogueError) as error:
            complain(error.problems)
        except BrokenPipeError:  # whoever reads has read enough
            raise
        except OSError as error:
            complain([f"{error.filename or 'file'}: {error.strerror or type(error).__name__}"])
        except NotNow as error:
            complain([f"{error}: nothing was changed"])
        except DBAPIError:
            if not _behind():
                raise
            complain([PENDING])

    return run


def _behind() -> bool:
    """Whether a statement failed because the database has not the tables of this program yet."""
    settings = read_settings()
    database = Database(settings.database_url)
    try:
        return pending(database.engine)
    except DBAPIError:
        return False
    finally:
        database.close()


def complain(problems: Iterable[str]) -> NoReturn:
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(1)


def pointless_lines(session: Session) -> Iterator[str]:
    """A remark on the places that have no point of their own, if there are any."""
    if names := pointless(session):
        yield f"without a point, so seen from what is around, and distances from there are a guess: {listed(names)}"


def loaded_line(loaded: Loaded) -> str:
    held = f"{loaded.places} places, {loaded.offices} offices, {loaded.people} people, {loaded.leave} on leave, {loaded.shifts} shifts"
    return f"{held}, {loaded.services} service points; {loaded.changed} rows new or changed"
