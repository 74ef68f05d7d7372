"""What is still to be done before callers can be served, in the order to do it, each with the command that does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from referral import start
from referral.backup.marks import last_made
from referral.cli.telling import pointless_lines
from referral.conversation.check import graph, pages
from referral.dispatch.heads import custodians_problems
from referral.privacy.keyring import KeyringError
from referral.service import Service
from referral.settings import SettingsError
from referral.store.migrate import pending
from referral.upkeep.coverage_words import Names, problem_lines
from referral.upkeep.lacking import lacking

THEN = "then, where that has not been done yet: `referral db upgrade`, `referral directory load DIR`, `referral people load FILE`, and this check again"
"""What cannot be looked at while something before it is missing."""


def settings_problems(error: SettingsError, secrets: Path) -> list[str]:
    """Where not even the settings can be read, or the keyring: what is wrong with them, whether the secrets file is there or not, and what comes after."""
    named = any(problem.startswith("REFERRAL_SECRETS") for problem in error.problems)
    missing = [] if secrets.is_file() or named else [f"REFERRAL_SECRETS: {secrets} is missing: `referral secrets create` makes one"]
    return [*error.problems, *missing, THEN]


def problems(ready: Service) -> Iterator[str]:
    """Every problem of the service as it is set up: what stops a start first, then what would leave somebody alone, then the dialogue."""
    if pending(ready.database.engine):
        yield start.PENDING
        yield THEN
        return
    roster, refused = ready.roster(), list(_refusals(ready))
    lacks = list(map(str, lacking(roster)))
    yield from lacks
    if not ready.settings.live:  # a live start is refused for it
        yield from ready.settings.open_to_others()
    yield from (problem for problem in refused if problem not in lacks)
    if not lacks:
        yield from custodians_problems(ready.custodians, roster, ready.clock())
        yield from problem_lines(start.coverage(ready), Names(roster))
    if ready.settings.live:
        yield from _not_kept(ready)
    talk = ready.conversations
    yield from graph(talk.script)
    yield from pages(talk.script, talk.guide, talk.surface)


def remarks(ready: Service) -> Iterator[str]:
    """What refuses nothing, and is better known: callers of these places are told distances that are a guess."""
    if not pending(ready.database.engine):
        with ready.database.read() as session:
            yield from pointless_lines(session)


def _refusals(ready: Service) -> Iterator[str]:
    try:
        start.refuse(ready)
    except SettingsError as error:
        yield from error.problems


def _not_kept(ready: Service) -> Iterator[str]:
    """Without its keys nothing sealed can ever be read again, and without a backup there is nothing to read."""
    try:
        if ready.keyring.ring().backed_up is None:
            yield "keys: never sealed to two custodians: `referral keys custodian NAME --out FILE` for each, then `referral keys backup --out FILE`"
    except KeyringError as error:
        yield str(error)
    with ready.database.read() as session:
        if last_made(session) is None:
            yield "backup: none was ever made: `referral backup --out DIR`"
