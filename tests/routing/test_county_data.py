"""routing.toml and policy.toml: what an operator wrote wrong is named, all of it at once."""

from __future__ import annotations

import copy
import tomllib
from typing import Any

import pytest

from referral.routing.policy import LATER, PolicyError, parse_policy
from referral.routing.table import Seek, Table, TableError, parse_table
from referral.vocabulary.duty import Role
from referral.vocabulary.report import Accused, AgeBand, Concern, Danger, Told, Urgency
from tests.routing.conftest import KWALE


def routing() -> dict[str, Any]:
    return tomllib.loads((KWALE / "routing.toml").read_text(encoding="utf-8"))


def policy_data() -> dict[str, Any]:
    return tomllib.loads((KWALE / "policy.toml").read_text(encoding="utf-8"))


def put(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    data = copy.deepcopy(data)
    here = data
    *way, last = path.split("/")
    for one in way:
        here = here[one]
    if value is None:
        del here[last]
    else:
        here[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("concern/SEXABUSE", None, "concern.SEXABUSE: missing"),
        ("concern/SEXABUSE/steps", None, "concern.SEXABUSE.steps: missing"),
        ("concern/SEXABUSE/steps", "police", "concern.SEXABUSE.steps: must be a list of steps, each a list of posts"),
        ("concern/SEXABUSE/steps", [["police_gender_desk"]], "concern.SEXABUSE step 1: must name two institutions"),
        ("concern/SEXABUSE/steps", [["police_gender_desk", "mayor"]], "concern.SEXABUSE.steps step 1: 'mayor' is no role"),
        ("concern/SEXABUSE/steps", [["police_gender_desk", "police_station"]], "concern.SEXABUSE.steps step 1: both posts are of one institution"),
        ("concern/ONLINE/steps", [["dci_unit", "ngo_desk"], []], "concern.ONLINE.steps step 2: must name one or two posts"),
        ("concern/ONLINE/steps", [["dci_unit", "school"]], "concern.ONLINE step 1: a chief, elder, school or cleric must never be told of this concern"),
        (
            "concern/PHYSICAL/steps",
            [["childrens_office"], ["deputy_county_commissioner"]],
            "concern.PHYSICAL step 2: a deputy county commissioner stands only in step 2 of child marriage",
        ),
        ("concern/PHYSICAL/RED", [["childrens_office"]], "concern.PHYSICAL.RED step 1: must name two institutions"),
        ("concern/PHYSICAL/red", [["childrens_office"]], "concern.PHYSICAL.red: unknown"),
        ("concern/GOSSIP", {"steps": [["ngo_desk"]]}, "concern: 'GOSSIP' is no concern"),
        ("accused/martian", {"steps": [["ngo_desk"]]}, "accused: 'martian' is no accused"),
        ("accused/child/unless_danger_now", "yes", "accused.child.unless_danger_now: must be true or false"),
        ("instead_of/ngo_desk", ["nobody@neighbour"], "instead_of.ngo_desk: 'nobody' is no role"),
        ("fill", ["childrens_office"], "fill: must name posts of two institutions, since one may be accused"),
        ("fill", ["childrens_office", "chief"], "fill: no chief, elder, school or cleric where the concern may be any"),
        ("end", [], "end: must name posts of two institutions, since one may be accused"),
        ("partial", [["chief", "ngo_desk"]], "partial: no chief, elder, school or cleric where the concern may be any"),
        ("reads_as", [{"concern": "HELPNOW", "as": "PHYSICAL"}], "reads_as HELPNOW: PHYSICAL may be told to local posts, HELPNOW must not"),
        ("reads_as", [{"concern": "HELPNOW", "as": "HELPNOW"}], "reads_as HELPNOW: HELPNOW has no steps of its own"),
        ("surprise", 1, "surprise: unknown"),
    ],
)
def test_what_is_wrong_with_the_routing_table_is_named(path: str, value: Any, problem: str) -> None:
    with pytest.raises(TableError) as caught:
        parse_table(put(routing(), path, value))
    assert problem in caught.value.problems


