"""What must be so at a point of a journey, whatever was shown: who has not been told, what has been kept."""

from __future__ import annotations

from sqlalchemy import func, select

from referral.alerts.records import AlertRecord
from referral.reports.records import ReportRecord
from referral.routing.exclusions import LOCAL
from referral.vocabulary.duty import Institution, Office
from tests.journeys.officers import Officers
from tests.world import World

INSTITUTIONS = {
    "children's offices": Institution.CHILDREN,
    "police": Institution.POLICE,
    "administration": Institution.ADMINISTRATION,
    "health posts": Institution.HEALTH,
    "education offices": Institution.EDUCATION,
    "NGOs": Institution.NGO,
}


class JourneyFailed(AssertionError):
    """Something happens that the journey does not say, or its line means nothing."""


class Facts:
    """Each method is a line of a journey: it adds no lines of its own, or raises JourneyFailed."""

    def __init__(self, world: World, officers: Officers) -> None:
        self._world = world
        self._officers = officers

    def nobody(self) -> list[str]:
        with self._world.rows() as session:
            waiting = session.scalar(select(func.count()).select_from(AlertRecord))
        return _must(not self._world.gateway.sent and not waiting, "somebody has been told, or is going to be")

    def none_of(self, institution: str, subcounty: str | None) -> list[str]:
        """Of the whole county, or of one sub-county: then the head for the county, who stands above the accused, does not count."""
        ids = {one.text: one.value for one in self._world.service.roster().subcounties()}
        told = [
            office.name
            for office in self._told()
            if office.institution is INSTITUTIONS[institution] and (subcounty is None or (not office.county_wide and ids[subcounty] in office.subcounties))
        ]
        return _must(not told, f"told: {', '.join(told)}")

    def no_local(self) -> list[str]:
        told = [office.name for office in self._told() if office.role in LOCAL]
        return _must(not told, f"told: {', '.join(told)}")

    def _told(self) -> list[Office]:
        return [office for number, _ in self._world.gateway.sent if (office := self._officers.office(number)) is not None]

    def kept(self, count: str) -> list[str]:
        with self._world.rows() as session:
            kept = session.scalar(select(func.count()).select_from(ReportRecord))
        return _must(kept == (0 if count == "nothing" else int(count.partition(" ")[0])), f"{kept} are kept")

    def number_kept(self, absent: str | None) -> list[str]:
        with self._world.rows() as session:
            kept = session.scalar(select(func.count()).select_from(ReportRecord).where(ReportRecord.contact.is_not(None)))
        return _must(bool(kept) is not bool(absent), f"{kept} numbers of callers are kept")


def _must(so: bool, else_: str) -> list[str]:
    if not so:
        raise JourneyFailed(else_)
    return []
