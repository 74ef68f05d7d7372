"""Which entries are confidential, and everything that hangs on them: in no file that leaves here, so never missing from one that comes in."""

from __future__ import annotations

from collections.abc import Mapping

from referral.directory.help_state import HelpState
from referral.directory.help_tables import TABLES
from referral.directory.service_records import Visibility

_BY_OWNER = ("service_at_locations", "phones", "hours", "day_exceptions", "service_areas", "languages", "accessibility")
"""In an order in which each may hang on those before it."""


def hidden(state: HelpState) -> Mapping[str, frozenset[str]]:
    """By table the ids of confidential locations and services, of organizations with no other location, and of what belongs to them."""
    locations = state.rows("locations").items()
    shut = {one for one, row in locations if row["visibility"] is Visibility.CONFIDENTIAL}
    known = {row["organization"] for one, row in locations if one not in shut}
    owners = {row["organization"] for one, row in locations if one in shut} - known
    services = {one for one, row in state.rows("services").items() if row["visibility"] is Visibility.CONFIDENTIAL or row["organization"] in owners}
    found: dict[str, frozenset[str]] = {"locations": frozenset(shut), "organizations": frozenset(owners), "services": frozenset(services)}
    for name in _BY_OWNER:
        refers = [(column, found[target]) for column, target in TABLES[name].refers.items() if target in found]
        found[name] = frozenset(one for one, row in state.rows(name).items() if any(row[column] in ids for column, ids in refers))
    return found
