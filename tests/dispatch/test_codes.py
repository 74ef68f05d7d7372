"""Every answer of the gateway has its row in the table, and the row is what happens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.alerts.records import AlertRecord, Purpose
from referral.dispatch.letters import KINDS
from referral.dispatch.policy_of_codes import BY_CODE, BY_WORD, Road, Text, course
from referral.gateway import port
from referral.gateway.port import Outcome, Sending
from tests.world import World, on_sqlite, sent

DOCUMENTED = {100, 101, 102, 401, 402, 403, 404, 405, 406, 407, 409, 500, 501, 502}
"""The gateway's own list of status codes for one recipient."""
CHILDREN, DEPUTY, POLICE = "co-msambweni-1", "co-msambweni-2", "desk-ukunda-1"


def words_of_the_port() -> set[str]:
    return {value for name, value in vars(port).items() if name.isupper() and isinstance(value, str)}


class TestTheTable:
    def test_has_every_code_of_the_gateway(self) -> None:
        assert set(BY_CODE) == DOCUMENTED == set(port.ACCEPTED) | set(port.REFUSED)

    def test_has_every_word_of_the_adapter(self) -> None:
        assert {word for _, word in BY_WORD} == words_of_the_port()

    def test_takes_nothing_the_gateway_took_for_refused_nor_the_other_way_round(self) -> None:
        assert {code for code, row in BY_CODE.items() if row.text is Text.SENT} == set(port.ACCEPTED)

    @pytest.mark.parametrize("code", [103, 400, 408, 410, 503, 599, 999])
    def test_takes_a_code_nobody_listed_as_an_alarm_and_loses_no_text(self, code: int) -> None:
        assert course(Sending(Outcome.REFUSED, code, reason=port.UNLISTED_CODE)).text is Text.LATER
        assert course(Sending(Outcome.REFUSED, code, reason="a word of tomorrow")).road is Road.REFUSED

    def test_never_repeats_what_certainly_went_out_nor_loses_what_may_not_have(self) -> None:
        for (outcome, _), row in BY_WORD.items():
            assert (row.text is Text.RECEIPT) == (outcome is Outcome.UNKNOWN)


def test_every_purpose_says_how_its_texts_are_made() -> None:
    assert set(KINDS) == set(Purpose)


@on_sqlite
@pytest.mark.parametrize("code", sorted(DOCUMENTED))
def test_what_happens_to_a_red_alert(world: World, code: int) -> None:
    sent(world.phone())
    accepted = code in port.ACCEPTED
    world.gateway.answers.append(Sending(Outcome.ACCEPTED if accepted else Outcome.REFUSED, code, "ATXid_1" if accepted else None))
    world.work()
    with world.rows() as session:
        first = session.scalars(select(AlertRecord).where(AlertRecord.person == CHILDREN)).one()
    told = {to for to, _ in world.gateway.sent}
    match BY_CODE[code].text:
        case Text.SENT:
            assert first.sent_at
        case Text.NEXT:
            assert first.failed_at
            assert told == {world.number_of(DEPUTY), world.number_of(POLICE)}
        case _:
            assert first.due_at
            assert first.due_at > world.clock.now
            assert told == {world.number_of(POLICE)}, "nothing that stands behind it waits with it"
            world.wait(timedelta(minutes=1), step=timedelta(seconds=5))
            assert world.number_of(CHILDREN) in {to for to, _ in world.gateway.sent}
