"""Officers at their phones: the extension 77, in the words of a journey."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import delete

from referral.alerts.records import AlertRecord
from tests.journeys.facts import JourneyFailed
from tests.journeys.officers import Officers
from tests.world import Phone, World

PIN = "482917"
_NUMBER = re.compile(r"\b\d{6}\b")
_TYPED = {"nothing": "", "the PIN": PIN}


class Extension:
    """What officers do on their phones."""

    def __init__(self, world: World, officers: Officers) -> None:
        self._world = world
        self._officers = officers
        self._phones: dict[str, Phone] = {}
        self._invitations: dict[str, str] = {}
        self.commands: tuple[tuple[re.Pattern[str], Callable[..., list[str]]], ...] = (
            (re.compile(r"(.+) is invited$"), self._invite),
            (re.compile(r"(.+) has a PIN$"), self._has_pin),
            (re.compile(r"(.+) dials the extension$"), self._dial),
            (re.compile(r"(.+) (?:presses|types) (.+)$"), self._answer),
        )

    def _person(self, office: str) -> tuple[str, str]:
        number = self._officers.number(office)
        if number is None:
            raise JourneyFailed(f"there is no {office}")
        return number, self._officers.person(number)

    def _invite(self, office: str) -> list[str]:
        service = self._world.service
        with service.database.transaction() as session:
            self._invitations[office] = service.pins.invite(session, self._person(office)[1], self._world.clock())
        return []

    def _has_pin(self, office: str) -> list[str]:
        """They have set it long ago, and the texts that told of it were read then."""
        self._invite(office)
        service = self._world.service
        with service.database.transaction() as session:
            service.pins.choose(session, self._person(office)[1], service.pins.hashed(PIN), self._world.clock())
            session.execute(delete(AlertRecord).where(AlertRecord.key.contains("pin")))
        return []

    def _dial(self, office: str) -> list[str]:
        phone = self._phones[office] = self._world.phone(self._person(office)[0])
        return _shown(phone.dial("77"))

    def _answer(self, office: str, keys: str) -> list[str]:
        phone = self._phones.get(office)
        if phone is None:
            raise JourneyFailed(f"{office} has not dialled")
        for key in keys.split(", "):
            phone.key({"the invitation": self._invitations.get(office, ""), **_TYPED}.get(key, key))
        self._world.work()
        return _shown(phone.screen)


def _shown(screen: str) -> list[str]:
    lines = _NUMBER.sub("######", screen[4:]).split("\n")
    return [f"  {line}" for line in [*lines, *(["(the call ends)"] if screen.startswith("END ") else [])]]
