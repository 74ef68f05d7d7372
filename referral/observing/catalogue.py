"""Every figure of the service that stands in its database, as a table. What each means and what to do about it is in docs/operating.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from referral.alerts.depths import queue_depths
from referral.alerts.records import AlertRecord, Purpose
from referral.backup import marks
from referral.directory.upkeep_records import ProofRow, TaskKind, TaskRow
from referral.dispatch.balance import LEFT, left
from referral.dispatch.red_marks import red_counts
from referral.dispatch.road import Roads, Trouble
from referral.dispatch.worker import HeartbeatRecord
from referral.forgetting import runs
from referral.intake.records import TextRecord
from referral.observing.figures import Figure, Values, age, alone
from referral.privacy.audit import AuditRecord
from referral.privacy.audit import over as written_before
from referral.privacy.keyring import Keyring
from referral.privacy.records import ChainRecord, CounterRecord, HeadRecord
from referral.reports.keeping import first_filed, never_closed
from referral.reports.records import ReportRecord
from referral.vocabulary.report import Urgency

WORKER_SILENT = timedelta(seconds=60)
"""A worker beats every five seconds; one that was not heard of for so long is gone."""
LOOKS_BACK = timedelta(days=2)


def workers(session: Session, now: datetime) -> Values:
    """How many beat within the last minute."""
    return alone(session.scalar(select(func.count()).where(HeartbeatRecord.at > now - WORKER_SILENT)))


def heartbeat(session: Session, now: datetime) -> Values:
    return alone(age(session.scalar(select(func.max(HeartbeatRecord.at))), now))


def reports(session: Session, now: datetime) -> Values:
    """Reports whose hour is over: a figure that rose at 14:03 would say when somebody reported, which the report itself does not."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    rows = session.execute(select(ReportRecord.urgency, func.count()).where(ReportRecord.filed_hour < hour).group_by(ReportRecord.urgency))
    found = {row[0]: row[1] for row in rows}
    return {(one.value,): float(found.get(one, 0)) for one in Urgency}


def marked(session: Session, _now: datetime) -> Values:
    return {(urgency.value,): float(count) for urgency, count in red_counts(session).items()}


def due(session: Session, now: datetime) -> Values:
    return {(lane,): float(depth.due) for lane, depth in queue_depths(session, now).items()}


def waiting(session: Session, now: datetime) -> Values:
    return {(lane,): float(depth.waiting) for lane, depth in queue_depths(session, now).items()}


def oldest(session: Session, now: datetime) -> Values:
    return {(lane,): depth.oldest.total_seconds() for lane, depth in queue_depths(session, now).items()}


def failed(session: Session, now: datetime) -> Values:
    """Alerts to officers that could not be sent in the last hour."""
    hour = now - timedelta(hours=1)
    return alone(session.scalar(select(func.count()).where(AlertRecord.purpose == Purpose.ALERT, AlertRecord.failed_at > hour)))


def texts(session: Session, now: datetime) -> Values:
    """How long the oldest text that came in has waited to be read, 0 where none waits."""
    oldest = session.scalar(select(func.min(TextRecord.due_at)).where(TextRecord.due_at <= now, TextRecord.held.is_(False)))
    return alone(age(oldest, now) or 0.0)


def purge(session: Session, now: datetime) -> Values:
    """Since the last whole run; where there was none, since the first report, which is what should have been forgotten by now."""
    return alone(age(runs.last_ended(session) or first_filed(session), now))


def head(session: Session, now: datetime) -> Values:
    """Since the last head; where there was none, since the first entry, which is what they should have been told of."""
    told = session.scalar(select(func.max(HeadRecord.told_at)))
    return alone(age(told or session.scalar(select(func.min(AuditRecord.hour))), now))


def unchained(session: Session, now: datetime) -> Values:
    """Entries of the last two days whose hour (or day) is over by more than an hour, and that are still not in the chain."""
    before = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    rows = select(func.count()).select_from(AuditRecord).outerjoin(ChainRecord, ChainRecord.entry == AuditRecord.id)
    return alone(session.scalar(rows.where(ChainRecord.entry.is_(None), written_before(before), AuditRecord.hour >= before - LOOKS_BACK)))


def gaps(session: Session, _now: datetime) -> Values:
    return alone(session.scalar(select(ProofRow.gaps).where(ProofRow.proven_at.is_not(None))))


def proof(session: Session, now: datetime) -> Values:
    return alone(age(session.scalar(select(ProofRow.proven_at)), now))


def tasks(session: Session, _now: datetime) -> Values:
    rows = session.execute(select(TaskRow.kind, func.count()).where(TaskRow.done_at.is_(None)).group_by(TaskRow.kind))
    found = {row[0]: row[1] for row in rows}
    return {(kind.value,): float(found.get(kind, 0)) for kind in TaskKind}


