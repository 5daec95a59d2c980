"""The chat page in a real browser: what a person does there, and that nothing of it leaves the machine."""

import json
import os
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from shoptalk.settings import Settings
from shoptalk.shop import Shop
from shoptalk.ui.page import make_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.environ.get("SHOPTALK_NO_BROWSER") == "1", reason="SHOPTALK_NO_BROWSER=1"),
]

_HOSTILE = '<img src=x onerror="window.owned=1">${window.owned=1}'
_PATIENCE = 30_000


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[tuple[str, Shop]]:
    """A small shop, and its page on a free port."""
    root = tmp_path_factory.mktemp("browser")
    kinds = ("Thriller", "Romance", "Comedy")
    places = ("Lisbon", "Oslo", "Cairo", "Quito", "Hanoi", "Turin")
    records = [
        {
            "id": f"b{n}",
            "title": f"{place} {kind}",
            "genre": kind.lower(),
            "year": 1950 + 3 * n,
            "price": 4.5 + n,
            "description": f"A {kind.lower()} that is set in {place}.",
            "image": f"https://pictures.example/{n}.jpg",
            "url": f"https://shop.example/{n}",
        }
        for n, (place, kind) in enumerate((place, kind) for place in places for kind in kinds)
    ]
    hostile = {"id": "evil", "title": _HOSTILE, "genre": "western", "description": f"A western. {_HOSTILE}"}
    records.append(records[0] | hostile)
    source = root / "books.jsonl"
    source.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    settings = Settings(home=root, cache=root / "cache", encoder="hashing", chroma_url=None)
    with Shop.build(source, root / "books", settings=settings) as shop:
        page = make_page(shop)
        _, url, _ = page.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
        yield url, shop
        page.close(verbose=False)


@pytest.fixture(scope="module")
def address(served) -> str:
    """Where the page is."""
    return served[0]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        missing = "no chromium found, so the page is not tried in a browser; Debian: apt-get install chromium"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    arguments = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield started
        started.close()


@pytest.fixture
def page(browser, address) -> Iterator[Page]:
    """The page, just opened; every address that it asks for has to be on this machine."""
    yield from _visit(browser, address)


@pytest.fixture
def other_page(browser, address) -> Iterator[Page]:
    """The same page in another person's browser."""
    yield from _visit(browser, address)


def _visit(browser: Browser, address: str, **context) -> Iterator[Page]:
    visit = browser.new_context(**context)
    asked: list[str] = []
    visit.on("request", lambda request: asked.append(request.url))
    page = visit.new_page()
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.set_default_timeout(_PATIENCE)
    expect.set_options(timeout=_PATIENCE)
    page.goto(address)
    expect(page.locator(".st-opening")).to_be_visible()
    yield page
    hosts = {urlsplit(url).hostname for url in asked if urlsplit(url).scheme not in ("data", "blob")}
    visit.close()
    assert hosts == {"127.0.0.1"}


def _say(page: Page, message: str) -> None:
    page.get_by_label("Your message").fill(message)
    page.get_by_label("Your message").press("Enter")
    expect(page.locator("#st-now .st-said")).to_contain_text(message)
    _answered(page)


def _answered(page: Page) -> None:
    """Wait until the answer is whole."""
    expect(page.locator("#st-now .st-answer[aria-busy=false]")).to_be_visible()


def _titles(page: Page) -> list[str]:
    return page.locator("#st-picks .st-card h3").all_inner_texts()


def test_the_opening_names_the_shop_and_offers_examples(page):
    expect(page.get_by_role("heading", level=1)).to_have_text("Books")
    expect(page.locator(".st-masthead")).to_contain_text("19 items")
    examples = page.locator(".st-examples button")
    message = examples.first.inner_text()
    examples.first.click()
    expect(page.locator("#st-now .st-said")).to_contain_text(message)
    expect(page.locator("#st-picks .st-card").first).to_be_visible()


def test_a_message_is_answered_with_cards(page):
    _say(page, "a thriller")
    expect(page.locator("#st-now .st-answer")).to_contain_text("thriller")
    cards = page.locator("#st-picks .st-card")
    expect(cards.first.get_by_role("list", name="Why this one")).to_be_visible()
    assert cards.count() >= 3
    assert all("Thriller" in title for title in _titles(page))
    expect(page.get_by_label("Your message")).to_have_value("")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert page.locator("#st-picks img").count() == 0


def test_opening_an_items_page_is_a_click_and_the_time_until_coming_back_a_look(page, served):
    _say(page, "a romance")
    page.evaluate("document.addEventListener('click', (event) => event.preventDefault())")  # nothing leaves the machine
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => window.away, configurable: true })")
    page.locator("#st-picks .st-card h3 a").first.click()
    away = "(away) => { window.away = away; document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(away, arg=True)
    page.wait_for_timeout(300)
    page.evaluate(away, arg=False)
    page.evaluate(away, arg=True)  # another time away, with no item opened before it
    page.evaluate(away, arg=False)
    page.wait_for_timeout(1000)
    *_, talk = (one for one in served[1].log.recorded() if one.feedback)
    clicked, looked = talk.feedback
    assert (clicked.kind, looked.kind, clicked.item) == ("clicked", "dwelled", looked.item)
    assert 0.2 <= looked.seconds < 10


