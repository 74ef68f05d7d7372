"""What an officer texts, and what becomes of it."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.casework.grammar import REASONS, WORDS, Command, Verb, read_command
from referral.directory import people
from referral.directory.records import PersonRow
from referral.intake.records import TextRecord
from referral.privacy.audit import Action, AuditRecord
from referral.reports.keeping import closed
from referral.reports.records import ReportRecord
from referral.texts.gsm import septets
from tests.conftest import minutes
from tests.world import World, on_sqlite, sent

CHILDREN, POLICE = "co-msambweni-1", "desk-ukunda-1"


class TestWords:
    @pytest.mark.parametrize(
        "text",
        [
            "OK 7391",
            "ok 7391",
            "Ok7391",
            "OK, 7391.",
            " ok\n7391 ",
            "ok 7391 nimeona",
            "7391 ok",
            "NDIO 7391",
            "ndiyo 7391",
            "Sawa 7391",
            "nimeona 7391",
            "ack 7391",
            "OK-7391",
            "\uff2f\uff2b \uff17\uff13\uff19\uff11",
            "“OK 7391”",
            "okey 7391",
            "OK 482193 7391",
            "ok 7391 asante sana ndugu",
        ],
    )
    def test_that_mean_yes(self, text: str) -> None:
        assert read_command(text) == Command(Verb.OK, "7391")

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("NO 7391", None),
            ("no7391", None),
            ("hapana 7391", None),
            ("siwezi 7391 3", "i_know_them"),
            ("NO 7391 9", None),
            ("no 7391 sababu 6", "unsafe"),
            ("NO 7391 1 sawa", "not_my_area"),
        ],
    )
    def test_that_mean_no(self, text: str, reason: str | None) -> None:
        assert read_command(text) == Command(Verb.NO, "7391", reason)

    @pytest.mark.parametrize("text", ["", " ", "7391", "hello", "Mtoto anapigwa", "msaada uko njiani", "12345 7391", "🙂", "OKOKOK", "kesho", "0711 7391"])
    def test_that_mean_nothing(self, text: str) -> None:
        assert read_command(text) is None

    @pytest.mark.parametrize("text", ["OK", "ok.", "NDIO", "sawa", "nimeona"])
    def test_that_lack_the_number(self, text: str) -> None:
        assert read_command(text) == Command(Verb.OK, None)

    @pytest.mark.parametrize("text", ["not received 7391", "sijaona, siwezi sasa 7391", "hapana, si sawa 7391"])
    def test_a_no_before_the_yes_is_no_yes(self, text: str) -> None:
        found = read_command(text)
        assert found is None or found.verb is not Verb.OK

    @settings(max_examples=200, deadline=None)
    @given(st.text(max_size=200))
    def test_any_text_is_read_without_a_fault(self, text: str) -> None:
        found = read_command(text)
        assert found is None or (found.verb in WORDS and found.reason in (None, *REASONS.values()))

    @settings(max_examples=100, deadline=None)
    @given(
        st.sampled_from([(verb, word) for verb, words in WORDS.items() for word in words]),
        st.integers(0, 9999),
        st.sampled_from(["{} {}", "{}{}", "{}, {}!", "  {}\t{} "]),
        st.booleans(),
    )
    def test_every_word_with_a_number_is_read(self, known: tuple[Verb, str], number: int, shape: str, loud: bool) -> None:
        verb, word = known
        assert read_command(shape.format(word.upper() if loud else word, f"{number:04d}")) == Command(verb, f"{number:04d}")


def _alerted(world: World) -> World:
    """A RED report; the children's officer and the police desk have their alerts."""
    sent(world.phone())
    world.work()
    return world


@pytest.fixture
def alerted(world: World) -> World:
    return _alerted(world)


@pytest.fixture
def alerted_lite(sqlite_world: World) -> World:
    return _alerted(sqlite_world)


