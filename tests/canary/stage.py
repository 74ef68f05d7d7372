"""A service in this process with a gateway that quotes, and calls in which anything may be made to fail."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from referral.alerts.records import AlertRecord, Purpose
from referral.dispatch.worker import Job, Worker
from referral.gateway.africastalking import AfricasTalkingGateway
from referral.gateway.port import Arrived, Sending
from referral.reports.records import ReportRecord
from referral.vocabulary.letters import Nudge
from referral.vocabulary.phone import PhoneNumber
from tests.canary import calls
from tests.canary.calls import Script
from tests.canary.forcing import Forced
from tests.canary.phones import Caller, Heard, InProcess, Step
from tests.fakes import RecordingGateway
from tests.world import Never, World

QUOTED = ("http-400-quoting", "http-500-quoting", "headers-quoting")


class Adapter(RecordingGateway):
    """Sends through the real library, to a gateway that answers by quoting the number it was given, and keeps none itself."""

    def __init__(self, adapter: AfricasTalkingGateway) -> None:
        super().__init__()
        self._adapter = adapter

    def send(self, to: PhoneNumber, words: str) -> Sending:
        self.sent.append(("", words))
        return self._adapter.send(to, words)


@dataclass
class Stage:
    """A service in this process, and fresh callers for it."""

    world: World
    heard: Heard = field(default_factory=Heard)
    used: list[str] = field(default_factory=list)
    _numbers: Iterator[str] = field(default_factory=lambda: itertools.cycle(calls.numbers()))
    _serial: Iterator[int] = field(default_factory=itertools.count)

    def caller(self) -> Caller:
        number = next(self._numbers)
        self.used.append(number)
        return Caller(number, InProcess(self.world, self.heard), self.heard, f"{next(self._serial):08x}")

    def work(self) -> str:
        self.world.work()
        return ""

    def wait(self) -> str:
        self.world.clock.turn(timedelta(minutes=16))
        return self.work()

    def working(self, script: Script) -> Script:
        """A dialogue by text, the worker coming round after every word of it, and after a silence."""

        def worked(caller: Caller) -> Iterator[Step]:
            for step in script(caller):
                yield step
                yield self.work
            yield self.wait

        worked.__name__ = script.__name__
        return worked

    def pulled(self, caller: Caller) -> Iterator[Step]:
        """A text that is found in the gateway's inbox."""

        def arrive() -> str:
            number = max((one.id for one in self.world.gateway.inbox), default=0) + 1
            self.world.gateway.inbox.append(Arrived(number, PhoneNumber(caller.number), "22384", "mtoto anapigwa Ukunda", self.world.clock.now, None))
            return ""

        yield arrive
        yield self._pull
        yield self.work

    def relayed(self, caller: Caller) -> Iterator[Step]:
        """A text to somebody who agreed, asked for by an officer; an answer to it; and the number shown to two who may."""
        yield from calls.agreed(caller)
        yield self.work
        yield self._asked
        yield self.wait
        yield lambda: caller.text("asante, nimepata ujumbe wenu")
        yield self.work
        yield lambda: caller.text("STOP")
        yield self.work

    def _pull(self) -> str:
        """As the worker does it."""
        service, now = self.world.service, self.world.clock.now
        Worker([Job("pull", lambda: service.texts.pull(self.world.gateway, now))], self.world.clock, Never()).round()  # type: ignore[arg-type]
        return ""

    def _asked(self) -> str:
        service, now = self.world.service, self.world.clock.now
        with suppress(Forced), service.database.transaction() as session:
            wanted = select(AlertRecord).join(ReportRecord, ReportRecord.id == AlertRecord.report)
            for alert in session.scalars(wanted.where(ReportRecord.contact.is_not(None), AlertRecord.purpose == Purpose.ALERT)).all():
                if service.officers_menu.desk.read(session, alert.person, alert.id, now):
                    service.officers_menu.relay.ask(session, alert.person, alert.id, Nudge.MESSAGE, now)
        return ""

    @property
    def scripts(self) -> tuple[Script, ...]:
        phone = (calls.sent_and_told_all, calls.with_a_wrong_code, calls.dropped_after(6), calls.asked_for_help, calls.not_as_it_should_be)
        consent = (calls.agreed_to_a_call, calls.agreed_and_backed_out, calls.agreed_and_stopped)
        texts = (calls.told_by_text, calls.cried_for_help, calls.texted_and_stopped, calls.texted_a_wrong_code, calls.texted_without_an_id)
        return (*phone, *consent, *map(self.working, texts), self.pulled, self.relayed)
