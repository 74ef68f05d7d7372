"""The proof that no child is left alone says neither too much nor too little."""

from __future__ import annotations

import base64
import csv
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from referral.cli import main
from referral.county import read_county
from referral.directory.posts import Period
from referral.directory.snapshot import Roster, read_roster
from referral.handover.planner import Planner
from referral.reports.register import Report
from referral.routing.policy import Policy
from referral.routing.table import Table
from referral.routing.triage import urgency
from referral.store.database import Database
from referral.upkeep.coverage import Prover, prove
from referral.upkeep.coverage_cases import CIRCUMSTANCES
from referral.upkeep.coverage_sights import HOURS, moments, sites
from referral.upkeep.coverage_words import Names, problem_lines
from referral.upkeep.coverage_words import table as as_table
from referral.upkeep.gaps import Circumstance, Combination, HourKind, Missing, Proof, Site, blocks, opened, sections
from referral.vocabulary.duty import Doubt, Role
from referral.vocabulary.place import Place, PlaceKind
from referral.vocabulary.report import Accused, Channel, Concern, Danger, Urgency
from tests.conftest import ROOT, START, Kept
from tests.upkeep.counties import DAYS, EVERY_DAY, NIGHTS, NOW, PLACES, Builder, at_random, small, without

EAT = ZoneInfo("Africa/Nairobi")
SECOND, WHOLLY = frozenset({Missing.SECOND}), frozenset({Missing.NOBODY, Missing.SECOND, Missing.END})
RED_NIGHT = Combination(Concern.PHYSICAL, Accused.HOME, HourKind.NIGHT, Circumstance.NOW)


@pytest.fixture(scope="module")
def rules() -> tuple[Table, Policy]:
    county = read_county(ROOT / "config" / "kwale")
    return county.table, county.policy


@pytest.fixture(scope="module")
def kwale(sqlite_county: Kept, rules: tuple[Table, Policy]) -> Iterator[Roster]:
    database = Database(sqlite_county.fresh("coverage"))
    with database.read() as session:
        yield read_roster(session, unverified_days=rules[1].unverified_days)
    database.close()
    sqlite_county.drop("coverage")


def proven(roster: Roster, rules: tuple[Table, Policy], **how: bool) -> Proof:
    return prove(roster, *rules, NOW, **how)


class TestEverySiteAndMoment:
    def test_every_place_and_the_unknown_one_is_looked_at_and_a_spot_of_two_wards_twice(self) -> None:
        found = sites(small().roster())
        assert {site.place for site in found} == {None, *(place.id for place in PLACES)}
        assert [site.ward for site in found if site.spot == "B2"] == ["W1", "W2"]
        assert Site("W1", "L1") in found

    @pytest.mark.parametrize("ahead", range(8))
    def test_the_moments_are_the_next_of_their_kind(self, ahead: int) -> None:
        now = NOW + timedelta(days=ahead, hours=5)
        found = moments(now, EAT)
        assert [kind for kind, _ in found] == [kind for kind, *_ in HOURS]
        for (kind, weekdays, clock), (_, at) in zip(HOURS, found, strict=True):
            assert now <= at < now + timedelta(days=8)
            assert at.weekday() in weekdays
            assert at.time() == clock
            assert (at.weekday() >= 5) == (kind is HourKind.WEEKEND)

    def test_the_moments_are_the_countys(self) -> None:
        assert {at.utcoffset() for _, at in moments(NOW, EAT)} == {timedelta(hours=3)}


