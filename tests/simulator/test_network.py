"""What a trainer can make the network do, through the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from referral.dispatch.policy_of_codes import course
from referral.gateway.port import Outcome
from referral.simulator.fault_control import Control
from referral.simulator.faults import Fault, Kind
from referral.simulator.pages import simulator_pages
from referral.simulator.scenes import SCENES
from referral.vocabulary.phone import PhoneNumber
from tests.gateway.courses import NEXT, PAUSE

from .conftest import CHIEF, MAMA, FakeService, Served, until

TO, OTHER = PhoneNumber(CHIEF), PhoneNumber(MAMA)


@pytest.fixture
def page(served: Served) -> Iterator[FlaskClient]:
    app = Flask("pages", static_folder=None)
    app.register_blueprint(simulator_pages(served.url, "http://training.example:8000", "Africa/Nairobi"))
    with app.test_client() as one:
        yield one


DOCUMENT = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text("utf-8")


def test_the_document_names_every_button_every_kind_and_every_address(served: Served) -> None:
    for scene in SCENES.values():
        assert f"| {scene.button} |" in DOCUMENT
    for kind in Kind:
        assert f"`{kind.value}`" in DOCUMENT or f"`-{kind.value.split('-', 1)[1]}`" in DOCUMENT, kind
    rules = {rule.rule for rule in served.standin.app.url_map.iter_rules() if rule.endpoint.startswith("faults.")}
    assert rules
    for rule in rules:
        assert f"{rule}`" in DOCUMENT, rule


def test_the_example_in_the_document_works(served: Served) -> None:
    example = DOCUMENT.split("```python\n")[1].split("```")[0].replace("http://127.0.0.1:8001", served.url)
    exec(compile(example, "docs/simulator.md", "exec"), {})  # the example is what is tested
    assert served.standin.faults.listed() == []


def press(page: FlaskClient, scene: str, number: str = "", on: str = "yes") -> list[str]:
    answer = page.post("/simulator/api/network", json={"scene": scene, "number": number, "on": on})
    assert answer.status_code == 200
    return [each["say"] for each in answer.get_json()["trouble"]]


def test_every_scene_has_a_button_on_the_page(page: FlaskClient) -> None:
    text = page.get("/simulator/").get_data(as_text=True)
    for name, scene in SCENES.items():
        assert f'data-scene="{name}"' in text
        assert scene.button in text


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_said_while_it_is_on_and_gone_when_it_is_stopped(page: FlaskClient, name: str) -> None:
    number = CHIEF if SCENES[name].one_phone else ""
    assert press(page, name, number) == [SCENES[name].say]
    assert press(page, name, number) == [SCENES[name].say]
    assert page.get("/simulator/api/state").get_json()["trouble"] == [{"scene": name, "number": number or None, "say": SCENES[name].say}]
    assert press(page, name, number, on="no") == []


def test_the_scenes_are_what_they_say(page: FlaskClient, served: Served, service: FakeService) -> None:
    press(page, "down")
    assert served.gateway.send(TO, "x").outcome is Outcome.UNKNOWN
    press(page, "down", on="no")
    press(page, "loses")
    assert (served.gateway.send(TO, "x").outcome, served.handset.inbox(CHIEF)) == (Outcome.ACCEPTED, [])
    press(page, "no-credit")
    assert course(served.gateway.send(TO, "x")) == PAUSE
    assert page.post("/simulator/api/all-well", json={}).get_json() == {"trouble": []}
    press(page, "receipts-missing")
    assert served.gateway.send(TO, "x").outcome is Outcome.ACCEPTED
    press(page, "receipts-missing", on="no")
    press(page, "receipts-twice")
    served.gateway.send(TO, "x")
    until(lambda: len(service.calls("sms/T/delivery")) == 6)
    press(page, "inbound-again")
    served.handset.text(MAMA, "OK")
    until(lambda: len(service.calls("sms/T/inbound")) == 3)


def test_the_network_can_say_no_to_one_phone_and_to_another(page: FlaskClient, served: Served) -> None:
    press(page, "says-no", CHIEF)
    assert (course(served.gateway.send(TO, "x")), served.gateway.send(OTHER, "x").outcome) == (NEXT, Outcome.ACCEPTED)
    assert len(press(page, "says-no", MAMA)) == 2
    assert len(press(page, "says-no", CHIEF, on="no")) == 1
    assert (served.gateway.send(TO, "x").outcome, served.gateway.send(OTHER, "x").code) == (Outcome.ACCEPTED, 407)


def test_what_a_program_has_set_is_said_too_and_all_well_ends_it(page: FlaskClient, served: Served) -> None:
    control = Control(served.url)
    control.add(Fault(Kind.STATUS, status=500))
    control.by_chance(9)
    trouble = page.get("/simulator/api/state").get_json()["trouble"]
    assert [each["say"] for each in trouble] == ["Set by a program: status, at send.", "Set by a program: faults by chance, seed 9."]
    page.post("/simulator/api/all-well", json={})
    assert control.trouble()["on"] == []


def test_a_scene_that_there_is_not_and_a_phone_that_may_not_be(page: FlaskClient, served: Served) -> None:
    for asked in ({"scene": "tea", "on": "yes"}, {"scene": "says-no", "on": "yes"}, {"scene": "says-no", "number": "+254722000001", "on": "yes"}):
        answer = page.post("/simulator/api/network", json=asked)
        assert (answer.status_code, answer.get_json()["say"]) == (422, "The network cannot be made to do that.")
    assert page.post("/simulator/api/network", json={"scene": "down", "on": "yes"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert page.post("/simulator/api/all-well", data={"x": "1"}).status_code == 415
    assert served.standin.faults.listed() == []
