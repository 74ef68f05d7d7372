"""Limits as callers, guessers and flooders meet them: busy words for too much, nothing opened, and a child in danger always through."""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.intake.guessing import hidden
from referral.privacy.codes import issue_code
from referral.privacy.limits import CODES, REPORTS, SESSIONS
from referral.privacy.records import EVERYBODY, LimitTallyRecord
from referral.reports.records import ReportRecord
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import DOUBTFUL, Urgency
from tests.world import HOME, LABOUR, NOT_NOW, NOW, OTHER, Phone, World, as_far_as_ward, on_sqlite, sent

CODE = re.compile(r"\d{4} \d{4} \d{4}")
ELSEWHERE = "+254700000777"
SCHOOL = ("9", "3", "3")


def busy(world: World) -> str:
    return f"END {world.service.catalogue.say('sw', 'fault.busy')}"


def tallies(world: World) -> dict[tuple[str, int], int]:
    with world.rows() as session:
        return {(row.kind, row.tag): row.count for row in session.scalars(select(LimitTallyRecord))}


def reports(world: World) -> list[ReportRecord]:
    with world.rows() as session:
        return list(session.scalars(select(ReportRecord)))


def less_urgent(phone: Phone, concern: tuple[str, ...] = LABOUR) -> Phone:
    """Dial and answer everything of a report that waits for days; the next key sends."""
    as_far_as_ward(phone, danger=NOT_NOW, concern=concern)
    phone.keys(*HOME)
    return phone


def check_code(phone: Phone, code: str) -> str:
    phone.dial()
    return phone.keys("4", code)


def _right(world: World) -> str:
    code = CODE.search(sent(world.phone()).screen)
    assert code is not None
    return code.group().replace(" ", "")


def _guess(world: World, number: Callable[[], PhoneNumber], times: int) -> None:
    """By the door's own look-up."""
    guide = world.service.conversations.guide
    for _ in range(times):
        assert guide.brake.look(number, guide._holder(issue_code())) is None


