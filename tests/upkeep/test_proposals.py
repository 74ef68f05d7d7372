"""Changes are proposed by one person and made by another; what the files' rules refuse is refused when it is proposed."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from referral.directory import people
from referral.directory.field_changes import WITHHELD
from referral.directory.people import current_version
from referral.directory.point_records import Access, AccessibilityRow, HoursRow, LanguageRow, PhoneRow, ShownPointRow
from referral.directory.records import AppointmentRow, JurisdictionRow, OfficeRow, PersonRow
from referral.directory.service_records import LocationRow, Precision, ServiceAreaRow, ServiceAtLocationRow, ServiceRow
from referral.directory.upkeep_records import FieldChangeRow, ProposalRow, ProposalStatus
from referral.upkeep.entries import ChangeProblems, UnknownEntry, history
from referral.upkeep.gate import OpensGap
from referral.upkeep.incoming import Mode
from referral.upkeep.proposals import UnknownProposal
from tests.conftest import START
from tests.upkeep.hand_in import Desk
from tests.upkeep.help import WARD, add_phone, add_point
from tests.world import World, on_sqlite

POINT, PHONE, SERVICE, PLACE = "t-clinic", "t-clinic-phone", "t-clinic-svc", "t-clinic-loc"
NUMBER, NEW_NUMBER = "+254402300123", "+254402300124"
OFFICE = "co-msambweni"
SUBCOUNTY = "KE002-S1"
LATER = START + timedelta(hours=1)


@pytest.fixture
def directory(world: World) -> World:
    with world.service.database.transaction() as session:
        add_point(session, POINT, "ZZZ2", lat=-4.3, lon=39.5, precision=Precision.GPS, directions="Next to the mango tree")
        add_phone(session, PHONE, POINT, e164=NUMBER, verified_on=date(2026, 1, 1), verify_method="call")
    return world


def propose(world: World, entity: str, entry: str, by: str = "amina", **changes: str) -> str:
    with world.service.database.transaction() as session:
        return world.service.proposals().propose(session, entity, entry, changes, by, "test", "they rang", START)


def accept(world: World, proposal: str, by: str = "juma", override: str | None = None) -> ProposalStatus:
    with world.service.database.transaction() as session:
        return world.service.proposals().accept(session, proposal, by, LATER, override=override)


def problems(world: World, entity: str, entry: str, **changes: str) -> tuple[str, ...]:
    with pytest.raises(ChangeProblems) as refused:
        propose(world, entity, entry, **changes)
    with world.rows() as session:
        assert session.scalars(select(ProposalRow)).all() == []
    return refused.value.problems


def test_a_second_person_accepts_it_and_every_field_is_recorded(directory: World) -> None:
    id_ = propose(directory, "service", SERVICE, name="Care and treatment", min_age="10")
    with directory.rows() as session:
        assert session.get_one(ServiceRow, SERVICE).name == "Treatment"
        before = current_version(session)
        (seen,) = directory.service.proposals().open(session)
    assert (seen.by, seen.changes, seen.note) == ("amina", {"min_age": "10", "name": "Care and treatment"}, "they rang")
    assert accept(directory, id_) is ProposalStatus.ACCEPTED
    with directory.rows() as session:
        row = session.get_one(ServiceRow, SERVICE)
        assert (row.name, row.min_age, row.version, row.edited, row.updated_at) == ("Care and treatment", 10, 2, True, LATER)
        assert current_version(session) > before
        changes = [(one.field, one.old, one.new, one.by, one.action) for one in history(session, "service", SERVICE)]
        assert directory.service.proposals().open(session) == []
    assert changes == [("min_age", None, "10", "juma", "proposal"), ("name", "Treatment", "Care and treatment", "juma", "proposal")]


@pytest.mark.parametrize("by", ["amina", "Amina", "  AMINA "])
def test_whoever_proposed_it_cannot_decide(directory: World, by: str) -> None:
    id_ = propose(directory, "service", SERVICE, name="Care")
    with pytest.raises(ChangeProblems, match="second person"):
        accept(directory, id_, by)
    with pytest.raises(ChangeProblems, match="second person"), directory.service.database.transaction() as session:
        directory.service.proposals().reject(session, id_, by, "no", LATER)


def test_nor_does_the_database_let_them(directory: World) -> None:
    id_ = propose(directory, "service", SERVICE, name="Care")
    decided = update(ProposalRow).where(ProposalRow.id == id_).values(status=ProposalStatus.ACCEPTED, decided_by="amina", decided_at=LATER)
    with pytest.raises(IntegrityError), directory.service.database.transaction() as session:
        session.execute(decided)


def test_an_entry_that_moved_on_is_looked_at_again(directory: World) -> None:
    id_ = propose(directory, "service", SERVICE, name="Care")
    with directory.service.database.transaction() as session:
        row = session.get_one(ServiceRow, SERVICE)
        row.version, row.name = 2, "Something else"
    assert accept(directory, id_) is ProposalStatus.STALE
    with directory.rows() as session:
        assert (session.get_one(ServiceRow, SERVICE).name, session.get_one(ProposalRow, id_).decided_by) == ("Something else", None)
    assert accept(directory, propose(directory, "service", SERVICE, name="Care")) is ProposalStatus.ACCEPTED


def test_a_rejected_one_changes_nothing_and_is_decided_once(directory: World) -> None:
    id_ = propose(directory, "service", SERVICE, name="Care")
    with directory.service.database.transaction() as session:
        directory.service.proposals().reject(session, id_, "juma", "not so", LATER)
    with pytest.raises(UnknownProposal):
        accept(directory, id_)
    with directory.rows() as session:
        assert (session.get_one(ServiceRow, SERVICE).name, session.get_one(ProposalRow, id_).decision_note) == ("Treatment", "not so")


def test_one_proposal_for_an_entry_at_a_time(directory: World) -> None:
    propose(directory, "service", SERVICE, name="Care")
    with pytest.raises(ChangeProblems, match="open already"):
        propose(directory, "service", SERVICE, "juma", name="Other care")


@pytest.mark.parametrize(
    ("entity", "entry", "changes", "names"),
    [
        ("service", SERVICE, {"nothing": "x"}, "nothing: is no field"),
        ("service", SERVICE, {"id": "x"}, "id: is not changed by a proposal"),
        ("service", SERVICE, {"sample": "yes"}, "sample: is not changed by a proposal"),
        ("service", SERVICE, {"verified_on": "2026-03-01"}, "verified_on: is not changed by a proposal"),
        ("service", SERVICE, {"kind": "circus"}, "kind: "),
        ("service", SERVICE, {"name": ""}, "name: "),
        ("service", SERVICE, {"name": "Treatment"}, "nothing would change"),
        ("service", SERVICE, {"min_age": "12", "max_age": "3"}, "max_age: "),
        ("service", SERVICE, {"organization": "nowhere"}, "organization: names an unknown organization"),
        ("phone", PHONE, {"e164": "+25412"}, "e164: not a phone number"),
        ("phone", PHONE, {"short_number": "116"}, "e164: exactly one"),
        ("location", PLACE, {"lat": "100"}, "lat: "),
        ("location", PLACE, {"visibility": "confidential"}, "lat: a confidential place"),
        ("location", PLACE, {"lat": "-4.1", "lon": "36.8"}, "lat: lies more than 25 km from the place"),
        ("location", PLACE, {"visibility": "confidential", "lat": "", "lon": "", "precision": "", "directions": ""}, "place: a confidential place names"),
        ("service", SERVICE, {"terms": "nonsense"}, "terms: names an unknown term"),
        ("service_at_location", POINT, {"short_name": "Ukunda Police"}, "short_name: is borne by another place of this ward"),
        ("service_at_location", POINT, {"code": "AH5N"}, "code: is another entry's already"),
        ("service_at_location", POINT, {"code": "KYBC"}, "code: must hold a figure"),
        ("organization", f"{POINT}-org", {"parent": f"{POINT}-org"}, "parent: leads back to itself"),
        ("office", OFFICE, {"covers": "NOWHERE"}, "covers: names an unknown place"),
        ("office", "co-kwale", {"parent": OFFICE}, "parent: leads back to itself"),
        ("office", OFFICE, {"role": "king"}, "role: "),
        ("person", "co-msambweni-1", {"name": "x"}, "person: must be one of"),
    ],
)
def test_what_is_wrong_is_named_when_it_is_proposed(directory: World, entity: str, entry: str, changes: dict[str, str], names: str) -> None:
    assert any(problem.startswith(names) for problem in problems(directory, entity, entry, **changes)), problems(directory, entity, entry, **changes)


def test_a_rule_that_an_entry_came_to_break_meanwhile_is_broken_when_it_is_accepted(directory: World) -> None:
    id_ = propose(directory, "service_at_location", POINT, code="ZZZ3")
    with directory.service.database.transaction() as session:
        add_point(session, "t-other", "ZZZ3")
    with pytest.raises(ChangeProblems, match="code: is another entry's already"):
        accept(directory, id_)
    with directory.rows() as session:
        assert session.get_one(ServiceAtLocationRow, POINT).code == "ZZZ2"


def test_a_clinic_that_moves_to_another_ward_may_meet_its_name_there(directory: World) -> None:
    with directory.service.database.transaction() as session:
        add_point(session, "t-other", "ZZZ3")
        session.get_one(LocationRow, "t-other-loc").place = "KE002-W0033"
        session.get_one(ServiceAtLocationRow, "t-other").short_name = "Ukunda Police"
    told = problems(directory, "location", "t-other-loc", place=WARD)
    assert told == ("short_name: of t-other, which hangs on it, is borne by another place of this ward",)


def test_what_was_wrong_before_elsewhere_holds_up_no_other_change(directory: World) -> None:
    with directory.service.database.transaction() as session:
        session.get_one(ServiceAtLocationRow, POINT).short_name = "Ukunda Police"
    assert accept(directory, propose(directory, "service_at_location", POINT, description="Ask at the gate")) is ProposalStatus.ACCEPTED


def test_no_problem_quotes_a_value(directory: World) -> None:
    said = problems(directory, "phone", PHONE, e164="07123456789999") + problems(directory, "location", PLACE, visibility="confidential")
    assert "0712" not in str(said)
    assert "mango" not in str(said)


def test_an_unknown_entry_is_an_error(directory: World) -> None:
    with pytest.raises(UnknownEntry):
        propose(directory, "service", "nowhere", name="x")


def test_a_changed_number_has_not_been_called_yet(directory: World) -> None:
    accept(directory, propose(directory, "phone", PHONE, e164=NEW_NUMBER))
    with directory.rows() as session:
        row = session.get_one(PhoneRow, PHONE)
    assert (row.e164, row.verified_on, row.verify_method) == (NEW_NUMBER, None, None)


def test_an_office_may_answer_for_other_places(directory: World) -> None:
    with directory.rows() as session:
        covers = set(session.scalars(select(JurisdictionRow.place).where(JurisdictionRow.office == OFFICE)))
    accept(directory, propose(directory, "office", OFFICE, covers=" ".join(sorted({*covers, "KE002-S2"})), note="also there"))
    office = directory.service.roster().office(OFFICE)
    assert office is not None
    assert office.covers == covers | {"KE002-S2"}
    with directory.rows() as session:
        row = session.get_one(OfficeRow, OFFICE)
        assert (row.version, row.edited, row.note) == (2, True, "also there")
        assert [one.field for one in history(session, "office", OFFICE) if one.action == "proposal"] == ["covers", "note"]


@on_sqlite
class TestWhatBelongsToAnEntry:
    """Hours, areas, languages and ways in are fields of what they belong to."""

    def test_is_proposed_as_a_text_and_stands_in_the_tables_and_the_record(self, directory: World) -> None:
        accept(directory, propose(directory, "service_at_location", POINT, hours="sat  08:00 - 12:00 ; mon-wed 08:00-17:00 from 2026-01-01", areas="KE002-S1"))
        with directory.rows() as session:
            rows = session.scalars(select(HoursRow).where(HoursRow.service_at_location == POINT).order_by(HoursRow.days)).all()
            assert [(row.days, row.opens, row.closes, row.valid_from) for row in rows] == [(7, 480, 1020, date(2026, 1, 1)), (32, 480, 720, None)]
            assert session.scalars(select(ServiceAreaRow.place).where(ServiceAreaRow.service_at_location == POINT)).all() == ["KE002-S1"]
            told = {one.field: (one.old, one.new) for one in history(session, "service_at_location", POINT)}
            shown = session.scalars(select(ShownPointRow.week).where(ShownPointRow.service_at_location == POINT)).all()
        assert told["hours"] == ("", "mon tue wed 08:00-17:00 from 2026-01-01; sat 08:00-12:00")
        assert all(shown)

    def test_what_stays_keeps_its_row_and_what_goes_is_gone(self, directory: World) -> None:
        with directory.service.database.transaction() as session:
            session.add(LanguageRow(id="t-lang", code="swa", note="mornings", location=PLACE))
            session.add(LanguageRow(id="t-sign", code="sgn", location=PLACE))
        accept(directory, propose(directory, "location", PLACE, languages="eng swa", accessibility="ramp"))
        with directory.rows() as session:
            rows = session.scalars(select(LanguageRow).where(LanguageRow.location == PLACE).order_by(LanguageRow.code)).all()
            assert [(row.code, row.note) for row in rows] == [("eng", ""), ("swa", "mornings")]
            assert session.scalars(select(AccessibilityRow.access).where(AccessibilityRow.location == PLACE)).all() == [Access.RAMP]
        assert accept(directory, propose(directory, "location", PLACE, languages="")) is ProposalStatus.ACCEPTED
        with directory.rows() as session:
            assert session.scalars(select(LanguageRow).where(LanguageRow.location == PLACE)).all() == []

    @pytest.mark.parametrize(
        ("entity", "entry", "changes", "names"),
        [
            ("service_at_location", POINT, {"hours": "always"}, "hours: must be such as"),
            ("service_at_location", POINT, {"hours": "funday 08:00-17:00"}, "hours: days must be some of"),
            ("service_at_location", POINT, {"hours": "mon 08:00-12:00; mon-fri 11:00-17:00"}, "hours: overlaps other hours"),
            ("service_at_location", POINT, {"areas": "nowhere"}, "areas: names one of places that is unknown"),
            ("service_at_location", POINT, {"hours": ""}, "nothing would change"),
            ("location", PLACE, {"accessibility": "stairs"}, "accessibility: access "),
            ("location", PLACE, {"languages": "swa swa"}, "languages: names something twice"),
            ("location", PLACE, {"hours": "mon 08:00-12:00"}, "hours: is no field"),
        ],
    )
    def test_is_refused_by_the_rules_of_its_own_file(self, directory: World, entity: str, entry: str, changes: dict[str, str], names: str) -> None:
        assert problems(directory, entity, entry, **changes)[0].startswith(names)

    def test_no_file_adds_to_what_somebody_changed_by_hand_or_takes_it_away(self, directory: World) -> None:
        accept(directory, propose(directory, "service_at_location", POINT, hours="mon 08:00-12:00"))
        lines = f"id,service_at_location,days,opens,closes\nt-h,{POINT},tue,08:00,17:00\n"
        outcome = Desk(directory.service.database).take(("hours", lines), mode=Mode.REPLACE)
        assert (outcome.counts.any, outcome.left) == (False, (f"hours t-h: of {POINT}",))


@on_sqlite
class TestWhoProposedIt:
    def test_and_why_stands_in_the_history(self, directory: World) -> None:
        accept(directory, propose(directory, "service", SERVICE, name="Care"))
        with directory.rows() as session:
            (change,) = history(session, "service", SERVICE)
            (decided,) = directory.service.proposals().decided(session)
        assert (change.proposed_by, change.by, change.note) == ("amina", "juma", "they rang")
        assert decided.decision is not None
        assert (decided.decision.words, decided.decision.by, decided.by) == ("accepted", "juma", "amina")

    def test_may_take_back_a_slip_and_nobody_else_may(self, directory: World) -> None:
        id_ = propose(directory, "service", SERVICE, name="Caer")
        with pytest.raises(ChangeProblems, match="only whoever proposed it"), directory.service.database.transaction() as session:
            directory.service.proposals().withdraw(session, id_, "juma", LATER)
        with directory.service.database.transaction() as session:
            directory.service.proposals().withdraw(session, id_, "Amina ", LATER)
        with directory.rows() as session:
            (decided,) = directory.service.proposals().decided(session)
        assert decided.decision is not None
        assert (decided.decision.words, decided.decision.by) == ("withdrawn", None)
        assert accept(directory, propose(directory, "service", SERVICE, name="Care")) is ProposalStatus.ACCEPTED


class TestAGap:
    """Three offices can be reached. One becomes a kind that is told of nothing: where the police is accused, one institution is left."""

    def leave_alone(self, world: World) -> str:
        left = select(AppointmentRow.person).where(AppointmentRow.office.in_(("co-kwale", "police-county", "triage-desk")))
        with world.service.database.transaction() as session:
            session.execute(update(PersonRow).where(PersonRow.id.not_in(left)).values(suspended=True))
            people.bump(session)
        return propose(world, "office", "co-kwale", role="cleric")

    def test_is_refused_with_its_places_and_nothing_is_changed(self, directory: World) -> None:
        id_ = self.leave_alone(directory)
        with pytest.raises(OpensGap) as refused:
            accept(directory, id_)
        assert len(refused.value.problems) > 1
        with directory.rows() as session:
            assert (session.get_one(OfficeRow, "co-kwale").version, session.get_one(ProposalRow, id_).status) == (1, ProposalStatus.OPEN)

    def test_passes_with_a_reason(self, directory: World) -> None:
        assert accept(directory, self.leave_alone(directory), override="the office has closed") is ProposalStatus.ACCEPTED


@on_sqlite
class TestAPlaceThatIsHiddenFromNowOn:
    def test_leaves_no_trace_of_where_it_lies(self, directory: World) -> None:
        accept(directory, propose(directory, "location", PLACE, directions="Past the blue gate"))
        accept(directory, propose(directory, "location", PLACE, visibility="confidential", place=SUBCOUNTY, lat="", lon="", precision="", directions=""))
        with directory.rows() as session:
            row = session.get_one(LocationRow, PLACE)
            kept = [(one.field, one.old, one.new) for one in history(session, "location", PLACE)]
            proposed = [json.loads(text) for text in session.scalars(select(ProposalRow.changes).where(ProposalRow.entry == PLACE))]
            everything = str([*kept, *proposed, session.scalars(select(FieldChangeRow.old)).all()])
        assert (row.lat, row.directions, row.place) == (None, "", SUBCOUNTY)
        assert ("directions", WITHHELD, WITHHELD) in kept
        assert [word for word in ("mango", "blue gate", "-4.3", "39.5") if word in everything] == []
        assert WARD not in everything

    def test_nor_does_what_is_proposed_of_it_later_or_was_decided_before_it_was_hidden_otherwise(self, directory: World) -> None:
        accept(directory, propose(directory, "location", PLACE, visibility="confidential", place=SUBCOUNTY, lat="", lon="", precision="", directions=""))
        accept(directory, propose(directory, "location", PLACE, name="House behind the baobab"))
        id_ = propose(directory, "location", PLACE, visibility="public", place=WARD, directions="Past the blue gate")
        with directory.service.database.transaction() as session:
            (waiting,) = directory.service.proposals().open(session)
            assert waiting.changes["place"] == WARD, "whoever decides must see what on"
            directory.service.proposals().reject(session, id_, "juma", "not at the blue gate", LATER)
        with directory.rows() as session:
            kept = session.execute(select(ProposalRow.changes, ProposalRow.note, ProposalRow.decision_note).where(ProposalRow.entry == PLACE)).all()
            assert [word for word in ("baobab", "blue gate", WARD, "rang") if word in str(kept)] == []
        with directory.service.database.transaction() as session:
            session.get_one(ProposalRow, id_).changes = json.dumps({"directions": "Past the blue gate"})
        with directory.rows() as session:
            assert "blue gate" not in str(directory.service.proposals().decided(session))
