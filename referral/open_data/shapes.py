"""What an answer may hold, field by field: the published document describes it, and a field that is not here is a mistake.

Names and meanings are HSDS 3.1's; the descriptions are ours, and so is the one field that HSDS does not have, a location's `place`.
"""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields, validate

from referral.directory.service_records import LocationType, Status


def _text(description: str, *, required: bool = False) -> fields.String:
    return fields.String(required=required, metadata={"description": description})


class Part(Schema):
    class Meta:
        unknown = RAISE

    id = fields.UUID(required=True, metadata={"description": "Stays the same from one answer to the next and after every reload."})


class TaxonomySchema(Part):
    name = _text("What the words are about.", required=True)
    description = _text("What they are used for here.", required=True)


class TaxonomyTermSchema(Part):
    code = _text("The short form that programs compare.")
    name = _text("The word itself.", required=True)
    description = _text("What it means.", required=True)
    parent_id = fields.UUID(metadata={"description": "The wider word."})
    taxonomy = _text("The name of its taxonomy.")
    taxonomy_id = fields.UUID()
    taxonomy_detail = fields.Nested(TaxonomySchema)
    language = _text("ISO 639-3.")


class AttributeSchema(Part):
    link_id = fields.UUID()
    link_entity = _text("The table of the entry it hangs on.")
    taxonomy_term_id = fields.UUID()
    taxonomy_term = fields.Nested(TaxonomyTermSchema)
    value = _text("The term's code.")
    label = _text("The term's name.")


class LanguageSchema(Part):
    service_id, location_id, phone_id = fields.UUID(), fields.UUID(), fields.UUID()
    name = _text("The language's name in English.")
    code = _text("ISO 639-3.")
    note = _text("When or by whom it is spoken.")


class PhoneSchema(Part):
    organization_id, service_id, location_id, service_at_location_id = fields.UUID(), fields.UUID(), fields.UUID(), fields.UUID()
    number = _text("E.164, or a short code such as 116. An office's, never a person's; a sample entry has none.", required=True)
    type = _text("Always voice; the description says where texts are read.")
    description = _text("Whose it is, what it costs, when it is answered.")
    languages = fields.List(fields.Nested(LanguageSchema))


class ScheduleSchema(Part):
    service_at_location_id = fields.UUID()
    freq = _text("Always WEEKLY.")
    interval = fields.Integer()
    wkst = _text("Always MO.")
    byday = _text("The days on which the hours begin: MO,TU,…")
    opens_at = _text("HH:MM with the offset from UTC.")
    closes_at = _text("HH:MM with the offset from UTC; before opens_at: the next morning; 00:00 to 23:59 is the whole day.")
    timezone = fields.Float(metadata={"description": "Hours ahead of UTC."})
    valid_from = _text("The first day these hours hold.")
    valid_to = _text("The last day these hours hold.")
    description = _text("The same in words, where the fields could be misread.")
    notes = _text("Days that are unlike their weekday.")


class ServiceAreaSchema(Part):
    service_id, service_at_location_id = fields.UUID(), fields.UUID()
    name = _text("The place's name.")
    uri = _text("The place's id in this directory, which the parameter `place` takes.")


class AccessibilitySchema(Part):
    location_id = fields.UUID()
    description = _text("What there is.")
    details = _text("More of it.")


class OrganizationIdentifierSchema(Part):
    organization_id = fields.UUID()
    identifier_type = _text("The register.", required=True)
    identifier = _text("The organization's number there.", required=True)


class LocationSchema(Part):
    organization_id = fields.UUID()
    location_type = fields.String(
        required=True, validate=validate.OneOf([one.value for one in LocationType]), metadata={"description": "Virtual: a helpline, or a place not told."}
    )
    name = _text("What is written over the door.")
    description = _text("How to find it, and how exact the point is.")
    transportation = _text("How to get there.")
    latitude = fields.Float(metadata={"description": "WGS84."})
    longitude = fields.Float(metadata={"description": "WGS84."})
    external_identifier = _text("Its number in a public register.")
    external_identifier_type = _text("Which register.")
    place = _text("Ours (see the profile): the id of the place it lies in, which the parameter `place` takes.")
    languages = fields.List(fields.Nested(LanguageSchema))
    phones = fields.List(fields.Nested(PhoneSchema))
    accessibility = fields.List(fields.Nested(AccessibilitySchema))
    attributes = fields.List(fields.Nested(AttributeSchema))


