"""The nearest help at a moment: the order worked out beforehand, weighed by what is open now. Never a radius that finds nothing.

One query a list, plain columns, no entities: a caller waits for this on a phone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from math import cos, hypot, radians, sqrt
from operator import itemgetter
from typing import Any

from sqlalchemy import Row, and_, bindparam, literal, null, select, union_all
from sqlalchemy.orm import Session

from referral.directory.ground import Point, crow
from referral.directory.hours import opening_at
from referral.directory.near_detail import PointDetail, read_code, read_detail
from referral.directory.near_score import Weights, WeightsError, circumstances, parse_weights, spelled
from referral.directory.point_records import NearRankRow, ShownPointRow
from referral.directory.records import PlaceRow
from referral.directory.weeks import Week, parse_week
from referral.store.base import Base
from referral.vocabulary.help import HelpDetail, HelpKind, NearHelp, Open, Opening
from referral.vocabulary.place import PlaceKind

__all__ = ["NearestHelp", "Weights", "WeightsError", "parse_weights"]

FIRST_SCREEN = 3
EMERGENCIES = frozenset({HelpKind.POLICE, HelpKind.TALK})
"""Kinds whose helplines end every list, however short: somebody answers there when nobody is near."""
LINES = 2
FINE = frozenset({PlaceKind.SUBLOCATION, PlaceKind.TOWN})
"""Kinds of place small enough for a distance to be told without "about"."""
PARENTS_POINT = "parent"
"""A place's precision where its point is only that of what it lies in."""
START, LEAST, WORLD = 0.05, 0.005, 2.0
"""Half the side of the first box around a free point, of the smallest, and from where on there is no box any more. Degrees; one is some 111 km."""
CROWDED, AIM = 3, 2
"""A box with CROWDED times what was asked for was too large: the next is made to hold AIM times as many."""

_TABLES = Base.metadata.tables
_RANK, _SHOWN, _PLACE = _TABLES[NearRankRow.__tablename__].c, _TABLES[ShownPointRow.__tablename__].c, _TABLES[PlaceRow.__tablename__].c
_COUNTY = select(_PLACE.id).where(_PLACE.kind == PlaceKind.COUNTY).order_by(_PLACE.position).limit(1).scalar_subquery()
_POINT = (_SHOWN.service_at_location, _SHOWN.code, _SHOWN.name, _SHOWN.short_name, _SHOWN.exact, _SHOWN.pep, _SHOWN.confirmed, _SHOWN.verified_on, _SHOWN.week)
_SEEN = and_(_SHOWN.service_at_location == _RANK.service_at_location, _SHOWN.kind == _RANK.kind)
_RANKED = (
    select(*_POINT, _RANK.metres, _RANK.own_area, _PLACE.kind.label("place_kind"), _PLACE.precision.label("place_precision"), _PLACE.lat.label("place_lat"))
    .join_from(_TABLES[NearRankRow.__tablename__], _TABLES[ShownPointRow.__tablename__], _SEEN)
    .join(_TABLES[PlaceRow.__tablename__], _PLACE.id == _RANK.place)
    .where(_RANK.kind == bindparam("kind"))
    .order_by(_RANK.rank)
)
_FROM_PLACE, _FROM_COUNTY = _RANKED.where(_RANK.place == bindparam("place")), _RANKED.where(_RANK.place == _COUNTY)
_UNMEASURED = (
    select(*_POINT, null().label("lat"), null().label("lon"), _RANK.rank)
    .join_from(_TABLES[NearRankRow.__tablename__], _TABLES[ShownPointRow.__tablename__], _SEEN)
    .where(_RANK.kind == bindparam("kind"), _RANK.place == _COUNTY, _RANK.metres.is_(None))
)
_LOCATED = select(*_POINT, _SHOWN.lat, _SHOWN.lon, literal(-1).label("rank")).where(_SHOWN.kind == bindparam("kind"))
_IN_BOX = _LOCATED.where(_SHOWN.lat.between(bindparam("south"), bindparam("north")), _SHOWN.lon.between(bindparam("west"), bindparam("east")))
_BOX = union_all(_IN_BOX, _UNMEASURED)
_ANYWHERE = union_all(_LOCATED.where(_SHOWN.lat.is_not(None)), _UNMEASURED)


