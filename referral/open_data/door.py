"""The addresses of the open directory, as a Flask application of its own: its errors are JSON, and no page's hook or cookie reaches it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_smorest import Api, abort
from marshmallow import RAISE, Schema
from werkzeug.exceptions import HTTPException, NotFound

from referral.directory.hsds_catalogue import Catalogue, Collection, Entry, Wanted
from referral.open_data import asked, profile, shapes
from referral.open_data.answers import answer, not_now, refused, with_headers
from referral.open_data.asked import SAID_TWICE
from referral.open_data.bodies import asking
from referral.open_data.limits import SCHEME, caller
from referral.store.health import NotNow

LIMIT = "240 per minute"
LARGEST_QUERY = 16 * 1024
Catalogues = Callable[[], Catalogue]
ABOUT = """What help there is for children, where, and when: the organizations, services and places of this directory, as HSDS 3.1 has them.
Nothing confidential, no person, and no phone of a sample is in it. Where a child can be sheltered is not told here: call 116.
Human Services Data Specification: an Open Referral resource (https://openreferral.org/)."""
_LISTS: dict[Collection, tuple[type[Schema], type[Schema], type[Schema], str]] = {
    Collection.SERVICES: (asked.ServiceListing, shapes.ServicePageSchema, shapes.ServiceSchema, "Services"),
    Collection.ORGANIZATIONS: (asked.OrganizationListing, shapes.OrganizationPageSchema, shapes.OrganizationSchema, "Organizations"),
    Collection.SERVICE_AT_LOCATIONS: (asked.PointListing, shapes.ServiceAtLocationPageSchema, shapes.ServiceAtLocationSchema, "ServiceAtLocation"),
    Collection.TAXONOMIES: (asked.Listing, shapes.TaxonomyPageSchema, shapes.TaxonomySchema, "Taxonomies"),
    Collection.TAXONOMY_TERMS: (asked.TermListing, shapes.TaxonomyTermPageSchema, shapes.TaxonomyTermSchema, "TaxonomyTerms"),
}
_SINGLE = {
    Collection.SERVICES: "getFullyNestedServiceById",
    Collection.ORGANIZATIONS: "getOrganizationById",
    Collection.SERVICE_AT_LOCATIONS: "getServiceAtLocationWithNestedDataById",
    Collection.TAXONOMIES: "getTaxonomyById",
    Collection.TAXONOMY_TERMS: "getTaxonomyTermById",
}
"""HSDS's own names of the operations, which clients are generated from."""


def open_data_app(catalogues: Catalogues, public_url: str, tag: Callable[[str], bytes], counters: Path, *, limit: str = LIMIT) -> Flask:
    """To be mounted at /directory. `public_url` is where the whole service is reached; `tag` makes a keyed tag of the day of a caller's
    address, which is kept nowhere; `counters` is the file in which requests are counted; `limit` holds for each caller."""
    app = Flask("referral.open_data", static_folder=None)
    app.url_map.strict_slashes = False
    base = f"{public_url.rstrip('/')}/directory"
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_QUERY,
        API_TITLE="Directory of help for children",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=None,
        API_SPEC_OPTIONS={"info": {"description": ABOUT}, "servers": [{"url": base}]},
    )
    api = Api(app)
    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(NotNow, not_now)
    app.after_request(with_headers)  # before the limiter, whose headers it then sees: these run last to first
    Limiter(
        lambda: caller(request, tag),
        app=app,
        application_limits=[limit],
        storage_uri=f"{SCHEME}://{counters}",
        in_memory_fallback_enabled=True,
        headers_enabled=True,
    )
    app.before_request(_said_once)
    api.register_blueprint(_standing(api, base))
    api.register_blueprint(_lists(catalogues))
    return app


def _standing(api: Any, base: str) -> Any:
    """What stays as it is while the service runs: the first page, the profile, the document."""
    blueprint = asking("about", "What this directory is.")
    patches = profile.patches()

    def about(_nothing: dict[str, Any]) -> Response:
        return answer({"version": profile.HSDS_VERSION, "profile": f"{base}/profile/", "openapi_url": f"{base}/openapi.json"})

    def profile_page() -> Response:
        return answer(profile.about(base))

    def patch(name: str) -> Response:
        return answer(patches[name]) if name in patches else _nothing_here()

    def document() -> Response:
        return answer(api.spec.to_dict())

    described = blueprint.doc(operationId="getAPIMetaInformation", summary="What this is, and where its profile and document are.")
    blueprint.route("/", methods=["GET"])(
        described(blueprint.arguments(asked.Nothing, location="query", unknown=RAISE)(blueprint.response(200, shapes.AboutSchema)(about)))
    )
    for rule, view, said in (
        ("/profile/", profile_page, "What is added to HSDS, and where its patches are."),
        ("/profile/<string:name>", patch, "One patch, to be merged into the file of that name."),
        ("/openapi.json", document, "This document."),
    ):
        blueprint.route(rule, methods=["GET"])(blueprint.doc(summary=said)(blueprint.response(200, {"type": "object"})(view)))
    return blueprint