def test_like_stays_pressed_or_becomes_a_chip(page):
    _say(page, "a thriller")
    title = _titles(page)[0]
    page.get_by_role("button", name=f"Like: {title}").click()
    expect(page.get_by_role("button", name=f"Take back: likes {title}")).to_be_visible()
    _answered(page)
    for pressed in page.get_by_role("button", name=f"Like: {title}").all():
        expect(pressed).to_have_attribute("aria-pressed", "true")


def test_not_this_and_seen_it_change_the_answer_in_place(page):
    _say(page, "a thriller")
    first, second = _titles(page)[:2]
    page.get_by_role("button", name=f"Not this: {first}").click()
    expect(page.locator("#st-picks .st-card h3").get_by_text(first, exact=True)).to_have_count(0)
    _answered(page)
    page.get_by_role("button", name=f"Seen it: {second}").click()
    expect(page.locator("#st-picks .st-card h3").get_by_text(second, exact=True)).to_have_count(0)
    expect(page.locator(".st-notes")).to_contain_text(f"Seen: {second}")
    expect(page.locator(".st-said")).to_have_count(1)


def test_more_like_this_and_suggestions_go_on_with_the_talk(page):
    _say(page, "a romance")
    title = _titles(page)[0]
    page.get_by_role("button", name=f"More like this: {title}").click()
    expect(page.locator("#st-now .st-said")).to_contain_text(f'more like "{title}"')
    expect(page.locator("#st-past .st-said")).to_contain_text("a romance")
    _answered(page)
    suggestion = page.locator(".st-next button").first
    message = suggestion.inner_text()
    suggestion.click()
    expect(page.locator("#st-now .st-said")).to_contain_text(message)


def test_an_offer_is_taken_and_the_change_undone(page):
    _say(page, "a thriller under $3")
    assert _titles(page) == []
    offers = page.get_by_role("list", name="You could answer").get_by_role("button")
    assert int(offers.first.locator(".st-count").inner_text()) >= 1
    offers.first.click()
    expect(page.locator("#st-now .st-said")).to_contain_text("up to")
    expect(page.locator("#st-picks .st-card").first).to_be_visible()
    _answered(page)
    expect(page.locator(".st-changes")).to_contain_text("under 3")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#st-now .st-said")).to_contain_text("undo")
    _answered(page)
    expect(page.locator(".st-chip").filter(has_text="under 3")).to_be_visible()
    expect(offers.first).to_be_visible()


def test_a_chip_is_taken_back(page):
    _say(page, "a thriller under $9")
    chips = page.locator(".st-chip")
    before = chips.count()
    chips.filter(has_text="9").get_by_role("button").click()
    expect(chips).to_have_count(before - 1)
    _answered(page)
    assert len(_titles(page)) > 2


def test_a_reload_continues_the_talk_and_start_over_ends_it(page):
    _say(page, "a comedy")
    titles = _titles(page)
    page.reload()
    expect(page.locator("#st-now .st-said")).to_contain_text("a comedy")
    assert _titles(page) == titles
    _say(page, "cheaper ones")
    expect(page.locator("#st-past .st-said")).to_contain_text("a comedy")
    page.get_by_role("button", name="Start over").click()
    expect(page.locator(".st-opening")).to_be_visible()
    expect(page.locator(".st-said")).to_have_count(0)


def test_two_people_do_not_see_each_other(page, other_page):
    _say(page, "a comedy")
    _say(other_page, "a romance")
    other_page.reload()
    expect(other_page.locator(".st-said")).to_have_count(1)
    expect(other_page.locator(".st-said")).to_contain_text("a romance")
    page.reload()
    expect(page.locator(".st-said")).to_have_count(1)
    expect(page.locator(".st-said")).to_contain_text("a comedy")


def test_a_forged_talk_key_opens_a_fresh_talk(page, other_page):
    _say(page, "a comedy")
    key = page.evaluate("JSON.stringify(Object.entries(localStorage))")
    other_page.evaluate(
        "entries => JSON.parse(entries).forEach(([k, v]) => localStorage.setItem(k, v.slice(0, -6) + 'AAAAAA'))", key
    )
    other_page.reload()
    expect(other_page.locator(".st-opening")).to_be_visible()


def test_hostile_text_stays_text(page):
    _say(page, "a western")
    expect(page.locator("#st-picks .st-card h3")).to_have_text([_HOSTILE])
    _say(page, _HOSTILE)
    expect(page.locator("#st-now .st-said")).to_contain_text(_HOSTILE)
    assert page.locator("img[onerror]").count() == 0
    assert page.evaluate("window.owned") is None


def test_the_keyboard_is_enough(page):
    expect(page.get_by_label("Your message")).to_be_focused()
    page.keyboard.type("a thriller")
    page.keyboard.press("Enter")
    expect(page.locator("#st-picks .st-card").first).to_be_visible()
    _answered(page)
    more = page.locator("#st-picks [data-act=more]").first
    more.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#st-past .st-said")).to_contain_text("a thriller")


def test_it_fits_a_phone_in_the_dark(browser, address):
    for page in _visit(browser, address, viewport={"width": 390, "height": 844}, color_scheme="dark"):
        _say(page, "a thriller")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        red, green, blue = page.evaluate(
            "getComputedStyle(document.querySelector('.st-card')).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
        )
        assert max(red, green, blue) < 60
