"""Everybody can use every page: axe-core finds nothing, what is touched is large enough, the keyboard alone will do."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.edge.console.pictures import PAGES

AXE = Path(__file__).parent / "axe" / "axe-core-4.14.1.zip"
"""The script and its licences, as its npm package has them."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
TOUCHED = "button, .button, input:not([type=hidden], [type=checkbox]), select, summary, .bar a, .foot a, .exports a"
TOUCHED_PX_MIN = 44

Screen = tuple[int, Literal["light", "dark"]]
SCREENS: tuple[Screen, ...] = ((1280, "light"), (360, "dark"))


@pytest.fixture(scope="module")
def tab(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(has_touch=True, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def axe() -> str:
    with zipfile.ZipFile(AXE) as kept:
        return kept.read("axe.min.js").decode()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_breaks_no_rule_of_wcag(tab: Page, console: str, axe: str, name: str) -> None:
    tab.goto(console + PAGES[name], wait_until="load")
    tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    tab.evaluate(axe)
    found: dict[Screen, Any] = {}
    for width, theme in SCREENS:
        tab.set_viewport_size({"width": width, "height": 800})
        tab.emulate_media(color_scheme=theme)
        if broken := _broken(tab):
            found[width, theme] = broken
    assert found == {}


def _broken(tab: Page) -> list[Any]:
    """The rules that are broken, each with where."""
    answer = tab.evaluate("(only) => axe.run({runOnly: only, resultTypes: ['violations']})", RULES)
    return [
        (each["id"], [node["html"][:90] + node["failureSummary"][-200:] for node in each["nodes"]][:3])
        for each in answer["violations"]
    ]


def test_what_is_touched_on_a_handheld_is_large_enough(page: Page, console: str) -> None:
    small = {}
    for name, address in PAGES.items():
        page.goto(console + address, wait_until="domcontentloaded")
        found = page.evaluate(
            """([touched, least]) => [...document.querySelectorAll(touched)].filter((each) => each.checkVisibility()
            && each.getBoundingClientRect().height < least - .5).map((each) => each.outerHTML.slice(0, 80))""",
            [TOUCHED, TOUCHED_PX_MIN],
        )
        if found:
            small[name] = found
    assert small == {}


def test_the_focus_can_always_be_seen(page: Page, console: str) -> None:
    page.goto(console + PAGES["list-review"])
    for _ in range(12):
        page.keyboard.press("Tab")
        shown = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert shown == "solid", page.evaluate("document.activeElement.outerHTML.slice(0, 100)")


def test_a_line_is_found_and_opened_with_the_keyboard_alone(page: Page, console: str) -> None:
    page.goto(console + "/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Menu")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Overview")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Menu")).to_be_focused()
    page.keyboard.press("Enter")
    _tab_to(page, "Differences")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Differences")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # to the content
    expect(page.locator("#content")).to_be_focused()
    _tab_to(page, "COLD / ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Line")


def _tab_to(page: Page, text: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if text in page.evaluate("document.activeElement.textContent"):
            return
    raise AssertionError(f"{text!r} cannot be reached with the Tab key")
