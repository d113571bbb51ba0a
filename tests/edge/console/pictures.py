"""Pictures of the console's pages, from the demo: `python -m tests.edge.console.pictures [DIRECTORY] [--all]`.

Without `--all` the few that the README and docs/console.md show; with it every page at 360, 1280 and 2560 px, light and
dark, for people who want to look at them.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from processors.edge.store.engine import Store
from tests.edge.console.living import INVENTORY, LONG, LivingCompany, app_of, living_company, served

CHROMIUM = "/usr/bin/chromium"
PICTURES = Path("docs/pictures")
LOT = "/lot?key=ING%7CFLOUR%7C%7CMIL00001"
PAGES = {
    "overview": "/",
    "alerts": "/alerts",
    "lots": "/lots",
    "lot": LOT,
    "lot-long": f"/lot?key=ING%7CYEAST%7C%7C{LONG}",
    "serials": "/serials",
    "serial": "/serial?key=MCH%7CPUMP%7C50%7C%7CPUMP50000001",
    "stock": "/stock",
    "counters": "/counters",
    "trace-search": "/trace?text=MIL",
    "trace": "/trace?key=ING%7CFLOUR%7C%7CMIL00001",
    "trace-long": f"/trace?key=ING%7CYEAST%7C%7C{LONG}",
    "inventories": "/inventories",
    "inventory": f"/inventory?inventory={INVENTORY}",
    "list": "/list?inventory=DEMO&list=CAKES",
    "list-review": f"/list?inventory={INVENTORY}&list=COLD",
    "count-choice": "/count",
    "count": f"/count/list?inventory={INVENTORY}&list=DRY",
    "differences": f"/differences?inventory={INVENTORY}",
    "line": f"/line?inventory={INVENTORY}&list=COLD&line=2",
    "dead-letters": "/dead-letters",
    "dead-letter": "/dead-letter?topic=movements&partition=0&offset=0",
    "error": "/lot?key=x",
    "sign-in": "/sign-in",
}
SHOWN = {
    "overview": (1280, 900, "light"),
    "lot": (1280, 900, "light"),
    "trace": (1280, 700, "dark"),
    "differences": (1280, 900, "light"),
    "count": (360, 780, "light"),
}
"""Page → width, height and theme of the picture in the documentation."""


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def main() -> None:
    whole = "--all" in sys.argv
    directory = Path(next((each for each in sys.argv[1:] if not each.startswith("-")), PICTURES))
    directory.mkdir(parents=True, exist_ok=True)
    wanted = [name for name in sys.argv[1:] if name in PAGES]
    with tempfile.TemporaryDirectory() as place, Store(f"sqlite:///{place}/edge.db") as store:
        store.migrate()
        company = living_company(store)
        with served(app_of(store, company)) as address, browser() as chromium:
            if not whole:
                for name, (width, height, theme) in SHOWN.items():
                    _take(company, chromium, address + PAGES[name], directory / f"{name}.png", width, height, theme)
                return
            for width in (360, 1280, 2560):
                for theme in ("light", "dark"):
                    for name in wanted or PAGES:
                        path = directory / f"{name}-{width}-{theme}.png"
                        _take(company, chromium, address + PAGES[name], path, width, 900, theme, full=True)


def _take(
    company: LivingCompany,
    chromium: Browser,
    address: str,
    path: Path,
    width: int,
    height: int,
    theme: str,
    full: bool = False,
) -> None:
    colours = "dark" if theme == "dark" else "light"
    page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=colours)  # type: ignore[arg-type]
    page.on("console", lambda message: print(path.name, message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: print(path.name, error))
    company.look()
    page.goto(address)
    page.wait_for_load_state("load")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        print(f"{path.name}: {wide} px wider than the screen")
    if path.name == "count.png":
        _count(page)
    page.screenshot(path=path, full_page=full)
    page.close()


def _count(page: Page) -> None:
    """A line counted, as the picture of the count page shows it."""
    for barcode in ("Loc-RAW-R-03", "Lot-ING-YEAST-Y002"):
        page.keyboard.type(barcode)
        page.keyboard.press("Enter")
        page.locator("#answer.noted").wait_for()
    page.locator("[data-part=lot] dd").filter(has_text="Y002").wait_for()
    page.locator("#quantity").fill("26")
    page.locator("#confirm").click()
    page.locator("#answer.accepted").wait_for()


if __name__ == "__main__":
    main()
