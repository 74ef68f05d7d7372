"""Where each place is seen from: its own point, or one made of what is known around it, so that no caller's list is empty for want of a figure.

A county may hand in its places before anybody measured them. Help that lies in a place says where people of it go; else the places in it do, else
what it lies in, and at the very last the middle of all that is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from referral.directory.ground import Grounds, Point
from referral.directory.records import PlaceRow
from referral.directory.service_records import LocationRow

NOWHERE: Point = (0.0, 0.0)
"""Where nothing at all is measured: it is measured from by nobody, since there is nothing to measure to."""


def read_spots(session: Session, grounds: Grounds) -> dict[str, Point]:
    """Where each place is seen from, every one of them. The points that places have themselves stand in `grounds`."""
    located = select(LocationRow.place, LocationRow.lat, LocationRow.lon).where(LocationRow.lat.is_not(None)).order_by(LocationRow.id)
    sites = [(place or "", (lat, lon)) for place, lat, lon in session.execute(located) if lat is not None and lon is not None]
    return spots(grounds.heights, {one: point for one in grounds.places if (point := grounds.point(one)) is not None}, sites)


def spots(heights: Mapping[str, Mapping[str, int]], known: Mapping[str, Point], sites: Sequence[tuple[str, Point]]) -> dict[str, Point]:
    """`heights` are the places above each place with the steps to them, `known` the points places have, `sites` those of help, by the place it is in."""
    served = _within(heights, sites)
    holding = _within(heights, known.items())
    near = dict(known) | {one: _middle(served.get(one) or holding[one]) for one in heights if one not in known and (one in served or one in holding)}
    everything = [*(point for _, point in sites), *known.values()]
    last = _middle(everything) if everything else NOWHERE
    found = {}
    for one, above in heights.items():
        nearest = min(((height, place) for place, height in above.items() if place in near), default=None)
        found[one] = near[one] if one in near else near[nearest[1]] if nearest else last
    return found


def pointless(session: Session) -> tuple[str, ...]:
    """The names of the places that have no point of their own, in the county's order: distances from them are a guess until somebody gives them one."""
    lacking = select(PlaceRow.name).where(or_(PlaceRow.lat.is_(None), PlaceRow.lon.is_(None))).order_by(PlaceRow.position, PlaceRow.id)
    return tuple(session.scalars(lacking))


def _within(heights: Mapping[str, Mapping[str, int]], points: Iterable[tuple[str, Point]]) -> dict[str, list[Point]]:
    """The points in each place, by the place: what lies in one lies in every one above it."""
    found: dict[str, list[Point]] = defaultdict(list)
    for place, point in points:
        for one in (place, *heights.get(place, ())):
            found[one].append(point)
    return dict(found)


def _middle(points: Sequence[Point]) -> Point:
    return sum(lat for lat, _ in points) / len(points), sum(lon for _, lon in points) / len(points)