@on_sqlite
class TestGuessingCodes:
    def test_twenty_thousand_guesses_in_a_day_open_nothing_and_hinder_no_report(self, world: World, record_property: pytest.RecordProperty) -> None:
        """Guesses by the door's own look-up, twelve thousandths of them by whole calls; each caller's number is another."""
        right = CODE.search(sent(world.phone()).screen)
        assert right is not None
        guide, dice = world.service.conversations.guide, random.Random(6)
        opened = calls = 0
        first = check_code(world.phone(ELSEWHERE), issue_code())
        for at in range(20_000):
            number = f"+2547{dice.randrange(10**8):08d}"
            if at % 83 == 0:
                calls += 1
                opened += check_code(world.phone(number), issue_code()) != first
            else:
                found = guide.brake.look(lambda number=number: PhoneNumber(number), guide._holder(issue_code()))  # type: ignore[misc]
                opened += found is not None
            if at == 10_000:
                sent(world.phone())
                assert CODE.search(less_urgent(world.phone("+254700000044")).key("1"))
            world.clock.turn(timedelta(seconds=3))
        assert opened == 0
        assert check_code(world.phone("+254700000045"), right.group().replace(" ", "")) == first, "the brake holds: not even a right code opens today"
        assert len(reports(world)) == 3
        record_property("guesses", 20_000)
        record_property("by whole calls", calls)
        record_property("opened", opened)

    def test_one_caller_has_twenty_and_others_are_served(self, world: World) -> None:
        code = CODE.search(sent(world.phone()).screen)
        assert code is not None
        right = code.group().replace(" ", "")
        for _ in range(20):
            unknown = check_code(world.phone(ELSEWHERE), issue_code())
            world.clock.turn(timedelta(minutes=3))
        assert check_code(world.phone(ELSEWHERE), right) == unknown, "the words of a code that is none of ours"
        assert check_code(world.phone("+254700000002"), right).startswith("CON ")

    def test_one_phone_never_shuts_the_mailbox_of_anybody_else(self, world: World) -> None:
        code = _right(world)
        unknown = check_code(world.phone(ELSEWHERE), issue_code())
        _guess(world, lambda: PhoneNumber(ELSEWHERE), 1000)
        assert tallies(world)[CODES, EVERYBODY] == 20, "what is beyond a caller's own twenty counts against nobody else"
        assert check_code(world.phone(ELSEWHERE), code) == unknown
        assert check_code(world.phone("+254700000002"), code) != unknown

    def test_nor_do_all_whose_number_is_hidden_or_foreign(self, world: World) -> None:
        code = _right(world)
        unknown = check_code(world.phone(ELSEWHERE), issue_code())
        _guess(world, hidden, 1000)
        assert tallies(world)[CODES, EVERYBODY] == 21
        guide = world.service.conversations.guide
        assert guide.brake.look(hidden, guide._holder(code)) is None, "they share their twenty"
        assert check_code(world.phone("+254700000002"), code) != unknown

    def test_nor_does_a_dozen_of_cards_and_a_slip_or_two_is_still_allowed(self, world: World) -> None:
        code = _right(world)
        unknown = check_code(world.phone(ELSEWHERE), issue_code())
        for card in range(12):
            _guess(world, lambda card=card: PhoneNumber(f"+2547000001{card:02}"), 50)  # type: ignore[misc]
        assert tallies(world)[CODES, EVERYBODY] == 200 + 2 * 3, "ten used up the limit over all, and each after them had three tries"
        for _ in range(2):
            assert check_code(world.phone(), issue_code()) == unknown
        assert check_code(world.phone(), code) != unknown
        check_code(world.phone(), issue_code())
        assert check_code(world.phone(), code) == unknown, "three were too many"

    def test_a_slip_of_the_thumb_is_no_guess(self, world: World) -> None:
        code = issue_code()
        slip = code[:-1] + str((int(code[-1]) + 1) % 10)
        for _ in range(3):
            check_code(world.phone(), slip)
        assert not [one for one in tallies(world) if one[0] == CODES]

    def test_a_right_code_leaves_nothing_under_the_callers_tag(self, world: World) -> None:
        code = CODE.search(sent(world.phone()).screen)
        assert code is not None
        check_code(world.phone(ELSEWHERE), code.group().replace(" ", ""))
        assert [tag for kind, tag in tallies(world) if kind == CODES] == [EVERYBODY]

    def test_by_text_too(self, world: World) -> None:
        code = CODE.search(sent(world.phone()).screen)
        assert code is not None
        words = world.service.catalogue.say("sw", "status.unknown")
        for _ in range(20):
            world.text(ELSEWHERE, f"HALI {issue_code()}")
            world.work()
            world.clock.turn(timedelta(minutes=6))
        world.gateway.sent.clear()
        world.text(ELSEWHERE, f"HALI {code.group()}")
        world.work()
        assert [text for to, text in world.gateway.sent if to == ELSEWHERE and words in text]

    def test_the_next_day_is_another(self, world: World) -> None:
        code = CODE.search(sent(world.phone(ELSEWHERE)).screen)
        assert code is not None
        right = code.group().replace(" ", "")
        for _ in range(20):
            unknown = check_code(world.phone(), issue_code())
            world.clock.turn(timedelta(minutes=3))
        assert check_code(world.phone(), right) == unknown
        world.clock.turn(timedelta(days=1))
        world.work()
        assert check_code(world.phone(), right) != unknown


@on_sqlite
class TestTooManyCalls:
    def test_the_thirty_first_in_an_hour_hears_that_it_is_busy_as_everybody_would(self, world: World) -> None:
        for _ in range(30):
            phone = world.phone()
            phone.dial()
            assert phone.key("5") != busy(world)
        phone = world.phone()
        first = phone.dial()
        assert first == world.phone(ELSEWHERE).dial()
        assert phone.key("5") == busy(world)
        assert phone.again() == busy(world)
        other = world.phone(ELSEWHERE)
        other.dial()
        assert other.key("5") != busy(world)

    def test_a_child_in_danger_is_always_let_through(self, world: World) -> None:
        self._exhaust(world)
        assert CODE.search(sent(world.phone(), danger=NOW).screen)
        helped = world.phone()
        helped.dial()
        assert CODE.search(helped.keys("2", "1", "2", "1"))

    def test_who_is_in_no_danger_is_held_up_and_nothing_is_filed(self, world: World) -> None:
        self._exhaust(world)
        phone = world.phone()
        phone.dial()
        assert phone.keys("1").startswith("CON ")
        assert phone.key(NOT_NOW) == busy(world)
        world.wait(timedelta(minutes=5))
        assert reports(world) == []

    def test_an_hour_later_it_is_over(self, world: World) -> None:
        self._exhaust(world)
        world.clock.turn(timedelta(hours=1))
        phone = world.phone()
        phone.dial()
        assert phone.key("5") != busy(world)

    def test_practising_is_not_counted(self, world: World) -> None:
        for _ in range(35):
            phone = world.phone(code=world.service.settings.at_ussd_practice_code)
            phone.dial()
            assert phone.key("5") != busy(world)
        assert tallies(world) == {}

    @staticmethod
    def _exhaust(world: World) -> None:
        for _ in range(31):
            phone = world.phone()
            phone.dial()
            phone.key("5")


