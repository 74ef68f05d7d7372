"""No file and no accepted change takes help away from callers unless somebody says why."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from referral.directory.near_build import rebuild_near
from referral.directory.point_records import NearRankRow
from referral.directory.service_records import ServiceRow, Status, Visibility
from referral.directory.tasks import open_tasks
from referral.directory.upkeep_records import ProposalStatus, TaskKind
from referral.privacy.audit import Action, AuditRecord
from referral.store.base import Base
from referral.store.database import Database
from referral.upkeep.gate import TakesHelp
from referral.upkeep.help_gate import Help, Loss, Lost, Reach, losses, read_help
from referral.upkeep.hidden import only_hides
from referral.upkeep.importing import Outcome, Wishes
from referral.upkeep.incoming import Mode
from referral.upkeep.proposals import HIDES
from referral.vocabulary.help import HelpKind
from referral.vocabulary.place import PlaceKind
from tests.conftest import ROOT
from tests.directory.help_rows import Helper
from tests.upkeep.hand_in import EAT, NOW, Desk
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


@on_sqlite
def test_what_only_hides_waits_for_nobody_and_what_is_lost_by_it_becomes_a_task(world: World) -> None:
    proposals = world.service.proposals()
    with world.service.database.transaction() as session:
        id_ = proposals.propose(session, "organization", "kwale-health", {"do_not_list": "yes"}, "amina", "test", "", NOW)
    with world.service.database.transaction() as session:
        assert proposals.accept(session, id_, "juma", NOW) is ProposalStatus.ACCEPTED
    with world.rows() as session:
        assert [one.entry for one in open_tasks(session, TaskKind.COVERAGE_GAP) if one.entity == "organization"] == ["kwale-health"]
        (audit,) = session.scalars(select(AuditRecord).where(AuditRecord.action == Action.COVERAGE_OVERRIDDEN))
        assert HIDES in str(audit.details)


@pytest.mark.parametrize(
    ("entity", "different", "true"),
    [
        ("location", {"visibility": Visibility.CONFIDENTIAL, "place": "S1", "lat": None, "name": "A house"}, True),
        ("service", {"visibility": Visibility.CONFIDENTIAL}, True),
        ("service", {"visibility": Visibility.CONFIDENTIAL, "name": "Care"}, False),
        ("location", {"visibility": Visibility.PUBLIC, "place": "S1"}, False),
        ("location", {"name": "A house"}, False),
        ("organization", {"do_not_list": True, "status": Status.DEFUNCT}, False),
        ("organization", {"do_not_list": False}, False),
    ],
)
def test_what_only_hides(entity: str, different: dict[str, object], true: bool) -> None:
    assert only_hides(entity, different) is true


def test_help_that_is_added_takes_nothing_away(tmp_path: Path) -> None:
    """A county that is loaded in pieces: lines first, clinics after them. And five lines for everybody come before a ward's own by their ids."""
    database = Database(f"sqlite:///{tmp_path / 'help.db'}")
    Base.metadata.create_all(database.engine)
    with database.transaction() as session:
        made = Helper(session, NOW)
        made.place("K", PlaceKind.COUNTY)
        made.place("W1", PlaceKind.WARD, "K", (-4.3, 39.5))
        made.place("W2", PlaceKind.WARD, "K", (-3.9, 39.2))
        made.organization()
        made.point("elsewhere", HelpKind.LEGAL, virtual=True, areas="W2")
        made.point("own", HelpKind.TALK, virtual=True, areas="W1")
        rebuild_near(session, NOW, EAT)
        before = read_help(session)
        made.point("office", HelpKind.LEGAL, (-4.3, 39.5))
        for number in range(5):
            made.point(f"all{number}", HelpKind.TALK, virtual=True)
        rebuild_near(session, NOW, EAT)
        assert losses(before, read_help(session), 10) == []
        assert Reach(lines=True, own=True) in before.reach.values()
    database.close()


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
