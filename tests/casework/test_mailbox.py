"""Officers' own words reach a reporter only after a second person has read them; new letters are marked for each officer."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from referral.alerts.records import AlertRecord, Purpose
from referral.handover.mailbox import LONGEST_WORDS, OwnWordsTooLong
from referral.privacy.audit import Action, AuditRecord
from referral.reports.letter_records import LetterRecord, LetterState
from referral.vocabulary.letters import Reply
from tests.casework.test_relay import OFFICER, alert_id, consented
from tests.casework.test_reveal import desk
from tests.world import World, on_sqlite

WORDS = "Mama Fatuma atakusubiri sokoni saa tisa"


def write(world: World, words: str = WORDS) -> str:
    """An officer's own words. The letter's id."""
    with world.service.database.transaction() as session:
        assert world.service.officers_menu.mail.write_own(session, OFFICER, alert_id(session), words, world.clock())
        return session.scalars(select(LetterRecord.id).order_by(LetterRecord.turn.desc())).first() or ""


def settle(world: World, letter: str, by: str, *, through: bool) -> bool:
    with world.service.database.transaction() as session:
        return world.service.second.settle(session, by, letter, through, world.clock())


def letter(world: World, id_: str) -> LetterRecord:
    with world.rows() as session:
        return session.get_one(LetterRecord, id_)


def shown(world: World, report: str) -> int:
    """How many letters wait for the reporter."""
    with world.rows() as session:
        return world.service.mailbox.standing(session, report, world.clock()).letters


def waiting(world: World, person: str) -> list[str]:
    with world.rows() as session:
        return [one.letter for one in world.service.second.waiting(session, person, world.clock())]


def test_held_until_the_desk_lets_it_through(world: World) -> None:
    report = consented(world)
    id_ = write(world)
    assert (letter(world, id_).state, shown(world, report)) == (LetterState.HELD, 0)
    assert settle(world, id_, desk(world), through=True)
    kept = letter(world, id_)
    assert (kept.state, kept.second_reader, shown(world, report)) == (LetterState.READY, desk(world), 1)
    assert WORDS.encode() not in (kept.words or b"")
    assert not settle(world, id_, desk(world), through=False), "it is settled once"


def test_kept_back_it_is_never_shown(world: World) -> None:
    report = consented(world)
    id_ = write(world)
    assert settle(world, id_, desk(world), through=False)
    assert (letter(world, id_).state, shown(world, report)) == (LetterState.REFUSED, 0)
    assert waiting(world, desk(world)) == []


@on_sqlite
def test_not_by_the_writer_nor_by_just_anybody(world: World) -> None:
    consented(world)
    id_ = write(world)
    for person in (OFFICER, "desk-ukunda-1", "co-matuga-1", "nobody"):
        assert not settle(world, id_, person, through=True), person
        assert waiting(world, person) == []
    assert letter(world, id_).state is LetterState.HELD


@on_sqlite
def test_the_desk_is_told_that_words_wait_and_its_reading_is_audited(world: World) -> None:
    report = consented(world)
    id_ = write(world)
    world.work()
    assert any("own words" in words or "maneno yake" in words for number, words in world.gateway.sent if number == world.number_of(desk(world)))
    assert all(WORDS not in words for _, words in world.gateway.sent)
    with world.service.database.transaction() as session:
        second = world.service.second
        assert second.read(session, desk(world), id_, world.clock())
        assert second.look(session, desk(world), id_, world.clock()) == WORDS
        assert second.look(session, OFFICER, id_, world.clock()) is None
    with world.rows() as session:
        read = session.scalars(select(AuditRecord).where(AuditRecord.subject == report, AuditRecord.action == Action.READ, AuditRecord.actor == desk(world)))
        assert len(read.all()) == 1


@on_sqlite
@pytest.mark.parametrize("words", ["", "   ", "a" * (LONGEST_WORDS + 1)])
def test_neither_nothing_nor_too_much(world: World, words: str) -> None:
    consented(world)
    with pytest.raises(OwnWordsTooLong):
        write(world, words)


@on_sqlite
def test_a_new_letter_is_marked_until_this_officer_has_read_it(world: World) -> None:
    report = consented(world)
    menu = world.service.officers_menu
    with world.service.database.transaction() as session:
        world.service.mailbox.write_as_reporter(session, report, Reply.SAFE, world.clock())
        alert = alert_id(session)
        other = session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT, AlertRecord.person != OFFICER)).first()
        assert other is not None
        assert menu.desk.read(session, other.person, other.id, world.clock())
        both = ((OFFICER, alert), (other.person, other.id))
        assert [menu.desk.brief(session, person, one, world.clock()).unread for person, one in both] == [1, 1]
        assert menu.mail.read(session, OFFICER, alert, world.clock())
        assert [menu.desk.brief(session, person, one, world.clock()).unread for person, one in both] == [0, 1]
