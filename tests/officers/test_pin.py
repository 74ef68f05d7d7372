"""An officer's PIN: how it is set, how it opens, how it locks."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.app import build
from referral.casework.pin_rules import weak
from referral.casework.pins import Verdict, argon2id
from referral.casework.records import PinRecord
from referral.directory import people
from referral.directory.people import UnknownPerson
from referral.privacy.audit import Action, AuditRecord
from tests.conftest import minutes
from tests.officers.conftest import CHILDREN, PIN, dial, has_pin, invite, signed_in
from tests.world import World


def audited(world: World, action: Action) -> int:
    with world.rows() as session:
        found = session.scalars(select(AuditRecord).where(AuditRecord.action == action)).all()
    assert all(world.service.audit.genuine(entry) for entry in found)
    return len(found)


class TestSettingIt:
    def test_an_officer_sets_it_with_an_invitation_and_sees_their_alerts(self, world: World) -> None:
        code = invite(world, CHILDREN)
        phone = dial(world)
        assert phone.screen == "CON Your invitation (8 digits):"
        assert phone.key(f"{code[:4]} {code[4:]}") == "CON Choose a PIN of 6 digits, hard to guess:"
        assert phone.key(PIN) == "CON The same PIN again:"
        assert phone.key(PIN).startswith("CON Your PIN is set.")
        assert phone.key("1") == "END You have no open alerts."
        assert signed_in(world).screen == "END You have no open alerts."
        assert (audited(world, Action.PIN_INVITED), audited(world, Action.PIN_SET)) == (1, 1)

    def test_an_invitation_works_once(self, sqlite_world: World) -> None:
        code = invite(sqlite_world, CHILDREN)
        dial(sqlite_world).keys(code, PIN, PIN)
        phone = dial(sqlite_world)
        assert phone.screen == "CON PIN:"
        assert phone.key(code) == "CON Try again.\nPIN:"

    def test_after_two_days_an_invitation_is_over(self, sqlite_world: World) -> None:
        invite(sqlite_world, CHILDREN)
        sqlite_world.clock.turn(timedelta(hours=47, minutes=59))
        assert dial(sqlite_world).screen.startswith("CON Your invitation")
        sqlite_world.clock.turn(minutes(1))
        assert dial(sqlite_world).screen == "END You have no PIN yet. Ask the desk for an invitation."

    def test_one_that_ends_while_the_pin_is_chosen_sets_none(self, sqlite_world: World) -> None:
        phone = dial_invited(sqlite_world)
        sqlite_world.clock.turn(minutes(3))
        assert phone.keys(PIN, PIN) == "END You have no PIN yet. Ask the desk for an invitation."

    def test_the_two_must_be_the_same(self, sqlite_world: World) -> None:
        code = invite(sqlite_world, CHILDREN)
        phone = dial(sqlite_world)
        assert phone.keys(code, PIN, "482918").startswith("CON The two were not the same.")
        assert phone.keys(PIN, PIN).startswith("CON Your PIN is set.")

    def test_an_easy_one_is_refused(self, sqlite_world: World) -> None:
        code = invite(sqlite_world, CHILDREN)
        assert dial(sqlite_world).keys(code, "123456").startswith("CON Too easy to guess.")

    def test_a_new_invitation_ends_the_old_pin_and_the_lock(self, sqlite_world: World) -> None:
        has_pin(sqlite_world)
        dial(sqlite_world).keys("111111", "111111", "111111")
        code = invite(sqlite_world, CHILDREN)
        phone = dial(sqlite_world)
        assert phone.key(PIN) == "CON Try again.\nYour invitation (8 digits):"
        assert phone.keys(code, PIN, PIN).startswith("CON Your PIN is set.")

    def test_an_officer_without_one_is_told_whom_to_ask(self, sqlite_world: World) -> None:
        assert dial(sqlite_world).screen == "END You have no PIN yet. Ask the desk for an invitation."

    def test_nobody_unknown_or_suspended_is_invited(self, sqlite_world: World) -> None:
        with sqlite_world.service.database.transaction() as session:
            people.set_suspended(session, CHILDREN, True)
        for person in ("nobody", CHILDREN):
            with pytest.raises(UnknownPerson):
                invite(sqlite_world, person)


def dial_invited(world: World):  # type: ignore[no-untyped-def]
    code = invite(world, CHILDREN)
    world.clock.turn(timedelta(hours=47, minutes=58))
    phone = dial(world)
    phone.key(code)
    return phone


class TestThreeWrongOnes:
    def test_lock_it_for_an_hour_and_tell_the_supervisor(self, world: World) -> None:
        has_pin(world)
        phone = dial(world)
        assert phone.key("111111") == "CON Not right. Tries left: 2. PIN:"
        assert phone.key("222222") == "CON Not right. Tries left: 1. PIN:"
        assert phone.key("333333").startswith("END Too many wrong tries. Closed until 11:00.")
        world.work()
        (to, words) = world.gateway.sent[-1]
        assert to == world.number_of("co-kwale-1")
        assert words.startswith("REFERRAL: three wrong PINs came from the phone of Msambweni Sub-County Children Office. It is locked until 11:00.")
        assert signed_in(world).screen.startswith("END Too many wrong tries. Closed until 11:00.")
        world.clock.turn(timedelta(minutes=59, seconds=59))
        assert dial(world).screen.startswith("END Too many wrong tries.")
        world.clock.turn(timedelta(seconds=1))
        assert signed_in(world).screen == "END You have no open alerts."
        assert (audited(world, Action.PIN_WRONG), audited(world, Action.PIN_LOCKED), audited(world, Action.SIGNED_IN)) == (3, 1, 1)

    def test_are_counted_over_several_calls(self, sqlite_world: World) -> None:
        has_pin(sqlite_world)
        for _ in range(2):
            dial(sqlite_world).key("111111")
        assert dial(sqlite_world).key("111111").startswith("END Too many wrong tries.")

    def test_are_forgotten_after_the_right_one(self, sqlite_world: World) -> None:
        has_pin(sqlite_world)
        dial(sqlite_world).keys("111111", "111111", PIN)
        assert dial(sqlite_world).key("111111") == "CON Not right. Tries left: 2. PIN:"

    def test_a_repeated_request_is_one_try(self, sqlite_world: World) -> None:
        has_pin(sqlite_world)
        phone = dial(sqlite_world)
        first = phone.key("111111")
        assert [phone.again() for _ in range(5)] == [first] * 5
        assert dial(sqlite_world).key("111111") == "CON Not right. Tries left: 1. PIN:"

    def test_a_try_that_was_counted_and_not_answered_is_the_same_try(self, sqlite_world: World) -> None:
        has_pin(sqlite_world)
        pins, now = sqlite_world.service.pins, sqlite_world.clock()
        assert [pins.attempt(CHILDREN, "111111", b"a" * 16, now).left for _ in range(3)] == [2, 2, 2]
        assert audited(sqlite_world, Action.PIN_WRONG) == 1

    def test_guesses_side_by_side_do_not_outrun_the_count(self, world: World) -> None:
        has_pin(world)
        pins, now = world.service.pins, world.clock()
        with ThreadPoolExecutor(4) as pool:
            tried = list(pool.map(lambda guess: pins.attempt(CHILDREN, f"{guess:06d}", bytes([guess]) * 16, now), range(12)))
        assert sum(one.verdict is Verdict.WRONG for one in tried) <= 2
        assert pins.attempt(CHILDREN, PIN, b"r" * 16, now).verdict is Verdict.LOCKED
        assert audited(world, Action.PIN_WRONG) == 3
        assert audited(world, Action.PIN_LOCKED) == 1

    def test_what_cannot_be_a_pin_is_no_try(self, sqlite_world: World) -> None:
        has_pin(sqlite_world)
        phone = dial(sqlite_world)
        for typed in ("1", "", "48291", "4829170", "abcdef", "٤٨٢٩١٧", "0"):
            assert phone.key(typed) == "CON Try again.\nPIN:"
        assert phone.key(PIN) == "END You have no open alerts."

    def test_of_the_county_office_itself_are_told_to_the_desk(self, sqlite_world: World) -> None:
        has_pin(sqlite_world, "co-kwale-1")
        dial(sqlite_world, "co-kwale-1").keys("111111", "111111", "111111")
        sqlite_world.work()
        assert sqlite_world.gateway.sent[-1][0] == sqlite_world.number_of("triage-desk-1")

    def test_of_an_invitation_lock_too(self, sqlite_world: World) -> None:
        invite(sqlite_world, CHILDREN)
        phone = dial(sqlite_world)
        assert phone.key("11111111") == "CON Not right. Tries left: 2. Your invitation (8 digits):"
        assert phone.keys("11111111", "11111111").startswith("END Too many wrong tries.")


class TestWhatIsKept:
    def test_no_digit_of_it_is_anywhere(self, world: World) -> None:
        code = invite(world, CHILDREN)
        dial(world).keys(code, PIN, PIN, "1")
        signed_in(world)
        from referral.store.base import Base

        with world.rows() as session:
            for table in Base.metadata.sorted_tables:
                for row in session.execute(select(table)):
                    for value in row:
                        kept = value if isinstance(value, bytes) else str(value).encode()
                        assert not [secret for secret in (PIN.encode(), code.encode(), b"argon2") if secret in kept], table.name
        held = opened_sessions(world)
        assert held
        assert not any(PIN in text or code in text for text in held)

    def test_the_hash_is_sealed_argon2id_that_answers_in_time(self, sqlite_world: World) -> None:
        real = build(sqlite_world.service.settings, clock=sqlite_world.clock).pins
        with sqlite_world.service.database.transaction() as session:
            real.invite(session, CHILDREN, sqlite_world.clock())
            assert real.choose(session, CHILDREN, real.hashed(PIN), sqlite_world.clock())
            row = session.scalars(select(PinRecord)).one()
            hashed = real._hash_of(row)
        real.database.close()
        assert re.match(r"\$argon2id\$v=19\$m=(\d+),t=3,p=1\$", hashed)
        assert int(re.search(r"m=(\d+)", hashed)[1]) >= 19_456  # type: ignore[index]
        assert argon2id().verify(hashed, PIN)


def opened_sessions(world: World) -> list[str]:
    """What is inside the sealed sessions."""
    from referral.officers.records import OfficerSessionRecord
    from referral.privacy.seal import Cell

    with world.rows() as session:
        rows = session.scalars(select(OfficerSessionRecord)).all()
    return [world.service.sealer.open(row.sealed, Cell("officer_session", "sealed", row.tag.hex())) for row in rows]


@pytest.mark.parametrize(
    "pin", ["000000", "123456", "654321", "012345", "987654", "121212", "123123", "112112", "111222", "135791", "246802", "112233", "147258"]
)
def test_the_first_a_thief_would_try_are_too_easy(pin: str) -> None:
    assert weak(pin)


@pytest.mark.parametrize("pin", [PIN, "905137", "260491", "118027"])
def test_others_are_not(pin: str) -> None:
    assert not weak(pin)
