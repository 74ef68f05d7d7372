"""The door for texts: stored before it is answered for, whatever the gateway sends."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from referral.intake.records import TextRecord
from referral.privacy.records import CounterRecord
from referral.store.base import Base
from tests.conftest import TOKENS
from tests.world import World

FORM = {
    "from": "+254700000901",
    "to": "22384",
    "text": "Mtoto anapigwa",
    "date": "2026-03-04 07:00:00",
    "id": "id-1",
    "linkId": "",
    "networkCode": "63902",
    "cost": "0",
}


def kept(world: World) -> int:
    with world.rows() as session:
        return session.scalar(select(func.count()).select_from(TextRecord)) or 0


class TestInbound:
    @pytest.mark.parametrize("missing", ["from", "to", "text", "date", "id"])
    def test_a_field_is_missing_and_the_text_is_kept_all_the_same(self, sqlite_world: World, missing: str) -> None:
        form = {name: value for name, value in FORM.items() if name != missing}
        sqlite_world.post(f"/sms/{TOKENS[1]}/inbound", form)
        assert kept(sqlite_world) == 1

    def test_what_cannot_be_kept_is_asked_for_again(self, sqlite_world: World) -> None:
        with sqlite_world.service.database.transaction() as session:
            session.execute(text("DROP TABLE inbound_text"))
        answer = sqlite_world.web.post(f"/sms/{TOKENS[1]}/inbound", data=FORM)
        assert (answer.status_code, answer.data) == (500, b"")

    def test_without_an_id_two_different_texts_are_two(self, world: World) -> None:
        form = {name: value for name, value in FORM.items() if name != "id"}
        for words in ("moja", "mbili", "moja"):
            world.post(f"/sms/{TOKENS[1]}/inbound", {**form, "text": words})
        assert kept(world) == 2

    def test_a_second_text_that_came_later_without_an_id_is_not_taken_for_the_first(self, world: World) -> None:
        form = {name: value for name, value in FORM.items() if name != "id"}
        for date in ("2026-03-04 07:00:00", "2026-03-04 07:10:00"):
            world.post(f"/sms/{TOKENS[1]}/inbound", {**form, "date": date})
            world.clock.turn(timedelta(minutes=10))
        assert kept(world) == 2

    def test_a_wrong_token_finds_nothing(self, sqlite_world: World) -> None:
        for path in ("wrong/inbound", f"{TOKENS[0]}/inbound", f"{TOKENS[1]}/nothing", TOKENS[1], ""):
            answer = sqlite_world.web.post(f"/sms/{path}", data=FORM)
            assert (answer.status_code, answer.data) == (404, b"")
        assert kept(sqlite_world) == 0

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        form=st.dictionaries(st.sampled_from(["from", "to", "text", "date", "id", "status", "failureReason", "phoneNumber", "more"]), st.text(max_size=40)),
        what=st.sampled_from(["inbound", "delivery", "opt-out"]),
    )
    def test_any_form_is_taken(self, sqlite_world: World, form: dict[str, str], what: str) -> None:
        assert sqlite_world.web.post(f"/sms/{TOKENS[1]}/{what}", data=form).status_code == 200

    @pytest.mark.parametrize("what", ["inbound", "delivery", "opt-out"])
    def test_bytes_that_are_no_form_are_taken(self, sqlite_world: World, what: str) -> None:
        address = f"/sms/{TOKENS[1]}/{what}"
        assert sqlite_world.web.post(address, data=json.dumps(FORM), content_type="application/json").status_code == 200
        assert sqlite_world.web.post(address, data=b"text=%FF%00&id=%ED%A0%80&from=%C3", content_type="application/x-www-form-urlencoded").status_code == 200
        assert sqlite_world.web.post(address).status_code == 200


class TestWhatIsNotTheGateways:
    @pytest.mark.parametrize("what", ["inbound", "delivery", "opt-out"])
    def test_a_field_that_comes_twice_is_answered_counted_and_not_kept(self, sqlite_world: World, what: str) -> None:
        answer = sqlite_world.web.post(f"/sms/{TOKENS[1]}/{what}", data={**FORM, "from": ["+254700000901", "+254700000902"]})
        assert (answer.status_code, answer.data) == (200, b"")
        assert kept(sqlite_world) == 0
        assert counts(sqlite_world) == {"sms.field_twice": 1}

    def test_another_short_code_is_not_ours(self, sqlite_world: World) -> None:
        sqlite_world.post(f"/sms/{TOKENS[1]}/inbound", {**FORM, "to": "40404"})
        assert kept(sqlite_world) == 0
        assert counts(sqlite_world) == {"sms.other_short_code": 1}

    def test_a_megabyte_is_too_long(self, sqlite_world: World) -> None:
        answer = sqlite_world.web.post(f"/sms/{TOKENS[1]}/inbound", data={**FORM, "text": "x" * 1_000_000})
        assert (answer.status_code, answer.data) == (413, b"")
        assert kept(sqlite_world) == 0

    def test_a_receipt_for_a_text_nobody_sent_changes_nothing_and_is_counted(self, sqlite_world: World) -> None:
        for status in ("Success", "Failed"):
            sqlite_world.receipt("made-up", status)
        sqlite_world.wait(timedelta(minutes=20))
        assert counts(sqlite_world) == {"sms.unknown_receipt": 1}
        assert sqlite_world.gateway.sent == []

    @pytest.mark.parametrize("what", ["inbound", "delivery", "opt-out"])
    def test_a_replay_changes_nothing(self, sqlite_world: World, what: str) -> None:
        form = {**FORM, "status": "Failed", "phoneNumber": "+254700000901", "failureReason": "UserInBlackList"}
        sqlite_world.post(f"/sms/{TOKENS[1]}/{what}", form)
        before = every_row(sqlite_world)
        for _ in range(3):
            sqlite_world.post(f"/sms/{TOKENS[1]}/{what}", form)
        assert every_row(sqlite_world) == before


def every_row(world: World) -> dict[str, int]:
    with world.rows() as session:
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in Base.metadata.sorted_tables}


def counts(world: World) -> dict[str, int]:
    """What was counted of requests that should not be."""
    with world.rows() as session:
        return {row.name: row.count for row in session.scalars(select(CounterRecord))}


def test_the_words_of_pages_are_never_shown_on_a_refusal(sqlite_world: World) -> None:
    for path in ("/", "/nothing", "/ussd", "/ussd/", "/sms", "/sms/", "/ussd/x/y/z", "/healthz/x"):
        for call in (sqlite_world.web.get, sqlite_world.web.post, sqlite_world.web.put):
            answer = call(path)
            assert answer.status_code in (404, 405)
            assert answer.data == b""


def test_alive_and_ready(world: World) -> None:
    assert world.web.get("/healthz").status_code == 200
    assert world.web.get("/readyz").status_code == 503
    world.work()
    assert world.web.get("/readyz").status_code == 200
