"""Building the service: the only place that joins the rooms. Everything below receives what it needs."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from referral.alerts.outbox import Outbox
from referral.casework.officers import OfficersAnswers
from referral.conversation.script import dialogue
from referral.directory.snapshot import Roster, RosterCache
from referral.dispatch.escalate import Escalation
from referral.dispatch.receipts import Receipts
from referral.dispatch.send import Sender
from referral.dispatch.worker import Job, beat
from referral.gateway.port import Gateway
from referral.handover.contacts import Contacts
from referral.handover.ladder import Ladder
from referral.handover.planner import Planner
from referral.intake.converse import Conversations
from referral.intake.filing import Filing
from referral.intake.guide import DirectoryGuide
from referral.intake.sessions import Sessions
from referral.intake.texts import Text, Texts, take
from referral.privacy.audit import Audit
from referral.privacy.daykeys import DayKeys, forget_old_days
from referral.privacy.keys import Keys
from referral.privacy.seal import Sealer
from referral.reports.register import Register
from referral.routing.clock import Randomness
from referral.routing.policy import Policy, parse_policy
from referral.routing.table import Table, parse_table
from referral.settings import Settings
from referral.store.database import Database
from referral.texts.catalogue import Catalogue
from referral.ussd.render import UssdSurface

Clock = Callable[[], datetime]
FIELDS_KEY = "k1"
"""The id of the key that fields are sealed with; it stands in every sealed value."""
WEB_PATIENCE, WORKER_PATIENCE = 4.0, 30.0
"""Seconds to wait for a lock: a caller must be answered within ten, the worker has time."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Service:
    """The use cases, joined."""

    settings: Settings
    database: Database
    clock: Clock
    keys: Keys
    sealer: Sealer
    catalogue: Catalogue
    policy: Policy
    roster: Callable[[], Roster]
    planner: Planner
    register: Register
    outbox: Outbox
    ladder: Ladder
    contacts: Contacts
    audit: Audit
    daykeys: DayKeys
    conversations: Conversations
    texts: Texts
    officers: OfficersAnswers
    receipts: Receipts

    def read_text(self, text: Text, now: datetime) -> bool:
        """First question for every text: is it from an officer? True if it was, and has been answered."""
        with self.database.transaction() as session:
            person = self.contacts.whose(session, text.sender)
            if person is None or not self.officers.means_us(session, person, text.words, now):
                return False
            if take(session, text.row):
                self.officers.answer(session, person, text.words, now)
            return True

    def jobs(self, gateway: Gateway) -> Sequence[Job]:
        """What a worker does, in the order of a round: send first, since a child in danger waits for nothing else."""
        sender = Sender(
            database=self.database,
            gateway=gateway,
            outbox=self.outbox,
            register=self.register,
            ladder=self.ladder,
            contacts=self.contacts,
            receipts=self.receipts,
            keys=self.keys,
            catalogue=self.catalogue,
            random=self.ladder.random,
            dial=officers_code(self.settings.at_ussd_code),
        )
        escalation = Escalation(self.database, self.register, self.outbox, self.ladder, self.audit)
        return (
            Job("send", lambda: sender.send_due(self.clock)),
            Job("texts", lambda: self.texts.handle(self.read_text, self.clock())),
            Job("climb", lambda: escalation.climb(self.clock())),
            Job("silent", lambda: self.conversations.file_silent(self.clock()), seconds=1),
            Job("heartbeat", lambda: beat(self.database, self.clock()), seconds=5),
            Job("forget", self._forget, seconds=60),
        )

    def _forget(self) -> int:
        now = self.clock()
        self.conversations.forget(now)
        self.texts.forget(now)
        with self.database.transaction() as session:
            forget_old_days(session, now)
            self.outbox.forget_texts(session, now)
            self.receipts.forget(session, now)
        self.database.forget_residue()
        return 0


def build(settings: Settings, *, clock: Clock = utc_now, patience: float = WEB_PATIENCE, randomness: Randomness | None = None) -> Service:
    """The service over its database, which must be migrated. Raises what the county's data raises: every problem named at once."""
    keys = Keys(settings.secrets.root)
    sealer = Sealer({FIELDS_KEY: keys.fields}, FIELDS_KEY)
    database = Database(settings.database_url, busy_seconds=patience)
    randomness = randomness or random.SystemRandom()
    catalogue = Catalogue.load()
    policy, table = read_county(settings.config)
    roster = RosterCache(database, unverified_days=policy.unverified_days).roster
    register, outbox, audit = Register(sealer), Outbox(sealer, timedelta(minutes=policy.lease)), Audit(keys.audit)
    planner = Planner(roster, table, policy)
    ladder = Ladder(planner, register, outbox, audit, randomness)
    contacts = Contacts(roster, sealer, keys)
    filing = Filing(register, planner, ladder, audit, keys)
    daykeys = DayKeys(database, keys.days)
    guide = DirectoryGuide(roster, database, register, outbox, keys)
    sessions = Sessions(sealer)
    surface = UssdSurface(catalogue)
    conversations = Conversations(database, sessions, daykeys, filing, dialogue(), guide, surface, policy)
    return Service(
        settings=settings,
        database=database,
        clock=clock,
        keys=keys,
        sealer=sealer,
        catalogue=catalogue,
        policy=policy,
        roster=roster,
        planner=planner,
        register=register,
        outbox=outbox,
        ladder=ladder,
        contacts=contacts,
        audit=audit,
        daykeys=daykeys,
        conversations=conversations,
        texts=Texts(database, sealer, daykeys, filing),
        officers=OfficersAnswers(register, outbox, ladder, contacts, audit),
        receipts=Receipts(database, outbox, register, ladder, contacts, keys),
    )


def read_county(folder: Path) -> tuple[Policy, Table]:
    """The county's figures and its routing table."""
    policy = parse_policy(tomllib.loads((folder / "policy.toml").read_text("utf-8")))
    return policy, parse_table(tomllib.loads((folder / "routing.toml").read_text("utf-8")))


def officers_code(code: str) -> str:
    """What officers dial: the service's code with the extension 77."""
    return f"{code.removesuffix('#')}*77#"