class TestASmallCounty:
    def test_that_is_whole_has_no_gap_and_nothing_thin(self, rules: tuple[Table, Policy]) -> None:
        proof = proven(small().roster(), complete(rules))
        assert (proof.count, proof.thin) == (0, 0)
        assert proof.combinations == len(proof.sites) * len(Concern) * (len(Accused) + 1) * len(HourKind) * len(CIRCUMSTANCES)

    def test_without_anybody_lacks_everything_everywhere(self, rules: tuple[Table, Policy]) -> None:
        proof = proven(Builder(PLACES).roster(), rules)
        assert proof.count == proof.combinations
        assert {gap.missing for gap in proof.gaps()} == {WHOLLY}

    def test_with_one_house_lacks_the_second_and_no_more(self, rules: tuple[Table, Policy]) -> None:
        made = without(small(), "triage", "ngo", "commander", "commissioner", "desk1", "desk2")
        lacks = proven(made.roster(), rules).sites[Site("W1")].gaps
        assert lacks[RED_NIGHT] == SECOND
        assert lacks[RED_NIGHT._replace(accused=Accused.CHILDRENS_OFFICER)] == WHOLLY

    def test_without_a_desk_at_the_end_has_no_end_to_its_ladders(self, rules: tuple[Table, Policy]) -> None:
        lacks = proven(without(small(), "triage", "duty", "commander").roster(), rules).sites[Site("W2")].gaps
        assert lacks[RED_NIGHT] == {Missing.END}

    def test_a_phone_that_does_not_work_is_nobody_unless_a_deputys_does(self, rules: tuple[Table, Policy]) -> None:
        made = without(small(), "commander", "commissioner", "ngo", "triage")
        assert RED_NIGHT not in proven(made.roster(), rules).sites[Site("W1")].gaps
        broken = made.person("broken", unreachable=True)
        for name, more in (("desk1", ()), ("desk2", ())):
            made = without(made, name)
            made.office(name, Role.POLICE_GENDER_DESK, ["W1" if name == "desk1" else "W2"], made.fill(broken), *more)
        assert proven(made.roster(), rules).sites[Site("W1")].gaps[RED_NIGHT] >= SECOND
        made = without(made, "desk1")
        made.office("desk1", Role.POLICE_GENDER_DESK, ["W1"], made.fill(broken), made.fill(made.person("deputy"), deputy=1))
        assert RED_NIGHT not in proven(made.roster(), rules).sites[Site("W1")].gaps

    def test_somebody_off_duty_is_nobody_where_the_minutes_run_and_enough_where_they_do_not(self, rules: tuple[Table, Policy]) -> None:
        made = without(small(), "commander", "commissioner", "ngo", "triage", "desk1", "desk2")
        made.office("desk1", Role.POLICE_GENDER_DESK, ["K"], made.fill(made.person("p-desk1"), weekly=[DAYS]), shifts=True)
        lacks = proven(made.roster(), rules).sites[Site("W1")].gaps
        grave = Combination(Concern.MISSING, Accused.HOME, HourKind.NIGHT, Circumstance.NOT_NOW)
        assert urgency(CIRCUMSTANCES[Circumstance.NOT_NOW].adding(concern=Concern.MISSING), rules[1]).urgency is Urgency.HIGH
        assert lacks[RED_NIGHT] == SECOND
        assert RED_NIGHT._replace(hours=HourKind.DAY) not in lacks
        assert grave not in lacks  # the minutes of HIGH do not run at two in the morning
        made.posts[-1] = replace(made.posts[-1], fillings=(replace(made.posts[-1].fillings[0], weekly=(NIGHTS,)),))
        lacks = proven(made.roster(), rules).sites[Site("W1")].gaps
        assert lacks[grave._replace(hours=HourKind.DAY)] == SECOND
        assert Combination(Concern.PHYSICAL, Accused.HOME, HourKind.DAY, Circumstance.NOT_NOW) not in lacks
        assert NIGHTS.weekdays == EVERY_DAY

    def test_leave_without_a_deputy_opens_a_gap_until_it_ends(self, rules: tuple[Table, Policy]) -> None:
        made = without(small(), "commander", "commissioner", "ngo", "triage", "desk1", "desk2")
        away = Period(NOW, NOW + timedelta(days=20))
        made.office("desk1", Role.POLICE_GENDER_DESK, ["W1"], made.fill(made.person("p-desk1"), away=[away]))
        assert RED_NIGHT in prove(made.roster(), *rules, NOW).sites[Site("W1")].gaps
        assert RED_NIGHT not in prove(made.roster(), *rules, NOW + timedelta(days=20)).sites[Site("W1")].gaps

    def test_entries_nobody_verified_are_thin_and_no_gap(self, rules: tuple[Table, Policy]) -> None:
        made = small()
        later = NOW + timedelta(days=200)
        proof = prove(made.roster(), *complete(rules), later)
        assert (proof.count, proof.thin) == (0, proof.combinations)
        assert "thin: " in "\n".join(as_table(proof, Names(made.roster()), whole=False))

    def test_a_finer_place_is_named_only_where_it_differs_from_its_ward(self, rules: tuple[Table, Policy]) -> None:
        made = without(small(), "commander", "commissioner", "ngo", "triage", "desk1", "desk2")
        named = {site for section in sections(proven(made.roster(), rules)) for site in section.sites}
        assert Site("W1") in named
        assert Site("W1", "B1") not in named
        made.office("chief", Role.CHIEF, ["L1"], made.fill(made.person("p-chief")))
        made.office("chief2", Role.CHIEF, ["B2"], made.fill(made.person("p-chief2")))
        named = {site for section in sections(proven(made.roster(), rules)) for site in section.sites}
        assert Site("W1", "B1") in named  # there it is known which chief it is; in the ward it may be either
        assert "Soko in Bandari" in "\n".join(as_table(proven(made.roster(), rules), Names(made.roster()), whole=True))


