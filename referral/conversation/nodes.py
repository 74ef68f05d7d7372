"""What a dialogue is made of. Every way out is a name, so that a test can walk the whole graph; nothing here runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class ScriptError(ValueError):
    """Two nodes of one name, or none of the name that was asked for: a fault of the script, never of a caller."""


class Does(StrEnum):
    """What a node brings about. FILE_REPORT and READ_LETTERS happen on arriving at the node, the others on answering it or going back to it."""

    FILE_REPORT = "file_report"
    AMEND = "amend"
    CONSENT = "consent"
    SEND_HELP = "send_help"
    FLAG = "flag"
    READ_LETTERS = "read_letters"
    REPLY = "reply"
    WRITE = "write"
    NOT_HELPED = "not_helped"
    ALLOW = "allow"
    STOP = "stop"
    ERASE = "erase"


class Source(StrEnum):
    """Where a listing gets its lines: from the guide, for the answer that stands before it."""

    SUBCOUNTIES = "subcounties"
    WARDS = "wards"
    SPOTS = "spots"
    HELP = "help"
    LETTERS = "letters"


class Condition(StrEnum):
    """What a fork may ask about the answers so far. The engine holds the table of what each means."""

    SEXUAL = "sexual"
    ACCUSED_ASKED = "accused_asked"
    CONTACT_ASKED = "contact_asked"


class Accepts(StrEnum):
    """What may be typed: a few words, or the twelve digits of a report's code."""

    WORDS = "words"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a menu. `text` is a catalogue key, `go` the next node.

    `kept` is False where the line only opens another screen. `other_language` turns the dialogue to the script's next language.
    """

    value: str
    text: str
    go: str
    kept: bool = True
    other_language: bool = False


@dataclass(frozen=True, slots=True)
class Menu:
    """A question with fixed lines. `saves` names the answer; `first_page` is the most lines its first page may have.

    `in_practice` is the prompt while practising, where the plain one would say what is not so then.

    `skip` names where key 7 leads (None: cannot be skipped); `code_again` lets key 8 show the code; `tells_code` fills {code} in.
    """

    name: str
    prompt: str
    choices: tuple[Choice, ...]
    saves: str | None = None
    first_page: int = 8
    effect: Does | None = None
    skip: str | None = None
    code_again: bool = False
    tells_code: bool = False
    in_practice: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A question whose lines come from the guide (places, help), followed by the fixed lines `others`.

    A page has at most `most` lines. `few` is the prompt of a page with fewer lines than that and no more behind it, `none` the one
    where the guide knows nothing at all: both say whom else to turn to.
    """

    name: str
    prompt: str
    source: Source
    saves: str
    go: str
    others: tuple[Choice, ...] = ()
    most: int = 8
    few: str | None = None
    none: str | None = None
    effect: Does | None = None
    skip: str | None = None
    code_again: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """A question answered by typing, at most `longest` characters. A single digit is never an answer, since it is a key.

    `again` is the prompt after something that cannot be meant, where it helps to say what was wrong.
    """

    name: str
    prompt: str
    saves: str
    go: str
    longest: int = 80
    accepts: Accepts = Accepts.WORDS
    effect: Does | None = None
    skip: str | None = None
    code_again: bool = False
    again: str | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """What the guide knows of the service point, or of the letters by the code, that the answer `of` names, and what can be done with it.

    `gone` is said where there is nothing to show.
    """

    name: str
    of: str
    choices: tuple[Choice, ...]
    gone: str
    source: Source = Source.HELP
    effect: Does | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """The mailbox of the report whose code the answer `of` holds: its state in words, and of `choices` those that the guide says apply."""

    name: str
    of: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Info:
    """Pages to read, then back. `texts` are catalogue keys, one a page.

    `back_to` names the screen that back leads to, where what lies between is done with. `in_practice` is the text while practising.
    """

    name: str
    texts: tuple[str, ...] = ()
    tells_code: bool = False
    back_to: str | None = None
    in_practice: str | None = None


@dataclass(frozen=True, slots=True)
class Fork:
    """A branch nobody sees."""

    name: str
    test: Condition
    yes: str
    no: str


@dataclass(frozen=True, slots=True)
class End:
    """The last screen. It stays on the display of a phone that others may pick up, so its text is neutral. `in_practice` is the text while practising."""

    name: str
    text: str
    tells_code: bool = False
    in_practice: str | None = None


Node = Menu | Listing | Ask | Detail | Box | Info | Fork | End


@dataclass(frozen=True, slots=True)
class Script:
    """The whole dialogue. `start` is the first screen, `code_again` the one key 8 leads to, `languages` the first one first."""

    nodes: Mapping[str, Node]
    start: str
    code_again: str
    languages: tuple[str, ...]

    @classmethod
    def of(cls, nodes: tuple[Node, ...], *, start: str, code_again: str, languages: tuple[str, ...]) -> Script:
        """Join the nodes. Raises ScriptError where a name is used twice, which would hide one of the two."""
        table: dict[str, Node] = {}
        for node in nodes:
            if node.name in table:
                raise ScriptError(f"two nodes are called {node.name}")
            table[node.name] = node
        return cls(table, start, code_again, languages)

    def language_after(self, language: str) -> str:
        """The next language of the script, the first again after the last."""
        return self.languages[(self.languages.index(language) + 1) % len(self.languages)]


def exits(node: Node) -> Iterator[str]:
    """Every name this node can lead to, in the order a caller sees them."""
    match node:
        case Menu() | Detail() | Box():
            yield from (choice.go for choice in node.choices)
        case Listing():
            yield node.go
            yield from (choice.go for choice in node.others)
        case Ask():
            yield node.go
        case Fork():
            yield node.yes
            yield node.no
        case Info() | End():
            pass
    if isinstance(node, Menu | Listing | Ask) and node.skip is not None:
        yield node.skip
