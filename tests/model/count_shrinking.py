"""The shortest story of a count that still goes wrong in the same way."""

from collections.abc import Callable

from tests.model.count_deeds import ZEROS
from tests.model.naive_codes import Form
from tests.model.shelves import Shelves

Tell = Callable[[list[Form]], str | None]
"""What is wrong with a story, told to a reader; None where all is right. Its first word is its kind."""


def shrunk(deeds: list[Form], tell: Tell) -> list[Form]:
    """The story with as many deeds as possible left out, while its shelves stay possible."""
    found = tell(deeds)
    assert found is not None
    kind = found.split()[0]

    def is_wrong(shorter: list[Form]) -> bool:
        if not (is_whole(shorter) and Shelves(shorter).are_possible()):
            return False
        again = tell(shorter)
        return again is not None and again.split()[0] == kind

    for name in ("inventory", "list"):
        for what in {deed[name] for deed in deeds if name in deed}:
            gone = {what} | {deed["list"] for deed in deeds if deed.get("inventory") == what and deed["do"] == "list"}
            shorter = [deed for deed in deeds if not gone & {deed.get("inventory"), deed.get("list")}]
            deeds = shorter if is_wrong(shorter) else deeds
    size = len(deeds) // 2
    while size:
        start = len(deeds) - size
        while start > -size:
            shorter = deeds[: max(start, 0)] + deeds[max(start + size, 0) :]
            if is_wrong(shorter):
                deeds = shorter
            start -= size
        size //= 2
    return _plainer(deeds, is_wrong)


def _plainer(deeds: list[Form], is_wrong: Callable[[list[Form]], bool]) -> list[Form]:
    """Deeds without what makes no difference: second arrivals, delays, clocks that are off."""
    for number, deed in enumerate(deeds):
        for change in ({"arrives": deed.get("arrives", [])[:1]}, {"arrives": [deed["at"]]}, {"skew": 0}, {"sent": 0},
                       {"twice": False}, {"mode": "at once"}, {"stamp": "occurred"}):  # fmt: skip
            if change.keys() <= deed.keys() and any(deed[name] != value for name, value in change.items()):
                plainer = [*deeds[:number], {**deed, **change}, *deeds[number + 1 :]]
                if is_wrong(plainer):
                    deeds, deed = plainer, plainer[number]
    return deeds


def is_whole(deeds: list[Form]) -> bool:
    """Whether every deed finds what it names: its list, its inventory, a company; what is taken for
    gone was looked for."""
    lists = {deed["list"]: deed["inventory"] for deed in deeds if deed["do"] == "list"}
    inventories = {deed["inventory"] for deed in deeds if deed["do"] == "inventory"}
    walked = {deed["list"] for deed in deeds if deed["do"] == "walk"}
    named = {deed["list"] for deed in deeds if "list" in deed}
    return (
        any(deed["do"] == "company" for deed in deeds)
        and set(lists.values()) <= inventories
        and named <= lists.keys()
        and all(deed["list"] in walked for deed in deeds if deed["do"] == "list" and deed["type"] in ZEROS)
        and lists.keys() <= {deed["list"] for deed in deeds if deed["do"] in ("close", "cancel")}
    )


def told(seed: int, deeds: list[Form], tell: Tell) -> str:
    """The seed, the short story, and what is wrong at its end."""
    lines = "\n".join(repr({name: value for name, value in deed.items() if value is not None}) for deed in deeds)
    return f"seed {seed}, shrunk to {len(deeds)} deeds:\n{lines}\n{tell(deeds)}"
