"""A phone in the terminal: what is typed and what is shown."""

from __future__ import annotations

import io

import click
import pytest

from referral.simulator.frame import framed
from referral.simulator.terminal import dial, run_script, talk
from referral.vocabulary.phone import PhoneNumber

from .conftest import CHIEF, FakeService, Make, Served, serving


def play(served: Served, script: str, phone: str | None = "Asha") -> str:
    said: list[str] = []
    run_script(served.handset, script.splitlines(), said.append, phone)
    return "\n".join(said)


REPORT = """\
Mama Asha> dial
(*384*1234#)
+------------------------------------+
| Karibu                             |
| 1 Toa taarifa                      |
| 2 Nahitaji msaada sasa             |
+------------------------------------+
Mama Asha *> 1
+------------------------------------+
| Hatari?                            |
| 1 Sasa                             |
+------------------------------------+
Mama Asha *> 1
+------------------------------------+
| Asante. 116                        |
+------------------------------------+
(session ended)
Mama Asha> 1
Not in a session. Type dial, text followed by words, or help."""


def test_a_dialogue_reads_as_on_a_phone(served: Served) -> None:
    assert play(served, "# a report\ndial\n1\n1\n1") == REPORT


def test_extensions_practice_and_other_codes_can_be_dialled(served: Served, service: FakeService) -> None:
    said = play(served, "dial 77\ndial practice\ndial *999#\nhang up\nhang up")
    assert [(form["serviceCode"], form["text"]) for form in service.calls("ussd/T")] == [("*384*1234#", "77"), ("*384*1235#", "")]
    assert "(*384*1234*77#)" in said
    assert "That code leads nowhere." in said
    assert said.endswith("The session has ended.")


def test_words_answer_a_screen_even_when_they_look_like_commands(served: Served, service: FakeService) -> None:
    play(served, "dial\nkeys help\nhelp me please")
    assert [form["text"] for form in service.calls("ussd/T")] == ["", "help", "help*help me please"]


def test_several_phones_and_texts_announced_between_them(served: Served) -> None:
    served.gateway.send(PhoneNumber(CHIEF), "REFERRAL 482193 RED. Reply OK 7391 by 14:35")
    said = play(served, "phones\nphone chief\ninbox\ninbox\ntext OK 7391\nphone 1\nphone +254700000009\nphones\nquit\ndial")
    assert " 2 +254700000002  Chief (Safaricom, 1 unread)" in said
    assert "+-- from 22123 ----------------------+" in said
    assert "Reply OK 7391" in said
    assert "Chief> text OK 7391\n(sent)\nChief> phone 1\nMama Asha> phone +254700000009\n+254700000009> phones" in said
    assert said.endswith("> quit")
    assert [text.text for text in served.gateway.fetch(0)] == ["OK 7391"]


def test_a_text_that_comes_while_waiting_is_announced_once(served: Served) -> None:
    said: list[str] = []

    def lines() -> list[str]:
        return ["wait 0", "wait soon", "wait", "phones", "phone 2", "inbox"]

    def echo(text: str) -> None:
        if text.endswith("> wait"):
            served.gateway.send(PhoneNumber(CHIEF), "hello")
        said.append(text)

    run_script(served.handset, lines(), echo, "Asha")
    assert said.count("[1 unread on Chief: phone, then inbox]") == 1
    assert "wait takes a number of seconds." in said
    assert "hello" in said[-1]


def test_what_a_phone_would_not_show_is_said(served: Served, service: FakeService) -> None:
    service.screens = {"": "CON " + "a" * 158, "1": "CON Ng\u2019ombe", "1*1": "oops"}
    said = play(served, "dial\n1\n1")
    assert "! this network would cut off: 'aa'" in said
    assert "! some phones cannot show: \u2019" in said
    assert "! the gateway threw the service's answer away: the answer begins with neither CON nor END" in said


def test_another_network_shows_more(served: Served, service: FakeService) -> None:
    service.screens = {"": "CON " + "a" * 158}
    assert "cut off" not in play(served, "network airtel\ndial")
    assert "There is no such network." in play(served, "network mars\ndial")


def test_a_session_the_network_ended_is_said_in_words(make: Make) -> None:
    said = play(serving(make(time_factor=0.002)), "dial\nwait 0.15\n1\n1")
    assert "Mama Asha *> 1\nThe session has ended.\nMama Asha> 1\nNot in a session." in said


def test_other_peoples_numbers_are_refused(served: Served) -> None:
    said = play(served, "phone +254722000001\nphone nobody\nphone h\nhelp")
    assert said.count("Only the sample numbers +254700000xxx can be used here.") == 1
    assert said.count("No phone, or more than one, is called that. Type phones.") == 2
    assert "hang up" in said


def test_a_person_at_the_prompt_leaves_with_quit_or_end_of_input(served: Served) -> None:
    said: list[str] = []
    typed = iter(["dial", "", "quit", "never"])
    talk(served.handset, lambda prompt: next(typed), said.append, "Chief")
    assert said[0] == "Type dial, or help."
    assert next(typed) == "never"

    def ended(prompt: str) -> str:
        raise click.Abort

    talk(served.handset, ended, said.append)


def test_a_piped_dialogue_is_played_and_a_missing_stand_in_named(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("sys.stdin", io.StringIO("dial\n"))
    dial(served.url, phone="2", echo=said.append)
    assert said[0] == "Chief> dial"
    for address, words in (("http://127.0.0.1:1", "nothing answers"), ("http://example.org", "this machine")):
        with pytest.raises(click.ClickException) as caught:
            dial(address, echo=said.append)
        assert words in caught.value.message
    with pytest.raises(click.ClickException, match="No phone"):
        dial(served.url, phone="nobody", echo=said.append)


def test_long_lines_are_wrapped_and_none_is_lost() -> None:
    text = "Weka namba hii mahali salama: 4821 9037 5516\n\n1 Ongeza"
    lines = framed(text).split("\n")
    assert len({len(line) for line in lines}) == 1
    assert "".join("".join(line[2:-2].split()) for line in lines[1:-1]) == "".join(text.split())


def test_whoever_names_no_phone_gets_one_that_is_nobodys(make: Make) -> None:
    """A worry should not seem to come from an officer."""
    said = play(serving(make()), "dial\nphones", None)
    number = said[: said.index(">")]
    assert number.startswith("+254700000")
    assert "Asha" not in said.splitlines()[0]
    assert f"{number}  - (Safaricom)" in said
