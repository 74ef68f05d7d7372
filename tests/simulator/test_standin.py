"""The stand-in as a server: only this machine, only samples, nothing secret in its log, and gone when closed."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime

import pytest
import requests

from referral.simulator.callbacks import Callbacks
from referral.simulator.clockwork import Clockwork
from referral.simulator.handset import Handset, NobodyThere, Refused
from referral.simulator.wire import Wire, without_token

from .conftest import CHIEF, MAMA, TOKEN, FakeService, Make, Served, until


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.10", "::", "example.org"])  # refused is what is tested
def test_it_listens_on_this_machine_only(make: Make, host: str) -> None:
    with pytest.raises(ValueError, match="this machine"):
        make().serve(0, host)


def test_it_calls_this_machine_only(service: FakeService) -> None:
    with pytest.raises(ValueError, match="delivery") as caught:
        Callbacks(service.url, service.url, service.url, f"https://example.org/sms/{TOKEN}/delivery", service.url)
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(service.callbacks)


def test_it_labels_sample_numbers_only(make: Make) -> None:
    with pytest.raises(ValueError, match="sample"):
        make(labels={"+254722000001": "somebody"})


def test_a_taken_port_is_said_and_ends_nothing(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):
        make().serve(other.getsockname()[1])


def test_closing_frees_the_port_and_ends_the_threads(make: Make) -> None:
    before = threading.active_count()
    with make() as standin:
        port = standin.serve(0)
        with pytest.raises(RuntimeError):
            standin.serve(0)
        handset = Handset(f"http://127.0.0.1:{port}")
        assert handset.service().ussd_code == "*384*1234#"
    standin.close()
    until(lambda: threading.active_count() <= before)
    with pytest.raises(NobodyThere):
        handset.service()


def test_the_phones_are_listed_with_who_holds_them(served: Served) -> None:
    service = served.handset.service()
    assert [(phone.number, phone.label, phone.network) for phone in service.phones] == [(MAMA, "Mama Asha", "Safaricom"), (CHIEF, "Chief", "Safaricom")]
    assert (service.short_code, service.practice_code) == ("22123", "*384*1235#")
    served.handset.dial("+254700000009", "*384*1234#", "Airtel")
    assert [(phone.number, phone.label, phone.network) for phone in served.handset.service().phones][2] == ("+254700000009", "", "Airtel")


def test_the_wire_shows_what_went_over_it_without_tokens_or_keys(served: Served) -> None:
    served.handset.dial(MAMA, "*384*1234#", None)
    served.gateway.fetch(0)
    answer = requests.get(f"{served.url}/wire", timeout=5)
    assert TOKEN not in answer.text
    assert "a-key" not in answer.text
    (entry,) = answer.json()["entries"]
    assert (entry["way"], entry["method"], entry["address"], entry["status"]) == ("out", "POST", "/ussd/…", 200)
    assert entry["fields"]["serviceCode"] == "*384*1234#"
    assert entry["answer"].startswith("CON Karibu")
    served.handset.text(MAMA, "x")
    served.gateway.fetch(0)
    until(lambda: len(requests.get(f"{served.url}/wire", params={"after": entry["n"]}, timeout=5).json()["entries"]) == 2)
    later = requests.get(f"{served.url}/wire", params={"after": entry["n"]}, timeout=5).json()["entries"]
    assert {entry["address"] for entry in later} == {"/sms/…/inbound", "/version1/messaging"}


def test_no_step_of_an_address_but_the_known_ones_is_shown() -> None:
    assert without_token("http://127.0.0.1:8000/ussd/sms-secret/ended?key=1") == "/ussd/…/ended"


def test_the_wire_forgets_the_oldest(make: Make) -> None:
    wire = Wire(lambda: datetime(2026, 11, 21, tzinfo=UTC), keep=2)
    for step in range(3):
        wire.note("in", "POST", "/version1/messaging", {}, 201, str(step))
    assert [entry["answer"] for entry in wire.after(0)] == ["1", "2"]


def test_a_website_cannot_use_the_phones(served: Served, service: FakeService) -> None:
    form = requests.post(f"{served.url}/phones/text", data={"number": MAMA, "text": "x"}, timeout=5)
    assert form.status_code == 415
    for host in ("example.org", "example.org:8001", "127.0.0.1.example.org"):
        assert requests.get(f"{served.url}/phones", headers={"Host": host}, timeout=5).status_code == 403
    assert not service.seen


def test_a_list_instead_of_an_object_is_refused_not_broken(served: Served) -> None:
    assert requests.post(f"{served.url}/phones/dial", json=[1], timeout=5).json() == {"error": "not-a-sample-number"}


def test_a_handset_is_for_this_machine_and_says_what_it_is_refused(served: Served) -> None:
    with pytest.raises(ValueError, match="this machine"):
        Handset("http://example.org")
    with pytest.raises(Refused) as caught:
        Handset(f"{served.url}/nowhere").service()
    assert caught.value.word == "status-404"


def test_a_job_that_fails_stops_no_other() -> None:
    clockwork = Clockwork(0.001, threads=1)
    done = threading.Event()

    def fails() -> None:
        raise RuntimeError

    clockwork.after(0, fails)
    clockwork.after(1, done.set)
    assert done.wait(5)
    assert clockwork.failed == 1
    clockwork.after(1000, done.clear)
    clockwork.close()
    assert done.is_set()
