"""The open directory over a directory of nowhere, as anybody's program reads it."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from werkzeug.test import Client, TestResponse

from referral.directory.hsds_catalogue import CatalogueCache
from referral.open_data.door import open_data_app
from referral.store.base import Base
from referral.store.database import Database
from tests.conftest import START
from tests.open_data.synthetic import Secrets, Synthetic

NAIROBI = ZoneInfo("Africa/Nairobi")
LISTS = ("services", "organizations", "service_at_locations", "taxonomies", "taxonomy_terms")
PUBLIC_URL = "https://example.org"


class Reader:
    """Somebody who reads the open directory, from an address of their own."""

    def __init__(self, database: Database, counters: Path, *, limit: str = "100000 per minute") -> None:
        self.database = database
        app = open_data_app(
            CatalogueCache(database, NAIROBI, lambda: START).catalogue, PUBLIC_URL, lambda value: sha256(value.encode()).digest()[:16], counters, limit=limit
        )
        self.web = Client(app, TestResponse)

    def ask(self, path: str, **asked: object) -> TestResponse:
        said = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in asked.items()}
        return self.web.get(path, query_string=said)

    def get(self, path: str, **asked: object) -> Any:
        response = self.ask(path, **asked)
        assert response.status_code == 200, (path, asked, response.get_data(as_text=True))
        return json.loads(response.get_data())

    def ids(self, name: str, **asked: object) -> list[str]:
        """The ids of a whole list, from all its pages."""
        found: list[str] = []
        for page in self.pages(name, **asked):
            found += [one["id"] for one in page["contents"]]
        return found

    def pages(self, name: str, **asked: object) -> Iterator[Any]:
        number = 1
        while True:
            page = self.get(f"/{name}", **{"page": number, "per_page": 100, **asked})
            yield page
            if page["last_page"]:
                return
            number += 1

    def everything(self) -> Iterator[tuple[str, str]]:
        """Every answer there is, as text, by its address."""
        paths = ["/", "/profile/", "/profile/location.json", "/profile/openapi.json", "/openapi.json"]
        for name in LISTS:
            paths += [f"/{name}/{one}" for one in self.ids(name)]
        for path in paths:
            yield path, self.ask(path).get_data(as_text=True)
        for name in LISTS:
            for asked in ({}, {"full": True}, {"minimal": True}, {"full": True, "full_service": True}):
                response = self.ask(f"/{name}", per_page=100, **asked)
                if response.status_code == 200:
                    yield f"/{name}?{asked}", response.get_data(as_text=True)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Database]:
    """Empty directories, one after the other."""
    folder = tmp_path_factory.mktemp("open-data")
    template = Database(f"sqlite:///{folder / 'empty.db'}")
    Base.metadata.create_all(template.engine)
    template.forget_residue()
    template.close()

    def fresh() -> Database:
        path = folder / f"{random.getrandbits(64):016x}.db"
        shutil.copy(folder / "empty.db", path)
        return Database(f"sqlite:///{path}")

    return fresh


@pytest.fixture(scope="session")
def nowhere(empty: Callable[[], Database], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], tuple[Reader, Secrets]]]:
    """A directory of nowhere from a seed, and who reads it; each made once."""
    made: dict[int, tuple[Reader, Secrets]] = {}
    counters = tmp_path_factory.mktemp("counters") / "requests"

    def make(seed: int, size: int = 12) -> tuple[Reader, Secrets]:
        if seed not in made:
            database = empty()
            with database.transaction() as session:
                secrets = Synthetic(session, random.Random(seed)).fill(size)
            made[seed] = Reader(database, counters), secrets
        return made[seed]

    yield make
    for reader, _ in made.values():
        reader.database.close()


@pytest.fixture
def reader(nowhere: Callable[[int], tuple[Reader, Secrets]]) -> Reader:
    return nowhere(1)[0]
