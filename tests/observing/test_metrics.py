"""What whoever watches sees: figures that say how the service does, and nothing of whom it serves."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import Client

from referral.gateway.port import TIMEOUT, Balance, FetchFailed
from referral.web import application
from tests.conftest import START, settings_for
from tests.fakes import FixedClock, RecordingGateway
from tests.world import LABOUR, NOT_NOW, World, on_sqlite, sent

TOKEN = "m" * 10 + "etrics-token-of-the-tests-0123456789"
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def page(world: World) -> str:
    answer = world.web.get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def figures(text: str) -> Figures:
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in text_string_to_metric_families(text) for s in family.samples}


def value(world: World, name: str, **labels: str) -> float:
    return figures(page(world))[name, tuple(sorted(labels.items()))]


def test_calls_are_counted_by_what_was_answered_and_never_by_who_called(world: World) -> None:
    sent(world.phone("+254700000017"))
    world.web.post("/ussd/" + "x" * 40, data={"sessionId": "a"})
    found = figures(page(world))
    assert found["referral_requests_total", (("door", "ussd"), ("outcome", "con"))] >= 6
    assert found["referral_requests_total", (("door", "ussd"), ("outcome", "404"))] == 1
    hops = sum(count for (name, labels), count in found.items() if name == "referral_requests_total" and dict(labels)["outcome"] in ("con", "end"))
    assert found["referral_request_seconds_count", (("door", "ussd"),)] == hops


def test_what_waits_is_seen_by_lane_and_gone_when_it_is_sent(world: World) -> None:
    sent(world.phone())
    assert value(world, "referral_queue_due", lane="RED") == 2
    world.clock.turn(timedelta(seconds=90))
    assert value(world, "referral_queue_oldest_seconds", lane="RED") == 90
    world.work()
    assert value(world, "referral_queue_due", lane="RED") == 0
    assert value(world, "referral_workers") == 1


def test_an_alert_that_only_waits_for_its_time_is_in_no_figure(world: World) -> None:
    """It waits so that it points at nobody: a figure that rose when it was queued would."""
    before = figures(page(world))
    world.clock.turn(timedelta(minutes=3))
    sent(world.phone(), concern=LABOUR, danger=NOT_NOW)
    after = figures(page(world))
    moved = {name for name, labels in after if after[name, labels] != before.get((name, labels))}
    assert not {name for name in moved if name.startswith(("referral_queue", "referral_reports", "referral_alerts"))}


def test_a_report_that_nobody_has_is_an_alarm_until_somebody_answers(world: World) -> None:
    sent(world.phone())
    assert value(world, "referral_reports_nobody_has", urgency="RED") == 0
    world.wait(timedelta(hours=6), step=timedelta(minutes=5))
    assert value(world, "referral_reports_nobody_has", urgency="RED") == 1


def test_a_report_is_counted_only_when_its_hour_is_over(world: World) -> None:
    """A figure that rose at 14:03 would say when somebody reported, which the report itself does not."""
    world.clock.turn(timedelta(minutes=10))
    sent(world.phone(), concern=LABOUR)
    counted = [value(world, "referral_reports", urgency=urgency) for urgency in ("RED", "HIGH", "MEDIUM", "LOW")]
    assert sum(counted) == 0
    world.clock.turn(timedelta(hours=1))
    assert sum(value(world, "referral_reports", urgency=urgency) for urgency in ("RED", "HIGH", "MEDIUM", "LOW")) == 1


def test_strangers_see_that_there_is_nothing(world: World) -> None:
    for about in (
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"REMOTE_ADDR": "::1", "HTTP_FORWARDED": "for=192.0.2.7"},
        {"REMOTE_ADDR": ""},
    ):
        answer = world.web.get("/metrics", environ_base=about)
        assert (answer.status_code, answer.data) == (404, b"")


@on_sqlite
def test_the_token_opens_from_anywhere_and_nothing_like_it_does(database_url: str) -> None:
    world = World(settings_for(database_url, metrics_token=TOKEN), FixedClock(START))
    for given, status in (
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN}", 200),
        (f"Bearer {TOKEN[:-1]}", 404),
        (TOKEN, 404),
        ("Bearer ", 404),
        ("Bearer é", 404),
    ):
        answer = world.web.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}, headers={"Authorization": given})
        assert answer.status_code == status, given
    world.close()


@on_sqlite
def test_no_figure_holds_a_number_a_code_a_place_a_person_or_a_token(world: World) -> None:
    """Labels are words that stand in the code; nothing that a caller types and nothing of the directory comes near them."""
    for serial in range(20, 26):
        screen = sent(world.phone(f"+2547000000{serial}")).screen
    world.text("+254700000031", "mtoto wa jirani yangu anapigwa Ukunda")
    world.wait(timedelta(hours=2), step=timedelta(minutes=10))
    shown = page(world)
    roster = world.service.roster()
    names = {one.id for one in roster.places()} | {one.id for one in roster.offices()} | {one.id for one in roster.people()}
    words = set(re.findall(r'="([^"]*)"', shown))
    assert not words & names
    assert all(re.fullmatch(r"[A-Za-z_.]+|[0-9.]+|\+Inf|[45]\d\d", word) for word in words), words
    code = "".join(re.findall(r"\d{4}", screen))
    for secret in ("2547000000", code, world.ussd_token, world.sms_token, "jirani"):
        assert secret not in shown


def test_a_database_that_is_away_leaves_the_rest_to_be_seen(world: World) -> None:
    world.phone().dial()
    broken = World(settings_for("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=1"), world.clock)
    found = figures(page(broken))
    assert found["referral_figures_unread", ()] > 10
    assert ("referral_workers", ()) not in found
    assert found["referral_database_writable", ()] == 0
    assert broken.web.get("/healthz").status_code == 200
    ready = broken.web.get("/readyz")
    assert (ready.status_code, ready.get_json()["ready"], ready.get_json()["checks"]["database"]) == (503, False, "away")
    assert "127.0.0.1" not in ready.get_data(as_text=True)
    broken.close()


def test_ready_says_which_check_fails(world: World) -> None:
    said = world.web.get("/readyz")
    well = dict.fromkeys(("database", "migrations", "directory", "worker"), "ok")
    assert (said.status_code, said.get_json()["checks"]) == (503, {**well, "worker": "not heard of for a minute"})
    world.work()
    said = world.web.get("/readyz")
    assert (said.status_code, said.get_json()) == (200, {"ready": True, "checks": well, "warnings": []})


@on_sqlite
def test_what_an_alarm_counts_is_there_before_it_is_first_counted(world: World) -> None:
    """Prometheus sees a rise only in a figure that it has seen before: the first caller who is not served must wake somebody."""
    found = figures(page(world))
    assert found["referral_requests_total", (("door", "ussd"), ("outcome", "broken"))] == 0
    for door in ("ussd", "ussd_ended", "sms_inbound", "sms_delivery", "sms_opt_out"):
        assert found["referral_requests_total", (("door", door), ("outcome", "500"))] == 0
        assert found["referral_request_seconds_count", (("door", door),)] == 0


def test_what_never_happened_is_as_late_as_the_service_is_old(world: World) -> None:
    """The custodians who were never told of the audit are told of by the same alarm as those who were forgotten."""
    sent(world.phone())  # the first entries of the audit
    begun = value(world, "referral_audit_head_age_seconds")
    world.clock.turn(timedelta(hours=40))
    assert value(world, "referral_audit_head_age_seconds") - begun == 40 * 3600


def test_what_is_left_on_the_account_stands_beside_what_should_be(world: World) -> None:
    [job] = world.service.account_jobs(world.gateway)
    assert ("referral_gateway_balance", (("currency", "KES"),)) not in figures(page(world))
    for amount, shown in (("1785.50", 1785), ("-3.2", -4), ("3e9", 2**31 - 1)):
        world.gateway.left = Balance("KES", Decimal(amount))
        assert job.run() == 0
        assert value(world, "referral_gateway_balance", currency="KES") == shown
    assert value(world, "referral_gateway_balance_least") == 2000
    assert not [name for name, labels in figures(page(world)) if name == "referral_refused_today" and "gateway" in str(labels)]
    world.clock.turn(timedelta(days=1))
    assert value(world, "referral_gateway_balance", currency="KES") == 2**31 - 1
    world.clock.turn(timedelta(days=1))
    assert ("referral_gateway_balance", (("currency", "KES"),)) not in figures(page(world)), "of the day before yesterday nobody knows what it is today"


@on_sqlite
def test_a_balance_that_cannot_be_read_changes_nothing(world: World) -> None:
    [job] = world.service.account_jobs(world.gateway)
    job.run()
    [deaf] = world.service.account_jobs(Deaf())
    assert deaf.run() == 0
    assert value(world, "referral_gateway_balance", currency="KES") == 50_000


class Deaf(RecordingGateway):
    def balance(self) -> Balance:
        raise FetchFailed(TIMEOUT)


@on_sqlite
def test_a_call_that_was_not_served_is_told_from_one_that_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    door = world.service.conversations
    monkeypatch.setattr(type(door), "answer", lambda *_: 1 / 0)
    world.phone().dial()
    assert value(world, "referral_requests_total", door="ussd", outcome="broken") == 1


@on_sqlite
def test_the_page_is_the_same_whichever_process_is_asked(world: World) -> None:
    sent(world.phone())
    other = Client(application(world.service))
    mine, others = (figures(text) for text in (page(world), other.get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"}).get_data(as_text=True)))
    stored = {key: count for key, count in mine.items() if not key[0].startswith(("referral_request_seconds", "referral_requests"))}
    assert stored == {key: others[key] for key in stored}
