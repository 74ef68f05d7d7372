"""What an officer's text means. Pure: words in, a command out."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Verb(StrEnum):
    OK = "ok"
    NO = "no"
    ACT = "act"
    HELP = "help"


WORDS = MappingProxyType(
    {
        Verb.OK: frozenset({"ok", "oky", "okay", "okey", "ack", "yes", "ndio", "ndiyo", "sawa", "nimeona", "nimepata", "nimepokea", "received"}),
        Verb.NO: frozenset({"no", "hapana", "siwezi", "decline"}),
        Verb.ACT: frozenset({"act", "acting", "naenda", "nashughulikia", "tayari"}),
        Verb.HELP: frozenset({"help", "msaada", "usaidizi"}),
    }
)
"""The words an officer may use, English and Kiswahili, as they are without accents and in lower case. Kiswahili to be reviewed by native speakers."""

REASONS = MappingProxyType({"1": "not_my_area", "2": "not_my_role", "3": "i_know_them", "4": "no_means", "5": "with_police", "6": "unsafe"})
"""Why an officer cannot: the field's six reasons, by the digit after the one-time number."""

NOT = frozenset({"not", "never", "havent", "didnt", "cannot", "cant", "si", "sio", "bado", "sija", "haija", "sijapata", "sijaona", "haijafika"})
"""Before a verb these turn it round: "not received 7391" is no yes. What is not clear changes nothing and is asked again."""
_TOKEN = re.compile(r"[a-z]+|\d+")
_VERBS = {word: verb for verb, words in WORDS.items() for word in words}
_ONE_TIME = 4


@dataclass(frozen=True, slots=True)
class Command:
    """`number` is the four digits of an alert, None where none was given. `reason` is one of REASONS' values, for NO only."""

    verb: Verb
    number: str | None
    reason: str | None = None


def read_command(text: str) -> Command | None:
    """The command in an officer's text, or None if it holds none.

    The verb is the first known word ("ok 7391 nimeona", "nimeona 7391", "ok7391"); a bare number of four digits with no verb
    is no command, and neither is a sentence that only contains a verb somewhere without the number ("msaada uko njiani").
    """
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    tokens = _TOKEN.findall(folded)
    verbs = [(at, _VERBS[token]) for at, token in enumerate(tokens) if token in _VERBS]
    numbers = [(at, token) for at, token in enumerate(tokens) if token.isdigit() and len(token) == _ONE_TIME]
    if not verbs or (verbs[0][0] != 0 and not numbers) or NOT.intersection(tokens[: verbs[0][0]]):
        return None
    verb = verbs[0][1]
    if not numbers:
        return Command(verb, None) if len(tokens) == 1 else _bare(verb, tokens)
    at, number = numbers[0]
    reason = next((REASONS[token] for token in tokens[at + 1 :] if token in REASONS), None) if verb is Verb.NO else None
    return Command(verb, number, reason)


def _bare(verb: Verb, tokens: list[str]) -> Command | None:
    """A verb first and no number: only HELP must stand alone, since "msaada uko njiani" reports that help is on its way."""
    return None if verb is Verb.HELP and len(tokens) > 1 else Command(verb, None)
