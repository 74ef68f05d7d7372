"""Messages on a plain phone: read, write, have the reporter's phone texted; and at the desk, read what others wrote before the reporter does."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.alerts.records import AlertRecord, Purpose
from referral.handover.mailbox import LONGEST_WORDS
from referral.reports.letter_records import LetterRecord, LetterState
from referral.reports.records import ReportRecord
from referral.vocabulary.letters import Reply, Template
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import Hours
from tests.casework.test_reveal import desk
from tests.officers.conftest import CHILDREN, has_pin, signed_in
from tests.world import Phone, World, on_sqlite, sent

REPORTER = "+254700000001"
WORDS = "Mama Fatuma atakusubiri sokoni saa tisa"


@pytest.fixture
def reported(world: World) -> World:
    has_pin(world)
    sent(world.phone(REPORTER))
    world.work()
    return world


def report_of(world: World) -> str:
    with world.rows() as session:
        return session.scalars(select(ReportRecord.id)).one()


def agrees(world: World, hours: Hours = Hours.ANY) -> None:
    with world.service.database.transaction() as session:
        world.service.texting.filing.give_contact(session, session.scalars(select(ReportRecord.id)).one(), PhoneNumber(REPORTER), hours, False, world.clock())


def line(phone: Phone, words: str) -> str:
    """The key of a line, found on this page or the next ones."""
    while True:
        found = re.search(rf"(\d) {words}", phone.screen)
        if found is not None:
            return found[1]
        assert "9 More" in phone.screen, phone.screen
        phone.key("9")


def at_mail(world: World, person: str = CHILDREN) -> Phone:
    phone = signed_in(world, person)
    phone.keys("1", "1", "1")
    if "Reply" not in phone.screen and "Mail" not in phone.screen:
        phone.key("0")
    phone.key(line(phone, "Mail"))
    return phone


def pick(phone: Phone, words: str) -> str:
    return phone.key(line(phone, words))


def letters(world: World) -> list[LetterRecord]:
    with world.rows() as session:
        return list(session.scalars(select(LetterRecord).order_by(LetterRecord.turn)))


def test_a_ready_made_message_waits_and_the_phone_of_an_anonymous_reporter_is_never_offered(reported: World) -> None:
    phone = at_mail(reported)
    assert "Text their phone" not in phone.screen
    pick(phone, "Write")
    screen = pick(phone, "Are you safe now")
    assert "waits for the reporter" in screen
    assert "Text their phone" not in screen
    assert [(one.template, one.state) for one in letters(reported)] == [(Template.SAFE_NOW, LetterState.READY)]


def test_who_agreed_is_texted_in_their_hours_and_the_officer_sees_no_number(reported: World) -> None:
    agrees(reported, Hours.EVENING)
    phone = at_mail(reported)
    pick(phone, "Write")
    pick(phone, "Are you safe now")
    screen = pick(phone, "Text their phone")
    assert "It says nothing of the report" in screen
    assert "goes out in their hours" in pick(phone, "There is a message")
    reported.wait(timedelta(hours=7, minutes=20), step=timedelta(minutes=20))
    texts = [words for number, words in reported.gateway.sent if number == REPORTER]
    assert len(texts) == 1
    assert "Kuna ujumbe wako" in texts[0]
    phone = at_mail(reported)
    assert re.search(r"Last text to their phone: 04/03 17:00", phone.screen)
    assert "00000001" not in phone.screen


@on_sqlite
def test_withdrawn_the_officer_sees_no_longer_reachable(reported: World) -> None:
    agrees(reported, Hours.EVENING)
    phone = at_mail(reported)
    pick(phone, "Text their phone")
    pick(phone, "Please call 116")
    assert "A text to their phone waits" in at_mail(reported).screen
    with reported.service.database.transaction() as session:
        reported.service.mailbox.withdraw(session, report_of(reported), reported.clock())
    screen = at_mail(reported).screen
    assert "no longer reachable" in screen
    assert "Text their phone" not in screen


@on_sqlite
def test_in_own_words_it_says_who_reads_it_first_and_the_desk_lets_it_through_by_its_own_menu(reported: World) -> None:
    phone = at_mail(reported)
    pick(phone, "Write")
    assert f"{LONGEST_WORDS} letters, no names" in pick(phone, "In my own words")
    assert "second person has read it" in phone.key(WORDS)
    assert "(not yet read by a second person)" in at_mail(reported).screen
    second = desk(reported)
    has_pin(reported, second)
    phone = signed_in(reported, second)
    pick(phone, "(For you to read|Usome kwanza): 1")
    phone.key("1")
    assert WORDS in phone.screen
    pick(phone, "(Let it through|Ruhusu)")
    assert [(one.state, one.second_reader) for one in letters(reported)] == [(LetterState.READY, second)]
    assert "to read" not in signed_in(reported, second).screen


@on_sqlite
def test_what_is_not_let_through_is_kept_back(reported: World) -> None:
    phone = at_mail(reported)
    pick(phone, "Write")
    pick(phone, "In my own words")
    phone.key(WORDS)
    second = desk(reported)
    has_pin(reported, second)
    phone = signed_in(reported, second)
    phone.keys(line(phone, "(For you to read|Usome kwanza)"), "1")
    pick(phone, "(Keep it back|Zuia)")
    assert letters(reported)[0].state is LetterState.REFUSED
    assert "(kept back)" in at_mail(reported).screen


@on_sqlite
@pytest.mark.parametrize("typed", ["", "a" * (LONGEST_WORDS + 1)])
def test_neither_nothing_nor_too_much_is_taken(reported: World, typed: str) -> None:
    phone = at_mail(reported)
    pick(phone, "Write")
    asked = pick(phone, "In my own words")
    assert asked.removeprefix("CON ") in phone.key(typed)
    assert letters(reported) == []


@on_sqlite
def test_own_words_are_in_no_session_and_no_row_in_clear(reported: World) -> None:
    phone = at_mail(reported)
    pick(phone, "Write")
    pick(phone, "In my own words")
    phone.key(WORDS)
    with reported.rows() as session:
        for row in session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.LETTER)):
            assert "Fatuma" not in f"{row.params}{row.key}{row.reason}"
    assert b"Fatuma" not in (letters(reported)[0].words or b"")


@on_sqlite
def test_new_mail_is_counted_on_the_alert(reported: World) -> None:
    phone = signed_in(reported)
    phone.keys("1", "1")
    with reported.service.database.transaction() as session:
        reported.service.mailbox.write_as_reporter(session, report_of(reported), Reply.SAFE, reported.clock())
    phone = signed_in(reported)
    assert "Mail: 1" in phone.key("1")
    pick(phone, "Mail")
    assert "I am safe" in phone.screen
    phone = signed_in(reported)
    assert "Mail: 1" not in phone.key("1")
