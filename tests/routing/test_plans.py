"""Single plans, read as an officer at the desk reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from referral.directory.snapshot import Roster
from referral.routing.plan import Plan, duty_person, plan
from referral.routing.policy import Policy
from referral.routing.table import Table
from referral.vocabulary.duty import Doubt, DutyBearer, Office, Role
from referral.vocabulary.place import Ground
from referral.vocabulary.report import Accused, Concern, Danger, Told, Urgency

UKUNDA = "KE002-W0032"
GROUND = Ground("ward", frozenset({"sub", "county"}), frozenset({"sub"}), "county")
UNREACHABLE = frozenset({Doubt.UNREACHABLE})


def bearer(role: Role, name: str | None = None, *, person: str | None = None, doubts: frozenset[Doubt] = frozenset(), neighbour: bool = False) -> DutyBearer:
    office = Office(name or role, role, name or role, frozenset({"sub"}), frozenset({"other" if neighbour else "sub"}))
    return DutyBearer(office, person or f"{office.id}'s officer", 100 if neighbour else 2, neighbour, doubts=doubts)


EVERYBODY = [
    bearer(role)
    for role in (
        Role.CHILDRENS_OFFICE, Role.CHILDRENS_COUNTY_OFFICE, Role.POLICE_GENDER_DESK, Role.POLICE_STATION, Role.NGO_DESK, Role.TRIAGE_DESK,
        Role.COUNTY_DUTY_DESK, Role.CHIEF, Role.CHILD_PROTECTION_VOLUNTEER, Role.POLICE_COUNTY_COMMANDER,
    )
]  # fmt: skip
Make = Callable[..., Plan]


@pytest.fixture
def ukunda(kwale: Roster, table: Table, policy: Policy) -> Make:
    def make(told: Told, urgency: Urgency = Urgency.RED, **options: object) -> Plan:
        now = datetime(2026, 11, 4, 10, 0, tzinfo=policy.timezone)
        return plan(told, urgency, kwale.ground(told.place), kwale.bearers(told.place, now, policy.timezone), table, **options)  # type: ignore[arg-type]

    return make


def offices(found: Plan) -> list[list[str]]:
    return [[choice.bearer.office.id for choice in step.choices] for step in found.steps]


def test_the_reason_names_the_desk_the_step_and_who_was_left_out(ukunda: Make) -> None:
    found = ukunda(Told(concern=Concern.MARRIAGE, place=UKUNDA, accused=frozenset({Accused.CHIEF})))
    assert offices(found) == [["co-msambweni", "desk-ukunda"], ["ngo-desk"], ["co-kwale", "cc-kwale"]]
    assert found.steps[0].choices[1].reason == "Police gender desk for Ukunda: first step for child marriage; chief or elder accused, administration left out"


def test_accused_police_are_replaced_by_the_county_commander(ukunda: Make) -> None:
    found = ukunda(Told(concern=Concern.SEXABUSE, place=UKUNDA, accused=frozenset({Accused.POLICE})))
    assert offices(found)[0] == ["police-county", "co-msambweni"]


def test_an_unknown_ward_goes_to_the_county_desk_and_ours(ukunda: Make) -> None:
    assert offices(ukunda(Told(concern=Concern.HELPNOW)))[0] == ["county-duty-desk", "triage-desk"]


def test_a_call_that_broke_off_goes_to_the_childrens_officer_and_our_desk_unless_danger_is_now(ukunda: Make) -> None:
    told = Told(concern=Concern.SEXABUSE, place=UKUNDA, danger=Danger.SOON)
    assert offices(ukunda(told, partial=True))[0] == ["co-msambweni", "triage-desk"]
    assert offices(ukunda(told.adding(danger=Danger.NOW), partial=True))[0] == ["desk-ukunda", "co-msambweni"]


def test_a_plain_report_needs_one_answer_and_a_grave_one_two(ukunda: Make) -> None:
    assert ukunda(Told(concern=Concern.LABOUR, place=UKUNDA), Urgency.MEDIUM).need == 1
    assert ukunda(Told(concern=Concern.ONLINE, place=UKUNDA), Urgency.HIGH).need == 2
    assert ukunda(Told(concern=Concern.SCHOOL, place=UKUNDA), Urgency.RED).need == 2


def test_flags_tell_a_person_what_to_decide(ukunda: Make) -> None:
    told = Told(concern=Concern.SEXABUSE, place=UKUNDA)
    assert ukunda(told).flags == ("accused_unknown",)
    assert ukunda(told.adding(accused=frozenset({Accused.CHILD}), danger=Danger.NOW)).flags == ("child_accused",)
    assert ukunda(told.adding(accused=frozenset({Accused.TOURIST}))).flags == ()


def test_the_ladder_ends_with_our_desk_or_with_the_countys_where_an_ngo_worker_is_accused(ukunda: Make) -> None:
    told = Told(concern=Concern.PHYSICAL, place=UKUNDA, accused=frozenset({Accused.HOME}))
    end, other = ukunda(told).end, ukunda(told.adding(accused=frozenset({Accused.NGO_WORKER}))).end
    assert end is not None
    assert other is not None
    assert (end.office.role, other.office.role) == (Role.TRIAGE_DESK, Role.COUNTY_DUTY_DESK)


def test_where_both_desks_are_accused_the_county_commander_is_the_end(ukunda: Make) -> None:
    accused = frozenset({Accused.NGO_WORKER, Accused.CHILDRENS_OFFICER})
    end = ukunda(Told(concern=Concern.SEXABUSE, place=UKUNDA, accused=accused)).end
    assert end is not None
    assert end.office.role is Role.POLICE_COUNTY_COMMANDER


@pytest.mark.parametrize("doubt", [Doubt.OFF_DUTY, Doubt.UNREACHABLE])
def test_a_desk_where_nobody_is_there_is_no_end_while_the_county_commander_is(table: Table, doubt: Doubt) -> None:
    told = Told(concern=Concern.SEXABUSE, accused=frozenset({Accused.CHILDRENS_OFFICER}))  # the county's desk must not learn of it
    others = [one for one in EVERYBODY if one.office.role is not Role.TRIAGE_DESK]

    def end_with(*doubts: Doubt) -> Role | None:
        found = duty_person(told, GROUND, [*others, bearer(Role.TRIAGE_DESK, doubts=frozenset(doubts))], table)
        return found and found.office.role

    assert end_with(doubt) is Role.POLICE_COUNTY_COMMANDER
    assert end_with(Doubt.UNVERIFIED) is end_with() is Role.TRIAGE_DESK


def test_a_known_stranger_lets_the_chief_help_with_a_plain_concern(ukunda: Make) -> None:
    assert offices(ukunda(Told(concern=Concern.NEGLECT, place=UKUNDA, accused=frozenset({Accused.HOME})), Urgency.MEDIUM))[0] == ["co-msambweni", "chief-diani"]
    assert offices(ukunda(Told(concern=Concern.NEGLECT, place=UKUNDA), Urgency.MEDIUM))[0] == ["co-msambweni"]


def test_the_unreachable_are_asked_last_and_left_out_only_while_two_institutions_remain(table: Table) -> None:
    told = Told(concern=Concern.SEXABUSE, accused=frozenset({Accused.TOURIST}))
    doubtful = [replace(one, doubts=UNREACHABLE) if one.office.role is Role.CHILDRENS_OFFICE else one for one in EVERYBODY]
    assert offices(plan(told, Urgency.RED, GROUND, doubtful, table))[0] == [Role.POLICE_GENDER_DESK, Role.CHILDRENS_COUNTY_OFFICE]
    nearly_nobody = [bearer(Role.POLICE_STATION), bearer(Role.CHILDRENS_OFFICE, doubts=UNREACHABLE)]
    found = plan(told, Urgency.RED, GROUND, nearly_nobody, table)
    assert offices(found)[0] == [Role.POLICE_STATION, Role.CHILDRENS_OFFICE]
    assert found.steps[0].choices[1].reason.endswith("; unreachable, nobody better found")


def test_a_doubtful_deputy_is_passed_over_for_a_colleague_in_the_same_office(table: Table) -> None:
    people = [bearer(Role.CHILDRENS_OFFICE, person="first", doubts=UNREACHABLE), bearer(Role.CHILDRENS_OFFICE, person="second"), *EVERYBODY[1:]]
    told = Told(concern=Concern.SEXABUSE, accused=frozenset({Accused.TOURIST}))
    found = plan(told, Urgency.RED, GROUND, people, table)
    assert [choice.bearer.person for choice in found.steps[0].choices][1] == "second"


def test_somebody_who_holds_two_posts_is_told_once(table: Table) -> None:
    people = [replace(one, person="one and the same") if one.office.role in (Role.NGO_DESK, Role.CHILDRENS_OFFICE) else one for one in EVERYBODY]
    found = plan(Told(concern=Concern.SEXABUSE, accused=frozenset({Accused.TOURIST})), Urgency.RED, GROUND, people, table)
    told = [choice.bearer.person for step in found.steps for choice in step.choices]
    assert told.count("one and the same") == 1


def test_a_neighbouring_gender_desk_helps_where_this_one_and_all_above_are_missing(table: Table) -> None:
    people = [bearer(Role.CHILDRENS_OFFICE), bearer(Role.POLICE_GENDER_DESK, "next door", neighbour=True)]
    found = plan(Told(concern=Concern.SEXABUSE, accused=frozenset({Accused.POLICE})), Urgency.RED, GROUND, people, table)
    assert offices(found)[0] == ["next door", Role.CHILDRENS_OFFICE]


def test_an_office_that_takes_other_concerns_only_is_not_asked(table: Table) -> None:
    people = [*EVERYBODY, replace(bearer(Role.HEALTH_FACILITY), office=replace(bearer(Role.HEALTH_FACILITY).office, concerns=frozenset({"PREGNANT"})))]
    told = Told(concern=Concern.PREGNANT, accused=frozenset({Accused.HOME}))
    assert offices(plan(told, Urgency.MEDIUM, GROUND, people, table))[0] == [Role.CHILDRENS_OFFICE, Role.HEALTH_FACILITY]
    told = told.adding(accused=frozenset({Accused.HEALTH_WORKER}))
    assert offices(plan(told, Urgency.MEDIUM, GROUND, people, table))[0] == [Role.CHILDRENS_OFFICE]


def test_one_institution_alone_is_flagged_and_nobody_at_all_is_an_empty_plan(table: Table) -> None:
    told = Told(concern=Concern.SEXABUSE, accused=frozenset({Accused.TOURIST}))
    found = plan(told, Urgency.RED, GROUND, [bearer(Role.CHILDRENS_OFFICE)], table)
    assert offices(found) == [[Role.CHILDRENS_OFFICE]]
    assert found.flags == ("one_institution",)
    assert found.end is None
    assert plan(told, Urgency.RED, GROUND, [], table).steps == ()


def test_where_only_the_duty_desk_is_left_it_is_told_at_once(table: Table) -> None:
    desk = bearer(Role.TRIAGE_DESK)
    told = Told(concern=Concern.LABOUR, accused=frozenset({Accused.EMPLOYER}))
    found = plan(told, Urgency.MEDIUM, GROUND, [desk], table, told_people=frozenset({desk.person}))
    assert offices(found) == [[Role.TRIAGE_DESK]]
    assert found.end == desk


def test_later_steps_leave_out_those_taken_already(ukunda: Make) -> None:
    told = Told(concern=Concern.SEXABUSE, place=UKUNDA, accused=frozenset({Accused.TOURIST}))
    later = ukunda(told, told_offices=frozenset({"desk-ukunda", "co-msambweni"}), after=1)
    assert [step.number for step in later.steps] == [2, 3]
    assert later.flags == ()
    assert offices(later) == [["ngo-desk"], ["police-msambweni", "co-kwale"]]
    assert ukunda(told, after=3).steps == ()
