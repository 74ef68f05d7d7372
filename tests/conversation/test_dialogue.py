"""What a caller sees, and what comes of it."""

from __future__ import annotations

import pytest

from referral.conversation.effects import Amend, AtBox, Consent, FileReport, Withdraw
from referral.conversation.engine import begin, show, walk
from referral.conversation.nodes import Does
from referral.conversation.paging import page_of
from referral.conversation.ports import Page
from referral.conversation.state import State
from referral.conversation.telling import consent, partial, told
from referral.texts.gsm import septets
from referral.vocabulary.letters import Template
from referral.vocabulary.report import Accused, AgeBand, Concern, Danger, Disability, Happened, Hours, Reporter, Sex, Told

FIRST = "CON Karibu\n1 Toa taarifa\n2 Nahitaji msaada sasa\n3 Tafuta huduma karibu\n4 Angalia taarifa yangu\n5 Jua haki zako\n6 English"
UKUNDA = ("KE002-S1", "KE002-W0032")
CODE = "4821 9037 5518"


def report(phone, concern=("SEXABUSE",), who=("home",)):
    return phone.choose("report", "now", *concern, *UKUNDA, *who, "send")


def test_the_first_screen_is_the_same_bytes_for_everybody(phone):
    assert phone.screen == FIRST
    assert septets(FIRST) == 120


def test_english_is_one_key_away_and_kiswahili_one_key_back(phone):
    assert phone.press("6") == ("CON Welcome\n1 Report a worry\n2 I need help now\n3 Find help near me\n4 Check my report\n5 Know your rights\n6 Kiswahili")
    assert phone.press("6") == FIRST


def test_the_first_screen_has_no_way_back(phone):
    assert phone.press("0") == "CON Jaribu tena.\n" + FIRST.removeprefix("CON ")


def test_sent_is_filed_and_the_code_is_on_the_screen(phone):
    screen = report(phone, concern=("MARRIAGE",))
    wanted = Told(danger=Danger.NOW, concern=Concern.MARRIAGE, place=UKUNDA[1], accused=frozenset({Accused.HOME}))
    assert phone.effects == [FileReport(wanted, "482190375518")]
    assert CODE in screen
    assert screen.startswith("CON ")
    assert screen.endswith("\n1 Ongeza\n2 Maliza\n3 Nambari tena")


def test_nothing_is_filed_before_send(phone):
    phone.choose("report", "now", "SEXABUSE", *UKUNDA, "home")
    assert phone.effects == []
    assert phone.codes_issued == 0
    assert phone.screen.endswith("\n1 Tuma\n0 Rudi")


@pytest.mark.parametrize("concern", [("SEXABUSE",), ("SEXEXCH",), ("SEXTOUR",), ("ONLINE",)])
def test_a_sexual_report_has_the_hospital_advice(phone, concern):
    assert "72" in report(phone, concern)
    assert CODE in phone.screen


@pytest.mark.parametrize(
    "concern",
    [
        ("MARRIAGE",),
        *(("taken", concern) for concern in ("TRAFFIC", "SERVITUDE", "LABOUR", "MISSING")),
        *(("hurt", concern) for concern in ("PHYSICAL", "NEGLECT", "SCHOOL", "PREGNANT")),
        ("OTHER",),
    ],
)
def test_every_other_category_can_be_reported_and_has_none(phone, concern):
    assert "72" not in report(phone, concern)
    assert phone.effects[0].told.concern == concern[-1]


@pytest.mark.parametrize("who", [("home",), ("relative",), ("unknown",), ("driver",), ("tourist",), ("employer",), ("online",), ("child",)])
def test_whoever_is_accused_stands_in_the_report(phone, who):
    report(phone, who=who)
    assert phone.effects[0].told.accused == {Accused(who[-1])}


@pytest.mark.parametrize("who", ["chief", "police", "teacher", "religious", "childrens_officer", "health_worker", "ngo_worker", "official"])
def test_somebody_in_authority_can_be_accused(phone, who):
    report(phone, who=("authority", who))
    assert phone.effects[0].told.accused == {Accused(who)}


def test_there_is_no_way_back_from_sent(phone):
    sent = report(phone)
    assert phone.press("0").endswith(sent.removeprefix("CON "))
    assert len(phone.effects) == 1


