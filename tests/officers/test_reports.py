"""What an officer reads and does with a report, by the keys of a plain phone."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.alerts.state import State, state_of
from referral.casework.records import ServiceEventRecord
from referral.directory import people
from referral.directory.records import AppointmentRow
from referral.privacy.audit import Action, AuditRecord
from referral.reports.records import ReportRecord
from referral.vocabulary.duty import Institution
from tests.conftest import minutes
from tests.officers.conftest import CHILDREN, DESK, PIN, dial, has_pin, signed_in
from tests.world import CHIEF, CHILDRENS_OFFICER, HOME, LABOUR, MARRIAGE, NOT_NOW, PHYSICAL, SEXABUSE, Phone, World, sent


@pytest.fixture
def reported(world: World) -> World:
    """A RED sexual report from Ukunda; the children's officer and the police gender desk were told, and have a PIN."""
    for person in (CHILDREN, DESK):
        has_pin(world, person)
    sent(world.phone())
    world.work()
    return world


def opened(world: World, person: str = CHILDREN) -> Phone:
    """Signed in, and the first alert opened: its report is on the screen."""
    phone = signed_in(world, person)
    phone.keys("1", "1")
    return phone


def whole(phone: Phone) -> str:
    """All pages of the report on the screen, without their keys."""
    pages = []
    while True:
        pages.append(re.sub(r"\n(1 Answer|9 More|0 Back)", "", phone.screen.removeprefix("CON ")))
        if "\n9 More" not in phone.screen:
            return "\n".join(pages)
        phone.key("9")


def alert_of(world: World, person: str) -> AlertRecord:
    with world.rows() as session:
        return session.scalars(select(AlertRecord).where(AlertRecord.person == person, AlertRecord.purpose == Purpose.ALERT)).one()


def ladder(world: World) -> LadderRecord:
    with world.rows() as session:
        return session.scalars(select(LadderRecord)).one()


def audited(world: World, action: Action) -> list[str]:
    with world.rows() as session:
        return list(session.scalars(select(AuditRecord.actor).where(AuditRecord.action == action)))


class TestTheList:
    def test_shows_what_is_with_them_and_how_long_they_have(self, reported: World) -> None:
        assert re.fullmatch(r"CON With you: 1\n1 RED \d{6} Ukunda: 15 min", signed_in(reported).screen)
        reported.clock.turn(minutes(20))
        assert re.fullmatch(r"CON With you: 1\n1 RED \d{6} Ukunda: late 5 min", signed_in(reported).screen)
        assert audited(reported, Action.READ) == []
        assert alert_of(reported, CHILDREN).acknowledged_at is None

    def test_nothing_of_others(self, reported: World) -> None:
        has_pin(reported, "co-matuga-1")
        assert signed_in(reported, "co-matuga-1").screen == "END You have no open alerts."

    def test_not_what_has_not_been_sent_yet(self, sqlite_world: World) -> None:
        """It waits so that it points at nobody: a menu that showed it would."""
        has_pin(sqlite_world)
        sent(sqlite_world.phone(), danger=NOT_NOW, concern=PHYSICAL)
        sqlite_world.work()
        assert signed_in(sqlite_world).screen == "END You have no open alerts."
        sqlite_world.wait(timedelta(hours=3))
        assert signed_in(sqlite_world).screen.startswith("CON With you: 1")

    def test_the_most_urgent_first_over_several_pages(self, sqlite_world: World) -> None:
        has_pin(sqlite_world)
        for danger, concern in ((NOT_NOW, LABOUR), ("1", SEXABUSE), (NOT_NOW, PHYSICAL), ("1", PHYSICAL), ("1", MARRIAGE)):
            sent(sqlite_world.phone(), danger=danger, concern=concern)
        sqlite_world.wait(timedelta(hours=3), step=minutes(10))
        phone = signed_in(sqlite_world)
        listed = phone.screen + phone.key("9")
        assert re.findall(r"\n[1-8] (RED|MEDIUM)", listed) == ["RED", "RED", "RED", "MEDIUM", "MEDIUM"]
        assert "0 Back" in phone.screen
        assert phone.key("0").startswith("CON With you: 5\n1 RED")

    def test_in_the_officer_s_own_language(self, reported: World) -> None:
        has_pin(reported, "co-msambweni-2")
        assert signed_in(reported, "co-msambweni-2").screen == "END Huna taarifa zinazosubiri."


