"""Help near a caller over the real directory: what is texted, what is flagged, and what never leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from referral.alerts.records import AlertRecord
from referral.directory.point_records import EntryFlagRow, FlagReason
from referral.directory.service_records import LocationRow, ServiceAtLocationRow, ServiceRow
from referral.intake.help_words import LONGEST, HelpWords
from referral.intake.records import DialogueRecord
from referral.reports.records import ReportRecord
from referral.routing.policy import Policy
from referral.texts.gsm import parts
from referral.vocabulary.help import HelpDetail, HelpKind, HelpPhone, NearHelp, Open, Opening
from referral.vocabulary.option import Option
from tests.world import Phone, World, on_sqlite

CALLER, OTHER = "+254700000001", "+254700000002"
TO_HOSPITALS, TO_POLICE = ("3", "1", "1", "2", "7"), ("3", "2", "1", "2", "7")
"""Keys to the list of Ukunda."""


def at_list(world: World, *keys: str, number: str = CALLER) -> Phone:
    phone = world.phone(number)
    phone.dial()
    phone.keys(*keys)
    return phone


def texts_to(world: World, number: str = CALLER) -> list[str]:
    world.work()
    return [text for to, text in world.gateway.sent if to == number]


def flags(world: World) -> list[EntryFlagRow]:
    with world.rows() as session:
        return list(session.scalars(select(EntryFlagRow)))


class TestSmsMeThis:
    def test_it_comes_in_one_part_with_neutral_first_line_and_the_number_is_gone_afterwards(self, world: World) -> None:
        phone = at_list(world, "6", *TO_HOSPITALS, "2", "1")
        assert texts_to(world) == []
        assert phone.key("1").startswith("END ")
        (said,) = texts_to(world)
        assert said.startswith("You asked for:\n")
        assert said.endswith("Delete this SMS.")
        assert parts(said) == 1
        with world.rows() as session:
            assert session.scalar(select(func.count()).select_from(AlertRecord).where(AlertRecord.number.is_not(None))) == 0
            assert session.scalar(select(func.count()).select_from(ReportRecord)) == 0

    def test_of_the_police_it_says_a_name_and_a_number_and_no_more(self, sqlite_world: World) -> None:
        at_list(sqlite_world, "6", *TO_POLICE, "1", "1", "1")
        (said,) = texts_to(sqlite_world)
        first, second = said.split("\n")
        assert first == "You asked for:"
        assert second == "Ukunda Police Station (ask 116). Delete this SMS."

    @pytest.mark.parametrize("number", ["", "+254700", "+447700900123", "masked"])
    def test_a_number_that_hides_gets_none_and_the_call_goes_on(self, sqlite_world: World, number: str) -> None:
        assert at_list(sqlite_world, *TO_HOSPITALS, "1", "1", "1", number=number).screen.startswith("END ")
        sqlite_world.work()
        assert sqlite_world.gateway.sent == []

    def test_one_in_five_minutes_however_often_it_is_asked_for(self, world: World) -> None:
        for _ in range(4):
            at_list(world, *TO_HOSPITALS, "1", "1", "1")
            world.clock.turn(timedelta(seconds=30))
        assert len(texts_to(world)) == 1
        world.clock.turn(timedelta(minutes=5))
        at_list(world, *TO_HOSPITALS, "1", "1", "1")
        assert len(texts_to(world)) == 2

    def test_the_same_request_twice_sends_one(self, sqlite_world: World) -> None:
        phone = at_list(sqlite_world, *TO_HOSPITALS, "1", "1", "1")
        assert phone.again() == phone.screen
        assert len(texts_to(sqlite_world)) == 1

    def test_practice_sends_none(self, sqlite_world: World) -> None:
        phone = sqlite_world.phone(CALLER, sqlite_world.service.settings.at_ussd_practice_code)
        phone.dial()
        phone.keys(*TO_HOSPITALS, "1", "1", "1")
        assert "hakuna kilichotumwa" in phone.screen
        assert texts_to(sqlite_world) == []


def reports(world: World) -> int:
    with world.rows() as session:
        return session.scalar(select(func.count()).select_from(ReportRecord)) or 0


class TestWrongInformation:
    def test_one_caller_counts_once_a_day_two_count_twice(self, world: World) -> None:
        for number in (CALLER, CALLER, OTHER):
            at_list(world, *TO_HOSPITALS, "1", "2", "1", number=number)
        found = flags(world)
        assert len(found) == 2
        assert {one.reason for one in found} == {FlagReason.WRONG_NUMBER}
        assert all(one.tag is not None and 0 <= one.tag < 1 << 20 for one in found)

    def test_a_hidden_number_counts_too(self, sqlite_world: World) -> None:
        at_list(sqlite_world, *TO_HOSPITALS, "1", "2", "3", number="")
        assert [(one.reason, one.tag) for one in flags(sqlite_world)] == [(FlagReason.MOVED, None)]

    def test_three_callers_make_a_list_say_call_first(self, sqlite_world: World) -> None:
        for number in (CALLER, OTHER, "+254700000003"):
            at_list(sqlite_world, "6", "3", "4", "1", "2", "7", "1", "2", "2", number=number)
        screen = at_list(sqlite_world, "6", "3", "4", "1", "2", "7").screen
        assert "Case desk Ukunda ~1km open" not in screen

    @pytest.mark.parametrize("words", ["BAD {}", "bad {}", "MBAYA {}", "Bad: {}."])
    def test_by_text_with_its_code(self, sqlite_world: World, words: str) -> None:
        with sqlite_world.rows() as session:
            code = session.scalar(select(ServiceAtLocationRow.code).where(ServiceAtLocationRow.id == "line-116"))
        sqlite_world.text(CALLER, words.format(code))
        (said,) = texts_to(sqlite_world)
        assert "116" in said
        assert [one.service_at_location for one in flags(sqlite_world)] == ["line-116"]

    @pytest.mark.parametrize(("why", "reason"), [("wrong number", "wrong_number"), ("they closed", "closed"), ("wamehama", "moved"), ("no doctor", "other")])
    def test_a_word_more_is_the_reason(self, sqlite_world: World, why: str, reason: str) -> None:
        sqlite_world.text(CALLER, f"Bad C93V {why}")
        sqlite_world.work()
        assert [one.reason for one in flags(sqlite_world)] == [reason]
        sqlite_world.wait(timedelta(minutes=17))
        assert reports(sqlite_world) == 0

    def test_a_code_of_nothing_or_none_is_answered_with_how_to_write_one(self, sqlite_world: World) -> None:
        for number, words in ((CALLER, "BAD 2222"), (OTHER, "BAD"), ("+254700000003", "BAD 0000"), ("+254700000004", "BAD 38HX they closed")):
            sqlite_world.text(number, words)
            (said,) = texts_to(sqlite_world, number)
            assert "BAD 4F2K" in said
        sqlite_world.wait(timedelta(minutes=17))
        assert (flags(sqlite_world), reports(sqlite_world)) == ([], 0)

    def test_a_child_told_of_behind_a_code_is_a_report_besides(self, sqlite_world: World) -> None:
        sqlite_world.text(CALLER, "Bad C93V they beat a child there")
        sqlite_world.work()
        sqlite_world.wait(timedelta(minutes=17))
        assert (len(flags(sqlite_world)), reports(sqlite_world)) == (1, 1)

    @pytest.mark.parametrize(("words", "counted"), [
        ("BAD KYBC", True), ("Mbaya kybc.", True), ("BAD KYBC they closed", True),
        ("bad KYBC amenipiga", False), ("bad guys", False), ("mbaya sana", False), ("BAD RAPE", False),
    ])  # fmt: skip
    @pytest.mark.parametrize("number", [CALLER, "a3f9c0d17e5b2846aa01"])
    def test_a_code_without_a_figure_counts_where_an_entry_bears_it_and_is_a_sentence_otherwise(
        self, sqlite_world: World, words: str, counted: bool, number: str
    ) -> None:
        with sqlite_world.service.database.transaction() as session:
            session.execute(update(ServiceAtLocationRow).where(ServiceAtLocationRow.id == "line-116").values(code="RAPE" if "RAPE" in words else "KYBC"))
        sqlite_world.text(number, words)
        sqlite_world.wait(timedelta(minutes=17))
        assert (len(flags(sqlite_world)), reports(sqlite_world)) == ((1, 0) if counted else (0, 1))

    def test_from_a_masked_number_it_counts_and_is_no_report(self, sqlite_world: World) -> None:
        sqlite_world.text("a3f9c0d17e5b2846aa01", "BAD C93V")
        sqlite_world.work()
        assert [one.tag for one in flags(sqlite_world)] == [None]
        assert reports(sqlite_world) == 0

    @pytest.mark.parametrize("words", ["bad man touched me", "mbaya saa 2", "bad guys 4F2K wamenipiga", "bad 9yrs girl is raped", "bad 4F2K amenipiga"])
    def test_a_sentence_with_the_word_is_a_report(self, sqlite_world: World, words: str) -> None:
        sqlite_world.text(CALLER, words)
        sqlite_world.wait(timedelta(minutes=17))
        assert (flags(sqlite_world), reports(sqlite_world)) == ([], 1)

    def test_it_does_not_end_a_dialogue_that_is_open(self, sqlite_world: World) -> None:
        sqlite_world.text(CALLER, "mwanafunzi ameacha shule")
        sqlite_world.work()
        sqlite_world.text(CALLER, "MBAYA C93V")
        sqlite_world.work()
        sqlite_world.text(CALLER, "si sasa")
        assert "Ni wapi?" in texts_to(sqlite_world)[-1]


class TestByText:
    def ask(self, world: World, words: str) -> str:
        before = len(world.gateway.sent)
        world.text(CALLER, words)
        world.work()
        world.clock.turn(timedelta(minutes=6))
        (said,) = [text for _, text in world.gateway.sent[before:]]
        return said

    def test_every_kind_by_its_word_in_both_languages(self, sqlite_world: World) -> None:
        for english, kiswahili in (
            ("hospital", "hospitali"),
            ("police", "polisi"),
            ("children", "watoto"),
            ("talk", "ushauri"),
            ("legal", "sheria"),
            ("school", "shule"),
        ):
            said, semwa = self.ask(sqlite_world, f"SERVICE {english} Ukunda"), self.ask(sqlite_world, f"HUDUMA {kiswahili} Ukunda")
            assert said.startswith("1)")
            assert "Wrong? SMS BAD " in said
            assert said[:12] == semwa[:12]
            assert "Si sahihi? Tuma MBAYA " in semwa

    def test_hospital_means_one_that_has_medicine_after_rape(self, sqlite_world: World) -> None:
        assert " Disp" not in self.ask(sqlite_world, "HUDUMA hospitali Ukunda")

    @pytest.mark.parametrize("words", ["HUDUMA mahali salama Ukunda", "SERVICE safe place Ukunda", "SERVICE shelter Kinango", "huduma salama"])
    def test_a_safe_place_is_never_an_address(self, sqlite_world: World, words: str) -> None:
        said = self.ask(sqlite_world, words)
        assert "1195" in said
        assert "km" not in said
        assert "1)" not in said

    def test_a_name_of_two_places_is_asked_and_never_guessed(self, sqlite_world: World) -> None:
        assert self.ask(sqlite_world, "SERVICE hospital Diani").startswith("Which place: ")
        assert self.ask(sqlite_world, "1").startswith("1)")

    @pytest.mark.parametrize(
        "words",
        [
            ("SERVICE hospital", "Ukunda"),
            ("HUDUMA", "shule Ukunda"),
            ("SERVICE hospital Kwale",),
            ("SERVICE hospital Ukuda", "yes"),
            ("SERVICE police Diani", "ukunda"),
        ],
    )
    def test_what_it_asks_back_is_answered_with_help_and_is_no_report(self, sqlite_world: World, words: tuple[str, ...]) -> None:
        for one in words:
            sqlite_world.text(CALLER, one)
            sqlite_world.work()
        assert texts_to(sqlite_world)[-1].startswith("1)")
        sqlite_world.wait(timedelta(minutes=17))
        assert reports(sqlite_world) == 0
        with sqlite_world.rows() as session:
            assert session.scalar(select(func.count()).select_from(DialogueRecord)) == 0

    @pytest.mark.parametrize("words", ["mtoto anapigwa Ukunda", "he beats me", "msaada", "my neighbour"])
    def test_whatever_else_is_said_there_is_a_report(self, sqlite_world: World, words: str) -> None:
        sqlite_world.text(CALLER, "SERVICE hospital")
        sqlite_world.work()
        sqlite_world.text(CALLER, words)
        sqlite_world.wait(timedelta(minutes=17))
        assert reports(sqlite_world) == 1

    def test_a_question_that_is_open_stays_open_beside_it(self, sqlite_world: World) -> None:
        for words in ("a child is beaten", "SERVICE hospital", "Ukunda", "not now"):
            sqlite_world.text(CALLER, words)
            sqlite_world.work()
        *_, found, asked = texts_to(sqlite_world)
        assert found.startswith("1)")
        assert asked.startswith("Where is it?")


@on_sqlite
def test_no_key_and_no_code_leads_to_a_confidential_place(world: World) -> None:
    """Whatever the directory holds of it, it has no line, no details, no text and no code."""
    with world.rows() as session:
        hidden = session.scalars(
            select(ServiceAtLocationRow)
            .join(ServiceRow, ServiceRow.id == ServiceAtLocationRow.service)
            .join(LocationRow, LocationRow.id == ServiceAtLocationRow.location)
            .where((ServiceRow.kind == HelpKind.SAFE) | (LocationRow.visibility == "confidential"))
        ).all()
        help_ = world.service.conversations.help
        assert hidden
        for point in hidden:
            assert help_.facts(point.id, "KE002-W0032") == ()
            assert help_.phone(session, point.id, world.clock()) == ""
            help_.say_wrong_code(session, point.code, None, world.clock())
        assert help_.near(session, HelpKind.SAFE, "KE002-W0032", world.clock()) == ()
        assert help_.lines("safe", "KE002-W0032") == []
    assert flags(world) == []


NOW = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
"""A Wednesday, ten in the morning in Kenya."""


class TestWords:
    @pytest.fixture
    def words(self, policy: Policy) -> HelpWords:
        return HelpWords(policy.timezone)

    @pytest.fixture
    def policy(self, sqlite_world: World) -> Policy:
        return sqlite_world.service.policy

    def near(self, **changes: object) -> NearHelp:
        values: dict[str, object] = {"id": "x", "code": "4F2K", "name": "Diani Health Centre", "short_name": "Diani HC", "kind": HelpKind.MEDICAL}
        return NearHelp(**{**values, "opening": Opening(Open.UNKNOWN), "kilometres": 4.2, **changes})  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("changes", "line"),
        [
            ({}, "Diani HC 4km call first"),
            ({"about": True}, "Diani HC ~4km call first"),
            ({"kilometres": 0.6, "about": False}, "Diani HC <1km call first"),
            ({"kilometres": 0.0, "about": True}, "Diani HC ~1km call first"),
            ({"kilometres": None, "opening": Opening(Open.ALWAYS)}, "Diani HC 24h"),
            ({"opening": Opening(Open.NOW, NOW + timedelta(hours=7))}, "Diani HC 4km open"),
            ({"opening": Opening(Open.NOW, NOW + timedelta(hours=7)), "confirmed": False}, "Diani HC 4km call first"),
            ({"opening": Opening(Open.CLOSED, NOW + timedelta(hours=4, minutes=30))}, "Diani HC 4km 2:30pm"),
            ({"opening": Opening(Open.CLOSED, NOW + timedelta(hours=22))}, "Diani HC 4km Thu 8am"),
            ({"opening": Opening(Open.CLOSED, NOW + timedelta(days=5, hours=-2))}, "Diani HC 4km Mon 8am"),
            ({"opening": Opening(Open.CLOSED, NOW + timedelta(days=9))}, "Diani HC 4km closed"),
            ({"opening": Opening(Open.CLOSED)}, "Diani HC 4km closed"),
            ({"opening": Opening(Open.CLOSED, NOW + timedelta(hours=2))}, "Diani HC 4km 12pm"),
            ({"short_name": "Diani\u2019s Dispens\u0101ry"}, "Diani's Dispensary 4km call first"),
        ],
    )
    def test_a_line_of_a_list(self, sqlite_world: World, words: HelpWords, changes: dict[str, object], line: str) -> None:
        assert sqlite_world.service.catalogue.line("en", words.line(self.near(**changes), NOW)) == line

    @pytest.mark.parametrize(
        ("opening", "said"),
        [
            (Opening(Open.ALWAYS), "Open day and night"),
            (Opening(Open.NOW, NOW + timedelta(hours=7, minutes=30)), "Open until 5:30pm"),
            (Opening(Open.CLOSED, NOW + timedelta(days=5, hours=-2)), "Opens Mon 8am"),
            (Opening(Open.CLOSED), "Closed now"),
            (Opening(Open.UNKNOWN), "Hours not known"),
        ],
    )
    def test_hours_where_there_is_room(self, sqlite_world: World, words: HelpWords, opening: Opening, said: str) -> None:
        assert sqlite_world.service.catalogue.line("en", words.hours(self.near(opening=opening), NOW)) == said

    @pytest.mark.parametrize(
        ("number", "screen", "digits"),
        [("+254712345678", "0712 345 678", "0712345678"), ("116", "116", "116"), ("+254402300123", "040 2300123", "0402300123")],
    )
    def test_a_number_is_spaced_on_a_screen_and_digits_in_a_text(self, words: HelpWords, number: str, screen: str, digits: str) -> None:
        found = HelpDetail(self.near(), "Ukunda", "", (HelpPhone(number),))
        assert Option("", screen, verbatim=True) in words.facts(found, NOW)
        assert words.digits(number) == digits

    def test_every_line_of_details_fits_however_long_it_was_written(self, words: HelpWords) -> None:
        found = HelpDetail(self.near(name="M" * 160, short_name="M" * 18), "Ukunda", "behind the market " * 12, (), alert="closed for repairs " * 12)
        assert all(len(fact.text) <= LONGEST for fact in words.facts(found, NOW))

    def test_where_there_is_no_medicine_after_rape_it_says_where_to_go(self, sqlite_world: World, words: HelpWords) -> None:
        for pep, said in ((True, "After rape: within 72h, free"), (False, "After rape: hospital, 72h")):
            lines = [sqlite_world.service.catalogue.line("en", fact) for fact in words.facts(HelpDetail(self.near(pep=pep), "Ukunda", ""), NOW)]
            assert said in lines
            assert "No number: ask 116, free" in lines
