"""Building the service: the only place that joins the rooms. Everything below receives what it needs."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher

from referral.alerts.outbox import Outbox
from referral.casework import case_records  # noqa: F401  its tables
from referral.casework.accusing import Accusing
from referral.casework.closing import CaseClosing
from referral.casework.colleagues import Colleagues
from referral.casework.desk import Desk
from referral.casework.entries import Entries
from referral.casework.handing_on import HandingOn
from referral.casework.held_words import HeldWords
from referral.casework.holds import Holds
from referral.casework.mailbox import OfficersMail
from referral.casework.officers import OfficersAnswers
from referral.casework.pins import Pins, argon2id
from referral.casework.relay import OfficersRelay
from referral.casework.reveals import Reveals
from referral.casework.second_reading import SecondReading
from referral.conversation.script import dialogue
from referral.county import County, read_county
from referral.directory import point_records, service_records, upkeep_records  # noqa: F401  their tables
from referral.directory.flags import Flags
from referral.directory.nearest import NearestHelp
from referral.directory.snapshot import Roster, RosterCache
from referral.dispatch.receipts import Receipts
from referral.forgetting.purging import Purging
from referral.forgetting.steady import SteadyClock, running
from referral.handover.contacts import Contacts
from referral.handover.ladder import Ladder
from referral.handover.mailbox import Mailbox
from referral.handover.planner import Planner
from referral.handover.relay import PhoneRelay
from referral.intake.answering import Answering
from referral.intake.asking import Asking
from referral.intake.brakes import Brakes
from referral.intake.converse import Conversations
from referral.intake.dialogues import Dialogues
from referral.intake.filing import Filing
from referral.intake.guessing import CodeBrake
from referral.intake.guide import DirectoryGuide
from referral.intake.hearing import Hearing
from referral.intake.help import Help
from referral.intake.help_words import HelpWords
from referral.intake.inbox import Manners
from referral.intake.mailbox import AtMailbox
from referral.intake.questions import Questions
from referral.intake.services import Services
from referral.intake.sessions import Sessions
from referral.intake.standing import Remembered, Standing
from referral.intake.texting import Texting
from referral.intake.texts import Texts
from referral.officers.converse import OfficersMenu
from referral.officers.screens import Screens
from referral.officers.sessions import OfficerSessions
from referral.officers.sign_in import SignIn
from referral.privacy import records as privacy_records  # noqa: F401  its tables
from referral.privacy.audit import Audit
from referral.privacy.chain import Chain
from referral.privacy.daykeys import DayKeys
from referral.privacy.keyring import Keyring
from referral.privacy.keys import Keys
from referral.privacy.limits import Limits
from referral.privacy.relay import Relay
from referral.privacy.spent import SpentKeys
from referral.reports import letter_records  # noqa: F401  its table
from referral.reports.erasing import Erasing
from referral.reports.letters import Letters
from referral.reports.register import Register
from referral.routing.clock import Randomness
from referral.service import Clock, Service
from referral.settings import Settings, SmsPull
from referral.store.database import Database
from referral.texts.catalogue import Catalogue
from referral.understanding.places import Gazetteer
from referral.understanding.words import Words
from referral.ussd.render import ScreenTooLong, UssdSurface

WEB_PATIENCE, WORKER_PATIENCE = 4.0, 30.0
"""Seconds to wait for a lock: a caller must be answered within ten, the worker has time."""


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


def build(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    patience: float = WEB_PATIENCE,
    randomness: Randomness | None = None,
    county: County | None = None,
    catalogue: Catalogue | None = None,
    hasher: PasswordHasher | None = None,
) -> Service:
    """The service over its database, which must be migrated. `county` and `catalogue`: its data and its texts where they have been read already.
    `hasher` is of PINs: Argon2id as strong as it must be, unless somebody with many worlds and no secrets wants a quicker one.
    Raises what reading them raises: every problem named at once."""
    keys = Keys(settings.secrets.root)
    keyring = Keyring(settings.keyring, keys, clock, follows=settings.keyring_follows)
    sealer = keyring.sealer
    database = Database(settings.database_url, busy_seconds=patience)
    randomness = randomness or random.SystemRandom()
    catalogue = catalogue or Catalogue.load()
    county = county or read_county(settings.config)
    policy = county.policy
    kept = RosterCache(database, unverified_days=policy.unverified_days)
    roster = kept.roster
    register, outbox, audit = Register(sealer, Relay(keyring)), Outbox(sealer, keys, timedelta(minutes=policy.lease)), Audit(keys.audit)
    planner = Planner(roster, county.table, policy)
    ladder = Ladder(planner, register, outbox, audit, randomness)
    contacts = Contacts(roster, sealer, keys)
    daykeys = DayKeys(database, keys.days)
    limits = Limits(daykeys, policy.limits)
    dialogues, sessions, gazetteer = Dialogues(sealer, daykeys), Sessions(sealer), Gazetteers(roster, county.words)
    hearing = Hearing(county.words, gazetteer)
    filing = Filing(register, planner, ladder, audit, keys, limits, hearing)
    manners = Manners(daykeys)
    nearest, flags = NearestHelp(county.nearest, tz=policy.timezone), Flags(policy.limits.wrong_entries_a_day)
    help_ = Help(database, nearest, HelpWords(policy.timezone), catalogue, flags, outbox, manners, clock)
    colleagues, letters = Colleagues(planner, outbox), Letters(sealer)
    holds = Holds(register, colleagues, sealer, audit)
    mailbox = Mailbox(letters, ladder, Erasing(sealer, register, letters), holds.standing)
    at = AtMailbox(mailbox, filing, hearing, dialogues, sessions)
    guide = DirectoryGuide(roster, database, register, keys, help_, CodeBrake(limits, database, clock), at)
    surface = UssdSurface(catalogue)
    script = dialogue()
    brakes = Brakes(limits, database, policy, f"END {catalogue.say(script.languages[0], 'fault.busy')}")
    conversations = Conversations(database, sessions, daykeys, filing, script, guide, surface, policy, help_, brakes)
    questions = Questions(catalogue, settings.at_ussd_code)
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
    pins = Pins(database, sealer, planner, outbox, audit, hasher or argon2id())
    desk = Desk(register, outbox, ladder, planner, contacts, audit)
    handing_on = HandingOn(desk)
    second = SecondReading(register, colleagues, mailbox, audit)
    mail = OfficersMail(desk, mailbox, second)
    relay = OfficersRelay(desk, PhoneRelay(register, planner, audit, settings.at_ussd_code, script.languages[0]))
    menu = OfficersMenu(
        database=database,
        sessions=OfficerSessions(sealer, timedelta(minutes=policy.session_forgotten)),
        daykeys=daykeys,
        contacts=contacts,
        sign_in=SignIn(pins, policy.timezone),
        desk=desk,
        handing_on=handing_on,
        mail=mail,
        relay=relay,
        second=second,
        screens=Screens(desk, handing_on, mail, relay, second, surface, catalogue, ScreenTooLong),
    )
    chain = Chain(keys.chain)
    sorry = {one: f"END {catalogue.say(one, 'fault.broken')}" for one in script.languages}
    seconds = running if clock is utc_now else (lambda: clock().timestamp())
    return Service(
        settings=settings,
        database=database,
        clock=clock,
        keys=keys,
        keyring=keyring,
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
        held_words=HeldWords(register, mailbox.erasing, holds, colleagues, audit),
        closing=CaseClosing(register, outbox, colleagues, audit),
        accusing=Accusing(ladder, colleagues),
        colleagues=colleagues,
        second=second,
        reveals=Reveals(register, outbox, colleagues, sealer, audit),
        purging=Purging(database, county.retention, holds, audit, chain.cut_before, SteadyClock(clock, seconds), SpentKeys(database, keyring, audit).forget),
        custodians=county.custodians,
        daykeys=daykeys,
        conversations=conversations,
        standing=Standing(script, Remembered(guide, roster, kept.last), surface, sorry),
        texts=Texts(database, sealer, daykeys, pull_required=settings.sms_pull is SmsPull.REQUIRED),
        dialogues=dialogues,
        texting=texting,
        answering=Answering(at, dialogues, keys, county.keywords, gazetteer),
        officers=OfficersAnswers(register, outbox, ladder, contacts, audit),
        pins=pins,
        entries=Entries(planner, outbox, sealer, audit, catalogue, settings.live),
        officers_menu=menu,
        receipts=Receipts(database, outbox, register, ladder, contacts, keys, texting.stop),
    )