class TestOpening:
    def test_is_said_before_and_counts_as_ok(self, reported: World) -> None:
        phone = signed_in(reported)
        assert re.fullmatch(r"CON \d{6} RED Ukunda. To answer: 15 min. Opening it means: I have it.\n1 Open it: I have it\n2 I cannot\n0 Back", phone.key("1"))
        assert alert_of(reported, CHILDREN).acknowledged_at is None
        phone.key("1")
        assert alert_of(reported, CHILDREN).acknowledged_at == reported.clock()
        assert audited(reported, Action.ACKNOWLEDGED) == [CHILDREN]

    def test_shows_everything_an_officer_needs_and_nothing_of_the_reporter(self, world: World) -> None:
        has_pin(world)
        caller = world.phone()
        sent(caller, danger="1")
        code = re.search(r"\d{4} \d{4} \d{4}", caller.screen)[0]  # type: ignore[index]
        caller.keys("1", "1", "1", "2", "1", "2", "2", "2", "1", "4", "Anapigwa kila usiku, naogopa sana")
        world.work()
        phone = opened(world)
        words = whole(phone)
        for line in (
            "RED: Touched or forced into sex",
            "In danger: Yes, right now",
            "Ward: Ukunda",
            "When: In the last 3 days",
            "Child: 10 to 14, Girl",
            "Disability: Yes",
            "Who may hurt the child: Someone at home",
            "In their words: Anapigwa kila usiku, naogopa sana",
            "Can be contacted by text (Afternoon): see Mail.",
        ):
            assert line in words, (line, words)
        assert "Near: " in words
        for hidden in (code, code.replace(" ", ""), "0000001", "Neighbour", "neighbour", "Teacher"):
            assert hidden not in words
        assert len(audited(world, Action.READ)) == 1

    def test_each_reading_is_in_the_audit(self, reported: World) -> None:
        phone = opened(reported)
        phone.keys("1", "1", "1", "1")
        assert audited(reported, Action.READ) == [CHILDREN] * 3

    def test_pages_go_on_with_9_and_back_with_0(self, reported: World) -> None:
        phone = opened(reported)
        first = phone.screen
        assert "9 More" in first
        assert phone.key("9") != first
        assert phone.key("0") == first
        assert "To act: 60 min" in phone.key("0")
        assert phone.key("0").startswith("CON With you: 1")

    def test_letters_a_plain_phone_cannot_show_are_told_with_those_it_can(self, reported: World) -> None:
        service = reported.service
        with service.database.transaction() as session:
            report = service.register.read(session, alert_of(reported, CHILDREN).report or "")
            assert report is not None
            told = report.told.adding(story="Aliniambia \u201cusiseme\u201d \U0001f622 na café\u2019 " + "x" * 400)
            service.register.amend(session, report.id, told, report.urgency, report.need, report.flags, None)
        words = whole(opened(reported))
        assert 'Aliniambia "usiseme" ? na café\'' in words
        assert words.count("x") >= 400

    def test_an_alert_opened_here_is_not_sent_a_second_time(self, reported: World) -> None:
        before = len(reported.gateway.sent)
        opened(reported)
        opened(reported, DESK)
        reported.wait(minutes(50))
        assert len(reported.gateway.sent) == before


