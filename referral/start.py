"""Starting: reading settings, refusing what must not run, preparing what is not there yet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.alerts.claims import OTHERS, RED
from referral.app import WORKER_PATIENCE, build
from referral.casework.pins import OPERATOR
from referral.directory.importer import Loaded, load, load_people
from referral.directory.service_records import ServiceAtLocationRow
from referral.directory.snapshot import read_roster
from referral.dispatch.worker import Aside, Worker
from referral.gateway.africastalking import AfricasTalkingGateway
from referral.handover.contacts import number_cell
from referral.privacy.audit import Action
from referral.privacy.keyring import KeyringError
from referral.privacy.keystate import keyless
from referral.privacy.logs import configure
from referral.privacy.seal import Unreadable
from referral.service import Service
from referral.settings import Settings, SettingsError, read_settings
from referral.simulator.callbacks import Callbacks
from referral.simulator.standin import StandIn
from referral.store.migrate import pending, upgrade
from referral.upkeep.coverage import prove
from referral.upkeep.gaps import Proof
from referral.upkeep.lacking import lacking
from referral.vocabulary.phone import PhoneNumber
from referral.web import application

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


PENDING = "REFERRAL_DATABASE_URL: migrations are pending: run `referral db upgrade`"
GATEWAY_PATIENCE = 15.0
"""Seconds that a stopping worker waits for the text in hand: longer than the gateway may hang (see Gateway.send)."""


def service(*, patience: float | None = None) -> Service:
    """The service by the settings of the environment, or SettingsError."""
    settings = read_settings()
    configure(settings.log_level)
    ready = build(settings) if patience is None else build(settings, patience=patience)
    try:
        ready.keyring.ring()
    except KeyringError as error:
        raise SettingsError([str(error)]) from None
    return ready


def web_application() -> WSGIApplication:
    """For gunicorn: refuses to start where the service must not run. Leaves no connection open: the processes that are made of this one have their own."""
    ready = service()
    refuse(ready)
    ready.purging.catch_up(ready.clock())
    ready.roster()  # every process has the places then, also one that is made while the database is away
    made = application(ready)
    ready.database.close()
    return made


def work(stop: threading.Event) -> None:
    """Run a worker until `stop` is set."""
    ready = service(patience=WORKER_PATIENCE)
    refuse(ready)
    ready.purging.catch_up(ready.clock())
    carrier = gateway(ready.settings)
    aside = [  # apart from each other: an alert must not wait while the coverage is proven, nor a RED one while the gateway hangs at another
        Aside("red", Worker(ready.sending_jobs(carrier, RED, stop.is_set), ready.clock, stop), stop, patience=GATEWAY_PATIENCE),
        Aside("sending", Worker(ready.sending_jobs(carrier, OTHERS, stop.is_set), ready.clock, stop), stop, patience=GATEWAY_PATIENCE),
        Aside("asking", Worker((*ready.inbox_jobs(carrier), *ready.account_jobs(carrier)), ready.clock, stop, pause=1.0), stop, patience=5.0),
        Aside("slow jobs", Worker(ready.slow_jobs(), ready.clock, stop, pause=5.0), stop, patience=5.0),
    ]
    for one in aside:
        one.start()
    Worker(ready.steady_jobs(), ready.clock, stop).run()
    for one in aside:
        one.finish()


def gateway(settings: Settings) -> AfricasTalkingGateway:
    """The gateway, through its own SDK; the stand-in is the same, at another address."""
    return AfricasTalkingGateway(settings.at_username, settings.at_api_key, settings.at_shortcode, settings.gateway_url)


def refuse(ready: Service) -> None:
    """Raise SettingsError with every reason why this service must not answer: migrations pending, or in a live one an empty directory, or samples."""
    problems: list[str] = []
    if pending(ready.database.engine):
        raise SettingsError([PENDING])
    have_keys(ready)
    if ready.settings.live:
        with ready.database.read() as session:
            roster = read_roster(session)
            problems += map(str, lacking(roster))
            problems += _samples("offices", [office.id for office in roster.offices() if office.sample])
            points = session.scalars(select(ServiceAtLocationRow.id).where(ServiceAtLocationRow.sample))
            problems += _samples("service points", list(points))
            try:
                problems += _samples("people", [person.id for person in roster.people() if person.sample or _sample_number(ready, session, person.id)])
            except Unreadable:
                problems.append("REFERRAL_KEYRING: officers' numbers do not open with these keys: put back the keyring that sealed them")
    if problems:
        raise SettingsError(problems)


def prepare(settings: Settings) -> Service:
    """Migrate the database. Returns the service over it."""
    ready = build(settings, patience=WORKER_PATIENCE)
    upgrade(ready.database.engine)
    have_keys(ready)
    return ready


def have_keys(ready: Service) -> None:
    """A keyring that opens; a first one is made where nothing needs another. Raises SettingsError, naming the setting."""
    if not ready.keyring.there and (needing := keyless(ready.database)) and not ready.keyring.there:  # another process may have made it meanwhile
        raise SettingsError([f"REFERRAL_KEYRING: {ready.settings.keyring} is missing and {needing} sealed values need it: put it back from its backup"])
    try:
        made = ready.keyring.create()
        keys = ready.keyring.ring().keys
    except KeyringError as error:
        raise SettingsError([str(error)]) from None
    except OSError as error:
        raise SettingsError([f"REFERRAL_KEYRING: {ready.settings.keyring} cannot be written ({type(error).__name__})"]) from None
    if made:
        with ready.database.transaction() as session:
            for key in keys:
                ready.audit.write(session, ready.clock(), "service", Action.KEY_MADE, key.id)


def _sample_number(ready: Service, session: Session, person: str) -> bool:
    """The number itself is looked at: a row that is not marked as a sample may hold a sample's number all the same."""
    contact = ready.contacts.find(session, person)
    return contact is not None and contact.number.sample