def complete(rules: tuple[Table, Policy]) -> tuple[Table, Policy]:
    """The county's rules with a third house for calls that broke off."""
    table, policy = rules
    return replace(table, partial=(*table.partial[:2], (Role.POLICE_COUNTY_COMMANDER,))), policy


class TestAnyCounty:
    @pytest.mark.parametrize("seed", range(4))
    def test_sharing_what_looks_alike_changes_nothing(self, seed: int, rules: tuple[Table, Policy]) -> None:
        roster = at_random(seed)
        assert proven(roster, rules).sites == proven(roster, rules, share=False).sites

    @pytest.mark.parametrize("seed", range(100, 140))
    def test_what_is_proven_is_what_the_planner_does(self, seed: int, rules: tuple[Table, Policy]) -> None:
        roster = at_random(seed)
        proof, chance = proven(roster, rules), random.Random(seed)
        planner = Planner(lambda: roster, *rules)
        for _ in range(60):
            site, concern, accused = chance.choice(list(proof.sites)), chance.choice(list(Concern)), chance.choice([None, *Accused])
            hours, circumstance = chance.choice(list(HourKind)), chance.choice(list(Circumstance))
            found = proof.sites[site]
            combination = Combination(concern, accused, hours, circumstance)
            told = CIRCUMSTANCES[circumstance].adding(concern=concern, accused=frozenset({accused} if accused else ()), place=site.ward, spot=site.spot)
            level = urgency(told, rules[1]).urgency
            report = Report("r" * 32, "482193", Channel.USSD, told, level, 2, circumstance is Circumstance.BROKE_OFF, ())
            whole = all(enough(planner, report, at) for kind, at in moments(NOW, EAT) if kind is hours)
            assert whole == (combination not in found.gaps), (site, combination)

    @pytest.mark.parametrize("seed", range(200, 220))
    def test_blocks_hold_every_gap_once(self, seed: int, rules: tuple[Table, Policy]) -> None:
        for found in proven(at_random(seed), rules).sites.values():
            made = blocks(found.gaps)
            held = {
                (Combination(c, a, h, x), block.missing)
                for block in made
                for c in block.concerns
                for a in block.accused
                for h in block.hours
                for x in block.circumstances
            }
            assert held == set(found.gaps.items())
            assert sum(block.count for block in made) == len(found.gaps)


def enough(planner: Planner, report: Report, at: datetime) -> bool:
    """The promise said once more, of what the planner really does: two houses that answer (at once, where both must), and somebody at the end."""
    roster, plan = planner.roster(), planner.plan(report, at)
    minutes_run = report.urgency is Urgency.RED or (report.urgency is Urgency.HIGH and 7 <= at.astimezone(EAT).hour < 21)
    useless = {Doubt.UNREACHABLE, Doubt.OFF_DUTY} if minutes_run else {Doubt.UNREACHABLE}
    told = {choice.bearer.person for step in plan.steps for choice in step.choices}
    assert all(planner.posts(report, person, at) for person in told), "who is kept out in one post is told in another"
    houses = set()
    for bearer in (choice.bearer for step in plan.steps for choice in step.choices if plan.need == 1 or step.number == 1):
        instead = [one for one in roster.on_duty(bearer.office.id, at, EAT) if one.person not in told and planner.posts(report, one.person, at)]
        if any(not one.doubts & useless for one in (bearer, *instead)):
            houses.add(bearer.office.institution)
    dead = {one.person for office in roster.offices() for one in roster.on_duty(office.id, at, EAT) if one.doubts & useless}
    last = planner.duty_person(report, at, frozenset(dead)) or plan.end
    return len(houses) >= 2 and last is not None and not last.doubts & useless


class TestKwale:
    def test_the_sample_county_lacks_only_a_second_house_for_calls_that_broke_off(
        self, kwale: Roster, rules: tuple[Table, Policy], record_property: Callable[[str, object], None]
    ) -> None:
        began = time.perf_counter()
        proof = prove(kwale, *rules, START)
        record_property("combinations", proof.combinations)
        record_property("gaps", proof.count)
        record_property("seconds", f"{time.perf_counter() - began:.1f}")
        assert {gap.combination.circumstance for gap in proof.gaps()} <= {Circumstance.BROKE_OFF}
        assert {gap.combination.accused for gap in proof.gaps()} <= {Accused.CHILDRENS_OFFICER, Accused.NGO_WORKER}
        assert {gap.missing for gap in proof.gaps()} <= {SECOND}

    def test_and_nothing_once_those_have_a_third_house(self, kwale: Roster, rules: tuple[Table, Policy]) -> None:
        for now in (START, START + timedelta(days=4)):
            assert list(problem_lines(prove(kwale, *complete(rules), now), Names(kwale))) == []

    def test_the_proof_grows_with_the_places_and_no_faster(self, rules: tuple[Table, Policy], record_property: Callable[[str, object], None]) -> None:
        one, two = (min(seconds(many(count), rules) for _ in range(3)) for count in (400, 800))
        record_property("twice the places take", f"{two / one:.2f} times as long")
        assert two / one < 3

    def test_places_that_look_alike_are_planned_once(self, rules: tuple[Table, Policy]) -> None:
        counts = set()
        for count in (10, 60):
            prover = Prover(*rules)
            for view in prover.survey(many(count), NOW).values():
                prover.findings(view)
            counts.add(len(prover._plans))
        assert len(counts) == 1