class TestWhoMayNotKnow:
    def test_an_alert_taken_back_does_not_exist_any_more(self, reported: World) -> None:
        phone = opened(reported)
        with reported.service.database.transaction() as session:
            session.execute(update(ReportRecord).values(accused="childrens_officer"))
        assert phone.key("9") == "CON This is not, or no longer, with you.\n1 My alerts"
        assert phone.key("1") == "END You have no open alerts."
        assert signed_in(reported).screen == "END You have no open alerts."

    @pytest.mark.parametrize("key", ["2", "3", "4", "5"])
    def test_nor_can_anything_be_done_with_it(self, reported: World, key: str) -> None:
        phone = opened(reported)
        phone.key("1")
        with reported.service.database.transaction() as session:
            session.execute(update(ReportRecord).values(accused="childrens_officer"))
        assert phone.key(key) == "CON This is not, or no longer, with you.\n1 My alerts"
        assert alert_of(reported, CHILDREN).acting_at is None

    def test_nor_does_one_of_a_post_they_have_left(self, reported: World) -> None:
        phone = signed_in(reported)
        with reported.service.database.transaction() as session:
            session.execute(update(AppointmentRow).where(AppointmentRow.person == CHILDREN).values(ends=reported.clock()))
            from referral.directory.people import bump

            bump(session)
        assert "not, or no longer" in phone.key("1")

    def test_one_that_was_opened_before_the_accused_was_named_is_gone_at_the_next_key(self, world: World) -> None:
        has_pin(world)
        caller = world.phone()
        caller.dial()
        caller.keys("2", "1", "2", "1")
        world.work()
        phone = opened(world)
        assert "Asks for help now" in phone.screen
        caller.keys("1", *CHILDRENS_OFFICER)
        world.work()
        assert "not, or no longer" in phone.key("9")


class TestActing:
    def test_stops_the_action_clock_like_the_answer_by_text(self, reported: World) -> None:
        phone = opened(reported)
        phone.key("1")
        assert ladder(reported).action_due_at is not None
        assert re.fullmatch(r"CON \d{6}: noted, you are acting.\n1 My alerts", phone.key("2"))
        assert ladder(reported).action_due_at is None
        assert re.search(r"Ukunda: acting", phone.key("1"))
        assert "I am acting" not in phone.key("1")
        assert audited(reported, Action.ACTING) == [CHILDREN]

    def test_twice_at_once_is_once(self, reported: World) -> None:
        phone = opened(reported)
        phone.key("1")
        phone._text += "*2"
        with ThreadPoolExecutor(4) as pool:
            screens = list(pool.map(lambda _: phone.again(), range(4)))
        assert len(set(screens)) == 1
        assert "you are acting" in screens[0]
        assert audited(reported, Action.ACTING) == [CHILDREN]


class TestDeclining:
    def test_tells_the_next_at_once_and_shows_it_no_longer(self, reported: World) -> None:
        phone = signed_in(reported)
        assert "3 I know the people" in phone.keys("1", "2")
        assert "noted, you cannot. Somebody else is told." in phone.key("3")
        assert phone.key("1") == "END You have no open alerts."
        alert = alert_of(reported, CHILDREN)
        assert (state_of(alert), alert.decline_reason) == (State.DECLINED, "i_know_them")
        before = len(reported.gateway.sent)
        reported.work()
        assert len(reported.gateway.sent) > before


