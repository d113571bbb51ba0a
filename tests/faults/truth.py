"""What one item must look like: a naive model that the load generator keeps while it invents movements."""

from dataclasses import dataclass, field

from tests.faults.company import ItemName, Scope

PIECE = 1_000_000


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

    @property
    def knows_lots(self) -> bool:
        return not self.name.lots or (self.lot_scope == "item" and self.name.kind != "clash")

    @property
    def knows_serials(self) -> bool:
        return self.name.kind in ("serial", "both") and self.knows_lots

    def generate_lot(self) -> str:
        """The code that the next generated lot gets: those typed by hand are passed over."""
        while (code := self.name.lot_code(self.next_lot)) in self.lots:
            self.next_lot += 1
        self.next_lot += 1
        return code

    def generate_serials(self, lot: str, count: int, beside: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The codes of the next generated serials: equal to no serial of the item or of the movement."""
        used = {serial for _, serial in self.serials} | set(beside)
        codes: list[str] = []
        while len(codes) < count:
            code = self.name.serial_code(self.next_serial)
            self.next_serial += 1
            if code not in used:
                codes.append(code)
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

    def in_stock(self) -> list[tuple[str, str]]:
        """(lot, serial) of what can be unloaded by name."""
        return [place for place, here in self.serials.items() if here]
