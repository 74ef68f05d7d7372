"""The phones in a real browser, against the whole service: what a trainer sees, clicks and types."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from referral.simulator.handset import Handset
from tests.conftest import START, Kept, settings_for

from .browser import NoBrowser, browser
from .conftest import until
from .live import Live, live

WORRY = ("Toa taarifa", "Ndiyo, sasa hivi", "Ndoa ya mtoto", "Msambweni", "Ukunda", "Mwenye mamlaka", "Chifu au mzee", "Tuma")
"""A marriage now, in Ukunda, and the chief is accused: the children's office and the police are told, no chief is."""
CHILDREN, POLICE = "Msambweni Sub-County Children Office", "Police gender desk for Ukunda"
ON_VIOLATION = "addEventListener('securitypolicyviolation', (event) => console.error('refused by policy: ' + event.violatedDirective))"

UNNAMED = """() => [...document.querySelectorAll('button, input, select, textarea, summary, progress, [role=tab], [role=tabpanel], [role=group], article')]
  .filter((e) => e.checkVisibility())
  .filter((e) => !(e.labels?.length || e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || /\\w/.test(e.textContent)))
  .map((e) => e.outerHTML)"""
SMALL = """() => [...document.querySelectorAll('button, input, select, textarea, summary')]
  .filter((e) => e.checkVisibility())
  .map((e) => [e.outerHTML, e.getBoundingClientRect()])
  .filter(([, box]) => box.width < 44 || box.height < 44).map(([html, box]) => `${html} ${box.width} x ${box.height}`)"""
FAINT = """() => {
  const rgb = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => { const [r, g, b] = rgb(c).map((v) => v / 255).map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (rgb(c)[3] !== 0) return c; }
    return 'rgb(255,255,255)'; };
  const faint = [];
  for (const e of document.querySelectorAll('body *')) {
    if (!e.checkVisibility() || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || e.closest('button:disabled, .unseen')) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) faint.push(`${e.outerHTML} ${(a + .05) / (b + .05)}`);
  }
  return faint; }"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    try:
        with browser() as started:
            yield started
    except NoBrowser as reason:
        pytest.skip(str(reason))


@pytest.fixture
def service(sqlite_county: Kept) -> Iterator[Live]:
    with live(settings_for, sqlite_county.fresh(f"browser-{random.getrandbits(64):016x}"), START) as running:
        yield running


Open = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, service: Live) -> Iterator[Open]:
    """Opens the simulator; at the end, nothing may have been complained of in the console but what a test has allowed."""
    complaints: list[str] = []
    pages: list[Page] = []
    allowed: list[str] = []

    def one(width: int = 1280, *, allow: tuple[str, ...] = ()) -> Page:
        allowed.extend(allow)
        page = chromium.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        page.set_default_timeout(10_000)
        page.add_init_script(ON_VIOLATION)
        page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        pages.append(page)
        page.goto(service.url)
        expect(page.locator(".phone").first).to_be_visible()
        return page

    yield one
    for page in pages:
        page.close()
    assert [text for text in complaints if not any(word in text for word in allowed)] == []


def phone(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name, exact=True)


def screen(one: Locator) -> Locator:
    return one.locator(".screen")


def number_of(one: Locator, choice: str) -> str:
    """The key of a choice on the screen, once it is there."""
    expect(screen(one)).to_contain_text(choice)
    found = re.search(rf"^(\d) {re.escape(choice)}$", screen(one).inner_text(), re.MULTILINE)
    assert found, choice
    return found[1]


def click_through(one: Locator, *choices: str) -> None:
    for choice in choices:
        one.get_by_role("button", name=number_of(one, choice), exact=True).click()
        one.get_by_role("button", name="Send", exact=True).click()


def file_a_report(service: Live) -> None:
    """Somebody reports without the page, and two officers are told."""
    handset = file_a_report_unheard(service)
    until(lambda: sum(each.unread for each in handset.service().phones) == 2)


def office_digits(page: Page) -> str:
    """The last three digits of the police's sample number."""
    label = page.locator("#network option", has_text=POLICE).first.inner_text()
    return label.rsplit(" ", 1)[1]


