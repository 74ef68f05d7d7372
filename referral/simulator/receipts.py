"""The delivery reports of a text: on a good day three, a second apart, and else whatever went wrong makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from referral.simulator.faults import Fault, Kind

FAILURES = frozenset({"Rejected", "Failed", "AbsentSubscriber", "Expired"})
"""Statuses after which the phone has never had the text."""
WITH_REASON = frozenset({"Rejected", "Failed"})
REASONS = (
    *("InsufficientCredit", "InvalidLinkId", "UserIsInactive", "UserInBlackList", "UserAccountSuspended", "NotNetworkSubcriber"),
    *("UserNotSubscribedToProduct", "UserDoesNotExist", "DeliveryFailure", "DoNotDisturbRejection"),
)
"""The failure reasons that the gateway documents, one of them in its own spelling."""


@dataclass(frozen=True, slots=True)
class Report:
    """One delivery report. `delay` in seconds before scaling. `early`: before the answer to the call that sent the text. `strange`: with an id
    nobody was given. `forged`: for another phone than the text went to."""

    status: str
    delay: float = 0.0
    reason: str = ""
    early: bool = False
    strange: bool = False
    forged: bool = False


_GOOD_DAY = ("Sent", "Submitted", "Success")


def reports(struck: Iterable[Fault]) -> list[Report]:
    """What the service is told of a text that these faults have struck."""
    planned = _apart(_GOOD_DAY)
    for fault in struck:
        planned = _CHANGE[fault.kind](planned, fault)
    return planned


def arrives(planned: Iterable[Report]) -> bool:
    """Whether the phone has the text."""
    return not any(report.status in FAILURES for report in planned)


def _apart(statuses: Iterable[str], reason: str = "DeliveryFailure") -> list[Report]:
    # A second apart, so that a report can be seen to travel.
    return [Report(status, float(step), reason if status in WITH_REASON else "") for step, status in enumerate(statuses, start=1)]


def _reordered(planned: list[Report], _fault: Fault) -> list[Report]:
    return [replace(report, delay=other.delay) for report, other in zip(reversed(planned), planned, strict=True)]


_CHANGE: Mapping[Kind, Callable[[list[Report], Fault], list[Report]]] = MappingProxyType(
    {
        Kind.RECEIPTS: lambda _planned, fault: _apart(fault.receipts, fault.reason),
        Kind.RECEIPTS_MISSING: lambda _planned, _fault: [],
        Kind.RECEIPTS_FAILED: lambda _planned, fault: _apart(("Sent", fault.word or "Failed"), fault.reason),
        Kind.RECEIPTS_TWICE: lambda planned, _fault: [again for report in planned for again in (report, replace(report, delay=report.delay + 0.2))],
        Kind.RECEIPTS_REORDERED: _reordered,
        Kind.RECEIPTS_EARLY: lambda planned, _fault: [replace(report, early=True) for report in planned],
        Kind.RECEIPTS_LATE: lambda planned, fault: [replace(report, delay=report.delay + fault.delay) for report in planned],
        Kind.RECEIPTS_UNKNOWN_ID: lambda planned, _fault: [replace(report, strange=True) for report in planned],
        Kind.RECEIPTS_FORGED: lambda planned, _fault: [Report("Success", forged=True), *planned],
    }
)
