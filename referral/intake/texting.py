"""A text from somebody who is no officer: a keyword, an answer, or a worry told in their own words. Whatever it is, nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.intake.asking import Asking, Taken
from referral.intake.clubs import credit
from referral.intake.dialogues import Dialogue, Dialogues
from referral.intake.filing import Filing
from referral.intake.inbox import Manners, is_machine, number_of
from referral.intake.merging import LONGEST_STORY, in_danger, merged
from referral.intake.questions import Questions
from referral.intake.texts import Text
from referral.privacy.codes import issue_code
from referral.understanding.keywords import Keyword, KeywordKind, Keywords, read_keyword
from referral.understanding.places import Gazetteer
from referral.understanding.sentence import Understood, understand
from referral.understanding.words import Words
from referral.vocabulary.option import Option
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import Accused, Channel, Concern, Danger, Told

SILENCE = timedelta(minutes=15)
"""After this long without an answer what there is is filed."""
_SENTENCE = 4
"""From so many words on an answer is read for what else it tells."""


@dataclass(frozen=True)
class Texting:
    """Works inside the caller's transaction. A reply is a row in the outbox; the sender's number is in the sealed dialogue and nowhere else."""

    filing: Filing
    dialogues: Dialogues
    manners: Manners
    outbox: Outbox
    words: Words
    keywords: Keywords
    gazetteer: Callable[[], Gazetteer]
    questions: Questions
    asking: Asking
    ours: frozenset[str]
    issue_code: Callable[[], str] = issue_code

    def take(self, session: Session, text: Text, now: datetime) -> None:
        """Deal with one text."""
        if is_machine(text.sender, self.ours):
            return
        keyword = read_keyword(text.words, self.keywords, self.gazetteer()) or self.asking.lettered(session, text.words, self._tells)
        if keyword is not None and keyword.club is not None:
            credit(session, keyword.club, now)
        number = number_of(text.sender)
        if number is None:
            self._unanswerable(session, keyword, text.words, now)
            return
        before = self.dialogues.read(session, number, now)
        taken = self._decide(session, before or Dialogue(number), before is not None, keyword, text.words, now)
        self.dialogues.erase(session, number, now)
        if taken.dialogue is not None:
            self.dialogues.write(session, taken.dialogue, now, SILENCE)
        self._say(session, number, taken, before, now)

    def stop(self, session: Session, number: PhoneNumber, now: datetime) -> Taken:
        """The number takes no more texts, by a STOP or by what the gateway says: it is erased everywhere; what was told stays told, without it."""
        dialogue = self.dialogues.read(session, number, now)
        if dialogue is not None and dialogue.unfiled:
            self._file_told(session, dialogue.told, now)
        self.dialogues.erase(session, number, now)
        self.filing.erase_number(session, number, now)
        return Taken(None, None)

    def _unanswerable(self, session: Session, keyword: Keyword | None, words: str, now: datetime) -> None:
        """From a masked number, or from over the border: nobody to answer, so it is filed as it stands."""
        if keyword is not None and keyword.kind is KeywordKind.WRONG and self.asking.noted_only(session, keyword, self._tells, now):
            return
        told = self._understood(words).told
        self._file_told(session, in_danger(told) if keyword is not None and keyword.kind is KeywordKind.HELP else told, now)

    def file_silent(self, session: Session, tag: bytes, now: datetime) -> bool:
        """File what a sender who fell silent had told. False if there is nothing of the kind any more."""
        dialogue = self.dialogues.by_tag(session, tag)
        if dialogue is None or not dialogue.unfiled:
            return False
        self.dialogues.write(session, self._filed(session, replace(dialogue, asked=None, choices=()), now), now, SILENCE)
        return True

    def _decide(self, session: Session, dialogue: Dialogue, open_: bool, keyword: Keyword | None, words: str, now: datetime) -> Taken:
        kind = keyword.kind if keyword else None
        if kind is KeywordKind.STOP:
            return self.stop(session, dialogue.number, now)
        if kind is KeywordKind.HELP:
            return self._help(session, dialogue, words, now)
        settled = self.asking.settled(session, dialogue, keyword, words, self.words, self._tells, now)
        if settled is not None:
            return settled
        dialogue = replace(dialogue, wanted=None)
        if open_ and dialogue.asked is not None:
            answered = self._answer(session, dialogue, words, now)
            if answered is not None:
                return answered
        asks = keyword is not None and kind in (KeywordKind.STATUS, KeywordKind.SERVICE, KeywordKind.RIGHTS, KeywordKind.LANGUAGE)
        if keyword is not None and asks and not self._names_somebody(dialogue, kind, words):
            language = dialogue.language if dialogue.report or dialogue.unfiled else self.asking.spoken(words, self._understood(words).reply_in)
            return self.asking.answer(session, dialogue, keyword, language, now)
        rest = keyword.rest if keyword is not None and kind in (KeywordKind.REPORT, KeywordKind.CLUB) else words
        return self._sentence(session, dialogue, rest, now)

    def _names_somebody(self, dialogue: Dialogue, kind: KeywordKind | None, words: str) -> bool:
        """ "chifu" within a report says who it is about; only outside of one does it ask for a service."""
        telling = dialogue.told != Told() and not dialogue.told.accused
        return kind is KeywordKind.SERVICE and telling and bool(self._understood(words).told.accused)

    def _help(self, session: Session, dialogue: Dialogue, words: str, now: datetime) -> Taken:
        """A cry for help anywhere in a text: filed and routed at once, questions follow."""
        understood = self._understood(words)
        told = in_danger(merged(dialogue.told, understood.told, self.words))
        dialogue = replace(dialogue, told=told, language=self._language(dialogue, understood), asked=None, choices=())
        return self._ask_on(session, self._filed(session, dialogue, now), understood, now, urgent=True)

    def _sentence(self, session: Session, dialogue: Dialogue, words: str, now: datetime) -> Taken:
        """Their own words: what they hold is kept, the rest is asked."""
        understood = self._understood(words)
        language = self._language(dialogue, understood)
        if not words.strip() or understood.greeting:
            return Taken(replace(dialogue, language=language, asked="what", choices=()), self.questions.ask(language, "what"))
        told = merged(dialogue.told, understood.told, self.words)
        again = self._unclear(dialogue, told)
        dialogue = replace(dialogue, told=told, language=language)
        if again:
            dialogue = replace(dialogue, questions=(*dialogue.questions, dialogue.asked or ""))
            return Taken(dialogue, self.questions.ask(language, dialogue.asked or "", dialogue.choices))
        dialogue = replace(dialogue, asked=None, choices=())
        if understood.danger:
            dialogue = replace(dialogue, told=dialogue.told.adding(danger=dialogue.told.danger or Danger.NOW))
        if understood.danger or dialogue.report is not None:
            dialogue = self._filed(session, dialogue, now)
        return self._ask_on(session, dialogue, understood, now, urgent=understood.danger)

    def _unclear(self, dialogue: Dialogue, told: Told) -> bool:
        """Whether an open question was neither answered nor anything else told: it is asked once more, as one of the three."""
        if dialogue.asked not in ("danger", "place", "choice", "who", "authority") or self.questions.spent(dialogue):
            return False
        return told.adding(story=None) == dialogue.told.adding(story=None)

    def _answer(self, session: Session, dialogue: Dialogue, words: str, now: datetime) -> Taken | None:
        """The answer to the open question; None if it is none."""
        asked = dialogue.asked or ""
        if asked == "code":
            return self.asking.code(dialogue, words)
        if asked == "place":
            return self._place(session, dialogue, words, now)
        value = self.questions.read(dialogue, words, self.words)
        if value is None:
            return None
        if asked == "danger_now":
            return self._help(session, dialogue, "", now) if value == Danger.NOW else Taken(replace(dialogue, asked=None, choices=()), None)
        return self._given(session, self._with_the_rest(dialogue, words), asked, value, now)

    def _with_the_rest(self, dialogue: Dialogue, words: str) -> Dialogue:
        """An answer in a sentence tells more than it was asked: "yes, he has locked her in"."""
        if len(words.split()) < _SENTENCE:
            return dialogue
        return replace(dialogue, told=merged(dialogue.told, self._understood(words).told, self.words))

    def _given(self, session: Session, dialogue: Dialogue, asked: str, value: str, now: datetime) -> Taken:
        told = dialogue.told
        if asked == "danger":
            told = told.adding(danger=Danger(value))
        elif asked == "choice":
            settled = self.gazetteer().settle(value)
            told = told if settled is None else told.adding(place=settled.ward, spot=settled.spot)
        elif value == "authority":
            choices = self.questions.options("authority")
            return Taken(replace(dialogue, asked="authority", choices=choices), self.questions.ask(dialogue.language, "authority", choices))
        else:
            told = told.adding(accused=(told.accused | {Accused(value)}) - ({Accused.UNKNOWN} if value != Accused.UNKNOWN else set()))
        dialogue = replace(dialogue, told=told, asked=None, choices=())
        urgent = told.danger is Danger.NOW
        if urgent or dialogue.report is not None:
            dialogue = self._filed(session, dialogue, now)
        return self._ask_on(session, dialogue, None, now, urgent=urgent and asked == "danger")

    def _place(self, session: Session, dialogue: Dialogue, words: str, now: datetime) -> Taken | None:
        sought = self.gazetteer().read(words)
        if sought.settled is not None:
            told = dialogue.told.adding(place=sought.settled.ward, spot=sought.settled.spot)
            dialogue = replace(dialogue, told=told, asked=None, choices=())
            return self._ask_on(session, self._filed(session, dialogue, now) if dialogue.report else dialogue, None, now)
        if sought.choices:
            choices = (*sought.choices, self.questions.elsewhere())
            return Taken(replace(dialogue, asked="choice", choices=choices), self.questions.ask(dialogue.language, "choice", choices))
        return None

    def _ask_on(self, session: Session, dialogue: Dialogue, understood: Understood | None, now: datetime, *, urgent: bool = False) -> Taken:
        """The next thing that is missing, or, when nothing is or enough was asked, the end: filed, and the code offered."""
        choices = () if dialogue.told.place is not None else self._choices(dialogue, understood)
        asked = self.questions.next(dialogue, bool(choices))
        if asked is None:
            dialogue = self._filed(session, dialogue, now) if dialogue.report is None else dialogue
            first = "code" not in dialogue.questions
            asked = None if "told" in dialogue.questions else "code"
            dialogue = replace(dialogue, asked=asked, choices=(), questions=(*dialogue.questions, "code") if first else dialogue.questions)
            return Taken(dialogue, self.questions.say(dialogue.language, "filed" if first else "thanks"))
        options = (*choices, self.questions.elsewhere()) if asked == "choice" else self.questions.options(asked)
        counted = "place" if asked == "choice" else asked
        dialogue = replace(dialogue, asked=asked, choices=options, questions=(*dialogue.questions, counted))
        return Taken(dialogue, self.questions.ask(dialogue.language, asked, options, urgent=urgent))

    def _choices(self, dialogue: Dialogue, understood: Understood | None) -> tuple[Option, ...]:
        """Places that what was told may have meant: asked, never guessed."""
        return understood.place_choices if understood is not None else self.gazetteer().find(dialogue.told.story or "").choices

    def _filed(self, session: Session, dialogue: Dialogue, now: datetime) -> Dialogue:
        """File what is told, or add it to what is filed."""
        if dialogue.report is not None:
            self.filing.amend(session, dialogue.report, dialogue.told, now)
            return dialogue
        dialogue = replace(dialogue, told=dialogue.told.adding(concern=dialogue.told.concern or Concern.OTHER))
        code = self.issue_code()
        return replace(dialogue, report=self.filing.file(session, dialogue.told, code, Channel.SMS, now), code=code)

    def _file_told(self, session: Session, told: Told, now: datetime) -> None:
        self.filing.file(session, told.adding(concern=told.concern or Concern.OTHER), self.issue_code(), Channel.SMS, now)

    def _say(self, session: Session, number: PhoneNumber, taken: Taken, before: Dialogue | None, now: datetime) -> None:
        in_dialogue = before is not None and bool(before.asked or before.wanted)
        if taken.reply is not None and self.manners.may_reply(session, number, now, in_dialogue=in_dialogue):
            self.outbox.tell_reporter(session, number, taken.reply, now)

    def _understood(self, words: str) -> Understood:
        return understand(words[:LONGEST_STORY], self.words, self.gazetteer())

    def _tells(self, words: str) -> bool:
        """Whether words tell of a child, besides what else they say."""
        return self._understood(words).danger or self._understood(words).told.concern is not None

    @staticmethod
    def _language(dialogue: Dialogue, understood: Understood) -> str:
        """The language of the first words that had one."""
        return dialogue.language if dialogue.told != Told() else understood.reply_in
