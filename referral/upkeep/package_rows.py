"""One row of an HSDS package as the cells of one of our tables. A table says which column is which; the rest says what HSDS writes otherwise."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from marshmallow import ValidationError

from referral.directory.help_fields import short
from referral.directory.help_state import HelpState
from referral.directory.hsds_words import ACCESS, HELP
from referral.directory.point_records import Access
from referral.upkeep.incoming import Row
from referral.upkeep.package_parts import Cells, NotOurs, phone, schedule, whole
from referral.vocabulary.help import HelpKind

_LANGUAGES = {"sw": "swa", "en": "eng"}


@dataclass(frozen=True)
class File:
    """How a file of HSDS becomes a table of ours. `kind` is HSDS's word in ids; `columns` are theirs to ours; `refers` names the file that one
    of their columns refers to; `fresh` is what a new entry has besides."""

    table: str
    kind: str
    columns: Mapping[str, str]
    refers: Mapping[str, str]
    fresh: Mapping[str, str]


_OWNERS = {
    "organization_id": ("organization", "organizations"),
    "service_id": ("service", "services"),
    "location_id": ("location", "locations"),
    "service_at_location_id": ("service_at_location", "service_at_location"),
    "phone_id": ("phone", "phones"),
}


def _file(table: str, kind: str, columns: str, owners: Sequence[str] = (), *, parent: str = "", fresh: Mapping[str, str] | None = None) -> File:
    """`columns` are words `theirs=ours`, or one word where they agree."""
    pairs = dict((word.split("=") * 2)[:2] for word in columns.split())
    refers = {f"{owner}_id": _OWNERS[f"{owner}_id"][1] for owner in owners}
    pairs |= {f"{owner}_id": _OWNERS[f"{owner}_id"][0] for owner in owners}
    if parent:
        pairs[parent], refers[parent] = "parent", "organizations" if table == "organizations" else "taxonomy_terms"
    return File(table, kind, pairs, refers, fresh or {})


_SAMPLE = {"sample": "no"}
FILES: Mapping[str, File] = {
    "taxonomy_terms": _file("terms", "taxonomy_term", "code name=name_en description taxonomy", parent="parent_id"),
    "organizations": _file(
        "organizations", "organization", "name description website email alternate_name=short_name", parent="parent_organization_id",
        fresh={"sector": "other", **_SAMPLE},
    ),
    "locations": _file(
        "locations", "location", "location_type name latitude=lat longitude=lon transportation=transport place", ("organization",), fresh=_SAMPLE
    ),
    "services": _file(
        "services", "service",
        "name description status minimum_age=min_age maximum_age=max_age eligibility_description=eligibility fees_description=fee_note"
        " application_process=application alert", ("organization",), fresh=_SAMPLE,
    ),
    "service_at_location": _file("service_at_locations", "service_at_location", "description", ("service", "location"), fresh=_SAMPLE),
    "phones": _file(
        "phones", "phone", "number=e164 description", ("organization", "service", "location", "service_at_location"), fresh={"visibility": "public", **_SAMPLE}
    ),
    "schedules": _file("hours", "schedule", "byday=days opens_at=opens closes_at=closes valid_from valid_to", ("service_at_location",)),
    "service_areas": _file("service_areas", "service_area", "uri=place", ("service", "service_at_location")),
    "languages": _file("languages", "language", "code note", ("service", "location", "phone")),
    "accessibility": _file("accessibility", "accessibility", "description=access details", ("location",)),
}  # fmt: skip
"""In an order in which each refers to those before it."""


class Attributes:
    """Which terms hang on which service: from them comes the kind of help, which HSDS has no field for."""

    def __init__(self, files: Mapping[str, Sequence[Row]], state: HelpState, published: Mapping[str, list[dict[str, object]]]) -> None:
        known = {str(term["id"]): (str(term["code"]), str(term.get("parent_id", ""))) for term in published.get("taxonomy_terms", ())}
        known |= {row.cells["id"]: (row.cells.get("code", ""), row.cells.get("parent_id", "")) for row in files.get("taxonomy_terms", ()) if "id" in row.cells}
        self._terms = known
        self._codes = {str(row["code"]) for row in state.rows("terms").values() if row["taxonomy"] == HELP} | {code for code, _ in known.values()}
        self._said: dict[str, list[str]] = defaultdict(list)
        for row in files.get("attributes", ()):
            self._said[row.cells.get("link_id", "")].append(row.cells.get("taxonomy_term_id", ""))
        self._ours: dict[str, list[str]] = defaultdict(list)
        for flat in published.get("attributes", ()):
            self._ours[str(flat["link_id"])].append(str(flat["taxonomy_term_id"]))

    def of(self, service: str) -> tuple[str, str]:
        """The kind of help and the finer terms of a service; both empty where the package says what we publish, or nothing."""
        said = self._said[service]
        if sorted(said) == sorted(self._ours[service]):
            return "", ""
        kinds = [kind for term in said for kind in self._kinds(term)]
        codes = [self._terms[term][0] for term in said if term in self._terms]
        kind = kinds[0] if kinds else ""
        return kind, " ".join(dict.fromkeys(code for code in codes if code != kind and code in self._codes and not re.search(r"\s", code)))

    def _kinds(self, term: str) -> list[str]:
        """The kinds on the way up from a term."""
        found, seen = [], set[str]()
        while term in self._terms and term not in seen:
            seen.add(term)
            code, term = self._terms[term]
            found += [code] if code in set(HelpKind) else []
        return found


class Foreign:
    """Turns rows of a package into our cells. `here` is now in the county's time zone; `ours` gives our id for a published one, by file."""

    def __init__(self, name: str, here: datetime, ours: Mapping[str, Mapping[str, str]], attributes: Attributes) -> None:
        self._source = f"HSDS package {name}"
        self._here = here
        self.ours = ours
        self._attributes = attributes

    def cells(self, file: str, row: Mapping[str, str], said: Mapping[str, str], *, new: bool) -> Cells:
        """What a row says, by our columns. `said` are those of its cells that differ from what we publish. Raises NotOurs."""
        spec = FILES[file]
        cells = {ours: said[theirs] for theirs, ours in spec.columns.items() if said.get(theirs)}
        for theirs, target in spec.refers.items():
            if said.get(theirs):
                cells[spec.columns[theirs]] = self.ours[target].get(said[theirs], said[theirs])
        if new:
            cells |= {**spec.fresh} | ({"source": self._source, "source_id": row.get("id", "")} if "sample" in spec.fresh else {})
        return self._mended(file, cells, row, new)

    def _mended(self, file: str, cells: Cells, row: Mapping[str, str], new: bool) -> Cells:
        if file == "phones":
            return phone(cells, row)
        if file == "schedules":
            return schedule(cells, row, self._here, new=new)
        if file == "services":
            return self._service(row.get("id", ""), cells, new)
        if file == "languages" and "code" in cells:
            return cells | {"code": _LANGUAGES.get(cells["code"], cells["code"])}
        if file == "accessibility" and "access" in cells:
            return cells | {"access": _access(cells["access"])}
        if file == "organizations" and not _fits(cells.get("short_name", "")):
            del cells["short_name"]
        return _fresh(file, cells) if new else cells

    def _service(self, uuid: str, cells: Cells, new: bool) -> Cells:
        kind, terms = self._attributes.of(uuid)
        if new and not kind:
            raise NotOurs("id", "no attribute says which kind of help it is")
        ages = {column: whole(cells[column]) for column in ("min_age", "max_age") if column in cells}
        return cells | ages | ({"kind": kind, "terms": terms or "-"} if kind else {})


def _access(text: str) -> str:
    words = {name.casefold(): access.value for access, name in ACCESS.items()} | {one.value: one.value for one in Access}
    return words.get(text.casefold(), text)


def _fresh(file: str, cells: Cells) -> Cells:
    """What a new entry lacks and we need."""
    if file == "taxonomy_terms":
        return {"taxonomy": "hsds", "name_sw": cells.get("name_en", ""), **cells}
    if file == "locations" and cells.get("lat"):
        return cells | {"precision": "approx"}
    return cells


def _fits(name: str) -> bool:
    """Whether another name of an organization is short enough for ours; else it is left out, since nothing else is wrong with the row."""
    try:
        short(name)
    except ValidationError:
        return False
    return True
