"""What a person reads where a phone cannot do what they want: the same words in the terminal and in the browser."""

from __future__ import annotations

from types import MappingProxyType

TROUBLE = MappingProxyType(
    {
        "not-a-sample-number": "Only the sample numbers +254700000xxx can be used here.",
        "no-such-code": "That code leads nowhere.",
        "no-such-network": "There is no such network.",
        "no-such-phone": "No phone, or more than one, is called that. Type phones.",
        "no-such-number": "Only the service can be texted from here.",
        "session-over": "The session has ended.",
        "too-long": "That is longer than a phone takes.",
        "empty": "There is nothing to send.",
        "no-such-scene": "The network cannot be made to do that.",
        "not-a-fault": "The network cannot be made to do that.",
    }
)
"""By the stand-in's word of trouble."""
