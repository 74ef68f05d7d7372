"""Whoever holds the code: reads and writes without a number, is helped elsewhere, takes back what was given."""

from __future__ import annotations

import re
import statistics
import time
from datetime import timedelta

from sqlalchemy import select

from referral.alerts.records import AlertRecord, Purpose
from referral.casework.closing import Closing, Reason
from referral.privacy.codes import issue_code
from referral.privacy.limits import CODES
from referral.privacy.records import LimitTallyRecord
from referral.reports.event_records import CaseEvent, CaseEventRecord
from referral.reports.keeping import closed
from referral.reports.letter_records import LetterRecord, Side
from referral.reports.records import ReportRecord
from referral.vocabulary.letters import Reply, Template
from referral.vocabulary.report import Urgency
from tests.world import CHILDRENS_OFFICER, HOME, NOT_NOW, PHYSICAL, World, on_sqlite, sent

PHONE, OTHER = "+254700000001", "+254700000009"
OFFICER, OFFICE = "co-msambweni-1", "co-msambweni"


def reported(world: World, **how) -> tuple[str, str]:
    """A report that its offices have been told of. Its id and its code."""
    phone = sent(world.phone(PHONE), **how)
    code = re.search(r"\d{4} \d{4} \d{4}", phone.screen)
    assert code is not None
    phone.key("2")
    world.wait(timedelta(hours=4), step=timedelta(minutes=30))
    with world.rows() as session:
        return session.scalars(select(ReportRecord.id)).one(), code[0]


def at_mailbox(world: World, code: str, *keys: str, number: str = OTHER):
    phone = world.phone(number)
    phone.dial()
    phone.keys("4", code, *keys)
    return phone


def line(phone, words: str) -> str:
    found = re.search(rf"(\d) {words}", phone.screen)
    assert found is not None, phone.screen
    return found[1]


def letter_of_officer(world: World, report: str, template: Template = Template.WHERE) -> None:
    with world.service.database.transaction() as session:
        world.service.mailbox.write_as_officer(session, report, OFFICER, OFFICE, template=template, words=None, asks=True, now=world.clock())


def letters(world: World, report: str):
    with world.rows() as session:
        return world.service.mailbox.letters(session, report)


def record(world: World, report: str) -> ReportRecord:
    with world.rows() as session:
        return session.get_one(ReportRecord, report)


def institutions(world: World, report: str) -> list[str]:
    with world.rows() as session:
        return [row.institution for row in world.service.outbox.alerts_of(session, report)]


@on_sqlite
def test_a_letter_shows_in_the_state_and_is_gone_from_it_once_read(world: World) -> None:
    report, code = reported(world)
    assert "ujumbe wako" not in at_mailbox(world, code).screen
    letter_of_officer(world, report)
    phone = at_mailbox(world, code)
    assert "Kuna ujumbe wako." in phone.screen
    phone.key(line(phone, "Soma ujumbe"))
    assert "Taja alama ya karibu" in phone.screen
    assert "ujumbe wako" not in phone.key("0")
    assert letters(world, report)[0].read


def test_two_answers_from_two_phones_are_both_kept_in_order(world: World) -> None:
    report, code = reported(world)
    first, second = (at_mailbox(world, code, number=number) for number in (OTHER, "+254700000008"))
    for phone in (first, second):
        phone.keys(line(phone, "Tuandikie"), "3")
    first.key("karibu na kisima")
    second.key("nyumba ya pili")
    assert [(one.turn, one.words) for one in letters(world, report)] == [(1, "karibu na kisima"), (2, "nyumba ya pili")]


@on_sqlite
def test_i_am_not_safe_makes_the_report_urgent_at_once(world: World) -> None:
    report, code = reported(world, danger=NOT_NOW, concern=PHYSICAL)
    phone = at_mailbox(world, code)
    phone.keys(line(phone, "Tuandikie"), "2")
    assert "116" in phone.screen
    assert record(world, report).urgency is Urgency.RED
    assert letters(world, report)[0].reply is Reply.UNSAFE


