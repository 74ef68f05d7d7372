"""What somebody who texts about a child gets back, and what becomes of every word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from referral.alerts.records import AlertRecord, LedgerRecord, Purpose
from referral.intake.records import ClubTallyRecord, DialogueRecord, TextRecord
from referral.reports.records import ReportRecord
from referral.texts.gsm import parts
from referral.vocabulary.report import Concern, Urgency
from tests.world import World

CHILD = "+254700000001"
UKUNDA = "KE002-W0032"


def says(world: World, words: str, number: str = CHILD) -> list[str]:
    """Text, let the worker work; what came back to that phone."""
    before = len(world.gateway.sent)
    world.text(number, words)
    world.work()
    world.clock.turn(timedelta(seconds=20))
    return [text for to, text in world.gateway.sent[before:] if to == number]


def reports(world: World) -> list[ReportRecord]:
    with world.rows() as session:
        return list(session.scalars(select(ReportRecord)))


class TestAWorryInOwnWords:
    def test_what_is_missing_is_asked_one_text_at_a_time_and_then_the_code_is_offered(self, world: World) -> None:
        assert "hatarini sasa?" in says(world, "mwanafunzi ameacha shule")[0]
        assert "Ni wapi?" in says(world, "si sasa")[0]
        assert "Nani anamdhuru mtoto?" in says(world, "Ukunda")[0]
        done = says(world, "sijui")
        assert "imepokelewa" in done[0]
        assert "jibu 1" in done[0]
        (report,) = reports(world)
        assert (report.concern, report.place, report.accused, report.urgency) == (Concern.SCHOOL, UKUNDA, "unknown", Urgency.LOW)

    def test_the_code_goes_only_to_who_asks_for_it(self, world: World) -> None:
        for words in ("mwanafunzi ameacha shule Ukunda", "3", "sijui"):
            says(world, words)
        assert not any("Nambari yako" in text for _, text in world.gateway.sent)
        (reply,) = says(world, "1")
        assert "Nambari yako" in reply

    def test_a_cry_for_help_is_alerted_at_once_and_the_question_follows(self, world: World) -> None:
        (reply,) = says(world, "nisaidie ananipiga sasa")
        assert reply.startswith("Imepokelewa. Hatari? Piga 116/999.")
        (report,) = reports(world)
        assert report.urgency is Urgency.RED
        alerted = {to for to, text in world.gateway.sent if "RED" in text}
        assert alerted == {"+254700000122", "+254700000128"}  # the county duty desk and the triage desk: the ward is not known yet

    def test_the_ward_told_afterwards_brings_in_its_own_offices(self, world: World) -> None:
        says(world, "nisaidie ananipiga sasa")
        before = len(world.gateway.sent)
        says(world, "Ukunda")
        alerted = {to for to, text in world.gateway.sent[before:] if "RED" in text}
        assert {"+254700000102", "+254700000168"} <= alerted

    def test_no_reply_names_what_happened_and_each_is_one_part(self, world: World) -> None:
        for words in ("Chifu amembaka mtoto wa miaka 9", "Kinango", "1"):
            for reply in says(world, words):
                assert parts(reply) == 1
                assert not any(word in reply.casefold() for word in ("bak", "ngono", "sex", "rape", "miaka", "chifu ame"))
                assert reply.endswith("Futa SMS hii.")

    @pytest.mark.parametrize("words", ["Polisi wamenipiga", "Ali anampiga mtoto", "acha kunipiga", "Chifu amembaka mtoto"])
    def test_sentences_with_keywords_in_them_are_reports(self, world: World, words: str) -> None:
        says(world, words)
        world.wait(timedelta(minutes=17))
        (report,) = reports(world)
        assert report.story is not None
        assert {"Polisi wamenipiga": "police", "Chifu amembaka mtoto": "chief"}.get(words, report.accused) == report.accused

    def test_silence_files_what_there_is_once(self, world: World) -> None:
        says(world, "mtoto haendi shule")
        assert not reports(world)
        world.wait(timedelta(minutes=16))
        world.wait(timedelta(minutes=30))
        assert [report.concern for report in reports(world)] == [Concern.SCHOOL]

    def test_what_fits_nothing_becomes_a_report_for_the_desks(self, world: World) -> None:
        says(world, "zxqw plok")
        world.wait(timedelta(minutes=16))
        assert [report.concern for report in reports(world)] == [Concern.OTHER]

    def test_the_second_half_of_a_long_message_joins_the_first(self, world: World) -> None:
        says(world, "kuna mtoto hapa Ukunda")
        says(world, "amefungiwa ndani na mwajiri")
        assert len(reports(world)) == 1
        assert "employer" in reports(world)[0].accused


class TestNumbersAndTraces:
    def test_the_number_is_gone_within_the_hour(self, world: World) -> None:
        for words in ("mwanafunzi ameacha shule Ukunda", "3", "sijui"):
            says(world, words)
        world.wait(timedelta(minutes=50))
        with world.rows() as session:
            assert session.scalar(select(func.count()).select_from(DialogueRecord)) == 0
            assert session.scalar(select(func.count()).select_from(AlertRecord).where(AlertRecord.number.is_not(None))) == 0
            assert session.scalar(select(func.count()).select_from(TextRecord).where(TextRecord.sealed.is_not(None))) == 0

    def test_stop_erases_the_number_and_loses_nothing_that_was_told(self, world: World) -> None:
        says(world, "mtoto haendi shule Ukunda")
        assert says(world, "ACHA") == []
        with world.rows() as session:
            assert session.scalar(select(func.count()).select_from(DialogueRecord)) == 0
        assert [report.place for report in reports(world)] == [UKUNDA]

    @pytest.mark.parametrize("sender", ["22384", "SAFARICOM", "40123"])
    def test_machines_are_not_answered(self, world: World, sender: str) -> None:
        says(world, "You have won", sender)
        world.wait(timedelta(minutes=16))
        assert not world.gateway.sent
        assert not reports(world)

    def test_a_sender_without_a_number_we_can_answer_is_heard_all_the_same(self, world: World) -> None:
        says(world, "mtoto anabakwa Ukunda", "+255712000000")
        assert [report.concern for report in reports(world)] == [Concern.SEXABUSE]
        assert not [to for to, _ in world.gateway.sent if to.startswith("+255")]

    def test_a_cry_for_help_from_a_masked_sender_is_red(self, world: World) -> None:
        says(world, "msaada Ukunda", "a1b2c3d4e5f60718293a4b5c6d7e8f90")
        (report,) = reports(world)
        assert (report.urgency, report.place) == (Urgency.RED, UKUNDA)


class TestPoliteness:
    def test_outside_a_dialogue_one_reply_in_five_minutes(self, world: World) -> None:
        assert len(says(world, "HAKI")) == 1
        assert says(world, "HAKI") == []
        world.clock.turn(timedelta(minutes=6))
        assert len(says(world, "HAKI")) == 1

    def test_two_machines_do_not_talk_for_ever(self, world: World) -> None:
        replies = 0
        words = "HAKI"
        for _ in range(60):
            back = says(world, words)
            replies += len(back)
            words = back[0] if back else words
            world.clock.turn(timedelta(minutes=6))
        assert replies <= 25

    def test_the_cost_of_a_month_is_in_the_ledger_by_purpose(self, world: World) -> None:
        says(world, "HAKI")
        with world.rows() as session:
            (row,) = session.scalars(select(LedgerRecord)).all()
        assert (row.purpose, row.texts) == (Purpose.REPORTER, 1)

    def test_a_club_is_credited_in_a_monthly_count_and_nowhere_else(self, world: World) -> None:
        says(world, "CRC K12 mtoto haendi shule Ukunda")
        with world.rows() as session:
            (tally,) = session.scalars(select(ClubTallyRecord)).all()
        assert (tally.club, tally.count) == ("K12", 1)


class TestArriving:
    def test_a_text_that_comes_again_is_one_text(self, world: World) -> None:
        world.text(CHILD, "HAKI", gateway_id="same")
        world.text(CHILD, "HAKI", gateway_id="same")
        world.text(CHILD, "HAKI", gateway_id="another, two seconds later")
        world.work()
        assert len(world.gateway.sent) == 1

    def test_the_state_of_a_report_by_its_code(self, world: World) -> None:
        for words in ("mwanafunzi ameacha shule Ukunda", "3", "sijui"):
            says(world, words)
        (reply,) = says(world, "1")
        code = "".join(sign for sign in reply.split(":")[1].split(".")[0] if sign.isdigit())
        world.clock.turn(timedelta(minutes=60))
        assert says(world, f"HALI {code}", "+254700000009") == ["Imepokelewa. Zaidi: piga *384*96#. Futa SMS hii."]
