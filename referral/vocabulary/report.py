"""What a reporter can tell us, as closed sets of values. The stored value of each is stable for ever: rows and exports hold it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Concern(StrEnum):
    """What the worry is about. Codes of the service; their CPIMS equivalents are a table, never guessed from the code."""

    SEXABUSE = "SEXABUSE"
    SEXEXCH = "SEXEXCH"
    SEXTOUR = "SEXTOUR"
    MARRIAGE = "MARRIAGE"
    TRAFFIC = "TRAFFIC"
    SERVITUDE = "SERVITUDE"
    LABOUR = "LABOUR"
    ONLINE = "ONLINE"
    PHYSICAL = "PHYSICAL"
    NEGLECT = "NEGLECT"
    SCHOOL = "SCHOOL"
    PREGNANT = "PREGNANT"
    MISSING = "MISSING"
    OTHER = "OTHER"
    HELPNOW = "HELPNOW"
    """"I need help now": no category was asked. Treated as sexual, with the accused unknown."""

    @property
    def treated_as_sexual(self) -> bool:
        return self in TREATED_AS_SEXUAL


TREATED_AS_SEXUAL = frozenset({Concern.SEXABUSE, Concern.SEXEXCH, Concern.SEXTOUR, Concern.ONLINE, Concern.HELPNOW})
"""Concerns in which each of two institutions must answer and every closing needs a second person."""

NEVER_LOCAL = TREATED_AS_SEXUAL | {Concern.MARRIAGE, Concern.TRAFFIC, Concern.SERVITUDE, Concern.PREGNANT}
"""Concerns that never go to a chief, an elder, a religious leader or a school: there cases are settled, and vanish."""


class Danger(StrEnum):
    NOW = "now"
    SOON = "soon"
    NOT_NOW = "not_now"
    UNKNOWN = "unknown"


class Accused(StrEnum):
    """Who may be hurting the child."""

    HOME = "home"
    RELATIVE = "relative"
    DRIVER = "driver"
    TOURIST = "tourist"
    EMPLOYER = "employer"
    ONLINE = "online"
    CHILD = "child"
    CHIEF = "chief"
    POLICE = "police"
    TEACHER = "teacher"
    RELIGIOUS = "religious"
    CHILDRENS_OFFICER = "childrens_officer"
    HEALTH_WORKER = "health_worker"
    NGO_WORKER = "ngo_worker"
    OFFICIAL = "official"
    UNKNOWN = "unknown"


IN_AUTHORITY = frozenset(
    {
        Accused.CHIEF,
        Accused.POLICE,
        Accused.TEACHER,
        Accused.RELIGIOUS,
        Accused.CHILDRENS_OFFICER,
        Accused.HEALTH_WORKER,
        Accused.NGO_WORKER,
        Accused.OFFICIAL,
    }
)


class Happened(StrEnum):
    """When it happened."""

    THREE_DAYS = "3_days"
    MONTH = "month"
    LONGER = "longer"
    ONGOING = "ongoing"
    UNKNOWN = "unknown"


class AgeBand(StrEnum):
    UNDER_10 = "under_10"
    FROM_10 = "10_14"
    FROM_15 = "15_17"
    ADULT = "adult"
    UNKNOWN = "unknown"


class Sex(StrEnum):
    GIRL = "girl"
    BOY = "boy"
    UNKNOWN = "unknown"


class Disability(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Reporter(StrEnum):
    """Who is telling us. Sealed where it is stored: it can point at a person."""

    CHILD = "child"
    FRIEND = "friend"
    PARENT = "parent"
    NEIGHBOUR = "neighbour"
    TEACHER = "teacher"
    HEALTH_WORKER = "health_worker"
    CLUB = "club"
    BUSINESS = "business"
    UNSAID = "unsaid"


class Hours(StrEnum):
    """When a reporter who wants to be contacted can safely be texted (East Africa Time)."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    ANY = "any"


class Urgency(StrEnum):
    RED = "RED"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"

    @property
    def rank(self) -> int:
        """0 is the most urgent."""
        return list(Urgency).index(self)

    def at_least(self, other: Urgency) -> bool:
        return self.rank <= other.rank


DOUBTFUL = "doubtful"
"""The flag of a less urgent report that may be a prank: it is sent last, and never dropped."""
DOUBT = "doubt_"
"""Reasons of a doubt begin with it, in reports of before they were left out. They go with the words."""


class Channel(StrEnum):
    USSD = "ussd"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Told:
    """What has been told about a child so far. None is "not asked, or not answered", which is not the same as "unknown".

    `place` is the id of a ward, or None where none is known. `spot` is the finer place: the id of a sub-location or town,
    and `landmark` what was typed instead; `story` is free text. The last three and `reporter` are sealed when stored.
    """

    danger: Danger | None = None
    concern: Concern | None = None
    place: str | None = None
    accused: frozenset[Accused] = frozenset()
    happened: Happened | None = None
    age: AgeBand | None = None
    sex: Sex | None = None
    disability: Disability | None = None
    reporter: Reporter | None = None
    spot: str | None = None
    landmark: str | None = None
    story: str | None = None

    def adding(self, **answers: object) -> Told:
        return replace(self, **answers)  # type: ignore[arg-type]  # dataclasses.replace checks the names itself

    def to_dict(self) -> dict[str, object]:
        """What is told, as plain values: for a sealed session, never for a log."""
        plain: dict[str, object] = {name: getattr(self, name) for name in self.__slots__ if getattr(self, name) is not None}
        return plain | {"accused": sorted(self.accused)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Told:
        """What `to_dict` gave. Raises ValueError or KeyError for anything else."""
        kinds: dict[str, Callable[[Any], object]] = {
            "danger": Danger, "concern": Concern, "happened": Happened, "age": AgeBand, "sex": Sex, "disability": Disability, "reporter": Reporter,
            "accused": lambda words: frozenset(map(Accused, words)),
        }  # fmt: skip
        return cls(**{name: kinds.get(name, str)(value) for name, value in plain.items()})  # type: ignore[arg-type]  # each kind makes its field