def test_i_am_not_safe_opens_a_closed_report_and_somebody_hears(world: World) -> None:
    report, code = reported(world, danger=NOT_NOW, concern=PHYSICAL)
    world.wait(timedelta(hours=3))
    with world.service.database.transaction() as session:
        one = world.service.outbox.alerts_of(session, report)[0]
        assert world.service.closing.close(session, report, one.person, Reason.SAFE, None, world.clock.now) is Closing.CLOSED
    before = len(world.gateway.sent)
    phone = at_mailbox(world, code)
    phone.keys(line(phone, "Tuandikie"), "2")
    world.wait(timedelta(minutes=1))
    told = [text for _, text in world.gateway.sent[before:] if "RED" in text]
    assert told, "nobody heard of a child in danger"
    with world.rows() as session:
        assert not closed(session, report)
        assert all(alert.failure != "closed" for alert in world.service.outbox.alerts_of(session, report))


@on_sqlite
def test_what_a_ready_made_answer_says_is_in_no_column_in_clear(world: World) -> None:
    report, code = reported(world)
    phone = at_mailbox(world, code)
    phone.keys(line(phone, "Tuandikie"), "2")
    with world.rows() as session:
        row = session.scalars(select(LetterRecord).where(LetterRecord.report == report)).one()
    assert (row.side, row.person, row.template) == (Side.REPORTER, "", None)
    assert b"unsafe" not in (row.words or b"")


def test_not_helped_goes_to_an_institution_that_was_not_told_and_never_to_an_excluded_one(world: World) -> None:
    report, code = reported(world, who=CHILDRENS_OFFICER)
    before = set(institutions(world, report))
    phone = at_mailbox(world, code)
    phone.keys(line(phone, "Sijasaidiwa"), "1")
    assert "Wengine" in phone.screen
    after = institutions(world, report)
    assert len(set(after) - before) == 1
    assert "children" not in after
    with world.rows() as session:
        kinds = {event.kind for event in session.scalars(select(CaseEventRecord))}
    assert kinds == {CaseEvent.NOT_HELPED, CaseEvent.REOPENED}
    assert "not_helped" in record(world, report).flags


@on_sqlite
def test_not_helped_again_and_again_comes_to_the_duty_person_and_is_flagged(world: World) -> None:
    report, code = reported(world)
    for _ in range(10):
        world.clock.turn(timedelta(hours=1))
        phone = at_mailbox(world, code)
        phone.keys(line(phone, "Sijasaidiwa"), "1")
        told = len(institutions(world, report))
        phone = at_mailbox(world, code)
        phone.keys(line(phone, "Sijasaidiwa"), "1")
        assert len(institutions(world, report)) == told, "twice within an hour"
    assert "nobody_else" in record(world, report).flags
    assert len(set(institutions(world, report))) >= 4


@on_sqlite
def test_contact_is_allowed_from_this_phone_and_taken_back_from_any(world: World) -> None:
    report, code = reported(world)
    phone = at_mailbox(world, code)
    phone.keys(line(phone, "Wasiliana nami"), "1", "1")
    assert record(world, report).contact is not None
    phone = at_mailbox(world, code, number="+254700000008")
    phone.keys(line(phone, "Acha kuwasiliana"), "1")
    assert (record(world, report).contact, record(world, report).contact_tag) == (None, None)
    assert "Wasiliana nami" in phone.key("0")


@on_sqlite
def test_erased_words_are_gone_and_the_report_stays(world: World) -> None:
    report, code = reported(world)
    phone = at_mailbox(world, code)
    phone.keys(line(phone, "Tuandikie"), "3", "karibu na kisima", "0")
    phone.keys(line(phone, "Futa maneno"), "1")
    row = record(world, report)
    assert (row.story, row.landmark, row.spot, row.reporter, row.words_gone) == (None, None, None, None, True)
    (letter,) = letters(world, report)
    assert (letter.words, letter.side) == (None, Side.REPORTER)
    assert row.concern is not None
    assert "Futa maneno" not in phone.key("0")