class OrganizationSchema(Part):
    name = _text("The organization's name.", required=True)
    alternate_name = _text("The same, short.")
    description = _text("What it is.", required=True)
    email = fields.Email(metadata={"description": "An office's address, never a person's."})
    website = fields.Url()
    parent_organization_id = fields.UUID()
    organization_identifiers = fields.List(fields.Nested(OrganizationIdentifierSchema))
    phones = fields.List(fields.Nested(PhoneSchema))
    attributes = fields.List(fields.Nested(AttributeSchema))
    locations = fields.List(fields.Nested(LocationSchema))
    services = fields.List(fields.Nested("ServiceSchema"))


class ServiceSchema(Part):
    organization_id = fields.UUID()
    name = _text("What is done.", required=True)
    description = _text("The same in a sentence or two.")
    status = fields.String(required=True, validate=validate.OneOf([one.value for one in Status]))
    application_process = _text("What to do to be helped.")
    fees_description = _text("What it costs; absent where nobody has asked.")
    eligibility_description = _text("For whom.")
    minimum_age = fields.Integer()
    maximum_age = fields.Integer()
    assured_date = fields.Date(metadata={"description": "The day on which somebody last checked the entry."})
    alert = _text("Read this first.")
    last_modified = fields.AwareDateTime(metadata={"description": "The latest change of anything shown with the service."})
    organization = fields.Nested(OrganizationSchema)
    phones = fields.List(fields.Nested(PhoneSchema))
    service_areas = fields.List(fields.Nested(ServiceAreaSchema))
    languages = fields.List(fields.Nested(LanguageSchema))
    attributes = fields.List(fields.Nested(AttributeSchema))
    service_at_locations = fields.List(fields.Nested("ServiceAtLocationSchema"))


class ServiceAtLocationSchema(Part):
    service_id, location_id = fields.UUID(), fields.UUID()
    description = _text("What is particular here.")
    service = fields.Nested(ServiceSchema)
    location = fields.Nested(LocationSchema)
    phones = fields.List(fields.Nested(PhoneSchema))
    schedules = fields.List(fields.Nested(ScheduleSchema), metadata={"description": "Absent: the hours are not known."})
    service_areas = fields.List(fields.Nested(ServiceAreaSchema))
    attributes = fields.List(fields.Nested(AttributeSchema))


class PageSchema(Schema):
    class Meta:
        unknown = RAISE

    total_items = fields.Integer(required=True, metadata={"description": "Entries on all pages."})
    total_pages = fields.Integer(required=True)
    page_number = fields.Integer(required=True)
    size = fields.Integer(required=True, metadata={"description": "Entries on this page."})
    first_page = fields.Boolean(required=True)
    last_page = fields.Boolean(required=True)
    empty = fields.Boolean(required=True)


class ServicePageSchema(PageSchema):
    contents = fields.List(fields.Nested(ServiceSchema), required=True)


class OrganizationPageSchema(PageSchema):
    contents = fields.List(fields.Nested(OrganizationSchema), required=True)


class ServiceAtLocationPageSchema(PageSchema):
    contents = fields.List(fields.Nested(ServiceAtLocationSchema), required=True)


class TaxonomyPageSchema(PageSchema):
    contents = fields.List(fields.Nested(TaxonomySchema), required=True)


class TaxonomyTermPageSchema(PageSchema):
    contents = fields.List(fields.Nested(TaxonomyTermSchema), required=True)


class AboutSchema(Schema):
    version = _text("The version of HSDS.", required=True)
    profile = fields.Url(required=True, metadata={"description": "What this directory adds to HSDS."})
    openapi_url = fields.Url(required=True)