@dataclass(slots=True)
class _Seen:
    """One service point as seen from where the caller is."""

    row: Row[*tuple[Any, ...]]
    kilometres: float | None
    about: bool
    own_area: bool


class NearestHelp:
    """Lists of help near a place or a point. Every method only reads; `now` is aware, `tz` the county's. Safe places are in no list."""

    def __init__(self, weights: Weights = Weights(), *, tz: tzinfo) -> None:  # noqa: B008  frozen
        self._weights = weights
        self._tz = tz
        self._week: Callable[[str], Week] = lru_cache(maxsize=4096)(parse_week)
        self._half: dict[HelpKind, float] = {}

    def near(self, session: Session, place_id: str | None, kind: HelpKind, now: datetime, *, limit: int = 20) -> tuple[NearHelp, ...]:
        """The best first, as seen from a place; from the county's point for None or a place that is no longer known.

        Empty only where the whole directory has nothing of the kind.
        """
        rows = session.execute(_FROM_PLACE, {"kind": kind, "place": place_id}).all() if place_id else ()
        if not rows:
            rows = session.execute(_FROM_COUNTY, {"kind": kind}).all()
        if not rows:
            return ()
        about = _is_wide(rows[0].place_kind, rows[0].place_precision, rows[0].place_lat)
        seen = [
            _Seen(row, None if row.metres is None else row.metres / 1000, row.metres is not None and (about or not row.exact), row.own_area) for row in rows
        ]
        return self._listed(seen, kind, now, limit)

    def near_point(self, session: Session, point: Point, kind: HelpKind, now: datetime, *, limit: int = 20) -> tuple[NearHelp, ...]:
        """As `near`, from a free point (latitude, longitude)."""
        measured, lines = self._around(session, point, kind, max(1, limit))
        if kind is HelpKind.MEDICAL and not any(one.row.pep for one in measured):
            measured += self._around(session, point, HelpKind.PEP, 1)[0]
        return self._listed([*measured, *lines], kind, now, limit)

    def detail(self, session: Session, service_at_location_id: str, now: datetime, place_id: str | None = None) -> HelpDetail | None:
        """One service point opened, its distance from a place if one is given; None for what may not be shown or is no longer there."""
        found = read_detail(session, service_at_location_id, place_id)
        if found is None:
            return None
        return self._opened(found, now)

    def by_code(self, session: Session, code: str) -> str | None:
        """The id of the service point a caller names by its code, however it is typed; None for one that is not shown."""
        return read_code(session, code)

    def _opened(self, found: PointDetail, now: datetime) -> HelpDetail:
        row = found.row
        about = found.kilometres is not None and (_is_wide(row.here_kind, row.here_precision, row.here_lat) or not row.exact)
        opening = self._opening(row.week, now.astimezone(self._tz))
        one = _Weighed(_Seen(row, found.kilometres, about, False), opening, [])
        return HelpDetail(one.told(found.kind), found.place, found.where, found.phones, found.free, found.alert)

    def _listed(self, seen: Sequence[_Seen], kind: HelpKind, now: datetime, limit: int) -> tuple[NearHelp, ...]:
        local = now.astimezone(self._tz)
        ranked = []
        openings: dict[str | None, Opening] = {}  # many keep the same hours
        for place, one in enumerate(seen):
            week = one.row.week
            opening = openings.get(week) or openings.setdefault(week, self._opening(week, local))
            counted = circumstances(self._weights, local, one.kilometres, opening, one.own_area, one.row.verified_on, one.row.confirmed)
            ranked.append((one.kilometres is None, sum([figure for _, figure in counted]), place, _Weighed(one, opening, counted)))
        ranked.sort(key=itemgetter(0, 1, 2))
        found = [one for _, _, _, one in ranked]
        if kind is HelpKind.MEDICAL:
            found = _with_pep(found)
        return tuple([one.told(kind) for one in _cut(found, kind, limit)])

    def _opening(self, week: str | None, local: datetime) -> Opening:
        return Opening(Open.UNKNOWN) if week is None else opening_at(self._week(week), local)

    def _around(self, session: Session, point: Point, kind: HelpKind, count: int) -> tuple[list[_Seen], list[_Seen]]:
        """The `count` nearest of a kind, and those without a point. The next search begins with a box of the size that was right for this one."""
        half = self._half.get(kind, START)
        squeeze = max(0.01, cos(radians(point[0])))  # a degree of longitude, in degrees of latitude
        while True:
            everywhere = half > WORLD
            values = {"kind": kind, "south": point[0] - half, "north": point[0] + half, "west": point[1] - half / squeeze, "east": point[1] + half / squeeze}
            # where the list is full before its end is reached, what stands at its end need not be read
            box = _BOX if kind in EMERGENCIES else _IN_BOX
            rows = session.execute(_ANYWHERE, {"kind": kind}).all() if everywhere else session.execute(box, values).all()
            away = [(hypot(row.lat - point[0], (row.lon - point[1]) * squeeze), row.service_at_location, row) for row in rows if row.rank < 0]
            away.sort(key=itemgetter(0, 1))
            # what lies in the box's corners may be farther than something just outside a side: only what the inscribed circle holds is sure
            inside = away if everywhere else away[: bisect_right(away, half, key=itemgetter(0))]
            if everywhere or len(inside) >= count:
                break
            half *= 4 if len(inside) * 4 < count else 2
        self._half[kind] = max(LEAST, half * sqrt(AIM * count / len(away))) if len(away) > CROWDED * count else half
        nearest = [_Seen(row, crow(point, (row.lat, row.lon)), not row.exact, False) for _, _, row in inside[:count]]
        lines = sorted((row for row in rows if row.rank >= 0), key=lambda row: row.rank)
        return nearest, [_Seen(row, None, False, False) for row in lines]