@on_sqlite
def test_a_repeated_request_writes_one_letter(world: World) -> None:
    report, code = reported(world)
    phone = at_mailbox(world, code)
    phone.keys(line(phone, "Tuandikie"), "1")
    assert phone.again() == phone.screen
    assert len(letters(world, report)) == 1


@on_sqlite
def test_whoever_has_the_report_is_told_that_there_is_a_letter_and_nothing_of_it(world: World) -> None:
    report, code = reported(world)
    with world.service.database.transaction() as session:
        alert = world.service.outbox.alerts_of(session, report)[0]
        alert.acknowledged_at = world.clock()
        person = alert.person
    world.clock.turn(timedelta(days=1) - timedelta(hours=4))
    phone = at_mailbox(world, code)
    phone.keys(line(phone, "Tuandikie"), "3", "karibu na kisima")
    with world.rows() as session:
        (row,) = session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.LETTER)).all()
    assert row.person == person
    world.work()
    told = [text for number, text in world.gateway.sent if number == world.number_of(person) and "77#" in text]
    assert told
    assert not any("kisima" in text for text in told)


@on_sqlite
def test_a_slip_of_the_thumb_is_no_try_and_a_wrong_code_is_one_however_often_its_screen_is_shown(world: World) -> None:
    reported(world)
    phone = at_mailbox(world, "4821 9037 5516")
    assert "Angalia kila tarakimu" in phone.screen
    phone.keys(issue_code(), "5", "5", "5")
    with world.rows() as session:
        tries = {row.tag: row.count for row in session.scalars(select(LimitTallyRecord).where(LimitTallyRecord.kind == CODES))}
    assert set(tries.values()) == {1}


@on_sqlite
def test_nothing_of_a_mailbox_is_kept_beyond_the_session(world: World) -> None:
    _, code = reported(world)
    at_mailbox(world, code)
    world.wait(timedelta(minutes=17))
    with world.rows() as session:
        assert world.service.conversations.sessions.silent(session, world.clock(), 9) == []
    assert at_mailbox(world, issue_code()).screen.startswith("CON Hatuna la kuonyesha")


@on_sqlite
def test_hali_answers_in_one_part_without_the_letter(world: World) -> None:
    report, code = reported(world)
    letter_of_officer(world, report, Template.HOSPITAL)
    world.text(OTHER, f"HALI {code}")
    world.work()
    (answer,) = [text for number, text in world.gateway.sent if number == OTHER]
    assert "Kuna ujumbe wako." in answer
    assert "hospitali" not in answer
    assert len(answer) <= 160


@on_sqlite
def test_an_unknown_and_an_expired_code_take_as_long_and_say_the_same(world: World) -> None:
    report, code = reported(world, who=HOME)
    with world.service.database.transaction() as session:
        session.delete(session.get_one(ReportRecord, report))
    said: dict[str, set[str]] = {"unknown": set(), "expired": set()}
    ratio = 0.0
    for _ in range(5):
        took: dict[str, list[float]] = {"unknown": [], "expired": []}
        for turn in range(16):
            world.clock.turn(timedelta(days=1))
            for kind in sorted(took, reverse=bool(turn % 2)):
                phone = world.phone(OTHER)
                phone.dial()
                phone.key("4")
                before = time.thread_time()  # what the machine does besides must not decide
                phone.key(code if kind == "expired" else issue_code())
                took[kind].append(time.thread_time() - before)
                said[kind].add(phone.screen)
        ratio = statistics.median(took["expired"]) / statistics.median(took["unknown"])
        if 0.9 < ratio < 1.1:
            break
    assert 0.9 < ratio < 1.1, f"a code that expired took {ratio:.2f} times as long as an unknown one"
    assert said["unknown"] == said["expired"]
    assert len(said["unknown"]) == 1