def file_a_report_unheard(service: Live) -> Handset:
    """Somebody reports without the page."""
    handset = Handset(f"http://127.0.0.1:{service.service.settings.standin_port}")
    shown = handset.dial("+254700000009", "*384*96#", None)
    for choice in WORRY:
        found = re.search(rf"^(\d) {re.escape(choice)}$", shown.screen, re.MULTILINE)
        assert found, choice
        shown = handset.key(shown.session, found[1])
    return handset


def test_a_worry_is_reported_by_clicks_and_the_officers_phones_appear_and_answer(open_page: Open) -> None:
    page = open_page()
    caller = phone(page, "Caller 1")
    caller.get_by_role("button", name="Dial *384*96#").click()
    click_through(caller, *WORRY)
    expect(screen(caller)).to_contain_text("Imetumwa")
    expect(screen(caller)).to_contain_text(re.compile(r"\d{4} \d{4} \d{4}"))
    expect(caller.locator(".facts")).to_contain_text("of 160 septets on Safaricom")
    expect(page.locator(".phone.officer .who")).to_have_text([CHILDREN, POLICE], use_inner_text=True)
    police = phone(page, POLICE)
    expect(police.locator(".badge")).to_have_text("1")
    expect(police.locator(".thread .new")).to_contain_text("RED")
    police.get_by_role("button", name=re.compile(r"^OK \d{4}$")).click()
    expect(police.locator(".badge")).to_be_hidden()
    expect(police.get_by_label("Text to 22384")).to_have_value(re.compile(r"^OK \d{4}$"))
    police.get_by_role("button", name="Send text").click()
    expect(police.locator(".thread .sent .state")).to_have_text("sent")
    expect(police.locator(".thread .received").last).to_contain_text("noted")
    expect(police.get_by_role("button", name=re.compile(r"^ACT \d{4}$"))).to_have_count(1)
    page.get_by_text("What went over the wire").click()
    expect(page.locator(".entries")).to_contain_text("/sms/…/inbound")
    assert not re.search(r"token", page.locator(".entries").inner_text())


