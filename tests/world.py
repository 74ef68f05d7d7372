"""The service as callers and officers meet it: through its doors, with its worker, over a real database."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from sqlalchemy import event, func, select, union_all
from sqlalchemy.orm import Session
from werkzeug.test import Client

from referral.alerts.records import AlertRecord, LadderRecord
from referral.app import build
from referral.county import read_county
from referral.dispatch.road import SendingPauseRecord
from referral.dispatch.worker import Worker
from referral.intake.records import DialogueRecord, SessionRecord, TextRecord
from referral.service import Service
from referral.settings import Settings
from referral.texts.catalogue import Catalogue
from referral.web import application, directory_app
from tests.fakes import FixedClock, RecordingGateway, message_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


ROOT = Path(__file__).parent.parent
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Of PINs: a hundred times quicker than the service's own, which `tests/officers/test_pin.py` looks at."""
_county = cache(read_county)
_texts = cache(Catalogue.load)
"""Read once for a thousand worlds: nothing in them changes."""


def _on_demand(service: Service) -> WSGIApplication:
    """The open directory, made when somebody asks for it: most tests do not."""
    made: list[WSGIApplication] = []

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not made:
            made.append(directory_app(service))
        return made[0](environ, start_response)

    return call


_CLOCKS = (
    AlertRecord.due_at, AlertRecord.remind_at, LadderRecord.step_due_at, LadderRecord.action_due_at, LadderRecord.again_at,
    SessionRecord.partial_at, DialogueRecord.silent_at, TextRecord.due_at, SendingPauseRecord.probe_at,
)  # fmt: skip
_NEXT = union_all(*(select(func.min(column)) for column in _CLOCKS))
"""When something falls due next, by each clock there is."""
_LEAP = timedelta(minutes=5)


class Phone:
    """A caller's phone: dials, presses keys, hangs up. The text it sends grows as the gateway's does."""

    def __init__(self, world: World, number: str, code: str, session: str) -> None:
        self._world = world
        self._form = {"phoneNumber": number, "serviceCode": code, "networkCode": "63902", "sessionId": session}
        self._text = ""
        self.screen = ""

    def dial(self, extension: str = "") -> str:
        self._text = extension
        return self._ask()

    def key(self, keys: str) -> str:
        self._text = f"{self._text}*{keys}" if self._text else keys
        return self._ask()

    def keys(self, *keys: str) -> str:
        for one in keys:
            self.key(one)
        return self.screen

    def again(self) -> str:
        """The same request once more, as a gateway repeats one that it heard no answer to."""
        return self._ask()

    def hang_up(self) -> None:
        """The gateway says that the session is over."""
        self._world.post(f"/ussd/{self._world.ussd_token}/ended", {**self._form, "status": "Incomplete"})

    def _ask(self) -> str:
        self.screen = self._world.post(f"/ussd/{self._world.ussd_token}", {**self._form, "text": self._text})
        return self.screen


