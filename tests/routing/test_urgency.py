"""How urgent a report is: each rule once, and what must never lower it."""

from __future__ import annotations

from itertools import product

import pytest

from referral.routing.policy import Policy
from referral.routing.triage import RULES, urgency, worse
from referral.vocabulary.report import IN_AUTHORITY, Accused, AgeBand, Concern, Danger, Disability, Happened, Reporter, Told, Urgency

RED, HIGH, MEDIUM, LOW = Urgency

CASES = [
    (Told(danger=Danger.NOW, concern=Concern.SCHOOL), RED),
    (Told(concern=Concern.HELPNOW), RED),
    (Told(concern=Concern.SEXABUSE), RED),
    (Told(concern=Concern.SEXEXCH, danger=Danger.NOT_NOW), RED),
    (Told(concern=Concern.SEXTOUR, happened=Happened.UNKNOWN), RED),
    (Told(concern=Concern.SEXABUSE, happened=Happened.ONGOING), RED),
    (Told(concern=Concern.SEXABUSE, happened=Happened.THREE_DAYS), RED),
    (Told(concern=Concern.SEXABUSE, happened=Happened.MONTH), HIGH),
    (Told(concern=Concern.SEXABUSE, happened=Happened.LONGER, danger=Danger.UNKNOWN), HIGH),
    (Told(concern=Concern.SEXABUSE, happened=Happened.LONGER, age=AgeBand.UNDER_10), RED),
    (Told(concern=Concern.ONLINE), HIGH),
    (Told(concern=Concern.ONLINE, age=AgeBand.UNDER_10), RED),
    (Told(concern=Concern.TRAFFIC), HIGH),
    (Told(concern=Concern.TRAFFIC, danger=Danger.SOON), RED),
    (Told(concern=Concern.MISSING, danger=Danger.SOON), RED),
    (Told(concern=Concern.MISSING, danger=Danger.UNKNOWN), HIGH),
    (Told(concern=Concern.MARRIAGE, danger=Danger.SOON), RED),
    (Told(concern=Concern.MARRIAGE, danger=Danger.NOT_NOW), HIGH),
    (Told(concern=Concern.SERVITUDE, danger=Danger.SOON), HIGH),
    (Told(concern=Concern.PHYSICAL), MEDIUM),
    (Told(concern=Concern.LABOUR), MEDIUM),
    (Told(concern=Concern.NEGLECT), MEDIUM),
    (Told(concern=Concern.OTHER), MEDIUM),
    (Told(), MEDIUM),
    (Told(concern=Concern.PREGNANT), MEDIUM),
    (Told(concern=Concern.PREGNANT, age=AgeBand.FROM_10), HIGH),
    (Told(concern=Concern.PREGNANT, age=AgeBand.UNDER_10), RED),
    (Told(concern=Concern.SCHOOL), LOW),
    (Told(concern=Concern.SCHOOL, disability=Disability.YES), HIGH),
    (Told(concern=Concern.SCHOOL, disability=Disability.UNKNOWN), LOW),
    (Told(concern=Concern.NEGLECT, reporter=Reporter.CHILD, accused=frozenset({Accused.HOME})), RED),
    (Told(concern=Concern.NEGLECT, reporter=Reporter.CHILD, accused=frozenset({Accused.RELATIVE})), MEDIUM),
    (Told(concern=Concern.NEGLECT, reporter=Reporter.NEIGHBOUR, accused=frozenset({Accused.HOME})), MEDIUM),
]


@pytest.mark.parametrize(("told", "level"), CASES, ids=str)
def test_a_report_is_as_urgent_as_the_rules_say(told: Told, level: Urgency, policy: Policy) -> None:
    assert urgency(told, policy).urgency is level


@pytest.mark.parametrize("accused", sorted(IN_AUTHORITY))
def test_somebody_in_authority_makes_it_high_at_least(accused: Accused, policy: Policy) -> None:
    assert urgency(Told(concern=Concern.SCHOOL, accused=frozenset({accused})), policy).urgency is HIGH


@pytest.mark.parametrize(
    "words",
    ["He has a KNIFE", "she is bleeding", "they poisoned him", "mtoto anatoka damu", "nataka  kufa", "Amepewa SUMU, haraka", "wants to hang herself today"],
)
def test_words_of_a_risk_to_life_make_it_red_wherever_they_were_typed(words: str, policy: Policy) -> None:
    assert urgency(Told(concern=Concern.OTHER, story=words), policy).urgency is RED
    assert urgency(Told(concern=Concern.OTHER, landmark=words), policy).urgency is RED


@pytest.mark.parametrize("words", ["the skill of football", "kudamua", "shamba la mgunga", "no food at home", ""])
def test_parts_of_other_words_do_not(words: str, policy: Policy) -> None:
    assert urgency(Told(concern=Concern.OTHER, story=words), policy).urgency is MEDIUM


def test_the_third_report_alike_in_a_ward_is_high(policy: Policy) -> None:
    told = Told(concern=Concern.LABOUR)
    assert [urgency(told, policy, recent_alike=earlier).urgency for earlier in range(4)] == [MEDIUM, MEDIUM, HIGH, HIGH]


def test_dont_know_is_never_less_urgent_than_not_asked(policy: Policy) -> None:
    for concern, age, danger, happened in product((None, *Concern), AgeBand, (None, Danger.SOON), (None, Happened.MONTH)):
        asked = Told(concern=concern, age=age, danger=danger, happened=happened)
        unknown = asked.adding(
            danger=danger or Danger.UNKNOWN, happened=happened or Happened.UNKNOWN, disability=Disability.UNKNOWN, accused=frozenset({Accused.UNKNOWN})
        )
        assert urgency(unknown, policy).urgency.at_least(urgency(asked, policy).urgency)


def test_the_worse_of_two_urgencies_wins_either_way_round() -> None:
    for one, other in product(Urgency, repeat=2):
        assert worse(one, other) is worse(other, one)
        assert worse(one, other).at_least(one)


def test_every_rule_has_words_of_its_own() -> None:
    assert len({name for _, name, _ in RULES}) == len(RULES)
