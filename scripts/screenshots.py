"""Pictures of the simulator for the documents. Run from the top of the checkout: `python -m scripts.screenshots`."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from referral.start import load_directory, prepare
from tests.conftest import settings_for
from tests.simulator.browser import browser
from tests.simulator.live import live

PICTURES = Path("docs/pictures")
MORNING = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
WIDE, NARROW, NETWORK = (1280, 900), (320, 640), (1280, 700)
OFFICE = "Police gender desk for Ukunda · 168"


def phone(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name, exact=True)


def keys(one: Locator, *typed: str) -> None:
    line = one.locator(".line input")
    for each in typed:
        before = one.locator(".screen").inner_text()
        line.fill(each)
        line.press("Enter")
        expect(one.locator(".screen")).not_to_have_text(before)
        expect(line).to_have_value("")


def take(page: Page, name: str) -> None:
    page.screenshot(path=PICTURES / f"{name}.png")


def wide(page: Page) -> None:
    """Two callers, one of them practising, and the officers whom the first one's report has reached."""
    first = phone(page, "Caller 1")
    first.locator(".dial").click()
    expect(first.locator(".screen")).to_contain_text("Karibu")
    keys(first, "1", "1", "4", "1", "2", "3", "1", "1")
    page.get_by_role("button", name="Add a caller").click()
    second = phone(page, "Caller 2")
    second.locator("select.network").select_option("Airtel")
    second.locator(".dial-practice").click()
    expect(second.locator(".ribbon")).to_be_visible()
    keys(second, "1")
    officers = page.locator(".phone.officer")
    expect(officers).to_have_count(2)
    officers.first.get_by_role("button", name="OK").click()
    officers.first.get_by_role("button", name="Send text").click()
    expect(officers.first.locator(".thread .received")).to_have_count(2)
    second.locator(".line input").focus()
    take(page, "simulator")
    page.locator("#wire summary").first.click()
    page.locator(".entries summary").nth(2).click()
    page.evaluate("scrollTo(0, 1e6)")
    take(page, "simulator-wire")
    page.evaluate("scrollTo(0, 0)")
    page.locator("#open-help").click()
    take(page, "simulator-help")


def narrow(page: Page) -> None:
    """A small telephone: a call, and an officer's texts."""
    page.locator(".dial").click()
    expect(page.locator(".screen")).to_contain_text("Karibu")
    keys(phone(page, "Caller 1"), "1")
    page.locator(".training").click()
    page.evaluate("scrollTo(0, 0)")
    take(page, "simulator-320")
    page.locator("#adder summary").click()
    page.locator("#add-office select").select_option(label=OFFICE)
    page.locator("#add-office button").click()
    expect(page.locator(".phone.officer .thread .received")).to_have_count(1)
    page.evaluate("document.querySelector('.phone.officer').scrollIntoView()")
    take(page, "simulator-320-officer")


def troubled(page: Page) -> None:
    """The network, made to misbehave by a trainer."""
    page.locator("#network summary").click()
    for name in ("Slow", "Receipts come twice"):
        page.get_by_role("button", name=name).click()
    police = page.locator("#network option", has_text="Police gender desk for Ukunda").first.get_attribute("value")
    page.locator(".scene-phone select").select_option(police)
    page.get_by_role("button", name="Say no to this phone").click()
    expect(page.locator("#ill li")).to_have_count(3)
    page.locator(".phone .put-away").click()
    page.evaluate("scrollTo(0, 0)")
    take(page, "simulator-network")
    page.locator("#ill .all-well").click()
    expect(page.locator("#ill")).to_be_hidden()


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/county.db"
        ready = prepare(settings_for(url))
        load_directory(ready)
        ready.database.close()
        with live(settings_for, url, MORNING) as service, browser() as chromium:
            for size, pictures in ((WIDE, wide), (NARROW, narrow), (NETWORK, troubled)):
                page = chromium.new_page(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
                page.goto(service.url)
                expect(page.locator(".phone")).to_have_count(1)
                pictures(page)
                page.close()


if __name__ == "__main__":
    main()
