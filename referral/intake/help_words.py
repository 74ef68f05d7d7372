"""How help is described on a small screen: distance, hours, phones, and what must be said after rape."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import phonenumbers

from referral.conversation.ports import HelpText
from referral.texts.gsm import is_gsm
from referral.vocabulary.help import HelpDetail, HelpKind, HelpPhone, NearHelp, Open
from referral.vocabulary.option import Option

LONGEST = 60
"""Septets of one line of details, so that each fits a screen beside the keys."""
_DAYS = (
    HelpText.MONDAY,
    HelpText.TUESDAY,
    HelpText.WEDNESDAY,
    HelpText.THURSDAY,
    HelpText.FRIDAY,
    HelpText.SATURDAY,
    HelpText.SUNDAY,
)
_WEEK = timedelta(days=6)
_MOBILE = 10


@dataclass(frozen=True)
class HelpWords:
    """`tz` is the county's: a caller reads hours off the clock on the wall."""

    tz: tzinfo

    def line(self, one: NearHelp, now: datetime) -> Option:
        """One line of a list: name, distance, whether it is open."""
        name = " ".join(filter(None, (self.plain(one.short_name or one.name), far(one))))
        return Option(one.id, HelpText.LINE, params=(("name", name), ("hours", self.brief(one, now))))

    def brief(self, one: NearHelp, now: datetime) -> Option:
        """Whether it is open, in a word. Hours that nobody checked, or an entry that callers call wrong: call first."""
        if not one.confirmed or one.opening.state is Open.UNKNOWN:
            return Option("", HelpText.UNKNOWN)
        if one.opening.state is Open.CLOSED:
            return self._when(one.opening.changes_at, now) or Option("", HelpText.CLOSED)
        return Option("", HelpText.ALWAYS if one.opening.state is Open.ALWAYS else HelpText.OPEN)

    def hours(self, one: NearHelp, now: datetime) -> Option:
        """The same where there is room."""
        changes = one.opening.changes_at
        match one.opening.state:
            case Open.ALWAYS:
                return Option("", HelpText.DAY_AND_NIGHT)
            case Open.NOW:
                return Option("", HelpText.OPEN) if changes is None else Option("", HelpText.OPEN_UNTIL, params=(("at", self._at(changes)),))
            case Open.CLOSED:
                when = self._when(changes, now)
                return Option("", HelpText.NOT_OPEN) if when is None else Option("", HelpText.OPENS, params=(("when", when),))
            case Open.UNKNOWN:
                return Option("", HelpText.NO_HOURS)

    def facts(self, found: HelpDetail, now: datetime) -> tuple[Option, ...]:
        """The lines of the details, the most needed first."""
        near = found.near
        hours = self.hours(near, now)
        facts = [_verbatim(self.plain(near.name if len(near.name) <= LONGEST else near.short_name)), *map(self._phone, found.phones[:2])]
        if not found.phones:
            facts.append(Option("", HelpText.NO_PHONE))
        distance = far(near)
        facts.append(Option("", HelpText.FAR, params=(("far", distance), ("hours", hours))) if distance else hours)
        if not near.confirmed:
            facts.append(Option("", HelpText.UNCONFIRMED))
        if near.kind in (HelpKind.MEDICAL, HelpKind.PEP):
            facts.append(Option("", HelpText.AFTER_RAPE if near.pep else HelpText.AFTER_RAPE_ELSEWHERE))
        facts += [_verbatim(self.plain(said)) for said in (found.alert, found.where or found.place or "") if said.strip()]
        if found.free and not any(phone.toll_free for phone in found.phones[:1]):
            facts.append(Option("", HelpText.FREE))
        return tuple(facts)

    @staticmethod
    def digits(number: str) -> str:
        """As it is dialled in the country: phones make a link of it. A short code as it is."""
        parsed = _parsed(number)
        return number if parsed is None else phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL).replace(" ", "").replace("-", "")

    def _phone(self, phone: HelpPhone) -> Option:
        digits = self.digits(phone.number)
        shown = f"{digits[:4]} {digits[4:7]} {digits[7:]}" if len(digits) == _MOBILE and digits.startswith(("01", "07")) else self._spaced(phone.number)
        return Option("", HelpText.FREE_PHONE, params=(("phone", shown),)) if phone.toll_free else _verbatim(shown)

    @staticmethod
    def _spaced(number: str) -> str:
        parsed = _parsed(number)
        return number if parsed is None else phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)

    def _when(self, opens: datetime | None, now: datetime) -> Option | None:
        """ "8am" today, "Mon 8am" within the week; None for later or never."""
        if opens is None:
            return None
        there, today = opens.astimezone(self.tz), now.astimezone(self.tz).date()
        if there.date() - today > _WEEK:
            return None
        at = self._at(opens)
        if there.date() == today:
            return _verbatim(at)
        return Option("", HelpText.DAY, params=(("day", Option("", _DAYS[there.weekday()])), ("at", at)))

    def _at(self, moment: datetime) -> str:
        """ "8am", "5:30pm": read alike in both languages, where "saa mbili" and "8" are six hours apart."""
        there = moment.astimezone(self.tz)
        minutes = f":{there.minute:02d}" if there.minute else ""
        return f"{there.hour % 12 or 12}{minutes}{'am' if there.hour < 12 else 'pm'}"

    @staticmethod
    def plain(text: str) -> str:
        """In the alphabet of a phone, and no longer than a line: whole words."""
        said = " ".join(text.replace("\u2019", "'").split())
        if not is_gsm(said):
            said = unicodedata.normalize("NFKD", said).encode("ascii", "ignore").decode("ascii")
        if len(said) <= LONGEST:
            return said
        return said[:LONGEST].rsplit(" ", 1)[0]


def far(one: NearHelp) -> str:
    """Whole kilometres, "" where nobody measured. "~" where the caller's place or the point is only roughly known: "<1km" is said of none of these,
    since an office that is known by its town only may be at the other end of it."""
    if one.kilometres is None:
        return ""
    if one.about:
        return f"~{max(one.kilometres, 1):.0f}km"
    return "<1km" if one.kilometres < 1 else f"{one.kilometres:.0f}km"


def _parsed(number: str) -> phonenumbers.PhoneNumber | None:
    """A number with a country; None for a short code, or what is none."""
    if not number.startswith("+"):
        return None
    try:
        return phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None


def _verbatim(text: str) -> Option:
    return Option("", text, verbatim=True)
