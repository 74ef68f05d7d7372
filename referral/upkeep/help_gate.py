"""What a change of the directory would take away from callers: a kind of help from a ward, or the nearest of what cannot wait."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from referral.directory.point_records import NearRankRow, ShownPointRow
from referral.directory.records import PlaceRow
from referral.directory.service_records import LocationRow, LocationType, ServiceAreaRow, ServiceAtLocationRow
from referral.upkeep.coverage_words import Names
from referral.upkeep.gaps import Site
from referral.vocabulary.help import HelpKind
from referral.vocabulary.place import PlaceKind

URGENT = (HelpKind.PEP, HelpKind.MEDICAL, HelpKind.POLICE)
"""What must be near: medicine after rape works for hours, and who is in danger cannot travel."""
_NAMED = 5


class Loss(StrEnum):
    """What a ward would no longer have of a kind."""

    PLACES = "nowhere to go any more"
    LINES = "no line to call any more"
    OWN = "nobody who answers for the place itself any more"
    FARTHER = "the nearest moves far away"


@dataclass(frozen=True, slots=True)
class Reach:
    """What a ward has of one kind: whether somewhere to go, a line, and somebody for the very place; metres to the nearest, None where none is measured."""

    places: bool = False
    lines: bool = False
    own: bool = False
    metres: int | None = None


@dataclass(frozen=True, slots=True)
class Help:
    """What callers reach, by ward and kind, and every service point they are shown."""

    reach: Mapping[tuple[str, HelpKind], Reach]
    shown: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lost:
    """One ward's loss. Kilometres before and after where the nearest moves."""

    ward: str
    kind: HelpKind
    loss: Loss
    kilometres: tuple[float, float] | None = None


_NOTHING = Reach()


def read_help(session: Session) -> Help:
    """As the order that was worked out for callers has it: rebuild that first. Another place's line, which is shown only for want of anything else,
    is not a ward's to lose: the first clinic takes its stead."""
    wards = (
        select(NearRankRow.place, NearRankRow.kind, NearRankRow.metres, NearRankRow.own_area, LocationRow.location_type, ServiceAtLocationRow.id)
        .join(PlaceRow, PlaceRow.id == NearRankRow.place)
        .join(ServiceAtLocationRow, ServiceAtLocationRow.id == NearRankRow.service_at_location)
        .join(LocationRow, LocationRow.id == ServiceAtLocationRow.location)
        .where(PlaceRow.kind == PlaceKind.WARD)
    )
    reach: dict[tuple[str, HelpKind], Reach] = defaultdict(Reach)
    elsewhere = _for_some_places(session)
    for ward, kind, metres, own, form, point in session.execute(wards):
        line = form is LocationType.VIRTUAL
        if line and not own and point in elsewhere:
            continue
        had = reach[ward, kind]
        nearest = min((one for one in (had.metres, metres) if one is not None), default=None)
        reach[ward, kind] = Reach(had.places or not line, had.lines or line, had.own or own, nearest)
    return Help(dict(reach), frozenset(session.scalars(select(ShownPointRow.service_at_location).distinct())))


def _for_some_places(session: Session) -> frozenset[str]:
    """Lines that are for places of their own, not for everybody."""
    area = or_(ServiceAreaRow.service_at_location == ServiceAtLocationRow.id, ServiceAreaRow.service == ServiceAtLocationRow.service)
    lines = select(ServiceAtLocationRow.id).join(LocationRow, LocationRow.id == ServiceAtLocationRow.location)
    return frozenset(session.scalars(lines.where(LocationRow.location_type == LocationType.VIRTUAL, select(ServiceAreaRow.id).where(area).exists())))


def losses(before: Help, after: Help, farther_km: float) -> list[Lost]:
    """What wards that stay would lose. A ward whose nearest urgent help moves by more than `farther_km` loses it: nobody walks there in time."""
    found = []
    for (ward, kind), had in sorted(before.reach.items()):
        has = after.reach.get((ward, kind), _NOTHING)
        gone = ((Loss.PLACES, had.places and not has.places), (Loss.LINES, had.lines and not has.lines), (Loss.OWN, had.own and not has.own))
        found += [Lost(ward, kind, loss) for loss, true in gone if true]
        if kind in URGENT and had.metres is not None and has.metres is not None and has.metres - had.metres > farther_km * 1000:
            found.append(Lost(ward, kind, Loss.FARTHER, (had.metres / 1000, has.metres / 1000)))
    return found


def loss_lines(lost: Iterable[Lost], before: Help, after: Help, names: Names) -> Iterator[str]:
    """One line for each kind and loss, with the wards; then which service points are shown no more."""
    alike: dict[tuple[HelpKind, Loss], list[Lost]] = defaultdict(list)
    for one in lost:
        alike[one.kind, one.loss].append(one)
    for (kind, loss), some in alike.items():
        if loss is Loss.FARTHER:
            some.sort(key=_by_how_much)
            where = listed(f"{names.name(Site(one.ward))} {one.kilometres[0]:.1f} -> {one.kilometres[1]:.1f} km" for one in some if one.kilometres)
        else:
            where = names.together(Site(one.ward) for one in some)
        yield f"help: {kind}: {loss}: {where}"
    if gone := sorted(before.shown - after.shown):
        yield f"help: {len(gone)} no longer shown: {listed(gone)}"


def listed(names: Iterable[str]) -> str:
    """The first few, and how many more."""
    every = list(names)
    return ", ".join(every[:_NAMED]) + (f" and {len(every) - _NAMED} more" if len(every) > _NAMED else "")


def _by_how_much(one: Lost) -> float:
    return one.kilometres[0] - one.kilometres[1] if one.kilometres else 0.0
