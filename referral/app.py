"""Building the service: the only place that joins the rooms. Everything below receives what it needs."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.casework import case_records  # noqa: F401  its tables
from referral.casework.closing import CaseClosing
from referral.casework.desk import Desk
from referral.casework.handing_on import HandingOn
from referral.casework.holds import Holds
from referral.casework.mailbox import OfficersMail
from referral.casework.officers import OfficersAnswers
from referral.casework.pins import Pins
from referral.conversation.script import dialogue
from referral.county import read_county
from referral.directory import service_records, upkeep_records  # noqa: F401  their tables
from referral.directory.flags import Flags
from referral.directory.near_build import rebuild_near
from referral.directory.nearest import NearestHelp
from referral.directory.snapshot import Roster, RosterCache, read_roster
from referral.dispatch.escalate import Escalation
from referral.dispatch.heads import DailyHead
from referral.dispatch.receipts import Receipts
from referral.dispatch.send import Sender
from referral.dispatch.worker import Job, beat, forget_beats
from referral.forgetting.purging import Purging
from referral.forgetting.short_lived import forget_short_lived
from referral.forgetting.steady import SteadyClock, running
from referral.gateway.port import Gateway
from referral.handover.contacts import Contacts
from referral.handover.ladder import Ladder
from referral.handover.mailbox import Mailbox
from referral.handover.planner import Planner
from referral.intake.asking import Asking
from referral.intake.brakes import Brakes
from referral.intake.converse import Conversations
from referral.intake.dialogues import Dialogues
from referral.intake.filing import Filing
from referral.intake.guessing import CodeBrake
from referral.intake.guide import DirectoryGuide
from referral.intake.help import Help
from referral.intake.help_words import HelpWords
from referral.intake.inbox import Manners
from referral.intake.mailbox import AtMailbox
from referral.intake.questions import Questions
from referral.intake.services import Services
from referral.intake.sessions import Sessions
from referral.intake.texting import Texting
from referral.intake.texts import AGAIN, Text, Texts
from referral.officers.converse import OfficersMenu
from referral.officers.screens import Screens
from referral.officers.sessions import OfficerSessions
from referral.officers.sign_in import SignIn
from referral.privacy import records as privacy_records  # noqa: F401  its tables
from referral.privacy.audit import Audit
from referral.privacy.chain import Chain
from referral.privacy.counters import Counters
from referral.privacy.daykeys import DayKeys, forget_old_days
from referral.privacy.keys import Keys
from referral.privacy.limits import Limits
from referral.privacy.logs import describe
from referral.privacy.seal import Sealer
from referral.reports import letter_records  # noqa: F401  its table
from referral.reports.letters import Letters
from referral.reports.register import Register
from referral.routing.clock import Randomness
from referral.routing.policy import Policy
from referral.settings import Settings, SmsPull
from referral.store.database import Database
from referral.texts.catalogue import Catalogue
from referral.understanding.places import Gazetteer
from referral.understanding.words import Words
from referral.upkeep.coverage_job import CoverageJob
from referral.upkeep.drills import Drills
from referral.upkeep.gate import Gate
from referral.upkeep.proposals import Proposals
from referral.upkeep.verification import Verification
from referral.ussd.render import ScreenTooLong, UssdSurface

Clock = Callable[[], datetime]
FIELDS_KEY = "k1"
"""The id of the key that fields are sealed with; it stands in every sealed value."""
WEB_PATIENCE, WORKER_PATIENCE = 4.0, 30.0
"""Seconds to wait for a lock: a caller must be answered within ten, the worker has time."""


PULLS = 60.0
"""Seconds between two looks into the gateway's inbox."""
log = structlog.get_logger()


def utc_now() -> datetime:
    return datetime.now(UTC)