def _lists(catalogues: Catalogues) -> Any:
    blueprint = asking("directory", "What is in it.")
    for collection, (listing, page, single, name) in _LISTS.items():
        read, query, one = _views(catalogues, collection)
        documented = blueprint.response(200, page)
        in_address = blueprint.arguments(listing, location="query", unknown=RAISE)
        either = blueprint.arguments(listing(partial=True), location="query", unknown=RAISE)
        in_body = blueprint.arguments(listing(partial=True), location="json", required=False, unknown=RAISE)
        listed = blueprint.doc(operationId=f"getPaginatedListOf{name}", summary=f"A page of {collection.value.replace('_', ' ')}.")
        asked_for = blueprint.doc(operationId=f"postPaginatedListOf{name}", summary="The same, with what is looked for in the body: it then stands in no log.")
        blueprint.route(f"/{collection}", endpoint=f"list_{collection}", methods=["GET"])(listed(in_address(documented(read))))
        blueprint.route(f"/{collection}", endpoint=f"query_{collection}", methods=["POST"])(asked_for(either(in_body(documented(query)))))
        whether = blueprint.arguments(asked.Whether if collection is Collection.ORGANIZATIONS else asked.Nothing, location="query", unknown=RAISE)
        opened = blueprint.doc(operationId=_SINGLE[collection], summary="One entry, with everything that hangs on it.")
        rule = f"/{collection}/<string:id>"
        blueprint.route(rule, endpoint=f"open_{collection}", methods=["GET"])(opened(whether(blueprint.response(200, single)(one))))
    return blueprint


def _views(catalogues: Catalogues, collection: Collection) -> tuple[Callable[..., Response], ...]:
    def read(wanted: dict[str, Any]) -> Response:
        return answer(_page(catalogues(), collection, wanted))

    def query(in_address: dict[str, Any], in_body: dict[str, Any]) -> Response:
        if in_address.keys() & in_body.keys():
            abort(422, message=SAID_TWICE)
        return answer(_page(catalogues(), collection, in_address | in_body))

    def one(wanted: dict[str, Any], id: str) -> Response:  # noqa: A002  HSDS's own name of the parameter, which the document shows
        found = catalogues().full(collection, id.lower(), **wanted)
        return answer(found) if found is not None else _nothing_here()

    return read, query, one


def _page(catalogue: Catalogue, collection: Collection, wanted: dict[str, Any]) -> dict[str, Any]:
    """A page with all that HSDS wants of one. A page after the last is empty, not an error: a list may have become shorter meanwhile."""
    if "place" in wanted and not catalogue.knows_place(wanted["place"]):
        abort(422, message="place: no place of this directory has that id.")
    filters: dict[str, Any] = {name: str(value) if name.endswith("_id") else value for name, value in wanted.items() if name in Wanted.__slots__}
    found = catalogue.find(collection, Wanted(**filters))
    minimal, number = wanted.get("minimal", False), wanted.get("page", 1)
    size = wanted.get("per_page") or (asked.MOST_MINIMAL if minimal else asked.USUAL)
    pages = -(-len(found) // size)
    shown = found[(number - 1) * size : number * size]
    return {
        "total_items": len(found),
        "total_pages": pages,
        "page_number": number,
        "size": len(shown),
        "first_page": number == 1,
        "last_page": number >= pages,
        "empty": not shown,
        "contents": [_item(catalogue, collection, entry, wanted) for entry in shown],
    }


def _item(catalogue: Catalogue, collection: Collection, entry: Entry, wanted: dict[str, Any]) -> object:
    if wanted.get("minimal"):
        return {name: entry.listed[name] for name in ("id", "last_modified")}
    if not wanted.get("full"):
        return entry.listed
    whole = {"full_service": wanted["full_service"]} if "full_service" in wanted else {}
    return catalogue.full(collection, entry.id, **whole)


def _said_once() -> None:
    """What is said twice is not guessed at, and a body is JSON."""
    if any(len(values) > 1 for values in request.args.listvalues()):
        abort(422, message=SAID_TWICE)
    if request.method == "POST" and not request.is_json and request.get_data():
        abort(415, message="The body is JSON.")


def _nothing_here() -> Response:
    raise NotFound
