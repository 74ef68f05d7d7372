"""What officers leave behind: the PIN they sign in with, and the services that were given to a child."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from referral.reports.event_records import Given, ServiceEventRecord
from referral.store.base import Base

__all__ = ["PIN_TABLE", "Given", "PinRecord", "ServiceEventRecord"]
PIN_TABLE = "officer_pin"


class PinRecord(Base):
    """One officer's PIN and invitation, each an Argon2id hash sealed for this row: a copy of the database alone cannot even be guessed at.

    `tries` counts wrong ones since the last right one, over all calls, or hanging up would give three more. `last_try` is a
    keyed tag of the request that was counted last, so that a request the gateway repeats is one try.
    """

    __tablename__ = PIN_TABLE
    __table_args__ = (
        CheckConstraint("(sealed_invitation is null) = (invited_until is null)", name="invitation_whole"),
        CheckConstraint("tries between 0 and 3", name="three_tries"),
        {"sqlite_with_rowid": False},
    )

    person: Mapped[str] = mapped_column(String(60), ForeignKey("directory_person.id"), primary_key=True)
    sealed_pin: Mapped[bytes | None] = mapped_column(info={"sealed": "fields"})
    sealed_invitation: Mapped[bytes | None] = mapped_column(info={"sealed": "fields"})
    invited_until: Mapped[datetime | None]
    tries: Mapped[int]
    last_try: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    locked_until: Mapped[datetime | None]
