"""One alert once, to somebody who may have it, whatever breaks."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.directory import people
from referral.directory.records import AbsenceRow, PersonRow
from referral.dispatch.worker import Worker
from referral.gateway import port
from referral.gateway.port import Outcome, Sending
from referral.reports.records import ReportRecord
from tests.fakes import RecordingGateway
from tests.world import NOT_NOW, PHYSICAL, Never, World, on_sqlite, sent

ACCEPTED = Sending(Outcome.ACCEPTED, 101, "ATXid_x")
RETRY = Sending(Outcome.REFUSED, None, reason=port.NO_CONNECTION)
BLACKLISTED = Sending(Outcome.REFUSED, 406)
EMPTY = Sending(Outcome.REFUSED, 405)
UNKNOWN = Sending(Outcome.UNKNOWN, reason=port.TIMEOUT)
CHILDREN, POLICE = "co-msambweni-1", "desk-ukunda-1"


class Killed(BaseException):
    """The worker dies here."""


@dataclass
class Deadly(RecordingGateway):
    """Kills the worker before or after the text went out, as often as `kills` says."""

    kills: int = 1
    after: bool = True

    def send(self, to, text):  # type: ignore[no-untyped-def]
        if self.kills > 0:
            self.kills -= 1
            if self.after:
                super().send(to, text)
            raise Killed
        return super().send(to, text)


@dataclass
class Slow(RecordingGateway):
    """Two workers meet in it."""

    meeting: threading.Barrier = field(default_factory=lambda: threading.Barrier(2))

    def send(self, to, text):  # type: ignore[no-untyped-def]
        with suppress(threading.BrokenBarrierError):
            self.meeting.wait(0.3)
        return super().send(to, text)


def alerts(world: World) -> list[AlertRecord]:
    with world.rows() as session:
        return list(session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT).order_by(AlertRecord.step, AlertRecord.office)))


def texts_to(world: World, person: str) -> list[str]:
    number = world.number_of(person)
    return [words for to, words in world.gateway.sent if to == number]


def change(world: World, do: Callable[..., object]) -> None:
    with world.service.database.transaction() as session:
        do(session)


def worker(world: World, gateway: RecordingGateway) -> Worker:
    return Worker(world.service.jobs(gateway), world.clock, Never(), pause=0)  # type: ignore[arg-type]


def rounds(one: Worker, count: int) -> None:
    for _ in range(count):
        one.round()


class TestOnce:
    def test_two_senders_at_once_send_each_alert_once(self, world: World) -> None:
        for serial in range(3):
            sent(world.phone(f"+2547000008{serial:02d}"))
        gateway = Slow()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda one: [one.round() for _ in range(4)], [worker(world, gateway), worker(world, gateway)]))
        assert len(gateway.sent) == 6
        assert len({(to, re.sub(r"\D", "", words)[:6]) for to, words in gateway.sent}) == 6
        assert all(alert.sent_at == world.clock.now for alert in alerts(world))

    def test_after_it_was_taken_nothing_more_goes_out_before_the_deadline(self, world: World) -> None:
        sent(world.phone())
        world.wait(timedelta(minutes=14))
        assert len(world.gateway.sent) == 2


@on_sqlite
class TestTheGatewayRefuses:
    def test_for_now_it_is_tried_again_later_and_later(self, world: World) -> None:
        sent(world.phone())
        world.gateway.answers.extend([RETRY] * 8)
        tries: list[datetime] = []
        for _ in range(600):
            world.clock.turn(timedelta(seconds=1))
            left = len(world.gateway.answers)
            world.work()
            tries += [world.clock.now] * (left - len(world.gateway.answers))
            if len(world.gateway.sent) == 2:
                break
        assert len(world.gateway.sent) == 2
        gaps = [(after - before).total_seconds() for before, after in zip(tries, tries[2:], strict=False)]
        assert gaps[-1] > gaps[0] > 0
        assert max(gaps) <= 60, "a RED alert is not left waiting for long"

    @pytest.mark.parametrize("answer", [BLACKLISTED, Sending(Outcome.REFUSED, 403), Sending(Outcome.REFUSED, 407)], ids=["406", "403", "407"])
    def test_a_person_the_next_of_the_office_is_told_at_once(self, world: World, answer: Sending) -> None:
        sent(world.phone())
        world.gateway.answers.append(answer)
        world.work()
        assert texts_to(world, "co-msambweni-2")
        assert not texts_to(world, CHILDREN)
        known = world.service.roster().person(CHILDREN)
        assert known is not None
        assert known.unreachable
        assert len(world.gateway.sent) == 2

    def test_everybody_of_an_office_the_next_step_is_told_at_once(self, world: World) -> None:
        sent(world.phone())
        world.gateway.answers.extend([BLACKLISTED, ACCEPTED, BLACKLISTED])
        world.work()
        assert {alert.step for alert in alerts(world) if alert.sent_at} == {1, 2}
        assert texts_to(world, "ngo-desk-1")

    def test_an_empty_account_loses_nothing(self, world: World) -> None:
        sent(world.phone())
        world.gateway.answers.extend([EMPTY] * 2)
        world.work()
        assert world.gateway.sent == []
        world.wait(timedelta(minutes=2), step=timedelta(seconds=10))
        assert len(world.gateway.sent) == 2

    def test_the_clocks_run_while_the_gateway_is_down(self, world: World) -> None:
        sent(world.phone())
        world.gateway.answers.extend([RETRY] * 2000)
        world.wait(timedelta(minutes=62))
        assert max(alert.step or 0 for alert in alerts(world)) == 99
        world.gateway.answers.clear()
        world.wait(timedelta(minutes=2), step=timedelta(seconds=20))
        assert len(world.gateway.sent) <= len(alerts(world)) + 1, "what piled up does not all come down on the duty person"
        assert len({words for _, words in world.gateway.sent}) == len(world.gateway.sent)


@on_sqlite
class TestNobodyKnowsWhetherItWentOut:
    def test_it_is_said_once_more_and_marked(self, world: World) -> None:
        sent(world.phone())
        world.receipts = False
        world.gateway.answers.extend([UNKNOWN, ACCEPTED])
        world.wait(timedelta(minutes=9))
        first, second = texts_to(world, CHILDREN)
        assert second.startswith(("(again) ", "(rudia) "))
        assert re.findall(r"OK (\d{4})", first) == re.findall(r"OK (\d{4})", second)
        assert len(texts_to(world, POLICE)) == 1

    def test_never_a_third_time(self, world: World) -> None:
        sent(world.phone())
        world.receipts = False
        world.gateway.answers.extend([UNKNOWN, ACCEPTED, UNKNOWN])
        world.wait(timedelta(minutes=80))
        assert len(texts_to(world, CHILDREN)) == 2
        assert [alert.failure for alert in alerts(world) if alert.person == CHILDREN] == ["unknown twice"]
        assert texts_to(world, "co-msambweni-2"), "the next of the office is told"

    def test_a_receipt_in_between_makes_it_once(self, world: World) -> None:
        sent(world.phone())
        world.gateway.answers.append(Sending(Outcome.UNKNOWN, None, "ATXid_maybe", reason=port.TIMEOUT))
        world.work()
        world.receipt("ATXid_maybe", "Success")
        world.wait(timedelta(minutes=9))
        assert len(texts_to(world, CHILDREN)) == 1

    @pytest.mark.parametrize("word", ["OK", "NO", "ACT"])
    def test_an_answer_in_between_makes_it_once(self, world: World, word: str) -> None:
        sent(world.phone())
        world.receipts = False
        world.gateway.answers.append(UNKNOWN)
        world.work()
        (alert,) = texts_to(world, CHILDREN)
        world.text(world.number_of(CHILDREN), f"{word} {one_time(alert)}")
        world.wait(timedelta(minutes=9))
        assert [words for words in texts_to(world, CHILDREN) if re.search(r"OK \d{4}", words)] == [alert]


class TestTheWorkerIsKilled:
    def test_between_claim_and_call_the_next_one_sends_it_after_the_lease(self, world: World) -> None:
        sent(world.phone())
        with world.service.database.transaction() as session:
            world.service.outbox.claim(session, world.clock.now, 4)
        world.work()
        assert world.gateway.sent == []
        world.wait(timedelta(minutes=2), step=timedelta(seconds=10))
        assert len(world.gateway.sent) == 2
        assert not [words for _, words in world.gateway.sent if words.startswith("(")]

    @pytest.mark.parametrize("after", [True, False], ids=["after it went out", "before it went out"])
    def test_while_calling_it_is_sent_again_after_the_lease_and_marked(self, world: World, after: bool) -> None:
        sent(world.phone())
        deadly = Deadly(after=after)
        with pytest.raises(Killed):
            worker(world, deadly).round()
        world.work()
        world.wait(timedelta(minutes=2), step=timedelta(seconds=10))
        again = texts_to(world, CHILDREN)
        assert len(again) == 1
        assert again[0].startswith(("(again) ", "(rudia) "))
        assert len(texts_to(world, POLICE)) == 1

    def test_twice_it_is_not_sent_a_third_time_and_the_ladder_goes_on(self, world: World) -> None:
        sent(world.phone())
        deadly = Deadly(kills=2)
        for _ in range(2):
            with pytest.raises(Killed):
                rounds(worker(world, deadly), 3)
            world.clock.turn(timedelta(seconds=61))
        world.wait(timedelta(minutes=20))
        total = [to for to, _ in (*deadly.sent, *world.gateway.sent)]
        assert max(total.count(world.number_of(person)) for person in (CHILDREN, POLICE)) <= 2
        assert max(alert.step or 0 for alert in alerts(world)) >= 2
        assert [alert.failure for alert in alerts(world) if alert.person == CHILDREN] == ["unknown twice"]
        assert texts_to(world, "co-msambweni-2"), "the next of the office is told"

    def test_an_officer_who_answers_meanwhile_is_right(self, world: World) -> None:
        sent(world.phone())
        deadly = Deadly()
        with pytest.raises(Killed):
            worker(world, deadly).round()
        to, words = deadly.sent[0]
        world.text(to, f"OK {one_time(words)}")
        world.work()
        assert [alert.acknowledged_at for alert in alerts(world) if alert.person == CHILDREN] == [world.clock.now]
        world.wait(timedelta(minutes=3), step=timedelta(seconds=20))
        assert not [text for text in texts_to(world, CHILDREN) if text.startswith("(")], "an answered alert is not sent again"


@on_sqlite
class TestSinceItWasQueuedThePerson:
    @pytest.fixture
    def queued(self, world: World) -> World:
        """Reports whose alerts wait a while: not RED, not now."""
        sent(world.phone(), danger=NOT_NOW, concern=PHYSICAL)
        assert [alert.person for alert in alerts(world)] == [CHILDREN]
        return world

    def test_was_suspended(self, queued: World) -> None:
        change(queued, lambda session: people.set_suspended(session, CHILDREN, True))
        self.goes_to_the_deputy(queued)

    def test_was_removed(self, queued: World) -> None:
        def remove(session) -> None:  # type: ignore[no-untyped-def]
            session.execute(update(PersonRow).where(PersonRow.id == CHILDREN).values(removed=True))
            people.bump(session)

        change(queued, remove)
        queued.wait(timedelta(hours=4), step=timedelta(minutes=10))
        assert [words for to, words in queued.gateway.sent] == texts_to(queued, "co-msambweni-2")

    def test_went_on_leave(self, queued: World) -> None:
        def leave(session) -> None:  # type: ignore[no-untyped-def]
            session.add(AbsenceRow(id="l", person=CHILDREN, starts=queued.clock.now - timedelta(1), ends=queued.clock.now + timedelta(9)))
            people.bump(session)

        change(queued, leave)
        self.goes_to_the_deputy(queued)

    def test_may_not_know_any_more(self, queued: World) -> None:
        def accuse(session) -> None:  # type: ignore[no-untyped-def]
            session.execute(update(ReportRecord).values(accused="childrens_officer"))

        change(queued, accuse)
        queued.wait(timedelta(hours=4), step=timedelta(minutes=10))
        assert queued.gateway.sent
        for person in (CHILDREN, "co-msambweni-2", "co-kwale-1", "co-kwale-2"):
            assert texts_to(queued, person) == []

    def goes_to_the_deputy(self, queued: World) -> None:
        queued.wait(timedelta(hours=4), step=timedelta(minutes=10))
        assert texts_to(queued, "co-msambweni-2")
        assert len(queued.gateway.sent) == 1


class TestSinceItWasQueuedThePhone:
    """What waits for a phone that takes no texts any more is not tried, one alert after the other, but goes to somebody else."""

    def test_was_blocked(self, world: World) -> None:
        for serial in range(3):
            sent(world.phone(f"+25470000085{serial}"))
        tries: list[str] = []

        class Blocking(RecordingGateway):
            def send(self, to, text):  # type: ignore[no-untyped-def]
                tries.append(to.reveal())
                return BLACKLISTED if to.reveal() == world.number_of(CHILDREN) else super().send(to, text)

        world.use(Blocking())
        world.work()
        assert tries.count(world.number_of(CHILDREN)) <= 2, "the one that told, and one that was in hand beside it"
        assert len(texts_to(world, "co-msambweni-2")) == 3
        assert len(texts_to(world, POLICE)) == 3

    def test_was_opted_out(self, world: World) -> None:
        sent(world.phone("+254700000861"), danger=NOT_NOW, concern=PHYSICAL)
        service, number = world.service, world.number_of(CHILDREN)
        with service.database.transaction() as session:
            service.outbox.tell(session, Purpose.REPLY, CHILDREN, "reply.help", {}, world.clock.now + timedelta(hours=1))
        service.receipts.opted_out(number, world.clock.now)
        world.wait(timedelta(hours=4), step=timedelta(minutes=10))
        assert texts_to(world, CHILDREN) == []
        assert len(texts_to(world, "co-msambweni-2")) == 1

    @on_sqlite
    def test_was_taken_from_the_roster_between_claim_and_call(self, world: World) -> None:
        sent(world.phone())
        service = world.service
        with service.database.transaction() as session:
            claimed = service.outbox.claim(session, world.clock.now, 4)
        change(world, lambda session: people.set_suspended(session, CHILDREN, True))
        letters = service.letters()
        for due in claimed:
            with service.database.transaction() as session:
                letter = letters.make(session, due, world.clock.now)
            assert (letter is None) == (due.person == CHILDREN)


@on_sqlite
class TestOneBadRowStopsNobodyElse:
    def test_an_officer_whose_number_does_not_open(self, world: World) -> None:
        sent(world.phone())
        change(world, lambda session: session.execute(update(PersonRow).where(PersonRow.id == CHILDREN).values(sealed_number=b"\x01\x02k1 not what it was")))
        world.wait(timedelta(minutes=5), step=timedelta(seconds=20))
        assert texts_to(world, POLICE)
        assert texts_to(world, "co-msambweni-2"), "and somebody else of the office is told"

    def test_a_report_that_cannot_climb(self, world: World) -> None:
        sent(world.phone("+254700000801"))
        with world.rows() as session:
            bad = session.scalars(select(ReportRecord.id)).one()
        sent(world.phone("+254700000802"))
        world.work()
        change(world, lambda session: session.execute(update(ReportRecord).where(ReportRecord.id == bad).values(accused="nonsense")))
        world.wait(timedelta(minutes=17))
        with world.rows() as session:
            steps = {ladder.report: ladder.step for ladder in session.scalars(select(LadderRecord))}
        assert [step for report, step in steps.items() if report != bad] == [2]

    def test_a_text_that_does_not_open(self, world: World) -> None:
        from referral.intake.records import TextRecord

        world.text("+254700000803", "Ujumbe wa kwanza")
        change(world, lambda session: session.execute(update(TextRecord).values(sealed=b"\x01broken")))
        world.text("+254700000804", "Ujumbe wa pili")
        world.wait(timedelta(minutes=16))
        with world.rows() as session:
            assert session.scalar(select(func.count()).select_from(ReportRecord)) == 1


@on_sqlite
def test_what_waits_longest_and_worst_goes_first(world: World) -> None:
    world.gateway.answers.extend([RETRY] * 4)
    sent(world.phone("+254700000805"), danger="2", concern=PHYSICAL, who=("3", "3"))
    world.work()
    sent(world.phone("+254700000806"))
    world.clock.turn(timedelta(minutes=4))
    world.gateway.answers.clear()
    world.work()
    urgencies = [re.search(r"\d{6} ([A-Z]+)", words) for _, words in world.gateway.sent]
    assert [found[1] for found in urgencies if found][:2] == ["RED", "RED"]


def one_time(words: str) -> str:
    found = re.search(r"OK (\d{4})", words)
    assert found, words
    return found[1]
