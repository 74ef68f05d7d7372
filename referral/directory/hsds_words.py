"""The fixed words of the published directory: what stands for what is not told, how samples are marked, names of codes."""

from __future__ import annotations

from referral.directory.point_records import Access
from referral.directory.service_records import Fee, Precision

ASK = "Contact first: call 116."
"""A safe place is found by asking, never by looking it up: whoever looks for a child there can read this directory too."""
HIDDEN_SERVICE = "Safe place (ask 116)"
HIDDEN_ORGANIZATION = "Safe places (ask 116)"
HIDDEN_PLACE = "Place not published"
HIDDEN_WHY = f"{ASK} Where this is, and who runs it, is told to nobody here."

SAMPLE = "Sample"
SAMPLE_ALERT = "Sample entry for practice: not a real service."
UNCONFIRMED = "Callers have said that this entry may be wrong: call first."

HELP = "help"
"""The taxonomy whose codes stand in a service's `kind` and `terms`."""
MARKS = "marks"
"""A taxonomy of our own: what a program should know of an entry, and people read in its words."""
CONTACT_FIRST, IS_SAMPLE, IS_UNCONFIRMED = "contact-first", "sample", "unconfirmed"
MARK_TERMS = {
    CONTACT_FIRST: ("Contact first", "Where it is, is not published. Call 116 and ask."),
    IS_SAMPLE: ("Sample", "An entry for practice. It stands for no real service and has no phone."),
    IS_UNCONFIRMED: ("Not confirmed", "Several callers have said that the entry is wrong, and nobody has looked into it yet."),
}
TAXONOMIES = {
    HELP: ("Kinds of help", "What a caller can ask for, and finer words below each kind."),
    "concern": ("Concerns", "What a report can be about."),
    MARKS: ("Marks", "What to know of an entry before using it."),
}

LANGUAGES = {"swa": "Swahili", "eng": "English", "dig": "Digo", "dug": "Duruma", "sgn": "Sign language"}
ACCESS = {
    Access.RAMP: "Ramp",
    Access.TOILET: "Accessible toilet",
    Access.SIGN_LANGUAGE: "Somebody who signs",
    Access.FEMALE_STAFF: "Female staff",
    Access.CHILD_SPACE: "A room for children",
    Access.TRANSPORT: "Transport is arranged",
}
PRECISION = {
    Precision.GPS: "",
    Precision.APPROX: "The point is from a map, not measured on the spot.",
    Precision.TOWN: "The point is the town's, not the building's.",
    Precision.WARD: "The point is the ward's, not the building's.",
}
FEES = {Fee.FREE: "Free.", Fee.PAID: "To be paid for.", Fee.UNKNOWN: ""}
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def sentence(*parts: str) -> str:
    """The parts that are not empty, one after the other, each ended before the next begins."""
    said = [part.strip() for part in parts if part.strip()]
    ended = [part if part.endswith((".", "!", "?", ";", ":")) else f"{part}." for part in said[:-1]]
    return " ".join((*ended, *said[-1:]))