def alert(world: World, person: str = CHILDREN) -> AlertRecord:
    with world.rows() as session:
        return session.scalars(select(AlertRecord).where(AlertRecord.person == person, AlertRecord.purpose == Purpose.ALERT)).one()


def number_in_alert(world: World, person: str = CHILDREN) -> str:
    to = world.number_of(person)
    found = next(match for number, words in world.gateway.sent if number == to and (match := re.search(r"OK (\d{4})", words)))
    return found[1]


def wrong_number(world: World) -> str:
    taken = {number_in_alert(world), number_in_alert(world, POLICE)}
    return next(number for number in ("0000", "1111", "2222") if number not in taken)


def texts(world: World, words: str, person: str = CHILDREN) -> str:
    """An officer texts; what the officer hears back."""
    to, before = world.number_of(person), len(world.gateway.sent)
    world.clock.turn(timedelta(seconds=5))  # the same words within four seconds are one text
    world.text(to, words)
    world.work()
    return " | ".join(heard for number, heard in world.gateway.sent[before:] if number == to)


def reports(world: World) -> int:
    """How many there are once a sender's silence is over."""
    world.wait(timedelta(minutes=16), step=timedelta(minutes=4))
    with world.rows() as session:
        return session.scalar(select(func.count()).select_from(ReportRecord)) or 0


class TestAnOfficer:
    def test_who_says_ok_is_told_how_to_get_the_details(self, alerted: World) -> None:
        heard = texts(alerted, f"OK {number_in_alert(alerted)}")
        with alerted.rows() as session:
            report = session.scalars(select(ReportRecord)).one()
        assert report.number in heard
        assert "*384*96*77#" in heard
        assert alert(alerted).acknowledged_at == alerted.clock.now

    def test_has_the_number_in_the_reply_and_in_no_row(self, alerted_lite: World) -> None:
        number = number_in_alert(alerted_lite)
        heard = texts(alerted_lite, f"OK {number}")
        assert f"ACT {number}" in heard
        with alerted_lite.rows() as session:
            rows = session.scalars(select(AlertRecord)).all()
        assert len(rows) > 2, "the reply's row is still there"
        assert not [row.params for row in rows if number in (row.params or "")]

    def test_who_says_it_twice_has_said_it_once(self, alerted: World) -> None:
        words = f"OK {number_in_alert(alerted)}"
        first = texts(alerted, words)
        at = alert(alerted).acknowledged_at
        alerted.clock.turn(minutes(3))
        assert texts(alerted, words) == first
        assert alert(alerted).acknowledged_at == at
        with alerted.rows() as session:
            assert session.scalar(select(func.count()).select_from(AuditRecord).where(AuditRecord.action == Action.ACKNOWLEDGED)) == 1

    @pytest.mark.parametrize("words", ["OK", "sawa", "ACT", "NO"])
    def test_who_leaves_the_number_out_is_asked_for_it_and_nothing_changes(self, alerted_lite: World, words: str) -> None:
        heard = texts(alerted_lite, words)
        assert "4" in heard
        assert (alert(alerted_lite).acknowledged_at, alert(alerted_lite).declined_at, alert(alerted_lite).wrong_answers) == (None, None, 0)

    def test_who_writes_something_else_is_told_how_to_answer(self, alerted_lite: World) -> None:
        assert "OK, ACT" in texts(alerted_lite, "Niko njiani sasa")
        assert "OK, ACT" in texts(alerted_lite, "HELP")
        assert alert(alerted_lite).acknowledged_at is None

    def test_who_wants_to_close_by_text_is_told_how_to_answer_and_the_case_stays_open(self, alerted_lite: World) -> None:
        with alerted_lite.rows() as session:
            report, number = session.execute(select(ReportRecord.id, ReportRecord.number)).one()
        assert "OK, ACT" in texts(alerted_lite, f"CLOSE {number}")
        with alerted_lite.rows() as session:
            assert not closed(session, report)
        assert (alert(alerted_lite).acknowledged_at, alert(alerted_lite).declined_at) == (None, None)

    def test_who_answers_after_the_deadline_is_still_heard(self, alerted: World) -> None:
        number = number_in_alert(alerted)
        alerted.wait(timedelta(hours=2), step=minutes(10))
        texts(alerted, f"OK {number}")
        assert alert(alerted).acknowledged_at == alerted.clock.now

    def test_who_says_no_and_then_ok_has_it(self, alerted: World) -> None:
        number = number_in_alert(alerted)
        texts(alerted, f"NO {number} 4")
        assert alert(alerted).decline_reason == "no_means"
        texts(alerted, f"OK {number}")
        assert (alert(alerted).declined_at, alert(alerted).decline_reason) == (None, None)
        assert alert(alerted).acknowledged_at

    def test_who_answers_counts_as_verified_and_reachable(self, alerted: World) -> None:
        with alerted.service.database.transaction() as session:
            session.execute(update(PersonRow).where(PersonRow.id == CHILDREN).values(verified_on=date(2026, 1, 1)))
            people.set_unreachable(session, CHILDREN, True)
        texts(alerted, f"OK {number_in_alert(alerted)}")
        person = alerted.service.roster().person(CHILDREN)
        assert person is not None
        assert not person.unreachable
        assert person.verified_on == alerted.clock.now.date()

    def test_every_reply_is_one_text_and_names_no_child(self, alerted_lite: World) -> None:
        number = number_in_alert(alerted_lite)
        for words in ("OK", "HELP", f"OK {number}", f"ACT {number}", f"NO {number}", "OK 0000"):
            heard = texts(alerted_lite, words)
            assert 0 < septets(heard) <= 160
            assert "Ukunda" not in heard


