"""What the table of `dispatch` may ask of us after an answer, by short names for the tests of the gateway."""

from __future__ import annotations

from referral.dispatch.policy_of_codes import Course, Road, Text

SENT = Course(Text.SENT, Road.OPEN)
RETRY = Course(Text.LATER, Road.DOWN)
"""The same text to the same person, later."""
PAUSE = Course(Text.LATER, Road.EMPTY)
"""The account is empty."""
ALARM = Course(Text.LATER, Road.REFUSED)
"""Our account or sender is at fault: somebody must look."""
NEXT = Course(Text.NEXT, Road.ANSWERS)
"""This number takes no texts from us."""
RECEIPT = Course(Text.RECEIPT, Road.DOWN)
"""It may have gone out."""
