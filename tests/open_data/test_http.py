"""How the open directory answers: to caches, to pages of other sites, to those who ask too much, and to the gateway's neighbours."""

from __future__ import annotations

import json
import random
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.test import Client, TestResponse

from referral.directory.hsds_catalogue import CatalogueCache, Collection
from referral.directory.hsds_ids import hsds_id
from referral.directory.people import bump
from referral.directory.point_records import HoursRow
from referral.directory.service_records import LocationRow, OrganizationRow, ServiceAtLocationRow, ServiceRow
from referral.open_data.limits import SharedFile
from referral.open_data.profile import LISTS as STANDARD
from referral.settings import Settings
from referral.store.database import Database
from referral.vocabulary.help import HelpKind
from referral.web import application
from tests.conftest import START, Kept, settings_for
from tests.fakes import FixedClock
from tests.open_data.conftest import LISTS, NAIROBI, PUBLIC_URL, Reader
from tests.open_data.synthetic import Synthetic
from tests.world import World

PATHS = ["/", "/profile/", "/profile/location.json", "/openapi.json", *(f"/{name}" for name in LISTS)]


@pytest.mark.parametrize("path", PATHS)
def test_who_has_the_content_is_told_so(reader: Reader, path: str) -> None:
    first = reader.web.get(path)
    tag = first.headers["ETag"]
    again = reader.web.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", tag)
    assert reader.web.get(path, headers={"If-None-Match": '"another"'}).status_code == 200
    assert first.headers["Cache-Control"] == "public, max-age=60, must-revalidate"
    head = reader.web.head(path)
    assert (head.status_code, head.get_data(), head.headers["ETag"]) == (200, b"", tag)


def test_a_change_is_another_content(empty: Callable[[], Database], tmp_path: Path) -> None:
    database = empty()
    with database.transaction() as session:
        Synthetic(session, random.Random(3)).fill(8)
    reader = Reader(database, tmp_path / "counters")
    tag = reader.web.get("/services").headers["ETag"]
    with database.transaction() as session:
        bump(session)
    assert reader.web.get("/services", headers={"If-None-Match": tag}).status_code == 304, "an officer's change is none of ours"
    with database.transaction() as session:
        for row in session.query(ServiceRow):
            row.min_age = 3
        bump(session)
    assert reader.web.get("/services", headers={"If-None-Match": tag}).status_code == 200
    database.close()


def test_another_day_is_another_content_and_every_process_says_the_same_all_day(empty: Callable[[], Database]) -> None:
    database, today = empty(), START.astimezone(NAIROBI)
    listed: dict[str, Any] = {"updated_at": START, "source": "list", "sample": False}
    with database.transaction() as session:
        session.add(OrganizationRow(id="o", name="Helpers", sector="ngo", **listed))
        session.flush()
        session.add(LocationRow(id="l", organization="o", name="House", **listed))
        session.add(ServiceRow(id="s", organization="o", name="Helpers", kind=HelpKind.TALK, **listed))
        session.flush()
        session.add(ServiceAtLocationRow(id="p", service="s", location="l", code="99ZZ", short_name="House", **listed))
        session.flush()
        session.add(HoursRow(id="h", service_at_location="p", days=127, opens=0, closes=0, valid_to=today.date() + timedelta(days=1)))
        bump(session)
    clock = FixedClock(START)
    one = CatalogueCache(database, NAIROBI, clock)
    for hours in (-12, 0, 12, 24, 36, 48, 72):
        moment = START + timedelta(hours=hours)
        clock.now = moment
        points = [one.catalogue().full(Collection.SERVICE_AT_LOCATIONS, hsds_id("service_at_location", "p"))]
        fresh = CatalogueCache(database, NAIROBI, lambda moment=moment: moment)
        points.append(fresh.catalogue().full(Collection.SERVICE_AT_LOCATIONS, hsds_id("service_at_location", "p")))
        assert points[0] == points[1]
        assert points[0] is not None
        assert ("schedules" in points[0]) == (moment.astimezone(NAIROBI).date() <= today.date() + timedelta(days=1))
    database.close()


@pytest.mark.parametrize("path", [*PATHS, "/nowhere", "/services?page=0"])
def test_any_page_may_read_it_and_nothing_else_of_it(reader: Reader, path: str) -> None:
    response = reader.web.get(path)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response.content_type == "application/json"
    assert "Set-Cookie" not in response.headers
    assert "Retry-After" not in response.headers


def test_a_page_may_ask_before_it_posts(reader: Reader) -> None:
    response = reader.web.options("/services", headers={"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"})
    assert response.status_code == 200
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in response.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    "path", [f"/{name}/{one}" for name in LISTS for one in ("x", "00000000-0000-4000-8000-000000000000")] + ["/locations", "/profile/x.json"]
)
def test_what_is_not_published_is_not_there(reader: Reader, path: str) -> None:
    response = reader.web.get(path)
    assert response.status_code == 404
    assert json.loads(response.get_data()) == {"code": 404, "status": "Not Found", "message": "There is nothing published here."}
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_nothing_can_be_written(reader: Reader, method: str) -> None:
    for path in ("/services", f"/services/{reader.ids('services')[0]}", "/"):
        response = reader.web.open(path, method=method)
        assert response.status_code == 405
        assert "GET" in response.headers["Allow"]


