"""A directory of nowhere, with every field filled somewhere and secrets in every corner where an editor could put one.

Public points lie in one band of latitudes and longitudes, secret ones at the other end of the earth, so that a coordinate that is found in
an answer is there by no chance, and is no distance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from referral.directory.people import bump
from referral.directory.point_records import Access, AccessibilityRow, DayExceptionRow, HoursRow, LanguageRow, PhoneRow, TermRow
from referral.directory.records import OfficeRow, PersonRow, PlaceParentRow, PlaceRow
from referral.directory.service_records import (
    Fee,
    LocationRow,
    LocationSecretRow,
    LocationType,
    OrganizationRow,
    Precision,
    ServiceAreaRow,
    ServiceAtLocationRow,
    ServiceRow,
    Status,
    VerifyMethod,
    Visibility,
)
from referral.directory.upkeep_records import FieldChangeRow
from referral.vocabulary.duty import Role
from referral.vocabulary.help import HelpKind
from referral.vocabulary.place import PlaceKind

THEN = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
CODE_SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
TERMS = ("counselling", "postrape", "legalaid", "bursary")


@dataclass
class Secrets:
    """What must occur in no answer."""

    words: list[str] = field(default_factory=list)
    points: list[tuple[float, float]] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    unmarked: list[str] = field(default_factory=list)
    """Numbers of the samples' block whose rows do not say so."""

    def spellings(self) -> set[str]:
        """The words, the numbers, and each coordinate cut and rounded to two to five decimals."""
        cut = {f"{abs(value):.8f}"[: -8 + decimals] for point in self.points for value in point for decimals in range(2, 6)}
        rounded = {f"{abs(value):.{decimals}f}" for point in self.points for value in point for decimals in range(2, 6)}
        return {*self.words, *self.numbers, *self.unmarked, *cut, *rounded}


