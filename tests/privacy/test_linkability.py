"""What the database and an operator's list of calls, laid side by side, say of who reported: counted, and what we do so that it is no less."""

from __future__ import annotations

import random
import re
import statistics
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache

import pytest
from sqlalchemy import select

from referral.privacy.audit import Action, AuditRecord
from referral.privacy.chain import Chain
from referral.privacy.records import ChainRecord
from referral.reports.event_records import CaseEventRecord
from referral.reports.letter_records import LetterRecord, Side
from referral.vocabulary.letters import Template
from tests.conftest import ROOT
from tests.world import Phone, World, on_sqlite, sent

CODE = re.compile(r"\d{4} \d{4} \d{4}")
REPORTER = "+254700000061"
BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 7, 9, 9, 8, 8, 8, 8, 8, 8, 9, 10, 10, 8, 6, 4, 2, 1)
"""How likely a call is in each hour of a day: people sleep."""
LISTS = 200
PLACES = {20: 1000, 100: 2000, 500: 5000}
"""Calls of the code in a day, and the phones of the place that ever call it."""


def at_mailbox(world: World, code: str) -> Phone:
    phone = world.phone(REPORTER)
    phone.dial()
    phone.keys("4", code)
    return phone


def press(phone: Phone, words: str, *then: str) -> None:
    phone.keys(next(line.split()[0] for line in phone.screen.splitlines() if words in line), *then)


def midnight(moment: object) -> bool:
    return f"{moment:%H:%M:%S}" == "00:00:00"


class TestAReportersOwnActs:
    def test_stand_with_their_day_and_only_the_filing_with_its_hour(self, world: World) -> None:
        report = self._lived(world)
        with world.rows() as session:
            entries = session.execute(select(AuditRecord.action, AuditRecord.hour).where(AuditRecord.actor == "reporter", AuditRecord.subject == report)).all()
            letters = session.scalars(select(LetterRecord).where(LetterRecord.report == report)).all()
            events = session.scalars(select(CaseEventRecord).where(CaseEventRecord.report == report)).all()
        acts = {action for action, _ in entries}
        assert acts >= {Action.FILED, Action.LETTER_WRITTEN, Action.REOPENED, Action.CONTACT_GIVEN, Action.CONTACT_WITHDRAWN, Action.WORDS_ERASED}
        assert {action for action, hour in entries if not midnight(hour)} == {Action.FILED}
        theirs = [one.written_hour for one in letters if one.side is Side.REPORTER] + [one.read_hour for one in letters if one.side is Side.OFFICER]
        assert len(theirs) == 2
        assert all(one is not None and midnight(one) for one in theirs)
        assert {event.kind for event in events} == {"not_helped", "reopened", "words_erased"}
        assert all(midnight(event.noted_hour) for event in events)

    @on_sqlite
    def test_have_no_place_in_the_chain_that_tells_the_hour(self, world: World) -> None:
        report = self._lived(world)
        chain, database, now = Chain(world.service.keys.chain), world.service.database, world.clock.now
        chain.take_in(database, now, random.Random(1).shuffle)
        assert self._chained(world, report) == {Action.FILED}, "their day is not over"
        chain.take_in(database, now.replace(hour=0) + timedelta(days=1), random.Random(1).shuffle)
        assert self._chained(world, report) > {Action.FILED}

    @staticmethod
    def _lived(world: World) -> str:
        """Filed, a letter read, answered, not helped, contact given and taken back, words erased: all on one day, each an hour after the other."""
        world.clock.turn(timedelta(minutes=-world.clock.now.minute + 7))
        code = CODE.search(sent(world.phone(REPORTER)).screen)
        assert code is not None
        digits = code.group().replace(" ", "")
        with world.rows() as session:
            report = session.scalars(select(AuditRecord.subject).where(AuditRecord.action == Action.FILED)).one()
        mailbox = world.service.mailbox
        with world.service.database.transaction() as session:
            mailbox.write_as_officer(session, report, "co-msambweni-1", "co-msambweni", template=next(iter(Template)), words=None, asks=True, now=world.clock())
        for words, then in (
            ("Soma ujumbe", ()),
            ("Tuandikie", ("3", "karibu na kisima")),
            ("Sijasaidiwa", ("1",)),
            ("Wasiliana nami", ("1", "1")),
            ("Acha kuwasiliana", ("1",)),
            ("Futa maneno", ("1",)),
        ):
            world.clock.turn(timedelta(hours=1))
            press(at_mailbox(world, digits), words, *then)
        return report

    @staticmethod
    def _chained(world: World, report: str) -> set[Action]:
        with world.rows() as session:
            joined = select(AuditRecord.action).join(ChainRecord, ChainRecord.entry == AuditRecord.id)
            return set(session.scalars(joined.where(AuditRecord.subject == report, AuditRecord.actor == "reporter")))


@cache
def laid_beside_a_list(calls: int, phones: int) -> tuple[float, int, Sequence[int], Sequence[int]]:
    """(median of the calls in the hour of a filing, the share of filings with fewer than five, the share of reporters who alone remain after one and
    after two acts on other days that are known by the hour, the same by the day), shares in a hundred."""
    dice, sizes = random.Random(calls), list[int]()
    alone: dict[tuple[str, int], int] = {(how, acts): 0 for how in ("hour", "day") for acts in (1, 2)}
    for _ in range(LISTS):
        days = [[(dice.randrange(phones), hour) for hour in dice.choices(range(24), BY_HOUR, k=calls - 1)] for _ in range(3)]
        mine = dice.choices(range(24), BY_HOUR, k=3)
        callers = {phone for phone, hour in days[0] if hour == mine[0]}
        sizes.append(sum(hour == mine[0] for _, hour in days[0]) + 1)
        left = {"hour": set(callers), "day": set(callers)}
        for act in (1, 2):
            left["hour"] &= {phone for phone, hour in days[act] if hour == mine[act]}
            left["day"] &= {phone for phone, _ in days[act]}
            for how, others in left.items():
                alone[how, act] += not others
    share = {key: round(100 * count / LISTS) for key, count in alone.items()}
    few = round(100 * sum(size < 5 for size in sizes) / LISTS)
    return statistics.median(sizes), few, (share["hour", 1], share["hour", 2]), (share["day", 1], share["day", 2])


class TestAListOfCalls:
    @pytest.mark.parametrize("calls", PLACES)
    def test_says_what_the_paper_on_threats_says(self, calls: int, record_property: Callable[[str, object], None]) -> None:
        median, few, hours, days = laid_beside_a_list(calls, PLACES[calls])
        row = f"| {calls} | {PLACES[calls]} | {median:g} | {few} | {hours[0]}, {hours[1]} | {days[0]}, {days[1]} |"
        record_property("calls a day, phones, calls in a filing's hour, fewer than five (%), alone by the hour (%), by the day (%)", row)
        assert row in (ROOT / "docs" / "threat-model.md").read_text("utf-8")

    def test_by_the_day_fewer_are_alone_than_by_the_hour(self) -> None:
        for calls, phones in PLACES.items():
            _, _, hours, days = laid_beside_a_list(calls, phones)
            assert days[0] <= hours[0]
            assert days[1] <= hours[1]
        assert laid_beside_a_list(500, 5000)[3][0] < 25 < laid_beside_a_list(500, 5000)[2][0]