def _is_wide(kind: PlaceKind, precision: str, lat: float | None) -> bool:
    """Whether a distance from the place's point says little of the distance from where in the place somebody is."""
    return kind not in FINE or lat is None or precision == PARENTS_POINT


@dataclass(slots=True)
class _Weighed:
    """One service point with what counts for and against it now."""

    seen: _Seen
    opening: Opening
    counted: list[tuple[str, float]]

    def told(self, kind: HelpKind) -> NearHelp:
        seen, row = self.seen, self.seen.row
        return NearHelp(
            row.service_at_location, row.code, row.name, row.short_name, kind, self.opening,
            seen.kilometres, seen.about, row.confirmed, row.pep, spelled(self.counted),
        )  # fmt: skip


def _with_pep(found: list[_Weighed]) -> list[_Weighed]:
    """Of the first three one has medicine after rape: if it is not among the first two, the best that has it is the third.

    After rape the hours count, and a dispensary often has none: whoever reads no further must not be sent to dispensaries only.
    """
    at = next((at for at, one in enumerate(found) if one.seen.row.pep), 0)
    if at < FIRST_SCREEN:
        return found
    found[at].counted.append(("medicine after rape", 0.0))
    found.insert(FIRST_SCREEN - 1, found.pop(at))
    return found


def _cut(found: Sequence[_Weighed], kind: HelpKind, limit: int) -> Sequence[_Weighed]:
    if kind not in EMERGENCIES or len(found) <= limit:
        return found[:limit]
    lines = [one for one in found[limit:] if one.seen.kilometres is None][-LINES:]
    return [*found[: max(0, limit - len(lines))], *lines][:limit]
