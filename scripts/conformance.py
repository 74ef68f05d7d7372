"""Every answer of the open directory against the official HSDS 3.1 schemas, and its document against OpenAPI's. Run by `make conformance HSDS=folder`.

The schemas are not part of this project: HSDS is where a copy of them lies. Strict: a property that neither HSDS nor the served profile names is
an error. Over the county's directory as `make run` loads it, and over a made-up one in which every field is filled.
"""

from __future__ import annotations

import csv
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from werkzeug.test import Client

from referral.directory.hsds_package import COLUMNS, REFERENCES, write_package
from referral.service import Service
from referral.start import load_directory, prepare
from referral.web import application
from tests.conftest import settings_for
from tests.open_data.synthetic import Synthetic

ROOT = Path(__file__).resolve().parents[1]
BASE = "https://schemas.invalid/"
SINGLE = {name: f"{name}.json" for name in ("service", "organization", "service_at_location", "taxonomy", "taxonomy_term")}
PATHS = {
    "service": "services",
    "organization": "organizations",
    "service_at_location": "service_at_locations",
    "taxonomy": "taxonomies",
    "taxonomy_term": "taxonomy_terms",
}
Json = dict[str, Any]


def merged(target: Any, patch: Any) -> Any:
    """JSON Merge Patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def closed(schema: Any) -> Any:
    """The schema with every object in it closed to properties that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(value) for name, value in schema.items()}
    return inner | {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else inner


class Schemas:
    """The official schemas, with the profile that the directory itself serves merged in."""

    def __init__(self, folder: Path, profile: Callable[[str], Json]) -> None:
        files = {path.name: json.loads(path.read_text("utf-8")) for path in sorted((folder / "schema").glob("*.json"))}
        openapi = files.pop("openapi.json")
        place = profile("location.json")
        files["location.json"] = merged(files["location.json"], place)
        # the two links back that HSDS's own tool adds when it compiles whole organizations and service points
        files["organization.json"]["properties"]["services"] = {"type": "array", "items": {"$ref": "service.json"}}
        files["service_at_location.json"]["properties"]["service"] = {"$ref": "service.json"}
        for name in ("service", "organization", "service_at_location"):
            files[f"{name}_list.json"] = json.loads((folder / "schema" / "compiled" / f"{name}_list.json").read_text("utf-8"))
        point = files["service_at_location_list.json"]["properties"]
        point["location"] = merged(point["location"], place)
        minimal = {**files["service.json"], "required": ["id", "last_modified"]}
        minimal.pop("path")
        minimal["properties"] = {name: minimal["properties"][name] for name in ("id", "last_modified")}
        files["minimal.json"] = minimal
        page = openapi["components"]["schemas"]["Page"]
        page["required"] = [*page["properties"], "contents"]
        items = {**{f"{name}_page": one for name, one in SINGLE.items()}, "service_minimal": "minimal.json"}
        items |= {f"{name}_short": f"{name}_list.json" for name in ("service", "organization", "service_at_location")}
        for name, item in items.items():
            files[f"{name}.json"] = {**page, "properties": {**page["properties"], "contents": {"type": "array", "items": {"$ref": item}}}}
        self.openapi = json.loads((folder / "openapi_3.1.3_derived_local_refs.json").read_text("utf-8"))
        root = self.openapi["paths"]["/"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        files["root.json"] = {**root, "required": list(root["properties"])}
        strict = {name: {**closed(schema), "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": BASE + name} for name, schema in files.items()}
        self._files = strict
        self._registry: Registry[Any] = Registry().with_resources([(one["$id"], Resource(one, DRAFT202012)) for one in strict.values()])
        self.tables = files

    def problems(self, name: str, content: Any) -> Iterator[str]:
        validator = Draft202012Validator(self._files[name], registry=self._registry, format_checker=FormatChecker())
        for error in validator.iter_errors(content):
            yield f"/{'/'.join(map(str, error.path))}: {error.message[:160]}"


class Run:
    """One directory, read from end to end through the service's own application."""

    def __init__(self, name: str, service: Service, folder: Path) -> None:
        self.name = name
        self._service = service
        self._web = Client(application(service))
        self._asked = 0
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        self._schemas = Schemas(folder, lambda file: self.get(f"/profile/{file}"))

    def get(self, path: str) -> Any:
        self._asked += 1
        caller = f"198.51.{self._asked // 200 // 250}.{self._asked // 200 % 250}"  # a reader may ask some hundred times a minute
        response = self._web.get(f"/directory{path}", headers={"X-Forwarded-For": caller}, environ_overrides={"REMOTE_ADDR": "127.0.0.1"})
        if response.status_code != 200:
            self.problems.append(f"{path}: {response.status_code}")
            return {}
        return json.loads(response.get_data())

    def check(self, path: str, schema: str) -> Any:
        content = self.get(path)
        self.counts[schema.removesuffix(".json")] += 1
        self.problems += [f"{path} as {schema}: {problem}" for problem in self._schemas.problems(schema, content)]
        self.problems += [f"{path}: null at {where}" for where in _nulls(content, "")]
        return content

    def run(self) -> None:
        about = self.check("/", "root.json")
        base = about["openapi_url"].removesuffix("/openapi.json")
        self.get(about["profile"].removeprefix(base))
        for kind, path in PATHS.items():
            short = f"{kind}_short.json" if kind in {"service", "organization", "service_at_location"} else f"{kind}_page.json"
            ids = self._pages(f"/{path}?per_page=7", short)
            if short != f"{kind}_page.json":
                self._same(path, ids, self._pages(f"/{path}?per_page=50&full=true", f"{kind}_page.json"))
            if kind == "service":
                self._same(path, ids, self._pages(f"/{path}?minimal=true", "service_minimal.json"))
            if kind == "organization":
                self._same(path, ids, self._pages(f"/{path}?full=true&full_service=true", f"{kind}_page.json"))
            for one in ids:
                self.check(f"/{path}/{one}", SINGLE[kind])
        self._document()
        self._package()

    def _pages(self, path: str, schema: str) -> list[str]:
        found: list[str] = []
        number, last = 1, False
        while not last:
            page = self.check(f"{path}&page={number}", schema)
            found += [one["id"] for one in page["contents"]]
            number, last = number + 1, page["last_page"]
        if len(found) != page["total_items"] or len(set(found)) != len(found):
            self.problems.append(f"{path}: the pages do not add up")
        return found

    def _same(self, path: str, ids: list[str], others: list[str]) -> None:
        if ids != others:
            self.problems.append(f"/{path}: two ways of listing do not agree")

    def _document(self) -> None:
        """The served document is sound, and each of its operations and parameters is one of HSDS's, or of the profile's."""
        document = self.get("/openapi.json")
        self.problems += [f"/openapi.json: {error.message[:160]}" for error in OpenAPIV31SpecValidator(document).iter_errors()]
        official = merged(self._schemas.openapi, self.get("/profile/openapi.json"))
        self.counts["openapi document"] += 1
        for path, operations in document["paths"].items():
            if path.startswith(("/profile", "/openapi")):
                continue
            for method in operations.keys() & {"get", "post"}:
                known = official["paths"].get(path, {}).get(method)
                if known is None:
                    self.problems.append(f"/openapi.json: HSDS has no {method} {path}")
                    continue
                self.counts["operation"] += 1
                allowed = {one.get("name") or one["$ref"].rpartition("/")[2] for one in known.get("parameters", [])}
                ours = {one["name"] for one in operations[method].get("parameters", []) if one["in"] == "query"}
                self.problems += [f"/openapi.json: {method} {path}: no such parameter in HSDS: {one}" for one in sorted(ours - allowed)]
                if known["operationId"] != operations[method]["operationId"]:
                    self.problems.append(f"/openapi.json: {method} {path} is called {known['operationId']}")

    def _package(self) -> None:
        """The files: columns that HSDS or the profile knows, what a table must have, and no key that points nowhere."""
        tables = {schema["path"]: schema for schema in self._schemas.tables.values() if "path" in schema and "id" in schema.get("required", ())}
        with tempfile.TemporaryDirectory() as folder, self._service.database.read() as session:
            write_package(session, Path(folder), self._service.clock().astimezone(self._service.policy.timezone))
            rows = {name: list(csv.DictReader((Path(folder) / f"{name}.csv").open(encoding="utf-8", newline=""))) for name in COLUMNS}
        ids = {name: {row["id"] for row in found} for name, found in rows.items()}
        for name, found in rows.items():
            schema = tables[f"{name}.csv"]
            self.problems += [f"{name}.csv: no such column in HSDS: {one}" for one in COLUMNS[name] if one not in schema["properties"]]
            needed = {*schema["required"], *schema.get("tabular_required", ())}
            for row in found:
                self.counts["row of the package"] += 1
                self.problems += [f"{name}.csv: {row['id']} has no {one}" for one in sorted(needed) if not row.get(one)]
                links = {column: target for column, target in REFERENCES.items() if row.get(column)}
                self.problems += [f"{name}.csv: {column} of {row['id']} points nowhere" for column, target in links.items() if row[column] not in ids[target]]


def _nulls(content: Any, where: str) -> Iterator[str]:
    if content is None:
        yield where or "/"
    pairs = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for name, value in pairs:
        yield from _nulls(value, f"{where}/{name}")


def county(folder: Path) -> Service:
    """The county's directory, as it is loaded for anybody."""
    service = prepare(settings_for(f"sqlite:///{folder / 'county.db'}", config=ROOT / "config" / "kwale"))
    load_directory(service)
    return service


def made_up(folder: Path) -> Service:
    """A directory in which every field is filled somewhere."""
    service = prepare(settings_for(f"sqlite:///{folder / 'made-up.db'}", config=ROOT / "config" / "kwale"))
    with service.database.transaction() as session:
        Synthetic(session, random.Random(20)).fill(60)  # noqa: S311  the same each time, on purpose
    return service


def say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201  what the command is for


def main(arguments: list[str]) -> int:
    hsds = Path(arguments[0]) if arguments else Path()
    if not (hsds / "schema" / "service.json").is_file():
        say("usage: make conformance HSDS=folder, where folder/schema holds the official HSDS 3.1 schemas")
        return 2
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for name, build in (("the county's directory", county), ("a made-up directory", made_up)):
            service = build(Path(folder))
            run = Run(name, service, hsds)
            run.run()
            service.database.close()
            failed |= bool(run.problems)
            say(f"{name}: {sum(run.counts.values())} validated, {len(run.problems)} problems")
            say(*(f"  {count:6} {what}" for what, count in run.counts.items()), *(f"  PROBLEM {problem}" for problem in run.problems[:40]))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
