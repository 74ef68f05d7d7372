"""Whoever is no officer finds nothing behind the extension, not even that there is something."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from referral.directory import people
from referral.officers.records import OfficerSessionRecord
from tests.officers.conftest import CHILDREN, PIN, dial, has_pin, signed_in
from tests.world import World

CALLER = "+254700000001"


def sessions(world: World) -> int:
    with world.rows() as session:
        return session.scalar(select(func.count()).select_from(OfficerSessionRecord)) or 0


@pytest.mark.parametrize("extension", ["77", "77*1", "77*482917", "77*482917*1*1", "77*77"])
def test_a_caller_who_dials_it_sees_what_any_wrong_extension_shows(sqlite_world: World, extension: str) -> None:
    same = extension.replace("77", "78")
    assert sqlite_world.phone(CALLER).dial(extension) == sqlite_world.phone(CALLER).dial(same)
    assert sessions(sqlite_world) == 0


def test_a_caller_who_types_it_sees_what_any_wrong_key_shows_and_goes_on(sqlite_world: World) -> None:
    screens = []
    for wrong in ("77", "78"):
        phone = sqlite_world.phone(CALLER)
        phone.dial()
        screens.append((phone.key(wrong), phone.key("1"), phone.key("1")))
    assert screens[0] == screens[1]


@pytest.mark.parametrize("number", ["", "+255700000001", "hidden", "+25470000010"])
def test_a_foreign_or_hidden_number_is_no_officer(sqlite_world: World, number: str) -> None:
    assert sqlite_world.phone(number).dial("77") == sqlite_world.phone(CALLER).dial("78")


def test_an_officer_s_ordinary_dialling_is_anybody_s(sqlite_world: World) -> None:
    has_pin(sqlite_world)
    phone, other = sqlite_world.phone(sqlite_world.number_of(CHILDREN)), sqlite_world.phone(CALLER)
    assert (phone.dial(), phone.key("1")) == (other.dial(), other.key("1"))


def test_in_practice_it_does_not_exist(sqlite_world: World) -> None:
    has_pin(sqlite_world)
    practice = sqlite_world.service.settings.at_ussd_practice_code
    phone = sqlite_world.phone(sqlite_world.number_of(CHILDREN), practice)
    assert phone.dial("77") == sqlite_world.phone(CALLER, practice).dial("78")


def test_somebody_suspended_is_no_officer_any_more_even_within_a_call(sqlite_world: World) -> None:
    has_pin(sqlite_world)
    number = sqlite_world.number_of(CHILDREN)
    phone = dial(sqlite_world)
    with sqlite_world.service.database.transaction() as session:
        people.set_suspended(session, CHILDREN, True)
    first = sqlite_world.phone(CALLER).dial()
    assert phone.key(PIN) == first
    assert sqlite_world.phone(number).dial("77") == sqlite_world.phone(CALLER).dial("78")


def test_another_phone_in_an_officer_s_session_is_not_let_in(sqlite_world: World) -> None:
    has_pin(sqlite_world)
    phone = signed_in(sqlite_world)
    phone._form["phoneNumber"] = sqlite_world.number_of("desk-ukunda-1")
    assert phone.key("1") == f"END {sqlite_world.service.catalogue.say('sw', 'fault.broken')}"


def test_what_is_dialled_behind_it_is_not_taken(sqlite_world: World) -> None:
    """A PIN in a dialled string would stay in the phone's list of calls."""
    has_pin(sqlite_world)
    phone = sqlite_world.phone(sqlite_world.number_of(CHILDREN))
    assert phone.dial(f"77*{PIN}") == "CON PIN:"
    assert phone.key(PIN) == "END You have no open alerts."


def test_no_screen_of_a_caller_names_it(sqlite_world: World) -> None:
    catalogue = sqlite_world.service.catalogue
    from referral.texts.catalogue import Catalogue

    for key in Catalogue.load(domain="dialogue").keys:
        for language in catalogue.languages:
            assert "77" not in catalogue.say(language, key, **dict.fromkeys(catalogue.fills(key), ""))
