"""Handing files in as an operator does, over a county that is loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, timezone
from types import TracebackType

from referral.privacy.seal import Sealer
from referral.store.database import Database
from referral.upkeep.gate import Watched
from referral.upkeep.importing import Importer, Outcome, Wishes
from referral.upkeep.incoming import Incoming, Mode, read_rows

EAT = timezone(timedelta(hours=3))
NOW = datetime(2026, 11, 4, 7, 0, tzinfo=UTC)
LISTED = "source,sample"
ORGANIZATIONS = f"id,name,sector,{LISTED}\nt-org,Test health,health,file,no\n"
LOCATIONS = (
    f"id,organization,name,place,lat,lon,precision,directions,{LISTED}\n"
    "t-one,t-org,Mwembeni Clinic,KE002-W0032,-4.29,39.57,gps,By the well,file,no\n"
    "t-two,t-org,Mikoko Clinic,KE002-W0032,-4.27,39.59,gps,,file,no\n"
)
SERVICES = f"id,organization,name,kind,{LISTED}\nt-care,t-org,Test care,medical,file,no\n"
POINTS = f"id,service,location,code,short_name,{LISTED}\nt-p1,t-care,t-one,,Mwembeni,file,no\nt-p2,t-care,t-two,,Mikoko,file,no\n"
HOURS = "id,service_at_location,days,opens,closes\nt-h1,t-p1,mon tue,08:00,17:00\nt-h2,t-p1,wed,08:00,12:00\n"
PHONES = "id,e164,visibility,location,source,sample\nt-ph1,0402300123,public,t-one,file,no\n"
ALL = (
    ("organizations", ORGANIZATIONS),
    ("locations", LOCATIONS),
    ("services", SERVICES),
    ("service_at_locations", POINTS),
    ("hours", HOURS),
    ("phones", PHONES),
)


class Refusing(AbstractContextManager[None]):
    """A gate that lets nothing through, once it has seen what was written."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        raise PermissionError


class Desk:
    """Takes in files by name and text."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.sealer = Sealer({"k1": bytes(32)}, "k1")
        self.importer = Importer(self.sealer, EAT)

    def read(self, *files: tuple[str, str]) -> list[Incoming]:
        return [read_rows(text, f"{table}.csv", table) for table, text in files]

    def take(self, *files: tuple[str, str], watch: AbstractContextManager[Watched | None] | None = None, now: datetime = NOW, **wishes: object) -> Outcome:
        return self.hand(self.read(*files), watch=watch, now=now, **wishes)

    def hand(
        self, incoming: Sequence[Incoming], *, watch: AbstractContextManager[Watched | None] | None = None, now: datetime = NOW, **wishes: object
    ) -> Outcome:
        wanted = Wishes(by="tester")._replace(**wishes)  # type: ignore[arg-type]  # the keys are its own fields
        digest = hashlib.sha256(repr([(one.table, one.rows) for one in incoming]).encode() + Mode(wanted.mode).encode()).hexdigest()
        with self.database.transaction() as session:
            return self.importer.run(session, incoming, wanted, now, digest=digest, watch=watch)