class TestHandingOver:
    def offices(self, phone: Phone) -> list[str]:
        found = []
        while True:
            found += re.findall(r"\n[1-8] (.+)", phone.screen)
            if "\n9 More" not in phone.screen:
                return found
            phone.key("9")

    def test_offers_no_office_that_may_not_have_it_or_has_it(self, reported: World) -> None:
        phone = opened(reported)
        names = self.offices_of(phone)
        assert names
        roster, report = reported.service.roster(), alert_of(reported, CHILDREN).report or ""
        with reported.rows() as session:
            view = reported.service.register.find(session, report)
        assert view is not None
        by_name = {office.name: office for office in roster.offices()}
        assert all(reported.service.planner.may_know(view, by_name[name].id) for name in names)
        assert not {"Msambweni Sub-County Children Office", "Police gender desk for Ukunda"} & set(names)
        assert not any("Chief" in name or "Elder" in name or "School" in name for name in names)

    def offices_of(self, phone: Phone) -> list[str]:
        phone.keys("1", "3")
        return self.offices(phone)

    def test_of_a_marriage_with_the_chief_accused_offers_no_administration(self, world: World) -> None:
        has_pin(world)
        sent(world.phone(), concern=MARRIAGE, who=CHIEF)
        world.work()
        names = self.offices_of(opened(world))
        administration = [office.name for office in world.service.roster().offices() if office.institution is Institution.ADMINISTRATION]
        assert set(names) & set(administration) <= {"Kwale County Commissioner"}, "only the head of the county, who stands above the accused's colleagues"

    def test_alerts_that_office_and_takes_it_off_this_one(self, reported: World) -> None:
        phone = opened(reported)
        phone.keys("1", "3")
        name = re.search(r"\n1 (.+)", phone.screen)[1]  # type: ignore[index]
        assert re.fullmatch(rf"CON \d{{6}} to {re.escape(name)}\? You will not see it any more.\n1 Yes, hand over\n0 Back", phone.key("1"))
        assert "handed over. The other office is told." in phone.key("1")
        assert phone.key("1") == "END You have no open alerts."
        assert state_of(alert_of(reported, CHILDREN)) is State.REFERRED_ON
        with reported.rows() as session:
            new = session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT, AlertRecord.due_at.is_not(None))).one()
        assert reported.service.roster().office_name(new.office or "") == name
        before = len(reported.gateway.sent)
        reported.work()
        told = reported.gateway.sent[before:]
        assert (reported.number_of(new.person or ""), True) in [(to, "REFERRAL" in words and "OK " in words) for to, words in told]
        assert (reported.number_of("co-kwale-1"), True) in [(to, "has handed it over" in words) for to, words in told]
        assert audited(reported, Action.HANDED_ON) == [CHILDREN]

    def test_counts_no_longer_as_an_answer_so_the_next_step_comes_if_the_other_is_silent(self, reported: World) -> None:
        opened(reported, DESK)
        phone = opened(reported)
        assert ladder(reported).step_due_at is None
        phone.keys("1", "3", "1", "1")
        assert ladder(reported).step_due_at is not None
        assert ladder(reported).action_due_at is not None
        reported.wait(minutes(16))
        assert ladder(reported).step == 2

    def test_an_ok_by_text_afterwards_changes_nothing(self, reported: World) -> None:
        words = next(words for to, words in reported.gateway.sent if to == reported.number_of(CHILDREN))
        phone = opened(reported)
        phone.keys("1", "3", "1", "1")
        number = re.search(r"OK (\d{4})", words)[1]  # type: ignore[index]
        reported.text(reported.number_of(CHILDREN), f"ACT {number}")
        reported.work()
        assert "takes no more answers" in reported.gateway.sent[-1][1]
        assert state_of(alert_of(reported, CHILDREN)) is State.REFERRED_ON

    @pytest.mark.parametrize("another", [True, False], ids=["another on duty", "nobody else"])
    def test_at_the_ladder_s_end_the_duty_person_is_told_again_if_the_other_is_silent(self, reported: World, another: bool) -> None:
        """Until somebody has it: handing on is no way to be rid of it. Where nobody else is on duty, it is theirs again."""
        reported.wait(minutes(61))
        duty = "triage-desk-1"
        if not another:
            with reported.service.database.transaction() as session:
                for person in reported.service.roster().people():
                    people.set_suspended(session, person.id, person.id.startswith(("county-duty", "triage-desk")) and person.id != duty)
        has_pin(reported, duty)
        phone = opened(reported, duty)
        assert ladder(reported).again_at is None
        phone.keys("1", "3", "1", "1")
        assert signed_in(reported, duty).screen == "END You have no open alerts."
        before = len(reported.gateway.sent)
        reported.wait(minutes(45))
        again = {to for to, words in reported.gateway.sent[before:] if re.search(r"OK \d{4} now", words)}
        assert again == {reported.number_of("county-duty-desk-1" if another else duty)}
        assert signed_in(reported, duty).screen.startswith("END You have no" if another else "CON With you: 1")

    def test_nobody_left_to_hand_it_to_is_said(self, reported: World) -> None:
        phone = opened(reported)
        with reported.service.database.transaction() as session:
            from referral.directory.people import bump
            from referral.directory.records import PersonRow

            session.execute(update(PersonRow).where(PersonRow.id != CHILDREN).values(unreachable=True))
            bump(session)
        assert "no other office here may have it now" in phone.keys("1", "3")


