"""The command that shows where a refuge lies: to whoever brings a child there, for one of a few reasons, and never without a trace."""

from __future__ import annotations

from enum import StrEnum

import click

from referral import start
from referral.cli.asking import by_option
from referral.cli.proving import prove
from referral.cli.telling import complain, told
from referral.privacy.audit import Action
from referral.privacy.seal import Unreadable
from referral.service import Service
from referral.upkeep.hiding import open_secret
from referral.vocabulary.duty import Role

MAY_SEE = frozenset({Role.CHILDRENS_COUNTY_OFFICE, Role.TRIAGE_DESK})
"""The posts that answer for where a child is brought. An officer of a sub-county asks them: each who knows an address is one more who may tell it."""


class Reason(StrEnum):
    """Why somebody must know. A word of a list: what is typed freely tells of a child, and would stand in the audit for years after the report is gone."""

    ESCORT = "escort"
    RESCUE = "rescue"
    CHECK = "check"


@click.command("reveal-place")
@click.argument("location", metavar="ID")
@click.option("--reason", required=True, type=click.Choice([one.value for one in Reason]), help="To bring a child there, to fetch one, or to check the place.")
@by_option
@told
def reveal_place(location: str, reason: str, by: str) -> None:
    """Show where a confidential place lies, to an officer of the county children's office or the triage desk. Asks for your PIN; that you read it, and
    why, is recorded before you do."""
    ready = start.service()
    by = by.strip()
    prove(ready, by)
    if not _may_see(ready, by):
        complain([f"{by}: not yours to read: ask the county children's office or the triage desk"])
    with ready.database.transaction() as session:
        try:
            found = open_secret(session, ready.sealer, location)
        except Unreadable:
            complain([f"{location}: sealed, and not to be opened with the keys of this service"])
        if found is None:
            complain([f"{location}: no confidential location of which anything is sealed"])
        ready.audit.write(session, ready.clock(), by, Action.PLACE_REVEALED, "directory", location=location, reason=reason)
    click.echo(found["address"] or "no address")
    click.echo(f"{found['lat']} {found['lon']}".strip() or "no point")


def _may_see(ready: Service, person: str) -> bool:
    return any(office.role in MAY_SEE for office in ready.roster().offices_of(person, ready.clock()))
