"""What a reporter writes later is read as any text is: whom it accuses learns nothing of it, and what it erases stays erased."""

from __future__ import annotations

import csv
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.county import read_county
from referral.intake.hearing import Hearing
from referral.reports.letter_records import Side
from referral.reports.records import ReportRecord
from referral.understanding.places import Gazetteer
from referral.vocabulary.place import Place, PlaceKind
from referral.vocabulary.report import Accused, AgeBand, Concern, Danger, Happened, Told
from tests.casework.test_relay import OFFICER, REPORTER, alert_id, ask, consented, texts
from tests.intake.test_mailbox import at_mailbox, line, reported
from tests.world import NOT_NOW, PHYSICAL, ROOT, World, on_sqlite, sent

ACCUSES = "Afisa wa watoto ananinyanyasa kingono"
OFFICE = "co-msambweni"
UKUNDA, KINANGO = "KE002-W0032", "KE002-W0046"


def reports(world: World) -> list[ReportRecord]:
    with world.rows() as session:
        return list(session.scalars(select(ReportRecord)))


def the_report(world: World, report: str) -> ReportRecord:
    return next(one for one in reports(world) if one.id == report)


def words_of_reporter(world: World, report: str) -> list[str | None]:
    with world.rows() as session:
        return [one.words for one in world.service.mailbox.letters(session, report) if one.side is Side.REPORTER]


def sees(world: World, person: str) -> list[str]:
    """The numbers of the reports on this officer's desk."""
    with world.rows() as session:
        return [brief.number for brief in world.service.officers_menu.desk.open_alerts(session, person, world.clock())]


def told_since(world: World, before: int, person: str) -> list[str]:
    return [words for number, words in world.gateway.sent[before:] if number == world.number_of(person)]


def alerts(world: World, report: str):
    with world.rows() as session:
        return list(world.service.outbox.alerts_of(session, report))


def learns_nothing(world: World, report: str, before: int) -> None:
    world.wait(timedelta(minutes=30))
    assert told_since(world, before, OFFICER) == []
    assert sees(world, OFFICER) == []
    assert Accused.CHILDRENS_OFFICER in the_report(world, report).accused.split()
    with world.rows() as session:
        known = world.service.register.find(session, report)
        assert known is not None
        assert not world.service.planner.may_know(known, OFFICE)


class TestWhoIsAccusedInALetter:
    def test_written_at_the_mailbox_is_not_told_of_it_and_loses_the_report(self, world: World) -> None:
        report, code = reported(world)
        with world.service.database.transaction() as session:
            assert world.service.officers_menu.desk.read(session, OFFICER, alert_id(session), world.clock())
        before = len(world.gateway.sent)
        phone = at_mailbox(world, code)
        phone.keys(line(phone, "Tuandikie"), "3", ACCUSES)
        assert words_of_reporter(world, report) == [ACCUSES]
        learns_nothing(world, report, before)
        assert {"police"} <= {alert.institution for alert in alerts(world, report) if alert.revoked_at is None}

    @on_sqlite
    def test_texted_after_one_of_ours_is_not_told_of_it_either(self, world: World) -> None:
        report = consented(world)
        ask(world)
        world.work()
        before = len(world.gateway.sent)
        world.text(REPORTER, ACCUSES)
        learns_nothing(world, report, before)
        assert words_of_reporter(world, report) == [ACCUSES]

    @on_sqlite
    def test_a_word_that_waited_for_the_morning_is_not_sent_to_them(self, world: World) -> None:
        report, code = reported(world, danger=NOT_NOW, concern=PHYSICAL)
        with world.service.database.transaction() as session:
            assert world.service.officers_menu.desk.read(session, OFFICER, alert_id(session), world.clock())
        world.clock.turn(timedelta(hours=9))
        phone = at_mailbox(world, code)
        phone.keys(line(phone, "Tuandikie"), "3", "niko karibu na kisima")
        before = len(world.gateway.sent)
        phone = at_mailbox(world, code)
        phone.keys(line(phone, "Tuandikie"), "3", ACCUSES)
        world.wait(timedelta(hours=12), step=timedelta(hours=1))
        learns_nothing(world, report, before)


@pytest.fixture(scope="module")
def hearing() -> Hearing:
    county = read_county(ROOT / "config" / "kwale")
    with (ROOT / "config" / "kwale" / "places.csv").open() as file:
        places = [Place(row["id"], PlaceKind(row["kind"]), row["name"], tuple(row["parents"].split())) for row in csv.DictReader(file)]
    gazetteer = Gazetteer(places, county.words)
    return Hearing(county.words, lambda: gazetteer)


