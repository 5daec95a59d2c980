"""Take the pictures of the chat page that the README shows: docs/page.png and docs/page-phone.png.

Run `python docs/make_screenshots.py` after a change to the page. It needs Chromium and the development extra; the films
shop is built on first use.
"""

import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from shoptalk.shop import Shop
from shoptalk.ui.page import make_page

HERE = Path(__file__).parent
WIDE, PHONE = {"width": 1280, "height": 1150}, {"width": 390, "height": 844}


def main() -> None:
    """Serve the films, hold a short talk on a wide screen and on a phone, and keep what is seen."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("No chromium found: install it (Debian: apt-get install chromium).")
    with Shop.open("films") as shop:
        page = make_page(shop)
        _, address, _ = page.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            wide(browser, address, HERE / "page.png")
            phone(browser, address, HERE / "page-phone.png")
            browser.close()
        page.close(verbose=False)


def wide(browser: Browser, address: str, target: Path) -> None:
    """Changes of mind, and a question: the choices that answer it, what was changed, and the button that undoes it."""
    page = opened(browser, address, WIDE)
    for message in ("comedies from the 80s, no romance please", "actually thrillers instead", "the 90s are fine too"):
        say(page, message)
    page.screenshot(path=target)


def phone(browser: Browser, address: str, target: Path) -> None:
    """The same page in a hand."""
    page = opened(browser, address, PHONE)
    say(page, "a drama between 90 and 110 minutes")
    page.screenshot(path=target)


def opened(browser: Browser, address: str, viewport: dict[str, int]) -> Page:
    """The page as someone finds it who was never there."""
    page = browser.new_context(viewport=viewport, device_scale_factor=1.5, reduced_motion="reduce").new_page()
    page.goto(address)
    expect(page.locator(".st-opening")).to_be_visible(timeout=60_000)
    return page


def say(page: Page, message: str) -> None:
    """Say something and wait until it is answered."""
    page.get_by_label("Your message").fill(message)
    page.get_by_label("Your message").press("Enter")
    expect(page.locator("#st-now .st-said")).to_contain_text(message, timeout=60_000)
    expect(page.locator("#st-picks .st-card").first).to_be_visible(timeout=60_000)
    answered(page)


def answered(page: Page) -> None:
    """Wait until the answer is whole and the page stands still."""
    expect(page.locator("#st-now .st-answer[aria-busy=false]")).to_be_visible(timeout=60_000)
    expect(page.locator(".st-next").last).to_be_visible()
    page.get_by_label("Your message").blur()
    page.wait_for_timeout(500)


if __name__ == "__main__":
    main()
