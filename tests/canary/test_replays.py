"""Every callback played again, as often as anybody likes: not a row is another than before."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from referral.store.base import Base
from tests.canary import calls
from tests.canary.phones import Caller, Heard, InProcess
from tests.world import World

CALLBACKS: dict[str, Callable[[Caller], object]] = {
    "a key": lambda caller: caller.again(),
    "the end of the call": lambda caller: caller.hang_up(),
    "a text": lambda caller: caller.line.sms("inbound", text_of(caller)),
    "a text without an id": lambda caller: caller.line.sms("inbound", {**text_of(caller), "id": ""}),
    "a receipt": lambda caller: caller.receipt(),
    "a receipt that it arrived": lambda caller: caller.line.sms("delivery", {"id": "ATXid_" + "0" * 32, "status": "Success"}),
    "no more texts": lambda caller: caller.opt_out(),
}


def text_of(caller: Caller) -> dict[str, str]:
    return {"from": caller.number, "to": "22384", "text": "mtoto anapigwa Ukunda", "date": "2026-03-04 10:00:00", "id": "7e57-1"}


def everything(world: World) -> dict[str, list[str]]:
    """Every value of every row."""
    with world.rows() as session:
        return {table.name: sorted(map(repr, session.execute(select(table)))) for table in Base.metadata.sorted_tables}


@pytest.mark.parametrize("keys", [3, 6, 7], ids=["early", "place known", "sent"])
def test_a_replay_changes_nothing(world: World, keys: int) -> None:
    heard = Heard()
    caller = Caller("+254700000123", InProcess(world, heard), heard, "00000001")
    for step in calls._keyed(caller, *calls.SENT[:keys]):
        step()
    world.work()
    for what, callback in CALLBACKS.items():
        first = callback(caller)
        world.work()
        before = everything(world)
        for _ in range(3):
            assert callback(caller) == first, what
            world.work()
        assert everything(world) == before, what