def test_the_code_can_be_shown_again_from_sent_and_every_later_screen(phone):
    sent = report(phone)
    assert CODE in phone.choose("code")
    assert phone.press("0") == sent
    phone.choose("add")
    while phone.state.node != "end":
        before = phone.screen
        assert CODE in phone.press("8")
        assert phone.press("0") == before
        phone.press("7")
    assert CODE in phone.screen
    assert len(phone.effects) == 1


def test_everything_added_is_committed_as_it_is_answered(phone):
    report(phone)
    phone.choose("add", phone.guide.spots(UKUNDA[1])[0].value)
    phone.choose("3_days", "15_17", "girl", "yes", "yes", "evening", "no", "friend")
    end = phone.press("Alimwona  sokoni ")
    kinds = [type(effect) for effect in phone.effects]
    assert kinds == [FileReport, Amend, Amend, Amend, Amend, Consent, Amend, Amend, Amend]
    assert phone.effects[5] == Consent(Hours.EVENING)
    last = phone.effects[-1].told
    assert (last.happened, last.age, last.sex) == (Happened.THREE_DAYS, AgeBand.FROM_15, Sex.GIRL)
    assert (last.disability, last.reporter, last.story) == (Disability.NO, Reporter.FRIEND, "Alimwona sokoni")
    assert last.spot == phone.guide.spots(UKUNDA[1])[0].value
    assert last.concern is Concern.SEXABUSE
    assert end == f"END Asante. {CODE}\nPiga 116, bure."


def test_a_landmark_can_be_typed_instead_of_a_place(phone):
    report(phone)
    phone.choose("add", "type")
    phone.press("karibu na msikiti")
    assert phone.effects[-1].told.landmark == "karibu na msikiti"
    assert phone.effects[-1].told.spot is None


@pytest.mark.parametrize("answers", [("no",), ("yes", "no")])
def test_without_every_yes_there_is_no_consent(phone, answers):
    report(phone)
    phone.choose("add")
    phone.press("7", "7", "7", "7")
    phone.choose(*answers)
    assert phone.state.node == "disability"
    assert len(phone.effects) == 1


def test_skipping_the_hours_is_no_consent(phone):
    report(phone)
    phone.choose("add")
    phone.press("7", "7", "7", "7")
    phone.choose("yes", "yes")
    phone.press("7")
    assert len(phone.effects) == 1


def test_hours_without_a_yes_to_safe_are_no_consent():
    assert consent(State("disability", "sw", answers=(("contact", "yes"), ("hours", "any")), filed=True, code="482190375518")) is None


def test_going_back_behind_a_consent_withdraws_it(phone):
    report(phone)
    phone.choose("add")
    phone.press("7", "7", "7", "7")
    phone.choose("yes", "yes", "any")
    assert phone.effects[-1] == Consent(Hours.ANY)
    phone.press("0")
    assert phone.effects[-1] == Withdraw()
    phone.press("0", "0")
    phone.choose("no")
    assert len(phone.effects) == 3


def test_an_added_answer_that_is_taken_back_leaves_the_report(phone):
    report(phone)
    phone.choose("add")
    phone.press("7")
    phone.choose("month")
    assert phone.effects[-1].told.happened is Happened.MONTH
    phone.press("0")
    assert phone.effects[-1] == Amend(told(phone.state))
    assert phone.effects[-1].told.happened is None


def test_i_need_help_now_says_116_and_999_before_it_asks_anything(phone):
    assert phone.choose("help").startswith("CON Hatarini? Piga 116 au 999 sasa. Bure.\n")


@pytest.mark.parametrize(("answer", "consent"), [("no", []), ("yes", [Consent(Hours.ANY, by_call=True)])])
def test_i_need_help_now_files_at_its_last_answer(phone, answer, consent):
    phone.choose("help", *UKUNDA)
    assert phone.effects == []
    screen = phone.choose(answer)
    wanted = Told(danger=Danger.NOW, concern=Concern.HELPNOW, place=UKUNDA[1])
    assert phone.effects == [FileReport(wanted, "482190375518"), *consent]
    assert "72" in screen


