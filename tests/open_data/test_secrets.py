"""What nobody learns from the open directory: where a confidential place is, that it is, who works where, and a number of a sample."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from referral.directory.hsds_ids import hsds_id
from referral.directory.hsds_package import write_package
from referral.directory.near_build import rebuild_near
from referral.directory.nearest import NearestHelp
from referral.directory.people import bump
from referral.directory.point_records import NearRankRow, PhoneRow, ShownPointRow
from referral.directory.service_records import LocationRow, LocationSecretRow, LocationType, OrganizationRow, ServiceAtLocationRow, ServiceRow, Visibility
from referral.store.database import Database
from referral.vocabulary.help import HelpKind
from tests.conftest import START
from tests.open_data.conftest import LISTS, NAIROBI, Reader
from tests.open_data.synthetic import THEN, Secrets, Synthetic

Nowhere = Callable[[int], tuple[Reader, Secrets]]
TABLES_FOR_THE_PUBLIC = {
    "directory_version", "directory_place", "directory_place_parent", "directory_organization", "directory_location", "directory_service",
    "directory_service_at_location", "directory_service_area", "directory_hours", "directory_day_exception", "directory_phone", "directory_language",
    "directory_accessibility", "directory_term",
}  # fmt: skip


def found(secrets: Secrets, text: str) -> list[str]:
    return [one for one in secrets.spellings() if one in text]


def leaks(secrets: Secrets, answers: dict[str, str]) -> dict[str, list[str]]:
    """All answers are searched at once; only where something is found, one by one."""
    if not found(secrets, "\n".join(answers.values())):
        return {}
    return {path: leaked for path, answer in answers.items() if (leaked := found(secrets, answer))}


def test_no_word_point_or_number_that_is_secret_is_in_any_answer(
    empty: Callable[[], Database], tmp_path_factory: pytest.TempPathFactory, record_property: Callable[[str, object], None]
) -> None:
    searched: Counter[str] = Counter()

    @settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(seed=st.integers(10, 100_000))
    def in_any_directory(seed: int) -> None:
        searched.update(_search(empty(), tmp_path_factory.mktemp("secrets"), seed))

    in_any_directory()
    assert searched["confidential points"] > 0
    for what, count in searched.items():
        record_property(what, count)


def _search(database: Database, folder: Path, seed: int) -> dict[str, int]:
    with database.transaction() as session:
        secrets = Synthetic(session, random.Random(seed)).fill(6)
        rebuild_near(session, START, NAIROBI)
    reader = Reader(database, folder / "counters")
    answers = dict(reader.everything())
    answers |= {f"search for {word}": _searched(reader, word) for word in random.Random(seed).sample(secrets.words, 25)}
    with database.read() as session:
        callers = _nearest(session)
        write_package(session, folder, START.astimezone(NAIROBI))
    answers |= {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.suffix in {".csv", ".json"}}
    database.close()
    assert leaks(secrets, answers) == {}
    assert leaks(replace(secrets, numbers=sorted({*secrets.numbers} - {*secrets.unmarked}), unmarked=[]), callers) == {}, "a load refuses unmarked samples"
    return {
        "random directories": 1,
        "confidential points": len(secrets.points),
        "spellings of secrets": len(secrets.spellings()),
        "answers searched": len(answers) + len(callers),
        "found": 0,
    }


def _searched(reader: Reader, word: str) -> str:
    """What asking for a secret word brings: nothing, and not the word itself."""
    bodies = [reader.ask(f"/{name}", search=word, full=True) if name in LISTS[:3] else reader.ask(f"/{name}", search=word) for name in LISTS]
    assert all(json.loads(body.get_data())["total_items"] == 0 for body in bodies)
    return "\n".join(body.get_data(as_text=True) for body in bodies)


def _nearest(session: Session) -> dict[str, str]:
    """What callers are shown of the same directory: the lists and the details of every kind from many places, and what is kept for them."""
    help_near = NearestHelp(tz=NAIROBI)
    answers: dict[str, str] = {}
    for place in ("K", "S1", "W1", "W5", None):
        for kind in HelpKind:
            near = help_near.near(session, place, kind, START)
            details = [help_near.detail(session, one.id, START, place) for one in near]
            answers[f"nearest {kind} from {place}"] = repr((near, details))
    for table in (NearRankRow, ShownPointRow):
        answers[table.__tablename__] = repr(session.execute(select(*table.__table__.columns)).all())
    return answers


def test_answering_reads_no_table_of_people_or_secrets(nowhere: Nowhere) -> None:
    kept = nowhere(4)[0]
    statements: list[str] = []
    with kept.database.read() as session:
        engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_rest: statements.append(statement))
    list(kept.everything())
    read = {word.strip('",') for statement in statements for word in statement.split() if word.strip('",').startswith("directory_") and "." not in word}
    assert read == TABLES_FOR_THE_PUBLIC


class Refuge:
    """A small directory by hand: an office anybody may visit, and a house nobody may find."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        with database.transaction() as session:
            maker = Synthetic(session, random.Random(0))
            maker._places()
            maker._terms()
            listed: dict[str, Any] = {"updated_at": THEN}
            session.add(OrganizationRow(id="ngo", name="Helpers", sector="ngo", **listed))
            session.flush()
            session.add(LocationRow(id="office", organization="ngo", name="Office", place="W1", lat=-4.1, lon=39.1, precision="gps", **listed))
            session.add(LocationRow(id="house", organization="ngo", name="Mwangaza", place="S1", visibility=Visibility.CONFIDENTIAL, **listed))
            session.add(ServiceRow(id="legal", organization="ngo", name="Advice", kind=HelpKind.LEGAL, **listed))
            session.add(
                ServiceRow(id="refuge", organization="ngo", name="Mwangaza house", kind=HelpKind.SAFE, description="Behind Mwangaza", min_age=6, **listed)
            )
            session.flush()
            session.add(LocationSecretRow(location="house", sealed=b"sealed"))
            for at, (service, location) in enumerate((("legal", "office"), ("legal", "house"), ("refuge", "house"), ("refuge", "office"))):
                point = ServiceAtLocationRow(id=f"point-{at}", service=service, location=location, code=f"AAA{at + 2}", short_name="Mwangaza", **listed)
                session.add(point)
            bump(session)
        self.reader = Reader(database, folder / "counters")

    def change(self, table: type[Any], entry: str, **values: object) -> None:
        with self.database.transaction() as session:
            session.execute(update(table).where(table.id == entry).values(**values))
            bump(session)

    def texts(self) -> str:
        return "\n".join(text for _, text in self.reader.everything())


