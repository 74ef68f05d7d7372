"""Phones in the terminal: type what a person would dial, key and text, and read what the phone would show."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import click

from referral.simulator.frame import framed
from referral.simulator.handset import Handset, NobodyThere, Phone, Refused, Screen
from referral.simulator.numbers import NotASample, sample_number
from referral.simulator.wording import TROUBLE
from referral.vocabulary.phone import SAMPLE_BLOCK

Echo = Callable[[str], None]

HELP = """\
dial                 dial the service          dial practice   the practice menus
dial 77              dial it with an extension dial *123#      any other code
1, 2, words ...      answer the screen         keys ...        the same, whatever the words are
hang up              end the session
text ...             text the service          inbox           read this phone's texts
phones [NAME|all]    list the phones           phone X         take another: its place in the list, its name or its number
network X            safaricom, airtel, telkom or equitel, this phone's, from its next call on
wait [seconds]       wait for a text           help, quit"""

_POLL = 0.1
_WAIT = 5.0


class Terminal:
    """Several phones, one in the hand. `do` carries out one typed line and tells what happened through `echo`."""

    def __init__(self, handset: Handset, echo: Echo, phone: str | None = None) -> None:
        self._handset = handset
        self._echo = echo
        self._sessions: dict[str, str] = {}
        self._announced: dict[str, int] = {}
        self._networks: dict[str, str] = {}
        phones = self._phones()
        self._number = _caller(phones) if phone is None else self._pick(phone)
        self._announced = {each.number: each.unread for each in phones}
        self._commands: Mapping[str, Callable[[str], None]] = {
            "dial": self._dial,
            "keys": self._key,
            "text": self._text,
            "phone": self._take,
            "network": self._change_network,
            "wait": self._wait,
            "phones": self._list,
        }
        self._alone: Mapping[str, Callable[[], None]] = {
            "hang up": self._hang_up,
            "inbox": self._inbox,
            "help": lambda: self._echo(HELP),
        }

    @property
    def prompt(self) -> str:
        """Whose phone is in the hand, and whether it is in a session."""
        return f"{self._name(self._number)}{' *' if self._number in self._sessions else ''}> "

    def do(self, typed: str) -> None:
        """One line. In a session whatever is no command answers the screen."""
        line = typed.strip()
        word, _, rest = line.partition(" ")
        try:
            if line.lower() in self._alone:
                self._alone[line.lower()]()
            elif word.lower() in self._commands:
                self._commands[word.lower()](rest.strip())
            elif line and self._number in self._sessions:
                self._key(line)
            elif line:
                self._echo("Not in a session. Type dial, text followed by words, or help.")
        except Refused as refused:
            if refused.word == "session-over":
                self._sessions.pop(self._number, None)
            self._echo(TROUBLE.get(refused.word, f"The stand-in would not do that ({refused.word})."))

    def announce(self) -> int:
        """Tell of texts that have come to any phone since the last time; how many phones have some."""
        fresh = 0
        for phone in self._phones():
            if phone.unread > self._announced.get(phone.number, 0):
                fresh += 1
                self._echo(f"[{phone.unread} unread on {self._title(phone)}: {'inbox' if phone.number == self._number else 'phone, then inbox'}]")
            self._announced[phone.number] = phone.unread
        return fresh

    def _phones(self) -> tuple[Phone, ...]:
        return self._handset.service().phones

    def _title(self, phone: Phone) -> str:
        return phone.label or phone.number

    def _name(self, number: str) -> str:
        return next((self._title(phone) for phone in self._phones() if phone.number == number), number)

    def _pick(self, wanted: str) -> str:
        phones = self._phones()
        if wanted.isascii() and wanted.isdigit() and 0 < int(wanted) <= len(phones):
            return phones[int(wanted) - 1].number
        named = [phone for phone in phones if phone.label and wanted.lower() in phone.label.lower()]
        named = [phone for phone in named if phone.unread] or named  # whoever has something to answer is meant
        if named and len({phone.label for phone in named}) == 1:
            return named[0].number
        if named or not any(character.isdigit() for character in wanted):
            raise Refused("no-such-phone")
        try:
            return sample_number(wanted)
        except NotASample:
            raise Refused("not-a-sample-number") from None

    def _dial(self, code: str) -> None:
        service = self._handset.service()
        if code.lower() == "practice":
            code = service.practice_code
        elif not code or (code.isascii() and code.isdigit()):
            code = f"{service.ussd_code[:-1]}*{code}#" if code else service.ussd_code
        self._sessions.pop(self._number, None)
        self._echo(f"({code})")
        self._show(self._handset.dial(self._number, code, self._networks.get(self._number)))

    def _key(self, keys: str) -> None:
        if self._number not in self._sessions:
            raise Refused("session-over")
        self._show(self._handset.key(self._sessions[self._number], keys))

    def _hang_up(self) -> None:
        session = self._sessions.pop(self._number, None)
        if session is None:
            raise Refused("session-over")
        self._handset.hang_up(session)
        self._echo("(hung up)")

    def _show(self, screen: Screen) -> None:
        if screen.ends:
            self._sessions.pop(self._number, None)
        else:
            self._sessions[self._number] = screen.session
        self._echo(framed(screen.screen))
        if screen.problem:
            self._echo(f"! the gateway threw the service's answer away: {screen.problem}")
        if screen.foreign:
            self._echo(f"! some phones cannot show: {' '.join(screen.foreign)}")
        if screen.cut:
            self._echo(f"! this network would cut off: {screen.cut!r}")
        if screen.ends:
            self._echo("(session ended)")

    def _text(self, text: str) -> None:
        self._handset.text(self._number, text)
        self._echo("(sent)")

    def _inbox(self) -> None:
        texts = self._handset.inbox(self._number)
        self._announced[self._number] = 0
        for text in texts:
            self._echo(framed(text.text, f"from {text.sender}" + (f", {text.parts} parts" if text.parts > 1 else "")))
        if not texts:
            self._echo("(no texts)")

    def _list(self, wanted: str = "") -> None:
        """The phones with something unread or in use; those of a name, or all of them, where asked."""
        phones = self._phones()
        for place, phone in enumerate(phones, start=1):
            known = wanted == "all" or (wanted.lower() in phone.label.lower() if wanted else phone.unread or not phone.label or phone.number == self._number)
            if not known:
                continue
            unread = f", {phone.unread} unread" if phone.unread else ""
            self._echo(f"{place:>3} {phone.number}  {phone.label or '-'} ({phone.network}{unread})")
        if not wanted:
            self._echo(f"({len(phones)} phones in all: phones NAME, or phones all)")

    def _take(self, wanted: str) -> None:
        self._number = self._pick(wanted)

    def _change_network(self, network: str) -> None:
        self._networks[self._number] = network

    def _wait(self, seconds: str) -> None:
        try:
            until = time.monotonic() + (float(seconds) if seconds else _WAIT)
        except ValueError:
            self._echo("wait takes a number of seconds.")
            return
        while not self.announce() and time.monotonic() < until:
            time.sleep(_POLL)


def _caller(phones: Sequence[Phone]) -> str:
    """A phone that is nobody's yet, for whoever starts without naming one: a worry should not seem to come from an officer."""
    unnamed = (phone.number for phone in phones if not phone.label)
    named = {phone.number for phone in phones}
    return next(unnamed, None) or next(one for one in (f"{SAMPLE_BLOCK}{last:03d}" for last in range(1, 1000)) if one not in named)


