"""What an alert says, in every language, with the longest real names: one SMS, and nothing that betrays."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from referral.alerts.records import AlertRecord, Purpose
from referral.alerts.wording import GROUPS, Matter, alert_text
from referral.directory import people
from referral.directory.records import PersonRow
from referral.officers.converse import officers_code
from referral.texts.catalogue import Catalogue
from referral.texts.gsm import septets
from referral.vocabulary.language import LANGUAGES
from referral.vocabulary.report import Accused, AgeBand, Concern, Reporter, Sex, Told, Urgency
from tests.conftest import START
from tests.world import SEXABUSE, World, as_far_as_ward, sent

ONE_PART = 160
SECRET = {"landmark": "Nyumba ya bluu", "story": "Mwalimu Juma wa shule ya msingi", "spot": "KE002-L1808"}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def places(world: World) -> list[str | None]:
    roster = world.service.roster()
    return [*(roster.place_name(ward) for ward in roster.ward_ids()), None]


class TestTheAlert:
    @pytest.mark.parametrize("key", [None, "alert.again", "alert.not_acted", "alert.reminder"], ids=["first", "again", "not acted", "reminder"])
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_is_one_text_for_every_ward_concern_urgency_and_child(self, sqlite_world: World, catalogue: Catalogue, language: str, key: str | None) -> None:
        longest = sorted(places(sqlite_world), key=lambda name: -len(name or catalogue.say(language, "alert.place_unknown")))[:3]
        by = START + timedelta(days=9)
        too_long = set()
        for place, urgency, concern, age, sex in itertools.product(longest, Urgency, [*Concern, None], [*AgeBand, None], [*Sex, None]):
            matter = Matter("482193", urgency, Told(concern=concern, age=age, sex=sex), place)
            text = alert_text(catalogue.say, language, matter, "7391", by, START, key=key)
            repeated = catalogue.say(language, "alert.repeated", text=text)
            if max(septets(text), septets(repeated)) > ONE_PART:
                too_long.add((septets(repeated), repeated))
        assert max(too_long, default=None) is None

    @pytest.mark.parametrize("urgency", Urgency)
    def test_says_what_the_officer_needs_and_nothing_that_betrays(self, catalogue: Catalogue, urgency: Urgency) -> None:
        told = Told(concern=Concern.SEXABUSE, age=AgeBand.UNDER_10, sex=Sex.GIRL, accused=frozenset({Accused.TEACHER}), reporter=Reporter.CHILD, **SECRET)  # type: ignore[arg-type]
        for language in LANGUAGES:
            text = alert_text(catalogue.say, language, Matter("482193", urgency, told, "Ukunda"), "7391", START + timedelta(minutes=15), START)
            assert all(needed in text for needed in ("482193", urgency.value, "Ukunda", "OK 7391", "NO 7391", "07:15"))
            assert not [word for value in SECRET.values() for word in value.split() if len(word) > 3 and word in text]
            assert not re.search(r"teacher|mwalimu|abuse|rape|defil|child reports", text, re.IGNORECASE)
            assert (catalogue.say(language, "child.girl") in text) is (urgency is not Urgency.RED)

    def test_names_a_group_for_every_concern(self, catalogue: Catalogue) -> None:
        assert set(GROUPS) == {*Concern, None}
        for language, group in itertools.product(LANGUAGES, GROUPS.values()):
            assert catalogue.say(language, group)


class TestOtherTexts:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_to_a_supervisor_fit_with_the_longest_office(self, sqlite_world: World, catalogue: Catalogue, language: str) -> None:
        names = [office.name for office in sqlite_world.service.roster().offices()]
        for key, name in itertools.product(("supervisor.wrong_answers", "supervisor.not_acted"), names):
            assert septets(catalogue.say(language, key, number="482193", office=name)) <= ONE_PART, (key, name)

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("key", ["acknowledged", "acting", "declined", "number_missing", "wrong_number", "answers_ended", "help"])
    def test_replies_fit_with_the_longest_code(self, catalogue: Catalogue, language: str, key: str) -> None:
        dial = officers_code("*384*12345#")
        text = catalogue.say(language, f"reply.{key}", number="482193", one_time="7391", verb="OK", dial=dial)
        assert 0 < septets(text) <= ONE_PART


class TestOnTheWay:
    def test_nothing_typed_or_told_of_the_reporter_is_in_any_text(self, world: World) -> None:
        phone = sent(world.phone("+254700000777"), concern=SEXABUSE)
        phone.keys("1", "9", "9")
        phone.keys("7", "1", "1", "1", "1", "1", "1", "Nyumba ya bluu karibu na shule")
        world.wait(timedelta(minutes=95), step=timedelta(minutes=5))
        assert len(world.gateway.sent) > 5
        for _, text in world.gateway.sent:
            assert not re.search(r"bluu|shule|karibu|0777|abuse|home|nyumbani", text, re.IGNORECASE)
            assert septets(text) <= ONE_PART

    def test_each_officer_reads_in_the_language_of_the_officer(self, world: World) -> None:
        with world.service.database.transaction() as session:
            session.execute(update(PersonRow).where(PersonRow.id == "co-msambweni-1").values(language="sw"))
            session.execute(update(PersonRow).where(PersonRow.id == "desk-ukunda-1").values(language="en"))
            people.bump(session)
        sent(world.phone())
        world.work()
        by_number = dict(world.gateway.sent)
        assert "Jibu OK" in by_number[world.number_of("co-msambweni-1")]
        assert "Reply OK" in by_number[world.number_of("desk-ukunda-1")]

    def test_numbers_of_alerts_and_reports_tell_nothing_of_each_other(self, world: World) -> None:
        for serial in range(5):
            as_far_as_ward(world.phone(f"+2547000008{serial:02d}")).hang_up()
        with world.rows() as session:
            rows = session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT)).all()
        by_person: dict[str, list[str]] = {}
        for row in rows:
            by_person.setdefault(row.person, []).append(world.service.outbox.numbers.of(row))
        assert all(len(set(numbers)) == len(numbers) for numbers in by_person.values()), "one number means one alert"
