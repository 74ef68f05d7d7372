"""The telephone door, as the gateway and a caller meet it."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from ipaddress import ip_network
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from referral.intake.records import SessionRecord
from referral.privacy.daykeys import DayKeyRecord
from referral.privacy.records import CounterRecord
from tests.conftest import START, TOKENS, settings_for
from tests.fakes import FixedClock
from tests.world import HOME, NOW, SEXABUSE, World, as_far_as_ward, on_sqlite, sent

FORM = {"sessionId": "ATUid_1", "phoneNumber": "+254700000001", "networkCode": "63902", "serviceCode": "*384*96#", "text": ""}


def hop(world: World, **changes: str) -> TestResponse:
    return world.web.post(f"/ussd/{TOKENS[0]}", data={**FORM, **changes})


def counted(world: World) -> dict[str, int]:
    """How many rows each table has."""
    from referral.store.base import Base

    with world.rows() as session:
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in Base.metadata.sorted_tables}


def assert_a_screen(answer: TestResponse) -> str:
    words = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; charset=utf-8"
    assert words.startswith(("CON ", "END "))
    return words


class TestTheToken:
    @pytest.mark.parametrize(
        "path", ["wrong", TOKENS[0][:-1], TOKENS[0] + "x", TOKENS[1], TOKENS[0].upper(), "%00", quote("ů" * 38), "wrong/ended", f"{TOKENS[1]}/ended"]
    )
    def test_a_wrong_one_finds_nothing(self, sqlite_world: World, path: str) -> None:
        answer = sqlite_world.web.post(f"/ussd/{path}", data=FORM)
        assert (answer.status_code, answer.data) == (404, b"")

    def test_looking_at_the_address_in_a_browser_shows_nothing(self, sqlite_world: World) -> None:
        for token in (TOKENS[0], "wrong"):
            answer = sqlite_world.web.get(f"/ussd/{token}")
            assert (answer.status_code in (404, 405), answer.data) == (True, b"")

    def test_both_tokens_work_while_one_is_being_replaced(self, sqlite_county, clock: FixedClock) -> None:  # type: ignore[no-untyped-def]
        newer = "n" * 20 + "ewer-token-of-tests"
        world = World(settings_for(sqlite_county.fresh("two-tokens"), ussd_tokens=(newer, TOKENS[0])), clock)
        for token in (newer, TOKENS[0]):
            assert_a_screen(world.web.post(f"/ussd/{token}", data=FORM))
        world.close()

    def test_no_cookie_and_no_header_marks_the_caller(self, sqlite_world: World) -> None:
        assert not {"set-cookie", "etag", "last-modified"} & {name.lower() for name, _ in hop(sqlite_world).headers}


class TestWhateverArrivesIsAnsweredWithAScreen:
    @pytest.mark.parametrize("missing", ["phoneNumber", "networkCode", "serviceCode", "text", "sessionId"])
    def test_a_field_is_missing(self, sqlite_world: World, missing: str) -> None:
        form = {**FORM, "text": "1"}
        del form[missing]
        assert_a_screen(sqlite_world.web.post(f"/ussd/{TOKENS[0]}", data=form))

    def test_no_form_at_all(self, sqlite_world: World) -> None:
        address = f"/ussd/{TOKENS[0]}"
        first = sqlite_world.phone().dial()
        assert assert_a_screen(sqlite_world.web.post(address)) == first
        apology = said(sqlite_world, "fault.broken")
        assert assert_a_screen(sqlite_world.web.post(address, data=json.dumps(FORM), content_type="application/json")) == apology
        assert assert_a_screen(sqlite_world.web.post(address, data={**FORM, "text": "1"}, content_type="multipart/form-data")) == apology
        assert_a_screen(sqlite_world.web.post(address, data=b"\x00\xff\xfe", content_type="application/x-www-form-urlencoded"))
        assert_a_screen(sqlite_world.web.post(address, data=b"--x\r\nbroken", content_type="multipart/form-data; boundary=x"))

    def test_a_field_comes_twice(self, sqlite_world: World) -> None:
        before = counted(sqlite_world)
        for name in FORM:
            words = assert_a_screen(sqlite_world.web.post(f"/ussd/{TOKENS[0]}", data={**FORM, "text": "1", name: ["1", "5"]}))
            assert words == said(sqlite_world, "fault.broken")
        assert counted(sqlite_world) == {**before, "counter": 1}

    def test_more_fields_than_the_gateway_has(self, sqlite_world: World) -> None:
        assert assert_a_screen(hop(sqlite_world, **{f"f{at}": "" for at in range(40)})) == said(sqlite_world, "fault.broken")

    def test_a_megabyte(self, sqlite_world: World) -> None:
        assert assert_a_screen(hop(sqlite_world, text="1*" * 500_000)).startswith("END ")

    def test_a_hundred_kilobytes(self, sqlite_world: World) -> None:
        before = counted(sqlite_world)
        assert assert_a_screen(hop(sqlite_world, text="1*" * 50_000)).startswith("END ")
        assert counted(sqlite_world) == {**before, "counter": 1}

    @pytest.mark.parametrize(
        "raw", [b"text=%FF%FE&sessionId=s", b"text=1*%00&sessionId=s", b"text=1*%F0%9F%98%80&sessionId=%F0%9F%98%80", b"text=%ED%A0%80&sessionId=%ED%A0%80"]
    )
    def test_bytes_no_keypad_sends(self, world: World, raw: bytes) -> None:
        answer = world.web.post(f"/ussd/{TOKENS[0]}", data=raw, content_type="application/x-www-form-urlencoded")
        assert "\x00" not in assert_a_screen(answer)

    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        said=st.one_of(st.lists(st.sampled_from([*"0123456789", "", "98", "00", " 1", "１", "سلام", "ab" * 50])).map("*".join), st.text(max_size=60)),  # noqa: RUF001
        session=st.text(max_size=20),
        code=st.sampled_from(["*384*96#", "*384*97#", "*384*96*5#", ""]),
        number=st.one_of(st.just("+254700000001"), st.text(max_size=12)),
    )
    def test_anything_typed(self, sqlite_world: World, said: str, session: str, code: str, number: str) -> None:
        session = session and f"{session} {number.strip()}"  # a session is one caller's
        words = assert_a_screen(hop(sqlite_world, text=said, sessionId=session, serviceCode=code, phoneNumber=number))
        assert words != f"END {sqlite_world.service.catalogue.say('sw', 'fault.broken')}" or not session


class TestWhoeverIsNotTheGateway:
    """Had the token, and says what the gateway would not. Answered like a fault of ours, counted, and nothing is kept."""

    def test_a_code_that_is_not_ours(self, sqlite_world: World) -> None:
        for code in ("*384*98#", "*384*960#", "*384#", "junk"):
            assert assert_a_screen(hop(sqlite_world, text="1", serviceCode=code)) == said(sqlite_world, "fault.broken")
        assert assert_a_screen(hop(sqlite_world, serviceCode="*384*96*77#")).startswith("CON ")
        assert counts(sqlite_world) == {"ussd.other_code": 1}  # the others are written half a minute later

    def test_practising_with_an_extension_is_practising(self, sqlite_world: World) -> None:
        line = sqlite_world.service.catalogue.say("sw", "frame.practice")
        assert line in assert_a_screen(hop(sqlite_world, serviceCode="*384*97*1#"))

    def test_somebody_elses_number_in_a_call_that_is_going_on(self, sqlite_world: World) -> None:
        phone = sent(sqlite_world.phone("+254700000001"))
        shown, before = phone.screen, counted(sqlite_world)
        form = {**phone._form, "phoneNumber": "+254700000002", "text": phone._text}
        assert sqlite_world.web.post(f"/ussd/{TOKENS[0]}", data=form).get_data(as_text=True) == said(sqlite_world, "fault.broken")
        form["text"] += "*1"
        assert sqlite_world.web.post(f"/ussd/{TOKENS[0]}", data=form).get_data(as_text=True) == said(sqlite_world, "fault.broken")
        assert counted(sqlite_world) == {**before, "counter": 1}
        assert phone.again() == shown

    def test_strangers_are_counted_and_write_at_most_twice_a_minute(self, sqlite_world: World) -> None:
        for _ in range(50):
            assert sqlite_world.web.post("/ussd/wrong", data=FORM).status_code == 404
        assert counts(sqlite_world) == {"ussd.stray": 1}
        sqlite_world.clock.turn(timedelta(seconds=31))
        sqlite_world.web.post("/ussd/wrong", data=FORM)
        assert counts(sqlite_world) == {"ussd.stray": 51}


class TestWhereTheGatewayCallsFrom:
    @pytest.mark.parametrize(("enforce", "status"), [(False, 200), (True, 404)])
    def test_another_address_is_counted_and_refused_only_where_it_is_told_to_be(
        self,
        sqlite_county,
        clock: FixedClock,
        enforce: bool,
        status: int,  # type: ignore[no-untyped-def]
    ) -> None:
        listed = {"callback_ips": (ip_network("192.0.2.0/24"),), "callback_ips_enforce": enforce}
        world = World(settings_for(sqlite_county.fresh(f"listed-{enforce}"), **listed), clock)
        address = f"/ussd/{TOKENS[0]}"
        assert world.web.post(address, data=FORM, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200
        assert counts(world) == {}
        assert world.web.post(address, data=FORM, environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == status
        assert world.web.post(address, data=FORM, headers={"X-Forwarded-For": "192.0.2.7"}).status_code == status
        assert counts(world) == {"ussd.other_address": 1}
        world.close()

    def test_behind_a_proxy_of_ours_the_address_is_what_the_proxy_says(self, sqlite_county, clock: FixedClock) -> None:  # type: ignore[no-untyped-def]
        listed = {"callback_ips": (ip_network("192.0.2.0/24"),), "callback_ips_enforce": True, "trusted_proxies": 1}
        world = World(settings_for(sqlite_county.fresh("proxied"), **listed), clock)
        heads = {"X-Forwarded-For": "203.0.113.5, 192.0.2.7"}
        assert world.web.post(f"/ussd/{TOKENS[0]}", data=FORM, headers=heads).status_code == 200
        assert world.web.post(f"/ussd/{TOKENS[0]}", data=FORM, headers={"X-Forwarded-For": "192.0.2.7, 203.0.113.5"}).status_code == 404
        world.close()


class TestOurOwnFault:
    def test_a_broken_database_ends_the_call_with_116(self, sqlite_world: World) -> None:
        phone = sqlite_world.phone()
        phone.dial()
        with sqlite_world.service.database.transaction() as session:
            session.execute(text("DROP TABLE ussd_session"))
        assert phone.key("1").startswith("END ")
        assert "116" in phone.screen

    def test_a_broken_database_does_not_touch_the_first_screen(self, sqlite_world: World) -> None:
        whole = sqlite_world.phone().dial()
        with sqlite_world.service.database.transaction() as session:
            for table in ("ussd_session", "directory_version", "day_key"):
                session.execute(text(f"DROP TABLE {table}"))
        assert sqlite_world.phone().dial() == whole

    def test_dialling_alone_leaves_no_row(self, world: World) -> None:
        before = counted(world)
        for _ in range(3):
            world.phone().dial()
        assert counted(world) == before


class TestARepeatedRequest:
    def test_every_earlier_one_gets_the_same_bytes_and_changes_nothing(self, world: World) -> None:
        phone = world.phone()
        keys = ["", "6", "1", NOW, *SEXABUSE, "1", "2", *HOME, "1", "1", "7", "1"]
        said = ["*".join(key for key in keys[: at + 1] if key) for at in range(len(keys))]
        heard = [hop(world, text=one, sessionId="repeated").data for one in said]
        before = counted(world)
        assert before["report"] == 1
        for one, was in reversed(list(zip(said, heard, strict=True))):
            assert hop(world, text=one, sessionId="repeated").data == was
            assert counted(world) == before
        assert phone.screen == ""

    def test_it_holds_for_a_quarter_of_an_hour_and_shows_nothing_later(self, world: World) -> None:
        phone = sent(world.phone())
        shown = phone.screen
        world.wait(timedelta(minutes=14))
        assert phone.again() == shown
        world.wait(timedelta(minutes=17))
        assert not re.search(r"\d{4} \d{4} \d{4}", phone.again())
        assert counted(world)["report"] == 1

    def test_the_same_digits_in_another_session_show_nothing_of_this_one(self, world: World) -> None:
        code = sent(world.phone()).screen
        other = world.phone()
        for one in ("1", "1*1", "1*1*1"):
            assert re.search(r"\d{4} \d{4} \d{4}", hop(world, text=one, sessionId="not-that-one").get_data(as_text=True)) is None
        assert other.dial() != code

    def test_two_callers_without_a_session_share_nothing(self, world: World) -> None:
        said = "1*1*1*1*2*1*1"
        for at in range(1, len(said) + 1, 2):
            hop(world, text=said[:at], sessionId="")
        second = hop(world, text=said, sessionId="", phoneNumber="+254700000002").get_data(as_text=True)
        assert re.search(r"\d{4} \d{4} \d{4}", second) is None


@on_sqlite
class TestTextsThatDoNotGrow:
    def test_one_and_then_one_star_one(self, world: World) -> None:
        assert "hatarini" in hop(world, text="1").get_data(as_text=True).lower()
        second = hop(world, text="1*1").get_data(as_text=True)
        assert second == as_of(world, "1", "1")

    def test_a_shrinking_one_shows_the_screen_of_then_and_the_way_goes_on_from_the_longest(self, world: World) -> None:
        phone = as_far_as_ward(world.phone())
        longest = phone.screen
        assert hop(world, text="1*1", sessionId=session_of(phone)).get_data(as_text=True) == as_of(world, "1", "1")
        assert phone.again() == longest
        assert sum(sign.isdigit() for sign in phone.keys(*HOME, "1")) >= 12

    def test_a_fork_is_walked_from_the_start(self, world: World) -> None:
        hop(world, text="1*1*1", sessionId="fork")
        assert hop(world, text="1*3", sessionId="fork").get_data(as_text=True) == as_of(world, "1", "3")

    def test_a_fork_after_sent_leaves_the_report_and_the_screen(self, world: World) -> None:
        phone = sent(world.phone())
        shown, before = phone.screen, counted(world)
        assert hop(world, text="1*1*4*1*2*1*1", sessionId=session_of(phone)).get_data(as_text=True) == shown
        assert counted(world) == before

    def test_a_jump_never_sends(self, world: World) -> None:
        hop(world, text="1", sessionId="jump")
        words = hop(world, text="1*1*1*1*2*1*1", sessionId="jump").get_data(as_text=True)
        assert re.search(r"\d{4} \d{4} \d{4}", words) is None
        assert counted(world)["report"] == 0

    def test_dialling_deep_stops_before_send(self, world: World) -> None:
        deep = world.phone().dial("1*1*1*1*2*1*1")
        assert deep == as_of(world, "1", "1", "1", "1", "2", "1")
        assert counted(world)["report"] == 0

    def test_dialling_deep_into_help_now_does_not_send_either(self, world: World) -> None:
        world.phone().dial("2*1*2*1")
        assert counted(world)["report"] == 0

    def test_dialling_deep_what_does_not_fit_is_the_first_screen(self, world: World) -> None:
        assert world.phone().dial("1*1*8*8") == world.phone().dial()

    def test_a_hop_over_midnight_in_greenwich_goes_on(self, world: World) -> None:
        world.clock.now = datetime(2026, 3, 4, 23, 59, 30, tzinfo=START.tzinfo)
        phone = as_far_as_ward(world.phone())
        world.clock.turn(timedelta(minutes=1))
        phone.keys(*HOME, "1")
        assert sum(sign.isdigit() for sign in phone.screen) >= 12
        shown = phone.screen
        assert phone.again() == shown
        with world.rows() as session:
            assert session.scalar(select(func.count()).select_from(SessionRecord)) == 1
            assert session.scalar(select(func.count()).select_from(DayKeyRecord)) == 2

    def test_two_callers_at_once_do_not_meet(self, world: World) -> None:
        one, other = world.phone("+254700000001"), world.phone("+254700000002")
        one.dial()
        other.dial()
        one.key("1")
        other.key("6")
        assert one.key(NOW) == as_of(world, "1", NOW)
        assert "Report" in other.screen


@on_sqlite
class TestPractice:
    def test_it_files_nothing_and_says_so(self, world: World) -> None:
        phone = world.phone(code="*384*97#")
        shown = [phone.dial(), *(phone.key(key) for key in ("1", NOW, *SEXABUSE, "1", "2", *HOME, "1", "2"))]
        line = world.service.catalogue.say("sw", "frame.practice")
        assert all(line in screen for screen in shown)
        world.wait(timedelta(minutes=20))
        rows = counted(world)
        assert (rows["report"], rows["alert"], rows["ladder"], rows["audit"]) == (0, 0, 0, counted_at_start(world))
        assert world.gateway.sent == []

    def test_one_that_breaks_off_files_nothing(self, world: World) -> None:
        phone = as_far_as_ward(world.phone(code="*384*97#"))
        phone.hang_up()
        world.wait(timedelta(minutes=5))
        assert counted(world)["report"] == 0


class TestTheEndOfACall:
    def test_the_event_is_answered_whatever_is_in_it(self, world: World) -> None:
        for form in ({}, {"sessionId": ""}, {"sessionId": "never seen"}, {"sessionId": "x", "input": "1*2", "lastAppResponse": "CON …", "status": "Failed"}):
            answer = world.web.post(f"/ussd/{TOKENS[0]}/ended", data=form)
            assert (answer.status_code, answer.data) == (200, b"")


def said(world: World, key: str) -> str:
    return f"END {world.service.catalogue.say('sw', key)}"


def counts(world: World) -> dict[str, int]:
    """What was counted of requests that should not be."""
    with world.rows() as session:
        return {row.name: row.count for row in session.scalars(select(CounterRecord))}


def as_of(world: World, *keys: str) -> str:
    phone = world.phone("+254700000099")
    phone.dial()
    return phone.keys(*keys)


def session_of(phone: object) -> str:
    return str(phone._form["sessionId"])  # type: ignore[attr-defined]


def counted_at_start(world: World) -> int:
    """Loading the directory is audited; a call must add nothing to it."""
    from referral.privacy.audit import Action, AuditRecord

    with world.rows() as session:
        return session.scalar(select(func.count()).select_from(AuditRecord).where(AuditRecord.action == Action.DIRECTORY_LOADED)) or 0
