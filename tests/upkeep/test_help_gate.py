"""No file and no accepted change takes help away from callers unless somebody says why."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import select

from referral.directory.point_records import NearRankRow
from referral.directory.service_records import ServiceRow, Status
from referral.privacy.audit import Action, AuditRecord
from referral.store.database import Database
from referral.upkeep.gate import TakesHelp
from referral.upkeep.help_gate import Help, Loss, Lost, Reach, losses
from referral.upkeep.importing import Outcome, Wishes
from referral.upkeep.incoming import Mode
from referral.vocabulary.help import HelpKind
from tests.conftest import ROOT
from tests.upkeep.hand_in import NOW, Desk
from tests.world import World, on_sqlite

UKUNDA = "KE002-W0032"


def only_one_row(table: str) -> str:
    """A county's file of which somebody kept one line, of the commonest source, and handed it in as the whole."""
    text = (ROOT / "config" / "kwale" / f"{table}.csv").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    common = Counter(row["source"] for row in rows).most_common(1)[0][0]
    writer.writerow(next(row for row in rows if row["source"] == common))
    return out.getvalue()


@pytest.fixture
def replace(world: World) -> Callable[..., Outcome]:
    desk = Desk(world.service.database)

    def run(override: str | None = None, *, dry_run: bool = False) -> Outcome:
        with desk.database.transaction() as session:
            incoming = desk.read(("services", only_one_row("services")))
            watch = world.service.gate.watch(session, NOW, "amina", override)
            return desk.importer.run(session, incoming, Wishes(Mode.REPLACE, dry_run, by="amina", override=override), NOW, digest="d", watch=watch)

    return run


def active(database: Database) -> int:
    with database.read() as session:
        return len(session.scalars(select(ServiceRow.id).where(ServiceRow.status == Status.ACTIVE)).all())


@on_sqlite
class TestAFileThatLacksNearlyEverything:
    @pytest.mark.parametrize("dry_run", [True, False])
    def test_is_refused_with_what_is_lost_and_where(self, world: World, replace: Callable[..., Outcome], dry_run: bool) -> None:
        before = active(world.service.database)
        with pytest.raises(TakesHelp) as refused:
            replace(dry_run=dry_run)
        said = "\n".join(refused.value.problems)
        assert "a reason overrides" in said
        assert "help: pep: the nearest moves far away: " in said
        assert "Ukunda" in said
        assert "no longer shown: " in said
        assert active(world.service.database) == before

    def test_passes_with_a_reason_which_is_recorded_and_names_what_goes(self, world: World, replace: Callable[..., Outcome]) -> None:
        outcome = replace("the county closed them")
        assert "services msambweni-county-referral-hospital" in outcome.gone
        assert len(outcome.gone) == outcome.counts.removed
        with world.rows() as session:
            (audit,) = session.scalars(select(AuditRecord).where(AuditRecord.action == Action.COVERAGE_OVERRIDDEN))
        assert "the county closed them" in str(audit.details)


@on_sqlite
def test_nor_does_an_accepted_proposal_take_every_public_hospital_away(world: World) -> None:
    with world.service.database.transaction() as session:
        id_ = world.service.proposals().propose(session, "organization", "kwale-health", {"status": "defunct"}, "amina", "test", "", NOW)
    with pytest.raises(TakesHelp, match="pep: nowhere to go any more: every ward"), world.service.database.transaction() as session:
        world.service.proposals().accept(session, id_, "juma", NOW)
    with world.rows() as session:
        assert session.scalar(select(NearRankRow.rank).where(NearRankRow.place == UKUNDA, NearRankRow.kind == HelpKind.PEP).limit(1)) is not None
    with world.service.database.transaction() as session:
        world.service.proposals().accept(session, id_, "juma", NOW, override="the county was dissolved")


def test_what_counts_as_lost() -> None:
    had = Reach(places=True, lines=True, own=True, metres=2000)
    before = Help({("w", kind): had for kind in (HelpKind.POLICE, HelpKind.LEGAL)}, frozenset())
    after = Help({("w", HelpKind.POLICE): Reach(places=True, lines=True, metres=12_001), ("w", HelpKind.LEGAL): Reach(lines=True)}, frozenset())
    assert losses(before, after, 10) == [
        Lost("w", HelpKind.LEGAL, Loss.PLACES),
        Lost("w", HelpKind.LEGAL, Loss.OWN),
        Lost("w", HelpKind.POLICE, Loss.OWN),
        Lost("w", HelpKind.POLICE, Loss.FARTHER, (2.0, 12.001)),
    ]
    assert losses(before, before, 10) == losses(Help({}, frozenset()), after, 10) == []
