"""What is kept goes on time: by the table, whoever runs the purge, killed or late, and never what two people hold for a court."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral.alerts.keeping import HAPPENED
from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.alerts.state import state_of
from referral.casework.case_records import LegalHoldRecord
from referral.casework.closing import CloseRefused, Closing, Reason, may_be
from referral.casework.holds import HoldRefused
from referral.forgetting import runs
from referral.forgetting.purging import ClockDoubted, Outcome, Purging
from referral.forgetting.steady import SteadyClock
from referral.privacy.audit import Action, AuditRecord
from referral.privacy.records import PurgeRunRecord
from referral.privacy.retention import RetentionError, parse_retention
from referral.reports import keeping
from referral.reports.event_records import CaseEvent, CaseEventRecord
from referral.reports.keeping import closed
from referral.reports.letter_records import LetterRecord, LetterState, Side
from referral.reports.records import PlanStepRecord, ReportRecord
from referral.reports.register import Report
from referral.store.base import Base, new_id
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import NEVER_LOCAL, TREATED_AS_SEXUAL, Channel, Concern, Told, Urgency
from tests.conftest import START
from tests.world import NOT_NOW, PHYSICAL, World, on_sqlite, sent

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OFFICER, OTHER = "co-msambweni-1", "ngo-desk-1"
DESK, STRANGER = "triage-desk-1", "co-matuga-1"
STORY = b"a story"


def reports(world: World) -> list[ReportRecord]:
    with world.rows() as session:
        return list(session.scalars(select(ReportRecord)))


def a_report(world: World, *, concern: tuple[str, ...] = PHYSICAL) -> str:
    """A report with a story, and its letters, filed and alerted."""
    before = {one.id for one in reports(world)}
    sent(world.phone(), danger=NOT_NOW, concern=concern)
    world.wait(4 * HOUR, step=timedelta(minutes=30))
    (id_,) = {one.id for one in reports(world)} - before
    with world.service.database.transaction() as session:
        session.execute(update(ReportRecord).where(ReportRecord.id == id_).values(story=STORY))
        for turn, read in ((1, None), (2, world.clock.now)):
            letter = LetterRecord(
                id=new_id(), report=id_, turn=turn, side=Side.REPORTER, state=LetterState.READY, office="", person="", asks=False,
                words=STORY, written_hour=world.clock.now, read_hour=read,
            )  # fmt: skip
            session.add(letter)
    return id_


def end_of(world: World, report: str, at: datetime | None = None) -> None:
    """Written down as closed, whoever did it."""
    with world.service.database.transaction() as session:
        hour = (at or world.clock.now).replace(minute=0, second=0, microsecond=0)
        event = CaseEventRecord(id=new_id(), report=report, kind=CaseEvent.CLOSED, office="", person=OFFICER, reason="safe", note=STORY, noted_hour=hour)
        session.add(event)


def reopened(world: World, report: str) -> None:
    with world.service.database.transaction() as session:
        hour = world.clock.now.replace(minute=0, second=0, microsecond=0)
        session.add(CaseEventRecord(id=new_id(), report=report, kind=CaseEvent.REOPENED, office="", person="", reason="was_closed", noted_hour=hour))


def purge(world: World) -> Outcome:
    outcome = world.service.purging.at_once(world.clock.now, trusted=True)
    assert outcome.failed == {}
    return outcome


def row(world: World, report: str) -> ReportRecord:
    with world.rows() as session:
        return session.get_one(ReportRecord, report)


def count(world: World, record: type[Base], *where: object) -> int:
    with world.rows() as session:
        return session.scalar(select(func.count()).select_from(record).where(*where)) or 0  # type: ignore[arg-type]


def logged(events: list[dict[str, object]]) -> list[str]:
    return [str(event["event"]) for event in events]


class TestTheTable:
    def test_names_everything_that_is_wrong_with_it_at_once(self) -> None:
        with pytest.raises(RetentionError) as error:
            parse_retention({"audit_years": 0, "forever": 1})
        assert len(error.value.problems) == 12
        assert "retention.forever: unknown" in error.value.problems


class TestAClosedReport:
    def test_loses_its_words_after_ninety_days_and_not_a_day_before(self, world: World) -> None:
        report = a_report(world)
        code = row(world, report).code_digest
        with world.service.database.transaction() as session:
            session.execute(update(ReportRecord).values(flags="accused_unknown doubt_contradicts doubt_same_words doubtful"))
        end_of(world, report)
        world.clock.turn(89 * DAY)
        purge(world)
        assert row(world, report).story == STORY
        world.clock.turn(DAY + HOUR)
        assert purge(world).removed["words"] == 1
        left = row(world, report)
        assert [left.story, left.spot, left.landmark, left.reporter, left.contact] == [None] * 5
        assert (left.words_gone, left.concern, left.place is not None) == (True, Concern.PHYSICAL, True)
        assert (left.filed_hour.day, left.filed_hour.hour) == (1, 0), "the skeleton says the month only"
        assert left.code_digest != code, "the code opens nothing any more"
        assert count(world, LetterRecord) == count(world, PlanStepRecord) == 0
        assert count(world, CaseEventRecord, CaseEventRecord.note.is_not(None)) == 0
        assert count(world, AlertRecord) > count(world, AlertRecord, AlertRecord.reason.is_not(None)) == 0, "nor who was left out, and for whom"
        assert left.flags == "accused_unknown doubtful"
        assert purge(world).removed["words"] == 0

    def test_keeps_them_once_it_was_reopened_and_counts_anew(self, world: World) -> None:
        report = a_report(world)
        end_of(world, report)
        world.clock.turn(50 * DAY)
        reopened(world, report)
        world.clock.turn(100 * DAY)
        purge(world)
        assert row(world, report).story == STORY
        end_of(world, report)
        world.clock.turn(50 * DAY)
        purge(world)
        assert row(world, report).story == STORY

    def test_is_gone_with_all_that_hangs_on_it_after_five_years(self, world: World) -> None:
        report = a_report(world)
        end_of(world, report)
        world.clock.turn(5 * 365 * DAY - DAY)
        purge(world)
        assert row(world, report).id == report
        world.clock.turn(2 * DAY)
        assert purge(world).removed["cases"] == 1
        hanging = [table for table in Base.metadata.sorted_tables if any(key.column.table.name == "report" for key in table.foreign_keys)]
        assert len(hanging) >= 7
        with world.rows() as session:
            left = {table.name: session.scalar(select(func.count()).select_from(table).where(table.c.report == report)) for table in hanging}
        assert set(left.values()) == {0}, left

    def test_that_nobody_ever_closed_keeps_everything_and_is_asked_about(self, world: World) -> None:
        report = a_report(world)
        world.clock.turn(366 * DAY)
        outcome = purge(world)
        assert outcome.never_closed == [row(world, report).number]
        assert row(world, report).story == STORY
        with structlog.testing.capture_logs() as events:
            world.service.purging.watch(world.clock.now)
        assert "reports nobody closed" in logged(events)


class TestLettersAndNumbers:
    def test_a_letter_loses_its_words_a_month_after_it_was_read_and_an_unread_one_waits(self, world: World) -> None:
        a_report(world)
        world.clock.turn(29 * DAY)
        assert purge(world).removed["letters"] == 0
        world.clock.turn(DAY + HOUR)
        assert purge(world).removed["letters"] == 1
        assert count(world, LetterRecord, LetterRecord.words.is_not(None)) == 1
        assert count(world, LetterRecord) == 2

    @pytest.mark.parametrize(("until", "first", "gone"), [(30, 0, False), (-1, -31, True), (20, -91, True), (20, -89, False)])
    def test_a_number_goes_at_its_end_and_after_ninety_days_however_often_renewed(self, world: World, until: int, first: int, gone: bool) -> None:
        report = a_report(world)
        now = world.clock.now
        with world.service.database.transaction() as session:
            values = {"contact": b"x", "contact_hours": "any", "contact_by_call": False, "contact_tag": b"t" * 16}
            times = {"contact_until": now + until * DAY, "contact_first_hour": now + first * DAY}
            session.execute(update(ReportRecord).where(ReportRecord.id == report).values(**values, **times))
        purge(world)
        left = row(world, report)
        assert (left.contact is None, left.contact_tag is None) == (gone, gone)

    def test_an_answer_that_never_became_final_goes_number_and_all(self, world: World) -> None:
        with world.service.database.transaction() as session:
            world.service.outbox.tell_reporter(session, PhoneNumber("+254700000044"), "words", world.clock.now)
            session.flush()
            session.execute(update(AlertRecord).values(calling=True, claim="a dead worker's"))
        world.clock.turn(71 * HOUR)
        purge(world)
        assert count(world, AlertRecord, AlertRecord.number.is_not(None)) == 1
        world.clock.turn(2 * HOUR)
        assert purge(world).removed["unsent texts"] == 1
        assert count(world, AlertRecord, AlertRecord.purpose == Purpose.REPORTER) == 0

    def test_a_row_that_is_final_cannot_hold_a_number(self, world: World) -> None:
        """The statement that makes it final must blank it: the database refuses any other."""
        with world.service.database.transaction() as session:
            world.service.outbox.tell_reporter(session, PhoneNumber("+254700000044"), "words", world.clock.now)
        with pytest.raises(IntegrityError), world.service.database.transaction() as session:
            session.execute(update(AlertRecord).values(due_at=None, sent_at=world.clock.now))


class TestExactTimes:
    def test_become_hours_after_three_days_in_the_same_order_with_how_long_it_took(self, world: World) -> None:
        a_report(world)
        with world.service.database.transaction() as session:
            alert = session.scalars(select(AlertRecord).where(AlertRecord.sent_at.is_not(None))).first()
            assert alert is not None
            assert alert.sent_at is not None
            alert.acknowledged_at, alert.acting_at = alert.sent_at + timedelta(minutes=7), alert.sent_at + timedelta(minutes=95)
            before = {name: getattr(alert, name) for name in HAPPENED if getattr(alert, name)}
            id_, state = alert.id, state_of(alert)
        world.clock.turn(before["sent_at"] + 71 * HOUR - world.clock.now)
        purge(world)
        with world.rows() as session:
            assert session.get_one(AlertRecord, id_).sent_at == before["sent_at"]
        world.clock.turn(6 * HOUR)
        assert purge(world).removed["exact times"] > 0
        with world.rows() as session:
            left = session.get_one(AlertRecord, id_)
            after = {name: getattr(left, name) for name in before}
            assert (left.answer_minutes, left.act_minutes, state_of(left)) == (7, 95, state)
            assert left.deadline_at is not None
            assert (left.deadline_at.minute, left.deadline_at.second) == (0, 0)
        assert all((at.minute, at.second, at.microsecond < 20) == (0, 0, True) for at in after.values()), after
        assert sorted(after, key=lambda name: (after[name], name)) == sorted(before, key=lambda name: (before[name], name))

    def test_are_nowhere_left_in_any_table_about_a_report(self, world: World) -> None:
        """Every moment of every row that hangs on a report, by the records themselves: a new column cannot be forgotten here."""
        a_report(world)
        world.wait(3 * DAY, step=HOUR)
        world.clock.turn(5 * DAY)
        purge(world)
        horizon = world.clock.now - 72 * HOUR
        exact = []
        for table in Base.metadata.sorted_tables:
            if not any(key.column.table.name == "report" for key in table.foreign_keys) and table.name != "report":
                continue
            moments = [column for column in table.columns if column.type.python_type is datetime and column.name not in ("due_at", "again_at")]
            with world.rows() as session:
                for values in session.execute(select(*moments)) if moments else ():
                    exact += [(table.name, at) for at in values if at and at <= horizon and (at.minute or at.second or at.microsecond > 20)]
        assert exact == []

    def test_a_clock_that_still_runs_is_never_earlier_than_it_was(self, world: World) -> None:
        report = a_report(world)
        due = world.clock.now + 5 * DAY + timedelta(minutes=17)
        with world.service.database.transaction() as session:
            session.execute(update(LadderRecord).values(action_due_at=due, step_due_at=None, again_at=None))
        world.clock.turn(4 * DAY)
        purge(world)
        with world.rows() as session:
            at = session.get_one(LadderRecord, report).action_due_at
        assert at is not None
        assert timedelta(0) <= at - due < HOUR
        assert at.minute == 0


class TestAHold:
    def ask(self, world: World, report: str, days: int = 200) -> str:
        with world.service.database.transaction() as session:
            return world.service.holds.ask(session, report, OFFICER, "the court at Kwale", (world.clock.now + days * DAY).date(), world.clock.now)

    def approve(self, world: World, hold: str, by: str) -> None:
        with world.service.database.transaction() as session:
            world.service.holds.approve(session, hold, by, world.clock.now)

    def test_by_two_people_keeps_a_report_until_its_day_and_not_longer(self, world: World) -> None:
        report = a_report(world)
        end_of(world, report)
        self.approve(world, self.ask(world, report), DESK)
        world.clock.turn(120 * DAY)
        purge(world)
        assert (row(world, report).story, count(world, LetterRecord, LetterRecord.words.is_not(None))) == (STORY, 2)
        world.clock.turn(82 * DAY)
        outcome = purge(world)
        assert (outcome.removed["holds ended"], outcome.removed["words"]) == (1, 1)
        assert row(world, report).story is None
        assert count(world, LegalHoldRecord) == 0, "its reason is words too"
        said = {Action.HOLD_ASKED, Action.HOLD_APPROVED, Action.HOLD_ENDED}
        assert count(world, AuditRecord, AuditRecord.action.in_(said), AuditRecord.subject == report) == 3

    def test_of_one_person_holds_nothing(self, world: World) -> None:
        report = a_report(world)
        end_of(world, report)
        hold = self.ask(world, report)
        with pytest.raises(HoldRefused):
            self.approve(world, hold, OFFICER)
        world.clock.turn(91 * DAY)
        purge(world)
        assert row(world, report).story is None

    @on_sqlite
    def test_is_refused_for_no_reason_and_for_ever(self, world: World) -> None:
        report, today = a_report(world), world.clock.now.date()
        for by, why, until in ((STRANGER, "court", today), (DESK, " ", today), (DESK, "court", today - DAY), (DESK, "court", today + 400 * DAY)):
            with pytest.raises(HoldRefused), world.service.database.transaction() as session:
                world.service.holds.ask(session, report, by, why, until, world.clock.now)

    @on_sqlite
    def test_is_nothing_that_somebody_learns_of_who_may_not_read_the_report(self, world: World) -> None:
        report = a_report(world)
        hold = self.ask(world, report)
        with pytest.raises(HoldRefused, match="no such hold"):
            self.approve(world, hold, STRANGER)
        with world.rows() as session:
            assert [len(world.service.holds.open(session, by, world.clock.now)) for by in (OFFICER, DESK, STRANGER, "nobody")] == [1, 1, 0, 0]

    @on_sqlite
    def test_never_keeps_a_number_longer(self, world: World) -> None:
        report = a_report(world)
        self.approve(world, self.ask(world, report), DESK)
        with world.service.database.transaction() as session:
            values = {"contact": b"x", "contact_hours": "any", "contact_by_call": False, "contact_until": world.clock.now + DAY}
            session.execute(update(ReportRecord).where(ReportRecord.id == report).values(**values))
        world.clock.turn(2 * DAY)
        purge(world)
        assert row(world, report).contact is None


class TestTheRun:
    def test_is_once_a_day_whichever_worker_is_first(self, world: World) -> None:
        end_of(world, a_report(world))
        world.clock.turn(91 * DAY)
        purging, now = world.service.purging, world.clock.now
        with world.service.database.transaction() as session:
            session.execute(update(PurgeRunRecord).values(ended_at=now - DAY))
        assert [purging.daily(now) > 0, purging.daily(now), purging.daily(now + 22 * HOUR)] == [True, 0, 0]
        assert count(world, PurgeRunRecord, PurgeRunRecord.started_at == now) == 1
        purging.daily(now + 24 * HOUR)
        assert count(world, PurgeRunRecord, PurgeRunRecord.started_at > now) == 1

    def test_killed_midway_is_begun_again_and_leaves_nothing_half_gone(self, world: World) -> None:
        ids = [a_report(world) for _ in range(3)]
        for report in ids:
            end_of(world, report)
        world.clock.turn(91 * DAY)
        now, real = world.clock.now, world.service.purging
        killed = Killed(real.database, real.kept, real.holds, real.audit, real.cut_audit, real.clock)
        with pytest.raises(KeyboardInterrupt):
            killed.at_once(now, trusted=True)
        with world.rows() as session:
            run = session.scalars(select(PurgeRunRecord).where(PurgeRunRecord.started_at == now)).one()
            assert run.ended_at is None
            for report in ids:  # whole or gone, never half
                left = session.get_one(ReportRecord, report)
                letters = session.scalar(select(func.count()).select_from(LetterRecord).where(LetterRecord.report == report))
                assert (left.story is None, letters) in ((True, 0), (False, 2))
        assert count(world, ReportRecord, ReportRecord.words_gone) == 1
        assert real.daily(now + timedelta(minutes=30)) == 0, "another may be at it"
        assert real.daily(now + 2 * HOUR) > 0
        assert count(world, ReportRecord, ReportRecord.story.is_not(None)) == count(world, LetterRecord) == 0

    def test_one_kind_that_fails_stops_no_other_and_the_run_has_not_ended(self, world: World) -> None:
        end_of(world, a_report(world))
        world.clock.turn(91 * DAY)
        real = world.service.purging

        def broken(_session: Session, _day: object) -> int:
            raise RuntimeError("+254700000001")

        outcome = Purging(real.database, real.kept, real.holds, real.audit, broken, real.clock).at_once(world.clock.now, trusted=True)
        assert (outcome.failed, outcome.removed["words"]) == ({"audit": "RuntimeError"}, 1)
        with world.rows() as session:
            run = session.scalars(select(PurgeRunRecord).where(PurgeRunRecord.started_at == world.clock.now)).one()
        assert (run.ended_at, run.problem, json.loads(run.removed)["words"]) == (None, "audit:RuntimeError", 1)

    def test_that_did_not_come_for_twenty_six_hours_is_an_alarm_and_the_next_catches_up(self, world: World) -> None:
        end_of(world, a_report(world))
        purge(world)
        world.clock.turn(25 * HOUR)
        assert world.service.purging.late(world.clock.now) is None
        world.clock.turn(2 * HOUR)
        with structlog.testing.capture_logs() as events:
            world.service.purging.watch(world.clock.now)
        assert "purge is late" in logged(events)
        answer = world.web.get("/readyz")
        assert "purge: none has ended for 27 hours" in answer.get_data(as_text=True)
        world.clock.turn(21 * DAY)
        world.service.purging.catch_up(world.clock.now)
        assert world.service.purging.late(world.clock.now) is None

    def test_is_made_before_serving_where_a_backup_is_older_than_the_last(self, world: World) -> None:
        """The database as it was is put back; words that were gone by then are gone before anybody can read them."""
        report = a_report(world)
        end_of(world, report, START - 62 * DAY)
        purge(world)
        assert row(world, report).story == STORY
        world.clock.turn(29 * DAY)
        world.service.purging.catch_up(world.clock.now)
        assert row(world, report).story is None

    def test_removes_nothing_in_a_dry_run(self, world: World) -> None:
        report = a_report(world)
        end_of(world, report)
        world.clock.turn(91 * DAY)
        assert world.service.purging.would_remove(world.clock.now).removed["words"] == 1
        assert row(world, report).story == STORY
        assert count(world, PurgeRunRecord, PurgeRunRecord.started_at == world.clock.now) == 0

    def test_two_at_once_begin_one(self, world: World) -> None:
        with world.service.database.transaction() as session:
            assert runs.claim(session, START + 300 * DAY, at_once=False) is not None
        with world.service.database.transaction() as session:
            assert runs.claim(session, START + 300 * DAY, at_once=False) is None


class Killed(Purging):
    """Takes one report at a time, and dies in the middle of the second."""

    def _words(self, session: Session, now: datetime) -> int:
        (one,) = keeping.words_over(session, now - self.kept.words, frozenset(), 1)
        keeping.blank_words(session, [one])
        session.flush()
        if session.scalar(select(func.count()).select_from(ReportRecord).where(ReportRecord.words_gone)) == 2:
            raise KeyboardInterrupt
        return 1


@on_sqlite
class TestAClockThatIsWrong:
    @pytest.fixture
    def doubting(self, world: World) -> tuple[World, Purging, list[float]]:
        real, seconds = world.service.purging, [0.0]
        steady = SteadyClock(world.clock, lambda: seconds[0])
        return world, Purging(real.database, real.kept, real.holds, real.audit, real.cut_audit, steady), seconds

    def test_that_jumps_a_day_purges_nothing_early(self, doubting: tuple[World, Purging, list[float]]) -> None:
        world, purging, _ = doubting
        report = a_report(world)
        end_of(world, report, world.clock.now - 90 * DAY + timedelta(hours=20))
        world.clock.turn(DAY)
        with pytest.raises(ClockDoubted):
            purging.at_once(world.clock.now)
        assert purging.daily(world.clock.now) == 0
        assert row(world, report).story == STORY

    def test_that_runs_as_it_should_is_believed(self, doubting: tuple[World, Purging, list[float]]) -> None:
        world, purging, seconds = doubting
        report = a_report(world)
        end_of(world, report)
        world.clock.turn(91 * DAY)
        seconds[0] = (world.clock.now - START).total_seconds()
        assert purging.at_once(world.clock.now).removed["words"] == 1

    def test_that_is_months_ahead_at_the_start_waits_for_a_person(self, world: World) -> None:
        report = a_report(world)
        end_of(world, report)
        purge(world)
        world.clock.turn(95 * DAY)
        with pytest.raises(ClockDoubted):
            world.service.purging.at_once(world.clock.now)
        world.service.purging.catch_up(world.clock.now)  # serves all the same
        assert row(world, report).story == STORY
        assert world.service.purging.at_once(world.clock.now, trusted=True).removed["words"] == 1


def of_kind(concern: Concern | None, urgency: Urgency) -> Report:
    return Report("r", "123456", Channel.USSD, Told(concern=concern), urgency, 2, False, ())


class TestClosing:
    def close(self, world: World, report: str, by: str, reason: Reason = Reason.SAFE, second: str | None = None) -> Closing:
        with world.service.database.transaction() as session:
            return world.service.closing.close(session, report, by, reason, second, world.clock.now)

    def test_stops_every_clock_and_clears_every_list(self, world: World) -> None:
        report = a_report(world)
        assert self.close(world, report, OFFICER) is Closing.CLOSED
        with world.rows() as session:
            assert closed(session, report)
            ladder = session.get_one(LadderRecord, report)
            assert (ladder.step_due_at, ladder.action_due_at, ladder.again_at) == (None, None, None)
            people = set(session.scalars(select(AlertRecord.person).where(AlertRecord.report == report)))
            assert [b for person in people for b in world.service.officers_menu.desk.open_alerts(session, person, world.clock.now)] == []
        texts = len(world.gateway.sent)
        world.wait(5 * DAY, step=4 * HOUR)
        assert len(world.gateway.sent) == texts
        with pytest.raises(CloseRefused):
            self.close(world, report, OFFICER)

    def test_of_a_sexual_report_takes_two_officers_at_once_or_one_after_the_other(self, world: World) -> None:
        for at_once in (True, False):
            report = a_report(world, concern=("1",))
            one, other = sorted(self.readers(world, report))[:2]
            with pytest.raises(CloseRefused):
                self.close(world, report, one, second=one)
            if at_once:
                assert self.close(world, report, one, second=other) is Closing.CLOSED
                continue
            assert [self.close(world, report, one), self.close(world, report, one)] == [Closing.WAITING, Closing.WAITING]
            assert self.close(world, report, other) is Closing.CLOSED
            with world.rows() as session:
                event = session.scalars(select(CaseEventRecord).where(CaseEventRecord.report == report, CaseEventRecord.kind == CaseEvent.CLOSED)).one()
            assert {event.person, event.second} == {one, other}

    @staticmethod
    def readers(world: World, report: str) -> set[str]:
        with world.rows() as session:
            found = world.service.register.find(session, report)
            assert found is not None
            people = world.service.roster().people()
            return {one.id for one in people if world.service.colleagues.may_read(session, found, one.id, world.clock.now)}

    @on_sqlite
    def test_is_not_for_whoever_may_not_read_it(self, world: World) -> None:
        report = a_report(world, concern=("1",))
        allowed = self.readers(world, report)
        excluded = next(p.id for p in world.service.roster().people() if p.id not in allowed and world.service.roster().offices_of(p.id, world.clock.now))
        for by, second in ((excluded, None), (min(allowed), excluded), ("nobody", None)):
            with pytest.raises(CloseRefused):
                self.close(world, report, by, second=second)

    def test_no_harm_that_is_never_settled_can_be_closed_as_settled(self) -> None:
        assert NEVER_LOCAL > TREATED_AS_SEXUAL
        for concern in (None, *Concern):
            allowed = may_be(of_kind(concern, Urgency.MEDIUM), Reason.FAMILY_AGREED)
            assert allowed is (concern is not None and concern not in NEVER_LOCAL), concern
        assert [may_be(of_kind(Concern.SCHOOL, urgency), Reason.PRANK) for urgency in Urgency] == [False, False, False, True]