def test_everything_is_done_by_keyboard_alone(open_page: Open) -> None:
    page = open_page()
    caller = phone(page, "Caller 1")
    keys = page.keyboard
    expect(caller.get_by_label("Code to dial, Caller 1")).to_be_focused()
    keys.type("*384*96#")
    keys.press("Enter")
    for choice in WORRY:
        keys.type(number_of(caller, choice))
        keys.press("Enter")
    expect(screen(caller)).to_contain_text("Imetumwa")
    keys.press("Escape")
    expect(screen(caller)).to_have_text("You hung up.")
    office = phone(page, CHILDREN)
    expect(office).to_be_visible()
    expect(caller.get_by_label("Code to dial, Caller 1")).to_be_focused()  # a phone that appears takes nothing out of anybody's hand
    keys.press("Alt+.")
    expect(office.get_by_label("Text to 22384")).to_be_focused()
    alert = re.search(r"OK (\d{4})", office.locator(".thread").inner_text())
    assert alert
    keys.type(f"ok {alert[1]}")
    keys.press("Enter")
    expect(office.locator(".thread .received").last).to_contain_text("noted")
    keys.press("Alt+t")
    expect(office.locator(".line input")).to_be_focused()
    keys.press("Alt+n")
    expect(phone(page, "Caller 2").locator(".line input")).to_be_focused()
    keys.press("Enter")
    expect(screen(phone(page, "Caller 2"))).to_contain_text("Karibu")
    keys.press("Shift+Tab")  # out of the line: digits still reach the phone in hand
    keys.press("6")
    expect(phone(page, "Caller 2").locator(".line input")).to_have_value("6")
    keys.press("Enter")
    expect(screen(phone(page, "Caller 2"))).to_contain_text("Welcome")
    keys.press("Shift+Tab")
    keys.press("?")
    expect(page.get_by_role("dialog", name="How to use the phones")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(screen(phone(page, "Caller 2"))).to_contain_text("Welcome")


def test_a_practice_call_says_so_and_alerts_nobody(open_page: Open, service: Live) -> None:
    page = open_page()
    page.get_by_role("button", name="Add a caller").click()
    practising = phone(page, "Caller 2")
    practising.get_by_role("combobox", name="Network of Caller 2").select_option("Airtel")
    practising.get_by_role("button", name="Practise *384*97#").click()
    expect(practising.get_by_text("PRACTICE · nothing is filed")).to_be_visible()
    expect(practising.locator(".facts")).to_contain_text("of 184 septets on Airtel")
    click_through(practising, *WORRY)
    expect(practising.locator(".go").first).to_be_visible()
    page.wait_for_timeout(2500)
    expect(page.locator(".phone.officer")).to_have_count(0)


def test_offices_that_were_alerted_before_the_page_was_opened_are_offered(open_page: Open, service: Live) -> None:
    file_a_report(service)
    page = open_page()
    page.get_by_role("button", name=f"Show {POLICE} (1)").click()
    expect(phone(page, POLICE).locator(".thread .received")).to_have_count(1)
    expect(page.get_by_role("button", name=f"Show {CHILDREN} (1)")).to_be_visible()
    page.reload()
    expect(phone(page, POLICE).locator(".thread .received")).to_have_count(1)
    phone(page, POLICE).get_by_role("button", name=f"Put away {POLICE}").click()
    expect(phone(page, POLICE)).to_have_count(0)


def test_any_sample_number_and_any_office_can_be_put_on_the_page(open_page: Open) -> None:
    page = open_page()
    page.get_by_text("Other phone…").click()
    page.get_by_label("Last three digits").fill("042")
    page.get_by_label("Whose is it?").fill("Mama Asha")
    page.get_by_role("button", name="Add this phone").click()
    expect(phone(page, "Mama Asha").locator(".number")).to_have_text("+254 700 000 042")
    page.get_by_text("Other phone…").click()
    page.locator("#add-office select").select_option(index=0)
    page.get_by_role("button", name="Show this phone").click()
    expect(page.locator(".phone.officer")).to_have_count(1)
    mama = phone(page, "Mama Asha")
    mama.get_by_role("tab", name="Texts").click()
    mama.get_by_label("Text to 22384").fill("Habari")
    mama.get_by_label("Text to 22384").press("Enter")
    expect(mama.locator(".thread .sent")).to_contain_text("Habari")


def test_the_operators_clocks_run_and_end_the_call(chromium: Browser, service: Live) -> None:
    page = chromium.new_page()
    page.clock.install()
    page.goto(service.url)
    caller = phone(page, "Caller 1")
    caller.get_by_role("button", name="Dial *384*96#").click()
    expect(caller.get_by_text("answer within 30 s")).to_be_visible()
    page.clock.run_for(10_000)
    expect(caller.get_by_text("answer within 20 s")).to_be_visible()
    expect(caller.get_by_text("call ends in 170 s")).to_be_visible()
    page.clock.run_for(22_000)
    expect(screen(caller)).to_have_text("Call ended: no answer for 30 seconds.")
    page.close()


def test_what_a_network_would_cut_off_is_struck_through(open_page: Open) -> None:
    page = open_page()
    told = {"session": "s", "screen": "Karibu sana", "ends": True, "cut": " sana", "foreign": ["ĩ"], "problem": "", "used": 165, "room": 160}

    def answer(route: Route) -> None:
        route.fulfill(body=json.dumps(told), content_type="application/json")

    page.route("**/api/dial", answer)
    caller = phone(page, "Caller 1")
    caller.get_by_role("button", name="Dial *384*96#").click()
    expect(caller.locator(".screen del")).to_have_text(" sana", use_inner_text=False)
    expect(caller.locator(".facts")).to_have_text("165 of 160 septets on Safaricom; 5 characters would be cut off; some phones cannot show: ĩ.")
    expect(screen(caller)).to_contain_text("Call ended")


def test_without_the_stand_in_the_page_says_so_keeps_what_was_typed_and_goes_on(open_page: Open, service: Live) -> None:
    page = open_page(allow=("503",))
    caller = phone(page, "Caller 1")
    caller.get_by_role("button", name="Dial *384*96#").click()
    expect(screen(caller)).to_contain_text("Karibu")
    service.stop_gateway()
    caller.locator(".line input").fill("1")
    caller.locator(".line input").press("Enter")
    expect(caller.get_by_role("alert").first).to_contain_text("does not answer. What you typed is kept")
    expect(caller.locator(".line input")).to_have_value("1")
    expect(page.locator("#away")).to_be_visible()
    service.start_gateway()
    expect(page.locator("#away")).to_be_hidden()
    file_a_report(service)
    expect(phone(page, POLICE).locator(".thread .received")).to_have_count(1)


def test_a_trainer_makes_the_network_fail_and_well_again_by_keyboard_alone(open_page: Open, service: Live) -> None:
    page = open_page()
    keys = page.keyboard
    page.locator("#network summary").focus()
    keys.press("Enter")
    down = page.get_by_role("button", name="Down", exact=True)
    expect(down).to_have_attribute("aria-pressed", "false")
    for _ in range(3):
        keys.press("Tab")
    expect(down).to_be_focused()
    keys.press("Space")
    expect(down).to_have_attribute("aria-pressed", "true")
    note = page.get_by_role("region", name="The network is not well")
    expect(note).to_contain_text("no text from the service gets out")
    expect(page.locator("#network summary")).to_contain_text("(1 wrong)")
    file_a_report_unheard(service)
    page.get_by_text("What went over the wire").click()
    expect(page.locator(".entries")).to_contain_text("connection reset")
    expect(page.locator(".phone.officer")).to_have_count(0)
    page.get_by_label("One phone").select_option(label=f"{POLICE} · {office_digits(page)}")
    page.get_by_role("button", name="Say no to this phone").press("Enter")
    expect(note).to_contain_text(f"The network says no to {POLICE} · {office_digits(page)}.")
    page.reload()
    expect(note.get_by_role("listitem")).to_have_count(2)
    note.get_by_role("button", name="Stop: The network is down").press("Enter")
    expect(note.get_by_role("listitem")).to_have_count(1)
    note.get_by_role("button", name="All well again").press("Enter")
    expect(note).to_be_hidden()
    expect(page.locator("#network summary")).to_be_focused()
    expect(page.locator("#network summary")).to_contain_text("(all well)")


def test_the_page_fits_a_small_telephone_and_can_be_read_and_touched(open_page: Open, service: Live) -> None:
    page = open_page(320)
    caller = phone(page, "Caller 1")

    def check() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        assert page.evaluate(UNNAMED) == []
        assert page.evaluate(SMALL) == []
        assert page.evaluate(FAINT) == []

    check()
    caller.get_by_role("button", name="Dial *384*96#").click()
    expect(screen(caller)).to_contain_text("Karibu")
    file_a_report(service)
    police = phone(page, POLICE)
    expect(police.locator(".thread .received")).to_have_count(1)
    police.get_by_role("button", name=re.compile(r"^OK \d{4}$")).click()
    police.get_by_role("button", name="Send text").click()
    expect(police.locator(".thread .sent")).to_have_count(1)
    page.get_by_text("What went over the wire").click()
    page.locator(".entries summary").first.click()
    page.get_by_text("Other phone…").click()
    page.locator("#network summary").click()
    page.get_by_role("button", name="A bad day").click()
    page.get_by_role("button", name="Say no to this phone").click()
    expect(page.locator("#ill li")).to_have_count(2)
    check()
    page.locator("#ill .all-well").click()
    page.locator("#open-help").click()
    check()
    assert page.get_by_text("nothing here reaches anybody").is_visible()