@on_sqlite
class TestWrongNumbers:
    def test_three_end_the_answers_and_the_supervisor_is_told(self, alerted: World) -> None:
        wrong, right = wrong_number(alerted), number_in_alert(alerted)
        for _ in range(2):
            texts(alerted, f"OK {wrong}")
        assert alert(alerted).answers_ended_at is None
        texts(alerted, f"OK {wrong}")
        assert alert(alerted).answers_ended_at == alerted.clock.now
        county = [words for to, words in alerted.gateway.sent if to == alerted.number_of("co-kwale-1")]
        assert len(county) == 1
        assert "Msambweni" in county[0]
        texts(alerted, f"OK {right}")
        assert alert(alerted).acknowledged_at is None

    def test_the_number_of_another_officer_is_wrong(self, alerted: World) -> None:
        others = number_in_alert(alerted, POLICE)
        if others == number_in_alert(alerted):
            pytest.fail("two officers of one report share a number")
        texts(alerted, f"OK {others}")
        assert alert(alerted).wrong_answers == 1
        assert alert(alerted, POLICE).acknowledged_at is None
        assert alert(alerted, POLICE).wrong_answers == 0

    def test_the_right_one_before_the_third_counts(self, alerted: World) -> None:
        for _ in range(2):
            texts(alerted, f"OK {wrong_number(alerted)}")
        texts(alerted, f"OK {number_in_alert(alerted)}")
        assert alert(alerted).acknowledged_at

    def test_they_do_not_stop_the_ladder(self, alerted: World) -> None:
        for _ in range(4):
            texts(alerted, f"OK {wrong_number(alerted)}")
        alerted.wait(minutes(16))
        with alerted.rows() as session:
            assert session.scalars(select(LadderRecord.step)).one() == 2