class World:
    def __init__(self, settings: Settings, clock: FixedClock) -> None:
        codes = itertools.count(1)
        self.clock = clock
        self.gateway = RecordingGateway()
        county = _county(settings.config) if settings.config.is_relative_to(ROOT) else None  # else a test's own, which it may change
        self.service: Service = build(settings, clock=clock, randomness=random.Random(7), county=county, catalogue=_texts(), hasher=_QUICK)
        if self.service.database.engine.dialect.name == "sqlite":  # worlds end, the machine does not: what they wrote need not be on the disk
            event.listen(self.service.database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF").close())
        self.web = Client(application(self.service, _on_demand))
        self._worker = self._fresh_worker()
        self._serial = codes
        self._confirmed = 0
        self.receipts = True
        self.ussd_token, self.sms_token = settings.ussd_tokens[0], settings.sms_tokens[0]

    def _fresh_worker(self) -> Worker:
        return Worker(self.service.jobs(self.gateway), self.clock, Never(), pause=0)

    def use(self, gateway: RecordingGateway) -> None:
        """Send through another gateway from now on."""
        self.gateway = gateway
        self._worker = self._fresh_worker()

    def restart(self) -> None:
        """A new worker, as after a crash: what the old one held in memory is gone."""
        self._worker = self._fresh_worker()

    def close(self) -> None:
        self.service.database.close()

    def phone(self, number: str = "+254700000001", code: str | None = None) -> Phone:
        serial = next(self._serial)
        return Phone(self, number, code or self.service.settings.at_ussd_code, f"ATUid_{serial:032x}")

    def post(self, path: str, form: dict[str, str]) -> str:
        answer = self.web.post(path, data=form)
        assert answer.status_code == 200, (path.split("/")[1], answer.status_code)
        return answer.get_data(as_text=True)

    def text(self, number: str, words: str, *, gateway_id: str | None = None) -> None:
        """A text reaches the service."""
        form = {"from": number, "to": "22384", "text": words, "date": f"{self.clock.now:%Y-%m-%d %H:%M:%S}", "id": gateway_id or f"id-{next(self._serial)}"}
        self.post(f"/sms/{self.sms_token}/inbound", form)

    def receipt(self, gateway_id: str, status: str, reason: str = "") -> None:
        form = {"id": gateway_id, "status": status, "failureReason": reason, "phoneNumber": "+254700000999"}
        self.post(f"/sms/{self.sms_token}/delivery", form)

    def work(self) -> None:
        """The worker goes round until there is nothing to do; every text that went out reaches its phone, if `receipts` come."""
        for _ in range(500):
            done = self._worker.round()
            fresh = range(self._confirmed, len(self.gateway.sent)) if self.receipts else ()
            for serial in fresh:
                self.receipt(message_id(serial), "Success")
            self._confirmed = len(self.gateway.sent)
            if done == 0:
                return
        raise AssertionError("the worker never comes to rest")

    def wait(self, by: timedelta, *, step: timedelta | None = None) -> None:
        """Time passes, the worker at work: by `step`, else minute by minute, and where nothing falls due by some minutes at once."""
        end = self.clock.now + by
        self.work()
        while self.clock.now < end:
            self.clock.turn(min(step or self._quiet(), end - self.clock.now))
            self.work()

    def _quiet(self) -> timedelta:
        """Whole minutes, up to `_LEAP`, in which nothing falls due."""
        minute = timedelta(minutes=1)
        if not self.receipts or self.gateway.inbox:  # due by what no phone confirms, or by what is fetched every minute
            return minute
        with self.service.database.read() as session:
            first = min((at for at in session.scalars(_NEXT) if at is not None), default=self.clock.now + _LEAP)
        return min(max(math.ceil((first - self.clock.now) / minute), 1) * minute, _LEAP)

    def number_of(self, person: str) -> str:
        with self.service.database.read() as session:
            contact = self.service.contacts.find(session, person)
        assert contact is not None, person
        return contact.number.reveal()

    @contextmanager
    def rows(self) -> Iterator[Session]:
        with self.service.database.read() as session:
            yield session


class Never:
    def is_set(self) -> bool:
        return False

    def wait(self, _seconds: float | None = None) -> bool:
        return False


HOME, RELATIVE, NOT_KNOWN = ("1",), ("2",), ("4",)
CHIEF, POLICE, CHILDRENS_OFFICER = ("3", "1"), ("3", "2"), ("3", "5")
SEXABUSE, MARRIAGE, PHYSICAL, OTHER, LABOUR = ("1",), ("4",), ("9", "3", "1"), ("9", "4"), ("9", "1", "3")
NOW, SOON, NOT_NOW = "1", "2", "3"
"""Keys of the report's questions, as they stand on the screens."""


def as_far_as_ward(phone: Phone, *, danger: str = NOW, concern: tuple[str, ...] = SEXABUSE) -> Phone:
    """Dial and answer danger, what it is, and Ukunda in Msambweni: as much as makes a report of a call that breaks off."""
    phone.dial()
    phone.keys("1", danger, *concern, "1", "2")
    return phone


def sent(phone: Phone, *, danger: str = NOW, concern: tuple[str, ...] = SEXABUSE, who: tuple[str, ...] = HOME) -> Phone:
    """Dial, answer everything, and send. The phone then shows the code."""
    as_far_as_ward(phone, danger=danger, concern=concern).keys(*who, "1")
    assert sum(sign.isdigit() for sign in phone.screen) >= 12, phone.screen
    return phone


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what no database can change: once is enough."""