def _samples(what: str, ids: list[str]) -> list[str]:
    """A sample number is dialable in real life: somebody who never asked for it would read about a child."""
    return [f"directory: {len(ids)} sample {what}, {min(ids)} among them: load the real ones"] if ids else []


def load_directory(ready: Service, folder: Path | None = None, override: str | None = None, by: str = OPERATOR) -> Loaded:
    """Load a county's folder: all rows or none. Raises directory.importer.ImportProblems naming every bad line, and upkeep.gate.OpensGap where a
    place would be left alone: `override` is the reason for loading it all the same, and is recorded. `by` has proven who they are, or is OPERATOR."""
    here, policy = folder or ready.settings.config, ready.policy
    return _load(ready, lambda session, **kept: load(session, here, tz=policy.timezone, spread=policy.upkeep.spread, **kept), override, by)


def load_officers(ready: Service, file: Path, override: str | None = None, by: str = OPERATOR) -> Loaded:
    """Load real officers from one file: all rows or none. Raises as `load_directory` does."""
    return _load(ready, lambda session, **kept: load_people(session, [file], **kept), override, by)


def _load(ready: Service, importer: Callable[..., Loaded], override: str | None, by: str) -> Loaded:
    def seal_number(person: str, number: PhoneNumber) -> bytes:
        return ready.sealer.seal(number.reveal(), number_cell(person))

    def tag_number(number: PhoneNumber) -> bytes:
        return ready.keys.number_tag(number.reveal())

    with ready.database.transaction() as session:
        now = ready.clock()
        former, watch = ready.entries.former(session), ready.gate.watch(session, now, by, override)
        loaded = importer(session, seal_number=seal_number, tag_number=tag_number, now=now, by=by, watch=watch)
        if loaded.changed:
            ready.audit.write(session, now, by, Action.DIRECTORY_LOADED, "directory", changed=loaded.changed)
            ready.entries.note(session, former, loaded.entries, by, now)
    return loaded


def callback_addresses(settings: Settings) -> Sequence[tuple[str, str]]:
    """What to paste into the gateway's dashboard, by name. With two tokens alive, the first is the one to use."""
    base, ussd, sms = settings.public_url.rstrip("/"), settings.ussd_tokens[0], settings.sms_tokens[0]
    return _addresses(base, ussd, sms)


def _addresses(base: str, ussd: str, sms: str) -> Sequence[tuple[str, str]]:
    return (
        ("ussd", f"{base}/ussd/{ussd}"),
        ("ussd events", f"{base}/ussd/{ussd}/ended"),
        ("sms inbound", f"{base}/sms/{sms}/inbound"),
        ("sms delivery", f"{base}/sms/{sms}/delivery"),
        ("sms opt-out", f"{base}/sms/{sms}/opt-out"),
    )


def stand_in(stop: threading.Event) -> None:
    """Run the stand-in gateway until `stop` is set. It knows the sample officers' phones by name, so that one can answer for them."""
    ready = service()
    settings = ready.settings
    local = f"http://127.0.0.1:{settings.port}"
    callbacks = Callbacks(*(address for _, address in _addresses(local, settings.ussd_tokens[0], settings.sms_tokens[0])))
    gateway = StandIn(
        callbacks=callbacks,
        short_code=settings.at_shortcode,
        ussd_code=settings.at_ussd_code,
        practice_code=settings.at_ussd_practice_code,
        labels=_sample_phones(ready),
        username=settings.at_username,
        api_key=settings.at_api_key,
    )
    with gateway:
        try:
            gateway.serve(settings.standin_port)
        except OSError:
            raise SettingsError([f"REFERRAL_STANDIN_PORT: {settings.standin_port} is taken by another program"]) from None
        stop.wait()


def _sample_phones(ready: Service) -> dict[str, str]:
    roster, now = ready.roster(), ready.clock()
    labels: dict[str, str] = {}
    with ready.database.read() as session:
        for person in roster.people():
            contact = ready.contacts.find(session, person.id)
            if contact is not None and contact.number.sample:
                posts = ", ".join(office.name for office in roster.offices_of(person.id, now))
                labels[contact.number.reveal()] = posts or person.id
    return labels


def coverage(ready: Service) -> Proof:
    """The coverage proof of the directory as it stands."""
    return prove(ready.roster(), ready.planner.table, ready.policy, ready.clock())
