"""A county with its real names, a surface that fits screens, and a phone that plays the script as a caller would."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from referral.conversation.effects import Effect
from referral.conversation.engine import Turn, begin, show, step
from referral.conversation.mailbox import LINES
from referral.conversation.nodes import Script
from referral.conversation.ports import BoxView, Guide, HelpText, Status, Surface
from referral.conversation.script import dialogue
from referral.texts.catalogue import Catalogue
from referral.ussd.render import UssdSurface
from referral.vocabulary.letters import Template
from referral.vocabulary.option import Option

PLACES = Path(__file__).parents[2] / "config" / "kwale" / "places.csv"
KNOWN_CODE = "482190375518"
HOURS = (
    Option("", HelpText.OPEN),
    Option("", HelpText.ALWAYS),
    Option("", HelpText.UNKNOWN),
    Option("", HelpText.CLOSED),
    Option("", HelpText.DAY, params=(("day", Option("", HelpText.MONDAY)), ("at", "7:30am"))),
)
SHORT = ("Kinondo Kwetu Clin", "Vitsangalaweni Dsp", "Lungalunga Police", "Child helpline 116", "Mwananyamala Disp")
"""Names as long as the directory lets them be."""


class County:
    """The guide over the shipped names, without a database."""

    def __init__(self, path: Path = PLACES) -> None:
        with path.open(encoding="utf-8", newline="") as file:
            self.rows = [(row["id"], row["kind"], row["name"], frozenset(row["parents"].split())) for row in csv.DictReader(file)]

    def _under(self, kind: str, parent: str) -> list[Option]:
        return [Option(place, name, verbatim=True) for place, its_kind, name, parents in self.rows if its_kind == kind and parent in parents]

    def subcounties(self) -> Sequence[Option]:
        return [Option(place, name, verbatim=True) for place, kind, name, _ in self.rows if kind == "subcounty"]

    def wards(self, subcounty: str) -> Sequence[Option]:
        return self._under("ward", subcounty)

    def spots(self, ward: str) -> Sequence[Option]:
        within = [spot for location in self._under("location", ward) for spot in self._under("sublocation", location.value)]
        return within + self._under("town", ward)

    def help_near(self, kind: str, place: str) -> Sequence[Option]:
        """Seven of everything, every way of saying whether it is open; nothing for legal help, two schools; never a safe place."""
        count = {"safe": 0, "legal": 0, "school": 2}.get(kind, 7)
        return [
            Option(f"{kind}-{at}", HelpText.LINE, params=(("name", f"{SHORT[at % 5]} ~{at + 10}km"), ("hours", HOURS[(at + len(place)) % 5])))
            for at in range(count)
        ]

    def help_facts(self, service_point: str, place: str) -> Sequence[Option]:
        if not service_point or service_point.startswith("gone"):
            return ()
        when = Option("", HelpText.OPENS, params=(("when", HOURS[4]),))
        return [
            Option("", "Lunga Lunga Sub-County Children Office", verbatim=True),
            Option("", HelpText.FREE_PHONE, params=(("phone", "0700 000 021"),)),
            Option("", HelpText.FAR, params=(("far", "~12km"), ("hours", when))),
            Option("", HelpText.UNCONFIRMED),
            Option("", "beside the old post office at the stage", verbatim=True),
            Option("", HelpText.AFTER_RAPE),
        ]

    def box(self, code: str) -> BoxView:
        return BoxView(Status.SEEN, waiting=True, lines=LINES[:4] + LINES[5:]) if code == KNOWN_CODE else BoxView(Status.UNKNOWN)

    def letters(self, code: str) -> Sequence[Option]:
        """Every ready-made one, and an officer's own words as long as they can be, in the longest lines."""
        own = [Option("", "w" * 60, verbatim=True)] * 3
        return [*(Option("", template.text) for template in Template), *own] if code == KNOWN_CODE else []


class Phone:
    """Plays keys and remembers what came of them."""

    def __init__(self, script: Script, guide: Guide, surface: Surface, *, practice: bool = False) -> None:
        self.script, self.guide, self.surface = script, guide, surface
        self.codes_issued = 0
        self.effects: list[Effect] = []
        self.turn: Turn = show(script, begin(script, practice=practice), guide, surface)

    def press(self, *answers: str) -> str:
        for answer in answers:
            self.turn = step(self.script, self.turn.state, answer, self.guide, self.surface, self._issue)
            self.effects += self.turn.effects
        return self.turn.screen.text

    def choose(self, *values: str) -> str:
        """Press whatever number stands before each value, turning pages where it is further on."""
        for value in values:
            pages = 0
            while value not in self.turn.state.shown:
                pages += 1
                assert pages < 10, f"{value} is on no page of this list"
                assert self.turn.state.more, f"{value} is not on {self.turn.screen.text!r}"
                self.press("9")
            self.press(str(self.turn.state.shown.index(value) + 1))
        return self.turn.screen.text

    def _issue(self) -> str:
        self.codes_issued += 1
        return KNOWN_CODE

    @property
    def screen(self) -> str:
        return self.turn.screen.text

    @property
    def state(self):
        return self.turn.state


@pytest.fixture(scope="session")
def script() -> Script:
    return dialogue()


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="session")
def surface(catalogue) -> UssdSurface:
    return UssdSurface(catalogue)


@pytest.fixture(scope="session")
def guide() -> County:
    return County()


@pytest.fixture
def phone(script, guide, surface) -> Phone:
    return Phone(script, guide, surface)


@pytest.fixture
def practice_phone(script, guide, surface) -> Phone:
    return Phone(script, guide, surface, practice=True)
