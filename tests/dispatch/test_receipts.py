"""What the network says of a text, in any order, true or made up."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import func, select

from referral.alerts.records import AlertRecord, EarlyReceiptRecord, LadderRecord, Purpose
from referral.gateway.port import Outcome, Sending
from referral.intake.records import DialogueRecord
from referral.reports.records import ReportRecord
from tests.casework.test_relay import REPORTER, ask, consented, record, texts
from tests.conftest import TOKENS, minutes
from tests.fakes import RecordingGateway, message_id
from tests.world import World, on_sqlite, sent

CHILDREN = "co-msambweni-1"


def alert(world: World) -> AlertRecord:
    with world.rows() as session:
        return session.scalars(select(AlertRecord).where(AlertRecord.person == CHILDREN, AlertRecord.purpose == Purpose.ALERT)).one()


def everything(world: World) -> list[tuple[object, ...]]:
    with world.rows() as session:
        rows = [
            (row.id, row.due_at, row.sent_at, row.delivered_at, row.failed_at, row.revoked_at, row.acknowledged_at, row.step)
            for row in session.scalars(select(AlertRecord))
        ]
        ladder = session.scalars(select(LadderRecord)).one()
        return [*sorted(rows, key=str), (ladder.step, ladder.step_due_at, ladder.action_due_at)]


def _out(world: World) -> World:
    """A RED report whose two alerts went out: the children's officer's is text number 0."""
    world.receipts = False
    sent(world.phone())
    world.work()
    assert world.gateway.sent[0][0] == world.number_of(CHILDREN)
    return world


@pytest.fixture
def out(world: World) -> World:
    return _out(world)


@pytest.fixture
def out_lite(sqlite_world: World) -> World:
    return _out(sqlite_world)


def test_a_reason_that_no_database_can_keep_is_no_reason_to_lose_the_report(world: World) -> None:
    world.receipt("of something not yet written down", "Failed", "User\x00InBlackList")


@on_sqlite
class TestNothingIsBelieved:
    @pytest.mark.parametrize("status", ["", "Delivered", "SUCCESS?", "Sent", "Submitted", "Buffered", "x" * 5000, "\x00", "🙂"])
    def test_of_words_that_say_nothing(self, out: World, status: str) -> None:
        before = everything(out)
        out.receipt(message_id(0), status)
        assert everything(out) == before

    @pytest.mark.parametrize("gateway_id", ["", "None", "ATXid_of_somebody_else", "\x00", "x" * 10_000])
    def test_of_ids_that_are_none_of_ours(self, out: World, gateway_id: str) -> None:
        before = everything(out)
        out.receipt(gateway_id, "Failed", "UserInBlackList")
        assert everything(out) == before

    def test_without_the_token_nothing_is_heard(self, out: World) -> None:
        before = everything(out)
        for path, form in (
            ("delivery", {"id": message_id(0), "status": "Failed"}),
            ("opt-out", {"phoneNumber": out.number_of(CHILDREN)}),
            ("inbound", {"from": "x", "text": "OK"}),
        ):
            for token in ("wrong", TOKENS[0]):
                answer = out.web.post(f"/sms/{token}/{path}", data=form)
                assert (answer.status_code, answer.data) == (404, b"")
                assert out.web.get(f"/sms/{token}/{path}").data == b""
        assert everything(out) == before

    def test_unknown_ones_do_not_pile_up(self, out: World) -> None:
        for serial in range(5):
            out.receipt(f"unknown {serial}", "Success")
        out.wait(minutes(20), step=minutes(5))
        with out.rows() as session:
            assert session.scalar(select(func.count()).select_from(EarlyReceiptRecord)) == 0


class TestDelivered:
    def test_is_no_answer(self, out: World) -> None:
        out.receipt(message_id(0), "Success")
        assert alert(out).delivered_at == out.clock.now
        out.receipts = True
        out.wait(minutes(16))
        with out.rows() as session:
            assert session.scalars(select(LadderRecord.step)).one() == 2

    def test_repeated_it_keeps_its_first_time(self, out: World) -> None:
        out.receipt(message_id(0), "Success")
        was = everything(out)
        out.clock.turn(minutes(1))
        for status in ("Success", "Sent", "Failed", "Rejected", "Expired", "success"):
            out.receipt(message_id(0), status)
        assert everything(out) == was

    @pytest.mark.parametrize("order", list(itertools.permutations(["Sent", "Buffered", "Success"])), ids=" ".join)
    def test_in_any_order(self, out_lite: World, order: tuple[str, ...]) -> None:
        for status in order:
            out_lite.receipt(message_id(0), status)
        assert alert(out_lite).delivered_at == out_lite.clock.now
        assert alert(out_lite).failed_at is None


class TestNotDelivered:
    @pytest.mark.parametrize("reason", ["UserInBlackList", "UserIsInactive", "UserDoesNotExist", "NotNetworkSubcriber", "UserAccountSuspended"])
    def test_because_of_the_number_the_next_is_told_and_the_roster_is_flagged(self, out_lite: World, reason: str) -> None:
        out_lite.receipt(message_id(0), "Failed", reason)
        out_lite.work()
        assert out_lite.gateway.sent[-1][0] == out_lite.number_of("co-msambweni-2")
        person = out_lite.service.roster().person(CHILDREN)
        assert person is not None
        assert person.unreachable

    @pytest.mark.parametrize("status", ["Failed", "Rejected", "AbsentSubscriber", "Expired"])
    def test_for_another_reason_the_next_is_told_and_nobody_is_flagged(self, out_lite: World, status: str) -> None:
        out_lite.receipt(message_id(0), status, "DeliveryFailure")
        out_lite.work()
        assert out_lite.gateway.sent[-1][0] == out_lite.number_of("co-msambweni-2")
        person = out_lite.service.roster().person(CHILDREN)
        assert person is not None
        assert not person.unreachable

    def test_said_twice_one_more_is_told(self, out: World) -> None:
        for _ in range(3):
            out.receipt(message_id(0), "Failed", "UserInBlackList")
            out.work()
        assert len(out.gateway.sent) == 3

    def test_before_our_own_commit_it_counts_all_the_same(self, world: World) -> None:
        world.receipts = False

        class Early(RecordingGateway):
            def send(self, to, text):  # type: ignore[no-untyped-def]
                if not self.sent:
                    world.receipt(message_id(0), "Failed", "UserInBlackList")
                return super().send(to, text)

        world.gateway = early = Early()
        from referral.dispatch.worker import Worker
        from tests.world import Never

        sent(world.phone())
        one = Worker(world.service.jobs(early), world.clock, Never(), pause=0)  # type: ignore[arg-type]
        for _ in range(3):
            one.round()
        assert [to for to, _ in early.sent] == [world.number_of(person) for person in (CHILDREN, "desk-ukunda-1", "co-msambweni-2")]

    @pytest.mark.parametrize("status", ["AbsentSubscriber", "Expired", "Failed"])
    def test_somebody_who_answers_all_the_same_is_heard(self, out_lite: World, status: str) -> None:
        words = out_lite.gateway.sent[0][1]
        out_lite.receipt(message_id(0), status)
        out_lite.work()
        out_lite.text(out_lite.number_of(CHILDREN), "OK " + words.split("OK ")[1][:4])
        out_lite.work()
        assert alert(out_lite).acknowledged_at == out_lite.clock.now
        assert alert(out_lite).wrong_answers == 0

    def test_somebody_who_has_answered_is_not_replaced(self, out: World) -> None:
        words = out.gateway.sent[0][1]
        out.text(out.number_of(CHILDREN), "OK " + words.split("OK ")[1][:4])
        out.work()
        count = len(out.gateway.sent)
        out.receipt(message_id(0), "Failed", "UserInBlackList")
        out.work()
        assert len(out.gateway.sent) == count
        assert alert(out).acknowledged_at


@on_sqlite
class TestOptedOut:
    def test_the_next_is_told_of_what_was_not_answered_and_the_roster_is_flagged(self, out: World) -> None:
        out.post(f"/sms/{TOKENS[1]}/opt-out", {"senderId": "22384", "phoneNumber": out.number_of(CHILDREN)})
        out.work()
        assert out.gateway.sent[-1][0] == out.number_of("co-msambweni-2")
        person = out.service.roster().person(CHILDREN)
        assert person is not None
        assert person.unreachable

    @pytest.mark.parametrize("number", ["", "nobody", "+254700000999", "\x00"])
    def test_of_a_stranger_changes_nothing(self, out: World, number: str) -> None:
        before = everything(out)
        out.post(f"/sms/{TOKENS[1]}/opt-out", {"senderId": "22384", "phoneNumber": number})
        assert everything(out) == before

    def test_before_the_alert_went_out_somebody_else_gets_it(self, world: World) -> None:
        sent(world.phone())
        world.post(f"/sms/{TOKENS[1]}/opt-out", {"senderId": "22384", "phoneNumber": world.number_of(CHILDREN)})
        world.work()
        assert world.number_of(CHILDREN) not in {to for to, _ in world.gateway.sent}
        assert world.number_of("co-msambweni-2") in {to for to, _ in world.gateway.sent}

    def test_of_a_reporter_is_a_stop(self, world: World) -> None:
        """The number that was consented to goes, and nothing that waits for it is sent."""
        report = consented(world)
        ask(world)
        world.post(f"/sms/{TOKENS[1]}/opt-out", {"senderId": "22384", "phoneNumber": REPORTER})
        world.work()
        row = record(world, report)
        assert (row.contact, row.contact_tag, row.contact_hours, row.relayed_hour) == (None, None, None, None)
        assert texts(world) == []

    def test_in_the_midst_of_a_dialogue_loses_nothing_that_was_told(self, world: World) -> None:
        world.text(REPORTER, "mtoto haendi shule Ukunda")
        world.work()
        world.post(f"/sms/{TOKENS[1]}/opt-out", {"senderId": "22384", "phoneNumber": REPORTER})
        with world.rows() as session:
            assert session.scalar(select(func.count()).select_from(DialogueRecord)) == 0
            assert session.scalars(select(ReportRecord.place)).one() is not None


def test_a_text_without_receipt_id_is_still_answered_for(world: World) -> None:
    world.gateway.answers.append(Sending(Outcome.ACCEPTED, 101, None))
    sent(world.phone())
    world.work()
    assert alert(world).sent_at