def run_script(handset: Handset, lines: Iterable[str], echo: Echo = click.echo, phone: str | None = None) -> None:
    """Play typed lines, each shown after its prompt, up to `quit`. Blank lines and lines that begin with `#` are left out. Raises NobodyThere, Refused."""
    terminal = Terminal(handset, echo, phone)
    for typed in lines:
        line = typed.strip()
        if not line or line.startswith("#"):
            continue
        terminal.announce()
        echo(f"{terminal.prompt}{line}")
        if line.lower() == "quit":
            return
        terminal.do(line)
    terminal.announce()


def talk(handset: Handset, ask: Callable[[str], str], echo: Echo = click.echo, phone: str | None = None) -> None:
    """Ask for lines until `quit`. `ask` shows a prompt and returns what was typed; EOFError or click.Abort from it ends it too."""
    terminal = Terminal(handset, echo, phone)
    echo("Type dial, or help.")
    while True:
        terminal.announce()
        try:
            typed = ask(terminal.prompt)
        except (EOFError, click.Abort):
            return
        if typed.strip().lower() == "quit":
            return
        terminal.do(typed)


def dial(base_url: str, *, phone: str | None = None, echo: Echo = click.echo) -> None:
    """Phones at a stand-in's address: a conversation on a terminal, a script where standard input is a pipe. Raises click.ClickException."""
    try:
        handset = Handset(base_url)
        if sys.stdin.isatty():
            talk(handset, lambda prompt: str(click.prompt(prompt, default="", show_default=False, prompt_suffix="")), echo, phone)
        else:
            run_script(handset, sys.stdin, echo, phone)
    except NobodyThere:
        raise click.ClickException(f"nothing answers at {base_url}: is the stand-in running?") from None
    except Refused as refused:
        raise click.ClickException(TROUBLE.get(refused.word, refused.word)) from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None
