"""When nobody answers, or nobody acts, the next one is told, until somebody does."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.directory import people
from referral.dispatch.escalate import Escalation
from referral.intake.converse import Call
from referral.privacy.audit import Action, AuditRecord
from referral.reports.records import ReportRecord
from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber
from tests.conftest import START, Kept, minutes, settings_for
from tests.fakes import FixedClock
from tests.world import LABOUR, NOT_NOW, PHYSICAL, SOON, World, on_sqlite, sent

END = 99
CHILDREN, POLICE, NGO = "co-msambweni-1", "desk-ukunda-1", "ngo-desk-1"


def alerts(world: World) -> list[AlertRecord]:
    with world.rows() as session:
        return list(session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT).order_by(AlertRecord.step, AlertRecord.office)))


def step(world: World) -> int:
    with world.rows() as session:
        return session.scalars(select(LadderRecord.step)).one()


def told(world: World) -> list[str]:
    """Who got a text, in order, without the replies."""
    with world.rows() as session:
        numbers = {world.number_of(person.id): person.id for person in world.service.roster().people() if not person.suspended}
        assert session
    return [numbers[to] for to, words in world.gateway.sent if re.match(r"REFERRAL \d{6} [A-Z]+\.", words)]


def answer(world: World, person: str, word: str) -> None:
    number = world.number_of(person)
    words = next(words for to, words in reversed(world.gateway.sent) if to == number and re.search(r"OK \d{4}", words))
    found = re.search(r"OK (\d{4})", words)
    assert found
    world.text(number, f"{word} {found[1]}")
    world.work()


def escalation(world: World) -> Escalation:
    service = world.service
    return Escalation(service.database, service.register, service.outbox, service.ladder, service.audit)


class TestNobodyAnswers:
    def test_red_climbs_after_15_30_and_60_minutes_from_the_first_text(self, world: World) -> None:
        sent(world.phone())
        world.work()
        seen = []
        for _ in range(65):
            world.wait(minutes(1))
            seen.append(step(world))
        climbed = [at + 1 for at in range(1, 65) if seen[at] != seen[at - 1]]
        assert climbed == [15, 30, 60]
        assert seen[-1] == END
        assert len({alert.person for alert in alerts(world)}) == len(alerts(world)), "once a person"

    @on_sqlite
    def test_red_without_receipts_is_told_earlier_never_later(self, world: World) -> None:
        sent(world.phone())
        world.receipts = False
        world.wait(minutes(9))
        assert len(world.gateway.sent) == 2
        world.wait(minutes(2))
        assert set(told(world)) == {CHILDREN, POLICE, "co-msambweni-2", "desk-ukunda-2"}
        world.wait(minutes(4.5))
        assert NGO in told(world)

    @on_sqlite
    def test_a_gateway_that_comes_back_late_gives_the_first_step_its_whole_time(self, world: World) -> None:
        from referral.gateway.port import NO_CONNECTION, Outcome, Sending

        sent(world.phone())
        world.gateway.answers.extend([Sending(Outcome.REFUSED, reason=NO_CONNECTION)] * 8)
        world.wait(minutes(5), step=timedelta(seconds=10))
        first = min(alert.sent_at for alert in alerts(world) if alert.sent_at)
        assert first > START
        world.wait(first + minutes(14.5) - world.clock.now, step=timedelta(seconds=10))
        assert step(world) == 1
        world.wait(minutes(2), step=timedelta(seconds=10))
        assert step(world) == 2

    @on_sqlite
    def test_each_text_names_the_time_at_which_the_next_is_told(self, world: World) -> None:
        sent(world.phone())
        world.wait(minutes(31))
        times = [re.findall(r"\d\d:\d\d", words)[0] for _, words in world.gateway.sent]
        assert sorted(set(times)) == ["10:15", "10:30", "11:00"]

    @on_sqlite
    def test_high_at_half_past_eight_in_the_evening_climbs_at_half_past_seven(self, world: World) -> None:
        world.clock.now = datetime(2026, 3, 4, 17, 30, tzinfo=UTC)
        sent(world.phone(), danger=SOON, concern=PHYSICAL, who=("3", "3")).key("2")
        world.work()
        assert world.gateway.sent
        world.wait(timedelta(hours=10, minutes=58), step=minutes(20))
        assert step(world) == 1
        world.wait(minutes(5))
        assert step(world) == 2

    @on_sqlite
    def test_medium_is_neither_sent_nor_climbs_by_texts_at_night(self, world: World) -> None:
        world.clock.now = datetime(2026, 3, 4, 18, 30, tzinfo=UTC)
        sent(world.phone(), danger=NOT_NOW, concern=LABOUR, who=("2",))
        world.wait(timedelta(hours=9), step=minutes(30))
        assert world.gateway.sent == []
        world.wait(timedelta(hours=4), step=minutes(10))
        (alert,) = (alert for alert in alerts(world) if alert.sent_at)
        assert alert.sent_at
        assert alert.sent_at.hour >= 4

    def test_two_workers_at_once_take_a_step_once(self, world: World) -> None:
        for serial in range(3):
            sent(world.phone(f"+2547000008{serial:02d}"))
        world.work()
        world.clock.turn(minutes(15.1))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: escalation(world).climb(world.clock.now), range(2)))
        with world.rows() as session:
            assert session.scalar(select(func.count()).select_from(AuditRecord).where(AuditRecord.action == Action.STEP_TAKEN)) == 3
            assert set(session.scalars(select(LadderRecord.step))) == {2}


@on_sqlite
class TestTheEnd:
    def at_the_end(self, world: World) -> str:
        sent(world.phone())
        world.wait(minutes(61))
        assert step(world) == END
        return next(alert.person for alert in alerts(world) if alert.step == END)

    def test_the_duty_person_is_told_every_quarter_of_an_hour_until_somebody_answers_and_then_never(self, world: World) -> None:
        duty = self.at_the_end(world)
        before = told(world).count(duty)
        assert before == 1
        world.wait(minutes(60.5))
        assert told(world).count(duty) == 5
        assert not [words for _, words in world.gateway.sent if "NOBODY ACTS" in words or "HAKUNA ANAYE" in words], "nobody has answered at all"
        answer(world, duty, "OK")
        world.wait(timedelta(hours=2))
        assert told(world).count(duty) == 5

    def test_both_institutions_answering_late_ends_it_too(self, world: World) -> None:
        duty = self.at_the_end(world)
        answer(world, CHILDREN, "OK")
        world.wait(minutes(16))
        assert told(world).count(duty) == 2
        answer(world, POLICE, "OK")
        world.wait(minutes(40))
        assert told(world).count(duty) == 2

    def test_whoever_is_on_duty_then_is_told(self, world: World) -> None:
        world.clock.now = datetime(2026, 3, 4, 14, 50, tzinfo=UTC)
        duty = self.at_the_end(world)
        assert duty == "triage-desk-1"
        world.wait(minutes(20))
        assert world.clock.now.hour == 16
        assert "triage-desk-2" in told(world), "the night shift began at seven in the evening"
        count = told(world).count(duty)
        world.wait(minutes(60))
        assert told(world).count(duty) == count

    def test_a_no_of_the_duty_person_is_passed_on_at_once(self, world: World) -> None:
        duty = self.at_the_end(world)
        answer(world, duty, "NO")
        world.wait(minutes(1))
        assert len({alert.person for alert in alerts(world) if alert.step == END}) == 2

    def test_a_number_that_takes_no_texts_is_not_the_end_of_it(self, world: World) -> None:
        from referral.gateway.port import Outcome, Sending

        sent(world.phone())
        world.wait(minutes(59))
        world.gateway.answers.append(Sending(Outcome.REFUSED, 406))
        world.wait(minutes(3))
        ends = [alert for alert in alerts(world) if alert.step == END]
        assert any(alert.sent_at for alert in ends)

    def test_with_every_duty_person_suspended_somebody_is_found_again_when_there_is_one(self, world: World) -> None:
        sent(world.phone())
        world.wait(minutes(31))
        everybody = [person.id for person in world.service.roster().people()]
        with world.service.database.transaction() as session:
            for person in everybody:
                people.set_suspended(session, person, True)
        world.wait(minutes(50))
        with world.service.database.transaction() as session:
            people.set_suspended(session, "triage-desk-1", False)
        count = len(world.gateway.sent)
        world.wait(minutes(16))
        assert len(world.gateway.sent) > count


@on_sqlite
class TestAnswers:
    def test_one_yes_does_not_stop_a_red_report_and_two_do(self, world: World) -> None:
        sent(world.phone())
        world.work()
        answer(world, CHILDREN, "OK")
        world.wait(minutes(16))
        assert step(world) == 2
        answer(world, NGO, "OK")
        world.wait(minutes(35))
        assert step(world) == 2

    def test_two_of_one_institution_are_one(self, world: World) -> None:
        from referral.gateway.port import Outcome, Sending

        sent(world.phone())
        world.gateway.answers.append(Sending(Outcome.REFUSED, 406))
        world.work()
        answer(world, "co-msambweni-2", "OK")
        world.wait(minutes(16))
        assert step(world) == 2

    def test_one_yes_stops_a_medium_report(self, world: World) -> None:
        sent(world.phone(), danger=NOT_NOW, concern=LABOUR, who=("2",))
        world.wait(timedelta(hours=4), step=minutes(10))
        answer(world, CHILDREN, "OK")
        world.wait(timedelta(hours=30), step=timedelta(hours=1))
        assert step(world) == 1

    def test_a_no_moves_on_at_once(self, world: World) -> None:
        sent(world.phone())
        world.work()
        answer(world, CHILDREN, "NO")
        assert step(world) == 2
        assert NGO in told(world)

    def test_two_noes_at_once_move_on_once(self, world: World) -> None:
        sent(world.phone())
        world.work()
        for person in (CHILDREN, POLICE):
            number = world.number_of(person)
            found = re.search(r"OK (\d{4})", next(words for to, words in world.gateway.sent if to == number))
            assert found
            world.text(number, f"NO {found[1]} 4")
        world.work()
        assert step(world) == 2


@on_sqlite
class TestNobodyActs:
    def answered(self, world: World) -> None:
        sent(world.phone())
        world.work()
        answer(world, CHILDREN, "OK")
        answer(world, POLICE, "OK")

    def test_after_an_hour_another_institution_and_the_supervisors_are_told(self, world: World) -> None:
        self.answered(world)
        world.wait(minutes(58))
        assert step(world) == 1
        world.wait(minutes(3))
        assert step(world) == 2
        assert NGO in told(world)
        office = "Msambweni Sub-County Children Office"
        assert any(office in words for to, words in world.gateway.sent if to in (world.number_of("co-kwale-1"), world.number_of("co-kwale-2")))

    def test_act_stops_it(self, world: World) -> None:
        self.answered(world)
        answer(world, POLICE, "ACT")
        world.wait(timedelta(hours=5), step=minutes(5))
        assert step(world) == 1

    def test_act_and_then_no_starts_it_again(self, world: World) -> None:
        self.answered(world)
        answer(world, POLICE, "ACT")
        answer(world, POLICE, "NO")
        world.wait(minutes(5))
        assert step(world) == 2

    def test_it_goes_on_until_somebody_does(self, world: World) -> None:
        self.answered(world)
        world.wait(minutes(61))
        answer(world, NGO, "OK")
        world.wait(minutes(65))
        assert step(world) == 3

    def test_an_answer_and_an_action_due_at_the_same_moment_take_one_step_each_at_most(self, world: World) -> None:
        sent(world.phone())
        world.work()
        answer(world, CHILDREN, "OK")
        seen = []
        for _ in range(70):
            world.wait(minutes(1))
            seen.append(step(world))
        jumps = [(before, after) for before, after in pairwise(seen) if before != after]
        assert jumps == [(1, 2), (2, 3), (3, END)]


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    concern=st.sampled_from([("1",), ("2",), ("3",), ("4",), PHYSICAL, LABOUR, ("9", "4"), ("9", "3", "3")]),
    danger=st.sampled_from("1234"),
    who=st.sampled_from([("1",), ("4",), *(("3", key) for key in "12345678")]),
    answers=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["OK", "NO", "ACT", "OK 0", ""])), max_size=5),
)
def test_whatever_officers_answer_nobody_is_told_twice_and_somebody_always_will_be(
    sqlite_county: Kept, concern: tuple[str, ...], danger: str, who: tuple[str, ...], answers: list[tuple[int, str]]
) -> None:
    import random

    world = World(settings_for(sqlite_county.fresh(f"h{random.getrandbits(64):016x}")), FixedClock(START))
    try:
        sent(world.phone(), danger=danger, concern=concern, who=who)
        for whose, word in answers:
            world.wait(timedelta(hours=3), step=minutes(20))
            open_to = [(to, words) for to, words in world.gateway.sent if re.search(r"Reply OK|Jibu OK \d", words) and "ACT" not in words]
            if open_to and word:
                to, words = open_to[whose % len(open_to)]
                found = re.search(r"OK (\d{4})", words)
                assert found
                world.text(to, f"{word} {found[1]}")
                world.work()
        rows = alerts(world)
        assert len({row.person for row in rows}) == len(rows)
        with world.rows() as session:
            report = session.scalars(select(ReportRecord)).one()
            ladder = session.scalars(select(LadderRecord)).one()
            excluded = [row.office for row in rows if not world.service.planner.may_know(world.service.register.find(session, report.id), row.office or "")]  # type: ignore[arg-type]
        assert excluded == []
        yes = {row.institution for row in rows if row.acknowledged_at and not row.revoked_at}
        done = len(yes) >= report.need or any(row.step == END and row.acknowledged_at for row in rows)
        assert done or ladder.step_due_at or ladder.again_at, "nobody has it, and no clock runs"
        assert ladder.action_due_at or any(row.acting_at for row in rows), "nobody acts, and no clock runs"
    finally:
        world.close()


@on_sqlite
def test_partial_reports_of_a_time_without_worker_are_filed_all(world: World) -> None:
    def nobody() -> PhoneNumber:
        raise NotAPhoneNumber("hidden")

    for serial in range(55):
        world.service.conversations.answer(Call(f"cut off {serial}", "1*2*1*1*2", nobody), world.clock.now)
    world.clock.turn(minutes(20))
    world.wait(minutes(3), step=timedelta(seconds=2 * 30))
    with world.rows() as session:
        assert session.scalar(select(func.count()).select_from(ReportRecord)) == 55
