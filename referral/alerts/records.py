"""The outbox and the ladder."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from referral.store.base import ID_LENGTH, Base

TABLE = "alert"
RED_LANE, REPLY_LANE, DRILL_LANE = 0, 1, 9
"""The lanes are the ranks of the urgencies, 0 to 3, and behind everything that is about a child the monthly tests."""
UNCONFIRMED = " and ".join(
    ("sent_at is not null", *(f"{name}_at is null" for name in ("delivered", "failed", "early", "acknowledged", "declined", "revoked", "expired")))
)
"""Sent, and nothing heard since of any kind: few rows at any time."""
PASSING = "purpose <> 'alert'"
"""What is no hand-over, and forgotten soon. Whoever asks for such rows says it in these words, so that the index of them serves."""


class Purpose(StrEnum):
    ALERT = "alert"
    """A report is handed to an office: the row is that hand-over, from queued to done."""
    AGAIN = "again"
    """The duty person at the ladder's end is told again, because nobody has answered."""
    SUPERVISOR = "supervisor"
    """Somebody's supervisor is told that an alert was not acted on, or that its answers were guessed."""
    REPLY = "reply"
    """An answer to an officer's text."""
    LETTER = "letter"
    """An officer is told that the reporter has written."""
    DRILL = "drill"
    """The monthly test of an office: answered like an alert, with a one-time number of its own, and no report behind it."""
    HEAD = "head"
    """The audit's daily head, told to those who keep it."""
    RELAY = "relay"
    """A neutral text to a reporter who agreed to be contacted, asked for by `person`. The row holds no number: it is looked up when it is sent."""
    REPORTER = "reporter"
    """An answer to whoever texted about a child: the only rows that hold a number, sealed, and blanked when they are final."""


class AlertRecord(Base):
    """One SMS to one duty bearer. Its state is derived from its times, since receipts arrive in any order.

    No officer's number stands here: the person's is looked up when the text is sent, so that somebody removed, suspended or gone on leave
    since it was queued is not told. `key` and `params` name the words of what is not an ALERT (those are put together from
    the report when they are sent); params hold words and numbers of alerts, never a story.
    """

    __tablename__ = TABLE
    __table_args__ = (
        Index("ix_alert_due", "lane", "due_at", sqlite_where=text("due_at is not null"), postgresql_where=text("due_at is not null")),
        Index(
            "uq_alert_once_a_person", "report", "person", unique=True,
            sqlite_where=text("purpose = 'alert'"), postgresql_where=text("purpose = 'alert'"),
        ),
        Index("ix_alert_one_time", "person", "one_time_tag", sqlite_where=text("one_time is not null"), postgresql_where=text("one_time is not null")),
        Index("ix_alert_unconfirmed", "sent_at", sqlite_where=text(UNCONFIRMED), postgresql_where=text(UNCONFIRMED)),
        Index("ix_alert_passing", "purpose", "sent_at", sqlite_where=text(PASSING), postgresql_where=text(PASSING)),
        Index("ix_alert_remind", "remind_at", sqlite_where=text("remind_at is not null"), postgresql_where=text("remind_at is not null")),
        CheckConstraint("purpose <> 'alert' or (report is not null and one_time is not null)", name="alert_is_answerable"),
        CheckConstraint("(purpose = 'reporter') = (person = '')", name="reporters_are_nobody"),
        CheckConstraint("number is null or (purpose = 'reporter' and due_at is not null)", name="numbers_only_while_due"),
        CheckConstraint("due_at is null or (sent_at is null and failed_at is null)", name="due_means_not_sent"),
        {"sqlite_with_rowid": False},
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    purpose: Mapped[Purpose]
    lane: Mapped[int]
    report: Mapped[str | None] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    step: Mapped[int | None]
    office: Mapped[str | None]
    institution: Mapped[str | None]
    person: Mapped[str] = mapped_column(index=True)
    """Empty in REPORTER rows: who texts about a child is nobody to us but a number that is soon forgotten."""
    number: Mapped[bytes | None] = mapped_column(info={"sealed": "fields"})
    key: Mapped[str | None]
    params: Mapped[str | None] = mapped_column(String(500))
    one_time: Mapped[bytes | None] = mapped_column(info={"sealed": "fields"})
    one_time_tag: Mapped[bytes | None]
    """Finds the alert that an answer means. Empty in rows of before there were tags."""
    reason: Mapped[str | None] = mapped_column(String(500))

    due_at: Mapped[datetime | None]
    first_due_at: Mapped[datetime | None]
    """Since when it has been due, written down at the first try: `due_at` moves with every try. Empty again where it is put off on purpose."""
    claim: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    attempts: Mapped[int] = mapped_column(default=0)
    calling: Mapped[bool] = mapped_column(default=False)
    repeated: Mapped[bool] = mapped_column(default=False)
    gateway_tag: Mapped[bytes | None] = mapped_column(index=True)
    unknown_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failure: Mapped[str | None]

    deadline_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    """When whoever has not answered is to be reminded; empty from then on, so that it happens once."""
    early_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acting_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    decline_reason: Mapped[str | None]
    expired_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    referred_on_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    answer_minutes: Mapped[int | None]
    act_minutes: Mapped[int | None]
    """How long it took from the sending, written down when the times themselves are rounded to the hour."""
    wrong_answers: Mapped[int] = mapped_column(default=0)
    answers_ended_at: Mapped[datetime | None]
    mail_turn: Mapped[int | None]
    """The last letter of the reporter that this officer has read."""


class EarlyReceiptRecord(Base):
    """A delivery report that came before we had written down what it is about. Kept for minutes."""

    __tablename__ = "early_receipt"

    tag: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    delivered: Mapped[bool]
    why: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class LedgerRecord(Base):
    """What a month's texts cost, by purpose: counts and money, nobody's number. `cost` is in ten-thousandths of `currency`."""

    __tablename__ = "sms_ledger"

    month: Mapped[date] = mapped_column(primary_key=True)
    purpose: Mapped[Purpose] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    texts: Mapped[int]
    parts: Mapped[int]
    cost: Mapped[int]


class LadderRecord(Base):
    """How far a report has climbed, and when the next rung is due. Cleared times mean nothing is due."""

    __tablename__ = "ladder"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    report: Mapped[str] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[int]
    step_due_at: Mapped[datetime | None] = mapped_column(index=True)
    action_due_at: Mapped[datetime | None] = mapped_column(index=True)
    again_at: Mapped[datetime | None] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
