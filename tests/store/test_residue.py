"""What a purge removed is in no byte of the database's files: neither in free pages, nor in the log, nor beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import make_url, select, text, update

from referral.alerts.records import AlertRecord
from referral.reports.event_records import CaseEvent, CaseEventRecord
from referral.reports.records import ReportRecord
from referral.store.base import new_id
from referral.vocabulary.phone import PhoneNumber
from tests.world import NOT_NOW, PHYSICAL, World, on_sqlite, sent

NUMBER = "+254700000077"


def files(world: World) -> list[Path]:
    path = Path(str(make_url(world.service.settings.database_url).database))
    return [one for one in path.parent.glob(f"{path.name}*") if one.is_file()]


def hits(world: World, needles: list[bytes]) -> int:
    return sum(one.read_bytes().count(needle) for one in files(world) for needle in needles)


@on_sqlite
def test_nothing_of_purged_reports_is_in_any_byte(world: World, record_property: Callable[[str, object], None]) -> None:
    """Sealed values are looked for as they stand in the file: not even those are left. In clear, the needles would not prove that the rows were found."""
    sent(world.phone(), danger=NOT_NOW, concern=PHYSICAL)
    marks = []
    with world.service.database.transaction() as session:
        (first,) = session.scalars(select(ReportRecord))
        for serial in range(200):
            copy = {column.name: getattr(first, column.name) for column in ReportRecord.__table__.columns}
            story, spot, id_ = f"story-{serial:04d}-".encode() * 40, f"spot-{serial:04d}-{NUMBER}".encode(), new_id()
            marks += [story[:11], spot]
            session.add(ReportRecord(**copy | {"id": id_, "number": f"{serial:06d}", "code_digest": id_.encode()[:16], "story": story, "spot": spot}))
            hour = first.filed_hour
            session.flush()
            session.add(CaseEventRecord(id=new_id(), report=id_, kind=CaseEvent.CLOSED, office="", person="a", reason="safe", note=spot, noted_hour=hour))
    assert hits(world, marks) >= len(marks), "what is looked for can be found"
    world.clock.turn(timedelta(days=91))
    outcome = world.service.purging.at_once(world.clock.now, trusted=True)
    assert (outcome.removed["words"], outcome.failed) == (200, {})
    record_property("bytes searched", sum(one.stat().st_size for one in files(world)))
    record_property("hits before and after", f"{len(marks)}+ and 0")
    assert hits(world, marks) == 0
    assert [one.stat().st_size for one in files(world) if one.name.endswith("-wal")] in ([], [0])


@on_sqlite
def test_an_answer_to_a_reporter_is_gone_within_the_minute_after_it_went_out(world: World) -> None:
    with world.service.database.transaction() as session:
        world.service.outbox.tell_reporter(session, PhoneNumber(NUMBER), "words", world.clock.now)
        session.flush()
        sealed = session.scalars(select(AlertRecord.number)).one()
    assert sealed is not None
    assert hits(world, [sealed]) > 0
    world.wait(timedelta(minutes=2))
    assert len(world.gateway.sent) == 1
    assert hits(world, [sealed]) == 0


def test_dead_rows_are_gone_from_the_tables_on_both_databases(world: World) -> None:
    """On PostgreSQL a deleted row stays in its table's file until it is vacuumed; the write-ahead log keeps it longer, so all of it is sealed."""
    sent(world.phone(), danger=NOT_NOW, concern=PHYSICAL)
    with world.service.database.transaction() as session:
        session.execute(update(ReportRecord).values(contact=b"c" * 40, contact_hours="any", contact_by_call=False, contact_until=world.clock.now))
    world.clock.turn(timedelta(hours=1))
    assert world.service.purging.at_once(world.clock.now).removed["contacts"] == 1
    with world.rows() as session:
        if world.service.database.dialect == "sqlite":
            assert session.scalar(text("PRAGMA freelist_count")) == 0
        else:
            assert session.scalar(text("SELECT last_vacuum IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'report'"))
