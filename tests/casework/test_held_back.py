"""A reporter's letter does not point at the phone that it came from: officers are told of it, and read it, as late as of a report of its urgency."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from referral.alerts.records import AlertRecord, Purpose
from referral.reports.records import ReportRecord
from referral.vocabulary.letters import Reply
from tests.world import LABOUR, NOT_NOW, World, on_sqlite, sent

WORDS = "bado yupo shambani"
MINUTE = timedelta(minutes=1)


def opened(world: World) -> tuple[str, AlertRecord]:
    """A MEDIUM report that an officer has opened, and their alert."""
    sent(world.phone(), danger=NOT_NOW, concern=LABOUR)
    world.wait(timedelta(hours=4), step=timedelta(minutes=30))
    with world.service.database.transaction() as session:
        alert = session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT, AlertRecord.sent_at.is_not(None))).first()
        assert alert is not None
        assert world.service.officers_menu.desk.read(session, alert.person, alert.id, world.clock())
        return session.scalars(select(ReportRecord.id)).one(), alert


def write(world: World, report: str, said: Reply | str = WORDS) -> None:
    with world.service.database.transaction() as session:
        world.service.answering.at.say(session, report, said, world.clock())


def seen(world: World, alert: AlertRecord) -> tuple[int, int, int]:
    """New letters in the officer's menu, letters they can read, texts that told of one."""
    with world.rows() as session:
        menu, now = world.service.officers_menu, world.clock()
        brief, letters = menu.desk.brief(session, alert.person, alert.id, now), menu.mail.look(session, alert.person, alert.id, now)
    assert brief is not None
    assert letters is not None
    return brief.unread, len(letters), sum("has written" in text or "ameandika" in text for _, text in world.gateway.sent)


def test_it_waits_like_a_first_alert_and_is_nowhere_until_then(world: World) -> None:
    report, alert = opened(world)
    write(world, report)
    for _ in range(19):
        world.wait(MINUTE)
        assert seen(world, alert) == (0, 0, 0)
    with world.service.database.transaction() as session:  # they look, and read nothing
        assert world.service.officers_menu.mail.read(session, alert.person, alert.id, world.clock())
    write(world, report, "na mdogo wake")
    world.wait(timedelta(hours=3), step=timedelta(minutes=10))
    unread, read, texts = seen(world, alert)
    assert (unread, read) == (2, 2)
    assert texts == 1, "one text for both: the second came while the first waited"


@on_sqlite
def test_who_is_not_safe_waits_for_nothing_nor_does_what_they_wrote_before(world: World) -> None:
    report, alert = opened(world)
    write(world, report)
    write(world, report, Reply.UNSAFE)
    assert seen(world, alert)[:2] == (2, 2)
    world.work()
    assert seen(world, alert)[2] == 1


@on_sqlite
def test_a_gateway_that_is_away_holds_back_no_letter_longer(world: World) -> None:
    report, alert = opened(world)
    write(world, report)
    with world.service.database.transaction() as session:
        (row,) = session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.LETTER))
        assert row.due_at is not None
        wait = row.due_at - world.clock()
    assert timedelta(minutes=20) <= wait <= timedelta(minutes=180)
    world.clock.turn(wait)  # nobody sends
    assert seen(world, alert) == (1, 1, 0)