def test_an_empty_routing_table_names_everything_at_once() -> None:
    with pytest.raises(TableError) as caught:
        parse_table({})
    assert {"concern: missing", "fill: missing", "end: missing", "partial: missing", "instead_of: missing"} <= set(caught.value.problems)


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("timezone", "Africa/Atlantis", "timezone: 'Africa/Atlantis' is no time zone"),
        ("timezone", 3, "timezone: must be a text"),
        ("acknowledge_minutes/RED", [15, 30], "acknowledge_minutes.RED: must be 3 numbers, each larger than the one before"),
        ("acknowledge_minutes/RED", [30, 15, 60], "acknowledge_minutes.RED: must be 3 numbers, each larger than the one before"),
        ("acknowledge_minutes/HIGH", None, "acknowledge_minutes.HIGH: missing"),
        ("act_minutes/LOW", "soon", "act_minutes.LOW: must be a number of at least 0"),
        ("hours/counted_for_high", ["21:00", "07:00"], "hours.counted_for_high: must be two times of a day, the earlier first"),
        ("hours/counted_for_high", ["seven", "nine"], "hours.counted_for_high: must be two times of a day, the earlier first"),
        ("delay_minutes/medium_and_low", [180, 20], "delay_minutes.medium_and_low: must be 2 numbers, none smaller than the one before"),
        ("delay_minutes/red", True, "delay_minutes.red: must be a number of at least 0"),
        ("waiting_minutes/duty_person_again", 0, "waiting_minutes.duty_person_again: must be a number of at least 0.001"),
        ("waiting_minutes/lease", 0.2, "waiting_minutes.lease: must be a number of at least 0.25"),
        ("remind_after/HIGH", 1, "remind_after.HIGH: must be a share below 1 of the time to answer, or 0 for no reminder"),
        ("sending/texts_a_second", 1, "sending.texts_a_second: must be a number of at least 2"),
        ("sending/kept_for_red", 20, "sending.kept_for_red: must be fewer than texts_a_second"),
        ("sending/balance_reserve", 2000, "sending.balance_reserve: must be less than balance_least: the alarm comes before the pause"),
        ("sending/probe_empty_minutes", 0, "sending.probe_empty_minutes: must be a number of at least 0.01"),
        ("triage/life_risk_words", [3], "triage.life_risk_words: must be a list of texts"),
        ("triage/alike_report", 2, "triage.alike_report: unknown"),
    ],
)
def test_what_is_wrong_with_the_policy_is_named(path: str, value: Any, problem: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(put(policy_data(), path, value))
    assert problem in caught.value.problems


def test_an_empty_policy_names_everything_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy({})
    assert {"timezone: missing", "hours: missing", "triage: missing", "unverified_days: missing"} <= set(caught.value.problems)


def test_no_life_risk_words_match_nothing() -> None:
    policy = parse_policy(put(policy_data(), "triage/life_risk_words", []))
    assert policy.life_risk.search("blood, knife") is None


def test_the_table_reads_help_now_and_a_pregnant_child_under_15_as_sexual_abuse(table: Table) -> None:
    assert table.concern(Told(concern=Concern.HELPNOW)) is Concern.SEXABUSE
    assert table.concern(Told(concern=Concern.PREGNANT, age=AgeBand.FROM_10)) is Concern.SEXABUSE
    assert table.concern(Told(concern=Concern.PREGNANT, age=AgeBand.FROM_15)) is Concern.PREGNANT
    assert table.concern(Told(concern=Concern.PREGNANT)) is Concern.PREGNANT
    assert table.concern(Told()) is Concern.OTHER


def test_another_child_has_a_ladder_of_its_own_unless_in_danger_now(table: Table) -> None:
    told = Told(concern=Concern.SEXABUSE, accused=frozenset({Accused.CHILD}))
    calm = table.steps(told, Urgency.RED, ward_known=True, partial=False)
    now = table.steps(told.adding(danger=Danger.NOW), Urgency.RED, ward_known=True, partial=False)
    assert calm[0] == (Role.CHILDRENS_OFFICE, Role.NGO_DESK)
    assert now[0] == (Role.POLICE_GENDER_DESK, Role.CHILDRENS_OFFICE)


def test_a_neighbouring_gender_desk_is_the_last_stand_in_for_the_police(table: Table) -> None:
    assert table.chain(Role.POLICE_GENDER_DESK)[-1] == Seek(Role.POLICE_GENDER_DESK, neighbour=True)
    assert table.chain(Role.LABOUR_OFFICE) == (Seek(Role.LABOUR_OFFICE),)


def test_a_county_folder_from_before_there_were_some_figures_still_starts() -> None:
    data = policy_data()
    for table in (data, *(each for each in data.values() if isinstance(each, dict))):
        for name in LATER.keys() & table.keys():
            del table[name]
    policy = parse_policy(data)
    assert (policy.lost_red, policy.upkeep.help_farther_km, policy.limits.wrong_entries_a_day, policy.sending.balance_least) == (0.5, 10, 5, 0)
    assert (policy.upkeep.spread.near, policy.upkeep.spread.wide) == (100, 500)
    assert parse_policy(policy_data()).upkeep.spread.near == 25