class TestServices:
    def events(self, world: World) -> list[tuple[str, date]]:
        with world.rows() as session:
            return [(event.service, event.given_on) for event in session.scalars(select(ServiceEventRecord).order_by(ServiceEventRecord.service))]

    def test_a_service_is_written_with_its_day_and_the_part_is_done(self, reported: World) -> None:
        phone = opened(reported)
        assert "1 Medical care" in phone.keys("1", "4")
        assert phone.key("1").endswith("1 Today\n2 Yesterday\n0 Back")
        assert phone.key("2").endswith("1 Yes, it stays with me\n2 No, my part is done\n0 Back")
        assert "the service is written down" in phone.key("2")
        assert phone.key("1") == "END You have no open alerts."
        assert self.events(reported) == [("medical", date(2026, 3, 3))]
        assert state_of(alert_of(reported, CHILDREN)) is State.DONE
        assert ladder(reported).action_due_at is None
        assert (audited(reported, Action.SERVICE_GIVEN), audited(reported, Action.DONE)) == ([CHILDREN], [CHILDREN])

    def test_more_may_follow_and_the_same_twice_is_one(self, reported: World) -> None:
        phone = opened(reported)
        phone.keys("1", "4", "2", "1", "1")
        assert "Ukunda: acting" in phone.key("1")
        assert "I am acting" not in phone.key("1")
        phone.keys("3", "2", "1", "1")
        phone.keys("1", "1", "3", "9", "4", "1", "2")
        assert self.events(reported) == [("counselling", date(2026, 3, 4)), ("dignity_pack", date(2026, 3, 4))]
        assert phone.key("1") == "END You have no open alerts."


class TestTheCallItself:
    def test_every_request_repeated_gives_the_same_bytes_and_changes_nothing(self, reported: World) -> None:
        phone = dial(reported)
        for key in (PIN, "1", "1", "9", "0", "1", "2", "1", "1", "3", "2", "1", "2"):
            assert phone.again() == phone.screen
            phone.key(key)
        last = phone.screen
        assert phone.again() == last
        assert (len(audited(reported, Action.READ)), len(audited(reported, Action.SERVICE_GIVEN))) == (1, 1)

    def test_it_goes_on_over_midnight(self, reported: World) -> None:
        reported.clock.turn(timedelta(hours=16, minutes=59, seconds=30))
        phone = signed_in(reported)
        reported.clock.turn(timedelta(minutes=1))
        assert "2 I am acting" in phone.keys("1", "1", "1")

    def test_another_history_shows_the_same_screen_and_does_nothing(self, reported: World) -> None:
        phone = signed_in(reported)
        here = phone.screen
        phone._text = "77*999999*1*1"
        assert phone.again() == here
        assert audited(reported, Action.READ) == []

    def test_after_a_quarter_of_an_hour_the_pin_is_asked_again_and_nothing_is_left(self, reported: World) -> None:
        from referral.officers.records import OfficerSessionRecord

        phone = signed_in(reported)
        reported.clock.turn(minutes(15))
        assert phone.key("1") == "CON PIN:"
        reported.clock.turn(minutes(15))
        assert reported.service.officers_menu.forget(reported.clock()) == 1
        with reported.rows() as session:
            assert session.scalars(select(OfficerSessionRecord)).all() == []

    def test_wrong_keys_show_the_same_screen_with_a_word_in_front(self, reported: World) -> None:
        phone = signed_in(reported)
        here = phone.screen.removeprefix("CON ")
        for key in ("9", "0", "7", "8", "2", "", "x", "77", "٣"):
            assert phone.key(key) == f"CON Try again.\n{here}"

    def test_the_reporter_sees_what_became_of_it(self, world: World) -> None:
        has_pin(world)
        caller = world.phone()
        sent(caller, who=HOME)
        code = re.search(r"\d{4} \d{4} \d{4}", caller.screen)[0].replace(" ", "")  # type: ignore[index]
        world.work()

        def status() -> str:
            phone = world.phone("+254700000009")
            phone.dial()
            return phone.keys("6", "4", code)

        received = status()
        phone = opened(world)
        seen = status()
        phone.keys("1", "2")
        acting = status()
        phone.keys("1", "1", "3", "1", "1", "2")
        assert len({received, seen, acting, status()}) == 4