@pytest.fixture
def refuge(empty: Callable[[], Database], tmp_path: Path) -> Refuge:
    return Refuge(empty(), tmp_path)


def test_a_safe_place_is_an_entry_that_says_whom_to_ask_and_nothing_else(refuge: Refuge) -> None:
    service = refuge.reader.get(f"/services/{hsds_id('service', 'refuge')}")
    (point,) = service["service_at_locations"]
    assert service["name"] == "Safe place (ask 116)"
    assert service["minimum_age"] == 6
    assert service["organization"]["name"] == "Safe places (ask 116)"
    assert point["location"].keys() == {"id", "location_type", "name", "description"}
    assert point["location"]["location_type"] == "virtual"
    assert "call 116" in point["location"]["description"]
    assert [area["uri"] for area in service["service_areas"]] == [area["uri"] for area in point["service_areas"]] == ["K"]
    assert "contact-first" in {one["value"] for one in service["attributes"]}
    assert "Mwangaza" not in refuge.texts()


def test_a_confidential_point_of_an_open_service_is_one_without_a_place(refuge: Refuge) -> None:
    service = refuge.reader.get(f"/services/{hsds_id('service', 'legal')}")
    shown, hidden = service["service_at_locations"]
    assert (shown["location"]["name"], shown["location"]["latitude"]) == ("Office", -4.1)
    assert (hidden["location"]["location_type"], hidden["location"]["name"]) == ("virtual", "Place not published")
    assert [one["value"] for one in hidden["attributes"]] == ["contact-first"]


def test_a_safe_place_lies_in_no_ward_more_than_in_another(refuge: Refuge) -> None:
    asked = [refuge.reader.ids("services", place=place) for place in ("W1", "W2", "S1", "S2", "K")]
    assert all(hsds_id("service", "refuge") in ids for ids in asked)


def test_an_organization_that_only_hides_is_not_named(refuge: Refuge) -> None:
    assert "Helpers" in refuge.texts()
    refuge.change(ServiceRow, "legal", visibility=Visibility.STAFF)
    assert "Helpers" not in refuge.texts()
    assert len(refuge.reader.ids("organizations")) == 1


def test_hiding_acts_at_the_next_request(refuge: Refuge) -> None:
    for visibility in (Visibility.STAFF, Visibility.CONFIDENTIAL):
        refuge.change(ServiceRow, "legal", visibility=visibility)
        assert refuge.reader.ask(f"/services/{hsds_id('service', 'legal')}").status_code == 404
    refuge.change(ServiceRow, "legal", visibility=Visibility.PUBLIC)
    assert hsds_id("service", "legal") in refuge.reader.ids("services")
    refuge.change(OrganizationRow, "ngo", do_not_list=True)
    assert refuge.reader.ids("services") == refuge.reader.ids("organizations") == []


def test_a_sample_says_so_and_has_no_phone(refuge: Refuge) -> None:
    with refuge.database.transaction() as session:
        session.add(PhoneRow(id="line", e164="+254402300000", visibility=Visibility.PUBLIC, service="legal", updated_at=THEN))
        session.add(PhoneRow(id="made-up", e164="+254700000123", visibility=Visibility.PUBLIC, service="legal", updated_at=THEN))
        session.add(PhoneRow(id="staff", e164="+254402300001", visibility=Visibility.STAFF, service="legal", updated_at=THEN))
        bump(session)
    path = f"/services/{hsds_id('service', 'legal')}"
    assert [one["number"] for one in refuge.reader.get(path)["phones"]] == ["+254402300000"]
    refuge.change(OrganizationRow, "ngo", sample=True)
    service = refuge.reader.get(path)
    assert "phones" not in service
    assert service["name"] == "Sample: Advice"
    assert "not a real service" in service["alert"]
    assert "sample" in {one["value"] for one in service["attributes"]}
    assert "+2547000" not in refuge.texts()


def test_a_helpline_has_no_place_even_if_its_row_has_one(refuge: Refuge) -> None:
    refuge.change(LocationRow, "office", lat=None, lon=None, precision=None, location_type=LocationType.VIRTUAL)
    (shown, *_) = refuge.reader.get(f"/services/{hsds_id('service', 'legal')}")["service_at_locations"]
    assert not shown["location"].keys() & {"place", "latitude", "longitude"}


def test_a_spelling_is_searched_for_cut_and_rounded() -> None:
    spellings = Secrets(points=[(-4.71239, 39.70999)]).spellings()
    assert {"4.71", "4.712", "4.7123", "4.71239", "4.7124", "39.70", "39.71", "39.709", "39.710", "39.70999"} <= spellings
    assert found(replace(Secrets(), words=["house"]), "a house") == ["house"]
