"""Which entries are confidential, and everything that hangs on them: in no file that leaves here, so never missing from one that comes in. And which
changes do no more than hide one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from referral.directory.field_changes import LOCATION, WHEREABOUTS
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


def only_hides(entity: str, different: Mapping[str, Any]) -> bool:
    """Whether a change takes an entry out of the public's sight and does nothing else. Of a place, where it lies may go with it, and its name."""
    hiding = {"visibility": Visibility.CONFIDENTIAL, "do_not_list": True}
    beside = WHEREABOUTS if entity == LOCATION else frozenset[str]()
    said = different.keys() & hiding.keys()
    return bool(said) and all(different[name] == hiding[name] for name in said) and different.keys() - said <= beside
