"""Short names and codes of service points: what fits a phone's screen and is told apart from its neighbours."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

from referral.directory.help_fields import CODE_ALPHABET
from referral.directory.help_state import View
from referral.directory.help_tables import Values
from referral.directory.service_records import SHORT_NAME, Status
from referral.texts.gsm import septets

_SHORTER = (
    ("Sub County", "SC"),
    ("Sub-County", "SC"),
    ("Referral", "Ref"),
    ("Hospital", "Hosp"),
    ("Dispensary", "Disp"),
    ("Health Centre", "HC"),
    ("Health Center", "HC"),
    ("Medical Centre", "MC"),
    ("Police Station", "Police"),
    ("Police Post", "Police Pst"),
    ("Children's Office", "Children"),
    ("Children Office", "Children"),
    ("Law Courts", "Court"),
    ("Centre", "Ctr"),
    ("Community", "Comm"),
    ("County", "Cty"),
)
"""How the county's people write them; the first that applies goes first."""


class ShortNames:
    """Who bears which short name in which ward. Two locations of a ward never share one: a caller could not tell them apart.

    At one location several kinds of help may bear the same, since a list shows one kind. What is out of service bears none.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._borne: dict[tuple[str, str], dict[str, tuple[str, object]]] = defaultdict(dict)
        for one, row in view.standing("service_at_locations"):
            self.take(one, row)

    def free(self, one: str, row: Values) -> bool:
        """Whether a service point may bear its short name. One whose service or location is unknown may: that is said elsewhere."""
        place = self._of(row)
        if place is None:
            return True
        wards, location, kind = place
        others = (held for ward in wards for other, held in self._borne[ward, row["short_name"].casefold()].items() if other != one)
        return all(held[0] == location and held[1] != kind for held in others)

    def take(self, one: str, row: Values) -> None:
        place = self._of(row)
        if place is not None:
            wards, location, kind = place
            for ward in wards:
                self._borne[ward, row["short_name"].casefold()][one] = (location, kind)

    def _of(self, row: Values) -> tuple[frozenset[str], str, object] | None:
        service, location = self._view.after("services").get(row["service"]), self._view.after("locations").get(row["location"])
        if service is None or location is None or service["status"] in (Status.INACTIVE, Status.DEFUNCT):
            return None
        return self._view.state.map.neighbourhood(location["place"]), row["location"], service["kind"]


def shorten(name: str) -> str:
    """A name with the usual words shortened, cut to what fits, at a space where there is one near the end."""
    for long, brief in _SHORTER:
        name = name.replace(long, brief)
    while septets(name) > SHORT_NAME:
        cut = name[:-1].rstrip()
        name = cut.rsplit(" ", 1)[0] if " " in cut and septets(cut.rsplit(" ", 1)[0]) >= SHORT_NAME - 5 and septets(cut) > SHORT_NAME - 1 else cut
    return name


def name_points(view: View, points: Iterable[tuple[str, Values]]) -> None:
    """Gives each of these rows that has none a code and a short name: the code by its id, so that the same file gives the same again."""
    names = ShortNames(view)
    taken = {row["code"] for row in view.after("service_at_locations").values()}
    rows = sorted(points, key=lambda point: not point[1]["short_name"])  # names that were given go before names that are proposed
    for one, row in rows:
        if not row["code"]:
            row["code"] = code_for(one, taken)
            taken.add(row["code"])
        if not row["short_name"]:
            row["short_name"] = _proposal(names, one, row, view.after("locations").get(row["location"]))
        names.take(one, row)


def holds_figure(code: str) -> bool:
    """Whether a code can be told from a word: behind BAD a code of letters alone could be what somebody calls a man who beats a child."""
    return any(sign.isdigit() for sign in code)


def code_for(one: str, taken: set[str]) -> str:
    for attempt in range(10_000):
        number = int.from_bytes(hashlib.sha256(f"{one}/{attempt}".encode()).digest()[:8], "big")
        code = "".join(CODE_ALPHABET[number // len(CODE_ALPHABET) ** place % len(CODE_ALPHABET)] for place in range(4))
        if holds_figure(code) and code not in taken:
            return code
    return ""


def _proposal(names: ShortNames, one: str, row: Values, location: Mapping[str, str] | None) -> str:
    if location is None:
        return ""
    plain = shorten(location["name"])
    for ending in ("", *(f" {number}" for number in range(2, 100))):
        row["short_name"] = plain[: SHORT_NAME - len(ending)].rstrip() + ending
        if names.free(one, row):
            break
    return str(row["short_name"])
