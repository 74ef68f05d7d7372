"""What changes with an entry makes it newer, also what is gone: whoever asks what is new learns of it, and what was proposed before is looked at again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from referral.directory.help_tables import TABLES
from referral.directory.records import OfficeRow
from referral.directory.service_records import ServiceAtLocationRow, ServiceRow
from referral.directory.upkeep_records import ProposalStatus
from referral.store.database import Database
from referral.upkeep.incoming import Mode
from tests.upkeep.hand_in import ALL, NOW, PHONES, POINTS, Desk
from tests.world import World, on_sqlite

WARD = "KE002-W0032"
OFFICE = "co-msambweni"


class Dated:
    """Takes in a file an hour after the last, and tells which entries of before are newer for it, and by how many versions."""

    def __init__(self, database: Database) -> None:
        self.desk = Desk(database)
        self.now = NOW
        self.desk.take(*ALL)

    def newer(self, table: str, text: str, **wishes: Any) -> dict[str, int]:
        before = self._read()
        self.now += timedelta(hours=1)
        self.desk.take((table, text), now=self.now, **wishes)
        after = self._read()
        return {one: after[one][0] - version for one, (version, at) in before.items() if one in after and after[one][1] != at and one.split()[1][:2] == "t-"}

    def _read(self) -> dict[str, tuple[int, Any]]:
        with self.desk.database.read() as session:
            rows: list[tuple[str, Any]] = [(table.entity, row) for table in TABLES.values() if table.listed for row in session.scalars(select(table.row))]
            return {f"{entity} {row.id}": (row.version, row.updated_at) for entity, row in rows}


@pytest.fixture
def dated(county_database: Database) -> Dated:
    return Dated(county_database)


def test_a_part_that_comes_changes_moves_or_goes_makes_its_owner_newer(dated: Dated) -> None:
    point, one, two, care = "service_at_location t-p1", "location t-one", "location t-two", "service t-care"
    hours, tongue = "id,service_at_location,days,opens,closes\nt-h1,t-p1,mon,08:00,16:00\n", "id,code,location\nt-l,dig,{}\n"
    assert dated.newer("hours", hours) == {point: 1}
    assert dated.newer("hours", hours) == {}
    assert dated.newer("hours", hours, mode=Mode.REPLACE) == {point: 1}, "the Wednesday is gone"
    assert dated.newer("service_areas", f"id,service,place\nt-a,t-care,{WARD}\n") == {care: 1}
    assert dated.newer("languages", tongue.format("t-one")) == {one: 1}
    assert dated.newer("languages", tongue.format("t-two")) == {one: 1, two: 1}
    assert dated.newer("accessibility", "id,location,access\nt-acc,t-one,ramp\n") == {one: 1}
    assert dated.newer("phones", PHONES.replace("t-ph1", "t-ph2"), mode=Mode.REPLACE) == {one: 0}, "no proposal for a place holds its phones"
    assert dated.newer("phones", "id,visibility\nt-ph2,staff\n") == {one: 0, "phone t-ph2": 1}
    assert dated.newer("service_at_locations", "\n".join(POINTS.splitlines()[:2]) + "\n", mode=Mode.REPLACE) == {care: 0}
    assert dated.newer("locations", "id,visibility,place,lat,lon,precision,directions\nt-one,confidential,KE002-S1,-,-,-,-\n") == {one: 1, care: 0}


def test_what_is_shown_with_many_makes_them_all_newer(dated: Dated) -> None:
    dated.newer("service_areas", f"id,service,service_at_location,place\nt-a,t-care,,{WARD}\nt-b,,t-p2,{WARD}\n")
    assert dated.newer("places", f"id,name\n{WARD},A new name\n") == {"service t-care": 0, "service_at_location t-p2": 0}
    assert dated.newer("places", f"id,name\n{WARD},A new name\n") == {}
    assert dated.newer("places", "id,name\nKE002,Another name\n") == {"service t-care": 0}
    assert dated.newer("day_exceptions", "id,day,closed,label\nt-day,2027-03-03,yes,A holiday\n") == {"service_at_location t-p1": 0}, "the other has no hours"
    with dated.desk.database.read() as session:
        code = session.scalars(select(TABLES["terms"].row.id).where(TABLES["terms"].row.code == "medical")).one()  # type: ignore[attr-defined]
    assert dated.newer("terms", f"id,name_en\n{code},Another word\n") == {"service t-care": 0}


@on_sqlite
def test_what_was_proposed_before_an_import_of_a_part_or_of_an_office_is_stale(world: World) -> None:
    desk, proposals = Desk(world.service.database), world.service.proposals()
    desk.take(*ALL)
    changes: dict[tuple[str, str], dict[str, str]] = {
        ("service_at_location", "t-p1"): {"hours": "mon-fri 08:00-17:00"},
        ("office", OFFICE): {"name": "As proposed"},
        ("service", "t-care"): {"min_age": "3"},
    }
    with world.service.database.transaction() as session:
        waiting = {one: proposals.propose(session, *one, change, "amina", "test", "", NOW) for one, change in changes.items()}
    desk.take(("hours", "id,opens\nt-h1,09:00\n"), ("offices", f"id,name\n{OFFICE},As the file has it\n"), now=NOW + timedelta(hours=1))
    desk.take(("offices", f"id,name\n{OFFICE},As the file has it\n"), now=NOW + timedelta(hours=2))
    with world.service.database.transaction() as session:
        decided = {one: proposals.accept(session, id_, "juma", NOW + timedelta(hours=3)) for one, id_ in waiting.items()}
    assert list(decided.values()) == [ProposalStatus.STALE, ProposalStatus.STALE, ProposalStatus.ACCEPTED]
    with world.rows() as session:
        office = session.get_one(OfficeRow, OFFICE)
        assert (office.name, office.version) == ("As the file has it", 2)
        assert session.get_one(ServiceRow, "t-care").min_age == 3
    covers = "KE002-S1 KE002-S2"
    desk.take(("offices", f"id,covers\n{OFFICE},{covers}\n"), now=NOW + timedelta(hours=4))
    with world.rows() as session:
        assert session.get_one(OfficeRow, OFFICE).version == 3


@on_sqlite
def test_a_place_hidden_by_hand_is_missed_by_its_services(world: World) -> None:
    Desk(world.service.database).take(*ALL)
    later, proposals = NOW + timedelta(hours=5), world.service.proposals()
    with world.service.database.transaction() as session:
        change = {"visibility": "confidential", "place": "KE002-S1", "lat": "", "lon": "", "precision": "", "directions": ""}
        proposal = proposals.propose(session, "location", "t-one", change, "amina", "test", "", NOW)
    with world.service.database.transaction() as session:
        assert proposals.accept(session, proposal, "juma", later) is ProposalStatus.ACCEPTED
    with world.rows() as session:
        assert (session.get_one(ServiceRow, "t-care").updated_at, session.get_one(ServiceRow, "t-care").version) == (later, 1)
        assert session.get_one(ServiceAtLocationRow, "t-p1").updated_at == NOW
