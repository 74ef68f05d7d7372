"""The use cases, joined, and the jobs of a worker."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from referral.alerts.claims import OTHERS, RED, Lanes
from referral.alerts.outbox import Outbox
from referral.casework.accusing import Accusing
from referral.casework.closing import CaseClosing
from referral.casework.colleagues import Colleagues
from referral.casework.entries import Entries
from referral.casework.held_words import HeldWords
from referral.casework.holds import Holds
from referral.casework.officers import OfficersAnswers
from referral.casework.pins import Pins
from referral.casework.reveals import Reveals
from referral.casework.second_reading import SecondReading
from referral.directory.near_build import rebuild_near
from referral.directory.snapshot import Roster, read_roster
from referral.dispatch.balance import ASKED_EVERY, BalanceWatch
from referral.dispatch.clocks import Clocks
from referral.dispatch.escalate import Escalation
from referral.dispatch.heads import DailyHead
from referral.dispatch.letters import Letters as TextsOut
from referral.dispatch.receipts import Receipts
from referral.dispatch.reminders import Reminders
from referral.dispatch.road import Roads
from referral.dispatch.send import Sender
from referral.dispatch.sounding import Sounding
from referral.dispatch.worker import Job, beat
from referral.forgetting.purging import Purging
from referral.forgetting.short_lived import forget_short_lived
from referral.gateway.port import Gateway
from referral.handover.contacts import Contacts
from referral.handover.ladder import Ladder
from referral.handover.mailbox import Mailbox
from referral.handover.planner import Planner
from referral.intake.answering import Answering
from referral.intake.converse import Conversations
from referral.intake.dialogues import Dialogues
from referral.intake.silence import Silence
from referral.intake.standing import Standing
from referral.intake.texting import Texting
from referral.intake.texts import Text, Texts
from referral.officers.converse import OfficersMenu, officers_code
from referral.privacy.audit import Audit
from referral.privacy.chain import Chain
from referral.privacy.daykeys import DayKeys
from referral.privacy.keyring import Keyring
from referral.privacy.keys import Keys
from referral.privacy.keystate import keep_keys
from referral.privacy.seal import Sealer
from referral.reports.register import Register
from referral.routing.policy import Policy
from referral.settings import Settings, SmsPull
from referral.store.database import Database
from referral.texts.catalogue import Catalogue
from referral.upkeep.coverage_job import CoverageJob
from referral.upkeep.drills import Drills
from referral.upkeep.gate import Gate
from referral.upkeep.proposals import Proposals
from referral.upkeep.verification import Verification

Clock = Callable[[], datetime]
PULLS = 60.0
"""Seconds between two looks into the gateway's inbox."""


