"""The county's policy: minutes, hours, delays and life-risk words, parsed from data and checked all at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from referral.routing.reading import DataError, Section
from referral.vocabulary.limits import WIDEST, Figures, Spread
from referral.vocabulary.report import Hours, Urgency

STEPS = 3


class PolicyError(DataError):
    """policy.toml cannot be used; `problems` names everything that is wrong with it."""


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of a day in the policy's time zone: from `opens` on, up to but not including `closes`."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Span:
    """A delay in minutes, drawn evenly between `least` and `most`."""

    least: float
    most: float


SHORTEST_LEASE = 0.25
"""Minutes. A worker gives a gateway that hangs 13 seconds; with two more to write the answer down it is dead, and not slow."""
VERIFIED_KINDS = ("people", "phone", "helpline", "address", "office", "service")
TASK_KINDS = ("wrong_information", "verify", "duplicate", "coverage_gap", "drill_unanswered")


@dataclass(frozen=True, slots=True)
class Upkeep:
    """How the directory is kept true. `drill_day` is a day of the month, 0 for no drills; `verify_days` by VERIFIED_KINDS, `task_age_days` by TASK_KINDS.

    `help_farther_km`: a change that moves the nearest medicine after rape, care or police of a ward by more than that needs a reason.
    `spread`: how far apart the county's points may lie before one counts as a slip."""

    drill_day: int
    verify_days: Mapping[str, int]
    verify_a_day: int
    task_age_days: Mapping[str, int]
    help_farther_km: float
    spread: Spread


@dataclass(frozen=True, slots=True)
class Sending:
    """How texts go out: so many a second by all workers together, some of them kept free for RED; after `down_after` failures in a row the gateway
    counts as down. `probe_empty` and `probe_down` are minutes between two texts that try whether the road is open again. `balance_least`: what should be
    left on the account, in its currency; less is an alarm, 0 for none. `balance_reserve`: what is left below it is for RED alone; 0 for none."""

    texts_a_second: int
    kept_for_red: int
    down_after: int
    probe_down: float
    probe_empty: float
    balance_least: float
    balance_reserve: float


@dataclass(frozen=True, slots=True)
class Policy:
    """The figures of config/<county>/policy.toml, explained in docs/routing.md. Minutes unless the name says otherwise; fractions are allowed.

    `acknowledge` holds for each urgency the minutes to the end of steps 1, 2 and 3, all counted from the first sending.
    `remind` is the share of a step's time after which whoever has not answered is reminded, once; 0 for never.
    `counted_hours` are the only hours in which the minutes of HIGH run; `sending_hours` those in which MEDIUM and LOW may be sent.
    `lost_red` is how long a RED text whose answer was lost waits for a receipt before its repeat.
    `contact_hours` are what a reporter's own choice (morning, afternoon, evening, any time) means: only then is a phone texted.
    """

    timezone: ZoneInfo
    acknowledge: Mapping[Urgency, tuple[float, ...]]
    act: Mapping[Urgency, float]
    remind: Mapping[Urgency, float]
    counted_hours: Window
    sending_hours: Window
    contact_hours: Mapping[Hours, Window]
    delay_red: float
    delay_high_not_now: Span
    delay_high: float
    delay_later: Span
    duty_repeat: float
    receipt: float
    lost_red: float
    lease: float
    partial_after: float
    session_forgotten: float
    unverified_days: int
    alike_reports: int
    alike_days: int
    sending: Sending
    upkeep: Upkeep
    limits: Figures
    life_risk: re.Pattern[str]


LATER: Mapping[str, float] = MappingProxyType(
    {
        "answer_lost_for_red": 0.5,
        "balance_least": 0.0,
        "balance_reserve": 0.0,
        "help_farther_km": 10.0,
        "point_off_km": WIDEST.near,
        "point_off_wide_km": WIDEST.wide,
        "wrong_entries_a_day": 5.0,
    }
)
"""Figures that county folders have not always had, and what counts where one is missing: a service that is upgraded must still start."""
READ_ELSEWHERE = frozenset({"nearest", "custodians", "retention"})
"""Tables of policy.toml that another room reads for itself."""


