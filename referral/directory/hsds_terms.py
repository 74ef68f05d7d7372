"""Taxonomies, their terms, and the attributes that hang them on entries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from referral.directory.hsds_ids import hsds_id
from referral.directory.hsds_words import MARK_TERMS, MARKS, TAXONOMIES
from referral.directory.point_records import TermRow

Flat = dict[str, Any]


class Terms:
    """The county's terms and our own marks. A code without a term makes no attribute: a reader could not tell what it means."""

    def __init__(self, rows: Iterable[TermRow]) -> None:
        rows = [row for row in rows if row.taxonomy != MARKS]
        known = {row.id for row in rows}
        self.taxonomies = [_taxonomy(code) for code in sorted({MARKS, *(row.taxonomy for row in rows)})]
        self._terms = {(row.taxonomy, row.code): _term(row, known) for row in rows}
        self._terms |= {(MARKS, code): _mark(code, *words) for code, words in MARK_TERMS.items()}

    @property
    def terms(self) -> list[Flat]:
        return list(self._terms.values())

    def attributes(self, entity: str, link: str, taxonomy: str, codes: Iterable[str]) -> list[Flat]:
        """For an entry of the kind `entity` ("service") with the published id `link`; each code once."""
        found = [self._terms[taxonomy, code] for code in dict.fromkeys(codes) if (taxonomy, code) in self._terms]
        return [
            {
                "id": hsds_id("attribute", f"{entity}/{link}/{term['id']}"),
                "link_id": link,
                "taxonomy_term_id": term["id"],
                "link_entity": entity,
                "value": term["code"],
                "label": term["name"],
            }
            for term in found
        ]


def _taxonomy(code: str) -> Flat:
    name, description = TAXONOMIES.get(code, (code, f"The words that this directory uses for {code}."))
    return {"id": hsds_id("taxonomy", code), "name": name, "description": description}


def _term(row: TermRow, known: set[str]) -> Flat:
    name, _ = TAXONOMIES.get(row.taxonomy, (row.taxonomy, ""))
    parent = {"parent_id": hsds_id("taxonomy_term", row.parent)} if row.parent in known and row.parent else {}
    return {
        "id": hsds_id("taxonomy_term", row.id),
        "code": row.code,
        "name": row.name_en,
        "description": row.description or row.name_en,
        **parent,
        "taxonomy": name,
        "language": "eng",
        "taxonomy_id": hsds_id("taxonomy", row.taxonomy),
    }


def _mark(code: str, name: str, description: str) -> Flat:
    return {
        "id": hsds_id("taxonomy_term", f"{MARKS}/{code}"),
        "code": code,
        "name": name,
        "description": description,
        "taxonomy": TAXONOMIES[MARKS][0],
        "language": "eng",
        "taxonomy_id": hsds_id("taxonomy", MARKS),
    }