class TestWhatALetterAdds:
    BEFORE = Told(concern=Concern.PHYSICAL, danger=Danger.NOT_NOW, place=UKUNDA, accused=frozenset({Accused.HOME}), story="x", happened=Happened.LONGER)

    @pytest.mark.parametrize(
        ("words", "adds"),
        [
            (ACCUSES, {"accused": frozenset({Accused.HOME, Accused.CHILDRENS_OFFICER})}),
            ("mtu asiyejulikana", {}),
            ("niko salama sasa", {}),
            ("ana kisu anakuja", {"danger": Danger.NOW}),
            ("atarudi kesho", {"danger": Danger.SOON}),
            ("jana tena alinipiga", {"happened": Happened.THREE_DAYS}),
            ("jana nilikuja", {}),
            ("ana miaka 9", {"age": AgeBand.UNDER_10}),
            ("amembaka mtoto", {"concern": Concern.SEXABUSE}),
            ("haendi shule Kinango", {}),
        ],
    )
    def test_only_makes_it_graver_or_keeps_somebody_from_it(self, hearing: Hearing, words: str, adds: dict[str, object]) -> None:
        assert hearing.adding(self.BEFORE, words) == self.BEFORE.adding(**adds)

    def test_never_lets_more_offices_know(self, hearing: Hearing) -> None:
        """A cry for help counts as sexual; "he beats her" must not open it to the chief."""
        for concern in (Concern.HELPNOW, Concern.PREGNANT, Concern.MARRIAGE):
            before = Told(concern=concern, danger=Danger.NOW, place=UKUNDA)
            assert hearing.adding(before, "anampiga").concern is concern

    def test_a_place_told_at_last_is_taken(self, hearing: Hearing) -> None:
        assert hearing.adding(Told(concern=Concern.HELPNOW, danger=Danger.NOW), "niko Ukunda").place == UKUNDA


@on_sqlite
def test_whoever_is_accused_in_the_last_words_of_a_call_loses_the_report(world: World) -> None:
    call = sent(world.phone(REPORTER))
    world.work()
    assert len(sees(world, OFFICER)) == 1
    before = len(world.gateway.sent)
    call.key("1")
    while "Una la kuongeza" not in call.screen:
        call.key("7")
    call.key(ACCUSES)
    learns_nothing(world, reports(world)[0].id, before)


class TestAnotherChild:
    @pytest.fixture
    def texted(self, world: World) -> str:
        report = consented(world)
        ask(world)
        world.work()
        return report

    def test_told_of_by_a_phone_we_texted_gets_a_report_of_its_own(self, world: World, texted: str) -> None:
        words = "Mtoto wa jirani yangu ananyanyaswa kingono na mwalimu wake Kinango"
        before = len(texts(world))
        world.text(REPORTER, words)
        world.work()
        (answer,) = texts(world)[before:]
        assert not any(word in answer.casefold() for word in ("jirani", "mwalimu", "ngono", "kinango"))
        world.wait(timedelta(minutes=20))
        assert words_of_reporter(world, texted) == [words]
        (other,) = [one for one in reports(world) if one.id != texted]
        assert (other.place, other.accused, other.contact) == (KINANGO, "teacher", None)
        assert "teacher" in the_report(world, texted).accused.split()
        assert the_report(world, texted).place == UKUNDA

    @on_sqlite
    @pytest.mark.parametrize("words", ["niko karibu na kisima", "nilienda polisi jana", "ni baba yake", "ana kisu anakuja", "ana miaka 9"])
    def test_an_answer_stays_an_answer_and_nothing_goes_back(self, world: World, texted: str, words: str) -> None:
        before = len(texts(world))
        world.text(REPORTER, words)
        world.wait(timedelta(minutes=20))
        assert (words_of_reporter(world, texted), len(reports(world)), len(texts(world))) == ([words], 1, before)


class TestErasedWords:
    def erase(self, world: World, code: str) -> None:
        phone = at_mailbox(world, code, number="+254700000008")
        phone.keys(line(phone, "Futa maneno"), "1")
        assert "yamefutwa" in phone.screen

    def test_do_not_come_back_with_the_next_text(self, world: World) -> None:
        for words in ("Baba wa jirani anampiga mtoto kila siku, anaitwa Juma, nyumba ya kijani Ukunda", "3", "1"):
            world.text(REPORTER, words)
            world.work()
            world.clock.turn(timedelta(seconds=20))
        code = re.search(r"\d{4} \d{4} \d{4}", texts(world)[-1])
        assert code is not None, texts(world)
        (report,) = reports(world)
        self.erase(world, code[0])
        world.clock.turn(timedelta(minutes=6))
        world.text(REPORTER, "ana miaka 9")
        world.work()
        with world.rows() as session:
            known = world.service.register.read(session, report.id)
        assert known is not None
        assert (known.told.story, known.told.spot, known.told.reporter) == ("ana miaka 9", None, None)
        assert (known.told.age, known.told.place) == (AgeBand.UNDER_10, UKUNDA)
        assert len(reports(world)) == 1

    def test_do_not_come_back_with_the_next_key_of_a_call_that_is_open(self, world: World) -> None:
        call = sent(world.phone(REPORTER), danger=NOT_NOW, concern=PHYSICAL)
        code = re.search(r"\d{4} \d{4} \d{4}", call.screen)
        assert code is not None
        call.keys("1", "4", "nyumba ya kijani nyuma ya msikiti")
        when = call.screen
        (report,) = reports(world)
        assert report.landmark is not None
        self.erase(world, code[0])
        assert call.key("1") == when, "one key is lost, and the call goes on"
        call.key("1")
        row = the_report(world, report.id)
        assert (row.story, row.landmark, row.spot, row.reporter, row.words_gone) == (None, None, None, None, True)
        assert row.happened is Happened.THREE_DAYS
