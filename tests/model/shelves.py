"""What really stands on the shelves, at every moment: the truth that books only follow (`architecture.md` §6).

A story of a count is a list of deeds. Goods are moved and documents of it arrive when they arrive; goods get lost, or
are put elsewhere, and nobody writes it down; somebody counts what is there. Moments are milliseconds from the start of
the story, goods are (item, lot, serial), places (warehouse, location).
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from tests.model.naive_codes import Form

Goods = tuple[str, str | None, str | None]
Place = tuple[str, str | None]
Row = tuple[str, str | None, Place]
"""Item, lot and place: a stock row."""


class Shelves:
    """The goods as the deeds that really happened leave them."""

    def __init__(self, deeds: list[Form]) -> None:
        self.changes: dict[Goods, list[tuple[int, Place, Fraction]]] = {}
        for deed in deeds:
            if deed["do"] in ("move", "drift") and deed.get("real", True):
                for goods, place, amount in sides(deed):
                    self.changes.setdefault(goods, []).append((deed["at"], place, amount))

    def there(self, goods: Goods, place: Place, at: int) -> Fraction:
        """How much stands there at a moment; what moves at that very moment has moved."""
        changes = self.changes.get(goods, ())
        return sum((amount for when, where, amount in changes if where == place and when <= at), Fraction(0))

    def row(self, row: Row, at: int) -> Fraction:
        """What stands in a row, all serials of it together."""
        of = [goods for goods in self.changes if goods[:2] == row[:2]]
        return sum((self.there(goods, row[2], at) for goods in of), Fraction(0))

    def serials(self, row: Row) -> list[str]:
        """All serials that were ever in a row, in the order of their codes."""
        return sorted(
            {
                goods[2]
                for goods, changes in self.changes.items()
                if goods[:2] == row[:2] and goods[2] is not None and any(place == row[2] for _, place, _ in changes)
            }
        )

    def are_possible(self) -> bool:
        """False where something left that was not there, or one piece stood in two places."""
        for goods, changes in self.changes.items():
            for at, _, _ in changes:
                standing = [self.there(goods, place, at) for place in {place for _, place, _ in changes}]
                if min(standing) < 0 or (goods[2] is not None and sum(standing) > 1):
                    return False
        return True


def sides(deed: Form) -> Iterator[tuple[Goods, Place, Fraction]]:
    """What a deed takes away and brings: goods, place, signed amount."""
    serials: list[Any] = deed.get("serials") or [None]
    amount = Fraction(1) if deed.get("serials") else Fraction(deed["quantity"])
    for serial in serials:
        goods = (deed["item"], deed.get("lot"), serial)
        for name, sign in (("from", -1), ("to", 1)):
            if deed.get(name):
                yield goods, place_of(deed[name]), sign * amount


def place_of(pair: Any) -> Place:
    warehouse, location = pair
    return warehouse, location
