"""One row of ours as one flat row of HSDS. Absent is absent: no field is ever null or empty."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from referral.directory.hsds_ids import hsds_id
from referral.directory.hsds_words import (
    ACCESS,
    FEES,
    HIDDEN_ORGANIZATION,
    HIDDEN_PLACE,
    HIDDEN_SERVICE,
    HIDDEN_WHY,
    LANGUAGES,
    PRECISION,
    SAMPLE,
    SAMPLE_ALERT,
    UNCONFIRMED,
    sentence,
)
from referral.directory.point_records import AccessibilityRow, LanguageRow, PhoneRow
from referral.directory.service_records import LocationRow, LocationType, OrganizationRow, ServiceAreaRow, ServiceAtLocationRow, ServiceRow, Status
from referral.vocabulary.phone import SAMPLE_BLOCK

Flat = dict[str, Any]


def kept(**fields: object) -> Flat:
    """The fields that say something. HSDS allows no null anywhere."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def organization(row: OrganizationRow, *, parent: bool) -> Flat:
    return kept(
        id=hsds_id("organization", row.id),
        name=_named(row.name, sample=row.sample),
        alternate_name=row.short_name,
        description=sentence(row.description or row.name, SAMPLE_ALERT if row.sample else ""),
        email="" if row.sample or "@" not in row.email else row.email,
        website=row.website if row.website.startswith(("http://", "https://")) else "",
        parent_organization_id=hsds_id("organization", row.parent) if parent and row.parent else None,
    )


def hidden_organization() -> Flat:
    """Stands for whoever runs a safe place."""
    return kept(id=hsds_id("organization", "hidden"), name=HIDDEN_ORGANIZATION, description=HIDDEN_WHY)


def service(row: ServiceRow, organization: OrganizationRow, modified: datetime) -> Flat:
    """What an organization that no longer works offers is no more active than it is."""
    sample = row.sample or organization.sample
    return kept(
        id=hsds_id("service", row.id),
        organization_id=hsds_id("organization", organization.id),
        name=_named(row.name, sample=sample),
        description=row.description,
        status=(row.status if row.status is not Status.ACTIVE else organization.status).value,
        application_process=row.application,
        fees_description=sentence(FEES[row.fee], row.fee_note),
        eligibility_description=sentence(f"For: {row.gender}." if row.gender else "", row.eligibility),
        minimum_age=row.min_age,
        maximum_age=row.max_age,
        assured_date=row.verified_on.isoformat() if row.verified_on else None,
        alert=sentence(row.alert, SAMPLE_ALERT if sample else ""),
        last_modified=modified.isoformat(),
    )


def hidden_service(row: ServiceRow, modified: datetime) -> Flat:
    """A safe place: that there is one for a child of that age, and whom to ask. No word that anybody typed is in it."""
    return kept(
        id=hsds_id("service", row.id),
        organization_id=hidden_organization()["id"],
        name=_named(HIDDEN_SERVICE, sample=row.sample),
        description=HIDDEN_WHY,
        status=row.status.value,
        minimum_age=row.min_age,
        maximum_age=row.max_age,
        alert=sentence(HIDDEN_WHY, SAMPLE_ALERT if row.sample else ""),
        last_modified=modified.isoformat(),
    )


def location(row: LocationRow, *, owner: bool, sample: bool) -> Flat:
    physical = row.location_type is LocationType.PHYSICAL
    whole = physical and row.lat is not None and row.lon is not None
    exactness = PRECISION[row.precision] if whole and row.precision else ""
    return kept(
        id=hsds_id("location", row.id),
        location_type=row.location_type.value,
        organization_id=hsds_id("organization", row.organization) if owner else None,
        name=_named(row.name, sample=sample),
        description=sentence(row.directions, exactness, SAMPLE_ALERT if sample else ""),
        transportation=row.transport,
        latitude=row.lat if whole else None,
        longitude=row.lon if whole else None,
        external_identifier=row.source_id if row.source else "",
        external_identifier_type=row.source if row.source_id else "",
        place=row.place if physical else None,
    )


def hidden_location(service: str) -> Flat:
    """One for a service, however many there are: their number, and any id that was made of a name, would be a trace."""
    return kept(id=hsds_id("location", f"hidden/{service}"), location_type=LocationType.VIRTUAL.value, name=HIDDEN_PLACE, description=HIDDEN_WHY)


def point(row: ServiceAtLocationRow, *, sample: bool) -> Flat:
    return kept(
        id=hsds_id("service_at_location", row.id),
        service_id=hsds_id("service", row.service),
        location_id=hsds_id("location", row.location),
        description=sentence(row.description, UNCONFIRMED if row.unconfirmed else "", SAMPLE_ALERT if sample else ""),
    )


def hidden_point(service: str) -> Flat:
    return kept(
        id=hsds_id("service_at_location", f"hidden/{service}"),
        service_id=hsds_id("service", service),
        location_id=hidden_location(service)["id"],
        description=HIDDEN_WHY,
    )


def phone(row: PhoneRow, owner: str, owner_id: str, answered: str) -> Flat:
    """`owner` is HSDS's word for whose phone it is; `answered` its hours in words."""
    words = sentence(row.description, "Free to call." if row.toll_free else "", "Takes texts." if row.takes_texts else "", answered)
    return kept(id=hsds_id("phone", row.id), **{f"{owner}_id": owner_id}, number=row.e164 or row.short_number, type="voice", description=words)


def is_sample_number(e164: str | None) -> bool:
    """A number of the samples' block is dialable in real life: it is not published, whatever its row says."""
    return e164 is not None and e164.startswith(SAMPLE_BLOCK)


def area(row: ServiceAreaRow, owner: str, owner_id: str, name: str) -> Flat:
    return kept(id=hsds_id("service_area", row.id), **{f"{owner}_id": owner_id}, name=name, uri=row.place)


def hidden_area(owner: str, owner_id: str, place: str, name: str) -> Flat:
    """The county: more would tell where to look."""
    return kept(id=hsds_id("service_area", f"hidden/{owner_id}/{place}"), **{f"{owner}_id": owner_id}, name=name, uri=place)


def language(row: LanguageRow, owner: str, owner_id: str) -> Flat:
    return kept(id=hsds_id("language", row.id), **{f"{owner}_id": owner_id}, name=LANGUAGES.get(row.code), code=row.code, note=row.note)


def accessibility(row: AccessibilityRow, location_id: str) -> Flat:
    return kept(id=hsds_id("accessibility", row.id), location_id=location_id, description=ACCESS[row.access], details=row.details)


def identifier(row: OrganizationRow, organization_id: str) -> Flat:
    """What another register calls the organization."""
    return kept(id=hsds_id("organization_identifier", f"of/{row.id}"), organization_id=organization_id, identifier_type=row.source, identifier=row.source_id)


def _named(name: str, *, sample: bool) -> str:
    return f"{SAMPLE}: {name}" if sample and SAMPLE.casefold() not in name.casefold() else name