def test_the_document_is_sound_and_names_every_address(reader: Reader) -> None:
    document = reader.get("/openapi.json")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": f"{PUBLIC_URL}/directory"}]
    for name in LISTS:
        assert document["paths"][f"/{name}"].keys() == {"get", "post"}
        assert "get" in document["paths"][f"/{name}/{{id}}"]
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values() if "operationId" in operation]
    assert len(set(names)) == len(names) == 16


def test_the_profile_adds_a_place_and_names_the_parameters_that_are_taken(reader: Reader) -> None:
    page = reader.get("/profile/")
    assert set(page["patches"]) == {"schema/location.json", "schema/openapi.json"}
    for address in page["patches"].values():
        reader.get(address.removeprefix(f"{PUBLIC_URL}/directory"))
    assert reader.get("/profile/location.json")["properties"].keys() == {"place"}
    document = reader.get("/openapi.json")
    for name, parameters in STANDARD.items():
        assert {one["name"] for one in document["paths"][f"/{name}"]["get"]["parameters"]} == {*parameters, "place"}


def test_who_asks_too_much_waits_whichever_process_answers(reader: Reader, tmp_path: Path) -> None:
    counters = tmp_path / "counters"
    processes = [Reader(reader.database, counters, limit="20 per minute") for _ in range(3)]
    answers = [processes[at % 3].ask("/") for at in range(30)]
    assert [one.status_code for one in answers] == [200] * 20 + [429] * 10
    refused = answers[-1]
    assert json.loads(refused.get_data())["message"] == "Too many requests: wait a minute."
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert stat.S_IMODE(counters.stat().st_mode) == 0o600
    assert processes[0].ask("/services", page=0).status_code == 429, "refusals count too"
    assert processes[0].web.get("/", environ_overrides={"REMOTE_ADDR": "192.0.2.9"}).status_code == 200


def test_behind_a_proxy_of_this_machine_callers_are_told_apart_by_the_last_address(reader: Reader, tmp_path: Path) -> None:
    asker = Reader(reader.database, tmp_path / "counters", limit="1 per minute")

    def ask(forwarded: str, peer: str = "127.0.0.1") -> int:
        return asker.web.get("/", headers={"X-Forwarded-For": forwarded}, environ_overrides={"REMOTE_ADDR": peer}).status_code

    assert [ask("192.0.2.1"), ask("192.0.2.2"), ask("192.0.2.1")] == [200, 200, 429]
    assert ask("198.51.100.7, 192.0.2.1") == 429, "what stands before the proxy's own word anybody can make up"
    assert [ask("192.0.2.50", "203.0.113.5"), ask("192.0.2.51", "203.0.113.5")] == [200, 429], "a caller who is no proxy cannot name another"
    assert [ask("2001:db8:1:2::1"), ask("2001:db8:1:2::2"), ask("2001:db8:1:3::1")] == [200, 429, 200]


def test_the_counters_hold_no_address(reader: Reader, tmp_path: Path) -> None:
    counters = tmp_path / "counters"
    asker = Reader(reader.database, counters, limit="5 per minute")
    asker.web.get("/", environ_overrides={"REMOTE_ADDR": "192.0.2.77"})
    assert counters.stat().st_size <= (1 << 16) * 8
    assert len(counters.read_bytes().replace(b"\0", b"")) <= 8


def test_without_the_file_requests_are_counted_all_the_same(reader: Reader, tmp_path: Path) -> None:
    asker = Reader(reader.database, tmp_path / "no" / "such" / "folder", limit="3 per minute")
    assert [asker.ask("/").status_code for _ in range(5)] == [200, 200, 200, 429, 429]


def test_counters_count_right_from_many_threads_and_processes(tmp_path: Path) -> None:
    stores = [SharedFile(f"sharedfile://{tmp_path / 'counters'}") for _ in range(3)]
    threads = [threading.Thread(target=lambda at=at: [stores[at % 3].incr("one", 60) for _ in range(100)]) for at in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stores[0].get("one") == 600
    stores[1].clear("one")
    assert stores[2].get("one") == 0
    assert stores[0].check()


@pytest.fixture
def service(sqlite_county: Kept, clock: FixedClock) -> Iterator[World]:
    name = f"o{random.getrandbits(64):016x}"
    world = World(settings_for(sqlite_county.fresh(name)), clock)
    yield world
    world.close()
    sqlite_county.drop(name)


def test_the_service_serves_it_under_directory(service: World) -> None:
    web = Client(application(service.service), TestResponse)
    settings: Settings = service.service.settings
    for path in ("/directory", "/directory/"):
        assert json.loads(web.get(path).get_data())["openapi_url"] == f"{settings.public_url}/directory/openapi.json"
    page = json.loads(web.get("/directory/services").get_data())
    assert page["total_items"] > 100
    assert web.get("/directory/nowhere").status_code == HTTPStatus.NOT_FOUND
    assert web.get("/healthz").get_data() == b"ok\n"
    text = web.get("/directory/services?full=true&per_page=100").get_data(as_text=True)
    assert "+2547" not in text
    assert '"116"' in web.get("/directory/services?search=helpline&full=true").get_data(as_text=True)
