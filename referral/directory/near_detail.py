"""One service point opened: what may be said of it, its office's phones, and how far it is from a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from referral.directory.ground import crow
from referral.directory.near_rows import joined
from referral.directory.point_records import NearRankRow, PhoneRow, ShownPointRow
from referral.directory.records import PlaceRow
from referral.directory.service_records import Fee, LocationRow, ServiceAtLocationRow, ServiceRow, Visibility
from referral.vocabulary.help import HelpKind, HelpPhone
from referral.vocabulary.phone import SAMPLE_BLOCK

CODE_LENGTH = 4
_HERE = aliased(PlaceRow)
_OPENED = (
    joined(
        select(
            ShownPointRow.service_at_location, ShownPointRow.code, ShownPointRow.name, ShownPointRow.short_name, ShownPointRow.exact, ShownPointRow.pep,
            ShownPointRow.confirmed, ShownPointRow.verified_on, ShownPointRow.week, ShownPointRow.lat, ShownPointRow.lon, ServiceRow.id.label("service"),
            ServiceRow.organization, ServiceRow.kind.label("service_kind"), ServiceRow.fee, ServiceRow.alert, LocationRow.id.label("location"),
            LocationRow.directions, PlaceRow.name.label("place_name"), NearRankRow.metres, _HERE.lat.label("here_lat"), _HERE.lon.label("here_lon"),
            _HERE.kind.label("here_kind"), _HERE.precision.label("here_precision"),
        ).select_from(ServiceAtLocationRow)
    )
    .join(ShownPointRow, and_(ShownPointRow.service_at_location == ServiceAtLocationRow.id, ShownPointRow.kind == ServiceRow.kind))
    .outerjoin(PlaceRow, PlaceRow.id == LocationRow.place)
    .outerjoin(_HERE, _HERE.id == bindparam("here"))
    .outerjoin(
        NearRankRow,
        and_(NearRankRow.place == bindparam("here"), NearRankRow.kind == ServiceRow.kind, NearRankRow.service_at_location == ServiceAtLocationRow.id),
    )
    .where(ServiceAtLocationRow.id == bindparam("point"))
)  # fmt: skip
_PHONES = select(
    PhoneRow.id, PhoneRow.e164, PhoneRow.short_number, PhoneRow.toll_free, PhoneRow.takes_texts, PhoneRow.rank, PhoneRow.service_at_location,
    PhoneRow.service, PhoneRow.location,
).where(
    PhoneRow.visibility == Visibility.PUBLIC,
    PhoneRow.sample.is_(False),  # a sample's number may be anybody's, whatever its row says
    or_(PhoneRow.e164.is_(None), PhoneRow.e164.not_like(f"{SAMPLE_BLOCK}%")),
    or_(
        PhoneRow.service_at_location == bindparam("point"),
        PhoneRow.service == bindparam("service"),
        PhoneRow.location == bindparam("location"),
        PhoneRow.organization == bindparam("organization"),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PointDetail:
    """`row` has the columns of directory_shown_point, and as here_… those of the place it is seen from, None where there is none."""

    row: Row[*tuple[Any, ...]]
    kind: HelpKind
    place: str | None
    where: str
    phones: tuple[HelpPhone, ...]
    free: bool
    alert: str
    kilometres: float | None


def read_code(session: Session, code: str) -> str | None:
    """The id of the shown service point with a code, in any case and with any spaces or dashes in it."""
    plain = "".join(sign for sign in code if sign.isalnum()).upper()
    if len(plain) != CODE_LENGTH:
        return None
    found: str | None = session.scalar(joined(select(ServiceAtLocationRow.id)).where(ServiceAtLocationRow.code == plain))
    return found


def read_detail(session: Session, point_id: str, place_id: str | None) -> PointDetail | None:
    """Asks the public tables anew, not only what was derived from them: what was made confidential a moment ago is not told."""
    row = session.execute(_OPENED, {"point": point_id, "here": place_id or ""}).first()
    if row is None:
        return None
    owned = {"point": point_id, "service": row.service, "location": row.location, "organization": row.organization}
    kilometres = None if row.metres is None else row.metres / 1000
    if kilometres is None and row.lat is not None and row.here_lat is not None:
        kilometres = crow((row.here_lat, row.here_lon), (row.lat, row.lon))
    return PointDetail(
        row=row,
        kind=row.service_kind,
        place=row.place_name,
        where=row.directions,
        phones=_phones(session.execute(_PHONES, owned).all()),
        free=row.fee is Fee.FREE,
        alert=row.alert,
        kilometres=kilometres,
    )


def _phones(rows: Sequence[Row[*tuple[Any, ...]]]) -> tuple[HelpPhone, ...]:
    """The service point's own numbers first, then its service's, its location's, its organization's; each number once."""
    ordered = sorted(rows, key=lambda row: (row.service_at_location is None, row.service is None, row.location is None, row.rank, row.id))
    phones: dict[str, HelpPhone] = {}
    for row in ordered:
        number = row.e164 or row.short_number
        phones.setdefault(number, HelpPhone(number, row.toll_free, row.takes_texts))
    return tuple(phones.values())
