"""What a directory lacks before anybody can be served from it: a caller who is asked for a place and offered none has nowhere to go."""

from __future__ import annotations

from dataclasses import dataclass

from referral.directory.snapshot import Roster


@dataclass(frozen=True, slots=True)
class Lack:
    """`what` is not there; `how` it comes there, a command."""

    what: str
    how: str

    def __str__(self) -> str:
        return f"directory: {self.what}: run `{self.how}`"


_COUNTY, _PEOPLE = "referral directory load DIR", "referral people load FILE"


def lacking(roster: Roster) -> tuple[Lack, ...]:
    """In the order in which to load it."""
    wanted = (
        (bool(roster.ward_ids()), Lack("no ward is loaded", _COUNTY)),
        (bool(roster.offices()), Lack("no office is loaded", _COUNTY)),
        (bool(roster.people()), Lack("no officer is loaded", _PEOPLE)),
    )
    return tuple(lack for there, lack in wanted if not there)