@dataclass(frozen=True)
class Service:
    """The use cases, joined."""

    settings: Settings
    database: Database
    clock: Clock
    keys: Keys
    keyring: Keyring
    sealer: Sealer
    catalogue: Catalogue
    policy: Policy
    roster: Callable[[], Roster]
    planner: Planner
    register: Register
    mailbox: Mailbox
    outbox: Outbox
    ladder: Ladder
    contacts: Contacts
    audit: Audit
    chain: Chain
    holds: Holds
    held_words: HeldWords
    closing: CaseClosing
    accusing: Accusing
    colleagues: Colleagues
    second: SecondReading
    reveals: Reveals
    purging: Purging
    custodians: tuple[str, ...]
    daykeys: DayKeys
    conversations: Conversations
    standing: Standing
    texts: Texts
    dialogues: Dialogues
    texting: Texting
    answering: Answering
    officers: OfficersAnswers
    pins: Pins
    entries: Entries
    officers_menu: OfficersMenu
    receipts: Receipts

    def read_text(self, session: Session, text: Text) -> None:
        """First question for every text: does it answer an alert? Only then is it an officer's; any other is somebody's who texts about a child."""
        now = self.clock()
        person = self.contacts.whose(session, text.sender)
        if person is not None and self.officers.means_us(session, person, text.words, now):
            self.officers.answer(session, person, text.words, now)
        elif not self.answering.take(session, text, now):
            self.texting.take(session, text, now)

    def jobs(self, gateway: Gateway) -> Sequence[Job]:
        """All that a worker does, one after the other: send first, since a child in danger waits for nothing else."""
        return (*self.sending_jobs(gateway, RED), *self.sending_jobs(gateway, OTHERS), *self.steady_jobs(), *self.inbox_jobs(gateway))

    def sending_jobs(self, gateway: Gateway, lanes: Lanes, stopping: Callable[[], bool] = lambda: False) -> Sequence[Job]:
        """Sending what is due in these lanes. RED and the others each have a thread: a text that hangs in one must not delay the other."""
        sender = self.sender(gateway, stopping)
        return (Job("send", lambda: sender.send_due(self.clock, lanes)),)

    def steady_jobs(self) -> Sequence[Job]:
        """What a worker does beside the sending: reading texts, climbing, filing what fell silent. Nothing here waits for the gateway."""
        escalation = Escalation(self.database, self.register, self.outbox, self.ladder, self.audit)
        reminders, clocks = Reminders(self.database, self.register, self.outbox, self.ladder), Clocks(self.database, self.ladder)
        silence = Silence(self.database, self.dialogues, self.texting)
        return (
            Job("texts", lambda: self.texts.handle(self.read_text, self.clock())),
            Job("climb", lambda: escalation.climb(self.clock())),
            Job("remind", lambda: reminders.remind(self.clock()), seconds=5),
            Job("clocks", lambda: clocks.set_right(self.clock()), seconds=30),
            Job("silent", lambda: self.conversations.file_silent(self.clock()) + silence.file(self.clock()), seconds=1),
            Job("heartbeat", lambda: beat(self.database, self.clock()), seconds=5, between=True),
            Job("forget", self._forget, seconds=60),
            Job("purge watch", lambda: self.purging.watch(self.clock()), seconds=3600),
            Job("drills", lambda: self.drills().monthly(self.clock()) + self.drills().look(self.clock()), seconds=600),
            Job("verify", lambda: self.verification().daily(self.clock()), seconds=3600),
            Job("keys", lambda: keep_keys(self.keyring, self.database, self.audit, self.clock()), seconds=600),
        )

    def sender(self, gateway: Gateway, stopping: Callable[[], bool] = lambda: False) -> Sender:
        return Sender(
            database=self.database,
            gateway=gateway,
            outbox=self.outbox,
            register=self.register,
            ladder=self.ladder,
            letters=self.letters(),
            contacts=self.contacts,
            receipts=self.receipts,
            roads=self.roads(),
            keys=self.keys,
            random=self.ladder.random,
            sounding=Sounding(gateway),
            stopping=stopping,
        )

    def roads(self) -> Roads:
        """What all workers know of the road to the phones, for sending and for figures."""
        return Roads(self.database, self.policy.sending)

    def letters(self) -> TextsOut:
        """How each kind of text is put together."""
        return TextsOut(self.outbox, self.register, self.ladder, self.contacts, self.catalogue, self.ladder.random, officers_code(self.settings.at_ussd_code))

    def slow_jobs(self) -> Sequence[Job]:
        """What takes seconds of computing, in a thread of its own: a child in danger waits for nothing else."""
        proving = CoverageJob(self.database, self.gate.roster_reader, self.planner.table, self.policy)
        return (
            Job("coverage", lambda: proving.run(self.clock()), seconds=60),
            Job("purge", lambda: self.purging.daily(self.clock()) and 0, seconds=600),
            Job("near", self._look_ahead, seconds=12 * 3600),
            Job("audit", lambda: self.daily_head().run(self.clock()), seconds=300),
        )

    def account_jobs(self, gateway: Gateway) -> Sequence[Job]:
        """Asking the gateway how much is left, which may take as long as the gateway likes."""
        watch = BalanceWatch(self.database, gateway, self.roads())
        return (Job("balance", lambda: watch.look(self.clock()), seconds=ASKED_EVERY),)

    def _look_ahead(self) -> int:
        """Opening hours are compiled for some weeks ahead of today, so they are compiled anew twice a day; where nothing differs nothing is written."""
        with self.database.transaction() as session:
            return rebuild_near(session, self.clock(), self.policy.timezone)

    @property
    def gate(self) -> Gate:
        """What stands around every change of offices, people and places."""
        return Gate(partial(read_roster, unverified_days=self.policy.unverified_days), self.planner.table, self.policy, self.audit)

    def drills(self) -> Drills:
        return Drills(self.database, self.roster, self.outbox, self.policy, self.ladder.random)

    def verification(self) -> Verification:
        return Verification(self.database, self.policy)

    def proposals(self) -> Proposals:
        return Proposals(self.gate.watch, self.policy.timezone, self.audit, self.policy.upkeep.spread)

    def daily_head(self) -> DailyHead:
        return DailyHead(self.database, self.chain, self.outbox, self.policy, self.custodians, random.SystemRandom().shuffle)

    def inbox_jobs(self, gateway: Gateway) -> Sequence[Job]:
        """Looking into the gateway's inbox, in a thread with the account's jobs: a gateway that hangs there delays no clock, no heartbeat and no officer's OK
        that was called in."""
        if self.settings.sms_pull is SmsPull.OFF:
            return ()
        return (Job("pull", lambda: self.texts.pull(gateway, self.clock()), seconds=PULLS),)

    def _forget(self) -> int:
        now = self.clock()
        own = {"calls": self.conversations.forget, "officers' calls": self.officers_menu.forget, "texts": self.texts.forget}
        within: dict[str, Callable[[Session, datetime], object]] = {
            "sent texts": self.outbox.forget_texts,
            "early receipts": self.receipts.forget,
            "answers to reporters": self.outbox.drop_reporter_texts,
            "dialogues": self.dialogues.forget,
            "contacts": self.register.forget_contacts,
        }
        forget_short_lived(self.database, own, within, now)
        return 0