def test_after_help_now_it_is_asked_who_it_is_but_not_contact_again(phone):
    phone.choose("help", *UKUNDA, "no", "add", "authority", "police")
    assert phone.effects[-1].told.accused == {Accused.POLICE}
    phone.press("7", "7", "7", "7")
    assert phone.state.node == "disability"


@pytest.mark.parametrize("answers", [(), ("now",), ("now", "SEXABUSE"), ("now", "SEXABUSE", UKUNDA[0])])
def test_a_session_that_drops_before_the_ward_leaves_nothing(phone, answers):
    phone.choose("report", *answers)
    assert partial(phone.state) is None


def test_a_session_that_drops_after_the_ward_leaves_a_partial_report_until_it_is_backed_out_of(phone):
    phone.choose("report", "now", "SEXABUSE", *UKUNDA)
    assert partial(phone.state) == Told(danger=Danger.NOW, concern=Concern.SEXABUSE, place=UKUNDA[1])
    phone.choose("home")
    assert partial(phone.state).accused == {Accused.HOME}
    phone.press("0")
    assert partial(phone.state) == Told(danger=Danger.NOW, concern=Concern.SEXABUSE, place=UKUNDA[1])
    phone.press("0")
    assert partial(phone.state) is None


def test_a_dropped_call_for_help_is_kept_from_the_ward_on(phone):
    phone.choose("help", UKUNDA[0])
    assert partial(phone.state) is None
    phone.choose(UKUNDA[1])
    assert partial(phone.state) == Told(danger=Danger.NOW, concern=Concern.HELPNOW, place=UKUNDA[1])


def test_what_is_filed_is_not_partial(phone):
    report(phone)
    assert partial(phone.state) is None


@pytest.mark.parametrize("typed", ["482190375518", " 4821 9037 5518 "])
def test_a_code_shows_how_the_report_stands(phone, typed):
    phone.choose("status")
    assert phone.press(typed).startswith("CON Afisa ameiona.\nKuna ujumbe wako.\n1 Soma ujumbe\n")
    assert phone.press("0").startswith("CON Andika tarakimu 12")
    assert phone.press("0") == FIRST
    assert phone.state.answers == ()


def test_an_unknown_code_gets_a_neutral_answer(phone):
    phone.choose("status")
    assert "116" in phone.press("111122223334")


@pytest.mark.parametrize("typed", ["48219037551", "482190375581", "4821903755180", "abcdefghijkl", "\u0664" * 12, "9", ""])
def test_what_is_no_code_is_asked_again(phone, typed):
    """Two digits that changed places too: it is said at once, and is no try."""
    phone.choose("status")
    assert phone.press(typed) == "CON Jaribu tena.\nHiyo si nambari sahihi. Angalia kila tarakimu, zote 12\n0 Rudi"
    assert phone.effects == []


def test_rights_are_read_page_by_page_and_back(phone):
    first = phone.choose("rights")
    pages = [first]
    while phone.state.more:
        pages.append(phone.press("9"))
    assert len(pages) == 5
    assert phone.press("9").startswith("CON Jaribu tena.")
    for page in reversed(pages[:-1]):
        assert phone.press("0") == page
    assert phone.press("0") == FIRST


def test_practice_says_so_on_every_screen_files_nothing_and_uses_the_same_keys(practice_phone, phone):
    keys = ["1", "1", "1", "1", "2", "1", "1", "1", "7", "1", "1", "1", "2", "2", "3", "1", "2", "hadithi"]
    assert "\n" + "MAZOEZI\n" in "\n" + practice_phone.screen.removeprefix("CON ")
    for key in keys:
        real = phone.press(key)
        drill = practice_phone.press(key)
        assert drill[4:].startswith("MAZOEZI\n")
        kept = "Ukikatika baada ya wadi, tunahifadhi\n"  # true of a call only: what is practised is not kept
        assert drill.replace("MAZOEZI\n", "").replace("0000 0000 0000", CODE) == real.replace(kept, "")
        assert kept not in drill
    assert practice_phone.effects == []
    assert practice_phone.codes_issued == 0
    assert practice_phone.screen.startswith("END ")
    assert phone.effects != []


def test_a_dropped_practice_leaves_nothing(practice_phone):
    practice_phone.choose("report", "now", "SEXABUSE", *UKUNDA)
    assert partial(practice_phone.state) is None


