"""Offices that answer for children, and who is on duty in them, as routing sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Institution(StrEnum):
    """Two offices of one institution count once: a report must not depend on a single house."""

    CHILDREN = "children"
    POLICE = "police"
    ADMINISTRATION = "administration"
    HEALTH = "health"
    EDUCATION = "education"
    NGO = "ngo"
    LABOUR = "labour"
    JUSTICE = "justice"
    FAITH = "faith"


class Role(StrEnum):
    """The posts that can be told of a report (National Government Co-ordination Act 2013; Children Act 2022; police and DCS practice)."""

    CHILDRENS_OFFICE = "childrens_office"
    CHILDRENS_COUNTY_OFFICE = "childrens_county_office"
    CHILD_PROTECTION_VOLUNTEER = "child_protection_volunteer"
    COUNTY_DUTY_DESK = "county_duty_desk"
    POLICE_GENDER_DESK = "police_gender_desk"
    POLICE_STATION = "police_station"
    POLICE_SUBCOUNTY_COMMANDER = "police_subcounty_commander"
    POLICE_COUNTY_COMMANDER = "police_county_commander"
    DCI_UNIT = "dci_unit"
    ELDER = "elder"
    ASSISTANT_CHIEF = "assistant_chief"
    CHIEF = "chief"
    DEPUTY_COUNTY_COMMISSIONER = "deputy_county_commissioner"
    COUNTY_COMMISSIONER = "county_commissioner"
    HEALTH_FACILITY = "health_facility"
    SCHOOL = "school"
    EDUCATION_OFFICE = "education_office"
    EDUCATION_COUNTY_OFFICE = "education_county_office"
    NGO_DESK = "ngo_desk"
    TRIAGE_DESK = "triage_desk"
    LABOUR_OFFICE = "labour_office"
    PROSECUTION = "prosecution"
    CLERIC = "cleric"

    @property
    def institution(self) -> Institution:
        return _INSTITUTION[self]


_INSTITUTION = {
    Role.CHILDRENS_OFFICE: Institution.CHILDREN,
    Role.CHILDRENS_COUNTY_OFFICE: Institution.CHILDREN,
    Role.CHILD_PROTECTION_VOLUNTEER: Institution.CHILDREN,
    Role.COUNTY_DUTY_DESK: Institution.CHILDREN,
    Role.POLICE_GENDER_DESK: Institution.POLICE,
    Role.POLICE_STATION: Institution.POLICE,
    Role.POLICE_SUBCOUNTY_COMMANDER: Institution.POLICE,
    Role.POLICE_COUNTY_COMMANDER: Institution.POLICE,
    Role.DCI_UNIT: Institution.POLICE,
    Role.ELDER: Institution.ADMINISTRATION,
    Role.ASSISTANT_CHIEF: Institution.ADMINISTRATION,
    Role.CHIEF: Institution.ADMINISTRATION,
    Role.DEPUTY_COUNTY_COMMISSIONER: Institution.ADMINISTRATION,
    Role.COUNTY_COMMISSIONER: Institution.ADMINISTRATION,
    Role.HEALTH_FACILITY: Institution.HEALTH,
    Role.SCHOOL: Institution.EDUCATION,
    Role.EDUCATION_OFFICE: Institution.EDUCATION,
    Role.EDUCATION_COUNTY_OFFICE: Institution.EDUCATION,
    Role.NGO_DESK: Institution.NGO,
    Role.TRIAGE_DESK: Institution.NGO,
    Role.LABOUR_OFFICE: Institution.LABOUR,
    Role.PROSECUTION: Institution.JUSTICE,
    Role.CLERIC: Institution.FAITH,
}


@dataclass(frozen=True, slots=True)
class Office:
    """A post with an area. `covers` holds the ids of the places it answers for and `concerns` what it takes (empty: everything).

    `subcounties` are those its area lies in or touches; a county-wide office has them all and `county_wide` set.
    `parent` is the office it escalates to and that supervises it.
    """

    id: str
    role: Role
    name: str
    covers: frozenset[str]
    subcounties: frozenset[str]
    county_wide: bool = False
    concerns: frozenset[str] = frozenset()
    parent: str | None = None
    sample: bool = False

    @property
    def institution(self) -> Institution:
        return self.role.institution


class Doubt(StrEnum):
    """Why somebody is asked last: not a reason to leave a child alone, so never a reason to drop the last one."""

    UNVERIFIED = "unverified"
    UNREACHABLE = "unreachable"
    OFF_DUTY = "off_duty"


AWAY = frozenset({Doubt.OFF_DUTY, Doubt.UNREACHABLE})
"""Doubts of whoever would not read a text just now."""


A_PART = 1
"""The distance of an office that answers for a part of the place only: a chief of one location of a ward."""


@dataclass(frozen=True, slots=True)
class DutyBearer:
    """An office and the person who answers for it at a given moment: the holder, or on leave the deputy.

    `distance` orders offices for one place: 0 covers the place most closely, larger covers more, and an office of a
    neighbouring sub-county comes after all that cover it (`neighbour`). `others`: the other posts this person fills at that
    moment, on leave from them or not: whoever is kept out in one post is kept out in all.
    """

    office: Office
    person: str
    distance: int = 0
    neighbour: bool = False
    standing_in: bool = False
    doubts: frozenset[Doubt] = field(default_factory=frozenset)
    others: tuple[Office, ...] = ()

    @property
    def posts(self) -> tuple[Office, ...]:
        return (self.office, *self.others)