class Gazetteers:
    """The names of places as texts spell them, built anew when the directory has changed."""

    def __init__(self, roster: Callable[[], Roster], words: Words) -> None:
        self._roster = roster
        self._words = words
        self._built: tuple[int, Gazetteer] | None = None

    def __call__(self) -> Gazetteer:
        roster = self._roster()
        if self._built is None or self._built[0] != roster.version:
            self._built = roster.version, Gazetteer(roster.places(), self._words)
        return self._built[1]


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
    mailbox: Mailbox
    outbox: Outbox
    ladder: Ladder
    contacts: Contacts
    audit: Audit
    chain: Chain
    holds: Holds
    closing: CaseClosing
    purging: Purging
    custodians: tuple[str, ...]
    daykeys: DayKeys
    conversations: Conversations
    texts: Texts
    dialogues: Dialogues
    texting: Texting
    officers: OfficersAnswers
    pins: Pins
    officers_menu: OfficersMenu
    receipts: Receipts

    def read_text(self, session: Session, text: Text) -> None:
        """First question for every text: does it answer an alert? Only then is it an officer's; any other is somebody's who texts about a child."""
        now = self.clock()
        person = self.contacts.whose(session, text.sender)
        if person is not None and self.officers.means_us(session, person, text.words, now):
            self.officers.answer(session, person, text.words, now)
        else:
            self.texting.take(session, text, now)

    def file_silent_texts(self) -> int:
        """File what senders who fell silent had told. One that cannot be filed is tried again in a minute and keeps nobody back."""
        now = self.clock()
        with self.database.read() as session:
            tags = self.dialogues.silent(session, now, 50)
        return sum(self._file_silent_text(tag, now) for tag in tags)

    def _file_silent_text(self, tag: bytes, now: datetime) -> int:
        try:
            with self.database.transaction() as session:
                return int(self.texting.file_silent(session, tag, now))
        except Exception as error:
            log.error("a silent dialogue not filed", **describe(error))
            with self.database.transaction() as session:
                self.dialogues.put_off(session, tag, now + AGAIN)
            return 0

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
            Job("silent", lambda: self.conversations.file_silent(self.clock()) + self.file_silent_texts(), seconds=1),
            *self._pull(gateway),
            Job("heartbeat", lambda: beat(self.database, self.clock()), seconds=5),
            Job("forget", self._forget, seconds=60),
            Job("purge watch", lambda: self.purging.watch(self.clock()), seconds=3600),
            Job("drills", lambda: self.drills().monthly(self.clock()) + self.drills().look(self.clock()), seconds=600),
            Job("verify", lambda: self.verification().daily(self.clock()), seconds=3600),
        )

    def slow_jobs(self) -> Sequence[Job]:
        """What takes seconds of computing, in a thread of its own: a child in danger waits for nothing else."""
        proving = CoverageJob(self.database, self.gate.roster_reader, self.planner.table, self.policy)
        return (
            Job("coverage", lambda: proving.run(self.clock()), seconds=60),
            Job("purge", lambda: self.purging.daily(self.clock()) and 0, seconds=600),
            Job("near", self._look_ahead, seconds=12 * 3600),
            Job("audit", lambda: self.daily_head().run(self.clock()), seconds=300),
        )

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
        return Proposals(self.gate.watch, self.policy.timezone, self.audit)

    def daily_head(self) -> DailyHead:
        return DailyHead(self.database, self.chain, self.outbox, self.policy, self.custodians, random.SystemRandom().shuffle)

    def _pull(self, gateway: Gateway) -> tuple[Job, ...]:
        if self.settings.sms_pull is SmsPull.OFF:
            return ()
        return (Job("pull", lambda: self.texts.pull(gateway, self.clock()), seconds=PULLS),)

    def _forget(self) -> int:
        now = self.clock()
        own = {"calls": self.conversations.forget, "officers' calls": self.officers_menu.forget, "texts": self.texts.forget}
        within: dict[str, Callable[[Session, datetime], object]] = {
            "day keys": forget_old_days,
            "sent texts": self.outbox.forget_texts,
            "early receipts": self.receipts.forget,
            "answers to reporters": self.outbox.drop_reporter_texts,
            "dialogues": self.dialogues.forget,
            "contacts": self.register.forget_contacts,
            "replies": Manners.forget,
            "limits": Limits.forget,
            "counters": Counters.forget,
            "beats": forget_beats,
            "flags": Flags.forget,
        }
        forget_short_lived(self.database, own, within, now)
        return 0