def refused(session: Session, now: datetime) -> Values:
    """Today's counts of what should not happen, by the names that the doors give them."""
    counts = select(CounterRecord.name, CounterRecord.count).where(CounterRecord.day == now.date())
    rows = session.execute(counts.where(CounterRecord.name != marks.MADE, ~CounterRecord.name.startswith(LEFT)))
    return {(row[0],): float(row[1]) for row in rows if row[0].replace(".", "").replace("_", "").isalpha()}


def backup(session: Session, now: datetime) -> Values:
    """Since the end of the day, in UTC, on which the last backup was made, since no more is written down of it; 0 on that day."""
    made = marks.last_made(session)
    return alone(None if made is None else age(datetime.combine(made + timedelta(days=1), time(), UTC), now))


def balance(session: Session, now: datetime) -> Values:
    return {(currency,): float(amount) for currency, amount in left(session, now).items()}


def left_open(idle: timedelta) -> Figure:
    def read(session: Session, now: datetime) -> Values:
        return alone(len(never_closed(session, now - idle)))

    return Figure("referral_reports_left_open", "Reports that nobody has closed for longer than policy thinks right", (), read)


def least(roads: Roads) -> Figure:
    """Beside the balance, so that the alarm's figure stands in one place, the county's policy."""
    return Figure("referral_gateway_balance_least", "What policy wants to be left on the account", (), lambda *_: alone(roads.figures.balance_least))


def trouble(roads: Roads) -> Figure:
    def read(session: Session, _now: datetime) -> Values:
        seen = {one.trouble: one for one in roads.seen(session)}
        shown = {one for one in seen if one is not Trouble.DOWN or seen[one].stops}  # a gateway that failed once or twice is not down
        return {(one.value,): float(one in shown) for one in Trouble}

    return Figure("referral_sending_trouble", "What is wrong with the sending as a whole, 1 where it is", ("trouble",), read)


def keys(ring: Keyring) -> Sequence[Figure]:
    """How the keyring of this machine stands: a file, so that machines may differ."""

    def readable(_session: Session, _now: datetime) -> Values:
        return alone(float(ring.sound()))

    def ahead(_session: Session, now: datetime) -> Values:
        return alone(float(ring.ring().months_ahead(now)))

    def backed_up(_session: Session, now: datetime) -> Values:
        return alone(age(ring.ring().backed_up, now))

    return (
        Figure("referral_keyring_readable", "Whether the keyring can be read now, 1 where it can", (), readable),
        Figure("referral_keyring_months_ahead", "For how many coming months there are keys", (), ahead),
        Figure("referral_keyring_backup_age_seconds", "Since the keys were sealed to the custodians", (), backed_up),
    )


def catalogue(idle: timedelta, roads: Roads, ring: Keyring) -> tuple[Figure, ...]:
    """All of them. `idle` is how long a report may stay open before somebody should look."""
    return (*FIGURES, left_open(idle), trouble(roads), least(roads), *keys(ring))


FIGURES: Sequence[Figure] = (
    Figure("referral_workers", "Workers that beat within the last minute", (), workers),
    Figure("referral_worker_heartbeat_age_seconds", "Since any worker beat", (), heartbeat),
    Figure("referral_reports", "Reports kept, by urgency; those of this hour are not counted yet", ("urgency",), reports),
    Figure("referral_reports_nobody_has", "Reports at the end of their ladder that no officer has, by urgency", ("urgency",), marked),
    Figure("referral_queue_due", "Texts that may go out now and that nobody has taken in hand, by lane", ("lane",), due),
    Figure("referral_queue_waiting", "Texts that have been due and are being sent or tried again, by lane", ("lane",), waiting),
    Figure("referral_queue_oldest_seconds", "How long the oldest due text has been due, by lane", ("lane",), oldest),
    Figure("referral_gateway_balance", "What is left on the gateway's account, in whole units of its currency", ("currency",), balance),
    Figure("referral_alerts_failed_last_hour", "Alerts to officers that could not be sent", (), failed),
    Figure("referral_texts_oldest_seconds", "How long the oldest unread text has waited", (), texts),
    Figure("referral_purge_age_seconds", "Since the last whole purge", (), purge),
    Figure("referral_audit_head_age_seconds", "Since the custodians were told the audit's head", (), head),
    Figure("referral_audit_unchained", "Audit entries that are late in the chain", (), unchained),
    Figure("referral_coverage_gaps", "Combinations of place, concern, accused and hour that do not reach two institutions", (), gaps),
    Figure("referral_coverage_proof_age_seconds", "Since the coverage was proven", (), proof),
    Figure("referral_directory_tasks", "Open tasks on the directory", ("kind",), tasks),
    Figure("referral_refused_today", "Requests that were not taken, and other things that should not happen, since midnight UTC", ("reason",), refused),
    Figure("referral_backup_age_seconds", "Since the day of the last backup", (), backup),
)
