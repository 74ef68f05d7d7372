"""Whether an officer may still be heard by the reporter of a report: asked at each look and at each letter, like whether they may know of it at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from referral.handover.ladder import Ladder


def heard(ladder: Ladder, session: Session, report_id: str, now: datetime) -> Callable[[str, str], bool]:
    """Of a person and the office they wrote for: whether that is still their post, they are not suspended, no rule excludes any post of theirs from the
    report as it is told now, and they have not said that they cannot have it. A letter may be an invitation: whom the child fears must not send one.

    For a report that is not there the same questions are asked.
    """
    planner = ladder.planner.of_the_moment()
    planner.roster()  # one look at the directory, whether there is such a report or not
    report = ladder.register.find(session, report_id)
    gave_up = {alert.person for alert in ladder.outbox.alerts_of(session, report_id) if alert.declined_at is not None}

    def may(person: str, office: str) -> bool:
        posts = () if report is None or person in gave_up else planner.posts(report, person, now)
        return office in {post.id for post in posts}

    return may
