"""What one item must look like: a naive model that the load generator keeps while it invents movements."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush

from tests.faults.company import ItemName, Scope

PIECE = 1_000_000


@dataclass(frozen=True, slots=True)
class Undoable:
    """A load that can still be undone. `serials`: (lot, serial), None where their codes are not known here."""

    quantity: int
    lots: tuple[str, ...]
    serials: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Truth:
    """One item as it stands behind the movements invented so far. Quantities in millionths.

    `lots`: lot → its stock, all lots ever; `serials`: (lot, serial) → in stock. `knows_lots`, `knows_serials`: whether
    the generated codes follow from this item alone; where they do not, generated codes are not in the model.
    """

    name: ItemName
    lot_scope: Scope
    stock: int = 0
    lots: dict[str, int] = field(default_factory=dict)
    serials: dict[tuple[str, str], bool] = field(default_factory=dict)
    next_lot: int = 0
    next_serial: int = 0
    free_lots: list[int] = field(default_factory=list)
    free_serials: list[int] = field(default_factory=list)
    """Ordinals that a reversal freed, where gaps are filled; the smallest is given out first."""
    ordinals: dict[str, int] = field(default_factory=dict)
    """Generated code → its ordinal."""
    undoable: dict[str, Undoable] = field(default_factory=dict)
    """Movement → what it brought, of those whose goods have not moved since."""

    @property
    def knows_lots(self) -> bool:
        return not self.name.lots or (self.lot_scope == "item" and self.name.kind != "clash")

    @property
    def knows_serials(self) -> bool:
        return self.name.kind in ("serial", "both", "gap-serial") and self.knows_lots

    def generate_lot(self) -> str:
        """The code that the next generated lot gets: those typed by hand are passed over."""
        while True:
            if self.free_lots:
                ordinal = heappop(self.free_lots)
            else:
                ordinal, self.next_lot = self.next_lot, self.next_lot + 1
            code = self.name.lot_code(ordinal)
            if code not in self.lots:
                self.ordinals[code] = ordinal
                return code

    def generate_serials(self, lot: str, count: int, beside: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The codes of the next generated serials: equal to no serial of the item or of the movement."""
        used = {serial for _, serial in self.serials} | set(beside)
        codes: list[str] = []
        while len(codes) < count:
            if self.free_serials:
                ordinal = heappop(self.free_serials)
            else:
                ordinal, self.next_serial = self.next_serial, self.next_serial + 1
            code = self.name.serial_code(ordinal)
            if code not in used:
                codes.append(code)
                self.ordinals[code] = ordinal
        self.serials.update(((lot, code), True) for code in codes)
        return tuple(codes)

    def fifo(self, quantity: int) -> dict[str, int]:
        """Lot → what an unload without lots takes from it: all lots start on one day, so by code."""
        taken: dict[str, int] = {}
        for lot in sorted(lot for lot, stock in self.lots.items() if stock > 0):
            part = min(self.lots[lot], quantity)
            taken[lot] = part
            quantity -= part
            if not quantity:
                break
        assert not quantity, "the generator unloads what is there"
        return taken

    def moved(self, lots: Iterable[str], serials: Iterable[tuple[str, str]] = (), loose: bool = False) -> None:
        """These have moved (`loose`: goods without lot or serial): what brought them can no longer be undone."""
        lots, serials = set(lots), set(serials)
        for movement, undoable in list(self.undoable.items()):
            named = undoable.lots or undoable.serials
            if (loose and not named) or lots & set(undoable.lots) or serials & set(undoable.serials):
                del self.undoable[movement]

    def undo(self, movement: str) -> None:
        """A load is undone: its goods are gone, and codes that were generated for it are free again."""
        undone = self.undoable.pop(movement)
        self.stock -= undone.quantity
        for lot in undone.lots:
            del self.lots[lot]
            self._free(lot, self.free_lots)
        for place in undone.serials:
            del self.serials[place]
            self._free(place[1], self.free_serials)

    def _free(self, code: str, free: list[int]) -> None:
        ordinal = self.ordinals.pop(code, None)
        if ordinal is not None and self.name.fills_gaps:
            heappush(free, ordinal)

    def in_stock(self) -> list[tuple[str, str]]:
        """(lot, serial) of what can be unloaded by name."""
        return [place for place, here in self.serials.items() if here]