class TestSomebodyElse:
    def test_suspended_since_changes_nothing(self, alerted: World) -> None:
        number, to = number_in_alert(alerted), alerted.number_of(CHILDREN)
        with alerted.service.database.transaction() as session:
            people.set_suspended(session, CHILDREN, True)
        alerted.text(to, f"OK {number}")
        alerted.work()
        assert (alert(alerted).acknowledged_at, reports(alerted)) == (None, 1)

    def test_removed_since_changes_nothing_and_reports_nothing(self, alerted: World) -> None:
        number, to = number_in_alert(alerted), alerted.number_of(CHILDREN)
        with alerted.service.database.transaction() as session:
            session.execute(update(PersonRow).where(PersonRow.id == CHILDREN).values(removed=True))
            people.bump(session)
        alerted.text(to, f"OK {number}")
        alerted.work()
        assert alert(alerted).acknowledged_at is None

    def test_a_stranger_with_the_right_number_changes_nothing(self, alerted: World) -> None:
        alerted.text("+254700000999", f"OK {number_in_alert(alerted)}")
        alerted.work()
        assert alert(alerted).acknowledged_at is None

    @pytest.mark.parametrize(("sender", "heard"), [("", 2), ("22384", 1), ("SAFARICOM", 1), ("\x00", 2), ("+999", 2), ("+25470000010", 2)])
    def test_a_sender_that_is_no_phone_breaks_nothing(self, alerted_lite: World, sender: str, heard: int) -> None:
        """A person's text is a report; what machines send is not."""
        alerted_lite.text(sender, "Mtoto anapigwa")
        alerted_lite.work()
        assert reports(alerted_lite) == heard
        assert not [to for to, _ in alerted_lite.gateway.sent if to in ("22384", sender)]


@on_sqlite
class TestAnOfficerReportsLikeAnybody:
    def test_without_any_alert(self, world: World) -> None:
        world.text(world.number_of(CHILDREN), "Mtoto anapigwa kila siku karibu na soko")
        world.work()
        assert reports(world) == 1

    def test_after_an_alert_that_was_answered_long_ago(self, alerted: World) -> None:
        number = number_in_alert(alerted)
        texts(alerted, f"ACT {number}")
        alerted.wait(timedelta(days=2), step=timedelta(hours=4))
        texts(alerted, "Kuna mtoto mwingine anapigwa karibu na soko")
        assert reports(alerted) == 2

    @pytest.mark.parametrize("words", ["Sawa, kuna mtoto anapigwa hapa", "Hapana mtu wa kusaidia, mtoto anaumia", "Yes there is a child in danger here"])
    def test_also_when_the_sentence_begins_like_an_answer(self, world: World, words: str) -> None:
        world.text(world.number_of(CHILDREN), words)
        world.work()
        assert reports(world) == 1


class TestTextsArrive:
    def test_the_same_one_again_and_again_is_dealt_with_once(self, world: World) -> None:
        for _ in range(4):
            world.text("+254700000901", "Mtoto anapigwa", gateway_id="same")
        world.work()
        world.text("+254700000901", "Mtoto anapigwa", gateway_id="same")
        world.work()
        assert reports(world) == 1

    def test_also_the_day_after(self, world: World) -> None:
        world.text("+254700000901", "Mtoto anapigwa", gateway_id="same")
        world.work()
        world.clock.turn(timedelta(hours=24))
        world.text("+254700000901", "Mtoto anapigwa", gateway_id="same")
        world.work()
        assert reports(world) == 1

    def test_it_is_kept_before_it_is_answered_for_and_its_words_are_blanked_after(self, world: World) -> None:
        world.text("+254700000901", "Mtoto anapigwa")
        with world.rows() as session:
            kept = session.scalars(select(TextRecord)).one()
        assert kept.sealed is not None
        assert b"Mtoto" not in kept.sealed
        world.work()
        with world.rows() as session:
            assert session.scalars(select(TextRecord.sealed)).one() is None

    @pytest.mark.parametrize("words", ["", " ", "\x00", "🙂" * 40, "x" * 5000, "سلام", "\ud7ff"])
    def test_nothing_that_arrives_breaks_the_worker(self, world: World, words: str) -> None:
        world.text("+254700000901", words)
        world.text("+254700000902", "Mtoto anapigwa")
        world.work()
        assert reports(world) in (1, 2)
        assert world.service.texts.handle(world.service.read_text, world.clock.now + timedelta(minutes=5)) == 0