def many(count: int) -> Roster:
    """`count` wards under two sub-counties, with the offices of one county."""
    wards = [Place(f"X{serial}", PlaceKind.WARD, f"Ward {serial}", (f"S{1 + serial % 2}",)) for serial in range(count)]
    made = Builder([*PLACES[:3], *wards], {})
    for post in small().posts:
        covers = post.office.covers if post.office.county_wide else {"S1" if post.office.id == "desk1" else "S2"}
        made.office(post.office.id, post.office.role, covers, *post.fillings)
    return made.roster()


def seconds(roster: Roster, rules: tuple[Table, Policy]) -> float:
    prover = Prover(*rules)
    began = time.perf_counter()
    for view in prover.survey(roster, NOW).values():
        prover.findings(view)
    return time.perf_counter() - began


def test_a_gap_that_grows_is_new_and_one_that_shrinks_is_not() -> None:
    assert opened({}, {RED_NIGHT: SECOND}) == {RED_NIGHT: SECOND}
    assert opened({RED_NIGHT: SECOND}, {RED_NIGHT: WHOLLY}) == {RED_NIGHT: WHOLLY}
    assert opened({RED_NIGHT: WHOLLY}, {RED_NIGHT: SECOND}) == {}


class TestTheCommand:
    @pytest.fixture
    def run(self, tmp_path: Path, sqlite_county: Kept, monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
        secrets = tmp_path / "secrets.toml"
        root = base64.b64encode(bytes(range(32))).decode()
        secrets.write_text(f'root_key = "{root}"\nussd_tokens = ["{"u" * 40}"]\nsms_tokens = ["{"s" * 40}"]\n')
        monkeypatch.setenv("REFERRAL_SECRETS", str(secrets))
        monkeypatch.setenv("REFERRAL_DATABASE_URL", sqlite_county.fresh(f"coverage-{tmp_path.name}"))
        monkeypatch.setenv("REFERRAL_CONFIG", str(ROOT / "config" / "kwale"))
        return lambda *words: CliRunner().invoke(main, words)

    def test_prints_a_table_writes_a_map_and_a_file_and_its_exit_code_tells(self, run: Callable[..., object], tmp_path: Path) -> None:
        said = run("directory", "coverage", "--map", str(tmp_path / "map.svg"), "--csv", str(tmp_path / "gaps.csv"))
        last = said.output.splitlines()[-1]  # type: ignore[attr-defined]
        assert last.startswith("646,425 combinations, ") or " combinations, " in last
        count = int(last.split(", ")[-1].split()[0].replace(",", ""))
        with (tmp_path / "gaps.csv").open(newline="") as file:
            assert len(list(csv.DictReader(file))) == count
        assert said.exit_code == (1 if count else 0)  # type: ignore[attr-defined]
        assert (tmp_path / "map.svg").read_text("utf-8").startswith("<svg")
        checked = run("check")
        assert ("coverage: " in checked.output) == bool(count)  # type: ignore[attr-defined]

    def test_says_how_much_of_it_are_samples_and_proves_it_without_them(self, run: Callable[..., object], tmp_path: Path) -> None:
        said = run("directory", "coverage", "--without-samples", "--map", str(tmp_path / "map.svg"))
        note, last = said.output.splitlines()[-2:]  # type: ignore[attr-defined]
        assert note == "205 of 205 people and 30 of 104 offices are samples, left out here"
        assert last == "646,425 combinations, 646,425 gaps"
        assert said.exit_code == 1  # type: ignore[attr-defined]
        assert note in (tmp_path / "map.svg").read_text("utf-8")
        refused = run("directory", "coverage", "--map", str(tmp_path / "none" / "map.svg"))
        assert "205 of 205 people and 30 of 104 offices are samples\n" in refused.output  # type: ignore[attr-defined]
        assert "map.svg: No such file or directory" in refused.output  # type: ignore[attr-defined]


def test_dangers_are_both_looked_at() -> None:
    assert {told.danger for told in CIRCUMSTANCES.values()} == {Danger.NOW, Danger.NOT_NOW}
