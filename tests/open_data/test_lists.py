"""What a program that reads the open directory can rely on: pages, filters, ids."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema

from referral.directory.hsds_ids import hsds_id
from referral.open_data import shapes
from referral.store.database import Database
from tests.open_data.conftest import LISTS, Reader
from tests.open_data.synthetic import THEN, Secrets, Synthetic

Nowhere = Callable[[int], tuple[Reader, Secrets]]
SHAPES: dict[str, tuple[type[Schema], type[Schema]]] = {
    "services": (shapes.ServicePageSchema, shapes.ServiceSchema),
    "organizations": (shapes.OrganizationPageSchema, shapes.OrganizationSchema),
    "service_at_locations": (shapes.ServiceAtLocationPageSchema, shapes.ServiceAtLocationSchema),
    "taxonomies": (shapes.TaxonomyPageSchema, shapes.TaxonomySchema),
    "taxonomy_terms": (shapes.TaxonomyTermPageSchema, shapes.TaxonomyTermSchema),
}
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_the_first_page_says_which_version_profile_and_document(reader: Reader) -> None:
    base = "https://example.org/directory"
    assert reader.get("/") == {"version": "3.1", "profile": f"{base}/profile/", "openapi_url": f"{base}/openapi.json"}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_pages_add_up_and_no_entry_is_on_two_of_them(reader: Reader, name: str, size: int) -> None:
    pages = list(reader.pages(name, per_page=size))
    ids = [one["id"] for page in pages for one in page["contents"]]
    assert len(set(ids)) == len(ids) == pages[0]["total_items"] > 0
    for number, page in enumerate(pages, 1):
        assert (page["page_number"], page["total_pages"], page["total_items"]) == (number, len(pages), len(ids))
        assert (page["first_page"], page["last_page"]) == (number == 1, number == len(pages))
        assert page["size"] == len(page["contents"]) > 0
        assert page["empty"] is False
    beyond = reader.get(f"/{name}", page=len(pages) + 1, per_page=size)
    assert (beyond["empty"], beyond["size"], beyond["contents"], beyond["last_page"]) == (True, 0, [], True)


@pytest.mark.parametrize("name", LISTS)
def test_every_field_is_a_known_one_and_none_is_null_or_empty(nowhere: Nowhere, name: str) -> None:
    page_shape, single = SHAPES[name]
    for seed in (1, 2, 3):
        reader = nowhere(seed)[0]
        full = {"full": True} if name in LISTS[:3] else {}
        for page in (*reader.pages(name), *reader.pages(name, **full)):
            assert page_shape().validate(page) == {}
            assert not list(_empty(page["contents"]))
        for one in reader.ids(name):
            entry = reader.get(f"/{name}/{one}")
            assert entry["id"] == one
            assert single().validate(entry) == {}
            assert not list(_empty(entry))


def test_a_list_holds_what_there_is_one_of_and_full_holds_everything(reader: Reader) -> None:
    for name in LISTS[:3]:
        for entry in reader.get(f"/{name}", per_page=100)["contents"]:
            assert not [field for field, value in _walk(entry) if isinstance(value, list)]
        for entry in reader.get(f"/{name}", per_page=100, full=True)["contents"]:
            assert entry == reader.get(f"/{name}/{entry['id']}")


def test_a_service_opened_has_its_points_with_hours_phones_and_areas(nowhere: Nowhere) -> None:
    held = set()
    for seed in (1, 2, 3):
        reader = nowhere(seed)[0]
        for one in reader.ids("services"):
            for field, _ in _walk(reader.get(f"/services/{one}")):
                held.add(field)
    wanted = {"schedules", "phones", "service_areas", "languages", "accessibility", "attributes", "taxonomy_term", "organization", "location", "latitude"}
    assert wanted <= held


def test_minimal_is_the_id_and_when_it_changed_all_on_one_page(reader: Reader) -> None:
    page = reader.get("/services", minimal=True)
    assert page["last_page"]
    assert [one["id"] for one in page["contents"]] == reader.ids("services")
    assert all(one.keys() == {"id", "last_modified"} for one in page["contents"])


def test_organizations_name_their_services_or_hold_them_whole(reader: Reader) -> None:
    named = reader.get("/organizations", per_page=100, full=True)["contents"]
    whole = reader.get("/organizations", per_page=100, full=True, full_service=True)["contents"]
    assert any("service_at_locations" in service for one in whole for service in one.get("services", ()))
    assert not any("service_at_locations" in service for one in named for service in one.get("services", ()))
    one = next(one for one in whole if "services" in one)
    assert reader.get(f"/organizations/{one['id']}", full_service=True) == one


def _filters(reader: Reader, draw: random.Random) -> dict[str, list[object]]:
    terms = [*reader.ids("taxonomy_terms"), hsds_id("taxonomy_term", "unheard of")]
    return {
        "search": ["sample", "WORD", "place", "service 1", "kind", "nothing like it"],
        "taxonomy_term_id": draw.sample(terms, 4),
        "taxonomy_id": reader.ids("taxonomies"),
        "organization_id": draw.sample(reader.ids("organizations"), 3),
        "modified_after": [THEN, THEN + timedelta(days=20), THEN + timedelta(days=50)],
        "place": ["K", "S1", "S2", "W1", "W4"],
    }


@quick
@given(seed=st.integers(1, 3), draw=st.randoms(use_true_random=False), name=st.sampled_from(LISTS[:3]))
def test_filters_combine_as_and(nowhere: Nowhere, seed: int, draw: random.Random, name: str) -> None:
    reader = nowhere(seed)[0]
    filters = _filters(reader, draw)
    usable = [one for one in filters if name != "organizations" or one not in {"organization_id", "modified_after"}]
    chosen = {one: draw.choice(filters[one]) for one in draw.sample(usable, draw.randint(2, 4))}
    everything = reader.ids(name)
    alone = [set(reader.ids(name, **{one: value})) for one, value in chosen.items()]
    assert reader.ids(name, **chosen) == [one for one in everything if all(one in found for found in alone)]


@quick
@given(seed=st.integers(1, 3), times=st.lists(st.integers(-10, 110_000), min_size=2, max_size=5), name=st.sampled_from(["services", "service_at_locations"]))
def test_what_changed_after_a_later_time_changed_after_an_earlier_one(nowhere: Nowhere, seed: int, times: list[int], name: str) -> None:
    reader = nowhere(seed)[0]
    moments = [THEN + timedelta(minutes=one) for one in sorted(times)]
    found = [set(reader.ids(name, modified_after=moment)) for moment in moments]
    assert all(later <= earlier for earlier, later in itertools.pairwise(found))
    if name == "services":
        for moment, ids in zip(moments, found, strict=True):
            pages = reader.get("/services", minimal=True)["contents"]
            assert ids == {one["id"] for one in pages if datetime.fromisoformat(one["last_modified"]) >= moment}


def test_a_place_gives_what_lies_in_it_serves_it_or_can_be_called(nowhere: Nowhere) -> None:
    reader = nowhere(2)[0]
    above = {"W1": {"S2", "K"}, "W2": {"S1", "K"}}
    for ward, higher in above.items():
        found = set(reader.ids("service_at_locations", place=ward))
        for one in reader.ids("service_at_locations"):
            point = reader.get(f"/service_at_locations/{one}")
            areas = {area["uri"] for area in (*point.get("service_areas", ()), *point["service"].get("service_areas", ()))}
            lies, anywhere = point["location"].get("place") == ward, not areas and point["location"]["location_type"] == "virtual"
            assert (one in found) == (lies or bool(areas & {ward, *higher}) or anywhere)


def test_search_finds_every_word_whatever_its_case_and_accents(reader: Reader) -> None:
    named = {one["id"]: one["name"] for one in reader.get("/services", per_page=100)["contents"]}
    one, name = next((one, name) for one, name in named.items() if "ask 116" not in name)
    assert one in reader.ids("services", search=name.upper())
    assert reader.ids("services", search="WORD") == reader.ids("services", search="wörd") != []
    assert reader.ids("services", search=f"{name} nowheretobefound") == []


@pytest.mark.parametrize("name", LISTS)
def test_a_query_in_the_body_gives_the_same_page(reader: Reader, name: str) -> None:
    body = {"search": "sample", "page": 1, "per_page": 5}
    response = reader.web.post(f"/{name}", json=body)
    assert response.status_code == 200
    assert json.loads(response.get_data()) == reader.get(f"/{name}", **body)
    assert response.headers["Cache-Control"] == "no-store"
    assert json.loads(reader.web.post(f"/{name}?search=sample", json={"per_page": 5}).get_data()) == reader.get(f"/{name}", **body)


def test_ids_are_uuids_and_the_same_in_another_process_and_after_a_reload(empty: Callable[[], Database], tmp_path: Path) -> None:
    def read(seed: int) -> dict[str, list[str]]:
        database = empty()
        with database.transaction() as session:
            Synthetic(session, random.Random(seed)).fill(8)
        reader = Reader(database, tmp_path / "counters")
        found = {name: reader.ids(name) for name in LISTS}
        database.close()
        return found

    first = read(5)
    assert first == read(5)
    for ids in first.values():
        assert [str(UUID(one)) for one in ids] == ids
    assert hsds_id("service", "S-1") != hsds_id("location", "S-1")
    assert hsds_id("service", first["services"][0]) == first["services"][0]
    assert hsds_id("service", "kwale-hospital") == "6d659aa9-5659-5cbc-a8b6-d877ccfa371c"


BAD = [
    {"page": 0}, {"page": "x"}, {"page": -1}, {"page": "1.5"}, {"page": "1_0"}, {"page": " 1"}, {"page": "+1"},
    {"page": "9" * 5000}, {"per_page": 0}, {"per_page": 101}, {"per_page": "all"}, {"format": "xml"}, {"format": "ndjson"},
    {"unheard_of": 1}, {"postcode": "80400"}, {"proximity": 1000}, {"search": "x" * 101},
]  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("asked", BAD, ids=str)
def test_what_cannot_be_answered_is_refused_with_a_reason(reader: Reader, name: str, asked: dict[str, object]) -> None:
    for response in (reader.ask(f"/{name}", **asked), reader.web.post(f"/{name}", json=asked)):
        assert response.status_code == 422
        said = json.loads(response.get_data())
        assert said["code"] == 422
        assert next(iter(asked)) in said["message"]


@pytest.mark.parametrize(
    "asked",
    [{"taxonomy_term_id": "talk"}, {"taxonomy_id": 1}, {"organization_id": "x"}, {"modified_after": "yesterday"}, {"place": "Atlantis"}, {"place": ""},
     {"full": "maybe"}, {"minimal": True, "full": True}],
    ids=str,
)  # fmt: skip
def test_services_refuse_bad_values(reader: Reader, asked: dict[str, object]) -> None:
    response = reader.ask("/services", **asked)
    assert response.status_code == 422
    assert next(iter(asked)) in json.loads(response.get_data())["message"]


def test_what_is_said_twice_or_is_no_json_is_refused(reader: Reader) -> None:
    assert reader.web.get("/services?page=1&page=2").status_code == 422
    assert reader.web.post("/services?page=1", json={"page": 1}).status_code == 422
    assert reader.web.post("/services", data="{", content_type="application/json").status_code == 400
    assert reader.web.post("/services", data={"page": "1"}).status_code == 415
    assert reader.web.post("/services", data="x" * 20_000, content_type="application/json").status_code == 413
    assert reader.web.post("/services", json=[1]).status_code == 422
    for path in ("/", f"/services/{reader.ids('services')[0]}"):
        assert reader.ask(path, full=True).status_code == 422


@pytest.mark.parametrize(
    "body",
    ["[" * 8000, '{"a":' * 3000, '{"search":' + "[" * 500 + "]" * 500 + "}", '{"page":' + "9" * 5000 + "}", '{"page":1,"page":2}', '{"page":NaN}',
     '{"page":true}', '{"page":1e400}', '{"search":{"search":"x"}}'],
    ids=lambda body: body[:12],
)  # fmt: skip
def test_a_body_that_nobody_would_ask_with_is_refused_and_breaks_nothing(reader: Reader, body: str) -> None:
    response = reader.web.post("/services", data=body, content_type="application/json")
    assert (response.status_code, json.loads(response.get_data())["code"]) == (422, 422)


def test_a_body_of_no_told_length_is_read_like_any_other(reader: Reader) -> None:
    for kind, status in (("text/plain", 415), ("application/json", 422)):
        sent = {"input_stream": BytesIO(b'{"page":0}'), "content_type": kind, "environ_overrides": {"wsgi.input_terminated": True}}
        assert reader.web.post("/services", **sent).status_code == status


def test_the_time_may_be_a_day_or_have_a_zone(reader: Reader) -> None:
    day = THEN.date() + timedelta(days=30)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert reader.ids("services", modified_after=day) == reader.ids("services", modified_after=midnight)


def _walk(content: Any) -> Iterator[tuple[str, Any]]:
    pairs = content.items() if isinstance(content, dict) else ((str(at), one) for at, one in enumerate(content)) if isinstance(content, list) else ()
    for name, value in pairs:
        yield name, value
        yield from _walk(value)


def _empty(content: Any) -> Iterator[str]:
    return (name for name, value in _walk(content) if value is None or value in ("", [], {}))