def dial(phone, text):
    return walk(phone.script, phone.state, text.split("*"), phone.guide, phone.surface)


def test_a_dialled_string_walks_to_the_screen_it_leads_to(phone):
    turn = dial(phone, "6*1*1*9*2")
    assert turn.screen.text.startswith("CON Which sub-county?\n1 Msambweni\n")
    assert turn.state.answer("concern") == Concern.ONLINE
    assert turn.effects == ()


@pytest.mark.parametrize("text", ["1*1*1*1*2*1*1", "1*1*1*1*2*1*1*2", "1*1*1*1*2*1*1*1*7"])
def test_a_dialled_string_never_sends(phone, text):
    turn = dial(phone, text)
    assert turn.state.node == "confirm"
    assert turn.effects == ()
    assert not turn.state.filed


def test_a_dialled_call_for_help_stops_before_it_is_filed(phone):
    turn = dial(phone, "2*1*2*1")
    assert turn.state.node == "help.call"
    assert turn.effects == ()


@pytest.mark.parametrize("text", ["1*7", "1**1", "77", "1*1*98", "*", "1*" * 31 + "1", "٣"])
def test_a_dialled_string_that_does_not_fit_shows_the_first_screen(phone, text):
    turn = dial(phone, text)
    assert turn.screen.text == FIRST
    assert turn.state.answers == ()


def at_mailbox(phone, *values: str):
    """Give the code, and choose in the mailbox."""
    phone.choose("status")
    phone.press(CODE)
    phone.choose(*values)
    return phone


def test_letters_are_read_in_pages_and_marked_read_once_they_are_shown(phone):
    at_mailbox(phone, "read")
    assert phone.effects == [AtBox(Does.READ_LETTERS)]
    seen = phone.screen
    while phone.state.more:
        seen += phone.press("9")
    assert all(phone.surface.fit(Page(template.text), "sw").text.removeprefix("CON ") in seen for template in Template)
    assert seen.count("w" * 60) == 3
    assert phone.effects == [AtBox(Does.READ_LETTERS)]


@pytest.mark.parametrize(
    ("chosen", "effect"),
    [
        (("write", "safe"), AtBox(Does.REPLY, "safe")),
        (("write", "unsafe"), AtBox(Does.REPLY, "unsafe")),
        (("not_helped", "yes"), AtBox(Does.NOT_HELPED, "yes")),
        (("allow", "yes", "evening"), AtBox(Does.ALLOW, "evening")),
        (("erase", "yes"), AtBox(Does.ERASE, "yes")),
    ],
)
def test_what_is_done_at_the_mailbox_is_done_once_and_back_leads_to_the_mailbox(phone, chosen, effect):
    at_mailbox(phone, *chosen)
    assert phone.effects == [effect]
    assert phone.press("0").startswith("CON Afisa ameiona.")
    assert phone.press("0").startswith("CON Andika tarakimu 12")
    assert phone.effects == [effect]


def test_nothing_is_done_by_opening_a_question_and_going_back(phone):
    for line in ("write", "not_helped", "allow", "erase"):
        at_mailbox(phone, line)
        phone.press("0", "0", "0")
    assert phone.effects == []


def test_an_answer_in_words(phone):
    at_mailbox(phone, "write", "type")
    phone.press("karibu na kisima")
    assert phone.effects == [AtBox(Does.WRITE, "karibu na kisima")]


def test_a_mailbox_dialled_with_the_code_does_nothing(script, guide, surface):
    first = show(script, begin(script), guide, surface).state
    for rest in (["1"], ["3", "1"], ["5", "1"], ["2", "1"]):
        turn = walk(script, first, ["4", CODE, *rest], guide, surface)
        assert turn.effects == ()


def test_a_mailbox_is_practised_without_opening_a_real_one(practice_phone):
    at_mailbox(practice_phone, "not_helped", "yes")
    assert "mazoezi" in practice_phone.screen
    practice_phone.press("0")
    practice_phone.choose("read")
    assert practice_phone.effects == []
    assert "Tunashughulikia" in practice_phone.screen


def test_a_page_with_an_officers_words_is_not_kept_in_memory(script, guide):
    state = State("mail.read", "sw", answers=(("reference", CODE.replace(" ", "")),))
    assert page_of(script, state, guide).params != ()