def parse_policy(data: Mapping[str, object]) -> Policy:
    """Policy from the parsed policy.toml. Raises PolicyError naming every problem."""
    problems: list[str] = []
    top = Section({name: value for name, value in data.items() if name not in READ_ELSEWHERE}, "", problems)
    zone = _zone(top)
    acknowledge, act = top.section("acknowledge_minutes"), top.section("act_minutes")
    hours, delays, waits, triage = top.section("hours"), top.section("delay_minutes"), top.section("waiting_minutes"), top.section("triage")
    remind = top.section("remind_after")
    policy = Policy(
        timezone=zone,
        acknowledge=MappingProxyType({urgency: acknowledge.numbers(urgency, STEPS, rising=True) for urgency in Urgency}),
        act=MappingProxyType({urgency: act.number(urgency) for urgency in Urgency}),
        remind=MappingProxyType({urgency: _share(remind, urgency) for urgency in Urgency}),
        counted_hours=_window(hours, "counted_for_high"),
        sending_hours=_window(hours, "sending_for_medium_and_low"),
        contact_hours=MappingProxyType({choice: _window(hours, f"contact_{choice}") for choice in Hours}),
        delay_red=delays.number("red"),
        delay_high_not_now=_span(delays, "high_not_now"),
        delay_high=delays.number("high"),
        delay_later=_span(delays, "medium_and_low"),
        duty_repeat=waits.number("duty_person_again", least=0.001),  # zero would tell the same person without end
        receipt=waits.number("receipt_for_red"),
        lost_red=_later(waits, "answer_lost_for_red", least=0.01),
        lease=waits.number("lease", least=SHORTEST_LEASE),
        partial_after=waits.number("silence_before_partial"),
        session_forgotten=waits.number("session_forgotten"),
        unverified_days=int(top.number("unverified_days", least=1)),
        alike_reports=int(triage.number("alike_reports", least=2)),
        alike_days=int(triage.number("alike_days", least=1)),
        sending=_sending(top),
        upkeep=_upkeep(top),
        limits=_limits(top),
        life_risk=_pattern(triage.texts("life_risk_words")),
    )
    for section in (acknowledge, act, remind, hours, delays, waits, triage, top):
        section.done()
    if problems:
        raise PolicyError(problems)
    return policy


def _upkeep(top: Section) -> Upkeep:
    drill, verify, ages = top.section("drill"), top.section("verify_days"), top.section("task_age_days")
    day = drill.number("day")
    if day not in range(29):
        drill.wrong(drill.at("day"), "must be a day that every month has, 1 to 28, or 0 for no drills")
    upkeep = Upkeep(
        drill_day=int(day),
        verify_days=MappingProxyType({kind: int(verify.number(kind, least=1)) for kind in VERIFIED_KINDS}),
        verify_a_day=int(top.number("verify_a_day")),
        task_age_days=MappingProxyType({kind: int(ages.number(kind)) for kind in TASK_KINDS}),
        help_farther_km=_later(top, "help_farther_km"),
        spread=Spread(_later(top, "point_off_km", least=1), _later(top, "point_off_wide_km", least=1)),
    )
    for section in (drill, verify, ages):
        section.done()
    return upkeep


def _later(section: Section, key: str, *, least: float = 0.0) -> float:
    return section.number(key, least=least) if section.has(key) else LATER[key]


def _share(section: Section, key: str) -> float:
    share = section.number(key)
    if share >= 1:
        section.wrong(section.at(key), "must be a share below 1 of the time to answer, or 0 for no reminder")
    return share


def _sending(top: Section) -> Sending:
    section = top.section("sending")
    rate, kept, down_after = (int(section.number(name, least=least)) for name, least in (("texts_a_second", 2), ("kept_for_red", 1), ("down_after", 2)))
    if kept >= rate and section.has("kept_for_red"):
        section.wrong(section.at("kept_for_red"), "must be fewer than texts_a_second")
    probes = section.number("probe_down_minutes", least=0.01), section.number("probe_empty_minutes", least=0.01)
    least, reserve = _later(section, "balance_least"), _later(section, "balance_reserve")
    if least and reserve >= least:
        section.wrong(section.at("balance_reserve"), "must be less than balance_least: the alarm comes before the pause")
    section.done()
    return Sending(rate, kept, down_after, *probes, least, reserve)


def _limits(top: Section) -> Figures:
    section = top.section("limits")
    names = ("reports_a_day", "sessions_an_hour", "wrong_codes_a_day", "wrong_codes_in_all")
    entries = int(_later(section, "wrong_entries_a_day", least=1))
    limits = Figures(**{name: int(section.number(name, least=1)) for name in names}, wrong_entries_a_day=entries)
    section.done()
    return limits


def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Whole words only, any case; a trailing * takes any ending, as verbs do in Kiswahili. No words match nothing."""
    parts = [r"\s+".join(re.escape(one) for one in word.removesuffix("*").split()) + (r"\w*" if word.endswith("*") else "") for word in words]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)" if parts else r"(?!)", re.IGNORECASE)


def _zone(top: Section) -> ZoneInfo:
    name = top.text("timezone")
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        top.wrong("timezone", f"{name!r} is no time zone")
        return ZoneInfo("UTC")


def _span(section: Section, key: str) -> Span:
    least, most = section.numbers(key, 2)
    return Span(least, most)


def _window(section: Section, key: str) -> Window:
    texts = section.texts(key)
    try:
        opens, closes = (time.fromisoformat(text) for text in texts)
    except ValueError:
        opens, closes = time(0), time(0)
    if section.has(key) and not opens < closes:
        section.wrong(section.at(key), "must be two times of a day, the earlier first")
    return Window(opens, closes if opens < closes else time(23, 59))