@on_sqlite
class TestTooManyReports:
    def test_the_ninth_less_urgent_one_hears_busy_and_is_not_filed_in_secret(self, world: World) -> None:
        for _ in range(8):
            assert CODE.search(less_urgent(world.phone()).key("1"))
            world.clock.turn(timedelta(minutes=10))
        ninth = less_urgent(world.phone())
        assert ninth.key("1") == busy(world)
        assert ninth.again() == busy(world)
        world.wait(timedelta(minutes=5))
        assert len(reports(world)) == 8
        assert CODE.search(less_urgent(world.phone(ELSEWHERE)).key("1"))

    def test_an_urgent_one_is_filed_however_many_there_were(self, world: World) -> None:
        for _ in range(8):
            less_urgent(world.phone()).key("1")
            world.clock.turn(timedelta(minutes=10))
        assert CODE.search(sent(world.phone(), danger=NOW).screen)
        assert CODE.search(sent(world.phone(), danger="2").screen)

    def test_doubtful_ones_are_flagged_sent_last_and_never_urgent_ones(self, world: World) -> None:
        for concern in (LABOUR, OTHER, LABOUR, OTHER, SCHOOL):  # of one kind three would count as a cluster, which is urgent
            less_urgent(world.phone(), concern).key("1")  # the clock stands still: no thumb is as quick as that
        sent(world.phone(), danger=NOW)
        filed = reports(world)
        doubted = [one for one in filed if DOUBTFUL in one.flags.split()]
        assert doubted
        assert all(not one.urgency.at_least(Urgency.HIGH) for one in doubted)
        assert not [one.flags for one in filed if "doubt_" in one.flags], "beside the counts a reason would be the tag of whoever sent many"
        assert all(DOUBTFUL not in one.flags for one in filed if one.urgency.at_least(Urgency.HIGH))


@on_sqlite
class TestRedialling:
    def test_a_minute_after_a_report_it_looks_and_takes_like_a_first_call(self, world: World, record_property: pytest.RecordProperty) -> None:
        """Medians of calls from a phone that has just reported, and from one that never did, taken by turns."""
        paths = (("1",), ("1", NOW), ("4",), ("5",), ("6",), ("3",))
        for phone in (world.phone(ELSEWHERE), world.phone("+254700000778")):  # warm both
            phone.dial()
            phone.keys("1", NOW)
        after, before = [], []
        for at in range(24):
            reporter, stranger = f"+2547000001{at:02d}", f"+2547000002{at:02d}"
            sent(world.phone(reporter))
            world.clock.turn(timedelta(minutes=1))
            keys = paths[at % len(paths)]
            sides = [(reporter, after), (stranger, before)]
            screens = []
            for number, times in sides if at % 2 else sides[::-1]:
                phone = world.phone(number)
                started = time.thread_time()  # what the machine does besides must not decide
                shown = [phone.dial(), *(phone.key(key) for key in keys)]
                times.append((time.thread_time() - started) / len(shown))
                screens.append(shown)
            assert screens[0] == screens[1]
        ratio = statistics.median(after) / statistics.median(before)
        record_property("calls compared", len(after))
        record_property("median of a redial / of a first call", f"{ratio:.2f}")
        assert 0.6 < ratio < 1.67


class TestWhatIsKept:
    def test_only_counts_by_twenty_bits_and_no_hour_beside_a_report(self, world: World) -> None:
        sent(world.phone())
        with world.rows() as session:
            rows = list(session.scalars(select(LimitTallyRecord)))
        assert {row.kind for row in rows} == {SESSIONS, REPORTS}
        assert all(0 <= row.tag < 1 << 20 for row in rows)
        assert all(row.hour.hour == 0 for row in rows if row.kind == REPORTS)

    def test_it_is_gone_when_its_time_is_over(self, world: World) -> None:
        sent(world.phone())
        world.clock.turn(timedelta(hours=4))
        world.work()
        assert {kind for kind, _ in tallies(world)} == {REPORTS}
        world.clock.turn(timedelta(days=1))
        world.work()
        assert tallies(world) == {}

    def test_a_hidden_number_is_told_apart_from_nobody_and_served(self, world: World) -> None:
        for _ in range(9):
            assert CODE.search(less_urgent(world.phone("")).key("1"))
        assert tallies(world) == {}
