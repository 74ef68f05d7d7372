"""The state of a hand-over, derived from its times, and whether a report has been answered.

How a text travels, as times of its row; a worker, the gateway, a receipt or an answer moves it, and nothing moves it back:

| state     | the row                                              | next                                                                     |
|-----------|------------------------------------------------------|--------------------------------------------------------------------------|
| queued    | `due_at`, no `claim`                                 | claimed; taken back (`revoked_at`, `due_at` empty)                       |
| claimed   | `claim`, `due_at` = end of the lease                 | calling; queued again (put off, given back, lease over); taken back      |
| calling   | as claimed, and `calling`: the gateway may have it   | accepted, unknown, failed, queued again (refused for now); lease over: unknown |
| unknown   | `unknown_at`, `repeated`, `due_at` in a while        | accepted (receipt, answer, the marked repeat); unknown again in an outage; else failed |
| accepted  | `sent_at`, nothing due                               | delivered, failed (by receipt)                                           |
| delivered | `delivered_at`                                       | final                                                                    |
| failed    | `failed_at` and `failure`                            | final                                                                    |

What a person answers (acknowledged, acting, declined …) comes on top, at any of them: an answer proves that the text arrived, and ends the sending.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from referral.alerts.records import AlertRecord


class State(StrEnum):
    QUEUED = "queued"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    ACKNOWLEDGED = "acknowledged"
    ACTING = "acting"
    DECLINED = "declined"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REFERRED_ON = "referred_on"
    DONE = "done"


_RULES: tuple[tuple[Callable[[AlertRecord], bool], State], ...] = (
    (lambda a: a.revoked_at is not None, State.REVOKED),
    (lambda a: a.referred_on_at is not None, State.REFERRED_ON),
    (lambda a: a.done_at is not None, State.DONE),
    (lambda a: a.acting_at is not None, State.ACTING),
    (lambda a: a.acknowledged_at is not None, State.ACKNOWLEDGED),
    (lambda a: a.declined_at is not None, State.DECLINED),
    (lambda a: a.failed_at is not None, State.FAILED),
    (lambda a: a.expired_at is not None, State.EXPIRED),
    (lambda a: a.delivered_at is not None, State.DELIVERED),
    (lambda a: a.sent_at is not None, State.SENT),
    (lambda a: a.unknown_at is not None, State.UNKNOWN),
)
"""First match wins. What a person answered outweighs what a network said."""


def state_of(alert: AlertRecord) -> State:
    return next((state for holds, state in _RULES if holds(alert)), State.QUEUED)


def stands(alert: AlertRecord, at: datetime | None) -> bool:
    """Whether what somebody answered at that time still counts: not taken off, and not run out since, as when the reporter was not helped."""
    return at is not None and alert.revoked_at is None and (alert.expired_at is None or alert.expired_at <= at)


RECUSES: Mapping[str | None, bool] = MappingProxyType({"i_know_them": True, "unsafe": True, None: False})
"""The reasons of a no by which somebody is out of a report in every post they have: they know the people in it, or are in danger from them. A no without
a reason may be any of these. True: for good. False: taken back by a later yes, and asked again where literally nobody else is left. After any other
reason they keep what their office may do."""


def recused(alerts: Iterable[AlertRecord], *, for_good: bool = False) -> frozenset[str]:
    """The people who are out of a report by their own no: they learn nothing more of it, and decide nothing about it."""
    reasons = {reason for reason, good in RECUSES.items() if good or not for_good}
    return frozenset(alert.person for alert in alerts if alert.declined_at is not None and alert.decline_reason in reasons)


def waits(alerts: Iterable[AlertRecord], now: datetime) -> bool:
    """Whether a report's alerts all wait for their time, which is drawn so that nothing points at whoever used a phone a minute ago: until then the
    report does not exist for anybody. Tried once, or late, is waiting no more: while the gateway is down the desk must see what it cannot send."""
    rows = list(alerts)
    return any(alert.due_at is not None for alert in rows) and not any(_out(alert, now) for alert in rows)


def _out(alert: AlertRecord, now: datetime) -> bool:
    tried = alert.calling or alert.attempts > 0 or (alert.due_at is not None and alert.due_at < now)
    return tried or any((alert.sent_at, alert.unknown_at, alert.failed_at, alert.acknowledged_at, alert.declined_at))


def silent(alert: AlertRecord) -> bool:
    """Whether an answer to this hand-over is still awaited: nothing was said, and nobody else has been told in their place."""
    said = (alert.acknowledged_at, alert.acting_at, alert.declined_at, alert.referred_on_at, alert.done_at)
    return not any((*said, alert.revoked_at, alert.expired_at, alert.failed_at, alert.early_at))


def answered(alerts: Iterable[AlertRecord]) -> frozenset[str]:
    """The institutions in which a human has said yes and still has it: not taken off, and not handed on to somebody else."""
    return frozenset(a.institution or "" for a in alerts if stands(a, a.acknowledged_at) and not a.referred_on_at)


def served(alerts: Iterable[AlertRecord]) -> bool:
    """Whether somebody has done their part, which takes a service that was given."""
    return any(stands(a, a.done_at) for a in alerts)


def acting(alerts: Iterable[AlertRecord]) -> bool:
    return any(stands(a, a.acting_at) and a.referred_on_at is None for a in alerts)