def build(settings: Settings, *, clock: Clock = utc_now, patience: float = WEB_PATIENCE, randomness: Randomness | None = None) -> Service:
    """The service over its database, which must be migrated. Raises what the county's data raises: every problem named at once."""
    keys = Keys(settings.secrets.root)
    sealer = Sealer({FIELDS_KEY: keys.fields}, FIELDS_KEY)
    database = Database(settings.database_url, busy_seconds=patience)
    randomness = randomness or random.SystemRandom()
    catalogue = Catalogue.load()
    county = read_county(settings.config)
    policy = county.policy
    roster = RosterCache(database, unverified_days=policy.unverified_days).roster
    register, outbox, audit = Register(sealer), Outbox(sealer, timedelta(minutes=policy.lease)), Audit(keys.audit)
    planner = Planner(roster, county.table, policy)
    ladder = Ladder(planner, register, outbox, audit, randomness)
    contacts = Contacts(roster, sealer, keys)
    daykeys = DayKeys(database, keys.days)
    limits = Limits(daykeys, policy.limits)
    filing = Filing(register, planner, ladder, audit, keys, limits)
    manners = Manners(daykeys)
    help_ = Help(database, NearestHelp(county.nearest, tz=policy.timezone), HelpWords(policy.timezone), catalogue, Flags(), outbox, manners, clock)
    mailbox = Mailbox(Letters(sealer), ladder)
    guide = DirectoryGuide(roster, database, register, keys, help_, CodeBrake(limits, database, clock), AtMailbox(mailbox, filing))
    sessions = Sessions(sealer)
    surface = UssdSurface(catalogue)
    script = dialogue()
    brakes = Brakes(limits, database, policy, f"END {catalogue.say(script.languages[0], 'fault.busy')}")
    conversations = Conversations(database, sessions, daykeys, filing, script, guide, surface, policy, help_, brakes)
    dialogues = Dialogues(sealer, daykeys)
    questions = Questions(catalogue, settings.at_ussd_code)
    gazetteer = Gazetteers(roster, county.words)
    texting = Texting(
        filing=filing,
        dialogues=dialogues,
        manners=manners,
        outbox=outbox,
        words=county.words,
        keywords=county.keywords,
        gazetteer=gazetteer,
        questions=questions,
        asking=Asking(guide, county.keywords, gazetteer, questions, Services(help_, questions)),
        ours=frozenset(name.casefold() for name in (settings.at_shortcode, settings.at_sender_id) if name),
    )
    pins = Pins(database, sealer, planner, outbox, audit)
    desk = Desk(register, outbox, ladder, planner, contacts, audit)
    handing_on = HandingOn(desk)
    mail = OfficersMail(desk, mailbox)
    menu = OfficersMenu(
        database=database,
        sessions=OfficerSessions(sealer, timedelta(minutes=policy.session_forgotten)),
        daykeys=daykeys,
        contacts=contacts,
        sign_in=SignIn(pins, policy.timezone),
        desk=desk,
        handing_on=handing_on,
        mail=mail,
        screens=Screens(desk, handing_on, mail, surface, catalogue, ScreenTooLong),
    )
    holds, chain = Holds(sealer, audit), Chain(keys.chain)
    seconds = running if clock is utc_now else (lambda: clock().timestamp())
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
        mailbox=mailbox,
        outbox=outbox,
        ladder=ladder,
        contacts=contacts,
        audit=audit,
        chain=chain,
        holds=holds,
        closing=CaseClosing(register, outbox, planner, audit),
        purging=Purging(database, county.retention, holds, audit, chain.cut_before, SteadyClock(clock, seconds)),
        custodians=county.custodians,
        daykeys=daykeys,
        conversations=conversations,
        texts=Texts(database, sealer, daykeys, pull_required=settings.sms_pull is SmsPull.REQUIRED),
        dialogues=dialogues,
        texting=texting,
        officers=OfficersAnswers(register, outbox, ladder, contacts, audit),
        pins=pins,
        officers_menu=menu,
        receipts=Receipts(database, outbox, register, ladder, contacts, keys),
    )


def officers_code(code: str) -> str:
    """What officers dial: the service's code with the extension 77."""
    return f"{code.removesuffix('#')}*77#"
