"""The audit's daily head, told to people of different institutions: what an intruder with every key cannot take back from their phones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import Purpose
from referral.directory.snapshot import Roster
from referral.privacy.chain import Chain, End, Shuffle
from referral.privacy.records import HeadRecord
from referral.routing.policy import Policy
from referral.routing.reading import DataError, Section
from referral.store.database import Database

log = structlog.get_logger()


class CustodiansError(DataError):
    """[custodians] of policy.toml cannot be used."""


def parse_custodians(data: object) -> tuple[str, ...]:
    """The ids of those who are told, from policy.toml. Raises CustodiansError naming every problem."""
    problems: list[str] = []
    section = Section(data, "custodians", problems)
    people = section.texts("audit_head")
    if section.has("audit_head") and len(set(people)) < 2:
        section.wrong(section.at("audit_head"), "must be two people or more: one alone could be made to keep silent")
    section.done()
    if problems:
        raise CustodiansError(problems)
    return people


def custodians_problems(people: tuple[str, ...], roster: Roster, now: datetime) -> Iterator[str]:
    """Why these people cannot vouch for the audit: unknown, or all of one institution."""
    unknown = [person for person in people if roster.person(person) is None]
    for person in unknown:
        yield f"policy.toml: custodians: {person}: no officer has this id"
    institutions = {office.institution for person in people for office in roster.offices_of(person, now)}
    if not unknown and len(institutions) < 2:
        yield "policy.toml: custodians: must be of two institutions or more"


@dataclass(frozen=True)
class DailyHead:
    """Chains what waits; once a day writes the chain's end down and tells the custodians."""

    database: Database
    chain: Chain
    outbox: Outbox
    policy: Policy
    custodians: tuple[str, ...]
    shuffle: Shuffle

    def run(self, now: datetime) -> int:
        """How many entries were chained, and 1 more where the day's head was told."""
        return self.chain.take_in(self.database, now, self.shuffle) + self._tell(now)

    def _tell(self, now: datetime) -> int:
        """The first in the sending hours of a day does it: the day is there once, whoever writes it."""
        local, hours = now.astimezone(self.policy.timezone), self.policy.sending_hours
        if not hours.opens <= local.time() < hours.closes or self._told(local) or self.chain.waits(self.database, now):
            return 0
        try:
            with self.database.transaction() as session:
                end = self.chain.end(session)
                if end.count == 0:
                    return 0
                self._write(session, end, local, now)
        except IntegrityError:  # another worker was first
            return 0
        log.info("audit head", count=end.count, code=self.chain.head(end))
        return 1

    def _told(self, local: datetime) -> bool:
        with self.database.read() as session:
            return session.get(HeadRecord, local.date()) is not None

    def _write(self, session: Session, end: End, local: datetime, now: datetime) -> None:
        head = self.chain.head(end)
        session.add(HeadRecord(day=local.date(), position=end.position, head=head, told_at=now))
        session.flush()
        words: Mapping[str, str] = {"day": f"{local:%d/%m/%Y}", "count": str(end.count), "head": shown(head)}
        for person in self.custodians:
            self.outbox.tell(session, Purpose.HEAD, person, "audit.head", dict(words), now)


def shown(head: str) -> str:
    """In groups of four, as it is read out and typed: ABCD EFGH IJKL MNOP."""
    return " ".join(head[at : at + 4] for at in range(0, len(head), 4))
