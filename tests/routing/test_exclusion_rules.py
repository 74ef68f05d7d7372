"""Whoever is accused, and whoever works beside them, does not learn that the report exists."""

from __future__ import annotations

import pytest

from referral.directory.snapshot import Roster
from referral.routing.exclusions import excluded
from referral.vocabulary.duty import Office, Role
from referral.vocabulary.report import Accused, Concern, Told

UKUNDA, KASEMENI = "KE002-W0032", "KE002-W0050"
SCHOOL = Office("school-ukunda", Role.SCHOOL, "A school", frozenset({UKUNDA}), frozenset({"KE002-S1"}))
CLERIC = Office("mosque-kinango", Role.CLERIC, "A mosque", frozenset({"KE002-S4"}), frozenset({"KE002-S4"}))
ELDER = Office("elder-ukunda", Role.ELDER, "An elder", frozenset({UKUNDA}), frozenset({"KE002-S1"}))


def out(kwale: Roster, place: str | None, concern: Concern, *accused: Accused) -> set[str]:
    told = Told(concern=concern, place=place, accused=frozenset(accused))
    ground = kwale.ground(place)
    return {office.id for office in (*kwale.offices(), SCHOOL, CLERIC, ELDER) if excluded(told, office, ground)}


def test_an_accused_chief_takes_out_the_administration_of_the_sub_county_but_not_the_county_commissioner(kwale: Roster) -> None:
    gone = out(kwale, UKUNDA, Concern.PHYSICAL, Accused.CHIEF)
    assert {"chief-diani", "chief-msambweni", "dcc-msambweni", "elder-ukunda"} <= gone
    assert not gone & {"cc-kwale", "dcc-matuga", "chief-tiwi", "desk-ukunda", "co-msambweni"}


def test_in_a_ward_of_uncertain_sub_county_both_are_taken_out(kwale: Roster) -> None:
    gone = out(kwale, KASEMENI, Concern.PHYSICAL, Accused.CHIEF)
    assert {"dcc-samburu", "dcc-kinango", "chief-kinango", "chief-kasemeni"} <= gone
    assert "dcc-matuga" not in gone


def test_accused_police_leave_the_county_commander_and_other_sub_counties(kwale: Roster) -> None:
    gone = out(kwale, UKUNDA, Concern.PHYSICAL, Accused.POLICE)
    assert {"desk-ukunda", "station-ukunda", "desk-diani", "police-msambweni", "dci-kwale"} <= gone
    assert not gone & {"police-county", "desk-matuga", "police-matuga", "co-msambweni", "chief-diani"}


def test_an_accused_teacher_leaves_the_county_education_office(kwale: Roster) -> None:
    gone = out(kwale, UKUNDA, Concern.SCHOOL, Accused.TEACHER)
    assert gone == {"school-ukunda", "edu-msambweni"}


def test_an_accused_religious_leader_takes_out_every_religious_post(kwale: Roster) -> None:
    assert out(kwale, UKUNDA, Concern.PHYSICAL, Accused.RELIGIOUS) == {"mosque-kinango"}


def test_an_accused_childrens_officer_takes_out_every_childrens_office_and_the_county_desk(kwale: Roster) -> None:
    gone = out(kwale, UKUNDA, Concern.PHYSICAL, Accused.CHILDRENS_OFFICER)
    assert {"co-kwale", "co-msambweni", "co-samburu", "cpv-matuga", "county-duty-desk"} <= gone
    assert not gone & {"ngo-desk", "triage-desk", "desk-ukunda"}


def test_an_accused_ngo_worker_takes_out_our_own_desk_too(kwale: Roster) -> None:
    assert out(kwale, UKUNDA, Concern.PHYSICAL, Accused.NGO_WORKER) == {"ngo-desk", "triage-desk"}


def test_an_accused_health_worker_takes_out_every_health_post(kwale: Roster) -> None:
    gone = out(kwale, UKUNDA, Concern.PREGNANT, Accused.HEALTH_WORKER)
    assert {"hospital-kwale", "centre-diani"} <= gone


def test_an_accused_official_takes_out_all_administration(kwale: Roster) -> None:
    assert {"cc-kwale", "dcc-samburu", "chief-tiwi"} <= out(kwale, UKUNDA, Concern.PHYSICAL, Accused.OFFICIAL)


@pytest.mark.parametrize("accused", [(), (Accused.UNKNOWN,), (Accused.HOME, Accused.UNKNOWN)])
def test_while_nobody_knows_who_no_local_post_is_told(accused: tuple[Accused, ...], kwale: Roster) -> None:
    gone = out(kwale, UKUNDA, Concern.NEGLECT, *accused)
    assert {"chief-diani", "chief-tiwi", "school-ukunda", "mosque-kinango", "elder-ukunda"} <= gone
    assert not gone & {"dcc-msambweni", "edu-msambweni", "cc-kwale"}


@pytest.mark.parametrize("concern", [Concern.SEXABUSE, Concern.ONLINE, Concern.MARRIAGE, Concern.TRAFFIC, Concern.SERVITUDE, Concern.PREGNANT, Concern.HELPNOW])
def test_grave_concerns_never_reach_a_local_post(concern: Concern, kwale: Roster) -> None:
    gone = out(kwale, UKUNDA, concern, Accused.TOURIST)
    assert {"chief-diani", "chief-tiwi", "school-ukunda", "mosque-kinango", "elder-ukunda"} <= gone


def test_a_known_stranger_takes_nobody_out_of_a_plain_concern(kwale: Roster) -> None:
    assert out(kwale, UKUNDA, Concern.LABOUR, Accused.EMPLOYER) == set()


def test_where_the_ward_is_unknown_the_accused_may_sit_anywhere(kwale: Roster) -> None:
    gone = out(kwale, None, Concern.PHYSICAL, Accused.POLICE, Accused.CHIEF)
    assert {"desk-ukunda", "desk-samburu", "police-matuga", "chief-tiwi", "dcc-kinango"} <= gone
    assert not gone & {"police-county", "cc-kwale"}


def test_several_accused_take_out_the_sum_of_all(kwale: Roster) -> None:
    both = out(kwale, UKUNDA, Concern.LABOUR, Accused.POLICE, Accused.TEACHER)
    assert both == out(kwale, UKUNDA, Concern.LABOUR, Accused.POLICE) | out(kwale, UKUNDA, Concern.LABOUR, Accused.TEACHER)
