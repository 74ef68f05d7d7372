"""When an alert may go, and by when it must be answered and acted on. Arithmetic only: the moment and the randomness are arguments."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from referral.routing.policy import Policy, Window
from referral.vocabulary.report import Danger, Hours, Told, Urgency


class Randomness(Protocol):
    """`random.Random` or, in production, `random.SystemRandom`: a delay that can be predicted hides nobody."""

    def uniform(self, a: float, b: float, /) -> float: ...


def due(urgency: Urgency, told: Told, now: datetime, policy: Policy, random: Randomness, *, last: bool = False) -> datetime:
    """When the first alert of a report may leave.

    An alert that arrives while the reporter still holds the phone points at the reporter; so all but RED wait, and where
    waiting costs no safety they wait for a random time. HIGH without "not now" waits `delay_high` minutes at most: the
    end of the session may bring it forward. `last`: MEDIUM and LOW only, after whatever else came at the same time.
    """
    if urgency is Urgency.RED:
        minutes = policy.delay_red
    elif urgency is Urgency.HIGH and told.danger is Danger.NOT_NOW:
        minutes = random.uniform(policy.delay_high_not_now.least, policy.delay_high_not_now.most)
    elif urgency is Urgency.HIGH:
        minutes = policy.delay_high
    else:
        minutes = random.uniform(policy.delay_later.least, policy.delay_later.most) + (policy.delay_later.most if last else 0)
    return next_sending_time(urgency, now + timedelta(minutes=minutes), policy)


def next_sending_time(urgency: Urgency, at: datetime, policy: Policy) -> datetime:
    """`at` itself, or for MEDIUM and LOW outside the sending hours the next moment they open. RED and HIGH go at any hour."""
    if urgency.at_least(Urgency.HIGH):
        return at
    return _opening(at, policy.sending_hours, policy)


def next_contact_time(hours: Hours, at: datetime, policy: Policy) -> datetime:
    """`at` itself, or the next moment that lies in the hours which a reporter said are safe."""
    return _opening(at, policy.contact_hours[hours], policy)


def deadline(urgency: Urgency, step: int, sent_at: datetime, policy: Policy) -> datetime:
    """By when step `step` (from 1) must be acknowledged, counted from `sent_at`, the sending of that very step; after it the next is told.

    The table counts from the first sending, so a step has what lies between its figure and the one before (RED 15, 15 and 30
    minutes): a ladder on time keeps the table's times, and a step that went early or late still has its share. A step beyond the table's
    last has the last figure. The minutes of HIGH run only in the counted hours (20:30 and 60 minutes make 07:30).
    """
    return _later(urgency, sent_at, _span(urgency, step, policy), policy)


def reminder(urgency: Urgency, step: int, sent_at: datetime, policy: Policy) -> datetime | None:
    """When whoever has not answered is reminded: after the policy's share of the step's time; None where it has none, or only too late."""
    share = policy.remind[urgency]
    if not share:
        return None
    at = next_reminding_time(urgency, _later(urgency, sent_at, share * _span(urgency, step, policy), policy), policy)
    return at if at < deadline(urgency, step, sent_at, policy) else None


def next_reminding_time(urgency: Urgency, at: datetime, policy: Policy) -> datetime:
    """`at` itself, or when the hours open again in which a deadline runs or a text may go: nobody is woken for what is not late."""
    return _opening(at, policy.counted_hours, policy) if urgency is Urgency.HIGH else next_sending_time(urgency, at, policy)


def latest_sending(urgency: Urgency, now: datetime, policy: Policy) -> datetime:
    """The latest time that anything queued at `now` or before can have been put off to, by delays and hours alone."""
    if urgency is Urgency.RED:
        waits = policy.delay_red
    elif urgency is Urgency.HIGH:
        waits = max(policy.delay_high, policy.delay_high_not_now.most)
    else:
        waits = 2 * policy.delay_later.most
    return next_sending_time(urgency, now + timedelta(minutes=waits), policy)


def latest(urgency: Urgency, step: int, now: datetime, policy: Policy) -> datetime:
    """The latest time that a clock of `step` can have been set to at `now` or before: one that is later was set before the clock went back."""
    return deadline(urgency, step, latest_sending(urgency, now, policy), policy)


def action_deadline(urgency: Urgency, sent_at: datetime, policy: Policy) -> datetime:
    """By when somebody must have acted, not only answered. Plain hours at every urgency: a child's day has a night too."""
    return sent_at + timedelta(minutes=policy.act[urgency])


def _span(urgency: Urgency, step: int, policy: Policy) -> float:
    """A step's own minutes."""
    before = _figure(urgency, step - 1, policy) if 1 < step <= len(policy.acknowledge[urgency]) else 0.0
    return _figure(urgency, step, policy) - before


def _figure(urgency: Urgency, step: int, policy: Policy) -> float:
    figures = policy.acknowledge[urgency]
    return figures[min(max(step, 1), len(figures)) - 1]


def _later(urgency: Urgency, start: datetime, minutes: float, policy: Policy) -> datetime:
    return _counted(start, minutes, policy) if urgency is Urgency.HIGH else start + timedelta(minutes=minutes)


def _opening(at: datetime, window: Window, policy: Policy) -> datetime:
    local = at.astimezone(policy.timezone)
    opens = local.replace(hour=window.opens.hour, minute=window.opens.minute, second=window.opens.second, microsecond=0)
    if local.time() < window.opens:
        return opens.astimezone(at.tzinfo)
    if local.time() < window.closes:
        return at
    return (opens + timedelta(days=1)).astimezone(at.tzinfo)


def _counted(start: datetime, minutes: float, policy: Policy) -> datetime:
    """`start` plus `minutes` that run only inside the counted hours."""
    window = policy.counted_hours
    left = timedelta(minutes=minutes)
    at = _opening(start, window, policy)
    while True:
        local = at.astimezone(policy.timezone)
        closes = local.replace(hour=window.closes.hour, minute=window.closes.minute, second=window.closes.second, microsecond=0)
        if left <= closes - local:
            return at + left
        left -= closes - local
        at = _opening(closes.astimezone(start.tzinfo), window, policy)
