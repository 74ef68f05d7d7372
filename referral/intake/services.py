"""HUDUMA: the nearest help of a kind, in one text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from referral.directory.services import Service, ServiceKind, of_kinds
from referral.directory.snapshot import Roster
from referral.intake.questions import ROOM, Questions
from referral.texts.gsm import is_gsm, septets
from referral.understanding.places import Gazetteer

SHOWN = 3
KINDS = MappingProxyType(
    {
        "hospital": frozenset({ServiceKind.HOSPITAL, ServiceKind.HEALTH_CENTRE}),
        "police": frozenset({ServiceKind.POLICE}),
        "children": frozenset({ServiceKind.CHILDREN}),
        "legal": frozenset({ServiceKind.COURT}),
    }
)
"""What is looked for under each kind. Medicine after abuse cannot be counted on in a dispensary, so it means hospitals and health centres."""


@dataclass(frozen=True)
class Services:
    """Safe places, and whatever has no list, are answered with the national lines: an address of a shelter is never sent."""

    services: Sequence[Service]
    roster: Callable[[], Roster]
    questions: Questions

    def nearest(self, language: str, kind: str, rest: str, gazetteer: Gazetteer) -> str:
        """Up to three, nearest first. `kind` is of KINDS; `rest` holds the place. Without either it says how to ask, or whom to call."""
        if kind not in KINDS:
            return self.questions.say(language, "service_lines" if kind else "service_how")
        settled = gazetteer.read(rest).settled if rest.strip() else None
        if settled is None:
            return self.questions.say(language, "service_where")
        here = settled.spot or settled.ward
        near = self._near(here, KINDS[kind])
        while near:
            said = self.questions.say(language, "service_near", list=", ".join(near))
            if septets(said) <= ROOM:
                return said
            near.pop()
        return self.questions.say(language, "service_lines")

    def _near(self, place: str, kinds: frozenset[ServiceKind]) -> list[str]:
        roster = self.roster()
        far = [(roster.kilometres_to(place, service.point), service) for service in of_kinds(self.services, kinds)]
        known = sorted(((km, service.name) for km, service in far if km is not None and is_gsm(service.name)), key=lambda one: one[0])
        return [f"{name} {_km(km)}" for km, name in known[:SHOWN]]


def _km(kilometres: float) -> str:
    """Whole kilometres: a caller's place is only known to a ward or a village."""
    return "<1km" if kilometres < 1 else f"{kilometres:.0f}km"