class Synthetic:
    """Fills an empty directory. The same `random` makes the same one."""

    def __init__(self, session: Session, random: Random) -> None:
        self.session = session
        self.random = random
        self.secrets = Secrets()
        self.wards: list[str] = []
        self._serial = 0

    def fill(self, size: int) -> Secrets:
        self._places()
        self._terms()
        self._people()
        organizations = [self._organization() for _ in range(size)]
        locations = [self._location(self.random.choice(organizations)) for _ in range(size * 2)]
        services = [self._service(self.random.choice(organizations)) for _ in range(size * 2)]
        self.session.flush()
        pairs = {(self.random.randrange(len(services)), self.random.randrange(len(locations))) for _ in range(size * 4)}
        for service, location in sorted(pairs):
            self._point(services[service], locations[location])
        self.session.add(DayExceptionRow(id="holiday", day=date(2026, 12, 25), closed=True, label="Christmas"))
        self.session.flush()
        bump(self.session)
        return self.secrets

    def id(self, kind: str) -> str:
        self._serial += 1
        if self.random.random() < 0.2:
            return f"{self.random.getrandbits(32):08x}-0000-4000-8000-{self._serial:012x}"
        return f"{kind}-{self._serial}"

    def secret(self) -> str:
        word = f"zq{self.random.getrandbits(40):010x}qz"
        self.secrets.words.append(word)
        return word

    def text(self, *, hidden: bool = False) -> str:
        if hidden:
            return f"Near {self.secret()}"
        said = (f"Wörd {self.random.randrange(50)}", 'and "more" of it', "Ng'ombeni", "Soko, line\ntwo", "")
        return " ".join(self.random.sample(said, 2)).strip()

    def _listed(self, **also: Any) -> dict[str, Any]:
        verified = self.random.random() < 0.5
        return {
            "source": self.random.choice(("", "a register")),
            "source_id": str(self.random.randrange(10_000)),
            "verified_on": date(2026, 3, 1) if verified else None,
            "verified_by": self.secret() if verified else None,
            "verify_method": VerifyMethod.CALL if verified else None,
            "sample": self.random.random() < 0.15,
            "updated_at": THEN + timedelta(minutes=self.random.randrange(100_000)),
            **also,
        }

    def _places(self) -> None:
        rows = [("K", PlaceKind.COUNTY, None), ("S1", PlaceKind.SUBCOUNTY, "K"), ("S2", PlaceKind.SUBCOUNTY, "K")]
        rows += [(f"W{one}", PlaceKind.WARD, f"S{one % 2 + 1}") for one in range(1, 7)]
        for position, (one, kind, _) in enumerate(rows):
            point = (-4.0 - position / 100, 39.0 + position / 100)
            self.session.add(
                PlaceRow(id=one, kind=kind, name=f"Place {one}", lat=point[0], lon=point[1], precision="area", source="made up", position=position)
            )
        self.session.flush()
        self.session.add_all(PlaceParentRow(place=one, parent=parent, position=0) for one, _, parent in rows if parent)
        self.wards = [one for one, kind, _ in rows if kind is PlaceKind.WARD]

    def _terms(self) -> None:
        for kind in HelpKind:
            self.session.add(TermRow(id=f"help-{kind}", taxonomy="help", code=kind.value, name_en=kind.value.title(), name_sw="Neno", description="A kind."))
        self.session.flush()
        for code in TERMS:
            self.session.add(TermRow(id=code, taxonomy="help", code=code, parent="help-talk", name_en=code, name_sw="Neno", description=f"About {code}."))
        self.session.add(TermRow(id="other", taxonomy="other", code="other", name_en="Other", name_sw="Neno", description="Another list."))

    def _people(self) -> None:
        self.session.add(PersonRow(id="p-1", name=self.secret(), language="en"))
        self.session.add(OfficeRow(id="office", role=Role.CHIEF, name=f"Office {self.secret()}"))
        self.session.add(
            FieldChangeRow(
                id="f" * 32, entity="services", entry="x", field="name", old=self.secret(), new=self.secret(), action="update", by=self.secret(), at=THEN
            )
        )
        self.session.flush()
        self._phone("office", "office", hidden=True)

    def _organization(self) -> OrganizationRow:
        hidden = self.random.random() < 0.15
        row = OrganizationRow(
            id=self.id("organization"), name=f"Organization {self.secret() if hidden else self._serial}", short_name=self.random.choice(("", "Org")),
            description=self.text(hidden=hidden), sector="ngo", website=self.random.choice(("", "https://example.org/")),
            email=self.random.choice(("", "office@example.org")), status=self.random.choice((Status.ACTIVE, Status.ACTIVE, Status.INACTIVE)),
            do_not_list=hidden, **self._listed(),
        )  # fmt: skip
        self.session.add(row)
        self.session.flush()
        self._phone("organization", row.id, hidden=hidden)
        return row

    def _location(self, organization: OrganizationRow) -> LocationRow:
        confidential = self.random.random() < 0.3
        virtual = not confidential and self.random.random() < 0.2
        hidden = confidential or organization.do_not_list
        near = self.random.random() < 0.8 and not confidential and not virtual
        row = LocationRow(
            id=self.id("location"), organization=organization.id, name=f"Location {self.secret() if hidden else self._serial}",
            location_type=LocationType.VIRTUAL if virtual else LocationType.PHYSICAL,
            visibility=Visibility.CONFIDENTIAL if confidential else Visibility.PUBLIC,
            place=None if virtual else self.random.choice(("S1", "S2", None)) if confidential else self.random.choice(self.wards),
            lat=self._coordinate(-3.9) if near else None, lon=self._coordinate(39.1) if near else None,
            precision=self.random.choice(list(Precision)) if near else None,
            directions="" if confidential else self.text(hidden=hidden), transport="" if confidential else self.text(hidden=hidden), **self._listed(),
        )  # fmt: skip
        self.session.add(row)
        self.session.flush()
        if confidential:
            point = (self._coordinate(-81.75), self._coordinate(139.75))
            self.secrets.points.append(point)
            self.session.add(LocationSecretRow(location=row.id, sealed=f"{self.secret()} {point}".encode()))
        self._phone("location", row.id, hidden=hidden)
        self.session.add(LanguageRow(id=self.id("language"), code="dig", note=self.text(hidden=hidden), location=row.id))
        self.session.add(AccessibilityRow(id=self.id("access"), location=row.id, access=self.random.choice(list(Access)), details=self.text(hidden=hidden)))
        return row

    def _service(self, organization: OrganizationRow) -> ServiceRow:
        visibility = self.random.choice((Visibility.PUBLIC, Visibility.PUBLIC, Visibility.PUBLIC, Visibility.STAFF, Visibility.CONFIDENTIAL))
        kind = self.random.choice(list(HelpKind))
        hidden = visibility is not Visibility.PUBLIC or kind is HelpKind.SAFE or organization.do_not_list
        ages = sorted((self.random.randrange(18), self.random.randrange(18)))
        row = ServiceRow(
            id=self.id("service"), organization=organization.id, name=f"Service {self.secret() if hidden else self._serial}", kind=kind,
            terms=" ".join(self.random.sample((*TERMS, "unknown"), 2)), description=self.text(hidden=hidden), status=self.random.choice(list(Status)),
            visibility=visibility, min_age=self.random.choice((None, ages[0])), max_age=self.random.choice((None, ages[1])),
            gender=self.random.choice(("", "girls")), eligibility=self.text(hidden=hidden), fee=self.random.choice(list(Fee)),
            fee_note=self.text(hidden=hidden), application=self.text(hidden=hidden), alert=self.text(hidden=hidden), **self._listed(),
        )  # fmt: skip
        self.session.add(row)
        self.session.flush()
        self._phone("service", row.id, hidden=hidden)
        self.session.add(LanguageRow(id=self.id("language"), code=self.random.choice(("swa", "eng", "xyz")), note=self.text(hidden=hidden), service=row.id))
        if self.random.random() < 0.5:
            self.session.add(ServiceAreaRow(id=self.id("area"), service=row.id, place=self.random.choice((*self.wards, "K"))))
        return row

    def _point(self, service: ServiceRow, location: LocationRow) -> None:
        hidden = location.visibility is Visibility.CONFIDENTIAL or service.visibility is not Visibility.PUBLIC or service.kind is HelpKind.SAFE
        hidden = hidden or any(self.session.get_one(OrganizationRow, one).do_not_list for one in (service.organization, location.organization))
        code = "".join(CODE_SIGNS[self._serial // len(CODE_SIGNS) ** place % len(CODE_SIGNS)] for place in range(4))
        row = ServiceAtLocationRow(
            id=self.id("point"), service=service.id, location=location.id, code=code, short_name=self.secret() if hidden else "Point",
            description=self.text(hidden=hidden), unconfirmed=self.random.random() < 0.2, **self._listed(),
        )  # fmt: skip
        self.session.add(row)
        self.session.flush()
        self._phone("service_at_location", row.id, hidden=hidden)
        for opens, closes in self.random.sample(((480, 780), (840, 1020), (1200, 360), (0, 0), (0, 1439)), self.random.randrange(3)):
            self.session.add(
                HoursRow(
                    id=self.id("hours"), service_at_location=row.id, days=self.random.randrange(1, 128), opens=opens, closes=closes, valid_from=date(2026, 1, 1)
                )
            )
        exception = {"closed": False, "opens": 600, "closes": 720} if self.random.random() < 0.5 else {"closed": True}
        self.session.add(
            DayExceptionRow(id=self.id("day"), service_at_location=row.id, day=date(2026, 12, 24), label=self.secret() if hidden else "A day", **exception)
        )
        if self.random.random() < 0.5:
            self.session.add(ServiceAreaRow(id=self.id("area"), service_at_location=row.id, place=self.random.choice(self.wards)))

    def _phone(self, owner: str, owner_id: str, *, hidden: bool) -> None:
        """Three: one anybody may see, a sample's, and one for officers."""
        for visibility, sample in ((Visibility.PUBLIC, False), (Visibility.PUBLIC, True), (Visibility.STAFF, False)):
            number = f"+254700000{self._serial % 1000:03}" if sample else f"+99{self._serial:09}"
            row = PhoneRow(
                id=self.id("phone"), e164=number, description=self.text(hidden=hidden), takes_texts=True, toll_free=True, visibility=visibility,
                **{owner: owner_id}, **self._listed(sample=sample and self.random.random() < 0.5),
            )  # fmt: skip
            self.session.add(row)
            self.session.flush()
            self.session.add(LanguageRow(id=self.id("language"), code="swa", phone=row.id))
            self.session.add(HoursRow(id=self.id("hours"), phone=row.id, days=31, opens=480, closes=1020))
            if sample or hidden or visibility is Visibility.STAFF:
                (self.secrets.unmarked if sample and not row.sample and not hidden else self.secrets.numbers).append(number)

    def _coordinate(self, middle: float) -> float:
        return round(middle + self.random.uniform(-0.04, 0.04), 5)
