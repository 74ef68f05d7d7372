"""Sent means kept: the report and everything that tells somebody of it, in one commit, once."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.exc import IntegrityError

from referral.alerts.records import AlertRecord, LadderRecord
from referral.intake.converse import Call
from referral.privacy.audit import Action, AuditRecord
from referral.privacy.codes import issue_code, read_code
from referral.reports.records import PlanStepRecord, ReportRecord
from referral.store.base import Base
from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber
from referral.vocabulary.report import Concern, Urgency
from tests.world import CHIEF, HOME, MARRIAGE, PHYSICAL, World, as_far_as_ward, sent

TABLES = ("report", "plan_step", "alert", "ladder", "audit", "ussd_session")


def code_on(screen: str) -> str:
    found = re.search(r"\d{4} \d{4} \d{4}", screen)
    assert found, screen
    return found[0].replace(" ", "")


def everything(world: World) -> dict[str, int]:
    with world.rows() as session:
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in Base.metadata.sorted_tables}


@contextmanager
def failing(engine: Engine, on: str, error: Exception) -> Iterator[None]:
    """Writing to one table fails, or with "commit" the commit itself."""

    def refuse(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if re.match(rf"(INSERT INTO|UPDATE) {on}\b", statement):
            raise error

    def no_commit(_connection: object) -> None:
        raise error

    name, listener = ("commit", no_commit) if on == "commit" else ("before_cursor_execute", refuse)
    event.listen(engine, name, listener)
    try:
        yield
    finally:
        event.remove(engine, name, listener)


class TestSent:
    def test_the_report_its_plan_its_alerts_its_clocks_and_the_audit_are_there(self, world: World) -> None:
        code = code_on(sent(world.phone(), who=CHIEF, concern=MARRIAGE).screen)
        assert read_code(code) == code
        with world.rows() as session:
            report = session.scalars(select(ReportRecord)).one()
            assert (report.concern, report.urgency, report.accused, report.partial, report.need) == (Concern.MARRIAGE, Urgency.RED, "chief", False, 2)
            assert report.code_digest == world.service.keys.code_digest(code)
            assert session.scalars(select(LadderRecord)).one().step == 1
            assert len(session.scalars(select(AlertRecord)).all()) == 2
            assert session.scalars(select(PlanStepRecord)).all()
            assert session.scalars(select(AuditRecord).where(AuditRecord.action == Action.FILED)).one().subject == report.id

    @pytest.mark.parametrize("error", [RuntimeError("full"), IntegrityError("x", {}, Exception())], ids=["a fault", "a clash"])
    @pytest.mark.parametrize("table", [*TABLES, "commit"])
    def test_where_one_cannot_be_written_none_is_and_the_caller_hears_116(self, world: World, table: str, error: Exception) -> None:
        phone = as_far_as_ward(world.phone())
        phone.keys(*HOME)
        before = everything(world)
        with failing(world.service.database.engine, table, error):
            assert phone.key("1").startswith("END ")
        assert "116" in phone.screen
        assert everything(world) == before
        world.work()
        assert world.gateway.sent == []
        assert code_on(phone.again()), "and when the gateway repeats the request, it is filed"
        assert everything(world)["report"] == 1

    def test_a_caller_with_a_foreign_or_hidden_number_is_helped_now_all_the_same(self, world: World) -> None:
        for number in ("+255000000000", "", "anonymous"):
            phone = world.phone(number)
            phone.dial()
            assert code_on(phone.keys("2", "1", "2", "2"))
        assert everything(world)["report"] == 3
        world.work()
        assert world.gateway.sent

    def test_a_foreign_number_that_may_be_contacted_keeps_its_report_and_goes_on(self, world: World) -> None:
        phone = sent(world.phone("+255000000000"))
        phone.keys("1", "7", "7", "7", "7", "2", "2")
        assert phone.key("4").startswith("CON ")
        with world.rows() as session:
            assert session.scalars(select(ReportRecord)).one().contact is None


class TestAtOnce:
    @pytest.mark.parametrize("last", ["1", "1*1*1*1*2*1*1"], ids=["the first answer", "send"])
    def test_the_same_request_from_two_lines_makes_one_report_and_one_answer(self, world: World, last: str) -> None:
        keys = last.split("*")
        for at in range(1, len(keys)):
            world.service.conversations.answer(Call("twice", "*".join(keys[:at]), _number), world.clock.now)
        start = threading.Barrier(4)

        def press(_: int) -> str:
            start.wait()
            return world.service.conversations.answer(Call("twice", last, _number), world.clock.now)

        with ThreadPoolExecutor(4) as lines:
            heard = set(lines.map(press, range(4)))
        assert len(heard) == 1
        rows = everything(world)
        assert (rows["report"], rows["ussd_session"]) == (len(keys) // 7, 1)
        assert rows["alert"] in (0, 2)

    def test_many_callers_at_once_each_have_their_own(self, world: World) -> None:
        def call(serial: int) -> str:
            said = ""
            for key in "1111211":
                said = f"{said}*{key}" if said else key
                screen = world.service.conversations.answer(Call(f"caller {serial}", said, _number), world.clock.now)
            return code_on(screen)

        with ThreadPoolExecutor(6) as lines:
            codes = list(lines.map(call, range(12)))
        assert len(set(codes)) == 12
        with world.rows() as session:
            numbers = session.scalars(select(ReportRecord.number)).all()
        assert len(set(numbers)) == 12
        assert not set(numbers) & {code[:6] for code in codes}


class TestCodes:
    def test_a_code_opens_its_own_report_only_and_follows_what_becomes_of_it(self, world: World) -> None:
        say = world.service.catalogue.say
        mine = code_on(sent(world.phone()).screen)
        assert say("sw", "status.received") in status(world, mine)
        world.work()
        to, alert = world.gateway.sent[0]
        other = code_on(sent(world.phone(), concern=PHYSICAL).screen)
        assert mine != other
        one_time = re.search(r"OK (\d{4})", alert)
        assert one_time
        world.text(to, f"OK {one_time[1]}")
        world.work()
        assert say("sw", "status.seen") in status(world, mine)
        assert say("sw", "status.referred") in status(world, other)
        world.text(to, f"ACT {one_time[1]}")
        world.work()
        assert say("sw", "status.acting") in status(world, mine)

    def test_two_digits_swapped_are_told_at_once_and_a_code_of_nobody_s_shows_nothing(self, world: World) -> None:
        code = code_on(sent(world.phone()).screen)
        swapped = code[1] + code[0] + code[2:] if code[0] != code[1] else code[:-1] + str((int(code[-1]) + 1) % 10)
        say = world.service.catalogue.say
        assert say("sw", "status.again") in status(world, swapped)
        assert say("sw", "status.unknown") in status(world, issue_code())

    def test_the_code_stands_nowhere(self, world: World) -> None:
        code = code_on(sent(world.phone()).screen)
        world.wait(timedelta(minutes=1))
        with world.rows() as session:
            for table in Base.metadata.sorted_tables:
                for row in session.execute(select(table)):
                    held = " ".join(value.hex() + repr(value) if isinstance(value, bytes) else str(value) for value in row)
                    assert code not in held
                    assert code.encode().hex() not in held


def status(world: World, code: str) -> str:
    phone = world.phone("+254700000002")
    phone.dial()
    return phone.keys("4", code)


def _number() -> PhoneNumber:
    raise NotAPhoneNumber("hidden")
